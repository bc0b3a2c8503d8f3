"""What a trained generator's card tells: its decoding, tuned on validation rows, and what its samples are worth."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.features import onehot
from matwidgets.features.prevalence import (
    elements_histogram,
    independent_materials,
    kl_divergence,
    prevalence,
    total_variation,
)
from matwidgets.features.validity import balanced, neutral
from matwidgets.models.onehot_vae import OneHotVAE
from matwidgets.samplers import RULES, Sampler, Samples
from matwidgets.training import aggregate
from matwidgets.training.aggregate import Mixture
from matwidgets.training.vae import UNKNOWN, Recipe, Table, measure

SAMPLES = 10_000  # section 4.1
THRESHOLDS = tuple(round(0.02 + 0.005 * i, 3) for i in range(23))
TOLERANCES = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08)


def finish(
    net: OneHotVAE,
    tables: Mapping[str, Table],
    card: Mapping[str, Any],
    recipe: Recipe,
    samples: bool = True,
) -> Sampler:
    """Give a trained network its mixture, its decoding and the rest of its card: what was measured.

    Parameters
    ----------
    net : OneHotVAE
        In evaluation mode.
    tables : mapping of str to Table
        "train", "val", and "test" where there is one; only the first two decide on anything.
    card : mapping
        What is known of the training.
    recipe : Recipe
        Its mixtures and its seed.
    samples : bool
        Whether to draw samples and measure them with their controls as well: longer than a short training.
    """
    mixture, aggregate_prior = None, None
    if recipe.mixtures:
        fitted = aggregate.fit(
            net, tables["train"].counts, tables["val"].counts, recipe.mixtures, recipe.seed
        )
        mixture = fitted.mixture
        aggregate_prior = {"components": len(mixture.weights), "val_log_likelihood": fitted.scores}
    decoding = tune_decoding(net, _whole(tables["val"]), recipe.seed, mixture)
    sampler = Sampler(net, {**card, "mixture": aggregate_prior, "decoding": decoding}, mixture)
    measured: dict[str, Any] = {
        name: asdict(measure(net, table, torch.Generator().manual_seed(recipe.seed)))
        | class_baselines(tables["train"], table)
        for name, table in tables.items()
        if name != "train" and len(table.counts)
    }
    sampler.card["measured"] = measured | (_samples_measured(sampler, tables, recipe.seed) if samples else {})
    return sampler


def _whole(table: Table) -> NDArray[np.int64]:
    return table.counts.numpy().astype(np.int64)


def _samples_measured(sampler: Sampler, tables: Mapping[str, Table], seed: int) -> dict[str, Any]:
    every, measured = np.concatenate([_whole(table) for table in tables.values()]), {}
    decoding = sampler.card["decoding"]
    for prior in sampler.priors:
        found: dict[str, Any] = {"n": SAMPLES, "seed": seed, "against": "all rows", "prior": prior}
        threshold = decoding["priors"][prior]["threshold"]
        for rule in RULES:
            drawn = sampler.sample(SAMPLES, seed=seed, prior=prior, rule=rule, threshold=threshold)
            found[rule] = compare(drawn, every)
        # The last one is what `sample` draws from unless told otherwise.
        measured["samples" if prior == sampler.priors[-1] else f"samples_{prior}"] = found
    # Larger tolerances make simpler formulas, and these are more often neutral: the controls are rounded alike.
    rounded = functools.partial(onehot.smallest_denominator, tolerance=decoding["tolerance"])
    luck = independent_materials(every, SAMPLES, seed)
    measured["without_learning"] = compare(rounded(onehot.normalise(luck)), every)
    some = every[np.random.default_rng(seed).permutation(len(every))[:SAMPLES]]
    measured["data"] = validity(some, every)
    measured["data_rounded"] = validity(rounded(onehot.normalise(some)), every)
    return measured


def class_baselines(train: Table, table: Table) -> dict[str, float | None]:
    """What the classifier must beat: the most common class, and the most common one for each number of elements.

    Returns
    -------
    dict
        majority, by_elements: share of the rows of ``table`` with a known class that each names; None where no class
        is known. Both are learned from ``train`` alone.
    """
    known, wanted = train.classes != UNKNOWN, table.classes[table.classes != UNKNOWN]
    if not len(wanted) or not bool(known.any()):
        return {"majority": None, "by_elements": None}
    number = (train.counts > 0).sum(-1)[known]
    most = int(train.classes[known].mode().values)
    of_number = {int(n): int(train.classes[known][number == n].mode().values) for n in number.unique()}
    asked = (table.counts > 0).sum(-1)[table.classes != UNKNOWN]
    named = torch.tensor([of_number.get(int(n), most) for n in asked])
    return {
        "majority": float((wanted == most).double().mean()),
        "by_elements": float((wanted == named).double().mean()),
    }


def tune_decoding(
    net: OneHotVAE, real: NDArray[np.int64], seed: int, mixture: Mixture | None = None
) -> dict[str, Any]:
    """Choose the threshold and the tolerance of the smallest denominator on real materials that were not learned from.

    By the two statistics of samples in section 4.1: the threshold is the one whose samples are nearest in their numbers
    of elements (total variation distance of the histograms); the tolerance is then the one whose samples are nearest
    in their prevalence of the elements by atoms (Kullback-Leibler divergence).

    Parameters
    ----------
    net : OneHotVAE
    real : ndarray, shape (n, 89)
        Validation materials.
    seed : int
        Of the samples.
    mixture : Mixture, optional
        The aggregate posterior; each prior has a threshold and a tolerance of its own.

    Returns
    -------
    dict
        rule, threshold, tolerance and how they were chosen: `decoding` of a card. `priors` has the threshold and
        tolerance of each prior, those of the one that is sampled by default come first.
    """
    decoding: dict[str, Any] = {
        "rule": "smallest_denominator", "threshold": onehot.THRESHOLD, "tolerance": 0.02,
        "chosen": "the paper's threshold; nothing to choose by",
    }  # fmt: skip
    sampler = Sampler(net, {"word": "onehot_vae", "decoding": decoding}, mixture)
    if not len(real):
        same = {name: decoding[name] for name in ("threshold", "tolerance")}
        return decoding | {"priors": {prior: dict(same) for prior in sampler.priors}}
    priors = {
        prior: _tuned(sampler.sample(SAMPLES, seed=seed + 1, prior=prior, threshold=0.0).fractions, real)
        for prior in sampler.priors
    }
    return decoding | priors[sampler.priors[-1]] | {
        "chosen": "nearest to the validation rows in numbers of elements and in prevalence", "priors": priors,
    }  # fmt: skip


def _tuned(rows: NDArray[np.float64], real: NDArray[np.int64]) -> dict[str, float]:
    """Threshold and tolerance whose formulas are nearest to real ones, from samples' fractions (n, 89)."""
    wanted = elements_histogram(real)

    def elements_off(threshold: float) -> float:
        return total_variation(wanted, elements_histogram((rows > threshold).astype(np.int64)))

    # A network that has hardly learned gives next to nothing above any of these; then half of the draws shall count.
    usable = [t for t in THRESHOLDS if (rows > t).any(1).mean() >= 0.5] or [
        0.99 * float(np.median(rows.max(1)))
    ]
    threshold = min(usable, key=elements_off)

    wanted_prevalence = prevalence(real)

    def prevalence_off(tolerance: float) -> float:
        counts = onehot.smallest_denominator(rows, threshold, tolerance)
        return kl_divergence(wanted_prevalence, prevalence(counts))

    return {"threshold": threshold, "tolerance": min(TOLERANCES, key=prevalence_off)}


