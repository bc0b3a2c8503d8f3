"""Measured enthalpies of formation from the standard compilations: a hull that needs no table.

They are facts with a source, kept in `formation_enthalpies.toml` beside this file. Unlike the published tables they
are enthalpies at 298.15 K and 1 bar, not energies at 0 K, and of the stable form there (water is liquid, carbon
dioxide a gas); a few kJ/mol lie between one compilation and another.
"""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

from matwidgets.features.composition import parse_formula

if TYPE_CHECKING:
    import pandas as pd

KJ_PER_MOL = 96.48533212
"""1 eV a particle in kJ/mol."""


def formation_enthalpies() -> pd.DataFrame:
    """Read standard enthalpies of formation of common halides, oxides, sulfides, nitrides, carbides and salts.

    Range of validity: enthalpies, which differ from energies of formation by a few kJ/mol of atoms (no zero-point
    energy, no heat up to 298 K is taken off). Against the published density functional energies they differ in the
    mean by 0.17 eV/atom, most in salts of oxygen acids and in molecules, where that functional and its corrections
    err. Intermetallic compounds are nearly absent: what decomposes into them is not seen.

    Returns
    -------
    DataFrame
        `formula`, `target` (eV/atom), `enthalpy` (kJ per mole of formula units), `source` (the compilation).
    """
    import pandas as pd

    content = resources.files(__package__).joinpath("formation_enthalpies.toml").read_bytes()
    rows = [
        (formula, enthalpy / sum(parse_formula(formula).values()) / KJ_PER_MOL, enthalpy, group["source"])
        for group in tomllib.loads(content.decode()).values()
        for formula, enthalpy in group["enthalpy"].items()
    ]
    frame = pd.DataFrame(rows, columns=["formula", "target", "enthalpy", "source"])
    name, digest = "handbook/formation_enthalpies", hashlib.sha256(content).hexdigest()
    frame.attrs = {
        "property": "formation_enthalpy",
        "unit": "eV/atom",
        "sources": [{"name": name, "sha256": digest, "rows": len(frame)}],
    }
    return frame
