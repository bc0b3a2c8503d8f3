"""The paper's "dopant" effect taken apart: which of its two suspects, softmax or network, does what.

Falkowski et al. 2021 (section 3) blame "the softmax function applied to fraction vector and CrabNet's fractional
embedding". Both can be exchanged alone: the map by one that reaches zero (sparsemax), the network by one whose
prediction is continuous where an element vanishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.features.composition import to_fractions
from matwidgets.papers.claims import Finding
from matwidgets.papers.crabnet import TI_CD_C, random_search

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from matwidgets.inverse.feasible import SimplexMap
    from matwidgets.predictors import Predictor

TRACE = 1e-4  # 0.01 at.%
BINARIES = 50
LONG = 300  # steps: "even over long optimization periods"
VANISHED = 1e-6  # below one atom in a million an element is gone


def traces(
    models: dict[str, Predictor], formulas: list[str], seed: int = 0, amount: float = TRACE
) -> DataFrame:
    """Add a trace of a third element to binaries.

    Parameters
    ----------
    models : dict of Predictor
        By name; their properties need not be the same.
    formulas : list of str
        Binaries; 50 of them are drawn, and for each an element that it lacks.
    amount : float
        Atomic fraction of the third element.

    Returns
    -------
    DataFrame
        formula, element, and for each model the change of its prediction in the model's unit.
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    binaries = sorted({f for f in formulas if len(to_fractions(f)) == 2})
    chosen = random.choice(binaries, min(BINARIES, len(binaries)), replace=False)
    known = sorted(set.intersection(*(set(m.elements) for m in models.values())))
    pure, traced, added = [], [], []
    for formula in chosen.tolist():
        fractions = to_fractions(formula)
        element = str(random.choice([e for e in known if e not in fractions]))
        pure.append(fractions)
        traced.append({e: x * (1 - amount) for e, x in fractions.items()} | {element: amount})
        added.append(element)
    table = pd.DataFrame({"formula": chosen, "element": added})
    for name, model in models.items():
        both = model.predict([*pure, *traced])["value"].to_numpy()
        table[name] = both[len(pure) :] - both[: len(pure)]
    return table


def suspects(original: Predictor, model: Predictor, steps: int = 100) -> DataFrame:
    """Search Ti-Cd-C from equal parts with either map and either network.

    Returns
    -------
    DataFrame
        network, map, Cd (atomic fraction at the end), value (GPa at the end), without (GPa of the end with its cadmium
        taken out).
    """
    import pandas as pd

    maps: tuple[SimplexMap, ...] = ("softmax", "sparsemax")
    networks = {"mean": original, "by fraction": model}
    return pd.DataFrame([suspect(n, p, name, steps) for n, p in networks.items() for name in maps])


def suspect(network: str, predictor: Predictor, map_name: SimplexMap, steps: int = 100) -> dict[str, Any]:
    """One case of ``suspects``."""
    from matwidgets.papers.crabnet import single_start

    path = single_start(predictor, TI_CD_C, steps, map_name)
    rest = path.fractions[-1] * [1, 0, 1]
    without = float(predictor.evaluate(TI_CD_C, (rest / rest.sum())[None])["value"][0])
    return {
        "network": network, "map": map_name, "Cd": path.final["Cd"], "value": float(path.value[-1]), "without": without
    }  # fmt: skip


def blame(original: Predictor, table: DataFrame, seed: int = 0, steps: int = LONG) -> dict[str, Finding]:
    """Judge what makes the trace count, and whether it leaves in a longer search.

    Parameters
    ----------
    table : DataFrame
        Of ``suspects``. The control is the paper's way on an untrained network.
    steps : int
        Of the longer search.
    """
    from matwidgets.papers.crabnet import paper_search, untrained

    rows = table.set_index(["network", "map"])
    cost = rows["without"] - rows["value"]

    def said(network: str, name: str) -> str:
        return f"{rows['Cd'][network, name]:.1%} Cd, without it {cost[network, name]:+.1f} GPa"

    why = (
        f"paper's way: {said('mean', 'softmax')}; with sparsemax: {said('mean', 'sparsemax')}; "
        f"weighted by fraction: {said('by fraction', 'softmax')}; both: {said('by fraction', 'sparsemax')}"
    )
    blind = suspect("mean", untrained(original, seed), "softmax")
    left = paper_search(original, TI_CD_C, steps).final["Cd"]
    luck = random_search(original, TI_CD_C, steps, seed)
    return {
        "dopant_cause": Finding(_cause(table), "it counts" if _counts(blind) else "it does not count", why),
        "dopant_stays": Finding(
            _kept(left), _kept(blind["Cd"]), f"{left:.2%} Cd after {steps} steps; {luck}"
        ),
    }


def _counts(case: Mapping[str, Any]) -> bool:
    """Whether cadmium is left whose leaving would gain 1 GPa."""
    return bool(case["without"] - case["value"] >= 1 and case["Cd"] >= VANISHED)


def _cause(table: DataFrame) -> str:
    """What must be exchanged so that no cadmium is left, or none whose leaving would gain 1 GPa."""
    counts = {
        (row["network"], row["map"]): _counts({str(k): v for k, v in row.items()})
        for row in table.to_dict("records")
    }
    if not counts["mean", "softmax"]:
        return "it does not count"
    by_map, by_network = not counts["mean", "sparsemax"], not counts["by fraction", "softmax"]
    if by_map or by_network:
        return "either" if by_map and by_network else "softmax" if by_map else "embedding"
    return "neither" if counts["by fraction", "sparsemax"] else "both"


def _kept(fraction: float) -> str:
    if fraction >= 0.05:
        return "a constituent"
    return "stays as a trace" if fraction >= VANISHED else "gone"


def draw_traces(table: DataFrame, names: dict[str, str], unit: str) -> Figure:
    """Draw the size of the jumps, sorted, on a logarithmic scale; one line a construction."""
    import matplotlib.pyplot as plt

    from matwidgets.papers.figure import COLOURS

    figure, axes = plt.subplots(figsize=(7, 3.2))
    for (name, label), colour, mark in zip(names.items(), COLOURS[1::-1], ("o", "s"), strict=True):
        axes.semilogy(np.sort(table[name].abs())[::-1], mark, ms=4, color=colour, label=label)
    axes.set(xlabel="binaries, the largest jump first", ylabel=f"jump at 0.01 at.% ({unit})")
    axes.legend(frameon=False)
    return figure
