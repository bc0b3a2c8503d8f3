"""Pictures of the latent space, generated alloys, the loop and Shapley values in the disentangled_vae notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.features.alloys import ELEMENTS, FEATURES
from matwidgets.papers.disentangled_vae_regions import BOX, GROUPS, density
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle
    from pandas import DataFrame

    from matwidgets.inverse.inversion import Inversion
    from matwidgets.papers.disentangled_vae_reasons import Reasons

Floats = NDArray[np.float64]
MARKS, HATCHES = "os^Dv", ("", "///", "...", "xx")


def phases(z: Floats, y: ArrayLike) -> Figure:
    """Draw latent points by phase, and their density with the paper's box (Figure 4)."""
    import matplotlib.pyplot as plt

    labels = np.asarray(y)
    figure, both = plt.subplots(1, 2, figsize=(9.5, 4), layout="constrained", sharex=True, sharey=True)
    for k, (label, name) in enumerate(((0, "several phases"), (1, "single phase"))):
        rows = z[labels == label]
        both[0].scatter(
            rows[:, 0],
            rows[:, 1],
            s=11,
            marker="ox"[k],
            c=COLOURS[k],
            lw=0.9 if k else 0,
            alpha=0.7,
            label=f"{name} ({len(rows)})",
        )
    _legend(both[0])
    dense(both[1], z)
    for axes in both:
        _plane(axes)
    return figure


def dense(axes: Axes, z: Floats) -> None:
    """Draw the density of latent points as contours, with the paper's box."""
    reach = np.abs(z).max(axis=0) + 0.3
    grid = [np.linspace(-r, r, 70) for r in reach]
    mesh = np.meshgrid(*grid)
    height = density(z, np.column_stack([m.ravel() for m in mesh])).reshape(mesh[0].shape)
    lines = axes.contour(*grid, height, levels=6, cmap="cividis_r")
    axes.figure.colorbar(lines, ax=axes, label="alloys per unit area (share)")
    axes.add_patch(_box())
    axes.text(-BOX[0], -BOX[1] - 0.1, "|z1| < 2.5, |z2| < 2", va="top", fontsize=8)


def numbers(z: Floats, x: Floats) -> Figure:
    """Draw latent points by the number of elements (Figure 5(a))."""
    import matplotlib.pyplot as plt

    many = (x > 0).sum(axis=1)
    figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    for k, (name, rows) in enumerate((("up to 3 elements", many < 4), ("4 and more", many >= 4))):
        drawn = axes.scatter(
            z[rows, 0], z[rows, 1], c=many[rows], cmap="cividis_r", vmin=1, vmax=many.max(), s=13, marker="^o"[k], lw=0,
            label=f"{name} ({rows.sum()})",
        )  # fmt: skip
    figure.colorbar(drawn, ax=axes, label="elements in the alloy")
    _legend(axes)
    _plane(axes)
    return figure


def groups(z: Floats, names: Sequence[str], others: Floats | None = None) -> Figure:
    """Draw the four-element alloys of three groups (Figure 5(b)), all other alloys grey behind them."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
    if others is not None:
        axes.scatter(others[:, 0], others[:, 1], s=6, c="0.85", lw=0)
    for k, name in enumerate(GROUPS):
        rows = z[np.asarray(names) == name]
        axes.scatter(rows[:, 0], rows[:, 1], s=20, marker=MARKS[k], c=COLOURS[k], lw=0, alpha=0.8, label=name)
        axes.annotate(name, rows.mean(axis=0), ha="center", fontweight="bold")
    _legend(axes)
    _plane(axes)
    return figure


def readers(frame: DataFrame) -> Figure:
    """Draw how well the phase can be read from latent points and from other coordinates, with the spread over seeds."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8.5, 2.9), layout="constrained")
    place = np.arange(len(frame))[::-1]
    for k, (name, label) in enumerate((("line", "a line"), ("neighbours", "30 neighbours"))):
        axes.errorbar(
            frame[name], place + 0.12 - 0.24 * k, xerr=frame[f"{name}_std"], fmt=MARKS[k], color=COLOURS[k], capsize=3,
            label=label,
        )  # fmt: skip
    axes.axvline(0.5, color="0.4", lw=1, ls=STYLES[1])
    axes.text(0.5, len(frame) - 0.45, "chance", ha="center", va="bottom", fontsize=8)
    axes.set_yticks(place, frame["space"])
    axes.set(xlabel="area under the ROC curve of the phase, held-out alloys", ylim=(-0.6, len(frame) - 0.4))
    axes.legend(frameon=False, fontsize=8)
    return figure


