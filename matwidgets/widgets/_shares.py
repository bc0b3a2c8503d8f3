"""Which elements of a large system a picture draws: the rule of js/src/trackers/shares.ts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MANY = 8  # elements: beyond, not all are drawn
TRACE = 5e-4  # atomic fraction that is none
TOLD = 0.01  # atomic fraction that counts at the last step


def drawn_shares(columns: Mapping[str, Floats]) -> tuple[list[str], Floats | None]:
    """Elements that get a line of their own, and the sum of all others.

    Of a system of at most eight elements all; of a larger one those that occur, and of more than eight of them the
    seven with the largest fractions at the last step that has any; where fewer have a hundredth there, those that had
    most before.

    Parameters
    ----------
    columns : mapping of element to ndarray (n,)
        Atomic fractions at each step, NaN where nothing was found so far.

    Returns
    -------
    elements : list of str
        In the order of the columns.
    others : ndarray (n,), or None
        None where every element that occurs has a line.
    """
    if len(columns) <= MANY:
        return list(columns), None
    most = {e: float(np.nanmax(x, initial=0.0)) for e, x in columns.items()}
    present = [e for e in columns if most[e] > TRACE]
    if len(present) <= MANY:
        return present, None

    def last(element: str) -> float:
        known = columns[element][np.isfinite(columns[element])]
        return float(known[-1]) if len(known) and known[-1] >= TOLD else 0.0

    first = sorted(present, key=lambda e: (-last(e), -most[e]))[: MANY - 1]
    return [e for e in columns if e in first], np.sum(
        [x for e, x in columns.items() if e not in first], axis=0
    )
