"""Reconstructions of unseen patterns and compositions of Korolev et al. 2020 (Figures S2 and S3), with numbers.

The paper looks at pictures. Here each reconstruction stands beside those of as many principal components as the network
has latent dimensions, of the nearest training row and, for patterns, of the mean pattern: what a network must beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.dual_assessment import (
    CompositionAgreement,
    PatternAgreement,
    best_decoding,
    composition_agreement,
    nearest_by_cosine,
    nearest_by_exchange,
    pattern_agreement,
    principal_components,
)
from matwidgets.errors import InputError
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.papers import environment
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.dual_models import DualVAE
    from matwidgets.patterns import Patterns

Floats = NDArray[np.floating]
ROWS = 1000  # test rows that are reconstructed; all 2,600 tell the same to two digits
TRAINED = 5000  # training rows that principal components of patterns are found in: 64 need no more, and memory counts
AT_ONCE = 1024  # training patterns that are in memory together
NETWORK = "dual_vae"
ALIKE, MOST = 0.9, 0.5  # the rules of `pattern_findings` and `composition_findings`


@dataclass(frozen=True)
class Reconstructions:
    """True rows and what became of them.

    Attributes
    ----------
    rows : ndarray of int64, shape (n,)
        Rows of the table of patterns.
    truth : ndarray, shape (n, 1601) or (n, 100)
    decoded : dict of str to ndarray
        "dual_vae" and each control -> the shape of `truth`.
    agreement : dict of str to PatternAgreement or CompositionAgreement
        The same names.
    """

    rows: NDArray[np.int64]
    truth: Floats
    decoded: dict[str, Floats]
    agreement: dict[str, PatternAgreement] | dict[str, CompositionAgreement]

    @property
    def frame(self) -> DataFrame:
        """The agreements as a table, one row a means of reconstruction."""
        import pandas as pd

        return pd.DataFrame({name: vars(found) for name, found in self.agreement.items()}).T.drop(
            columns="rows"
        )


def unseen(patterns: Patterns, rows: int = ROWS, seed: int = 0) -> NDArray[np.int64]:
    """Draw rows of the test split.

    Raises
    ------
    InputError
        The table has no test rows (the handbook's crystals have no split).
    """
    return _drawn(patterns, "test", rows, seed)


def reconstruct_patterns(
    dual: DualVAE, patterns: Patterns, *, rows: int = ROWS, trained: int = TRAINED, seed: int = 0
) -> Reconstructions:
    """Reconstruct unseen powder patterns (Figure S2).

    Parameters
    ----------
    dual : DualVAE
    patterns : Patterns
        "mp".
    rows, trained : int
        Test rows, and training rows for principal components and mean; the nearest pattern is sought among all.
    seed : int

    Raises
    ------
    InputError
        The table has no such split.
    """
    chosen = unseen(patterns, rows, seed)
    truth, train = patterns.take(chosen), patterns.take(_drawn(patterns, "train", trained, seed))
    every = np.flatnonzero(patterns.frame["split"] == "train")
    pieces = np.array_split(every, -(-len(every) // AT_ONCE))
    components = dual.parts[1]
    decoded: dict[str, Floats] = {
        NETWORK: dual.decode_patterns(dual.encode_patterns(truth)),
        f"{components} principal components": principal_components(train, truth, components),
        f"{components} principal components of roots": principal_components(
            train, truth, components, root=True
        ),
        "nearest training pattern": patterns.take(
            every[nearest_by_cosine(map(patterns.take, pieces), truth)]
        ),
        "mean pattern": np.repeat(train.mean(0, keepdims=True), len(truth), axis=0),
    }
    del train
    environment.give_back()
    return Reconstructions(
        chosen, truth, decoded, {name: pattern_agreement(truth, back) for name, back in decoded.items()}
    )


def reconstruct_compositions(
    dual: DualVAE, patterns: Patterns, *, rows: int = ROWS, trained: int = 30_000, seed: int = 0
) -> Reconstructions:
    """Reconstruct unseen compositions (Figure S3), by default beside all training rows.

    Each means has its own best threshold and tolerance on validation rows, so that none suffers from another's rule.
    Parameters and errors as in `reconstruct_patterns`.
    """
    chosen = unseen(patterns, rows, seed)
    formulas = patterns.frame["formula"].to_numpy()
    truth, val, train = (
        fraction_vectors(formulas[part].tolist())
        for part in (chosen, _drawn(patterns, "val", rows, seed), _drawn(patterns, "train", trained, seed))
    )
    components = dual.parts[0]

    def network(x: Floats) -> Floats:
        return dual.decode_compositions(dual.encode_fractions(x))

    def linear(x: Floats) -> Floats:
        return principal_components(train, x, components)

    def nearest(x: Floats) -> Floats:
        return np.asarray(train[nearest_by_exchange(train, x)])

    means = {
        NETWORK: network, f"{components} principal components": linear, "nearest training composition": nearest
    }  # fmt: skip
    decoded: dict[str, Floats] = {}
    agreement: dict[str, CompositionAgreement] = {}
    for name, function in means.items():
        rule = best_decoding(val, _normalised(function(val)))
        decoded[name] = _normalised(function(truth))
        agreement[name] = composition_agreement(truth, decoded[name], rule["threshold"], rule["tolerance"])
    return Reconstructions(chosen, truth, decoded, agreement)


def pattern_findings(found: Reconstructions) -> dict[str, Finding]:
    """For the ledger: whether unseen patterns and their reconstructions are alike, beside the best other means.

    The paper looks; here "alike" is a mean cosine of at least `ALIKE`.
    """

    def word(numbers: dict[str, float]) -> str:
        return "alike" if numbers["cosine"] >= ALIKE else "unlike"

    own, name, other = _beside(found, "cosine")
    why = (
        f"cosine {own['cosine']:.3f}, peaks found again {own['recall']:.2f}, drawn peaks that are true "
        f"{own['precision']:.2f}; {name} {other['cosine']:.3f}, {other['recall']:.2f} and {other['precision']:.2f}"
    )
    return {"pattern_reconstruction": Finding(word(own), word(other), why)}


def composition_findings(found: Reconstructions) -> dict[str, Finding]:
    """For the ledger: whether unseen compositions are given back, beside the best other means.

    The paper looks; here "given back" is the exact formula for more than half of the rows, "nearly" the right elements
    for more than half.
    """

    def word(numbers: dict[str, float]) -> str:
        if numbers["returned"] > MOST:
            return "given back"
        return "nearly" if numbers["elements"] > MOST else "not given back"

    own, name, other = _beside(found, "returned")
    why = (
        f"formulas {own['returned']:.0%}, all elements right {own['elements']:.0%}, {own['error']:.1%} of the atoms to "
        f"exchange; {name} {other['returned']:.0%}, {other['elements']:.0%} and {other['error']:.1%}"
    )
    return {"composition_reconstruction": Finding(word(own), word(other), why)}


@dataclass(frozen=True)
class ActiveUnits:
    """Latent dimensions in use: the variance of the posterior mean over unseen rows exceeds 0.01.

    Attributes
    ----------
    composition, pattern : ndarray of bool, shapes (24,) and (64,)
    divergence : dict of str to ndarray
        "composition", "pattern" -> divergence of each dimension from the prior in nats, as the card has it.
    """

    composition: NDArray[np.bool_]
    pattern: NDArray[np.bool_]
    divergence: dict[str, Floats]


def active_units(dual: DualVAE, patterns: Patterns, *, rows: int = ROWS, seed: int = 0) -> ActiveUnits:
    """Which latent dimensions unseen materials spread over (Burda et al. 2016)."""
    chosen = unseen(patterns, rows, seed)
    z = dual.encode(patterns.frame["formula"].to_numpy()[chosen].tolist(), patterns.take(chosen))
    active = z.var(0) > 0.01
    units = {
        name: np.asarray(dual.card["measured"]["test"][name]["units"]) for name in ("composition", "pattern")
    }
    return ActiveUnits(active[: dual.parts[0]], active[dual.parts[0] :], units)


def traverse(
    dual: DualVAE, z: Floats, dimension: int, steps: int = 7
) -> tuple[Floats, NDArray[np.float32], list[str | None]]:
    """Walk along one latent dimension through the box, all others as they are.

    Parameters
    ----------
    dual : DualVAE
    z : ndarray, shape (88,)
        Where to start from, of an encoded material for example.
    dimension : int
        0 to 87; the first 24 change the composition, the others the pattern.
    steps : int

    Returns
    -------
    values : ndarray, shape (steps,)
    profiles : ndarray, shape (steps, 1601)
    formulas : list, length steps

    Raises
    ------
    InputError
        No such dimension, or fewer than two steps.
    """
    if not 0 <= dimension < dual.latent or steps < 2:
        raise InputError(
            f"dimension {dimension} in {steps} steps; allowed are 0 to {dual.latent - 1} and 2 steps or more: give such"
        )
    low, high = (edge[dimension] for edge in dual.box)
    values = np.linspace(low, high, steps)
    points = np.repeat(np.asarray(z, dtype=np.float64).reshape(1, -1), steps, axis=0)
    points[:, dimension] = values
    decoded = dual.decode(points)
    return values, decoded.profiles, decoded.formulas


def _beside(found: Reconstructions, best: str) -> tuple[dict[str, float], str, dict[str, float]]:
    """What the network reached, and the name and the numbers of the best other means."""
    numbers = {name: dict(vars(agreement)) for name, agreement in found.agreement.items()}
    own = numbers.pop(NETWORK)
    name = max(numbers, key=lambda other: numbers[other][best])
    return own, name, numbers[name]


def _normalised(fractions: Floats) -> Floats:
    return np.asarray(fractions / np.maximum(fractions.sum(1, keepdims=True), 1e-12))


def _drawn(patterns: Patterns, split: str, rows: int, seed: int) -> NDArray[np.int64]:
    where = (
        np.flatnonzero(patterns.frame["split"] == split) if "split" in patterns.frame else np.empty(0, int)
    )
    if not len(where):
        raise InputError(
            f"The patterns {patterns.name!r} have no {split} rows: load those of the published structures, 'mp'"
        )
    chosen = np.random.default_rng(seed).permutation(where)[:rows]
    return np.sort(np.asarray(chosen, dtype=np.int64))
