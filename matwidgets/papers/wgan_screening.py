"""From generated formulas to a short list: rules, a predicted energy above the hull of known phases, properties.

The conclusion of Hu et al. 2020 says that generated formulas "can be used as a source of new material discovery" and
leaves it there. A formula that passes here is no discovery: it is one that a person may argue about, whose predicted
energy has the error of a network beside it and a hull that lacks what nobody has entered. The same funnel is therefore
run on formulas that were drawn without learning and on known ones with one element substituted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features import occupancy
from matwidgets.papers.claims import Finding
from matwidgets.papers.onehot_vae_samples import METASTABLE
from matwidgets.papers.wgan_samples import GAN, SUBSTITUTED, UNLEARNED, control

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.features.hull import Phases
    from matwidgets.papers.wgan import Formulas
    from matwidgets.predictors import Predictor

CANDIDATES = 500
ENERGY, ABOVE, ERROR = "formation energy", "above the hull", "error of the energy"
PROPERTIES = {"band_gap": "band gap", "bulk_modulus": "bulk modulus"}
STAGES = ("unique", "novel", "neutral", "balanced", "in domain", ABOVE)
"""The funnel, in its order; the last one asks for at most ``METASTABLE`` eV/atom."""


@dataclass(frozen=True)
class Screening:
    """Candidates with everything that is known and predicted of them.

    Attributes
    ----------
    frame : DataFrame
        A row a candidate: formula; unique, novel, neutral, balanced (see `matwidgets.samplers.describe`); in domain
        (bool: whether the energy's network has seen enough like it); above the hull (predicted energy less
        that of the best mixture of other phases, negative below them; NaN where the phases lack an element), formation
        energy and its error (eV/atom); band gap (eV), bulk modulus (GPa); products (text), the phases of that mixture.
    phases : str
        Where the hull is from.
    """

    frame: DataFrame
    phases: str

    def passes(self, stage: str) -> NDArray[np.bool_]:
        """Tell which candidates pass one stage, shape (n,); what could not be checked anywhere is passed by all."""
        column = self.frame[stage]
        if column.isna().all():
            return np.ones(len(column), dtype=bool)
        if stage == ABOVE:
            return np.asarray(column.to_numpy(dtype=float) <= METASTABLE)
        return np.asarray(column.fillna(False).to_numpy(dtype=bool))

    def funnel(self) -> dict[str, int]:
        """Count what is left: "drawn", then after each of ``STAGES``."""
        left = np.ones(len(self.frame), dtype=bool)
        counts = {"drawn": len(left)}
        for stage in STAGES:
            left &= self.passes(stage)
            counts[stage] = int(left.sum())
        return counts

    def short_list(self, most: int = 20) -> DataFrame:
        """The candidates that pass every stage, the lowest above the hull first."""
        left = np.logical_and.reduce([self.passes(stage) for stage in STAGES])
        return self.frame[left].sort_values([ABOVE, "formula"]).head(most).reset_index(drop=True)

    def filters(self) -> list[str | tuple[str, float | None, float | None]]:
        """What a ``GeneratorGallery`` of the frame takes as its filters: the same stages."""
        return [(stage, None, METASTABLE) if stage == ABOVE else stage for stage in STAGES]

    @property
    def units(self) -> dict[str, str]:
        """Units of the columns of numbers."""
        return {
            ENERGY: "eV/atom",
            ABOVE: "eV/atom",
            ERROR: "eV/atom",
            "band gap": "eV",
            "bulk modulus": "GPa",
        }


Load = Callable[[str], "Predictor"]


def screen(
    formulas: Sequence[str], phases: Phases | None = None, *, thrifty: bool = False, load: Load | None = None
) -> Screening:
    """Tell of each formula what decides whether it is worth an argument.

    Parameters
    ----------
    formulas : sequence of str
        Of the 85 elements of `occupancy.ELEMENTS`.
    phases : Phases, optional
        The published ones by default, the handbook's where those are not on this machine.
    thrifty : bool
        Whether nothing is predicted of a formula that breaks a rule before, and no band gap or bulk modulus: the funnel
        is the same.
    load : callable, optional
        A property's name -> its predictor; the shipped ones by default.

    Raises
    ------
    InputError
        No formula.
    """
    from matwidgets.decompositions import known_phases
    from matwidgets.samplers import describe

    if not len(formulas):
        raise InputError("No formula to screen: give at least one")
    hull = known_phases() if phases is None else phases
    take = _shipped if load is None else load
    frame = describe(formulas)[["formula", "unique", "novel", "neutral", "balanced"]]
    screening = Screening(frame, hull.source)
    asked = np.ones(len(frame), dtype=bool)
    if thrifty:
        asked = np.logical_and.reduce([screening.passes(stage) for stage in STAGES if stage in frame])
    energies = _predicted(take("formation_energy"), formulas, asked)
    frame["in domain"] = energies["in_domain"]
    found = [_above(f, e, hull) for f, e in zip(formulas, energies["value"], strict=True)]
    frame[ABOVE] = [above for above, _ in found]
    frame[ENERGY], frame[ERROR] = energies["value"], energies["std"]
    for name, column in () if thrifty else PROPERTIES.items():
        frame[column] = _predicted(take(name), formulas, asked)["value"]
    frame["products"] = [products for _, products in found]
    return screening


def screens(
    model: FormulaGAN, data: Formulas, *, n: int = CANDIDATES, seed: int = 0, phases: Phases | None = None
) -> dict[str, Screening]:
    """Screen n formulas of the model, and as many drawn without learning and made by substitution."""
    learned = occupancy.reduced(data.train.numpy())
    sets = {GAN: model.sample(n, seed=seed).counts}
    sets |= {name: control(name, learned, n, seed) for name in (SUBSTITUTED, UNLEARNED)}
    return {name: screen(occupancy.formulas_of(counts), phases) for name, counts in sets.items()}


def funnels(screened: Mapping[str, Screening]) -> DataFrame:
    """Put the funnels beside each other: a row a stage, a column a sampler."""
    import pandas as pd

    return pd.DataFrame({name: each.funnel() for name, each in screened.items()})


def discovery(funnels: Mapping[str, Sequence[Mapping[str, int]]]) -> dict[str, Finding]:
    """Conclusion: generated formulas as "a source of new material discovery", in candidates of a thousand.

    Parameters
    ----------
    funnels : mapping of str to sequence of dict
        See `Screening.funnel`; of each sampler one or more.
    """

    def left(name: str) -> tuple[float, float]:
        number = sum(each[STAGES[-1]] for each in funnels[name])
        drawn = sum(each["drawn"] for each in funnels[name])
        return 1000 * number / drawn, 1000 * number**0.5 / drawn

    (here, error), (luck, of_luck), (other, of_other) = (left(name) for name in (GAN, UNLEARNED, SUBSTITUTED))
    return {
        "discovery": Finding(
            here, luck,
            "of 1,000 formulas, those that are new, neutral, balanced, like what the energy's network knows and by it "
            f"at most {METASTABLE} eV/atom above the hull: {here:.1f} +- {error:.1f}, without learning {luck:.1f} +- "
            f"{of_luck:.1f}, by ion substitution {other:.1f} +- {of_other:.1f}",
        )
    }  # fmt: skip


def _shipped(name: str) -> Predictor:
    from matwidgets.predictors import load

    return load("crabnet", name)


def _predicted(
    predictor: Predictor, formulas: Sequence[str], asked: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """Value, deviation and domain, shape (n,); NaN and False for what is not asked or has an unknown element."""
    known = set(predictor.elements)
    amounts = occupancy.require_counts(formulas) > 0
    rows = [
        i
        for i in np.flatnonzero(asked).tolist()
        if known.issuperset(occupancy.ELEMENTS[e] for e in np.flatnonzero(amounts[i]))
    ]
    value, std = np.full(len(formulas), np.nan), np.full(len(formulas), np.nan)
    inside = np.zeros(len(formulas), dtype=bool)
    if rows:
        said = predictor.predict([formulas[i] for i in rows])
        value[rows], std[rows], inside[rows] = said["value"], said["std"], said["in_domain"]
    return {"value": value, "std": std, "in_domain": inside}


def _above(formula: str, energy: float, phases: Phases) -> tuple[float, str]:
    """Predicted energy less that of the best mixture of other phases, and these phases; NaN where it is undefined."""
    from matwidgets.features.hull import decompose

    if not np.isfinite(energy):
        return float("nan"), ""
    try:
        found = decompose(formula, phases, energy=float(energy))
    except InputError:  # an element is in no known phase: nothing can be said of its hull
        return float("nan"), ""
    return energy - found.mixture_energy, " + ".join(product.formula for product in found.products)
