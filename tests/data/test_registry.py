import csv
import gzip
import re
from pathlib import Path

import pytest

from matwidgets.data import fetch
from matwidgets.data.registry import SPLITS, expand, find, groups, registry
from matwidgets.errors import InputError
from matwidgets.features.properties import PROPERTIES


@pytest.mark.parametrize("name", list(registry()))
def test_record_is_complete(name):
    table = find(name)
    assert table.name == name
    assert table.kind in {"property", "elements", "alloys", "compounds", "structures"}
    assert re.fullmatch(r"[0-9a-f]{64}", table.sha256)
    assert re.fullmatch(r"[\w./-]+\.csv(\.gz)?", table.file)
    assert ".." not in table.file
    # A commit, not a branch: what the url gives must never change.
    assert re.fullmatch(r"https://\S+/[0-9a-f]{40}/\S+", table.url)
    assert table.bytes > table.rows > 0
    assert table.licence
    assert table.citation
    assert len(table.columns) >= 2


def test_files_and_hashes_are_distinct():
    tables = registry().values()
    assert len({t.file for t in tables}) == len({t.sha256 for t in tables}) == len(tables)


@pytest.mark.parametrize("item", [p for p in PROPERTIES.values() if p.table], ids=lambda p: p.name)
def test_each_property_with_a_table_has_three_splits_in_its_unit(item):
    for split in SPLITS:
        assert dict(find(f"{item.table}/{split}").columns)["target"] == item.unit


def test_groups_and_expansion():
    assert {"bulk_modulus", "mat2vec", "magpie", "oliynyk", "jarvis", "onehot"} <= set(groups())
    assert [t.name for t in expand(["bulk_modulus"])] == [f"bulk_modulus/{split}" for split in SPLITS]
    both = expand(["bulk_modulus/val", "mat2vec", "bulk_modulus"])
    assert [t.name for t in both] == [
        "bulk_modulus/val",
        "mat2vec",
        "bulk_modulus/train",
        "bulk_modulus/test",
    ]
    assert expand(groups()) == list(registry().values())


@pytest.mark.parametrize("call", [find, lambda name: expand([name])])
def test_unknown_table_lists_what_there_is(call):
    with pytest.raises(InputError) as caught:
        call("bulk")
    text = str(caught.value)
    assert text.startswith("Unknown table 'bulk': write one of bulk_modulus/train|val|test, ")
    assert text.endswith("aflow_structures/thermal_expansion/train|val|test.")


@pytest.mark.data
def test_every_table_here_is_the_one_that_its_record_describes():
    rows = fetch.verify()
    assert {row["name"]: row["status"] for row in rows} == dict.fromkeys(registry(), "ok")
    for row in rows:
        assert Path(row["path"]).stat().st_size == row["bytes"], row["name"]
        unpack = gzip.open if row["path"].endswith(".gz") else open
        with unpack(row["path"], "rt", newline="", encoding="utf-8") as stream:
            header, *lines = csv.reader(stream)
        assert (header[0] or "Unnamed: 0") == find(row["name"]).columns[0][0]
        assert len(lines) == row["rows"], row["name"]
