"""Train a generator of materials: the modified one-hot VAE on the published compounds or on a user's formulas."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets import __version__
from matwidgets.data import datasets, splits
from matwidgets.decompositions import load_decompositions
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features import onehot
from matwidgets.features.prevalence import (
    elements_histogram,
    independent_materials,
    kl_divergence,
    prevalence,
)
from matwidgets.features.validity import balanced, neutral
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.run import Run
from matwidgets.samplers import RULES, WORDS, Sampler, Samples
from matwidgets.training import aggregate, generators, threads
from matwidgets.training.aggregate import Mixture
from matwidgets.training.states import require_state, state_file
from matwidgets.training.vae import UNKNOWN, Autoencoding, Recipe, Table, measure

if TYPE_CHECKING:
    from pandas import DataFrame

PRESETS = ("binder", "paper")
COMPOUNDS = "formation_energy"  # the 85,014 ground-state compositions of the Materials Project
NO_CLASSES = "none known (`matwidgets decompose --all` computes them); the classifier is untrained"
BINDER = OneHotVAEConfig(likelihood="multinomial")
SAMPLES = 10_000  # section 4.1
THRESHOLDS = tuple(round(0.02 + 0.005 * i, 3) for i in range(23))
TOLERANCES = (0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08)


@dataclass
class GeneratorResult:
    """A trained generator and where it was written.

    Attributes
    ----------
    sampler : Sampler
    card : dict
    path : Path or None
    """

    sampler: Sampler
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        return f"<GeneratorResult {self.sampler!r}{where}>"


class _Training:
    """An autoencoding that ends with tuned decoding rules and a card; made and used in the worker thread."""

    def __init__(
        self, job: Autoencoding, tables: Mapping[str, Table], card: dict[str, Any], out: Path | None
    ) -> None:
        self.job, self.tables, self.card, self.out = job, tables, card, out
        self.past, self.save = list(job.past), job.save

    @property
    def finished(self) -> bool:
        return self.job.finished

    def advance(self) -> dict[str, Any] | None:
        return self.job.advance()

    def result(self) -> GeneratorResult:
        net = self.job.result()
        # As a reader of the file will have it, so that the card tells of the weights that are shipped.
        done = {"epochs": self.job.epoch, "seconds": round(self.job.seconds, 3)}
        sampler = finish(
            _halved(net), self.tables, self.card | done, self.job.recipe, samples=self.out is not None
        )
        path = None
        if self.out is not None and self.finished:
            path = generators.write(
                self.out / f"{sampler.word}.safetensors", sampler.net, sampler.card, sampler.mixture
            )
            generators.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        return GeneratorResult(sampler, sampler.card, path)


def _halved(net: OneHotVAE) -> OneHotVAE:
    rounded = OneHotVAE(net.config)
    rounded.load_state_dict({k: v.half().float() for k, v in net.state_dict().items()})
    return rounded.eval().requires_grad_(False)


def finish(
    net: OneHotVAE,
    tables: Mapping[str, Table],
    card: Mapping[str, Any],
    recipe: Recipe,
    samples: bool = True,
) -> Sampler:
    """Give a trained network its mixture, its decoding and the rest of its card: what was measured.

    Parameters
    ----------
    net : OneHotVAE
        In evaluation mode.
    tables : mapping of str to Table
        "train", "val", and "test" where there is one; only the first two decide on anything.
    card : mapping
        What is known of the training.
    recipe : Recipe
        Its mixtures and its seed.
    samples : bool
        Whether to draw samples and measure them with their controls as well: longer than a short training.
    """
    mixture, aggregate_prior = None, None
    if recipe.mixtures:
        fitted = aggregate.fit(
            net, tables["train"].counts, tables["val"].counts, recipe.mixtures, recipe.seed
        )
        mixture = fitted.mixture
        aggregate_prior = {"components": len(mixture.weights), "val_log_likelihood": fitted.scores}
    decoding = tune_decoding(net, _whole(tables["val"]), recipe.seed, mixture)
    sampler = Sampler(net, {**card, "mixture": aggregate_prior, "decoding": decoding}, mixture)
    measured: dict[str, Any] = {
        name: asdict(measure(net, table, torch.Generator().manual_seed(recipe.seed)))
        | class_baselines(tables["train"], table)
        for name, table in tables.items()
        if name != "train" and len(table.counts)
    }
    sampler.card["measured"] = measured | (_samples_measured(sampler, tables, recipe.seed) if samples else {})
    return sampler


def _whole(table: Table) -> NDArray[np.int64]:
    return table.counts.numpy().astype(np.int64)


def _samples_measured(sampler: Sampler, tables: Mapping[str, Table], seed: int) -> dict[str, Any]:
    every, measured = np.concatenate([_whole(table) for table in tables.values()]), {}
    decoding = sampler.card["decoding"]
    for prior in sampler.priors:
        found: dict[str, Any] = {"n": SAMPLES, "seed": seed, "against": "all rows", "prior": prior}
        threshold = decoding["priors"][prior]["threshold"]
        for rule in RULES:
            drawn = sampler.sample(SAMPLES, seed=seed, prior=prior, rule=rule, threshold=threshold)
            found[rule] = compare(drawn, every)
        # The last one is what `sample` draws from unless told otherwise.
        measured["samples" if prior == sampler.priors[-1] else f"samples_{prior}"] = found
    # Larger tolerances make simpler formulas, and these are more often neutral: the controls are rounded alike.
    rounded = functools.partial(onehot.smallest_denominator, tolerance=decoding["tolerance"])
    luck = independent_materials(every, SAMPLES, seed)
    measured["without_learning"] = compare(rounded(onehot.normalise(luck)), every)
    some = every[np.random.default_rng(seed).permutation(len(every))[:SAMPLES]]
    measured["data"] = validity(some, every)
    measured["data_rounded"] = validity(rounded(onehot.normalise(some)), every)
    return measured


def class_baselines(train: Table, table: Table) -> dict[str, float | None]:
    """What the classifier must beat: the most common class, and the most common one for each number of elements.

    Returns
    -------
    dict
        majority, by_elements: share of the rows of ``table`` with a known class that each names; None where no class
        is known. Both are learned from ``train`` alone.
    """
    known, wanted = train.classes != UNKNOWN, table.classes[table.classes != UNKNOWN]
    if not len(wanted) or not bool(known.any()):
        return {"majority": None, "by_elements": None}
    number = (train.counts > 0).sum(-1)[known]
    most = int(train.classes[known].mode().values)
    of_number = {int(n): int(train.classes[known][number == n].mode().values) for n in number.unique()}
    asked = (table.counts > 0).sum(-1)[table.classes != UNKNOWN]
    named = torch.tensor([of_number.get(int(n), most) for n in asked])
    return {
        "majority": float((wanted == most).double().mean()),
        "by_elements": float((wanted == named).double().mean()),
    }


def tune_decoding(
    net: OneHotVAE, real: NDArray[np.int64], seed: int, mixture: Mixture | None = None
) -> dict[str, Any]:
    """Choose the threshold and the tolerance of the smallest denominator on real materials that were not learned from.

    By the two statistics of samples in section 4.1: the threshold is the one whose samples are nearest in their numbers
    of elements (total variation distance of the histograms); the tolerance is then the one whose samples are nearest
    in their prevalence of the elements by atoms (Kullback-Leibler divergence).

    Parameters
    ----------
    net : OneHotVAE
    real : ndarray, shape (n, 89)
        Validation materials.
    seed : int
        Of the samples.
    mixture : Mixture, optional
        The aggregate posterior; each prior has a threshold and a tolerance of its own.

    Returns
    -------
    dict
        rule, threshold, tolerance and how they were chosen: `decoding` of a card. `priors` has the threshold and
        tolerance of each prior, those of the one that is sampled by default come first.
    """
    decoding: dict[str, Any] = {
        "rule": "smallest_denominator", "threshold": onehot.THRESHOLD, "tolerance": 0.02,
        "chosen": "the paper's threshold; nothing to choose by",
    }  # fmt: skip
    sampler = Sampler(net, {"word": "onehot_vae", "decoding": decoding}, mixture)
    if not len(real):
        same = {name: decoding[name] for name in ("threshold", "tolerance")}
        return decoding | {"priors": {prior: dict(same) for prior in sampler.priors}}
    priors = {
        prior: _tuned(sampler.sample(SAMPLES, seed=seed + 1, prior=prior, threshold=0.0).fractions, real)
        for prior in sampler.priors
    }
    return decoding | priors[sampler.priors[-1]] | {
        "chosen": "nearest to the validation rows in numbers of elements and in prevalence", "priors": priors,
    }  # fmt: skip


def _tuned(rows: NDArray[np.float64], real: NDArray[np.int64]) -> dict[str, float]:
    """Threshold and tolerance whose formulas are nearest to real ones, from samples' fractions (n, 89)."""
    wanted = elements_histogram(real)

    def elements_off(threshold: float) -> float:
        return distance(wanted, elements_histogram((rows > threshold).astype(np.int64)))

    # A network that has hardly learned gives next to nothing above any of these; then half of the draws shall count.
    usable = [t for t in THRESHOLDS if (rows > t).any(1).mean() >= 0.5] or [
        0.99 * float(np.median(rows.max(1)))
    ]
    threshold = min(usable, key=elements_off)

    wanted_prevalence = prevalence(real)

    def prevalence_off(tolerance: float) -> float:
        counts = onehot.smallest_denominator(rows, threshold, tolerance)
        return kl_divergence(wanted_prevalence, prevalence(counts))

    return {"threshold": threshold, "tolerance": min(TOLERANCES, key=prevalence_off)}


