"""Handbook crystals: real structures of twelve prototypes that need no table.

Lattice constants are measured ones, kept with their source in `crystals.toml` beside this file; they are good to about
0.01 angstrom (different sources and temperatures differ by so much), which moves a peak at 40 degrees by 0.1 degree.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import canonical_key, parse_formula

if TYPE_CHECKING:
    from pymatgen.core import Structure


_CENTRINGS = {
    "P": [(0.0, 0.0, 0.0)],
    "I": [(0.0, 0.0, 0.0), (0.5, 0.5, 0.5)],
    "F": [(0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)],
}


@dataclass(frozen=True)
class Crystal:
    """One crystal.

    Attributes
    ----------
    formula : str
        Reduced, one crystal a formula.
    prototype : str
        "rock salt", "rutile", ...
    spacegroup : int
    a, c : float
        Lattice constants in angstrom; c = a where the crystal is cubic.
    sites : tuple of (element, x, y, z)
        All atoms, in fractions of the conventional cell.
    source : str
    """

    formula: str
    prototype: str
    spacegroup: int
    a: float
    c: float
    sites: tuple[tuple[str, float, float, float], ...]
    source: str

    def structure(self) -> Structure:
        """The conventional cell with all its atoms."""
        from pymatgen.core import Lattice, Structure

        if self.spacegroup > 194:
            lattice = Lattice.cubic(self.a)
        elif self.spacegroup > 142:
            lattice = Lattice.hexagonal(self.a, self.c)
        else:
            lattice = Lattice.tetragonal(self.a, self.c)
        return Structure(lattice, [site[0] for site in self.sites], [site[1:] for site in self.sites])


@functools.cache
def crystals() -> tuple[Crystal, ...]:
    """Read the handbook's crystals, prototype by prototype."""
    content = resources.files(__package__).joinpath("crystals.toml").read_text(encoding="utf-8")
    found = []
    for group in tomllib.loads(content).values():
        for formula, constants in group["crystals"].items():
            a, c = constants[0], constants[min(1, len(constants) - 1)]
            u = constants[-1]
            elements = list(parse_formula(formula))
            sites = tuple(
                (
                    elements[which],
                    *((_place(x, u) + shift) % 1 for x, shift in zip(place, shifts, strict=True)),
                )
                for which, *place in group["sites"]
                for shifts in _CENTRINGS[group["centring"]]
            )
            found.append(Crystal(formula, group["name"], group["spacegroup"], a, c, sites, group["source"]))
    return tuple(found)


def _place(written: float | str, u: float) -> float:
    """A coordinate: a number, "u", "0.5+u" or "0.5-u"."""
    if not isinstance(written, str):
        return float(written)
    start = written.rstrip("u")
    return float(start[:-1] or 0) + (-u if start.endswith("-") else u)


def find_crystal(formula: str) -> Crystal:
    """Return the crystal of a formula, however it is written.

    Raises
    ------
    InputError
        The formula cannot be read, or the handbook has no such crystal.
    """
    wanted = canonical_key(formula)
    for crystal in crystals():
        if canonical_key(crystal.formula) == wanted:
            return crystal
    names = [crystal.formula for crystal in crystals()]
    raise InputError(
        f"No handbook crystal {shown(formula)}: write one of {listed(names, limit=len(names))}, or give a CIF file."
    )
