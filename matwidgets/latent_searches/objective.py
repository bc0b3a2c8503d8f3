"""What a point of a joint latent space is worth: what it decodes to, what is predicted, and which conditions it breaks.

What is predicted is predicted for the material that a point decodes to: its formula and pattern go through the encoders
again. At the point itself a head may see a place that no material has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import to_fractions
from matwidgets.features.composition_vectors import ELEMENTS
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.features.properties import PROPERTIES
from matwidgets.inverse.study import Answer, Direction

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
STABLE = "stable"
CHANCES = {"insulator": "Probability of a band gap", STABLE: "Probability of stability"}
KEPT = 1e-3  # fractions below are not written down with a point


class Decoded(Protocol):
    """What latent points stand for; see `matwidgets.dual_models.Decoded`."""

    @property
    def z(self) -> Floats: ...
    @property
    def fractions(self) -> Floats: ...
    @property
    def formulas(self) -> list[str | None]: ...
    @property
    def profiles(self) -> NDArray[np.float32]: ...


class Dual(Protocol):
    """What a search needs of a model of compositions and patterns; see `matwidgets.dual_models.DualVAE`."""

    @property
    def properties(self) -> tuple[str, ...]: ...
    @property
    def box(self) -> tuple[Floats, Floats]: ...
    @property
    def density_floor(self) -> float: ...
    def decode(self, z: ArrayLike) -> Decoded: ...
    def encode(self, compositions: Any, profiles: NDArray[np.floating]) -> Floats: ...
    def density(self, z: ArrayLike) -> Floats: ...
    def predict(self, z: ArrayLike) -> DataFrame: ...
    def sample(self, n: int, *, seed: int = 0) -> Decoded: ...


@dataclass(frozen=True)
class LatentAim:
    """One objective.

    Attributes
    ----------
    name : str
        Of `Dual.properties`.
    direction : {"maximize", "minimize"}
    """

    name: str
    direction: Direction

    @property
    def log(self) -> bool:
        """Whether its logarithm is searched: its values span decades."""
        return self.name in PROPERTIES and PROPERTIES[self.name].log

    @property
    def label(self) -> str:
        """What a person reads on an axis."""
        return PROPERTIES[self.name].label if self.name in PROPERTIES else CHANCES.get(self.name, self.name)

    @property
    def unit(self) -> str:
        """Unit of its values."""
        return PROPERTIES[self.name].unit if self.name in PROPERTIES else ""

    def searched(self, value: ArrayLike, std: ArrayLike = 0.0, kappa: float = 0.0) -> Floats:
        """Values as they are searched, ``kappa`` standard deviations on the careful side."""
        value, std = np.asarray(value, dtype=np.float64), np.asarray(std, dtype=np.float64)
        careful = -kappa if self.direction == "maximize" else kappa
        if self.log:
            return np.asarray(np.log(value) + careful * std / value)
        return np.asarray(value + careful * std)

    def utility(self, searched: ArrayLike) -> Floats:
        """The same, larger is better."""
        return np.asarray(searched, dtype=np.float64) * (1.0 if self.direction == "maximize" else -1.0)

    def to_dict(self) -> dict[str, Any]:
        """What a tracker is told."""
        return {
            "property": self.name, "direction": self.direction, "weight": 1.0, "unit": self.unit,
            "label": self.label, "target": None,
        }  # fmt: skip


@dataclass(frozen=True)
class Conditions:
    """What a proposal must be.

    Attributes
    ----------
    elements : tuple of str, or None
        It may have these alone.
    stable : float or None
        The predicted probability that it is stable is at least this.
    density : bool
        Its point lies where training materials do: log density at least the model's floor.
    """

    elements: tuple[str, ...] | None = None
    stable: float | None = None
    density: bool = True

    @classmethod
    def build(
        cls, dual: Dual, elements: Sequence[str] | None, stable: float | None, density: bool
    ) -> Conditions:
        """Check conditions against a model.

        Raises
        ------
        InputError
            An unknown element, one that is given twice or has no place in the vector; no element; a probability
            outside 0 to 1, or a model that predicts none.
        """
        if elements is not None:
            if isinstance(elements, str) or not elements:
                raise InputError(
                    f"elements is {shown(elements)}; give a list of symbols such as ['Ti', 'O'], or None for all"
                )
            for element in elements:
                to_fractions({element: 1.0})  # names an unknown element and what it may have meant
                if ATOMIC_NUMBERS[element] > len(ELEMENTS):
                    raise InputError(
                        f"{element} lies beyond Z {len(ELEMENTS)} ({ELEMENTS[-1]}), where the paper's vector ends: "
                        "leave it out"
                    )
                if list(elements).count(element) > 1:
                    raise InputError(f"Element {element} was given twice; name each element once")
        if stable is not None:
            if not 0 <= stable <= 1:
                raise InputError(f"stable is {stable:g}; give a probability from 0 to 1, or None for any")
            if STABLE not in dual.properties:
                raise InputError(
                    f"This model predicts no stability (it has {listed(dual.properties)}); give stable=None"
                )
        return cls(None if elements is None else tuple(elements), stable, density)

    @property
    def columns(self) -> NDArray[np.bool_]:
        """Which of the hundred elements are not allowed."""
        allowed = self.elements or ELEMENTS
        return np.array([element not in allowed for element in ELEMENTS])


@dataclass(frozen=True)
class LatentObjective:
    """What a point is worth: a callable for `matwidgets.inverse.latent_search.LatentSearch.advance`.

    Attributes
    ----------
    dual : Dual
    aims : tuple of LatentAim
    conditions : Conditions
    kappa : float
        Standard deviations taken off each prediction.
    """

    dual: Dual
    aims: tuple[LatentAim, ...]
    conditions: Conditions
    kappa: float = 0.0

    def __call__(self, point: Floats) -> Answer:
        """Decode, encode again and predict one point, (88,)."""
        decoded = self.dual.decode(point)
        formula, fractions = decoded.formulas[0], decoded.fractions[0]
        again = None if formula is None else self.dual.encode(formula, decoded.profiles)[0]
        table = self.dual.predict(np.stack([point, point if again is None else again]))
        names = [aim.name for aim in self.aims]
        values = [float(table[name].iloc[1]) for name in names]
        stds = [float(table[f"{name}_std"].iloc[1]) for name in names]
        density = float(self.dual.density(point)[0])
        limits = self.conditions
        broken: dict[str, float] = {"decodes": 0.0 if formula else 1.0}
        if limits.elements is not None:
            outside = set(to_fractions(formula)) - set(limits.elements) if formula else {"nothing"}
            share = float(fractions[limits.columns].sum())
            broken["elements"] = max(share, KEPT) if outside else 0.0
        if limits.stable is not None:
            broken[STABLE] = limits.stable - float(table[STABLE].iloc[1])
        if limits.density:
            broken["density"] = (self.dual.density_floor - density) / len(point)  # nats a coordinate
        searched = [
            float(aim.searched(value, std, self.kappa))
            for aim, value, std in zip(self.aims, values, stds, strict=True)
        ]
        present = {ELEMENTS[i]: round(float(fractions[i]), 6) for i in np.flatnonzero(fractions > KEPT)}
        notes = {
            "formula": formula,
            "fractions": present,
            "values": dict(zip(names, values, strict=True)),
            "std": dict(zip(names, stds, strict=True)),
            "values_at_point": {name: float(table[name].iloc[0]) for name in names},
            "density": density,
            "round_trip": None if again is None else float(np.linalg.norm(again - point)),
            STABLE: float(table[STABLE].iloc[1]) if STABLE in table else None,
        }
        return Answer(tuple(searched), broken, notes)
