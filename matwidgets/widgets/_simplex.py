"""The simplex grid of a map: its points, what lies between them, and a small copy of a field for a saved
notebook.

The same rules as in js/src/simplex/grid.ts (tests compare them on recorded points).
"""

from __future__ import annotations

import base64
from itertools import combinations
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError

Floats = NDArray[np.float64]
MOST_POINTS = 30_000
SAVED_POINTS = 5_500
"""So many points of two fields, two bytes each, stay well below the snapshot's 50 kB."""


def steps_of(step: float, k: int) -> int:
    """Number of steps of the grid.

    Raises
    ------
    InputError
        If 1 / step is no whole number of at least 2, or the grid would be too large.
    """
    steps = round(1 / step) if step > 0 else 0
    if steps < 2 or abs(steps * step - 1) > 1e-6:
        raise InputError(
            f"The map's step is {step:g}: give 1 divided by a whole number, such as 0.02 or 0.05"
        )
    size = comb(steps + k - 1, k - 1)
    if size > MOST_POINTS:
        raise InputError(
            f"A map of {k} elements with step {step:g} has {size} points, at most {MOST_POINTS} are drawn: "
            "give a larger step"
        )
    return steps


def grid_counts(k: int, steps: int) -> NDArray[np.int64]:
    """Whole amounts (n, k) that add up to `steps`, in lexicographic order."""
    # Where k - 1 bars stand among steps + k - 1 places says how the steps are shared (stars and bars).
    bars = np.array(list(combinations(range(steps + k - 1), k - 1)), dtype=np.int64).reshape(-1, k - 1)
    ends = np.full((len(bars), 1), -1), np.full((len(bars), 1), steps + k - 1)
    return np.diff(np.hstack([ends[0], bars, ends[1]]), axis=1) - 1


def grid_index(counts: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
    """Place (n,) of grid points (n, k) in the order of `grid_counts`."""
    k = counts.shape[1]
    index = np.zeros(len(counts), dtype=np.int64)
    left = np.full(len(counts), steps, dtype=np.int64)
    for part in range(k - 1):
        rest = k - 1 - part
        index += _size(left, rest) - _size(left - counts[:, part], rest)
        left = left - counts[:, part]
    return index


def _size(steps: NDArray[np.int64], parts: int) -> NDArray[np.int64]:
    """Number of points (steps + parts choose parts) of the grid of parts + 1 elements."""
    product = np.ones_like(steps)
    for i in range(1, parts + 1):
        product = product * (steps + i) // i
    return product


def interpolate(fractions: Floats, field: Floats, steps: int) -> Floats:
    """Values (n,) between the grid's points: linear within the small simplices of Kuhn's triangulation.

    Parameters
    ----------
    fractions : ndarray of shape (n, k)
        Rows sum to one.
    field : ndarray of shape (grid size,)
    steps : int
    """
    n, k = fractions.shape
    sums = np.clip(np.cumsum(fractions, axis=1)[:, :-1] * steps, 0, steps)
    near = np.round(sums)
    sums = np.where(np.abs(sums - near) < 1e-7, near, sums)
    corner = np.floor(sums).astype(np.int64)
    part = sums - corner
    # Largest remainder first; of equal ones the later sum, so that the sums never fall.
    order = np.argsort(-part[:, ::-1], axis=1, kind="stable")
    order = (k - 2) - order
    sorted_part = np.take_along_axis(part, order, axis=1)
    value = np.zeros(n)
    before = np.ones(n)
    for step in range(k):
        after = sorted_part[:, step] if step < k - 1 else np.zeros(n)
        weight = before - after
        before = after
        ends = np.full((n, 1), 0), np.full((n, 1), steps)
        counts = np.diff(np.hstack([ends[0], corner, ends[1]]), axis=1)
        used = weight > 0
        value[used] += weight[used] * field[grid_index(counts[used], steps)]
        if step < k - 1:
            corner[np.arange(n), order[:, step]] += 1
    return value


def span_of(field: Floats) -> tuple[float, float] | None:
    """Return where the colours of a field begin and end: before rare corners far out (js/src/simplex/span.ts)."""
    ordered = np.sort(field[np.isfinite(field)])
    if len(ordered) == 0:
        return None
    rare = int((len(ordered) - 1) * 0.015)
    inner, outer = ordered[rare], ordered[len(ordered) - 1 - rare]
    far = 0.15 * (outer - inner)
    low = inner if inner - ordered[0] > far else ordered[0]
    high = outer if ordered[-1] - outer > far else ordered[-1]
    return (float(low), float(high)) if high > low else (float(ordered[0]) - 0.5, float(ordered[0]) + 0.5)


def small_copy(
    k: int, steps: int, value: Floats, std: Floats | None, domain: NDArray[np.bool_] | None
) -> dict[str, Any]:
    """Return the fields as JSON of at most some 30 kB: 16 bits a number, on a coarser grid if need be."""
    coarse = next(
        n
        for n in range(steps, 0, -1)
        if steps % n == 0 and (comb(n + k - 1, k - 1) <= SAVED_POINTS or n == 1)
    )
    if coarse != steps:
        points = grid_counts(k, coarse) * (steps // coarse)
        keep = grid_index(points, steps)
        value, std = value[keep], None if std is None else std[keep]
        domain = None if domain is None else domain[keep]
    return {
        "steps": coarse,
        "value": _sixteen_bits(value),
        "std": None if std is None else _sixteen_bits(std),
        "domain": None if domain is None else _text(np.packbits(domain).tobytes()),
    }


def _sixteen_bits(field: Floats) -> dict[str, Any] | None:
    finite = field[np.isfinite(field)]
    if len(finite) == 0:
        return None
    low, high = float(finite.min()), float(finite.max())
    # 65535 stands for a number that does not exist.
    scaled = np.where(np.isfinite(field), np.round((field - low) / ((high - low) or 1.0) * 65534), 65535)
    return {"low": low, "high": high, "data": _text(scaled.astype("<u2").tobytes())}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
