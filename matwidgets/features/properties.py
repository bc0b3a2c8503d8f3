"""The properties that networks learn and widgets show: one name, one label, one unit each."""

from __future__ import annotations

from dataclasses import dataclass

from matwidgets.errors import InputError, listed, shown


@dataclass(frozen=True)
class Property:
    """A property by its one name.

    Attributes
    ----------
    name : str
        The word used on the command line, in tables and in checkpoints.
    label : str
        What a person reads on an axis.
    unit : str
        Unit of every value of it, "" if dimensionless.
    symbol : str
        What a formula calls it.
    table : str or None
        Prefix of its registered tables (`<table>/train` ...); None where this package registers none.
    log : bool
        Whether its values span decades, so that networks learn its logarithm.
    """

    name: str
    label: str
    unit: str
    symbol: str
    table: str | None
    log: bool = False


_ALL = (
    Property("bulk_modulus", "Bulk modulus", "GPa", "K", "bulk_modulus"),
    Property("shear_modulus", "Shear modulus", "GPa", "G", "shear_modulus"),
    Property("debye_temperature", "Debye temperature", "K", "θ_D", "debye_temperature"),
    Property(
        "thermal_conductivity", "Thermal conductivity (300 K)", "W/m/K", "κ", "thermal_conductivity", log=True
    ),
    Property("thermal_expansion", "Thermal expansion (300 K)", "1/K", "α", "thermal_expansion", log=True),
    Property("band_gap", "Band gap", "eV", "E_g", "band_gap"),
    Property("energy_per_atom", "Energy per atom", "eV/atom", "E", "energy_per_atom"),
    Property("decomposition_energy", "Decomposition energy", "eV/atom", "E_d", "decomposition_energy"),
    Property("formation_energy", "Formation energy", "eV/atom", "E_f", "formation_energy"),
    Property("single_phase", "Probability of a single phase", "", "p", None),
    Property("critical_temperature", "Critical temperature", "K", "T_c", None),
)

PROPERTIES: dict[str, Property] = {item.name: item for item in _ALL}


def require_property(name: str) -> Property:
    """Return the property of that name.

    Raises
    ------
    InputError
        The name is not one of `PROPERTIES`; the message lists them.
    """
    if name in PROPERTIES:
        return PROPERTIES[name]
    raise InputError(f"Unknown property {shown(name)}: write one of {listed(PROPERTIES)}.")
