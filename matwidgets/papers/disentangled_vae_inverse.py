"""Inverse design as in section 3.3 of Zeng, Khan and Post 2024: screening and generation.

Both have their control: labels that mean nothing, a decoder with random weights. And a judge that neither asks, a
random forest fitted to the same labelled rows. The third way, the loop, is in `disentangled_vae_loop`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloy_writing import percentages
from matwidgets.features.alloys import ELEMENTS, descriptors, fractions
from matwidgets.features.composition import simplex_grid
from matwidgets.inverse.inversion import CUTOFF
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae_regions import (
    BOX,
    density,
    families,
    group_alloys,
    members,
    points,
    untrained,
)

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.training.alloy_tables import Alloys

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Judge = Callable[[Floats], Floats]  # descriptors (n, 8) -> probability of a single phase (n,)

PRINTED = (  # section 3.3: place, y, the paper's alloy, what its classifier says of it
    ((0.0, -0.8), 0.9, "Ti9V10Nb19Zr58Ta1Hf2", 1.0),
    ((0.0, -0.8), 0.1, "Cr3Al12Ti19V21Nb28Zr13Ta5", 0.04),
    ((0.8, 0.5), 0.1, "Fe2Co81Ta14Pt2", 0.71),
)
SYSTEM = ("Al", "Cr", "Ni", "Co", "Fe")  # section 3.3: "high-entropy alloy AlCrNiCoFe"
LEAST, MOST, GRID = 0.05, 0.35, 0.05  # section 1: "an integer composition between 5% and 35%"
ADVERSE = -0.2  # a rank correlation at most this counts as adverse
RARER = 0.05  # a share that is at least so much lower counts as rarer
PLACES, SHUFFLES, TREES = 600, 3, 100


def forest(table: Alloys, seed: int, shuffled: bool = False) -> Judge:
    """A random forest (100 trees) on the labelled rows of a seed; on labels dealt out at random it judges nothing."""
    from sklearn.ensemble import RandomForestClassifier

    rows = table.split(seed).labelled
    y = table.y[rows]
    dealt = np.random.default_rng(seed).permutation(y) if shuffled else y
    model = RandomForestClassifier(TREES, random_state=seed, n_jobs=1).fit(table.f[rows], dealt)
    return lambda f: np.asarray(model.predict_proba(f))[:, 1]


# -- screening -----------------------------------------------------------------------------------------------------


def system_grid(size: int = len(SYSTEM)) -> Floats:
    """All alloys of so many elements with 5 to 35 % of each, in steps of 5 %: (n, size)."""
    grid = np.asarray(simplex_grid(size, GRID))
    return grid[((grid >= LEAST - 1e-9) & (grid <= MOST + 1e-9)).all(axis=1)]


def screening(
    model: AlloyModel, table: Alloys | None, elements: Sequence[str] = SYSTEM, seed: int = 0
) -> tuple[DataFrame, dict[str, Finding]]:
    """Judge a whole system with the classifier head, and see which elements are adverse to a single phase.

    Parameters
    ----------
    model : AlloyModel
    table : Alloys or None
        For the control and the independent judge; without it there is no finding.
    elements : sequence of str
    seed : int

    Returns
    -------
    frame : DataFrame
        As ``model.screen``, the likeliest first; with a table also ``forest``.
    findings : dict of str to Finding
    """
    from scipy.stats import spearmanr

    grid = system_grid(len(elements))
    frame = model.screen(grid, elements)
    if table is None:
        return frame, {}
    f = descriptors(grid, tuple(elements))
    judge = forest(table, seed)
    frame["forest"] = judge(descriptors(fractions(frame["alloy"].tolist())))
    here, other = model.probability(f), judge(f)
    luck = np.mean([forest(table, seed + i, shuffled=True)(f) for i in range(SHUFFLES)], axis=0)

    def ranked(p: Floats) -> dict[str, float]:
        return {s: float(spearmanr(column, p)[0]) for s, column in zip(elements, grid.T, strict=True)}

    def adverse(p: Floats) -> str:
        return ", ".join(sorted(s for s, r in ranked(p).items() if r <= ADVERSE)) or "none"

    both = int(((frame["probability"] >= CUTOFF) & (frame["forest"] >= 0.5)).sum())
    return frame, {
        "screen_adverse": Finding(
            adverse(here), adverse(luck),
            "rank correlation of the fraction with the probability: "
            + ", ".join(f"{s} {r:+.2f} (forest {ranked(other)[s]:+.2f})" for s, r in ranked(here).items())
            + f"; {int((here >= CUTOFF).sum())} of {len(grid)} alloys reach {CUTOFF:g}, of "
            f"which the forest confirms {both}",
        )
    }  # fmt: skip


# -- generation ----------------------------------------------------------------------------------------------------


def generated(model: AlloyModel, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Decode and judge again: at the printed places and amid the refractory alloys, in the space of each member.

    The axes of a latent space are nobody's: what the paper finds at (0, -0.8), its refractory alloys, lies elsewhere in
    every other space. So the second part looks for it.

    Returns
    -------
    frame : DataFrame
        member, place ("as printed", "refractory"), z1, z2, y, alloy, family, probability, agrees, paper (its alloy),
        paper_probability.
    findings : dict of str to Finding
    """
    import pandas as pd

    names, x = group_alloys()
    amid = np.asarray(names) == "refractory"
    tables, lucky = [], []
    for number, one in enumerate(members(model)):
        middle = tuple(points(one, x[amid]).mean(axis=0).tolist())
        asked = [("as printed", *row) for row in PRINTED]
        asked += [("refractory", middle, y, alloy, p) for _, y, alloy, p in PRINTED[:2]]
        tables.append(_made(one, asked).assign(member=number))
        luck = untrained(one, seed + number)
        luck.networks[0].classifier = one.networks[0].classifier  # the judge has learned, the decoder has not
        luck.temperature = one.temperature
        lucky.append(_made(luck, asked).assign(member=number))
    frame, control = pd.concat(tables, ignore_index=True), pd.concat(lucky, ignore_index=True)
    single, several = (_amid(frame, y) for y in (0.9, 0.1))
    plain = pd.DataFrame({"family": families(x[amid]), "probability": model.judge(x[amid])["probability"]})
    return frame, {
        "generate_single": Finding(
            _verdict(single), _verdict(plain),
            _told(single) + "; paper Ti9V10Nb19Zr58Ta1Hf2, close to 1; of equimolar refractory alloys, "
            f"which nobody decoded, {(plain['probability'] > 0.5).mean():.0%} are judged single-phase",
        ),
        "generate_multi": Finding(
            _verdict(several), _verdict(single), _told(several) + "; paper Cr3Al12Ti19V21Nb28Zr13Ta5, 0.04"
        ),
        "generate_turn": Finding(
            _turn(single, several), _turn(_amid(control, 0.9), _amid(control, 0.1)),
            f"{single['elements'].mean():.1f} elements with y = 0.9, {several['elements'].mean():.1f} with 0.1; "
            f"aluminium {single['Al'].mean():.1%} and {several['Al'].mean():.1%}",
        ),
    }  # fmt: skip


