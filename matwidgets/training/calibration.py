"""Whether stated uncertainties hold: the share of errors within each interval, and the factor that puts it right.

Errors are taken as Laplace distributed, as the loss takes them: with standard deviation s the interval that holds a
share p is |error| <= -ln(1 - p) s / sqrt(2). Of a logarithmic property, errors and deviations are those of the
logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = np.linspace(0, 1, 11)
FOLDS = 5
LEAST_COVERED = 0.87  # by the 90 % interval
FACTORS = np.geomspace(0.02, 50, 601)  # 1.3 % apart


@dataclass(frozen=True)
class Calibration:
    """What became of the stated uncertainties on some rows.

    Attributes
    ----------
    n : int
        Number of rows.
    curve : ndarray, shape (11, 2)
        Share of errors expected within an interval, and the share observed.
    miscalibration_area : float
        Between that curve and the diagonal, from 0 to 0.5, of all intervals and not only the eleven.
    coverage90 : float
        Share of errors within the interval that should hold 90 %.
    """

    n: int
    curve: Floats
    miscalibration_area: float
    coverage90: float

    @classmethod
    def of(cls, errors: Floats, std: Floats) -> Calibration:
        """Compare errors with standard deviations, both of shape (n,); an infinite error is in no interval."""
        held = intervals(errors, std)
        shares = [[level, float(np.mean(held <= level))] for level in LEVELS]
        shares[-1][1] = 1.0  # the whole line holds everything
        return cls(len(held), np.array(shares), area(held), float(np.mean(held <= 0.9)))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "n": self.n,
            "curve": [[round(x, 4), round(y, 4)] for x, y in self.curve.tolist()],
            "miscalibration_area": self.miscalibration_area,
            "coverage90": self.coverage90,
        }


def residuals(
    value: Floats, std: Floats, target: Floats, *, logarithmic: bool = False
) -> tuple[Floats, Floats]:
    """Absolute errors and their standard deviations, (n,) each, on the scale that the network learned.

    Of a logarithmic property a target that is not above 0 has an infinite error: no interval holds it.
    """
    if not logarithmic:
        return np.abs(value - target), std
    positive = target > 0
    logarithm = np.log(np.where(positive, target, 1.0))
    return np.where(positive, np.abs(np.log(value) - logarithm), np.inf), std / value


def intervals(errors: Floats, std: Floats) -> Floats:
    """The smallest central interval that holds each error, by the share it should hold, (n,) from 0 to 1."""
    return -np.expm1(-np.sqrt(2) * errors / std)


def area(held: Floats) -> float:
    """Area between the distribution function of ``intervals`` and the diagonal: the integral of |F(p) - p|."""
    edges = np.concatenate([[0.0], np.sort(held), [1.0]])
    observed = np.arange(len(held) + 1) / len(held)

    def primitive(x: Floats) -> Floats:
        return x * np.abs(x) / 2

    return float((primitive(edges[1:] - observed) - primitive(edges[:-1] - observed)).sum())


def fit(errors: Floats, aleatoric: Floats, epistemic: Floats) -> tuple[float, float]:
    """Factors of the aleatoric and the epistemic deviation.

    One factor for both, that of the smallest miscalibration area, or two of which the likelihood sets the ratio: two
    where they raise the likelihood of rows that they were not fitted to (five folds). Where the 90 % interval would
    then hold too few errors, the factor is the least that lets it hold 90 %: half of all band gaps are zero and
    predicted almost exactly, and the smallest area would buy their calm with the others' intervals.

    Parameters
    ----------
    errors, aleatoric, epistemic : ndarray, shape (n,)
        Of validation rows; errors that are not finite do not count.
    """
    rows = np.isfinite(errors)
    columns = errors[rows], aleatoric[rows], epistemic[rows]
    if len(columns[0]) < 20 * FOLDS or not epistemic.any():
        return _covering(*columns, _one(*columns))
    folds = np.arange(len(columns[0])) % FOLDS
    unseen = {_one: 0.0, _two: 0.0}
    for k in range(FOLDS):
        learned, asked = ([c[choice] for c in columns] for choice in (folds != k, folds == k))
        for way in unseen:
            a, e = way(*learned)
            unseen[way] += _loss(asked[0], np.hypot(a * asked[1], e * asked[2]))
    return _covering(*columns, min(unseen, key=unseen.__getitem__)(*columns))


def _covering(
    errors: Floats, aleatoric: Floats, epistemic: Floats, factors: tuple[float, float]
) -> tuple[float, float]:
    """The factors, both made larger alike if the 90 % interval holds too few errors."""
    std = np.hypot(factors[0] * aleatoric, factors[1] * epistemic)

    def covered(wider: float) -> float:
        return float(np.mean(intervals(errors, std * wider) <= 0.9))

    wider = (
        1.0 if covered(1.0) >= LEAST_COVERED else next((f for f in FACTORS if covered(f) >= 0.9), FACTORS[-1])
    )
    return float(factors[0] * wider), float(factors[1] * wider)


def _one(errors: Floats, aleatoric: Floats, epistemic: Floats) -> tuple[float, float]:
    std = np.hypot(aleatoric, epistemic)
    areas = [area(intervals(errors, std * factor)) for factor in FACTORS]
    best = float(FACTORS[int(np.argmin(areas))])
    return best, best


def _two(errors: Floats, aleatoric: Floats, epistemic: Floats) -> tuple[float, float]:
    from scipy.optimize import minimize

    def loss(logarithms: Floats) -> float:
        a, e = np.exp(logarithms)
        return _loss(errors, np.hypot(a * aleatoric, e * epistemic))

    bounds = [(np.log(FACTORS[0]), np.log(FACTORS[-1]))] * 2
    a, e = np.exp(minimize(loss, np.zeros(2), method="Nelder-Mead", bounds=bounds).x)
    both, _ = _one(errors, a * aleatoric, e * epistemic)
    return float(a * both), float(e * both)


def _loss(errors: Floats, std: Floats) -> float:
    """Negative log-likelihood of Laplace errors, up to a constant."""
    return float(np.mean(np.sqrt(2) * errors / std + np.log(std)))
