"""Where alloys lie in the latent space of Zeng, Khan and Post 2024: the box, simple alloys, groups of elements."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloys import ELEMENTS, descriptors, fractions
from matwidgets.models.disentangled_vae import DisentangledVAE
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Figure 5(b) writes its lists into the picture; the text names only some members of each.
GROUPS: dict[str, tuple[str, ...]] = {
    "magnetic": ("Fe", "Co", "Ni", "Mn", "Cr"),
    "noble": ("Ru", "Rh", "Pd", "Ag", "Os", "Ir", "Pt", "Au"),
    "refractory": ("Ti", "Zr", "Hf", "V", "Nb", "Ta", "Mo", "W", "Re"),
}
BOX = (2.5, 2.0)  # section 3.2.1: z1 in [-2.5, 2.5] and z2 in [-2, 2]
SIMPLE = 4  # section 3.2.2: "no less than four elements" beside "simpler alloys"
SMALLER = 0.8  # an area that is at most this share of another counts as smaller
APART = 0.9  # groups are apart if so many of the nearest alloys are of the own one
NEAREST = 4  # as many as each of the five magnetic alloys has neighbours of its own


def member(model: AlloyModel, number: int) -> AlloyModel:
    """One network of an ensemble with a latent space of its own; it keeps temperature and domain."""
    return AlloyModel([model.networks[number]], model.domain, {**model.card, "shown": 0})


def members(model: AlloyModel) -> list[AlloyModel]:
    """Every network of an ensemble as a model of its own."""
    return [member(model, number) for number in range(model.members)]


def untrained(model: AlloyModel, seed: int = 0) -> AlloyModel:
    """The same network with random weights (torch's own start) and the training rows' scaling of the descriptors."""
    trained = model.networks[model.shown]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = DisentangledVAE(replace(trained.config, spread=None))
    net.center.copy_(trained.center)
    net.scale.copy_(trained.scale)
    return AlloyModel(
        [net.eval().requires_grad_(False)], model.domain, {**model.card, "shown": 0, "temperature": 1.0}
    )


def points(model: AlloyModel, x: Floats) -> Floats:
    """Latent points (n, 2) of fractions (n, 30), each at the probability that the classifier predicts."""
    return model.encode_fractions(x, model.probability(descriptors(x)))


def family_shares(x: Floats) -> Floats:
    """Shares of the three groups of elements and the number of elements of alloys (n, 30): (n, 4)."""
    shares = [x[:, [ELEMENTS.index(symbol) for symbol in group]].sum(axis=1) for group in GROUPS.values()]
    return np.column_stack([*shares, (x > 0).sum(axis=1)])


def families(x: Floats) -> list[str]:
    """The group that more than half of the atoms of each alloy (n, 30) belong to, else "mixed"."""
    shares, names = family_shares(x)[:, : len(GROUPS)], list(GROUPS)
    return [names[int(row.argmax())] if row.max() > 0.5 else "mixed" for row in shares]


def in_box(z: Floats) -> float:
    """Share of latent points (n, 2) in the paper's box."""
    return float(np.all(np.abs(z) < BOX, axis=1).mean())


def density(z: Floats, where: Floats) -> Floats:
    """Gaussian kernel density of points z (n, 2) at other points (m, 2), as in Figure 4(b): per unit area, (m,)."""
    from scipy.stats import gaussian_kde

    return np.asarray(gaussian_kde(z.T)(where.T), dtype=np.float64)


def composition_plane(model: AlloyModel, x: Floats) -> Floats:
    """Alloys (n, 30) on the two principal components of the fractions of the training alloys: no network at all."""
    from sklearn.decomposition import PCA

    return np.asarray(PCA(2, svd_solver="full").fit(model.known_fractions()).transform(x))


def area(z: Floats) -> float:
    """Area of the ellipse of one standard deviation around latent points (n, 2)."""
    return float(np.pi * np.sqrt(max(0.0, np.linalg.det(np.cov(z.T)))))


def box_claim(model: AlloyModel, x: Floats, seed: int = 0) -> tuple[list[float], dict[str, Finding]]:
    """Share of alloys (n, 30) in the box for each member (section 3.2.1); the control are draws of the prior."""
    shares = [in_box(points(one, x)) for one in members(model)]
    prior = in_box(np.random.default_rng(seed).standard_normal((100_000, 2)))
    return shares, {
        "box": Finding(
            float(np.mean(shares)), prior,
            f"{min(shares):.0%} to {max(shares):.0%} in the five spaces; a standard normal, to which training pulls "
            "every space, has even more there",
        )
    }  # fmt: skip


def simple_apart(model: AlloyModel, x: Floats, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Areas of simple alloys and of those with four or more elements (section 3.2.2, Figure 5(a)).

    Returns
    -------
    frame : DataFrame
        One row a member: simple, complex (areas, units of z squared), ratio; shuffled, the ratio with the numbers of
        elements dealt out at random.
    findings : dict of str to Finding
    """
    import pandas as pd

    many = (x > 0).sum(axis=1) >= SIMPLE
    dealt = np.random.default_rng(seed).permutation(many)
    plane = composition_plane(model, x)
    linear = area(plane[many]) / area(plane[~many])
    rows = []
    for one in members(model):
        z = points(one, x)
        simple, several = area(z[~many]), area(z[many])
        rows.append((simple, several, several / simple, area(z[dealt]) / area(z[~dealt])))
    frame = pd.DataFrame(rows, columns=["simple", "complex", "ratio", "shuffled"])
    mean = frame.mean()
    return frame, {
        "simple_apart": Finding(
            _smaller(mean["ratio"]), _smaller(linear),
            f"the ellipse of {many.sum()} alloys with four or more elements has {mean['ratio']:.2f} of the area "
            f"of that of {(~many).sum()} simpler ones; {frame['ratio'].min():.2f} to "
            f"{frame['ratio'].max():.2f} over the members; on two principal components of the fractions {linear:.2f}, "
            f"with the numbers dealt out at random {mean['shuffled']:.2f}",
        )
    }  # fmt: skip


def _smaller(ratio: float) -> str:
    return "smaller" if ratio <= SMALLER else "not smaller"


def group_alloys() -> tuple[list[str], Floats]:
    """All equimolar alloys of four elements of one group: names of the groups, fractions (n, 30)."""
    names, rows = [], []
    for name, group in GROUPS.items():
        for four in itertools.combinations(group, 4):
            names.append(name)
            rows.append(dict.fromkeys(four, 1.0))
    return names, fractions(rows)


def purity(z: Floats, labels: Sequence[str]) -> float:
    """Share of the four nearest neighbours of the same label, mean over the labels, each counting alike."""
    from sklearn.neighbors import NearestNeighbors

    names = np.asarray(labels)
    near = NearestNeighbors(n_neighbors=min(NEAREST, len(z) - 1)).fit(z).kneighbors(return_distance=False)
    same = (names[near] == names[:, None]).mean(axis=1)
    return float(np.mean([same[names == name].mean() for name in np.unique(names)]))


def groups_apart(model: AlloyModel, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Four-element alloys of three groups in each latent space (section 3.2.2, Figure 5(b)).

    Returns
    -------
    frame : DataFrame
        One row a member: purity of the groups, shuffled (labels), untrained (an encoder with random weights).
    findings : dict of str to Finding
    """
    import pandas as pd

    names, x = group_alloys()
    linear = purity(composition_plane(model, x), names)
    dealt = np.random.default_rng(seed).permutation(names).tolist()
    rows = []
    for number, one in enumerate(members(model)):
        z = points(one, x)
        rows.append(
            (purity(z, names), purity(z, dealt), purity(points(untrained(one, seed + number), x), names))
        )
    frame = pd.DataFrame(rows, columns=["purity", "shuffled", "untrained"])
    mean = frame.mean()
    return frame, {
        "groups_apart": Finding(
            _apart(mean["purity"]), _apart(linear),
            f"{mean['purity']:.2f} of the four nearest alloys are of the own group, with random weights "
            f"{mean['untrained']:.2f}, labels shuffled {mean['shuffled']:.2f}, two principal components {linear:.2f}",
        )
    }  # fmt: skip


def _apart(share: float) -> str:
    return "apart" if share >= APART else "mixed"


def traversal(
    model: AlloyModel, axis: int = 0, at: float = 0.0, y: float = 0.9, steps: int = 41, reach: float = 2.5
) -> tuple[Floats, Floats, Floats]:
    """Walk along one latent axis and decode.

    Parameters
    ----------
    model : AlloyModel
    axis : {0, 1}
    at : float
        Place on the other axis.
    y : float
        Probability to decode with.
    steps : int
    reach : float
        From -reach to reach.

    Returns
    -------
    along : ndarray, shape (steps,)
    x : ndarray, shape (steps, 30)
    probability : ndarray, shape (steps,)
        Of a single phase, what the classifier says of these alloys.
    """
    along = np.linspace(-reach, reach, steps)
    z = np.full((steps, 2), at)
    z[:, axis] = along
    x = model.decode(z, y)
    return along, x, model.probability(descriptors(x))
