"""The generator and the critic of formulas, and how any of the generators is made from its configuration.

Letters in shape comments: B formulas, e elements (85), m counts (8), n noise, d width of an element's vector.
A formula is a matrix X (e, m) of ones and zeros with a one in the column of its count for each element that it has.

Source: T. Hu, H. Song, T. Jiang, S. Li, "Learning Representations of Inorganic Materials from Generative Adversarial
Networks", Symmetry 12, 1889 (2020), sections 2.2 and 2.3, Table 3, Equations 3 to 6. "The authors' code" is
github.com/Chilitiantian/code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from matwidgets.models.formula_generators import (
    ELEMENTS,
    MOST,
    CategoricalConfig,
    CategoricalGenerator,
    Generator,
    Noise,
    SlotConfig,
    SlotGenerator,
)

# -- generators ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DeconvolutionConfig:
    """The paper's generator."""

    kind: ClassVar[str] = "deconvolution"
    noise: int = 128  # Table 3
    channels: tuple[int, int, int, int] = (256, 128, 64, 32)  # Table 3; half of each in the authors' code
    spread: float | None = None  # deviation of initial weights: not stated, 1 in their code; None: torch's


GeneratorConfig = DeconvolutionConfig | CategoricalConfig | SlotConfig


class DeconvolutionGenerator(Generator):
    """Table 3: a linear layer to 5 x 4, then four transposed convolutions to 85 x 8, each cell a number from 0 to 1.

    Batch normalisation and ReLU before each convolution are the authors' code's; Table 3 does not list them.

    Parameters
    ----------
    config : DeconvolutionConfig
    """

    def __init__(self, config: DeconvolutionConfig) -> None:
        super().__init__()
        self.config: DeconvolutionConfig = config
        a, b, c, d = config.channels
        self.fc1 = nn.Linear(config.noise, 5 * 4 * a)
        self.bn1 = nn.BatchNorm1d(5 * 4 * a)
        self.deconv1 = nn.ConvTranspose2d(a, b, 5, stride=(2, 2), padding=(1, 2), output_padding=(0, 1))
        self.bn2 = nn.BatchNorm2d(b)
        self.deconv2 = nn.ConvTranspose2d(b, c, 3, stride=(2, 1), padding=1, output_padding=(1, 0))
        self.bn3 = nn.BatchNorm2d(c)
        self.deconv3 = nn.ConvTranspose2d(c, d, 3, stride=(2, 1), padding=1)
        self.bn4 = nn.BatchNorm2d(d)
        self.deconv4 = nn.ConvTranspose2d(d, 1, 3, stride=(2, 1), padding=1)
        if config.spread is not None:
            for layer in (self.fc1, self.deconv1, self.deconv2, self.deconv3, self.deconv4):
                nn.init.normal_(layer.weight, 0.0, config.spread)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def draw(self, n: int, random: torch.Generator) -> Noise:
        """Latent z (n, noise), standard normal."""
        return (torch.randn(n, self.config.noise, generator=random),)

    def forward(self, *noise: Tensor) -> Tensor:
        """Cells from 0 to 1, (B, e, m), from z (B, noise)."""
        (z,) = noise
        x = self.bn1(self.fc1(z)).relu().unflatten(1, (-1, 5, 4))  # (B, 256, 5, 4)
        x = self.bn2(self.deconv1(x)).relu()  # (B, 128, 11, 8)
        x = self.bn3(self.deconv2(x)).relu()  # (B, 64, 22, 8)
        x = self.bn4(self.deconv3(x)).relu()  # (B, 32, 43, 8)
        return self.deconv4(x).squeeze(1).sigmoid()  # (B, 85, 8)


