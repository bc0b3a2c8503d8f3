"""Two objectives at once (Falkowski et al. 2021, Eq. 2 and Figure 5): Ca-Al-Si-O, stiff and stable.

``original`` predicts the bulk modulus with the paper's unweighted mean, ``stability`` the decomposition energy; both
are maximised or minimised on the scale of their training targets with the weights alpha and 1 - alpha.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.composition import pretty_formula
from matwidgets.papers.claims import Finding
from matwidgets.papers.crabnet import members_of, mixture, untrained

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from matwidgets.designs import DesignResult
    from matwidgets.predictors import Predictor

CA_AL_SI_O = ("Ca", "Al", "Si", "O")
ALPHA = 0.5  # the paper names no weights; both count the same
TEST_ERROR = 0.0632  # eV/atom: CrabNet's published error of the decomposition energy
MOVED = 0.02  # a change of a fraction below 2 at.% is no rise and no fall
ALPHAS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class TwoPath:
    """A search with two objectives in the paper's way: one start at equal parts, no feasible set.

    Attributes
    ----------
    elements : tuple of str, length k
    fractions : ndarray, shape (steps + 1, k)
    bulk, bulk_std : ndarray, shape (steps + 1,)
        Bulk modulus in GPa.
    energy, energy_std : ndarray, shape (steps + 1,)
        Decomposition energy in eV/atom.
    scales : tuple of float
        One standard deviation of the training targets of either property.
    seconds : float
    """

    elements: tuple[str, ...]
    fractions: NDArray[np.float64]
    bulk: NDArray[np.float64]
    bulk_std: NDArray[np.float64]
    energy: NDArray[np.float64]
    energy_std: NDArray[np.float64]
    scales: tuple[float, float]
    seconds: float

    @property
    def final(self) -> dict[str, float]:
        """Fractions after the last step."""
        return dict(zip(self.elements, map(float, self.fractions[-1]), strict=True))

    def course(self, element: str) -> str:
        """How the amount of an element goes, in words: what a change of less than 2 at.% is not."""
        x = self.fractions[:, self.elements.index(element)]
        top = int(x.argmax())
        rises, falls = x[top] - x[0] >= MOVED, x[top] - x[-1] >= MOVED
        if rises and falls:
            return "rises, then falls"
        if rises:
            return "rises"
        return "falls" if falls else "stays"

    def settling(self) -> str:
        """Whether the energy falls within the first fifth of the steps and stays there, in words.

        "Falls" is by more than the test error of a good network; "stays" is within a fifth of the fall.
        """
        early, late = self.energy[: len(self.energy) // 5 + 1], self.energy[len(self.energy) // 5 :]
        fall = float(self.energy[0] - early[-1])
        if fall < TEST_ERROR:
            return "does not fall"
        return "falls, then stays" if np.abs(late - early[-1]).max() <= 0.2 * fall else "falls, then moves on"

    def gains(self) -> tuple[float, float]:
        """What each objective gained between first and last step, in standard deviations of its training targets."""
        return (
            float(self.bulk[-1] - self.bulk[0]) / self.scales[0],
            float(self.energy[0] - self.energy[-1]) / self.scales[1],
        )


def paper_search(
    original: Predictor,
    stability: Predictor,
    elements: Sequence[str] = CA_AL_SI_O,
    *,
    alpha: float = ALPHA,
    steps: int = 100,
    scaled: bool = True,
) -> TwoPath:
    """Maximise the bulk modulus and minimise the decomposition energy in the paper's way (Eq. 2).

    Parameters
    ----------
    alpha : float
        Weight of the bulk modulus, between 0 and 1; the energy has the rest.
    scaled : bool
        False takes both in their units, GPa and eV/atom: what the paper's "scaling is preserved" avoids.
    """
    from matwidgets.inverse.feasible import Feasible
    from matwidgets.inverse.fractions import FractionSearch, SearchSettings
    from matwidgets.inverse.objectives import Criteria, Objective

    began = time.perf_counter()
    bulk, energy = original.on(elements), stability.on(elements)
    scales = (bulk.scale, energy.scale)
    if not scaled:
        bulk.scale = energy.scale = 1.0
    criteria = Criteria((Objective(bulk, "maximize", alpha), Objective(energy, "minimize", 1 - alpha)))
    anywhere = Feasible.build(elements, min_elements=1, min_fraction=0.0)
    search = FractionSearch(criteria, anywhere, SearchSettings(steps=steps, starts=1, polish=False))
    records = []
    while not search.finished:
        records.append(search.advance())

    def column(what: str, name: str) -> NDArray[np.float64]:
        return np.array([r[what][name] for r in records])

    return TwoPath(
        tuple(elements),
        np.array([r["fractions"] for r in records]),
        column("values", original.property),
        column("std", original.property),
        column("values", stability.property),
        column("std", stability.property),
        scales,
        time.perf_counter() - began,
    )


def stiff_and_stable(
    original: Predictor, stability: Predictor, seed: int = 0
) -> tuple[TwoPath, dict[str, Finding]]:
    """Optimise Ca-Al-Si-O in the paper's way; the claims of Figure 5."""
    path = paper_search(original, stability)
    blind = paper_search(untrained(original, seed), untrained(stability, seed))
    bulk, energy, formula = luck(original, stability, len(path.bulk), seed)
    lucky = f"the best of {len(path.bulk)} random compositions by the same sum: {formula}"
    alone = [paper_search(b, e) for b, e in _pairs(original, stability)]
    courses = [p.course("Ca") for p in alone]
    said = "; ".join(f"{courses.count(c)} of {len(alone)} {c}" for c in sorted(set(courses)))
    calcium = path.fractions[:, 0]
    way = f"{calcium[0]:.2f}, at most {calcium.max():.2f}, at the end {calcium[-1]:.2f}"
    gains, blind_gains = path.gains(), blind.gains()
    return path, {
        "two_start_bulk": Finding(
            float(path.bulk[0]), mixture(original, CA_AL_SI_O), "another training of the same construction"
        ),
        "two_start_energy": Finding(
            float(path.energy[0]),
            mixture(stability, CA_AL_SI_O),
            "equal parts of Ca, Al, Si and O are no compound: far from every training row",
        ),
        "two_bulk_modulus": Finding(
            float(path.bulk[-1]), bulk, f"the search ends at {pretty_formula(path.final, digits=2)}; {lucky}"
        ),
        "two_decomposition": Finding(float(path.energy[-1]), energy, lucky),
        "two_course": Finding(
            path.course("Ca"), blind.course("Ca"), f"calcium: {way}; members alone: {said}"
        ),
        "two_energy_settles": Finding(
            path.settling(),
            blind.settling(),
            f"{path.energy[0]:.3f} eV/atom at first, {path.energy[20]:.3f} after 20 steps, {path.energy[-1]:.3f} last",
        ),
        "two_priority": Finding(
            _larger(gains),
            _larger(blind_gains),
            f"gains in standard deviations of the training targets: bulk modulus {gains[0]:.2f}, energy {gains[1]:.2f}",
        ),
    }


