"""A semi-supervised variational autoencoder of alloys that keeps the phase y apart from everything else, z.

Letters in shape comments: B alloys, e elements (30), d descriptors (8), n latent dimensions (2). y is the probability
of a single phase or its label, 1 for a single phase and 0 for several; the paper writes phi.

Source: C. Zeng, Z. Khan, N. L. Post, "Data-efficient and interpretable inverse materials design using a disentangled
variational autoencoder" (2024), section 2. The paper draws y of an unlabelled alloy; here both values are summed over,
which is the same expectation without its noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class DisentangledVAEConfig:
    """Sizes and choices; the defaults are the paper's."""

    elements: int = 30  # section 2.1: "the top-30 frequent elements"
    descriptors: int = 8  # section 2.1: k, Vm, Tm, VEC, delta, delta chi, S, H
    width: int = 100  # section 2.3.2: "two hidden layers of size 100", in all three networks
    latent: int = 2  # section 3.2
    atoms: int = 100  # not stated; Table 1 writes an alloy as whole numbers "with a sum close to 100"
    prior: float = 0.5  # r of equation 3, not stated; "can be chosen to bias the model"
    spread: float | None = 0.001  # initial weights are N(0, spread), as in Pyro's examples; None: torch's own

    def __post_init__(self) -> None:
        for name in ("elements", "descriptors", "width", "latent", "atoms"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give one"
                )
        if not 0 < self.prior < 1:
            raise ValueError(f"prior is {self.prior:g}; it must lie between 0 and 1: give a probability")
        if self.spread is not None and not self.spread > 0:
            raise ValueError(
                f"spread is {self.spread:g}; it must be above 0: give one, or None for torch's own"
            )


class Bound(NamedTuple):
    """The evidence lower bound of each alloy, in three parts of shape (B,), in nats.

    Attributes
    ----------
    likelihood : Tensor
        Expectation of log p(x | y, z), equation 2.
    divergence : Tensor
        KL divergence of q(z | x, y) from the prior of z.
    label : Tensor
        log p(y) of a labelled alloy; minus the KL divergence of q(y | f(x)) from the prior of y of an unlabelled one.
    """

    likelihood: Tensor
    divergence: Tensor
    label: Tensor

    @property
    def elbo(self) -> Tensor:
        """The bound, (B,)."""
        return self.likelihood - self.divergence + self.label


class Reconstruction(NamedTuple):
    """An alloy that went through the whole network, as in Table 1.

    Attributes
    ----------
    probability : Tensor, shape (B,)
        Of a single phase, from the descriptors.
    z : Tensor, shape (B, n)
        Mean of q(z | x, y) at that probability.
    x : Tensor, shape (B, e)
        Fractions decoded from both; rows sum to 1.
    """

    probability: Tensor
    z: Tensor
    x: Tensor


