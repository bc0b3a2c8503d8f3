"""Pictures of the wgan notebook: trainings (Figure 4a), samples beside other samplers (Figure 5b), Table 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed
from matwidgets.papers.figure import COLOURS, STYLES
from matwidgets.papers.wgan_protocol import MEASURES, PARTINGS
from matwidgets.papers.wgan_tasks import PUBLISHED, UNITS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from matwidgets.papers.wgan_properties import Cell
    from matwidgets.papers.wgan_samples import Row

Floats = NDArray[np.float64]
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++", "oo")
# Panels of a training: title, terms with their line styles; the first two are of the critic's score, which has no unit.
_CURVES: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    ("Wasserstein estimate (critic's score)", (
        ("wasserstein", "training", STYLES[0]), ("val_wasserstein", "held out", STYLES[1]))),
    ("critic's loss (critic's score)", (
        ("critic_loss", "training", STYLES[0]), ("val_critic_loss", "held out", STYLES[1]))),
    ("norm of the critic's gradient", (("gradient_norm", "training", STYLES[0]),)),
    ("share of samples", (
        ("unique", "unique", STYLES[0]), ("neutral", "neutral", STYLES[1]), ("legible", "legible", STYLES[3]))),
)  # fmt: skip
# Of `generation_assessment.assess`: where a measure stands, what it is called, whether more is better.
MEASURED: dict[str, tuple[tuple[str, ...], str, bool | None]] = {
    "neutral": (("{states}", "neutral"), "neutral", None),
    "ionic_valid": (("{states}", "ionic_valid"), "neutral and balanced\nof the ionic ones", True),
    "auc": (("auc",), "AUC, real or generated\n(0.5: cannot be told)", False),
    "unique": (("unique",), "unique", True),
    "novel": (("novel",), "novel", None),
    "pairs_covered": (("pairs_covered",), "pairs of elements\ncovered", True),
}
_LOG = 1e3  # ratio of values from which on an axis is logarithmic


def trainings(cards: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw what was recorded while networks were trained (Figure 4a and what belongs beside it).

    Parameters
    ----------
    cards : mapping of str to dict
        By name of the training: cards of wgan with a ``history``.

    Raises
    ------
    InputError
        A card without one.
    """
    import matplotlib.pyplot as plt

    bare = [name for name, card in cards.items() if not card.get("history", {}).get("epoch")]
    if bare or not cards:
        raise InputError(
            f"The card of {listed(bare) or 'no training'} has no history: give cards of trainings that kept one"
        )
    figure, grid = plt.subplots(2, 2, figsize=(10, 6), layout="constrained", sharex=len(cards) == 1)
    for axes, (label, terms) in zip(grid.flat, _CURVES, strict=True):
        drawn = [
            _curve(axes, card, term, COLOURS[k % 7], style, f"{name}: {called}" if len(cards) > 1 else called)
            for k, (name, card) in enumerate(cards.items())
            for term, called, style in terms
        ]
        values = np.abs(np.concatenate(drawn)) if drawn else np.zeros(0)
        values = values[values > 0]
        if len(values) and values.max() > _LOG * np.median(values):
            axes.set_yscale("symlog", linthresh=float(np.median(values)))
        axes.set_title(label, fontsize=10, loc="left")
        axes.legend(frameon=False, fontsize=8)
    grid[1, 1].set_ylim(-0.03, 1.03)
    grid[1, 1].legend(
        frameon=False, fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.7)
    )  # clear of 0.4 and 1
    grid[1, 0].axhline(1.0, color="0.5", lw=0.8, ls=STYLES[3])
    for axes in grid[1]:
        axes.set_xlabel("iterations of the generator")
    return figure


def _curve(axes: Axes, card: Mapping[str, Any], term: str, colour: str, style: str, label: str) -> Floats:
    """Draw one term; an epoch is so many iterations."""
    history = card["history"]
    if term not in history:
        return np.zeros(0)
    values = np.array([np.nan if x is None else x for x in history[term]], dtype=np.float64)
    known = np.isfinite(values)
    iterations = np.array(history["epoch"]) * int(card["recipe"]["iterations"])
    axes.plot(iterations[known], values[known], color=colour, ls=style, lw=1.5, label=label)
    found: Floats = values[known]
    return found


