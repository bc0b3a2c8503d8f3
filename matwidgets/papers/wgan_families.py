"""Superconductors by family in the critic's representation (Figure 4b), with numbers and controls beside the picture.

The paper shows a t-SNE map of C = amounts times T, in which cuprates, iron-based and other superconductors "can be
automatically separated", and takes that for a merit of T. Each family is defined by its elements, so any representation
that keeps the elements apart separates them: the controls are one-hot, a random T, and the critic's own T before it
learned.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3, Figure 4b.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.data import superconductors
from matwidgets.data.compounds import load_superconductors
from matwidgets.element_vectors import MagpieVectors, RandomVectors, amounts
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features.formula import parse_formula
from matwidgets.features.occupancy import INDEX
from matwidgets.papers.claims import Finding
from matwidgets.papers.dual_vae_space import NEIGHBOURS, embed, neighbours, purity
from matwidgets.papers.wgan_elements import initial_embedding

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Family = Literal["cuprate", "iron", "other"]
FAMILIES: dict[str, str] = {"cuprate": "cuprates", "iron": "iron-based", "other": "others"}

# What makes a cuprate or an iron-based superconductor here: its layers. CuO2 planes with all that lies between them
# have at least one copper for ten oxygens, Fe2X2 layers at least two irons for five of As, P, S, Se and Te. A few per
# cent of Cu or Fe in another superconductor, and filled skutterudites such as LaFe4P12, are others.
COPPER, IRON = 0.1, 0.4
ANIONS = ("As", "P", "S", "Se", "Te")
RULE = "cuprate: Cu at least a tenth of O; iron-based: Fe at least two fifths of As, P, S, Se and Te together"

POINTS = 2000  # of a picture: three maps of so many take 15 s of one processor
# Rule for "separated", set before any picture was looked at: of the neighbours of each family's members in the map at
# least nine in ten are of that family.
SEPARATED = 0.9
SPACES = {
    "critic": "C of the trained critic",
    "before": "C before training",
    "random": "C of a random T",
    "one_hot": "one-hot",
    "magpie": "Magpie",
}
MAPPED = ("critic", "random", "one_hot")


def family(formula: str) -> Family:
    """Name the family of a superconductor by `RULE`, iron before copper.

    Raises
    ------
    InputError
        The formula cannot be read.
    """
    found = parse_formula(formula)
    anions = sum(found.get(symbol, 0.0) for symbol in ANIONS)
    if anions and found.get("Fe", 0.0) >= IRON * anions:
        return "iron"
    oxygen = found.get("O", 0.0)
    return "cuprate" if oxygen and found.get("Cu", 0.0) >= COPPER * oxygen else "other"


@dataclass(frozen=True)
class Superconductors:
    """Superconductors that are drawn.

    Attributes
    ----------
    formulas : list of str, length n
    families : ndarray of str, shape (n,)
    source : str
        For people: how many of how many, and of what.
    counts : dict of str to int
        Of each family.
    """

    formulas: list[str]
    families: NDArray[np.str_]
    source: str

    @property
    def counts(self) -> dict[str, int]:
        """How many are of each family."""
        found = Counter(self.families.tolist())
        return {name: found[name] for name in FAMILIES}


def drawn(most: int = POINTS, seed: int = 0) -> Superconductors:
    """Draw superconductors of SuperCon, or take the handbook's list where its table is not on this machine.

    Of the formulas that have the same elements one is drawn: beside a compound with a little more of a dopant every
    material is among its like, in any representation.

    Parameters
    ----------
    most : int
    seed : int
    """
    try:
        frame = load_superconductors()
    except MissingTableError:
        frame = superconductors.known_superconductors()
        formulas = frame["formula"].tolist()
        families = np.array([family(formula) for formula in formulas])
        return Superconductors(formulas, families, f"{len(formulas)} well-known superconductors")
    generator = np.random.default_rng(seed)
    by_elements: dict[frozenset[str], str] = {}
    for i in generator.permutation(len(frame)):
        formula = frame["formula"][i]
        by_elements.setdefault(frozenset(parse_formula(formula)), formula)
    usable = [formula for elements, formula in by_elements.items() if elements <= INDEX.keys()]
    formulas = usable[:most]
    families = np.array([family(formula) for formula in formulas])
    said = (
        f"{len(formulas):,} of SuperCon's {len(by_elements):,} sets of elements, one superconductor of each"
    )
    return Superconductors(formulas, families, said)


def spaces(model: FormulaGAN, formulas: Sequence[str], seed: int = 0) -> dict[str, Floats]:
    """Represent formulas by each of `SPACES`, shape (n, d) each; Magpie only where its table is on this machine.

    Amounts are as written, which is the paper's way. Magpie's columns have different units and are standardised.
    """
    n = amounts(formulas)
    width = model.embedding.shape[1]
    made = {
        "critic": n @ model.embedding,
        "before": n @ initial_embedding(model),
        "random": RandomVectors(width, seed=seed).fit_transform(formulas),
        "one_hot": n,
    }
    try:
        statistics = MagpieVectors().fit_transform(formulas)
    except MissingTableError:
        return made
    spread = statistics.std(axis=0)
    return made | {"magpie": (statistics - statistics.mean(axis=0)) / np.where(spread > 0, spread, 1.0)}


@dataclass(frozen=True)
class FamilyMap:
    """Figure 4b.

    Attributes
    ----------
    materials : Superconductors
    planes : dict of str to ndarray, shape (n, 2)
        t-SNE by name of the space, of those in `MAPPED`.
    frame : DataFrame
        A row a space and place ("space" or "map"): space, place; share of the nearest neighbours that are of the same
        family, for each family and "mean" over them.
    chance : dict of str to float
        The same with the families shuffled among the materials of the critic's space.
    """

    materials: Superconductors
    planes: dict[str, Floats]
    frame: DataFrame
    chance: dict[str, float]

    def row(self, space: str, place: str = "space") -> dict[str, float]:
        """Purity by family in a space or its map; KeyError if it was not drawn."""
        rows = self.frame[(self.frame["space"] == space) & (self.frame["place"] == place)]
        if rows.empty:
            raise KeyError(f"{space}, {place}")
        return {name: float(rows.iloc[0][name]) for name in (*FAMILIES, "mean")}


def by_family(
    model: FormulaGAN,
    materials: Superconductors | None = None,
    *,
    mapped: Sequence[str] = MAPPED,
    k: int = NEIGHBOURS,
    seed: int = 0,
) -> tuple[FamilyMap, dict[str, Finding]]:
    """Figure 4b: how pure the neighbourhoods of the three families are, in each space and in its t-SNE map.

    Parameters
    ----------
    model : FormulaGAN
    materials : Superconductors, optional
        By default those of `drawn`.
    mapped : sequence of str
        The spaces that are laid out in a plane; "critic" and one of the controls at least.
    k : int
        Neighbours of each.
    seed : int

    Raises
    ------
    InputError
        Fewer than two of a family, too few materials for a picture, or maps without the critic or a control.
    """
    import pandas as pd

    if "critic" not in mapped or len(set(mapped) & {"random", "one_hot", "before"}) == 0:
        raise InputError(f"Maps of {', '.join(mapped)}: give critic and one of random, one_hot, before")
    shown = drawn(seed=seed) if materials is None else materials
    few = [FAMILIES[name] for name, count in shown.counts.items() if count < 2]
    if few:
        raise InputError(
            f"Fewer than two of {len(shown.formulas)} superconductors are {', '.join(few)}: give more"
        )
    made = spaces(model, shown.formulas, seed)
    planes = {name: embed(made[name], seed) for name in mapped if name in made}
    places = [(name, "space", points) for name, points in made.items()]
    places += [(name, "map", points) for name, points in planes.items()]
    near = {(name, place): neighbours(points, k) for name, place, points in places}
    rows = [
        {"space": name, "place": place} | _purities(near[name, place], shown.families)
        for name, place, _ in places
    ]
    shuffled = np.random.default_rng(seed).permutation(shown.families)
    chance = _purities(near["critic", "space"], shuffled)
    found = FamilyMap(shown, planes, pd.DataFrame(rows), chance)
    return found, _claims(found)


def separated(purities: Mapping[str, float]) -> str:
    """What the paper says of the map, by the rule above."""
    return "separated" if all(purities[name] >= SEPARATED for name in FAMILIES) else "not separated"


def _purities(near: NDArray[np.int64], families: NDArray[np.str_]) -> dict[str, float]:
    found = {name: purity(near, families, name) for name in FAMILIES}
    return found | {"mean": float(np.mean(list(found.values())))}


def _claims(found: FamilyMap) -> dict[str, Finding]:
    spaces = {name: found.row(name) for name in found.frame["space"].unique()}
    maps = {name: found.row(name, "map") for name in found.planes}
    blind = [name for name in ("random", "one_hot", "before") if name in maps]
    least = {name: min(maps[name][kind] for kind in FAMILIES) for name in maps}
    counted = ", ".join(f"{FAMILIES[kind]} {n}" for kind, n in found.materials.counts.items())
    told = ", ".join(f"{SPACES[name]} {values['mean']:.3f}" for name, values in spaces.items())
    best = max(("random", "one_hot", "before"), key=lambda name: spaces[name]["mean"])
    by_control = [separated(maps[name]) for name in blind]
    return {
        "families_separate": Finding(
            separated(maps["critic"]),
            "separated" if "separated" in by_control else "not separated",
            f"{found.materials.source} ({counted}); least purity of a family in the map: "
            + ", ".join(f"{SPACES[name]} {value:.2f}" for name, value in least.items()),
        ),
        "family_purity": Finding(
            spaces["critic"]["mean"], spaces[best]["mean"],
            f"mean over the families; {told}; families shuffled {found.chance['mean']:.3f}",
        ),
    }  # fmt: skip
