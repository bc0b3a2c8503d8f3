"""Optimise the fractions of a composition through frozen networks (Falkowski et al. 2021, section 2, Eq. 1 and 2).

The paper's choices are the defaults: f = ones, softmax, Adam with rate 0.05, 100 steps with the rate cut tenfold five
steps before the end, and the loss |target - y| with a target of +-100000 on the standardised scale, for two properties
alpha |target - y| + beta |target - z|. Beyond the paper: many starts in one batch, each with a direction of its own
when there are two objectives, a feasible set, an archive of all that nothing dominates, and a final descent that moves
and drops elements, so that a vanished element cannot stay behind as a dopant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.inverse.feasible import MAPS, Feasible, SimplexMap, from_fractions, to_fractions
from matwidgets.inverse.objectives import Batch, Criteria, Floats, Point
from matwidgets.inverse.pareto import Front, non_dominated, spread
from matwidgets.inverse.polish import drops, polish, polish_front, simplify
from matwidgets.inverse.steering import METHODS, FrontMethod, steering
from matwidgets.inverse.stoichiometry import plain_formulas

INFINITY = 100_000.0  # "a value of 100,000 is used as an analogue for infinity" (section 2)
POLISHED = 6  # ends that are polished
EQUAL = 1e-3  # ends that differ by less, in standard deviations of the targets, are equals
APART = 0.05  # largest difference of a fraction from which two ends are two
SHOWN = 64  # points of the front in a record
NO_PATH = (-1, -1)  # start and step of a plain formula, to which no path led
KEPT = 200  # points of the front in a result


@dataclass(frozen=True)
class SearchSettings:
    """Settings of the search; the defaults are the paper's, but for ``starts``, ``polish`` and ``front``."""

    steps: int = 100  # section 3, figures 3 to 5
    learning_rate: float = 0.05  # as in the authors' code
    final_steps: int = 5  # steps at the end with a tenth of the rate, as in the authors' code
    map: SimplexMap = "softmax"  # Eq. 1
    starts: int = 32  # the paper has one, from equal parts; so has our start 0
    polish: bool = True
    front: FrontMethod = (
        "chebyshev"  # how the other starts spread over two objectives; the paper has Eq. 2 alone
    )
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "starts"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        if self.map not in MAPS:
            raise InputError(f"Unknown map {self.map!r}; allowed are {', '.join(MAPS)}: choose one of them")
        if self.front not in METHODS:
            raise InputError(
                f"Unknown front {self.front!r}; allowed are {', '.join(METHODS)}: choose one of them"
            )


@dataclass
class SearchResult:
    """What a search found.

    Attributes
    ----------
    start, final : Point
        First and last composition of the winning start's path; ``final`` includes the polish and is feasible. With two
        objectives it is the point of the front with the best weighted sum of utilities.
    gradient_best : Point or None
        Best feasible composition that the gradient steps alone visited.
    path : list of Point
        The winning start's path, then each accepted move of the polish (with two objectives only where they led).
    winner : int
        Which start won; -1 if a plain formula was better than where all starts ended (its path begins there).
    evaluations : int
        Compositions that the networks evaluated.
    steps : int
    front : Batch or None
        With two objectives: feasible compositions that nothing seen dominates, by rising first utility; at most 201,
        which cover the front evenly.
    reference : ndarray, shape (2,), or None
        Utilities from which the hypervolume is counted: the worst feasible ones of the first step that had any.
    hypervolume : float or None
        Area that the front dominates, in standard deviations of the one times those of the other property.
    """

    start: Point
    final: Point
    gradient_best: Point | None
    path: list[Point]
    winner: int
    evaluations: int
    steps: int
    feasible: Feasible = field(repr=False)
    front: Batch | None = field(default=None, repr=False)
    reference: Floats | None = None
    hypervolume: float | None = None


