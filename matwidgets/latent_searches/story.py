"""The course of a search as records for a tracker: the best so far, the front, and what each point gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from matwidgets.errors import listed
from matwidgets.inverse.pareto import hypervolume, non_dominated, spread
from matwidgets.inverse.study import Told
from matwidgets.latent_searches.objective import Conditions, Floats, LatentAim, LatentObjective

SHOWN = 20  # proposals of a result, points of a front
SAMPLES = 200  # of the data's density, for the scale of two objectives


class Story:
    """The records of a search: after each point the best so far, its composition, and what the point itself gave.

    Parameters
    ----------
    aims : sequence of LatentAim
    elements : sequence of str
        In the order of a record's fractions.
    centre, scale : ndarray, shape (m,)
        Of the searched values of the objectives over the training materials.
    low : ndarray, shape (m,)
        Utilities that a hypervolume is counted from.
    """

    def __init__(
        self, aims: Sequence[LatentAim], elements: Sequence[str], centre: Floats, scale: Floats, low: Floats
    ) -> None:
        self.aims, self.elements = tuple(aims), tuple(elements)
        self._centre, self._scale, self._low = centre, scale, low
        self.told: list[Told] = []
        self._best: Told | None = None
        self._utility: list[Floats] = []  # of the feasible points
        self._feasible: list[Told] = []

    @classmethod
    def of(cls, objective: LatentObjective, elements: Sequence[str], seed: int) -> Story:
        """Measure the scale on samples of the training materials' density."""
        aims = objective.aims
        table = objective.dual.predict(objective.dual.sample(SAMPLES, seed=seed).z)
        searched = np.column_stack([aim.searched(table[aim.name].to_numpy()) for aim in aims])
        scale = searched.std(0)
        story = cls(aims, elements, searched.mean(0), np.where(scale > 0, scale, 1.0), np.zeros(len(aims)))
        story._low = np.quantile([story.utility(row) for row in searched], 0.05, axis=0)
        return story

    def utility(self, searched: Sequence[float] | Floats) -> Floats:
        """Utilities (m,) of the searched values of a point, in standard deviations."""
        scaled = (np.asarray(searched) - self._centre) / self._scale
        return np.array([aim.utility(x) for aim, x in zip(self.aims, scaled, strict=True)], dtype=np.float64)

    def add(self, told: Told) -> dict[str, Any]:
        """Take in a point; its record."""
        self.told.append(told)
        if told.feasible:
            utility = self.utility(told.values)
            if self._best is None or utility.sum() > self.utility(self._best.values).sum():
                self._best = told
            self._feasible.append(told)
            self._utility.append(utility)
        return self._record(told)

    def best(self) -> list[Told]:
        """Feasible points, each formula once, best first."""
        order = sorted(range(len(self._feasible)), key=lambda i: -self._utility[i].sum())
        first: dict[str, Told] = {}
        for i in order:
            first.setdefault(self._feasible[i].notes["formula"], self._feasible[i])
        return list(first.values())

    def front(self, most: int | None = None) -> list[Told]:
        """Feasible points that no other beats in both objectives, by the first; none with one objective.

        At most so many, which cover it evenly.
        """
        if len(self.aims) != 2 or not self._feasible:
            return []
        rows = np.flatnonzero(non_dominated(np.stack(self._utility)))
        if most is not None:
            rows = rows[spread(np.stack(self._utility)[rows], most)]
        return sorted((self._feasible[i] for i in rows), key=lambda t: t.values)

    def hypervolume(self) -> float | None:
        """Of the front; None with one objective."""
        if len(self.aims) != 2:
            return None
        return hypervolume(np.stack(self._utility), self._low) if self._utility else 0.0

    def broken(self) -> dict[str, int]:
        """How many points broke each condition."""
        names = dict.fromkeys(name for told in self.told for name in told.constraints)
        return {name: sum(told.constraints.get(name, 0.0) > 0 for told in self.told) for name in names}

    def _record(self, told: Told) -> dict[str, Any]:
        names, best = [aim.name for aim in self.aims], self._best
        nothing = dict.fromkeys(names)
        seen = told if best is None else best
        record: dict[str, Any] = {
            "step": len(self.told),
            "loss": None if best is None else -float(self.utility(best.values).sum()),
            "values": nothing if best is None else dict(best.notes["values"]),
            "std": nothing if best is None else dict(best.notes["std"]),
            "fractions": [None] * len(self.elements) if best is None else self._shares(best),
            "family": {"values": {name: [told.notes["values"][name]] for name in names}},
            "formula": seen.notes["formula"],
            "z": [round(float(x), 6) for x in seen.point],
            "trial": {
                "number": told.number, "formula": told.notes["formula"], "feasible": told.feasible,
                "broken": [name for name, value in told.constraints.items() if value > 0],
                "z": [round(float(x), 6) for x in told.point],
            },
        }  # fmt: skip
        if len(self.aims) == 2:
            record["front"] = self._front_record(names)
        return record

    def _shares(self, told: Told) -> list[float]:
        """Fractions of the elements that are shown; traces of others, which the formula leaves out, are left out."""
        shares = np.array([told.notes["fractions"].get(e, 0.0) for e in self.elements])
        return [float(x) for x in shares / shares.sum()]

    def _front_record(self, names: Sequence[str]) -> dict[str, Any]:
        front = self.front(SHOWN)
        return {
            "values": {name: [t.notes["values"][name] for t in front] for name in names},
            "fractions": [self._shares(t) for t in front],
            "hypervolume": self.hypervolume(),
        }


def why_nothing(story: Story, limits: Conditions) -> str:
    """Why there is no result, and what to do."""
    n = len(story.told)
    if not n:
        return "The search was stopped before its first point; let it go on for longer"
    words = {
        "decodes": "decode to no element",
        "elements": f"have elements other than {listed(limits.elements or ())}",
        "stable": f"are stable with a probability below {limits.stable}",
        "density": "lie where no training material does",
    }
    said = ", ".join(f"{count} {words[name]}" for name, count in story.broken().items() if count)
    return f"None of the {n} points meets the conditions ({said}); loosen one, search longer or widen the box"
