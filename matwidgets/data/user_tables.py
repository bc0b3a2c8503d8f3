"""A user's own CSV: what is wrong with the file is an error, what is wrong with a row drops the row and is
told.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import canonical_key

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class TableReport:
    """What became of the rows of a user's table.

    Attributes
    ----------
    rows : int
        Rows below the header, blank lines not counted.
    kept : int
    dropped : list of (int, str)
        Row number and reason of each dropped row. Rows are numbered as a spreadsheet shows them: the header
        is 1.
    duplicates : int
        Kept rows whose composition an earlier kept row has, however it is written.
    """

    rows: int = 0
    kept: int = 0
    dropped: list[tuple[int, str]] = field(default_factory=list)
    duplicates: int = 0

    def lines(self) -> list[str]:
        """Say it in lines for a person: nothing, if all rows are kept and different."""
        told = []
        if self.dropped:
            numbers = listed([row for row, _ in self.dropped], limit=20)
            told.append(f"dropped {len(self.dropped)} of {self.rows} rows (row {numbers}):")
            told += [f"  row {row}: {reason}" for row, reason in self.dropped[:20]]
            if len(self.dropped) > 20:
                told.append(f"  and {len(self.dropped) - 20} more")
        if self.duplicates:
            told.append(f"{self.duplicates} of {self.kept} rows repeat the composition of an earlier row")
        return told


def load_user_table(
    csv_file: str | Path, formula: str, target: str | None = None
) -> tuple[pd.DataFrame, TableReport]:
    """Read formulas, and targets if asked for, from a user's CSV.

    Every cell is text until it is understood here, so the formula `NaN` is sodium nitride and never a missing
    value.

    Parameters
    ----------
    csv_file : str or Path
        Comma-separated, UTF-8 (with or without byte-order mark), any line ends, a header line.
    formula : str
        Name of the column of formulas.
    target : str, optional
        Name of the column of targets.

    Returns
    -------
    frame : DataFrame
        Columns `formula` (str, as written), `target` (float64, only if asked for) and `row` (number in the
        file).
    report : TableReport

    Raises
    ------
    InputError
        No such file, not readable as CSV, a missing or repeated column, or no usable row.
    """
    import pandas as pd

    path = Path(csv_file)
    header, records = _records(path)
    at_formula = _column(path, header, formula)
    at_target = None if target is None else _column(path, header, target)
    report = TableReport()
    kept: list[tuple[str, float, int]] = []
    seen: set[str] = set()
    for number, cells in records:
        if not any(cell.strip() for cell in cells):
            continue
        report.rows += 1
        try:
            text, key = _formula_cell(cells, at_formula, len(header))
            value = math.nan if at_target is None else _target_cell(cells, at_target)
        except InputError as reason:
            report.dropped.append((number, str(reason)))
            continue
        report.duplicates += key in seen
        seen.add(key)
        kept.append((text, value, number))
    report.kept = len(kept)
    if not kept:
        raise InputError(
            f"{path} has no usable row{_first_reason(report)}: give at least one row that can be read."
        )
    frame = pd.DataFrame(kept, columns=["formula", "target", "row"])
    return (frame if target is not None else frame.drop(columns="target")), report


def _first_reason(report: TableReport) -> str:
    if not report.dropped:
        return " below its header"
    row, reason = report.dropped[0]
    return f" of {report.rows} (row {row}: {reason.rstrip('.')})"


def _records(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read the header and the numbered rows; a quoted cell with line breaks is still one row."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise InputError(f"File {shown(str(path))} {what}: give the path of a CSV file.")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.reader(stream, strict=True))
    except UnicodeDecodeError:
        raise InputError(f"File {shown(str(path))} is not UTF-8 text: save it as CSV in UTF-8.") from None
    except csv.Error as error:
        raise InputError(
            f"File {shown(str(path))} is no CSV ({error}): save it as comma-separated text."
        ) from None
    except OSError as error:
        raise InputError(
            f"File {shown(str(path))} cannot be read ({error.strerror}): check its rights."
        ) from None
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InputError(f"File {shown(str(path))} has no header line: write the names of its columns first.")
    return [cell.strip() for cell in rows[0]], list(enumerate(rows[1:], start=2))


def _column(path: Path, header: list[str], name: str) -> int:
    count = header.count(name)
    if count == 1:
        return header.index(name)
    if count > 1:
        raise InputError(
            f"Column {shown(name)} appears {count} times in {path}: give each column a name of its own."
        )
    hint = (
        "; columns must be separated by commas"
        if len(header) == 1 and any(c in header[0] for c in ";\t")
        else ""
    )
    raise InputError(f"No column {shown(name)} in {path}: name one of {listed(map(repr, header))}{hint}.")


def _formula_cell(cells: list[str], at: int, width: int) -> tuple[str, str]:
    if any(cell.strip() for cell in cells[width:]):
        raise InputError(f"{len(cells)} cells where the header has {width}")
    text = cells[at].strip() if at < len(cells) else ""
    if not text:
        raise InputError("the formula is empty")
    return text, canonical_key(text)


def _target_cell(cells: list[str], at: int) -> float:
    text = cells[at].strip() if at < len(cells) else ""
    if not text:
        raise InputError("the target is empty")
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"the target {shown(text)} is no number") from None
    if not math.isfinite(value):
        raise InputError(f"the target {shown(text)} is not finite")
    return value
