"""The last moves: an element left behind is dropped, and no move leaves the feasible set or loses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.objectives import Batch, Point
from matwidgets.inverse.polish import drops, polish

FEASIBLE = Feasible.build(("A", "B", "C"), min_fraction=0.05)
Array = NDArray[np.float64]


def compound(rows: Array, sign: float = 1.0) -> Batch:
    """Best at 1:1 of A and C without B; a standard deviation of the targets is 50."""
    value = (100 + 600 * rows[:, 0] * rows[:, 2] - 80 * rows[:, 1])[:, None]
    return Batch(rows, value, np.full_like(value, 4.0), np.full_like(value, 3.0), sign * value / 50)


def least(rows: Array) -> Batch:
    """The same to be minimised."""
    return compound(rows, -1.0)


def first(utility: Array) -> Array:
    return utility[:, 0]


def start(*fractions: float, sign: float = 1.0) -> Point:
    return compound(np.array([fractions]), sign).point(0)


def test_drops_an_element_left_behind() -> None:
    trail = polish(start(0.35, 0.27, 0.38), compound, FEASIBLE, first)
    assert trail[-1].fractions[1] == 0 and trail[-1].value == pytest.approx(250, abs=0.1)


def test_stays_feasible_and_never_loses_more_than_a_drop_may() -> None:
    trail = polish(start(0.6, 0.3, 0.1), compound, FEASIBLE, first)
    assert FEASIBLE.contains(np.stack([p.fractions for p in trail])).all()
    gains = np.diff([p.value for p in trail])
    assert (gains >= -1e-3 * 50).all() and len(trail) > 2


def test_minimises() -> None:
    trail = polish(start(0.4, 0.3, 0.3, sign=-1.0), least, FEASIBLE, first)
    assert trail[-1].value < 40


def test_at_the_top_nothing_moves() -> None:
    assert len(polish(start(0.5, 0.0, 0.5), compound, FEASIBLE, first)) == 1


def test_a_drop_leaves_a_locked_element_alone() -> None:
    locked = Feasible.build(("A", "B", "C"), min_fraction=0.05, locks={"A": 0.4})
    rows = drops(np.array([0.4, 0.2, 0.4]), locked)
    assert rows == pytest.approx(np.array([[0.4, 0, 0.6], [0.4, 0.6, 0]]))


def test_an_element_that_hardly_helps_does_not_come_and_go() -> None:
    """A trace of B gains 8e-4 standard deviations: less than an element fewer is worth, more than nothing."""
    asked = []

    def with_a_bonus(rows: Array) -> Batch:
        asked.append(len(rows))
        value = (100 + 40 * np.minimum(rows[:, 1], 0.001) - 80 * rows[:, 1].clip(min=0.001))[:, None]
        return Batch(rows, value, np.full_like(value, 4.0), np.full_like(value, 3.0), value / 50)

    trail = polish(with_a_bonus(np.array([[0.45, 0.1, 0.45]])).point(0), with_a_bonus, FEASIBLE, first)
    assert trail[-1].fractions[1] == 0
    visited = [p.fractions.round(9).tobytes() for p in trail]
    assert len(set(visited)) == len(visited)
    assert (
        len(asked) < 60
    )  # rounds; without one measure for moves and drops it went to the bound at every amount
