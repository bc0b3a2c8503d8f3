"""Property models on the joint latent space, measured in this run: Tables S3 and S4 of Korolev et al. 2020.

Boosting on the 88 latents beside boosting on the 100 fractions that 24 of them were made from, on the same held-out
rows: those that the autoencoders were not trained on. What five folds, three ways to part them and the paper's own rate
give is recorded by `dual_vae_folds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import MissingTableError
from matwidgets.papers import environment
from matwidgets.papers.claims import Finding
from matwidgets.papers.dual_vae_boosting import (
    FRACTIONS,
    LATENTS,
    LIGHT,
    Judged,
    Model,
    Settings,
    Split,
    cross_validate,
    folds_of,
    inputs,
    paired,
    scores,
)
from matwidgets.papers.dual_vae_endpoints import (
    ENDPOINTS,
    Encoded,
    Endpoint,
    Target,
    Unseen,
    composition_model,
    own_test_rows,
    target,
)

if TYPE_CHECKING:
    from pandas import DataFrame

NETWORKS = "shipped networks on the latents"
RIDGE, MEAN, CRABNET = "ridge on the latents", "the mean", "crabnet, unseen compositions"
MATCHED = "boosting on the latents, same rows"
LESS_IS_BETTER = ("mae", "rmse")
NOT_ATTEMPTED = {
    "heat_capacity_v": "no open table of heat capacities is at hand",
    "heat_capacity_p": "no open table of heat capacities is at hand",
    "thermal_conductivity_600": "the table has 300 K; the row for it is given with that temperature",
    "jarvis": "no table of the JARVIS endpoint is at hand",
}


class Predicts(Protocol):
    """Property networks on latent points: a column a property."""

    def predict(self, z: NDArray[np.floating]) -> DataFrame: ...


@dataclass(frozen=True)
class Comparison:
    """An endpoint predicted from several inputs on the same folds.

    Attributes
    ----------
    endpoint : Endpoint
    target : Target
    judged : dict of str to Judged
        By inputs; also "ridge on the latents", "the mean" and, where given, "shipped networks on the latents".
    unseen : Unseen or None
        The composition model's predictions; None where the published splits are not on this machine.
    """

    endpoint: Endpoint
    target: Target
    judged: dict[str, Judged]
    unseen: Unseen | None

    def matched(self) -> dict[str, dict[str, float]]:
        """Composition model and boosting on the latents on the same rows; empty without such rows."""
        if self.unseen is None or not len(self.unseen.rows):
            return {}
        rows, y = self.unseen.rows, self.target.y[self.unseen.rows]
        found = scores(y, self.unseen.predicted, classify=self.endpoint.classify)
        if self.endpoint.classify:  # the predictor gives electronvolts, not a probability
            found = {"auc": found["auc"]}
        return {CRABNET: found, MATCHED: self.judged[LATENTS].on(rows)}


def compare(
    asked: Endpoint, table: Encoded, *, split: Split | None = None, rounds: int | None = None,
    settings: Settings = LIGHT, seed: int = 0, names: tuple[str, ...] = (LATENTS, FRACTIONS),
    told: NDArray[np.float64] | None = None,
) -> Comparison:  # fmt: skip
    """Predict one endpoint from the latents and from the controls.

    Parameters
    ----------
    asked : Endpoint
    table : Encoded
        Of the endpoint's structure set.
    split : {"row", "formula", "elements"}, optional
        Five folds parted so; by default one, the rows of `own_test_rows`, which share no composition with the others.
    rounds : int, optional
        How many folds are predicted; by default all.
    settings : Settings
    seed : int
    names : tuple of str
        Inputs of the boosting; LATENTS is one of them.
    told : ndarray, shape (n,), optional
        What the shipped property networks say of every row of the table, in its units, or a probability; only their own
        test rows are looked at.
    """
    wanted = target(asked, table.frame)
    given = inputs(table.latents[wanted.rows], table.compositions[wanted.rows])
    own = np.empty(0, dtype=np.int64)
    if split is None or told is not None:
        own = own_test_rows(asked, wanted, table.frame)
    folds = (own,) if split is None else folds_of(wanted.formulas, split, seed=seed)

    def judge(x: NDArray[np.floating], model: Model = "boosting") -> Judged:
        return cross_validate(
            x,
            wanted.y,
            folds,
            rounds=rounds,
            model=model,
            classify=asked.classify,
            settings=settings,
            seed=seed,
        )

    judged = {name: judge(given[name]) for name in names}
    if told is not None:
        said = np.full(len(wanted.y), np.nan)
        known = told[wanted.rows[own]]
        said[own] = np.log(known) if asked.logarithm else known
        judged[NETWORKS] = Judged(wanted.y, said, (own,), asked.classify)
    judged[RIDGE], judged[MEAN] = judge(given[LATENTS], "ridge"), judge(given[LATENTS], "mean")
    among = np.sort(np.concatenate(judged[LATENTS].folds))
    try:
        unseen = composition_model(asked, wanted, among)
    except MissingTableError:
        unseen = None  # without its splits nobody can tell which rows are fair to ask about
    return Comparison(asked, wanted, judged, unseen)


def live(
    tables: Mapping[str, Encoded], dual: Predicts | None = None, seed: int = 0, *,
    tell: Callable[[Comparison], None] | None = None,
) -> list[Comparison]:  # fmt: skip
    """Compare all endpoints whose structure set is given, in half a minute on one thread.

    Parameters
    ----------
    tables : mapping of str to Encoded
        "mp", "aflow".
    dual : DualVAE, optional
        Its property networks are judged as well.
    seed : int
    tell : callable, optional
        Told of each as it is done.
    """
    told = {name: dual.predict(table.latents) for name, table in tables.items()} if dual is not None else {}
    found = []
    for asked in ENDPOINTS:
        if asked.table in tables:
            column = told[asked.table].get(asked.word) if told else None
            said = None if column is None else column.to_numpy(dtype=np.float64)
            found.append(compare(asked, tables[asked.table], seed=seed, told=said))
            if tell is not None:
                tell(found[-1])
            environment.give_back()
    return found


def property_claims(found: list[Comparison]) -> dict[str, Finding]:
    """Tables S3 and S4: a claim a measure, ``{endpoint}_{measure}``; the control is the same boosting on fractions."""
    claims = {}
    for one in found:
        for measure in one.endpoint.published:
            claims[f"{one.endpoint.word}_{measure}"] = Finding(
                one.judged[LATENTS].mean(measure), one.judged[FRACTIONS].mean(measure), _why(one, measure)
            )
    for name, reason in NOT_ATTEMPTED.items():
        claims[name] = Finding(None, None, reason)
    return claims


def _why(one: Comparison, measure: str) -> str:
    digits = 1 if one.endpoint.unit in ("GPa", "K") and measure != "r2" else 3
    here, raw = (one.judged[name].values(measure) for name in (LATENTS, FRACTIONS))
    better = (here.mean() < raw.mean()) == (measure in LESS_IS_BETTER)
    gap = paired(here, raw)
    error = f" ± {gap.error:.{digits}f}" if np.isfinite(gap.error) else ""
    networks = (
        [f"the shipped networks {one.judged[NETWORKS].mean(measure):.{digits}f}"]
        if NETWORKS in one.judged
        else []
    )
    parts = [
        *networks,
        f"{'ahead of' if better else 'behind'} the fractions by {abs(gap.mean):.{digits}f}{error}",
        f"a linear model {one.judged[RIDGE].mean(measure):.{digits}f}",
    ]
    if measure not in ("r2", "auc"):  # 0 and one half by definition
        parts.append(f"{MEAN} {one.judged[MEAN].mean(measure):.{digits}f}")
    matched = one.matched()
    if one.unseen is not None and measure in matched.get(CRABNET, {}):
        parts.append(
            f"on {len(one.unseen.rows)} rows whose compositions crabnet never saw ({one.unseen.published} in its test "
            f"split) it has {matched[CRABNET][measure]:.{digits}f}, the latents {matched[MATCHED][measure]:.{digits}f}"
        )
    if measure == "r2":
        parts.append(
            f"the paper's R² and RMSE mean values that spread by {implied_spread(one.endpoint):.3g}, here by "
            f"{one.target.y.std():.3g} {one.endpoint.unit}"
        )
    if one.target.left_out:
        parts.append(f"{one.target.left_out} values without a logarithm left out")
    return "; ".join(parts)


def implied_spread(asked: Endpoint) -> float:
    """Standard deviation of the paper's values that its R² and RMSE mean together, in the endpoint's unit."""
    return float(asked.published["rmse"] / np.sqrt(1 - asked.published["r2"]))


def frame(found: list[Comparison]) -> DataFrame:
    """All comparisons as a table.

    Returns
    -------
    DataFrame
        endpoint, unit, inputs, rows (judged), and the measures: r2, mae, rmse, auc, accuracy, f1 (means over the
        folds, NaN where not defined) and the paper's, ``paper_*``.
    """
    import pandas as pd

    rows = []
    for one in found:
        head = {"endpoint": one.endpoint.name, "unit": one.endpoint.unit}
        paper = {f"paper_{measure}": value for measure, value in one.endpoint.published.items()}
        for name, judged in one.judged.items():
            measures = {measure: judged.mean(measure) for measure in one.endpoint.published}
            asked = sum(len(fold) for fold in judged.folds)
            rows.append(head | {"inputs": name, "rows": asked} | measures | paper)
        for name, measured in one.matched().items():
            count = 0 if one.unseen is None else len(one.unseen.rows)
            rows.append(head | {"inputs": name, "rows": count} | measured | paper)
    return pd.DataFrame(rows)


# -- for the figures -----------------------------------------------------------------------------------------------


def parity_panels(
    found: list[Comparison],
) -> tuple[dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]], list[str], list[str]]:
    """Panels, units and notes of Figure S6 for `dual_vae_figures.parity`: boosting on the latents, held-out rows."""
    panels, units, notes = {}, [], []
    for one in found:
        if not one.endpoint.classify:
            judged = one.judged[LATENTS]
            panels[one.endpoint.name] = (judged.y, judged.predicted)
            units.append(one.endpoint.unit)
            digits = 1 if one.endpoint.unit in ("GPa", "K") else 2
            notes.append(f"R² {judged.mean('r2'):.2f}\nMAE {judged.mean('mae'):.{digits}f}")
    return panels, units, notes


def roc_curves(one: Comparison) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Labels and scores of held-out rows for `dual_vae_figures.roc`: latents, fractions, a linear model, crabnet."""
    curves = {}
    for name in (LATENTS, FRACTIONS, NETWORKS, RIDGE):
        if name not in one.judged:
            continue
        judged = one.judged[name]
        known = np.isfinite(judged.predicted)
        curves[name] = (judged.y[known], judged.predicted[known])
    if one.unseen is not None and len(set(one.target.y[one.unseen.rows].tolist())) == 2:
        curves[CRABNET] = (one.target.y[one.unseen.rows], one.unseen.predicted)
    return curves


