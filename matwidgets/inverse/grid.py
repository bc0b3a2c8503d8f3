"""The brute-force grid of a system: every composition at one step, to hold a search against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.polish import Point

if TYPE_CHECKING:
    from matwidgets.inverse.fractions import Property


@dataclass
class Grid:
    """All compositions of a system at one step.

    Attributes
    ----------
    fractions : ndarray, shape (n, k)
    value, std : ndarray, shape (n,)
    allowed : ndarray of bool, shape (n,)
    step : float
    """

    fractions: NDArray[np.float64]
    value: NDArray[np.float64]
    std: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    step: float

    def best(self, sign: float, *, anywhere: bool = False) -> Point:
        """Best feasible composition; with ``anywhere`` the best of all."""
        utility = sign * self.value if anywhere else np.where(self.allowed, sign * self.value, -math.inf)
        i = int(utility.argmax())
        return Point(self.fractions[i], float(self.value[i]), float(self.std[i]))

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest value over the feasible set."""
        return float(self.value[self.allowed].min()), float(self.value[self.allowed].max())


def grid_step(k: int) -> float | None:
    """Step of the brute-force grid: 0.01 up to three elements, 0.02 for four, none beyond."""
    return {1: 0.01, 2: 0.01, 3: 0.01, 4: 0.02}.get(k)


def search_grid(property_: Property, feasible: Feasible, points: NDArray[np.float64], step: float) -> Grid:
    """Evaluate every composition of ``points``, shape (n, k)."""
    allowed = feasible.contains(points)
    if not allowed.any():
        raise InputError(f"The grid with step {step:g} has no feasible point; widen the bounds")
    value, std = [], []
    with torch.no_grad():
        for part in torch.as_tensor(points, dtype=torch.float32).split(4096):
            v, s = property_(part)
            value.append(v.double().numpy())
            std.append(s.double().numpy())
    return Grid(points, np.concatenate(value), np.concatenate(std), allowed, step)
