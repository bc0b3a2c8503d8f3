"""The 118 elements: order, names, masses, electronegativities, places in the periodic table.

Everything here is a plain Python table, so that importing it costs nothing. Arrays over elements have 119
rows: the row is the atomic number and row 0 is the padding that batches of formulas of different lengths
need.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown

# symbol, English name, standard atomic weight in g/mol, Pauling electronegativity ("-": none). Weights:
# IUPAC/CIAAW abridged to five figures (T. Prohaska et al., Pure Appl. Chem. 94, 573 (2022)); an element
# without a standard weight has the mass number of its longest-lived isotope. Electronegativities: as pymatgen
# orders formulas.
_TABLE = """
H Hydrogen 1.008 2.2
He Helium 4.0026 -
Li Lithium 6.94 0.98
Be Beryllium 9.0122 1.57
B Boron 10.81 2.04
C Carbon 12.011 2.55
N Nitrogen 14.007 3.04
O Oxygen 15.999 3.44
F Fluorine 18.998 3.98
Ne Neon 20.180 -
Na Sodium 22.990 0.93
Mg Magnesium 24.305 1.31
Al Aluminium 26.982 1.61
Si Silicon 28.085 1.9
P Phosphorus 30.974 2.19
S Sulfur 32.06 2.58
Cl Chlorine 35.45 3.16
Ar Argon 39.95 -
K Potassium 39.098 0.82
Ca Calcium 40.078 1
Sc Scandium 44.956 1.36
Ti Titanium 47.867 1.54
V Vanadium 50.942 1.63
Cr Chromium 51.996 1.66
Mn Manganese 54.938 1.55
Fe Iron 55.845 1.83
Co Cobalt 58.933 1.88
Ni Nickel 58.693 1.91
Cu Copper 63.546 1.9
Zn Zinc 65.38 1.65
Ga Gallium 69.723 1.81
Ge Germanium 72.630 2.01
As Arsenic 74.922 2.18
Se Selenium 78.971 2.55
Br Bromine 79.904 2.96
Kr Krypton 83.798 3
Rb Rubidium 85.468 0.82
Sr Strontium 87.62 0.95
Y Yttrium 88.906 1.22
Zr Zirconium 91.224 1.33
Nb Niobium 92.906 1.6
Mo Molybdenum 95.95 2.16
Tc Technetium 97 1.9
Ru Ruthenium 101.07 2.2
Rh Rhodium 102.91 2.28
Pd Palladium 106.42 2.2
Ag Silver 107.87 1.93
Cd Cadmium 112.41 1.69
In Indium 114.82 1.78
Sn Tin 118.71 1.96
Sb Antimony 121.76 2.05
Te Tellurium 127.60 2.1
I Iodine 126.90 2.66
Xe Xenon 131.29 2.6
Cs Caesium 132.91 0.79
Ba Barium 137.33 0.89
La Lanthanum 138.91 1.1
Ce Cerium 140.12 1.12
Pr Praseodymium 140.91 1.13
Nd Neodymium 144.24 1.14
Pm Promethium 145 1.13
Sm Samarium 150.36 1.17
Eu Europium 151.96 1.2
Gd Gadolinium 157.25 1.2
Tb Terbium 158.93 1.1
Dy Dysprosium 162.50 1.22
Ho Holmium 164.93 1.23
Er Erbium 167.26 1.24
Tm Thulium 168.93 1.25
Yb Ytterbium 173.05 1.1
Lu Lutetium 174.97 1.27
Hf Hafnium 178.49 1.3
Ta Tantalum 180.95 1.5
W Tungsten 183.84 2.36
Re Rhenium 186.21 1.9
Os Osmium 190.23 2.2
Ir Iridium 192.22 2.2
Pt Platinum 195.08 2.28
Au Gold 196.97 2.54
Hg Mercury 200.59 2
Tl Thallium 204.38 1.62
Pb Lead 207.2 2.33
Bi Bismuth 208.98 2.02
Po Polonium 209 2
At Astatine 210 2.2
Rn Radon 222 2.2
Fr Francium 223 0.7
Ra Radium 226 0.9
Ac Actinium 227 1.1
Th Thorium 232.04 1.3
Pa Protactinium 231.04 1.5
U Uranium 238.03 1.38
Np Neptunium 237 1.36
Pu Plutonium 244 1.28
Am Americium 243 1.3
Cm Curium 247 1.3
Bk Berkelium 247 1.3
Cf Californium 251 1.3
Es Einsteinium 252 1.3
Fm Fermium 257 1.3
Md Mendelevium 258 1.3
No Nobelium 259 1.3
Lr Lawrencium 262 1.3
Rf Rutherfordium 267 -
Db Dubnium 268 -
Sg Seaborgium 269 -
Bh Bohrium 270 -
Hs Hassium 269 -
Mt Meitnerium 277 -
Ds Darmstadtium 281 -
Rg Roentgenium 282 -
Cn Copernicium 285 -
Nh Nihonium 286 -
Fl Flerovium 290 -
Mc Moscovium 290 -
Lv Livermorium 293 -
Ts Tennessine 294 -
Og Oganesson 294 -
"""

_ROWS = [line.split() for line in _TABLE.strip().splitlines()]

SYMBOLS: tuple[str, ...] = tuple(row[0] for row in _ROWS)
"""Element symbols; `SYMBOLS[z - 1]` is the element of atomic number z."""

ATOMIC_NUMBERS: dict[str, int] = {symbol: z for z, symbol in enumerate(SYMBOLS, start=1)}
NAMES: dict[str, str] = {row[0]: row[1] for row in _ROWS}
MASSES: dict[str, float] = {row[0]: float(row[2]) for row in _ROWS}
"""Standard atomic weights in g/mol."""

ELECTRONEGATIVITIES: dict[str, float] = {row[0]: float(row[3]) for row in _ROWS if row[3] != "-"}
"""Pauling electronegativities (dimensionless); elements without one are left out."""

_NOBLE_GASES = (2, 10, 18, 36, 54, 86, 118)


def _grid() -> dict[str, tuple[int, int]]:
    """Rows 1-7 are the periods; the f block is rows 8 and 9, columns 4-18; (6, 3) and (7, 3) stay free."""
    places = {}
    for z, symbol in enumerate(SYMBOLS, start=1):
        period = 1 + sum(z > noble for noble in _NOBLE_GASES)
        last = _NOBLE_GASES[period - 1]
        if 57 <= z <= 71:
            places[symbol] = (8, z - 57 + 4)
        elif 89 <= z <= 103:
            places[symbol] = (9, z - 89 + 4)
        else:
            first = 1 if period == 1 else _NOBLE_GASES[period - 2] + 1
            s_block = z - first < (1 if period == 1 else 2)
            places[symbol] = (period, z - first + 1 if s_block else 18 - (last - z))
    return places


GRID: dict[str, tuple[int, int]] = _grid()
"""Place in the drawn periodic table: (row 1..9, column 1..18)."""

_CATEGORIES = {
    "alkali metal": "Li Na K Rb Cs Fr",
    "alkaline earth metal": "Be Mg Ca Sr Ba Ra",
    "post-transition metal": "Al Ga In Sn Tl Pb Bi Po Nh Fl Mc Lv",
    "metalloid": "B Si Ge As Sb Te",
    "reactive nonmetal": "H C N O P S Se",
    "halogen": "F Cl Br I At Ts",
    "noble gas": "He Ne Ar Kr Xe Rn Og",
}
_CATEGORY_OF = {symbol: kind for kind, symbols in _CATEGORIES.items() for symbol in symbols.split()}
CATEGORIES: tuple[str, ...] = (*_CATEGORIES, "transition metal", "lanthanide", "actinide")


def category(symbol: str) -> str:
    """Name the family that colours an element in the table, one of `CATEGORIES`.

    Raises
    ------
    InputError
        The symbol is no element.
    """
    symbol = require_element(symbol)
    row, _ = GRID[symbol]
    return _CATEGORY_OF.get(symbol) or {8: "lanthanide", 9: "actinide"}.get(row, "transition metal")


def require_element(text: str) -> str:
    """Return the element symbol that `text` is, blanks around it taken off.

    Raises
    ------
    InputError
        `text` is no element symbol; the message names the nearest ones.
    """
    symbol = text.strip() if isinstance(text, str) else ""
    if symbol in ATOMIC_NUMBERS:
        return symbol
    raise InputError(f"Unknown element {shown(text)}: write a symbol from H to Og{_suggestion(symbol)}")


def _suggestion(text: str) -> str:
    if not text:
        return "."
    titled = text[:1].upper() + text[1:].lower()
    if titled in ATOMIC_NUMBERS:  # only the case is wrong
        return f"; symbols are case-sensitive, did you mean {titled}?"
    if titled in ("D", "T"):
        return "; isotopes are written as H."
    by_name = {name.lower(): symbol for symbol, name in NAMES.items()}
    names = [by_name[name] for name in difflib.get_close_matches(text.lower(), by_name, n=1, cutoff=0.8)]
    near = names or _nearest(titled)
    return f"; did you mean {' or '.join(near)}?" if near else "."


def _nearest(symbol: str) -> list[str]:
    """Return up to three symbols that share half their letters with it, the lighter (commoner) first."""
    likeness = {known: difflib.SequenceMatcher(None, symbol, known).ratio() for known in SYMBOLS}
    near = [known for known in SYMBOLS if likeness[known] >= 0.5]
    return sorted(near, key=likeness.__getitem__, reverse=True)[:3]


def element_array(symbols: Sequence[str], values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Turn an element table into an array that atomic numbers index.

    Parameters
    ----------
    symbols : sequence of str, length n
        Element of each row of `values`.
    values : ndarray, shape (n, d)

    Returns
    -------
    ndarray, shape (119, d)
        Row z is the element of atomic number z; row 0 (padding) is zero, rows of elements that the table
        lacks are NaN.

    Raises
    ------
    InputError
        An unknown or repeated symbol, or a number of symbols other than n.
    """
    values = np.asarray(values)
    if values.ndim != 2 or len(symbols) != len(values):
        raise InputError(
            f"An element table of shape {values.shape} for {len(symbols)} symbols: give one row a symbol."
        )
    numbers = [ATOMIC_NUMBERS[require_element(symbol)] for symbol in symbols]
    if len(set(numbers)) != len(numbers):
        twice = next(s for i, s in enumerate(symbols) if s in symbols[:i])
        raise InputError(f"Element {shown(twice)} has two rows in the table: keep one.")
    table = np.full(
        (len(SYMBOLS) + 1, values.shape[1]), np.nan, dtype=np.result_type(values.dtype, np.float32)
    )
    table[0] = 0.0
    table[numbers] = values
    return table
