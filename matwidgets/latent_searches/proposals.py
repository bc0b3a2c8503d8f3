"""What a search proposes: materials with their predictions, and the known ones that are nearest to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.inverse.study import Told
from matwidgets.latent_searches.objective import Floats, LatentAim, LatentObjective

if TYPE_CHECKING:
    from pandas import DataFrame

AT_ONCE = 2000  # patterns that are compared at once


@dataclass(frozen=True)
class Known:
    """Materials that proposals are compared with.

    Attributes
    ----------
    formulas : list of str
    vectors : ndarray, shape (n, 100)
        Their fractions.
    profiles : ndarray, shape (n, points), or None
        Their powder patterns.
    """

    formulas: list[str]
    vectors: NDArray[np.float32]
    profiles: NDArray[np.floating] | None = None

    @classmethod
    def build(cls, formulas: Sequence[str], profiles: NDArray[np.floating] | None = None) -> Known:
        """Check a table of known materials.

        Raises
        ------
        InputError
            No material, a formula that cannot be read, or another number of patterns.
        """
        if not len(formulas):
            raise InputError("No known material given; give at least one formula, or known=None")
        if profiles is not None and len(profiles) != len(formulas):
            raise InputError(
                f"{len(formulas)} known formulas and {len(profiles)} patterns: give one pattern for each formula"
            )
        return cls(list(formulas), fraction_vectors(formulas), profiles)

    def nearest_compound(self, formula: str) -> tuple[str, float]:
        """Formula of the nearest composition, and the share of atoms that must change to reach it (0 to 1)."""
        apart = np.abs(self.vectors - fraction_vectors([formula])).sum(1) / 2
        row = int(apart.argmin())
        return self.formulas[row], round(float(apart[row]), 6)

    def nearest_pattern(self, profile: NDArray[np.floating]) -> tuple[str, float] | None:
        """Formula of the nearest pattern, and its cosine similarity (1: the same)."""
        if self.profiles is None:
            return None
        best, row = -1.0, 0
        wanted = np.asarray(profile, dtype=np.float32)
        for first in range(0, len(self.profiles), AT_ONCE):
            part = np.asarray(self.profiles[first : first + AT_ONCE], dtype=np.float32)
            norms = np.maximum(np.linalg.norm(part, axis=1) * np.linalg.norm(wanted), 1e-12)
            cosines = part @ wanted / norms
            if cosines.max() > best:
                best, row = float(cosines.max()), first + int(cosines.argmax())
        return self.formulas[row], round(min(best, 1.0), 6)


@dataclass(frozen=True)
class Proposal:
    """A material that a search proposes.

    Attributes
    ----------
    number : int
        Of the point in its study.
    formula : str
    fractions : dict of element to atomic fraction
        As decoded; the formula is the small whole numbers near them.
    profile : ndarray, shape (points,)
        Decoded powder pattern, largest value 1.
    z : ndarray, shape (88,)
    values, std : dict of property to number
        Predicted for the material, encoded again, in the properties' units.
    values_at_point : dict of property to number
        Predicted at ``z`` itself.
    stable : float or None
        Predicted probability.
    density : float
        Log density of the training materials at ``z``.
    round_trip : float
        Distance between ``z`` and where the material is encoded.
    conditions : dict of name to float
        At most 0 where a condition is met.
    neutral, balanced : bool
        Charge neutrality and electronegativity balance of the formula.
    known : bool or None
        Whether a property table on this machine has the composition; None without tables.
    nearest_compound : (formula, share of atoms to change), or None
    nearest_pattern : (formula, cosine similarity), or None
    """

    number: int
    formula: str
    fractions: dict[str, float]
    profile: NDArray[np.float32]
    z: Floats
    values: dict[str, float]
    std: dict[str, float]
    values_at_point: dict[str, float]
    stable: float | None
    density: float
    round_trip: float
    conditions: Mapping[str, float]
    neutral: bool
    balanced: bool
    known: bool | None
    nearest_compound: tuple[str, float] | None
    nearest_pattern: tuple[str, float] | None

    @property
    def feasible(self) -> bool:
        """Whether every condition is met."""
        return all(value <= 0 for value in self.conditions.values())


def proposals(objective: LatentObjective, told: Sequence[Told], known: Known | None = None) -> list[Proposal]:
    """Decode answered points that have a formula, and compare them with known materials."""
    from matwidgets.data.known import is_known
    from matwidgets.features.validity import balanced, neutral

    if not told:
        return []
    profiles = objective.dual.decode(np.stack([t.point for t in told])).profiles
    formulas = [str(t.notes["formula"]) for t in told]
    seen: Sequence[bool | None] = is_known(formulas) or [None] * len(formulas)
    return [
        Proposal(
            t.number, formula, dict(t.notes["fractions"]), profile, t.point, dict(t.notes["values"]),
            dict(t.notes["std"]), dict(t.notes["values_at_point"]), t.notes["stable"], t.notes["density"],
            t.notes["round_trip"], t.constraints, neutral(formula), balanced(formula), here,
            None if known is None else known.nearest_compound(formula),
            None if known is None else known.nearest_pattern(profile),
        )
        for t, formula, profile, here in zip(told, formulas, profiles, seen, strict=True)
    ]  # fmt: skip


@dataclass(frozen=True)
class LatentResult:
    """What a search has found.

    Attributes
    ----------
    aims : tuple of LatentAim
    proposals : list of Proposal
        Feasible ones, each formula once, best first: by the objective; of two objectives by the sum of both in
        standard deviations.
    front : list of Proposal
        With two objectives: of the feasible ones those that no other beats in both, by the first.
    trials : int
        Points that were answered.
    feasible : int
        Of these, those that met every condition.
    broken : dict of condition to int
        How many points broke it.
    hypervolume : float or None
        Of the front, in standard deviations of both properties over the training materials.
    seed : int
    """

    aims: tuple[LatentAim, ...]
    proposals: list[Proposal]
    front: list[Proposal]
    trials: int
    feasible: int
    broken: dict[str, int]
    hypervolume: float | None
    seed: int

    @property
    def best(self) -> Proposal:
        """The first proposal."""
        return self.proposals[0]

    @property
    def table(self) -> DataFrame:
        """The proposals as a table: a row a proposal, a value and a standard deviation a property."""
        import pandas as pd

        def row(p: Proposal) -> dict[str, Any]:
            predicted = {
                key: number
                for name in p.values
                for key, number in ((name, p.values[name]), (f"{name}_std", p.std[name]))
            }
            near, like = p.nearest_compound or (None, None), p.nearest_pattern or (None, None)
            return {
                "formula": p.formula, **predicted, "stable": p.stable, "density": p.density,
                "round_trip": p.round_trip, "neutral": p.neutral, "balanced": p.balanced, "known": p.known,
                "nearest_compound": near[0], "atoms_to_change": near[1], "nearest_pattern": like[0],
                "cosine": like[1],
            }  # fmt: skip

        return pd.DataFrame([row(p) for p in self.proposals])

    def to_dict(self) -> dict[str, Any]:
        """The result as one JSON document; numbers that do not exist are None."""

        def point(p: Proposal) -> dict[str, Any]:
            # What is predicted is predicted for the formula, so there is no second value at it.
            return {
                "formula": p.formula, "fractions": p.fractions, "values": p.values, "std": p.std,
                "values_at_formula": {}, "known": p.known, "stable": p.stable, "density": p.density,
                "nearest_compound": p.nearest_compound, "nearest_pattern": p.nearest_pattern,
            }  # fmt: skip

        return {
            "objectives": [aim.to_dict() for aim in self.aims],
            "final": point(self.best),
            "proposals": [point(p) for p in self.proposals],
            "pareto": [point(p) for p in self.front],
            "hypervolume": self.hypervolume,
            "grid_best": None,
            "trials": self.trials,
            "feasible": self.feasible,
            "broken": self.broken,
            "seed": self.seed,
        }

    def __repr__(self) -> str:
        said = ", ".join(
            f"{aim.name} {self.best.values[aim.name]:.4g} +- {self.best.std[aim.name]:.2g} {aim.unit}".rstrip()
            for aim in self.aims
        )
        front = f", front of {len(self.front)}" if self.front else ""
        return f"<LatentResult {self.best.formula}: {said}{front}, {self.feasible} of {self.trials} points feasible>"
