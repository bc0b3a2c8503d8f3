"""The latent space of powder patterns of Korolev et al. 2020 as a picture (Figure S5), with numbers beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.papers.claims import Finding
from matwidgets.papers.dual_vae_space import (
    NEIGHBOURS,
    Floats,
    Integers,
    clusters,
    embed,
    neighbours,
    principal,
    purity,
)

if TYPE_CHECKING:
    from pandas import DataFrame

Strings = NDArray[np.str_]

WELL = (
    "trigonal",
    "hexagonal",
    "cubic",
)  # caption of Figure S5: well-resolved clusters; the others poorly separable
POINTS = 1050  # in the picture; 150 of each system
SYSTEMS = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", *WELL)


@dataclass(frozen=True)
class SymmetryMap:
    """Figure S5 with equally many structures of every crystal system, so that purities compare.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
    plane, control_plane : ndarray, shape (m, 2)
        t-SNE of the structure latents, and of as many principal components of the profiles.
    systems : ndarray of str, shape (m,)
    frame : DataFrame
        A row a crystal system: system, structures, resolved (what the caption says); chance; purity among the ten
        nearest in the latents, shuffled, picture, components (principal components) and their components_picture;
        clusters and inside of the picture.
    """

    rows: Integers
    plane: NDArray[np.float64]
    control_plane: NDArray[np.float64]
    systems: Strings
    frame: DataFrame


def equal_draw(systems: Strings, most: int = POINTS, seed: int = 0) -> Integers:
    """Draw equally many rows of each of the seven crystal systems, ascending.

    Raises
    ------
    InputError
        For an unknown name, or a system with fewer than eleven rows.
    """
    unknown = sorted(set(systems.tolist()) - set(SYSTEMS))
    if unknown:
        raise InputError(
            f"Crystal system {shown(unknown[0])}; allowed are {listed(SYSTEMS)}: use these names"
        )
    counts = {name: int((systems == name).sum()) for name in SYSTEMS}
    each = min(most // len(SYSTEMS), *counts.values())
    if each <= NEIGHBOURS:
        few = min(counts, key=lambda name: counts[name])
        raise InputError(
            f"{counts[few]} structures are {few}: give at least {NEIGHBOURS + 1} of every crystal system"
        )
    generator = np.random.default_rng(seed)
    parts = [generator.permutation(np.flatnonzero(systems == name))[:each] for name in SYSTEMS]
    return np.sort(np.concatenate(parts)).astype(np.int64)


def by_symmetry(
    latents: Floats, profiles: Floats, systems: Strings, rows: Integers, *, seed: int = 0
) -> tuple[SymmetryMap, dict[str, Finding]]:
    """Figure S5: how well crystal systems are told apart by neighbours, in the latents and in the picture.

    Parameters
    ----------
    latents : ndarray, shape (m, d)
        Of the patterns, drawn rows only.
    profiles : ndarray, shape (m, 1601)
    systems : ndarray of str, shape (m,)
    rows : ndarray of int64, shape (m,)
        From `equal_draw`.
    seed : int
    """
    import pandas as pd

    if not len(latents) == len(profiles) == len(systems) == len(rows):
        raise InputError(
            f"{len(latents)} latents, {len(profiles)} profiles, {len(systems)} systems, {len(rows)} rows: give as many"
        )
    z = np.asarray(latents, dtype=np.float64)
    components = principal(profiles, z.shape[1], seed)
    plane, other = embed(z, seed), embed(components, seed)
    near = {
        name: neighbours(p)
        for name, p in (("latent", z), ("picture", plane), ("pca", components), ("pp", other))
    }
    shuffled = np.random.default_rng(seed).permutation(systems)
    found = []
    for name in SYSTEMS:
        number, inside = clusters(plane[systems == name])
        found.append({
            "system": name, "structures": int((systems == name).sum()), "resolved": name in WELL,
            "chance": ((systems == name).sum() - 1) / (len(systems) - 1),
            "purity": purity(near["latent"], systems, name), "shuffled": purity(near["latent"], shuffled, name),
            "picture": purity(near["picture"], systems, name), "components": purity(near["pca"], systems, name),
            "components_picture": purity(near["pp"], systems, name), "clusters": number, "inside": inside,
        })  # fmt: skip
    frame = pd.DataFrame(found)
    return SymmetryMap(rows, plane, other, systems, frame), _symmetry_claims(frame)


def _symmetry_claims(frame: DataFrame) -> dict[str, Finding]:
    listing = ", ".join(f"{r.system} {r.picture:.2f}" for r in frame.itertuples())
    well = frame["resolved"]
    means = frame.loc[well, "picture"].mean(), frame.loc[~well, "picture"].mean()
    return {
        "symmetry_resolved": Finding(
            apart(frame, "picture"), apart(frame, "components_picture"),
            f"neighbours of the same system in the picture, chance {frame['chance'].mean():.2f}: {listing}; the three "
            f"{means[0]:.2f}, the four {means[1]:.2f}",
        ),
        "symmetry_purity": Finding(
            float(frame["purity"].mean()), float(frame["components"].mean()),
            f"mean over the seven systems, equally many of each; labels shuffled {frame['shuffled'].mean():.2f}; in "
            f"the picture {frame['picture'].mean():.2f}, that of the principal components "
            f"{frame['components_picture'].mean():.2f}",
        ),
    }  # fmt: skip


def apart(frame: DataFrame, column: str) -> str:
    """Whether each of the three systems is purer than each of the four: "apart"; or by their means only: "partly"."""
    well, poorly = (frame.loc[frame["resolved"] == yes, column] for yes in (True, False))
    if well.min() > poorly.max():
        return "apart"
    return "partly" if well.mean() > poorly.mean() else "not apart"
