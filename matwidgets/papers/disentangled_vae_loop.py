"""The loop of section 3.3 of Zeng, Khan and Post 2024: an alloy is turned until the classifier calls it single-phase.

Beside it walks that know no classifier, and a judge that the loop does not ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloy_writing import percentages, written
from matwidgets.features.alloys import FEATURES, descriptors, fractions
from matwidgets.inverse.inversion import CUTOFF, Inversion, Options
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae_inverse import forest
from matwidgets.papers.disentangled_vae_regions import members

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.training.alloy_tables import Alloys

Floats = NDArray[np.float64]

EXAMPLE = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"  # section 3.3
KEPT = 0.05  # an element is kept if it has so much in the end
DIRECTIONS = {  # section 3.3.1 and Figure 7: of a single-phase alloy
    "size_difference": -1, "mixing_entropy": -1, "melting_temperature": 1, "bulk_modulus": 1,
}  # fmt: skip
NAMES = tuple(feature.name for feature in FEATURES)
WALKS = 200


@dataclass(frozen=True)
class Walks:
    """Walks that know no classifier.

    Attributes
    ----------
    x : ndarray, shape (w, s + 1, 30)
        Alloys on the way; the first is where all begin.
    probability : ndarray, shape (w, s + 1)
        What the classifier says of them afterwards.
    """

    x: Floats
    probability: Floats


def lengths(inversion: Inversion) -> list[float]:
    """Share of the atoms that each step of an inversion exchanges."""
    x = fractions([step.fractions for step in inversion.steps])
    return [float(v) for v in np.abs(np.diff(x, axis=0)).sum(axis=1) / 2]


def random_walks(
    model: AlloyModel, start: Floats, steps: Sequence[float], walks: int = WALKS, seed: int = 0
) -> Walks:
    """Walk as often and as far as an inversion, each step towards a training alloy drawn at random.

    Parameters
    ----------
    model : AlloyModel
    start : ndarray, shape (30,)
    steps : sequence of float
        Share of the atoms that each step exchanges.
    walks, seed : int
    """
    known, generator = model.known_fractions(), np.random.default_rng(seed)
    way = [np.tile(start, (walks, 1))]
    for length in steps:
        goal, now = known[generator.integers(len(known), size=walks)], way[-1]
        apart = np.abs(goal - now).sum(axis=1, keepdims=True) / 2
        way.append(now + np.minimum(1.0, length / np.maximum(apart, 1e-9)) * (goal - now))
    x = np.stack(way, axis=1)
    p = model.probability(descriptors(x.reshape(-1, x.shape[-1]))).reshape(x.shape[:2])
    return Walks(x, p)


def directions(before: Floats, after: Floats) -> int:
    """How many of the paper's four descriptors go its way from one alloy (30,) to another."""
    f = descriptors(np.stack([before, after]))
    change = dict(zip(NAMES, f[1] - f[0], strict=True))
    return sum(change[name] * sign > 0 for name, sign in DIRECTIONS.items())


def inversion(
    model: AlloyModel, table: Alloys | None = None, alloy: str = EXAMPLE, seed: int = 0
) -> tuple[Inversion, DataFrame, dict[str, Finding]]:
    """Turn the paper's alloy, beside walks of as many steps of the same length that know no classifier.

    Parameters
    ----------
    model : AlloyModel
    table : Alloys or None
        For the independent judge.
    alloy : str
    seed : int

    Returns
    -------
    found : Inversion
    frame : DataFrame
        The descriptors before and after, one row each: name, label, unit, before, after, wanted (-1, 1 or 0).
    findings : dict of str to Finding
    """
    import pandas as pd

    found = model.invert(alloy)
    x = fractions([step.fractions for step in found.steps])
    far, longest = lengths(found), Options.max_steps
    walks = random_walks(model, x[0], far, seed=seed)
    free = random_walks(model, x[0], [float(np.mean(far or [0.0]))] * longest, seed=seed + 1)
    alone = [one.invert(alloy) for one in members(model)]
    reached = free.probability >= CUTOFF
    first = np.where(reached.any(axis=1), reached.argmax(axis=1), longest + 1)
    f = descriptors(x[[0, -1]])
    frame = pd.DataFrame(
        {"name": NAMES, "label": [one.label for one in FEATURES], "unit": [one.unit for one in FEATURES],
         "before": f[0], "after": f[1], "wanted": [DIRECTIONS.get(name, 0) for name in NAMES]}
    )  # fmt: skip
    kept = [float(((walk[0] > 0) & (walk[-1] >= KEPT)).sum()) for walk in walks.x]
    turned = [float(directions(walk[0], walk[-1])) for walk in walks.x]
    ends, last = walks.probability[:, -1], found.steps[-1]
    findings = {
        "invert_probability": Finding(
            last.probability, float(np.median(ends)),
            f"{found.steps[0].probability:.2f} to {last.probability:.2f} +- {last.std:.2f} at {last.alloy}; of the "
            f"walks {(ends >= CUTOFF).mean():.0%} end as high; each member alone: {sum(a.converged for a in alone)} of "
            f"{len(alone)} arrive",
        ),
        "invert_steps": Finding(
            float(len(found.steps) - 1) if found.converged else float(longest + 1), float(np.median(first)),
            f"{found.note} Walks without an end in {longest} steps count as {longest + 1}",
        ),
        "invert_keeps": Finding(
            float(((x[0] > 0) & (x[-1] >= KEPT)).sum()), float(np.median(kept)),
            f"elements with at least {KEPT:.0%} in the end; a walk that exchanges as many atoms keeps them too",
        ),
        "invert_features": Finding(
            float(directions(x[0], x[-1])), float(np.mean(turned)),
            ", ".join(
                f"{one.label.lower()} {before:,.4g} to {after:,.4g} {one.unit}".strip()
                for one, before, after in zip(FEATURES, *f, strict=True) if one.name in DIRECTIONS
            ),
        ),
    }  # fmt: skip
    if table is not None:
        judge = forest(table, seed)
        said, lucky = judge(f[1:])[0], judge(descriptors(walks.x[:, -1]))
        findings["invert_confirmed"] = Finding(
            _phase(said), _phase(float(np.median(lucky))),
            f"a forest that the loop does not ask gives {said:.2f}, to the ends of the walks {np.median(lucky):.2f}",
        )  # fmt: skip
    return found, frame, findings


