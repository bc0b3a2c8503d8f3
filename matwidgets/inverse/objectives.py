"""What a search wants: properties with a direction, weights, caution and penalties, in standard deviations.

A utility is what is to become large. With v a property's value, s its standard deviation, t a target and d one standard
deviation of the property's training targets: (v - kappa s) / d to maximise, (-v - kappa s) / d to minimise and
-(|v - t| + kappa s) / d to come near a target, each less the weighted penalties. With kappa > 0 it is a lower
confidence bound: the search stays away from where the networks disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import InputError

if TYPE_CHECKING:
    from matwidgets.inverse.penalties import Penalty

Direction = Literal["maximize", "minimize", "target"]
Floats = NDArray[np.float64]
AT_ONCE = 1024  # compositions evaluated in one go: what fits a processor's cache is fastest
MOST = 2  # objectives


class Property(Protocol):
    """What the search needs to know of a property; a predictor offers it."""

    name: str
    unit: str
    scale: float  # one standard deviation of the training targets, in ``unit``

    def __call__(self, fractions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Value, aleatoric and epistemic standard deviation, each (B,) and in ``unit``, of (B, k) fractions."""


@dataclass(frozen=True)
class Objective:
    """One property and where it should go; ``weight`` counts among several, ``target`` is in the property's unit."""

    quantity: Property
    direction: Direction
    weight: float = 1.0
    target: float | None = None

    def __post_init__(self) -> None:
        if (self.direction == "target") != (self.target is not None):
            raise InputError(
                f"{self.direction} {self.name} with target {self.target}; give a target value if, and only if, the "
                "direction is 'target'"
            )
        if self.target is not None and not math.isfinite(self.target):
            raise InputError(f"The target of {self.name} is {self.target}; give a finite number")
        if not 0 < self.weight < math.inf:
            raise InputError(f"The weight of {self.name} is {self.weight:g}; give a number > 0")

    @property
    def name(self) -> str:
        return self.quantity.name

    def utility(self, value: Tensor, std: Tensor, kappa: float = 0.0) -> Tensor:
        """How good values are, in standard deviations of the training targets; larger is better."""
        if self.target is not None:
            wanted = -(value - self.target).abs()
        else:
            wanted = value if self.direction == "maximize" else -value
        return (wanted - kappa * std if kappa else wanted) / self.quantity.scale


class Outcome(NamedTuple):
    """What the networks say of B compositions under m objectives; each (B, m)."""

    value: Tensor
    aleatoric: Tensor
    epistemic: Tensor
    utility: Tensor


@dataclass
class Point:
    """One composition with what is predicted of it.

    Attributes
    ----------
    fractions : ndarray, shape (k,)
    values, aleatoric, epistemic : ndarray, shape (m,)
        Predictions and standard deviations of the objectives' properties, in their units.
    utility : ndarray, shape (m,)
    """

    fractions: Floats
    values: Floats
    aleatoric: Floats
    epistemic: Floats
    utility: Floats

    @property
    def stds(self) -> Floats:
        """Aleatoric and epistemic deviation together, (m,)."""
        return np.hypot(self.aleatoric, self.epistemic)

    @property
    def value(self) -> float:
        """The first objective's value."""
        return float(self.values[0])

    @property
    def std(self) -> float:
        """The first objective's standard deviation."""
        return float(self.stds[0])


@dataclass
class Batch:
    """Compositions with what is predicted of them; the arrays of ``Point``, one row a composition."""

    fractions: Floats
    values: Floats
    aleatoric: Floats
    epistemic: Floats
    utility: Floats

    def __len__(self) -> int:
        return len(self.fractions)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Batch:
        """Some of the rows, by index or mask."""
        return Batch(*(getattr(self, f.name)[rows] for f in fields(self)))

    def point(self, row: int) -> Point:
        """One row."""
        return Point(*(getattr(self, f.name)[row] for f in fields(self)))

    @classmethod
    def join(cls, parts: Sequence[Batch]) -> Batch:
        """Batches one below the other."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))

    @classmethod
    def of(cls, points: Sequence[Point]) -> Batch:
        """Points as rows."""
        return cls(*(np.stack([getattr(point, f.name) for point in points]) for f in fields(cls)))


@dataclass(frozen=True)
class Criteria:
    """All that a search wants at once.

    Parameters
    ----------
    objectives : sequence of Objective
        One or two, of different properties.
    kappa : float
        Standard deviations that are taken off a value; 0 or more.
    penalties : sequence of (weight, Penalty)
        Taken off every utility.

    Raises
    ------
    InputError
        For no or more than two objectives, a property given twice, or a kappa or weight below 0.
    """

    objectives: tuple[Objective, ...]
    kappa: float = 0.0
    penalties: tuple[tuple[float, Penalty], ...] = ()

    def __post_init__(self) -> None:
        require_objectives(self.names)
        if not 0 <= self.kappa < math.inf:
            raise InputError(f"kappa is {self.kappa:g}; give a number of standard deviations from 0")
        for weight, penalty in self.penalties:
            if not 0 <= weight < math.inf:
                raise InputError(f"The weight of {penalty.name} is {weight:g}; give a number from 0")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(objective.name for objective in self.objectives)

    @property
    def shares(self) -> Floats:
        """The objectives' weights as shares of 1, (m,): alpha and beta of the paper's Eq. 2."""
        weights = np.array([objective.weight for objective in self.objectives])
        return weights / weights.sum()

    def score(self, utility: Floats) -> Floats:
        """The weighted sum of the utilities, (n, m) -> (n,): the order among all that is not on the front."""
        return utility @ self.shares

    def __call__(self, fractions: Tensor) -> Outcome:
        """Evaluate (B, k) fractions; differentiable."""
        columns = []
        for objective in self.objectives:
            value, aleatoric, epistemic = objective.quantity(fractions)
            utility = objective.utility(value, torch.hypot(aleatoric, epistemic), self.kappa)
            columns.append((value, aleatoric, epistemic, utility))
        out = Outcome(*(torch.stack(column, dim=-1) for column in zip(*columns, strict=True)))
        for weight, penalty in self.penalties:
            if weight:
                out = out._replace(utility=out.utility - weight * penalty(fractions).unsqueeze(-1))
        return out

    def evaluate(self, fractions: Floats) -> Batch:
        """Evaluate (n, k) fractions without gradients."""
        with torch.no_grad():
            parts = [self(part) for part in torch.as_tensor(fractions, dtype=torch.float32).split(AT_ONCE)]
        columns = [torch.cat(column).double().numpy() for column in zip(*parts, strict=True)]
        return Batch(np.asarray(fractions, dtype=np.float64), *columns)


Evaluate = Callable[[Floats], Batch]


def require_objectives(names: Sequence[str]) -> None:
    """InputError unless there are one or two properties, each once."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{twice[0]} was given twice; give each property one direction or one target")
    if not 1 <= len(names) <= MOST:
        raise InputError(
            f"{len(names)} objectives given{': ' if names else ''}{', '.join(names)}; a search follows one or two: "
            "give maximize=..., minimize=... or target=..."
        )
