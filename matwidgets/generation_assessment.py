"""What generated formulas are worth: chemical rules, variety, coverage, and whether a classifier knows them from real.

No measure means much alone: a generator that always gives one salt is wholly neutral, and drawing elements by
prevalence is wholly unique. Every one is therefore to be read beside the same measure of the data and of formulas that
were drawn without learning (`features.formula_baselines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.charge_rules import charge_rules
from matwidgets.features.occupancy import ELEMENTS, INDEX
from matwidgets.features.prevalence import (
    elements_histogram,
    kl_divergence,
    prevalence,
    total_variation,
)
from matwidgets.features.validity import STATE_SETS, StateSet, electronegativity, is_metal

Counts = NDArray[np.uint8]

COMMON = 0.005  # share of materials from which on an element must not be missing
ANIONS = ("N", "O", "F", "Cl")
"""Non-metals with a Pauling electronegativity above 3: with a metal beside them a formula counts as ionic.

Of OQMD's compounds 9 % are, and 90 % of these are neutral and balanced; of such formulas drawn without learning 53 %
are (states "icsd24", amounts of any element; 71 % with each element's own amounts). For most other compounds, which are
alloys, the rules hold as often as by chance.
"""
CLASSIFIED = 20_000  # formulas of each kind
FOLDS = 3
AT_ONCE = 50_000  # rows that are looked at together, to bound the memory


@dataclass(frozen=True)
class Reference:
    """The real formulas that generated ones are held against.

    Attributes
    ----------
    counts : ndarray of uint8, shape (m, 85)
        All of them, divided by their greatest common divisors.
    held_out : ndarray of uint8, shape (h, 85)
        Those of them that no generator has learned from; the classifier's real ones.

    Raises
    ------
    InputError
        No formula, another shape, or a formula that is held out and not among all of them.
    """

    counts: Counts
    held_out: Counts

    def __post_init__(self) -> None:
        for rows in (self.counts, self.held_out):
            _require(rows)
        strange = int((~np.isin(composition_hashes(self.held_out), composition_hashes(self.counts))).sum())
        if strange:
            raise InputError(
                f"{strange} of {len(self.held_out)} formulas held out are not among the {len(self.counts)} of the "
                "reference: give counts that hold them too"
            )
        object.__setattr__(self, "_hashes", np.unique(composition_hashes(self.counts)))
        object.__setattr__(self, "_held_out", np.unique(composition_hashes(self.held_out)))
        object.__setattr__(self, "_pairs", pairs(self.counts))
        object.__setattr__(self, "_prevalence", prevalence(self.counts))
        object.__setattr__(self, "_sizes", elements_histogram(self.counts))
        object.__setattr__(self, "_common", (self.counts > 0).mean(0) >= COMMON)

    def has(self, counts: Counts) -> NDArray[np.bool_]:
        """Tell which formulas are among them, shape (n,)."""
        return np.isin(composition_hashes(counts), self.__dict__["_hashes"])

    def rediscovered(self, counts: Counts) -> dict[str, float]:
        """What share of the compounds is among some formulas.

        Returns
        -------
        dict
            learned, held_out: of those that a generator could learn from, and of the others. A generator that repeats
            what it was shown has more of the first.
        """
        every, held = self.__dict__["_hashes"], self.__dict__["_held_out"]
        made = np.unique(composition_hashes(counts))
        hits, unseen = int(np.isin(made, every).sum()), int(np.isin(made, held).sum())
        learned = len(every) - int(np.isin(held, every).sum())
        return {"learned": (hits - unseen) / learned if learned else 0.0, "held_out": unseen / len(held)}

    @property
    def common(self) -> NDArray[np.bool_]:
        """Which elements at least 0.5 % of the formulas have, shape (85,)."""
        found: NDArray[np.bool_] = self.__dict__["_common"]
        return found

    @property
    def prevalence(self) -> NDArray[np.float64]:
        """How common each element is by atoms, shape (85,)."""
        found: NDArray[np.float64] = self.__dict__["_prevalence"]
        return found

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Share of formulas with each number of elements."""
        found: NDArray[np.float64] = self.__dict__["_sizes"]
        return found

    @property
    def pairs(self) -> NDArray[np.bool_]:
        """Which two elements are in one formula, shape (85, 85)."""
        found: NDArray[np.bool_] = self.__dict__["_pairs"]
        return found


def composition_hashes(counts: NDArray[np.integer]) -> NDArray[np.uint64]:
    """Make a number of 64 bits of each row of amounts (n, e): equal rows are equal, others differ.

    A sum of the amounts times random numbers; two rows out of a million meet with a probability below 1e-6.
    """
    rows = np.asarray(counts)
    factors = np.random.default_rng(85).integers(1, 2**64, rows.shape[1], dtype=np.uint64)
    found = np.zeros(len(rows), dtype=np.uint64)
    for column, factor in zip(rows.T, factors, strict=True):
        found += column.astype(np.uint64) * factor
    return found


def pairs(counts: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which two different elements are in one formula, shape (e, e)."""
    rows = np.asarray(counts)
    together = np.zeros((rows.shape[1], rows.shape[1]), dtype=bool)
    for start in range(0, len(rows), AT_ONCE):
        present = (rows[start : start + AT_ONCE] > 0).astype(np.float32)
        together |= present.T @ present > 0
    np.fill_diagonal(together, False)
    return together


def ionic(counts: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Tell which formulas have an anion former (`ANIONS`) and a metal, shape (n,)."""
    present = np.asarray(counts) > 0
    metals = [i for i, symbol in enumerate(ELEMENTS) if is_metal(symbol)]
    return np.logical_and(present[:, [INDEX[s] for s in ANIONS]].any(1), present[:, metals].any(1))


def assess(
    counts: Counts,
    reference: Reference,
    *,
    classify: bool = True,
    seed: int = 0,
    state_sets: Sequence[StateSet] = STATE_SETS,
) -> dict[str, Any]:
    """Score formulas.

    Parameters
    ----------
    counts : ndarray of uint8, shape (n, 85)
        Atoms of each element, divided by their greatest common divisor.
    reference : Reference
    classify : bool
        Whether to train the classifier as well; most of the time.
    seed : int
        Of the classifier.
    state_sets : sequence of {"icsd24", "smact14"}
        Tables of oxidation states that the rules are told with.

    Returns
    -------
    dict
        n; unique (distinct formulas over n), novel (share of n that the reference lacks), novel_unique (distinct ones);
        most_often (times that the commonest formula occurs); rediscovered (see `Reference.rediscovered`); pairs_covered
        (share of the reference's pairs of elements; None where it has none), pairs_new (number of pairs that it lacks);
        missing (elements that at least 0.5 % of the reference have and no formula has); prevalence_kl (nats, reference
        from these, by atoms); elements_distance (total variation distance of the numbers of elements); ionic (share
        with an anion former and a metal); for each table of states, under its name, neutral, neutral_and_balanced,
        ionic_valid (neutral and balanced of the ionic ones; None without one) and new_and_valid (number of distinct
        formulas that the reference lacks and that are neutral and balanced); auc (see `real_or_generated`).

    Raises
    ------
    InputError
        No formula, or another shape.
    """
    _require(counts)
    hashes = composition_hashes(counts)
    _, first, which, times = np.unique(hashes, return_index=True, return_inverse=True, return_counts=True)
    distinct = counts[first]
    new = ~reference.has(distinct)
    made, known = pairs(distinct), int(reference.pairs.sum())
    salts = ionic(distinct)
    found: dict[str, Any] = {
        "n": len(counts),
        "unique": len(distinct) / len(counts),
        "novel": float(new[which].mean()),
        "novel_unique": int(new.sum()),
        "most_often": int(times.max()),
        "rediscovered": reference.rediscovered(distinct),
        "pairs_covered": float((made & reference.pairs).sum() / known) if known else None,
        "pairs_new": int((made & ~reference.pairs).sum() // 2),
        "missing": [
            ELEMENTS[i] for i in np.flatnonzero(reference.common & ~(distinct > 0).any(0))
        ],
        "prevalence_kl": kl_divergence(reference.prevalence, prevalence(counts)),
        "elements_distance": total_variation(reference.sizes, elements_histogram(counts)),
        "ionic": float(salts[which].mean()),
    }  # fmt: skip
    for states in state_sets:
        rules = charge_rules(distinct, states=states)
        valid = rules.balanced[which]
        some = valid[salts[which]]
        found[states] = {
            "neutral": float(rules.neutral[which].mean()),
            "neutral_and_balanced": float(valid.mean()),
            "ionic_valid": float(some.mean()) if len(some) else None,
            "new_and_valid": int((rules.balanced & new).sum()),
        }
    if classify:
        found["auc"] = real_or_generated(counts, reference.held_out, seed=seed)
    return found


def described(counts: NDArray[np.integer]) -> NDArray[np.float64]:
    """What the classifier sees: amounts, and plain statistics of the formula.

    Returns
    -------
    ndarray, shape (n, 93)
        The 85 amounts; number of elements, of atoms, largest and smallest amount; mean by atoms, least, greatest and
        range of the Pauling electronegativity, NaN of the last four where no element has one. Nothing of oxidation
        states.
    """
    rows = np.asarray(counts, dtype=np.float64)
    values = np.array([np.nan if (v := electronegativity(s)) is None else v for s in ELEMENTS])
    has = (rows > 0) & np.isfinite(values)
    low = np.where(has, values, np.inf).min(1)
    high = np.where(has, values, -np.inf).max(1)
    weight = np.where(has, rows, 0.0)
    total = weight.sum(1)
    known = total > 0
    mean = np.divide(weight @ np.nan_to_num(values), total, out=np.full(len(rows), np.nan), where=known)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    least = np.where(rows > 0, rows, np.inf).min(1)
    return np.column_stack(
        [rows, (rows > 0).sum(1), rows.sum(1), rows.max(1), least, mean, low, high, high - low]
    )


def real_or_generated(
    counts: Counts, real: Counts, *, most: int = CLASSIFIED, folds: int = FOLDS, seed: int = 0
) -> float:
    """Area under the ROC curve of a classifier that tells generated formulas from real ones; 0.5 is a guess.

    Gradient-boosted trees (scikit-learn's histogram ones, as they come) of `described`, cross-validated: each formula
    is judged by trees that did not see it. A formula that occurs more than once is in one fold only.

    Parameters
    ----------
    counts, real : ndarray of uint8, shape (n, 85)
        Generated; real, and none that the generator learned from. As many of each, drawn from the larger, are used.
    most : int
        Of each.
    folds, seed : int

    Raises
    ------
    InputError
        Fewer formulas than folds.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    n = min(len(counts), len(real), most)
    if n < folds:
        raise InputError(f"{n} formulas of each kind cannot be parted in {folds} folds: give more")
    random = np.random.default_rng(seed)
    drawn = [rows[random.permutation(len(rows))[:n]] for rows in (real, counts)]
    every = np.concatenate(drawn)
    x, y = described(every), np.repeat([0, 1], n)
    groups = np.unique(composition_hashes(every), return_inverse=True)[1]
    groups = random.permutation(groups.max() + 1)[groups]
    said = np.zeros(len(y))
    for seen, judged in GroupKFold(folds).split(x, y, groups):
        trees = HistGradientBoostingClassifier(random_state=seed, early_stopping=False)
        said[judged] = trees.fit(x[seen], y[seen]).predict_proba(x[judged])[:, 1]
    return float(roc_auc_score(y, said))


def _require(counts: Counts) -> None:
    if np.ndim(counts) != 2 or np.shape(counts)[1] != len(ELEMENTS) or not len(counts):
        raise InputError(f"Counts of shape {np.shape(counts)}: give shape (n, {len(ELEMENTS)}) with n from 1")
