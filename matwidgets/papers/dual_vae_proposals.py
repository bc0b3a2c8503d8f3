"""Search through both decoders: against chance, with and without the density filter, and for two properties at once.

The paper tells how it searches and gives no number for it, so everything here stands beside a control of the same
number of points: random points of the box that is searched, and random draws from the density of the training
materials, which is what a search has to beat.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.inverse.study import Direction
from matwidgets.latent_searches import Known, LatentResult, NothingFeasible, search_latent
from matwidgets.papers import environment

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.latent_searches.objective import Dual

METHODS: dict[str, dict[str, Any]] = {
    "random, box": {"sampler": "random", "begin": "box"},
    "random, data": {"sampler": "random", "begin": "data"},
    "tpe, box": {"sampler": "tpe", "begin": "box"},  # the paper's
    "tpe, data": {"sampler": "tpe", "begin": "data"},
    "tpe, data, joint": {"sampler": "tpe", "begin": "data", "multivariate": True},
}
SAMPLES = 300  # of the training materials' density, for what a round trip usually is
USUAL = 0.95  # quantile of their round trips beyond which a point counts as off the manifold


def known_materials(name: str = "mp") -> Known:
    """Materials with patterns to compare proposals with: a set of `matwidgets.patterns`, or the handbook crystals."""
    from matwidgets.patterns import load_patterns

    patterns = load_patterns(name)
    return Known.build(patterns.frame["formula"].tolist(), patterns.profiles)


def _searched(dual: Dual, **given: Any) -> tuple[LatentResult | None, int]:
    """Result, None without a feasible point, and the number of points."""
    run = search_latent(dual, **given)
    try:
        result = run.wait()
    except NothingFeasible:
        return None, len(run.history)
    return result, result.trials


def against_chance(
    dual: Dual, *, name: str = "bulk_modulus", direction: Direction = "maximize", n_trials: int = 60,
    seeds: Sequence[int] = (0, 1, 2), methods: Mapping[str, Mapping[str, Any]] = METHODS, **conditions: Any,
) -> DataFrame:  # fmt: skip
    """Search one property by several methods with as many points each.

    Parameters
    ----------
    dual : DualVAE
    name, direction
        The objective.
    n_trials : int
    seeds : sequence of int
    methods : mapping of name to settings
    **conditions
        ``elements``, ``stable``, ``density``, ``kappa`` of `search_latent`.

    Returns
    -------
    DataFrame
        method, seed, best (predicted for the best feasible material; NaN without one), formula, feasible (share of the
        points), seconds (processor time).
    """
    import pandas as pd

    rows = []
    for seed in seeds:
        for method, settings in methods.items():
            began = time.process_time()
            result, n = _searched(
                dual, **{direction: name}, n_trials=n_trials, seed=seed, **settings, **conditions
            )
            rows.append(
                {
                    "method": method, "seed": seed,
                    "best": np.nan if result is None else result.best.values[name],
                    "formula": None if result is None else result.best.formula,
                    "feasible": 0.0 if result is None else result.feasible / n,
                    "seconds": time.process_time() - began,
                }
            )  # fmt: skip
    environment.give_back()
    return pd.DataFrame(rows)


def summary(rows: DataFrame, direction: Direction = "maximize") -> DataFrame:
    """Summarise `against_chance`.

    Returns
    -------
    DataFrame
        method, seeds, median, worst and best of the best values (a search that found nothing counts as the worst of
        all: NaN), feasible (mean share), seconds (median).
    """
    import pandas as pd

    sign = 1.0 if direction == "maximize" else -1.0
    made = []
    for method, part in rows.groupby("method", sort=False):
        reached = np.sort(np.where(part["best"].isna(), -np.inf, sign * part["best"]))
        middle = np.quantile(reached, 0.5, method="lower")
        values = {"worst": reached[0], "median": middle, "best": reached[-1]}
        made.append(
            {"method": method, "seeds": len(part)}
            | {key: sign * float(x) if np.isfinite(x) else np.nan for key, x in values.items()}
            | {"feasible": float(part["feasible"].mean()), "seconds": float(part["seconds"].median())}
        )
    return pd.DataFrame(made)


def usual_round_trip(dual: Dual, *, samples: int = SAMPLES, seed: int = 0) -> float:
    """Distance between a point and where its decoded material is encoded that 95 % of the data's density stay below."""
    return float(np.quantile(_round_trips(dual, samples, seed), USUAL))


