"""The modified one-hot encoding of a material (how many atoms of each element) and two rules that undo it.

Source: K. El-Awady, "VAE for Modified 1-Hot Generative Materials Modeling" (2023), sections 1 and 3. A vector has one
entry for each of 89 elements in alphabetical order; divided by its sum it is what the network sees. The smallest common
denominator is our rule: the paper's returns fewer than a third of the formulas that it is given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed
from matwidgets.features.elements import SYMBOLS
from matwidgets.features.formula import parse_formula, to_fractions
from matwidgets.features.whole_numbers import fewest_atoms
from matwidgets.features.writing import reduced_formula

_LEFT_OUT = frozenset({"Po", "At", "Rn", "Fr", "Ra"})

ELEMENTS: tuple[str, ...] = tuple(sorted(set(SYMBOLS[:94]) - _LEFT_OUT))
"""The paper's 89 elements (H to Pu without Po, At, Rn, Fr and Ra), by symbol: Ac, Ag, Al, ..., Zr."""

INDEX: dict[str, int] = {symbol: i for i, symbol in enumerate(ELEMENTS)}
"""Column of each element, from 0 (the paper counts from 1)."""

THRESHOLD = 0.04  # section 3: fractions below it are no atoms; one atom is that fraction
TOLERANCE = 1e-3  # largest error of a fraction that the smallest common denominator may leave
MOST_ATOMS = 400  # the largest formula unit among the 85,014 compounds of the Materials Project has 291 atoms


