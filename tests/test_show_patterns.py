"""Patterns at the door between models and widgets: crystals, files, decoded materials, linked explorers, searches."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.data.crystals import find_crystal
from matwidgets.dual_latent import Crystals
from matwidgets.errors import InputError
from matwidgets.features import xrd
from matwidgets.features.xrd import GRID
from tests.grid_dual import GridDual

FORMULAS = ["TiO2", "Al2O3", "TiO", "TiAl3", "Ti"]


@pytest.fixture
def known() -> Crystals:
    places = np.array([[1.0, 1.5], [-1.0, 0.5], [0.0, 1.5], [-2.0, -0.5], [-0.5, 0.5]])
    system = {"crystal system": np.array(["tetragonal", "trigonal", "cubic", "cubic", "hexagonal"])}
    return Crystals(FORMULAS, GridDual().decode_patterns(places), "5 crystals", system)


def test_a_crystal_of_the_handbook() -> None:
    viewer = show.pattern("ClNa")
    peaks = xrd.peaks(find_crystal("NaCl").structure())
    assert viewer.names == ["NaCl"]
    np.testing.assert_array_equal(viewer.profiles[0], xrd.profile(peaks))
    told = viewer.peaks[0]["own"]
    assert [peak[0] for peak in told] == pytest.approx(peaks.two_theta.tolist(), abs=6e-4)
    assert viewer.reconstructions is None


def test_whatever_is_a_pattern(tmp_path: Path) -> None:
    structure = find_crystal("MgO").structure()
    peaks, curve = xrd.peaks(structure), xrd.pattern(structure)
    structure.to(filename=str(tmp_path / "a.cif"), fmt="cif")
    np.savetxt(tmp_path / "measured.xy", np.stack([GRID, 100 * curve], axis=1))
    viewer = show.pattern([structure, peaks, curve, str(tmp_path / "a.cif"), tmp_path / "measured.xy"])
    assert viewer.names == ["MgO", "pattern 2", "pattern 3", "MgO", "measured"]
    for row in viewer.profiles:
        np.testing.assert_allclose(row, curve, atol=0.01)
    named = show.pattern({"ours": curve, "theirs": "NaCl"}, stacked=False)
    assert named.names == ["ours", "theirs"]
    assert named.label == "Powder patterns"
    assert show.pattern(np.stack([curve, curve])).names == ["pattern 1", "pattern 2"]


def test_intensities_are_scaled_and_a_list_of_numbers_is_one_pattern() -> None:
    curve = xrd.pattern(find_crystal("MgO").structure())
    counts = (1e4 * curve.astype(np.float64)).round()
    expected = (counts / 1e4).astype(np.float32)
    for given in (counts, counts.astype(int), counts.tolist(), tuple(counts), {"pattern": counts.tolist()}):
        viewer = show.pattern(given)
        assert viewer.names == ["pattern"]
        np.testing.assert_allclose(viewer.profiles, expected[None], rtol=1e-6)
    two = show.pattern([counts.tolist(), curve])
    assert two.names == ["pattern 1", "pattern 2"]
    np.testing.assert_allclose(two.profiles, np.stack([expected, curve]), rtol=1e-6)


def one_value(value: float) -> np.ndarray:
    """A pattern with that value at 11 degrees."""
    row = np.ones(len(GRID))
    row[20] = value
    return row


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            one_value(np.nan),
            "pattern has the intensity nan at 11 degrees; intensities are finite numbers from 0",
        ),
        (one_value(np.inf), "pattern has the intensity inf at 11 degrees"),
        ([GRID, one_value(-0.5)], "pattern 2 has the intensity -0.5 at 11 degrees"),
        ({"ours": np.zeros(len(GRID))}, "ours is zero everywhere; a pattern has an intensity above 0"),
        (np.full(len(GRID), "a"), "The intensities of pattern are of type <U1: give real numbers from 0"),
        ([1.0, 2.0, 3.0], "A pattern of shape (3,): give 1601 intensities on the grid"),
        (3.5, "A pattern cannot be made of float: give a formula of the handbook, a file, a structure"),
        ([], "No pattern given: give at least one"),
        (np.ones(7), "A pattern of shape (7,): give 1601 intensities on the grid"),
        ("XeF6", "No handbook crystal 'XeF6'"),
        ("nothing.cif", "nothing.cif cannot be read (No such file or directory): name an existing CIF"),
        ("nothing.xy", "nothing.xy"),
    ],
)
def test_what_is_no_pattern(given: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        show.pattern(given)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_reconstructions_are_those_of_the_model() -> None:
    dual = GridDual()
    curve = dual.decode_patterns(np.array([[-1.0, 1.0]]))[0]
    viewer = show.pattern({"mine": curve}, reconstruction=dual)
    expected = dual.decode_patterns(dual.encode_patterns(curve))
    np.testing.assert_array_equal(viewer.reconstructions, expected)
    assert viewer.scores == [[2, 2, 2, 2]]
    other = show.pattern(curve, reconstruction=np.roll(curve, 100))
    assert other.scores == [[0, 2, 0, 2]]


def test_a_dual_vae_is_an_explorer_whose_cursor_has_a_pattern(known: Crystals) -> None:
    dual = GridDual()
    explorer = show.latent(dual, known, elements=["Ti", "O"], colour="Ti content")
    viewer = show.patterns(dual, known)
    assert explorer.label == "latent space of dual_vae with 5 crystals"
    assert explorer.dimensions == 4
    assert mw.link(explorer, viewer).topics == ["latent"]
    explorer.go_to(3)
    viewer.latent = explorer.latent  # in a page the link does so
    assert viewer.names == ["TiAl₃ (nearest in the latent space)"]
    assert viewer.reconstruction_names[0].startswith("decoded ")
    assert viewer.scores == [[2, 2, 2, 2]]
    explorer.go_to_name("Al2O3")
    assert explorer.point == 1


def test_half_spaces_are_shown_and_linked_with_compositions(known: Crystals) -> None:
    dual = GridDual()
    half = show.latent(dual, known, space="composition", elements=["Ti", "O"])
    assert (half.dimensions, half.elements) == (2, ["Ti", "O"])
    assert half.label == "composition space of dual_vae with 5 crystals"
    half.fractions = [0.5, 0.5]
    assert half.latent == pytest.approx(dual.encode_compositions(["TiO"])[0].tolist(), abs=1e-6)
    assert show.latent(dual, known, space="structure", elements=["Ti", "O"]).elements == []
    with pytest.raises(InputError, match="Unknown space"):
        show.latent(dual, known, space="pattern")
    with pytest.raises(InputError, match="space are for other models, and this is"):
        show.latent(mw.load("onehot_vae"), FORMULAS, space="both")


def test_a_measured_pattern_is_placed_and_drawn(known: Crystals) -> None:
    dual = GridDual()
    curve = dual.decode_patterns(np.array([[-1.02, 0.49]]))[0]
    explorer = show.latent(dual, known, measured={"Al2O3": curve})
    assert explorer.n == 6
    assert explorer.point == 5
    assert explorer.label == "latent space of dual_vae with 5 crystals and 1 measured"
    assert explorer.latent == pytest.approx(dual.encode("Al2O3", curve[None])[0].tolist())
    viewer = show.patterns(dual, known, measured={"Al2O3": curve})
    assert viewer.names == ["Al2O3"]
    np.testing.assert_array_equal(
        viewer.reconstructions[0], dual.decode_patterns(dual.encode_patterns(curve))[0]
    )
    viewer.latent = explorer.latent
    assert viewer.names[1] == "Al2O3"  # the decoded one stands before it
    free = show.latent(dual, known, measured={"sample 7": curve}, space="structure")
    assert free._name(5) == "sample 7"


def test_a_step_of_a_search_has_its_pattern(known: Crystals) -> None:
    points = np.array([[0.0, 0.5, -1.0, 1.0], [0.2, 0.4, 0.0, 1.2]])
    history = [{"step": i + 1, "z": point.tolist()} for i, point in enumerate(points)]
    run: Any = SimpleNamespace(history=history, title="a search")
    viewer = show.patterns(GridDual(), known, run=run)
    assert set(viewer.links()) == {"latent", "trial"}
    viewer.trial = 2
    np.testing.assert_allclose(viewer.reconstructions[0], GridDual().decode_patterns(points[1:, 2:])[0])
    assert viewer.note.startswith("best after 2 trials; ")
    viewer.trial = 9
    assert viewer.error == "a search has no latent point at step 9: show a search of a latent space"


def test_crystals_may_be_named_by_their_formulas() -> None:
    dual = GridDual()
    explorer = show.latent(dual, ["NaCl", "Si", "Fe"])
    assert explorer.label == "latent space of dual_vae with 3 crystals"
    expected = xrd.pattern(find_crystal("Fe").structure())
    viewer = show.patterns(dual, ["NaCl", "Si", "Fe"])
    viewer.latent = dual.encode(["Fe"], expected[None])[0].tolist()
    assert viewer.names == ["Fe (nearest in the latent space)"]
    np.testing.assert_array_equal(viewer.profiles[0], expected)


def test_crystals_are_computed_at_the_wavelength_that_is_named() -> None:
    structure = find_crystal("NaCl").structure()
    at = xrd.peaks(structure, "MoKa")
    for given in ("NaCl", structure, ["NaCl"], {"NaCl": "NaCl"}):
        viewer = show.pattern(given, wavelength="MoKa")
        np.testing.assert_array_equal(viewer.profiles, xrd.profile(at)[None])
        assert (viewer.wavelength, viewer.radiation) == (0.71073, "Mo K\u03b1")
        assert viewer.peaks[0]["own"][0][0] == pytest.approx(at.two_theta[0], abs=6e-4)
    measured = xrd.profile(at)
    np.testing.assert_array_equal(show.pattern(measured, wavelength="MoKa").profiles, measured[None])
    assert show.pattern("NaCl", wavelength=1.2).radiation == "1.2 \u00c5"
    assert show.pattern("NaCl", wavelength="CuKa").names == ["NaCl"]


def test_peaks_that_are_found_say_from_which_height() -> None:
    curve = xrd.pattern(find_crystal("NaCl").structure())
    share = 100 * inspect.signature(xrd.find_peaks).parameters["least"].default
    assert show.pattern("NaCl").least == 0  # all that were computed
    assert show.pattern(curve).least == share
    assert show.pattern("NaCl", reconstruction=curve).least == share
    assert show.decoded(GridDual().sample(1)).least == share


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: show.patterns("NaCl"), "show.patterns got 'NaCl': give a dual VAE"),
        (lambda d: show.crystals(None), "show.latent got None: give a dual VAE"),
        (
            lambda d: show.latent(d, ["NaCl", "Si", "XeF9"]),
            "No powder pattern is known of XeF9: give formulas",
        ),
        (
            lambda d: show.latent(d, ["NaCl", "Si"]),
            "2 crystal(s) given: a map of the latent space needs at least 3",
        ),
        (lambda d: show.latent(d, []), "Crystals []: give formulas of known crystals"),
        (lambda d: show.patterns(d, [1, 2]), "Crystals 1: give formulas of known crystals such as NaCl"),
        (lambda d: show.patterns(d, {"NaCl": 1}), "Crystals of type dict: give a list of formulas"),
        (lambda d: show.patterns(d, ["hello"]), ""),
        (lambda d: show.latent(d, colours="x"), "latent got the unknown option colours: allowed are space"),
        (
            lambda d: show.patterns(d, colour="x"),
            "patterns got the unknown option colour: allowed are two_theta",
        ),
        (
            lambda d: show.pattern("NaCl", color="x"),
            "pattern got the unknown option color: allowed are two_theta",
        ),
        (lambda d: show.pattern("NaCl", wavelength="Mo"), "Wavelength 'Mo': write one of CuKa, CuKa1"),
        (
            lambda d: show.pattern("NaCl", wavelength="MoKa", reconstruction=d),
            "A reconstruction at 0.71073 angstrom: the model knows patterns of Cu K\u03b1",
        ),
    ],
)
def test_what_a_viewer_and_an_explorer_refuse(
    call: Any, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    with pytest.raises(InputError) as raised:
        call(GridDual())
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_decoded_materials_are_stacked() -> None:
    found = GridDual().sample(14, seed=3)
    viewer = show.decoded(found)
    assert viewer.label == "decoded materials, the first 11 of 14"
    assert len(viewer.names) == 11
    assert viewer.stacked
    np.testing.assert_array_equal(viewer.profiles, found.profiles[:11])
    assert not show.decoded(GridDual().sample(1)).stacked


def test_peaks_at_the_end_of_a_cell() -> None:
    from IPython.core.formatters import DisplayFormatter

    formatter = DisplayFormatter()
    mw.load_ipython_extension(SimpleNamespace(display_formatter=formatter))
    data, _ = formatter.format(xrd.peaks(find_crystal("NaCl").structure()))
    kept = data["application/vnd.matwidgets.xrd_viewer+json"]["state"]
    assert kept["names"] == ["pattern"]
    assert len(kept["peaks"][0]["own"]) == 9


def some_crystals() -> Crystals:
    found = [find_crystal(formula) for formula in ("NaCl", "MgO", "TiO2", "SrTiO3", "Si", "CaF2")]
    profiles = np.array([xrd.pattern(crystal.structure()) for crystal in found])
    system = {"crystal system": np.array(["cubic", "cubic", "tetragonal", "cubic", "cubic", "cubic"])}
    return Crystals([crystal.formula for crystal in found], profiles, "6 crystals", system)


def test_the_shipped_model_and_what_it_decodes_at_the_end_of_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.formatters import DisplayFormatter

    from matwidgets.dual_latent import pattern_map

    monkeypatch.setattr(pattern_map, "known_crystals", lambda _most: some_crystals())
    dual = mw.load("dual_vae")
    formatter = DisplayFormatter()
    mw.load_ipython_extension(SimpleNamespace(display_formatter=formatter))
    data, _ = formatter.format(dual)
    assert data["text/plain"] == "LatentExplorer(6 points coloured by crystal system)"
    data, _ = formatter.format(dual.sample(3))
    assert data["text/plain"].startswith("XrdViewer(")
    assert data["application/vnd.matwidgets.xrd_viewer+json"]["state"]["stacked"]

    explorer, viewer = show.latent(dual), show.patterns(dual)
    mw.link(explorer, viewer)
    explorer.go_to(2)
    viewer.latent = explorer.latent
    z = dual.encode("TiO2", some_crystals().profiles[2])
    assert explorer.latent == pytest.approx(z[0].tolist(), abs=1e-6)
    np.testing.assert_allclose(viewer.reconstructions[0], dual.decode(z).profiles[0], atol=1e-5)
    assert viewer.names == ["TiO₂ (nearest in the latent space)"]
    assert viewer.error == ""
