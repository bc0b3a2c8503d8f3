"""Which elements are alike, by vectors of the 85 elements: neighbours, principal components, groups of the table.

A set of vectors is an array (85, d) in the order of `matwidgets.features.occupancy.ELEMENTS`. Likeness is the cosine of
the angle between two vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.features.elements import require_element
from matwidgets.features.occupancy import ELEMENTS, INDEX, MOST_ATOMS

Floats = NDArray[np.float64]

GROUPS: dict[str, tuple[str, ...]] = {
    "alkali metals": ("Li", "Na", "K", "Rb", "Cs"),
    "alkaline earths": ("Be", "Mg", "Ca", "Sr", "Ba"),
    "rare earths": (
        "Sc", "Y", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
    ),
    "actinides": ("Ac", "Th", "Pa", "U", "Np", "Pu"),
    "d metals": (
        "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd",
        "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg",
    ),
    "group 13": ("B", "Al", "Ga", "In", "Tl"),
    "group 14": ("C", "Si", "Ge", "Sn", "Pb"),
    "pnictogens": ("N", "P", "As", "Sb", "Bi"),
    "chalcogens": ("O", "S", "Se", "Te"),
    "halogens": ("F", "Cl", "Br", "I"),
}  # fmt: skip
"""The elements that have relatives, each in one group; hydrogen and xenon stand alone."""


def checked_vectors(vectors: NDArray[Any]) -> Floats:
    """Return vectors of the 85 elements as numbers, shape (85, d).

    Raises
    ------
    InputError
        Another shape, or numbers that are not finite.
    """
    given = np.asarray(vectors, dtype=np.float64)
    if given.ndim != 2 or len(given) != len(ELEMENTS) or not np.isfinite(given).all():
        raise InputError(
            f"Vectors of the elements of shape {given.shape}: give finite numbers of shape ({len(ELEMENTS)}, d)"
        )
    return given


def cosines(vectors: NDArray[Any]) -> Floats:
    """Cosine of the angle between each two elements' vectors, shape (85, 85); 0 where a vector is 0."""
    given = checked_vectors(vectors)
    length = np.linalg.norm(given, axis=1, keepdims=True)
    unit = np.divide(given, length, out=np.zeros_like(given), where=length > 0)
    product: Floats = np.clip(unit @ unit.T, -1.0, 1.0)
    return product


def similar(vectors: NDArray[Any], like: str) -> dict[str, float]:
    """Cosine of every other element's vector with that of one, the largest first.

    Raises
    ------
    InputError
        `like` is none of the 85 elements.
    """
    known = require_element(like)
    if known not in INDEX:
        raise InputError(
            f"{shown(like)} is outside the {len(ELEMENTS)} elements of wgan: give one such as Fe"
        )
    row = cosines(vectors)[INDEX[known]]
    order = [i for i in np.argsort(-row, kind="stable") if i != INDEX[known]]
    return {ELEMENTS[i]: float(row[i]) for i in order}


def principal(vectors: NDArray[Any], which: int = 1) -> tuple[dict[str, float], float]:
    """Return each element's place along a principal component of the vectors, and the component's share of variance.

    Parameters
    ----------
    which : int
        From 1. Its sign is such that its largest loading is positive, so that pictures repeat.
    """
    given = checked_vectors(vectors)
    u, s, vt = np.linalg.svd(given - given.mean(0), full_matrices=False)
    if not 1 <= which <= len(s):
        raise InputError(f"Principal component {which}: give 1 to {len(s)}")
    along = u[:, which - 1] * s[which - 1] * np.sign(vt[which - 1][np.abs(vt[which - 1]).argmax()])
    total = float((s**2).sum())
    share = float(s[which - 1] ** 2) / total if total > 0 else 0.0
    return dict(zip(ELEMENTS, along.tolist(), strict=True)), share


def group_precision(
    likeness: NDArray[np.floating], groups: Mapping[str, Sequence[str]] = GROUPS
) -> dict[str, float]:
    """Share of relatives among the nearest neighbours, by group: R-precision.

    Of an element in a group of m the m - 1 most like elements among all 85 are taken; 1 if they are the group's others.

    Parameters
    ----------
    likeness : ndarray, shape (85, 85)
        Larger is more alike; the diagonal does not count.
    groups : mapping of str to sequence of str
        Each of two elements or more.

    Returns
    -------
    dict of str to float
        Mean over the elements of each group.
    """
    table = np.array(likeness, dtype=np.float64)
    np.fill_diagonal(table, -np.inf)
    nearest = np.argsort(-table, axis=1, kind="stable")
    found = {}
    for name, symbols in groups.items():
        rows = np.array([INDEX[symbol] for symbol in symbols])
        found[name] = float(np.isin(nearest[rows, : len(rows) - 1], rows).mean())
    return found


def cooccurrence(counts: NDArray[np.integer], *, cells: bool = False) -> Floats:
    """Positive pointwise mutual information of what stands in one formula: learned by counting alone.

    The logarithm of how much oftener two stand together than their frequencies in pairs would give, at least 0
    (K. W. Church, P. Hanks, Comput. Linguist. 16, 22 (1990)). A row tells what company an element keeps.

    Parameters
    ----------
    counts : ndarray, shape (n, 85)
        Atoms of each element, 0 to 8.
    cells : bool
        Whether an element with one atom and with two are counted as two things.

    Returns
    -------
    ndarray, shape (85, 85), or with cells (85, 8 * 8 * 85)
        Of elements the diagonal is 0.
    """
    from scipy import sparse

    rows, columns = np.nonzero(counts)
    atoms = np.asarray(counts)[rows, columns].astype(np.int64)
    width = len(ELEMENTS) * (MOST_ATOMS if cells else 1)
    places = columns * MOST_ATOMS + atoms - 1 if cells else columns
    present = sparse.csr_array((np.ones(len(rows)), (rows, places)), shape=(len(counts), width))
    together = (present.T @ present).toarray()
    np.fill_diagonal(together, 0.0)
    total, alone = together.sum(), together.sum(axis=1)
    expected = np.outer(alone, alone) / total if total > 0 else together
    ratio = np.divide(together, expected, out=np.ones_like(together), where=(expected > 0) & (together > 0))
    information: Floats = np.maximum(np.log(ratio), 0.0)
    return information.reshape(len(ELEMENTS), -1)