def confusion_counts(one: Comparison, name: str = LATENTS) -> NDArray[np.int64]:
    """Held-out rows by true (row) and predicted class (column), (2, 2), cut at a probability of one half."""
    judged = one.judged[name]
    known = np.isfinite(judged.predicted)
    wanted, said = judged.y[known] == 1, judged.predicted[known] > 0.5
    return np.array(
        [[int(((wanted == i) & (said == j)).sum()) for j in (0, 1)] for i in (0, 1)], dtype=np.int64
    )


def by_inputs(
    found: list[Comparison], measure: str
) -> tuple[dict[str, dict[str, tuple[float, float]]], dict[str, float]]:
    """Means and standard deviations over the folds, and the paper's values, for `dual_vae_figures.scores_by_inputs`.

    Endpoints without this measure are left out; crabnet's value is on fewer rows and has no spread.
    """
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    published = {}
    for one in found:
        if measure not in one.endpoint.published:
            continue
        published[one.endpoint.name] = one.endpoint.published[measure]
        rows[one.endpoint.name] = {}
        for name, judged in one.judged.items():
            if name != MEAN:
                values = judged.values(measure)
                rows[one.endpoint.name][name] = (
                    float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
                )  # fmt: skip
        matched = one.matched()
        if measure in matched.get(CRABNET, {}):
            rows[one.endpoint.name][CRABNET] = (matched[CRABNET][measure], 0.0)
    return rows, published
