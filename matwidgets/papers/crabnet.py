"""The experiments of Falkowski, Kauwe and Sparks 2021: one function a claim, called by the notebook.

Two networks appear. ``model`` is the shipped ensemble, continuous in the fractions. ``original`` (preset "mean") takes
the unweighted mean over the elements present, as the paper's network does, because the paper's "dopant" effect belongs
to that. Neither has seen a Ti-C binary.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.composition import (
    fraction_matrix,
    pretty_formula,
    simplex_grid,
    simplex_size,
    snap,
    to_fractions,
)
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.designs import DesignResult
    from matwidgets.inverse.feasible import SimplexMap
    from matwidgets.predictors import Predictor

TI_CD_C = ("Ti", "Cd", "C")
TEN = (
    "Ta",
    "W",
    "Re",
    "Os",
    "Ir",
    "Mo",
    "Tc",
    "B",
    "C",
    "N",
)  # Figure 4: highest contribution to bulk modulus
TIC_GPA = 238.772  # bulk modulus of TiC in the released table: the paper's "true value"
STEP = 0.03  # "modest granularity (>0.03)", section 1
NEEDS_TABLES = "needs the published tables: run `matwidgets data fetch bulk_modulus`, then this again"


@dataclass(frozen=True)
class Trajectory:
    """A search as the paper makes it: one start at equal parts, softmax, Adam, no feasible set.

    Attributes
    ----------
    elements : tuple of str, length k
    fractions : ndarray, shape (steps + 1, k)
    value, std : ndarray, shape (steps + 1,)
        In GPa.
    seconds : float
    """

    elements: tuple[str, ...]
    fractions: NDArray[np.float64]
    value: NDArray[np.float64]
    std: NDArray[np.float64]
    seconds: float

    @property
    def final(self) -> dict[str, float]:
        """Fractions after the last step."""
        return dict(zip(self.elements, map(float, self.fractions[-1]), strict=True))

    def main(self, least: float = 0.1) -> str:
        """Elements with at least ``least`` of the final composition, the largest first."""
        kept = sorted((e for e in self.elements if self.final[e] >= least), key=lambda e: -self.final[e])
        return " ".join(kept)


def untrained(like: Predictor, seed: int = 0) -> Predictor:
    """Build the same ensemble with random weights: what the construction alone does."""
    import torch

    from matwidgets.models.crabnet import CrabNet
    from matwidgets.predictors import Predictor

    members = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for network in like.networks:
            members.append(CrabNet(network.config).eval().requires_grad_(False))
    return Predictor(members, like.domain, like.card)


def members_of(model: Predictor) -> list[Predictor]:
    """Each member of an ensemble as a predictor of its own, for spreads over seeds."""
    from matwidgets.predictors import Predictor

    return [Predictor([network], model.domain, model.card) for network in model.networks]


def paper_search(model: Predictor, elements: Sequence[str], steps: int = 100) -> Trajectory:
    """Maximise in the paper's way (section 2 and Eq. 1)."""
    return single_start(model, elements, steps, "softmax")


def single_start(model: Predictor, elements: Sequence[str], steps: int, map_name: SimplexMap) -> Trajectory:
    """Maximise from equal parts with one start and no feasible set; "softmax" is the paper's map."""
    from matwidgets.inverse.feasible import Feasible
    from matwidgets.inverse.fractions import FractionSearch, SearchSettings
    from matwidgets.inverse.objectives import Criteria, Objective

    began = time.perf_counter()
    anywhere = Feasible.build(elements, min_elements=1, min_fraction=0.0)
    settings = SearchSettings(steps=steps, starts=1, polish=False, map=map_name)
    search = FractionSearch(Criteria((Objective(model.on(elements), "maximize"),)), anywhere, settings)
    records = []
    while not search.finished:
        records.append(search.advance())
    seconds = time.perf_counter() - began
    name = model.property
    return Trajectory(
        tuple(elements),
        np.array([r["fractions"] for r in records]),
        np.array([r["values"][name] for r in records]),
        np.array([r["std"][name] for r in records]),
        seconds,
    )


