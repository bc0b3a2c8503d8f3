"""Splits by composition: the published ones, seeded ones, and rows held out by what they contain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.registry import SPLITS
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import Fractions, canonical_key, to_fractions
from matwidgets.features.elements import require_element

if TYPE_CHECKING:
    import pandas as pd


def published(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the three published splits of what `load_property(name)` gives, without the column `split`.

    Raises
    ------
    InputError
        The frame has no column `split`.
    """
    if "split" not in frame.columns:
        raise InputError(
            "The frame has no column 'split': load it with load_property(name), without naming a split."
        )
    parts = {}
    for split in SPLITS:
        part = frame[frame["split"] == split].drop(columns="split").reset_index(drop=True)
        parts[split] = part
    return parts


def not_seen_before(formulas: Sequence[str], parts: Sequence[str]) -> NDArray[np.bool_]:
    """Say of each row whether its composition, however written, is in no part before its own.

    Structures of one composition, polymorphs, may be parted by a published split; rows of `val` that are also in
    `train`, and rows of `test` that are also in either, then tell nothing of new compositions.

    Parameters
    ----------
    formulas : sequence of str, length n
    parts : sequence of str, length n
        "train", "val" or "test" of each row.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for every row of `train`.

    Raises
    ------
    InputError
        An unknown part, other numbers of parts and formulas, or a formula that cannot be read.
    """
    if len(formulas) != len(parts):
        raise InputError(f"{len(parts)} parts for {len(formulas)} formulas: give one a formula")
    unknown = sorted(set(parts) - set(SPLITS))
    if unknown:
        raise InputError(
            f"Unknown part {shown(unknown[0])}; allowed are {', '.join(SPLITS)}: name one of these"
        )
    keys = {formula: canonical_key(formula) for formula in set(formulas)}
    first: dict[str, int] = {}
    for formula, part in zip(formulas, parts, strict=True):
        key, number = keys[formula], SPLITS.index(part)
        first[key] = min(number, first.get(key, number))
    kept = [first[keys[formula]] == SPLITS.index(part) for formula, part in zip(formulas, parts, strict=True)]
    return np.array(kept, dtype=bool)


def seeded_split(
    formulas: Sequence[str],
    fractions: Sequence[float] = (0.8, 0.1, 0.1),
    seed: int = 0,
    *,
    together: Callable[[str], str] = canonical_key,
) -> tuple[NDArray[np.int64], ...]:
    """Draw random parts in which a composition, however written and however often, is on one side only.

    Parameters
    ----------
    formulas : sequence of str, length n
    fractions : sequence of float
        Share of each part, of the distinct keys; their sum is 1.
    seed : int
    together : callable
        Formula -> key; rows of one key stay together. By default a key is a composition; with `element_set` no two
        parts share a set of elements, the harder question that a new material asks.

    Returns
    -------
    tuple of ndarray of int64
        Row numbers of each part, ascending. A part depends on the set of keys and the seed, not on row order.

    Raises
    ------
    InputError
        Shares that are not positive or do not sum to 1, fewer keys than parts, or an unreadable formula.
    """
    shares = np.asarray(fractions, dtype=float)
    if shares.ndim != 1 or not len(shares) or not np.all(shares > 0) or abs(shares.sum() - 1) > 1e-9:
        raise InputError(
            f"Shares {shown(list(fractions))}: give positive shares that sum to 1, such as [0.8, 0.1, 0.1]."
        )
    keys = [together(formula) for formula in formulas]
    distinct = sorted(set(keys))
    if len(distinct) < len(shares):
        what = "compositions" if together is canonical_key else "groups"
        raise InputError(
            f"{len(distinct)} distinct {what} for {len(shares)} parts: give at least one a part."
        )
    cuts = np.rint(np.cumsum(shares)[:-1] * len(distinct)).astype(int)
    # A small share of a short list still gets its one composition.
    cuts = np.maximum(cuts, np.arange(1, len(shares)))
    cuts = np.minimum(cuts, len(distinct) - np.arange(len(shares) - 1, 0, -1))
    order = np.random.default_rng(seed).permutation(len(distinct))
    part_of = {distinct[i]: part for part, chunk in enumerate(np.split(order, cuts)) for i in chunk}
    parts = np.array([part_of[key] for key in keys])
    return tuple(np.flatnonzero(parts == part) for part in range(len(shares)))


def element_set(formula: str) -> str:
    """The elements of a formula as one text, whatever their proportions: ``C-Ti`` for TiC and for Ti2C."""
    return "-".join(sorted(to_fractions(formula)))


