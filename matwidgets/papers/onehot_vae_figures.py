"""The figures of the onehot_vae notebook: colours that the colour-blind can tell apart, units on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.features import onehot
from matwidgets.features.composition import pretty_formula
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from matwidgets.papers.onehot_vae import SampleStatistics, Similarity, WidthResult

HATCHES = ("", "///", "...", "xx")


def encoding(formula: str) -> Figure:
    """Draw a material as its vector of 89 numbers (Figure 2 of the paper)."""
    import matplotlib.pyplot as plt

    counts = onehot.count_vectors([formula])[0]
    places = np.arange(1, len(counts) + 1)
    figure, axes = plt.subplots(figsize=(8.5, 2.4))
    axes.bar(places, counts, width=0.8, color=COLOURS[0])
    axes.plot(places, np.zeros_like(places), "|", color="0.7", ms=5)
    for i in np.flatnonzero(counts):
        axes.annotate(
            f"{onehot.ELEMENTS[i]} ({i + 1})",
            (i + 1, counts[i]),
            (0, 3),
            textcoords="offset points",
            ha="center",
        )
    axes.set(
        xlabel="place in the vector: the elements by symbol, Ac = 1 to Zr = 89", ylabel="atoms",
        xlim=(0, 90), ylim=(0, 1.25 * counts.max()),
    )  # fmt: skip
    return figure


def mixture(compound: str, weights: Mapping[str, float]) -> Figure:
    """Draw a compound and its products as bars whose pieces are atoms of each element."""
    import matplotlib.pyplot as plt

    names = [compound, *weights]
    x = onehot.fraction_vectors(names)
    present = np.flatnonzero(x.any(0))
    figure, axes = plt.subplots(figsize=(8.5, 2.3))
    rows = ((1, [(compound, 1.0)]), (0, list(weights.items())))
    for height, parts in rows:
        left = 0.0
        for name, weight in parts:
            row = x[names.index(name)]
            begin = left
            for k, i in enumerate(present):
                piece = weight * row[i]
                axes.barh(
                    height, piece, 0.5, left, color=COLOURS[k], hatch=HATCHES[k % 4], edgecolor="white", lw=0,
                    label=onehot.ELEMENTS[i] if height == 1 else None,
                )  # fmt: skip
                left += piece
            axes.barh(height, weight, 0.5, begin, fill=False, edgecolor="black", lw=1.2)
            if weight > 0.1:
                text = pretty_formula(name, subscripts=True)
                share = "" if height == 1 else f"{weight:.3f} "
                axes.text(begin + weight / 2, height + 0.31, share + text, ha="center", va="bottom")
    small = [f"{a:.3f} {pretty_formula(n, subscripts=True)}" for n, a in weights.items() if a <= 0.1]
    if small:
        axes.text(1.0, -0.31, "at the right: " + ", ".join(small), ha="right", va="top")
    axes.set(
        xlabel="share of the atoms", yticks=[0, 1], yticklabels=["products", "compound"], ylim=(-0.7, 1.7)
    )
    axes.set_xlim(0, 1)
    axes.legend(frameon=False, ncols=len(present), loc="lower left", bbox_to_anchor=(0, 1.0))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure


def elements_each(histograms: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Draw how many elements materials have, for one or more sets (Figure 7)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7.5, 2.9))
    width = 0.8 / len(histograms)
    for k, (name, shares) in enumerate(histograms.items()):
        x = np.arange(len(shares)) - 0.4 + (k + 0.5) * width
        axes.bar(
            x[1:],
            100 * shares[1:],
            width,
            color=COLOURS[k],
            hatch=HATCHES[k % 4],
            edgecolor="white",
            lw=0,
            label=name,
        )
    axes.set(
        xlabel="elements in a material",
        ylabel="share of materials (%)",
        xticks=range(1, 11),
        xlim=(0.4, 10.6),
    )
    axes.legend(frameon=False)
    return figure


def latent_use(units: Mapping[str, Sequence[float]]) -> Figure:
    """Draw how far each latent dimension departs from the prior: the largest first, for each likelihood."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 2.8))
    width = 0.8 / len(units)
    for k, (name, nats) in enumerate(units.items()):
        x = np.arange(1, len(nats) + 1) - 0.4 + (k + 0.5) * width
        axes.bar(x, sorted(nats, reverse=True), width, color=COLOURS[k], hatch=HATCHES[k % 4], edgecolor="white", lw=0,
                 label=f"{name}: {sum(nats):.1f} nats")  # fmt: skip
    axes.set(xlabel="latent dimension, the most used first", ylabel="divergence from\nthe prior (nats)")
    axes.set_xticks(range(1, 1 + max(len(n) for n in units.values())))
    axes.legend(frameon=False)
    return figure


def widths(curves: Mapping[str, Sequence[WidthResult]]) -> Figure:
    """Draw the negative ELBO and the divergence of the prevalence against the width (Figure 5)."""
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(9.5, 3), layout="constrained")
    for k, (name, results) in enumerate(curves.items()):
        x = [r.width for r in results]
        style = {"color": COLOURS[k], "marker": "os^D"[k % 4], "linestyle": STYLES[k % 4], "label": name}
        both[0].plot(x, [r.nelbo for r in results], **style)
        both[1].plot(x, [r.kl_counts for r in results], **style)
    both[0].set(xlabel="nodes in a hidden layer", ylabel="negative ELBO (nats)")
    both[1].set(xlabel="nodes in a hidden layer", ylabel="divergence of the\nprevalence (nats)", yscale="log")
    both[1].axhline(0.08, color="0.5", lw=1)
    both[1].text(
        0.98, 0.08, "paper, at 100: 0.08", ha="right", va="bottom", transform=both[1].get_yaxis_transform()
    )
    both[0].legend(frameon=False, fontsize=8)
    return figure


