"""The last moves: an element left behind is dropped, and no move leaves the feasible set or loses."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.polish import Point, polish

FEASIBLE = Feasible.build(("A", "B", "C"), min_fraction=0.05)
Array = NDArray[np.float64]


def compound(rows: Array) -> tuple[Array, Array]:
    """Best at 1:1 of A and C without B."""
    return 100 + 600 * rows[:, 0] * rows[:, 2] - 80 * rows[:, 1], np.full(len(rows), 5.0)


def start(*fractions: float) -> Point:
    row = np.array(fractions)
    return Point(row, float(compound(row[None])[0][0]), 5.0)


def test_drops_an_element_left_behind() -> None:
    trail = polish(start(0.35, 0.27, 0.38), compound, FEASIBLE, 1.0, 50.0)
    assert trail[-1].fractions[1] == 0 and trail[-1].value == pytest.approx(250, abs=0.1)


def test_stays_feasible_and_never_loses_more_than_a_drop_may() -> None:
    trail = polish(start(0.6, 0.3, 0.1), compound, FEASIBLE, 1.0, 50.0)
    assert FEASIBLE.contains(np.stack([p.fractions for p in trail])).all()
    gains = np.diff([p.value for p in trail])
    assert (gains >= -1e-3 * 50).all() and len(trail) > 2


def test_minimises() -> None:
    trail = polish(start(0.4, 0.3, 0.3), compound, FEASIBLE, -1.0, 50.0)
    assert trail[-1].value < 40


def test_at_the_top_nothing_moves() -> None:
    assert len(polish(start(0.5, 0.0, 0.5), compound, FEASIBLE, 1.0, 50.0)) == 1
