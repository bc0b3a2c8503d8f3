"""Train wgan: a generator and a critic of formulas, on the compounds of OQMD or on a user's formulas."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from matwidgets import __version__
from matwidgets.adversarial_models import WORDS, FormulaGAN
from matwidgets.data import compounds
from matwidgets.errors import InputError
from matwidgets.features import occupancy
from matwidgets.models.formula_generators import SlotConfig
from matwidgets.models.wgan import CriticConfig, DeconvolutionConfig, GeneratorConfig
from matwidgets.run import Run
from matwidgets.training import adversarial_files, threads
from matwidgets.training.adversarial import AdversarialTraining
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.adversarial_scores import live
from matwidgets.training.states import plain, require_state, state_file

if TYPE_CHECKING:
    from pandas import DataFrame

HELD_OUT = 0.1  # section 3: "we randomly divide the OQMD into a training set and a test set (10%)"
MEASURED = 10_000  # samples of a card
RECORDS = 100  # of a training that its card keeps
PRESETS: dict[str, tuple[GeneratorConfig, CriticConfig, Recipe]] = {
    "binder": (
        SlotConfig(feedback=True),
        CriticConfig(hidden=(128, 64), slope=0.1, cells=128, products=True, sizes=True),
        Recipe(),
    ),
    "paper": (DeconvolutionConfig(), CriticConfig(), Recipe.paper()),
    "code": (
        DeconvolutionConfig(channels=(128, 64, 32, 16), spread=1.0),
        CriticConfig(spread=1.0),
        Recipe.code(),
    ),
}
"""Generator, critic and recipe: ours, the paper's text, and the authors' code."""


@dataclass
class AdversarialResult:
    """A trained generator and critic and where they were written.

    Attributes
    ----------
    model : FormulaGAN
    card : dict
    path : Path or None
    """

    model: FormulaGAN
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        return f"<AdversarialResult {self.model!r}{where}>"


class _Training:
    """An adversarial training that ends with a card; made and used in the worker thread."""

    def __init__(self, job: AdversarialTraining, card: dict[str, Any], out: Path | None) -> None:
        self.job, self.card, self.out = job, card, out
        self.past, self.save = list(job.past), job.save

    @property
    def finished(self) -> bool:
        return self.job.finished

    def advance(self) -> dict[str, Any] | None:
        return self.job.advance()

    def result(self) -> AdversarialResult:
        job = self.job
        generator, critic = job.result()
        # As a reader of the file will have it, so that the card tells of the weights that are shipped.
        for net in (generator, critic):
            net.load_state_dict(
                {k: v.half().float() if v.is_floating_point() else v for k, v in net.state_dict().items()}
            )
        measured = dict(job.past[-1]["terms"]) if job.past else {}
        measured.pop("learning_rate", None)
        worth, _ = live(generator, MEASURED, torch.Generator().manual_seed(job.recipe.seed + 1))
        chosen = None if job.best is None else {k: job.best[k] for k in ("iteration", "loss")}
        card = self.card | {
            "iterations": job.iteration, "planned": job.planned, "seconds": round(job.seconds, 3),
            "seconds_an_iteration": round(job.seconds / max(job.iteration, 1), 5), "selected": chosen,
            "measured": measured | worth | {"samples": MEASURED}, "history": thinned(job.past),
        }  # fmt: skip
        model = FormulaGAN(generator, critic, card)
        path = None
        if self.out is not None and self.finished:
            path = adversarial_files.write(self.out / f"{card['word']}.safetensors", generator, critic, card)
            adversarial_files.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        return AdversarialResult(model, card, path)


def train_adversarial(
    word: str = "wgan",
    *,
    frame: DataFrame | None = None,
    preset: str = "binder",
    generator: GeneratorConfig | None = None,
    critic: CriticConfig | None = None,
    recipe: Recipe | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train a generator and a critic of formulas.

    Parameters
    ----------
    word : str
        A paper's word, ``wgan``.
    frame : DataFrame, optional
        Formulas of your own (column ``formula``) instead of OQMD's; a tenth of them becomes validation. A formula that
        has no 85 x 8 matrix is left out, and the card says how many and why.
    preset : {"binder", "paper", "code"}
        Categorical slots against a critic that sees pairs, half an hour; the paper's text; or the settings of the
        authors' code. The last two are 100,000 iterations, a day or two of one processor.
    generator, critic, recipe : optional
        Others than the preset's.
    epochs, seed : int, optional
        Other than the recipe's.
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
        Its ``result`` is an ``AdversarialResult``.

    Raises
    ------
    InputError
        For an unknown word or preset, a table without a usable formula, or nothing to resume.
    MissingTableError
        If OQMD's tables are not on this machine.
    """
    if word not in WORDS:
        raise InputError(f"No generator {word!r}; allowed are {', '.join(WORDS)}: choose one of these")
    if preset not in PRESETS:
        raise InputError(f"Unknown preset {preset!r}; allowed are {', '.join(PRESETS)}: choose one of these")
    if resume:
        require_state(out)
    usual = PRESETS[preset]
    generator, critic, recipe = generator or usual[0], critic or usual[1], recipe or usual[2]
    changes: dict[str, Any] = {"seed": seed} | ({} if epochs is None else {"epochs": epochs})
    recipe = Recipe(**(asdict(recipe) | changes))
    tables, card = published_tables(seed) if frame is None else _own(frame, seed)
    card |= {
        "word": word, "preset": preset, "recipe": plain(asdict(recipe)),
        "selection": (
            "the last epoch's weights" if recipe.selection == "last" else "least magnitude of the critic's loss on the "
            "held-out tenth, which is no test set then"
        ),
        "command": command or f"matwidgets train {word} --preset {preset} --seed {seed}",
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)

    def make() -> _Training:
        job = AdversarialTraining(
            generator, critic, recipe, tables["train"], tables["val"],
            resume=state_file(folder) if resume and folder else None,
            autosave=state_file(folder) if folder else None,
        )  # fmt: skip
        threads.apply(sum(p.numel() for net in (job.generator, job.critic) for p in net.parameters()))
        return _Training(job, card, folder)

    scored, share = {"unit": "critic's score"}, {"unit": "share"}
    run = Run(
        make,
        title=f"training {word} on {card['label']}",
        kind="training",
        total=recipe.epochs,
        meta={
            "epochs": recipe.epochs,
            "iterations": recipe.iterations,
            "rows": {name: len(table) for name, table in tables.items()},
            "terms": [
                {"name": "wasserstein", "label": "Wasserstein estimate, training", **scored},
                {"name": "val_wasserstein", "label": "Wasserstein estimate, held out", **scored},
                {"name": "critic_loss", "label": "Critic's loss, training", **scored},
                {"name": "val_critic_loss", "label": "Critic's loss, held out", **scored},
                {"name": "generator_loss", "label": "Generator's loss", **scored},
                {"name": "gradient_norm", "label": "Norm of the critic's gradient", "unit": ""},
                {"name": "legible", "label": "Legible samples", **share},
                {"name": "unique", "label": "Unique samples", **share},
                {"name": "neutral", "label": "Charge-neutral samples", **share},
                {"name": "learning_rate", "label": "Learning rate", "unit": ""},
            ],
        },
    )
    return run.start() if start else run