def hold_out(
    frame: pd.DataFrame, predicate: Callable[[Fractions], bool], column: str = "formula"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part rows by a property of the composition: (kept, held out).

    Parameters
    ----------
    frame : DataFrame
    predicate : callable
        Takes atomic fractions and says whether the row is held out; see `is_system`.
    column : str
        Column of the formulas.

    Raises
    ------
    InputError
        No such column, or an unreadable formula.
    """
    if column not in frame.columns:
        raise InputError(f"The frame has no column {shown(column)}: name one of {listed(frame.columns)}.")
    held = np.array([bool(predicate(to_fractions(formula))) for formula in frame[column]], dtype=bool)
    return frame[~held].reset_index(drop=True), frame[held].reset_index(drop=True)


def is_system(elements: Iterable[str]) -> Callable[[Fractions], bool]:
    """Make a predicate for `hold_out`: exactly these elements in any proportion (`["Ti", "C"]`: binaries)."""
    wanted = {require_element(element) for element in elements}
    return lambda fractions: set(fractions) == wanted


class SemiSupervised(NamedTuple):
    """Row numbers, ascending, of the four parts of a semi-supervised training; each an ndarray of int64."""

    labelled: NDArray[np.int64]
    unlabelled: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def semi_supervised_sizes(
    rows: int, *, labelled: float = 0.7, validation: float = 0.2, test: float = 0.1
) -> tuple[int, int, int, int]:
    """Count the rows of the four parts as Zeng, Khan and Post do (arXiv:2409.06740, section 2.3.2).

    A share `test` is set aside, of the rest a share `labelled` keeps its labels, and of what has lost them a share
    `validation` is for validation; what is taken away is rounded up. Of the paper's 1,373 alloys these are 864, 296, 75
    and 138, and with `labelled=0.2` the second row of its Table 2: 247, 790, 198 and 138.

    Returns
    -------
    tuple of int
        Labelled, unlabelled, validation, test; their sum is `rows`.

    Raises
    ------
    InputError
        A share outside 0 to 1, or too few rows for four parts.
    """
    shares = {"labelled": labelled, "validation": validation, "test": test}
    wrong = [name for name, share in shares.items() if not 0 < share < 1]
    if wrong:
        raise InputError(f"Share {wrong[0]}={shares[wrong[0]]!r}: give a share between 0 and 1.")
    tested = math.ceil(round(test * rows, 9))
    hidden = math.ceil(round((1 - labelled) * (rows - tested), 9))
    validated = math.ceil(round(validation * hidden, 9))
    sizes = (rows - tested - hidden, hidden - validated, validated, tested)
    if min(sizes) < 1:
        raise InputError(f"{rows} rows for four parts of {sizes}: give more rows.")
    return sizes


def semi_supervised_split(
    formulas: Sequence[str],
    seed: int = 0,
    *,
    sizes: Sequence[int] | None = None,
    labels: Sequence[int] | None = None,
) -> SemiSupervised:
    """Draw labelled, unlabelled, validation and test rows of exact sizes, no composition on two sides.

    Rows whose composition occurs more than once are all labelled ones. With one seed the parts are nested: the test
    rows depend on their number only, and fewer labelled rows are some of the more, so that amounts of labels compare.

    Parameters
    ----------
    formulas : sequence of str, length n
    seed : int
    sizes : sequence of four int, optional
        Labelled, unlabelled, validation, test, with sum n; by default `semi_supervised_sizes(n)`.
    labels : sequence of int, length n, optional
        Keep the share of each label nearly equal in all parts. The paper draws without, the default.

    Raises
    ------
    InputError
        Sizes that are negative or do not sum to n, fewer labelled rows than rows of repeated compositions, another
        number of labels than of formulas, or an unreadable formula.
    """
    number = len(formulas)
    parts = tuple(semi_supervised_sizes(number) if sizes is None else sizes)
    if len(parts) != 4 or min(parts) < 0 or sum(parts) != number:
        raise InputError(
            f"Sizes {shown(list(parts))} for {number} rows: give labelled, unlabelled, validation and test rows "
            f"with that sum."
        )
    if labels is not None and len(labels) != number:
        raise InputError(f"{len(labels)} labels for {number} formulas: give one label a formula.")
    keys = [canonical_key(formula) for formula in formulas]
    count = Counter(keys)
    repeated = np.array([count[key] > 1 for key in keys], dtype=bool)
    if repeated.sum() > parts[0]:
        raise InputError(
            f"{repeated.sum()} rows share their composition with another and only {parts[0]} are labelled: label as "
            "many or leave repeated rows out."
        )
    single = np.flatnonzero(~repeated)
    single = single[
        np.argsort([keys[row] for row in single], kind="stable")
    ]  # whatever the order of the rows
    generator = np.random.default_rng(seed)
    place = generator.permutation(len(single)).astype(float)
    if labels is not None:
        drawn = np.array([labels[int(row)] for row in single])
        for label in sorted(set(labels)):  # each label is spread evenly over the order
            mine = drawn == label
            place[mine] = (np.argsort(np.argsort(place[mine])) + generator.random()) / max(mine.sum(), 1)
    order = single[np.argsort(place, kind="stable")]
    tested, validated = parts[3], parts[3] + parts[2]
    unlabelled = validated + parts[1]
    pieces = (
        np.concatenate([np.flatnonzero(repeated), order[unlabelled:]]),
        order[validated:unlabelled],
        order[tested:validated],
        order[:tested],
    )
    return SemiSupervised(*(np.sort(piece).astype(np.int64) for piece in pieces))


def grouped_folds(
    formulas: Sequence[str], folds: int = 5, seed: int = 0, *, together: Callable[[str], str] = element_set
) -> tuple[NDArray[np.int64], ...]:
    """Part rows into folds of nearly equal size such that no group is in two: each is the test set of one round.

    Parameters
    ----------
    formulas : sequence of str, length n
    folds : int
    seed : int
    together : callable
        Formula -> key of its group; by default its set of elements.

    Returns
    -------
    tuple of ndarray of int64
        Row numbers of each fold, ascending; every row is in one.

    Raises
    ------
    InputError
        Fewer than two folds, fewer groups than folds, or an unreadable formula.
    """
    keys = [together(formula) for formula in formulas]
    members = Counter(keys)
    if not 2 <= folds <= len(members):
        raise InputError(f"{folds} folds of {len(members)} groups: give 2 to {len(members)} folds.")
    names = sorted(members)
    shuffled = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    sizes = [0] * folds
    fold_of = {}
    for name in sorted(
        shuffled, key=lambda name: -members[name]
    ):  # the largest first, into the smallest fold
        fold_of[name] = sizes.index(min(sizes))
        sizes[fold_of[name]] += members[name]
    chosen = np.array([fold_of[key] for key in keys])
    return tuple(np.flatnonzero(chosen == fold) for fold in range(folds))
