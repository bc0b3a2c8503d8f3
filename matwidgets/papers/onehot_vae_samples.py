"""What El-Awady 2023 says about samples (section 4.1, Figures 5 to 7), beside materials drawn without learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.features import onehot
from matwidgets.features.prevalence import elements_histogram, independent_materials, total_variation
from matwidgets.papers.claims import Finding
from matwidgets.papers.onehot_vae import (
    OVER,
    UNDER,
    SampleStatistics,
    WidthResult,
    sample_statistics,
    width_sweep,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.features.hull import Phases
    from matwidgets.models.onehot_vae import Likelihood
    from matwidgets.predictors import Predictor
    from matwidgets.samplers import Sampler

SAMPLES = 10_000  # section 4.1
GOOD = 0.1  # a histogram is a good match if at most a tenth of the materials would have to change their place
COMPLEX = 7  # section 4.1: "a high number of elements (over 6)"
WITHIN = 0.05  # a width is wide enough if its negative ELBO is at most this share above the best
THRESHOLDS = tuple(round(0.01 + 0.005 * i, 3) for i in range(23))
SWEPT, SMALL_WIDTHS = 10_000, (50, 100, 200, 300)
ROUNDS = {"multinomial": 20, "bernoulli": 10}  # the collapse comes at once
METASTABLE = 0.05  # eV/atom above the hull; many compounds that exist lie so far up


def best_threshold(sampler: Sampler, real: NDArray[np.integer], seed: int = 0) -> float:
    """Find the threshold whose samples are nearest to the data in their numbers of elements (section 3).

    Parameters
    ----------
    sampler : Sampler
        Its prior samples are looked at, before they are made into formulas.
    real : ndarray, shape (n, 89)
    seed : int
    """
    x = sampler.decode(np.random.default_rng(seed).standard_normal((SAMPLES, sampler.latent)))
    wanted = elements_histogram(real)
    off = [
        total_variation(wanted, elements_histogram((x > threshold).astype(np.int64)))
        for threshold in THRESHOLDS
    ]
    return THRESHOLDS[int(np.argmin(off))]


@dataclass(frozen=True)
class Generation:
    """Samples in the paper's way beside the data and the sampler that has learned nothing.

    Attributes
    ----------
    learned, luck : SampleStatistics
    learned_distance, luck_distance : float
        Total variation distance of the numbers of elements.
    """

    learned: SampleStatistics
    luck: SampleStatistics
    learned_distance: float
    luck_distance: float


def paper_samples(
    sampler: Sampler, counts: NDArray[np.integer], threshold: float, seed: int = 0
) -> tuple[Generation, dict[str, Finding]]:
    """Figures 6 and 7: 10,000 materials from the normal prior, by the paper's rule.

    Parameters
    ----------
    sampler : Sampler
    counts : ndarray, shape (n, 89)
        The data.
    threshold : float
    seed : int
    """
    drawn = sampler.sample(SAMPLES, seed=seed, prior="normal", rule="threshold_gcd", threshold=threshold)
    learned = sample_statistics(counts, drawn.counts)
    luck = sample_statistics(counts, independent_materials(counts, SAMPLES, seed))
    found = Generation(
        learned, luck, total_variation(learned.data_elements, learned.sample_elements),
        total_variation(luck.data_elements, luck.sample_elements),
    )  # fmt: skip
    many = [
        float(s[COMPLEX:].sum())
        for s in (learned.data_elements, learned.sample_elements, luck.sample_elements)
    ]
    return found, {
        "prevalence_kl": Finding(
            learned.kl_counts, luck.kl_counts,
            "elements drawn one by one with their frequencies have the data's prevalence by construction",
        ),
        "over": Finding(
            _same_side(learned, OVER, above=True), _same_side(luck, OVER, above=True),
            "times as common as in the data: " + _listed(learned, OVER),
        ),
        "under": Finding(
            _same_side(learned, UNDER, above=False), _same_side(luck, UNDER, above=False),
            "times as common as in the data: " + _listed(learned, UNDER),
        ),
        "elements_match": Finding(
            "good" if found.learned_distance <= GOOD else "poor", "good" if found.luck_distance <= GOOD else "poor",
            f"{found.learned_distance:.0%} of the samples would have to change their number of elements, "
            f"{found.luck_distance:.0%} without learning",
        ),
        "few_complex": Finding(
            "fewer" if many[1] < many[0] else "more", "fewer" if many[2] < many[0] else "more",
            f"more than six elements: data {many[0]:.2%}, samples {many[1]:.2%}, without learning {many[2]:.2%}",
        ),
    }  # fmt: skip


def _same_side(found: SampleStatistics, symbols: Sequence[str], *, above: bool) -> int:
    return sum((ratio > 1) == above for ratio in found.over(symbols).values())


def _listed(found: SampleStatistics, symbols: Sequence[str]) -> str:
    return ", ".join(f"{symbol} {ratio:.2f}" for symbol, ratio in found.over(symbols).items())


def tuned_threshold(
    sampler: Sampler, control: Sampler, real: NDArray[np.integer], seed: int = 0
) -> dict[str, Finding]:
    """The threshold that fits the numbers of elements best, for a trained and an untrained decoder."""
    here, there = best_threshold(sampler, real, seed), best_threshold(control, real, seed)
    return {
        "threshold": Finding(
            here,
            there,
            "it separates what the decoder means from its background, so every decoder has its own",
        )
    }


def small_sweep(
    table: DataFrame, seed: int = 0, widths: Sequence[int] = SMALL_WIDTHS
) -> dict[str, list[WidthResult]]:
    """A taste of Figure 5: `SWEPT` training rows, few rounds, with both likelihoods.

    Parameters
    ----------
    table : DataFrame
        formula; split, of which "train" is learned from and "val" measured on.
    seed : int
    widths : sequence of int

    Returns
    -------
    dict of str to list of WidthResult
        "multinomial" and "Bernoulli".
    """
    from matwidgets.generative_trainings import as_table
    from matwidgets.models.onehot_vae import OneHotVAEConfig
    from matwidgets.training.vae import Recipe

    drawn = [table[table["split"] == name] for name in ("train", "val")]
    train, val = (as_table(f.sample(min(SWEPT, len(f)), random_state=seed)[["formula"]]) for f in drawn)
    named: tuple[tuple[str, Likelihood], ...] = (("multinomial", "multinomial"), ("Bernoulli", "bernoulli"))
    found = {}
    for name, likelihood in named:
        config, recipe = OneHotVAEConfig(likelihood=likelihood), Recipe(epochs=ROUNDS[likelihood], seed=seed)
        found[name] = list(width_sweep(train, val, config, recipe, widths, samples=2000))
    return found


def recorded_widths() -> dict[str, list[WidthResult]]:
    """The long sweep that is recorded beside the shipped network (``widths.json``; its command is in the cards)."""
    import json

    from matwidgets.samplers import CHECKPOINTS

    rows = json.loads((CHECKPOINTS / "onehot_vae" / "widths.json").read_text("utf-8"))["rows"]
    found: dict[str, list[WidthResult]] = {}
    for row in rows:
        name = f"{row['likelihood'].replace('bernoulli', 'Bernoulli')}, recorded"
        figures = {key: row[key] for key in ("width", "nelbo", "kl_counts", "kl_fractions")}
        found.setdefault(name, []).append(WidthResult(**figures))
    return found


def wide_enough(results: Sequence[WidthResult]) -> int:
    """The smallest width whose negative ELBO is within 5 % of the best."""
    best = min(result.nelbo for result in results)
    return min(result.width for result in results if result.nelbo <= (1 + WITHIN) * best)


def width_claim(multinomial: Sequence[WidthResult], bernoulli: Sequence[WidthResult]) -> dict[str, Finding]:
    """Figure 5: which width a reader of the curve would take."""
    return {
        "width": Finding(
            wide_enough(multinomial), wide_enough(bernoulli),
            "with the Bernoulli likelihood every width ends at the same collapse, so the smallest is as good; with the "
            "multinomial one wider networks improve up to about 300 nodes",
        )
    }  # fmt: skip


def collapse(bernoulli: Sampler, counts: NDArray[np.integer], seed: int = 0) -> dict[str, Finding]:
    """Samples of the paper's own likelihood: do they have the data's elements?

    Parameters
    ----------
    bernoulli : Sampler
        Trained with the likelihood that section 3 names.
    counts : ndarray, shape (n, 89)
    seed : int
    """
    drawn = bernoulli.sample(
        SAMPLES, seed=seed, prior="normal", rule="threshold_gcd", threshold=onehot.THRESHOLD
    )
    luck = independent_materials(counts, SAMPLES, seed)
    only = float(((drawn.counts > 0).sum(1) == 1).mean())
    distinct = len(np.unique(drawn.counts, axis=0))
    return {
        "bernoulli_kl": Finding(
            sample_statistics(counts, drawn.counts).kl_counts, sample_statistics(counts, luck).kl_counts,
            f"the decoder ignores z: {only:.0%} of the samples are one element, {distinct} of {SAMPLES:,} are distinct",
        )
    }  # fmt: skip


def worth(sets: Mapping[str, NDArray[np.integer]], real: NDArray[np.integer]) -> DataFrame:
    """What sets of materials are worth, each held against real ones.

    Parameters
    ----------
    sets : mapping of ndarray, shape (n, 89)
        Atoms of each element; at most some thousands of materials each.
    real : ndarray, shape (m, 89)

    Returns
    -------
    DataFrame
        One row a set, one column a measure; see `matwidgets.sample_assessment.compare`.
    """
    import pandas as pd

    from matwidgets.sample_assessment import compare

    rows = {
        name: compare(np.asarray(counts, dtype=np.int64), np.asarray(real)) for name, counts in sets.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def rounded_alike(counts: NDArray[np.integer], sampler: Sampler) -> NDArray[np.int64]:
    """Write materials as formulas as coarsely as the sampler's: simpler formulas are more often charge-neutral."""
    tolerance = float(sampler.card["decoding"]["tolerance"])
    return onehot.smallest_denominator(onehot.normalise(counts), tolerance=tolerance)


def above_the_hull(formulas: Sequence[str], energies: Predictor, phases: Phases) -> NDArray[np.float64]:
    """Predicted energy above the hull of formulas, in eV/atom: the crabnet energy against known phases.

    An element on its own is on the hull by definition.
    """
    from matwidgets.features.hull import decompose

    predicted = energies.predict(list(formulas))["value"]
    above = []
    for formula, energy in zip(formulas, predicted, strict=True):
        found = decompose(formula, phases, energy=float(energy))
        above.append(found.energy_above_hull or 0.0)
    return np.array(above)


def all_decompose(formulas: Sequence[str], luck: Sequence[str], phases: Phases) -> dict[str, Finding]:
    """Abstract: new samples that decompose into materials of the dataset; so does any composition of its elements."""
    from matwidgets.errors import InputError
    from matwidgets.features.hull import decompose

    shares = []
    for given in (formulas, luck):
        done = 0
        for formula in given:
            try:
                decompose(formula, phases)
            except InputError:  # no phase holds one of its elements: that is what is counted
                continue
            done += 1
        shares.append(done / len(given))
    return {
        "samples_decompose": Finding(
            shares[0],
            shares[1],
            "the elements are materials too, so every composition is a mixture of materials",
        )
    }