def _made(model: AlloyModel, asked: Sequence[tuple[Any, ...]]) -> DataFrame:
    z, y = np.array([row[1] for row in asked]), np.array([row[2] for row in asked])
    frame = model.generate(z, y).drop(columns=["std", "distance", "in_domain"])
    x = fractions(frame["alloy"].tolist())
    frame["family"], frame["elements"], frame["Al"] = families(x), (x > 0).sum(1), x[:, ELEMENTS.index("Al")]
    frame["place"] = [row[0] for row in asked]
    frame["paper"], frame["paper_probability"] = [row[3] for row in asked], [row[4] for row in asked]
    return frame


def _amid(frame: DataFrame, y: float) -> DataFrame:
    return frame[(frame["place"] == "refractory") & (frame["y"] == y)]


def _verdict(rows: DataFrame) -> str:
    """Family and phase of the majority."""
    family = Counter(rows["family"]).most_common(1)[0][0]
    return f"{family}, {'single phase' if (rows['probability'] > 0.5).mean() > 0.5 else 'several phases'}"


def _turn(single: DataFrame, several: DataFrame) -> str:
    more = float(several["elements"].mean() - single["elements"].mean()) >= 1
    aluminium = float(several["Al"].mean() - single["Al"].mean()) >= 0.01
    return f"{'more' if more else 'not more'} elements, {'more' if aluminium else 'not more'} aluminium"


def _told(rows: DataFrame) -> str:
    return "probabilities of the members' alloys " + ", ".join(f"{p:.2f}" for p in rows["probability"])


def agreement(model: AlloyModel, known: Floats, seed: int = 0) -> tuple[DataFrame, dict[str, Finding]]:
    """Does the classifier confirm a generated alloy less often where alloys are rare (section 3.3)?

    Parameters
    ----------
    model : AlloyModel
    known : ndarray, shape (n, 30)
        Alloys whose density counts.
    seed : int
        Of 600 places, uniform in the box of section 3.2.1; each is decoded with y = 0.9 and 0.1.

    Returns
    -------
    frame : DataFrame
        One row a member and y: all, rare, dense (shares that agree; the least and the most dense third of the places).
    findings : dict of str to Finding
    """
    import pandas as pd

    generator = np.random.default_rng(seed)
    rows = []
    for number, one in enumerate(members(model)):
        z = generator.uniform(-1, 1, (PLACES, 2)) * BOX
        here = density(points(one, known), z)
        for y in (0.9, 0.1):
            made = percentages(one.decode(z, y)) / 100
            agrees = (one.probability(descriptors(made)) > 0.5) == (y > 0.5)
            rare, dense = _thirds(here, agrees)
            lucky = _thirds(generator.permutation(here), agrees)
            rows.append((number, y, agrees.mean(), rare, dense, *lucky))
    names = ["member", "y", "all", "rare", "dense", "rare_shuffled", "dense_shuffled"]
    frame = pd.DataFrame(rows, columns=names)
    mean, by_y = frame.mean(), frame.groupby("y").mean()
    low, high = by_y.loc[0.1], by_y.loc[0.9]
    return frame, {
        "generate_rare": Finding(
            _rarer(mean["rare"], mean["dense"]), _rarer(mean["rare_shuffled"], mean["dense_shuffled"]),
            f"agreement {mean['rare']:.0%} in the least dense third, {mean['dense']:.0%} in the densest; of alloys "
            f"asked to have several phases {low['all']:.0%} agree, of those asked to have one {high['all']:.0%}: "
            "decoded alloys have traces of many elements, and their entropy speaks for several",
        )
    }  # fmt: skip


def _thirds(order: Floats, values: NDArray[np.bool_]) -> tuple[float, float]:
    low, high = np.quantile(order, (1 / 3, 2 / 3))
    return float(values[order <= low].mean()), float(values[order >= high].mean())


def _rarer(rare: float, dense: float) -> str:
    return "rarer" if rare <= dense - RARER else "not rarer"
