"""Alloys with labels as the tables of a semi-supervised training, the same for every reader of a seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.data.alloys import TABLE, Repeated, load_alloys, repeated_compositions
from matwidgets.data.splits import SemiSupervised, semi_supervised_sizes, semi_supervised_split
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.alloys import descriptors, fractions
from matwidgets.training.semi_supervised import UNKNOWN, Table

if TYPE_CHECKING:
    from pandas import DataFrame

LABEL = "single_phase"
HELD_OUT = 0.1  # of a user's table, for validation and again for the test: labels are too dear to hide them


@dataclass(frozen=True)
class Alloys:
    """Alloys with labels.

    Attributes
    ----------
    formulas : list of str
    x, f : ndarray, shape (n, 30) and (n, 8)
        Fractions and descriptors.
    y : ndarray of int64, shape (n,)
        1 for a single phase, 0 for several, -1 where it is not known.
    repeated : list of Repeated
        Compositions that stand there more than once, some with both labels.
    sources : list of dict
        name, sha256 and rows of what was read.
    """

    formulas: list[str]
    x: NDArray[np.float64]
    f: NDArray[np.float64]
    y: NDArray[np.int64]
    repeated: list[Repeated]
    sources: list[dict[str, Any]]

    @property
    def own(self) -> bool:
        """Whether this is a user's table and not the published one."""
        return self.sources[0]["name"] != TABLE

    @property
    def conflicts(self) -> list[Repeated]:
        """Compositions with both labels."""
        return [one for one in self.repeated if one.conflicting]

    def tensors(self, rows: NDArray[np.int64], *, hidden: bool = False) -> Table:
        """Some rows, without their labels if these are to be hidden."""
        y = torch.as_tensor(self.y[rows])
        return Table(
            _single(self.x[rows]), _single(self.f[rows]), torch.full_like(y, UNKNOWN) if hidden else y
        )

    def split(self, seed: int) -> SemiSupervised:
        """Labelled, unlabelled, validation and test rows of a seed.

        Of the published table as in the paper; of a user's a tenth each for validation and test, and unlabelled only
        what has no label.
        """
        known = np.flatnonzero(self.y != UNKNOWN)
        names = [self.formulas[row] for row in known]
        if not self.own:
            return semi_supervised_split(names, seed, sizes=semi_supervised_sizes(len(names)))
        held = max(1, math.ceil(round(HELD_OUT * len(known), 9)))
        sizes = (len(known) - 2 * held, 0, held, held)
        labels = self.y[known].tolist()
        parts = (known[part] for part in semi_supervised_split(names, seed, sizes=sizes, labels=labels))
        labelled, _, validation, test = parts
        return SemiSupervised(labelled, np.flatnonzero(self.y == UNKNOWN), validation, test)

    def parts(self, seed: int) -> dict[str, Table]:
        """Tables "train" (labelled and unlabelled rows), "labelled", "val" and "test" of a seed.

        Raises
        ------
        InputError
            The labelled rows are of one class only.
        """
        rows = self.split(seed)
        labelled = self.tensors(rows.labelled)
        _both_classes(labelled.y.numpy(), f"the {len(labelled.y)} training rows of seed {seed}")
        hidden = self.tensors(rows.unlabelled, hidden=True)
        return {
            "train": join(labelled, hidden), "labelled": labelled,
            "val": self.tensors(rows.validation), "test": self.tensors(rows.test),
        }  # fmt: skip


def join(*tables: Table) -> Table:
    """Tables below each other."""
    return Table(*(torch.cat(columns) for columns in zip(*tables, strict=True)))


def published() -> Alloys:
    """The experimental alloys of Yan, Lu and Wang (2021); MissingTableError if they are not on this machine."""
    frame = load_alloys()
    return of_formulas(
        frame["formula"].tolist(), frame[LABEL].to_numpy(), frame.attrs["repeated"], frame.attrs["sources"]
    )


def of_frame(frame: DataFrame, target: str = LABEL) -> Alloys:
    """A user's table.

    Parameters
    ----------
    frame : DataFrame
        Columns ``formula`` (or ``alloy``) and ``target``: 1 for a single phase, 0 for several, empty where it is not
        known.
    target : str

    Raises
    ------
    InputError
        A missing column, another label, one class only, too few rows, or an alloy that cannot be used.
    """
    column = next((name for name in ("formula", "alloy") if name in frame.columns), None)
    if column is None or target not in frame.columns:
        lacking = "'formula'" if column is None else shown(target)
        raise InputError(f"The table has no column {lacking}, it has {listed(frame.columns)}: name one so")
    given = frame[target].astype(float).to_numpy()
    wrong = ~(np.isnan(given) | (given == 0) | (given == 1))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(
            f"Label {given[row]:g} of {frame[column].iloc[row]} in column {target!r}: write 1 for a single phase, 0 "
            "for several, nothing where it is not known"
        )
    labels = np.where(np.isnan(given), UNKNOWN, given).astype(np.int64)
    _both_classes(labels, f"column {target!r}")
    if (labels != UNKNOWN).sum() < 10:
        raise InputError(
            f"{(labels != UNKNOWN).sum()} labelled alloys are too few to learn from: give at least 10"
        )
    formulas = frame[column].astype(str).tolist()
    known = [i for i, label in enumerate(labels) if label != UNKNOWN]
    repeated = repeated_compositions([formulas[i] for i in known], [int(labels[i]) for i in known])
    return of_formulas(
        formulas, labels, repeated, [{"name": "a user's table", "sha256": None, "rows": len(frame)}]
    )


def of_formulas(
    formulas: Sequence[str],
    labels: NDArray[np.int64],
    repeated: list[Repeated],
    sources: list[dict[str, Any]],
) -> Alloys:
    """Compute fractions and descriptors; InputError for an alloy outside the 30 elements."""
    x = fractions(formulas)
    return Alloys(list(formulas), x, descriptors(x), np.asarray(labels, dtype=np.int64), repeated, sources)


def _both_classes(labels: NDArray[np.int64], where: str) -> None:
    single, several = (int((labels == label).sum()) for label in (1, 0))
    if not single or not several:
        raise InputError(
            f"{where} has {single} alloys with a single phase and {several} with several; both are needed: add rows of "
            "the missing class"
        )


def _single(values: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def measured(rows: Sequence[Mapping[str, Any]], name: str) -> dict[str, float | None]:
    """Mean and standard deviation over seeds of one number; None where it is missing or of a single seed."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return {
        "mean": float(np.mean(values)) if values else None,
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else None,
    }
