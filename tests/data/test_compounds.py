"""The compounds and values that wgan uses: what is dropped, and what the real tables hold."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from matwidgets.data import compounds
from matwidgets.errors import DataError, InputError, MissingTableError
from matwidgets.features.composition import canonical_key
from matwidgets.features.occupancy import ELEMENTS, encode

from .conftest import put, register

OXIDES = b"formula,target\r\nTiO2,3.0\r\nNaN,0.5\r\n"


@pytest.fixture
def tables(cache, table, monkeypatch):
    """Small tables under the names that the loaders ask for; returns a function that lays one down."""
    records = {}

    def lay(name: str, content: bytes, rows: int):
        digest = hashlib.sha256(content).hexdigest()
        record = replace(
            table,
            name=name,
            kind="compounds",
            file=f"{name}.csv",
            sha256=digest,
            rows=rows,
            bytes=len(content),
        )
        put(cache, record, content)
        records[name] = record
        register(monkeypatch, *records.values())
        return record

    return lay


def test_oqmd_by_split_and_whole(tables):
    for split in ("train", "val", "test"):
        tables(f"oqmd/{split}", OXIDES, 2)
    one = compounds.load_oqmd("val")
    assert one.to_dict("list") == {"formula": ["TiO2", "NaN"], "band_gap": [3.0, 0.5]}  # sodium nitride
    assert one.attrs["unit"] == "eV" and [s["name"] for s in one.attrs["sources"]] == ["oqmd/val"]
    whole = compounds.load_oqmd()
    assert whole["split"].tolist() == ["train"] * 2 + ["val"] * 2 + ["test"] * 2
    with pytest.raises(InputError, match="Unknown split 'all': write one of train, val, test."):
        compounds.load_oqmd("all")


def test_a_missing_table_names_its_remedy(tables, cache):
    record = tables("oqmd/train", OXIDES, 2)
    (cache / record.file).unlink()
    with pytest.raises(MissingTableError, match="matwidgets data fetch oqmd/train"):
        compounds.load_oqmd("train")


def test_a_record_that_counts_other_rows_is_an_error(tables):
    tables("oqmd/train", OXIDES, 3)
    with pytest.raises(DataError, match="Table 'oqmd/train' has 2 rows where registry.toml says 3"):
        compounds.load_oqmd("train")


@pytest.fixture
def enthalpies(tables):
    """50 ordinary values, one far outside, one element, and one formula in both revisions."""
    lines = "".join(f"Al{i + 1}O,{-1 - 0.01 * i}\n" for i in range(50))
    for name, more in (("", "Ti2O,43\nTi,0\n"), ("_2020", "Al1O,-1.0\n")):
        for split in ("val", "test"):
            rows = f"formula,target\n{lines if split == 'val' and not name else ''}{more if split == 'val' else ''}"
            content = (rows + f"X{name}{split},0\n").replace(f"X{name}{split}", "Ca" if name else "Mg")
            tables(f"oqmd_formation_enthalpy{name}/{split}", content.encode(), content.count("\n") - 1)


def test_formation_enthalpies_are_sifted_as_in_section_2_1(enthalpies):
    frame = compounds.load_formation_enthalpies()
    assert len(frame) == 50 and frame["formation_enthalpy"].max() == -1.0
    # Al1O, Mg and Ca stand twice; Ti, Mg and Ca are elements; Ti2O lies more than five deviations off
    assert frame.attrs["dropped"] == {"repeated": 3, "elements": 3, "outliers": 1}
    assert len(frame.attrs["sources"]) == 4 and frame.attrs["unit"] == "eV/atom"
    assert "Ti2O" in set(compounds.load_formation_enthalpies(sigmas=None)["formula"])
    with pytest.raises(InputError, match="sigmas is 0; it must be above 0"):
        compounds.load_formation_enthalpies(sigmas=0)


def test_malformed_formulas_are_dropped_and_told(tables):
    content = b",composition,Tc\n0,MgB2,39.0\n1,Nd0Cu,2.0\n2,Nb3Sn,18.0\n3,O10=z,5\n"
    tables("supercon", content, 4)
    frame = compounds.load_superconductors()
    assert frame.to_dict("list") == {"formula": ["MgB2", "Nb3Sn"], "critical_temperature": [39.0, 18.0]}
    rows, reasons = zip(*frame.attrs["dropped"], strict=True)
    assert rows == (3, 5)  # as a spreadsheet numbers them
    assert "Zero amount in formula 'Nd0Cu'" in reasons[0] and "O10=z" in reasons[1]


# -- the real tables -----------------------------------------------------------------------------------------


@pytest.mark.data
def test_real_oqmd_and_what_of_it_can_be_encoded():
    frame = compounds.load_oqmd()
    assert len(frame) == frame["formula"].nunique() == 341_608
    encoded = encode(frame["formula"].tolist())
    assert set(encoded.told()) == {"count", "element"}  # nothing unreadable, no fractions
    assert encoded.told()["element"] == 4  # krypton
    assert len(encoded.rows) + len(encoded.refused) == 341_608
    # Every one of the 85 elements occurs, and no formula has a single one (section 2.1).
    assert (encoded.counts > 0).any(0).all() and len(ELEMENTS) == encoded.counts.shape[1]
    assert (encoded.counts > 0).sum(1).min() == 2


@pytest.mark.data
def test_real_formation_enthalpies():
    frame = compounds.load_formation_enthalpies()
    assert frame.attrs["dropped"]["repeated"] == 59_561
    assert frame["formation_enthalpy"].abs().max() < 6 and not frame["formula"].duplicated().any()
    raw = compounds.load_formation_enthalpies(sigmas=None)
    assert raw["formation_enthalpy"].max() > 40
    assert len(raw) + raw.attrs["dropped"]["elements"] == 145_486


@pytest.mark.data
def test_real_superconductors():
    frame = compounds.load_superconductors()
    assert len(frame) == 11_469 and [row for row, _ in frame.attrs["dropped"]] == [2884, 3247]
    assert frame["critical_temperature"].min() > 1 and np.isfinite(frame["critical_temperature"]).all()


@pytest.mark.data
def test_real_non_metals():
    frame = compounds.load_non_metals()
    assert len(frame) == 43_921 == frame["formula"].map(canonical_key).nunique()
    assert frame["band_gap"].min() > 0 and frame.attrs["dropped"] == []
