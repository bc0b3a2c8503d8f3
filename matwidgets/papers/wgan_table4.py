"""Table 4 of Hu et al.: who is better than whom, from ten recorded folds and once more in this run.

The live run is the first fold of each kind for each property, with fewer steps, the protocol otherwise the same. Its
test asks of the two networks at hand whether one is better on new materials; that of the folds asks the same of the way
they are made, and is what a statement on a representation needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.splits import element_set
from matwidgets.errors import InputError, MissingTableError
from matwidgets.papers.claims import Finding
from matwidgets.papers.dual_vae_boosting import scores
from matwidgets.papers.wgan_comparison import Difference, difference, holm, judged
from matwidgets.papers.wgan_properties import SETTINGS, Cell
from matwidgets.papers.wgan_protocol import FOLDS, MEASURES, PARTINGS, Parting, Round, predict, rounds_of
from matwidgets.papers.wgan_tasks import LOADERS, MOST_ROWS, PUBLISHED, Task, task
from matwidgets.papers.wgan_vectors import CRITIC, MAGPIE, ONE_HOT, RANDOM, Embedding, vectors

if TYPE_CHECKING:
    from pandas import DataFrame

LIVE = replace(SETTINGS, steps=500, looks=5)
LIVE_NAMES = (CRITIC, ONE_HOT, MAGPIE, RANDOM)
MEAN = "the mean"
WORDS = {CRITIC: "critic", ONE_HOT: "one_hot", MAGPIE: "magpie", RANDOM: "random"}


def compared(
    cells: Sequence[Cell], first: str = CRITIC, others: Sequence[str] | None = None, measure: str = "mae"
) -> DataFrame:
    """Compare one representation with others on the same folds, by the test of `wgan_comparison`.

    Parameters
    ----------
    cells : sequence of Cell
        From `wgan_properties.recorded`.
    first : str
        Whose gains these are.
    others : sequence of str, optional
        By default all others that were given to the same network.
    measure : {"mae", "rmse", "r2"}

    Returns
    -------
    DataFrame
        property, parting, other, here and there (means of the measure), gain (above 0: the first is better), percent
        (of ``there``), low, high (95 % of one test), better (folds of ``folds``), p, p_holm (of all rows of this table
        together) and verdict. Only what both were computed for.

    Raises
    ------
    InputError
        There is nothing to compare.
    """
    import pandas as pd

    networks = {one.key()[:3]: one for one in cells if one.method == "network"}
    names = (
        [n for n in dict.fromkeys(k[2] for k in networks) if n != first] if others is None else list(others)
    )
    rows = []
    for name in names:
        for parting in PARTINGS:
            for each in LOADERS:
                a, b = networks.get((each, parting, first)), networks.get((each, parting, name))
                if a is None or b is None:
                    continue
                found = difference(a.values(measure), b.values(measure), measure)
                here, there = float(np.mean(a.values(measure))), float(np.mean(b.values(measure)))
                percent = 100 * found.gain / abs(there) if there else np.nan
                rows.append((each, parting, name, here, there, found.gain, percent, found.low,
                             found.high, found.better, found.folds, found.p))  # fmt: skip
    if not rows:
        raise InputError(
            f"No folds of {first} beside those of {', '.join(names) or 'another'}: record both first"
        )
    columns = [
        "property",
        "parting",
        "other",
        "here",
        "there",
        "gain",
        "percent",
        "low",
        "high",
        "better",
        "folds",
        "p",
    ]
    table = pd.DataFrame(rows, columns=columns)
    table["p_holm"] = holm(table["p"].tolist())
    table["verdict"] = [judged(gain, p) for gain, p in zip(table["gain"], table["p_holm"], strict=True)]
    return table


@dataclass(frozen=True)
class Live:
    """One representation judged on the test rows of one split, in this run.

    Attributes
    ----------
    property, parting, representation : str
    width : int
    scores : dict of str to float
        mae, rmse, r2.
    off : ndarray, shape (rows,)
        Absolute errors.
    groups : ndarray of str, shape (rows,)
        Sets of elements.
    """

    property: str
    parting: Parting
    representation: str
    width: int
    scores: dict[str, float]
    off: NDArray[np.float64]
    groups: NDArray[np.str_]


def live(
    embedding: Embedding, *, properties: Sequence[str] = tuple(LOADERS), names: Sequence[str] = LIVE_NAMES,
    most: int = MOST_ROWS, seed: int = 0, tell: Callable[[Live], None] | None = None,
) -> list[Live]:  # fmt: skip
    """Ask every representation the same, once: one fold of each kind, and the mean of the training rows beside them.

    Parameters
    ----------
    embedding : Embedding
        The critic's T, whatever its name.
    properties, names : sequence of str
    most : int
        Rows of a property.
    seed : int
    tell : callable, optional
        Told of each as it is done.

    Raises
    ------
    MissingTableError
        A property's table is not on this machine. Magpie without its table is left out.
    """
    found: list[Live] = []
    for each in properties:
        given = task(each, most, seed)
        rounds = [rounds_of(given.formulas, parting, FOLDS, seed)[0] for parting in PARTINGS]
        for name in (*names, MEAN):
            try:
                said, width = _said(given, rounds, name, embedding)
            except MissingTableError:
                continue
            for parting, r, answer in zip(PARTINGS, rounds, said, strict=True):
                groups = np.array([element_set(given.formulas[i]) for i in r.test])
                one = Live(
                    each,
                    parting,
                    name,
                    width,
                    scores(given.y[r.test], answer),
                    np.abs(answer - given.y[r.test]),
                    groups,
                )
                found.append(one)
                if tell is not None:
                    tell(one)
    return found


def _said(
    given: Task, rounds: Sequence[Round], name: str, embedding: Embedding
) -> tuple[Sequence[NDArray[np.float64]], int]:
    if name == MEAN:
        return [np.full(len(r.test), given.y[r.train].mean()) for r in rounds], 0
    x = vectors(name, given.formulas, {CRITIC: embedding})
    return predict(x, given.y, rounds, LIVE).predicted, x.shape[1]


def between(first: Live, second: Live) -> Difference:
    """Compare the absolute errors of two representations row by row.

    Rows of one set of elements count together, as their errors are alike.

    Raises
    ------
    InputError
        They were not judged on the same rows.
    """
    from scipy import stats

    if len(first.off) != len(second.off) or (first.groups != second.groups).any():
        raise InputError("The two were judged on different rows: compare one property and one kind of split")
    gains = second.off - first.off
    _, group = np.unique(first.groups, return_inverse=True)
    free = int(group.max())  # sets of elements less one
    if free < 2:
        raise InputError(
            f"{free + 1} sets of elements among the test rows; at least 3 are needed: take more rows"
        )
    sums = np.bincount(group, gains - gains.mean())
    error = float(np.sqrt((sums**2).sum() * (free + 1) / free) / len(gains))
    gain = float(gains.mean())
    p = float(2 * stats.t.sf(abs(gain) / error, free)) if error else float(gain == 0)
    half = float(stats.t.ppf(0.975, free)) * error
    return Difference(gain, error, p, gain - half, gain + half, len(gains), int((gains > 0).sum()))


def frame(found: Sequence[Live]) -> DataFrame:
    """All that was judged in this run as a table: property, parting, inputs, width, rows, mae, rmse, r2, paper_*."""
    import pandas as pd

    rows = []
    for one in found:
        published = PUBLISHED[one.property].get(one.representation) if one.parting == "random" else None
        paper = {f"paper_{m}": published[i] if published else np.nan for i, m in enumerate(MEASURES)}
        head = {
            "property": one.property,
            "parting": one.parting,
            "inputs": one.representation,
            "width": one.width,
        }
        rows.append(head | {"rows": len(one.off)} | one.scores | paper)
    return pd.DataFrame(rows)


def table4_claims(found: Sequence[Live], cells: Sequence[Cell] = ()) -> dict[str, Finding]:
    """Hand the live run to the ledger, with what the recorded folds say beside it.

    Returns
    -------
    dict of str to Finding
        ``{property}_{representation}_{parting}_{measure}``, representations "critic" (control: a random T), "one_hot"
        and "magpie" (control: the mean of the training rows); and ``{property}_better_than_{one_hot|magpie}_{parting}``
        with the word that the paired tests of this run come to, "better", "worse" or "no difference shown" (control:
        the word for a random T against the same).
    """
    held = {(one.property, one.parting, one.representation): one for one in found}
    recorded = {one.key()[:3]: one for one in cells if one.method == "network"}
    claims = {}
    for (name, parting, representation), one in held.items():
        other = RANDOM if representation == CRITIC else MEAN
        control = held.get((name, parting, other))
        if representation not in WORDS or representation == RANDOM or control is None:
            continue
        folds = recorded.get((name, parting, representation))
        for measure in MEASURES:
            why = f"{len(one.off):,} test rows"
            if folds is not None:
                values = np.array(folds.values(measure))
                why += f"; {len(values)} recorded folds {values.mean():.3g} ± {values.std(ddof=1):.2g}"
            claims[f"{name}_{WORDS[representation]}_{parting}_{measure}"] = Finding(
                one.scores[measure], control.scores[measure], why
            )
    return claims | _better(held, recorded)


def _better(
    held: Mapping[tuple[str, Parting, str], Live], recorded: Mapping[tuple[str, Parting, str], Cell]
) -> dict[str, Finding]:
    """Words of the critic's T, and as a control of a random T, against one-hot and Magpie; by Holm's rule together."""
    asked, tests = [], []
    for other in (ONE_HOT, MAGPIE):
        for name, parting in dict.fromkeys(key[:2] for key in held):
            three = [held.get((name, parting, each)) for each in (CRITIC, RANDOM, other)]
            if three[0] is not None and three[1] is not None and three[2] is not None:
                asked.append((name, parting, other))
                tests += [between(three[0], three[2]), between(three[1], three[2])]
    if not tests:
        return {}
    adjusted = holm([one.p for one in tests])
    words = [judged(one.gain, p) for one, p in zip(tests, adjusted, strict=True)]
    folds = {}
    both = [one for one in recorded.values() if one.representation in (CRITIC, ONE_HOT, MAGPIE)]
    if {one.representation for one in both} == {CRITIC, ONE_HOT, MAGPIE}:
        for row in compared(both).itertuples():
            folds[row.property, row.parting, row.other] = (
                f"; ten recorded folds: by {row.gain:.2g} ({row.percent:.1f} %), p {row.p_holm:.2g}, {row.verdict}"
            )
    claims = {}
    for i, (name, parting, other) in enumerate(asked):
        one, p = tests[2 * i], adjusted[2 * i]
        why = f"MAE less than that of {other} by {one.gain:.2g} ± {one.error:.1g} in this run, p {p:.2g}"
        claims[f"{name}_better_than_{WORDS[other]}_{parting}"] = Finding(
            words[2 * i], words[2 * i + 1], why + folds.get((name, parting, other), "")
        )
    return claims
