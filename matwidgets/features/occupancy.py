"""A formula as a matrix of 85 elements by 8 counts: one cell is 1 in the row of each element that it has.

Source: T. Hu, H. Song, T. Jiang, S. Li, "Learning Representations of Inorganic Materials from Generative Adversarial
Networks", Symmetry 12, 1889 (2020), section 2.2 and Figure 1. A formula is taken as it is written (Na2O2 has two atoms
of each, Table 2). The paper does not list its 85 elements: these are the 86 of the OQMD table without krypton, which
four of its formulas have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.elements import SYMBOLS
from matwidgets.features.formula import parse_formula
from matwidgets.features.writing import reduced_formula

MOST_ATOMS = 8
"""Most atoms of one element that a formula may have."""

_LEFT_OUT = frozenset({"He", "Ne", "Ar", "Kr", "Po", "At", "Rn", "Fr", "Ra"})

ELEMENTS: tuple[str, ...] = tuple(symbol for symbol in SYMBOLS[:94] if symbol not in _LEFT_OUT)
"""The 85 elements, by atomic number: H, Li, ..., Pu without Po to Ra and without the light noble gases."""

INDEX: dict[str, int] = {symbol: i for i, symbol in enumerate(ELEMENTS)}
"""Row of each element."""

Reason = Literal["count", "element", "fraction", "unreadable"]
REASONS: dict[Reason, str] = {
    "count": f"more than {MOST_ATOMS} atoms of an element",
    "element": f"an element outside the {len(ELEMENTS)}",
    "fraction": "an amount that is no whole number",
    "unreadable": "not readable as a formula",
}
"""Why a formula has no matrix."""


class Refused(NamedTuple):
    """A formula without a matrix.

    Attributes
    ----------
    row : int
        Its place in what was given, from 0.
    formula : str
    reason : {"count", "element", "fraction", "unreadable"}
    """

    row: int
    formula: str
    reason: Reason


@dataclass(frozen=True)
class Encoded:
    """Formulas as numbers of atoms.

    Attributes
    ----------
    counts : ndarray of uint8, shape (n, 85)
        Of the formulas that can be encoded.
    rows : ndarray of int64, shape (n,)
        Their places in what was given.
    refused : tuple of Refused
        The other ones.
    """

    counts: NDArray[np.uint8]
    rows: NDArray[np.int64]
    refused: tuple[Refused, ...]

    @property
    def matrices(self) -> NDArray[np.uint8]:
        """The matrices, shape (n, 85, 8); 680 bytes a formula."""
        return matrices(self.counts)

    def told(self) -> dict[str, int]:
        """How many were refused for each reason, the commonest first."""
        return dict(Counter(item.reason for item in self.refused).most_common())

    def lines(self, limit: int = 5) -> list[str]:
        """Say what was refused in lines for a person: nothing, if all formulas have a matrix."""
        told = []
        for reason, number in self.told().items():
            some = [item.formula for item in self.refused if item.reason == reason]
            told.append(f"{number} formulas left out ({REASONS[reason]}): {listed(some, limit)}")  # type: ignore[index]
        return told


def encode(formulas: Sequence[str]) -> Encoded:
    """Encode formulas; one that has no matrix is set aside with the reason.

    Parameters
    ----------
    formulas : sequence of str, length m

    Returns
    -------
    Encoded
    """
    counts = np.zeros((len(formulas), len(ELEMENTS)), dtype=np.uint8)
    rows: list[int] = []
    refused: list[Refused] = []
    for i, formula in enumerate(formulas):
        found = _amounts(formula)
        if isinstance(found, str):
            refused.append(Refused(i, formula, found))
            continue
        for symbol, amount in found.items():
            counts[len(rows), INDEX[symbol]] = amount
        rows.append(i)
    return Encoded(counts[: len(rows)].copy(), np.array(rows, dtype=np.int64), tuple(refused))


def require_counts(formulas: Sequence[str]) -> NDArray[np.uint8]:
    """Encode formulas that must all have a matrix, shape (m, 85).

    Raises
    ------
    InputError
        One has none; the message names the first.
    """
    encoded = encode(formulas)
    if encoded.refused:
        first = encoded.refused[0]
        raise InputError(
            f"{len(encoded.refused)} of {len(formulas)} formulas have no {len(ELEMENTS)} x {MOST_ATOMS} matrix (the "
            f"first is {shown(first.formula)}: {REASONS[first.reason]}): leave such formulas out"
        )
    return encoded.counts


def matrices(counts: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Matrices of ones and zeros, shape (n, 85, 8), of numbers of atoms from 0 to 8, shape (n, 85)."""
    rows = np.atleast_2d(np.asarray(counts))
    if (
        rows.ndim != 2
        or rows.shape[1] != len(ELEMENTS)
        or (rows.size and not 0 <= rows.min() <= rows.max() <= 8)
    ):
        raise InputError(
            f"Counts of shape {np.shape(counts)}: give whole numbers from 0 to {MOST_ATOMS}, shape (n, {len(ELEMENTS)})"
        )
    return (rows[:, :, None] == np.arange(1, MOST_ATOMS + 1)).astype(np.uint8)


