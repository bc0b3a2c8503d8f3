"""The latent space of El-Awady 2023: what linear algebra in it keeps (section 4.2, Figure 8) and what it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.papers.claims import Finding
from matwidgets.papers.onehot_vae import Similarity, decomposition_similarity, untrained

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.features.hull import Phases
    from matwidgets.samplers import Sampler

KEPT = 0.9  # a median cosine from which a direction counts as kept
LARGELY = 0.5  # a median relative error up to which a sum counts as largely right


def decompose_some(
    formulas: Sequence[str], phases: Phases, most: int, seed: int = 0
) -> tuple[list[str], list[dict[str, float]]]:
    """Draw materials and decompose them; those above the hull into two or more others are kept.

    Parameters
    ----------
    formulas : sequence of str
    phases : Phases
    most : int
        How many are drawn.
    seed : int

    Returns
    -------
    materials : list of str
    products : list of dict of str to float
    """
    from matwidgets.features.hull import decompose

    rows = np.random.default_rng(seed).permutation(len(formulas))[:most]
    materials, products = [], []
    for row in rows:
        found = decompose(formulas[row], phases)
        if (found.energy_above_hull or 0.0) > 0 and len(found.products) > 1:
            materials.append(formulas[row])
            products.append({p.formula: p.amount for p in found.products})
    return materials, products


def kept(
    sampler: Sampler, materials: Sequence[str], products: Sequence[Mapping[str, float]], seed: int = 0
) -> tuple[dict[str, Similarity], dict[str, Finding]]:
    """Figure 8 with its controls.

    Returns
    -------
    similarities : dict of str to Similarity
        "trained", "untrained", and each with another material's components ("trained, shuffled", ...).
    findings : dict of str to Finding
    """
    encoders = {"trained": sampler, "untrained": untrained(sampler, seed)}
    found = {}
    for name, encoder in encoders.items():
        found[name] = decomposition_similarity(encoder, materials, products)
        found[f"{name}, shuffled"] = decomposition_similarity(encoder, materials, products, shuffled=seed)
    cosine = {name: float(np.median(each.cosine)) for name, each in found.items()}
    error = {name: float(np.median(each.relative_error)) for name, each in found.items()}
    first = {name: float((each.rank == 1).mean()) for name, each in found.items()}
    other = decomposition_similarity(untrained(sampler, seed + 1), materials, products)
    return found, {
        "similarity": Finding(
            _kept(cosine["trained"]), _kept(cosine["untrained"]),
            f"median cosine {cosine['trained']:.3f}, untrained {cosine['untrained']:.3f}; with another material's "
            f"components {cosine['trained, shuffled']:.3f}, untrained {cosine['untrained, shuffled']:.3f}",
        ),
        "linear": Finding(
            _largely(error["trained"]), _largely(error["untrained"]),
            f"median error {error['trained']:.2f} of the spread, untrained {error['untrained']:.3f}; the true "
            f"components are the nearest for {first['trained']:.0%}, untrained {first['untrained']:.0%}",
        ),
        "learned": Finding(
            _learned(error["trained"], error["untrained"]),
            _learned(float(np.median(other.relative_error)), error["untrained"]),
            "a network near its start is almost linear in the fractions, and a linear map keeps every mixture; "
            "training bends it",
        ),
    }  # fmt: skip


def _kept(cosine: float) -> str:
    return "kept" if cosine >= KEPT else "not kept"


def _largely(error: float) -> str:
    return "largely" if error <= LARGELY else "hardly"


def _learned(error: float, untrained_error: float) -> str:
    return "learned" if error < untrained_error / 2 else "not learned"


def what_it_knows(
    sampler: Sampler, train: DataFrame, test: DataFrame, seed: int = 0, most: int = 6000
) -> DataFrame:
    """Predict the energy of formation from the latent space (the paper's next step), beside what it was made from.

    Gradient-boosted trees (scikit-learn's HistGradientBoostingRegressor with its defaults) on the latent means, on
    those of an untrained encoder, and on the 89 fractions themselves.

    Parameters
    ----------
    sampler : Sampler
    train, test : DataFrame
        formula, energy (eV/atom).
    seed : int
    most : int
        Rows drawn of either.

    Returns
    -------
    DataFrame
        inputs, mae (eV/atom), r2; the last row predicts the mean.
    """
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.metrics import mean_absolute_error, r2_score

    if not len(train) or not len(test):
        raise InputError(f"{len(train)} training and {len(test)} test materials: give some of either")
    train, test = (f.sample(min(most, len(f)), random_state=seed) for f in (train, test))
    x, seen = (onehot.fraction_vectors(f["formula"]) for f in (train, test))
    y, wanted = train["energy"].to_numpy(), test["energy"].to_numpy()
    control = untrained(sampler, seed)
    inputs = {
        f"latent means ({sampler.latent})": (sampler.encode_fractions(x), sampler.encode_fractions(seen)),
        "untrained encoder": (control.encode_fractions(x), control.encode_fractions(seen)),
        "fractions (89)": (x, seen),
    }
    rows = []
    for name, (fitted, given) in inputs.items():
        predicted = HistGradientBoostingRegressor(random_state=seed).fit(fitted, y).predict(given)
        rows.append((name, mean_absolute_error(wanted, predicted), r2_score(wanted, predicted)))
    rows.append(("nothing: the mean", mean_absolute_error(wanted, np.full_like(wanted, y.mean())), 0.0))
    return pd.DataFrame(rows, columns=["inputs", "mae", "r2"])


def way(
    sampler: Sampler, start: str, end: str, steps: int = 41
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Walk a straight line between two materials in the latent space and decode along it.

    Returns
    -------
    t : ndarray, shape (steps,)
        0 to 1.
    fractions : ndarray, shape (steps, 89)
    """
    a, b = sampler.encode([start, end])
    t = np.linspace(0, 1, steps)
    return t, sampler.decode((1 - t[:, None]) * a + t[:, None] * b)
