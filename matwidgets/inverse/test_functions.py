"""Five functions of two variables that searches are compared on, with their usual boxes and known minima.

The paper of the dual VAE shows "several 2-dimensional artificial test functions" (Fig. S8) and does not name them;
these are the common ones. Each is to be made small.

References
----------
- Branin: L. C. W. Dixon, G. P. Szegő, "The global optimisation problem: an introduction", Towards Global Optimisation 2
  (1978), with F. H. Branin's constants.
- Six-hump camel: the same chapter.
- Ackley: D. H. Ackley, "A Connectionist Machine for Genetic Hillclimbing" (1987), with a = 20, b = 0.2, c = 2 pi.
- Rosenbrock: H. H. Rosenbrock, Comput. J. 3, 175 (1960).
- Himmelblau: D. M. Himmelblau, "Applied Nonlinear Programming" (1972).

The boxes are those of the collection of S. Surjanovic and D. Bingham (Simon Fraser University), Himmelblau's the usual
square from -5 to 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TestFunction:
    """A function of two variables whose minimum is known.

    Attributes
    ----------
    name : str
    low, high : tuple of float
        Corners of the box.
    minimum : float
    places : tuple of (float, float)
        Where the minimum lies, as far as the printed digits go.
    """

    __test__ = False  # no test case, whatever its name

    name: str
    low: tuple[float, float]
    high: tuple[float, float]
    minimum: float
    places: tuple[tuple[float, float], ...]
    _of: Callable[[Floats, Floats], Floats]

    def __call__(self, points: Floats) -> Floats:
        """Values of points, shape (..., 2) to (...)."""
        points = np.asarray(points, dtype=np.float64)
        return self._of(points[..., 0], points[..., 1])

    def regret(self, value: float) -> float:
        """How far a value lies above the minimum."""
        return value - self.minimum


def _branin(x: Floats, y: Floats) -> Floats:
    b, c, t = 5.1 / (4 * np.pi**2), 5 / np.pi, 1 / (8 * np.pi)
    return (y - b * x**2 + c * x - 6) ** 2 + 10 * (1 - t) * np.cos(x) + 10


def _six_hump_camel(x: Floats, y: Floats) -> Floats:
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2


def _ackley(x: Floats, y: Floats) -> Floats:
    radius = np.sqrt((x**2 + y**2) / 2)
    waves = (np.cos(2 * np.pi * x) + np.cos(2 * np.pi * y)) / 2
    return 20 - 20 * np.exp(-0.2 * radius) + np.e - np.exp(waves)


def _rosenbrock(x: Floats, y: Floats) -> Floats:
    return 100 * (y - x**2) ** 2 + (1 - x) ** 2


def _himmelblau(x: Floats, y: Floats) -> Floats:
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


BRANIN = TestFunction(
    "Branin", (-5.0, 0.0), (10.0, 15.0), 10 / (8 * np.pi), ((-np.pi, 12.275), (np.pi, 2.275), (9.42478, 2.475)), _branin
)  # fmt: skip
SIX_HUMP_CAMEL = TestFunction(
    "six-hump camel", (-3.0, -2.0), (3.0, 2.0), -1.031628453489877, ((0.0898, -0.7126), (-0.0898, 0.7126)),
    _six_hump_camel,
)  # fmt: skip
ACKLEY = TestFunction("Ackley", (-32.768, -32.768), (32.768, 32.768), 0.0, ((0.0, 0.0),), _ackley)
ROSENBROCK = TestFunction("Rosenbrock", (-5.0, -5.0), (10.0, 10.0), 0.0, ((1.0, 1.0),), _rosenbrock)
HIMMELBLAU = TestFunction(
    "Himmelblau", (-5.0, -5.0), (5.0, 5.0), 0.0,
    ((3.0, 2.0), (-2.805118, 3.131312), (-3.779310, -3.283186), (3.584428, -1.848126)), _himmelblau,
)  # fmt: skip
FUNCTIONS = (BRANIN, SIX_HUMP_CAMEL, ACKLEY, ROSENBROCK, HIMMELBLAU)
