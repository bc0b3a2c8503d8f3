"""The last moves of a search: shift fractions between elements and drop elements, while that helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matwidgets.inverse.feasible import Feasible

POLISH_MOVES = (
    0.2,
    0.05,
    0.02,
    0.01,
    0.005,
    0.002,
    0.001,
)  # atomic fractions moved from one element to another


@dataclass
class Point:
    """A composition with its predicted value and standard deviation."""

    fractions: NDArray[np.float64]  # (k,)
    value: float
    std: float


def polish(
    best: Point,
    evaluate: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    feasible: Feasible,
    sign: float,
    scale: float,
) -> list[Point]:
    """Move fractions from one element to another, or all of an element to the rest, while that helps.

    Dropping an element is accepted if it costs less than a thousandth of ``scale``: the same value with fewer elements
    is the better design. Moves must gain.

    Returns
    -------
    list of Point
        The given point and every accepted one after it; all feasible.
    """
    trail = [best]
    for amount in POLISH_MOVES:
        for _ in range(200):  # a bound for safety; each round must gain
            here = trail[-1]
            dropped, moves = drops(here.fractions), _moves(here.fractions, amount)
            rows = np.concatenate([dropped, moves])
            keep = feasible.contains(rows)
            rows, dropping = rows[keep], (np.arange(len(rows)) < len(dropped))[keep]
            if not len(rows):
                break
            value, std = evaluate(rows)
            gain = sign * (value - here.value) / scale
            gain[dropping] += 1e-3
            if gain.max() <= 1e-5:
                break
            i = int(gain.argmax())
            trail.append(Point(rows[i], float(value[i]), float(std[i])))
    return trail


def drops(fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """The compositions with one of the present elements left out, shape (elements present, k)."""
    rows = []
    for i in np.flatnonzero(fractions > 0):
        rest = fractions.copy()
        rest[i] = 0
        if rest.sum() > 0:
            rows.append(rest / rest.sum())
    return np.array(rows).reshape(-1, len(fractions))


def _moves(fractions: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    rows = []
    for i in np.flatnonzero(fractions > 0):
        for j in range(len(fractions)):
            if i != j:
                moved = fractions.copy()
                moved[j] += min(amount, fractions[i])
                moved[i] -= min(amount, fractions[i])
                rows.append(moved)
    return np.array(rows).reshape(-1, len(fractions))
