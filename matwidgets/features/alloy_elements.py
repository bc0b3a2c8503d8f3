"""What the alloy descriptors need to know of each element: facts with their sources, and nothing read at run time.

The columns of the table are those of the study that the paper takes its features from (C. Zeng, A. Neils, J. Lesko,
N. Post, Comput. Mater. Sci. 237, 112925 (2024), data under the MIT licence), so that its features come out again. A few
of its cells are no property of the element at all; `CORRECTIONS` lists them, and they are what is used unless the
published cells are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed
from matwidgets.features.elements import ATOMIC_NUMBERS, ELECTRONEGATIVITIES, require_element

# Of the study: bulk modulus in GPa (its note: from the chart of periodictable.com), molar volume in cm3/mol and
# melting temperature in K (as in the package mendeleev). Atomic radius in Å: J. C. Slater, J. Chem. Phys. 41, 3199
# (1964), as in pymatgen. Then the parameters of F. R. de Boer, R. Boom, W. C. M. Mattens, A. R. Miedema,
# A. K. Niessen, Cohesion in Metals (1988), as matminer and qmpy tabulate them: phi* in V, n_ws^(1/3) in density units,
# V^(2/3) in cm2, the factor of the element in R/P, the constant a of the volume correction in 1/V; T marks transition
# metals, lanthanides among them. For the factor of silver matminer has 0.3, qmpy 0.15, which the study's pairs follow.
# Eu and Yb (the tables contradict each other) and Se and Te (not in the model) are left out.
_TABLE = """
Li 9 13.1 453.65 1.45 2.85 0.98 5.53 0 0.14 -
Be 129 5 1560.15 1.05 5.05 1.67 2.88 0.4 0.1 -
B 321 4.6 2350.15 0.85 5.3 1.75 2.8 1.9 0.07 -
C 34 5.3 4737.65 0.70 6.24 1.77 2.2 2.1 0.04 -
Na 6 23.7 370.94 1.80 2.7 0.82 8.27 0 0.14 -
Mg 45 14 923.15 1.50 3.45 1.17 5.81 0.4 0.1 -
Al 76 10 933.47 1.25 4.2 1.39 4.64 1.9 0.07 -
Si 99 12.1 1687.15 1.10 4.7 1.5 4.2 2.1 0.04 -
P 12 17 584.83 1.00 5.55 1.65 4.15 2.3 0.04 -
K 2 45.3 336.65 2.20 2.25 0.65 12.77 0 0.14 -
Ca 16 29.9 1115.15 1.80 2.55 0.91 8.82 0.4 0.1 -
Sc 58 15 1814.15 1.60 3.25 1.27 6.09 0.7 0.07 T
Ti 109 10.6 1943.15 1.40 3.8 1.52 4.82 1 0.04 T
V 159 8.35 2183.15 1.35 4.25 1.64 4.12 1 0.04 T
Cr 160 7.23 2180.15 1.40 4.65 1.73 3.74 1 0.04 T
Mn 118 7.39 1519.15 1.40 4.45 1.61 3.78 1 0.04 T
Fe 169 7.1 1811.15 1.40 4.93 1.77 3.69 1 0.04 T
Co 179 6.7 1768.15 1.35 5.1 1.75 3.55 1 0.04 T
Ni 179 6.6 1728.15 1.35 5.2 1.75 3.52 1 0.04 T
Cu 140 7.1 1357.77 1.35 4.45 1.47 3.7 0.3 0.07 T
Zn 69 9.2 692.68 1.35 4.1 1.32 4.38 1.4 0.1 -
Ga 56 11.8 302.91 1.30 4.1 1.31 5.19 1.9 0.07 -
Ge 74 13.6 1211.4 1.25 4.55 1.37 4.6 2.1 0.04 -
As 21 13.1 1090.15 1.15 4.8 1.44 5.2 2.3 0.04 -
Rb 1 55.9 312.45 2.35 2.1 0.6 14.65 0 0.14 -
Sr 14.9 33.7 1050.15 2.00 2.4 0.84 10.48 0.4 0.1 -
Y 40 19.8 1795.15 1.80 3.2 1.21 7.34 0.7 0.07 T
Zr 91 14.1 2127.15 1.55 3.45 1.41 5.81 1 0.04 T
Nb 171 10.8 2750.15 1.45 4.05 1.64 4.89 1 0.04 T
Mo 230 9.4 2895.15 1.45 4.65 1.77 4.45 1 0.04 T
Tc 157 8.5 2430.15 1.35 5.3 1.81 4.21 1 0.04 T
Ru 221 8.3 2606.15 1.30 5.4 1.83 4.06 1 0.04 T
Rh 380 8.3 2236.15 1.35 5.4 1.76 4.1 1 0.04 T
Pd 180 8.9 1827.95 1.40 5.45 1.67 4.29 1 0.04 T
Ag 99 10.3 1234.93 1.60 4.35 1.36 4.72 0.15 0.07 T
Cd 40 13.1 594.22 1.55 4.05 1.24 5.53 1.4 0.1 -
In 40 15.7 429.75 1.55 3.9 1.17 6.28 1.9 0.07 -
Sn 58 16.3 395.71 1.45 4.15 1.24 6.43 2.1 0.04 -
Sb 39 18.4 903.78 1.45 4.4 1.26 6.6 2.3 0.04 -
Cs 0 70 301.65 2.60 1.95 0.55 16.86 0 0.14 -
Ba 11 39 1000.15 2.15 2.32 0.81 11.32 0.4 0.1 -
La 28 22.5 1193.15 1.95 3.17 1.18 7.98 0.7 0.07 T
Ce 19 21 1072.15 1.85 3.18 1.19 7.76 0.7 0.07 T
Pr 28 20.8 1204.15 1.85 3.19 1.2 7.56 0.7 0.07 T
Nd 31 20.6 1289.15 1.85 3.19 1.2 7.51 0.7 0.07 T
Sm 37 19.9 1345.15 1.85 3.2 1.21 7.37 0.7 0.07 T
Gd 37 19.9 1586.15 1.80 3.2 1.21 7.34 0.7 0.07 T
Tb 38 19.2 1632.15 1.75 3.21 1.22 7.2 0.7 0.07 T
Dy 39 19 1685.15 1.75 3.21 1.22 7.12 0.7 0.07 T
Ho 38 18.7 1745.15 1.75 3.22 1.22 7.06 0.7 0.07 T
Er 42 18.4 1802.15 1.75 3.22 1.23 6.98 0.7 0.07 T
Tm 44 18.1 1818.15 1.75 3.22 1.23 6.9 0.7 0.07 T
Lu 47 17.8 1936.15 1.75 3.22 1.24 6.81 0.7 0.07 T
Hf 107 13.6 2506.15 1.55 3.6 1.45 5.65 1 0.04 T
Ta 201 10.9 3290.15 1.45 4.05 1.63 4.89 1 0.04 T
W 308 9.53 3687.15 1.35 4.8 1.81 4.5 1 0.04 T
Re 370 8.85 3458.15 1.35 5.2 1.85 4.28 1 0.04 T
Os 373 8.43 3306.15 1.30 5.4 1.85 4.15 1 0.04 T
Ir 321 8.54 2719.15 1.35 5.55 1.83 4.17 1 0.04 T
Pt 230 9.1 2041.35 1.35 5.65 1.78 4.36 1 0.04 T
Au 219 10.2 1337.33 1.35 5.15 1.57 4.7 0.3 0.07 T
Tl 44 17.2 577.15 1.90 3.9 1.12 6.67 1.9 0.07 -
Pb 46 18.3 600.61 1.80 4.1 1.15 6.94 2.1 0.04 -
Bi 30 21.3 544.55 1.60 4.15 1.16 7.2 2.3 0.04 -
Th 52 19.8 2023.15 1.80 3.3 1.28 7.32 0.7 0.04 T
U 99 12.5 1408.15 1.75 3.9 1.51 5.57 1 0.04 T
"""

_ROWS = {row[0]: row for row in (line.split() for line in _TABLE.strip().splitlines())}

ELEMENTS_WITH_DATA: tuple[str, ...] = tuple(_ROWS)
"""Elements of which all eight descriptors can be computed, by atomic number."""

PROPERTIES: tuple[str, ...] = (
    "bulk_modulus",
    "molar_volume",
    "melting_temperature",
    "radius",
    "electronegativity",
    "valence_electrons",
)
"""Columns of `element_properties`, in GPa, cm3/mol, K, Å, 1 and 1."""

MIEDEMA: tuple[str, ...] = (
    "electronegativity",
    "electron_density",
    "surface",
    "hybridisation",
    "volume_constant",
    "transition_metal",
)
"""Columns of `miedema_parameters`: phi* in V, n_ws^(1/3), V^(2/3) in cm2, factor of R/P, a in 1/V, 1 for a transition
metal."""

CORRECTIONS: dict[tuple[str, str], tuple[float, str]] = {
    ("Sn", "melting_temperature"): (505.08, "395.71 K, the mean with the transition to grey tin"),
    ("P", "melting_temperature"): (317.3, "584.83 K, the mean of white and red phosphorus"),
    ("Ca", "molar_volume"): (26.2, "29.9 cm³/mol"),
    ("K", "bulk_modulus"): (3.1, "2 GPa"),
    ("Rb", "bulk_modulus"): (2.5, "1 GPa"),
    ("Cs", "bulk_modulus"): (1.6, "0 GPa"),
}
"""(element, property) -> (pymatgen's value, what the study has instead)."""

# Where the study has Pauling's own values (The Nature of the Chemical Bond, 3rd ed. (1960)) and not the later ones.
_PAULING_1960 = {"W": 1.7, "Pt": 2.2, "Au": 2.4, "Tl": 1.8, "Pb": 1.8, "Bi": 1.9, "U": 1.7}
_NOBLE_GASES = (2, 10, 18, 36, 54, 86)


def require_data(symbols: Sequence[str]) -> tuple[str, ...]:
    """Return the symbols if there are data for all of them.

    Raises
    ------
    InputError
        An unknown element, or one without data; the message names all that have them.
    """
    known = tuple(require_element(symbol) for symbol in symbols)
    lacking = [symbol for symbol in known if symbol not in _ROWS]
    if lacking:
        raise InputError(
            f"No alloy descriptors for {listed(lacking)}: use the elements with data, "
            f"{listed(ELEMENTS_WITH_DATA, limit=len(ELEMENTS_WITH_DATA))}."
        )
    return known


def element_properties(symbols: Sequence[str], *, published: bool = False) -> NDArray[np.float64]:
    """List what the rule of mixtures and the differences need.

    Parameters
    ----------
    symbols : sequence of str, length k
    published : bool
        Whether the cells of `CORRECTIONS` are as the study has them.

    Returns
    -------
    ndarray, shape (k, 6)
        Columns `PROPERTIES`.

    Raises
    ------
    InputError
        See `require_data`.
    """
    rows = []
    for symbol in require_data(symbols):
        modulus, volume, melting, radius = map(float, _ROWS[symbol][1:5])
        chi = _PAULING_1960.get(symbol, ELECTRONEGATIVITIES[symbol])
        rows.append([modulus, volume, melting, radius, chi, valence_electrons(symbol)])
        if not published:
            for column, name in enumerate(PROPERTIES):
                if (symbol, name) in CORRECTIONS:
                    rows[-1][column] = CORRECTIONS[symbol, name][0]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(PROPERTIES))


def valence_electrons(symbol: str) -> int:
    """Count the electrons outside the noble-gas core, filled d and f shells included.

    So the study counts: hafnium has 18 (4f14 5d2 6s2), where the valence electron concentration of the metallurgists
    (S. Guo, C. Ng, J. Lu, C. T. Liu, J. Appl. Phys. 109, 103505 (2011)) has 4. Up to palladium and silver both agree
    for transition metals.
    """
    number = ATOMIC_NUMBERS[require_element(symbol)]
    return number - max((core for core in _NOBLE_GASES if core < number), default=0)


def miedema_parameters(symbols: Sequence[str]) -> NDArray[np.float64]:
    """List the parameters of Miedema's model, shape (k, 6), columns `MIEDEMA`; raises as `require_data`."""
    rows = [
        [*map(float, _ROWS[symbol][5:10]), float(_ROWS[symbol][10] == "T")]
        for symbol in require_data(symbols)
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(MIEDEMA))
