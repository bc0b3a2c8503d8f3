"""`matwidgets pattern` on a machine without tables."""

import math

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.cif import CifWriter

from matwidgets.patterns import table


def write(name, structure):
    CifWriter(structure).write_file(name)


def test_document(run_json):
    document = run_json("pattern", "NaCl")
    assert (document["formula"], document["spacegroup"], document["crystal_system"]) == ("NaCl", 225, "cubic")
    assert document["wavelength"] == 1.54184
    assert document["source"].startswith("handbook (rock salt; R. W. G. Wyckoff")
    strongest = max(document["peaks"], key=lambda peak: peak["intensity"])
    assert strongest["intensity"] == 100
    assert strongest["d"] == pytest.approx(5.6406 / 2, abs=1e-4)
    assert strongest["two_theta"] == pytest.approx(2 * math.degrees(math.asin(1.54184 / 5.6406)), abs=1e-3)


def test_wavelength_and_a_file(run_json, stranger):
    write("my salt.CIF", Structure(Lattice.cubic(4.123), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]))
    copper, molybdenum = (run_json("pattern", "my salt.CIF", "--wavelength", w) for w in ("CuKa", "0.71073"))
    assert (copper["formula"], copper["spacegroup"], copper["source"]) == ("CsCl", 221, "my salt.CIF")
    first, second = (max(d["peaks"], key=lambda peak: peak["intensity"]) for d in (copper, molybdenum))
    assert first["d"] == second["d"] == pytest.approx(4.123 / math.sqrt(2), abs=1e-4)
    assert first["two_theta"] == pytest.approx(
        2 * math.degrees(math.asin(1.54184 / 2 / first["d"])), abs=1e-3
    )
    assert second["two_theta"] == pytest.approx(
        2 * math.degrees(math.asin(0.71073 / 2 / first["d"])), abs=1e-3
    )


def test_text(run):
    code, out, err = run("pattern", "Si")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "Si: space group 227, cubic; wavelength 1.54184 angstrom, 10 to 90 degrees"
    assert lines[3].split()[1:] == ["3.1350", "100.0"]  # (111): 5.430 / sqrt(3)
    assert lines[-1].startswith("from handbook (diamond; C. Kittel")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        ([], "nothing was given; give FILE.cif"),
        (["NaCl", "--all"], "both was given"),
        (["--all", "--wavelength", "MoKa"], "--wavelength belongs to one crystal"),
        (["XeF2"], "No handbook crystal 'XeF2': write one of Al, "),
        (["Qq"], "Unknown element"),
        (["none.cif"], "none.cif cannot be read (No such file or directory)"),
        (["rubbish.cif"], "pymatgen cannot read the structure"),
        (["empty.cif"], "pymatgen cannot read the structure"),
        (["mixed.cif"], "is disordered"),
        (["heavy.cif"], "Lr in LrN: there are X-ray scattering factors"),
        (["NaCl", "--wavelength", "CuKx"], "Wavelength 'CuKx': write one of CuKa"),
        (["NaCl", "--wavelength", "99"], "a number of angstrom from 0.1 to 10"),
        (["NaCl", "--wavelength", "nan"], "a number of angstrom from 0.1 to 10"),
    ],
)
def test_wrong_input(refused, stranger, argv, told):
    (stranger / "rubbish.cif").write_bytes(bytes(range(256)))
    (stranger / "empty.cif").write_text("")
    write("mixed.cif", Structure(Lattice.cubic(4), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]))
    write("heavy.cif", Structure(Lattice.cubic(5), ["Lr", "N"], [[0, 0, 0], [0.5, 0.5, 0.5]]))
    assert told in refused("pattern", *argv)


def test_all_needs_the_structures(refused):
    assert "matwidgets data fetch mp_20_biternary" in refused("pattern", "--all", code=1)


def test_all(run, run_json, monkeypatch):
    import pandas as pd

    rows = pd.DataFrame(
        {"id": ["a", "b"], "set": "toy", "formula": ["CsCl", "X"], "split": "train", "spacegroup": [221, 1],
         "cif": [str(CifWriter(Structure(Lattice.cubic(4.1), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]))), "x"]}
    )  # fmt: skip
    for name in {c for columns in table.COLUMNS.values() for c in columns}:
        rows[name] = 0.0
    monkeypatch.setattr(table, "structures", lambda name, fetch=False: rows)
    code, out, err = run("pattern", "--all")
    assert code == 0
    assert "pattern: 4 of 4 structures" in err
    assert "mp: 1 patterns, 1 structures failed" in out
    assert "  b (X): pymatgen cannot read the structure" in out
    documents = run_json("pattern", "--all")
    assert [(d["name"], d["n"], len(d["failures"])) for d in documents] == [("mp", 1, 1), ("aflow", 1, 1)]