@dataclass(frozen=True)
class Luck:
    """Best of some random compositions, drawn evenly from the simplex."""

    evaluations: int
    formula: str
    value: float  # GPa

    def __str__(self) -> str:
        return (
            f"the best of {self.evaluations} random compositions has {self.value:.0f} GPa at {self.formula}"
        )


def random_search(model: Predictor, elements: Sequence[str], evaluations: int, seed: int) -> Luck:
    """Evaluate as many random compositions as a search does; the control of every search."""
    rows = np.random.default_rng(seed).dirichlet(np.ones(len(elements)), evaluations)
    value = model.evaluate(elements, rows)["value"]
    best = int(value.argmax())
    fractions = {e: float(x) for e, x in zip(elements, rows[best], strict=True) if x >= 0.01}
    return Luck(evaluations, pretty_formula(to_fractions(fractions), digits=2), float(value[best]))


def mixture(model: Predictor, elements: Sequence[str]) -> float:
    """Rule of mixtures at equal parts: the mean of what the model predicts for the pure elements, in GPa."""
    return float(model.evaluate(elements, np.eye(len(elements)))["value"].mean())


# -- Ti-Cd-C (Figure 3) ---------------------------------------------------------------------------------------


def ti_cd_c(original: Predictor, seed: int = 0) -> tuple[Trajectory, dict[str, Finding]]:
    """Optimise Ti-Cd-C in the paper's way; the claims of Figure 3."""
    path = paper_search(original, TI_CD_C)
    blind = paper_search(untrained(original, seed), TI_CD_C)
    luck = random_search(original, TI_CD_C, len(path.value), seed)
    alone = [paper_search(member, TI_CD_C).final["Cd"] for member in members_of(original)]
    apart = f"each member alone: {min(alone):.0%} to {max(alone):.0%}"
    return path, {
        "ti_cd_c_start": Finding(
            float(path.value[0]),
            mixture(original, TI_CD_C),
            "another training of a network of the same construction",
        ),
        "ti_cd_c_final": Finding(float(path.value[-1]), luck.value, str(luck)),
        "cadmium": Finding(
            _level(path.final["Cd"]), _level(blind.final["Cd"]), f"{path.final['Cd']:.1%} Cd is left; {apart}"
        ),
        "titanium_share": Finding(
            _titanium(path), _titanium(blind), f"the search ends at {pretty_formula(path.final, digits=3)}"
        ),
    }


def _titanium(path: Trajectory) -> float:
    return path.final["Ti"] / (path.final["Ti"] + path.final["C"])


def without_cadmium(original: Predictor, seed: int = 0) -> tuple[Trajectory, dict[str, Finding]]:
    """Optimise Ti-C alone: the prediction for TiC with and without a trace of cadmium."""
    with_cd, path = paper_search(original, TI_CD_C), paper_search(original, ("Ti", "C"))
    blind = untrained(original, seed)
    error = [abs(float(p.value[-1]) - TIC_GPA) for p in (with_cd, path)]
    blind_error = [
        abs(float(paper_search(blind, system).value[-1]) - TIC_GPA) for system in (TI_CD_C, ("Ti", "C"))
    ]
    luck = random_search(original, ("Ti", "C"), len(path.value), seed)
    alone = [float(member.predict("TiC")["value"].iloc[0]) for member in members_of(original)]
    unseen = f"no member has seen a Ti-C binary; each alone: {min(alone):.0f} to {max(alone):.0f} GPa"
    return path, {
        "tic_start": Finding(float(path.value[0]), mixture(original, ("Ti", "C")), unseen),
        "tic_final": Finding(float(path.value[-1]), luck.value, str(luck)),
        "nearer_without_cadmium": Finding(_nearer(error), _nearer(blind_error), _errors(error)),
    }


def _nearer(errors: Sequence[float]) -> str:
    return "nearer" if errors[1] < errors[0] else "not nearer"


def _errors(errors: Sequence[float]) -> str:
    return f"off by {errors[0]:.0f} GPa with a trace of cadmium, by {errors[1]:.0f} GPa without"


