"""Optimise the fractions of a composition through a frozen network (Falkowski et al. 2021, section 2 and Eq. 1).

The paper's choices are the defaults: f = ones, softmax, Adam with rate 0.05, 100 steps with the rate cut tenfold five
steps before the end, and the loss |target - y| with a target of +-100000 on the standardised scale. Beyond the paper:
many starts in one batch, a feasible set, and a final descent that moves and drops elements (``polish``), so that a
vanished element cannot stay behind as a dopant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.inverse.feasible import MAPS, Feasible, SimplexMap, from_fractions, to_fractions
from matwidgets.inverse.polish import Point, drops, polish

INFINITY = 100_000.0  # "a value of 100,000 is used as an analogue for infinity" (section 2)
POLISHED = 6  # ends that are polished
EQUAL = 1e-3  # ends that differ by less, in standard deviations of the targets, are equals
APART = 0.05  # largest difference of a fraction from which two ends are two


class Property(Protocol):
    """What the search needs to know of a property; a predictor offers it."""

    name: str
    unit: str
    scale: float  # one standard deviation of the training targets, in ``unit``

    def __call__(self, fractions: Tensor) -> tuple[Tensor, Tensor]:
        """Value and standard deviation, each (B,) and in ``unit``, of (B, k) fractions of the system's elements."""


@dataclass(frozen=True)
class Objective:
    """One property and where it should go; ``weight`` counts among several."""

    quantity: Property
    direction: Literal["maximize", "minimize"]
    weight: float = 1.0

    @property
    def sign(self) -> float:
        return 1.0 if self.direction == "maximize" else -1.0


@dataclass(frozen=True)
class SearchSettings:
    """Settings of the search; the defaults are the paper's, but for ``starts`` and ``polish``."""

    steps: int = 100  # section 3, figures 3 to 5
    learning_rate: float = 0.05  # as in the authors' code
    final_steps: int = 5  # steps at the end with a tenth of the rate, as in the authors' code
    map: SimplexMap = "softmax"  # Eq. 1
    starts: int = 32  # the paper has one, from equal parts; so has our start 0
    polish: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "starts"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        if self.map not in MAPS:
            raise InputError(f"Unknown map {self.map!r}; allowed are {', '.join(MAPS)}: choose one of them")


@dataclass
class SearchResult:
    """What a search found.

    Attributes
    ----------
    start, final : Point
        First and last composition of the winning start's path; ``final`` includes the polish and is feasible.
    gradient_best : Point or None
        Best feasible composition that the gradient steps alone visited.
    path : list of Point
        The winning start's path, then each accepted move of the polish.
    winner : int
        Which start won.
    evaluations : int
        Compositions that the network evaluated.
    steps : int
    sign : float
        1 if the property was maximised, -1 if it was minimised.
    """

    start: Point
    final: Point
    gradient_best: Point | None
    path: list[Point]
    winner: int
    evaluations: int
    steps: int
    sign: float
    feasible: Feasible = field(repr=False)


