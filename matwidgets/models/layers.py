"""What the networks of two papers share: the parts of a variational autoencoder that are the same in all of them."""

from __future__ import annotations

from torch import Tensor


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of q(z | x) from the standard normal prior, of each dimension, (B, n), in nats."""
    return 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)


def active_units(mean: Tensor, least: float = 0.01) -> Tensor:
    """Which latent dimensions are used: the variance of the posterior mean over the data exceeds `least`.

    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders" (2016), section 5.2.

    Parameters
    ----------
    mean : Tensor, shape (B, n)

    Returns
    -------
    BoolTensor, shape (n,)
    """
    return mean.var(0, unbiased=False) > least
