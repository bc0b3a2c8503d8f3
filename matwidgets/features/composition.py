"""Compositions: formula text <-> atomic fractions <-> arrays; the one module that other rooms import.

The form that everything speaks is `Fractions`: a dict from element symbol to atomic fraction, summing to 1,
in the order in which the elements were first written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.elements import ATOMIC_NUMBERS, MASSES, SYMBOLS
from matwidgets.features.formula import Fractions, parse_formula, to_fractions
from matwidgets.features.simplex import simplex_grid, simplex_size
from matwidgets.features.writing import canonical_key, pretty_formula, reduced_formula, snap

__all__ = [
    "Fractions",
    "at_to_wt",
    "canonical_key",
    "fraction_matrix",
    "from_matrix",
    "pack",
    "parse_formula",
    "pretty_formula",
    "reduced_formula",
    "simplex_grid",
    "simplex_size",
    "snap",
    "to_fractions",
    "wt_to_at",
]


def pack(
    compositions: Iterable[str | Mapping[str, float]], *, width: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Put compositions of any mix of lengths into one padded batch.

    Parameters
    ----------
    compositions : iterable of str or mapping, length n
    width : int, optional
        Number of columns k; by default that of the longest composition.

    Returns
    -------
    numbers : ndarray of int64, shape (n, k)
        Atomic numbers; 0 is padding.
    fractions : ndarray of float32, shape (n, k)
        Atomic fractions; 0 in the padding.

    Raises
    ------
    InputError
        A composition cannot be read, or has more elements than `width`.
    """
    rows = [to_fractions(item) for item in compositions]
    longest = max(map(len, rows), default=0)
    columns = longest if width is None else width
    if longest > columns:
        raise InputError(
            f"A composition of {longest} elements in a batch of width {columns}: give a width of {longest}."
        )
    packed_numbers = np.zeros((len(rows), columns), dtype=np.int64)
    packed_fractions = np.zeros((len(rows), columns), dtype=np.float32)
    for i, row in enumerate(rows):
        packed_numbers[i, : len(row)] = [ATOMIC_NUMBERS[symbol] for symbol in row]
        packed_fractions[i, : len(row)] = list(row.values())
    return packed_numbers, packed_fractions


def fraction_matrix(compositions: Sequence[str | Mapping[str, float]]) -> NDArray[np.float64]:
    """Spread compositions over all elements, shape (n, 118); atomic number z is column z - 1."""
    matrix = np.zeros((len(compositions), len(SYMBOLS)))
    for row, composition in zip(matrix, compositions, strict=True):
        for symbol, fraction in to_fractions(composition).items():
            row[ATOMIC_NUMBERS[symbol] - 1] = fraction
    return matrix


def from_matrix(row: NDArray[np.floating]) -> Fractions:
    """Read fractions from one row, shape (118,), of `fraction_matrix`; elements in order of atomic number."""
    row = np.asarray(row, dtype=np.float64)
    if row.shape != (len(SYMBOLS),):
        raise InputError(f"A composition vector of shape {row.shape}: give one of shape ({len(SYMBOLS)},).")
    return to_fractions(dict(zip(SYMBOLS, row.tolist(), strict=True)))


def at_to_wt(fractions: Mapping[str, float]) -> Fractions:
    """Turn atomic into weight fractions: w_i = x_i M_i / sum_j x_j M_j."""
    return to_fractions({symbol: x * MASSES[symbol] for symbol, x in to_fractions(fractions).items()})


def wt_to_at(weights: Mapping[str, float]) -> Fractions:
    """Turn weight into atomic fractions: x_i = (w_i / M_i) / sum_j (w_j / M_j)."""
    return to_fractions({symbol: w / MASSES[symbol] for symbol, w in to_fractions(weights).items()})
