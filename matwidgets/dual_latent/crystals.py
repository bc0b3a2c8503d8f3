"""Crystals with their powder patterns: published ones, the handbook's, and a user's measured patterns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import MissingTableError

if TYPE_CHECKING:
    from matwidgets.patterns import Patterns

Measured = Mapping[str, NDArray[np.floating] | str | Path]
"""Name -> pattern on the grid, or the file of one."""

MOST = 5000  # crystals of a table on a map: encoding more takes long, and points hide one another
ENERGIES = {
    "formation_energy": ("formation energy", "eV/atom"),
    "energy_above_hull": ("energy above hull", "eV/atom"),
    "band_gap": ("band gap", "eV"),
}


@dataclass(frozen=True)
class Crystals:
    """Formulas with their powder patterns.

    Attributes
    ----------
    formulas : list of str, length n
    profiles : ndarray of float32, shape (n, 1601)
    source : str
        Where they are from, for people.
    known : dict
        What else is known: name -> values (n,).
    """

    formulas: list[str]
    profiles: NDArray[np.float32]
    source: str
    known: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.formulas)


def known_crystals(most: int = MOST, seed: int = 0) -> Crystals:
    """Return published crystals where their patterns have been computed, otherwise the handbook's.

    Parameters
    ----------
    most : int
        A random part of so many of a larger table.
    seed : int

    Raises
    ------
    DataError
        The table of patterns is damaged.
    """
    from matwidgets.patterns import load_patterns

    try:
        return crystals_of(load_patterns("mp"), "published crystals", most, seed)
    except MissingTableError:
        return crystals_of(load_patterns("crystals"), "crystals of the handbook", most, seed)


def crystals_of(patterns: Patterns, words: str = "crystals", most: int = MOST, seed: int = 0) -> Crystals:
    """Return a set of patterns, or a random part of it, as `Crystals`."""
    n = len(patterns)
    rows = np.arange(n) if n <= most else np.sort(np.random.default_rng(seed).choice(n, most, replace=False))
    frame = patterns.frame.iloc[rows]
    known = {"crystal system": frame["crystal_system"].to_numpy(dtype=str)}
    known |= {
        name: frame[column].to_numpy(dtype=float)
        for column, (name, _) in ENERGIES.items()
        if column in frame and frame[column].notna().any()
    }
    some = f"{n:,}" if len(rows) == n else f"{len(rows):,} of {n:,}"
    return Crystals([str(f) for f in frame["formula"]], patterns.take(rows), f"{some} {words}", known)


def read_measured(measured: Measured) -> dict[str, NDArray[np.float32]]:
    """Return measured patterns on the grid; files are read by `matwidgets.features.xrd_reading.read_pattern`."""
    from matwidgets.features.xrd_reading import read_pattern

    return {
        str(name): read_pattern(given)
        if isinstance(given, str | Path)
        else np.asarray(given, dtype=np.float32)
        for name, given in measured.items()
    }
