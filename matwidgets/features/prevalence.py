"""Statistics of sets of materials, to hold generated ones against real ones.

Source: K. El-Awady, "VAE for Modified 1-Hot Generative Materials Modeling" (2023), section 4.1, metrics 2 and 3.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError


def prevalence(
    counts: NDArray[np.number], by: Literal["counts", "fractions"] = "counts"
) -> NDArray[np.float64]:
    """How common each element is in a set of materials.

    Parameters
    ----------
    counts : ndarray, shape (n, e)
        Atoms (or fractions) of each of e elements.
    by : {"counts", "fractions"}
        "counts" sums atoms as the paper does, so that large formula units weigh more; "fractions" gives every material
        the same weight.

    Returns
    -------
    ndarray, shape (e,)
        Sum 1.

    Raises
    ------
    InputError
        For another `by`, or a set without an atom.
    """
    if by not in ("counts", "fractions"):
        raise InputError(f"by is {by!r}; allowed are counts and fractions: choose one of these")
    rows = np.asarray(counts)
    total = rows.sum(1, dtype=np.float64)
    weights = np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)
    summed = np.einsum(
        "ij,i->j", rows, np.ones_like(total) if by == "counts" else weights
    )  # no copy of the rows
    if not summed.sum() > 0:
        raise InputError(
            f"{len(rows)} materials without an atom have no prevalence: give at least one material"
        )
    return summed / summed.sum()


def kl_divergence(p: NDArray[np.floating], q: NDArray[np.floating], floor: float = 1e-6) -> float:
    """Kullback-Leibler divergence D(p || q) in nats.

    An element that p has and q lacks would make it infinite; q is given at least `floor` everywhere (and scaled to sum
    1 again).

    Parameters
    ----------
    p, q : ndarray, shape (e,)
        Sum 1; p is the data, q the samples.
    floor : float
    """
    wide = np.maximum(np.asarray(q, dtype=np.float64), floor)
    wide /= wide.sum()
    at = np.asarray(p) > 0
    return float((p[at] * np.log(p[at] / wide[at])).sum())


def elements_histogram(counts: NDArray[np.number], most: int = 10) -> NDArray[np.float64]:
    """Share of materials with 0, 1, ..., `most` (and more) elements, shape (most + 1,)."""
    present = (np.asarray(counts) > 0).sum(1).clip(max=most)
    return np.bincount(present, minlength=most + 1) / max(len(present), 1)


def total_variation(p: NDArray[np.floating], q: NDArray[np.floating]) -> float:
    """Total variation distance of two histograms of sum 1: the share that would have to move, 0 to 1."""
    return float(np.abs(p - q).sum() / 2)


def presence_correlations(counts: NDArray[np.number]) -> NDArray[np.float64]:
    """Pearson correlation between the presence of each two elements, shape (e, e); NaN where one never varies."""
    present = (np.asarray(counts) > 0).astype(np.float32)  # sums of ones are exact up to 2^24
    share = present.mean(0, dtype=np.float64)
    covariance = (present.T @ present).astype(np.float64) / len(present) - np.outer(share, share)
    deviation = np.sqrt(share * (1 - share))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: NDArray[np.float64] = covariance / np.outer(deviation, deviation)
    return correlation


def independent_materials(counts: NDArray[np.integer], n: int, seed: int = 0) -> NDArray[np.int64]:
    """Materials drawn without learning: the paper's own model of independent elements.

    Each element is there with its frequency in the data, in an amount that some material of the data has of it; draws
    without an element are drawn again.

    Parameters
    ----------
    counts : ndarray, shape (m, 89)
        The data.
    n : int
    seed : int

    Returns
    -------
    ndarray of int64, shape (n, 89)
    """
    data = np.asarray(counts, dtype=np.int64)
    frequency = (data > 0).mean(0)
    amounts = [column[column > 0] for column in data.T]
    generator = np.random.default_rng(seed)
    drawn = np.zeros((n, data.shape[1]), dtype=np.int64)
    todo = np.arange(n)
    while len(todo):
        present = generator.random((len(todo), data.shape[1])) < frequency
        for element in np.flatnonzero(present.any(0)):
            rows = np.flatnonzero(present[:, element])
            drawn[todo[rows], element] = generator.choice(amounts[element], len(rows))
        todo = todo[~present.any(1)]
    return drawn // np.gcd.reduce(drawn, axis=1, keepdims=True)
