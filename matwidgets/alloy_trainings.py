"""Train the disentangled VAE: five seeds on the published alloys, or on a user's alloys and labels."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from matwidgets import __version__
from matwidgets.alloy_models import WORDS, AlloyModel
from matwidgets.errors import InputError
from matwidgets.features.composition import pack
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.run import Run
from matwidgets.training import alloy_cards, alloy_tables, checkpoints, classifiers, threads
from matwidgets.training.alloy_tables import LABEL, Alloys
from matwidgets.training.classification import reliability, temperature
from matwidgets.training.domain import FALSE_ALARMS, Domain
from matwidgets.training.semi_supervised import SemiSupervised, Table, measure
from matwidgets.training.semi_supervised_recipe import Recipe
from matwidgets.training.semi_supervised_recipe import preset as recipe_of
from matwidgets.training.states import require_same, require_state, state_file

if TYPE_CHECKING:
    from pandas import DataFrame

SEEDS = 5  # section 2.3.2: "five different random seeds"
AUTOSAVE = 50  # epochs


@dataclass
class AlloyResult:
    """A trained model and where it was written.

    Attributes
    ----------
    model : AlloyModel
    card : dict
    path : Path or None
    """

    model: AlloyModel
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        accuracy = self.card["measured"]["test"]["accuracy"]["mean"]
        return f"<AlloyResult {self.model!r}, test accuracy {accuracy:.3f}{where}>"


@dataclass
class Member:
    """What one seed has come to."""

    seed: int
    net: DisentangledVAE
    epochs: int
    best_epochs: dict[str, int]
    seconds: float


class _Training:
    """The seeds one after the other; made and used in the worker thread."""

    def __init__(
        self,
        alloys: Alloys,
        config: DisentangledVAEConfig,
        recipes: Sequence[Recipe],
        card: Mapping[str, Any],
        out: Path | None,
        resume: Path | None,
    ) -> None:
        self.alloys, self.config, self.recipes, self.card, self.out = alloys, config, recipes, dict(card), out
        self.parts = [alloys.parts(recipe.seed) for recipe in recipes]
        self.done: list[Member] = []
        self.past: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.job: SemiSupervised = self._begin(0) if resume is None else self._load(resume)

    @property
    def finished(self) -> bool:
        return len(self.done) == len(self.recipes)

    def advance(self) -> dict[str, Any] | None:
        began = time.perf_counter()
        record = self.job.advance()
        self.seconds += time.perf_counter() - began
        if record is None:
            return None
        number = len(self.done)
        record = record | {"step": number * self.recipes[0].epochs + record["step"], "member": number}
        self.past.append(record)
        if self.job.finished:
            self.done.append(self._member())
            if not self.finished:
                self.job = self._begin(len(self.done))
        if self.out is not None and not self.finished and record["step"] % AUTOSAVE == 0:
            self.save(state_file(self.out))
        return record

    def result(self) -> AlloyResult:
        """The ensemble; stopped early, of the seeds that are done, or of the one at work if none is."""
        members = self.done or [self._member()]
        model = finish(members, self.parts, self.card)
        path = None
        if self.out is not None and self.finished:
            name = (
                self.card["word"]
                if self.card["preset"] == "binder"
                else f"{self.card['word']}-{self.card['preset']}"
            )
            path = model.write(self.out / f"{name}.safetensors")
            alloy_cards.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        return AlloyResult(model, model.card, path)

    def save(self, path: Path) -> None:
        """Finished members, and all that the present one needs to go on bit by bit."""
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "job.safetensors"
            self.job.save(part)
            tensors, job = checkpoints.read(part)
        state = {f"job/{name}": value for name, value in tensors.items()}
        for i, member in enumerate(self.done):
            state |= {f"{i}/{name}": value for name, value in member.net.state_dict().items()}
        done = [{k: v for k, v in vars(m).items() if k != "net"} for m in self.done]
        header = {
            "job": job, "done": done, "past": self.past, "seconds": self.seconds, "fingerprint": self.fingerprint()
        }  # fmt: skip
        checkpoints.write(path, state, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        return {
            "seeds": [recipe.seed for recipe in self.recipes], "preset": self.card["preset"],
            "epochs": self.recipes[0].epochs, "rows": len(self.alloys.y),
        }  # fmt: skip

    def _load(self, path: Path) -> SemiSupervised:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        for i, known in enumerate(header["done"]):
            net = DisentangledVAE(self.config)
            net.load_state_dict(
                {k.removeprefix(f"{i}/"): v for k, v in tensors.items() if k.startswith(f"{i}/")}
            )
            self.done.append(Member(net=net.eval().requires_grad_(False), **known))
        self.past, self.seconds = list(header["past"]), header["seconds"]
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "job.safetensors"
            own = {k.removeprefix("job/"): v for k, v in tensors.items() if k.startswith("job/")}
            checkpoints.write(part, own, header["job"])
            return self._begin(len(self.done), part)

    def _begin(self, number: int, resume: Path | None = None) -> SemiSupervised:
        tables = self.parts[number]
        if resume is None:
            self.seconds = 0.0
        return SemiSupervised(
            self.config, self.recipes[number], tables["train"], tables["val"], resume=resume
        )

    def _member(self) -> Member:
        job = self.job
        return Member(
            job.recipe.seed, classifiers.rounded(job.result()), job.epoch, dict(job.best_epochs), round(self.seconds, 2)
        )  # fmt: skip


def finish(
    members: Sequence[Member], parts: Sequence[Mapping[str, Table]], card: Mapping[str, Any]
) -> AlloyModel:
    """Calibrate each member on its validation rows, set the domain, then look at the test rows once."""
    rows: list[dict[str, Any]] = []
    seen: dict[str, list[Any]] = {"val": [], "test": []}
    far: list[float] = []
    labelled = alloy_tables.join(*(part["labelled"] for part in parts[: len(members)]))
    for member, part in zip(members, parts, strict=False):
        found = {name: measure(member.net, part[name]) for name in ("labelled", "val", "test")}
        with torch.no_grad():
            for name, pairs in seen.items():
                pairs.append((part[name].y.numpy(), member.net.classify(part[name].f).double().numpy()))
        far += _domain(part["labelled"]).distance(*_packed(part["val"])).tolist()
        rows.append(
            {
                "seed": member.seed, "epochs": member.epochs, "best_epochs": member.best_epochs,
                "seconds": member.seconds, **{name: asdict(m) for name, m in found.items() if m is not None},
            }
        )  # fmt: skip
    (val_y, val), (y, logits) = ([np.concatenate(c) for c in zip(*p, strict=True)] for p in seen.values())
    sharpness = temperature(val_y, val)  # one for all: a seed's own validation rows are few
    domain = Domain.of(*_packed(labelled), threshold=float(np.quantile(far, 1 - FALSE_ALARMS)))
    whole = {
        **card,
        "members": rows,
        "temperature": sharpness,
        # As the paper keeps "the model with the highest validation accuracy"; of several the one of the lowest loss.
        "shown": max(range(len(rows)), key=lambda i: (rows[i]["val"]["accuracy"], -rows[i]["val"]["loss"])),
        "measured": {
            name: {
                key: alloy_tables.measured([row[name] for row in rows], key)
                for key in ("accuracy", "auc", "loss", "elbo")
            }
            for name in ("labelled", "val", "test")
        },
        "calibration": {
            name: reliability(y, 1 / (1 + np.exp(-logits / t))).to_dict()
            for name, t in (("before", 1.0), ("after", sharpness))
        },
        "domain": {
            "rows": len(domain.numbers), "threshold": domain.threshold,
            "chosen": f"one in {1 / FALSE_ALARMS:.0f} validation rows is farther from the training rows of its seed",
        },
    }  # fmt: skip
    return AlloyModel([member.net for member in members], domain, whole)


def _packed(table: Table) -> tuple[Any, Any]:
    from matwidgets.features.alloys import ELEMENTS

    return pack(dict(zip(ELEMENTS, row, strict=True)) for row in table.x.double().tolist())


def _domain(table: Table) -> Domain:
    return Domain.of(*_packed(table))


def train_alloys(
    word: str = "disentangled_vae",
    *,
    frame: DataFrame | None = None,
    target: str = LABEL,
    preset: str = "binder",
    epochs: int | None = None,
    members: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train the disentangled VAE.

    Parameters
    ----------
    word : str
        A paper's word, ``disentangled_vae``.
    frame : DataFrame, optional
        Alloys of your own (columns ``formula`` or ``alloy``, and ``target``) instead of the published table.
    target : str
        Column of labels: 1 for a single phase, 0 for several, empty where it is not known.
    preset : {"binder", "paper"}
    epochs, members : int, optional
        Other than the preset's, and than five.
    seed : int
        Of the first member; the others count up.
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
        Its ``result`` is an ``AlloyResult``. ``meta["conflicts"]`` lists compositions with both labels.

    Raises
    ------
    InputError
        For an unknown word or preset, a table that cannot be used (a missing column, one class only, other labels than
        0 and 1), or nothing to resume.
    MissingTableError
        If the published alloys are not on this machine.
    """
    if word not in WORDS:
        raise InputError(f"No alloy model {word!r}; allowed is {', '.join(WORDS)}: choose that")
    changes: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    config, recipe = recipe_of(preset, **changes)
    count = SEEDS if members is None else members
    if count < 1:
        raise InputError(f"members is {members}; an ensemble has at least 1: give a whole number from 1")
    if resume:
        require_state(out)
    alloys = alloy_tables.published() if frame is None else alloy_tables.of_frame(frame, target)
    recipes = [Recipe(**(asdict(recipe) | {"seed": seed + i})) for i in range(count)]
    sizes = [len(part) for part in alloys.split(seed)]
    for one in recipes:
        alloys.parts(one.seed)  # a seed whose training rows have one class is refused now, not in the worker
    conflicts = [str(one) for one in alloys.conflicts]
    card = {
        "word": word, "preset": preset, "property": LABEL, "recipe": asdict(recipe),
        "label": "Probability of a single phase", "unit": "", "conflicts": conflicts, "data": alloys.sources,
        "split": "{} labelled, {} unlabelled, {} validation, {} test rows, drawn anew by each seed".format(*sizes),
        "selection": _selection(recipe),
        "command": command or f"matwidgets train {word} --preset {preset} --seed {seed}",
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def make() -> _Training:
        threads.apply(1)
        return _Training(
            alloys, config, recipes, card, folder, state_file(folder) if resume and folder else None
        )

    nats = {"unit": "nats"}
    run = Run(
        make,
        title=f"training {word} on {'a table' if alloys.own else 'the published alloys'}",
        kind="training",
        total=recipe.epochs * count,
        meta={
            "members": count, "epochs": recipe.epochs, "conflicts": conflicts,
            "rows": dict(zip(("labelled", "unlabelled", "val", "test"), sizes, strict=True)),
            "terms": [
                {"name": "train_elbo", "label": "Evidence lower bound, training", **nats},
                {"name": "class_loss", "label": "Cross-entropy, training", **nats},
                {"name": "val_loss", "label": "Cross-entropy, validation", **nats},
                {"name": "val_accuracy", "label": "Accuracy, validation", "unit": ""},
                {"name": "val_auc", "label": "AUC, validation", "unit": ""},
                {"name": "learning_rate", "label": "Learning rate", "unit": ""},
            ],
        },
    )  # fmt: skip
    return run.start() if start else run


def _selection(recipe: Recipe) -> str:
    if recipe.keep == "accuracy":
        return "the weights of the epoch of the highest validation accuracy; temperature on validation"
    return (
        "the classifier of the epoch of the lowest validation loss, encoder and decoder of that of the highest bound; "
        "temperature on validation"
    )