def _phase(p: float) -> str:
    return "single phase" if p > 0.5 else "several phases"


def success(
    model: AlloyModel, table: Alloys, number: int = 10, seed: int = 0
) -> tuple[DataFrame, dict[str, Finding]]:
    """Turn multi-phase test alloys of every member's own seed; the judge is a forest fitted to the same labelled rows.

    Parameters
    ----------
    model : AlloyModel
    table : Alloys
    number : int
        Alloys a member, that have several phases and are judged so.
    seed : int
        Of the draw of the alloys, and of the walks.

    Returns
    -------
    frame : DataFrame
        One row a member: alloys, converged, cycle, limit (numbers), steps (mean of the converged), confirmed (share
        of the converged that the forest calls single-phase), walks (share of random
        walks of 10 steps that ever reach 0.6).
    findings : dict of str to Finding
    """
    import pandas as pd

    rows = []
    for which, one in enumerate(members(model)):
        split = int(model.card["members"][which]["seed"])
        test = table.split(split).test
        test = test[(table.y[test] == 0) & (one.probability(table.f[test]) < 0.5)]
        test = np.random.default_rng(seed + which).permutation(test)[:number]
        found = [one.invert(table.formulas[row]) for row in test]
        good = [each for each in found if each.converged]
        why = Counter(each.reason for each in found)
        judge = forest(table, split)
        ends = (
            descriptors(fractions([each.steps[-1].fractions for each in good])) if good else np.zeros((0, 8))
        )
        length = float(np.mean([np.mean(lengths(each)) for each in found]))
        lucky = [
            (
                random_walks(one, table.x[row], [length] * Options.max_steps, 4, seed + row).probability
                >= CUTOFF
            ).any(1)
            for row in test
        ]
        rows.append({
            "member": which, "alloys": len(found), **{r: why[r] for r in ("converged", "cycle", "limit")},
            "steps": float(np.mean([len(each.steps) - 1 for each in good])) if good else float("nan"),
            "confirmed": float((judge(ends) > 0.5).mean()) if good else float("nan"),
            "walks": float(np.concatenate(lucky).mean()),
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    share = frame["converged"].sum() / frame["alloys"].sum()
    each = frame["converged"] / frame["alloys"]
    confirmed = (frame["confirmed"] * frame["converged"]).sum() / max(1, frame["converged"].sum())
    return frame, {
        "invert_success": Finding(
            _most(share), _most(float(frame["walks"].mean())),
            f"{share:.0%} converge ({each.min():.0%} to {each.max():.0%} over the members), {frame['cycle'].sum()} of "
            f"{frame['alloys'].sum()} run into a cycle; the forest confirms {confirmed:.0%} of the "
            f"converged; walks {frame['walks'].mean():.0%}",
        )
    }  # fmt: skip


def _most(share: float) -> str:
    return "most" if share > 0.5 else "fewer than half"


def way_written(found: Inversion) -> list[str]:
    """The alloys of an inversion in whole percentages, elements in the paper's order, with their probability."""
    x = fractions([step.fractions for step in found.steps])
    return [
        f"{written(row)} ({step.probability:.2f})"
        for row, step in zip(percentages(x), found.steps, strict=True)
    ]
