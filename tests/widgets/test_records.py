"""Histories as columns: nothing lost, spikes kept when thinned, JSON within its limit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from matwidgets.widgets._records import (
    Table,
    design_columns,
    design_row,
    family_columns,
    family_row,
    thin,
    training_columns,
    training_row,
)

META = {
    "elements": ["Ti", "C"],
    "objectives": [{"property": "bulk_modulus"}, {"property": "energy"}],
    "n_starts": 2,
}


def test_thin_keeps_ends_spikes_and_budget() -> None:
    values = np.sin(np.arange(10_000) / 500)
    values[[7777, 3333]] = 50, -50
    kept = thin(values, 200)
    assert len(kept) <= 200
    assert {0, 3333, 7777, 9999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


@pytest.mark.parametrize("n", [0, 1, 5, 6])
def test_thin_keeps_all_that_fits(n: int) -> None:
    assert thin(np.zeros(n), 6).tolist() == list(range(n))


def test_thin_prefers_numbers_to_nan() -> None:
    values = np.where(np.arange(1000) % 2 == 0, np.nan, np.arange(1000))
    assert np.isfinite(values[thin(values, 50)][1:]).all()


def test_a_table_grows_and_gives_its_columns() -> None:
    table = Table(["step", "loss"])
    for start in range(0, 300, 3):
        table.append(np.array([[start + i, -i] for i in range(3)]))
    assert len(table) == 300
    assert table.column("step").tolist() == [float(i) for i in range(300)]
    assert len(table.thinned(10, "loss", since=280)) <= 10
    assert table.thinned(50, "loss", since=280)[0, 0] == 280


@pytest.mark.parametrize("rows", [0, 3, 5000])
def test_a_saved_table_keeps_the_ends_and_the_limit(rows: int) -> None:
    table = Table(["step", "loss", *(f"fraction:{i}" for i in range(10))])
    values = np.random.default_rng(0).random((rows, 12))
    values[:, 0] = np.arange(rows)
    values[1::2, 1] = np.nan
    table.append(values)
    saved = table.saved(9000, "loss")
    text = json.dumps(saved, separators=(",", ":"), allow_nan=False)
    assert len(text) <= 9000
    assert saved["next"] == rows
    steps = saved["columns"]["step"]
    assert steps == sorted(steps)
    if rows:
        assert (steps[0], steps[-1]) == (0, rows - 1)


def test_design_rows_stand_under_their_columns() -> None:
    record = {
        "step": 3, "loss": 1.5, "values": {"bulk_modulus": 200.0, "energy": -1.0}, "std": {"energy": 0.2},
        "fractions": [0.25, 0.75], "family": {"values": {"bulk_modulus": [1.0, 2.0], "energy": [3.0]}},
    }  # fmt: skip
    row = dict(zip(design_columns(META), design_row(record, META), strict=True))
    assert row["step"] == 3
    assert row["value:energy"] == -1.0
    assert math.isnan(row["std:bulk_modulus"])
    assert row["fraction:C"] == 0.75
    family = family_row(record, META)
    assert family is not None
    named = dict(zip(family_columns(META), family, strict=True))
    assert named["family:bulk_modulus:1"] == 2.0
    assert math.isnan(named["family:energy:1"])
    assert family_row({"step": 1}, META) is None
    assert family_columns(META | {"n_starts": 1}) == ["step"]
    assert family_row(record, META | {"n_starts": 1}) is None
    trials = META | {"n_starts": 1, "trials": True}
    assert family_columns(trials) == ["step", "family:bulk_modulus:0", "family:energy:0"]
    assert family_row({"step": 4, "family": {"values": {"bulk_modulus": [5], "energy": [6]}}}, trials) == [
        4,
        5,
        6,
    ]


def test_training_rows_stand_under_their_columns() -> None:
    meta = {"terms": [{"name": "train_loss"}, {"name": "val_mae"}]}
    row = training_row({"step": 2, "terms": {"train_loss": 0.5}, "member": 1}, meta)
    named = dict(zip(training_columns(meta), row, strict=True))
    assert (named["step"], named["term:train_loss"], named["member"]) == (2, 0.5, 1)
    assert math.isnan(named["term:val_mae"])
