"""What all of ``matwidgets train`` and ``sample`` share: folders, a card's command, Ctrl-C, the model asked for."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from matwidgets.cli.progress import Interrupted, follow
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from matwidgets.run import Run

T = TypeVar("T")


def check_folder(out: Path, state: Path, args: argparse.Namespace) -> None:
    """Refuse to write over a model or an unfinished training.

    Raises
    ------
    InputError
        If the folder holds one and ``--resume`` was not given.
    """
    if args.resume:
        return
    if state.exists():
        raise InputError(
            f"--out {out} holds an unfinished training; go on with --resume, or give another folder"
        )
    if any(out.glob("*.safetensors")):
        raise InputError(f"--out {out} holds a model already; give another folder")


def again(args: argparse.Namespace) -> str:
    """Write the command that goes on where this one was interrupted."""
    words = ["matwidgets", *args.command_line]
    return shlex.join(words if args.resume else [*words, "--resume"])


def command(args: argparse.Namespace) -> str:
    """Write the command that trains from the start, for a card."""
    return shlex.join(["matwidgets", *(word for word in args.command_line if word != "--resume")])


def trained(job: Run, args: argparse.Namespace, out: Path, label: str = "") -> Any:
    """Follow a training to its result; Ctrl-C saves its state in ``out`` and says how to go on.

    Raises
    ------
    Interrupted
        After Ctrl-C.
    """
    from matwidgets.training.states import state_file

    try:
        return follow(job, f"train {label or args.word}", "epochs")
    except Interrupted as stop:
        job.save(state_file(out))
        raise Interrupted(f"{stop}; the checkpoint is in {out}, go on with `{again(args)}`") from None


def asked_for(args: argparse.Namespace, load: Callable[[str], T], read: Callable[[str], T]) -> T:
    """Load a word's shipped model, or that in the folder ``--checkpoint``; InputError if there is no such folder."""
    if args.checkpoint is None:
        return load(args.word)
    if not Path(args.checkpoint).exists():
        raise InputError(
            f"no folder {args.checkpoint!r}; give a folder that `matwidgets train {args.word} --out DIR` has written"
        )
    return read(args.checkpoint)
