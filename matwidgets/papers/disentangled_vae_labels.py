"""Table 2 of Zeng, Khan and Post: do alloys without labels help where labels are few?

Always in pairs: the same split, first weights, batches and choice of the epoch, with the bound and without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from matwidgets.errors import InputError
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae_budgets import SHARES, Budget, Method, train
from matwidgets.training import threads
from matwidgets.training.alloy_tables import Alloys

if TYPE_CHECKING:
    from pandas import DataFrame

WITH: Method = "semi-supervised"
WITHOUT: Method = "labels only"
AGAIN: Method = "labels only, again"
GAMMA_10: Method = "semi-supervised, gamma 10"
TABLE_2 = (0.2, 0.7)  # shares of labels: 247 and 864
TASTE = 40  # epochs
FEWEST = 5  # seeds to be tested: accuracies are whole rows, and a few may agree by chance
LEVEL = 0.95  # a gain is told from none if so much of Student's distribution lies on its side and the mirrored one


def taste(
    given: Alloys, shares: Sequence[float] = TABLE_2, seeds: Sequence[int] = (0, 1), epochs: int = TASTE
) -> list[Budget]:
    """Train a few pairs in front of the reader, with a second training on the labels alone as the control.

    Parameters
    ----------
    given : Alloys
    shares : sequence of float
        Of the rows that are not test rows, those with a label.
    seeds : sequence of int
    epochs : int
    """
    threads.apply(1)
    return [
        train(given, method, share, seed, epochs)
        for share in shares
        for seed in seeds
        for method in (WITH, WITHOUT, AGAIN)
    ]


def paired(budgets: Sequence[Budget], first: Method = WITH, second: Method = WITHOUT) -> DataFrame:
    """Compare two methods seed by seed.

    Parameters
    ----------
    budgets : sequence of Budget
    first, second : str
        Methods.

    Returns
    -------
    DataFrame
        One row a number of labels: labelled, unlabelled, validation (rows); seeds that have both; first and second
        (mean test accuracy); first_std, second_std; gain (mean of first - second), gain_std, and error, the standard
        error of the gain. Deviations are over the seeds, NaN for a single one.

    Raises
    ------
    InputError
        If no seed has both.
    """
    import pandas as pd

    each = {(b.method, b.labelled, b.seed): b for b in budgets}
    pairs = [(b, each[second, b.labelled, b.seed]) for b in budgets
             if b.method == first and (second, b.labelled, b.seed) in each]  # fmt: skip
    if not pairs:
        raise InputError(f"No seed with both {first!r} and {second!r}: train either for one seed")
    rows = []
    for labelled in sorted({a.labelled for a, _ in pairs}):
        some = [(a, b) for a, b in pairs if a.labelled == labelled]
        a, b = (np.array(v) for v in zip(*((a.test_accuracy, b.test_accuracy) for a, b in some), strict=True))
        stds = [float(np.std(v, ddof=1)) if len(some) > 1 else float("nan") for v in (a, b, a - b)]
        rows.append(
            {
                "labelled": labelled, "unlabelled": some[0][0].unlabelled, "validation": some[0][0].validation,
                "seeds": len(some), "first": a.mean(), "second": b.mean(), "first_std": stds[0], "second_std": stds[1],
                "gain": (a - b).mean(), "gain_std": stds[2], "error": stds[2] / np.sqrt(len(some)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def label_claims(budgets: Sequence[Budget]) -> dict[str, Finding]:
    """Table 2: accuracy with few and many labels, and what the alloys without labels add.

    Parameters
    ----------
    budgets : sequence of Budget
        Pairs with the number of labels of either line, and a second training on the labels alone.
    """
    gains, noise = paired(budgets), paired(budgets, AGAIN, WITHOUT).set_index("labelled")
    numbers = sorted(gains["labelled"])
    if len(numbers) != len(TABLE_2):
        raise InputError(f"{len(numbers)} numbers of labels, {numbers}; give the two of Table 2")
    findings = {}
    for word, (_, row) in zip(("few", "many"), gains.iterrows(), strict=True):
        findings[f"labels_{word}"] = Finding(
            float(row["first"]), float(row["second"]),
            f"{int(row['labelled'])} labels, {int(row['seeds'])} seeds of {budgets[0].epochs} epochs",
        )  # fmt: skip
        findings[f"gain_{word}"] = Finding(
            float(row["gain"]), float(noise.loc[row["labelled"], "gain"]),
            "the same 138 test rows for both, one of which is 0.007",
        )  # fmt: skip
    return findings


def told_apart(budgets: Sequence[Budget], first: Method = WITH, second: Method = WITHOUT) -> DataFrame:
    """Say for each number of labels whether the gain is told from none, by the paired t test at 5 %.

    Of curves with six numbers of labels one in four shows a difference somewhere, even where there is none.

    Returns
    -------
    DataFrame
        That of `paired` with the column ``verdict``: better, worse, no difference, or too few seeds (below five).
    """
    from scipy.stats import t

    frame = paired(budgets, first, second)
    least = t.ppf((1 + LEVEL) / 2, np.maximum(frame["seeds"] - 1, 1)) * frame["error"]
    sure = frame["gain"].abs() > least
    sign = np.where(frame["gain"] > 0, "better", "worse")
    verdict = np.where(sure, sign, "no difference")
    return frame.assign(verdict=np.where(frame["seeds"] < FEWEST, "too few seeds", verdict))


__all__ = [
    "AGAIN", "GAMMA_10", "SHARES", "TABLE_2", "WITH", "WITHOUT", "label_claims", "paired", "taste", "told_apart",
]  # fmt: skip