class Read(NamedTuple):
    """What matrices stand for.

    Attributes
    ----------
    counts : ndarray of uint8, shape (n, 85)
        Atoms of each element, by the largest cell of its row.
    legible : ndarray of bool, shape (n,)
        Whether the matrix is a formula: it has an element, and no element has two counts.
    """

    counts: NDArray[np.uint8]
    legible: NDArray[np.bool_]


def read(given: NDArray[np.number], threshold: float = 0.5) -> Read:
    """Read matrices, also those of a network, whose cells lie anywhere between 0 and 1.

    Parameters
    ----------
    given : ndarray, shape (n, 85, 8)
    threshold : float
        A cell from here on counts as 1. The paper names none; one half is what rounding does.

    Raises
    ------
    InputError
        Another shape, or a threshold outside 0 to 1.
    """
    cells = np.asarray(given)
    if cells.ndim != 3 or cells.shape[1:] != (len(ELEMENTS), MOST_ATOMS):
        raise InputError(f"Matrices of shape {cells.shape}: give shape (n, {len(ELEMENTS)}, {MOST_ATOMS})")
    if not 0 < threshold <= 1:
        raise InputError(f"threshold is {threshold:g}; it must lie between 0 and 1: give one such as 0.5")
    on = cells >= threshold
    counts = np.where(on.any(2), cells.argmax(2) + 1, 0).astype(np.uint8)
    return Read(counts, (on.sum(2) <= 1).all(1) & (counts > 0).any(1))


def decode(given: NDArray[np.number], threshold: float = 0.5) -> list[str | None]:
    """Write matrices (n, 85, 8) as reduced formulas; None where one is illegible.

    Reduced is meant as pymatgen does: the peroxides of H, Li, Na, K, Rb and Cs keep two atoms of each (Na2O2).
    """
    counts, legible = read(given, threshold)
    written = iter(formulas_of(counts[legible]))
    return [next(written) if ok else None for ok in legible]


def formulas_of(counts: NDArray[np.integer]) -> list[str]:
    """Write numbers of atoms (n, 85) as reduced formulas.

    Raises
    ------
    InputError
        A row has no atom.
    """
    distinct, where = distinct_rows(np.atleast_2d(np.asarray(counts)))
    if not distinct.any(1).all():
        raise InputError("A row without an atom has no formula: leave it out")
    written = [reduced_formula({ELEMENTS[i]: float(row[i]) for i in np.flatnonzero(row)}) for row in distinct]
    return [written[i] for i in where]


def distinct_rows(counts: NDArray[np.integer]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Find the distinct rows of numbers of atoms (n, 85), in an order of their own, and which of them each row is.

    As `numpy.unique` with an axis, but without its sorting of columns, which takes seconds for 340,000 formulas.

    Returns
    -------
    distinct : ndarray of uint8, shape (m, 85)
    which : ndarray of int64, shape (n,)
    """
    rows = np.ascontiguousarray(counts, dtype=np.uint8)
    texts = [row.tobytes() for row in rows]
    place = {text: i for i, text in enumerate(sorted(set(texts)))}
    distinct = np.frombuffer(b"".join(place), dtype=np.uint8).reshape(-1, len(ELEMENTS))
    return distinct, np.array([place[text] for text in texts], dtype=np.int64)


def reduced(counts: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Divide each row of numbers of atoms by its greatest common divisor; a row of zeros stays one."""
    rows = np.asarray(counts)
    return (rows // np.maximum(np.gcd.reduce(rows, axis=1, keepdims=True), 1)).astype(np.uint8)


def _amounts(formula: str) -> dict[str, int] | Reason:
    try:
        amounts = parse_formula(formula)
    except InputError:
        return "unreadable"
    if not amounts.keys() <= INDEX.keys():
        return "element"
    whole = {symbol: int(amount) for symbol, amount in amounts.items()}
    if any(whole[symbol] != amount for symbol, amount in amounts.items()):
        return "fraction"
    return "count" if max(whole.values()) > MOST_ATOMS else whole
