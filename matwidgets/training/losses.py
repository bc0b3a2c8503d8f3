"""Losses."""

from __future__ import annotations

import math

from torch import Tensor


def robust_l1(value: Tensor, log_sigma: Tensor, target: Tensor) -> Tensor:
    """Negative log-likelihood of a Laplace distribution, up to a constant.

    Parameters
    ----------
    value, log_sigma, target : Tensor, shape (B,)
        On the standardised scale; exp(log_sigma) is the predicted standard deviation.

    Returns
    -------
    Tensor, scalar
        mean(sqrt(2) |target - value| exp(-log_sigma) + log_sigma), the loss of CrabNet (Wang et al. 2021).
    """
    return (math.sqrt(2) * (target - value).abs() * (-log_sigma).exp() + log_sigma).mean()
