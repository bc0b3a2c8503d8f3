"""Generators whose samples are formulas by construction: a count for each element, or slots for some elements.

Letters in shape comments: B formulas, e elements (85), m counts (8), n noise, s slots. A formula is a matrix X (e, m)
of ones and zeros with a one in the column of its count for each element that it has, see `models.wgan`, whose generator
(a number from 0 to 1 in every cell) these stand beside.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

ELEMENTS = 85  # of wgan's paper, section 2.2
MOST = 8  # the same
Noise = tuple[Tensor, ...]


class Generator(nn.Module, abc.ABC):
    """Noise to matrices.

    Attributes
    ----------
    config : a frozen dataclass with the class attribute ``kind``
    """

    config: Any

    @abc.abstractmethod
    def draw(self, n: int, random: torch.Generator) -> Noise:
        """Noise for n formulas: what ``forward`` takes."""

    @abc.abstractmethod
    def forward(self, *noise: Tensor) -> Tensor:
        """Matrices (B, e, m)."""

    def start_from(self, counts: Tensor) -> None:
        """Take what need not be learned from real formulas, atoms (N, e); some generators take nothing."""
        if counts.ndim != 2 or counts.shape[1] != ELEMENTS:
            raise ValueError(f"counts of shape {tuple(counts.shape)}; give shape (N, {ELEMENTS})")


@dataclass(frozen=True)
class CategoricalConfig:
    """A perceptron that chooses one of nine counts (0 to 8) for each element on its own."""

    kind: ClassVar[str] = "categorical"
    noise: int = 128
    width: int = 256
    temperature: float = 1.0  # of the straight-through sample


class CategoricalGenerator(Generator):
    """Nine logits for each element; every element has one count, but nothing keeps a formula from having none.

    Parameters
    ----------
    config : CategoricalConfig
    """

    def __init__(self, config: CategoricalConfig) -> None:
        super().__init__()
        self.config: CategoricalConfig = config
        self.body = _body(config.noise, config.width)
        self.head = nn.Linear(config.width, ELEMENTS * (MOST + 1))

    def start_from(self, counts: Tensor) -> None:
        """Start every element's counts at their frequencies."""
        super().start_from(counts)
        seen = functional.one_hot(counts.long(), MOST + 1).sum(0)  # (e, m + 1)
        with torch.no_grad():
            self.head.bias.copy_(_log_frequencies(seen).flatten())

    def draw(self, n: int, random: torch.Generator) -> Noise:
        """Latent z (n, noise), standard normal, and Gumbel noise (n, e, m + 1)."""
        return (
            torch.randn(n, self.config.noise, generator=random),
            gumbel((n, ELEMENTS, MOST + 1), random),
        )

    def forward(self, *noise: Tensor) -> Tensor:
        """Ones and zeros, (B, e, m)."""
        z, draws = noise
        logits = self.head(self.body(z)).unflatten(1, (ELEMENTS, MOST + 1))
        return straight_through(logits + draws, self.config.temperature)[:, :, 1:]


@dataclass(frozen=True)
class SlotConfig:
    """A perceptron that fills slots: an element, then its count, for each element of the formula."""

    kind: ClassVar[str] = "slots"
    noise: int = 128
    width: int = 192
    slots: int = 7  # no OQMD formula has more elements
    temperature: float = 1.0  # of the straight-through samples
    feedback: bool = False  # whether a slot sees what earlier slots chose, and a count its element


