"""``matwidgets evaluate``: score a model and its uncertainties on a table of your own."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from matwidgets.cli.output import emit_json, show
from matwidgets.cli.source import add_model, load_model, predict_rows, read_rows
from matwidgets.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("word", metavar="WORD", help="the paper's word, like crabnet")
    add_model(parser)
    parser.add_argument("--csv", metavar="FILE", help="the table")
    parser.add_argument("--formula", metavar="COL", help="its column of formulas")
    parser.add_argument("--target", metavar="COL", help="its column of measured or computed values")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Score and print."""
    missing = [f"--{name}" for name in ("csv", "formula", "target") if getattr(args, name) is None]
    if missing:
        raise InputError(f"missing {', '.join(missing)}; give --csv FILE --formula COLUMN --target COLUMN")
    model = load_model(args, args.word)
    rows = read_rows(args.csv, args.formula, args.target, model.elements)
    frame = predict_rows(model, list(rows["formula"]))
    target, value, std = (
        rows["target"].to_numpy(float),
        frame["value"].to_numpy(float),
        frame["std"].to_numpy(float),
    )
    scores = errors(target, value) | uncertainty(value, std, target, logarithmic=model.log)
    if args.json:
        emit_json(scores)
    else:
        print(line(scores, model.unit))
    return 0


def errors(target: NDArray[np.float64], value: NDArray[np.float64]) -> dict[str, float | int | None]:
    """Mean absolute error, root mean square error and coefficient of determination.

    Parameters
    ----------
    target, value : ndarray, shape (n,)
        Known and predicted values in the property's unit.

    Returns
    -------
    dict
        n, mae, rmse (both in the property's unit) and r2; r2 is None where all targets are equal.
    """
    difference = value - target
    spread = float(((target - target.mean()) ** 2).sum())
    squares = float((difference**2).sum())
    return {
        "n": len(target),
        "mae": float(abs(difference).mean()),
        "rmse": (squares / len(target)) ** 0.5,
        "r2": 1 - squares / spread if spread > 0 else None,
    }


def uncertainty(
    value: NDArray[np.float64], std: NDArray[np.float64], target: NDArray[np.float64], *, logarithmic: bool
) -> dict[str, float | int | None]:
    """Miscalibration area (0 to 0.5) and the share of errors within the interval that should hold 90 %."""
    from matwidgets.training.calibration import Calibration, residuals

    found = Calibration.of(*residuals(value, std, target, logarithmic=logarithmic))
    return {"miscalibration_area": found.miscalibration_area, "coverage90": found.coverage90}


def line(scores: dict[str, float | int | None], unit: str) -> str:
    """One line of scores for a reader."""
    told = [
        f"{name} {show(scores[name])}{f' {unit}' if unit and name != 'r2' else ''}"
        for name in ("mae", "rmse", "r2")
    ]
    if "coverage90" in scores:
        told += [
            f"miscalibration area {show(scores['miscalibration_area'])}",
            f"within the 90 % interval {show(scores['coverage90'])}",
        ]
    return f"n {scores['n']}, " + ", ".join(told)
