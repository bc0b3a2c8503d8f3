"""How well the phase is predicted and alloys are rebuilt (section 3.1.1 and 3.1.2), beside plain classifiers.

A member of the shipped model is asked only about the rows of its own seed's split, and the controls are fitted in the
run to the labelled rows of the same split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.alloys import fractions
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae import member_logits, rows_of, seeds_of
from matwidgets.training import controls
from matwidgets.training.alloy_tables import Alloys
from matwidgets.training.classification import auc

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.alloy_models import AlloyModel

Floats = NDArray[np.float64]
PARTS = ("training", "validation", "test")
VAE, FOREST, PERCEPTRON, MAJORITY = "disentangled VAE", "random forest", "perceptron", "majority class"
CLASSIFIERS = (VAE, FOREST, PERCEPTRON, MAJORITY)
# Table 1: original and rebuilt alloy, predicted probability, label.
TABLE_1 = (
    ("Fe19Ni19Cr19Co13Al19Mo9", "Fe19Ni21Cr15Co21Al15Mo9", 0.15, 0),
    ("Al11Ti22V22Nb22Zr22", "Cr3Al7Ti18V20Nb32Zr16Ta4", 0.10, 0),
    ("Al4Ti23Mo23V23Ta23", "Cr1Al2Ti29Mo26V11Nb16Zr8Ta7", 0.95, 1),
    ("Fe20Ni20Co20Ti20Cu20", "Fe17Ni23Cr13Co21Al2Cu5V10Mn10", 0.52, 1),
)
SAME = 0.015  # of the atoms: Table 1 rounds to whole numbers


@dataclass(frozen=True)
class Judged:
    """What a classifier says about the rows of one part of one seed.

    Attributes
    ----------
    y : ndarray of int64, shape (n,)
    p : ndarray, shape (n,)
        Probability of a single phase.
    """

    y: NDArray[np.int64]
    p: Floats

    @property
    def accuracy(self) -> float:
        return float(((self.p > 0.5) == (self.y == 1)).mean())

    @property
    def auc(self) -> float:
        """Area under the ROC curve; NaN where all have one label."""
        area = auc(self.y, self.p)
        return float("nan") if area is None else area


@dataclass(frozen=True)
class FiveSeeds:
    """Model and controls on the splits of all seeds.

    Attributes
    ----------
    judged : dict of str to dict of str to list of Judged
        By classifier and by part, one a seed; those of the VAE without temperature.
    fitted : dict of str to list
        Controls as functions of descriptors, one a seed.
    """

    judged: dict[str, dict[str, list[Judged]]]
    fitted: dict[str, list[controls.Probability]]

    def values(self, classifier: str, part: str, measure: str) -> Floats:
        """Accuracy or AUC (``measure``) of each seed, (seeds,)."""
        return np.array([getattr(one, measure) for one in self.judged[classifier][part]])

    def frame(self, measure: str = "accuracy") -> DataFrame:
        """Mean ± standard deviation over the seeds as text: a row a classifier, a column a part."""
        import pandas as pd

        rows = {
            name: {
                part: f"{v.mean():.3f} ± {v.std(ddof=1):.3f}"
                for part in PARTS
                for v in [self.values(name, part, measure)]
            }
            for name in self.judged
        }
        return pd.DataFrame.from_dict(rows, orient="index")


def five_seeds(model: AlloyModel, given: Alloys) -> FiveSeeds:
    """Judge the rows of each seed by its member of the model and by controls fitted to its labelled rows.

    Parameters
    ----------
    model : AlloyModel
        Each member is judged on the split of its own seed.
    given : Alloys
        The published ones; for others the splits are drawn in the same way, and the model has not learned their labels.
    """
    judged: dict[str, dict[str, list[Judged]]] = {name: {part: [] for part in PARTS} for name in CLASSIFIERS}
    fitted: dict[str, list[controls.Probability]] = {FOREST: [], PERCEPTRON: []}
    for member, seed in enumerate(seeds_of(model)):
        rows = rows_of(given, seed)
        f, y = given.f[rows.labelled], given.y[rows.labelled]
        fitted[FOREST].append(controls.fit("random_forest", f, y, seed))
        fitted[PERCEPTRON].append(controls.fit("perceptron", f, y, seed))
        share = float((y == 1).mean())
        for part, chosen in zip(PARTS, (rows.labelled, rows.validation, rows.test), strict=True):
            said = {
                VAE: sigmoid(member_logits(model, member, given, chosen)),
                **{name: each[-1](given.f[chosen]) for name, each in fitted.items()},
                MAJORITY: np.full(len(chosen), share),
            }
            for name, p in said.items():
                judged[name][part].append(Judged(given.y[chosen], p))
    return FiveSeeds(judged, fitted)


def accuracy_claims(found: FiveSeeds) -> dict[str, Finding]:
    """Section 3.1.1 and Figure 3; the control is the random forest."""
    findings = {}
    for part, word in zip(PARTS, ("train", "val", "test"), strict=True):
        for measure, prefix in (("accuracy", "acc"), ("auc", "auc")):
            here, forest, network = (found.values(n, part, measure) for n in (VAE, FOREST, PERCEPTRON))
            findings[f"{prefix}_{word}"] = Finding(
                float(here.mean()), float(forest.mean()),
                f"± {here.std(ddof=1):.3f} over the seeds, the forest ± {forest.std(ddof=1):.3f}; a perceptron "
                f"{network.mean():.3f} ± {network.std(ddof=1):.3f}",
            )  # fmt: skip
    best = {n: int(np.argmax(found.values(n, "test", "accuracy"))) for n in (VAE, FOREST)}
    least = {n: min(found.values(n, part, "auc")[k] for part in PARTS) for n, k in best.items()}
    findings["roc_best"] = Finding(
        float(least[VAE]), float(least[FOREST]),
        f"the seed of the highest test accuracy, {best[VAE]} here, is a choice on test rows: over all seeds the least "
        f"is {min(found.values(VAE, part, 'auc').min() for part in PARTS):.2f}",
    )  # fmt: skip
    return findings


@dataclass(frozen=True)
class Band:
    """ROC curves of several seeds on one grid.

    Attributes
    ----------
    false_positive : ndarray, shape (g,)
    mean, std : ndarray, shape (g,)
        True positive rate over the seeds.
    area : (float, float)
        Mean and standard deviation of the area under the curve.
    """

    false_positive: Floats
    mean: Floats
    std: Floats
    area: tuple[float, float]


def roc_band(judged: Sequence[Judged], points: int = 101) -> Band:
    """Average ROC curves at equal false positive rates.

    Parameters
    ----------
    judged : sequence of Judged
        One a seed, each with both labels.
    points : int
    """
    from sklearn.metrics import roc_curve

    grid = np.linspace(0, 1, points)
    curves = []
    for one in judged:
        false, true, _ = roc_curve(one.y, one.p)
        # np.interp takes the last of equal abscissae at the right: the curve starts where its first step ends
        curves.append(np.interp(grid, false, true))
    areas = np.array([one.auc for one in judged])
    spread = np.std(curves, axis=0, ddof=1) if len(curves) > 1 else np.zeros(points)
    deviation = float(areas.std(ddof=1)) if len(areas) > 1 else 0.0
    return Band(grid, np.mean(curves, axis=0), spread, (float(areas.mean()), deviation))


def reconstructions(
    model: AlloyModel, given: Alloys, found: FiveSeeds
) -> tuple[DataFrame, dict[str, Finding]]:
    """Table 1 again: classify, encode at the predicted probability, decode.

    Parameters
    ----------
    model : AlloyModel
    given : Alloys
        The published ones, or none of Table 1 is looked up among the training rows.
    found : FiveSeeds
        For the controls.

    Returns
    -------
    DataFrame
        alloy, label; printed, probability and forest (those of Table 1, of the model, of the forests); unseen, the
        number of seeds whose labelled rows do not hold the alloy, which alone are asked if there is one; rebuilt, kept
        (share of the atoms in place), printed_kept, mean_kept (of the paper's rebuilt alloy and of the mean alloy).
    findings : dict of str to Finding
    """
    import pandas as pd

    from matwidgets.features.alloy_writing import percentages, written
    from matwidgets.features.alloys import descriptors

    names = [row[0] for row in TABLE_1]
    x = fractions(names)
    asked = unseen(given, x, seeds_of(model))
    each = sigmoid(_all_logits(model, descriptors(x)))
    forest = np.array([fit(descriptors(x)) for fit in found.fitted[FOREST]])
    rows = []
    mean = given.x.mean(0)
    for i, (name, printed, probability, label) in enumerate(TABLE_1):
        who = asked[i] if asked[i].any() else np.ones(len(each), dtype=bool)
        p = float(each[who, i].mean())
        rebuilt = model.decode(model.encode_fractions(x[i : i + 1], np.array([p])), p)
        percent = percentages(rebuilt, 0.01)
        rows.append(
            (name, label, probability, p, float(forest[who, i].mean()), int(asked[i].sum()), written(percent[0]),
             *(float(kept(x[i], other)) for other in (rebuilt[0], fractions([printed])[0], mean)))
        )  # fmt: skip
    columns = [
        "alloy",
        "label",
        "printed",
        "probability",
        "forest",
        "unseen",
        "rebuilt",
        "kept",
        "printed_kept",
        "mean_kept",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    right = {c: int(((frame[c] > 0.5) == (frame["label"] == 1)).sum()) for c in ("probability", "forest")}
    return frame, {
        "table1_classes": Finding(
            right["probability"], right["forest"],
            "the last alloy stands in the table twice, with either label" if len(given.conflicts) else "",
        ),
        "table1_kept": Finding(
            float(frame["kept"].mean()), float(frame["mean_kept"].mean()),
            f"through two numbers and a probability; the printed formulas have {frame['printed_kept'].mean():.2f}",
        ),
    }  # fmt: skip


def unseen(given: Alloys, x: Floats, seeds: Sequence[int]) -> NDArray[np.bool_]:
    """Which alloys (n, 30) are not among the labelled rows of each seed, within rounding: shape (n, members)."""
    found = np.ones((len(x), len(seeds)), dtype=bool)
    for member, seed in enumerate(seeds):
        known = given.x[rows_of(given, seed).labelled]
        for i, row in enumerate(x):
            found[i, member] = 0.5 * np.abs(known - row).sum(1).min() > SAME
    return found


def kept(x: Floats, other: Floats) -> Floats:
    """Share of the atoms that two alloys have in common: 1 less half of the sum of differences, over the last axis."""
    return np.asarray(1 - 0.5 * np.abs(x - other).sum(-1))


def sigmoid(logits: Floats) -> Floats:
    """Probability of a logit."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))


def _all_logits(model: AlloyModel, f: Floats) -> Floats:
    import torch

    with torch.no_grad():
        each = [net.classify(torch.as_tensor(f, dtype=torch.float32)) for net in model.networks]
    return np.asarray(torch.stack(each).double().numpy())
