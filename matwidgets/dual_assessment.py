"""What reconstructions of compositions and powder patterns are worth, and what simpler means give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.features.composition_vectors import MOST_ATOMS
from matwidgets.features.whole_numbers import fewest_atoms
from matwidgets.features.xrd import cosine_similarity, find_peaks, peak_recall_precision

THRESHOLDS = (0.005, 0.01, 0.02, 0.03, 0.05)
TOLERANCES = (0.005, 0.01, 0.02, 0.03, 0.05)
EXACT = 1e-3  # error of a true fraction, which single precision and rounding leave
AT_ONCE = 1024  # rows compared in one go, to bound the memory


@dataclass(frozen=True)
class PatternAgreement:
    """Reconstructed patterns beside the true ones; means over the rows.

    Attributes
    ----------
    cosine : float
    recall, precision : float
        Share of the true peaks that have a decoded one within 0.2 degrees, and the other way round; a peak has at least
        5 % of the highest.
    rows : int
    """

    cosine: float
    recall: float
    precision: float
    rows: int


@dataclass(frozen=True)
class CompositionAgreement:
    """Reconstructed compositions beside the true ones; means over the rows.

    Attributes
    ----------
    returned : float
        Share of formulas given back exactly.
    elements : float
        Share of compositions with exactly the elements of the true one.
    error : float
        Share of the atoms that would have to be exchanged: half of the sum of absolute errors of the fractions.
    absolute : float
        Absolute error of a fraction, mean over all 100 elements.
    rows : int
    """

    returned: float
    elements: float
    error: float
    absolute: float
    rows: int


def pattern_agreement(truth: NDArray[np.floating], decoded: NDArray[np.floating]) -> PatternAgreement:
    """Compare patterns (n, 1601) row by row."""
    pairs = [
        peak_recall_precision(find_peaks(one), find_peaks(other))
        for one, other in zip(truth, decoded, strict=True)
    ]
    recall, precision = np.nanmean(np.array(pairs), axis=0)
    return PatternAgreement(
        float(cosine_similarity(truth, decoded).mean()), float(recall), float(precision), len(truth)
    )


def composition_agreement(
    truth: NDArray[np.floating],
    decoded: NDArray[np.floating],
    threshold: float,
    tolerance: float,
) -> CompositionAgreement:
    """Compare fractions (n, 100) row by row; formulas as `matwidgets.dual_models` writes them."""
    same = whole_numbers(truth, 0.0, EXACT) == whole_numbers(decoded, threshold, tolerance)
    there = (np.asarray(decoded) > threshold) == (np.asarray(truth) > 0)
    error = np.abs(np.asarray(truth, dtype=np.float64) - decoded)
    return CompositionAgreement(
        returned=float(same.all(1).mean()),
        elements=float(there.all(1).mean()),
        error=float(error.sum(1).mean() / 2),
        absolute=float(error.mean()),
        rows=len(truth),
    )


def whole_numbers(fractions: NDArray[np.floating], threshold: float, tolerance: float) -> NDArray[np.int64]:
    """Numbers of atoms (n, 100) that `matwidgets.features.composition_vectors.formulas_of` writes."""
    rows = np.asarray(fractions, dtype=np.float64)
    kept = np.where(rows > threshold, rows, 0.0)
    return fewest_atoms(kept / np.maximum(kept.sum(1, keepdims=True), 1e-12), tolerance, MOST_ATOMS)


def best_decoding(truth: NDArray[np.floating], decoded: NDArray[np.floating]) -> dict[str, Any]:
    """Choose the threshold and the tolerance that give back most formulas of validation rows."""
    shares = {
        (threshold, tolerance): composition_agreement(truth, decoded, threshold, tolerance).returned
        for threshold in THRESHOLDS
        for tolerance in TOLERANCES
    }
    threshold, tolerance = max(shares, key=shares.__getitem__)
    return {"threshold": threshold, "tolerance": tolerance, "returned": shares[threshold, tolerance]}


# -- what simpler means give --------------------------------------------------------------------------------------


def principal_components(
    train: NDArray[np.floating], rows: NDArray[np.floating], components: int, *, root: bool = False
) -> NDArray[np.float64]:
    """Reconstruct rows (n, d) from as many principal components as a network has latent dimensions.

    Values below 0 are cut. With ``root`` the components are those of the square roots, which suits patterns.
    """
    from sklearn.decomposition import PCA

    def turned(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.sqrt(values) if root else values

    pca = PCA(components, svd_solver="randomized", random_state=0).fit(turned(train))
    back = np.maximum(pca.inverse_transform(pca.transform(turned(rows))), 0.0)
    return np.asarray(back**2 if root else back, dtype=np.float64)


def nearest_by_cosine(
    known: Iterable[NDArray[np.floating]], asked: NDArray[np.floating]
) -> NDArray[np.int64]:
    """For each pattern (m, p) the row of the known one of the largest cosine similarity, (m,).

    The known patterns come in pieces (n_i, p), so that they need not be in memory together; rows count through all.
    """
    wanted = np.asarray(asked, dtype=np.float32)
    best = np.full(len(wanted), -np.inf, dtype=np.float32)
    rows, before = np.zeros(len(wanted), dtype=np.int64), 0
    for piece in known:
        unit = (piece / np.maximum(np.linalg.norm(piece, axis=1, keepdims=True), 1e-12)).astype(np.float32)
        alike = wanted @ unit.T
        at = alike.argmax(1)
        there = alike[np.arange(len(wanted)), at]
        rows = np.where(there > best, before + at, rows)
        best = np.maximum(best, there)
        before += len(piece)
    return rows


def nearest_by_exchange(
    known: NDArray[np.floating], asked: NDArray[np.floating], at_once: int = 128
) -> NDArray[np.int64]:
    """For each composition (m, e) the row of the known one (n, e) with the fewest atoms to exchange, (m,)."""
    from scipy.spatial.distance import cdist

    parts = [
        cdist(asked[i : i + at_once], known, "cityblock").argmin(1) for i in range(0, len(asked), at_once)
    ]
    return np.concatenate(parts).astype(np.int64)