def dopant(
    original: Predictor, model: Predictor, amounts: Sequence[float] = (1e-4, 1e-3, 0.005, 0.015)
) -> DataFrame:
    """Add a trace of cadmium to TiC and predict with both constructions.

    Returns
    -------
    DataFrame
        Cd (atomic fraction), original, continuous (change of the prediction in GPa).
    """
    import pandas as pd

    def change(predictor: Predictor) -> NDArray[np.float64]:
        rows = np.array([[(1 - x) / 2, x, (1 - x) / 2] for x in (0.0, *amounts)])
        value = predictor.evaluate(TI_CD_C, rows)["value"]
        return value[1:] - value[0]

    return pd.DataFrame({"Cd": list(amounts), "original": change(original), "continuous": change(model)})


def dopant_effect(table: DataFrame) -> dict[str, Finding]:
    """Judge the dopant effect by the least amount in the table of ``dopant``."""
    least = table.iloc[0]
    why = (
        f"{least.Cd:.2%} Cd changes TiC by {least.original:.0f} GPa; if continuous, by {least.continuous:.1f}"
    )
    return {"dopant": Finding(_influence(least.original), _influence(least.continuous), why)}


def _influence(change: float) -> str:
    return (
        "lowers it" if change < -1 else ("raises it" if change > 1 else "no influence")
    )  # 1 GPa: below any spread


def _level(fraction: float) -> str:
    return "below 5 at.%" if fraction < 0.05 else "above 5 at.%"


def found_by_design(model: Predictor, seed: int = 0) -> tuple[DesignResult, dict[str, Finding]]:
    """Search Ti-Cd-C with many starts and the drop-test: does titanium carbide emerge?"""
    from matwidgets.designs import design

    result = design(TI_CD_C, maximize=model, seed=seed).wait()
    blind = design(TI_CD_C, maximize=untrained(model, seed), seed=seed).wait()
    share = 100 * max(0.0, result.grid_shortfall or 0.0)
    cadmium = result.final_fractions.get("Cd", 0.0)
    why = f"{cadmium:.1%} Cd is left; the grid's best is {share:.2f} % of its range better"
    return result, {"tic_emerges": Finding(result.formula, blind.formula, why)}


# -- ten elements (Figure 4) ----------------------------------------------------------------------------------


def ten_elements(original: Predictor, seed: int = 0) -> tuple[Trajectory, dict[str, Finding]]:
    """Optimise the paper's ten elements in the paper's way; the claims of Figure 4."""
    path = paper_search(original, TEN)
    blind = paper_search(untrained(original, seed), TEN)
    luck = random_search(original, TEN, len(path.value), seed)
    pure = original.evaluate(TEN, np.eye(len(TEN)))["value"]
    stiffest = " ".join(sorted(TEN[i] for i in np.argsort(-pure)[:3]))
    top = sorted(sorted(TEN, key=lambda e: -path.final[e])[:3])
    return path, {
        "ten_start": Finding(
            float(path.value[0]), mixture(original, TEN), "another training of the same construction"
        ),
        "ten_final": Finding(float(path.value[-1]), luck.value, str(luck)),
        "ten_winners": Finding(" ".join(top), stiffest, f"final: {pretty_formula(path.final, digits=2)}"),
        "ten_losers": Finding(
            sum(path.final[e] < 0.05 for e in TEN),
            sum(blind.final[e] < 0.05 for e in TEN),
            "elements below 5 at.% at the end",
        ),
    }


def smaller_gain(
    original: Predictor, ternary: Trajectory, ten: Trajectory, seed: int = 0
) -> dict[str, Finding]:
    """Compare the relative gains of the two searches; "small relative to the results in Figure 3" (section 3)."""
    blind = untrained(original, seed)
    gains, guess = (
        [float(p.value[-1] / p.value[0]) - 1 for p in pair]
        for pair in ((ternary, ten), [paper_search(blind, system) for system in (TI_CD_C, TEN)])
    )
    why = f"Ti-Cd-C gains {gains[0]:.1%}, the ten elements {gains[1]:.1%} (paper: 24 % and 4.5 %)"
    return {"ten_gain": Finding(_smaller(gains), _smaller(guess), why)}


