"""The loop of inverse design as plain callables, made of an alloy model: what a widget of alloys takes.

C. Zeng, Z. Khan, N. L. Post, arXiv:2409.06740, section 3.3 and Figure 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.alloy_writing import percentages, written
from matwidgets.features.alloys import FEATURES
from matwidgets.features.composition import to_fractions
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.training.domain import LEVELS

if TYPE_CHECKING:
    from matwidgets.alloy_lessons import Learned
    from matwidgets.alloy_models import AlloyModel
    from matwidgets.inverse.inversion import Inversion
    from matwidgets.run import Run

Target = Literal["single", "multi"]
PAPER = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"
"""The alloy that the paper inverts."""
BACKGROUND = 64


class AlloyLoop:
    """What a model says of alloys, its next step from one, and its learning of a label.

    Parameters
    ----------
    model : AlloyModel
    cutoff : float
        Probability from which a step counts as arrived.
    background : int
        Training alloys that the Shapley values are taken against; the time of a step goes with their number.
    """

    def __init__(self, model: AlloyModel, cutoff: float = 0.6, background: int = BACKGROUND) -> None:
        self.model, self.cutoff, self.background = model, cutoff, background
        self._known = _rows(model)

    def evaluate(self, alloy: str) -> dict[str, Any]:
        """Judge and explain an alloy.

        Returns
        -------
        dict
            alloy; fractions, symbol -> atomic fraction; probability of a single phase and std over the members; z, its
            latent point, None for an alloy with other elements than the decoder's; features, each with symbol, name,
            unit, value and Shapley value; base, the mean probability that the Shapley values start from; in_domain;
            nearest, the nearest training alloy in words; note.

        Raises
        ------
        InputError
            For an alloy that cannot be read or an element without data.
        """
        judged = self.model.predict(alloy, full=True).iloc[0]
        why = self.model.explain(alloy, self.background).iloc[0]
        row = to_fractions(alloy)
        within = set(row) <= set(self.model.elements)
        return {
            "alloy": str(judged["alloy"]),
            "fractions": row,
            "probability": float(judged["probability"]),
            "std": float(judged["std"]),
            "z": self.model.encode(alloy)[0].tolist() if within else None,
            "base": float(why["base"]),
            "features": [
                {
                    "symbol": feature.symbol,
                    "name": feature.label,
                    "unit": feature.unit,
                    "value": float(judged[feature.name]),
                    "shapley": float(why[feature.name]),
                }
                for feature in FEATURES
            ],
            "in_domain": bool(judged["in_domain"]),
            "nearest": self._nearest(row, float(judged["distance"])),
            "note": str(judged["note"]),
        }

    def step(
        self,
        record: Mapping[str, Any],
        target: Target,
        size: float,
        keep: Sequence[str],
        forbid: Sequence[str],
    ) -> dict[str, Any]:
        """Go one step of the inversion from the alloy of a record.

        Returns
        -------
        dict
            As from `evaluate`; or ``{"reason": text}`` where there is no next alloy.

        Raises
        ------
        InputError
            For an alloy with other elements than the decoder's, and for options that are not allowed.
        """
        gone = self.model.invert(
            str(record["alloy"]),
            target,
            max_steps=1,
            step=size,
            threshold=self.cutoff,
            keep=keep,
            forbid=forbid,
        )
        return self.evaluate(gone.steps[1].alloy) if len(gone.steps) > 1 else {"reason": gone.note}

    def learn(self, alloy: str, label: Target) -> LessonRun:
        """Learn a label; the run has not started. Its result holds the new callables and a summary."""
        return LessonRun(self, alloy, self.model.learn(alloy, label, start=False))

    def others(self, alloy: str) -> NDArray[np.float64]:
        """Fractions of the training alloys but one, (m, 30)."""
        row = to_fractions(alloy)
        asked = np.array([row.get(symbol, 0.0) for symbol in self.model.elements])
        return self._known[np.abs(self._known - asked).max(axis=1) > 1 / LEVELS]

    def _nearest(self, row: Mapping[str, float], distance: float) -> str:
        """The training alloy that shares most atoms, in whole percentages."""
        asked = np.array([row.get(symbol, 0.0) for symbol in self.model.elements])
        nearest = self._known[np.minimum(self._known, asked).sum(axis=1).argmax()]
        name = written(percentages(nearest[None])[0], self.model.elements)
        if distance == 0:
            return f"{name}, the same composition"
        return f"{name} ({distance:.0%} of the atoms differ)"


class LessonRun:
    """A run of `AlloyModel.learn` whose result is what a widget goes on with; everything else is the run's own."""

    def __init__(self, loop: AlloyLoop, alloy: str, run: Run) -> None:
        self.loop, self.alloy, self.run = loop, alloy, run

    def __getattr__(self, name: str) -> Any:
        return getattr(self.run, name)

    @property
    def result(self) -> dict[str, Any] | None:
        """evaluate, step and learn of the new model, and as summary how many other training alloys changed sides."""
        learned: Learned[AlloyModel] | None = self.run.result
        if learned is None:
            return None
        new = AlloyLoop(learned.model, self.loop.cutoff, self.loop.background)
        others = self.loop.others(self.alloy)
        before, after = (loop.model.judge(others)["probability"] > 0.5 for loop in (self.loop, new))
        summary = {"changed": int((before != after).sum()), "of": len(others), "note": _note(learned)}
        return {"evaluate": new.evaluate, "step": new.step, "learn": new.learn, "summary": summary}


def _note(learned: Learned[AlloyModel]) -> str:
    parts = [learned.note]
    if learned.validation:
        before, after = learned.validation["before"], learned.validation["after"]
        parts.append(f"Accuracy on the validation alloys {before:.3f} before, {after:.3f} after.")
    return " ".join(filter(None, parts))


def _rows(model: AlloyModel) -> NDArray[np.float64]:
    """Fractions of the training alloys, (m, 30), as the checkpoint carries them."""
    numbers, levels = model.domain.numbers, model.domain.levels.astype(float)
    x = np.zeros((len(numbers), max(ATOMIC_NUMBERS.values()) + 1))
    np.put_along_axis(x, numbers.astype(np.int64), levels, axis=1)
    x = x[:, [ATOMIC_NUMBERS[symbol] for symbol in model.elements]]
    rows: NDArray[np.float64] = x / x.sum(axis=1, keepdims=True)
    return rows


def way(inversion: Inversion) -> list[dict[str, Any]]:
    """Return the alloys of an inversion that has ended as records, the last with its note; without Shapley values."""
    from matwidgets.features.alloys import describe

    records = []
    for step in inversion.steps:
        values = describe(step.alloy).values
        records.append(
            {
                "alloy": step.alloy,
                "fractions": step.fractions,
                "probability": step.probability,
                "std": step.std,
                "z": step.z,
                "features": [
                    {"symbol": f.symbol, "name": f.label, "unit": f.unit, "value": values[f.name]}
                    for f in FEATURES
                ],
                "in_domain": step.in_domain,
                "note": "",
            }
        )
    records[-1]["note"] = inversion.note
    return records