def samples(rows: Sequence[Row], states: str = "icsd24", columns: int = 3) -> Figure:
    """Draw what samples are worth as bars, with a point a seed and the data as a line (Figure 5b and beyond).

    Parameters
    ----------
    rows : sequence of Row
        From ``wgan_samples.recorded``; those of a sampler that gave no formula are left out.
    states : str
        The table of oxidation states of the chemical rules.
    columns : int

    Raises
    ------
    InputError
        No row with scores.
    """
    import matplotlib.pyplot as plt

    scored = [row for row in rows if row.scores]
    if not scored:
        raise InputError("No sampler has scores: record some with python -m matwidgets.papers.wgan_samples")
    names = list(dict.fromkeys(row.sampler for row in scored))
    lines = -(-len(MEASURED) // columns)
    height = 0.55 + 0.34 * len(names)
    figure, grid = plt.subplots(
        lines, columns, figsize=(3.6 * columns, (height + 0.4) * lines), layout="constrained", squeeze=False,
        sharey=True,
    )  # fmt: skip
    places = np.arange(len(names))[::-1]
    for axes, (path, called, more) in zip(grid.flat, MEASURED.values(), strict=False):
        values = {name: _values(scored, name, [key.format(states=states) for key in path]) for name in names}
        for k, (y, name) in enumerate(zip(places, names, strict=True)):
            mean = float(np.mean(values[name])) if len(values[name]) else 0.0
            axes.barh(
                y, mean, 0.62, color=COLOURS[k % 8], hatch=HATCHES[k % 7], edgecolor="white", lw=0, alpha=0.85
            )
            axes.plot(
                values[name], np.full(len(values[name]), y), "o", color="black", ms=3.5, mfc="white", mew=0.8
            )
            axes.text(
                1.03, y, f"{mean:.2f}" if len(values[name]) else "–", va="center", ha="left", fontsize=8,
                transform=axes.get_yaxis_transform(),
            )  # fmt: skip
        if len(values.get("data", ())):
            axes.axvline(float(np.mean(values["data"])), color="black", lw=1, ls=STYLES[1])
        better = {True: " (more is better)", False: " (less is better)", None: ""}[more]
        axes.set_title(called + better, fontsize=9, loc="left")
        axes.set_xlim(0, 1)
        axes.set_yticks(places, names)
    for axes in grid.flat[len(MEASURED) :]:
        axes.set_visible(False)
    figure.supxlabel("dashed: the data; circles: seeds", fontsize=9)
    return figure


def _values(rows: Sequence[Row], sampler: str, path: Sequence[str]) -> Floats:
    found = []
    for row in rows:
        if row.sampler != sampler:
            continue
        value: Any = row.scores
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is not None:
            found.append(float(value))
    return np.array(found)


def table4(cells: Sequence[Cell], measure: str = "mae", method: str = "network") -> Figure:
    """Draw every representation's error by property as points with the spread of the folds (Table 4, Figure 5a).

    Parameters
    ----------
    cells : sequence of Cell
        From ``wgan_properties.recorded``.
    measure : {"mae", "rmse", "r2"}
    method : str
        What the representations were given to.

    Raises
    ------
    InputError
        Another measure, or no cell of the method.
    """
    import matplotlib.pyplot as plt

    if measure not in MEASURES:
        raise InputError(
            f"Unknown measure {measure!r}; allowed are {', '.join(MEASURES)}: choose one of these"
        )
    chosen = [cell for cell in cells if cell.method == method]
    if not chosen:
        raise InputError(f"No cell of the method {method!r}: give some of wgan_properties.recorded()")
    properties = [name for name in UNITS if any(cell.property == name for cell in chosen)]
    names = list(dict.fromkeys(cell.representation for cell in chosen))
    figure, grid = plt.subplots(
        1, len(properties), figsize=(3.7 * len(properties) + 1, 1.4 + 0.4 * len(names)), layout="constrained",
        sharey=True, squeeze=False,
    )  # fmt: skip
    base = np.arange(len(names))[::-1].astype(float)
    place = dict(zip(names, base, strict=True))
    for axes, name in zip(grid.flat, properties, strict=True):
        for k, parting in enumerate(PARTINGS):
            own = [cell for cell in chosen if (cell.property, cell.parting) == (name, parting)]
            means = [float(np.mean(cell.values(measure))) for cell in own]
            spread = [
                float(np.std(cell.values(measure), ddof=1)) if len(cell.rows) > 1 else 0.0 for cell in own
            ]
            axes.errorbar(
                means, [place[cell.representation] + 0.14 - 0.28 * k for cell in own], xerr=spread, fmt="os"[k],
                ms=6, color=COLOURS[k], capsize=2, lw=1,
                label=f"{'random' if parting == 'random' else 'grouped'} folds",
            )  # fmt: skip
        for representation, published in PUBLISHED.get(name, {}).items():
            if representation in place:
                y = place[representation]
                axes.vlines(published[MEASURES.index(measure)], y - 0.36, y + 0.36, color="black", lw=2.2)
        axes.plot([], [], color="black", lw=2.2, label="paper")
        axes.hlines(base[1:] + 0.5, *axes.get_xlim(), color="0.88", lw=0.8, zorder=0)
        unit = "" if measure == "r2" else f" ({UNITS[name]})"
        axes.set(title=name.replace("_", " "), xlabel={"r2": "R2"}.get(measure, measure.upper()) + unit)
        axes.set_yticks(base, names)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, ncols=3, loc="outside upper center", fontsize=9)
    return figure
