"""The computed library: what can be touched and trained on in seconds where no table can be had.

Everything here follows from element data and textbook formulas; nothing is measured, and no result on it
stands for a paper's. Each function says its formula, its source and how far to trust it. The frames look like
those of `datasets` (`formula`, `target`, `attrs["unit"]`), so that whatever reads the real tables reads
these.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matwidgets.errors import InputError
from matwidgets.features.alloys import FEATURES, descriptors, fractions
from matwidgets.features.composition import canonical_key, reduced_formula
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.features.solid_solution import is_solid_solution, omega

if TYPE_CHECKING:
    import pandas as pd

COULOMB = 14.399645
"""e^2 / (4 pi eps0) in eV Å."""
GPA_PER_EV_PER_CUBIC_ANGSTROM = 160.21766

# Ions with closed shells (and Gd), so that a radius needs no spin state.
_CATIONS = {
    1: ["Li", "Na", "K", "Rb", "Cs"],
    2: ["Be", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd"],
    3: ["Al", "Ga", "In", "Sc", "Y", "La", "Gd", "Lu"],
    4: ["Si", "Ge", "Sn", "Ti", "Zr", "Hf", "Ce"],
}
_ANIONS = {1: ["F", "Cl", "Br", "I"], 2: ["O", "S", "Se", "Te"]}

# Tetrahedral covalent radii in Å: L. Pauling, The Nature of the Chemical Bond, 3rd ed. (1960), Table 7-13.
_TETRAHEDRAL_RADII = {
    2: {"Be": 1.06, "Mg": 1.40, "Zn": 1.31, "Cd": 1.48, "Hg": 1.48},
    3: {"B": 0.88, "Al": 1.26, "Ga": 1.26, "In": 1.44},
    4: {"C": 0.77, "Si": 1.17, "Ge": 1.22, "Sn": 1.40},
    5: {"N": 0.70, "P": 1.10, "As": 1.18, "Sb": 1.36},
    6: {"O": 0.66, "S": 1.04, "Se": 1.14, "Te": 1.32},
}

# The paper's 30 elements by what they are alloyed with; some belong to two families.
_FAMILIES = (
    "Fe Ni Cr Co Al Ti Cu V Mn Mo Zn Si Pd",
    "Ti V Cr Zr Nb Mo Hf Ta W Re Al Sc",
    "Ru Rh Pd Os Ir Pt Re Ag Au Cu Ni Co",
    "Mg Li Sc Al Zn Ti Sn Ag Cu",
)


@dataclass(frozen=True)
class Prototype:
    """A structure type with one distance between cation and anion.

    Attributes
    ----------
    name : str
    space_group : int
    cation_number : str
        Coordination number of the cation, as Shannon's tables write it.
    edge : float
        Lattice parameter a in units of the cation-anion distance.
    volume : float
        Volume of a formula unit in units of that distance cubed.
    madelung : float
        M in the energy of a formula unit, -M z+ z- e^2 / (4 pi eps0 r) with the charges of one cation and one
        anion.
    """

    name: str
    space_group: int
    cation_number: str
    edge: float
    volume: float
    madelung: float


# Madelung constants: N. N. Greenwood, Ionic Crystals, Lattice Defects and Nonstoichiometry (1968).
# Rutile with TiO2's c/a = 0.644 and u = 0.305: the mean of its six distances is 0.4264 a.
_ROCK_SALT = Prototype("rock salt", 225, "VI", 2.0, 2.0, 1.7476)
_CESIUM_CHLORIDE = Prototype(
    "caesium chloride", 221, "VIII", 2 / math.sqrt(3), 8 / (3 * math.sqrt(3)), 1.7627
)
_ZINCBLENDE = Prototype("zincblende", 216, "IV", 4 / math.sqrt(3), 16 / (3 * math.sqrt(3)), 1.6381)
_FLUORITE = Prototype("fluorite", 225, "VIII", 4 / math.sqrt(3), 16 / (3 * math.sqrt(3)), 2.5194)
_RUTILE = Prototype("rutile", 136, "VI", 1 / 0.4264, 0.644 / 2 / 0.4264**3, 2.408)
_ANTIFLUORITE = Prototype("antifluorite", 225, "IV", 4 / math.sqrt(3), 16 / (3 * math.sqrt(3)), 2.5194)
_PEROVSKITE = ("perovskite", 221)


def compounds() -> pd.DataFrame:
    """Combine closed-shell ions into neutral compounds on the structure type that their radii allow.

    Formula and source: cation-anion distance = sum of Shannon's ionic radii (R. D. Shannon, Acta Cryst. A 32,
    751 (1976), from pymatgen). Structure types by Pauling's radius ratio r+/r- (J. Am. Chem. Soc. 51, 1010
    (1929)): MX is zincblende below 0.414, rock salt up to 0.732, else caesium chloride; MX2 rutile up to
    0.732, else fluorite (none below 0.414); M2X antifluorite; ABX3 cubic perovskite where Goldschmidt's
    tolerance factor (Naturwissenschaften 14, 477 (1926)) is 0.8 to 1.05 and r_B/r_X at least 0.414. Charges
    are those of the closed shells.

    Range of validity: distances of halides and oxides within about 0.1 Å (less for sulfides and tellurides,
    which are covalent); the radius ratio names the observed type of roughly two binaries in three.

    Returns
    -------
    DataFrame
        `formula`, `prototype`, `space_group` (number), `a` (lattice parameter, Å), `bond_length`
        (cation-anion distance in Å; of a perovskite, that of B), `volume` (Å^3 per formula unit). One row a
        formula.
    """
    import pandas as pd

    rows = [
        (formula, kind.name, kind.space_group, kind.edge * r, r, kind.volume * r**3)
        for formula, kind, r, *_ in _binaries()
    ]
    rows += [(formula, *_PEROVSKITE, 2 * r, r, (2 * r) ** 3) for formula, r in _perovskites()]
    frame = pd.DataFrame(rows, columns=["formula", "prototype", "space_group", "a", "bond_length", "volume"])
    frame.attrs = {
        "units": {"a": "Å", "bond_length": "Å", "volume": "Å^3"},
        "sources": [_source(frame, "compounds")],
    }
    return frame


def ionic_moduli() -> pd.DataFrame:
    """Compute bulk moduli of the binary ionic `compounds` from the Born-Landé energy.

    Formula and source: the energy of a formula unit -A/r + B/r^n, A = M z+ z- e^2 / (4 pi eps0), at its
    minimum r gives K = A (n - 1) / (9 c r^4), c r^3 being the volume of the formula unit (M. Born, A. Landé
    1918; C. Kittel, Introduction to Solid State Physics, ch. 3). The Born exponent n is the mean over the two
    ions of Pauling's 5, 7, 9, 10, 12 for the cores He, Ne, Ar, Kr, Xe.

    Range of validity: alkali halides and fluorites of halogens within about 20 %; too stiff by up to two for
    oxides of doubly charged cations. Zincblende (see `zincblende_moduli`) and cations of charge four are left
    out: their bonds are not ionic enough.

    Returns
    -------
    DataFrame
        `formula`, `target` (GPa), `prototype`, `bond_length` (Å).
    """
    import pandas as pd

    rows = []
    for formula, kind, r, charges, exponent in _binaries():
        if kind is _ZINCBLENDE or charges > 4:
            continue
        strength = kind.madelung * charges * COULOMB
        modulus = strength * (exponent - 1) / (9 * kind.volume * r**4) * GPA_PER_EV_PER_CUBIC_ANGSTROM
        rows.append((formula, modulus, kind.name, r))
    return _moduli_frame(
        pd.DataFrame(rows, columns=["formula", "target", "prototype", "bond_length"]), "ionic_moduli"
    )


def zincblende_moduli() -> pd.DataFrame:
    """Compute bulk moduli of tetrahedral semiconductors of groups IV, III-V and II-VI.

    Formula and source: K = (1972 - 220 I) / d^3.5 in GPa with the bond length d in Å and I = 0, 1, 2 for IV,
    III-V, II-VI (M. L. Cohen, Phys. Rev. B 32, 7988 (1985)); d is the sum of Pauling's tetrahedral covalent
    radii.

    Range of validity: with measured d within a few per cent for diamond, silicon and the III-V compounds;
    with these d within about 15 %. Oxides and nitrides of heavy metals are extrapolations.

    Returns
    -------
    DataFrame
        `formula`, `target` (GPa), `prototype` ("diamond" or "zincblende"), `bond_length` (Å), `ionicity` (I).
    """
    import pandas as pd

    rows = []
    for ionicity, (left, right) in enumerate([(4, 4), (3, 5), (2, 6)]):
        pairs = itertools.product(_TETRAHEDRAL_RADII[left].items(), _TETRAHEDRAL_RADII[right].items())
        for (a, radius_a), (b, radius_b) in pairs:
            if left == right and ATOMIC_NUMBERS[a] > ATOMIC_NUMBERS[b]:
                continue
            d = radius_a + radius_b
            kind = "diamond" if a == b else "zincblende"
            formula = a if a == b else reduced_formula(a + b)
            rows.append((formula, (1972 - 220 * ionicity) / d**3.5, kind, d, ionicity))
    columns = ["formula", "target", "prototype", "bond_length", "ionicity"]
    return _moduli_frame(pd.DataFrame(rows, columns=columns), "zincblende_moduli")


def bulk_moduli() -> pd.DataFrame:
    """Join `zincblende_moduli` and `ionic_moduli`, the former where both have a formula, to train on in
    seconds.

    Formula, source and range of validity are those of the two functions; the values are computed, not
    measured.

    Returns
    -------
    DataFrame
        `formula`, `target` (GPa), `prototype`. One row a formula.
    """
    import pandas as pd

    columns = ["formula", "target", "prototype"]
    both = pd.concat([zincblende_moduli()[columns], ionic_moduli()[columns]], ignore_index=True)
    return _moduli_frame(both.drop_duplicates("formula", ignore_index=True), "bulk_moduli")


def alloys(number: int = 1200, seed: int = 0) -> pd.DataFrame:
    """Draw random alloys of the paper's 30 elements, labelled by a rule of thumb: no experiment says what they are.

    Formula and source: two to seven elements of one family (3d, refractory, noble or light metals) in amounts of 0.2
    to 2; the descriptors of `features.alloys`; single phase where Omega >= 1.1 and delta <= 6.6 % (X. Yang, Y. Zhang,
    Mater. Chem. Phys. 132, 233 (2012), see `features.solid_solution`).

    Range of validity: the descriptors hold as for any alloy; the label agrees with 62 % of the experiments on the
    paper's alloys (52 % are of one class). A model that learns it learns a formula.

    Parameters
    ----------
    number : int
    seed : int

    Returns
    -------
    DataFrame
        `formula`, `single_phase` (1 or 0), `omega`, and one column for each of `features.alloys.FEATURES` in its unit.
        One row a composition. `attrs["label"]` is "rule".

    Raises
    ------
    InputError
        `number` is not positive.
    """
    import numpy as np
    import pandas as pd

    if number < 1:
        raise InputError(f"{number} alloys: ask for one or more.")
    generator = np.random.default_rng(seed)
    found: dict[str, str] = {}
    while len(found) < number:
        family = _FAMILIES[generator.integers(len(_FAMILIES))].split()
        size = int(generator.integers(2, 8))
        chosen = generator.choice(family, size, replace=False)
        amounts = generator.integers(1, 11, size) / 5  # 0.2 to 2
        formula = "".join(f"{symbol}{amount:g}" for symbol, amount in zip(chosen, amounts, strict=True))
        found.setdefault(canonical_key(formula), formula)
    formulas = list(found.values())
    values = descriptors(fractions(formulas))
    frame = pd.DataFrame(
        {
            "formula": formulas,
            "single_phase": is_solid_solution(values).astype("int64"),
            "omega": omega(values),
            **{feature.name: values[:, i] for i, feature in enumerate(FEATURES)},
        }
    )
    frame.attrs = {
        "property": "single_phase",
        "unit": "",
        "label": "rule",
        "sources": [_source(frame, "alloys")],
    }
    return frame


def _moduli_frame(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    frame.attrs = {"property": "bulk_modulus", "unit": "GPa", "sources": [_source(frame, name)]}
    return frame


def _source(frame: pd.DataFrame, name: str) -> dict[str, str | int | None]:
    return {"name": f"computed/{name}", "sha256": None, "rows": len(frame)}


def _binaries() -> Iterator[tuple[str, Prototype, float, int, float]]:
    """Yield formula, structure type, distance in Å, product of the charges, Born exponent."""
    for (positive, cations), (negative, anions) in itertools.product(_CATIONS.items(), _ANIONS.items()):
        for cation, anion in itertools.product(cations, anions):
            ratio = _radius(cation, positive, "VI") / _radius(anion, -negative, "VI")
            kind = _binary_prototype(positive, negative, ratio)
            if kind is None:
                continue
            r = _radius(cation, positive, kind.cation_number) + _radius(anion, -negative, "VI")
            common = math.gcd(positive, negative)
            formula = reduced_formula({cation: negative // common, anion: positive // common})
            exponent = (_born_exponent(cation, positive) + _born_exponent(anion, -negative)) / 2
            yield formula, kind, r, positive * negative, exponent


def _binary_prototype(positive: int, negative: int, ratio: float) -> Prototype | None:
    if positive == negative:
        return _ZINCBLENDE if ratio < 0.414 else _ROCK_SALT if ratio < 0.732 else _CESIUM_CHLORIDE
    if positive == 2 * negative:
        return None if ratio < 0.414 else _RUTILE if ratio < 0.732 else _FLUORITE
    return _ANTIFLUORITE if negative == 2 * positive else None


def _perovskites() -> Iterator[tuple[str, float]]:
    """Yield formula and distance B-X in Å."""
    for negative, anions in _ANIONS.items():
        for charge_a in range(1, 3 * negative):
            charge_b = 3 * negative - charge_a
            if charge_b < charge_a or charge_b not in _CATIONS or charge_a not in _CATIONS:
                continue
            for a, b, x in itertools.product(_CATIONS[charge_a], _CATIONS[charge_b], anions):
                radius_x = _radius(x, -negative, "VI")
                radius_a, radius_b = _radius(a, charge_a, "XII"), _radius(b, charge_b, "VI")
                tolerance = (radius_a + radius_x) / (math.sqrt(2) * (radius_b + radius_x))
                if a != b and 0.8 <= tolerance <= 1.05 and radius_b / radius_x >= 0.414:
                    yield reduced_formula({a: 1, b: 1, x: 3}), radius_b + radius_x


def _radius(symbol: str, charge: int, coordination: str) -> float:
    """Return Shannon's ionic radius in Å, for six neighbours where his table lacks the number asked for."""
    from pymatgen.core import Element

    table = Element(symbol).data["Shannon radii"][str(charge)]
    return float((table.get(coordination) or table["VI"])[""]["ionic_radius"])


def _born_exponent(symbol: str, charge: int) -> int:
    """Return Pauling's exponent of the noble-gas core; a full d shell counts to the core below it."""
    electrons = ATOMIC_NUMBERS[symbol] - charge
    return next((n for most, n in ((2, 5), (10, 7), (28, 9), (46, 10)) if electrons <= most), 12)
