"""``matwidgets train`` and ``sample`` for the word whose model has compositions and powder patterns in one space."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matwidgets.cli.training import asked_for, check_folder, command, trained
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

WORDS = ("dual_vae",)
NOT_HERE = ("property", "csv", "formula", "target", "test", "split")


def train(args: argparse.Namespace) -> int:
    """Train both autoencoders on the published structures, and save.

    Raises
    ------
    InputError
        For an option that only predictors have, or an output folder that is taken.
    """
    from matwidgets.dual_trainings import state_file, train_dual

    given = [name for name in NOT_HERE if getattr(args, name) not in (None, "published")]
    if given:
        raise InputError(
            f"--{given[0]} given, but {args.word} learns the published structures alone; leave it out"
        )
    out = Path(args.out or args.word)
    check_folder(out, state_file(out), args)
    if args.fetch:
        from matwidgets.cli.commands.data import fetch_tables
        from matwidgets.dual_trainings import COMPOUNDS

        fetch_tables([COMPOUNDS])
    job = train_dual(
        args.word,
        preset=args.preset,
        epochs=args.epochs,
        seed=args.seed,
        out=out,
        resume=args.resume,
        command=command(args),
        start=False,
    )
    result = trained(job, args, out)
    print(f"{args.word} trained on the published structures: model and card are in {out}")
    print(line(result.card["measured"]["test"]))
    return 0


def line(measured: dict[str, Any]) -> str:
    """Write the least that one wants to know of both autoencoders."""
    composition, pattern = measured["composition"], measured["pattern"]
    return (
        f"test: {composition['returned']:.1%} of formulas given back, {composition['error']:.1%} of atoms to exchange; "
        f"patterns: cosine {pattern['cosine']:.3f}, peak recall {pattern['recall']:.3f}, precision "
        f"{pattern['precision']:.3f}; active latent dimensions {composition['active']} + {pattern['active']}"
    )


def sampled(args: argparse.Namespace) -> DataFrame:
    """Draw materials and tell what their formulas are worth; InputError for an option that is not of this word."""
    from matwidgets.dual_models import DualVAE, load
    from matwidgets.samplers import describe

    if args.prior is not None:
        raise InputError(
            f"--prior {args.prior} given, but {args.word} draws from where its training materials lie; leave it out"
        )
    model = asked_for(args, load, DualVAE.from_directory)
    return describe([formula for formula in model.sample(args.n, seed=args.seed).formulas if formula])
