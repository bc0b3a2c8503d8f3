"""Pictures of the dual_vae notebook: latent maps, characteristics and searches (Figures S4, S5, S8 and S10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.xrd import GRID
from matwidgets.papers.dual_vae_characteristics import UNITS
from matwidgets.papers.dual_vae_figures import ANGLE, MARKS
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from matwidgets.papers.dual_vae_space import ElementMap
    from matwidgets.papers.dual_vae_symmetry import SymmetryMap

Floats = NDArray[np.floating]


def element_maps(found: ElementMap) -> Figure:
    """Draw where the materials with each element lie in the picture of the composition latents (Figure S4)."""
    import matplotlib.pyplot as plt

    columns = min(3, len(found.elements))
    lines = -(-len(found.elements) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(3.3 * columns, 3.2 * lines), layout="constrained", sharex=True, sharey=True,
        squeeze=False,
    )  # fmt: skip
    for axes, row, has in zip(grid.flat, found.frame.itertuples(), found.contains.T, strict=False):
        axes.scatter(*found.plane[~has].T, s=3, c="0.8", lw=0, rasterized=True)
        axes.scatter(*found.plane[has].T, s=9, c=COLOURS[1], marker="D", lw=0, rasterized=True)
        axes.set_title(f"{row.element}: {row.materials} of {len(has)}", fontsize=10, fontweight="bold")
        _bare(axes, f"like neighbours {row.purity:.2f}, at random {row.prevalence:.2f}")
    for axes in grid.flat[len(found.elements) :]:
        axes.set_visible(False)
    return figure


def symmetry_map(found: SymmetryMap) -> Figure:
    """Draw the picture of the structure latents, a panel a crystal system (Figure S5)."""
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(2, 4, figsize=(11.5, 6), layout="constrained")
    for k, (axes, row) in enumerate(zip(grid.flat, found.frame.itertuples(), strict=False)):
        has = found.systems == row.system
        axes.scatter(*found.plane[~has].T, s=3, c="0.8", lw=0, rasterized=True)
        axes.scatter(*found.plane[has].T, s=11, c=COLOURS[k], marker=MARKS[k], lw=0, rasterized=True)
        said = "well resolved" if row.resolved else "poorly separable"
        axes.set_title(f"{row.system}\npaper: {said}", fontsize=10)
        _bare(axes, f"like neighbours {row.picture:.2f}, at random {row.chance:.2f}")
    last, height = grid.flat[-1], np.arange(len(found.frame))[::-1]
    columns = {"purity": "latents", "picture": "picture", "components": "PCA"}
    for j, (column, name) in enumerate(columns.items()):
        last.plot(found.frame[column], height, MARKS[j], color=COLOURS[j], label=name, ms=5)
    last.axvline(found.frame["chance"].mean(), color="0.4", lw=1, ls=STYLES[1])
    last.set_yticks(height, found.frame["system"].tolist())
    last.set(xlabel="share of like neighbours", xlim=(0, 1))
    last.yaxis.tick_right()
    last.legend(
        frameon=False, fontsize=8, loc="lower left", ncols=3, bbox_to_anchor=(-0.1, 1.0), handletextpad=0
    )
    return figure


def purities(frame: DataFrame, names: str, columns: Mapping[str, str], chance: str) -> Figure:
    """Draw the share of neighbours of the same label by label, beside chance.

    Parameters
    ----------
    frame : DataFrame
        Of an `ElementMap` or a `SymmetryMap`.
    names : str
        Its column of labels.
    columns : mapping of str to str
        Column -> what it is called.
    chance : str
        Column of what neighbours drawn at random would give.
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 0.9 + 0.38 * len(frame)), layout="constrained")
    height = np.arange(len(frame))[::-1]
    for k, (column, called) in enumerate(columns.items()):
        axes.plot(frame[column], height, MARKS[k], color=COLOURS[k], ms=7, label=called)
    axes.plot(frame[chance], height, "|", color="black", ms=16, mew=2, label="at random")
    axes.hlines(height, 0, 1, color="0.9", lw=0.8, zorder=0)
    axes.set_yticks(height, frame[names].tolist())
    axes.set(xlabel="share of the ten nearest neighbours with the same label", xlim=(0, 1))
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def distributions(described: Mapping[str, DataFrame], bins: int = 40) -> Figure:
    """Draw the distribution of every characteristic for each set of patterns (Figure S10).

    Parameters
    ----------
    described : mapping of str to DataFrame
        From `characteristics`; the first is filled.
    bins : int
    """
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(2, 5, figsize=(13, 5), layout="constrained")
    for axes, (name, unit) in zip(grid.flat, UNITS.items(), strict=True):
        every = np.concatenate([frame[name].to_numpy() for frame in described.values()])
        low, high = np.quantile(every, [0.002, 0.998])
        edges = np.linspace(low, high if high > low else low + 1, bins + 1)
        for k, (called, frame) in enumerate(described.items()):
            shares, _ = np.histogram(np.clip(frame[name], low, high), edges)
            heights = 100 * shares / len(frame)
            label = called if axes is grid.flat[0] else None
            if k == 0:
                axes.stairs(heights, edges, fill=True, color="0.82", label=label)
                axes.stairs(heights, edges, color="0.45", lw=0.8)
            else:
                axes.stairs(heights, edges, color=COLOURS[k - 1], ls=STYLES[(k - 1) % 4], lw=1.6, label=label)
        axes.set_xlabel(f"{name} ({unit})" if unit else name)
        axes.set_ylim(bottom=0)
    for axes in grid[:, 0]:
        axes.set_ylabel("share of patterns (%)")
    figure.legend(frameon=False, ncols=len(described), loc="outside upper center")
    return figure


