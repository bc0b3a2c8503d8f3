"""What a predicted probability is worth: is it kept, and does it hold for alloys of elements not yet seen together?

The paper reads its areas under the ROC curve as "a reliable prediction of single-phase formation" (section 3.1.1) and
gives probabilities as numbers (Table 1, section 3.3). Both is asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.splits import element_set, grouped_folds
from matwidgets.features.composition import canonical_key
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae import LabelsOnly
from matwidgets.papers.disentangled_vae_evaluation import (
    FOREST,
    VAE,
    FiveSeeds,
    Floats,
    Judged,
    sigmoid,
)
from matwidgets.training import controls, threads
from matwidgets.training.alloy_tables import Alloys
from matwidgets.training.classification import Reliability, reliability, temperature
from matwidgets.training.semi_supervised_recipe import preset

BEFORE, AFTER = f"{VAE}, as trained", f"{VAE}, with temperature"
RANDOM, GROUPED = "random folds", "folds by element set"
FOLDS, INNER = 5, 10
EPOCHS, TREES = 120, 100  # of each fold: enough to compare folds, a second or two each
DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Calibration:
    """Stated probabilities on the test rows of all seeds, beside what happened.

    Attributes
    ----------
    curves : dict of str to Reliability
        As trained, with temperature, and the forest.
    chance : dict of str to float
        Expected calibration error that 95 % of draws stay below if labels are drawn with the stated probabilities: what
        so few rows cannot tell from perfect.
    temperature : float
        Fitted to the validation rows of all seeds.
    """

    curves: dict[str, Reliability]
    chance: dict[str, float]
    temperature: float


def calibration(found: FiveSeeds, seed: int = 0) -> tuple[Calibration, dict[str, Finding]]:
    """Compare stated probabilities with labels before and after temperature scaling.

    The claim is on probabilities as trained: the paper scales none.

    Parameters
    ----------
    found : FiveSeeds
    seed : int
        Of the draws of labels.
    """
    y, p = _joined(found.judged[VAE]["test"])
    sharpness = temperature(*_with_logits(found.judged[VAE]["validation"]))
    stated = {
        BEFORE: p,
        AFTER: sigmoid(_with_logits(found.judged[VAE]["test"])[1] / sharpness),
        FOREST: _joined(found.judged[FOREST]["test"])[1],
    }
    curves = {name: reliability(y, each) for name, each in stated.items()}
    chance = {name: error_by_chance(each, seed) for name, each in stated.items()}
    verdicts = {name: "reliable" if curves[name].ece <= chance[name] else "not reliable" for name in stated}
    return Calibration(curves, chance, sharpness), {
        "trust_probability": Finding(
            verdicts[BEFORE], verdicts[FOREST],
            f"expected calibration error {curves[BEFORE].ece:.3f} (with temperature {curves[AFTER].ece:.3f}, the "
            f"forest {curves[FOREST].ece:.3f}); perfect probabilities would stay below {chance[BEFORE]:.3f}",
        )
    }  # fmt: skip


def error_by_chance(p: Floats, seed: int = 0, draws: int = DRAWS, level: float = LEVEL) -> float:
    """Quantile of the expected calibration error of labels that are drawn with the stated probabilities (n,)."""
    generator = np.random.default_rng(seed)
    errors = [reliability((generator.random(len(p)) < p).astype(int), p).ece for _ in range(draws)]
    return float(np.quantile(errors, level))


def cross_validation(
    given: Alloys, *, folds: int = FOLDS, seed: int = 0, epochs: int = EPOCHS, trees: int = TREES
) -> dict[str, dict[str, list[Judged]]]:
    """Judge every alloy by a forest and by the VAE's classifier, each fitted to the other folds.

    Where all training rows are labelled the bound has no say in the classifier, so that its training on the labels
    alone is that of the whole model. A tenth of the training rows, parted by the same rule, chooses its epoch.

    Parameters
    ----------
    given : Alloys
        Of known labels.
    folds, seed : int
    epochs : int
        Of the classifier.
    trees : int
        Of the forest.

    Returns
    -------
    dict of str to dict of str to list of Judged
        By kind of folds ("random folds", "folds by element set") and classifier, one a fold.
    """
    threads.apply(1)
    found: dict[str, dict[str, list[Judged]]] = {}
    for kind, together in ((RANDOM, canonical_key), (GROUPED, element_set)):
        found[kind] = {VAE: [], FOREST: []}
        for test in grouped_folds(given.formulas, folds, seed, together=together):
            rows = np.setdiff1d(np.arange(len(given.formulas)), test)
            forest = controls.fit("random_forest", given.f[rows], given.y[rows], seed, trees=trees)
            found[kind][FOREST].append(Judged(given.y[test], forest(given.f[test])))
            found[kind][VAE].append(Judged(given.y[test], _head(given, rows, test, together, seed, epochs)))
    return found


def _head(
    given: Alloys,
    rows: NDArray[np.int64],
    test: NDArray[np.int64],
    together: Callable[[str], str],
    seed: int,
    epochs: int,
) -> Floats:
    import torch

    inner = grouped_folds([given.formulas[row] for row in rows], INNER, seed, together=together)
    config, recipe = preset("binder", epochs=epochs, seed=seed)
    train = np.delete(rows, inner[0])
    job = LabelsOnly(config, recipe, given.tensors(train), given.tensors(rows[inner[0]]))
    while not job.finished:
        job.advance()
    with torch.no_grad():
        return sigmoid(np.asarray(job.result().classify(given.tensors(test).f).double().numpy()))


def grouped_claims(found: dict[str, dict[str, list[Judged]]]) -> dict[str, Finding]:
    """Hold the area under the ROC curve of folds by element set against the one that the paper calls reliable."""
    areas = {k: {c: np.array([one.auc for one in j]) for c, j in each.items()} for k, each in found.items()}
    right = {k: np.mean([one.accuracy for one in each[VAE]]) for k, each in found.items()}
    return {
        "trust_new_systems": Finding(
            float(areas[GROUPED][VAE].mean()), float(areas[GROUPED][FOREST].mean()),
            f"random folds {areas[RANDOM][VAE].mean():.3f}, the forest {areas[RANDOM][FOREST].mean():.3f}; accuracy "
            f"{right[GROUPED]:.3f} on new sets of elements, {right[RANDOM]:.3f} in random folds",
        )
    }  # fmt: skip


def _joined(judged: Sequence[Judged]) -> tuple[NDArray[np.int64], Floats]:
    return np.concatenate([one.y for one in judged]), np.concatenate([one.p for one in judged])


def _with_logits(judged: Sequence[Judged]) -> tuple[NDArray[np.int64], Floats]:
    y, p = _joined(judged)
    inside = np.clip(p, 1e-12, 1 - 1e-12)  # a logit is finite
    return y, np.log(inside / (1 - inside))
