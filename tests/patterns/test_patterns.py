"""Sets of patterns: the run that makes them, what is read from them, and what fails."""

import warnings

import numpy as np
import pandas as pd
import pytest
from pymatgen.io.cif import CifWriter

from matwidgets.data.crystals import crystals, find_crystal
from matwidgets.data.registry import registry
from matwidgets.errors import DataError, InputError, MissingTableError
from matwidgets.features import xrd
from matwidgets.patterns import computing, is_made, load_patterns, patterns, table
from matwidgets.patterns.library import Patterns
from matwidgets.run import Run

FORMULAS = ["NaCl", "Si", "TiO2", "Mg", "SrTiO3"]


def cif(formula):
    return str(CifWriter(find_crystal(formula).structure()))


def frame(formulas=FORMULAS):
    return pd.DataFrame(
        {
            "id": [f"x-{i}" for i in range(len(formulas))],
            "set": "toy",
            "formula": formulas,
            "split": "train",
            "formation_energy": np.arange(len(formulas)) / 4,
            "energy_above_hull": 0.0,
            "band_gap": [None, *range(1, len(formulas))],
            "spacegroup": [225.0, *[np.nan] * (len(formulas) - 1)],
            "cif": [cif(formula) for formula in formulas],
        }
    )


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, no network."""
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    monkeypatch.setenv("MATWIDGETS_THREADS", "1")
    return tmp_path / "cache"


@pytest.fixture
def small(cache, monkeypatch):
    """Both sets are a few crystals; the hashes of the real tables stay in the names."""
    frames = {
        "mp": frame(),
        "aflow": frame(["NaCl", "Si"]).rename(columns={"formation_energy": "bulk_modulus"}),
    }
    for name in table.COLUMNS["aflow"]:
        frames["aflow"][name] = 1.0
    monkeypatch.setattr(table, "structures", lambda name, fetch=False: frames[name])
    return frames


def job(rows=None, workers=1, at_once=2):
    return table.Computing(
        "mp", frame() if rows is None else rows, table._place("mp"), workers=workers, rows_at_once=at_once
    )


def finished(work):
    while not work.finished:
        work.advance()
    return work.result()


# ---- The run ----


def test_both_sets_in_one_run(small):
    with pytest.raises(MissingTableError, match="matwidgets pattern --all"):
        load_patterns("mp")
    run = patterns()
    assert (run.kind, run.total) == ("table", 7)
    assert not is_made("mp")
    mp, aflow = run.start().wait(60)
    assert is_made("mp") and is_made("aflow")
    assert (len(mp), len(aflow)) == (5, 2)
    again = load_patterns("mp")
    assert again.frame.equals(mp.frame)
    assert again.frame.attrs["units"]["formation_energy"] == "eV/atom"
    assert [s["name"] for s in again.frame.attrs["sources"]][:2] == [
        "mp_20_biternary/val",
        "mp_20_biternary/test",
    ]
    assert load_patterns("aflow").frame.attrs["units"]["thermal_expansion"] == "1/K"
    once_more = patterns("mp")
    once_more.start().wait(60)
    assert once_more.history == [{"step": 5}]  # nothing was done twice


def test_rows_are_what_one_computes_by_hand(cache):
    found = finished(job())
    assert found.frame["formula"].tolist() == FORMULAS
    assert found.frame["spacegroup"].tolist() == [225, 227, 136, 194, 221]
    assert found.frame["crystal_system"].tolist() == ["cubic", "cubic", "tetragonal", "hexagonal", "cubic"]
    assert found.frame["formation_energy"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert np.isnan(found.frame["band_gap"][0]) and found.frame["band_gap"][4] == 4
    for row, formula in enumerate(FORMULAS):
        expected = xrd.peaks(find_crystal(formula).structure())
        peaks = found.peaks(row)
        # A CIF has coordinates to eight digits; the table keeps single precision for peaks and half for profiles.
        assert len(peaks.two_theta) == found.frame["n_peaks"][row] == len(expected.two_theta)
        assert peaks.two_theta == pytest.approx(expected.two_theta, abs=1e-4)
        assert peaks.intensity == pytest.approx(expected.intensity, rel=1e-3, abs=1e-3)
        assert found.take([row])[0] == pytest.approx(xrd.profile(expected), abs=1e-3)


def test_some_rows_in_any_order(cache):
    found = finished(job())
    profiles = found.profiles
    assert (profiles.shape, profiles.dtype) == ((5, 1601), np.float32)
    assert profiles.max(1) == pytest.approx(1)
    assert np.array_equal(found.take([4, 0, 4, 3]), profiles[[4, 0, 4, 3]])
    assert np.array_equal(found.take(found.frame["crystal_system"] == "cubic"), profiles[[0, 1, 4]])
    assert found.take([]).shape == (0, 1601)


@pytest.mark.parametrize("rows", [[5], [-1], [0.5], [[0]], [True, False]])
def test_rows_that_are_none(cache, rows):
    found = finished(job())
    with pytest.raises(InputError, match="give row"):
        found.take(rows)


def test_a_structure_without_a_pattern_is_listed_and_the_rest_goes_on(cache):
    rows = frame()
    rows.loc[0, "cif"] = "rubbish"
    rows.loc[2, "cif"] = cif("NaCl").replace(
        "Na0  1  0.00000000  0.00000000  0.00000000  1", "Na0  1  0.00000000  0.00000000  0.00000000  0.5"
    )
    rows.loc[4, "cif"] = cif("NaCl").replace("Na", "Lr")
    found = finished(job(rows))
    assert found.frame["formula"].tolist() == ["Si", "Mg"]
    assert found.failures["id"].tolist() == ["x-0", "x-2", "x-4"]
    first, second, third = found.failures["reason"]
    assert "pymatgen cannot read the structure" in first
    assert "disordered" in second
    assert "Lr in LrCl" in third
    assert found.profiles.shape == (2, 1601)
    assert found.peaks(1).two_theta == pytest.approx(
        xrd.peaks(find_crystal("Mg").structure()).two_theta, abs=1e-4
    )
    assert "3 failed" in repr(found)


def test_a_kill_loses_one_piece(cache):
    first = job()
    first.advance(), first.advance()
    second = job()
    assert (second.past, second.finished) == ([{"step": 4}], False)
    piece = first._file((2, 4))
    piece.write_bytes(piece.read_bytes()[:-9])
    third = job()
    assert third.past == [{"step": 2}]
    assert len(finished(third)) == 5
    assert not first.folder.exists()


def test_two_workers_give_the_same_table(cache):
    alone = finished(job())
    expected, profiles = alone.frame, alone.profiles
    table._place("mp").unlink()
    both = finished(job(workers=2))
    assert both.frame.equals(expected)
    assert np.array_equal(both.profiles, profiles)


def test_stopped_early_gives_the_rows_so_far(cache, tmp_path):
    early = job()
    early.advance()
    assert early.result().frame["formula"].tolist() == ["NaCl", "Si"]
    assert not table._place("mp").exists()
    early.save(tmp_path / "so_far.parquet")
    assert len(Patterns("mp", tmp_path / "so_far.parquet", {})) == 2


def test_a_run_of_both_can_be_saved_and_stopped(small, tmp_path):
    run = patterns()
    run.step(1)
    with pytest.raises(TimeoutError):
        run.wait(0.01 if run.alive else 0)
    assert run.save(tmp_path / "so_far.parquet") == tmp_path / "so_far.parquet"
    assert (tmp_path / "so_far-1.parquet").is_file()
    run.stop()
    assert isinstance(run, Run) and len(run.wait(60)) == 2


def test_other_inputs_have_another_name(cache, monkeypatch):
    before = table._place("mp")
    assert table._place("aflow") != before
    monkeypatch.setattr(computing, "SYMPREC", 0.01)
    assert table._place("mp") != before


def test_a_damaged_table_names_the_remedy(small):
    patterns("mp").start().wait(60)
    place = table._place("mp")
    place.write_bytes(place.read_bytes()[:-20])
    with pytest.raises(
        DataError, match="is damaged .*delete it and make it again with `matwidgets pattern --all`"
    ):
        load_patterns("mp")


def test_wrong_names(cache):
    with pytest.raises(InputError, match="write one of mp, aflow, crystals"):
        load_patterns("oqmd")
    with pytest.raises(InputError, match="write one of mp, aflow"):
        is_made("crystals")
    for wrong in ("oqmd", [], ["mp", "crystals"]):
        with pytest.raises(InputError, match="write mp, aflow or both"):
            patterns(wrong)
    with pytest.raises(MissingTableError, match="matwidgets data fetch mp_20_biternary"):
        patterns("mp")


def test_workers_from_one(small):
    with pytest.raises(InputError, match="whole number from 1"):
        patterns(workers=0)


# ---- The handbook ----


def test_the_handbooks_patterns_need_no_table(cache):
    found = load_patterns("crystals")
    assert len(found) == len(crystals()) and not len(found.failures)
    assert set(found.frame["crystal_system"]) == {"cubic", "hexagonal", "tetragonal"}
    row = int(np.flatnonzero(found.frame["formula"] == "NaCl")[0])
    assert found.frame["prototype"][row] == "rock salt"
    strongest = found.peaks(row).two_theta[found.peaks(row).intensity.argmax()]
    assert strongest == pytest.approx(31.73, abs=0.01)  # (200): d = 5.6406 / 2 angstrom
    assert not (cache / "derived").exists()


@pytest.mark.parametrize(
    ("number", "system"),
    [
        (1, "triclinic"), (2, "triclinic"), (3, "monoclinic"), (15, "monoclinic"), (16, "orthorhombic"),
        (74, "orthorhombic"), (75, "tetragonal"), (142, "tetragonal"), (143, "trigonal"), (167, "trigonal"),
        (168, "hexagonal"), (194, "hexagonal"), (195, "cubic"), (230, "cubic"),
    ],
)  # fmt: skip
def test_crystal_systems(number, system):
    assert computing.crystal_system(number) == system


@pytest.mark.parametrize("number", [0, 231])
def test_numbers_that_are_no_space_group(number):
    with pytest.raises(InputError, match="from 1 to 230"):
        computing.crystal_system(number)


# ---- The real tables ----


@pytest.mark.data
def test_the_split_of_the_materials_project_keeps_a_formula_on_one_side():
    rows = table.structures("mp")
    assert len(rows) == 14_258 + 13_096 - 1_369
    assert rows["id"].is_unique
    assert (rows.groupby("formula")["split"].nunique() == 1).all()
    shares = rows["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.8, abs=0.01)
    assert shares["val"] == pytest.approx(shares["test"], abs=0.01)
    assert rows["spacegroup"].notna().sum() == 14_258


@pytest.mark.data
def test_published_space_groups_agree_with_the_search():
    rows = table.structures("mp")
    rows = rows[rows["set"] == "mp_20_biternary"].sample(60, random_state=4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [computing.space_group(computing.read_cif(text)) for text in rows["cif"]]
    assert (np.array(found) == rows["spacegroup"]).mean() >= 0.95


@pytest.mark.data
def test_a_tolerance_that_spglib_has_to_lower_is_not_told_on_the_terminal(capfd, monkeypatch):
    monkeypatch.delenv("SPGLIB_WARNING", raising=False)
    rows = table.structures("mp").set_index("id")
    assert computing.space_group(computing.read_cif(rows["cif"]["mp-17672"])) == 161  # R3c
    assert capfd.readouterr().err == ""


@pytest.mark.data
def test_the_tables_and_the_handbook_show_the_same_strongest_plane():
    """Computed lattices differ by up to 2 % from measured ones."""
    names = ["NaCl", "MgO", "CaF2", "TiO2", "SrTiO3", "ZnO", "CsCl", "Cu", "W"]
    rows = pd.concat([table.structures(name) for name in ("mp", "aflow")])
    checked = []
    for formula in names:
        crystal = find_crystal(formula)
        expected = strongest(crystal.structure())
        found = [computing.read_cif(text) for text in rows.loc[rows["formula"] == formula, "cif"]]
        found = [s for s in found if computing.space_group(s) == crystal.spacegroup]
        if found:
            nearest = min(abs(strongest(structure) / expected - 1) for structure in found)
            checked.append(formula)
            assert nearest < 0.02, formula
    assert len(checked) >= 5


def strongest(structure):
    """1/d of the strongest peak."""
    found = xrd.peaks(structure)
    return np.sin(np.radians(found.two_theta[found.intensity.argmax()] / 2))


def test_the_sets_name_registered_tables():
    groups = {name.split("/")[0] for name in registry()}
    assert {group for names in table.SETS.values() for group in names} <= groups
