"""The feasible set and the maps onto it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.inverse.feasible import MAPS, Feasible, from_fractions, to_fractions

TERNARY = ("Ti", "Cd", "C")


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.integers(2, 6).flatmap(
        lambda k: st.tuples(
            st.lists(st.floats(-6, 6), min_size=k, max_size=k),
            st.lists(st.floats(0, 1), min_size=k, max_size=k),
            st.lists(st.floats(0, 1), min_size=k, max_size=k),
        )
    ),
    st.sampled_from(MAPS),
)
def test_maps_land_inside_any_bounds(
    drawn: tuple[list[float], list[float], list[float]], map_name: str
) -> None:
    free, a, b = (np.array(x) for x in drawn)
    free[0] += 1e-3  # |f| needs one element that is there
    low = a / max(a.sum(), 1) * 0.9
    high = np.maximum(np.maximum(low, b), (1 - low.sum()) / len(low) + low)
    row = to_fractions(
        torch.tensor(free)[None], torch.tensor(low)[None], torch.tensor(high)[None], map_name  # type: ignore[arg-type]
    )[0].numpy()  # fmt: skip
    assert row.sum() == pytest.approx(1, abs=1e-6)
    assert (row >= low - 1e-6).all() and (row <= high + 1e-6).all()


def test_softmax_without_bounds_is_the_papers() -> None:
    free = torch.tensor([[0.3, -1.0, 2.0]])
    torch.testing.assert_close(
        to_fractions(free, torch.zeros(1, 3), torch.ones(1, 3), "softmax"), free.softmax(-1)
    )


@pytest.mark.parametrize("map_name", MAPS)
def test_there_and_back(map_name: str) -> None:
    wanted = torch.tensor([[0.2, 0.3, 0.5]])
    free = from_fractions(wanted, map_name)  # type: ignore[arg-type]
    torch.testing.assert_close(to_fractions(free, torch.zeros(1, 3), torch.ones(1, 3), map_name), wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(("map_name", "zeros"), [("softmax", 0), ("sparsemax", 1), ("entmax", 1), ("abs", 0)])
def test_sparse_maps_reach_zero(map_name: str, zeros: int) -> None:
    free = torch.tensor([[1.0, 0.9, -1.2]])
    shares = to_fractions(free, torch.zeros(1, 3), torch.ones(1, 3), map_name)  # type: ignore[arg-type]
    assert int((shares == 0).sum()) == zeros


def test_slope_passes_through_a_cap() -> None:
    free = torch.tensor([[2.0, 0.5, -0.5]], dtype=torch.double, requires_grad=True)
    low, high = torch.zeros(1, 3).double(), torch.tensor([[0.4, 1.0, 1.0]]).double()
    assert torch.autograd.gradcheck(lambda f: to_fractions(f, low, high, "softmax"), (free,))


def test_feasible_means_enough_real_constituents() -> None:
    made = Feasible.build(TERNARY, min_fraction=0.05)
    rows = np.array([[0.5, 0, 0.5], [0.05, 0, 0.95], [0.04, 0, 0.96], [0, 0, 1], [0.03, 0.03, 0.94]])
    assert made.contains(rows).tolist() == [True, True, False, False, False]
    assert len(made.anchors()) == 3


def test_bounds_shape_the_set() -> None:
    made = Feasible.build(TERNARY, {"Cd": (0, 0.01), "C": (0.2, 0.5)}, min_fraction=0.05)
    rows = np.array([[0.5, 0, 0.5], [0.8, 0.02, 0.18], [0.79, 0.01, 0.2]])
    assert made.contains(rows).tolist() == [True, False, True]
    assert len(made.anchors()) == 1, "cadmium cannot be a constituent"


@pytest.mark.parametrize("map_name", MAPS)
def test_a_lock_holds_whatever_the_parameters(map_name: str) -> None:
    made = Feasible.build(TERNARY, locks={"Cd": 0.3}, min_fraction=0.1)
    low, high = (torch.tensor(bound)[None] for bound in (made.low, made.high))
    for free in ([0.0, 5.0, 1.0], [3.0, -5.0, 0.2], [1.0, 1.0, 1.0]):
        row = to_fractions(torch.tensor([free]).double(), low, high, map_name)[0].numpy()  # type: ignore[arg-type]
        assert row[1] == pytest.approx(0.3, abs=1e-6) and row.sum() == pytest.approx(1, abs=1e-6)
    assert made.contains(np.array([[0.6, 0.3, 0.1], [0.6, 0.29, 0.11]])).tolist() == [True, False]


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (dict(elements=["Ti"]), "1 element given (Ti); a search needs at least 2: add another element"),
        (
            dict(elements=["Ti", "C", "Ti"]),
            "Element Ti was given twice; name each element of the system once",
        ),
        (
            dict(elements=TERNARY, bounds={"W": (0, 1)}),
            "Bound for W, which is not in Ti Cd C; bound one of these elements",
        ),
        (
            dict(elements=TERNARY, bounds={"Ti": (0.5, 0.2)}),
            "Bound Ti=0.5:0.2 is no range; give LOW:HIGH with 0 <= LOW <= HIGH <= 1",
        ),
        (
            dict(elements=TERNARY, bounds={"Ti": (0.6, 1), "C": (0.6, 1)}),
            "Bounds cannot sum to 1: the lower ones sum to 1.2, the upper ones to 3; lower sums must be <= 1 and upper "
            "sums >= 1: widen a bound",
        ),
        (
            dict(elements=["Ti", "C"], bounds={"Ti": (0, 0.2), "C": (0, 0.3)}),
            "Bounds cannot sum to 1: the lower ones sum to 0, the upper ones to 0.5; lower sums must be <= 1 and upper "
            "sums >= 1: widen a bound",
        ),
        (
            dict(elements=TERNARY, locks={"W": 0.1}),
            "Lock for W, which is not in Ti Cd C; lock one of these elements",
        ),
        (
            dict(elements=TERNARY, locks={"Ti": 0.1}, bounds={"Ti": (0, 1)}),
            "Ti has a lock and a bound; give one of the two",
        ),
        (dict(elements=TERNARY, locks={"Ti": 1.5}), "Lock Ti=1.5; give a fraction from 0 to 1"),
        (
            dict(elements=TERNARY, locks={"Ti": 0.7, "C": 0.7}),
            "Bounds cannot sum to 1: the lower ones sum to 1.4, the upper ones to 2.4; lower sums must be <= 1 and "
            "upper sums >= 1: widen a bound",
        ),
        (
            dict(elements=TERNARY, min_elements=4),
            "min_elements is 4; with 3 elements it must be from 1 to 3: change it",
        ),
        (
            dict(elements=TERNARY, min_fraction=0.6),
            "min_fraction is 0.6; 2 elements can have at most 0.5 each: give a fraction from 0 to 0.5",
        ),
        (
            dict(elements=["Ti", "C"], bounds={"Ti": (0, 0.01)}),
            "No composition has 2 elements with at least 0.1 each within the bounds; widen a bound, or lower "
            "min_elements or min_fraction",
        ),
    ],
)
def test_errors(build: dict[str, object], text: str) -> None:
    with pytest.raises(InputError) as caught:
        Feasible.build(**build)  # type: ignore[arg-type]
    assert str(caught.value) == text
