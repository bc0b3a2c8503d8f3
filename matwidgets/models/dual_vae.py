"""Two variational autoencoders, one over compositions and one over powder X-ray patterns.

Letters in shape comments: B materials, e elements (100), p points of a pattern (1601), n latent dimensions (24 and 64).

Source: V. V. Korolev, A. Mitrofanov, A. Eliseev, V. Tkachenko, "Machine-learning-assisted search for functional
materials over extended chemical space", supporting information (2020), Figure S1 and Table S1. Its architecture of the
structural network follows astroNN's convolutional autoencoder of stellar spectra. The likelihoods are not stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

CompositionLikelihood = Literal["multinomial", "bernoulli"]
COMPOSITION_LIKELIHOODS: tuple[CompositionLikelihood, ...] = ("multinomial", "bernoulli")
Architecture = Literal["light", "paper"]
ARCHITECTURES: tuple[Architecture, ...] = ("light", "paper")
LIMITS = (-12.0, 12.0)  # of a log-variance: exp() stays finite however far an input is from the data
REACH = 15  # points to either side that the window of a pattern has: 31 points in all


@dataclass(frozen=True)
class CompositionVAEConfig:
    """Sizes and choices of the composition network."""

    elements: int = 100  # "initial 100-dimensional vectors of stoichiometric composition"
    hidden: tuple[int, int] = (95, 50)  # Table S1
    latent: int = 24  # "Structure representation via concatenated latent spaces"
    dropout: float = 4.49e-6  # Table S1
    likelihood: CompositionLikelihood = "multinomial"  # not stated; a Bernoulli one uses no latent dimension
    atoms: int = 1600  # how many atoms a multinomial weighs a composition with; chosen on validation rows

    def __post_init__(self) -> None:
        _check_sizes({"elements": self.elements, "latent": self.latent, "atoms": self.atoms}, self.hidden)
        _check_choice("likelihood", self.likelihood, COMPOSITION_LIKELIHOODS)


@dataclass(frozen=True)
class PatternVAEConfig:
    """Sizes and choices of the pattern network; `architecture` "paper" reads those of Table S1, "light" its own."""

    points: int = 1601  # 80 degrees in steps of 0.05
    latent: int = 64  # "Structure representation via concatenated latent spaces"
    architecture: Architecture = "light"
    deviation: float = 0.05  # of the Gaussian likelihood of a point; not stated
    # -- light: dense layers on every third point, and a window that draws each peak --
    spacing: int = 3
    hidden: tuple[int, int] = (480, 240)
    window: float = (
        2.55  # standard deviation of a drawn peak in points: with the spacing's, about the patterns' own 3
    )
    # -- paper: Table S1 --
    filters: tuple[int, int, int] = (16, 17, 37)
    kernel: int = 4
    pool: int = 2
    units: tuple[int, int] = (693, 403)
    dropout: float = 2.04e-2

    def __post_init__(self) -> None:
        sizes = {"points": self.points, "latent": self.latent, "spacing": self.spacing, "pool": self.pool}
        _check_sizes(sizes | {"kernel": self.kernel}, (*self.hidden, *self.filters, *self.units))
        _check_choice("architecture", self.architecture, ARCHITECTURES)
        if not (self.deviation > 0 and self.window > 0):
            raise ValueError(
                f"deviation is {self.deviation:g} and window {self.window:g}; both must be above 0: give such values"
            )


class VAEOutput(NamedTuple):
    """One pass through encoder and decoder.

    Attributes
    ----------
    mean, log_variance : Tensor, shape (B, n)
        Of the approximate posterior Q(z | x).
    z : Tensor, shape (B, n)
        The latent point that was decoded.
    decoded : Tensor, shape (B, e) or (B, p)
        Logits of a composition, or a pattern.
    """

    mean: Tensor
    log_variance: Tensor
    z: Tensor
    decoded: Tensor


class VAE(nn.Module):
    """What both networks have in common; `body` gives what the two heads of the posterior read."""

    body: nn.Module
    mean: nn.Linear
    log_variance: nn.Linear
    decoder: nn.Module

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of Q(z | x), each (B, n)."""
        seen = self.body(x)
        return self.mean(seen), self.log_variance(seen).clamp(*LIMITS)

    def forward(self, x: Tensor, noise: Tensor) -> VAEOutput:
        """Encode, draw z = mean + noise * sigma, decode.

        Parameters
        ----------
        x : Tensor, shape (B, e) or (B, p)
        noise : Tensor, shape (B, n)
            Standard normal; zeros give the reconstruction of the mean.
        """
        mean, log_variance = self.encode(x)
        z = mean + noise * (0.5 * log_variance).exp()
        return VAEOutput(mean, log_variance, z, self.decoder(z))

    def weights(self) -> list[Tensor]:
        """Weights that Table S1's L1 and L2 regularisers act upon: all but biases."""
        return [p for p in self.parameters() if p.ndim > 1]