def compare(samples: Samples | NDArray[np.int64], real: NDArray[np.int64]) -> dict[str, float]:
    """Hold samples against real materials.

    Parameters
    ----------
    samples : Samples, or ndarray of shape (n, 89)
    real : ndarray, shape (m, 89)

    Returns
    -------
    dict
        kl_counts and kl_fractions (divergence of the element prevalence, nats, data from samples);
        elements_distance (total variation distance of the numbers of elements); distinct (share of samples);
        novel (share that is not among ``real``); neutral, neutral_and_balanced, valid_alike (see `validity`).
    """
    counts = samples.counts if isinstance(samples, Samples) else samples
    known = {row.tobytes() for row in np.ascontiguousarray(real, dtype=np.int64)}
    novel = [row.tobytes() not in known for row in np.ascontiguousarray(counts, dtype=np.int64)]
    return {
        "kl_counts": kl_divergence(prevalence(real), prevalence(counts)),
        "kl_fractions": kl_divergence(prevalence(real, "fractions"), prevalence(counts, "fractions")),
        "elements_distance": total_variation(elements_histogram(real), elements_histogram(counts)),
        "distinct": len(np.unique(counts, axis=0)) / len(counts),
        "novel": float(np.mean(novel)),
        **validity(counts, real),
    }


def validity(counts: NDArray[np.int64], real: NDArray[np.int64]) -> dict[str, float]:
    """What smact's rules say of materials (n, 89).

    Returns
    -------
    dict
        neutral, neutral_and_balanced: shares. valid_alike: the second with every number of elements weighed as among
        the materials ``real``, because the more elements a formula has the more ways there are to make it neutral, and
        a pure element passes always; numbers of elements that do not occur in both are left out.
    """
    distinct, where = np.unique(counts, axis=0, return_inverse=True)
    formulas = [formula or "" for formula in onehot.formulas_of(distinct)]
    charge = np.array([bool(formula) and neutral(formula) for formula in formulas])
    both = np.array([ok and balanced(formula) for ok, formula in zip(charge, formulas, strict=True)])
    valid, number = both[where.ravel()], (np.asarray(counts) > 0).sum(1)
    weights = {k: share for k, share in enumerate(elements_histogram(real)) if share and (number == k).any()}
    alike = sum(share * valid[number == k].mean() for k, share in weights.items())
    return {
        "neutral": float(charge[where.ravel()].mean()),
        "neutral_and_balanced": float(valid.mean()),
        "valid_alike": float(alike / sum(weights.values())) if weights else 0.0,
    }
