"""The figures of the disentangled_vae notebook: colours that the colour-blind can tell apart, units on every axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from matwidgets.papers.disentangled_vae_evaluation import CLASSIFIERS, PARTS, Band, FiveSeeds
from matwidgets.papers.disentangled_vae_labels import AGAIN, GAMMA_10, WITH, WITHOUT, paired
from matwidgets.papers.figure import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from matwidgets.papers.disentangled_vae_budgets import Budget
    from matwidgets.papers.disentangled_vae_evaluation import Judged
    from matwidgets.papers.disentangled_vae_trust import Calibration
    from matwidgets.training.classification import Reliability

HATCHES = ("", "///", "...", "xx")
MARKERS = "os^D"
PAPER = {  # section 3.1.1: mean and standard deviation over five seeds
    "accuracy": {"training": (0.883, 0.027), "validation": (0.930, 0.026), "test": (0.829, 0.050)},
    "auc": {"training": (0.954, 0.014), "validation": (0.955, 0.029), "test": (0.890, 0.025)},
}
TABLE_2 = ((864, 0.877, 0.870), (247, 0.841, 0.826))  # labels; semi-supervised, supervised


def accuracies(found: FiveSeeds, measure: str = "accuracy") -> Figure:
    """Draw means over the seeds with the standard deviation, the paper's beside them.

    Parameters
    ----------
    found : FiveSeeds
    measure : {"accuracy", "auc"}
    """
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 3.2))
    names = ["paper", *CLASSIFIERS]
    width = 0.85 / len(names)
    for k, name in enumerate(names):
        for i, part in enumerate(PARTS):
            values = found.values(name, part, measure) if name != "paper" else None
            mean, std = PAPER[measure][part] if values is None else (values.mean(), _std(values))
            x = i - 0.425 + (k + 0.5) * width
            axes.bar(
                x, mean, width * 0.92, yerr=std, capsize=2, error_kw={"lw": 1}, color=COLOURS[(7, 0, 1, 2, 3)[k]],
                hatch=HATCHES[k % 4], edgecolor="white", lw=0, label=name if i == 0 else None,
            )  # fmt: skip
            axes.text(x, 0.52, f"{mean:.2f}", ha="center", va="bottom", rotation=90, fontsize=8, color="white",
                      bbox={"facecolor": "0.25", "edgecolor": "none", "pad": 1})  # fmt: skip
    label = "accuracy" if measure == "accuracy" else "area under the ROC curve"
    axes.set(xticks=range(len(PARTS)), ylabel=label, ylim=(0.5, 1.02), xlabel="rows")
    axes.set_xticks(range(len(PARTS)), PARTS)
    axes.legend(frameon=False, ncols=len(names), loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=8)
    return figure


def roc(bands: Mapping[str, Band]) -> Figure:
    """Draw mean ROC curves and one standard deviation over the seeds (Figure 3)."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(4.8, 4.2))
    for k, (name, band) in enumerate(bands.items()):
        axes.fill_between(
            band.false_positive, np.clip(band.mean - band.std, 0, 1), np.clip(band.mean + band.std, 0, 1),
            color=COLOURS[k], alpha=0.18, lw=0,
        )  # fmt: skip
        axes.plot(
            band.false_positive, band.mean, color=COLOURS[k], linestyle=STYLES[k % 4], lw=1.8,
            label=f"{name}: area {band.area[0]:.3f} ± {band.area[1]:.3f}",
        )  # fmt: skip
    axes.plot([0, 1], [0, 1], color="0.6", lw=1)
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_aspect("equal")
    axes.legend(frameon=False, loc="lower right", fontsize=8)
    return figure


def reliability(found: Calibration) -> Figure:
    """Draw how often what was stated came true, with the number of rows of each bin below."""
    import matplotlib.pyplot as plt

    figure, (above, below) = plt.subplots(
        2, 1, figsize=(5, 4.8), sharex=True, height_ratios=(3, 1), layout="constrained"
    )
    width = 0.085 / len(found.curves)
    for k, (name, curve) in enumerate(found.curves.items()):
        some = curve.counts > 0
        style = {"color": COLOURS[k], "linestyle": STYLES[k % 4], "marker": MARKERS[k % 4]}
        above.errorbar(
            curve.stated[some], curve.observed[some], yerr=_binomial(curve)[some], ms=4, lw=1.4, elinewidth=0.8,
            label=f"{name}: error {curve.ece:.3f} (by chance below {found.chance[name]:.3f})", **style,
        )  # fmt: skip
        middles = (np.arange(len(curve.counts)) + 0.5) / len(curve.counts)
        below.bar(middles + (k - (len(found.curves) - 1) / 2) * width, curve.counts, width, color=COLOURS[k],
                  hatch=HATCHES[k % 4], edgecolor="white", lw=0)  # fmt: skip
    above.plot([0, 1], [0, 1], color="0.6", lw=1)
    above.set(ylabel="share with a single phase", xlim=(0, 1), ylim=(-0.02, 1.02))
    above.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1.0))
    below.set(xlabel="stated probability of a single phase", ylabel="alloys")
    return figure