def _pairs(original: Predictor, stability: Predictor) -> list[tuple[Predictor, Predictor]]:
    """Members side by side, the shorter ensemble repeated: searches that differ in their training alone."""
    bulk, energy = members_of(original), members_of(stability)
    count = max(len(bulk), len(energy))
    return [(bulk[i % len(bulk)], energy[i % len(energy)]) for i in range(count)]


def _larger(gains: tuple[float, float]) -> str:
    return "bulk modulus" if gains[0] > gains[1] else "energy"


def luck(original: Predictor, stability: Predictor, evaluations: int, seed: int) -> tuple[float, float, str]:
    """Best of some random compositions by the paper's weighted sum; bulk modulus, energy and formula."""
    rows = np.random.default_rng(seed).dirichlet(np.ones(len(CA_AL_SI_O)), evaluations)
    bulk = original.evaluate(CA_AL_SI_O, rows)["value"]
    energy = stability.evaluate(CA_AL_SI_O, rows)["value"]
    best = int((ALPHA * bulk / original.spread - (1 - ALPHA) * energy / stability.spread).argmax())
    fractions = {e: float(x) for e, x in zip(CA_AL_SI_O, rows[best], strict=True) if x >= 0.01}
    return float(bulk[best]), float(energy[best]), pretty_formula(fractions, digits=2)


