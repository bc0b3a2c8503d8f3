import hashlib
from dataclasses import replace

import numpy as np
import pytest

from matwidgets.data import datasets
from matwidgets.errors import DataError, InputError, MissingTableError
from matwidgets.features.composition import canonical_key
from matwidgets.features.elements import element_array

from .conftest import put, register


@pytest.fixture
def toy(cache, table, monkeypatch):
    """A property `toy` of three splits, in the cache; every split has the same bytes."""
    records = []
    for split in ("train", "val", "test"):
        record = replace(table, name=f"toy/{split}", file=f"toy/{split}.csv")
        put(cache, record)
        records.append(record)
    register(monkeypatch, *records)
    return records


def test_one_split(toy):
    frame = datasets.load_property("toy", "val")
    # NaN is sodium nitride, and carriage returns are no part of a value.
    assert frame.to_dict("list") == {"formula": ["TiC", "NaN", "Al2O3"], "target": [238.8, 10.5, 250.0]}
    assert frame["target"].dtype == np.float64
    assert frame.attrs == {
        "property": "toy",
        "unit": "GPa",
        "sources": [{"name": "toy/val", "sha256": toy[1].sha256, "rows": 3}],
    }


def test_all_splits_say_which(toy):
    frame = datasets.load_property("toy")
    assert list(frame.columns) == ["formula", "target", "split"]
    assert frame["split"].tolist() == ["train"] * 3 + ["val"] * 3 + ["test"] * 3
    assert [source["name"] for source in frame.attrs["sources"]] == ["toy/train", "toy/val", "toy/test"]


def test_a_missing_split_names_its_remedy(toy, cache):
    (cache / "toy/test.csv").unlink()
    with pytest.raises(MissingTableError, match="matwidgets data fetch toy/test"):
        datasets.load_property("toy")


def test_a_record_that_counts_other_rows_is_an_error(cache, table, monkeypatch, toy):
    register(monkeypatch, *(replace(record, rows=4) for record in toy))
    with pytest.raises(DataError) as caught:
        datasets.load_property("toy", "train")
    assert str(caught.value) == (
        "Table 'toy/train' has 3 rows where registry.toml says 4: its record is wrong, please report it."
    )


def test_unknown_property_and_split():
    with pytest.raises(InputError) as caught:
        datasets.load_property("hardness")
    names = ", ".join(datasets.property_tables())
    assert str(caught.value) == f"No tables for property 'hardness': write one of {names}."
    with pytest.raises(InputError) as caught:
        datasets.load_property("bulk_modulus", "validation")
    assert str(caught.value) == "Unknown split 'validation': write one of train, val, test."


def test_unknown_element_table():
    with pytest.raises(InputError) as caught:
        datasets.load_element_table("bulk_modulus/train")
    assert str(caught.value) == (
        "Unknown element table 'bulk_modulus/train': write one of mat2vec, magpie, oliynyk, jarvis, onehot."
    )


def test_element_table_is_sorted_keeps_sodium_and_fills_empty_cells_with_the_mean(cache, table, monkeypatch):
    content = b"element,a,b\r\nNa,2,4\r\nH,1,\r\nTi,6,8\r\n"
    record = replace(
        table,
        name="mine",
        kind="elements",
        file="mine.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        rows=3,
    )
    put(cache, record, content)
    register(monkeypatch, record)
    symbols, values = datasets.load_element_table("mine")
    assert symbols == ("H", "Na", "Ti")
    assert values.tolist() == [[1, 6], [2, 4], [6, 8]]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("bulk_modulus", (3428, 732, 736)),
        ("shear_modulus", (3428, 732, 736)),
        ("debye_temperature", (3428, 732, 736)),
        ("thermal_conductivity", (3422, 733, 732)),
        ("thermal_expansion", (3421, 733, 732)),
        ("band_gap", (19330, 4125, 4122)),
        ("energy_per_atom", (19346, 4118, 4115)),
    ],
)
def test_real_property_tables(name, rows):
    frame = datasets.load_property(name)
    counts = frame["split"].value_counts()
    assert tuple(counts[split] for split in ("train", "val", "test")) == rows
    assert np.isfinite(frame["target"]).all()
    keys = frame["formula"].map(canonical_key)
    # Four materials are twice in the two large tables, once with fractional amounts (the registry's notes tell).
    assert keys.duplicated().sum() == (4 if name in ("band_gap", "energy_per_atom") else 0)
    assert not set(keys[frame["split"] == "train"]) & set(keys[frame["split"] == "test"])


@pytest.mark.data
def test_real_bulk_moduli_hold_titanium_carbide():
    frame = datasets.load_bulk_modulus("train")
    assert frame.set_index("formula").loc["C1Ti1", "target"] == pytest.approx(238.772)  # the paper's label
    assert frame.attrs["unit"] == "GPa"


@pytest.mark.data
def test_real_sodium_nitride_is_read_as_a_formula():
    assert "NaN" in set(datasets.load_property("energy_above_hull", "train")["formula"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "shape", "lacking"),
    [
        ("mat2vec", (118, 200), ""),
        ("magpie", (97, 22), "Lr"),
        ("oliynyk", (85, 44), "Ac Pa Pu Np"),
        ("jarvis", (82, 438), "Ac Eu Pa Pu Pm Np Xe"),
        ("onehot", (118, 118), ""),
    ],
)
def test_real_element_tables(name, shape, lacking):
    symbols, values = datasets.load_element_table(name)
    assert values.shape == shape
    assert np.isfinite(values).all()
    assert not set(lacking.split()) & set(symbols)
    assert np.isnan(element_array(symbols, values)).any(axis=1).sum() == 118 - shape[0]
