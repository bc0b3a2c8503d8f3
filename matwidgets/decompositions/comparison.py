"""Decomposition energies beside the published ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.data.datasets import load_property
from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key

if TYPE_CHECKING:
    import pandas as pd


def agreement(frame: pd.DataFrame, *, fetch: bool = False) -> dict[str, Any]:
    """Compare decomposition energies with the published ones of the same compounds.

    The published mixtures were found by a general minimiser (SLSQP, tolerances 1e-4 to 1e-2, amounts up to 1e-4 left
    out; code of C. J. Bartel et al., npj Comput. Mater. 6, 97 (2020)) and lie up to some meV/atom above the least
    energy, which a linear programme finds exactly; so ours are equal or larger.

    Parameters
    ----------
    frame : DataFrame
        Columns `formula` and `decomposition_energy` (eV/atom), as `load_decompositions` gives them, or some rows of it.
    fetch : bool
        Whether the missing table may be fetched.

    Returns
    -------
    dict
        n, within (share within 1 meV/atom), equal (share within 1e-6 eV/atom), same_sign (share with the same verdict
        of stability), least, median, greatest (difference ours less published, eV/atom).

    Raises
    ------
    InputError
        No row's formula is in the published table.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    published = load_property("decomposition_energy", fetch=fetch)
    theirs = dict(zip(published["formula"], published["target"], strict=True))
    if not theirs.keys() >= set(frame["formula"]):  # written otherwise: slower, by composition
        theirs = {canonical_key(formula): energy for formula, energy in theirs.items()}
        frame = frame.assign(formula=frame["formula"].map(canonical_key))
    known = frame[frame["formula"].isin(theirs)]
    pairs = np.column_stack([known["decomposition_energy"], known["formula"].map(theirs)])
    if not len(pairs):
        raise InputError(
            "No formula of the frame has a published decomposition energy: give published compounds."
        )
    difference = pairs[:, 0] - pairs[:, 1]
    return {
        "n": len(pairs),
        "within": float((np.abs(difference) <= 1e-3).mean()),
        "equal": float((np.abs(difference) <= 1e-6).mean()),
        "same_sign": float(((pairs[:, 0] <= 0) == (pairs[:, 1] <= 0)).mean()),
        "least": float(difference.min()),
        "median": float(np.median(difference)),
        "greatest": float(difference.max()),
    }
