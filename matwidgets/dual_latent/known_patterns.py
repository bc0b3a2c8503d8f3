"""A real powder pattern for a formula: the handbook's crystal, or the published one lowest in energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matwidgets.dual_latent.crystals import Crystals
from matwidgets.errors import InputError, MissingTableError, listed, shown
from matwidgets.features.composition import canonical_key, parse_formula


@dataclass(frozen=True)
class KnownPattern:
    """The pattern of one crystal: profile of shape (1601,), and where it is from, for people."""

    formula: str
    profile: NDArray[np.float32]
    system: str
    source: str


def known_pattern(formula: str) -> KnownPattern | None:
    """Return the pattern of a crystal of this composition, None where there is none.

    The handbook's crystal comes first, then of all published ones (as far as their patterns have been computed on this
    machine) the one with the lowest energy above the hull.

    Raises
    ------
    InputError
        For a formula that cannot be read.
    DataError
        The table of patterns is damaged.
    """
    from matwidgets.data.crystals import crystals
    from matwidgets.features.xrd import pattern
    from matwidgets.patterns import load_patterns
    from matwidgets.patterns.computing import crystal_system

    wanted = canonical_key(formula)
    for crystal in crystals():
        if canonical_key(crystal.formula) == wanted:
            structure = crystal.structure()
            system = crystal_system(crystal.spacegroup)
            return KnownPattern(crystal.formula, pattern(structure), system, "of the handbook")
    try:
        table = load_patterns("mp")
    except MissingTableError:
        return None
    symbols = list(parse_formula(formula))
    formulas = table.frame["formula"].to_numpy(dtype=str)
    candidates = [row for row, text in enumerate(formulas) if all(symbol in text for symbol in symbols)]
    rows = [row for row in candidates if canonical_key(formulas[row]) == wanted]
    if not rows:
        return None
    if "energy_above_hull" in table.frame:
        above = table.frame["energy_above_hull"].to_numpy(dtype=float)[rows]
        rows.sort(key=dict(zip(rows, np.where(np.isnan(above), np.inf, above), strict=True)).__getitem__)
    best = rows[0]
    system = str(table.frame["crystal_system"].iloc[best])
    return KnownPattern(str(formulas[best]), table.take([best])[0], system, "published")


def crystals_named(formulas: Sequence[str]) -> Crystals:
    """Return the crystals of these formulas with their known patterns.

    Raises
    ------
    InputError
        For no formula, one that cannot be read, or one whose pattern is not known.
    """
    given = [formulas] if isinstance(formulas, str) else list(formulas)
    wrong = [one for one in given if not isinstance(one, str)]
    if wrong or not given:
        raise InputError(
            f"Crystals {shown(wrong[0] if wrong else given)}: give formulas of known crystals such as NaCl, or Crystals"
        )
    found = [known_pattern(formula) for formula in given]
    without = [formula for formula, one in zip(given, found, strict=True) if one is None]
    if without:
        raise InputError(
            f"No powder pattern is known of {listed(without)}: give formulas of the handbook or of published crystals "
            "(`matwidgets pattern --all`), or Crystals with their patterns"
        )
    known = [one for one in found if one is not None]
    return Crystals(
        [one.formula for one in known],
        np.array([one.profile for one in known], dtype=np.float32),
        f"{len(known)} crystals" if len(known) != 1 else "1 crystal",
        {"crystal system": np.array([one.system for one in known])},
    )
