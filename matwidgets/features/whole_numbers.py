"""Whole numbers of atoms from fractions, for any set of elements in the columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fewest_atoms(fractions: NDArray[np.float64], tolerance: float, most_atoms: int) -> NDArray[np.int64]:
    """Find for each row the formula with the fewest atoms whose fractions are all within `tolerance`.

    Parameters
    ----------
    fractions : ndarray, shape (n, d)
        Rows sum to 1, or to 0 (such a row stays zero).
    tolerance : float
        Largest error of a fraction.
    most_atoms : int
        Most atoms that are tried; a row that none of them fits gets the numbers nearest to this many.

    Returns
    -------
    ndarray of int64, shape (n, d)
        At least 1 wherever a fraction is above zero, without a common divisor.
    """
    width = max(1, int((fractions > 0).sum(1).max(initial=1)))
    columns = np.argsort(-fractions, axis=1, kind="stable")[:, :width]  # only elements that some row has
    wanted = np.take_along_axis(fractions, columns, axis=1)
    best = np.zeros(wanted.shape, dtype=np.int64)
    todo = np.flatnonzero(wanted[:, 0] > 0)
    for atoms in range(1, most_atoms + 1):
        if not len(todo):
            break
        target = wanted[todo]
        counts = np.maximum(np.rint(atoms * target), target > 0)
        best[todo] = counts
        error = np.abs(counts / counts.sum(1, keepdims=True) - target).max(1)
        todo = todo[error > tolerance + 1e-12]
    divisor = np.gcd.reduce(best, axis=1, keepdims=True)
    decoded = np.zeros(fractions.shape, dtype=np.int64)
    np.put_along_axis(decoded, columns, best // np.maximum(divisor, 1), axis=1)
    return decoded
