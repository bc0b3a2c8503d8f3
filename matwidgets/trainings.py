"""Train on a table: the published splits of a property, or a user's own formulas and targets."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets import (
    __version__,
    adversarial_models,
    adversarial_trainings,
    alloy_models,
    alloy_trainings,
    dual_models,
    dual_trainings,
    generative_trainings,
    samplers,
)
from matwidgets.assessment import assess
from matwidgets.data import datasets, splits
from matwidgets.errors import DataError, InputError, MissingTableError
from matwidgets.features.composition import pack, to_fractions
from matwidgets.features.elements import SYMBOLS, element_array
from matwidgets.features.properties import PROPERTIES, require_property
from matwidgets.models.crabnet import CrabNetConfig
from matwidgets.predictors import Predictor, bundled, file_name, load
from matwidgets.run import Run
from matwidgets.training import cards, threads
from matwidgets.training import members as ensembles
from matwidgets.training.plans import plan_for
from matwidgets.training.regression import Recipe, Regression, Table, Trained
from matwidgets.training.shared_trunk import SharedTrunk
from matwidgets.training.states import require_state, state_file

if TYPE_CHECKING:
    from pandas import DataFrame

# TiC is in the released training table though Falkowski et al. say that it was not: every Ti-C binary is held out.
HELD_OUT = frozenset({"Ti", "C"})
PRESETS = ("binder", "mean", "paper")
SPLITS = ("published", "grouped")


@dataclass
class TrainingResult:
    """A trained ensemble and where it was written.

    Attributes
    ----------
    predictor : Predictor
    card : dict
    path : Path or None
    """

    predictor: Predictor
    card: dict[str, Any]
    path: Path | None

    def __repr__(self) -> str:
        where = f", written to {self.path.name}" if self.path else ""
        return (
            f"<TrainingResult {self.predictor!r}, validation MAE {self.card['val_mae_ensemble']:.4g}{where}>"
        )


@dataclass(frozen=True)
class ElementTable:
    """The frozen element properties that a training starts from.

    Attributes
    ----------
    name : str
        For the card.
    rows : ndarray, shape (119, d)
        NaN where an element is missing.
    """

    name: str
    rows: NDArray[np.float64]

    @property
    def elements(self) -> tuple[str, ...]:
        return tuple(s for z, s in enumerate(SYMBOLS, start=1) if not np.isnan(self.rows[z]).any())


def element_table(name: str = "mat2vec") -> ElementTable:
    """The element table of that name; without it, the folded embedding of a shipped checkpoint.

    The second is our own trained embedding: predicting and training on a user's table need no download.
    """
    try:
        symbols, values = datasets.load_element_table(name)
        return ElementTable(name, np.asarray(element_array(symbols, values), dtype=np.float64))
    except MissingTableError:
        shipped = bundled("crabnet")
        if not shipped:
            raise
        source = load("crabnet", "bulk_modulus" if "bulk_modulus" in shipped else shipped[0])
        rows = source.element_embedding()
        unknown = [z for z, s in enumerate(SYMBOLS, start=1) if s not in source.elements]
        rows[unknown] = np.nan
        return ElementTable(
            f"the embedding of the shipped crabnet {source.property} model ({name} was not found)", rows
        )


class _Training:
    """A regression that ends with calibrated predictors and their cards; made and used in the worker thread.

    ``products`` are the tables and the card of each property the network learns, ``first`` the one that was asked for.
    """

    def __init__(
        self,
        regression: Regression,
        products: Sequence[tuple[Mapping[str, DataFrame], dict[str, Any]]],
        first: int,
        out: Path | None,
    ) -> None:
        self.regression, self.products, self.first, self.out = regression, products, first, out
        self.past, self.save = list(regression.past), regression.save

    @property
    def finished(self) -> bool:
        return self.regression.finished

    def advance(self) -> dict[str, Any] | None:
        return self.regression.advance()

    def result(self) -> TrainingResult:
        regression = self.regression
        trained = regression.parts() if isinstance(regression, SharedTrunk) else [regression.result()]
        made = [
            self._predictor(one, tables, card)
            for one, (tables, card) in zip(trained, self.products, strict=True)
        ]
        paths = [None] * len(made) if self.out is None or not self.finished else [
            ensembles.write(self.out / file_name(p.property, p.card["preset"]), p.networks, p.domain, p.card)
            for p in made
        ]  # fmt: skip
        if self.out is not None and self.finished:
            cards.write_readme(self.out)
            state_file(self.out).unlink(missing_ok=True)
        predictor = made[self.first]
        return TrainingResult(predictor, predictor.card, paths[self.first])

    def _predictor(
        self, trained: Trained, tables: Mapping[str, DataFrame], card: Mapping[str, Any]
    ) -> Predictor:
        """Calibrate on validation, then look at the test rows once."""
        for member in trained.members:
            member.requires_grad_(False)
        parts = {name: as_table(frame) for name, frame in tables.items()}
        whole = {
            **card,
            "mean": trained.mean,
            "std": trained.std,
            "target_std": float(parts["train"].targets.std()),
            "epochs_members": trained.epochs,
            "seconds": round(trained.seconds, 3),
        }
        return assess(trained.members, whole, parts["train"], parts["val"], parts.get("test"))


def as_table(frame: DataFrame) -> Table:
    """Tensors of a DataFrame with the columns formula and target."""
    numbers, fractions = pack(frame["formula"].tolist())
    targets = torch.as_tensor(frame["target"].to_numpy(dtype=np.float32))
    return Table(torch.as_tensor(numbers), torch.as_tensor(fractions), targets)


def _side_by_side(frames: Sequence[DataFrame]) -> Table:
    """One table with a column of targets a frame; their formulas are the same, row by row."""
    tables = [as_table(frame) for frame in frames]
    if any(list(frame["formula"]) != list(frames[0]["formula"]) for frame in frames):
        raise DataError(
            "The tables that share a trunk have other formulas or another order; fetch them again with "
            "`matwidgets data fetch`"
        )
    return tables[0]._replace(targets=torch.stack([t.targets for t in tables], dim=1))


def train(
    word: str = "crabnet",
    *,
    property: str | None = None,  # noqa: A002 - the field's word
    frame: DataFrame | None = None,
    target: str = "target",
    test: DataFrame | None = None,
    preset: str = "binder",
    split: str = "published",
    config: CrabNetConfig | None = None,
    epochs: int | None = None,
    members: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    resume: bool = False,
    command: str | None = None,
    start: bool = True,
) -> Run:
    """Train a model.

    Parameters
    ----------
    word : str
        A paper's word: ``crabnet``, or ``onehot_vae``, which takes ``frame`` (only its formulas), ``preset``,
        ``epochs``, ``seed``, ``out`` and ``resume``; see `matwidgets.generative_trainings.train_generator`; or
        ``disentangled_vae``, whose ``frame`` has alloys and labels; see `matwidgets.alloy_trainings.train_alloys`; or
        ``dual_vae``, which learns the published structures; see `matwidgets.dual_trainings.train_dual`; or ``wgan``,
        which takes the same as ``onehot_vae``; see `matwidgets.adversarial_trainings.train_adversarial`.
    property : str, optional
        Train on the published splits of this property, every Ti-C binary left out.
    frame : DataFrame, optional
        Instead: a table with columns ``formula`` and ``target``; a fifth of its formulas becomes validation.
    target : str
        What the target of ``frame`` is called.
    test : DataFrame, optional
        Test rows for ``frame``; evaluated once, at the end.
    preset : {"binder", "mean", "paper"}
        The compact ensemble (minutes), the same with the original's unweighted mean over elements, or the original's
        sizes and recipe (hours; up to 300 epochs, stopped early by validation error).
    split : {"published", "grouped"}
        With "grouped" all published rows (or the rows of ``frame``) are divided anew, 70/15/15 (80/20), so that no set
        of elements stands on two sides: the error on materials of other elements than any seen together.
    config : CrabNetConfig, optional
        Another network than the preset's.
    epochs, members : int, optional
        Other than the preset's.
    seed : int
        Seed of the first member and of the split of ``frame``.
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
        Its ``result`` is a ``TrainingResult``.

    Raises
    ------
    InputError
        For an unknown word, property, preset or split, both or none of ``property`` and ``frame``, or elements that the
        element table lacks.
    MissingTableError
        If the published tables of ``property`` are not on this machine.
    """
    if word in (*samplers.WORDS, *adversarial_models.WORDS):
        other = None if split == "published" else split
        _refuse(
            word, {"property": property, "test": test, "split": other, "config": config, "members": members}
        )
        train_generator = (
            generative_trainings.train_generator
            if word in samplers.WORDS
            else adversarial_trainings.train_adversarial
        )
        return train_generator(
            word, frame=frame, preset=preset, epochs=epochs, seed=seed, out=out, resume=resume, command=command,
            start=start,
        )  # fmt: skip
    if word in alloy_models.WORDS:
        other = None if split == "published" else split
        only = {"property": None if property == "single_phase" else property, "test": test, "split": other}
        _refuse(word, only | {"config": config}, "learns alloys and labels")
        return alloy_trainings.train_alloys(
            word, frame=frame, target="single_phase" if target == "target" else target, preset=preset, epochs=epochs,
            members=members, seed=seed, out=out, resume=resume, command=command, start=start,
        )  # fmt: skip
    if word in dual_models.WORDS:
        other = None if split == "published" else split
        options: dict[str, object] = {"property": property, "frame": frame, "test": test, "split": other}
        _refuse(
            word,
            options | {"config": config, "members": members},
            "learns published structures and their patterns",
        )
        return dual_trainings.train_dual(
            word,
            preset=preset,
            epochs=epochs,
            seed=seed,
            out=out,
            resume=resume,
            command=command,
            start=start,
        )
    if word != "crabnet":
        others = (*samplers.WORDS, *alloy_models.WORDS, *dual_models.WORDS, *adversarial_models.WORDS)
        allowed = ", ".join(("crabnet", *others))
        raise InputError(f"Nothing to train for {word!r}; allowed are {allowed}: choose one of these")
    if preset not in PRESETS:
        raise InputError(f"Unknown preset {preset!r}; allowed are {', '.join(PRESETS)}: choose one of these")
    if split not in SPLITS:
        raise InputError(f"Unknown split {split!r}; allowed are {', '.join(SPLITS)}: choose one of these")
    if (property is None) == (frame is None):
        raise InputError(
            "A training needs a property or a table, one of the two: give property=... or frame=..."
        )
    if resume:
        require_state(out)
    table = element_table()
    grouped = split == "grouped"
    plan = plan_for(property, preset)
    if property is not None:
        names = plan.trunk or (property,)
        products = [published_tables(name, seed if grouped else None) for name in names]
        first = names.index(property)
    else:
        products, first = [_own(frame, target, test, seed, grouped=grouped)], 0  # type: ignore[arg-type]
    tables, card = products[first]
    _check_elements(tables, table)
    d_table = table.rows.shape[1]
    if preset == "paper":
        preset_config, recipe = CrabNetConfig.paper(d_table=d_table), Recipe.paper(len(tables["train"]))
    else:
        make_config = CrabNetConfig.mean_pooled if preset == "mean" else CrabNetConfig.compact
        preset_config, recipe = make_config(d_table=d_table, **plan.network), Recipe(**plan.recipe)
    config = config or preset_config
    count = len(recipe.seeds) if members is None else members
    if count < 1:
        raise InputError(f"members is {members}; an ensemble has at least 1: give a whole number from 1")
    changes: dict[str, Any] = {"seeds": tuple(range(seed, seed + count))}
    changes["log_targets"] = property is not None and require_property(property).log
    if epochs is not None:
        changes["epochs"] = epochs
    recipe = Recipe(**(asdict(recipe) | changes))
    common = {
        "word": word, "preset": preset, "recipe": recipe.settings(), "element_table": table.name,
        "elements": list(table.elements), "selection": recipe.selection,
        "command": command or f"matwidgets train {word} --property {card['property']} --preset {preset} --seed {seed}"
        + (" --split grouped" if grouped else ""),
        "trunk": list(plan.trunk),
        "versions": {"matwidgets": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }  # fmt: skip
    products = [(frames, own | common) for frames, own in products]
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    rows = torch.as_tensor(table.rows, dtype=torch.float32)

    def make() -> _Training:
        saved: dict[str, Path | None] = {
            "resume": state_file(folder) if resume and folder else None,
            "autosave": state_file(folder) if folder else None,
        }
        regression: Regression
        if plan.trunk:
            train_rows, val_rows = (
                _side_by_side([t[part] for t, _ in products]) for part in ("train", "val")
            )
            regression = SharedTrunk(config, recipe, train_rows, val_rows, rows, output=first, **saved)
        else:
            regression = Regression(
                config, recipe, as_table(tables["train"]), as_table(tables["val"]), rows, **saved
            )
        threads.apply(sum(p.numel() for p in regression.net.parameters()))
        return _Training(regression, products, first, folder)

    unit = card["unit"]
    run = Run(
        make,
        title=f"training {word} on {card['label'].lower()}",
        kind="training",
        total=recipe.epochs * count,
        meta={
            "element_table": table.name, "members": count, "epochs": recipe.epochs,
            "rows": {k: len(v) for k, v in tables.items()},
            "terms": [
                {"name": "train_loss", "label": "Training loss", "unit": ""},
                {"name": "val_mae", "label": "Validation MAE", "unit": unit},
                {"name": "learning_rate", "label": "Learning rate", "unit": ""},
            ],
        },
    )  # fmt: skip
    return run.start() if start else run


def _refuse(word: str, options: Mapping[str, object], learns: str = "learns formulas") -> None:
    """InputError if one of the options that only predictors have was given."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"{name} was given, but {word} {learns} alone: leave {name} out")


