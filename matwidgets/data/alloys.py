"""Alloys with a label: the published table, and what a table of labels has to be asked before it is learned from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matwidgets.data import fetch as _fetch
from matwidgets.data.datasets import check_rows
from matwidgets.data.registry import find
from matwidgets.errors import InputError
from matwidgets.features.alloys import ELEMENTS
from matwidgets.features.composition import canonical_key, reduced_formula, to_fractions

if TYPE_CHECKING:
    import pandas as pd

TABLE = "yan2021_alloys"

_ZERO = re.compile(r"[A-Z][a-z]?0(?:\.0*)?(?![.\d])")


@dataclass(frozen=True)
class Repeated:
    """A composition that stands in a table more than once.

    Attributes
    ----------
    composition : str
        Reduced formula.
    formulas : tuple of str
        As they are written, one a row.
    labels : tuple of int
        Of the same rows.
    """

    composition: str
    formulas: tuple[str, ...]
    labels: tuple[int, ...]

    @property
    def conflicting(self) -> bool:
        """Whether the rows have different labels."""
        return len(set(self.labels)) > 1

    def __str__(self) -> str:
        rows = ", ".join(f"{f} = {label}" for f, label in zip(self.formulas, self.labels, strict=True))
        return f"{self.composition} ({'conflicting' if self.conflicting else 'repeated'}: {rows})"


def repeated_compositions(formulas: Sequence[str], labels: Sequence[int]) -> list[Repeated]:
    """List the compositions that occur more than once, however they are written, in the order of the table.

    Raises
    ------
    InputError
        Another number of labels than of formulas, or an unreadable formula.
    """
    if len(formulas) != len(labels):
        raise InputError(f"{len(labels)} labels for {len(formulas)} formulas: give one label a formula.")
    rows: dict[str, list[int]] = {}
    for row, formula in enumerate(formulas):
        rows.setdefault(canonical_key(formula), []).append(row)
    return [
        Repeated(
            reduced_formula(formulas[found[0]]),
            tuple(formulas[row] for row in found),
            tuple(int(labels[row]) for row in found),
        )
        for found in rows.values()
        if len(found) > 1
    ]


def load_alloys(elements: Sequence[str] | None = ELEMENTS, *, fetch: bool = False) -> pd.DataFrame:
    """Load the experimental alloys of Yan, Lu and Wang (2021): which are one solid solution, and which are not.

    A formula that is written twice in the same way counts once, with the label of its first row: as in the paper 1,373
    alloys of the 30 elements, 710 of them with a single phase.

    Parameters
    ----------
    elements : sequence of str, optional
        Alloys of these only; None for all 70 elements of the table.
    fetch : bool
        Whether a missing table may be fetched.

    Returns
    -------
    DataFrame
        `formula` (str; as published, without amounts of zero), `single_phase` (1 or 0). `attrs["sources"]` lists the
        file read, `attrs["repeated"]` the compositions that the table has more than once (`Repeated`; those with both
        labels are `conflicting`), `attrs["dropped"]` the rows that were the same text again.

    Raises
    ------
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    import pandas as pd

    table = find(TABLE)
    read = pd.read_csv(_fetch.path(TABLE, fetch=fetch), keep_default_na=False)
    check_rows(table, len(read))
    written = read["Alloys"].astype(str)
    formulas = written.str.replace(_ZERO, "", regex=True)
    if elements is not None:
        wanted = set(elements)
        within = [set(to_fractions(formula)) <= wanted for formula in formulas]
        read, written, formulas = read[within], written[within], formulas[within]
    frame = pd.DataFrame({"formula": formulas, "single_phase": read["Class"].astype("int64")})
    repeated = repeated_compositions(frame["formula"].tolist(), frame["single_phase"].tolist())
    again = written.duplicated().to_numpy()
    sources: list[dict[str, Any]] = [{"name": table.name, "sha256": table.sha256, "rows": table.rows}]
    kept = frame[~again].reset_index(drop=True)
    kept.attrs = {
        "property": "single_phase",
        "unit": "",
        "label": "experiment",
        "sources": sources,
        "repeated": repeated,
        "dropped": frame["formula"][again].tolist(),
    }
    return kept
