"""The three properties of Table 4: which rows of which table, and what the paper has of them.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), sections 2.1 and 3. The tables are the nearest public
ones, drawn down to a size that ten folds of many representations can be learned from on one processor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.data import compounds
from matwidgets.data.splits import element_set
from matwidgets.errors import InputError, shown
from matwidgets.features.composition import canonical_key
from matwidgets.features.formula import parse_formula
from matwidgets.features.occupancy import INDEX, MOST_ATOMS

Floats = NDArray[np.float64]
MOST_ROWS = 12_000
LOADERS = {
    "critical_temperature": compounds.load_superconductors,
    "formation_enthalpy": compounds.load_formation_enthalpies,
    "band_gap": compounds.load_non_metals,
}
UNITS = {"critical_temperature": "K", "formation_enthalpy": "eV/atom", "band_gap": "eV"}
PUBLISHED: dict[str, dict[str, tuple[float, float, float]]] = {
    "band_gap": {
        "critic's T": (0.467, 0.641, 0.828), "Magpie": (0.570, 0.786, 0.745), "one-hot": (0.484, 0.662, 0.810),
    },
    "critical_temperature": {
        "critic's T": (6.05, 9.21, 0.902), "Magpie": (6.47, 10.3, 0.878), "one-hot": (6.11, 9.63, 0.887),
    },
    "formation_enthalpy": {
        "critic's T": (0.101, 0.180, 0.907), "Magpie": (0.126, 0.203, 0.841), "one-hot": (0.108, 0.221, 0.866),
    },
}  # fmt: skip
"""Table 4: MAE, RMSE and R2."""


@dataclass(frozen=True)
class Task:
    """A property to be predicted.

    Attributes
    ----------
    name, unit : str
    formulas : list of str, length n
    y : ndarray, shape (n,)
    told : dict
        Of the rows: sources, how many the table has, how many were left out and why, how many are used, of how many
        compositions and sets of elements, and a fingerprint.
    """

    name: str
    unit: str
    formulas: list[str]
    y: Floats
    told: dict[str, Any]


def task(name: str, most: int = MOST_ROWS, seed: int = 0) -> Task:
    """Load a property and draw at most so many rows, in an order that depends on the seed alone.

    Compounds that the 85 x 8 language has no word for, by an element or by more than eight atoms of one, are left out,
    as in the paper; amounts need not be whole. Of formation enthalpies the loader leaves out what is more than five
    standard deviations from the mean, as the paper does.

    Raises
    ------
    InputError
        For another property.
    MissingTableError
        Its table is not on this machine.
    """
    if name not in LOADERS:
        raise InputError(
            f"Unknown property {shown(name)}; allowed are {', '.join(LOADERS)}: choose one of these"
        )
    frame = LOADERS[name]()
    read = [parse_formula(formula) for formula in frame["formula"]]
    known = np.array([each.keys() <= INDEX.keys() for each in read])
    few = np.array([max(each.values()) <= MOST_ATOMS for each in read])
    usable = np.flatnonzero(known & few)
    order = np.random.default_rng(seed).permutation(len(usable))
    rows = np.sort(usable[order[:most]])
    formulas = frame["formula"].iloc[rows].tolist()
    y = frame[name].to_numpy(dtype=np.float64)[rows]
    dropped = frame.attrs.get("dropped", [])
    left_out = dict(dropped) if isinstance(dropped, Mapping) else {"unreadable": len(dropped)}
    left_out |= {"element": int((~known).sum()), "more than 8 atoms": int((known & ~few).sum())}
    told = {
        "sources": frame.attrs["sources"], "left_out": left_out, "usable": len(usable), "used": len(rows),
        "compositions": len({canonical_key(f) for f in formulas}),
        "element_sets": len({element_set(f) for f in formulas}), "mean": float(y.mean()), "std": float(y.std()),
        "fingerprint": hashlib.sha256("\n".join([*formulas, *map(repr, y.tolist())]).encode()).hexdigest(),
    }  # fmt: skip
    return Task(name, UNITS[name], formulas, y, told)
