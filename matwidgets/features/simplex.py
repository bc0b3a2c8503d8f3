"""All compositions of a few elements in equal steps: the grid under every search."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError


def simplex_size(parts: int, steps: int) -> int:
    """Count the compositions of `parts` parts in `steps` steps: C(steps + parts - 1, parts - 1)."""
    _require_simplex(parts, steps)
    return math.comb(steps + parts - 1, parts - 1)


def simplex_grid(parts: int, step: float) -> NDArray[np.float64]:
    """List all compositions of `parts` parts whose fractions are multiples of `step`.

    Parameters
    ----------
    parts : int
    step : float
        1 / step has to be a whole number.

    Returns
    -------
    ndarray, shape (simplex_size(parts, 1 / step), parts)
        Rows sum to 1; the first part falls from 1 to 0.

    Raises
    ------
    InputError
        The step does not divide 1, or there is no part.
    """
    steps = round(1 / step) if 0 < step <= 1 else 0
    if steps < 1 or abs(steps * step - 1) > 1e-9:
        raise InputError(f"Step {step!r} does not divide 1: give a step such as 0.01, 0.02 or 0.05.")
    _require_simplex(parts, steps)
    rows = np.zeros((1, 0), dtype=np.int64)
    for _ in range(parts - 1):
        left = steps - rows.sum(axis=1)
        counts = np.concatenate([np.arange(n, -1, -1) for n in left])
        rows = np.column_stack([np.repeat(rows, left + 1, axis=0), counts])
    return np.column_stack([rows, steps - rows.sum(axis=1)]) / steps


def _require_simplex(parts: int, steps: int) -> None:
    if parts < 1 or steps < 1:
        raise InputError(f"A simplex of {parts} parts in {steps} steps: give at least one of each.")
