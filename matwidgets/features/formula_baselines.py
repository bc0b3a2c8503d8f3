"""Formulas that are made without a network: what a learned generator must be held against."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.elements import GRID, category
from matwidgets.features.occupancy import ELEMENTS, reduced


def same_group() -> NDArray[np.bool_]:
    """Which two different elements are in one group of the periodic table, shape (85, 85).

    The lanthanides with Sc and Y are one group, the actinides another; hydrogen is in none.
    """
    names = [_group(symbol) for symbol in ELEMENTS]
    alike = np.array([[a == b for b in names] for a in names])
    np.fill_diagonal(alike, False)
    return alike


def _group(symbol: str) -> str:
    kind = category(symbol)
    if kind in ("lanthanide", "actinide"):
        return kind
    if symbol in ("Sc", "Y"):
        return "lanthanide"
    return symbol if symbol == "H" else f"column {GRID[symbol][1]}"


def shared_contexts(counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count in how many surroundings two elements are both known, shape (e, e).

    A surrounding is a formula with one element taken out and the number of its atoms kept: FeO and MgO share _O. The
    diagonal has the number of an element's surroundings. After G. Hautier et al., "Data mined ionic substitutions for
    the discovery of new compounds", Inorg. Chem. 50, 656 (2011), who count pairs of ions in known structures.

    Parameters
    ----------
    counts : ndarray of whole numbers, shape (m, e)
    """
    from scipy.sparse import csr_array

    data = np.asarray(counts)
    factors = np.random.default_rng(2011).integers(1, 2**64, data.shape[1] + 1, dtype=np.uint64)
    whole = np.zeros(len(data), dtype=np.uint64)
    for column, factor in zip(data.T, factors, strict=False):
        whole += column.astype(np.uint64) * factor
    rows, elements = np.nonzero(data)
    amount = data[rows, elements].astype(np.uint64)
    surroundings = whole[rows] - amount * factors[elements] + amount * factors[-1]
    which, place = np.unique(surroundings, return_inverse=True)
    known = csr_array(
        (np.ones(len(rows), dtype=np.int64), (place, elements)), shape=(len(which), data.shape[1])
    )
    known.data[:] = 1
    shared: NDArray[np.int64] = (known.T @ known).toarray()
    return shared


def substituted_formulas(counts: NDArray[np.integer], n: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Draw known formulas with one element replaced by another of its group: how chemists make new compounds of old.

    The replaced element is any of the formula's; the new one is drawn as often as the two share a surrounding in the
    data (`shared_contexts`). What comes out may be known too, as with any generator.

    Parameters
    ----------
    counts : ndarray of whole numbers, shape (m, 85)
        The data.
    n : int
    seed : int

    Returns
    -------
    ndarray of uint8, shape (n, 85)

    Raises
    ------
    InputError
        n is below 1, or no element of the data has a relative to be replaced by.
    """
    _require_number(n)
    data = np.asarray(counts)
    weights = shared_contexts(data) * same_group()
    total = weights.sum(1)
    usable = np.flatnonzero((data[:, total > 0] > 0).any(1))
    if not len(usable):
        raise InputError(
            "No element of these formulas has a relative in a formula like its own: give more formulas"
        )
    random = np.random.default_rng(seed)
    ends = np.cumsum(weights, axis=1)
    kept: list[NDArray[np.uint8]] = []
    have = 0
    while have < n:
        made = data[random.choice(usable, n)].astype(np.uint8)
        every = np.arange(n)
        # Of the elements that have relatives, the one with the largest random number goes.
        old = np.where((made > 0) & (total > 0), random.random(made.shape), -1.0).argmax(1)
        new = (ends[old] <= (random.random(n) * total[old])[:, None]).sum(1)
        apart = made[every, new] == 0  # an element that is there already would take the atoms on: drawn again
        made[every, new] = made[every, old]
        made[every, old] = 0
        kept.append(made[apart][: n - have])
        have += len(kept[-1])
    return np.concatenate(kept)


def unlearned_formulas(
    counts: NDArray[np.integer], n: int, *, amounts: Literal["any", "own"] = "any", seed: int = 0
) -> NDArray[np.uint8]:
    """Draw formulas without learning what goes together.

    The number of elements is one of the data's; the elements are drawn one after another, none twice, as often as
    materials of the data have them; each amount is one that some element has in some material.

    Parameters
    ----------
    counts : ndarray of whole numbers, shape (m, e)
        The data.
    n : int
    amounts : {"any", "own"}
        Whether an amount is drawn from those of all elements, or from those that the element itself has: oxygen is
        seldom alone, so the second is the harder to beat.
    seed : int

    Returns
    -------
    ndarray of uint8, shape (n, e)
        Divided by the greatest common divisor.

    Raises
    ------
    InputError
        n is below 1, another `amounts`, or data without a material.
    """
    _require_number(n)
    if amounts not in ("any", "own"):
        raise InputError(f"amounts is {amounts!r}; allowed are any and own: choose one of these")
    data = np.asarray(counts)
    if data.ndim != 2 or not data.any():
        raise InputError(f"Counts of shape {data.shape} hold no material: give shape (m, e) with m from 1")
    random = np.random.default_rng(seed)
    share = (data > 0).mean(0)
    number = random.choice((data > 0).sum(1), n)
    # The largest of log p + Gumbel noise is a draw by p, the second largest one of what is left, and so on.
    with np.errstate(divide="ignore"):
        keys = np.log(share) + random.gumbel(size=(n, len(share)))
    order = np.argsort(-keys, axis=1)
    drawn = np.zeros((n, len(share)), dtype=np.uint8)
    every = data[data > 0]
    for slot in range(int(number.max())):
        rows = np.flatnonzero(number > slot)
        elements = order[rows, slot]
        if amounts == "any":
            drawn[rows, elements] = random.choice(every, len(rows))
            continue
        for element in np.unique(elements):
            some, column = rows[elements == element], data[:, element]
            drawn[some, element] = random.choice(column[column > 0], len(some))
    return reduced(drawn)


def _require_number(n: int) -> None:
    if n < 1:
        raise InputError(f"n is {n}; at least 1 formula can be drawn: give a whole number from 1")
