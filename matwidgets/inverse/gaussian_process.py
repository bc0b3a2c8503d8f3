"""The next point of a Gaussian-process search: where the expected improvement over the best so far is largest.

A Gaussian process with a Matérn 5/2 kernel and noise (scikit-learn's) is fitted to what is known, its hyper-parameters
by maximum likelihood; the expected improvement (J. Mockus, 1974; D. R. Jones et al., J. Global Optim. 13, 455 (1998))
is looked for among random points and points near the best, and the best few of these are polished with L-BFGS-B. Kernel
and acquisition are scikit-optimize's, which the dual VAE's paper used, but for its choice among three acquisitions.
Constraints multiply it by the probability that they are met (J. R. Gardner et al., ICML 2014); two objectives become
one by a random augmented Chebyshev weight a point (ParEGO: J. Knowles, IEEE Trans. Evol. Comput. 10, 50 (2006)).

Everything happens in the unit cube, and values are made small.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_LENGTHS = 10  # coordinates that have a length scale each; beyond, one serves all
FIT_STEPS = 12  # of L-BFGS-B on the likelihood
SLOPE = 1e-5  # step of a difference quotient


@dataclass(frozen=True)
class Effort:
    """How hard the expected improvement is looked for.

    Attributes
    ----------
    candidates : int
        Random points.
    near : int
        Points around the best one so far, at distances from 0.001 to 0.1 of the box.
    polished : int
        Candidates that L-BFGS-B goes on from.
    steps : int
        Its iterations.
    """

    candidates: int = 400
    near: int = 100
    polished: int = 2
    steps: int = 10


def propose(
    points: Floats, values: Floats, violation: Floats | None, rng: np.random.Generator, effort: Effort
) -> Floats:
    """Propose a point.

    Parameters
    ----------
    points : ndarray, shape (n, d)
        In the unit cube.
    values : ndarray, shape (n, m)
        Of the objectives, all to be made small.
    violation : ndarray, shape (n,), or None
        The largest constraint of each point, at most 0 if all are met; None without constraints.
    rng : Generator
    effort : Effort

    Returns
    -------
    ndarray, shape (d,)
    """
    target = values[:, 0] if values.shape[1] == 1 else _chebyshev(values, rng)
    feasible = np.ones(len(points), dtype=bool) if violation is None else violation <= 0
    model = _fit(points, target) if feasible.any() else None
    limit = None if violation is None or feasible.all() else _fit(points, violation)
    if model is None and limit is None:
        return np.asarray(rng.random(points.shape[1]))
    best = float(target[feasible].min()) if feasible.any() else 0.0

    def acquisition(rows: Floats) -> Floats:
        gain = np.zeros(len(rows))  # logarithms: an expected improvement of 1e-30 still has a slope
        if model is not None:
            mean, std = model.predict(rows, return_std=True)
            gain += np.log(_expected_improvement(mean, std, best) + 1e-300)
        if limit is not None:
            gain += _log_probability_below(*limit.predict(rows, return_std=True))
        return gain

    order = np.where(feasible, target, np.inf) if feasible.any() else violation
    assert order is not None
    centre = points[int(np.argmin(order))]
    return _largest(acquisition, centre, rng, effort)


def _chebyshev(values: Floats, rng: np.random.Generator) -> Floats:
    span = np.ptp(values, axis=0)
    scaled = (values - values.min(0)) / np.where(span > 0, span, 1.0)
    weights = rng.dirichlet(np.ones(values.shape[1]))
    weighted = weights * scaled
    return np.asarray(weighted.max(1) + 0.05 * weighted.sum(1))


def _fit(points: Floats, target: Floats) -> Any:
    """A Gaussian process through the points, (n, d) and (n,)."""
    from scipy.optimize import minimize
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    d = points.shape[1]
    lengths = np.full(d, 0.3) if d <= MOST_LENGTHS else 0.3 * np.sqrt(d)
    kernel = ConstantKernel(1.0, (1e-2, 1e3)) * Matern(
        lengths, (1e-2, 1e2), nu=2.5
    ) + WhiteKernel(1e-4, (1e-8, 1.0))  # fmt: skip

    def optimizer(loss: Any, start: Floats, bounds: Floats) -> tuple[Floats, float]:
        found = minimize(
            loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": FIT_STEPS}
        )
        return found.x, float(found.fun)

    model = GaussianProcessRegressor(kernel, optimizer=optimizer, normalize_y=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length scale at its bound: a flat coordinate
        return model.fit(points, target)


def _expected_improvement(mean: Floats, std: Floats, best: float) -> Floats:
    from scipy.special import ndtr

    std = np.maximum(std, 1e-12)
    u = (best - mean) / std
    density = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)
    return np.maximum(std * (u * ndtr(u) + density), 0.0)


def _log_probability_below(mean: Floats, std: Floats, level: float = 0.0) -> Floats:
    from scipy.special import log_ndtr

    return np.asarray(log_ndtr((level - mean) / np.maximum(std, 1e-12)))


def _largest(acquisition: Any, centre: Floats, rng: np.random.Generator, effort: Effort) -> Floats:
    """Where the acquisition is largest in the unit cube, (d,), as far as it was looked for."""
    from scipy.optimize import minimize

    d = len(centre)
    width = 10 ** rng.uniform(-3, -1, (effort.near, 1))
    near = np.clip(centre + width * rng.normal(size=(effort.near, d)), 0, 1)
    rows = np.concatenate([rng.random((effort.candidates, d)), near])
    gains = acquisition(rows)
    first = np.argsort(-gains)[: max(1, effort.polished)]
    best, best_gain = rows[first[0]], float(gains[first[0]])
    steps = SLOPE * np.eye(d)

    def loss(row: Floats) -> tuple[float, Floats]:
        inwards = np.where(row + SLOPE > 1, -1.0, 1.0)
        seen = acquisition(np.concatenate([row[None], row + inwards[:, None] * steps]))
        return -float(seen[0]), -(seen[1:] - seen[0]) / (SLOPE * inwards)

    for row in rows[first[: effort.polished]]:
        found = minimize(
            loss, row, jac=True, bounds=[(0.0, 1.0)] * d, method="L-BFGS-B", options={"maxiter": effort.steps}
        )
        if -found.fun > best_gain:
            best, best_gain = np.clip(found.x, 0, 1), -float(found.fun)
    return np.asarray(best)