def compare(samples: Samples | NDArray[np.int64], real: NDArray[np.int64]) -> dict[str, float]:
    """Hold samples against real materials.

    Parameters
    ----------
    samples : Samples, or ndarray of shape (n, 89)
    real : ndarray, shape (m, 89)

    Returns
    -------
    dict
        kl_counts and kl_fractions (divergence of the element prevalence, nats, data from samples);
        elements_distance (total variation distance of the numbers of elements); distinct (share of samples);
        novel (share that is not among ``real``); neutral, neutral_and_balanced, valid_alike (see `validity`).
    """
    counts = samples.counts if isinstance(samples, Samples) else samples
    known = {row.tobytes() for row in np.ascontiguousarray(real, dtype=np.int64)}
    novel = [row.tobytes() not in known for row in np.ascontiguousarray(counts, dtype=np.int64)]
    return {
        "kl_counts": kl_divergence(prevalence(real), prevalence(counts)),
        "kl_fractions": kl_divergence(prevalence(real, "fractions"), prevalence(counts, "fractions")),
        "elements_distance": distance(elements_histogram(real), elements_histogram(counts)),
        "distinct": len(np.unique(counts, axis=0)) / len(counts),
        "novel": float(np.mean(novel)),
        **validity(counts, real),
    }


def validity(counts: NDArray[np.int64], real: NDArray[np.int64]) -> dict[str, float]:
    """What smact's rules say of materials (n, 89).

    Returns
    -------
    dict
        neutral, neutral_and_balanced: shares. valid_alike: the second with every number of elements weighed as among
        the materials ``real``, because the more elements a formula has the more ways there are to make it neutral, and
        a pure element passes always; numbers of elements that do not occur in both are left out.
    """
    distinct, where = np.unique(counts, axis=0, return_inverse=True)
    formulas = [formula or "" for formula in onehot.formulas_of(distinct)]
    charge = np.array([bool(formula) and neutral(formula) for formula in formulas])
    both = np.array([ok and balanced(formula) for ok, formula in zip(charge, formulas, strict=True)])
    valid, number = both[where.ravel()], (np.asarray(counts) > 0).sum(1)
    weights = {k: share for k, share in enumerate(elements_histogram(real)) if share and (number == k).any()}
    alike = sum(share * valid[number == k].mean() for k, share in weights.items())
    return {
        "neutral": float(charge[where.ravel()].mean()),
        "neutral_and_balanced": float(valid.mean()),
        "valid_alike": float(alike / sum(weights.values())) if weights else 0.0,
    }


