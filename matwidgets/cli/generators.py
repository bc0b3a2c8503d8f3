"""``matwidgets train`` for the words whose model generates materials instead of predicting a property."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from matwidgets.cli.source import read_rows
from matwidgets.cli.training import check_folder, command, trained
from matwidgets.errors import InputError

WORDS = ("onehot_vae",)
NOT_HERE = ("property", "target", "test", "split")


def train(args: argparse.Namespace) -> int:
    """Train on the published compounds, or on the formulas of a table, and save.

    Raises
    ------
    InputError
        For an option that only predictors have, or an output folder that is taken.
    """
    from matwidgets.cli.commands.data import fetch_tables
    from matwidgets.generative_trainings import COMPOUNDS, state_file, train_generator

    given = [name for name in NOT_HERE if getattr(args, name) not in (None, "published")]
    if given:
        raise InputError(
            f"--{given[0]} given, but {args.word} learns formulas alone; leave it out, or give --csv FILE --formula COL"
        )
    if args.csv is None and args.formula is not None:
        raise InputError("--formula goes with --csv FILE; without it the published compounds are used")
    out = Path(args.out or (args.word if args.csv is None else f"{args.word}-{Path(args.csv).stem}"))
    check_folder(out, state_file(out), args)
    if args.fetch and args.csv is None:
        fetch_tables([COMPOUNDS])
    frame = None
    if args.csv is not None:
        from matwidgets.features.onehot import ELEMENTS

        frame = read_rows(args.csv, args.formula, None, ELEMENTS)
    job = train_generator(
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
    print(f"{args.word} trained on {args.csv or 'the published compounds'}: model and card are in {out}")
    print(line(result.card["measured"]))
    return 0


def line(measured: dict[str, Any]) -> str:
    """Write the least that one wants to know of a generator."""
    seen, samples = measured["val"], measured["samples"]
    found = samples["smallest_denominator"]
    return (
        f"validation: negative ELBO {seen['nelbo']:.2f} nats, {seen['active']} active latent dimensions; "
        f"{samples['n']} samples: prevalence off by {found['kl_counts']:.3f} nats by atoms, "
        f"{found['kl_fractions']:.3f} by fractions"
    )
