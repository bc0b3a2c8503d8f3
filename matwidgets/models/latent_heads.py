"""Small networks that read properties off latent points: an ensemble as one network, for several properties at once.

Letters in shape comments: m members, B latent points, n latent dimensions, t targets.

Not of a paper: Korolev et al. (2020) read properties off their latent spaces by boosted trees, which have no gradient,
and no uncertainty of their own. Uncertainty as in B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and scalable
predictive uncertainty estimation using deep ensembles" (2017).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAST, MOST = -6.0, 4.0  # of the log-variance of a standardised target


@dataclass(frozen=True)
class HeadsConfig:
    """Sizes of an ensemble."""

    values: tuple[str, ...]  # properties that are numbers
    chances: tuple[str, ...] = ()  # properties that are true or false
    inputs: int = 88
    hidden: tuple[int, int] = (64, 32)
    members: int = 5

    def __post_init__(self) -> None:
        if not self.values and not self.chances:
            raise ValueError("an ensemble without properties; name at least one")
        for size in (self.inputs, *self.hidden, self.members):
            if size < 1:
                raise ValueError(f"a size of {size}; it must be a whole number from 1: give one")


class LatentHeads(nn.Module):
    """Members side by side, each two hidden layers with SiLU.

    Parameters
    ----------
    config : HeadsConfig
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, config: HeadsConfig) -> None:
        super().__init__()
        self.config = config
        outputs = 2 * len(config.values) + len(config.chances)
        sizes = (config.inputs, *config.hidden, outputs)
        pairs = list(itertools.pairwise(sizes))
        self.weights = nn.ParameterList([nn.Parameter(torch.empty(config.members, i, o)) for i, o in pairs])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(config.members, 1, o)) for _, o in pairs])
        for weight in self.weights:
            nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))
        self.register_buffer("centre", torch.zeros(config.inputs))
        self.register_buffer("spread", torch.ones(config.inputs))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read latent points.

        Parameters
        ----------
        z : Tensor, shape (B, n) for all members alike, or (m, B, n)

        Returns
        -------
        mean, log_variance : Tensor, shape (m, B, values)
            Of standardised targets.
        logits : Tensor, shape (m, B, chances)
        """
        x = (z - self.centre) / self.spread
        if x.ndim == 2:
            x = x.expand(self.config.members, -1, -1)
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if i < last:
                x = functional.silu(x)
        count = len(self.config.values)
        return x[..., :count], x[..., count : 2 * count].clamp(LEAST, MOST), x[..., 2 * count :]


def likelihood(outputs: tuple[Tensor, Tensor, Tensor], values: Tensor, chances: Tensor) -> Tensor:
    """Negative log-likelihood (m,) of targets, mean over those that are known, in nats.

    Parameters
    ----------
    outputs : tuple of Tensor
        What `LatentHeads` gives.
    values : Tensor, shape (B, values) or (m, B, values)
        Standardised; NaN where unknown.
    chances : Tensor, shape (B, chances) or (m, B, chances)
        0 or 1; NaN where unknown.
    """
    mean, log_variance, logits = outputs
    known, sure = ~values.isnan(), ~chances.isnan()
    error = (torch.nan_to_num(values) - mean) ** 2
    gaussian = 0.5 * (error * (-log_variance).exp() + log_variance) * known
    bernoulli = (
        functional.binary_cross_entropy_with_logits(
            logits, torch.nan_to_num(chances).expand_as(logits), reduction="none"
        )
        * sure
    )
    count = known.expand_as(mean).sum((1, 2)) + sure.expand_as(logits).sum((1, 2))
    return (gaussian.sum((1, 2)) + bernoulli.sum((1, 2))) / count.clamp(min=1)
