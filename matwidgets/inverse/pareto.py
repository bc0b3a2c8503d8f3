"""Two objectives at once: which points nothing beats, and how much of the plane they command.

Everything here is in utilities, shape (n, 2), larger is better. A point dominates another if it is at least as good in
both and better in one; a front is what nothing dominates. Its hypervolume is the area that it dominates above a
reference point (E. Zitzler, L. Thiele, PPSN V, 1998).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from matwidgets.inverse.objectives import Batch, Floats

TAKEN = 1e-12  # utilities that differ by less are one


def non_dominated(utility: Floats) -> NDArray[np.bool_]:
    """Which rows nothing dominates; of equal rows the first.

    In the order of falling first utility (of equals: falling second), a row is kept if its second is above all before.
    """
    order = np.lexsort((np.arange(len(utility)), -utility[:, 1], -utility[:, 0]))
    second = utility[order, 1]
    before = np.concatenate([[-np.inf], np.maximum.accumulate(second)[:-1]])
    kept = np.zeros(len(utility), dtype=np.bool_)
    kept[order[second > before]] = True
    return kept


def layers(utility: Floats) -> list[NDArray[np.intp]]:
    """Row indices of the front, of the front of the rest, and so on (non-dominated sorting)."""
    left, found = np.arange(len(utility)), []
    while len(left):
        top = non_dominated(utility[left])
        found.append(left[top])
        left = left[~top]
    return found


def hypervolume(utility: Floats, reference: Floats) -> float:
    """Area dominated by the rows above ``reference``, shape (2,); exact.

    A sum of rectangles along the front: falling in the first utility, each row adds what its second gains.
    """
    above = utility[(utility > reference).all(1)]
    front = above[non_dominated(above)]
    front = front[np.argsort(-front[:, 0])] - reference
    return float((front[:, 0] * np.diff(front[:, 1], prepend=0.0)).sum())


def hypervolume_slopes(utility: Floats, reference: Floats) -> Floats:
    """Derivative of the hypervolume by each utility, each layer taken alone, as directions of length 1, (n, 2).

    The layers give a slope to dominated rows as well (T. M. Deist et al., "Multi-objective learning using hypervolume
    maximization", EMO 2023, after H. Wang et al., EMO 2017); all rows must lie above ``reference``.
    """
    slopes = np.zeros_like(utility)
    for layer in layers(utility):
        rows = layer[np.argsort(-utility[layer, 0])]
        first, second = utility[rows, 0], utility[rows, 1]
        slopes[rows, 0] = second - np.concatenate([[reference[1]], second[:-1]])
        slopes[rows, 1] = first - np.concatenate([first[1:], [reference[0]]])
    length = np.linalg.norm(slopes, axis=1, keepdims=True)
    slopes[(length < TAKEN)[:, 0]] = 1.0  # a copy of another row: on along both
    return slopes / np.linalg.norm(slopes, axis=1, keepdims=True)


def spread(utility: Floats, count: int) -> NDArray[np.intp]:
    """At most ``count`` rows of a front that cover it evenly, its two ends first; sorted indices.

    Each next row is the one farthest from those chosen, in shares of the front's extent.
    """
    n = len(utility)
    if n <= count:
        return np.arange(n)
    extent = np.ptp(utility, axis=0)
    scaled = utility / np.where(extent > TAKEN, extent, 1.0)
    chosen = [int(utility[:, 0].argmax())]
    distance = np.linalg.norm(scaled - scaled[chosen[0]], axis=1)
    while len(chosen) < count:
        chosen.append(int(utility[:, 1].argmax()) if len(chosen) == 1 else int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(scaled - scaled[chosen[-1]], axis=1))
    return np.unique(chosen)


class Front:
    """All non-dominated points of what was added, with where each came from.

    Attributes
    ----------
    points : Batch or None
        By rising first utility; None while there is none.
    origin : ndarray of int, shape (n, 2)
        Start and step of each point's path.
    reference : ndarray, shape (2,), or None
        The worst utilities of the first points added: what the hypervolume is counted from.
    """

    def __init__(self) -> None:
        self.points: Batch | None = None
        self.origin: NDArray[np.int64] = np.empty((0, 2), dtype=np.int64)
        self.reference: Floats | None = None

    def __len__(self) -> int:
        return 0 if self.points is None else len(self.points)

    def add(self, points: Batch, origin: NDArray[np.int64]) -> None:
        """Add feasible points; those that are dominated are forgotten."""
        if not len(points):
            return
        if self.reference is None:
            self.reference = points.utility.min(0)
        joined = points if self.points is None else Batch.join([self.points, points])
        origins = np.concatenate([self.origin, origin])
        kept = np.flatnonzero(non_dominated(joined.utility))
        kept = kept[np.argsort(joined.utility[kept, 0])]
        self.points, self.origin = joined.take(kept), origins[kept]

    @property
    def hypervolume(self) -> float:
        """Area above the reference, in standard deviations of the one times standard deviations of the other."""
        if self.points is None or self.reference is None:
            return 0.0
        return hypervolume(self.points.utility, self.reference)

    @property
    def span(self) -> tuple[Floats, Floats]:
        """Best utilities on the front, and their extent (1 where the front has none), each (2,)."""
        if self.points is None:
            return np.zeros(2), np.ones(2)
        extent = np.ptp(self.points.utility, axis=0)
        return self.points.utility.max(0), np.where(extent > 1e-6, extent, 1.0)