def count_vectors(formulas: Sequence[str | Mapping[str, float]]) -> NDArray[np.int64]:
    """Encode formulas as numbers of atoms, reduced to a greatest common divisor of 1.

    Parameters
    ----------
    formulas : sequence of str or mapping of element to amount, length n

    Returns
    -------
    ndarray of int64, shape (n, 89)

    Raises
    ------
    InputError
        For a formula that cannot be read, has an element outside the 89, or has amounts that no whole numbers up to
        10,000 give.
    """
    counts = np.zeros((len(formulas), len(ELEMENTS)), dtype=np.int64)
    for row, formula in zip(counts, formulas, strict=True):
        amounts = parse_formula(formula) if isinstance(formula, str) else to_fractions(formula)
        columns = _columns(amounts, formula)
        values = list(amounts.values())
        whole = [int(value) for value in values]
        if any(a != b for a, b in zip(whole, values, strict=True)):
            whole = _whole(values, formula)
        divisor = math.gcd(*whole)
        row[columns] = [value // divisor for value in whole]
    return counts


def fraction_vectors(
    formulas: Iterable[str | Mapping[str, float]], dtype: type[np.floating[Any]] = np.float64
) -> NDArray[np.floating[Any]]:
    """Encode compositions as fractions that sum to 1, shape (n, 89): what the network sees.

    Parameters
    ----------
    formulas : iterable of str or mapping of element to amount
    dtype : type
        Of the array; single precision takes half of the memory.

    Raises
    ------
    InputError
        For a formula that cannot be read or an element outside the 89.
    """
    given = list(formulas)
    x = np.zeros((len(given), len(ELEMENTS)), dtype=dtype)
    for row, formula in zip(x, given, strict=True):
        fractions = to_fractions(formula)
        row[_columns(fractions, formula)] = list(fractions.values())
    return x


def normalise(counts: NDArray[np.number]) -> NDArray[np.float64]:
    """Divide each row by its sum; a row of zeros stays one. Shape (n, 89)."""
    amounts = np.asarray(counts, dtype=np.float64)
    total = amounts.sum(-1, keepdims=True)
    return np.divide(amounts, total, out=np.zeros_like(amounts), where=total > 0)


def formula_of(counts: NDArray[np.integer]) -> str | None:
    """Write one row of atoms, shape (89,), as a reduced formula; None if it has no atom."""
    row = _of_width(counts)
    present = np.flatnonzero(row)
    if not len(present):
        return None
    return reduced_formula({ELEMENTS[i]: float(row[i]) for i in present})


def formulas_of(counts: NDArray[np.integer]) -> list[str | None]:
    """Write rows of atoms, shape (n, 89), as reduced formulas; None where a row has no atom."""
    return [formula_of(row) for row in np.atleast_2d(counts)]


def threshold_gcd(x: NDArray[np.floating], threshold: float = THRESHOLD) -> NDArray[np.int64]:
    """Decode by the paper's rule: zero what is below T, scale by 1/T, round, divide by the greatest common divisor.

    Parameters
    ----------
    x : ndarray, shape (n, 89)
        Fractions; rows sum to 1.
    threshold : float
        T, between 0 and 1.

    Returns
    -------
    ndarray of int64, shape (n, 89)
        Numbers of atoms; a row of zeros where every fraction is below T.
    """
    rows = _checked(x)
    if not 0 < threshold < 1:
        raise InputError(
            f"threshold is {threshold:g}; it must lie between 0 and 1: give one such as {THRESHOLD}"
        )
    kept = np.where(rows >= threshold - 1e-12, rows, 0.0)
    counts = np.rint(kept / threshold).astype(np.int64)
    divisor = np.gcd.reduce(counts, axis=1, keepdims=True)
    return counts // np.maximum(divisor, 1)


def smallest_denominator(
    x: NDArray[np.floating],
    threshold: float = 0.0,
    tolerance: float = TOLERANCE,
    most_atoms: int = MOST_ATOMS,
) -> NDArray[np.int64]:
    """Decode to the formula with the fewest atoms whose fractions are all within `tolerance`.

    Parameters
    ----------
    x : ndarray, shape (n, 89)
        Fractions; rows sum to 1.
    threshold : float
        Fractions not above it are zeroed and the rest scaled to sum 1.
    tolerance : float
        Largest error of a fraction.
    most_atoms : int
        Most atoms that are tried; a row that none of them fits gets the numbers nearest to this many.

    Returns
    -------
    ndarray of int64, shape (n, 89)
        Numbers of atoms, at least 1 of each element above the threshold; a row of zeros where there is none.
    """
    rows = _checked(x)
    if not (0 <= threshold < 1 and 0 < tolerance < 1 and most_atoms >= 1):
        raise InputError(
            f"threshold {threshold:g}, tolerance {tolerance:g}, most_atoms {most_atoms}; allowed are 0 <= threshold < "
            "1, 0 < tolerance < 1 and most_atoms >= 1: give such values"
        )
    kept = normalise(np.where(rows > threshold, rows, 0.0))
    return fewest_atoms(kept, tolerance, most_atoms)


def round_trip(counts: NDArray[np.integer], decoded: NDArray[np.integer]) -> float:
    """Share of rows that a rule gave back atom by atom."""
    return float((np.asarray(counts) == np.asarray(decoded)).all(1).mean())


def _columns(symbols: Iterable[str], formula: object) -> list[int]:
    outside = [symbol for symbol in symbols if symbol not in INDEX]
    if outside:
        missing = [s for s in SYMBOLS if s not in INDEX]
        raise InputError(
            f"{listed(outside)} in {formula!r} is outside the paper's 89 elements (all up to Pu but "
            f"{listed(missing[:5])}): leave such formulas out"
        )
    return [INDEX[symbol] for symbol in symbols]


def _whole(values: Sequence[float], formula: object, largest: int = 10_000) -> list[int]:
    top = max(values)
    ratios = [Fraction(value / top).limit_denominator(largest) for value in values]
    if any(abs(float(r) - v / top) > 1e-9 for r, v in zip(ratios, values, strict=True)):
        raise InputError(
            f"The amounts in {formula!r} are no whole numbers of atoms up to {largest}: write such as Al2O3"
        )
    scale = math.lcm(*(ratio.denominator for ratio in ratios))
    return [int(ratio * scale) for ratio in ratios]


def _of_width(row: NDArray[np.number]) -> NDArray[np.number]:
    row = np.asarray(row)
    if row.shape != (len(ELEMENTS),):
        raise InputError(f"A row of shape {row.shape}: give one of shape ({len(ELEMENTS)},)")
    return row


def _checked(x: NDArray[np.floating]) -> NDArray[np.float64]:
    rows = np.atleast_2d(np.asarray(x, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != len(ELEMENTS):
        raise InputError(f"Fractions of shape {np.shape(x)}: give shape (n, {len(ELEMENTS)})")
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise InputError("Fractions that are negative or not finite: give rows of fractions that sum to 1")
    return rows