class SlotGenerator(Generator):
    """As many slots as the formula has elements, each an element that no slot before it has, and its count.

    The number of elements is part of the noise, drawn as often as the data has it; so every sample is a formula.

    Parameters
    ----------
    config : SlotConfig

    Attributes
    ----------
    sizes : Tensor, shape (s,)
        Probability of 1, 2, ..., s elements; set by ``start_from``.
    """

    sizes: Tensor

    def __init__(self, config: SlotConfig) -> None:
        super().__init__()
        self.config: SlotConfig = config
        s, width = config.slots, config.width
        self.body = _body(config.noise + s, width)
        self.which = nn.ModuleList(nn.Linear(width, ELEMENTS) for _ in range(s))
        self.how_many = nn.ModuleList(nn.Linear(width, MOST) for _ in range(s))
        if config.feedback:
            self.told_element = nn.ModuleList(nn.Linear(ELEMENTS, width, bias=False) for _ in range(s))
            self.told_count = nn.ModuleList(nn.Linear(MOST, width, bias=False) for _ in range(s))
            self.mixed = nn.ModuleList(_layer(width, width) for _ in range(s))
        self.register_buffer("sizes", torch.full((s,), 1 / s))

    def start_from(self, counts: Tensor) -> None:
        """Take the numbers of elements, and start elements and counts at their frequencies."""
        super().start_from(counts)
        number = (counts > 0).sum(1)
        if not len(counts) or int(number.min()) < 1 or int(number.max()) > self.config.slots:
            raise ValueError(
                f"formulas of {int(number.min()) if len(counts) else 0} to {int(number.max()) if len(counts) else 0} "
                f"elements; this generator has {self.config.slots} slots: give formulas of 1 to that many"
            )
        seen = torch.bincount(number, minlength=self.config.slots + 1)[1:]
        elements = _log_frequencies((counts > 0).sum(0))
        amounts = _log_frequencies(torch.bincount(counts[counts > 0].long(), minlength=MOST + 1)[1:])
        with torch.no_grad():
            self.sizes.copy_(seen / seen.sum())
            for which, how_many in zip(self.which, self.how_many, strict=True):
                _linear(which).bias.copy_(elements)
                _linear(how_many).bias.copy_(amounts)

    def draw(self, n: int, random: torch.Generator) -> Noise:
        """Latent z (n, noise), numbers of elements (n,), and Gumbel noise (n, s, e) and (n, s, m)."""
        return (
            torch.randn(n, self.config.noise, generator=random),
            1 + torch.multinomial(self.sizes, n, replacement=True, generator=random),
            gumbel((n, self.config.slots, ELEMENTS), random),
            gumbel((n, self.config.slots, MOST), random),
        )

    def forward(self, *noise: Tensor) -> Tensor:
        """Ones and zeros, (B, e, m)."""
        z, number, element_draws, count_draws = noise
        s, temperature = self.config.slots, self.config.temperature
        h = self.body(torch.cat([z, functional.one_hot(number - 1, s).to(z.dtype)], 1))
        x = z.new_zeros(len(z), ELEMENTS, MOST)
        taken = torch.zeros(len(z), ELEMENTS, dtype=torch.bool, device=z.device)
        for slot in range(int(number.max()) if len(number) else 0):
            logits = (self.which[slot](h) + element_draws[:, slot]).masked_fill(taken, -torch.inf)
            element = straight_through(logits, temperature)  # (B, e)
            taken = taken | (element.detach() > 0)
            if self.config.feedback:
                h = h + self.told_element[slot](element)
            count = straight_through(self.how_many[slot](h) + count_draws[:, slot], temperature)  # (B, m)
            if self.config.feedback:
                h = self.mixed[slot](h + self.told_count[slot](count))
            used = (slot < number).to(x.dtype)[:, None, None]
            x = x + used * element[:, :, None] * count[:, None, :]
        return x


def straight_through(logits: Tensor, temperature: float) -> Tensor:
    """One-hot of the largest logit along the last axis, with the gradient of the softmax at a temperature.

    With Gumbel noise added to the logits it is a sample of their softmax (E. Jang, S. Gu, B. Poole,
    arXiv:1611.01144).
    """
    soft = (logits / temperature).softmax(-1)
    hard = functional.one_hot(logits.argmax(-1), logits.shape[-1]).to(soft.dtype)
    return hard + (soft - soft.detach())  # the bracket is exactly zero


def gumbel(shape: tuple[int, ...], random: torch.Generator) -> Tensor:
    """Standard Gumbel noise."""
    return -torch.empty(shape).exponential_(generator=random).clamp_min(1e-20).log()


def _body(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(_layer(inputs, width), _layer(width, width))


def _layer(inputs: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, width), nn.LayerNorm(width), nn.LeakyReLU(0.1))


def _linear(layer: nn.Module) -> nn.Linear:
    assert isinstance(layer, nn.Linear)
    return layer


def _log_frequencies(seen: Tensor) -> Tensor:
    """Logarithms of frequencies along the last axis; what was never seen counts as half a time."""
    padded = seen.float().clamp_min(0.5)
    return (padded / padded.sum(-1, keepdim=True)).log()
