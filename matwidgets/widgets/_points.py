"""Many points on the wire: places in 24 bits, a colour in eight, a small sample for a saved notebook."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError

_FINEST = 2**24 - 1
MISSING = 255
_LEVELS = 254  # of a number: 0 is the low end of the colours, 254 the high end
MOST_CLASSES = 12
_NAMED = 5  # nearest points that are named beside a decoded one
SAVED_POINTS = 3500  # 5 bytes each as base64: 23 kB of the 50 kB of a saved notebook


@dataclass(frozen=True)
class Places:
    """Places snapped to a grid of 2^24 steps over their extent, so that the page and Python hold equal numbers.

    A step is 6e-8 of the extent, as fine as float32, in three bytes: ``x0 + q (x1 - x0) / (2^24 - 1)``.
    """

    extent: tuple[float, float, float, float]
    """x0, x1, y0, y1."""
    coarse: NDArray[np.uint16]
    """(n, 2), the upper 16 bits."""
    fine: NDArray[np.uint8]
    """(n, 2), the lower 8 bits."""
    points: NDArray[np.float64]
    """(n, 2), the snapped places."""


def places_of(points: Any) -> Places:
    """Snap places (n, 2).

    Raises
    ------
    InputError
        For another shape, no point at all, or numbers that do not exist.
    """
    given = np.asarray(points, dtype=float)
    if given.ndim != 2 or given.shape[1] != 2 or len(given) == 0:
        raise InputError(
            f"A latent explorer got points of shape {given.shape}: give (n, 2), "
            "or a projection of more dimensions (matwidgets.features.projection.project)"
        )
    wrong = np.flatnonzero(~np.isfinite(given).all(axis=1))
    if len(wrong):
        raise InputError(
            f"{len(wrong)} of {len(given)} points have no finite place (first: row {wrong[0]}): leave them out"
        )
    low, high = given.min(axis=0), given.max(axis=0)
    # All in one line or one place: some room around it, or nothing could be told apart.
    size = np.where(high > low, high - low, (high - low).max() or 1.0)
    high = low + size
    steps = np.round((given - low) / size * _FINEST).astype(np.uint32)
    return Places(
        extent=(float(low[0]), float(high[0]), float(low[1]), float(high[1])),
        coarse=(steps >> 8).astype(np.uint16),
        fine=(steps & 255).astype(np.uint8),
        points=low + steps * ((high - low) / _FINEST),
    )


@dataclass(frozen=True)
class Scale:
    """What the colours mean: levels (n,) of each point, and how the page reads them."""

    levels: NDArray[np.uint8]
    meaning: dict[str, Any] = field(default_factory=dict)


def scale_of(values: Any, name: str, unit: str, n: int) -> Scale:
    """Levels of a channel: floats in even steps of colour, words and few whole numbers as classes.

    Raises
    ------
    InputError
        If there are not n values, or none that exists.
    """
    array = np.asarray(values)
    if array.shape != (n,):
        raise InputError(f"The channel {name!r} has the shape {array.shape}: give one value a point, ({n},)")
    head = {"name": name, "unit": unit}
    if array.dtype.kind == "b":
        return Scale(
            array.astype(np.uint8), head | {"kind": "class", "ordered": False, "labels": ["no", "yes"]}
        )
    if array.dtype.kind in "iu" and len(found := np.unique(array)) <= MOST_CLASSES:
        levels = np.searchsorted(found, array).astype(np.uint8)
        return Scale(levels, head | {"kind": "class", "ordered": True, "labels": [str(x) for x in found]})
    if array.dtype.kind in "iuf":
        return _numbers(array.astype(float), head)
    return _words(array, head)


def _numbers(values: NDArray[np.float64], head: dict[str, Any]) -> Scale:
    known = np.isfinite(values)
    if not known.any():
        raise InputError(f"The channel {head['name']!r} has no number that exists")
    least, most = float(values[known].min()), float(values[known].max())
    low, high = least, most
    # The colours end where one point in a hundred would take half of them.
    inner = np.percentile(values[known], [1, 99])
    if inner[1] > inner[0] and (most - least) > 2 * (inner[1] - inner[0]):
        low, high = float(inner[0]), float(inner[1])
    if high <= low:
        low, high = low - 0.5, high + 0.5
    scaled = np.clip((np.where(known, values, low) - low) / (high - low), 0, 1)
    levels = np.where(known, np.round(_LEVELS * scaled), MISSING).astype(np.uint8)
    return Scale(levels, head | {"kind": "number", "low": low, "high": high, "least": least, "most": most})


def _words(values: NDArray[Any], head: dict[str, Any]) -> Scale:
    words = np.array(["" if x is None else str(x) for x in values.tolist()])
    labels, index, counts = np.unique(words, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    order = order[labels[order] != ""]
    shown = order if len(order) <= MOST_CLASSES else order[: MOST_CLASSES - 1]
    rest = len(order) - len(shown)
    rank = np.full(len(labels), len(shown) if rest else MISSING, dtype=np.uint8)
    rank[shown] = np.arange(len(shown), dtype=np.uint8)
    rank[labels == ""] = MISSING
    names = [str(labels[i]) for i in shown] + ([f"{rest} others"] if rest else [])
    return Scale(rank[index], head | {"kind": "class", "ordered": False, "labels": names})


def sample(n: int, most: int = SAVED_POINTS) -> NDArray[np.int64]:
    """Rows that stand for all: every row, or a random part of them (the same each time), in order."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(0).choice(n, most, replace=False))


def small_copy(places: Places, levels: NDArray[np.uint8] | None) -> dict[str, Any]:
    """Return the sample as JSON: a saved notebook forgets arrays."""
    rows = sample(len(places.coarse))
    text = {"points": _base64(places.coarse[rows].astype("<u2"))}
    if levels is not None:
        text["levels"] = _base64(levels[rows])
    return {"count": len(rows), **text}


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def decoded_rows(decode: Callable[[Any], Any], vectors: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Ask the caller's `decode` and check what it says.

    Raises
    ------
    InputError
        If it does not return one mapping with a ``formula`` for each vector.
    """
    found = decode(vectors)
    if not isinstance(found, Sequence) or len(found) != len(vectors):
        size = f"{len(found)} rows" if isinstance(found, Sequence) else type(found).__name__
        raise InputError(f"decode was given {len(vectors)} vectors and returned {size}: return one dict each")
    return [_checked(row) for row in found]


def _checked(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or "formula" not in row:
        raise InputError(
            f"decode returned {type(row).__name__} for a vector: give a dict with 'formula', and where known "
            "'note', 'valid', 'known', 'nearest', 'far', 'fractions'"
        )
    nearest = row.get("nearest") or []
    nearest = [nearest] if isinstance(nearest, str) else [str(name) for name in nearest]
    far = [str(words) for words in row.get("far") or []]
    if far and len(far) != len(nearest):
        raise InputError(
            f"decode returned {len(nearest)} names as nearest and {len(far)} as far: give one for each"
        )
    fractions = row.get("fractions")
    return {
        "formula": str(row["formula"]),
        "note": str(row.get("note") or ""),
        "valid": None if row.get("valid") is None else bool(row["valid"]),
        "known": None if row.get("known") is None else bool(row["known"]),
        "nearest": nearest[:_NAMED],
        "far": far[:_NAMED],
        "fractions": None if fractions is None else {str(e): float(x) for e, x in dict(fractions).items()},
    }
