"""Claims of Hu et al. 2020 on generated formulas (section 3, Figure 5b), from recorded samples or a few drawn now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.features import occupancy
from matwidgets.features.validity import StateSet
from matwidgets.generation_assessment import assess
from matwidgets.papers.claims import Finding
from matwidgets.papers.wgan_samples import CONTROLS, DATA, GAN, OWN, SUBSTITUTED, UNLEARNED, Row, control
from matwidgets.papers.wgan_screening import discovery

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.papers.wgan import Formulas

Scores = Mapping[str, Sequence[Mapping[str, Any]]]  # of each sampler, one a seed

PUBLISHED_STATES: StateSet = "smact14"  # what a paper of 2020 had
STRICT_STATES: StateSet = "icsd24"
DRAWN = 2000  # formulas of each sampler that are drawn while a reader waits


def of_rows(rows: Iterable[Row]) -> dict[str, list[Mapping[str, Any]]]:
    """Sort recorded scores by sampler; samplers that gave no formula are left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda each: each.seed):
        if row.scores:
            found.setdefault(row.sampler, []).append(row.scores)
    return found


def drawn_now(
    model: FormulaGAN, data: Formulas, *, n: int = DRAWN, seed: int = 0
) -> dict[str, list[Mapping[str, Any]]]:
    """Draw and score some thousands of formulas of the model and of everything it is held against; seconds."""
    learned, reference = occupancy.reduced(data.train.numpy()), data.reference()
    sets = {name: control(name, learned, n, seed) for name in CONTROLS}
    sets[GAN] = model.sample(n, seed=seed).counts
    return {name: [assess(counts, reference, seed=seed)] for name, counts in sets.items()}


def table(scores: Scores, states: StateSet = STRICT_STATES) -> DataFrame:
    """Means over the seeds.

    Returns
    -------
    DataFrame
        A row a sampler; neutral, neutral_and_balanced, ionic_valid (shares, with the states asked for), unique, novel,
        new_and_valid (of 1000 formulas), missing (elements), prevalence_kl, auc, auc_spread (largest less smallest),
        seeds.
    """
    import pandas as pd

    rows = {}
    for name, each in scores.items():
        told = {
            key: _mean([one[states][key] for one in each])
            for key in ("neutral", "neutral_and_balanced", "ionic_valid")
        }
        told |= {key: _mean([one[key] for one in each]) for key in ("unique", "novel")}
        told["new_and_valid"] = _mean([1000 * one[states]["new_and_valid"] / one["n"] for one in each])
        told["missing"] = _mean([len(one["missing"]) for one in each])
        told["prevalence_kl"] = _mean([one["prevalence_kl"] for one in each])
        auc = [one["auc"] for one in each]
        rows[name] = told | {"auc": _mean(auc), "auc_spread": max(auc) - min(auc), "seeds": len(each)}
    return pd.DataFrame.from_dict(rows, orient="index")


def findings(scores: Scores) -> dict[str, Finding]:
    """Every claim on samples, each with the sampler that has learned nothing as its control.

    Parameters
    ----------
    scores : mapping of str to sequence of dict
        Of ``DATA``, ``UNLEARNED``, ``OWN``, ``SUBSTITUTED`` and ``GAN`` at least. "discovery" is among the findings
        where the samplers among them have a ``funnel``.
    """

    def share(name: str, key: str, states: StateSet = PUBLISHED_STATES) -> float:
        return 100 * _mean([each[states][key] for each in scores[name]])

    def plain(name: str, key: str) -> float:
        return _mean([each[key] for each in scores[name]])

    def off(name: str, key: str, states: StateSet = PUBLISHED_STATES) -> float:
        return abs(share(name, key, states) - share(DATA, key, states))

    def again(name: str, part: str = "held_out") -> float:
        return 100 * _mean([each["rediscovered"][part] for each in scores[name]])

    def useful(name: str) -> str:
        each = [1000 * one[STRICT_STATES]["new_and_valid"] / one["n"] for one in scores[name]]
        return f"{name} {_mean(each):.0f}"

    def missing(name: str) -> float:
        return _mean([len(each["missing"]) for each in scores[name]])

    funnels = {name: [each["funnel"] for each in scores[name] if "funnel" in each] for name in scores}
    found = discovery(funnels) if all(funnels[name] for name in (GAN, UNLEARNED, SUBSTITUTED)) else {}
    others = (DATA, SUBSTITUTED, OWN)
    return found | {
        "neutral_data": Finding(
            share(DATA, "neutral"), share(UNLEARNED, "neutral"),
            "with the oxidation states of 2014; with those of 2024 "
            f"{share(DATA, 'neutral', STRICT_STATES):.1f} %, without learning "
            f"{share(UNLEARNED, 'neutral', STRICT_STATES):.1f} %",
        ),
        "neutral_generated": Finding(
            share(GAN, "neutral"), share(UNLEARNED, "neutral"),
            f"{len(scores[GAN])} seed(s); ion substitution {share(SUBSTITUTED, 'neutral'):.1f} %",
        ),
        "neutral_gap": Finding(
            off(GAN, "neutral"), off(UNLEARNED, "neutral"),
            f"with the states of 2024 {off(GAN, 'neutral', STRICT_STATES):.1f} points and, without learning, "
            f"{off(UNLEARNED, 'neutral', STRICT_STATES):.1f}",
        ),
        "balanced_gap": Finding(
            off(GAN, "neutral_and_balanced"), off(UNLEARNED, "neutral_and_balanced"),
            "neutral and balanced: " + ", ".join(
                f"{name} {share(name, 'neutral_and_balanced'):.1f} %" for name in (DATA, GAN, UNLEARNED)
            ),
        ),
        "ionic_valid": _where_defined(
            share(GAN, "ionic_valid", STRICT_STATES), share(UNLEARNED, "ionic_valid", STRICT_STATES),
            "of formulas with N, O, F or Cl and a metal; "
            + ", ".join(f"{name} {share(name, 'ionic_valid', STRICT_STATES):.0f} %" for name in others),
        ),
        "unique": Finding(
            100 * plain(GAN, "unique"), 100 * plain(UNLEARNED, "unique"),
            f"of {plain(GAN, 'n'):,.0f} formulas; ion substitution {100 * plain(SUBSTITUTED, 'unique'):.1f} %",
        ),
        "missing_elements": Finding(
            missing(GAN), missing(UNLEARNED), "of the elements that at least 0.5 % of the data have"
        ),
        "told_apart": Finding(
            plain(GAN, "auc"), plain(UNLEARNED, "auc"),
            "area under the curve of a classifier, real or generated; 0.5 is a guess: "
            + ", ".join(f"{name} {plain(name, 'auc'):.2f}" for name in others),
        ),
        "novel": Finding(
            100 * plain(GAN, "novel"), 100 * plain(UNLEARNED, "novel"),
            "not in OQMD; new, neutral and balanced of 1,000: "
            + ", ".join(useful(name) for name in (GAN, SUBSTITUTED, UNLEARNED)),
        ),
        "rediscovered": Finding(
            again(GAN), again(UNLEARNED),
            f"of the tenth of OQMD that was held out; ion substitution {again(SUBSTITUTED):.1f} %; of those "
            f"that were learned from {again(GAN, 'learned'):.1f} % come up",
        ),
    }  # fmt: skip


def _where_defined(here: float, control: float, why: str) -> Finding:
    if np.isfinite([here, control]).all():
        return Finding(here, control, why)
    return Finding(None, None, "no such formula among the samples: draw more")


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else float("nan")
