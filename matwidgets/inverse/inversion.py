"""Iterative inversion: an alloy is changed step by step until a classifier says of it what is wanted.

C. Zeng, Z. Khan, N. L. Post, arXiv:2409.06740, section 3.3 and Figure 6: descriptors -> y; (x, y) -> z; y is inverted;
(y inverted, z) -> the next alloy; until the classifier's y passes a cutoff, "e.g. 0.6".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.features.alloy_writing import percentages, written
from matwidgets.inverse.alloy_constraints import Constraints

Floats = NDArray[np.float64]
Target = Literal["single", "multi"]
Reason = Literal["converged", "cycle", "limit", "infeasible", "stopped"]
TARGETS: tuple[Target, ...] = ("single", "multi")
CUTOFF = 0.6  # section 3.3
# Elements below this are left out on the way: two latent dimensions leave traces of many elements in what is decoded,
# whose entropy alone makes an alloy multi-phase. The paper's alloys on the way have nothing below 8 %.
TRACE = 0.02


class Invertible(Protocol):
    """What an inversion needs of a model; x are fractions (n, k), y probabilities (n,)."""

    elements: tuple[str, ...]

    def judge(self, x: Floats) -> Mapping[str, NDArray[Any]]:
        """``probability``, ``std``, ``distance`` and ``in_domain`` of alloys, each (n,)."""

    def encode_fractions(self, x: Floats, y: Floats) -> Floats:
        """Latent points, (n, latent)."""

    def decode(self, z: Floats, y: Floats) -> Floats:
        """Fractions, (n, k)."""


@dataclass(frozen=True)
class Options:
    """How to invert.

    Attributes
    ----------
    target : {"single", "multi"}
    max_steps : int
    step : float
        The farthest that y goes at once, from the alloy's own probability towards the inverted one; 1, the paper's, is
        all the way.
    threshold : float
        The inversion ends where the probability of the target is at least this.
    smallest : float
        Fraction below which a decoded element is left out.
    constraints : Constraints
    """

    target: Target = "single"
    max_steps: int = 10
    step: float = 1.0
    threshold: float = CUTOFF
    smallest: float = TRACE
    constraints: Constraints = Constraints()  # noqa: RUF009 - it is frozen

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise InputError(
                f"Unknown target {self.target!r}; allowed are {', '.join(TARGETS)}: choose one of these"
            )
        if self.max_steps < 1:
            raise InputError(
                f"max_steps is {self.max_steps}; allowed is a whole number from 1: give a larger one"
            )
        if not 0 < self.step <= 1:
            raise InputError(f"step is {self.step:g}; y goes from 0 to 1: give a step above 0 and at most 1")
        if not 0.5 <= self.threshold < 1:
            raise InputError(f"threshold is {self.threshold:g}; allowed is 0.5 to below 1: give 0.6, say")


@dataclass(frozen=True)
class Step:
    """An alloy on the way.

    Attributes
    ----------
    alloy : str
        In whole percentages; the first one as it was given.
    fractions : dict of str to float
    probability, std : float
        Of a single phase, and its standard deviation over the members.
    z : list of float
        Latent point of the alloy at its own probability.
    wanted : float or None
        The y that it was decoded with; None for the first.
    distance : float
        Share of atoms to exchange to reach the nearest training alloy.
    in_domain : bool
    """

    alloy: str
    fractions: dict[str, float]
    probability: float
    std: float
    z: list[float]
    wanted: float | None
    distance: float
    in_domain: bool


@dataclass(frozen=True)
class Inversion:
    """An inversion that has ended.

    Attributes
    ----------
    steps : list of Step
        The first is the alloy that was given.
    converged : bool
    reason : {"converged", "cycle", "limit", "infeasible", "stopped"}
        "cycle": an alloy came back; "limit": max_steps were not enough; "infeasible": no alloy is within the limits, or
        without them the same inversion converges.
    note : str
        The same in a sentence.
    """

    steps: list[Step]
    converged: bool
    reason: Reason
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        path = " -> ".join(f"{s.alloy} ({s.probability:.2f})" for s in self.steps)
        return f"<Inversion {path}: {self.reason}>"


class Inverting:
    """The job of a ``Run``: one new alloy per ``advance``.

    Parameters
    ----------
    model : Invertible
    x : ndarray, shape (k,)
        Fractions of the alloy to change.
    name : str
        How it is written.
    options : Options
    """

    def __init__(self, model: Invertible, x: Floats, name: str, options: Options) -> None:
        self.model, self.options = model, options
        self.steps: list[Step] = []
        self.reason: Reason | None = None
        self.note = ""
        self.seen: dict[str, int] = {}
        self.x = np.asarray(x, dtype=np.float64)
        self.start = self.x, name
        self._arrive(self.x, name, None)
        impossible = options.constraints.contradiction(model.elements)
        if impossible is not None:
            self._end("infeasible", f"No alloy is within the limits: {impossible}.")
        elif self._reached(self.steps[0]):
            self._end("converged", "The alloy is what is wanted already.")
        self.past: list[dict[str, Any]] = [self._record()]

    @property
    def finished(self) -> bool:
        return self.reason is not None

    def advance(self) -> dict[str, Any]:
        """Invert once."""
        now = self.steps[-1]
        wanted = self._wanted(now.probability)
        decoded = self.model.decode(np.array([now.z]), np.array([wanted]))[0]
        decoded[(decoded < self.options.smallest) & (decoded < decoded.max())] = 0
        allowed = self.options.constraints.nearest(decoded / decoded.sum(), self.model.elements)
        percent = percentages(allowed[None], 0)[0]  # so that a locked amount of whole per cent stays
        name = written(percent, self.model.elements)
        self._arrive(percent / 100, name, wanted)
        number = len(self.steps) - 1
        if self._reached(self.steps[-1]):
            self._end("converged", f"Reached after {number} step{'s' * (number > 1)}.")
        elif (before := self.seen[name]) != number:
            what = "the same alloy" if number - before == 1 else f"the alloy of step {before}"
            self._fail("cycle", f"Step {number} gave {what} again; another step size in y may lead on.")
        elif number >= self.options.max_steps:
            self._fail("limit", f"Not reached within {number} step{'s' * (number > 1)}.")
        return self._record()

    def result(self) -> Inversion:
        """The path so far."""
        reason: Reason = self.reason or "stopped"
        return Inversion(list(self.steps), reason == "converged", reason, self.note or "Stopped by the user.")

    def save(self, path: Path) -> None:
        """Refused: an inversion is done in a moment, there is nothing to go on from."""
        raise MatwidgetsError(f"An inversion keeps no state, {path} was not written: run it again")

    def _wanted(self, probability: float) -> float:
        """The y to decode with: inverted, as the paper does; where that would lead away, at least the cutoff."""
        cutoff, goal = self.options.threshold, 1 - probability
        if self.options.target == "single" and goal <= 0.5:
            goal = max(probability, cutoff)
        elif self.options.target == "multi" and goal > 0.5:
            goal = min(probability, 1 - cutoff)
        return probability + float(np.clip(goal - probability, -self.options.step, self.options.step))

    def _reached(self, step: Step) -> bool:
        sure = step.probability if self.options.target == "single" else 1 - step.probability
        return sure >= self.options.threshold and self.options.constraints.met(step.fractions)

    def _arrive(self, x: Floats, name: str, wanted: float | None) -> None:
        judged = {key: value[0] for key, value in self.model.judge(x[None]).items()}
        probability = float(judged["probability"])
        z = self.model.encode_fractions(x[None], np.array([probability]))[0]
        fractions = {s: float(v) for s, v in zip(self.model.elements, x, strict=True) if v > 0}
        self.steps.append(
            Step(
                name, fractions, probability, float(judged["std"]), z.tolist(), wanted, float(judged["distance"]),
                bool(judged["in_domain"]),
            )
        )  # fmt: skip
        self.seen.setdefault(self._key(x), len(self.steps) - 1)

    def _key(self, x: Floats) -> str:
        return written(percentages(x[None], 0)[0], self.model.elements)

    def _fail(self, reason: Reason, note: str) -> None:
        """End without success; if the limits are what was in the way, say that."""
        if self.options.constraints:
            free = Options(**{**vars(self.options), "constraints": Constraints()})
            other = Inverting(self.model, *self.start, free)
            while not other.finished:
                other.advance()
            if other.reason == "converged":
                reason, found = "infeasible", other.steps[-1]
                note = (
                    f"{note} The limits are in the way: without them it ends at {found.alloy}, "
                    f"probability {found.probability:.2f}."
                )
        self._end(reason, note)

    def _end(self, reason: Reason, note: str) -> None:
        self.reason, self.note = reason, note

    def _record(self) -> dict[str, Any]:
        step = self.steps[-1]
        return {"step": len(self.steps) - 1, **asdict(step), "values": {"probability": step.probability}} | (
            {} if self.reason is None else {"reason": self.reason, "note": self.note}
        )
