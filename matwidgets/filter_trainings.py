"""Train the space-group classifier on the powder patterns of published structures, as they are or reconstructed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from matwidgets import __version__, dual_models
from matwidgets.errors import DataError, InputError
from matwidgets.models.powder_filters import LAST_GROUPS, LIGHT, SpaceGroupConfig
from matwidgets.patterns import Patterns, load_patterns
from matwidgets.powder_filters import FILES, KINDS, Kind, PowderFilters
from matwidgets.run import Run
from matwidgets.training import dual_cards, filter_files, threads
from matwidgets.training.powder_filters import TOP, Classifying, Recipe, Table, measure
from matwidgets.training.states import require_state, state_file

if TYPE_CHECKING:
    from matwidgets.dual_models import DualVAE

PRESETS = ("binder", "paper")
PARTS = ("train", "val", "test")
SET = "mp"  # mp_20_biternary and mpts_52, shared ids once
AT_ONCE = 512
NOISE = 0.01  # standard deviation of a noisy pattern's points, of the largest
Through = Callable[[Tensor], Tensor]


@dataclass
class FilterResult:
    """A trained classifier and where it was written.

    Attributes
    ----------
    filters : PowderFilters
    card : dict
    path : Path or None
    """

    filters: PowderFilters
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        return f"<FilterResult {self.filters!r}{where}>"


class _Training:
    """A training that ends with a card; made and used in the worker thread."""

    def __init__(
        self,
        job: Classifying,
        tables: Mapping[str, Table],
        views: Mapping[str, Through | None],
        card: dict[str, Any],
        out: Path | None,
    ) -> None:
        self.job, self.tables, self.views, self.card, self.out = job, tables, views, card, out
        self.past, self.save = list(job.past), job.save

    @property
    def finished(self) -> bool:
        return self.job.finished

    def advance(self) -> dict[str, Any] | None:
        return self.job.advance()

    def result(self) -> FilterResult:
        # As a reader of the file will have it, so that the card tells of the weights that are shipped.
        net = filter_files.rounded(self.job.result())
        measured = {
            part: {
                name: asdict(measure(net, self.tables[part], through)) for name, through in self.views.items()
            }
            for part in PARTS[1:]
            if len(self.tables[part].groups)
        }
        card = self.card | {
            "epochs": self.job.epoch, "seconds": round(self.job.seconds, 3), "measured": measured,
            "weights": sum(p.numel() for p in net.parameters()),
            "majority": majority(self.tables["train"], self.tables["test"]) if "test" in measured else None,
        }  # fmt: skip
        path = None
        if self.out is not None and self.finished:
            path = filter_files.write(self.out / FILES[card["patterns"]], net, card)
            dual_cards.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        return FilterResult(PowderFilters(net, card), card, path)


def train_filters(
    kind: Kind = "original",
    *,
    patterns: Patterns | None = None,
    dual: DualVAE | None = None,
    preset: str = "binder",
    config: SpaceGroupConfig | None = None,
    recipe: Recipe | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train a space-group classifier.

    Parameters
    ----------
    kind : {"original", "reconstructed"}
        The patterns it learns from: as they were computed, or having passed through the pattern autoencoder, as in
        Figure S9 of the paper.
    patterns : Patterns, optional
        With the columns `spacegroup` and `split` (train, val, test); by default those of the Materials Project.
    dual : DualVAE, optional
        Whose pattern autoencoder; by default the shipped one. Either kind is measured on both patterns, and on both
        with noise.
    preset : {"binder", "paper"}
        The light network (half an hour on one core), or the paper's of 6 million weights (hours).
    config, recipe : optional
        Others than the preset's.
    epochs, seed : int, optional
        Other than the recipe's.
    out : path, optional
        Folder for the network and, until it is finished, its state.
    resume : bool
        Go on with the unfinished training in ``out``.
    command : str, optional
        The command that makes it again, for the card.
    start : bool
        Start at once.

    Returns
    -------
    Run
        Its ``result`` is a ``FilterResult``.

    Raises
    ------
    InputError
        For an unknown kind or preset, or nothing to resume.
    MissingTableError
        If the patterns have not been computed on this machine.
    CheckpointError
        If the shipped autoencoder is missing or damaged.
    """
    if kind not in KINDS:
        raise InputError(f"No patterns of kind {kind!r}; allowed are {', '.join(KINDS)}: choose one of these")
    if preset not in PRESETS:
        raise InputError(f"Unknown preset {preset!r}; allowed are {', '.join(PRESETS)}: choose one of these")
    if resume:
        require_state(out)
    config = config or (SpaceGroupConfig() if preset == "paper" else LIGHT)
    recipe = recipe or (Recipe.paper() if preset == "paper" else Recipe())
    recipe = replace(recipe, seed=seed, epochs=recipe.epochs if epochs is None else epochs)
    patterns = patterns or load_patterns(SET)
    tables = as_tables(patterns)
    dual = dual or dual_models.load()
    views = views_of(dual)
    card = {
        "word": filter_files.WORD, "patterns": kind, "preset": preset, "recipe": asdict(recipe),
        "data": [dict(source) for source in patterns.frame.attrs.get("sources", ())],
        "split": f"80/10/10 by reduced formula, seed 0: {', '.join(f'{len(t.groups)} {n}' for n, t in tables.items())}",
        "autoencoder": digest(dual.pattern),
        "selection": "network and recipe by validation accuracy; the last epoch's weights",
        "command": command or _command(kind, preset, seed),
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def make() -> _Training:
        job = Classifying(
            config, recipe, tables["train"], tables["val"], through=views[kind],
            resume=state_file(folder) if resume and folder else None,
            autosave=state_file(folder) if folder else None,
        )  # fmt: skip
        threads.apply(sum(p.numel() for p in job.net.parameters()))
        return _Training(job, tables, views, card, folder)

    run = Run(
        make,
        title=f"training space groups on {kind} patterns",
        kind="training",
        total=recipe.epochs,
        meta={
            "epochs": recipe.epochs,
            "rows": {name: len(table.groups) for name, table in tables.items()},
            "terms": [
                {"name": "train_loss", "label": "Loss, training", "unit": "nats"},
                {"name": "val_loss", "label": "Cross-entropy, validation", "unit": "nats"},
                {"name": "val_groups", "label": "Space groups right, validation", "unit": ""},
                {"name": "val_systems", "label": "Crystal systems right, validation", "unit": ""},
                {"name": "learning_rate", "label": "Learning rate", "unit": ""},
            ],
        },
    )
    return run.start() if start else run


def as_tables(patterns: Patterns) -> dict[str, Table]:
    """Tensors of the three parts, "train", "val" and "test"; the profiles in half precision, as they are kept.

    Raises
    ------
    DataError
        The patterns have no column `split` or `spacegroup`.
    """
    if missing := [name for name in ("split", "spacegroup") if name not in patterns.frame]:
        raise DataError(f"The patterns {patterns.name!r} have no column {missing[0]!r}: use those of {SET!r}")
    tables = {}
    for part in PARTS:
        rows = np.flatnonzero((patterns.frame["split"] == part).to_numpy())
        profiles = torch.from_numpy(patterns.take(rows).astype(np.float16))
        groups = patterns.frame["spacegroup"].to_numpy()[rows]
        tables[part] = Table(profiles, torch.as_tensor(groups, dtype=torch.long))
    return tables


def reconstruction(dual: DualVAE) -> Through:
    """What a pattern autoencoder makes of patterns (B, 1601), the largest value 1 again."""
    net = dual.pattern

    def through(profiles: Tensor) -> Tensor:
        decoded = torch.cat([net.decode(net.encode(rows)[0]) for rows in profiles.split(AT_ONCE)])
        return decoded / decoded.amax(1, keepdim=True).clamp(min=1e-6)

    return through


def noisy(profiles: Tensor) -> Tensor:
    """Patterns (B, p) with noise of 1 % of the largest value, the same for every batch; nothing is below 0."""
    noise = torch.randn(profiles.shape, generator=torch.Generator().manual_seed(0))
    seen = (profiles + NOISE * noise).clamp(min=0.0)
    return seen / seen.amax(1, keepdim=True)


def views_of(dual: DualVAE) -> dict[str, Through | None]:
    """What happens to patterns before a classifier is asked about them, by name; None is nothing."""
    through = reconstruction(dual)
    return {
        "original": None, "reconstructed": through, "noisy": noisy,
        "noisy, reconstructed": lambda profiles: through(noisy(profiles)),
    }  # fmt: skip


def digest(net: nn.Module) -> str:
    """First 12 digits of the sha256 of a network's weights: which one it is."""
    values = b"".join(v.detach().float().numpy().tobytes() for v in net.state_dict().values())
    return hashlib.sha256(values).hexdigest()[:12]


def majority(train: Table, test: Table) -> dict[str, float]:
    """What naming the most common classes of the training rows gives on others: groups, top, systems, as `Measured`."""
    groups, counts = train.groups.unique(return_counts=True)
    common = groups[counts.argsort(descending=True, stable=True)[:TOP]]
    limits = torch.tensor(LAST_GROUPS)
    systems = torch.bucketize(train.groups, limits).mode().values
    return {
        "groups": float((test.groups == common[0]).double().mean()),
        "top": float(torch.isin(test.groups, common).double().mean()),
        "systems": float((torch.bucketize(test.groups, limits) == systems).double().mean()),
    }


def _command(kind: Kind, preset: str, seed: int) -> str:
    words = [filter_files.COMMAND, f"--patterns {kind}"]
    words += [f"--preset {preset}"] if preset != PRESETS[0] else []
    words += [f"--seed {seed}"] if seed else []
    return " ".join(words)
