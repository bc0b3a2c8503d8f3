"""Figures of the dual_vae notebook: patterns, compositions and property models (Figures S2, S3, S6, S7 and S9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.features.xrd import GRID
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.floating]
SYMBOLS = {number: symbol for symbol, number in ATOMIC_NUMBERS.items()}
ANGLE = "2θ (degrees, Cu Kα)"
HATCHES, MARKS = ("", "///", "...", "xx"), "osD^vP*X"
SHOWN = 4000  # points of a parity plot; more only fill it


def pattern_panels(
    profiles: Floats, rebuilt: Floats, names: Sequence[str], similarity: Sequence[float] | None = None
) -> Figure:
    """Draw patterns, what the autoencoder makes of them mirrored below, and the residual (Figure S2).

    Parameters
    ----------
    profiles, rebuilt : ndarray, shape (n, 1601)
        Largest value 1.
    names : sequence of str, length n
    similarity : sequence of float, length n, optional
        Cosine of each pair, written beside the name.
    """
    import matplotlib.pyplot as plt

    n = len(profiles)
    figure, grid = plt.subplots(
        2 * n, 1, figsize=(9, 2.15 * n + 0.4), sharex=True, layout="constrained", squeeze=False,
        height_ratios=[3, 1.15] * n,
    )  # fmt: skip
    reach = 1.05 * max(0.05, float(np.abs(rebuilt - profiles).max()))
    for k, (top, low) in enumerate(zip(grid[::2, 0], grid[1::2, 0], strict=True)):
        top.plot(GRID, profiles[k], color=COLOURS[0], lw=1, label="pattern")
        top.plot(GRID, -rebuilt[k], color=COLOURS[1], lw=1, label="reconstruction, mirrored")
        top.axhline(0, color="0.4", lw=0.6)
        text = names[k] if similarity is None else f"{names[k]}   cosine {similarity[k]:.2f}"
        top.set_title(text, loc="left", fontsize=10, fontweight="bold", pad=3)
        top.set(ylim=(-1.08, 1.08), yticks=(-1, 0, 1), yticklabels=("1", "0", "1"), ylabel="intensity")
        low.fill_between(GRID, rebuilt[k] - profiles[k], color="0.35", lw=0)
        low.axhline(0, color="0.4", lw=0.6)
        low.set(ylim=(-reach, reach), ylabel="residual")
    grid[-1, 0].set(xlabel=ANGLE, xlim=(GRID[0], GRID[-1]))
    handles = {"handles": grid[0, 0].get_lines()[:2], "frameon": False, "ncols": 2, "fontsize": 9}
    grid[0, 0].legend(**handles, loc="lower right", bbox_to_anchor=(1.0, 0.96))
    figure.align_ylabels()
    return figure


def overlay(pattern: Floats, others: Mapping[str, Floats], peaks: Floats | None = None) -> Figure:
    """Draw a pattern above others of the same range, each on its own line, with marks at peaks.

    Parameters
    ----------
    pattern : ndarray, shape (1601,)
    others : mapping of str to ndarray, shape (1601,)
    peaks : ndarray, shape (p,), optional
        Degrees 2theta.
    """
    import matplotlib.pyplot as plt

    curves = {"pattern": pattern, **others}
    figure, axes = plt.subplots(figsize=(9, 1 + 0.95 * len(curves)), layout="constrained")
    for k, (name, values) in enumerate(curves.items()):
        base = 1.1 * (len(curves) - 1 - k)
        axes.plot(GRID, base + np.asarray(values), color=COLOURS[k % 7], lw=1)
        axes.text(GRID[-1] - 0.5, base + 0.82, name, ha="right", color=COLOURS[k % 7], fontweight="bold")
    if peaks is not None:
        axes.plot(peaks, np.full(len(peaks), -0.08), "|", color="black", ms=7, mew=1)
        axes.text(GRID[0] + 0.4, -0.1, "peaks", va="center", fontsize=8)
    axes.set(xlabel=ANGLE, ylabel="intensity (largest = 1)", xlim=(GRID[0], GRID[-1]), yticks=())
    return figure


def composition_bars(
    given: Floats, rebuilt: Floats, names: Sequence[str], least: float = 0.01, columns: int = 3
) -> Figure:
    """Draw fractions before and after the composition autoencoder (Figure S3).

    Parameters
    ----------
    given, rebuilt : ndarray, shape (n, 100)
    names : sequence of str, length n
    least : float
        Fractions below it in both are summed as "rest".
    columns : int
    """
    import matplotlib.pyplot as plt

    columns = min(columns, len(given))
    lines = -(-len(given) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(9.5, 2.25 * lines), sharey=True, layout="constrained", squeeze=False
    )
    for k, axes in enumerate(grid.flat):
        if k >= len(given):
            axes.set_visible(False)
            continue
        shown = np.flatnonzero((given[k] >= least) | (rebuilt[k] >= least))
        labels = [SYMBOLS[int(i) + 1] for i in shown]
        values = [row[k][shown] for row in (given, rebuilt)]
        rest = [1 - each.sum() for each in values]
        if max(rest) >= least:
            labels, values = [*labels, "rest"], [np.append(v, r) for v, r in zip(values, rest, strict=True)]
        places = np.arange(len(labels))
        for j, (name, bars) in enumerate((("composition", values[0]), ("reconstruction", values[1]))):
            axes.bar(
                places + 0.4 * j - 0.2, bars, 0.4, color=COLOURS[j], hatch=HATCHES[j], edgecolor="white", lw=0,
                label=name if k == 0 else None,
            )  # fmt: skip
        axes.set_xticks(places, labels)
        axes.set_title(names[k], fontsize=10)
    for axes in grid[:, 0]:
        axes.set(ylabel="share of atoms", ylim=(0, 1))
    figure.legend(frameon=False, ncols=2, loc="outside upper right")
    return figure


def parity(
    panels: Mapping[str, tuple[Floats, Floats]],
    units: Sequence[str],
    notes: Sequence[str] = (),
    columns: int = 3,
) -> Figure:
    """Draw predicted against calculated values as densities (Figure S6).

    Parameters
    ----------
    panels : mapping of str to (y, predicted)
        By name of the property.
    units : sequence of str
        One a panel.
    notes : sequence of str
        One a panel, written into its corner.
    columns : int
    """
    import matplotlib.pyplot as plt

    columns = min(columns, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(3.2 * columns, 3.05 * lines), layout="constrained", squeeze=False
    )
    for k, axes in enumerate(grid.flat):
        if k >= len(panels):
            axes.set_visible(False)
            continue
        name, (y, said) = list(panels.items())[k]
        known = np.flatnonzero(np.isfinite(said))
        known = np.random.default_rng(0).permutation(known)[:SHOWN]
        ends = np.array([min(y[known].min(), said[known].min()), max(y[known].max(), said[known].max())])
        ends += np.array([-0.02, 0.02]) * np.ptp(ends)
        axes.hexbin(
            y[known],
            said[known],
            gridsize=42,
            extent=(*ends, *ends),
            mincnt=1,
            bins="log",
            cmap="cividis_r",
            lw=0.1,
        )
        axes.plot(ends, ends, color="black", lw=1, ls=STYLES[1])
        if k < len(notes):
            axes.text(0.04, 0.96, notes[k], transform=axes.transAxes, va="top", fontsize=9)
        unit = f" ({units[k]})" if units[k] else ""
        axes.set(xlim=ends, ylim=ends, title=f"{name}{unit}", aspect="equal")
        axes.title.set_fontsize(10)
        if k % columns == 0:
            axes.set_ylabel("predicted")
        if k >= len(panels) - columns:
            axes.set_xlabel("calculated")
    return figure


def roc(curves: Mapping[str, tuple[Floats, Floats]]) -> Figure:
    """Draw ROC curves of several scores (Figures S7 and S9C).

    Parameters
    ----------
    curves : mapping of str to (y, score)
        Labels 0 and 1, and what is higher for 1; by name.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 4.4), layout="constrained")
    draw_roc(axes, curves)
    return figure


