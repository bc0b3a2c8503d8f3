"""What comes of a label that a person gives to an alloy: another model, and what it says differently."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from matwidgets.alloy_classifiers import AlloyClassifier
from matwidgets.errors import MissingTableError
from matwidgets.features import alloys
from matwidgets.features.alloy_writing import percentages, written
from matwidgets.features.composition import canonical_key
from matwidgets.training import alloy_tables
from matwidgets.training.relearning import Relearning
from matwidgets.training.semi_supervised import measure

if TYPE_CHECKING:
    from pandas import DataFrame

CHANGES = 10  # training alloys whose probability changed most, that are told
Model = TypeVar("Model", bound=AlloyClassifier)


@dataclass(frozen=True)
class Learned(Generic[Model]):
    """What came of a label.

    Attributes
    ----------
    model : AlloyModel
        The new one.
    alloy : str
    label : int
        1 for a single phase, 0 for several.
    before, after : float
        Probability of a single phase that the alloy had and has.
    changed : DataFrame
        alloy (whole percentages), before and after of the training alloys whose probability changed most.
    flipped : int
        Training alloys that are on the other side of 1/2 now.
    validation : dict or None
        Mean accuracy of the members on their validation rows, before and after; None where the table is not at hand.
    note : str
        What the table says of the alloy, if that is something else.
    """

    model: Model
    alloy: str
    label: int
    before: float
    after: float
    changed: DataFrame
    flipped: int
    validation: dict[str, float] | None
    note: str

    def __repr__(self) -> str:
        said = "single" if self.label else "multi"
        return f"<Learned {self.alloy} = {said}: probability {self.before:.2f} -> {self.after:.2f}>"


class Lesson(Generic[Model]):
    """The job of a ``Run``: relearning that ends with a new model and what changed.

    Parameters
    ----------
    model : AlloyModel
    name : str
        The alloy.
    label : int
    steps : int
    """

    def __init__(self, model: Model, name: str, label: int, steps: int) -> None:
        self.model, self.name, self.label = model, name, label
        # A second label of one alloy replaces the first.
        self.lessons = {
            alloy: said for alloy, said in model.lessons if canonical_key(alloy) != canonical_key(name)
        } | {name: label}
        self.known = model.known_fractions()
        self.f = alloys.descriptors(self.known)
        taught = alloys.descriptors(alloys.fractions(list(self.lessons)))
        self.job = Relearning(model.networks, self.f, taught, list(self.lessons.values()), steps)
        self.past: list[dict[str, Any]] = []

    @property
    def finished(self) -> bool:
        return self.job.finished

    def advance(self) -> dict[str, Any]:
        return self.job.advance()

    def save(self, path: Path) -> None:
        self.job.save(path)

    def result(self) -> Learned[Model]:
        """Compare the new model with the old one."""
        import pandas as pd

        old = self.model
        new = old.taught(self.job.result(), self.lessons)
        before, after = old.probability(self.f), new.probability(self.f)
        most = np.argsort(-np.abs(after - before), kind="stable")[:CHANGES]
        changed = pd.DataFrame(
            {
                "alloy": [written(row) for row in percentages(self.known[most])],
                "before": before[most],
                "after": after[most],
            }
        )
        one = alloys.descriptors(alloys.fractions([self.name]))
        validation, note = self._against_table(new)
        return Learned(
            new, self.name, self.label, float(old.probability(one)[0]), float(new.probability(one)[0]), changed,
            int(((before > 0.5) != (after > 0.5)).sum()), validation, note,
        )  # fmt: skip

    def _against_table(self, new: Model) -> tuple[dict[str, float] | None, str]:
        """Accuracy on validation rows before and after, and whether the table says something else of the alloy."""
        if self.model.card["data"][0]["name"] != alloy_tables.TABLE:
            return None, ""
        try:
            table = alloy_tables.published()
        except MissingTableError:
            return None, ""
        parts = [table.parts(member["seed"])["val"] for member in self.model.card["members"]]
        accuracy = {}
        for name, model in (("before", self.model), ("after", new)):
            found = [measure(net, part) for net, part in zip(model.networks, parts, strict=True)]
            accuracy[name] = float(np.mean([one.accuracy for one in found if one is not None]))
        key = canonical_key(self.name)
        theirs = {int(y) for f, y in zip(table.formulas, table.y, strict=True) if canonical_key(f) == key}
        other = theirs and theirs != {self.label}
        return (
            accuracy,
            "The table has the other label for this composition; yours was learned." if other else "",
        )
