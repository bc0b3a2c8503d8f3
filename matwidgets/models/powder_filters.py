"""Filters of proposals: which space group a powder pattern has, and the formation energy of a latent point.

Letters in shape comments: B materials, p points of a pattern (1601), c channels, l length, g space groups (230),
s crystal systems (7), n latent dimensions (88).

Source: V. V. Korolev, A. Mitrofanov, A. Eliseev, V. Tkachenko, "Machine-learning-assisted search for functional
materials over extended chemical space", supporting information (2020), Table S2 and Figure S9. The architecture of the
classifier is that of W. B. Park et al., IUCrJ 4, 486 (2017), which the paper cites for it. The formation-energy net is
one hidden layer; the paper states its units, activation, dropout and optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

SPACE_GROUPS = 230
SYSTEMS = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")
LAST_GROUPS = (2, 15, 74, 142, 167, 194, 230)
"""The last space group number of each crystal system (International Tables for Crystallography, volume A)."""
Scale = Literal["intensity", "logarithm"]
SCALES: tuple[Scale, ...] = ("intensity", "logarithm")
WEAKEST = 1e-4  # share of the largest intensity from which on "logarithm" tells peaks from nothing


@dataclass(frozen=True)
class SpaceGroupConfig:
    """Sizes and choices of the classifier; the defaults are the paper's."""

    points: int = 1601  # 80 degrees in steps of 0.05
    filters: tuple[int, ...] = (104, 51, 117)  # Table S2
    kernels: tuple[int, ...] = (34, 37, 13)  # Table S2
    strides: tuple[int, ...] = (2, 1, 2)  # Table S2
    pool: int = (
        3  # Table S2, after each convolution; its kind is not stated: averages, as Park et al.; 1 is none
    )
    units: tuple[int, ...] = (2047, 943)  # Table S2
    convolution_dropout: float = 0.498  # Table S2
    dense_dropout: float = 0.675  # Table S2
    # -- what the paper's network has not --
    scale: Scale = (
        "intensity"  # "logarithm": square root and logarithm, so that weak peaks, which decide, are seen
    )
    normalised: bool = False  # batch normalisation before each activation
    local: int = (
        0  # channels kept along the pattern beside each channel's mean and largest value; 0 keeps all
    )

    def __post_init__(self) -> None:
        sizes = (self.points, self.pool, *self.filters, *self.kernels, *self.strides, *self.units)
        if min(sizes) < 1 or self.local < 0:
            raise ValueError("A size of the space-group classifier is below 1: give whole numbers from 1")
        if not len(self.filters) == len(self.kernels) == len(self.strides):
            raise ValueError(
                f"{len(self.filters)} filters, {len(self.kernels)} kernels and {len(self.strides)} strides: give one "
                "of each for every convolution"
            )
        if not (0 <= self.convolution_dropout < 1 and 0 <= self.dense_dropout < 1):
            raise ValueError(
                f"dropouts {self.convolution_dropout:g} and {self.dense_dropout:g}; both must be from 0 to below 1"
            )
        if self.scale not in SCALES:
            raise ValueError(f"scale {self.scale!r}; allowed are {', '.join(SCALES)}: choose one of these")


LIGHT = SpaceGroupConfig(
    filters=(32, 64, 96, 128, 160),
    kernels=(15, 9, 7, 5, 3),
    strides=(4, 2, 2, 2, 2),
    pool=1,
    units=(192,),
    convolution_dropout=0.0,
    dense_dropout=0.3,
    scale="logarithm",
    normalised=True,
    local=12,
)
"""A seventeenth of the paper's weights and a sixth of its time: 20 to 30 minutes on one core, instead of hours."""