def draw_roc(axes: Axes, curves: Mapping[str, tuple[Floats, Floats]]) -> None:
    """Draw ROC curves, with their areas in the legend, into axes; see `roc`."""
    from sklearn.metrics import roc_curve

    from matwidgets.training.classification import auc

    for k, (name, (y, score)) in enumerate(curves.items()):
        false, true, _ = roc_curve(y, score)
        axes.plot(
            false,
            true,
            color=COLOURS[k % 7],
            ls=STYLES[k % 4],
            lw=1.8,
            label=f"{name}: area {auc(y, score):.3f}",
        )
    axes.plot([0, 1], [0, 1], color="0.6", lw=1, ls=STYLES[3])
    axes.set(
        xlabel="false positive rate",
        ylabel="true positive rate",
        xlim=(0, 1),
        ylim=(0, 1.005),
        aspect="equal",
    )
    axes.legend(frameon=False, loc="lower right", fontsize=9)


def confusion(counts: NDArray[np.integer], labels: Sequence[str], title: str = "") -> Figure:
    """Draw a confusion matrix with shares of the true class in the cells (Figures S7, S9B and S9D).

    Parameters
    ----------
    counts : ndarray of int, shape (c, c)
        Rows are true classes, columns predicted ones.
    labels : sequence of str, length c
    title : str
    """
    import matplotlib.pyplot as plt

    size = 1.6 + 0.72 * len(labels)
    figure, axes = plt.subplots(figsize=(size + 1.2, size), layout="constrained")
    draw_confusion(axes, counts, labels)
    axes.set_title(title, fontsize=10)
    return figure