class DisentangledVAE(nn.Module):
    """Classifier q(y | f(x)), encoder q(z | x, y) and decoder p(x | y, z).

    Parameters
    ----------
    config : DisentangledVAEConfig

    Attributes
    ----------
    center, scale : Tensor, shape (d,)
        The classifier sees (f - center) / scale; set from the training rows by ``standardise``.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, config: DisentangledVAEConfig) -> None:
        super().__init__()
        self.config = config
        self.classifier = _perceptron(config.descriptors, config.width, 1)
        self.encoder = _perceptron(config.elements + 1, config.width, 2 * config.latent)
        self.decoder = _perceptron(1 + config.latent, config.width, config.elements)
        self.register_buffer("center", torch.zeros(config.descriptors))
        self.register_buffer("scale", torch.ones(config.descriptors))
        if config.spread is not None:
            for parameter in self.parameters():
                nn.init.normal_(parameter, 0.0, config.spread)

    def standardise(self, f: Tensor) -> None:
        """Take the scaling of the descriptors from rows (m, d); a constant column is only shifted."""
        deviation = f.std(0, unbiased=False)
        self.center.copy_(f.mean(0))
        self.scale.copy_(torch.where(deviation > 0, deviation, torch.ones_like(deviation)))

    def classify(self, f: Tensor) -> Tensor:
        """Logit (B,) of q(y = 1 | f(x)), equation 4, from descriptors (B, d) in their own units."""
        return self.classifier((f - self.center) / self.scale).squeeze(-1)

    def encode(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x, y), equation 4.

        Parameters
        ----------
        x : Tensor, shape (B, e)
            Fractions; rows sum to 1.
        y : Tensor, shape (B,) or (..., B)
            Labels or probabilities; leading dimensions are carried through.

        Returns
        -------
        tuple of Tensor, each of shape (..., B, n)
        """
        given = torch.cat([x.expand(*y.shape, -1), y.unsqueeze(-1)], dim=-1)
        mean, log_variance = self.encoder(given).chunk(2, dim=-1)
        return mean, log_variance.clamp(-12, 12)  # exp() stays finite far from the data

    def decode_logits(self, y: Tensor, z: Tensor) -> Tensor:
        """Logits (..., e) of theta(y, z), equation 2, from y (...,) and z (..., n)."""
        return self.decoder(torch.cat([y.unsqueeze(-1), z], dim=-1))

    def decode(self, y: Tensor, z: Tensor) -> Tensor:
        """Fractions (..., e) of sum 1, theta(y, z) of equation 2, from y (...,) and z (..., n)."""
        return self.decode_logits(y, z).softmax(-1)

    def forward(self, x: Tensor, f: Tensor) -> Reconstruction:
        """Classify, encode at the predicted probability, decode: how the paper makes its Table 1 (section 3.1.2)."""
        probability = self.classify(f).sigmoid()
        z, _ = self.encode(x, probability)
        return Reconstruction(probability, z, self.decode(probability, z))

    def labelled(self, x: Tensor, y: Tensor, noise: Tensor) -> Bound:
        """The bound of alloys whose y is known, inside the second sum of equation 5.

        Parameters
        ----------
        x : Tensor, shape (B, e)
            Fractions; rows sum to 1.
        y : Tensor, shape (B,)
            Labels, 0. or 1.
        noise : Tensor, shape (B, n)
            Standard normal; z = mean + noise * sigma.
        """
        likelihood, divergence = self._given(x, y, noise)
        return Bound(likelihood, divergence, self._log_prior(y))

    def unlabelled(self, x: Tensor, f: Tensor, noise: Tensor) -> Bound:
        """The bound of alloys whose y is not known, the first sum of equation 5, with both values of y summed over.

        Parameters
        ----------
        x : Tensor, shape (B, e)
        f : Tensor, shape (B, d)
        noise : Tensor, shape (B, n)
            The same draw serves both values of y.
        """
        y = torch.stack([x.new_zeros(len(x)), x.new_ones(len(x))])  # (2, B)
        likelihood, divergence = self._given(x, y, noise)
        logits = self.classify(f)
        log_q = torch.stack([functional.logsigmoid(-logits), functional.logsigmoid(logits)])  # (2, B)
        q = log_q.exp()
        label = (q * (self._log_prior(y) - log_q)).sum(0)
        return Bound((q * likelihood).sum(0), (q * divergence).sum(0), label)

    def _given(self, x: Tensor, y: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Log-likelihood and divergence of z at given y, each of y's shape."""
        mean, log_variance = self.encode(x, y)
        z = mean + noise * (0.5 * log_variance).exp()
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(-1)
        return self.log_likelihood(x, self.decode_logits(y, z)), divergence

    def log_likelihood(self, x: Tensor, logits: Tensor) -> Tensor:
        """Log-probability (...,) of `atoms` atoms in fractions (B, e) under a multinomial of these logits (..., e).

        Gamma functions stand for factorials, since fractions of 100 atoms need not be whole.
        """
        counts = self.config.atoms * x
        coefficient = torch.lgamma(counts.sum(-1) + 1) - torch.lgamma(counts + 1).sum(-1)
        return coefficient + (counts * logits.log_softmax(-1)).sum(-1)

    def _log_prior(self, y: Tensor) -> Tensor:
        r = y.new_tensor(self.config.prior)
        return y * r.log() + (1 - y) * (1 - r).log()


def _perceptron(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Two hidden layers with Softplus, as Pyro's semi-supervised example, which the paper's code follows."""
    return nn.Sequential(
        nn.Linear(inputs, width),
        nn.Softplus(),
        nn.Linear(width, width),
        nn.Softplus(),
        nn.Linear(width, outputs),
    )
