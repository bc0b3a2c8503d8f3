"""The history of a run as columns of numbers: on the wire, and thinned in a saved notebook."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STDS = (
    "std",
    "std_aleatoric",
    "std_epistemic",
)  # of a record: in all, scatter of the data, disagreement of the networks


def thin(values: NDArray[np.floating[Any]], budget: int) -> NDArray[np.int64]:
    """Indices of at most ``budget`` rows that keep the shape of a curve.

    The first and the last row always, and the lowest and the highest of each stretch between them: an even stride would
    lose a spike.

    Parameters
    ----------
    values : ndarray (n,)
    budget : int
        At least 4.
    """
    n = len(values)
    if n <= budget:
        return np.arange(n)
    kept = {0, n - 1}
    edges = np.linspace(1, n - 1, (budget - 2) // 2 + 1).astype(int)
    for start, end in pairwise(edges.tolist()):
        stretch = values[start:end]
        finite = np.isfinite(stretch)
        low = int(np.argmin(np.where(finite, stretch, np.inf)))
        high = int(np.argmax(np.where(finite, stretch, -np.inf)))
        kept |= {start + low, start + high}
    return np.array(sorted(kept))


def number(value: Any) -> float:
    """A float, NaN where there is none."""
    return math.nan if value is None else float(value)


def rounded(values: NDArray[np.floating[Any]]) -> list[float | None]:
    """Plain numbers for JSON, as fine as a drawing can show; None where a number does not exist.

    The last digit that is kept is below a two-thousandth of the column's range, whatever its size.
    """
    finite = values[np.isfinite(values)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    largest = float(np.abs(finite).max()) if len(finite) else 0.0
    finest = (span or largest) / 2000
    decimals = -math.floor(math.log10(finest)) if finest > 0 else 0
    return [_short(value, decimals) if math.isfinite(value) else None for value in values.tolist()]


def _short(value: float, decimals: int) -> float:
    short = round(value, decimals)
    return int(short) if short == int(short) else short


class Table:
    """Rows of numbers under names; appended to by one thread.

    In double precision: the loss of a search that pulls towards 1e5 changes in its seventh digit.

    Parameters
    ----------
    columns : sequence of str
        The first is ``step``.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._rows: Floats = np.empty((64, len(self.columns)), dtype=np.float64)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> Floats:
        """All rows, (n, columns)."""
        return self._rows[: self._count]

    def column(self, name: str) -> Floats:
        """One column, (n,)."""
        return self.rows[:, self.columns.index(name)]

    def append(self, rows: Floats) -> None:
        """Append rows, (m, columns)."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            grown = np.empty((max(needed, 2 * len(self._rows)), len(self.columns)), dtype=np.float64)
            grown[: self._count] = self.rows
            self._rows = grown
        self._rows[self._count : needed] = rows
        self._count = needed

    def thinned(self, budget: int, guide: str, since: int = 0) -> Floats:
        """At most ``budget`` of the rows from ``since`` on; ``guide`` names the column whose shape is kept."""
        part = self.rows[since:]
        return part if len(part) <= budget else part[thin(part[:, self.columns.index(guide)], max(4, budget))]

    def saved(self, limit: int, guide: str) -> dict[str, Any]:
        """Return the history as JSON of at most ``limit`` bytes.

        ``{"next": records it stands for, "columns": {name: [numbers]}}``
        """
        budget = max(4, limit // (9 * len(self.columns)))
        while True:
            rows = self.thinned(budget, guide)
            document = {
                "next": len(self),
                "columns": {
                    name: rounded(rows[:, j])
                    for j, name in enumerate(self.columns)
                    if not len(rows) or np.isfinite(rows[:, j]).any()  # what the run never told is left out
                },
            }
            if len(json.dumps(document, separators=(",", ":"))) <= limit or budget <= 4:
                return document
            budget = max(4, int(budget * 0.8))


def design_columns(meta: Mapping[str, Any]) -> list[str]:
    """Names of the columns of a design run."""
    properties = [objective["property"] for objective in meta["objectives"]]
    return [
        "step",
        "loss",
        *(f"value:{name}" for name in properties),
        *(f"{kind}:{name}" for kind in STDS for name in properties),
        *(f"fraction:{element}" for element in meta["elements"]),
        *(["hypervolume"] if len(properties) == 2 else []),
    ]


def design_row(record: Mapping[str, Any], meta: Mapping[str, Any]) -> list[float]:
    """One record of a design run under ``design_columns``."""
    properties = [objective["property"] for objective in meta["objectives"]]
    values, front = record.get("values", {}), record.get("front") or {}
    return [
        number(record["step"]),
        number(record.get("loss")),
        *(number(values.get(name)) for name in properties),
        *(number(record.get(kind, {}).get(name)) for kind in STDS for name in properties),
        *(number(fraction) for fraction in record["fractions"]),
        *([number(front.get("hypervolume"))] if len(properties) == 2 else []),
    ]


def family_columns(meta: Mapping[str, Any]) -> list[str]:
    """Names of the columns of the restarts: one a start and property; only ``step`` if there is but one start.

    Where ``meta["trials"]`` is true there is one a property for what the last trial gave; the records' own values are
    then those of the best so far.
    """
    starts = int(meta.get("n_starts") or 1)
    several = starts > 1 or meta.get("trials")
    names = [objective["property"] for objective in meta["objectives"]] if several else []
    return ["step", *(f"family:{name}:{start}" for name in names for start in range(starts))]


def family_row(record: Mapping[str, Any], meta: Mapping[str, Any]) -> list[float] | None:
    """One record's restarts under ``family_columns``; None if the record has none."""
    family = record.get("family", {}).get("values")
    starts = int(meta.get("n_starts") or 1)
    if not family or not (starts > 1 or meta.get("trials")):
        return None
    row = [number(record["step"])]
    for objective in meta["objectives"]:
        given = [number(value) for value in family.get(objective["property"], ())][:starts]
        row += given + [math.nan] * (starts - len(given))
    return row


def training_columns(meta: Mapping[str, Any]) -> list[str]:
    """Names of the columns of a training run; ``member`` counts the networks of an ensemble from 0."""
    return ["step", *(f"term:{term['name']}" for term in meta["terms"]), "member"]


def training_row(record: Mapping[str, Any], meta: Mapping[str, Any]) -> list[float]:
    """One record of a training run under ``training_columns``."""
    terms = record.get("terms", {})
    values = [number(terms.get(term["name"])) for term in meta["terms"]]
    return [number(record["step"]), *values, number(record.get("member", 0))]