def prevalences(found: SampleStatistics, most: int = 30) -> Figure:
    """Draw the prevalence of the commonest elements in data and samples (Figure 6)."""
    import matplotlib.pyplot as plt

    order = np.argsort(-found.data)[:most]
    figure, axes = plt.subplots(figsize=(9.5, 3))
    x = np.arange(len(order))
    axes.bar(x - 0.2, 100 * found.data[order], 0.4, color=COLOURS[0], label="data")
    axes.bar(
        x + 0.2,
        100 * found.samples[order],
        0.4,
        color=COLOURS[1],
        hatch="///",
        edgecolor="white",
        lw=0,
        label="samples",
    )
    axes.set(ylabel="share of all atoms (%)", xlim=(-0.7, len(order) - 0.3), yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(x, [onehot.ELEMENTS[i] for i in order])
    axes.legend(frameon=False)
    return figure


def similarities(found: Mapping[str, Similarity]) -> Figure:
    """Draw the cosine similarities and the relative errors of Figure 8 with the controls, as shares of materials."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.2), layout="constrained")
    for k, (name, each) in enumerate(found.items()):
        style = {"color": COLOURS[k], "linestyle": STYLES[k % 4], "lw": 1.8}
        _cumulated(left, each.cosine, label=name, **style)
        _cumulated(right, np.maximum(each.relative_error, 1e-4), **style)
    left.set(xlabel="cosine similarity", ylabel="share of materials below")
    right.set(xlabel="error of the sum, in spreads of the latent space", xscale="log")
    left.legend(frameon=False, fontsize=8)
    return figure


def by_components(found: Mapping[str, Similarity]) -> Figure:
    """Draw the median cosine similarity for each number of components."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6.5, 2.8))
    for k, (name, each) in enumerate(found.items()):
        medians = each.by_components()
        axes.plot(
            list(medians), list(medians.values()), marker="os^D"[k % 4], color=COLOURS[k], linestyle=STYLES[k % 4],
            label=name,
        )  # fmt: skip
    axes.set(xlabel="components", ylabel="median cosine similarity")
    axes.set_xticks(sorted({c for each in found.values() for c in each.by_components()}))
    axes.legend(frameon=False, fontsize=8)
    return figure


def hull_distances(above: Mapping[str, NDArray[np.float64]], limit: float) -> Figure:
    """Draw which share of each set lies at most so far above the hull, by the predicted energy."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 3))
    for k, (name, values) in enumerate(above.items()):
        _cumulated(axes, values, label=name, color=COLOURS[k], linestyle=STYLES[k % 4], lw=1.8)
    axes.axvline(limit, color="0.6", lw=1)
    axes.text(limit, 0.02, f" {limit:g} eV/atom", color="0.3", va="bottom")
    axes.set(
        xlabel="predicted energy above the hull (eV/atom)",
        ylabel="share of formulas below",
        xlim=(-0.01, 0.8),
    )
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, loc="lower right")
    return figure


def map_of(points: NDArray[np.float64], numbers: NDArray[np.integer], axes_names: tuple[str, str]) -> Figure:
    """Draw a plane of the latent space, coloured by the number of elements."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import BoundaryNorm

    figure, axes = plt.subplots(figsize=(7, 4.4))
    shown = np.random.default_rng(0).permutation(len(points))[:20_000]
    levels = np.arange(0.5, max(7, int(numbers.max())) + 1)
    drawn = axes.scatter(
        points[shown, 0], points[shown, 1], c=numbers[shown], s=2, cmap="viridis", linewidths=0,
        norm=BoundaryNorm(levels, 256), rasterized=True,
    )  # fmt: skip
    figure.colorbar(drawn, label="elements in the material", ticks=np.arange(1, int(levels[-1]) + 1))
    axes.set(xlabel=axes_names[0], ylabel=axes_names[1])
    return figure


def walk(
    t: NDArray[np.float64], fractions: NDArray[np.float64], start: str, end: str, least: float = 0.04
) -> Figure:
    """Draw what the decoder says along a straight way between two materials."""
    import matplotlib.pyplot as plt

    names = np.flatnonzero((fractions >= least).any(0))
    order = names[np.argsort(-fractions[:, names].max(0))]
    figure, axes = plt.subplots(figsize=(8, 3))
    rest = 1 - fractions[:, order].sum(1)
    layers = axes.stackplot(
        t, *fractions[:, order].T, rest, colors=[*(COLOURS[k % 6] for k in range(len(order))), "0.88"],
        edgecolor="white", lw=0.6,
    )  # fmt: skip
    base = np.zeros(len(t))
    for k, i in enumerate(order):
        at = int(np.argmax(fractions[:, i]))
        if fractions[at, i] > 0.08:
            axes.text(
                np.clip(t[at], 0.03, 0.97), base[at] + fractions[at, i] / 2, onehot.ELEMENTS[i],
                ha="center", va="center", color="white", fontweight="bold",
            )  # fmt: skip
        layers[k].set_hatch(HATCHES[(k // 6) % 4])
        base = base + fractions[:, i]
    axes.set(xlabel="along the way", ylabel="share of the atoms", xlim=(0, 1), ylim=(0, 1))
    axes.set_xticks(
        [0, 0.5, 1], [pretty_formula(start, subscripts=True), "halfway", pretty_formula(end, subscripts=True)]
    )
    return figure


def _cumulated(axes: Axes, values: NDArray[np.float64], **style: Any) -> None:
    ordered = np.sort(values)
    axes.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered), where="post", **style)