def folds(found: Mapping[str, Mapping[str, Sequence[Judged]]], measure: str = "accuracy") -> Figure:
    """Draw each fold as a point and the mean as a line, for both kinds of folds."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 2.8))
    classifiers = list(next(iter(found.values())))
    for i, judged in enumerate(found.values()):
        for k, name in enumerate(classifiers):
            values = np.array([getattr(one, measure) for one in judged[name]])
            x = i + (k - (len(classifiers) - 1) / 2) * 0.3
            spread = np.linspace(-0.05, 0.05, len(values))
            axes.plot(
                x + spread, values, MARKERS[k % 4], color=COLOURS[k], ms=5, label=name if i == 0 else None
            )
            axes.plot(
                [x - 0.1, x + 0.1], [values.mean()] * 2, color=COLOURS[k], lw=2, linestyle=STYLES[k % 4]
            )
            axes.text(x + 0.11, values.mean(), f"{values.mean():.3f}", va="center", fontsize=8)
    axes.set(
        ylabel="accuracy" if measure == "accuracy" else "area under the ROC curve",
        xlim=(-0.5, len(found) - 0.4),
    )
    axes.set_xticks(range(len(found)), list(found))
    axes.set_xlabel("how the alloys are parted")
    axes.legend(frameon=False, fontsize=8)
    return figure


def budgets(found: Sequence[Budget]) -> Figure:
    """Draw Table 2 as curves: test accuracy against labels, and the gain of each pair with two standard errors."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    methods = {one.method for one in found}
    table = paired(found)
    x = table["labelled"].to_numpy()
    for k, (column, name) in enumerate((("first", WITH), ("second", WITHOUT))):
        left.errorbar(
            x * (1.02, 0.98)[k], table[column], yerr=np.nan_to_num(table[f"{column}_std"]), color=COLOURS[k],
            linestyle=STYLES[k], marker=MARKERS[k], ms=4, capsize=2, lw=1.5, label=name,
        )  # fmt: skip
    for k, word in enumerate(("semi-supervised", "supervised")):
        printed = np.array([(line[0], line[1 + k]) for line in TABLE_2])
        left.plot(
            printed[:, 0] * (1.02, 0.98)[k], printed[:, 1], MARKERS[k], mfc="white", mec=COLOURS[k], ms=8, zorder=5,
            label=f"paper, {word}",
        )  # fmt: skip
    others = [(AGAIN, f"{WITHOUT}, other first weights"), (GAMMA_10, f"{WITH}, the paper's γ = 10")]
    shown = [(WITH, f"{WITH}, γ = 100"), *(pair for pair in others if pair[0] in methods)]
    for k, (method, title) in enumerate(shown):
        each = paired(found, method, WITHOUT)
        right.errorbar(
            each["labelled"] * (1 + 0.04 * (k - 1)), 100 * each["gain"], yerr=200 * np.nan_to_num(each["error"]),
            color=COLOURS[(0, 7, 2)[k]], linestyle=STYLES[k], marker=MARKERS[k], ms=4, capsize=2, lw=1.5, label=title,
        )  # fmt: skip
    right.axhline(0, color="0.6", lw=1)
    for axes in (left, right):
        axes.set(xscale="log", xlabel="alloys with a label")
        axes.set_xticks(x, [str(v) for v in x])
        axes.minorticks_off()
        axes.legend(frameon=False, fontsize=7)
    left.set_ylabel("test accuracy")
    right.set_ylabel("gain over labels only\n(percentage points, two standard errors)")
    return figure


def _std(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _binomial(curve: Reliability) -> np.ndarray:
    """Standard error of the observed share of each bin, (b,)."""
    rows = np.maximum(curve.counts, 1)
    share = np.nan_to_num(curve.observed)
    return np.asarray(np.sqrt(share * (1 - share) / rows))


def alloys_beside(names: Sequence[str], x: np.ndarray, least: float = 0.02) -> Figure:
    """Draw alloys (n, 30) as bars of their elements, one below the other."""
    import matplotlib.pyplot as plt

    from matwidgets.features.alloys import ELEMENTS

    present = [i for i in np.argsort(-x.max(0)) if x[:, i].max() >= least]
    figure, axes = plt.subplots(figsize=(8.5, 0.8 + 0.7 * len(names)))
    left = np.zeros(len(names))
    heights = np.arange(len(names))[::-1]
    for k, i in enumerate(present):
        hatch = ("", "///", "...")[(k // 6) % 3]
        axes.barh(heights, x[:, i], 0.6, left, color=COLOURS[k % 6], hatch=hatch, edgecolor="white", lw=0.8)
        for height, begin, share in zip(heights, left, x[:, i], strict=True):
            if share >= 0.05:
                axes.text(
                    begin + share / 2,
                    height,
                    ELEMENTS[i],
                    ha="center",
                    va="center",
                    color="white",
                    weight="bold",
                )
        left = left + x[:, i]
    axes.set(xlabel="share of the atoms", xlim=(0, 1), yticks=heights, yticklabels=list(names))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure
