"""The gradient search against three searches that need no gradient, at equal numbers of network evaluations.

All four maximise the same prediction over the same feasible set, and none sees the grid that they are judged by:

- ``gradient``: ours, with its starts and its polish; a gradient step costs a forward and a backward pass, so it is
  counted once as one evaluation and once as two;
- ``random``: evenly from the feasible set;
- ``cma-es``: N. Hansen's, on the parameters of a softmax, restarted with twice the population where it stalls (IPOP;
  package ``cmaes``);
- ``tpe``: the tree-structured Parzen estimator, multivariate (package ``optuna``), on one uniform number an element,
  whose negative logarithms, normalised, are even on the simplex.

What leaves the feasible set is brought back to the nearest composition that keeps its proportions above the least
fractions. The other searches are each run once, to the largest number of evaluations, and read off at each number.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.composition import simplex_grid
from matwidgets.features.elements import ATOMIC_NUMBERS, category

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.inverse.feasible import Feasible
    from matwidgets.predictors import Predictor

Floats = NDArray[np.float64]
Rows = Callable[[Floats], Floats]

SCHEDULES: dict[str, tuple[int, int]] = {
    "short": (4, 30),
    "full": (32, 100),
}  # starts and steps of our search
GRID_STEPS: dict[int, float] = {3: 0.01, 4: 0.02}
CLOSE = 0.01  # of the grid's range: a search that ends so near its best has found it
DRAWN_AT_ONCE = 256  # random compositions in one batch


class Spent(Exception):
    """The evaluations are used up."""


class Counter:
    """A prediction over a feasible set that counts what it is asked and remembers the best answer.

    Parameters
    ----------
    model : Predictor
    feasible : Feasible
    limit : int
        Evaluations; the next one raises `Spent`.
    """

    def __init__(self, model: Predictor, feasible: Feasible, limit: int) -> None:
        self.feasible, self.limit = feasible, limit
        self._property = model.on(feasible.elements)
        self._began = time.process_time()
        self.count = 0
        self.trail: list[
            tuple[int, float, float]
        ] = []  # evaluations so far, best value, seconds of processor time

    def __call__(self, fractions: Floats) -> Floats:
        """Values (n,) of feasible compositions (n, k); a batch is cut where the evaluations end."""
        import torch

        rows = fractions[: self.limit - self.count]
        if not len(rows):
            raise Spent
        with torch.no_grad():
            value = self._property(torch.as_tensor(rows, dtype=torch.float32))[0].double().numpy()
        best = max(value.max(), self.trail[-1][1] if self.trail else -np.inf)
        self.count += len(rows)
        self.trail.append((self.count, float(best), time.process_time() - self._began))
        if len(rows) < len(fractions):
            raise Spent
        return np.asarray(value)

    def after(self, evaluations: int) -> tuple[float, float]:
        """Best value and seconds when so many evaluations, or up to a batch fewer, were made."""
        seen = [entry for entry in self.trail if entry[0] <= evaluations] or self.trail[:1]
        return seen[-1][1], seen[-1][2]

    def repair(self, fractions: Floats) -> Floats:
        """Bring the rows of (n, k) that are not feasible to the nearest of their feasible images."""
        made = fractions.copy()
        outside = np.flatnonzero(~self.feasible.contains(fractions))
        if len(outside):
            wanted = fractions[outside]
            images = np.stack([base + (1 - base.sum()) * wanted for base in self.feasible.anchors()])
            nearest = np.abs(images - wanted).sum(2).argmin(0)
            made[outside] = images[nearest, np.arange(len(outside))]
        return made


def random_search(problem: Counter, seed: int) -> None:
    """Draw evenly from the feasible set until the evaluations are spent."""
    rng, k = np.random.default_rng(seed), len(problem.feasible.elements)
    while True:
        rows = rng.dirichlet(np.ones(k), DRAWN_AT_ONCE)
        problem(rows[problem.feasible.contains(rows)])


def cma_es(problem: Counter, seed: int) -> None:
    """Run CMA-ES on softmax parameters, each restart from a random point with twice the population."""
    from cmaes import CMA

    rng, k = np.random.default_rng(seed), len(problem.feasible.elements)
    population = 4 + int(3 * np.log(k))  # Hansen's default
    while True:
        strategy = CMA(
            mean=rng.normal(size=k), sigma=1.0, population_size=population, seed=int(rng.integers(2**31))
        )
        while not strategy.should_stop():
            asked = [strategy.ask() for _ in range(population)]
            shifted = np.exp(np.stack(asked) - np.max(asked, axis=1, keepdims=True))
            value = problem(problem.repair(shifted / shifted.sum(1, keepdims=True)))
            strategy.tell([(x, -float(v)) for x, v in zip(asked, value, strict=True)])
        population *= 2


def tpe(problem: Counter, seed: int) -> None:
    """Run TPE on one uniform number an element, one composition at a time."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    names = problem.feasible.elements
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of `multivariate`
            sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        while True:
            trial = study.ask()
            uniform = np.array([trial.suggest_float(name, 0, 1) for name in names])
            exponential = -np.log(np.clip(uniform, 1e-12, 1 - 1e-12))
            study.tell(trial, float(problem(problem.repair((exponential / exponential.sum())[None]))[0]))
    finally:
        optuna.logging.set_verbosity(before)


OTHERS: dict[str, Callable[[Counter, int], None]] = {"random": random_search, "cma-es": cma_es, "tpe": tpe}


@dataclass(frozen=True)
class Reference:
    """Best and range of a system's feasible grid."""

    best: float
    low: float

    def shortfall(self, value: float) -> float:
        """How far a value is from the grid's best, as a share of the grid's range; below 0 if it is better."""
        return (self.best - value) / max(self.best - self.low, 1e-12)


def reference(model: Predictor, feasible: Feasible, step: float) -> Reference:
    """Evaluate every feasible composition of a system at a step."""
    points = simplex_grid(len(feasible.elements), step)
    value = model.evaluate(feasible.elements, points[feasible.contains(points)])["value"]
    return Reference(float(value.max()), float(value.min()))


def random_systems(model: Predictor, ternary: int, quaternary: int, seed: int) -> list[tuple[str, ...]]:
    """Draw systems of elements up to bismuth that are no noble gases."""
    rng = np.random.default_rng(seed)
    pool = [e for e in model.elements if ATOMIC_NUMBERS[e] <= 83 and category(e) != "noble gas"]
    return [tuple(map(str, rng.choice(pool, k, replace=False))) for k in [3] * ternary + [4] * quaternary]


def compare_on(
    model: Predictor,
    elements: Sequence[str],
    *,
    seeds: Sequence[int] = (0,),
    schedules: Mapping[str, tuple[int, int]] = SCHEDULES,
    methods: Mapping[str, Sequence[str]] | None = None,
    grid_step: float | None = None,
) -> list[dict[str, Any]]:
    """Run all searches on one system.

    Parameters
    ----------
    model : Predictor
        Its property is maximised.
    elements : sequence of str
    seeds : sequence of int
        A repeat of every search for each.
    schedules : mapping of name to (starts, steps)
        Those of our search; its evaluations set what the others may spend.
    methods : mapping of name to schedules, optional
        Which of `OTHERS` run, and against which schedules; by default all against all.
    grid_step : float, optional

    Returns
    -------
    list of dict
        {"system", "method", "schedule", "gradient_counts" (1 or 2), "seed", "evaluations", "shortfall", "seconds"},
        seconds of processor time on one thread.
    """
    from matwidgets.inverse.feasible import Feasible
    from matwidgets.training import threads

    threads.apply(model.weights)
    feasible = Feasible.build(elements)
    grid = reference(model, feasible, grid_step or GRID_STEPS[len(elements)])
    wanted = methods if methods is not None else {name: tuple(schedules) for name in OTHERS}
    rows: list[dict[str, Any]] = []

    def note(
        method: str, schedule: str, counts: int, seed: int, spent: int, value: float, took: float
    ) -> None:
        rows.append(
            {
                "system": "-".join(elements), "method": method, "schedule": schedule, "gradient_counts": counts,
                "seed": seed, "evaluations": spent, "shortfall": grid.shortfall(value), "seconds": took,
            }
        )  # fmt: skip

    for seed in seeds:
        budgets = {}
        for schedule, (starts, steps) in schedules.items():
            value, once, twice, took = _gradient(model, feasible, starts, steps, seed)
            for counts, spent in ((1, once), (2, twice)):
                budgets[schedule, counts] = spent
                note("gradient", schedule, counts, seed, spent, value, took)
        for name, against in wanted.items():
            mine = {key: spent for key, spent in budgets.items() if key[0] in against}
            if not mine:
                continue
            problem = Counter(model, feasible, max(mine.values()))
            try:
                OTHERS[name](problem, seed)
            except Spent:
                for (schedule, counts), spent in mine.items():
                    note(name, schedule, counts, seed, spent, *problem.after(spent))
    return rows


def _gradient(
    model: Predictor, feasible: Feasible, starts: int, steps: int, seed: int
) -> tuple[float, int, int, float]:
    """Value, evaluations with a gradient step counted once and twice, and seconds of our search."""
    from matwidgets.inverse.fractions import FractionSearch, SearchSettings
    from matwidgets.inverse.objectives import Criteria, Objective

    began = time.process_time()
    wanted = Criteria((Objective(model.on(feasible.elements), "maximize"),))
    search = FractionSearch(wanted, feasible, SearchSettings(steps=steps, starts=starts, seed=seed))
    while not search.finished:
        search.advance()
    gradient_steps = search.evaluations
    found = search.result()
    took = time.process_time() - began
    return found.final.value, found.evaluations, found.evaluations + gradient_steps, took


def summary(rows: Sequence[Mapping[str, Any]], *, resamples: int = 2000, seed: int = 0) -> DataFrame:
    """Summarise the rows of `compare_on` for each method and number of evaluations.

    Returns
    -------
    DataFrame
        schedule, gradient_counts, method, systems, runs, found (share of runs within `CLOSE` of the grid's best),
        median_shortfall with its 95 % bootstrap interval low, high (systems are drawn again, with all their repeats),
        evaluations (median), time_ratio (median over runs, to the gradient search's processor time).
    """
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    rng = np.random.default_rng(seed)
    keys = ["system", "schedule", "gradient_counts", "seed"]
    ours = frame[frame["method"] == "gradient"].set_index(keys)["seconds"]
    frame["time_ratio"] = (
        frame["seconds"].to_numpy() / ours.loc[list(frame[keys].itertuples(index=False))].to_numpy()
    )
    made = []
    for (schedule, counts, method), part in frame.groupby(
        ["schedule", "gradient_counts", "method"], sort=False
    ):
        each = [group["shortfall"].to_numpy() for _, group in part.groupby("system")]
        drawn = rng.integers(len(each), size=(resamples, len(each)))
        medians = [np.median(np.concatenate([each[i] for i in row])) for row in drawn]
        made.append(
            {
                "schedule": schedule, "gradient_counts": counts, "method": method, "systems": len(each),
                "runs": len(part), "found": float((part["shortfall"] <= CLOSE).mean()),
                "median_shortfall": float(part["shortfall"].median()),
                "low": float(np.quantile(medians, 0.025)), "high": float(np.quantile(medians, 0.975)),
                "evaluations": float(part["evaluations"].median()), "time_ratio": float(part["time_ratio"].median()),
            }
        )  # fmt: skip
    return pd.DataFrame(made).sort_values(
        ["schedule", "gradient_counts", "found"], ascending=False, ignore_index=True
    )


def small_comparison(model: Predictor, seed: int = 0) -> DataFrame:
    """Compare on one ternary, once, at the evaluations of two starts and twenty steps.

    A taste for the notebook; `tests/benchmarks/searches.py` is the comparison that says something.

    Returns
    -------
    DataFrame
        See `summary`.
    """
    rows = []
    for elements in random_systems(model, 1, 0, seed):
        rows += compare_on(model, elements, seeds=(seed,), schedules={"taste": (2, 20)}, grid_step=0.02)
    return summary(rows)
