"""``matwidgets train`` and ``sample`` for the word whose generator of formulas learned against a critic."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matwidgets.cli.output import note
from matwidgets.cli.source import read_rows
from matwidgets.cli.training import asked_for, check_folder, command, trained
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

WORDS = ("wgan",)
NOT_HERE = ("property", "target", "test", "split")
TABLES = ("oqmd/train", "oqmd/val", "oqmd/test")


def train(args: argparse.Namespace) -> int:
    """Train on the compounds of OQMD, or on the formulas of a table, and save.

    Raises
    ------
    InputError
        For an option that only predictors have, or an output folder that is taken.
    """
    from matwidgets.adversarial_trainings import train_adversarial
    from matwidgets.cli.commands.data import fetch_tables
    from matwidgets.training.states import state_file

    given = [name for name in NOT_HERE if getattr(args, name) not in (None, "published")]
    if given:
        raise InputError(
            f"--{given[0]} given, but {args.word} learns formulas alone; leave it out, or give --csv FILE --formula COL"
        )
    if args.csv is None and args.formula is not None:
        raise InputError("--formula goes with --csv FILE; without it the compounds of OQMD are used")
    out = Path(args.out or (args.word if args.csv is None else f"{args.word}-{Path(args.csv).stem}"))
    check_folder(out, state_file(out), args)
    if args.fetch and args.csv is None:
        fetch_tables(list(TABLES))
    frame = None
    if args.csv is not None:
        from matwidgets.features.occupancy import ELEMENTS

        frame = read_rows(args.csv, args.formula, None, ELEMENTS)
    job = train_adversarial(
        args.word,
        frame=frame,
        preset=args.preset,
        epochs=args.epochs,
        seed=args.seed,
        out=out,
        resume=args.resume,
        command=command(args),
        start=False,
    )
    result = trained(job, args, out)
    print(f"{args.word} trained on {args.csv or 'the compounds of OQMD'}: model and card are in {out}")
    print(line(result.card))
    return 0


def line(card: dict[str, Any]) -> str:
    """Write the least that one wants to know of a generator and its critic."""
    found = card["measured"]
    return (
        f"{card['iterations']:,} iterations; held-out Wasserstein estimate {found['val_wasserstein']:.3f}; "
        f"{found['samples']:,} samples: legible {found['legible']:.1%}, unique {found['unique']:.1%}, neutral "
        f"{found['neutral']:.1%}"
    )


def sampled(args: argparse.Namespace) -> DataFrame:
    """Draw formulas and tell what they are worth; InputError for an option that is not of this word."""
    from matwidgets.adversarial_models import FormulaGAN, load
    from matwidgets.samplers import describe

    if args.prior is not None:
        raise InputError(
            f"--prior {args.prior} given, but {args.word} draws from one distribution of noise; leave it out"
        )
    model = asked_for(args, load, FormulaGAN.from_directory)
    samples = model.sample(args.n, seed=args.seed)
    if samples.redrawn:
        note(
            f"{samples.redrawn} draw{'s' * (samples.redrawn > 1)} were no formula of at least two elements and were "
            "drawn again"
        )
    return describe(samples.formulas)
