"""``matwidgets train``, ``evaluate`` and ``predict`` where the model judges alloys instead of predicting a value."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matwidgets.cli.output import emit_json, note, show
from matwidgets.cli.source import read_rows
from matwidgets.cli.training import check_folder, command, trained
from matwidgets.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame

    from matwidgets.alloy_models import AlloyModel

WORDS = ("disentangled_vae",)
PROPERTY = "single_phase"


def train(args: argparse.Namespace) -> int:
    """Train five seeds on the published alloys, or on the alloys and labels of a table, and save.

    Raises
    ------
    InputError
        For an option that only predictors have, a table that cannot be used, or an output folder that is taken.
    """
    from matwidgets.alloy_trainings import state_file, train_alloys
    from matwidgets.cli.commands.data import fetch_tables
    from matwidgets.data.alloys import TABLE

    given = [name for name in ("test", "split") if getattr(args, name) not in (None, "published")]
    if args.property not in (None, PROPERTY):
        given.append("property")
    if given:
        raise InputError(
            f"--{given[0]} given, but {args.word} learns alloys and labels alone; leave it out, or give --csv FILE "
            "--formula COL --target COL"
        )
    if args.csv is None and (unused := [n for n in ("formula", "target") if getattr(args, n) is not None]):
        raise InputError(f"--{unused[0]} goes with --csv FILE; without it the published alloys are used")
    if args.csv is not None and args.target is None:
        raise InputError(
            f"--csv {args.csv} needs --target COLUMN, the column of labels: 1 for a single phase, else 0"
        )
    out = Path(args.out or (args.word if args.csv is None else f"{args.word}-{Path(args.csv).stem}"))
    check_folder(out, state_file(out), args)
    if args.fetch and args.csv is None:
        fetch_tables([TABLE])
    frame, target = None, "target"
    if args.csv is not None:
        from matwidgets.features.alloys import ELEMENTS

        frame = read_rows(args.csv, args.formula, args.target, ELEMENTS)[["formula", "target"]]
        if args.target != "formula":  # errors shall speak of the user's own column
            target = args.target
            frame = frame.rename(columns={"target": target})
    job = train_alloys(
        args.word,
        frame=frame,
        target=target,
        preset=args.preset,
        epochs=args.epochs,
        seed=args.seed,
        out=out,
        resume=args.resume,
        command=command(args),
        start=False,
    )
    note_conflicts(job.meta["conflicts"])
    result = trained(job, args, out)
    print(f"{args.word} trained on {args.csv or 'the published alloys'}: model and card are in {out}")
    measured = result.card["measured"]["test"]
    count = result.model.members
    print(
        f"test, mean over {count} seed{'s' * (count > 1)}: "
        + ", ".join(f"{name} {spread(measured[name])}" for name in ("accuracy", "auc"))
    )
    return 0


def evaluate(args: argparse.Namespace) -> int:
    """Score the classifier on a user's alloys and labels."""
    if args.published:
        raise InputError(
            f"--published: the test rows of {args.word} differ from seed to seed, their scores are in its README; give "
            "--csv FILE --formula COLUMN --target COLUMN"
        )
    missing = [f"--{name}" for name in ("csv", "formula", "target") if getattr(args, name) is None]
    if missing:
        raise InputError(f"missing {', '.join(missing)}; give --csv FILE --formula COLUMN --target COLUMN")
    model = load_model(args)
    rows = _read(args, args.target)
    labels = rows["target"].to_numpy(float)
    wrong = rows[(labels != 0) & (labels != 1)]
    if len(wrong):
        first = wrong.iloc[0]
        raise InputError(
            f"{args.csv}: row {first['row']} has the label {first['target']:g}; write 1 for a single phase, else 0"
        )
    from matwidgets.data.alloys import repeated_compositions

    found = repeated_compositions(rows["formula"].tolist(), labels.astype(int).tolist())
    note_conflicts([str(one) for one in found if one.conflicting])
    probability = model.predict(rows["formula"].tolist())["probability"].to_numpy(float)
    measured = scores(labels, probability)
    if args.json:
        emit_json(measured)
    else:
        print(
            f"n {measured['n']}, " + ", ".join(f"{k} {show(measured[k])}" for k in ("accuracy", "auc", "f1"))
        )
    return 0


def scores(labels: NDArray[np.float64], probability: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy, area under the ROC curve and F1 of the class "single phase", for labels and probabilities (n,).

    `auc` is None where all labels are the same, `f1` where no alloy has, or is said to have, a single phase.
    """
    from matwidgets.training.classification import auc

    stated = probability > 0.5
    hits = int((stated & (labels == 1)).sum())
    positives = int(stated.sum()) + int((labels == 1).sum())
    return {
        "n": len(labels),
        "accuracy": float((stated == (labels == 1)).mean()),
        "auc": auc(labels, probability),
        "f1": 2 * hits / positives if positives else None,
    }


def asked_for(args: argparse.Namespace) -> bool:
    """Whether ``--property`` or the model in ``--checkpoint`` is one for alloys."""
    if args.checkpoint is None or args.property is not None or not Path(args.checkpoint).exists():
        return args.property == PROPERTY and args.checkpoint is None
    from matwidgets.training import checkpoints
    from matwidgets.training.states import finished_model

    return checkpoints.read(finished_model(args.checkpoint, "matwidgets train"))[1].get("word") in WORDS


def predict(args: argparse.Namespace) -> int:
    """Print the probability of a single phase of alloys, or of those of a table."""
    from matwidgets.cli.commands.predict import FIELDS, report

    model = load_model(args)
    rows = None if args.csv is None else _read(args, None)
    formulas = args.formulas if rows is None else rows["formula"].tolist()
    judged = model.predict(formulas)
    for alloy, remark in zip(judged["alloy"], judged["note"], strict=True):
        if remark:
            note(f"{alloy}: {remark}")
    frame = judged.rename(columns={"alloy": "formula", "probability": "value"}).assign(
        property=model.property, unit=model.unit, std_aleatoric=None, std_epistemic=judged["std"]
    )
    return report(args, frame[list(FIELDS)], rows, model.label)


def load_model(args: argparse.Namespace) -> AlloyModel:
    """Load the model in ``--checkpoint``, or the shipped one."""
    from matwidgets.alloy_models import AlloyModel, load

    given = getattr(args, "property", None)
    if given is not None and (given != PROPERTY or args.checkpoint is not None):
        raise InputError(
            f"--property {given} given, but this model knows {PROPERTY} alone; leave it out"
            + (", or leave --checkpoint out" if given == PROPERTY else "")
        )
    if args.checkpoint is None:
        return load()
    if not Path(args.checkpoint).exists():
        raise InputError(
            f"no folder {args.checkpoint!r}; give a folder that `matwidgets train {WORDS[0]} --out DIR` has written"
        )
    return AlloyModel.from_directory(args.checkpoint)


def note_conflicts(conflicts: list[str]) -> None:
    """Say which compositions have both labels, all of them on one line."""
    if conflicts:
        count = len(conflicts)
        note(
            f"{count} composition{'s' * (count > 1)} with both labels, all rows are kept: {'; '.join(conflicts)}"
        )


def spread(found: dict[str, float | None]) -> str:
    """Write a mean and its standard deviation, where there are any."""
    return show(found["mean"]) + ("" if found["std"] is None else f" ± {show(found['std'])}")


def _read(args: argparse.Namespace, target: str | None) -> DataFrame:
    from matwidgets.features.alloy_elements import ELEMENTS_WITH_DATA

    return read_rows(args.csv, args.formula, target, ELEMENTS_WITH_DATA)
