"""Train a generator of materials: the modified one-hot VAE on the published compounds or on a user's formulas."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from matwidgets import __version__
from matwidgets.data import datasets, splits
from matwidgets.decompositions import load_decompositions
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features import onehot
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.run import Run
from matwidgets.sample_assessment import finish
from matwidgets.samplers import WORDS, Sampler
from matwidgets.training import aggregate, generators, threads
from matwidgets.training.states import require_state, state_file
from matwidgets.training.vae import UNKNOWN, Autoencoding, Recipe, Table

if TYPE_CHECKING:
    from pandas import DataFrame

PRESETS = ("binder", "paper")
COMPOUNDS = "formation_energy"  # the 85,014 ground-state compositions of the Materials Project
NO_CLASSES = "none known (`matwidgets decompose --all` computes them); the classifier is untrained"
BINDER = OneHotVAEConfig(likelihood="multinomial")


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
