"""How far a prediction can be trusted: nine properties on their test rows, stated against real errors, "stable"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matwidgets.papers.accuracy import PUBLISHED_MAE
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from matwidgets.predictors import Predictor
    from matwidgets.training.calibration import Calibration

PROPERTIES = tuple(PUBLISHED_MAE)
CRABNET, FOREST = 1, 2  # columns of PUBLISHED_MAE


def nine(models: Mapping[str, Predictor], tables: Callable[[str], DataFrame], most: int = 2000) -> DataFrame:
    """Test errors of all properties beside the published ones of CrabNet and of a random forest.

    Parameters
    ----------
    models : mapping of Predictor
        By property.
    tables : callable
        Property -> its test rows (formula, target).
    most : int
        Test rows of a property; of a longer table as many are drawn evenly, the first of every n.

    Returns
    -------
    DataFrame
        property, unit, rows, here, error (standard error of the mean), crabnet, forest.
    """
    import pandas as pd

    rows = []
    for name, model in models.items():
        frame = tables(name)
        frame = frame.iloc[:: -(-len(frame) // most)]
        miss = np.abs(
            model.predict(frame["formula"].tolist())["value"].to_numpy() - frame["target"].to_numpy()
        )
        rows.append(
            {
                "property": name, "unit": model.unit, "rows": len(frame), "here": miss.mean(),
                "error": miss.std(ddof=1) / np.sqrt(len(miss)),
                "crabnet": float(PUBLISHED_MAE[name][CRABNET]), "forest": float(PUBLISHED_MAE[name][FOREST]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def many_properties(table: DataFrame) -> dict[str, Finding]:
    """Count the properties that are predicted at least as well as CrabNet's published errors."""
    as_good = table["here"] <= table["crabnet"]
    worse = table.loc[~as_good]
    why = "; ".join(
        f"{r.property}: {r.here:.3g} against {r.crabnet:.3g} {r.unit}" for r in worse.itertuples()
    )
    forest = int((table["forest"] <= table["crabnet"]).sum())
    return {"many_properties": Finding(int(as_good.sum()), forest, why or "all nine")}


def stability_worth(stability: Predictor, frame: DataFrame) -> dict[str, Finding]:
    """Of the compounds that are not stable, how many are predicted to be (decomposition energy <= 0).

    Parameters
    ----------
    frame : DataFrame
        formula, target (eV/atom) of the test rows.
    """
    truth = frame["target"].to_numpy() <= 0
    value = stability.predict(frame["formula"].tolist())["value"].to_numpy()
    said = value <= 0
    rate = float((said & ~truth).sum() / (~truth).sum())
    coin = float(truth.mean())  # who calls as many stable at random errs as often as compounds are stable
    found, right = float((said & truth).sum() / truth.sum()), float((said & truth).sum() / max(said.sum(), 1))
    return {
        "stable": Finding(
            round(rate, 3),
            round(coin, 3),
            f"{said.sum()} of {len(said)} called stable, {right:.0%} rightly; {found:.0%} of the stable ones are found",
        )
    }


def calibration(model: Predictor, frame: DataFrame) -> dict[str, Calibration]:
    """Compare stated uncertainties with errors, as the networks state them and after calibration.

    Parameters
    ----------
    frame : DataFrame
        formula, target (in the model's unit) of rows that nothing was fitted to.
    """
    from matwidgets.assessment import calibration_curve
    from matwidgets.predictors import Predictor

    stated = Predictor(model.networks, model.domain, {**model.card, "calibration": 1.0})
    formulas, targets = frame["formula"].tolist(), frame["target"].to_numpy(dtype=float)
    return {
        "as the networks state": calibration_curve(stated, formulas, targets),
        "calibrated": calibration_curve(model, formulas, targets),
    }


def draw_nine(table: DataFrame) -> Figure:
    """Draw every error as a share of the random forest's."""
    import matplotlib.pyplot as plt

    from matwidgets.papers.figure import COLOURS

    figure, axes = plt.subplots(figsize=(8.5, 3.6), layout="constrained")
    y = np.arange(len(table))[::-1]
    axes.errorbar(
        table["here"] / table["forest"], y, xerr=table["error"] / table["forest"], fmt="o", color=COLOURS[0],
        label="here, ± standard error",
    )  # fmt: skip
    axes.plot(
        table["crabnet"] / table["forest"], y, "s", mfc="none", color=COLOURS[1], label="CrabNet, published"
    )
    axes.axvline(1, color="0.6", lw=0.8)
    axes.set_yticks(y, [name.replace("_", " ") for name in table["property"]])
    axes.set(xlabel="test error, as a share of the random forest's", xlim=(0, 1.1))
    axes.legend(frameon=False, loc="lower left")
    return figure


def draw_calibration(curves: Mapping[str, Calibration]) -> Figure:
    """Draw the share of errors that each interval holds against the share that it should hold."""
    import matplotlib.pyplot as plt

    from matwidgets.papers.figure import COLOURS, STYLES

    figure, axes = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    for (name, made), colour, style in zip(curves.items(), COLOURS, STYLES, strict=False):
        label = f"{name}: area {made.miscalibration_area:.3f}"
        axes.plot(made.curve[:, 0], made.curve[:, 1], style, marker="o", ms=3, color=colour, label=label)
    axes.set(xlabel="share expected within the interval", ylabel="share observed", xlim=(0, 1), ylim=(0, 1))
    axes.set_aspect("equal")
    axes.legend(frameon=False)
    return figure


def inside_and_outside(model: Predictor, formulas: Sequence[str], targets: Sequence[float]) -> DataFrame:
    """Mean error of the rows that the model calls inside its domain, and of the others.

    Returns
    -------
    DataFrame
        rows and mae (in the model's unit), index inside and outside.
    """
    import pandas as pd

    out = model.predict(list(formulas))
    miss = np.abs(out["value"].to_numpy() - np.asarray(targets, dtype=float))
    inside = out["in_domain"].to_numpy(dtype=bool)
    parts = {"inside": miss[inside], "outside": miss[~inside]}
    return pd.DataFrame(
        {
            "rows": {k: len(v) for k, v in parts.items()},
            "mae": {k: float(v.mean()) if len(v) else None for k, v in parts.items()},
        }
    )
