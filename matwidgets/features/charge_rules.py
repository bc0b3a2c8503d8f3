"""smact's two rules, charge neutrality and balanced electronegativity, for a hundred thousand formulas at a time.

`validity` says what the rules are and tells them for one formula of any amounts; this does for whole numbers of atoms,
some fifty times as fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.occupancy import ELEMENTS
from matwidgets.features.validity import StateSet, electronegativity, oxidation_states


class Rules(NamedTuple):
    """Whether formulas keep the rules.

    Attributes
    ----------
    neutral, balanced : ndarray of bool, shape (n,)
        What `validity.neutral` and `validity.balanced` say; a balanced formula is neutral.
    """

    neutral: NDArray[np.bool_]
    balanced: NDArray[np.bool_]


def charge_rules(
    counts: NDArray[np.integer], *, states: StateSet = "icsd24", elements: Sequence[str] = ELEMENTS
) -> Rules:
    """Apply both rules to numbers of atoms; a pure element keeps them, an alloy is treated like anything else.

    Every sum of charges that the atoms seen so far can have is one bit of a whole number, so an element's states are a
    few shifts of it.

    Parameters
    ----------
    counts : ndarray of whole numbers, shape (n, e)
    states : {"icsd24", "smact14"}
        See `validity.oxidation_states`.
    elements : sequence of str, length e

    Raises
    ------
    InputError
        Another shape, an amount that is no whole number from 0, a row without an atom, or an unknown table of states.
    """
    rows = np.asarray(counts)
    if rows.ndim != 2 or rows.shape[1] != len(elements) or not np.issubdtype(rows.dtype, np.integer):
        raise InputError(
            f"Counts of shape {rows.shape} and type {rows.dtype}: give whole numbers, shape (n, {len(elements)})"
        )
    if len(rows) and (rows.min() < 0 or not rows.any(1).all()):
        raise InputError("A row has a negative amount or no atom: leave such rows out")
    charges = [oxidation_states(symbol, states) for symbol in elements]
    values = [electronegativity(symbol) for symbol in elements]
    neutral, balanced = np.ones(len(rows), dtype=bool), np.ones(len(rows), dtype=bool)
    where, which = np.nonzero(rows)
    amounts = rows[where, which].tolist()
    ends = np.searchsorted(where, np.arange(len(rows) + 1)).tolist()
    columns = which.tolist()
    for r, (a, b) in enumerate(pairwise(ends)):
        if b - a > 1:
            atoms = list(zip(columns[a:b], amounts[a:b], strict=True))
            neutral[r] = _cancels([(n, charges[i]) for i, n in atoms])
            balanced[r] = neutral[r] and _parted(atoms, charges, values)
    return Rules(neutral, balanced)


def _parted(
    atoms: Sequence[tuple[int, int]],
    charges: Sequence[tuple[int, ...]],
    values: Sequence[float | None],
) -> bool:
    """Whether some electronegativity parts cations from anions so that the charges cancel."""
    known = {i: value for i, _ in atoms if (value := values[i]) is not None}
    if len(known) < len(atoms):
        return False
    return any(
        _cancels([(n, [q for q in charges[i] if (q >= 0 if known[i] <= cut else q <= 0)]) for i, n in atoms])
        for cut in sorted(set(known.values()))[:-1]
    )


def _cancels(choices: Sequence[tuple[int, Sequence[int]]]) -> bool:
    zero = sum(n * max((abs(q) for q in states), default=0) for n, states in choices)
    sums = 1 << zero
    for n, states in choices:
        reached = 0
        for q in states:
            reached |= sums << n * q if q >= 0 else sums >> -n * q
        sums = reached
    return bool(sums >> zero & 1)