def distance(p: NDArray[np.floating], q: NDArray[np.floating]) -> float:
    """Total variation distance of two histograms of sum 1: the share that would have to move, 0 to 1."""
    return float(np.abs(p - q).sum() / 2)


def train_generator(
    word: str = "onehot_vae",
    *,
    frame: DataFrame | None = None,
    preset: str = "binder",
    config: OneHotVAEConfig | None = None,
    recipe: Recipe | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train a generator.

    Parameters
    ----------
    word : str
        A paper's word, ``onehot_vae``.
    frame : DataFrame, optional
        Formulas of your own (column ``formula``) instead of the published compounds; a fifth of them becomes
        validation. A column ``components``, how many each decomposes into, trains the classifier.
    preset : {"binder", "paper"}
        The multinomial network (minutes), or the paper's Bernoulli likelihood and 2,000 epochs (an hour).
    config : OneHotVAEConfig, optional
        Another network than the preset's.
    recipe : Recipe, optional
        Another recipe than the preset's.
    epochs, seed : int, optional
        Other than the recipe's.
    out : path, optional
        Folder for the model, its card and, until it is finished, its state. Without it samples are not measured.
    resume : bool
        Go on with the unfinished training in ``out``.
    command : str, optional
        The command that makes it again, for the card.
    start : bool
        Start at once.

    Returns
    -------
    Run
        Its ``result`` is a ``GeneratorResult``.

    Raises
    ------
    InputError
        For an unknown word or preset, a formula that cannot be used, or nothing to resume.
    MissingTableError
        If the published compounds are not on this machine.
    """
    if word not in WORDS:
        raise InputError(f"No generator {word!r}; allowed are {', '.join(WORDS)}: choose one of these")
    if preset not in PRESETS:
        raise InputError(f"Unknown preset {preset!r}; allowed are {', '.join(PRESETS)}: choose one of these")
    if resume:
        require_state(out)
    config = config or (OneHotVAEConfig() if preset == "paper" else BINDER)
    recipe = recipe or (Recipe.paper() if preset == "paper" else Recipe())
    if recipe.mixtures:
        aggregate.require_sklearn()  # before an hour of training, not after it
    changes: dict[str, Any] = {"seed": seed} | ({} if epochs is None else {"epochs": epochs})
    recipe = Recipe(**(asdict(recipe) | changes))
    tables, card = published_tables() if frame is None else _own(frame, seed)
    card |= {
        "word": word, "preset": preset, "recipe": asdict(recipe),
        "selection": "likelihood, beta, mixture, threshold and tolerance on validation; the last epoch's weights",
        "command": command or f"matwidgets train {word} --preset {preset} --seed {seed}",
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def make() -> _Training:
        job = Autoencoding(
            config, recipe, tables["train"], tables["val"],
            resume=state_file(folder) if resume and folder else None,
            autosave=state_file(folder) if folder else None,
        )  # fmt: skip
        threads.apply(sum(p.numel() for p in job.net.parameters()))
        return _Training(job, tables, card, folder)

    nats = {"unit": "nats"}
    run = Run(
        make,
        title=f"training {word} on {card['label']}",
        kind="training",
        total=recipe.epochs,
        meta={
            "epochs": recipe.epochs,
            "rows": {name: len(table.counts) for name, table in tables.items()},
            "terms": [
                {"name": "train_nelbo", "label": "Negative ELBO, training", **nats},
                {"name": "val_nelbo", "label": "Negative ELBO, validation", **nats},
                {"name": "reconstruction", "label": "Reconstruction", **nats},
                {"name": "divergence", "label": "Divergence from the prior", **nats},
                {"name": "active_units", "label": "Active latent dimensions", "unit": ""},
                {"name": "class_loss", "label": "Classifier's cross-entropy", **nats},
                {"name": "learning_rate", "label": "Learning rate", "unit": ""},
            ],
        },
    )
    return run.start() if start else run


def published_tables() -> tuple[dict[str, Table], dict[str, Any]]:
    """Load the published compounds.

    Returns
    -------
    tables : dict of str to Table
        "train", "val" and "test", with classes where `matwidgets decompose --all` has computed the decompositions.
    card : dict
        Where they come from: label, data, split, classified, classes.

    Raises
    ------
    MissingTableError
        They are not on this machine.
    """
    components = _components()
    tables, data = {}, []
    for split in ("train", "val", "test"):
        frame = datasets.load_property(COMPOUNDS, split)
        data += frame.attrs["sources"]
        tables[split] = as_table(frame.assign(components=frame["formula"].map(components).astype(float)))
    return tables, {
        "label": "the compounds of the Materials Project", "data": data, "split": "published",
        **_classified(tables["train"]),
    }  # fmt: skip


def _components() -> dict[str, int]:
    """How many phases each published compound decomposes into, 0 where it is stable; empty if nobody computed it."""
    try:
        frame = load_decompositions()
    except MissingTableError:  # the classifier stays untrained, and the card says so
        return {}
    stable = frame["decomposition_energy"].to_numpy() <= 0
    return dict(
        zip(frame["formula"], np.where(stable, 0, frame["n_products"].to_numpy()).tolist(), strict=True)
    )


def _own(frame: DataFrame, seed: int) -> tuple[dict[str, Table], dict[str, Any]]:
    if "formula" not in frame.columns:
        raise InputError(
            f"The table has no column 'formula', it has {', '.join(map(str, frame.columns))}: name one so"
        )
    parts = splits.seeded_split(frame["formula"].tolist(), (0.8, 0.2), seed=seed)
    tables = {
        name: as_table(frame.iloc[rows].reset_index(drop=True))
        for name, rows in zip(("train", "val"), parts, strict=True)
    }
    return tables, {
        "label": "a table", "data": [{"name": "a user's table", "sha256": None, "rows": len(frame)}],
        "split": f"80/20 by formula, seed {seed}", **_classified(tables["train"]),
    }  # fmt: skip


def as_table(frame: DataFrame) -> Table:
    """Tensors of a DataFrame with the column ``formula`` and, where it is known, ``components``.

    Raises
    ------
    InputError
        A formula cannot be used, or a number of components is not within 0 to 9.
    """
    counts = onehot.count_vectors(frame["formula"].tolist())
    classes = np.full(len(frame), UNKNOWN, dtype=np.int64)
    if "components" in frame.columns:
        given = frame["components"].to_numpy(dtype=float)
        known = ~np.isnan(given)
        classes[known] = given[known].astype(np.int64)
        most = OneHotVAEConfig.classes - 1
        if known.any() and (classes[known].min() < 0 or classes[known].max() > most):
            raise InputError(
                f"Numbers of components from {classes[known].min()} to {classes[known].max()}; allowed are 0 to "
                f"{most}: leave other rows out"
            )
    return Table(torch.as_tensor(counts, dtype=torch.float32), torch.as_tensor(classes))


def _classified(table: Table) -> dict[str, Any]:
    known = int((table.classes != UNKNOWN).sum())
    told = f"number of components (0: stable), known of {known} of {len(table.classes)} training rows"
    return {"classified": known, "classes": told if known else NO_CLASSES}
