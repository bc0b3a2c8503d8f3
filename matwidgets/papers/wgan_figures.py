"""Figures of the wgan notebook: the 85 x 8 language, superconductors, elements on the table, the funnel of filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.features import occupancy
from matwidgets.features.composition import pretty_formula
from matwidgets.features.element_similarity import GROUPS
from matwidgets.features.elements import ATOMIC_NUMBERS, GRID
from matwidgets.papers.figure import COLOURS
from matwidgets.papers.wgan_elements import VECTORS
from matwidgets.papers.wgan_families import FAMILIES, SPACES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from matwidgets.papers.wgan_elements import ElementGroups
    from matwidgets.papers.wgan_families import FamilyMap

MARKS = "osD^vP*X"
# As in Figure 4b: iron-based red, copper-based blue, others black; told by mark as well.
_FAMILY = {"other": ("0.55", "o", 5), "cuprate": (COLOURS[0], "s", 8), "iron": (COLOURS[1], "^", 11)}


def encoding(formula: str = "KZn2Ru") -> Figure:
    """Draw the matrix of a formula (Figure 1): a column for each of the 85 elements, a row for each number of atoms.

    Raises
    ------
    InputError
        The formula has no such matrix.
    """
    import matplotlib.pyplot as plt

    counts = occupancy.require_counts([formula])[0]
    matrix = occupancy.matrices(counts)[0].T  # (8, 85)
    figure, axes = plt.subplots(figsize=(11, 2.4), layout="constrained")
    edges = np.arange(len(counts) + 1) - 0.5, np.arange(occupancy.MOST_ATOMS + 1) + 0.5
    axes.pcolormesh(*edges, matrix, cmap="Blues", vmin=0, vmax=1.2, edgecolors="0.85", lw=0.4)
    for i in np.flatnonzero(counts).tolist():
        axes.text(
            i, int(counts[i]), "1", ha="center", va="center", color="white", fontsize=8, fontweight="bold"
        )
        axes.axvline(i, ymax=(counts[i] - 0.5) / occupancy.MOST_ATOMS, color=COLOURS[0], lw=0.8, ls=":")
    axes.set_xticks(range(len(counts)), occupancy.ELEMENTS, fontsize=6.5)
    for i, label in enumerate(axes.get_xticklabels()):
        label.set_y(-0.055 * (i % 2))  # neighbours stand in two lines
        if counts[i]:
            label.set(color=COLOURS[0], fontweight="bold", fontsize=9)
    axes.tick_params(axis="x", length=0)
    axes.set_yticks(range(1, occupancy.MOST_ATOMS + 1))
    axes.set(ylabel="atoms", xlabel="element, by atomic number")
    cells = ", ".join(f"{occupancy.ELEMENTS[i]} {counts[i]}" for i in np.flatnonzero(counts))
    axes.set_title(
        f"{pretty_formula(formula, subscripts=True)}: {cells}; all other cells are 0", fontsize=10, loc="left"
    )
    return figure


def family_maps(found: FamilyMap) -> Figure:
    """Draw t-SNE maps of superconductors by family (Figure 4b), the critic's beside those of the controls."""
    import matplotlib.pyplot as plt

    figure, grid = plt.subplots(
        1, len(found.planes), figsize=(3.9 * len(found.planes), 4.1), layout="constrained", squeeze=False
    )
    counts = found.materials.counts
    for axes, (name, plane) in zip(grid.flat, found.planes.items(), strict=True):
        for family, (colour, mark, size) in _FAMILY.items():
            has = found.materials.families == family
            label = f"{FAMILIES[family]} ({counts[family]:,})" if axes is grid.flat[0] else None
            axes.scatter(*plane[has].T, s=size, c=colour, marker=mark, lw=0, alpha=0.8, label=label)
        axes.set_title(SPACES[name], fontsize=10)
        axes.set(xticks=(), yticks=())
        purity = found.row(name, "map")
        axes.set_xlabel(", ".join(f"{FAMILIES[f]} {purity[f]:.2f}" for f in FAMILIES), fontsize=9)
    figure.legend(frameon=False, ncols=3, loc="outside upper center", markerscale=2)
    figure.supxlabel(
        "below each map: share of the ten nearest neighbours that are of the same family", fontsize=8
    )
    return figure


