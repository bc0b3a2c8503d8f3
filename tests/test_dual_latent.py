"""Crystals in the joint latent space of compositions and patterns: what a place decodes to, what is near it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from matwidgets.data.crystals import find_crystal
from matwidgets.dual_latent import (
    Crystals,
    PatternMap,
    crystals_of,
    known_crystals,
    known_map,
    known_pattern,
    pattern_map,
    read_measured,
)
from matwidgets.dual_latent.pattern_map import FAR
from matwidgets.errors import InputError
from matwidgets.features.xrd import GRID, pattern
from tests.grid_dual import GridDual

FORMULAS = ["TiO2", "Al2O3", "TiO", "TiAl3", "Ti"]
PLACES = np.array([[1.0, 1.0], [-1.0, 0.5], [0.0, 1.5], [-2.0, -0.5], [-0.5, 0.5]])  # (peak - 50) / 8


@pytest.fixture
def crystals() -> Crystals:
    profiles = GridDual().decode_patterns(np.sort(PLACES, axis=1))
    known = {
        "crystal system": np.array(["tetragonal", "trigonal", "cubic", "cubic", "hexagonal"]),
        "band gap": np.array([3.0, 6.0, np.nan, 0.0, 0.0]),
    }
    return Crystals(FORMULAS, profiles, "5 crystals", known)


@pytest.fixture
def places(crystals: Crystals) -> PatternMap:
    return PatternMap(GridDual(), crystals)


def test_the_three_spaces_are_all_numbers_and_their_halves(places: PatternMap) -> None:
    both = GridDual().encode(FORMULAS, places.crystals.profiles)
    np.testing.assert_array_equal(places.of_space("both"), both)
    np.testing.assert_array_equal(places.of_space("composition"), both[:, :2])
    np.testing.assert_allclose(places.of_space("structure")[1:], np.sort(PLACES, axis=1)[1:], atol=0.01)
    with pytest.raises(InputError, match="Unknown space 'all': write both, composition"):
        places.of_space("all")  # type: ignore[arg-type]


def test_half_a_vector_gets_the_other_half_of_the_nearest_crystal(places: PatternMap) -> None:
    composition = places.latent[3, :2] + 0.01
    with pytest.raises(InputError, match="A latent vector of 3 numbers: give"):
        places.completed(np.zeros((1, 3)))
    whole, rows = places.completed(np.array([places.latent[1], places.latent[4]]))
    assert rows == [1, 4]
    np.testing.assert_array_equal(whole, places.latent[[1, 4]])
    one = PatternMap(UnequalDual(), places.crystals)
    whole, rows = one.completed(np.array([[*composition, 0.0]]))
    assert rows == [3]
    np.testing.assert_array_equal(whole[0, :3], [*composition, 0.0])
    np.testing.assert_array_equal(whole[0, 3:], one.latent[3, 3:])
    (told,) = one.decode(np.array([[*composition, 0.0]]))
    assert "pattern half lent by TiAl₃" in told["note"].split("; ")


class UnequalDual(GridDual):
    """Three numbers for a composition, so that the halves differ in length."""

    parts = (3, 2)

    def encode_compositions(self, compositions):  # type: ignore[no-untyped-def]
        two = super().encode_compositions(compositions)
        return np.hstack([two, np.zeros((len(two), 1))])

    def decode(self, z):  # type: ignore[no-untyped-def]
        return super().decode(np.delete(np.atleast_2d(z), 2, axis=1))

    def density(self, z):  # type: ignore[no-untyped-def]
        return super().density(np.delete(np.atleast_2d(z), 2, axis=1))


def test_a_place_is_told_as_the_model_decodes_it(places: PatternMap) -> None:
    z = np.array([[0.0, 0.35, 0.0, 0.5], [3.0, 3.0, 3.0, 3.0], [-3.0, -3.0, 0.0, 0.0]])
    decoded = GridDual().decode(z)
    told = places.decode(z)
    plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    for reading, formula in zip(told[:2], decoded.formulas[:2], strict=True):
        assert reading["formula"].translate(plain) == formula
    assert FAR in told[1]["note"]  # where the density is below its floor
    assert FAR not in places.decode(places.latent[:1])[0]["note"]
    assert decoded.formulas[2] is None
    assert told[2]["formula"] == "nothing"
    assert "no element stands out" in told[2]["note"]


def test_on_a_crystal_its_own_pattern_is_compared(places: PatternMap) -> None:
    found = places.pattern(places.latent[3])
    assert found["nearest"]["formula"] == "TiAl₃ (nearest in the latent space)"
    np.testing.assert_array_equal(found["nearest"]["profile"], places.crystals.profiles[3])
    np.testing.assert_allclose(found["profile"], places.crystals.profiles[3], atol=0.05)
    assert "most alike pattern: TiAl₃, cosine similarity 1.00" in found["note"]
    assert found["formula"].startswith("decoded ")


def test_the_most_alike_pattern_has_the_largest_cosine(places: PatternMap) -> None:
    profile = GridDual().decode_patterns(np.array([[-0.98, 0.52]]))[0]
    row, cosine = places.most_alike(profile)
    norms = np.linalg.norm(places.crystals.profiles, axis=1) * np.linalg.norm(profile)
    cosines = places.crystals.profiles @ profile / norms
    assert (row, cosine) == (1, pytest.approx(cosines.max(), abs=1e-6))


def test_a_pattern_like_none_that_is_known_is_called_far(
    places: PatternMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, known = GridDual().decode_patterns(places.latent[:, 2:]), places.crystals.profiles
    cosines = own @ known.T / np.linalg.norm(own, axis=1)[:, None] / np.linalg.norm(known, axis=1)
    others = [np.delete(row, at).max() for at, row in enumerate(cosines)]  # without the crystal's own
    assert places.cosine_floor == pytest.approx(np.quantile(others, 0.05), abs=1e-6)
    monkeypatch.setitem(places.__dict__, "cosine_floor", 0.5)  # these few crystals are not like each other
    like = places.latent[0].copy()
    strange = like.copy()
    strange[2:] = [-0.2, 0.25]  # no crystal has a peak there, though materials lie around
    assert GridDual().density(strange)[0] > GridDual.density_floor
    middle = int(GridDual().density(places.latent).argmax())
    beside = places.latent[middle] + 0.001  # no crystal itself, but nearly
    for vector, far in ((like, False), (beside, False), (strange, True)):
        assert (FAR in places.decode(vector[None])[0]["note"]) is far
        assert (FAR in places.pattern(vector)["note"]) is far


def test_a_formula_off_the_map_gets_its_own_pattern(places: PatternMap) -> None:
    vector = places.locate("NaCl")
    expected = pattern(find_crystal("NaCl").structure())
    np.testing.assert_allclose(vector, GridDual().encode(["NaCl"], expected[None])[0])
    np.testing.assert_array_equal(places.locate("NaCl", "structure"), vector[2:])
    found = places.pattern(vector)
    assert found["nearest"]["formula"] == "NaCl (of the handbook)"
    np.testing.assert_array_equal(found["nearest"]["profile"], expected)
    assert "lent" not in found["note"] + places.decode(vector[None])[0]["note"]


def test_of_published_crystals_the_lowest_in_energy_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SimpleNamespace(
        frame=pd.DataFrame(
            {
                "formula": ["Ti3O5", "TiO2", "Ti3O5", "Ti3O5"],
                "crystal_system": ["cubic", "cubic", "monoclinic", "cubic"],
                "energy_above_hull": [0.2, 0.0, 0.01, np.nan],
            }
        ),
        take=lambda rows: np.asarray(rows, dtype=np.float32)[:, None] * np.ones(len(GRID), np.float32),
    )
    monkeypatch.setattr("matwidgets.patterns.load_patterns", lambda _name: table)
    found = known_pattern("O5Ti3")
    assert found is not None
    assert (found.formula, found.system, found.source) == ("Ti3O5", "monoclinic", "published")
    assert (found.profile == 2).all()
    assert known_pattern("Ti4O7") is None


def test_formulas_are_found(places: PatternMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pattern_map, "known_pattern", lambda _formula: None)
    assert places.locate("O2Ti") == 0
    vector = places.locate("Ti3O5")
    assert not isinstance(vector, int)
    np.testing.assert_allclose(vector[:2], GridDual().encode_compositions(["Ti3O5"])[0])
    np.testing.assert_array_equal(vector[2:], places.latent[0, 2:])  # TiO2 is nearest
    assert "pattern half lent by TiO₂" in places.decode(vector[None])[0]["note"]
    assert "pattern half lent by TiO₂" in places.pattern(vector)["note"]
    assert "lent" not in places.pattern(places.latent[0])["note"]
    half = places.locate("Ti3O5", "composition")
    np.testing.assert_array_equal(half, vector[:2])
    with pytest.raises(InputError) as raised:
        places.locate("Ti3O5", "structure")
    assert str(raised.value).startswith("None of the 5 crystals is Ti3O5, and a formula alone has no pattern")
    with pytest.raises(InputError):
        places.locate("hello")


def test_colours(places: PatternMap) -> None:
    channels = places.channels(["O"])
    assert list(channels) == ["crystal system", "number of elements", "band gap", "log density", "O content"]
    assert list(channels["number of elements"]) == [2, 2, 2, 2, 1]
    assert channels["O content"] == pytest.approx([200 / 3, 60, 50, 0, 0], abs=1e-4)
    np.testing.assert_array_equal(channels["log density"](), GridDual().density(places.latent))
    assert places.units(channels) == {"band gap": "eV", "O content": "at.%"}
    with pytest.raises(InputError):
        places.channels(["Lr"])


def test_measured_patterns_become_points(places: PatternMap) -> None:
    pattern = GridDual().decode_patterns(np.array([[-1.02, 0.49]]))[0]
    more = places.with_measured({"TiO3": pattern}, "both")
    assert len(more.crystals) == 6
    assert more.crystals.formulas[-1] == "TiO3"
    np.testing.assert_allclose(more.latent[-1], GridDual().encode(["TiO3"], pattern[None])[0])
    assert list(more.crystals.known["crystal system"])[-1] == "measured"
    assert np.isnan(more.crystals.known["band gap"][-1])
    assert more.crystals.source == "5 crystals and 1 measured"
    assert len(places.crystals) == 5


def test_a_measured_pattern_without_a_formula_has_a_place_among_patterns_only(places: PatternMap) -> None:
    pattern = GridDual().decode_patterns(np.array([[-1.02, 0.49]]))[0]
    more = PatternMap(UnequalDual(), places.crystals).with_measured({"sample 7": pattern}, "structure")
    assert more.crystals.formulas[-1] == "Al2O3"  # whose pattern is nearest
    np.testing.assert_array_equal(more.latent[-1, :3], more.latent[1, :3])
    with pytest.raises(InputError, match="The measured pattern 'sample 7' has no formula for a name"):
        PatternMap(UnequalDual(), places.crystals).with_measured({"sample 7": pattern}, "both")


def test_measured_files_are_read(tmp_path: Path) -> None:
    counts = 5 + 1000 * np.exp(-0.5 * ((GRID - 44) / 0.2) ** 2)
    np.savetxt(tmp_path / "a.xy", np.stack([GRID, counts], axis=1))
    read = read_measured({"Ni": tmp_path / "a.xy", "Cu": counts})
    assert GRID[read["Ni"].argmax()] == pytest.approx(44)
    assert read["Ni"].max() == pytest.approx(1)
    with pytest.raises(InputError):
        read_measured({"Ni": tmp_path / "missing.xy"})


def frame(n: int) -> SimpleNamespace:
    """A set of patterns with one peak a row, the row's number in its place."""
    table = pd.DataFrame(
        {"formula": ["NaCl"] * n, "crystal_system": ["cubic"] * n, "band_gap": np.arange(n) / n}
    )
    table["formation_energy"] = np.nan

    class Some:
        frame = table

        def __len__(self) -> int:
            return n

        def take(self, rows: np.ndarray) -> np.ndarray:
            return np.asarray(rows, dtype=np.float32)[:, None] * np.ones(3, np.float32)

    return Some()  # type: ignore[return-value]


def test_of_a_large_table_a_random_part_is_taken() -> None:
    some = crystals_of(frame(2000), "things", most=50, seed=1)  # type: ignore[arg-type]
    assert some.source == "50 of 2,000 things"
    assert len(some) == len(some.profiles) == 50
    rows = some.profiles[:, 0]
    assert (np.diff(rows) > 0).all()
    np.testing.assert_allclose(some.known["band gap"], rows / 2000)
    assert "formation energy" not in some.known  # nothing is known of it
    again = crystals_of(frame(2000), "things", most=50, seed=1)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again.profiles, some.profiles)
    assert crystals_of(frame(20), "things", most=50).source == "20 things"  # type: ignore[arg-type]


def test_without_tables_there_are_the_handbooks_crystals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    known = known_crystals()
    assert known.source.endswith("crystals of the handbook")
    assert {"NaCl", "TiO2"} <= set(known.formulas)
    assert known.profiles.shape == (len(known), len(GRID))
    dual = GridDual()
    first = known_map(dual)
    assert known_map(dual) is first
    assert first.dual is not dual  # a copy: whoever trains or searches owns its own weights
    assert known_map(GridDual()) is not first
