"""Splits by composition: the published ones, seeded ones, and rows held out by what they contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

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