def _round_trips(dual: Dual, samples: int, seed: int) -> np.ndarray:
    drawn = dual.sample(samples, seed=seed)
    named = [i for i, formula in enumerate(drawn.formulas) if formula]
    again = dual.encode([str(drawn.formulas[i]) for i in named], drawn.profiles[named])
    return np.asarray(np.linalg.norm(again - drawn.z[named], axis=1))


def filtered(
    dual: Dual, *, name: str = "bulk_modulus", direction: Direction = "maximize", n_trials: int = 60,
    seeds: Sequence[int] = (0, 1, 2), top: int = 10, begin: str = "box", multivariate: bool = True,
) -> DataFrame:  # fmt: skip
    """Search with and without the density filter, and tell what the proposals are worth as materials.

    Returns
    -------
    DataFrame
        proposals ("with the filter", "without it", "drawn from the data"), count (the ``top`` of each seed), best
        (median over seeds of what is predicted for the first), off_manifold (share whose material is encoded farther
        from their point than `usual_round_trip`), below_floor (share with a density below the floor), round_trip
        (median distance), inflated (median of what is predicted at the point over what is predicted for its material;
        in the direction of the search), neutral, balanced (share of formulas), known (share; NaN without tables).
    """
    import pandas as pd

    usual = usual_round_trip(dual)
    kinds: dict[str, dict[str, Any]] = {
        "with the filter": {"density": True, "sampler": "tpe", "begin": begin, "multivariate": multivariate},
        "without it": {"density": False, "sampler": "tpe", "begin": begin, "multivariate": multivariate},
        "drawn from the data": {"density": False, "sampler": "random", "begin": "data"},
    }
    sign = 1.0 if direction == "maximize" else -1.0
    rows = []
    for kind, settings in kinds.items():
        found = [
            _searched(dual, **{direction: name}, n_trials=n_trials, seed=seed, **settings)[0]
            for seed in seeds
        ]
        results = [result for result in found if result is not None]
        chosen = [p for result in results for p in result.proposals[:top]]
        known = [p.known for p in chosen if p.known is not None]

        def share(flags: Sequence[bool]) -> float:
            return float(np.mean(flags)) if len(flags) else np.nan

        rows.append(
            {
                "proposals": kind, "count": len(chosen),
                "best": float(np.median([r.best.values[name] for r in results])) if results else np.nan,
                "off_manifold": share([p.round_trip > usual for p in chosen]),
                "below_floor": share([p.density < dual.density_floor for p in chosen]),
                "round_trip": float(np.median([p.round_trip for p in chosen])) if chosen else np.nan,
                "inflated": float(np.median([sign * (p.values_at_point[name] - p.values[name]) for p in chosen]))
                if chosen else np.nan,
                "neutral": share([p.neutral for p in chosen]), "balanced": share([p.balanced for p in chosen]),
                "known": share(known),
            }
        )  # fmt: skip
    environment.give_back()
    return pd.DataFrame(rows)


def two_at_once(
    dual: Dual, *, maximize: str = "bulk_modulus", minimize: str = "formation_energy", n_trials: int = 60,
    seeds: Sequence[int] = (0, 1, 2), methods: Sequence[str] = ("random, data", "tpe, data", "tpe, data, joint"),
    **conditions: Any,
) -> DataFrame:  # fmt: skip
    """Search two properties at once by several methods with as many points each.

    Returns
    -------
    DataFrame
        method, seed, hypervolume (of the feasible front, in standard deviations of both properties over the training
        materials' density; 0 without a feasible point), front (points on it), feasible (share).
    """
    import pandas as pd

    rows = []
    for seed in seeds:
        for method in methods:
            result, n = _searched(
                dual, maximize=maximize, minimize=minimize, n_trials=n_trials, seed=seed, **METHODS[method],
                **conditions,
            )  # fmt: skip
            rows.append(
                {
                    "method": method, "seed": seed, "hypervolume": 0.0 if result is None else result.hypervolume,
                    "front": 0 if result is None else len(result.front),
                    "feasible": 0.0 if result is None else result.feasible / n,
                }
            )  # fmt: skip
    environment.give_back()
    return pd.DataFrame(rows)