class FractionSearch:
    """The job of a design run: one gradient step of all starts at once per ``advance``."""

    def __init__(self, criteria: Criteria, feasible: Feasible, settings: SearchSettings) -> None:
        self.criteria, self.feasible, self.settings = criteria, feasible, settings
        self.past: list[dict[str, Any]] = []
        self.evaluations = 0
        self.step = -1  # step 0 is the start itself
        self.front = Front() if len(criteria.objectives) == 2 else None
        generator = torch.Generator().manual_seed(settings.seed)
        self._low, self._high, first = self._starts(generator)
        self._parameters = from_fractions(first, settings.map).requires_grad_(True)
        self._optimiser = torch.optim.Adam([self._parameters], lr=settings.learning_rate)
        self._steering = steering(settings.front, criteria.shares, settings.starts)
        self._trail: list[Batch] = []  # a step each, a row a start

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
        out = self.criteria(fractions)
        for name, column in zip(self.criteria.names, out.value.unbind(-1), strict=True):
            if not bool(torch.isfinite(column).all()):
                raise MatwidgetsError(
                    f"The network of {name} gave a value that is no number at step {self.step + 1}"
                    "; its checkpoint may be damaged: load another"
                )
        self.evaluations += len(fractions)
        rows = fractions.detach().double()
        here = Batch(
            (rows / rows.sum(-1, keepdim=True)).numpy(),  # single precision sums to 1 only nearly
            *(t.detach().double().numpy() for t in out),
        )
        self.step += 1
        self._trail.append(here)
        if self.front is not None:
            allowed = np.flatnonzero(self.feasible.contains(here.fractions))
            self.front.add(here.take(allowed), np.column_stack([allowed, np.full(len(allowed), self.step)]))
        if self.step < self.settings.steps:
            # |target - y| has the slope -sign(target) everywhere; written as -utility it keeps single precision exact.
            weights = self._steering(here.utility, self.front or Front())
            loss = -(torch.as_tensor(weights, dtype=out.utility.dtype) * out.utility).sum()
            (slope,) = torch.autograd.grad(loss, self._parameters)
            self._parameters.grad = slope
            self._optimiser.step()
        return self._record(here)

    def _record(self, here: Batch) -> dict[str, Any]:
        names, first = self.criteria.names, here.point(0)
        record: dict[str, Any] = {
            "step": self.step,
            "loss": self._loss(first),
            "values": dict(zip(names, first.values.tolist(), strict=True)),
            "std": dict(zip(names, first.stds.tolist(), strict=True)),
            "std_aleatoric": dict(zip(names, first.aleatoric.tolist(), strict=True)),
            "std_epistemic": dict(zip(names, first.epistemic.tolist(), strict=True)),
            "fractions": first.fractions.tolist(),
            "family": {"values": dict(zip(names, here.values.T.tolist(), strict=True))},
        }
        if self.front is not None:
            values: Floats = np.empty((0, len(names)))
            fractions: Floats = np.empty((0, here.fractions.shape[1]))
            if self.front.points is not None:
                some = self.front.points.take(spread(self.front.points.utility, SHOWN))
                order = np.lexsort(some.values.T[::-1])
                values, fractions = some.values[order], some.fractions[order]
            record["front"] = {
                "values": dict(zip(names, values.T.tolist(), strict=True)),
                "fractions": fractions.tolist(),
                "hypervolume": self.front.hypervolume,
            }
        return record

    def _loss(self, point: Point) -> float:
        """Eq. 1 and 2 of the paper; what comes near a target has no infinity to reach."""
        return float(
            sum(
                share * abs((0 if objective.direction == "target" else INFINITY) - utility)
                for objective, share, utility in zip(
                    self.criteria.objectives, self.criteria.shares, point.utility, strict=True
                )
            )
        )

    def result(self) -> SearchResult:
        """The best feasible composition seen, polished; works after any number of steps."""
        if not self._trail:
            self.advance()
        score = np.stack([self.criteria.score(batch.utility) for batch in self._trail])  # (steps, starts)
        allowed = np.stack([self.feasible.contains(batch.fractions) for batch in self._trail])
        best_step = np.where(allowed, score, -math.inf).argmax(0)  # of each start
        ends = {s: self._story(s, int(best_step[s])) for s in np.flatnonzero(allowed.any(0)).tolist()}
        gradient_best = None
        if ends:
            winner = max(ends, key=lambda s: self._score(ends[s][-1]))
            gradient_best, trail = ends[winner][-1], ends[winner]
        else:  # a single start that has left the set: go on from the nearest feasible point
            winner = 0
            trail = [*self._story(0, self.step), self._nearest(self._trail[-1].fractions[0])]
            ends = {0: trail}
        if self.front is not None:
            return self._two(self.front, trail, gradient_best)
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
            self.feasible,
        )

    def _story(self, start: int, until: int) -> list[Point]:
        return [batch.point(start) for batch in self._trail[: until + 1]]

    def _score(self, point: Point) -> float:
        return float(self.criteria.score(point.utility[None])[0])

    def _two(self, front: Front, trail: list[Point], gradient_best: Point | None) -> SearchResult:
        """The front, polished, and its best point with the path of the start that it came from."""
        if front.points is None:  # nothing feasible was visited; the trail ends at the nearest such point
            front.add(Batch.of(trail[-1:]), np.array([[0, self.step]]))
        if self.settings.polish:
            plain = plain_formulas(self.feasible, self.settings.seed)
            if len(plain):
                front.add(self.evaluate(plain), np.tile(NO_PATH, (len(plain), 1)))
            polish_front(front, self.evaluate, self.feasible, self.criteria.score)
        assert front.points is not None
        kept = spread(front.points.utility, KEPT)
        kept = np.union1d(kept, self.criteria.score(front.points.utility).argmax())
        points, origin = front.points.take(kept), front.origin[kept]
        if self.settings.polish:
            points = simplify(points, self.evaluate, self.feasible)
            kept = np.flatnonzero(non_dominated(points.utility))
            kept = kept[np.argsort(points.utility[kept, 0])]
            points, origin = points.take(kept), origin[kept]
        best = int(self.criteria.score(points.utility).argmax())
        final, (winner, step) = points.point(best), origin[best].tolist()
        path = self._story(winner, step) if winner >= 0 else [final]
        if not np.array_equal(path[-1].fractions, final.fractions):
            path.append(final)
        return SearchResult(
            path[0],
            final,
            gradient_best,
            path,
            winner,
            self.evaluations,
            max(self.step, 0),
            self.feasible,
            points,
            front.reference,
            front.hypervolume,
        )

    def _polished(self, ends: dict[int, list[Point]]) -> tuple[int, list[Point]]:
        """Polish the best few ends that differ, each also with one element dropped; the winner and its trail.

        The best end need not have the best neighbour: an edge of the simplex may be a ridge that only a drop reaches,
        and a compound a well that no slope leads to, so that the system's plain formulas are candidates as well.
        """
        candidates = list(ends.items())
        plain = plain_formulas(self.feasible, self.settings.seed)
        if len(plain):
            tried = self.evaluate(plain)
            candidates += [(NO_PATH[0], [tried.point(i)]) for i in range(len(tried))]
        dropped = [(s, row) for s, trail in ends.items() for row in drops(trail[-1].fractions, self.feasible)]
        if dropped:
            rows = np.stack([row for _, row in dropped])
            tried = self.evaluate(rows)
            for i in np.flatnonzero(self.feasible.contains(rows)):
                start = dropped[i][0]
                candidates.append((start, [*ends[start], tried.point(int(i))]))
        candidates.sort(key=lambda c: -self._score(c[1][-1]))
        chosen: list[tuple[int, list[Point]]] = []
        for start, trail in candidates:
            here = trail[-1].fractions
            if all(np.abs(here - other[-1].fractions).max() > APART for _, other in chosen):
                chosen.append((start, trail))
            if len(chosen) == POLISHED:
                break
        polished = [
            (s, [*t, *polish(t[-1], self.evaluate, self.feasible, self.criteria.score)[1:]])
            for s, t in chosen
        ]
        most = max(self._score(trail[-1]) for _, trail in polished)
        # Of equals, the end that was best before: its path is the plainest story.
        return next(c for c in polished if self._score(c[1][-1]) >= most - EQUAL)

    def _nearest(self, fractions: Floats) -> Point:
        """The feasible point that keeps most of a composition."""
        candidates = []
        for base in self.feasible.anchors():
            made = to_fractions(
                from_fractions(torch.as_tensor(fractions)[None], "softmax"), torch.as_tensor(base)[None],
                torch.as_tensor(self.feasible.high)[None], "softmax",
            )  # fmt: skip
            candidates.append(made[0].numpy())
        rows = np.stack(candidates)
        return self.evaluate(rows[[np.abs(rows - fractions).sum(1).argmin()]]).point(0)

    def evaluate(self, fractions: Floats) -> Batch:
        """Evaluate (n, k) fractions without gradients, and count them."""
        self.evaluations += len(fractions)
        return self.criteria.evaluate(fractions)

    def save(self, path: Path) -> None:
        """A search takes seconds and its seed makes it again, so there is nothing to keep."""
        raise MatwidgetsError(f"A search is not saved to {path}: run it again with seed {self.settings.seed}")


def present(elements: Sequence[str], fractions: Floats) -> dict[str, float]:
    """Fractions as a mapping, elements that are absent left out."""
    return {e: float(x) for e, x in zip(elements, fractions, strict=True) if x > 0}
