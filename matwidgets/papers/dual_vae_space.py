"""The latent space of compositions of Korolev et al. 2020 as a picture (Figure S4), with numbers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]

# The caption of Figure S4 names oxygen alone; the others are common elements of different groups.
ELEMENTS = ("O", "F", "S", "Si", "Al", "Fe")
POINTS, STEPS = 1400, 500  # in a picture, and of t-SNE
NEIGHBOURS = 10
# Rule for "several distinct clusters", set before the pictures were looked at: HDBSCAN finds at least two in the
# picture of the materials with the element, each with a twentieth of them or more, and half of them are in one.
SMALLEST, IN_CLUSTERS = 0.05, 0.5


def embed(points: Floats, seed: int = 0) -> NDArray[np.float64]:
    """Lay points out in a plane by t-SNE (scikit-learn, started from two principal components).

    Parameters
    ----------
    points : ndarray, shape (n, d)
        At least 32, for the usual perplexity of 30.
    seed : int

    Returns
    -------
    ndarray, shape (n, 2)
        Without unit: only who is beside whom means anything.
    """
    from sklearn.manifold import TSNE

    if len(points) < 32:
        raise InputError(f"{len(points)} points for a picture: give at least 32")
    plane = TSNE(init="pca", random_state=seed, max_iter=STEPS, n_jobs=1)
    return np.asarray(plane.fit_transform(np.asarray(points, dtype=np.float64)), dtype=np.float64)


def principal(points: Floats, size: int, seed: int = 0) -> NDArray[np.float64]:
    """The first principal components, (n, size): what linear algebra makes of the same input."""
    from sklearn.decomposition import PCA

    return np.asarray(PCA(min(size, *points.shape), random_state=seed).fit_transform(points))


def neighbours(points: Floats, k: int = NEIGHBOURS) -> Integers:
    """The k nearest other points of each, (n, k)."""
    from sklearn.neighbors import NearestNeighbors

    if not 1 <= k < len(points):
        raise InputError(f"{k} neighbours of {len(points)} points: give 1 to {len(points) - 1}")
    found = NearestNeighbors(n_neighbors=k, n_jobs=1).fit(points).kneighbors(return_distance=False)
    return np.asarray(found, dtype=np.int64)


def purity(near: Integers, labels: NDArray[np.generic], label: object) -> float:
    """Share of the neighbours of the points with a label that have it too.

    Parameters
    ----------
    near : ndarray of int64, shape (n, k)
        From `neighbours`.
    labels : ndarray, shape (n,)
    label : object
        One of them; NaN if no point has it.
    """
    same = labels == label
    return float(same[near[same]].mean()) if same.any() else float("nan")


def clusters(plane: Floats, smallest: float = SMALLEST) -> tuple[int, float]:
    """Count the dense groups of points in a plane (HDBSCAN, scikit-learn).

    Parameters
    ----------
    plane : ndarray, shape (n, 2)
    smallest : float
        Share of the points that makes a cluster, at least ten points.

    Returns
    -------
    number : int
    inside : float
        Share of the points that are in one.
    """
    from sklearn.cluster import HDBSCAN

    least = max(10, round(smallest * len(plane)))
    if len(plane) < 2 * least:
        return 0, 0.0
    found = (
        HDBSCAN(min_cluster_size=least, min_samples=5, allow_single_cluster=True, copy=True)
        .fit(plane)
        .labels_
    )
    return len(set(found.tolist()) - {-1}), float((found >= 0).mean())


def several(plane: Floats) -> bool:
    """Whether points form several distinct clusters by the rule above."""
    number, inside = clusters(plane)
    return number >= 2 and inside >= IN_CLUSTERS


@dataclass(frozen=True)
class ElementMap:
    """Figure S4.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Which materials are shown.
    plane, control_plane : ndarray, shape (m, 2)
        t-SNE of the composition latents, and of as many principal components of the fractions.
    elements : tuple of str
    contains : ndarray of bool, shape (m, elements)
    frame : DataFrame
        A row an element: element, materials; prevalence (what neighbours at random would give); purity among the ten
        nearest in the latents, shuffled, picture, components (principal components) and their components_picture;
        clusters, inside, several of the picture, control_several of the other picture and random_several of as many
        materials drawn at random.
    """

    rows: Integers
    plane: NDArray[np.float64]
    control_plane: NDArray[np.float64]
    elements: tuple[str, ...]
    contains: NDArray[np.bool_]
    frame: DataFrame


def by_element(
    latents: Floats,
    compositions: Floats,
    *,
    elements: Sequence[str] = ELEMENTS,
    most: int = POINTS,
    seed: int = 0,
) -> tuple[ElementMap, dict[str, Finding]]:
    """Figure S4: where the materials with an element lie among all others.

    Parameters
    ----------
    latents : ndarray, shape (n, d)
        Of the compositions.
    compositions : ndarray, shape (n, 100)
    elements : sequence of str
    most : int
        Materials drawn; a composition is drawn once.
    seed : int

    Raises
    ------
    InputError
        For an element that no material has, or too few materials.
    """
    import pandas as pd

    _, distinct = np.unique(np.asarray(compositions).round(6), axis=0, return_index=True)
    drawn = np.sort(np.random.default_rng(seed).permutation(np.sort(distinct))[:most]).astype(np.int64)
    x, z = np.asarray(compositions)[drawn], np.asarray(latents, dtype=np.float64)[drawn]
    contains = np.stack([x[:, ATOMIC_NUMBERS[e] - 1] > 0 for e in elements], axis=1)
    absent = [e for e, column in zip(elements, contains.T, strict=True) if column.sum() < 2]
    if absent:
        raise InputError(
            f"Fewer than two of {len(drawn)} materials hold {listed(absent)}: leave these elements out"
        )
    components = principal(x, z.shape[1], seed)
    plane, other = embed(z, seed), embed(components, seed)
    near = {
        name: neighbours(p)
        for name, p in (("latent", z), ("picture", plane), ("pca", components), ("pp", other))
    }
    generator = np.random.default_rng(seed)
    rows = []
    for element, has in zip(elements, contains.T, strict=True):
        number, inside = clusters(plane[has])
        luck = generator.permutation(len(drawn))[: has.sum()]
        rows.append({
            "element": element, "materials": int(has.sum()), "prevalence": (has.sum() - 1) / (len(has) - 1),
            "purity": purity(near["latent"], has, True),
            "shuffled": purity(near["latent"], generator.permutation(has), True),
            "picture": purity(near["picture"], has, True), "components": purity(near["pca"], has, True),
            "components_picture": purity(near["pp"], has, True),
            "clusters": number, "inside": inside, "several": several(plane[has]),
            "control_several": several(other[has]), "random_several": several(plane[luck]),
        })  # fmt: skip
    frame = pd.DataFrame(rows)
    return ElementMap(drawn, plane, other, tuple(elements), contains, frame), _element_claims(frame)


def _element_claims(frame: DataFrame) -> dict[str, Finding]:
    counted = ", ".join(f"{r.element} {r.clusters} ({r.inside:.0%})" for r in frame.itertuples())
    names = frame["element"].tolist()
    here, control, luck = (
        all_but(names, frame[c].tolist()) for c in ("several", "control_several", "random_several")
    )
    return {
        "element_clusters": Finding(
            here, control,
            f"clusters (share of the materials in them): {counted}; as many materials drawn at random: {luck}",
        ),
        "element_purity": Finding(
            float(frame["purity"].mean()), float(frame["components"].mean()),
            f"mean over {listed(names)}; labels shuffled {frame['shuffled'].mean():.2f}; in the picture "
            f"{frame['picture'].mean():.2f}, that of the principal components {frame['components_picture'].mean():.2f}",
        ),
    }  # fmt: skip


def all_but(names: Sequence[str], hold: Sequence[bool]) -> str:
    """For which names something holds, as the caption says it: "all", "all but O", "none" or a list."""
    yes = [n for n, h in zip(names, hold, strict=True) if h]
    no = [n for n, h in zip(names, hold, strict=True) if not h]
    if not no:
        return "all"
    if not yes:
        return "none"
    return f"all but {', '.join(no)}" if len(no) <= len(yes) else ", ".join(yes)