class SpaceGroupNet(nn.Module):
    """Convolutions over a powder pattern, then dense layers to the 230 space groups.

    Parameters
    ----------
    config : SpaceGroupConfig
    """

    members: Tensor

    def __init__(self, config: SpaceGroupConfig) -> None:
        super().__init__()
        self.config = config
        channels, length = (1 if config.scale == "intensity" else 2), config.points
        blocks: list[nn.Module] = []
        for filters, kernel, stride in zip(config.filters, config.kernels, config.strides, strict=True):
            blocks += [
                nn.Conv1d(channels, filters, kernel, stride, kernel // 2, bias=not config.normalised),
                *([nn.BatchNorm1d(filters)] if config.normalised else []),
                nn.ReLU(),
                *([nn.AvgPool1d(config.pool)] if config.pool > 1 else []),
                *([nn.Dropout(config.convolution_dropout)] if config.convolution_dropout else []),
            ]
            channels, length = filters, ((length + 2 * (kernel // 2) - kernel) // stride + 1) // config.pool
            if length < 1:
                raise ValueError(
                    f"a pattern of {config.points} points is too short for these strides and pools: take fewer"
                )
        self.convolutions = nn.Sequential(*blocks)
        self.narrow = nn.Conv1d(channels, config.local, 1) if config.local else None
        inputs = 2 * channels + config.local * length if config.local else channels * length
        dense: list[nn.Module] = []
        for units in config.units:
            dense += [
                nn.Linear(inputs, units),
                *([nn.BatchNorm1d(units)] if config.normalised else []),
                nn.ReLU(),
                *([nn.Dropout(config.dense_dropout)] if config.dense_dropout else []),
            ]
            inputs = units
        self.dense = nn.Sequential(*dense, nn.Linear(inputs, SPACE_GROUPS))
        # Not a weight: which groups (g, s) belong to which crystal system.
        self.register_buffer("members", membership(), persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv1d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")  # lecun_normal, Table S2
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, profiles: Tensor) -> Tensor:
        """Logits (B, g) of the space groups 1 to 230.

        Parameters
        ----------
        profiles : Tensor, shape (B, p)
            Not below 0; the largest value of each is 1.
        """
        seen = self.convolutions(scaled(profiles, self.config.scale))  # (B, c, l)
        if self.narrow is None:
            return self.dense(seen.flatten(1))
        return self.dense(torch.cat([seen.mean(2), seen.amax(2), self.narrow(seen).flatten(1)], dim=1))

    def systems(self, logits: Tensor) -> Tensor:
        """Log-probabilities (B, s) of the crystal systems: sums over their space groups (Figure S9 B)."""
        among = self.members.to(logits.dtype).log()  # 0 for a member, -inf for others
        return torch.logsumexp(logits.log_softmax(-1)[:, :, None] + among, dim=1)


class FormationEnergyNet(nn.Module):
    """One hidden layer, Table S2: 171 units, ELU, dropout 0.347.

    Parameters
    ----------
    inputs : int
        Latent dimensions.
    units : int
    dropout : float
    """

    def __init__(self, inputs: int = 88, units: int = 171, dropout: float = 0.347) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, units), nn.ELU(), nn.Dropout(dropout), nn.Linear(units, 1)
        )
        for module in self.layers:
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")  # lecun_normal, Table S2
                nn.init.zeros_(module.bias)

    def forward(self, z: Tensor) -> Tensor:
        """Energies (B,) in the targets' unit, from latent points (B, n)."""
        return self.layers(z).squeeze(-1)


def scaled(profiles: Tensor, scale: Scale) -> Tensor:
    """Channels of patterns (B, p): the intensity (B, 1, p), or its square root and its logarithm (B, 2, p)."""
    if scale == "intensity":
        return profiles[:, None]
    seen = profiles.clamp(min=0.0)
    logarithm = torch.log1p(seen / WEAKEST) / torch.log1p(torch.tensor(1 / WEAKEST))
    return torch.stack([seen.sqrt(), logarithm], dim=1)


def membership() -> Tensor:
    """Which space groups belong to which crystal system, (g, s), 1 or 0."""
    groups = torch.arange(1, SPACE_GROUPS + 1)
    return torch.nn.functional.one_hot(
        torch.bucketize(groups, torch.tensor(LAST_GROUPS)), len(SYSTEMS)
    ).float()