def published_tables(name: str, grouped: int | None = None) -> tuple[dict[str, DataFrame], dict[str, Any]]:
    """The published tables of a property; with a seed ``grouped`` their rows divided anew by sets of elements."""
    known = require_property(name)
    everything = datasets.load_property(name)
    data, tables = everything.attrs["sources"], splits.published(everything)
    how = "published"
    if grouped is not None:
        rows = splits.seeded_split(
            everything["formula"].tolist(), (0.7, 0.15, 0.15), seed=grouped, together=splits.element_set
        )
        everything = everything.drop(columns="split")
        tables = {part: everything.iloc[chosen] for part, chosen in zip(tables, rows, strict=True)}
        how = f"grouped: 70/15/15 of all published rows, no set of elements on two sides, seed {grouped}"
    for split in ("train", "val"):
        # Only what is learned from is held out; the test rows stay as they are.
        frame = splits.hold_out(tables[split], splits.is_system(HELD_OUT))[0]
        if known.log:
            frame = frame[frame["target"] > 0].reset_index(drop=True)
        tables[split] = frame
    held_out = f"every binary of {' and '.join(sorted(HELD_OUT))} in train and val"
    return tables, {
        "property": name, "label": known.label, "unit": known.unit, "data": data, "split": how,
        "held_out": held_out + ("; targets that are not above 0, which have no logarithm" if known.log else ""),
    }  # fmt: skip


