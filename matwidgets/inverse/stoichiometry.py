"""The plain formulas of a system: where compounds are, and where a slope from the middle rarely ends.

A stable compound is often a narrow well at one ratio of two or three elements, CaO among the mixtures of Ca, Al, Si and
O. Trying every ratio of small whole numbers costs a few hundred evaluations.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.objectives import Floats

COUNT = 4  # atoms of one element in a formula unit, at most: TiC, Al2O3, Si3N4, and B4C
TOGETHER = 3  # elements in a formula
MOST = 1024  # formulas of a system; of larger systems a seeded choice, with all pairs first


def plain_formulas(feasible: Feasible, seed: int = 0) -> Floats:
    """Feasible compositions with small whole numbers of atoms, shape (n, k), each once."""
    k = len(feasible.elements)
    random = np.random.default_rng(seed)
    rows: list[Floats] = []
    for size in range(1, min(TOGETHER, k) + 1):
        ratios = np.array(
            [r for r in itertools.product(range(1, COUNT + 1), repeat=size) if math.gcd(*r) == 1], dtype=float
        )
        ratios /= ratios.sum(1, keepdims=True)
        for chosen in itertools.combinations(range(k), size):
            here = np.zeros((len(ratios), k))
            here[:, chosen] = ratios
            rows.append(here)
    made = np.concatenate(rows)
    made = made[feasible.contains(made)]
    if len(made) <= MOST:
        return made
    few = np.flatnonzero((made > 0).sum(1) < TOGETHER)[:MOST]
    others = np.flatnonzero((made > 0).sum(1) == TOGETHER)
    return made[np.sort(np.concatenate([few, random.choice(others, MOST - len(few), replace=False)]))]
