"""Latent maps and characteristics: purity that shuffling destroys, clusters that are there, and numbers by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.features.xrd import GRID
from matwidgets.papers import dual_vae_characteristics as series
from matwidgets.papers import dual_vae_figures as figures
from matwidgets.papers import dual_vae_pictures as pictures
from matwidgets.papers import dual_vae_space as space
from matwidgets.papers import dual_vae_symmetry as symmetry


@pytest.fixture(scope="module", autouse=True)
def fewer_steps():
    """t-SNE of 250 steps, the least that scikit-learn allows."""
    patch = pytest.MonkeyPatch()
    patch.setattr(space, "STEPS", 250)
    yield
    patch.undo()


def blobs(number: int = 4, each: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Points (n, 6) in round groups far apart, and the group of each."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(number), each)
    return 20 * np.eye(6)[labels] + generator.standard_normal((len(labels), 6)), labels


def peaked(*angles: float, width: float = 0.15, heights: tuple[float, ...] = ()) -> np.ndarray:
    heights = heights or (1.0,) * len(angles)
    row = sum(h * np.exp(-0.5 * ((GRID - a) / width) ** 2) for a, h in zip(angles, heights, strict=True))
    return np.asarray(row, dtype=np.float32)


# -- neighbours and clusters ---------------------------------------------------------------------------------------


def test_purity_by_hand():
    near = np.array([[1, 2], [0, 2], [3, 1], [2, 0]])
    labels = np.array(["a", "a", "b", "b"])
    assert space.purity(near, labels, "a") == 0.5 and space.purity(near, labels, "b") == 0.5
    assert np.isnan(space.purity(near, labels, "c"))


def test_neighbours_leave_the_point_itself_out():
    near = space.neighbours(np.array([[0.0], [1.0], [10.0], [12.0]]), 1)
    assert near.tolist() == [[1], [0], [3], [2]]


def test_groups_are_pure_and_shuffled_labels_are_not():
    points, labels = blobs()
    near = space.neighbours(points)
    shuffled = np.random.default_rng(1).permutation(labels)
    assert space.purity(near, labels, 0) == 1.0
    assert space.purity(near, shuffled, 0) == pytest.approx(39 / 159, abs=0.1)  # its prevalence


def test_clusters_are_counted():
    points, _ = blobs(3)
    assert space.clusters(points[:, :2])[0] == 3 and space.several(points[:, :2])
    one = np.random.default_rng(0).standard_normal((120, 2))
    assert space.clusters(one)[0] == 1 and not space.several(one)
    assert space.clusters(one[:12]) == (0, 0.0)


@pytest.mark.parametrize(
    ("hold", "said"),
    [((1, 1, 1), "all"), ((0, 1, 1), "all but O"), ((0, 0, 0), "none"), ((0, 0, 1), "S")],
)
def test_captions(hold, said):
    assert space.all_but(("O", "F", "S"), [bool(h) for h in hold]) == said


# -- Figure S4 -----------------------------------------------------------------------------------------------------


def materials(n: int = 160, seed: int = 0) -> np.ndarray:
    """Oxides, fluorides and sulfides of metals, all different."""
    generator = np.random.default_rng(seed)
    x = np.zeros((n, 100))
    for k, row in enumerate(x):
        row[ATOMIC_NUMBERS[("O", "F", "S", "Cl")[k % 4]] - 1] = 0.5
        row[20 + generator.integers(30)] = 0.5 - 0.001 * k
        row[0] = 0.001 * k
    return x


def test_elements_that_lead_the_latents_are_pure_there_and_only_there():
    x = materials()
    leading = np.stack([x[:, ATOMIC_NUMBERS[e] - 1] for e in ("O", "F", "S")], axis=1)
    noise = np.random.default_rng(1).standard_normal((len(x), 3))
    found, claims = space.by_element(20 * leading + 0.1 * noise, x, elements=("O", "F", "S"))
    lost, lost_claims = space.by_element(noise, x, elements=("O", "F", "S"))
    assert (found.frame["purity"] > 0.95).all() and (found.frame["picture"] > 0.9).all()
    np.testing.assert_allclose(found.frame["prevalence"], 39 / 159)
    for column in (found.frame["shuffled"], lost.frame["purity"]):
        np.testing.assert_allclose(column, 39 / 159, atol=0.1)
    assert claims["element_purity"].here > 0.95 and lost_claims["element_purity"].here < 0.4
    assert (
        claims["element_purity"].control == lost_claims["element_purity"].control
    )  # made of fractions alone
    assert found.contains.sum() == 120 and found.plane.shape == found.control_plane.shape == (160, 2)


def test_a_composition_is_drawn_once():
    x = np.repeat(materials(40), 3, axis=0)
    found, _ = space.by_element(x, x, elements=("O",))
    assert len(found.rows) == 40


def test_an_element_that_is_not_there_is_named():
    with pytest.raises(InputError, match="hold Xe"):
        space.by_element(materials(), materials(), elements=("O", "Xe"))
    with pytest.raises(InputError, match="at least 32"):
        space.embed(np.zeros((5, 2)))


# -- Figure S5 -----------------------------------------------------------------------------------------------------


def test_symmetry_is_drawn_equally_and_read_from_neighbours():
    generator = np.random.default_rng(0)
    systems = np.repeat(np.array(symmetry.SYSTEMS), np.arange(15, 50, 5))
    rows = symmetry.equal_draw(systems)
    drawn = systems[rows]
    assert {(drawn == name).sum() for name in symmetry.SYSTEMS} == {15} and len(set(rows.tolist())) == 105
    place = np.array([symmetry.SYSTEMS.index(name) for name in drawn])
    latents = generator.standard_normal((105, 8))
    well = np.isin(drawn, symmetry.WELL)
    latents[well] += 30 * np.eye(8)[place[well]]  # only the three of the caption lie apart
    found, claims = symmetry.by_symmetry(latents, generator.random((105, 1601)), drawn, rows)
    assert claims["symmetry_resolved"].here == "apart" and claims["symmetry_resolved"].control != "apart"
    by = found.frame.set_index("system")
    assert (by.loc[list(symmetry.WELL), "purity"] == 1).all() and by.loc["triclinic", "purity"] < 0.6
    np.testing.assert_allclose(found.frame["shuffled"], 14 / 104, atol=0.12)


def test_unknown_or_few_systems_are_named():
    with pytest.raises(InputError, match="'quasi'"):
        symmetry.equal_draw(np.array(["cubic", "quasi"]))
    with pytest.raises(InputError, match="0 structures are triclinic"):
        symmetry.equal_draw(np.array(["cubic"] * 20))


# -- Figure S10 ----------------------------------------------------------------------------------------------------


def test_characteristics_of_known_profiles():
    found = series.characteristics(np.stack([peaked(50.0), 7 * peaked(30.0, 60.0), peaked(50.0, width=0.6)]))
    assert found["peaks"].tolist() == [1, 2, 1]
    np.testing.assert_allclose(found["centroid"], [50, 45, 50], atol=1e-3)
    np.testing.assert_allclose(found["breadth"], [0.15, 15, 0.6], rtol=1e-3)
    np.testing.assert_allclose(found["largest gap"], [40, 30, 40], atol=0.03)
    # a normal distribution on a grid of 0.05 degrees: ln(sd sqrt(2 pi e) / step)
    np.testing.assert_allclose(
        found["entropy"][0], np.log(0.15 * np.sqrt(2 * np.pi * np.e) / 0.05), atol=1e-3
    )
    np.testing.assert_allclose(found["mean"][0], 0.15 * np.sqrt(2 * np.pi) / 80.05, rtol=1e-3)
    # the autocorrelation of a Gaussian of width s falls to 1/e at 2 s, but for its mean
    assert found["correlation length"][2] == pytest.approx(1.2, rel=0.05)
    assert found["skewness"][0] > found["skewness"][2] > 0 and found["kurtosis"][0] > found["kurtosis"][2] > 0


def test_characteristics_do_not_depend_on_the_scale():
    one, other = (series.characteristics(k * peaked(20.0, 40.0, heights=(1.0, 0.3))[None]) for k in (1, 50))
    np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("profiles", "message"),
    [(np.zeros((2, 1601)), "Profile 0 has no peak and 1 others"), (np.zeros((2, 7)), r"give \(n, 1601\)")],
)
def test_profiles_without_a_peak_are_named(profiles, message):
    with pytest.raises(InputError, match=message):
        series.characteristics(profiles)


def drawn(n: int, seed: int, width: float = 0.15) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.stack(
        [peaked(*generator.uniform(15, 85, generator.integers(2, 12)), width=width) for _ in range(n)]
    )


def test_distances_tell_the_same_from_another_distribution():
    data, same, other = (
        series.characteristics(drawn(150, s, w)) for s, w in ((0, 0.15), (1, 0.15), (2, 0.5))
    )
    found = series.distances(data, {"same": same, "other": other}).mean()
    assert found["same"] < 0.2 and found[series.HALVES] < 0.25 and found["other"] > 0.4


def test_linear_control_rebuilds_what_it_has_seen_and_its_samples_are_profiles():
    train = drawn(60, 0)
    full = series.linear_control(train, train, 5, size=60)
    np.testing.assert_allclose(full.rebuilt, series.normalised(train), atol=1e-2)
    assert full.samples.shape == (5, 1601) and full.samples.min() >= 0 and full.samples.max() == 1
    poor = series.linear_control(train, train, 5, size=2)
    assert np.abs(poor.rebuilt - series.normalised(train)).mean() > 5 * np.abs(full.rebuilt - train).mean()


def test_series_claims_follow_the_sets():
    data = drawn(80, 0)
    control = series.linear_control(data, data, 40, size=3)
    _, frame, claims = series.time_series(data, data, drawn(40, 5, 0.5), control)
    assert claims["series_rebuilt"].here == 0 < claims["series_rebuilt"].control
    assert claims["series_samples"].here > 0.2 and list(frame.index) == list(series.UNITS)


# -- figures -------------------------------------------------------------------------------------------------------


def test_every_figure_draws(tmp_path):
    data = drawn(120, 0)
    x = materials()
    elements, _ = space.by_element(x, x, elements=("O", "F"))
    systems = np.tile(np.array(symmetry.SYSTEMS), 16)
    found, _ = symmetry.by_symmetry(data[:112, ::40], data[:112], systems, np.arange(112))
    described = {name: series.characteristics(data[:n]) for name, n in (("data", 50), ("samples", 20))}
    y = np.linspace(0, 1, 50)
    labels = (y > 0.4).astype(int)
    band = (np.arange(1, 6), np.ones(5), np.zeros(5), np.full(5, 2.0))
    drawings = {
        "patterns": figures.pattern_panels(data[:2], data[2:4], ["NaCl", "TiC"], [0.9, 0.8]),
        "overlay": figures.overlay(data[0], {"nearest": data[1]}, np.array([30.0])),
        "bars": figures.composition_bars(x[:4], x[1:5], list("abcd")),
        "parity": figures.parity({"K": (y, np.where(y > 0.8, np.nan, y))}, ["GPa"], ["R² 1"]),
        "roc": figures.roc({"latents": (labels, y)}),
        "confusion": figures.confusion(np.array([[3, 0], [1, 2]]), ["metal", "insulator"], "band gap"),
        "scores": figures.scores_by_inputs({"K": {"latents": (0.8, 0.1)}}, {"K": 0.81}, "R²"),
        "elements": pictures.element_maps(elements),
        "symmetry": pictures.symmetry_map(found),
        "purities": pictures.purities(found.frame, "system", {"purity": "latents"}, "chance"),
        "series": pictures.distributions(described),
        "benchmark": pictures.benchmark({"Branin": {"TPE": band, "random": band}}, "best so far"),
        "proposals": pictures.proposals(
            data[:2], data[2:4], ["TiC", "HfC"], ["TiN", "HfN"], ["1 GPa", "2 GPa"]
        ),
    }
    for name, figure in drawings.items():
        figure.savefig(tmp_path / f"{name}.png", dpi=30)
        plt.close(figure)
    assert {path.stat().st_size > 2000 for path in tmp_path.iterdir()} == {True}
    shown = drawings["parity"].axes[0].collections[0].get_offsets()
    assert len(shown) <= 40  # rows without a prediction are not drawn
    cells = [text.get_text() for text in drawings["confusion"].axes[0].texts]
    assert cells == ["1.00", "0.00", "0.33", "0.67"]
