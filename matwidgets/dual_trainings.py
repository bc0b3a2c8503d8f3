"""Train the dual VAE on published structures: both autoencoders, then what reads their joint latent space."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets import __version__
from matwidgets.data import datasets
from matwidgets.dual_finishing import Seen, finish
from matwidgets.dual_models import WORDS, DualVAE
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features.composition import reduced_formula
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.models.dual_vae import CompositionVAEConfig, PatternVAEConfig
from matwidgets.patterns import load_patterns
from matwidgets.run import Run
from matwidgets.training import aggregate, checkpoints, dual_cards, dual_files, threads
from matwidgets.training.dual_vae import Autoencoding, Recipe, composition_recipe, pattern_recipe
from matwidgets.training.latent_heads import HeadsRecipe
from matwidgets.training.states import require_same, require_state, state_file

if TYPE_CHECKING:
    from pandas import DataFrame

PRESETS = ("binder", "paper")
COMPOUNDS = "formation_energy"  # the 85,014 ground-state compositions of the Materials Project
SPLITS = ("train", "val", "test")
NETWORKS = ("composition", "pattern")  # in the order in which they are trained


@dataclass(frozen=True)
class Plan:
    """Networks and recipes of a preset.

    Attributes
    ----------
    composition, pattern : CompositionVAEConfig, PatternVAEConfig
    recipes : dict of str to Recipe
        "composition" and "pattern".
    heads : HeadsRecipe
    mixtures : tuple of int
        Numbers of components that are tried for the density; validation chooses.
    """

    composition: CompositionVAEConfig
    pattern: PatternVAEConfig
    recipes: Mapping[str, Recipe]
    heads: HeadsRecipe
    mixtures: tuple[int, ...] = (4, 8, 16)

    @classmethod
    def of(cls, preset: str, *, seed: int = 0, epochs: int | None = None) -> Plan:
        """Return the plan of a preset; InputError if there is none of that name."""
        if preset not in PRESETS:
            raise InputError(
                f"Unknown preset {preset!r}; allowed are {', '.join(PRESETS)}: choose one of these"
            )
        changes: dict[str, Any] = {"seed": seed} | ({} if epochs is None else {"epochs": epochs})
        return cls(
            CompositionVAEConfig(),
            PatternVAEConfig(architecture="paper" if preset == "paper" else "light"),
            {
                "composition": composition_recipe(preset, **changes),
                "pattern": pattern_recipe(preset, **changes),
            },
            HeadsRecipe(least_steps=2500, seed=seed),
        )


@dataclass
class DualResult:
    """A trained model and where it was written.

    Attributes
    ----------
    model : DualVAE
    card : dict
    path : Path or None
    """

    model: DualVAE
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        return f"<DualResult {self.model!r}{where}>"


class _Training:
    """The two networks one after the other; made and used in the worker thread."""

    def __init__(
        self,
        plan: Plan,
        seen: Mapping[str, Seen],
        card: dict[str, Any],
        out: Path | None,
        resume: Path | None,
    ) -> None:
        self.plan, self.seen, self.card, self.out = plan, seen, card, out
        self.done: dict[str, Autoencoding] = {}
        self.past: list[dict[str, Any]] = []
        self.job = self._begin() if resume is None else self._load(resume)

    @property
    def finished(self) -> bool:
        return len(self.done) == len(NETWORKS)

    def advance(self) -> dict[str, Any] | None:
        record = self.job.advance()
        if record is None:
            return None
        name = NETWORKS[len(self.done)]
        before = sum(job.epoch for job in self.done.values())
        terms = {f"{name}_{term}": value for term, value in record["terms"].items()}
        record = {"step": before + record["step"], "terms": terms}
        self.past.append(record)
        if self.job.finished:
            self.done[name] = self.job
            if not self.finished:
                self.job = self._begin()
        if self.out is not None and not self.finished:
            self.save(state_file(self.out))
        return record

    def result(self) -> DualResult:
        """What has come out; stopped early, of networks as far as they are trained."""
        jobs = dict(self.done)
        while len(jobs) < len(NETWORKS):
            jobs[NETWORKS[len(jobs)]] = self.job if len(jobs) == len(self.done) else self._begin(len(jobs))
        trained = {
            name: {"epochs": job.epoch, "seconds": round(job.seconds, 3)} for name, job in jobs.items()
        }
        dual = finish(
            dual_files.rounded(jobs["composition"].result()), dual_files.rounded(jobs["pattern"].result()),
            self.seen, self.card | {"trained": trained}, self.plan.heads, self.plan.mixtures,
        )  # fmt: skip
        path = None
        if self.out is not None and self.finished:
            name = WORDS[0] if self.card["preset"] == "binder" else f"{WORDS[0]}-{self.card['preset']}"
            path = dual_files.write(self.out / f"{name}.safetensors", dual)
            dual_cards.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        return DualResult(DualVAE(dual), dual.card, path)

    def save(self, path: Path) -> None:
        """Finished networks, and all that the present one needs to go on bit by bit."""
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "job.safetensors"
            tensors: dict[str, Tensor] = {}
            headers: dict[str, Any] = {}
            for name, job in {**self.done, NETWORKS[min(len(self.done), 1)]: self.job}.items():
                job.save(part)
                own, headers[name] = checkpoints.read(part)
                tensors |= {f"{name}/{key}": value for key, value in own.items()}
        header = {"jobs": headers, "past": self.past, "preset": self.card["preset"]}
        checkpoints.write(path, tensors, header)

    def _load(self, path: Path) -> Autoencoding:
        tensors, header = checkpoints.read(path)
        require_same(path, {"preset": header.get("preset")}, {"preset": self.card["preset"]})
        job = None
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "job.safetensors"
            for name in NETWORKS:
                if name not in header["jobs"]:
                    break
                own = {k.removeprefix(f"{name}/"): v for k, v in tensors.items() if k.startswith(f"{name}/")}
                checkpoints.write(part, own, header["jobs"][name])
                job = self._begin(resume=part)
                if job.finished:
                    self.done[name] = job
        self.past = list(header["past"])
        return job if job is not None and not job.finished else self._begin()

    def _begin(self, number: int | None = None, resume: Path | None = None) -> Autoencoding:
        name = NETWORKS[min(len(self.done) if number is None else number, len(NETWORKS) - 1)]
        train, val = (getattr(self.seen[split], name) for split in ("train", "val"))
        more = self.seen["train"].formulas
        if name == "composition" and more is not None:
            train = torch.cat([train, more])
        job = Autoencoding(getattr(self.plan, name), self.plan.recipes[name], train, val, resume=resume)
        threads.apply(sum(p.numel() for p in job.net.parameters()))
        return job


def train_dual(
    word: str = "dual_vae",
    *,
    preset: str = "binder",
    plan: Plan | None = None,
    tables: Mapping[str, Seen] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train the dual VAE.

    Parameters
    ----------
    word : str
        A paper's word, ``dual_vae``.
    preset : {"binder", "paper"}
        A light pattern network (minutes), or that of Figure S1 (many hours on a processor).
    plan : Plan, optional
        Other networks and recipes than the preset's.
    tables : dict of str to Seen, optional
        "train", "val", "test" and, for the elastic and thermal properties, "aflow"; by default the published ones.
    epochs, seed : int, optional
        Other than the preset's; `epochs` of each network.
    out : path, optional
        Folder for the model, its card and, until it is finished, its state.
    resume : bool
        Go on with the unfinished training in ``out``.
    command : str, optional
        The command that makes it again, for the card.
    start : bool
        Start at once.

    Returns
    -------
    Run
        Its ``result`` is a ``DualResult``.

    Raises
    ------
    InputError
        For an unknown word or preset, or nothing to resume.
    MissingTableError
        If the patterns have not been computed on this machine.
    """
    if word not in WORDS:
        raise InputError(f"No dual VAE {word!r}; allowed is {', '.join(WORDS)}: choose that")
    chosen = plan or Plan.of(preset, seed=seed, epochs=epochs)
    if resume:
        require_state(out)
    aggregate.require_sklearn()  # before minutes of training, not after them
    card: dict[str, Any]
    if tables is None:
        tables, card = published_tables()
    else:
        card = {"label": "structures of one's own", "split": "given", "data": []}
    card |= {
        "word": word, "preset": preset,
        "recipes": {name: asdict(recipe) for name, recipe in chosen.recipes.items()}
        | {"heads": asdict(chosen.heads)},
        "selection": "likelihoods, network, strain, mixture, threshold and tolerance on validation; the last epoch's "
        "weights, of the property networks those of the best epoch on validation",
        "command": command or f"matwidgets train {word} --preset {preset} --seed {seed}",
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    given = tables

    def make() -> _Training:
        return _Training(chosen, given, card, folder, state_file(folder) if resume and folder else None)

    nats = {"unit": "nats"}
    terms = [
        {"name": f"{name}_{term}", "label": f"{label}, {name}s", **unit}
        for name in NETWORKS
        for term, label, unit in (
            ("train_nelbo", "Negative ELBO, training", nats),
            ("val_nelbo", "Negative ELBO, validation", nats),
            ("reconstruction", "Reconstruction", nats),
            ("divergence", "Divergence from the prior", nats),
            ("active_units", "Active latent dimensions", {"unit": ""}),
            ("learning_rate", "Learning rate", {"unit": ""}),
        )
    ]
    total = sum(chosen.recipes[name].epochs for name in NETWORKS)
    rows = {name: len(part) for name, part in tables.items()}
    run = Run(
        make, title=f"training {word} on {card['label']}", kind="training", total=total,
        meta={"epochs": total, "rows": rows, "terms": terms},
    )  # fmt: skip
    return run.start() if start else run


def published_tables() -> tuple[dict[str, Seen], dict[str, Any]]:
    """Load the published structures with their patterns.

    Returns
    -------
    tables : dict of str to Seen
        "train", "val" and "test" of the Materials Project's structures, split by formula, and "aflow". "train" has
        the other published compounds of the Materials Project as formulas, where their table is on this machine: the
        paper had 131,000 structures.
    card : dict
        Where they come from: label, data, split.

    Raises
    ------
    MissingTableError
        The patterns have not been computed on this machine.
    """
    patterns = load_patterns("mp")
    tables = {
        split: as_seen(patterns.frame[rows], patterns.take(np.flatnonzero(rows)))
        for split in SPLITS
        for rows in [(patterns.frame["split"] == split).to_numpy()]
    }
    formulas, sources = _other_formulas(patterns.frame)
    tables["train"] = replace(tables["train"], formulas=formulas)
    aflow = load_patterns("aflow")
    tables["aflow"] = as_seen(aflow.frame, aflow.profiles)
    return tables, {
        "label": f"{len(patterns.frame):,} structures of the Materials Project",
        "split": "80/10/10 by reduced formula, seed 0; of AFLOW's the published ones, elastic and thermal each with an "
        "ensemble of its own, without rows whose composition is in an earlier part",
        "formulas": 0 if formulas is None else len(formulas),
        "data": [*patterns.frame.attrs["sources"], *aflow.frame.attrs["sources"], *sources],
    }


def _other_formulas(frame: DataFrame) -> tuple[Tensor | None, list[dict[str, Any]]]:
    """Published formulas that no structure has, none of a validation or test structure among them; their sources."""
    known = {reduced_formula(formula) for formula in frame["formula"]}
    formulas: dict[str, None] = {}
    sources: list[dict[str, Any]] = []
    for split in SPLITS:
        try:
            table = datasets.load_property(COMPOUNDS, split)
        except MissingTableError:
            return None, []
        sources += table.attrs["sources"]
        formulas |= dict.fromkeys(reduced_formula(formula) for formula in table["formula"])
    return torch.from_numpy(fraction_vectors([f for f in formulas if f not in known])), sources


def as_seen(frame: DataFrame, profiles: NDArray[np.float32]) -> Seen:
    """Tensors of structures: a DataFrame with the column ``formula`` and what is known, and patterns (n, 1601)."""
    return Seen(
        torch.from_numpy(fraction_vectors(frame["formula"].tolist())),
        torch.from_numpy(profiles.astype(np.float16)),
        frame.reset_index(drop=True),
    )
