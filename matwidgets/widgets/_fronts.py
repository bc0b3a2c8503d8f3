"""The growing Pareto front of a search with two objectives: kept when it changed, thinned when it travels."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.widgets._records import Floats, number, rounded


@dataclass(frozen=True)
class Front:
    """The front as it was from a step on.

    Attributes
    ----------
    record : int
        Which record of the run brought it.
    step : float
    points : ndarray, shape (m, 2 + k)
        Both values and the k fractions of each point, NaN where the record does not give them.
    """

    record: int
    step: float
    points: Floats


def front_columns(meta: Mapping[str, Any]) -> list[str]:
    """Names of the columns of a front's points, the step before them; nothing but ``step`` for one objective."""
    properties = [objective["property"] for objective in meta["objectives"]]
    if len(properties) != 2:
        return ["step"]
    return [
        "step",
        *(f"value:{name}" for name in properties),
        *(f"fraction:{element}" for element in meta["elements"]),
    ]


def front_points(record: Mapping[str, Any], meta: Mapping[str, Any]) -> Floats | None:
    """Points of a record's front, (m, 2 + k); None if it has none."""
    front, properties = record.get("front"), [objective["property"] for objective in meta["objectives"]]
    if not front or len(properties) != 2 or not len(front["values"][properties[0]]):
        return None
    values = np.array([[number(x) for x in front["values"][name]] for name in properties]).T
    fractions = np.full((len(values), len(meta["elements"])), math.nan)
    if front.get("fractions") is not None:
        fractions[:] = np.asarray(front["fractions"], dtype=float)
    return np.hstack([values, fractions])


class Fronts:
    """The fronts of a run, each kept from the step that changed it; appended to by one thread."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._all: list[Front] = []

    def __len__(self) -> int:
        return len(self._all)

    @property
    def last(self) -> Floats:
        """Points of the last front, (m, 2 + k)."""
        return self._all[-1].points if self._all else np.empty((0, max(0, len(self.columns) - 1)))

    def append(self, record: int, step: float, points: Floats) -> None:
        """Keep a front if it differs from the one before."""
        if self._all and np.array_equal(points, self._all[-1].points, equal_nan=True):
            return
        self._all.append(Front(record, step, points))

    def thinned(self, most: int, since: int = 0) -> list[Front]:
        """At most ``most`` of the fronts that came with the records from ``since`` on, the last one among them."""
        fronts = [front for front in self._all if front.record >= since]
        if len(fronts) <= most:
            return fronts
        kept = np.unique(np.linspace(0, len(fronts) - 1, most).round().astype(int))
        return [fronts[i] for i in kept.tolist()]

    def rows(self, most: int, since: int = 0) -> Floats:
        """The same as rows of ``columns``, front after front."""
        return _stacked(self.thinned(most, since), len(self.columns))

    def saved(self, limit: int) -> dict[str, Any]:
        """Return as many fronts as ``limit`` bytes of JSON hold; of the last one, if that is too long, a part.

        ``{"columns": {name: [numbers]}}``
        """
        most, stride = 12, 1
        while True:
            rows = _stacked(self.thinned(most), len(self.columns))[::stride]
            some = {name: rows[:, j] for j, name in enumerate(self.columns) if np.isfinite(rows[:, j]).any()}
            document = {"columns": {name: rounded(column) for name, column in some.items()}}
            if len(rows) < 4 or len(json.dumps(document, separators=(",", ":"))) <= limit:
                return document
            most, stride = (most - 1, 1) if most > 1 else (1, 2 * stride)


def _stacked(fronts: Sequence[Front], width: int) -> NDArray[np.float64]:
    parts = [np.column_stack([np.full(len(f.points), f.step), f.points]) for f in fronts]
    return np.vstack(parts) if parts else np.empty((0, width))