def balance(
    original: Predictor, stability: Predictor, half: TwoPath, seed: int = 0
) -> tuple[DataFrame, dict[str, Finding]]:
    """Turn the weights: "the trade-off between two properties can be balanced" (section 2).

    Parameters
    ----------
    half : TwoPath
        The search with equal weights, which ``stiff_and_stable`` has made.

    Returns
    -------
    DataFrame
        alpha, bulk (GPa), energy (eV/atom), formula: the end of a search for each alpha.
    dict of Finding
    """
    import pandas as pd

    def sweep(b: Predictor, e: Predictor, known: TwoPath | None = None) -> DataFrame:
        ends = [(a, known if known and a == ALPHA else paper_search(b, e, alpha=a)) for a in ALPHAS]
        return pd.DataFrame(
            [
                {"alpha": a, "bulk": p.bulk[-1], "energy": p.energy[-1], "formula": pretty_formula(p.final, digits=2)}
                for a, p in ends
            ]
        )  # fmt: skip

    blind = untrained(original, seed), untrained(stability, seed)
    table, guess = sweep(original, stability, half), sweep(*blind)
    raw, raw_guess = (paper_search(*pair, scaled=False) for pair in ((original, stability), blind))
    low, high = table.iloc[0], table.iloc[-1]
    why = (
        f"from alpha {low.alpha} to {high.alpha}: {low.bulk:.0f} to {high.bulk:.0f} GPa, "
        f"{low.energy:.3f} to {high.energy:.3f} eV/atom"
    )
    return table, {
        "two_balance": Finding(_balanced(table), _balanced(guess), why),
        "two_scaling": Finding(
            _more_stable(table, raw),
            _more_stable(guess, raw_guess),
            f"without scaling the search ends at {raw.bulk[-1]:.0f} GPa and {raw.energy[-1]:.2f} eV/atom",
        ),
    }


def _balanced(table: DataFrame) -> str:
    """Both rise with alpha: more weight on stiffness is stiffer and less stable."""
    ends = table.iloc[[0, -1]]
    stiffer = ends["bulk"].iloc[1] > ends["bulk"].iloc[0]
    dearer = ends["energy"].iloc[1] > ends["energy"].iloc[0]
    return "balances" if stiffer and dearer else "does not balance"


def _more_stable(table: DataFrame, raw: TwoPath) -> str:
    """In GPa and eV/atom the energy hardly counts, so that scaling is better if it ends more stable."""
    half = table.loc[table["alpha"] == ALPHA, "energy"].iloc[0]
    return "better" if half < raw.energy[-1] - TEST_ERROR else "not better"


@dataclass(frozen=True)
class FrontComparison:
    """Hypervolumes over one reference, in standard deviations of the one times those of the other property.

    Attributes
    ----------
    front, single, lucky : float
        Of the Pareto front, of all that the paper's single start with alpha = 0.5 visited, and of as many random
        feasible compositions as the front cost.
    evaluations : int
    """

    front: float
    single: float
    lucky: float
    evaluations: int