def _own(
    frame: DataFrame, target: str, test: DataFrame | None, seed: int, *, grouped: bool = False
) -> tuple[dict[str, DataFrame], dict[str, Any]]:
    together = splits.element_set if grouped else splits.canonical_key
    parts = splits.seeded_split(frame["formula"].tolist(), (0.8, 0.2), seed=seed, together=together)
    tables = {
        name: frame.iloc[rows].reset_index(drop=True)
        for name, rows in zip(("train", "val"), parts, strict=True)
    }
    if test is not None:
        tables["test"] = test
    known = PROPERTIES.get(target)
    return tables, {
        "property": target, "label": known.label if known else target, "unit": known.unit if known else "",
        "data": [{"name": "a user's table", "sha256": None, "rows": len(frame)}],
        "split": f"80/20 by {'set of elements' if grouped else 'formula'}, seed {seed}", "held_out": "",
    }  # fmt: skip


def _check_elements(tables: Mapping[str, DataFrame], table: ElementTable) -> None:
    known = set(table.elements)
    for frame in tables.values():
        for formula in frame["formula"]:
            missing: Sequence[str] = sorted(set(to_fractions(formula)) - known)
            if missing:
                raise InputError(
                    f"Formula {formula!r} has {', '.join(missing)}, which the element table {table.name} lacks; "
                    "remove its row"
                )