def benchmark(
    panels: Mapping[str, Mapping[str, tuple[Floats, Floats, Floats, Floats]]], label: str, columns: int = 3
) -> Figure:
    """Draw the progress of searches with bands (Figure S8).

    Parameters
    ----------
    panels : mapping of str to mapping of str to (evaluations, mean, low, high)
        By function and by method.
    label : str
        Of what is drawn, such as "best value so far less the minimum".
    columns : int
    """
    import matplotlib.pyplot as plt

    columns = min(columns, len(panels))
    lines = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(3.6 * columns, 2.8 * lines), layout="constrained", squeeze=False
    )
    for axes, (name, curves) in zip(grid.flat, panels.items(), strict=False):
        every = np.concatenate([mean for _, mean, _, _ in curves.values()])
        for k, (method, (evaluations, mean, low, high)) in enumerate(curves.items()):
            label_of = method if axes is grid.flat[0] else None
            axes.plot(evaluations, mean, color=COLOURS[k], ls=STYLES[k % 4], lw=1.8, label=label_of)
            axes.fill_between(evaluations, low, high, color=COLOURS[k], alpha=0.2, lw=0)
        axes.set_title(name, fontsize=10)
        if every.min() > 0:
            axes.set_yscale("log")
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for k, axes in enumerate(grid.flat[: len(panels)]):
        if k >= len(panels) - columns:
            axes.set_xlabel("evaluations")
    figure.supylabel(label, fontsize=10)
    figure.legend(frameon=False, ncols=3, loc="outside upper center")
    return figure


def proposals(
    profiles: Floats, nearest: Floats, formulas: Sequence[str], known: Sequence[str], notes: Sequence[str]
) -> Figure:
    """Draw what a search proposes: each decoded pattern with that of the nearest known compound mirrored below.

    Parameters
    ----------
    profiles, nearest : ndarray, shape (n, 1601)
    formulas, known : sequence of str, length n
    notes : sequence of str, length n
        Predicted values with their uncertainty and unit.
    """
    import matplotlib.pyplot as plt

    n = len(profiles)
    figure, grid = plt.subplots(
        n, 1, figsize=(9, 0.8 + 1.35 * n), layout="constrained", sharex=True, squeeze=False
    )
    for k, axes in enumerate(grid[:, 0]):
        axes.plot(GRID, profiles[k], color=COLOURS[0], lw=1)
        axes.plot(GRID, -nearest[k], color=COLOURS[1], lw=1)
        axes.axhline(0, color="0.4", lw=0.6)
        corner = {"transform": axes.transAxes, "ha": "right", "bbox": _PLATE}
        axes.text(0.995, 0.95, f"{formulas[k]}: {notes[k]}", va="top", **corner)
        axes.text(0.995, 0.05, f"nearest known: {known[k]}", va="bottom", color=COLOURS[1], **corner)
        axes.set(ylim=(-1.15, 1.15), yticks=(-1, 0, 1), yticklabels=("1", "0", "1"))
    grid[-1, 0].set(xlabel=ANGLE, xlim=(GRID[0], GRID[-1]))
    figure.supylabel("intensity: proposed above, known mirrored", fontsize=10)
    return figure


_PLATE: dict[str, Any] = {"facecolor": "white", "alpha": 0.8, "lw": 0, "pad": 1}


def _bare(axes: Axes, note: str) -> None:
    """Axes of a t-SNE picture have no unit and no meaning of their own."""
    axes.set(xticks=(), yticks=())
    axes.set_xlabel(note, fontsize=9)
