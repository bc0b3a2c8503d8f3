"""What the probabilities of a classifier of two classes are worth: area under the ROC curve, reliability, temperature.

y is 1 or 0, p the stated probability of 1, both of shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError

Floats = NDArray[np.float64]
BINS = 10
TEMPERATURES = (
    0.05,
    20.0,
)  # at most so sharp and so flat; rows that are told apart without error have no best one


@dataclass(frozen=True)
class Reliability:
    """Stated probabilities beside observed shares, in bins of equal width.

    Attributes
    ----------
    n : int
        Rows in all bins.
    stated, observed : ndarray, shape (b,)
        Mean probability, and share of rows with y = 1; NaN in an empty bin.
    counts : ndarray of int64, shape (b,)
    ece : float
        Expected calibration error: |observed - stated|, weighted by counts. M. P. Naeini, G. F. Cooper, M. Hauskrecht,
        "Obtaining Well Calibrated Probabilities Using Bayesian Binning" (2015).
    """

    n: int
    stated: Floats
    observed: Floats
    counts: NDArray[np.int64]
    ece: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON; an empty bin is null."""
        rounded = [
            [None if np.isnan(v) else round(float(v), 4) for v in c] for c in (self.stated, self.observed)
        ]
        return {
            "n": self.n, "stated": rounded[0], "observed": rounded[1], "counts": self.counts.tolist(), "ece": self.ece
        }  # fmt: skip


def reliability(y: ArrayLike, p: ArrayLike, bins: int = BINS) -> Reliability:
    """Compare probabilities with what happened.

    Raises
    ------
    InputError
        For no row, rows of different number, or probabilities outside 0 to 1.
    """
    labels, stated = _pair(y, p)
    if not np.all((stated >= 0) & (stated <= 1)):
        raise InputError("A probability outside 0 to 1; give probabilities, not logits")
    which = np.minimum((stated * bins).astype(np.int64), bins - 1)
    counts = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean, share = (np.bincount(which, weights=c, minlength=bins) / counts for c in (stated, labels))
    gaps = np.where(counts > 0, np.abs(share - mean), 0.0)
    return Reliability(len(labels), mean, share, counts, float((counts * gaps).sum() / len(labels)))


def auc(y: ArrayLike, score: ArrayLike) -> float | None:
    """Area under the ROC curve: the chance that a row with y = 1 scores higher than one with 0; ties count half.

    None where all rows have one label.
    """
    from scipy.stats import rankdata

    labels, scores = _pair(y, score)
    ones = int(labels.sum())
    zeros = len(labels) - ones
    if not ones or not zeros:
        return None
    ranks = float(rankdata(scores)[labels == 1].sum())
    return (ranks - ones * (ones + 1) / 2) / (ones * zeros)


def temperature(y: ArrayLike, logits: ArrayLike) -> float:
    """The temperature T that makes sigmoid(logits / T) the likeliest; above 1 where the classifier is too sure.

    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On Calibration of Modern Neural Networks" (2017), section 4.2. To be
    fitted on rows that the classifier did not learn from; it changes neither accuracy nor the ROC curve.
    """
    from scipy.optimize import minimize_scalar

    labels, given = _pair(y, logits)

    def loss(logarithm: float) -> float:
        scaled = given / np.exp(logarithm)
        return float(np.mean(np.logaddexp(0.0, scaled) - labels * scaled))

    return float(np.exp(minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded").x))


def _pair(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    labels, values = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if labels.shape != values.shape or labels.ndim != 1 or not len(labels):
        raise InputError(
            f"Labels of shape {labels.shape} and values of shape {values.shape}; give as many of each, at least one row"
        )
    if not np.isin(labels, (0.0, 1.0)).all():
        raise InputError("A label that is neither 0 nor 1; give only rows whose label is known")
    return labels, values
