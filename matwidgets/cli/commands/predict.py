"""``matwidgets predict``: a property of formulas, from the command line or from a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.cli import alloys
from matwidgets.cli.output import emit_json, note, text_table, with_unit
from matwidgets.cli.source import add_model, load_model, predict_rows, read_rows
from matwidgets.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

FIELDS = ("formula", "property", "value", "std", "std_aleatoric", "std_epistemic", "unit", "in_domain")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "formulas", nargs="*", default=[], metavar="FORMULA", help="like TiC, Al2O3, 'Ti0.5 C0.5'"
    )
    add_model(parser)
    parser.add_argument("--csv", metavar="FILE", help="predict the formulas of this table instead")
    parser.add_argument("--formula", metavar="COL", help="the table's column of formulas")
    parser.add_argument("--out", metavar="FILE", help="write the predictions to this CSV file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    if bool(args.formulas) == (args.csv is not None):
        given = "both were" if args.formulas else "neither was"
        raise InputError(
            f"FORMULA... or --csv FILE --formula COL: {given} given; give one of them, "
            "like `matwidgets predict TiC --property bulk_modulus`"
        )
    if args.out is not None:
        check_out(Path(args.out), args.csv)
    if alloys.asked_for(args):
        return alloys.predict(args)
    model = load_model(args)
    rows = None
    formulas = args.formulas
    if args.csv is not None:
        rows = read_rows(args.csv, args.formula, None, model.elements)
        formulas = list(rows["formula"])
    return report(args, predict_rows(model, formulas)[list(FIELDS)], rows, with_unit(model.label, model.unit))


def report(args: argparse.Namespace, frame: pd.DataFrame, rows: pd.DataFrame | None, title: str) -> int:
    """Print the predictions, or write them to ``--out`` with the row numbers of the table they are of."""
    if args.out is not None:
        if rows is not None:
            frame = frame.assign(row=rows["row"].to_numpy())
        write_csv(frame, Path(args.out))
        note(f"{len(frame)} prediction{'s' * (len(frame) > 1)} written to {args.out}")
    if args.json:
        emit_json(frame[list(FIELDS)].to_dict("records"))
    elif args.out is None:
        columns = ["formula", "value", "std", "in_domain"]
        table = text_table(
            ["formula", title, "std", "in domain"],
            frame[columns].values.tolist(),
        )
        print(table)
    return 0


def check_out(out: Path, csv: str | None) -> None:
    """Refuse a place that cannot be written to, or that is the table itself, before any work is done."""
    if out.is_dir():
        raise InputError(
            f"--out {out} is a folder; give the path of a file in it, like {out / 'predictions.csv'}"
        )
    if not out.absolute().parent.is_dir():
        raise InputError(f"--out {out}: its folder does not exist; make it or give another place")
    if csv is not None and out.resolve() == Path(csv).resolve():
        raise InputError(f"--out {out} is the table itself; give another file, so that it is kept")


def write_csv(frame: pd.DataFrame, out: Path) -> None:
    """Write the file at once: whoever reads it never sees half of it."""
    partial = out.with_name(f".{out.name}.part")
    try:
        frame.to_csv(partial, index=False)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