def compare_front(
    result: DesignResult, model: Predictor, stability: Predictor, seed: int = 0
) -> tuple[TwoPath, FrontComparison]:
    """Measure a front of Ca-Al-Si-O against the paper's single weighted sum and against chance.

    All use the networks that are continuous in the fractions. Every feasible composition that the single search visits
    counts, and as many random ones as the front cost.
    """
    from matwidgets.inverse.pareto import hypervolume

    single = paper_search(model, stability)
    feasible = result.search.feasible

    def utilities(bulk: NDArray[np.float64], energy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([bulk / model.spread, -energy / stability.spread])

    rows = np.random.default_rng(seed).dirichlet(np.ones(len(CA_AL_SI_O)), 4 * result.search.evaluations)
    rows = rows[feasible.contains(rows)][: result.search.evaluations]
    lucky = utilities(*(p.evaluate(CA_AL_SI_O, rows)["value"] for p in (model, stability)))
    alone = utilities(single.bulk, single.energy)[feasible.contains(single.fractions)]
    assert result.search.front is not None
    found = result.search.front.utility
    reference = np.concatenate([lucky, alone, found]).min(0)
    front, one, chance = (hypervolume(points, reference) for points in (found, alone, lucky))
    return single, FrontComparison(front, one, chance, len(rows))


def seed_spread(original: Predictor, stability: Predictor) -> DataFrame:
    """Repeat Figure 5 with single members: the tolerances in crabnet.toml are twice a column's standard deviation."""
    import pandas as pd

    rows = []
    for bulk, energy in _pairs(original, stability):
        path = paper_search(bulk, energy)
        rows.append(
            {
                "two_start_bulk": path.bulk[0],
                "two_start_energy": path.energy[0],
                "two_bulk_modulus": path.bulk[-1],
                "two_decomposition": path.energy[-1],
            }
        )
    return pd.DataFrame(rows)


# -- figures ---------------------------------------------------------------------------------------------------


def draw_path(path: TwoPath) -> Figure:
    """Draw a search as Figure 5 of the paper does: both properties (a) and atomic per cent (b) against steps."""
    import matplotlib.pyplot as plt

    from matwidgets.papers.figure import COLOURS, STYLES

    steps = np.arange(len(path.bulk))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 3.4), layout="constrained")
    other = left.twinx()
    for axes, value, std, colour, style, ends in (
        (left, path.bulk, path.bulk_std, COLOURS[0], "-", (78.7, 176.2)),
        (other, path.energy, path.energy_std, COLOURS[1], "--", (0.472, 0.014)),
    ):
        axes.fill_between(steps, value - std, value + std, color=colour, alpha=0.15)
        axes.plot(steps, value, style, color=colour)
        axes.plot([0, steps[-1]], ends, "s", color=colour, mfc="none")
    left.set(xlabel="step", title="(a) squares: paper")
    left.set_ylabel("bulk modulus (GPa), solid", color=COLOURS[0])
    other.set_ylabel("decomposition energy (eV/atom), dashed", color=COLOURS[1])
    for i, element in enumerate(path.elements):
        right.plot(
            steps, 100 * path.fractions[:, i], STYLES[i % len(STYLES)], color=COLOURS[i], label=element
        )
    right.set(xlabel="step", ylabel="amount (at.%)", title="(b)", ylim=(0, None))
    right.legend(frameon=False, ncols=2)
    return figure


def draw_front(result: DesignResult, single: TwoPath) -> Figure:
    """Draw the front, labelled with formulas, and the path of the paper's single weighted sum."""
    import matplotlib.pyplot as plt

    from matwidgets.papers.figure import COLOURS

    bulk, energy = (objective["property"] for objective in result.to_dict()["objectives"])
    figure, axes = plt.subplots(figsize=(8, 4.4), layout="constrained")
    axes.plot(
        single.bulk, single.energy, "-", color=COLOURS[7], lw=1.2, label="paper's way: one start, one weight"
    )
    axes.plot(single.bulk[-1], single.energy[-1], "s", color=COLOURS[1], label="where it ends")
    x = [point.values[bulk] for point in result.pareto]
    y = [point.values[energy] for point in result.pareto]
    axes.plot(x, y, "o-", color=COLOURS[0], ms=5, label="the front")
    last = -np.inf
    for point, across, up in zip(result.pareto, x, y, strict=True):
        if across - last > 0.06 * np.ptp(x):  # names do not run into each other
            last = across
            axes.annotate(
                point.formula, (across, up), textcoords="offset points", xytext=(6, -11), fontsize=8
            )
    axes.axhline(0, color="0.6", lw=0.8)
    axes.set(
        xlabel="bulk modulus (GPa), more is better", ylabel="decomposition energy (eV/atom), less is better"
    )
    axes.legend(frameon=False)
    return figure
