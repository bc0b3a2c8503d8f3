"""What the critic's T has learned of the elements, beside what counting their company and chance give.

The paper says that "the weights of the generated model and discriminant model store the information of element
combination rules". If T holds chemistry, elements of one group of the periodic table should be neighbours in it.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.data import compounds
from matwidgets.data.handbook import formation_enthalpies
from matwidgets.element_vectors import Mat2vecVectors, RandomVectors
from matwidgets.errors import MissingTableError
from matwidgets.features import occupancy
from matwidgets.features.element_similarity import GROUPS, cooccurrence, cosines, group_precision
from matwidgets.models.wgan import Critic, make_generator
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
DRAWS = 100  # of a random T, and of groups shuffled over the elements
VECTORS = {
    "critic": "T of the trained critic",
    "before": "T before training",
    "cells": "the critic's vectors of cells",
    "company": "company counted (PMI)",
    "cell_company": "company of cells counted (PMI)",
    "mat2vec": "mat2vec (abstracts)",
}


def initial_embedding(model: FormulaGAN) -> Floats:
    """T as it was before the training: the first weights of the critic, drawn again from the recipe's seed.

    Returns
    -------
    ndarray, shape (85, d)
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(int(model.card["recipe"]["seed"]))
        make_generator(model.generator.config)  # draws first, as in a training
        first: Floats = Critic(model.critic.config).embedding.double().numpy()
    return first


def cell_vectors(model: FormulaGAN) -> Floats | None:
    """What a critic that sees pairs has learned of each element's eight cells, (85, 8 c); None if it sees none."""
    if model.critic.cells is None:
        return None
    weights = model.critic.cells.weight.detach().double().numpy().T  # (85 * 8, c)
    return np.asarray(weights.reshape(len(occupancy.ELEMENTS), -1))


@dataclass(frozen=True)
class ElementGroups:
    """How well groups of the periodic table hold together.

    Attributes
    ----------
    frame : DataFrame
        A row a set of vectors: vectors, called; R-precision of each of `GROUPS` and "mean" over them.
    chance : tuple of float
        Mean and 95 % quantile of that mean with the groups shuffled over the elements, in the critic's T.
    at_random : tuple of float
        Mean and 95 % quantile of it over as many random T.
    vectors : dict of str to ndarray, shape (85, d)
    source : str
        What company was counted in.
    """

    frame: DataFrame
    chance: tuple[float, float]
    at_random: tuple[float, float]
    vectors: dict[str, Floats]
    source: str


def by_group(
    model: FormulaGAN,
    formulas: Sequence[str] | NDArray[np.integer] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[ElementGroups, dict[str, Finding]]:
    """Measure whether elements of one group are each other's nearest in T, and in what T competes with.

    Parameters
    ----------
    model : FormulaGAN
    formulas : sequence of str, or ndarray of whole numbers, shape (n, 85), optional
        In which company is counted; by default OQMD's, where that table is not on this machine the handbook's.
    draws : int
        Random T, and shuffles.
    seed : int
    """
    import pandas as pd

    given, source = _company() if formulas is None else (formulas, f"{len(formulas):,} formulas")
    vectors: dict[str, Floats] = {"critic": model.embedding, "before": initial_embedding(model)}
    cells = cell_vectors(model)
    if cells is not None:
        vectors["cells"] = cells
    counts = given if isinstance(given, np.ndarray) else occupancy.encode(list(given)).counts
    vectors["company"] = cooccurrence(counts)
    vectors["cell_company"] = cooccurrence(counts, cells=True)
    with contextlib.suppress(MissingTableError):  # the row is missing then
        vectors["mat2vec"] = Mat2vecVectors().fit(["TiC"]).vectors_
    rows = []
    for name, table in vectors.items():
        found = group_precision(cosines(table))
        rows.append({"vectors": name, "called": VECTORS[name], **found, "mean": _mean(found)})
    generator = np.random.default_rng(seed)
    likeness = cosines(model.embedding)
    shuffled = []
    for _ in range(draws):
        order = generator.permutation(len(likeness))
        shuffled.append(_mean(group_precision(likeness[np.ix_(order, order)])))
    width = model.embedding.shape[1]
    lucky = [
        _mean(group_precision(cosines(RandomVectors(width, seed=seed + i).fit(["TiC"]).vectors_)))
        for i in range(draws)
    ]
    groups = ElementGroups(pd.DataFrame(rows), _level(shuffled), _level(lucky), vectors, source)
    return groups, _claims(groups)


def _company() -> tuple[list[str], str]:
    try:
        formulas = compounds.load_oqmd()["formula"].tolist()
        return formulas, f"{len(formulas):,} compounds of OQMD"
    except MissingTableError:
        formulas = formation_enthalpies()["formula"].tolist()
        return formulas, f"{len(formulas):,} compounds of the handbook"


def _mean(found: dict[str, float]) -> float:
    return float(np.mean([found[name] for name in GROUPS]))


def _level(values: Sequence[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.quantile(values, 0.95))


def _claims(found: ElementGroups) -> dict[str, Finding]:
    means = dict(zip(found.frame["vectors"], found.frame["mean"], strict=True))
    told = ", ".join(f"{VECTORS[name]} {value:.2f}" for name, value in means.items())
    return {
        "element_groups": Finding(
            means["critic"], means["company"],
            f"share of relatives among the nearest elements, mean over {len(GROUPS)} groups: {told}; random T "
            f"{found.at_random[0]:.2f} (95 % of draws below {found.at_random[1]:.2f}), groups shuffled "
            f"{found.chance[0]:.2f}; company is counted in {found.source}",
        )
    }  # fmt: skip