def family_purity(found: FamilyMap) -> Figure:
    """Draw the purity of every family in each space and map, beside what shuffled families give."""
    import matplotlib.pyplot as plt

    rows = found.frame[["space", "place"]].values.tolist()
    figure, axes = plt.subplots(figsize=(8, 0.9 + 0.34 * len(rows)), layout="constrained")
    height = np.arange(len(rows))[::-1]
    for name, (colour, mark, _) in _FAMILY.items():
        colour = "black" if name == "other" else colour
        axes.plot(found.frame[name], height, mark, color=colour, ms=6, ls="", label=FAMILIES[name])
        axes.axvline(found.chance[name], color=colour, lw=1, ls=":", label=f"{FAMILIES[name]}, shuffled")
    axes.hlines(height, 0, 1, color="0.9", lw=0.8, zorder=0)
    axes.set_yticks(height, [SPACES[space] + (", map" if place == "map" else "") for space, place in rows])
    axes.set(xlim=(0, 1.01), xlabel="share of the ten nearest neighbours of the same family")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def element_map(
    values: Mapping[str, float],
    label: str,
    like: str | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw a value of each element on the periodic table, such as its likeness to one in T.

    Parameters
    ----------
    values : mapping of str to float
        By symbol; elements without one stay white.
    label : str
        Of the colours, with the unit if there is one.
    like : str, optional
        An element that is framed.
    limits : (low, high), optional
        Of the colours; by default those of the values.
    """
    import matplotlib.pyplot as plt
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = limits or (min(values.values()), max(values.values()))
    norm = Normalize(low, high if high > low else low + 1)
    colours = plt.get_cmap("viridis")
    figure, axes = plt.subplots(figsize=(10, 5), layout="constrained")
    for symbol, (row, column) in GRID.items():
        if row == 7 and column > 2:
            continue  # beyond the elements that formulas have
        if row == 9 and column > 9:
            continue
        value = values.get(symbol)
        down = row + 0.4 * (row > 7)
        face: Any = "white" if value is None else colours(norm(value))
        dark = value is not None and norm(value) < 0.6
        framed = symbol == like
        axes.add_patch(
            plt.Rectangle(
                (column - 0.47, down - 0.47), 0.94, 0.94, facecolor=face, zorder=2 if framed else 1,
                edgecolor="black" if framed else "0.8", lw=2.5 if framed else 0.6,
            )
        )  # fmt: skip
        ink = "white" if dark else ("black" if value is not None or framed else "0.6")
        axes.text(column, down + 0.08, symbol, ha="center", va="center", color=ink, fontsize=10, zorder=3)
        axes.text(
            column - 0.4,
            down - 0.27,
            str(ATOMIC_NUMBERS[symbol]),
            va="center",
            color=ink,
            fontsize=5.5,
            zorder=3,
        )
    for row, text in ((6, "57–71"), (7, "89–103")):
        axes.text(3, row, text, ha="center", va="center", fontsize=7, color="0.4")
    axes.set(xlim=(0.4, 18.6), ylim=(9.95, 0.4), aspect="equal")
    axes.axis("off")
    bar = axes.inset_axes((0.17, 0.93, 0.42, 0.03))
    figure.colorbar(ScalarMappable(norm, colours), cax=bar, orientation="horizontal", label=label)
    return figure


def group_bars(found: ElementGroups) -> Figure:
    """Draw how well groups of the periodic table hold together in T and in what it competes with."""
    import matplotlib.pyplot as plt

    names = [*GROUPS, "mean"]
    figure, axes = plt.subplots(figsize=(9, 0.9 + 0.42 * len(names)), layout="constrained")
    height = np.arange(len(names))[::-1].astype(float)
    shift = np.linspace(0.26, -0.26, len(found.frame))
    for k, row in enumerate(found.frame.to_dict("records")):
        axes.plot(
            [row[name] for name in names], height + shift[k], MARKS[k], color=COLOURS[k], ms=6, ls="",
            label=VECTORS[row["vectors"]],
        )  # fmt: skip
    axes.plot([found.at_random[0]] * 2, [-0.4, 0.4], color="black", lw=1, label="random T, mean")
    axes.plot(
        [found.at_random[1]] * 2, [-0.4, 0.4], color="black", lw=1, ls=":", label="random T, 95 % below"
    )
    axes.hlines(height[1:] + 0.5, 0, 1, color="0.85", lw=0.8)
    axes.set_yticks(
        height, [f"{n} ({len(GROUPS[n])})" if n in GROUPS else "mean of the groups" for n in names]
    )
    axes.set(xlim=(-0.02, 1.02), xlabel="share of an element's nearest that are of its group (R-precision)")
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def funnel(stages: Sequence[Mapping[str, Any]] | Sequence[tuple[str, int]], title: str = "") -> Figure:
    """Draw what is left after each filter.

    Parameters
    ----------
    stages : sequence
        ``GeneratorGallery.stages``, of which filters that are not kept are left out; or pairs of a name and a number.
    title : str
    """
    import matplotlib.pyplot as plt

    left = [
        (str(s["name"] or "generated"), int(s["count"])) if isinstance(s, Mapping) else (s[0], int(s[1]))
        for s in stages
        if not isinstance(s, Mapping) or s.get("kept", True)
    ]
    figure, axes = plt.subplots(figsize=(7.5, 0.7 + 0.45 * len(left)), layout="constrained")
    _funnel(axes, left)
    axes.set_title(title, fontsize=10, loc="left")
    return figure


def _funnel(axes: Axes, left: Sequence[tuple[str, int]]) -> None:
    first = max(1, left[0][1])
    height = np.arange(len(left))[::-1]
    counts = [count for _, count in left]
    before = [counts[0], *counts[:-1]]
    axes.barh(height, before, 0.62, facecolor="white", edgecolor="0.6", hatch="///", lw=0.6)
    axes.barh(height, counts, 0.62, color=COLOURS[0])
    for y, (_, count), was in zip(height, left, before, strict=True):
        text = f"{count:,}  {100 * count / first:.1f} %" if first > 1 else f"{count:,}"
        axes.text(was + 0.012 * first, y, text, va="center", fontsize=9)
    axes.set_yticks(height, [name for name, _ in left])
    axes.set(xlim=(0, 1.22 * first), xlabel="formulas (hatched: lost at this filter)")
