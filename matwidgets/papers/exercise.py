"""Exercises that answer kindly: a check prints your value and the expected one, and never raises."""

from __future__ import annotations

import math
from collections.abc import Sequence


def check(name: str, yours: object, expected: float | str, tolerance: float = 0.0, unit: str = "") -> None:
    """Print how an answer compares with the expected one.

    Parameters
    ----------
    name : str
        What is asked for.
    yours : object
        The answer; None while there is none.
    expected : float or str
    tolerance : float
        In ``unit``; an answer as far as this from ``expected`` counts. Ignored for text.
    unit : str
    """
    print(verdict(name, yours, expected, tolerance, unit))  # noqa: T201 - a notebook's cell is where this is read


def verdict(name: str, yours: object, expected: float | str, tolerance: float = 0.0, unit: str = "") -> str:
    """Say in one line how an answer compares; arguments as for ``check``."""
    unit = f" {unit}" if unit else ""
    if yours is None:
        return f"{name}: not answered yet"
    if isinstance(expected, str):
        right = str(yours).strip().lower() == expected.lower()
        wanted = expected
    else:
        try:
            value = float(yours)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return f"{name}: yours is {yours!r}, which is no number; expected {expected:.3g} ± {tolerance:.2g}{unit}"
        right = math.isfinite(value) and abs(value - expected) <= tolerance
        wanted, yours = f"{expected:.3g} ± {tolerance:.2g}{unit}", f"{value:.3g}{unit}"
    return f"{name}: yours is {yours}, expected {wanted}: {'as expected' if right else 'not yet, look again'}"


def as_expected(outputs: Sequence[str]) -> bool:
    """Whether the printed lines of a solution hold a check, and all of them came out as expected."""
    lines = [
        line
        for text in outputs
        for line in text.splitlines()
        if ": yours is " in line or "not answered" in line
    ]
    return bool(lines) and all(line.endswith("as expected") for line in lines)
