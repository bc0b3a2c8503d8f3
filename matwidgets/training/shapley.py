"""Exact Shapley values: what each of a few features adds to an answer, over all coalitions of them.

L. S. Shapley, "A Value for n-Person Games" (1953); S. M. Lundberg, S.-I. Lee, "A Unified Approach to Interpreting Model
Predictions" (2017), whose kernel explainer estimates what is summed up here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError

Floats = NDArray[np.float64]
MOST_FEATURES = 12
AT_ONCE = 100_000  # rows that the function is asked for in one go, to bound the memory


@dataclass(frozen=True)
class Explanations:
    """Shapley values of some rows.

    Attributes
    ----------
    values : ndarray, shape (n, d)
        What each feature adds; in a row they sum to ``answers - base``.
    base : float
        Mean answer over the background.
    answers : ndarray, shape (n,)
        What the function says of the rows.
    """

    values: Floats
    base: float
    answers: Floats


def shapley_values(
    function: Callable[[Floats], Floats], rows: ArrayLike, background: ArrayLike
) -> Explanations:
    """Explain a function of d features by the interventional game.

    The worth of a coalition S for a row x is the mean of f over the background rows in which the features of S have
    been set to those of x; the Shapley value of a feature is the mean of what it adds to the coalitions of the others,
    each size of coalition counting alike.

    Parameters
    ----------
    function : callable
        (m, d) -> (m,).
    rows : array_like, shape (n, d)
        What is to be explained.
    background : array_like, shape (b, d)
        Such as rows of the training table. The work is 2^d n b evaluations.

    Returns
    -------
    Explanations

    Raises
    ------
    InputError
        Tables of different or too many columns, or without a row.
    """
    asked, others = (np.atleast_2d(np.asarray(t, dtype=np.float64)) for t in (rows, background))
    d = asked.shape[1]
    if asked.ndim != 2 or others.shape[1:] != (d,) or not len(asked) or not len(others):
        raise InputError(
            f"Rows of shape {asked.shape} and a background of {others.shape}: give both with the same columns and a row"
        )
    if d > MOST_FEATURES:
        raise InputError(
            f"{d} features have {2**d} coalitions: at most {MOST_FEATURES} features can be explained so"
        )
    members = (np.arange(2**d)[:, None] >> np.arange(d)) & 1  # (coalitions, d)
    worth = np.stack(
        [_worths(function, row, others, members.astype(bool)) for row in asked]
    )  # (n, coalitions)
    values = np.empty((len(asked), d))
    sizes = members.sum(axis=1)
    weights = np.array([1 / (d * math.comb(d - 1, size)) for size in range(d)])
    for feature in range(d):
        without = np.flatnonzero(members[:, feature] == 0)
        gain = worth[:, without | (1 << feature)] - worth[:, without]
        values[:, feature] = gain @ weights[sizes[without]]
    return Explanations(values, float(worth[0, 0]), worth[:, -1])


def _worths(
    function: Callable[[Floats], Floats], row: Floats, background: Floats, members: NDArray[np.bool_]
) -> Floats:
    """Worth of each coalition for one row, (coalitions,)."""
    many = max(1, AT_ONCE // len(background))
    parts = []
    for start in range(0, len(members), many):
        chosen = members[start : start + many, None, :]
        mixed = np.where(chosen, row, background)  # (coalitions, b, d)
        answers = np.asarray(function(mixed.reshape(-1, len(row))), dtype=np.float64)
        parts.append(answers.reshape(len(chosen), -1).mean(axis=1))
    return np.concatenate(parts)
