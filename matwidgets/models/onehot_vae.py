"""A variational autoencoder over the fractions of 89 elements, with a classifier of decomposition beside it.

Letters in shape comments: B materials, e elements (89), n latent dimensions, c classes.

Source: K. El-Awady, "VAE for Modified 1-Hot Generative Materials Modeling: A Step Towards Inverse Material Design"
(2023), section 3 and Figure 4. The paper's likelihood is Bernoulli; on fractions it collapses (no latent dimension is
used), so the number of atoms may instead be multinomial, or come in two parts: which elements, then how much of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from matwidgets.models.layers import active_units, divergence

__all__ = [
    "LIKELIHOODS",
    "OneHotVAE",
    "OneHotVAEConfig",
    "OneHotVAEOutput",
    "active_units",
    "bernoulli_floor",
    "divergence",
]

Likelihood = Literal["bernoulli", "multinomial", "two_part"]
LIKELIHOODS: tuple[Likelihood, ...] = ("bernoulli", "multinomial", "two_part")


@dataclass(frozen=True)
class OneHotVAEConfig:
    """Sizes and choices; the defaults are the paper's."""

    elements: int = 89  # section 1
    width: int = 100  # section 4.1: "a hidden layer of 100 nodes", in all three networks
    latent: int = 10  # section 4.1
    classes: int = 10  # section 3: 0 to 9 components
    likelihood: Likelihood = "bernoulli"  # section 3: "independent Bernoulli random variables"
    atoms: int = (
        25  # 1/T, to which section 3 scales a vector; how many atoms a multinomial weighs a material with
    )

    def __post_init__(self) -> None:
        for name in ("elements", "width", "latent", "classes", "atoms"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give one"
                )
        if self.likelihood not in LIKELIHOODS:
            raise ValueError(
                f"likelihood {self.likelihood!r}; allowed are {', '.join(LIKELIHOODS)}: choose one of these"
            )


class OneHotVAEOutput(NamedTuple):
    """One pass through encoder and decoder.

    Attributes
    ----------
    mean, log_variance : Tensor, shape (B, n)
        Of the approximate posterior q(z | x).
    z : Tensor, shape (B, n)
        The latent point that was decoded.
    logits : Tensor, shape (B, e), or (B, 2 e) with the likelihood "two_part"
    """

    mean: Tensor
    log_variance: Tensor
    z: Tensor
    logits: Tensor


def perceptron(inputs: int, width: int, outputs: int) -> nn.Sequential:
    """Linear - ELU - Linear - ELU - Linear, which is each of the paper's three networks."""
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ELU(), nn.Linear(width, width), nn.ELU(), nn.Linear(width, outputs)
    )


class OneHotVAE(nn.Module):
    """Encoder, decoder and classifier.

    Parameters
    ----------
    config : OneHotVAEConfig
    """

    def __init__(self, config: OneHotVAEConfig) -> None:
        super().__init__()
        self.config = config
        parts = 2 if config.likelihood == "two_part" else 1
        self.encoder = perceptron(config.elements, config.width, 2 * config.latent)
        self.decoder = perceptron(config.latent, config.width, parts * config.elements)
        self.classifier = perceptron(config.elements, config.width, config.classes)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z | x), each (B, n), from fractions (B, e)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance.clamp(
            -12, 12
        )  # exp() stays finite however far a composition is from the data

    def decode(self, z: Tensor, uniform: Tensor | None = None) -> Tensor:
        """Fractions (B, e), rows of sum 1, from latent points (B, n): what the decoder expects there.

        With ``uniform`` the presences of a "two_part" network are drawn, see `fractions`.
        """
        return self.fractions(self.decoder(z), uniform)

    def classify(self, x: Tensor) -> Tensor:
        """Logits (B, c) of the number of components that the material decomposes into, from fractions (B, e)."""
        return self.classifier(x)

    def forward(self, x: Tensor, noise: Tensor) -> OneHotVAEOutput:
        """Encode, draw z = mean + noise * sigma, decode.

        Parameters
        ----------
        x : Tensor, shape (B, e)
            Fractions; rows sum to 1.
        noise : Tensor, shape (B, n)
            Standard normal; zeros give the reconstruction of the mean.
        """
        mean, log_variance = self.encode(x)
        z = mean + noise * (0.5 * log_variance).exp()
        return OneHotVAEOutput(mean, log_variance, z, self.decoder(z))

    def fractions(self, logits: Tensor, uniform: Tensor | None = None) -> Tensor:
        """What logits stand for: fractions (B, e) of sum 1.

        Parameters
        ----------
        logits : Tensor, shape (B, e) or (B, 2 e)
        uniform : Tensor, shape (B, e), optional
            Numbers from 0 to 1, which only the likelihood "two_part" reads: an element is there if its number is below
            its probability. A row without an element is zero. Without them an element is there if its probability is
            above one half, and the likeliest one always: few are that certain, so this shows less than was learned.
        """
        if self.config.likelihood == "multinomial":
            return logits.softmax(-1)
        if self.config.likelihood == "bernoulli":
            shares = logits.sigmoid()
            return shares / shares.sum(-1, keepdim=True)
        presence, amounts = logits.chunk(2, dim=-1)
        if uniform is None:
            present = (presence > 0) | (presence == presence.amax(-1, keepdim=True))
        else:
            present = uniform < presence.sigmoid()
        among = amounts.masked_fill(~present, -torch.inf).softmax(-1)
        return among.masked_fill(~present, 0.0)  # a softmax over nothing is no number

    def reconstruction(self, logits: Tensor, x: Tensor) -> Tensor:
        """Negative log-likelihood (B,) of materials, in nats.

        Parameters
        ----------
        logits : Tensor, shape (B, e) or (B, 2 e)
        x : Tensor, shape (B, e)
            Fractions; rows sum to 1.

        Notes
        -----
        * bernoulli: cross-entropy between each fraction and its probability, summed over the elements. A fraction is
          no coin toss: even a perfect reconstruction costs the entropy of the fractions, see `bernoulli_floor`.
        * multinomial: of `atoms` atoms in these fractions.
        * two_part: presences as Bernoulli variables, then the multinomial among the present elements.

        The multinomial coefficient depends on x alone and is left out of both; see `log_coefficient`.
        """
        if self.config.likelihood == "bernoulli":
            return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        if self.config.likelihood == "multinomial":
            return -self.config.atoms * (x * logits.log_softmax(-1)).sum(-1)
        presence, amounts = logits.chunk(2, dim=-1)
        absent = x <= 0
        which = functional.binary_cross_entropy_with_logits(presence, (~absent).to(x.dtype), reduction="none")
        among = amounts.masked_fill(absent, -torch.inf).log_softmax(-1).masked_fill(absent, 0.0)
        return which.sum(-1) - self.config.atoms * (x * among).sum(-1)

    def log_coefficient(self, x: Tensor) -> Tensor:
        """Logarithm (B,) of the multinomial coefficient of `atoms` atoms in fractions (B, e); 0 for bernoulli.

        Gamma functions stand for factorials, since fractions of 25 atoms need not be whole.
        """
        if self.config.likelihood == "bernoulli":
            return x.new_zeros(len(x))
        total = x.new_tensor(self.config.atoms + 1.0)
        return torch.lgamma(total) - torch.lgamma(self.config.atoms * x + 1).sum(-1)


def bernoulli_floor(x: Tensor) -> Tensor:
    """The least Bernoulli cross-entropy (B,) that any decoder can reach for fractions (B, e), in nats."""
    return -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(-1)
