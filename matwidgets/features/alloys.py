"""The eight descriptors of an alloy: numbers that one can compute by hand, for any alloy of elements with data.

They are those of the paper (C. Zeng, Z. Khan, N. L. Post, arXiv:2409.06740, section 2.1), which takes them from Y. Yan,
D. Lu, K. Wang, Comput. Mater. Sci. 199, 110723 (2021): four means over the atoms, two spreads, the entropy and the
enthalpy of mixing.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.alloy_elements import (
    CORRECTIONS,
    ELEMENTS_WITH_DATA,
    element_properties,
    require_data,
)
from matwidgets.features.composition import Fractions, parse_formula, reduced_formula, to_fractions
from matwidgets.features.elements import require_element
from matwidgets.features.miedema import pair_enthalpies

GAS_CONSTANT = 8.314462618
"""R in J/mol/K (CODATA 2018)."""

# fmt: off
ELEMENTS: tuple[str, ...] = (
    "Fe", "Ni", "Cr", "Co", "Al", "Ti", "Cu", "Mo", "V", "Nb", "Mn", "Zr", "Ta", "W", "Hf",
    "Si", "Rh", "Ru", "Re", "Os", "Pt", "Pd", "Ir", "Mg", "Ag", "Zn", "Sn", "Au", "Li", "Sc",
)
# fmt: on
"""The paper's 30 elements, most frequent first."""


@dataclass(frozen=True)
class Feature:
    """One descriptor.

    Attributes
    ----------
    name : str
        The word in code and tables.
    symbol : str
        What a formula calls it.
    label : str
        What a person reads on an axis.
    unit : str
        "" if dimensionless.
    formula : str
        How it follows from the atomic fractions c_i.
    meaning : str
        What it has to do with a single phase, in a sentence.
    """

    name: str
    symbol: str
    label: str
    unit: str
    formula: str
    meaning: str


FEATURES: tuple[Feature, ...] = (
    Feature(
        "bulk_modulus", "k", "Bulk modulus", "GPa", "Σ c_i k_i",
        "Mean resistance of the elements to compression; high for the refractory metals.",
    ),
    Feature(
        "molar_volume", "V_m", "Molar volume", "cm³/mol", "Σ c_i V_i",
        "Mean volume of a mole of atoms.",
    ),
    Feature(
        "melting_temperature", "T_m", "Melting temperature", "K", "Σ c_i T_i",
        "Mean over the elements, not the liquidus; the hotter an alloy can be, the more its entropy counts.",
    ),
    Feature(
        "valence_electrons", "VEC", "Valence electron concentration", "", "Σ c_i e_i",
        "Mean number of electrons outside the noble-gas core, filled d and f shells included.",
    ),
    Feature(
        "size_difference", "δ", "Atomic size difference", "%", "100 √(Σ c_i (1 − r_i / r̄)²), r̄ = Σ c_i r_i",
        "How unlike the radii are; a lattice of unlike atoms is strained and gives way to several phases.",
    ),
    Feature(
        "electronegativity_difference", "Δχ", "Electronegativity difference", "", "√(Σ c_i (χ_i − χ̄)²), χ̄ = Σ c_i χ_i",
        "How unlike the elements attract electrons (Pauling); unlike ones form compounds.",
    ),
    Feature(
        "mixing_entropy", "ΔS_mix", "Mixing entropy", "J/mol/K", "−R Σ c_i ln c_i",
        "Of an ideal solution: R ln n for n elements in equal shares; it favours one solution.",
    ),
    Feature(
        "mixing_enthalpy", "ΔH_mix", "Mixing enthalpy", "kJ/mol", "Σ_{i<j} 4 H_ij c_i c_j",
        "Of all pairs, H_ij by Miedema's model for the ordered compound; far below zero compounds form, "
        "far above the elements part.",
    ),
)  # fmt: skip
"""The eight in the order of the columns of `descriptors`: k, V_m, T_m, VEC, δ, Δχ, ΔS, ΔH."""


def fractions(
    formulas: Sequence[str | Mapping[str, float]], elements: Sequence[str] = ELEMENTS
) -> NDArray[np.float64]:
    """Spread alloys over a list of elements.

    Parameters
    ----------
    formulas : sequence of str or mapping, length n
        Formulas, or amounts of elements, with any sum.
    elements : sequence of str, length k

    Returns
    -------
    ndarray, shape (n, k)
        Atomic fractions; every row sums to 1.

    Raises
    ------
    InputError
        A formula cannot be read or has an element that is not in the list; the message says which.
    """
    column = {require_element(symbol): i for i, symbol in enumerate(elements)}
    matrix = np.zeros((len(formulas), len(column)))
    for row, formula in zip(matrix, formulas, strict=True):
        parts = to_fractions(formula)
        foreign = [symbol for symbol in parts if symbol not in column]
        if foreign:
            raise InputError(
                f"{shown(formula)} holds {listed(foreign)}: write an alloy of {listed(column, limit=len(column))}."
            )
        row[[column[symbol] for symbol in parts]] = list(parts.values())
    return matrix


