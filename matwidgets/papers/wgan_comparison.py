"""Which of two representations is better: a paired test over the folds, and all tests together by Holm's rule.

The test is the t test of C. Nadeau and Y. Bengio, Mach. Learn. 52, 239 (2003), section 3, not Wilcoxon's: the rows that
two folds learn from overlap, so that their differences are not independent. A plain test of ten folds, signed ranks as
well, takes them as if they were and finds too much; here the variance is raised for it. How many tests were made counts
too: S. Holm, Scand. J. Stat. 6, 65 (1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.papers.dual_vae_boosting import paired
from matwidgets.papers.wgan_protocol import MEASURES

LEVEL = 0.05
LESS_IS_BETTER = ("mae", "rmse")


@dataclass(frozen=True)
class Difference:
    """How much better one is than the other, fold by fold.

    Attributes
    ----------
    gain : float
        Mean over the folds, above 0 where the first is better, in the measure's unit.
    error : float
        Its standard error, corrected for overlapping training rows.
    p : float
        Two-sided.
    low, high : float
        95 % interval of the gain.
    folds, better : int
        How many folds, and in how many the first is better.
    """

    gain: float
    error: float
    p: float
    low: float
    high: float
    folds: int
    better: int


def difference(
    first: Sequence[float], second: Sequence[float], measure: str = "mae", *, test_to_train: float = 1 / 8
) -> Difference:
    """Compare two representations on the same folds.

    Parameters
    ----------
    first, second : sequence of float, length k
        The measure of each fold, in one order.
    measure : {"mae", "rmse", "r2"}
    test_to_train : float
        Rows that a fold is tested on for each that is learned from; of ten folds one is tested and eight are learned.

    Raises
    ------
    InputError
        For another measure, other numbers of folds or fewer than three.
    """
    from scipy import stats

    if measure not in MEASURES:
        raise InputError(
            f"Unknown measure {shown(measure)}; allowed are {', '.join(MEASURES)}: choose one of these"
        )
    if len(first) != len(second) or len(first) < 3:
        raise InputError(f"{len(first)} and {len(second)} folds: give as many of either, at least 3")
    sign = -1 if measure in LESS_IS_BETTER else 1
    gains = sign * (np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64))
    found = paired(gains, np.zeros(len(gains)), test_share=test_to_train / (1 + test_to_train))
    free = len(gains) - 1
    if found.error == 0:
        p = 1.0 if found.mean == 0 else 0.0
    else:
        p = float(2 * stats.t.sf(abs(found.mean / found.error), free))
    half = float(stats.t.ppf(0.975, free)) * found.error
    low, high = found.mean - half, found.mean + half
    return Difference(found.mean, found.error, p, low, high, len(gains), int((gains > 0).sum()))


def holm(p: Sequence[float]) -> NDArray[np.float64]:
    """Adjust p values of tests that are made together, so that all of them hold at once with the chance that is stated.

    Parameters
    ----------
    p : sequence of float, length m

    Returns
    -------
    ndarray, shape (m,)
        In the order given; significant where at most the level.
    """
    given = np.asarray(p, dtype=np.float64)
    if given.ndim != 1 or not len(given) or not ((given >= 0) & (given <= 1)).all():
        raise InputError("The p values must be a list of numbers from 0 to 1: give at least one")
    order = np.argsort(given, kind="stable")
    stepped = np.minimum(1.0, np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)))
    out = np.empty_like(stepped)
    out[order] = stepped
    return out


def judged(gain: float, p: float, level: float = LEVEL) -> str:
    """Say "better", "worse" or "no difference shown", by an adjusted p value."""
    if p > level:
        return "no difference shown"
    return "better" if gain > 0 else "worse"
