"""The aggregate posterior of a trained VAE as a Gaussian mixture: where its materials lie, to draw from there.

A VAE's encoder never fills the standard normal prior evenly: the posteriors of all materials together, the aggregate
posterior q(z), leave holes in it, and what is drawn in a hole decodes to a blend of materials. A mixture fitted to q(z)
after the training is drawn from instead: M. Ghosh, M. S. M. Sajjadi, A. Vergari, M. Black, B. Schölkopf, "From
Variational to Deterministic Autoencoders" (ICLR 2020), section 4, "ex-post density estimation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.models.onehot_vae import OneHotVAE

ROWS = 30_000  # posterior draws that a mixture is fitted to, at most; minutes with all 59,509 tell the same
ITERATIONS = 100
LEAST_VARIANCE = 1e-4  # added to the diagonal of every covariance
AT_ONCE = 8192  # rows encoded in one go, to bound the memory


@dataclass(frozen=True)
class Mixture:
    """A Gaussian mixture in a latent space of n dimensions, k components.

    Attributes
    ----------
    weights : ndarray, shape (k,)
        Sum 1.
    means : ndarray, shape (k, n)
    factors : ndarray, shape (k, n, n)
        Lower Cholesky factors of the covariances.
    """

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    factors: NDArray[np.float64]

    def draw(self, n: int, generator: np.random.Generator) -> NDArray[np.float64]:
        """Draw n points, shape (n, latent)."""
        component = generator.choice(len(self.weights), n, p=self.weights)
        noise = generator.standard_normal((n, self.means.shape[1]))
        points: NDArray[np.float64] = self.means[component] + np.einsum(
            "nij,nj->ni", self.factors[component], noise
        )
        return points

    def log_density(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Natural logarithm of the density at points (n, latent), shape (n,)."""
        from scipy.linalg import solve_triangular
        from scipy.special import logsumexp

        latent = self.means.shape[1]
        parts = np.empty((len(self.weights), len(points)))
        for i, (mean, factor) in enumerate(zip(self.means, self.factors, strict=True)):
            standard = solve_triangular(factor, (points - mean).T, lower=True)
            parts[i] = -0.5 * (standard**2).sum(0) - np.log(np.diag(factor)).sum()
        with np.errstate(divide="ignore"):  # a component of weight 0 adds nothing
            found = logsumexp(parts + np.log(self.weights)[:, None], axis=0)
        return np.asarray(found - 0.5 * latent * np.log(2 * np.pi), dtype=np.float64)

    def tensors(self) -> dict[str, Tensor]:
        """Name each array, for a checkpoint, in single precision."""
        arrays = {"weights": self.weights, "means": self.means, "factors": self.factors}
        return {name: torch.tensor(array, dtype=torch.float32) for name, array in arrays.items()}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Tensor], latent: int) -> Mixture:
        """Undo `tensors`.

        Raises
        ------
        KeyError, ValueError
            If one is missing, or they do not fit each other and the number of latent dimensions.
        """
        weights, means, factors = (tensors[name].double().numpy() for name in ("weights", "means", "factors"))
        k = len(weights)
        if means.shape != (k, latent) or factors.shape != (k, latent, latent) or not weights.sum() > 0:
            raise ValueError(f"a mixture of shapes {weights.shape}, {means.shape}, {factors.shape}")
        return cls(weights / weights.sum(), means, factors)


class Fit(NamedTuple):
    """A mixture and why it has so many components.

    Attributes
    ----------
    mixture : Mixture
    scores : dict of int to float
        Mean log-likelihood of the validation posterior, in nats, for each number of components that was tried.
    """

    mixture: Mixture
    scores: dict[int, float]


def require_sklearn() -> None:
    """InputError unless scikit-learn, which fits mixtures, is installed."""
    try:
        import sklearn.mixture  # noqa: F401 - only whether it is there
    except ImportError:
        raise InputError(
            "The aggregate prior needs scikit-learn, which is missing: pip install scikit-learn, or give a recipe "
            "with mixtures=()"
        ) from None


def posterior_draws(net: OneHotVAE, counts: Tensor, seed: int) -> NDArray[np.float64]:
    """One draw z ~ q(z | x) for each material, (n, latent): together a sample of the aggregate posterior."""
    generator, parts = torch.Generator().manual_seed(seed), []
    with torch.no_grad():
        for rows in counts.split(AT_ONCE):
            x = rows / rows.sum(-1, keepdim=True)
            mean, log_variance = net.encode(x)
            noise = torch.randn(mean.shape, generator=generator)
            parts.append(mean + noise * (0.5 * log_variance).exp())
    return torch.cat(parts).double().numpy()


def fit(net: OneHotVAE, train: Tensor, val: Tensor, numbers: Sequence[int], seed: int) -> Fit:
    """Fit mixtures with full covariances to the aggregate posterior and keep the best.

    Parameters
    ----------
    net : OneHotVAE
        In evaluation mode.
    train, val : Tensor, shapes (n, e) and (m, e)
        Atoms of each element: what is fitted to, and what decides on the number of components. Without validation
        rows the fewest components are taken.
    numbers : sequence of int
        Numbers of components to try; those above a tenth of the rows are left out.
    seed : int
    """
    z = posterior_draws(net, train, seed)
    z = z[np.random.default_rng(seed).permutation(len(z))[:ROWS]]
    held_out = posterior_draws(net, val, seed + 1) if len(val) else None
    return fit_points(z, held_out, numbers, seed)


def fit_points(
    z: NDArray[np.float64], held_out: NDArray[np.float64] | None, numbers: Sequence[int], seed: int
) -> Fit:
    """Fit mixtures with full covariances to points (n, latent) and keep the likeliest for held-out ones; see `fit`."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    fitting = sorted(k for k in set(numbers) if k <= len(z) / 10) or [1]
    if held_out is None:
        fitting = fitting[:1]
    fitted, scores = {}, {}
    for k in fitting:
        mixture = GaussianMixture(
            k, reg_covar=LEAST_VARIANCE, max_iter=ITERATIONS, random_state=seed, init_params="k-means++"
        )
        with warnings.catch_warnings():  # the held-out points judge a fit that has not come to its end
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted[k] = mixture.fit(z)
        if held_out is not None:
            scores[k] = float(fitted[k].score(held_out))
    best = fitted[max(scores, key=scores.__getitem__) if scores else fitting[0]]
    found = Mixture(best.weights_, best.means_, np.linalg.cholesky(best.covariances_))
    # As a reader of the file will have it.
    return Fit(Mixture.from_tensors(found.tensors(), z.shape[1]), scores)
