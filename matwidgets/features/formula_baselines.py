"""Formulas that are made without a network: what a learned generator must be held against."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.occupancy import reduced


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
        Another `amounts`, or data without a material.
    """
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
