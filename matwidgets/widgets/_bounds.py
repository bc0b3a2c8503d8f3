"""Bounds of the amounts in a composition: whether any keeps them, and the nearest one that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from matwidgets.errors import InputError


def checked_bounds(bounds: Mapping[str, Sequence[float]], elements: Sequence[str]) -> dict[str, list[float]]:
    """Return bounds as lists of atomic fractions.

    Raises
    ------
    InputError
        If an element is foreign, a bound is no interval within 0 and 1, or no composition keeps them all.
    """
    result: dict[str, list[float]] = {}
    for symbol, pair in bounds.items():
        if symbol not in elements:
            raise InputError(f"Bounds for {symbol}, which is not among {', '.join(elements)}: leave them out")
        ends = [float(x) for x in pair]
        if len(ends) != 2 or not 0 <= ends[0] <= ends[1] <= 1:
            raise InputError(
                f"Bounds of {symbol} are {', '.join(f'{x:g}' for x in ends)}: "
                "give the least and the most atomic fraction, 0 <= least <= most <= 1"
            )
        result[symbol] = ends
    least = sum(result.get(symbol, [0.0, 1.0])[0] for symbol in elements)
    most = sum(result.get(symbol, [0.0, 1.0])[1] for symbol in elements)
    if elements and least > 1 + 1e-9:
        raise InputError(f"Bounds cannot sum to 1: the least amounts add up to {least:g}; lower one of them")
    if elements and most < 1 - 1e-9:
        raise InputError(f"Bounds cannot sum to 1: the most amounts add up to {most:g}; raise one of them")
    return result


def outside_text(
    fractions: Sequence[float], elements: Sequence[str], bounds: Mapping[str, Sequence[float]]
) -> str:
    """Say which amount is outside its bounds; "" when all are inside."""
    for symbol, x in zip(elements, fractions, strict=True):
        low, high = bounds.get(symbol, (0.0, 1.0))
        if x < low - 1e-6 or x > high + 1e-6:
            return f"{100 * x:.1f} at.% {symbol}, outside its bounds {100 * low:g} to {100 * high:g} at.%"
    return ""


def inside(
    fractions: Sequence[float], elements: Sequence[str], bounds: Mapping[str, Sequence[float]]
) -> list[float]:
    """Return the composition within the bounds that keeps the proportions where it can.

    One factor scales all amounts and each is clipped to its bounds; the factor makes the sum one. It is found
    by halving, because the sum grows with it.
    """
    start = np.maximum(np.asarray(fractions, dtype=float), 1e-12)
    low = np.array([bounds.get(symbol, (0.0, 1.0))[0] for symbol in elements])
    high = np.array([bounds.get(symbol, (0.0, 1.0))[1] for symbol in elements])
    small, large = 0.0, 1e13
    for _ in range(200):
        middle = np.sqrt(small * large) if small > 0 else large * 1e-6
        if np.clip(start * middle, low, high).sum() < 1:
            small = middle
        else:
            large = middle
    result = np.clip(start * large, low, high)
    return [float(x) for x in result / result.sum()]
