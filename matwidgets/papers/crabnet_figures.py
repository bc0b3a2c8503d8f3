"""The figures of the crabnet notebook: colours that the colour-blind can tell apart, units on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matwidgets.features.composition import simplex_grid
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from matwidgets.papers.crabnet import Trajectory
    from matwidgets.predictors import Predictor

LEAST_LABEL = 0.05  # an element that ends below this fraction is drawn thin and without a label


def slope(model: Predictor, pair: tuple[str, str], at: float = 0.35) -> Figure:
    """Draw the predicted property along a binary, with the slope that moves a composition uphill."""
    import matplotlib.pyplot as plt

    x = np.linspace(0.02, 0.98, 193)
    out = model.evaluate(pair, np.column_stack([x, 1 - x]))
    step = 0.01
    here = model.evaluate(
        pair, np.array([[at - step, 1 - at + step], [at, 1 - at], [at + step, 1 - at - step]])
    )["value"]
    rise = float(here[2] - here[0]) / (2 * step)
    figure, axes = plt.subplots(figsize=(7, 3.4))
    axes.fill_between(
        100 * x, out["value"] - out["std"], out["value"] + out["std"], color=COLOURS[5], alpha=0.25
    )
    axes.plot(100 * x, out["value"], color=COLOURS[0], label=f"frozen network, {model.label.lower()}")
    axes.plot(100 * at, here[1], "o", color=COLOURS[1])
    axes.annotate(
        "", (100 * (at + 0.1), here[1] + 0.1 * rise), (100 * at, here[1]),
        arrowprops={"arrowstyle": "-|>", "color": COLOURS[1], "lw": 2.5},
    )  # fmt: skip
    axes.text(
        100 * at, here[1] - 0.05 * np.ptp(out["value"]), "  slope = where to go", color=COLOURS[1], va="top"
    )
    axes.set(
        xlabel=f"{pair[0]} in {pair[0]}–{pair[1]} (at.%)",
        ylabel=f"{model.label} ({model.unit})",
        xlim=(0, 100),
    )
    axes.legend(frameon=False, loc="upper right")
    return figure


def trajectory(path: Trajectory, published: tuple[float, float] | None = None) -> Figure:
    """Draw a search as Figures 3 and 4 of the paper do: property (a) and atomic per cent (b) against steps."""
    import matplotlib.pyplot as plt

    steps = np.arange(len(path.value))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    left.fill_between(steps, path.value - path.std, path.value + path.std, color=COLOURS[5], alpha=0.25)
    left.plot(steps, path.value, color=COLOURS[0], label="here, ± one standard deviation")
    if published:
        left.plot([0, steps[-1]], published, "s", color=COLOURS[1], label="paper, first and last")
    left.set(xlabel="step", ylabel="bulk modulus (GPa)", title="(a)")
    left.legend(frameon=False, fontsize=8)
    for i in range(len(path.elements)):
        share = 100 * path.fractions[:, i]
        large = share[-1] >= 100 * LEAST_LABEL
        style = {"color": COLOURS[i % len(COLOURS)], "linestyle": STYLES[i // len(COLOURS) + (i % 3)]}
        right.plot(steps, share, lw=1.8 if large else 0.9, **style)
    ends = 100 * path.fractions[-1]
    for i, y in _spread(
        ends, [i for i in range(len(ends)) if ends[i] >= 100 * LEAST_LABEL or len(ends) < 5]
    ).items():
        right.text(
            steps[-1] + 1.5, y, path.elements[i], color=COLOURS[i % len(COLOURS)], va="center", fontsize=9
        )
    right.set(xlabel="step", ylabel="amount (at.%)", title="(b)", xlim=(0, 1.1 * steps[-1]), ylim=(0, None))
    return figure


def _spread(ends: np.ndarray, labelled: Sequence[int]) -> dict[int, float]:
    """Heights for labels, moved apart where lines end together."""
    least = 0.06 * float(ends.max())
    heights: dict[int, float] = {}
    below = -np.inf
    for i in sorted(labelled, key=lambda i: ends[i]):
        below = max(float(ends[i]), below + least)
        heights[i] = below
    return heights


def dopant(table: DataFrame) -> Figure:
    """Draw what a trace of cadmium does to the prediction for TiC with both constructions."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 3.2))
    marks = {
        "original": ("o-", "mean over elements (the paper's)"),
        "continuous": ("s--", "weighted by fraction"),
    }
    for (name, (mark, label)), colour in zip(marks.items(), COLOURS[1::-1], strict=True):
        axes.semilogx(100 * table["Cd"], table[name], mark, color=colour, label=label)
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set(xlabel="cadmium added to TiC (at.%)", ylabel="change of bulk modulus (GPa)")
    axes.legend(frameon=False)
    return figure


