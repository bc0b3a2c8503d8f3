"""``matwidgets train dual_vae --part filters``: the classifier of space groups."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.cli.training import check_folder, command, trained
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from matwidgets.powder_filters import Kind

WORD, PART = "dual_vae", "filters"
KINDS = ("original", "reconstructed")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that only this paper has."""
    parser.add_argument(
        "--part",
        choices=("autoencoders", PART),
        help="dual_vae: which networks to train (default: autoencoders)",
    )
    parser.add_argument(
        "--patterns",
        choices=KINDS,
        help="dual_vae --part filters: what they learn from (default: original)",
    )


def require_word(args: argparse.Namespace) -> None:
    """InputError if an option of the filters was given to something else."""
    if args.word != WORD and args.part is not None:
        raise InputError(f"--part {args.part} goes with {WORD}; leave it out for {args.word}")
    if args.patterns is not None and args.part != PART:
        raise InputError(
            f"--patterns {args.patterns} goes with {WORD} --part {PART}; leave it out, or add that"
        )


def train(args: argparse.Namespace) -> int:
    """Train on the patterns of the published structures, and save.

    Raises
    ------
    InputError
        For an option that only predictors have, or an output folder that is taken.
    """
    from matwidgets.filter_trainings import state_file, train_filters

    for name in ("property", "csv", "formula", "target", "test"):
        if getattr(args, name) is not None:
            raise InputError(
                f"--{name} given, but the filters learn the published patterns alone; leave it out"
            )
    if args.split != "published":
        raise InputError(f"--split {args.split}: the patterns have one split, by formula; leave it out")
    if args.fetch:
        raise InputError("--fetch: `matwidgets pattern --all --fetch` makes the patterns; leave it out here")
    kind: Kind = args.patterns or "original"
    out = Path(args.out or f"{WORD}-{PART}-{kind}")
    check_folder(out, state_file(out), args)
    job = train_filters(
        kind,
        preset=args.preset,
        epochs=args.epochs,
        seed=args.seed,
        out=out,
        resume=args.resume,
        command=command(args),
        start=False,
    )
    result = trained(job, args, out, f"{WORD} {PART}")
    print(f"{WORD}, space groups of {kind} patterns: model and card are in {out}")
    seen = result.card["measured"]["test"][kind]
    print(
        f"test: space group {seen['groups']:.3f}, crystal system {seen['systems']:.3f} of {seen['rows']} patterns"
    )
    return 0