def draw_confusion(axes: Axes, counts: NDArray[np.integer], labels: Sequence[str]) -> None:
    """Draw a confusion matrix into axes; see `confusion`."""
    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    drawn = axes.imshow(share, vmin=0, vmax=1, cmap="Blues")
    axes.figure.colorbar(drawn, ax=axes, label="share of the true class", shrink=0.8)
    for i, j in np.ndindex(*share.shape):
        axes.text(
            j, i, f"{share[i, j]:.2f}", ha="center", va="center", fontsize=9,
            color="white" if share[i, j] > 0.5 else "black",
        )  # fmt: skip
    places = np.arange(len(labels))
    turned = len(labels) > 3
    axes.set_xticks(places, labels, rotation=40 if turned else 0, ha="right" if turned else "center")
    axes.set_yticks(places, [f"{name} ({int(n)})" for name, n in zip(labels, totals[:, 0], strict=True)])
    axes.set(xlabel="predicted", ylabel="true (number)")


def scores_by_inputs(
    rows: Mapping[str, Mapping[str, tuple[float, float]]], published: Mapping[str, float], label: str
) -> Figure:
    """Draw a measure of several endpoints from several inputs as points with spreads, the paper's as a bar.

    Parameters
    ----------
    rows : mapping of str to mapping of str to (mean, spread)
        By endpoint and inputs; a spread of 0 draws none.
    published : mapping of str to float
        By endpoint.
    label : str
        Of the measure.
    """
    import matplotlib.pyplot as plt

    names = list(dict.fromkeys(name for each in rows.values() for name in each))
    figure, axes = plt.subplots(figsize=(8.5, 0.8 + 0.55 * len(rows)), layout="constrained")
    base = np.arange(len(rows))[::-1].astype(float)
    for k, name in enumerate(names):
        at = [(b - 0.32 + 0.64 * (len(names) - 1 - k) / max(1, len(names) - 1), each[name])
              for b, each in zip(base, rows.values(), strict=True) if name in each]  # fmt: skip
        axes.errorbar(
            [v[0] for _, v in at], [y for y, _ in at], xerr=[v[1] for _, v in at], fmt=MARKS[k % 8], ms=6,
            color=COLOURS[k % 7], capsize=2, lw=1, label=name,
        )  # fmt: skip
    for b, endpoint in zip(base, rows, strict=True):
        if endpoint in published:
            axes.vlines(published[endpoint], b - 0.42, b + 0.42, color="black", lw=2.5)
        if b:
            axes.axhline(b - 0.5, color="0.85", lw=0.8)
    axes.plot([], [], color="black", lw=2.5, label="paper")
    axes.set_yticks(base, list(rows))
    axes.set(xlabel=label, ylim=(-0.5, len(rows) - 0.5))
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
