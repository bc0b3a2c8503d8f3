"""Tables of structures: columns, the join of AFLOW's properties, and the real tables."""

import gzip
import hashlib

import numpy as np
import pytest

from matwidgets.data import registry, structures
from matwidgets.data.structures import load_structures, structure_tables
from matwidgets.errors import DataError, InputError, MissingTableError

from .conftest import put, register


def cif(formula):
    return f"data_{formula}\n_chemical_formula_sum   '{formula}'\n_cell_length_a 4\n"


def table(name, header, *rows):
    """A record of a table of structures and its bytes."""
    lines = [header, *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    content = gzip.compress(("\n".join(lines) + "\n").encode())
    record = registry.Table(
        name=name, kind="structures", file=f"{name}.csv.gz", url="http://127.0.0.1:9/", bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(), rows=len(rows), licence="none", citation="none",
        columns=(("cif", ""),),
    )  # fmt: skip
    return record, content


@pytest.fixture
def tables(cache, monkeypatch):
    """Lay small tables into the cache and make them the registered ones."""

    def make(*pairs):
        register(monkeypatch, *(record for record, _ in pairs))
        monkeypatch.setattr(structures, "registry", lambda: {record.name: record for record, _ in pairs})
        for record, content in pairs:
            put(cache, record, content)

    return make


MP = ",material_id,formation_energy_per_atom,band_gap,pretty_formula,e_above_hull,elements,cif,spacegroup.number"


def test_the_materials_projects_columns(tables):
    tables(
        table("mp_20_biternary/val", MP, (0, "mp-1", -0.5, 1.2, "NaN", 0.0, "[]", cif("Na3 N3"), 225)),
        table("mp_20_biternary/test", MP, (7, "mp-2", -0.1, 0.0, "TiC", 0.04, "[]", cif("TiC"), 216)),
    )
    frame = load_structures("mp_20_biternary")
    assert frame["id"].tolist() == ["mp-1", "mp-2"]
    assert frame["formula"].tolist() == ["NaN", "TiC"]
    assert frame["split"].tolist() == ["val", "test"]
    assert frame["spacegroup"].tolist() == [225, 216]
    assert frame["energy_above_hull"].tolist() == [0, 0.04]
    assert frame["formation_energy"].dtype == frame["band_gap"].dtype == np.float64
    assert frame.attrs["units"] == {
        "formation_energy": "eV/atom",
        "energy_above_hull": "eV/atom",
        "band_gap": "eV",
    }
    assert [source["rows"] for source in frame.attrs["sources"]] == [1, 1]


def aflow(name, split, *rows):
    return table(f"aflow_structures/{name}/{split}", f",cif,{name}", *rows)


THERMAL = ("thermal_conductivity", "thermal_expansion")
ELASTIC = ("bulk_modulus", "shear_modulus", "debye_temperature")


def test_aflows_properties_are_joined_by_number(tables):
    a, b, c = cif("Na1 Cl1"), cif("Si2"), cif("Al1 Fe1")
    tables(
        *(aflow(name, "train", (9, b, 97.0), (3, a, 24.0)) for name in ELASTIC),
        *(aflow(name, "train", (3, a, 6.5)) for name in THERMAL),
        *(aflow(name, "test", (11, c, 5.0)) for name in THERMAL),
    )
    frame = load_structures("aflow_structures")
    assert frame["id"].tolist() == ["aflow-3", "aflow-9", "aflow-11"]
    assert frame["formula"].tolist() == ["NaCl", "Si", "AlFe"]
    assert frame["bulk_modulus"].tolist()[:2] == [24, 97] and np.isnan(frame["bulk_modulus"][2])
    assert np.isnan(frame["thermal_expansion"][1])
    assert frame["split"].tolist() == ["train", "train", "test"]  # the last has no elastic split
    assert frame["split_thermal"].tolist() == ["train", "train", "test"]


def test_one_number_for_two_structures_is_an_error(tables):
    tables(
        *(aflow(name, "train", (3, cif("Na1 Cl1"), 1.0)) for name in ELASTIC),
        *(aflow(name, "train", (3, cif("K1 Cl1"), 1.0)) for name in THERMAL),
    )
    with pytest.raises(DataError, match="one number stands for several structures"):
        load_structures("aflow_structures")


def test_errors(tables):
    tables(table("mp_20_biternary/val", MP, (0, "mp-1", 0, 0, "Na", 0, "[]", "no formula", 1)))
    with pytest.raises(DataError, match="without _chemical_formula_sum"):
        load_structures("mp_20_biternary")
    with pytest.raises(InputError, match="No structures 'mp': write one of mp_20_biternary"):
        load_structures("mp")


def test_missing_tables_are_named(cache):
    assert structure_tables() == ("mp_20_biternary", "mpts_52", "aflow_structures")
    with pytest.raises(MissingTableError, match="matwidgets data fetch mpts_52/val"):
        load_structures("mpts_52")


# ---- The real tables ----


@pytest.mark.data
def test_the_materials_projects_structures():
    first, second = load_structures("mp_20_biternary"), load_structures("mpts_52")
    assert (len(first), len(second)) == (14_258, 13_096)
    assert first["id"].is_unique and second["id"].is_unique
    assert len(set(first["id"]) & set(second["id"])) == 1_369
    assert first["energy_above_hull"].max() < 0.08 < second["energy_above_hull"].max()
    assert first["spacegroup"].between(1, 230).all()
    assert "spacegroup" not in second


@pytest.mark.data
def test_aflows_structures():
    frame = load_structures("aflow_structures")
    assert len(frame) == 4_905
    counts = frame.notna().sum()
    assert {name: 4_905 - counts[name] for name in structures.PROPERTIES} == {
        **dict.fromkeys(ELASTIC, 1), **dict.fromkeys(THERMAL, 10),
    }  # fmt: skip
    assert len(frame.dropna()) == 4_894
    assert set(frame["split"]) == set(frame["split_thermal"]) == {"train", "val", "test"}
    moduli = frame.set_index("formula")["bulk_modulus"]
    assert float(moduli.loc[["TiC"]].max()) == pytest.approx(238.8, abs=0.1)  # CrabNet's Figure 1
