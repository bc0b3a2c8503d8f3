"""The brute-force grid of a system: every composition at one step, to hold a search against."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.simplex import simplex_grid
from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.objectives import Batch, Criteria, Floats, Point
from matwidgets.inverse.pareto import hypervolume

STEPS = {1: 0.01, 2: 0.01, 3: 0.01, 4: 0.02}  # by the number of elements that are not locked


@dataclass
class Grid:
    """All compositions of a system at one step, a locked element held where it is.

    Attributes
    ----------
    points : Batch
    score : ndarray, shape (n,)
        Weighted sum of the utilities.
    allowed : ndarray of bool, shape (n,)
    step : float
    """

    points: Batch
    score: Floats
    allowed: NDArray[np.bool_]
    step: float

    def __len__(self) -> int:
        return len(self.points)

    @property
    def fractions(self) -> Floats:
        """All compositions, (n, k)."""
        return self.points.fractions

    @property
    def value(self) -> Floats:
        """The first objective's values, (n,)."""
        return self.points.values[:, 0]

    def best(self, *, anywhere: bool = False) -> Point:
        """Best feasible composition; with ``anywhere`` the best of all."""
        score = self.score if anywhere else np.where(self.allowed, self.score, -math.inf)
        return self.points.point(int(score.argmax()))

    @property
    def ranges(self) -> list[tuple[float, float]]:
        """Smallest and largest value of each objective over the feasible set."""
        values = self.points.values[self.allowed]
        return [(float(column.min()), float(column.max())) for column in values.T]

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value of the first objective over the feasible set."""
        return self.ranges[0]

    def shortfall(self, point: Point, criteria: Criteria) -> float:
        """How far a point's score is from the best, as a share of the scores' range; below 0 if it is better."""
        score = self.score[self.allowed]
        mine = float(criteria.score(point.utility[None])[0])
        return (float(score.max()) - mine) / max(float(np.ptp(score)), 1e-12)

    def hypervolume(self, reference: Floats) -> float:
        """Area that the feasible compositions dominate above ``reference``; two objectives."""
        return hypervolume(self.points.utility[self.allowed], reference)


def grid_step(k: int) -> float | None:
    """Step of the brute-force grid: 0.01 up to three free elements, 0.02 for four, none beyond."""
    return STEPS.get(k)


def grid_points(feasible: Feasible) -> tuple[Floats, float] | None:
    """Every composition at the step of the grid, (n, k), and that step; None if none is feasible, or beyond four.

    Locked elements stay where they are, and the others share the rest in steps as near to the usual one as divide it.
    """
    locked = feasible.low == feasible.high
    room = 1 - float(feasible.low[locked].sum())
    free = len(locked) - int(locked.sum())
    step = grid_step(free)
    if step is None or room <= 0:
        return None
    parts = max(1, round(room / step))
    rows = np.tile(np.where(locked, feasible.low, 0.0), (math.comb(parts + free - 1, free - 1), 1))
    rows[:, ~locked] = simplex_grid(free, 1 / parts) * room
    return (rows, room / parts) if feasible.contains(rows).any() else None


def search_grid(criteria: Criteria, feasible: Feasible, points: Floats, step: float) -> Grid:
    """Evaluate every composition of ``points``, shape (n, k)."""
    allowed = feasible.contains(points)
    if not allowed.any():
        raise InputError(f"The grid with step {step:g} has no feasible point; widen the bounds")
    batch = criteria.evaluate(points)
    return Grid(batch, criteria.score(batch.utility), allowed, step)