class CompositionVAE(VAE):
    """Fractions of 100 elements: 100 - 95 - 50 - 24 and its mirror, SELU (Figure S1, left).

    Parameters
    ----------
    config : CompositionVAEConfig
    """

    def __init__(self, config: CompositionVAEConfig) -> None:
        super().__init__()
        self.config = config
        wide, narrow = config.hidden
        self.body = dense(config.elements, config.hidden, config.dropout)
        self.mean, self.log_variance = nn.Linear(narrow, config.latent), nn.Linear(narrow, config.latent)
        self.decoder = nn.Sequential(
            *dense(config.latent, (narrow, wide), config.dropout), nn.Linear(wide, config.elements)
        )
        initialise(self, "relu")  # he_normal, Table S1

    def decode(self, z: Tensor) -> Tensor:
        """Fractions (B, e), rows of sum 1, from latent points (B, n)."""
        return self.fractions(self.decoder(z))

    def fractions(self, logits: Tensor) -> Tensor:
        """What logits (B, e) stand for: fractions of sum 1."""
        if self.config.likelihood == "multinomial":
            return logits.softmax(-1)
        shares = logits.sigmoid()
        return shares / shares.sum(-1, keepdim=True)

    def reconstruction(self, logits: Tensor, x: Tensor) -> Tensor:
        """Negative log-likelihood (B,) of fractions x (B, e), in nats.

        Notes
        -----
        * multinomial: of `atoms` atoms in these fractions, less the entropy of x, so that a perfect decoder costs 0.
        * bernoulli: the cross-entropy of each fraction, summed; a perfect decoder costs the entropy of the fractions.
        """
        if self.config.likelihood == "bernoulli":
            return functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        return self.config.atoms * (torch.xlogy(x, x) - x * logits.log_softmax(-1)).sum(-1)


