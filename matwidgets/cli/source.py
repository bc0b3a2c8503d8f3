"""The options that say which model and which rows a command works on, shared by several commands."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from matwidgets.cli.output import note
from matwidgets.cli.progress import Progress
from matwidgets.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from matwidgets.predictors import Predictor

ROWS_EXPLAINED = 10
AT_ONCE = 2048  # formulas predicted between two reports of progress


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare ``--property`` and ``--checkpoint``."""
    parser.add_argument("--property", metavar="NAME", help="use the bundled model of this property")
    parser.add_argument(
        "--checkpoint", metavar="DIR", help="use the model in this folder (as `train` writes it)"
    )


def load_model(args: argparse.Namespace, word: str = "crabnet") -> Predictor:
    """Load the predictor that the options name.

    Raises
    ------
    InputError
        Unless exactly one of the two is given, for an unknown property or folder, or another paper's model.
    CheckpointError
        If the checkpoint cannot be read.
    """
    if (args.property is None) == (args.checkpoint is None):
        given = "neither" if args.property is None else "both"
        raise InputError(
            f"{given} of --property NAME and --checkpoint DIR given; give exactly one, like --property "
            "bulk_modulus"
        )
    import matwidgets

    if args.checkpoint is None:
        return matwidgets.load(word, args.property)
    model = model_in(args.checkpoint)
    if model.word != word:
        raise InputError(
            f"{args.checkpoint} holds a model of {model.word}, asked for was {word}: name {model.word}"
        )
    return model


def model_in(folder: str) -> Predictor:
    """Load the predictor in a folder."""
    from pathlib import Path

    from matwidgets.predictors import Predictor

    if not Path(folder).exists():
        raise InputError(
            f"no folder {folder!r}; give a folder that `matwidgets train ... --out DIR` has written"
        )
    return Predictor.from_directory(folder)


def read_rows(
    csv: str, formula: str | None, target: str | None, supported: Iterable[str] | None
) -> pd.DataFrame:
    """Read the usable rows of a user's table; stderr says what was dropped, with row numbers and a count.

    Parameters
    ----------
    csv : str
        Path of the table.
    formula, target : str or None
        Columns; no target for a prediction.
    supported : iterable of str, optional
        Elements that the model knows; rows with others are dropped too.

    Returns
    -------
    pandas.DataFrame
        Columns formula, target (if asked for) and row (as a spreadsheet numbers it: the header is row 1).

    Raises
    ------
    InputError
        For a missing option, file or column, or if no row is usable.
    """
    from matwidgets.data.datasets import load_user_table
    from matwidgets.features.composition import to_fractions

    if formula is None:
        raise InputError(f"--csv {csv} needs --formula COLUMN, the column that holds the formulas")
    frame, report = load_user_table(csv, formula, target)
    dropped = list(report.dropped)
    if supported is not None:
        known = set(supported)
        foreign = {
            row: sorted(set(to_fractions(text)) - known)
            for row, text in zip(frame["row"], frame["formula"], strict=True)
            if not set(to_fractions(text)) <= known
        }
        dropped += [(row, f"the model does not know {', '.join(names)}") for row, names in foreign.items()]
        frame = frame[~frame["row"].isin(foreign)].reset_index(drop=True)
    report_dropped(csv, dropped)
    if report.duplicates:
        rows = "row repeats" if report.duplicates == 1 else "rows repeat"
        note(f"{csv}: {report.duplicates} {rows} the material of another row; all are kept")
    if frame.empty:
        raise InputError(f"{csv}: no usable row; each needs a formula of elements that the model knows")
    return frame


def predict_rows(model: Predictor, formulas: list[str]) -> pd.DataFrame:
    """Predict many formulas, all columns, with progress where it takes more than a moment."""
    import pandas as pd

    if len(formulas) <= AT_ONCE:
        return model.predict(formulas, full=True)
    parts = []
    with Progress("predict", "formulas") as progress:
        for first in range(0, len(formulas), AT_ONCE):
            progress.update(first, len(formulas))
            parts.append(model.predict(formulas[first : first + AT_ONCE], full=True))
        progress.update(len(formulas), len(formulas), last=True)
    return pd.concat(parts, ignore_index=True)


def report_dropped(csv: str, dropped: list[tuple[int, str]]) -> None:
    """Say which rows were left out, and why."""
    if not dropped:
        return
    dropped = sorted(dropped)
    told = "; ".join(
        f"row {row}: {' '.join(str(reason).split())}" for row, reason in dropped[:ROWS_EXPLAINED]
    )
    if len(dropped) > ROWS_EXPLAINED:
        told += f"; and rows {spans([row for row, _ in dropped[ROWS_EXPLAINED:]])}"
    note(f"{csv}: {len(dropped)} row{'s' * (len(dropped) > 1)} dropped ({told})")


def spans(rows: list[int]) -> str:
    """Write increasing row numbers with their runs drawn together: ``3, 7-12, 20``."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
