"""Toy tables in a toy cache; nothing here reads the machine's own."""

import dataclasses
import hashlib
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.data import known, registry
from matwidgets.data.known import is_known, known_formulas
from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key
from matwidgets.features.elements import SYMBOLS

from .conftest import CSV, put, register

ASKED = ["TiC", "Ti2C2", {"O": 1.5, "Al": 1}, "NaN", "Na3N", "TiC2", "Al0.4O0.6"]
ANSWER = [True, True, True, True, False, False, True]


def kept(cache):
    return sorted(cache.glob("known-*"))


def second(record, content):
    return dataclasses.replace(
        record,
        name="toy/test",
        file="toy/test.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )


def test_without_tables_nothing_is_known_or_unknown(cache, table):
    assert known_formulas() is None and is_known(["TiC"]) is None
    assert not cache.exists()


def test_formulas_are_known_however_they_are_written(cache, table):
    put(cache, table)
    assert is_known(ASKED) == ANSWER
    assert is_known([]) == []
    hashes = known_formulas()
    assert hashes.dtype == np.uint64 and len(hashes) == 3 and (np.diff(hashes.astype(object)) > 0).all()


def test_a_mirror_counts_and_the_result_is_kept_in_the_cache(cache, table, tmp_path, monkeypatch):
    put(tmp_path / "mirror", table)
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(tmp_path / "mirror"))
    assert is_known(ASKED) == ANSWER and len(kept(cache)) == 1
    assert [file.name for file in (tmp_path / "mirror").iterdir()] == ["toy"]


def test_the_kept_file_is_read_and_the_tables_are_not_read_again(cache, table, monkeypatch):
    put(cache, table)
    before = known_formulas()
    monkeypatch.setattr(known, "_hashes", lambda tables: pytest.fail("read again"))
    np.testing.assert_array_equal(known_formulas(), before)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-3], lambda b: b[:-8], lambda b: b[:-1] + b"\0", lambda b: b""]
)
def test_a_damaged_file_is_made_again(cache, table, damage):
    put(cache, table)
    known_formulas()
    (file,) = kept(cache)
    good = file.read_bytes()
    file.write_bytes(damage(good))
    assert is_known(ASKED) == ANSWER
    assert kept(cache) == [file] and file.read_bytes() == good


def test_another_table_makes_another_file_and_more_known_formulas(cache, table, monkeypatch):
    content = b"formula,target\nNa3N,1\n"
    more = second(table, content)
    register(monkeypatch, table, more)
    put(cache, table)
    assert is_known(["Na3N"]) == [False]
    put(cache, more, content)
    assert is_known(["Na3N", "TiC"]) == [True, True]
    assert len(kept(cache)) == 2


@pytest.mark.parametrize("column", known.COLUMNS)
def test_a_table_of_compounds_counts_and_its_column_may_have_another_name(cache, table, monkeypatch, column):
    content = f"target,{column}\n1,Na3N\n2,KZn2Ru\n".encode()
    record = dataclasses.replace(second(table, content), kind="compounds")
    register(monkeypatch, table, record)
    put(cache, record, content)
    assert is_known(["Na3N", "K2Zn4Ru2", "TiC"]) == [True, True, False]


def test_every_registered_table_of_materials_has_one_column_of_formulas():
    tables = [each for each in registry.registry().values() if each.kind in known.KINDS]
    assert {each.kind for each in tables} == set(known.KINDS)
    for each in tables:
        assert len({name for name, _ in each.columns} & set(known.COLUMNS)) == 1, each.name


def test_a_table_with_the_wrong_checksum_or_of_elements_is_left_out(cache, table, monkeypatch):
    elements = dataclasses.replace(second(table, b"element,x\nTi,1\n"), kind="elements")
    register(monkeypatch, table, elements)
    put(cache, table, CSV + b"Na3N,1\r\n")
    put(cache, elements, b"element,x\nTi,1\n")
    assert known_formulas() is None


def test_a_formula_that_nobody_can_read_is_skipped_in_a_table_and_refused_in_a_question(
    cache, table, monkeypatch
):
    content = b"formula,target\nTiC,1\nNotAFormula,2\n"
    record = second(table, content)
    register(monkeypatch, record)
    put(cache, record, content)
    assert is_known(["TiC"]) == [True]
    with pytest.raises(InputError, match="NotAFormula"):
        is_known(["NotAFormula"])


@pytest.mark.skipif(
    os.name != "posix", reason="a file stands where the folder should be, on POSIX an OSError"
)
def test_a_cache_that_cannot_be_written_costs_no_answer(table, tmp_path, monkeypatch):
    put(tmp_path / "mirror", table)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "file"))
    assert is_known(ASKED) == ANSWER


def test_many_at_once_leave_one_whole_file(cache, table):
    put(cache, table)
    answers = []
    workers = [threading.Thread(target=lambda: answers.append(is_known(ASKED))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert answers == [ANSWER] * 8 and len(kept(cache)) == 1 and len(list(cache.iterdir())) == 2  # and toy/


@given(st.lists(st.tuples(st.sampled_from(SYMBOLS), st.integers(1, 9999)), min_size=1, max_size=5))
def test_whole_amounts_have_the_canonical_key(parts):
    """An element may stand twice, and a one need not be written."""
    formula = "".join(f"{symbol}{amount if amount > 1 else ''}" for symbol, amount in parts)
    assert known._key(formula) == canonical_key(formula)


@pytest.mark.parametrize("formula", ["Al2(SO4)3", "Ti0.5C0.5", "CuSO4·5H2O", "C12000H2", " MgO "])
def test_other_texts_have_the_canonical_key_too(formula):
    assert known._key(formula) == canonical_key(formula)


@pytest.mark.parametrize("formula", ["XxO2", "Mg0O", "", "mgo", "Mg2O-1"])
def test_a_wrong_formula_is_refused(formula):
    with pytest.raises(InputError):
        known._key(formula)


def test_hashes_are_the_same_in_every_process():
    """Python's own hash of a text is not."""
    code = "from matwidgets.data.known import _hash; print(_hash('TiC'), _hash({'Al': 2, 'O': 3}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == [str(known._hash("C2Ti2")), str(known._hash("Al2O3"))]
