"""In which direction each start pulls its utilities: the paper's weighted sum, a Chebyshev sweep, the hypervolume.

A steering gives weights (B, m); a step goes up the slope of sum(weights * utility), with the weights held fixed. Start
0 always follows the paper's Eq. 2.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np

from matwidgets.inverse.objectives import Floats
from matwidgets.inverse.pareto import Front, hypervolume_slopes

FrontMethod = Literal["chebyshev", "hypervolume"]
METHODS: tuple[FrontMethod, ...] = ("chebyshev", "hypervolume")
GOLDEN = (5**0.5 - 1) / 2
# The augmentation of R. E. Steuer, E.-U. Choo (Math. Program. 26, 326, 1983): it keeps weakly efficient points off.
AUGMENTATION = 0.05
BEYOND = 0.1  # of the front's extent: how far the ideal and the reference point lie outside it


class Steering(Protocol):
    """Weights of the utilities for the next step."""

    def __call__(self, utility: Floats, front: Front) -> Floats:
        """Weights, of the shape of ``utility`` (B, m)."""


class WeightedSum:
    """The same weights for all: Eq. 2 of the paper."""

    def __init__(self, shares: Floats) -> None:
        self.shares = shares

    def __call__(self, utility: Floats, front: Front) -> Floats:
        """Weights (B, m)."""
        return np.tile(self.shares, (len(utility), 1))


class ChebyshevSweep(WeightedSum):
    """Each start pulls the objective in which it is farthest from the ideal, by weights of its own.

    The augmented weighted Chebyshev distance max_j l_j d_j + rho sum_j d_j with d_j = (ideal_j - u_j) / extent_j
    reaches every point of a front, also where it is dented; a weighted sum cannot. Ideal and extent are those of the
    points seen.

    Parameters
    ----------
    shares : ndarray, shape (2,)
    starts : int
        The weights l of starts 1, 2, ... begin with the two ends and then cover 0 to 1 evenly, however many there are
        (multiples of the golden ratio).
    """

    def __init__(self, shares: Floats, starts: int) -> None:
        super().__init__(shares)
        first = np.concatenate([[0.5, 1.0, 0.0], (np.arange(max(0, starts - 3)) * GOLDEN + 0.5) % 1])[:starts]
        both = np.column_stack([first, 1 - first]) * shares
        self.weights = both / both.sum(1, keepdims=True)

    def __call__(self, utility: Floats, front: Front) -> Floats:
        """Weights (B, 2)."""
        best, extent = front.span
        pull = self.weights / extent
        behind = pull * (best + BEYOND * extent - utility)
        farthest = behind.argmax(1)[:, None] == np.arange(2)
        weights = np.where(farthest, pull, 0.0) + AUGMENTATION / extent
        weights /= np.linalg.norm(weights, axis=1, keepdims=True)
        weights[0] = self.shares
        return weights


class HypervolumeAscent(WeightedSum):
    """All starts together enlarge the area they dominate; see ``hypervolume_slopes``."""

    def __call__(self, utility: Floats, front: Front) -> Floats:
        """Weights (B, 2)."""
        _, extent = front.span
        weights = np.tile(self.shares, (len(utility), 1))
        if len(utility) > 1:
            crowd = utility[1:] / extent
            slopes = hypervolume_slopes(crowd, crowd.min(0) - BEYOND) / extent
            weights[1:] = slopes / np.linalg.norm(slopes, axis=1, keepdims=True)
        return weights


def steering(method: FrontMethod, shares: Floats, starts: int) -> Steering:
    """The steering of a search with these weights."""
    if len(shares) == 1:
        return WeightedSum(shares)
    return ChebyshevSweep(shares, starts) if method == "chebyshev" else HypervolumeAscent(shares)