def _smaller(gains: Sequence[float]) -> str:
    return "smaller" if gains[1] < gains[0] else "not smaller"


def contributions(original: Predictor, frame: DataFrame) -> DataFrame:
    """Mean contribution of each element over the compounds of a table.

    Parameters
    ----------
    frame : DataFrame
        formula, target (GPa).

    Returns
    -------
    DataFrame
        element, contribution (GPa: what the element stands for before the mean is taken), mean_target (GPa),
        compounds; the highest contribution first.
    """
    import pandas as pd
    import torch

    from matwidgets.features.composition import pack
    from matwidgets.features.elements import SYMBOLS

    numbers, fractions = pack(frame["formula"].tolist())
    total = np.zeros(119)
    with torch.no_grad():
        for network in original.networks:
            out = network(torch.as_tensor(numbers), torch.as_tensor(fractions))
            each = (
                out.contributions / out.weights.clamp(min=1e-9)
            ).double().numpy() * original.scale + original.mean
            np.add.at(total, numbers.ravel(), np.where(numbers > 0, each, 0.0).ravel())
    present = np.bincount(numbers.ravel(), minlength=119)
    targets = np.zeros(119)
    np.add.at(targets, numbers.ravel(), np.repeat(frame["target"].to_numpy(), numbers.shape[1]))
    z = np.array([i for i in range(1, 119) if present[i] >= 5])  # a mean over fewer compounds is an accident
    table = pd.DataFrame(
        {
            "element": [SYMBOLS[i - 1] for i in z],
            "contribution": total[z] / present[z] / original.members,
            "mean_target": targets[z] / present[z],
            "compounds": present[z],
        }
    )
    return table.sort_values("contribution", ascending=False, ignore_index=True)


def element_means(frame: DataFrame) -> dict[str, float]:
    """Mean target of the compounds that hold an element, for every element of a table (formula, target)."""
    total: dict[str, list[float]] = {}
    for formula, target in zip(frame["formula"], frame["target"], strict=True):
        for element in to_fractions(formula):
            total.setdefault(element, []).append(float(target))
    return {element: float(np.mean(values)) for element, values in total.items()}


def highest_ten(table: DataFrame) -> dict[str, Finding]:
    """Compare the ten highest contributions with the paper's ten; the control ranks by the mean label alone."""
    ours = set(table["element"][:10])
    plain = set(table.sort_values("mean_target", ascending=False)["element"][:10])
    missing, new = sorted(set(TEN) - ours), sorted(ours - set(TEN))
    why = (
        f"of the paper's ten not here: {' '.join(missing) or 'none'}; here instead: {' '.join(new) or 'none'}"
    )
    return {"highest_ten": Finding(len(ours & set(TEN)), len(plain & set(TEN)), why)}


# -- counts, times, accuracy, data ----------------------------------------------------------------------------


def quaternaries(elements: int = 80, step: float = STEP) -> DataFrame:
    """Count quaternary compositions at a step, by several readings of the sentence in section 1.

    Parameters
    ----------
    elements : int
        How many elements there are to choose from; 80 have a stable isotope.
    step : float

    Returns
    -------
    DataFrame
        reading, count.
    """
    import pandas as pd

    parts = math.floor(1 / step + 1e-9)
    sets = math.comb(elements, 4)
    readings = {
        "systems of four elements": sets,
        "compositions with all four elements present": sets * math.comb(parts - 1, 3),
        "compositions, amounts of zero counted in every system": sets * simplex_size(4, parts),
        "the same from all 118 elements": math.comb(118, 4) * simplex_size(4, parts),
        "amounts that need not sum to one, and stay different when scaled": sets * parts**4,
    }
    return pd.DataFrame({"reading": list(readings), "count": list(readings.values())})