def thinned(past: Sequence[Mapping[str, Any]], most: int = RECORDS) -> dict[str, list[float | None]]:
    """Keep the first record of a training and evenly spaced measured ones, the last among them.

    Returns
    -------
    dict of str to list
        "epoch" and every term, numbers to four digits; None where a record has no such term.
    """
    measured = [record for record in past if "unique" in record["terms"]]
    chosen = np.unique(np.linspace(0, len(measured) - 1, min(most - 1, len(measured))).round().astype(int))
    kept = [measured[i] for i in chosen]
    if past and (not kept or past[0] is not kept[0]):
        kept = [past[0], *kept]
    names = dict.fromkeys(name for record in kept for name in record["terms"])
    columns = {name: [record["terms"].get(name) for record in kept] for name in names}
    rounded = {
        name: [None if x is None else float(f"{x:.4g}") for x in column] for name, column in columns.items()
    }
    return {"epoch": [record["step"] for record in kept], **rounded}


def published_tables(seed: int = 0) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Load the compounds of OQMD that have an 85 x 8 matrix.

    Returns
    -------
    tables : dict of str to Tensor of uint8, shape (n, 85)
        "train" and "val": nine tenths and one, drawn by composition as in section 3.
    card : dict
        Where they come from: label, data, split, refused.

    Raises
    ------
    MissingTableError
        They are not on this machine.
    """
    frame = compounds.load_oqmd()
    tables, refused = _parted(frame["formula"].tolist(), seed, "the published tables")
    return tables, {
        "label": "the compounds of OQMD", "data": frame.attrs["sources"], "refused": refused,
        "split": f"90/10 at random, seed {seed}",
    }  # fmt: skip


def _own(frame: DataFrame, seed: int) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    if "formula" not in frame.columns:
        raise InputError(
            f"The table has no column 'formula', it has {', '.join(map(str, frame.columns))}: name one so"
        )
    tables, refused = _parted(frame["formula"].tolist(), seed, "the table")
    return tables, {
        "label": "a table", "data": [{"name": "a user's table", "sha256": None, "rows": len(frame)}],
        "split": f"90/10 by formula, seed {seed}", "refused": refused,
    }  # fmt: skip


def _parted(formulas: list[str], seed: int, what: str) -> tuple[dict[str, torch.Tensor], Mapping[str, int]]:
    """Encode formulas and part them so that no composition, however often or in whatever multiple, is on both sides."""
    encoded = occupancy.encode(formulas)
    distinct, which = occupancy.distinct_rows(occupancy.reduced(encoded.counts))
    if len(distinct) < 3:
        told = "; ".join(encoded.lines(3)) or "it has no more"
        raise InputError(
            f"{what[:1].upper()}{what[1:]} holds {len(distinct)} compositions that have an 85 x 8 matrix; at least 3 "
            f"are needed: give more ({told})"
        )
    held = np.zeros(len(distinct), dtype=bool)
    order = np.random.default_rng(seed).permutation(len(distinct))
    held[order[: max(1, round(HELD_OUT * len(distinct)))]] = True
    out = held[which]
    tables = {
        "train": torch.as_tensor(encoded.counts[~out]),
        "val": torch.as_tensor(encoded.counts[out]),
    }
    return tables, encoded.told()
