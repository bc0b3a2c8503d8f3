"""The filters of Korolev et al. 2020 (Table S2, Figure S9): space group, stability and formation energy of a proposal.

Everything is measured on compositions that no model has learned from; the classifiers of space groups are the shipped
ones, the others are fitted in the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from matwidgets.dual_assessment import nearest_by_cosine
from matwidgets.errors import InputError, listed
from matwidgets.papers import environment
from matwidgets.papers.claims import Finding
from matwidgets.papers.dual_vae_boosting import FRACTIONS, LATENTS, LIGHT, Settings, fit_predict, scores
from matwidgets.papers.dual_vae_endpoints import Encoded
from matwidgets.powder_filters import LAST_GROUPS, SYSTEMS, PowderFilters

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
ORIGINAL, RECONSTRUCTED = "original", "reconstructed"
NEAREST, FOREST, MAJORITY = "nearest training pattern", "extra trees on the 64 latents", "most common class"
TOP = 5
TREES = 150
CUTS = (0.0, 0.05, 0.1)  # eV/atom; the paper does not say where stable ends
CUT = 0.05  # eV/atom; of the ledger and of the shipped property network
STABLE_SET = "mpts_52"  # mp_20_biternary holds nothing above 0.08 eV/atom
PAPERS_ENERGY = "one hidden layer of 171 on the latents"
BOOSTED_LATENTS, BOOSTED_FRACTIONS = f"boosting on {LATENTS}", f"boosting on {FRACTIONS}"
AT_ONCE = 1024  # training patterns that are in memory together


class Profiles(Protocol):
    """Powder patterns that are read a piece at a time."""

    frame: DataFrame

    def take(self, rows: Integers) -> Floats: ...


class Decoder(Protocol):
    """What a trained pattern autoencoder offers."""

    def decode_patterns(self, z: Floats) -> Floats: ...


@dataclass(frozen=True)
class Judged:
    """What a classifier says of unseen patterns.

    Attributes
    ----------
    classifier : str
    learned, asked : str
        On which patterns it learned, and which it was asked about: "original", "reconstructed" or "".
    groups : ndarray of int64, shape (n,)
        True space group numbers.
    said : ndarray of int64, shape (n,)
        Named space groups.
    systems : ndarray of int64, shape (n,)
        Named crystal systems, 0 to 6.
    among : ndarray of bool, shape (n,), or None
        Whether the true space group is among the five likeliest; None where a classifier names only one.
    """

    classifier: str
    learned: str
    asked: str
    groups: Integers
    said: Integers
    systems: Integers
    among: Booleans | None = None

    @property
    def accuracy(self) -> float:
        """Of the space group."""
        return float((self.said == self.groups).mean())

    @property
    def system_accuracy(self) -> float:
        return float((self.systems == systems_of(self.groups)).mean())

    @property
    def top(self) -> float | None:
        return None if self.among is None else float(self.among.mean())

    @property
    def error(self) -> float:
        """Standard error of the space group's accuracy."""
        return float(np.sqrt(self.accuracy * (1 - self.accuracy) / len(self.groups)))

    def confusion(self) -> NDArray[np.int64]:
        """Patterns of each crystal system (rows) by the system that was named (columns), (7, 7)."""
        counts = np.zeros((len(SYSTEMS), len(SYSTEMS)), dtype=np.int64)
        np.add.at(counts, (systems_of(self.groups), self.systems), 1)
        return counts


@dataclass(frozen=True)
class SpaceGroups:
    """Classifiers and controls on the same unseen patterns.

    Attributes
    ----------
    judged : tuple of Judged
    """

    judged: tuple[Judged, ...]

    def of(self, classifier: str, learned: str, asked: str) -> Judged:
        """Look one up; InputError if there is none."""
        for one in self.judged:
            if (one.classifier, one.learned, one.asked) == (classifier, learned, asked):
                return one
        raise InputError(f"No classifier {classifier!r} that learned {learned!r} and was asked {asked!r}")

    def frame(self) -> DataFrame:
        """A row a classifier: classifier, learned, asked, space_group, among_five, crystal_system."""
        import pandas as pd

        return pd.DataFrame(
            {
                "classifier": one.classifier, "learned": one.learned, "asked": one.asked, "space_group": one.accuracy,
                "among_five": one.top, "crystal_system": one.system_accuracy,
            }
            for one in self.judged
        )  # fmt: skip

    def confusion_frame(self, learned: str = RECONSTRUCTED, asked: str = RECONSTRUCTED) -> DataFrame:
        """Figure S9 B, rows of sum 1: crystal system by the one that the network named."""
        import pandas as pd

        counts = self.of(NETWORK, learned, asked).confusion()
        return pd.DataFrame(
            counts / np.maximum(counts.sum(1, keepdims=True), 1), index=list(SYSTEMS), columns=list(SYSTEMS)
        )