def white_space(table: DataFrame) -> dict[str, Finding]:
    """Judge "on the order of 10^12" by compositions; the control counts systems only."""
    count = dict(zip(table["reading"], table["count"], strict=True))
    loose = count["amounts that need not sum to one, and stay different when scaled"]
    why = f"10^12 is reached only by amounts that need not sum to one ({loose:.1e}): a hundred times too many"
    return {
        "quaternaries": Finding(
            math.log10(count["compositions, amounts of zero counted in every system"]),
            math.log10(count["systems of four elements"]),
            why,
        )
    }


def grid_seconds(model: Predictor, elements: Sequence[str] = TI_CD_C, step: float = 0.01) -> float:
    """Time for the brute-force grid of a system, in seconds."""
    began = time.perf_counter()
    model.evaluate(elements, simplex_grid(len(elements), step))
    return time.perf_counter() - began


def under_a_minute(paths: Sequence[Trajectory], grid: float) -> dict[str, Finding]:
    """Judge the running time of the paper's searches against the brute-force grid of Ti-Cd-C."""
    why = "for three elements every composition at 1 % is evaluated as quickly; for ten elements no grid is possible"
    return {"seconds": Finding(round(sum(p.seconds for p in paths), 1), round(grid, 1), why)}


def published_rows(frame: DataFrame) -> dict[str, Finding]:
    """Look for TiC in the released table; "TiC was not present in the training or validation data" (section 3)."""
    formulas = [to_fractions(f) for f in frame["formula"]]
    tic = np.array([set(f) == {"Ti", "C"} and abs(f["Ti"] - 0.5) < 1e-6 for f in formulas])
    where = sorted(set(frame["split"][tic]))
    why = (
        f"TiC with {float(frame['target'][tic].iloc[0]):.1f} GPa is a row of: {', '.join(where)}"
        if tic.any()
        else ""
    )
    known = "present" if {"train", "val"} & set(where) else "absent"
    return {"tic_unseen": Finding(known, "present" if "test" in where else "absent", why)}


def accuracy(model: Predictor, frame: DataFrame, seed: int = 0) -> dict[str, Finding]:
    """Test error on the published split; the control is a random forest on fractions alone.

    Parameters
    ----------
    frame : DataFrame
        formula, target, split.
    """
    from sklearn.ensemble import RandomForestRegressor

    parts = {name: frame[frame["split"] == name] for name in ("train", "test")}
    truth = parts["test"]["target"].to_numpy()
    ours = float(np.abs(model.predict(parts["test"]["formula"].tolist())["value"].to_numpy() - truth).mean())
    forest = RandomForestRegressor(100, max_features=0.3, min_samples_leaf=1, random_state=seed, n_jobs=1)
    forest.fit(fraction_matrix(parts["train"]["formula"].tolist()), parts["train"]["target"])
    plain = float(np.abs(forest.predict(fraction_matrix(parts["test"]["formula"].tolist())) - truth).mean())
    return {
        "test_mae": Finding(
            ours, plain, "an ensemble of five small networks; Ti-C binaries left out of training"
        )
    }


def small_formula(path: Trajectory) -> str:
    """Snap the end of a search to a small integer formula, traces below 5 at.% left out."""
    kept = {e: x for e, x in path.final.items() if x >= 0.05}
    return snap(to_fractions(kept))


def seed_spread(original: Predictor) -> DataFrame:
    """Repeat the paper's searches with each member alone: what another training of the same network gives.

    Returns
    -------
    DataFrame
        A row a member, a column a claim that is a number; the tolerances in crabnet.toml are twice the standard
        deviation of a column, or the paper's own spread where that is larger.
    """
    import pandas as pd

    rows = []
    for member in members_of(original):
        ternary, binary, ten = (paper_search(member, system) for system in (TI_CD_C, ("Ti", "C"), TEN))
        rows.append(
            {
                "ti_cd_c_start": ternary.value[0],
                "ti_cd_c_final": ternary.value[-1],
                "cadmium": ternary.final["Cd"],
                "titanium_share": _titanium(ternary),
                "tic_start": binary.value[0],
                "tic_final": binary.value[-1],
                "ten_start": ten.value[0],
                "ten_final": ten.value[-1],
                "ten_losers": sum(x < 0.05 for x in ten.final.values()),
            }
        )
    return pd.DataFrame(rows)