class FractionSearch:
    """The job of a design run: one gradient step of all starts at once per ``advance``."""

    def __init__(self, objective: Objective, feasible: Feasible, settings: SearchSettings) -> None:
        self.objective, self.feasible, self.settings = objective, feasible, settings
        self.past: list[dict[str, Any]] = []
        self.evaluations = 0
        self.step = -1  # step 0 is the start itself
        generator = torch.Generator().manual_seed(settings.seed)
        self._low, self._high, first = self._starts(generator)
        self._parameters = from_fractions(first, settings.map).requires_grad_(True)
        self._optimiser = torch.optim.Adam([self._parameters], lr=settings.learning_rate)
        self._trail: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]] = []

    def _starts(self, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Bounds and first fractions of every start: the first is the paper's, the others hold real constituents."""
        k, n = len(self.feasible.elements), self.settings.starts
        low, first = np.tile(self.feasible.low, (n, 1)), np.full((n, k), 1 / k)
        anchors = self.feasible.anchors()
        order = torch.randperm(len(anchors), generator=generator).tolist()
        for s in range(1, n):
            low[s] = anchors[order[(s - 1) % len(anchors)]]
        # Every other start is uniform on the simplex (Dirichlet with all exponents 1), the rest lean to its corners
        # (exponents 0.3), where compounds with one minor constituent are.
        random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        first[1::2] = random.dirichlet(np.ones(k), size=len(first[1::2]))
        first[2::2] = random.dirichlet(np.full(k, 0.3), size=len(first[2::2]))
        as_tensor = [
            torch.as_tensor(a, dtype=torch.float32) for a in (low, np.tile(self.feasible.high, (n, 1)), first)
        ]
        return as_tensor[0], as_tensor[1], as_tensor[2]

    @property
    def finished(self) -> bool:
        return self.step >= self.settings.steps

    def advance(self) -> dict[str, Any]:
        """One step of all starts; the record describes start 0, with every start's value beside it."""
        if self.step + 1 == self.settings.steps - self.settings.final_steps:
            for group in self._optimiser.param_groups:
                group["lr"] = self.settings.learning_rate / 10
        fractions = to_fractions(self._parameters, self._low, self._high, self.settings.map)
        value, std = self.objective.quantity(fractions)
        if not bool(torch.isfinite(value).all()):
            raise MatwidgetsError(
                f"The network of {self.objective.quantity.name} gave a value that is no number at step {self.step + 1}"
                "; its checkpoint may be damaged: load another"
            )
        self.evaluations += len(value)
        # |target - y| has the slope -sign(target) everywhere; written as -sign * y it keeps single precision exact.
        loss = -(self.objective.sign * self.objective.weight * value / self.objective.quantity.scale).sum()
        (slope,) = torch.autograd.grad(loss, self._parameters)
        self._parameters.grad = slope
        self.step += 1
        self._trail.append(tuple(t.detach().double().numpy() for t in (fractions, value, std)))  # type: ignore[arg-type]
        if self.step < self.settings.steps:
            self._optimiser.step()
        return self._record()

    def _record(self) -> dict[str, Any]:
        fractions, value, std = self._trail[-1]
        name, scale = self.objective.quantity.name, self.objective.quantity.scale
        return {
            "step": self.step,
            "loss": float(self.objective.weight * abs(self.objective.sign * INFINITY - value[0] / scale)),
            "values": {name: float(value[0])},
            "std": {name: float(std[0])},
            "fractions": [float(x) for x in fractions[0]],
            "family": {"values": {name: [float(v) for v in value]}},
        }

    def result(self) -> SearchResult:
        """The best feasible composition seen, polished; works after any number of steps."""
        if not self._trail:
            self.advance()
        path = np.stack([t[0] for t in self._trail])  # (steps, starts, k)
        path = path / path.sum(-1, keepdims=True)  # single precision sums to 1 only nearly
        value, std = (np.stack([t[i] for t in self._trail]) for i in (1, 2))  # (steps, starts)
        allowed = self.feasible.contains(path.reshape(-1, path.shape[-1])).reshape(value.shape)
        utility = np.where(allowed, self.objective.sign * value, -math.inf)

        def story(start: int, until: int) -> list[Point]:
            return [
                Point(path[i, start], float(value[i, start]), float(std[i, start])) for i in range(until + 1)
            ]

        best_step = utility.argmax(0)  # of each start
        ends = {s: story(s, int(best_step[s])) for s in range(value.shape[1]) if allowed[:, s].any()}
        gradient_best = None
        if ends:
            winner = max(ends, key=lambda s: self.objective.sign * ends[s][-1].value)
            gradient_best, trail = ends[winner][-1], ends[winner]
        else:  # a single start that has left the set: go on from the nearest feasible point
            winner = 0
            trail = [*story(0, len(path) - 1), self._nearest(path[-1, 0])]
            ends = {0: trail}
        if self.settings.polish:
            winner, trail = self._polished(ends)
        return SearchResult(
            trail[0],
            trail[-1],
            gradient_best,
            trail,
            winner,
            self.evaluations,
            max(self.step, 0),
            self.objective.sign,
            self.feasible,
        )

    def _polished(self, ends: dict[int, list[Point]]) -> tuple[int, list[Point]]:
        """Polish the best few ends that differ, each also with one element dropped; the winner and its trail.

        The best end need not have the best neighbour: an edge of the simplex may be a ridge that only a drop reaches.
        """
        sign, scale = self.objective.sign, self.objective.quantity.scale
        candidates = list(ends.items())
        dropped = [(s, row) for s, trail in ends.items() for row in drops(trail[-1].fractions)]
        if dropped:
            rows = np.stack([row for _, row in dropped])
            value, std = self.evaluate(rows)
            for i in np.flatnonzero(self.feasible.contains(rows)):
                start = dropped[i][0]
                candidates.append((start, [*ends[start], Point(rows[i], float(value[i]), float(std[i]))]))
        candidates.sort(key=lambda c: -sign * c[1][-1].value)
        chosen: list[tuple[int, list[Point]]] = []
        for start, trail in candidates:
            here = trail[-1].fractions
            if all(np.abs(here - other[-1].fractions).max() > APART for _, other in chosen):
                chosen.append((start, trail))
            if len(chosen) == POLISHED:
                break
        polished = [
            (s, [*t, *polish(t[-1], self.evaluate, self.feasible, sign, scale)[1:]]) for s, t in chosen
        ]
        most = max(sign * trail[-1].value for _, trail in polished)
        # Of equals, the end that was best before: its path is the plainest story.
        return next(c for c in polished if sign * c[1][-1].value >= most - EQUAL * scale)

    def _nearest(self, fractions: NDArray[np.float64]) -> Point:
        """The feasible point that keeps most of a composition."""
        candidates = []
        for base in self.feasible.anchors():
            made = to_fractions(
                from_fractions(torch.as_tensor(fractions)[None], "softmax"), torch.as_tensor(base)[None],
                torch.as_tensor(self.feasible.high)[None], "softmax",
            )  # fmt: skip
            candidates.append(made[0].numpy())
        rows = np.stack(candidates)
        row = rows[np.abs(rows - fractions).sum(1).argmin()]
        value, std = self.evaluate(row[None])
        return Point(row, float(value[0]), float(std[0]))

    def evaluate(self, fractions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Value and standard deviation of (n, k) fractions, without gradients."""
        self.evaluations += len(fractions)
        with torch.no_grad():
            value, std = self.objective.quantity(torch.as_tensor(fractions, dtype=torch.float32))
        return value.double().numpy(), std.double().numpy()

    def save(self, path: Path) -> None:
        """A search takes seconds and its seed makes it again, so there is nothing to keep."""
        raise MatwidgetsError(f"A search is not saved to {path}: run it again with seed {self.settings.seed}")


def present(elements: Sequence[str], fractions: NDArray[np.float64]) -> dict[str, float]:
    """Fractions as a mapping, elements that are absent left out."""
    return {e: float(x) for e, x in zip(elements, fractions, strict=True) if x > 0}