def bars(table: DataFrame, column: str, label: str, marked: Sequence[str], count: int = 20) -> Figure:
    """Draw the highest values per element; the marked elements are hatched as well as coloured."""
    import matplotlib.pyplot as plt

    top = table[:count]
    figure, axes = plt.subplots(figsize=(8.5, 3))
    drawn = axes.bar(top["element"], top[column], color=COLOURS[7])
    for bar, element in zip(drawn, top["element"], strict=True):
        if element in marked:
            bar.set(facecolor=COLOURS[0], hatch="///", edgecolor="white", linewidth=0)
    axes.set(ylabel=label, xlim=(-0.6, len(top) - 0.4))
    axes.text(0.99, 0.95, "hatched: the paper's ten", transform=axes.transAxes, ha="right", va="top")
    return figure


def histogram(targets: Mapping[str, Sequence[float]], label: str) -> Figure:
    """Draw how the targets of each part of a table are spread."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.8))
    edges = np.linspace(0, max(max(v) for v in targets.values()), 46)
    for (name, values), colour, style in zip(targets.items(), COLOURS, STYLES, strict=False):
        text = f"{name} ({len(values)})"
        axes.hist(
            values,
            edges.tolist(),
            density=True,
            histtype="step",
            lw=1.6,
            color=colour,
            linestyle=style,
            label=text,
        )
    axes.set(xlabel=label, ylabel="share of compounds per unit")
    axes.legend(frameon=False)
    return figure


def learning(history: Sequence[Mapping[str, object]], shipped: Sequence[float], unit: str) -> Figure:
    """Draw a live training beside the validation errors that the shipped members ended with."""
    import matplotlib.pyplot as plt

    steps = [r["step"] for r in history]
    error = [r["terms"]["val_mae"] for r in history]  # type: ignore[index]
    figure, axes = plt.subplots(figsize=(7, 3))
    axes.semilogy(steps, error, "o-", ms=3, color=COLOURS[0], label="this training, in front of you")
    if shipped:
        axes.axhspan(
            min(shipped), max(shipped), color=COLOURS[1], alpha=0.35, label="shipped members, at their end"
        )
    axes.set(xlabel="epoch", ylabel=f"validation MAE ({unit})")
    axes.legend(frameon=False)
    return figure


def ternary(
    model: Predictor, elements: Sequence[str], paths: Mapping[str, np.ndarray], step: float = 0.02
) -> Figure:
    """Draw the property over a ternary system with search paths, arrays of shape (n, 3), on it."""
    import matplotlib.pyplot as plt
    from matplotlib.tri import Triangulation

    def place(fractions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return fractions[:, 2] + fractions[:, 0] / 2, fractions[:, 0] * np.sqrt(3) / 2  # as in the SimplexMap

    rows = simplex_grid(3, step)
    value = model.evaluate(elements, rows)["value"]
    figure, axes = plt.subplots(figsize=(6.2, 5), layout="constrained")
    levels = np.linspace(value.min(), np.quantile(value, 0.98), 25)  # a stiff corner must not hide the rest
    field = axes.tricontourf(Triangulation(*place(rows)), value, levels=levels, cmap="viridis", extend="max")
    figure.colorbar(field, ax=axes, label=f"{model.label} ({model.unit})", shrink=0.85, format="%.0f")
    for (name, path), mark in zip(paths.items(), ("o", "s", "^", "D"), strict=False):
        x, y = place(np.asarray(path))
        axes.plot(x, y, color="white", lw=3.2)
        axes.plot(x, y, color="black", lw=1.2)
        axes.plot(x[-1], y[-1], mark, color="white", mec="black", ms=9, label=name)
    corners = ((0.5, 0.9, "center"), (0.0, -0.03, "right"), (1.0, -0.03, "left"))
    for element, (across, up, side) in zip(elements, corners, strict=True):
        axes.text(across, up, element, ha=side, fontsize=13)
    axes.set(aspect="equal", xlim=(-0.1, 1.1), ylim=(-0.08, 0.96))
    axes.axis("off")
    axes.legend(frameon=False, loc="upper left")
    return figure