def traversals(along: Floats, x: Floats, probability: Floats, axis: int = 0) -> Figure:
    """Draw what is decoded along one latent axis: layers of elements, and the classifier's probability above them."""
    import matplotlib.pyplot as plt

    figure, (top, below) = plt.subplots(
        2, 1, figsize=(8, 4.6), layout="constrained", sharex=True, height_ratios=(1, 2.6)
    )
    top.plot(along, probability, color=COLOURS[6])
    top.axhline(0.5, color="0.6", lw=1, ls=STYLES[1])
    top.set(ylabel="probability of\na single phase", ylim=(0, 1))
    shown = np.argsort(-x.max(axis=0))[:10]
    rest = 1 - x[:, shown].sum(axis=1)
    base = np.zeros(len(along))
    for k, layer in enumerate([*x[:, shown].T, rest]):
        name = ELEMENTS[shown[k]] if k < len(shown) else "others"
        colour = COLOURS[k % 8] if k < len(shown) else "0.9"
        below.fill_between(
            along, base, base + layer, color=colour, hatch=HATCHES[(k // 8) % 4], edgecolor="white", lw=0.3
        )
        at = int(np.argmax(layer))
        if layer[at] > 0.07:
            below.text(
                np.clip(along[at], along[0] + 0.12, along[-1] - 0.12), base[at] + layer[at] / 2, name, ha="center",
                va="center", color="black" if k == len(shown) else "white", fontweight="bold",
            )  # fmt: skip
        base = base + layer
    below.set(
        xlabel=f"z{axis + 1} (dimensionless)",
        ylabel="share of the atoms",
        xlim=(along[0], along[-1]),
        ylim=(0, 1),
    )
    return figure


def generated(frame: DataFrame) -> Figure:
    """Draw wanted and judged probability of the alloys decoded amid the refractory ones, one mark a member."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 3), layout="constrained")
    rows = frame[frame["place"] == "refractory"]
    for k, (y, each) in enumerate(rows.groupby("y", sort=True)):
        axes.plot(
            each["member"],
            each["probability"],
            MARKS[k],
            color=COLOURS[k],
            ms=8,
            label=f"decoded with y = {y:g}",
        )
        paper = float(each["paper_probability"].iloc[0])
        axes.axhline(paper, color=COLOURS[k], lw=1, ls=STYLES[k + 1])
        axes.text(len(each) - 0.4, paper, f"paper, {paper:g}", va="bottom", fontsize=8)
    axes.axhline(0.5, color="0.6", lw=0.8)
    count = len(set(rows["member"]))
    axes.set(
        xlabel="member of the ensemble, each with a latent space of its own",
        ylabel="probability of a single\nphase, judged", ylim=(-0.05, 1.1), xlim=(-0.5, count + 0.2),
        xticks=sorted(set(rows["member"])),
    )  # fmt: skip
    _legend(axes)
    return figure


def path(found: Inversion, others: Floats | None = None) -> Figure:
    """Draw an inversion: its way in the latent plane, and the probability step by step."""
    import matplotlib.pyplot as plt

    z = np.array([step.z for step in found.steps])
    p, std = ([getattr(step, name) for step in found.steps] for name in ("probability", "std"))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
    if others is not None:
        left.scatter(others[:, 0], others[:, 1], s=6, c="0.85", lw=0)
    left.plot(z[:, 0], z[:, 1], "o-", color=COLOURS[0])
    for number, point in enumerate(z):
        left.annotate(str(number), point, (5, 5), textcoords="offset points", fontweight="bold")
    middle, reach = (z.max(axis=0) + z.min(axis=0)) / 2, max(0.6, 0.7 * float(np.ptp(z, axis=0).max()))
    left.set(xlim=(middle[0] - reach, middle[0] + reach), ylim=(middle[1] - reach, middle[1] + reach))
    _plane(left)
    right.errorbar(range(len(p)), p, yerr=std, fmt="o-", color=COLOURS[0], capsize=3)
    right.axhline(0.6, color="0.4", lw=1, ls=STYLES[1])
    right.text(-0.25, 0.61, "cutoff 0.6", fontsize=8)
    names = [f"{number}: {step.alloy}" for number, step in enumerate(found.steps)]
    right.set_xticks(range(len(p)), names, rotation=25, ha="right", fontsize=7)
    right.set(
        xlabel="step: alloy",
        ylabel="probability of a single phase",
        ylim=(0, 1.05),
        xlim=(-0.3, len(p) - 0.7),
    )
    return figure


def bars(frame: DataFrame) -> Figure:
    """Draw descriptors before and after an inversion (Figure 7(b)), and what each adds to the probability.

    Parameters
    ----------
    frame : DataFrame
        Of `disentangled_vae_reasons.before_and_after`.
    """
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
    place = np.arange(len(frame))[::-1]
    change = 100 * (frame["after"] - frame["before"]) / frame["before"].abs()
    left.barh(place, change, 0.6, color=COLOURS[5])
    for at, row, percent in zip(place, frame.itertuples(), change, strict=True):
        text = f" {row.before:,.4g} to {row.after:,.4g} {row.unit} "
        left.text(max(percent, 0), at, text, va="center", fontsize=7)
    reach = max(1.0, float(np.abs(change).max()))
    left.set(xlabel="change in the inversion (%)", xlim=(-1.15 * reach, 2.6 * reach))
    arrows = {-1: " (paper: down)", 0: "", 1: " (paper: up)"}
    left.set_yticks(
        place,
        [
            f"{label}{arrows[wanted]}"
            for label, wanted in zip(frame["label"], frame["wanted"].tolist(), strict=True)
        ],
        fontsize=8,
    )
    for k, (name, label) in enumerate((("value_before", "before"), ("value_after", "after"))):
        right.barh(
            place + 0.2 - 0.4 * k, frame[name], 0.4, color=COLOURS[k], hatch=HATCHES[k], edgecolor="white", lw=0,
            label=label,
        )  # fmt: skip
    right.axvline(0, color="0.4", lw=0.8)
    right.set(xlabel="Shapley value (probability of a single phase)")
    right.legend(frameon=False, fontsize=8)
    return figure


def beeswarm(found: Reasons) -> Figure:
    """Draw the Shapley values of all test alloys, a row a descriptor, the most important on top (Figure 7(a))."""
    import matplotlib.pyplot as plt

    order = np.argsort(np.abs(found.values).mean(axis=0))
    figure, axes = plt.subplots(figsize=(8.5, 4), layout="constrained")
    for place, i in enumerate(order):
        ranks = np.argsort(np.argsort(found.f[:, i])) / max(1, len(found.f) - 1)
        drawn = axes.scatter(
            found.values[:, i], place + _spread(found.values[:, i]), c=ranks, cmap="cividis", s=11, lw=0
        )
        axes.text(
            1.01, place, f"{found.correlation[FEATURES[i].name]:+.2f}", transform=axes.get_yaxis_transform(),
            va="center", fontsize=8,
        )  # fmt: skip
    axes.text(1.01, len(order) - 0.45, "correlation", transform=axes.get_yaxis_transform(), fontsize=7)
    axes.axvline(0, color="0.4", lw=0.8)
    axes.set_yticks(range(len(order)), [_named(i) for i in order])
    axes.set(xlabel="Shapley value (probability of a single phase)")
    bar = figure.colorbar(drawn, ax=axes, ticks=[0, 1], pad=0.1)
    bar.set_ticklabels(["lowest", "highest"])
    bar.set_label("value of the descriptor (rank)")
    return figure


def _named(i: int) -> str:
    return f"{FEATURES[i].label}{f' ({FEATURES[i].unit})' if FEATURES[i].unit else ''}"


def _spread(values: Floats) -> Floats:
    """Heights that keep points of equal value apart: as far from the line as many are near."""
    bins = np.digitize(values, np.linspace(values.min(), values.max() + 1e-12, 40))
    height = np.zeros(len(values))
    most = np.bincount(bins).max()
    for one in np.unique(bins):
        rows = np.flatnonzero(bins == one)
        height[rows] = (np.arange(len(rows)) - (len(rows) - 1) / 2) * 0.7 / max(most, 8)
    return height


def _legend(axes: Axes) -> None:
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower left", bbox_to_anchor=(0, 1.0))


def _plane(axes: Axes) -> None:
    axes.set(xlabel="z1 (dimensionless)", ylabel="z2 (dimensionless)")


def _box() -> Rectangle:
    from matplotlib.patches import Rectangle

    return Rectangle((-BOX[0], -BOX[1]), 2 * BOX[0], 2 * BOX[1], fill=False, ec="0.3", ls=STYLES[1])
