"""A latent space of d dimensions drawn in two: principal components, t-SNE or UMAP, and the ways back.

Principal components are a linear map: every place of the plane has one latent vector in the plane of the first two
components. t-SNE and UMAP place known rows only; what lies between them is mixed from the nearest rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError

Method = Literal["pca", "tsne", "umap"]
METHODS = ("pca", "tsne", "umap")
_NEIGHBOURS = 5  # rows that a place between them is mixed from
_Map = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Projection:
    """Rows of a latent space with their places in the plane.

    Attributes
    ----------
    latent : ndarray, shape (n, d)
        The rows.
    points : ndarray, shape (n, 2)
        Their places.
    axes : tuple of str
        Names of the two axes; of principal components with their share of the variance.
    exact : bool
        Whether `to_plane` and `to_latent` are the map itself (principal components) or mixed from neighbours.
    """

    latent: NDArray[np.float64]
    points: NDArray[np.float64]
    axes: tuple[str, str]
    exact: bool
    _to_plane: _Map
    _to_latent: _Map

    def to_plane(self, latent: NDArray[Any]) -> NDArray[np.float64]:
        """Return the places (m, 2) of latent vectors (m, d)."""
        return self._to_plane(_rows(latent, self.latent.shape[1], "Latent vectors"))

    def to_latent(self, places: NDArray[Any]) -> NDArray[np.float64]:
        """Return latent vectors (m, d) that stand at places (m, 2)."""
        return self._to_latent(_rows(places, 2, "Places"))


def project(latent: NDArray[Any], method: Method = "pca", *, seed: int = 0) -> Projection:
    """Place the rows of a latent space in a plane.

    Parameters
    ----------
    latent : ndarray, shape (n, d)
        At least two columns and three rows; finite.
    method : {"pca", "tsne", "umap"}
        Principal components; t-SNE (van der Maaten and Hinton 2008; scikit-learn, minutes for 100,000 rows); UMAP
        (McInnes et al. 2018; the package umap-learn).
    seed : int
        Of t-SNE and UMAP.

    Raises
    ------
    InputError
        For another method, rows that do not fit, or a package that is not installed.
    """
    if method not in METHODS:
        raise InputError(f"Unknown projection {method!r}: give {', '.join(METHODS)}")
    rows = np.asarray(latent, dtype=float)
    if rows.ndim != 2 or rows.shape[0] < 3 or rows.shape[1] < 2:
        raise InputError(
            f"A projection got an array of shape {rows.shape}: give (n, d) with n of 3 or more, d of 2 or more"
        )
    if not np.isfinite(rows).all():
        raise InputError("A projection got numbers that do not exist (NaN or infinite): leave those rows out")
    if method == "pca":
        return _components(rows)
    points = (_tsne if method == "tsne" else _umap)(rows, seed)
    name = {"tsne": "t-SNE", "umap": "UMAP"}[method]
    return Projection(
        rows, points, (f"{name} 1", f"{name} 2"), False, _mixed(rows, points), _mixed(points, rows)
    )


def _components(rows: NDArray[np.float64]) -> Projection:
    mean = rows.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
    first = vectors[:, [-1, -2]]
    # An eigenvector has no sign of its own: its largest entry is positive, so that pictures repeat.
    first *= np.sign(first[np.abs(first).argmax(axis=0), [0, 1]])
    total = variances.sum()
    shares = variances[[-1, -2]] / total if total > 0 else np.zeros(2)
    names = tuple(f"PC {i} ({100 * share:.0f} % of the variance)" for i, share in enumerate(shares, start=1))

    def to_plane(latent: NDArray[np.float64]) -> NDArray[np.float64]:
        places: NDArray[np.float64] = (latent - mean) @ first
        return places

    def to_latent(places: NDArray[np.float64]) -> NDArray[np.float64]:
        return mean + places @ first.T

    return Projection(rows, to_plane(rows), (names[0], names[1]), True, to_plane, to_latent)


def _tsne(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise InputError("t-SNE needs scikit-learn: pip install scikit-learn, or use pca") from None
    perplexity = min(30.0, (len(rows) - 1) / 3)
    fitted = TSNE(n_components=2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(rows)
    return np.asarray(fitted, dtype=float)


def _umap(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    try:
        from umap import UMAP
    except ImportError:
        raise InputError('UMAP needs umap-learn: pip install "matwidgets[umap]", or use pca') from None
    neighbours = min(15, len(rows) - 1)
    return np.asarray(UMAP(n_neighbors=neighbours, random_state=seed).fit_transform(rows), dtype=float)


def _mixed(given: NDArray[np.float64], wanted: NDArray[np.float64]) -> _Map:
    """Return the mean of the nearest rows, weighted by the inverse square of their distance (Shepard 1968)."""
    trees: list[Any] = []

    def between(places: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.spatial import cKDTree

        if not trees:
            trees.append(cKDTree(given))
        distance, index = trees[0].query(places, k=min(_NEIGHBOURS, len(given)))
        nearest = distance[:, :1]
        # Relative to the nearest one: at a row itself nothing else counts, and no number overflows.
        ratio = np.divide(nearest, distance, out=(distance <= nearest).astype(float), where=distance > 0)
        weights = np.where(nearest > 0, ratio**2, distance == 0)
        weights = weights / weights.sum(axis=1, keepdims=True)
        mixed: NDArray[np.float64] = np.einsum("mk,mkd->md", weights, wanted[index])
        return mixed

    return between


def _rows(array: NDArray[Any], columns: int, what: str) -> NDArray[np.float64]:
    rows = np.asarray(array, dtype=float)
    if rows.ndim != 2 or rows.shape[1] != columns:
        raise InputError(f"{what} have the shape {rows.shape}: give (m, {columns})")
    return rows