def descriptors(
    x: ArrayLike, elements: Sequence[str] = ELEMENTS, *, published: bool = False
) -> NDArray[np.float64]:
    """Compute the eight descriptors of many alloys.

    Parameters
    ----------
    x : array_like, shape (n, k)
        Amounts of the elements, zero or more; each row is divided by its sum.
    elements : sequence of str, length k
        Element of each column.
    published : bool
        Whether the few wrong cells of the study's element data are kept (`alloy_elements.CORRECTIONS`; of the 30
        elements only the melting temperature of tin), to compare with its table.

    Returns
    -------
    ndarray, shape (n, 8)
        Columns and units as in `FEATURES`.

    Raises
    ------
    InputError
        Another shape, an amount that is negative or not finite, a row of zeros, or an element without data.
    """
    symbols = tuple(elements)
    shares = _normalised(x, symbols)
    properties, pairs = _element_tables(symbols, published)
    means = shares @ properties  # columns: k, V, T, radius, chi, electrons
    radii, chi = properties[:, 3], properties[:, 4]
    size = 100 * np.sqrt((shares * (1 - radii / means[:, 3:4]) ** 2).sum(axis=1))
    charge = np.sqrt((shares * (chi - means[:, 4:5]) ** 2).sum(axis=1))
    logarithm = np.log(np.where(shares > 0, shares, 1.0))
    entropy = GAS_CONSTANT * np.abs((shares * logarithm).sum(axis=1))
    enthalpy = 2 * ((shares @ pairs) * shares).sum(axis=1)  # each pair stands twice in the symmetric sum
    return np.column_stack([means[:, :3], means[:, 5], size, charge, entropy, enthalpy])


def _normalised(x: ArrayLike, symbols: Sequence[str]) -> NDArray[np.float64]:
    amounts = np.asarray(x, dtype=np.float64)
    if amounts.ndim != 2 or amounts.shape[1] != len(symbols):
        raise InputError(
            f"Alloys of shape {amounts.shape}: give rows of {len(symbols)} amounts, one an element."
        )
    wrong = ~np.isfinite(amounts) | (amounts < 0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"Amount {amounts[row, column]:g} of {symbols[column]} in row {row}: give finite amounts of zero or more."
        )
    largest = amounts.max(axis=1, keepdims=True, initial=0.0)
    if not largest.all():
        raise InputError(
            f"Row {int(np.flatnonzero(largest == 0)[0])} is all zeros: give each alloy an element."
        )
    amounts = amounts / largest  # first by the largest, so that the sum of huge amounts stays finite
    shares: NDArray[np.float64] = amounts / amounts.sum(axis=1, keepdims=True)
    return shares


@functools.lru_cache(maxsize=64)
def _element_tables(
    symbols: tuple[str, ...], published: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return element_properties(symbols, published=published), pair_enthalpies(symbols)


@dataclass(frozen=True)
class AlloyDescription:
    """The descriptors of one alloy, with what is needed to explain them.

    Attributes
    ----------
    formula : str
    fractions : dict of str to float
        Atomic fractions, sum 1.
    total : float
        Sum of the amounts as they were given; other than 1 they were divided by it.
    values : dict of str to float
        Feature name -> value in the unit of the feature, in the order of `FEATURES`.
    notes : tuple of str
        What was done to the input, and where element data differ from the published ones.
    """

    formula: str
    fractions: Fractions
    total: float
    values: dict[str, float]
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, ready for JSON."""
        return {
            "formula": self.formula,
            "fractions": dict(self.fractions),
            "features": [
                {
                    "name": f.name,
                    "symbol": f.symbol,
                    "value": self.values[f.name],
                    "unit": f.unit,
                    "formula": f.formula,
                }
                for f in FEATURES
            ],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        lines = [
            f"{f.label:<32}{f.symbol:<8}{self.values[f.name]:>10.4g} {f.unit:<8} {f.formula}"
            for f in FEATURES
        ]
        return "\n".join([self.formula, *lines, *self.notes])


def describe(alloy: str | Mapping[str, float]) -> AlloyDescription:
    """Compute the eight descriptors of one alloy, and say how.

    Parameters
    ----------
    alloy : str or mapping
        Formula, or amounts of elements, with any sum.

    Raises
    ------
    InputError
        The alloy cannot be read, or has an element without data; the message says which and what is allowed.
    """
    shares = to_fractions(alloy)
    symbols = require_data(tuple(shares))
    amounts = parse_formula(alloy) if isinstance(alloy, str) else alloy
    total = math.fsum(amounts.values())
    row = descriptors([list(shares.values())], symbols)[0]
    notes = []
    if abs(total - 1) > 1e-6:
        notes.append(f"The amounts sum to {total:.6g}: divided by it to have fractions.")
    units = {feature.name: feature.unit for feature in FEATURES}
    notes += [
        f"{symbol}: {name.replace('_', ' ')} {value:g} {units[name]}; the study has {theirs}."
        for (symbol, name), (value, theirs) in CORRECTIONS.items()
        if symbol in symbols
    ]
    return AlloyDescription(
        formula=alloy.strip() if isinstance(alloy, str) else reduced_formula(shares),
        fractions=shares,
        total=total,
        values={feature.name: float(value) for feature, value in zip(FEATURES, row, strict=True)},
        notes=tuple(notes),
    )


__all__ = [
    "ELEMENTS",
    "ELEMENTS_WITH_DATA",
    "FEATURES",
    "GAS_CONSTANT",
    "AlloyDescription",
    "Feature",
    "describe",
    "descriptors",
    "fractions",
]
