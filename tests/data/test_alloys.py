"""Labelled alloys: what the table is made to say, and the real table against the paper's own counts."""

import hashlib

import pytest

from matwidgets.data import alloys, registry, splits
from matwidgets.errors import ChecksumError, DataError, InputError, MissingTableError
from matwidgets.features.alloys import ELEMENTS

from .conftest import put, register

CONTENT = (
    b"Alloys,Class,Phase\r\n"
    b"FeNi,1,SP-SS\r\n"
    b"Al0CoCr,0,Non-SP-SS\r\n"
    b"Fe0.5Ni0.5,0,Non-SP-SS\r\n"
    b"Mg1Th1,0,Non-SP-SS\r\n"
    b"FeNi,1,SP-SS\r\n"
    b"Al0.05Fe10,1,SP-SS\r\n"
)


def record(content=CONTENT, rows=6):
    return registry.Table(
        name=alloys.TABLE,
        kind="alloys",
        file="alloys.csv",
        url="http://127.0.0.1:9/alloys.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        rows=rows,
        licence="none",
        citation="none",
        columns=(("Alloys", ""), ("Class", "")),
    )


@pytest.fixture
def table(cache, monkeypatch):
    found = record()
    register(monkeypatch, found)
    put(cache, found, CONTENT)
    return found


def test_alloys_of_the_elements_without_zero_amounts_and_second_copies(table):
    frame = alloys.load_alloys()
    assert frame.to_dict("list") == {
        "formula": ["FeNi", "CoCr", "Fe0.5Ni0.5", "Al0.05Fe10"],
        "single_phase": [1, 0, 0, 1],
    }
    assert frame.attrs["sources"] == [{"name": table.name, "sha256": table.sha256, "rows": 6}]
    assert frame.attrs["label"] == "experiment"
    assert frame.attrs["dropped"] == ["FeNi"]
    (repeated,) = frame.attrs["repeated"]
    assert repeated.formulas == ("FeNi", "Fe0.5Ni0.5", "FeNi") and repeated.labels == (1, 0, 1)
    assert repeated.conflicting
    assert "conflicting: FeNi = 1, Fe0.5Ni0.5 = 0, FeNi = 1" in str(repeated)


def test_all_elements_if_asked_for(table):
    assert alloys.load_alloys(None)["formula"].tolist()[3] == "Mg1Th1"


def test_a_missing_a_damaged_and_a_wrongly_recorded_table(cache, monkeypatch):
    register(monkeypatch, record())
    with pytest.raises(MissingTableError, match="matwidgets data fetch yan2021_alloys"):
        alloys.load_alloys()
    put(cache, record(), CONTENT.replace(b"FeNi,1", b"FeNi,0"))
    with pytest.raises(ChecksumError):
        alloys.load_alloys()
    register(monkeypatch, record(rows=7))
    put(cache, record(), CONTENT)
    with pytest.raises(DataError, match="has 6 rows where registry.toml says 7"):
        alloys.load_alloys()


def test_repeated_compositions_of_a_users_table():
    found = alloys.repeated_compositions(["TiC", "FeNi", "C2Ti2", "Al", "Ni1Fe1"], [1, 0, 1, 0, 1])
    assert [(r.formulas, r.conflicting) for r in found] == [
        (("TiC", "C2Ti2"), False),
        (("FeNi", "Ni1Fe1"), True),
    ]
    assert alloys.repeated_compositions([], []) == []
    with pytest.raises(InputError, match="^1 labels for 2 formulas"):
        alloys.repeated_compositions(["Ti", "Al"], [1])


@pytest.mark.data
def test_the_real_table_has_the_papers_counts():
    frame = alloys.load_alloys()
    assert len(frame) == 1373  # section 2.3.2 of the paper
    assert frame["single_phase"].sum() == 710
    assert frame.attrs["dropped"] == ["Hf1Nb1Ti1V1Zr1", "Ti0.5Zr0.5"]
    assert len(frame.attrs["repeated"]) == 6
    conflicts = [r.formulas for r in frame.attrs["repeated"] if r.conflicting]
    assert conflicts == [
        ("Al0.5Co1Cr1Cu0.5Fe1Ni1", "Al0.5CoCrCu0.5FeNi"),
        ("Co1Cu1Fe1Ni1Ti1", "CoCuFeNiTi"),
        ("Hf1Nb1Ti1V1Zr1", "Hf1Nb1Ti1V1Zr1"),
    ]


@pytest.mark.data
def test_the_thirty_elements_are_the_most_frequent_ones():
    everything = alloys.load_alloys(None)
    count = {}
    for formula in everything["formula"]:
        for symbol in splits.element_set(formula).split("-"):
            count[symbol] = count.get(symbol, 0) + 1
    assert len(count) == 70
    least = min(count[symbol] for symbol in ELEMENTS)
    assert all(number <= least for symbol, number in count.items() if symbol not in ELEMENTS)


@pytest.mark.data
def test_the_papers_splits_of_the_real_table():
    frame = alloys.load_alloys()
    formulas = frame["formula"].tolist()
    parts = splits.semi_supervised_split(formulas, 0)
    assert tuple(map(len, parts)) == (864, 296, 75, 138)
    few = splits.semi_supervised_split(formulas, 0, sizes=(247, 790, 198, 138))
    assert few.test.tolist() == parts.test.tolist()
    folds = splits.grouped_folds(formulas)
    assert max(map(len, folds)) - min(map(len, folds)) <= 1
