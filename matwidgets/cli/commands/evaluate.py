"""``matwidgets evaluate``: score models and their uncertainties on a table of your own or the published test rows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from matwidgets.cli import alloys
from matwidgets.cli.output import emit_json, note, show, text_table
from matwidgets.cli.source import add_model, load_model, predict_rows, read_rows
from matwidgets.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OTHERS = ("Roost", "CrabNet", "random forest")  # published on the same rows: A. Y.-T. Wang et al. 2021


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("word", metavar="WORD", help="the paper's word, like crabnet")
    add_model(parser)
    parser.add_argument("--csv", metavar="FILE", help="the table")
    parser.add_argument("--formula", metavar="COL", help="its column of formulas")
    parser.add_argument("--target", metavar="COL", help="its column of measured or computed values")
    parser.add_argument(
        "--published", action="store_true",
        help="instead of a table: the published test rows of --property, or of every bundled property",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Score and print."""
    if args.word in alloys.WORDS:
        return alloys.evaluate(args)
    if args.published:
        return published(args)
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


def published(args: argparse.Namespace) -> int:
    """Score bundled models on their published test rows, beside the published errors on the same rows."""
    given = [
        f"--{name}" for name in ("csv", "formula", "target", "checkpoint") if getattr(args, name) is not None
    ]
    if given:
        raise InputError(f"--published was given together with {', '.join(given)}; leave one of them out")
    from matwidgets.data import datasets
    from matwidgets.papers.accuracy import PUBLISHED_MAE
    from matwidgets.predictors import bundled, load

    names = (
        [args.property]
        if args.property is not None
        else [n for n in bundled(args.word) if n in PUBLISHED_MAE]
    )
    if not names:
        raise InputError(
            f"{args.word} has no bundled model with published test rows; crabnet has: name crabnet"
        )
    found: list[dict[str, Any]] = []
    for name in names:
        model = load(args.word, name)
        test = datasets.load_property(name, "test")
        out = model.predict(test["formula"].tolist())
        target, value, std = (
            test["target"].to_numpy(float), out["value"].to_numpy(float), out["std"].to_numpy(float)
        )  # fmt: skip
        scores = errors(target, value) | uncertainty(value, std, target, logarithmic=model.log)
        others = {k: float(v) for k, v in zip(OTHERS, PUBLISHED_MAE[name], strict=True)}
        found.append({"property": name, "unit": model.unit, **scores, "published_mae": others})
        note(f"{name}: {line(scores, model.unit)}")
    if args.json:
        emit_json(found)
        return 0
    rows = [
        (f["property"], f["unit"], f["n"], f["mae"], *f["published_mae"].values(), f["miscalibration_area"])
        for f in found
    ]
    print(text_table(("property", "unit", "n", "MAE here", *OTHERS, "miscalibration area"), rows))
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