# -- the critic ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CriticConfig:
    """The paper's critic; the last three add what it cannot see."""

    width: int = 128  # d, not stated; 128 in the authors' code
    hidden: tuple[int, ...] = (
        128,
        64,
        32,
    )  # section 2.3: "a fully connected layer"; these in the authors' code
    slope: float = 0.0  # of the activation below zero; the authors' code has ReLU
    spread: float | None = None  # deviation of initial weights: not stated, 1 in their code; None: torch's
    cells: int = 0  # width of a vector for each cell, so that two atoms need not be twice one; 0: none
    products: bool = False  # whether the products of those vectors over all pairs of cells are seen too
    sizes: bool = False  # whether the numbers of elements and of atoms are seen

    def __post_init__(self) -> None:
        if self.width < 1 or self.cells < 0 or any(units < 1 for units in self.hidden):
            raise ValueError(
                f"width {self.width}, hidden {self.hidden}, cells {self.cells}; allowed are whole numbers from 1, for "
                "cells from 0: give such numbers"
            )
        if self.products and not self.cells:
            raise ValueError("products was asked for without cells; give cells a width from 1")


class Critic(nn.Module):
    """How real a formula looks, by the sum of its elements' vectors.

    Parameters
    ----------
    config : CriticConfig
    """

    amounts: Tensor

    def __init__(self, config: CriticConfig) -> None:
        super().__init__()
        self.config = config
        self.weight = nn.Parameter(torch.empty(ELEMENTS, config.width))  # W of Equation 5
        nn.init.normal_(self.weight, 0.0, config.spread or ELEMENTS**-0.5)
        inputs = config.width + config.cells * (1 + config.products) + 2 * config.sizes
        self.cells = nn.Linear(ELEMENTS * MOST, config.cells, bias=False) if config.cells else None
        layers: list[nn.Module] = []
        for units in config.hidden:
            layers += [nn.Linear(inputs, units), nn.LeakyReLU(config.slope)]
            inputs = units
        self.score = nn.Sequential(*layers, nn.Linear(inputs, 1))
        if config.spread is not None:
            for layer in self.score:
                if isinstance(layer, nn.Linear):
                    nn.init.normal_(layer.weight, 0.0, config.spread)
                    nn.init.zeros_(layer.bias)
        self.register_buffer("amounts", torch.arange(1.0, MOST + 1), persistent=False)

    @property
    def embedding(self) -> Tensor:
        """T = tanh(E W), (e, d): a vector for each element. E is the identity."""
        return self.weight.tanh()

    def represent(self, n: Tensor) -> Tensor:
        """C of Equation 5, (B, d), from numbers of atoms (B, e), which need not be whole."""
        return n @ self.embedding

    def forward(self, x: Tensor) -> Tensor:
        """Scores (B,) of matrices (B, e, m).

        The sum over the rows of (X^T T) * A in Equation 5 is the product of the numbers of atoms with T: A (Equation 6)
        only multiplies row k by k.
        """
        n = x @ self.amounts  # (B, e)
        seen = [self.represent(n)]
        if self.cells is not None:
            flat = x.flatten(1)  # (B, e m)
            sums = self.cells(flat)
            seen.append(sums)
            if self.config.products:  # half of (square of the sum less sum of the squares): every pair once
                seen.append(0.5 * (sums**2 - functional.linear(flat**2, self.cells.weight**2)))
        if self.config.sizes:
            seen.append(torch.stack([x.sum((1, 2)), n.sum(1) / MOST], dim=1))
        return self.score(torch.cat(seen, dim=1)).squeeze(1)


# -- both ----------------------------------------------------------------------------------------------------

_KINDS: dict[str, tuple[type[Any], type[Generator]]] = {
    "deconvolution": (DeconvolutionConfig, DeconvolutionGenerator),
    "categorical": (CategoricalConfig, CategoricalGenerator),
    "slots": (SlotConfig, SlotGenerator),
}


def make_generator(config: GeneratorConfig) -> Generator:
    """The generator of a configuration."""
    return _KINDS[config.kind][1](config)


def generator_config(kind: str, values: Mapping[str, Any]) -> GeneratorConfig:
    """A configuration from what a file says; ValueError for an unknown kind."""
    if kind not in _KINDS:
        raise ValueError(f"generator {kind!r}; allowed are {', '.join(_KINDS)}: choose one of these")
    plain = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
    return _KINDS[kind][0](**plain)
