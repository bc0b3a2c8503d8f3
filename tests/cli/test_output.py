"""JSON without NaN, and tables that fit."""

import json

import numpy as np
import pytest

from matwidgets.cli.output import emit_json, plain, show, text_table


def test_emit_json_is_one_document_and_writes_null_for_what_is_no_number(capsys):
    emit_json(
        [{"a": float("nan"), "b": float("-inf"), "c": np.float32(0.5), "d": np.int64(3), "e": np.bool_(True)}]
    )
    assert json.loads(capsys.readouterr().out) == [{"a": None, "b": None, "c": 0.5, "d": 3, "e": True}]


def test_plain_takes_arrays_and_tuples():
    assert plain({"x": (np.array([1.0, np.nan]), "text", None)}) == {"x": [[1.0, None], "text", None]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (float("nan"), "-"), (True, "yes"), (False, "no"), (12, "12"), (238.7654, "238.8"),
        (3.41e-6, "3.410e-06"),
        (123456.0, "123456"), ([1.0, 2.5], "1.000 to 2.500"), ("TiC", "TiC"), (1e12, "1.000e+12"),
        (233.0, "233.0"), (2779.0, "2779"),
    ],
)  # fmt: skip
def test_show(value, text):
    assert show(value) == text


def test_table_aligns_numbers_to_the_right():
    table = text_table(["formula", "value"], [["TiC", 238.8], ["NaCl", 24.9]])
    assert table.splitlines() == ["formula  value", "-------  -----", "TiC      238.8", "NaCl     24.90"]


def test_table_without_rows_is_its_head():
    assert text_table(["a", "bc"], []).splitlines() == ["a  bc", "-  --"]


def test_words_are_kept_whole_where_they_can_be():
    table = text_table(["label", "number"], [["best without constraints", "x" * 20]], width=40)
    assert "constraints" in table
    assert max(map(len, table.splitlines())) <= 40
    narrow = text_table(["label"], [["a" * 30]], width=10)
    assert narrow.splitlines()[2:] == ["a" * 10] * 3


def test_wide_table_is_wrapped_to_the_width_and_loses_nothing():
    words = [f"word{i}" for i in range(60)]
    table = text_table(["what", "how much", "verdict"], [[" ".join(words), 1.0, "reproduced"]] * 2, width=100)
    assert max(map(len, table.splitlines())) <= 100
    assert all(table.split().count(word) == 2 for word in words)