class PatternVAE(VAE):
    """Powder patterns of 1601 points, largest value 1 (Figure S1, right), or a light network for the same.

    Parameters
    ----------
    config : PatternVAEConfig
    """

    def __init__(self, config: PatternVAEConfig) -> None:
        super().__init__()
        self.config = config
        if config.architecture == "paper":
            length = config.points
            for _ in config.filters:
                length //= config.pool
            self.body = nn.Sequential(
                convolutions(config),
                *dense(config.filters[-1] * length, config.units, config.dropout),
            )
            self.mean, self.log_variance = (nn.Linear(config.units[1], config.latent) for _ in range(2))
            self.decoder = PrintedDecoder(config)
        else:
            sampled = Sampled(config)
            self.body = nn.Sequential(sampled, Beside(dense(sampled.size, config.hidden, 0.0, nn.SiLU)))
            seen = config.hidden[-1] + sampled.size
            self.mean, self.log_variance = (nn.Linear(seen, config.latent) for _ in range(2))
            self.decoder = Drawn(config)
        initialise(self, "linear")  # lecun_normal, Table S1
        if isinstance(self.decoder, Drawn):
            nn.init.constant_(self.decoder.heights.bias, -3.0)  # a pattern is empty at most places

    def decode(self, z: Tensor) -> Tensor:
        """Patterns (B, p), no value below 0, from latent points (B, n)."""
        return self.decoder(z)

    def reconstruction(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Negative log-likelihood (B,) of patterns x (B, p), in nats, less that of a perfect decoder.

        Each point is Gaussian around the decoded one with the configuration's `deviation`.
        """
        return ((decoded - x) ** 2).sum(-1) / (2 * self.config.deviation**2)


class Sampled(nn.Module):
    """Every third point of a pattern as its square root, whose counting error is the same at all heights."""

    def __init__(self, config: PatternVAEConfig) -> None:
        super().__init__()
        self.spacing = config.spacing
        self.size = -(-(config.points - 1) // config.spacing) + 1
        self.missing = (self.size - 1) * config.spacing + 1 - config.points

    def forward(self, x: Tensor) -> Tensor:
        """(B, p) -> (B, size), about centred and of unit scale."""
        return 3 * functional.pad(x, (0, self.missing))[:, :: self.spacing].sqrt() - 0.3


class Beside(nn.Module):
    """What layers make of their input, and the input itself: what follows has a straight way as well, like PCA's."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        """(B, i) -> (B, o + i)."""
        return torch.cat([self.layers(x), x], dim=-1)


class Drawn(nn.Module):
    """Dense layers to a height at every third point, each drawn with a Gaussian window: peaks cannot be ragged."""

    window: Tensor

    def __init__(self, config: PatternVAEConfig) -> None:
        super().__init__()
        self.points, self.spacing = config.points, config.spacing
        wide, narrow = config.hidden
        self.layers = Beside(dense(config.latent, (narrow, wide), 0.0, nn.SiLU))
        self.heights = nn.Linear(wide + config.latent, Sampled(config).size)
        shape = torch.exp(-0.5 * (torch.arange(-REACH, REACH + 1) / config.window) ** 2)
        # Not a weight: equal heights add up to a level of that height.
        self.register_buffer("window", (shape * config.spacing / shape.sum())[None, None], persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """(B, n) -> (B, p)."""
        heights = functional.softplus(self.heights(self.layers(z)))[:, None]
        drawn = functional.conv_transpose1d(heights, self.window, stride=self.spacing)[:, 0]
        return drawn[:, REACH : REACH + self.points]


class PrintedDecoder(nn.Module):
    """The decoder of Figure S1: a dense layer of 11 million weights to 17 channels, then convolutions.

    The text does not give its sizes; these follow astroNN's autoencoder, from which the architecture is taken: one
    dense layer of the narrow size, one of the pattern's length times the second convolution's channels, and the
    convolutions of the encoder backwards.
    """

    def __init__(self, config: PatternVAEConfig) -> None:
        super().__init__()
        first, second, _ = config.filters
        self.shape = (second, config.points)
        self.layers = dense(config.latent, (config.units[1], second * config.points), config.dropout)
        self.convolutions = nn.Sequential(
            nn.Conv1d(second, second, config.kernel, padding="same"), nn.SELU(),
            nn.Conv1d(second, first, config.kernel, padding="same"), nn.SELU(),
            nn.Conv1d(first, 1, config.kernel, padding="same"),
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        """(B, n) -> (B, p)."""
        return functional.softplus(self.convolutions(self.layers(z).unflatten(1, self.shape))[:, 0])


def dense(
    inputs: int, sizes: tuple[int, ...], dropout: float, activation: type[nn.Module] = nn.SELU
) -> nn.Sequential:
    """Linear layers of these sizes, each with its activation and dropout."""
    layers: list[nn.Module] = []
    for size in sizes:
        layers += [nn.Linear(inputs, size), activation()] + ([nn.Dropout(dropout)] if dropout else [])
        inputs = size
    return nn.Sequential(*layers)


def convolutions(config: PatternVAEConfig) -> nn.Sequential:
    """Three convolutions, each followed by SELU and pooling: (B, p) -> (B, channels * length)."""
    layers: list[nn.Module] = [nn.Unflatten(1, (1, config.points))]
    before = 1
    for filters in config.filters:
        layers += [
            nn.Conv1d(before, filters, config.kernel, padding="same"), nn.SELU(), nn.MaxPool1d(config.pool)
        ]  # fmt: skip
        before = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(config.dropout))


def initialise(net: nn.Module, gain: Literal["relu", "linear"]) -> None:
    """Normal weights of variance 2 / inputs ("relu": he_normal) or 1 / inputs ("linear": lecun_normal), biases 0."""
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            nn.init.kaiming_normal_(module.weight, nonlinearity=gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def _check_sizes(named: dict[str, int], listed: tuple[int, ...]) -> None:
    for name, value in [*named.items(), *(("a size of a layer", size) for size in listed)]:
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be a whole number from 1: give one")


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} {value!r}; allowed are {', '.join(allowed)}: choose one of these")