NETWORK = "convolutional network"


def space_groups(
    patterns: Profiles,
    filters: Mapping[str, PowderFilters],
    latents: Floats | None = None,
    dual: Decoder | None = None,
    *,
    part: str = "test",
    forest: bool = True,
) -> SpaceGroups:
    """Ask the shipped classifiers about unseen patterns, beside what needs no training of a network.

    Parameters
    ----------
    patterns : Patterns
        With `spacegroup` and `split`; the training rows are those the classifiers have learned from.
    filters : mapping of str to PowderFilters
        By what they learned from, "original" and "reconstructed".
    latents : ndarray, shape (n, 64), optional
        Of all patterns, as `DualVAE.encode_patterns` gives them.
    dual : DualVAE, optional
        Decodes the latents; without both only original patterns are asked about.
    part : str
        Whose rows are asked: "test", or "val".
    forest : bool
        Whether trees are grown on the latents as well, which takes 3 GB of memory for 230 classes.
    """
    split = patterns.frame["split"].to_numpy()
    all_groups = patterns.frame["spacegroup"].to_numpy().astype(np.int64)
    train, asked = np.flatnonzero(split == "train"), np.flatnonzero(split == part)
    if not len(train) or not len(asked):
        raise InputError(
            f"No rows of part {part!r} or of 'train' among {listed(sorted(set(split)))}: give both"
        )
    known, groups = all_groups[train], all_groups[asked]
    pieces = np.array_split(train, -(-len(train) // AT_ONCE))
    views: dict[str, tuple[Iterable[Floats], Floats]] = {
        ORIGINAL: (map(patterns.take, pieces), patterns.take(asked))
    }
    if latents is not None and dual is not None:
        views[RECONSTRUCTED] = (
            (decoded(dual, latents[rows]) for rows in pieces), decoded(dual, latents[asked])
        )  # fmt: skip
    found = [
        judged_network(net, learned, view, seen, groups)
        for learned, net in filters.items()
        for view, (_, seen) in views.items()
    ]
    for view, (learn, seen) in views.items():
        said = known[nearest_by_cosine(learn, seen)]
        found.append(Judged(NEAREST, view, view, groups, said, systems_of(said)))
    if latents is not None and forest:
        said, systems = trees(latents[train], known, latents[asked])
        found.append(Judged(FOREST, RECONSTRUCTED, RECONSTRUCTED, groups, said, systems))
    common = np.bincount(known).argmax()
    system = np.bincount(systems_of(known)).argmax()
    everywhere = np.ones(len(groups), dtype=np.int64)
    environment.give_back()
    found.append(Judged(MAJORITY, "", "", groups, common * everywhere, system * everywhere))
    return SpaceGroups(tuple(found))


def judged_network(
    net: PowderFilters, learned: str, asked: str, profiles: Floats, groups: Integers
) -> Judged:
    """What a network says of patterns (n, 1601) of known space groups (n,)."""
    shares = net.space_groups(profiles)
    systems = np.add.reduceat(shares, [0, *LAST_GROUPS[:-1]], axis=1)
    best = np.argpartition(-shares, TOP, axis=1)[:, :TOP] + 1
    return Judged(
        NETWORK,
        learned,
        asked,
        groups,
        shares.argmax(1) + 1,
        systems.argmax(1),
        (best == groups[:, None]).any(1),
    )


def decoded(dual: Decoder, latents: Floats) -> NDArray[np.float32]:
    """Patterns (n, 1601) of latent points (n, 64), a piece at a time."""
    pieces = (dual.decode_patterns(latents[i : i + AT_ONCE]) for i in range(0, len(latents), AT_ONCE))
    return np.concatenate([np.asarray(piece, dtype=np.float32) for piece in pieces])


def space_group_findings(found: SpaceGroups) -> dict[str, Finding]:
    """Figure S9 A and B, on reconstructed patterns as in the paper, and the same on the originals."""
    findings = {}
    for view, end in ((RECONSTRUCTED, ""), (ORIGINAL, "_original")):
        here = found.of(NETWORK, view, view)
        control, common = found.of(NEAREST, view, view), found.of(MAJORITY, "", "")
        rows = f"{len(here.groups):,} {view} patterns of unseen compositions, standard error {here.error:.3f}"
        findings[f"space_group_accuracy{end}"] = Finding(
            here.accuracy, control.accuracy,
            f"{rows}; {here.top:.2f} are among the five likeliest; always the most common one: {common.accuracy:.2f}",
        )  # fmt: skip
        findings[f"crystal_system_accuracy{end}"] = Finding(
            here.system_accuracy, control.system_accuracy,
            f"{rows}; always the most common one: {common.system_accuracy:.2f}",
        )  # fmt: skip
    return findings


def trees(known: Floats, groups: Integers, asked: Floats, seed: int = 0) -> tuple[Integers, Integers]:
    """Space groups and crystal systems of latent points (m, d) by extremely randomised trees on others (n, d)."""
    from sklearn.ensemble import ExtraTreesClassifier

    model = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=seed, n_jobs=1).fit(known, groups)
    shares = model.predict_proba(asked)
    sums = np.zeros((len(asked), len(SYSTEMS)))
    np.add.at(sums.T, systems_of(model.classes_), shares.T)
    return model.classes_[shares.argmax(1)].astype(np.int64), sums.argmax(1).astype(np.int64)


def systems_of(groups: NDArray[np.integer]) -> Integers:
    """Crystal systems, 0 (triclinic) to 6 (cubic), of space group numbers."""
    return np.searchsorted(LAST_GROUPS, groups).astype(np.int64)


# -- stability -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stability:
    """Is a compound stable? Classifiers at several cuts, on unseen compositions.

    Attributes
    ----------
    frame : DataFrame
        cut (eV/atom above the hull), rows, stable (their share), always (accuracy of the more common answer), and auc,
        accuracy, f1 of each of the inputs as columns ``auc, latents (88)`` and so on.
    inputs : tuple of str
    split : str
    """

    frame: DataFrame
    inputs: tuple[str, ...]
    split: str

    def at(self, cut: float, column: str) -> float:
        """A number of one cut; InputError if that was not fitted."""
        rows = self.frame.loc[self.frame["cut"] == cut, column]
        if not len(rows):
            raise InputError(
                f"No classifier of the cut {cut:g} eV/atom; there are {listed(self.frame['cut'])}"
            )
        return float(rows.iloc[0])


def stability(
    encoded: Encoded,
    *,
    cuts: Sequence[float] = CUTS,
    inputs: Sequence[str] = (LATENTS, FRACTIONS),
    random: bool = False,
    settings: Settings = LIGHT,
    seed: int = 0,
) -> Stability:
    """Fit classifiers of stability: boosting on the 88 latents, as the paper's other models, and on the fractions.

    Parameters
    ----------
    encoded : Encoded
        Its frame with `energy_above_hull`, `set` and `split`. Only rows of mpts_52 are used: the other table was cut at
        0.08 eV/atom before it was published, so that being in it would tell the answer.
    cuts : sequence of float
        eV/atom; stable is at most this.
    inputs : sequence of str
        "latents (88)", "fractions (100)".
    random : bool
        A tenth of the rows drawn at random instead of the split by composition.
    settings : Settings
        Of the boosting.
    seed : int

    Raises
    ------
    InputError
        For other inputs, or a table without what is needed.
    """
    import pandas as pd

    if missing := [n for n in ("energy_above_hull", "set", "split") if n not in encoded.frame]:
        raise InputError(
            f"The table has no column {missing[0]!r}, which stability needs: it has {listed(list(encoded.frame))}"
        )
    given: dict[str, Floats] = {LATENTS: encoded.latents, FRACTIONS: encoded.compositions}
    if unknown := [name for name in inputs if name not in given]:
        raise InputError(
            f"Unknown inputs {unknown[0]!r}; allowed are {listed(list(given))}: choose among these"
        )
    energy = encoded.frame["energy_above_hull"].to_numpy(dtype=np.float64)
    usable = np.flatnonzero((encoded.frame["set"] == STABLE_SET).to_numpy() & np.isfinite(energy))
    if random:
        order = np.random.default_rng(seed).permutation(usable)
        test, train = np.split(order, [len(order) // 10])
    else:
        tested = (encoded.frame["split"] == "test").to_numpy()
        train, test = usable[~tested[usable]], usable[tested[usable]]
    rows = []
    for cut in cuts:
        stable = (energy <= cut).astype(np.float64)
        share = float(stable[test].mean())
        row: dict[str, float] = {
            "cut": cut,
            "rows": len(test),
            "stable": share,
            "always": max(share, 1 - share),
        }
        for name in inputs:
            said = fit_predict(
                given[name][train], stable[train], given[name][test], classify=True, settings=settings, seed=seed
            )  # fmt: skip
            row |= {
                f"{measure}, {name}": value
                for measure, value in scores(stable[test], said, classify=True).items()
            }
        rows.append(row)
    return Stability(pd.DataFrame(rows), tuple(inputs), "random rows" if random else "by composition")


def stability_findings(found: Stability) -> dict[str, Finding]:
    """Figure S9 C and D at the cut `CUT`, that of the shipped network; the paper states none."""

    def over(column: str) -> str:
        return ", ".join(f"{row['cut']:g}: {row[column]:.2f}" for _, row in found.frame.iterrows())

    auc, accuracy = f"auc, {LATENTS}", f"accuracy, {LATENTS}"
    return {
        "stability_auc": Finding(
            found.at(CUT, auc), found.at(CUT, f"auc, {FRACTIONS}"), f"{found.split}; by cut (eV/atom) {over(auc)}"
        ),
        "stability_accuracy": Finding(
            found.at(CUT, accuracy), found.at(CUT, "always"),
            f"{found.split}; by cut (eV/atom) {over(accuracy)}; share of stable rows {over('stable')}",
        ),
    }  # fmt: skip


# -- formation energy ----------------------------------------------------------------------------------------


def formation_energy(encoded: Encoded, *, settings: Settings = LIGHT, seed: int = 0) -> DataFrame:
    """Fit the formation-energy net of Table S2 beside boosting, and measure all on unseen compositions.

    Parameters
    ----------
    encoded : Encoded
        Its frame with `formation_energy` (eV/atom) and `split`.
    settings : Settings
        Of the boosting.
    seed : int

    Returns
    -------
    DataFrame
        A row a model: model, rows, r2, mae, rmse (eV/atom). The paper states no error of this net; it uses it to
        choose among proposals.
    """
    import pandas as pd

    from matwidgets.training import energy_net

    if missing := [n for n in ("formation_energy", "split") if n not in encoded.frame]:
        raise InputError(f"The table has no column {missing[0]!r}: it has {listed(list(encoded.frame))}")
    y = encoded.frame["formation_energy"].to_numpy(dtype=np.float64)
    known = np.isfinite(y)
    tested = (encoded.frame["split"] == "test").to_numpy()
    train, test = np.flatnonzero(known & ~tested), np.flatnonzero(known & tested)
    z, x = encoded.latents, encoded.compositions
    said = {
        PAPERS_ENERGY: energy_net.fit(z[train], y[train], seed)(z[test]),
        BOOSTED_LATENTS: fit_predict(z[train], y[train], z[test], settings=settings, seed=seed),
        BOOSTED_FRACTIONS: fit_predict(x[train], y[train], x[test], settings=settings, seed=seed),
        "the mean": fit_predict(z[train], y[train], z[test], model="mean"),
    }
    return pd.DataFrame(
        {"model": model, "rows": len(test), **scores(y[test], values)} for model, values in said.items()
    )
