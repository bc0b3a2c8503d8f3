"""The space-group classifier: shapes, what the paper prints, crystal systems as sums, weak peaks, bad sizes."""

from __future__ import annotations

import pytest
import torch
from pymatgen.symmetry.groups import sg_symbol_from_int_number
from torch.nn import functional

from matwidgets.models.powder_filters import (
    LAST_GROUPS,
    LIGHT,
    SPACE_GROUPS,
    SYSTEMS,
    FormationEnergyNet,
    SpaceGroupConfig,
    SpaceGroupNet,
    membership,
    scaled,
)

SMALL = SpaceGroupConfig(
    points=101, filters=(4, 6), kernels=(5, 3), strides=(2, 2), pool=1, units=(8,), convolution_dropout=0.0,
    dense_dropout=0.0, scale="logarithm", normalised=True, local=2,
)  # fmt: skip


def profiles(rows: int = 3, points: int = 101) -> torch.Tensor:
    x = torch.rand(rows, points, generator=torch.Generator().manual_seed(1)) ** 8
    return x / x.amax(1, keepdim=True)


def network(config: SpaceGroupConfig) -> SpaceGroupNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return SpaceGroupNet(config).eval()


def test_the_papers_network_has_the_layers_of_table_s2():
    net = network(SpaceGroupConfig())
    convolutions = [m for m in net.modules() if isinstance(m, torch.nn.Conv1d)]
    assert [(m.out_channels, m.kernel_size, m.stride) for m in convolutions] == [
        (104, (34,), (2,)), (51, (37,), (1,)), (117, (13,), (2,))
    ]  # fmt: skip
    assert [m.out_features for m in net.modules() if isinstance(m, torch.nn.Linear)] == [2047, 943, 230]
    assert [m.p for m in net.modules() if isinstance(m, torch.nn.Dropout)] == [0.498] * 3 + [0.675] * 2
    assert net(profiles(2, 1601)).shape == (2, SPACE_GROUPS)


def test_the_light_network_fits_the_package():
    weights = sum(p.numel() for p in network(LIGHT).parameters())
    assert 2 * weights < 0.75e6  # bytes in half precision, of each of two
    assert network(LIGHT)(profiles(2, 1601)).shape == (2, SPACE_GROUPS)


def test_systems_are_the_sums_of_their_groups():
    net = network(SMALL)
    logits = 4 * net(profiles())
    expected = torch.stack(
        [part.sum(-1) for part in logits.softmax(-1).split([2, 13, 59, 68, 25, 27, 36], -1)], -1
    )
    torch.testing.assert_close(net.systems(logits).exp(), expected)
    torch.testing.assert_close(net.systems(logits).exp().sum(-1), torch.ones(3))


def test_systems_are_those_of_pymatgen():
    from pymatgen.symmetry.groups import SpaceGroup

    systems = [SYSTEMS[int(row.argmax())] for row in membership()]
    assert systems == [
        SpaceGroup(sg_symbol_from_int_number(n)).crystal_system for n in range(1, SPACE_GROUPS + 1)
    ]
    assert LAST_GROUPS[-1] == SPACE_GROUPS


def test_the_logarithm_shows_weak_peaks():
    x = torch.zeros(1, 101)
    x[0, 10], x[0, 50] = 1.0, 0.001
    assert scaled(x, "intensity").shape == (1, 1, 101)
    root, logarithm = scaled(x, "logarithm")[0]
    assert float(logarithm[10]) == pytest.approx(1.0) and float(root[50]) == pytest.approx(0.001**0.5)
    assert float(logarithm[50]) > 0.25 and float(logarithm[20]) == float(root[20]) == 0.0


def test_where_a_peak_is_matters():
    """Means and largest values along the pattern alone could not tell two peaks from the same two elsewhere."""
    net = network(SMALL)
    x = functional.one_hot(torch.tensor([20, 60]), 101).float()
    first, second = net(x).detach()
    assert float((first - second).abs().max()) > 1e-3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"filters": (4, 0)}, "is below 1"),
        ({"kernels": (5,)}, "2 filters, 1 kernels and 2 strides"),
        ({"dense_dropout": 1.0}, "both must be from 0 to below 1"),
        ({"scale": "cube"}, "scale 'cube'; allowed are intensity, logarithm"),
    ],
)
def test_bad_sizes(changes, message):
    with pytest.raises(ValueError, match=message):
        SpaceGroupConfig(**({"filters": (4, 6), "kernels": (5, 3), "strides": (2, 2)} | changes))


def test_a_pattern_can_be_too_short():
    with pytest.raises(ValueError, match="a pattern of 20 points is too short"):
        SpaceGroupNet(SpaceGroupConfig(points=20))


def test_the_formation_energy_net_is_that_of_table_s2():
    net = FormationEnergyNet()
    assert sum(p.numel() for p in net.parameters()) == 88 * 171 + 171 + 171 + 1
    assert [m.p for m in net.modules() if isinstance(m, torch.nn.Dropout)] == [0.347]
    assert net(torch.zeros(5, 88)).shape == (5,)
