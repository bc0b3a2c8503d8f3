"""Alloys as whole percentages, how the paper writes what its decoder gives: ``Fe21Ni22Cr22Co35``.

C. Zeng, Z. Khan, N. L. Post, arXiv:2409.06740, Table 1: "compositions are rounded to integers with a sum close to 100".
Here the sum is 100.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError
from matwidgets.features.alloys import ELEMENTS

SMALLEST = 0.005
"""Fraction below which an element is left out: half a percent, which rounds to nothing."""


def percentages(x: ArrayLike, smallest: float = SMALLEST) -> NDArray[np.int64]:
    """Round alloys to whole percentages of sum 100 (largest remainders).

    Parameters
    ----------
    x : array_like, shape (n, k)
        Fractions; rows sum to 1.
    smallest : float
        Elements below this fraction are left out; the largest always stays.

    Returns
    -------
    ndarray of int64, shape (n, k)

    Raises
    ------
    InputError
        `smallest` is not from 0 to 1.
    """
    if not 0 <= smallest < 1:
        raise InputError(
            f"smallest is {smallest!r}; allowed is a fraction from 0 to below 1: give 0.005, say."
        )
    rows = np.asarray(x, dtype=np.float64)
    kept = np.where((rows >= smallest) | (rows == rows.max(axis=1, keepdims=True)), rows, 0.0)
    exact = 100 * kept / kept.sum(axis=1, keepdims=True)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    for row, wanted in zip(whole, exact, strict=True):
        missing = 100 - int(row.sum())
        row[np.argsort(row - wanted, kind="stable")[:missing]] += 1
    return whole


def written(percent: ArrayLike, elements: Sequence[str] = ELEMENTS) -> str:
    """Write one row of percentages as a formula, elements in the order given (the paper's by default)."""
    amounts = np.asarray(percent)
    return "".join(f"{symbol}{int(n)}" for symbol, n in zip(elements, amounts, strict=True) if n)
