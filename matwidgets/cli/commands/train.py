"""``matwidgets train``: train a network on a published property or on a table of your own."""

from __future__ import annotations

import argparse
from pathlib import Path

from matwidgets.cli import alloys, duals, filters, gans, generators
from matwidgets.cli.commands.data import fetch_tables
from matwidgets.cli.commands.evaluate import errors, line
from matwidgets.cli.output import note
from matwidgets.cli.parsing import seed, whole_number
from matwidgets.cli.source import read_rows
from matwidgets.cli.training import check_folder, command, trained
from matwidgets.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("word", metavar="WORD", help="the paper's word, like crabnet")
    parser.add_argument(
        "--preset",
        default="binder",
        help="size of network and training (default: %(default)s)",
    )
    parser.add_argument("--property", metavar="NAME", help="train on the published tables of this property")
    parser.add_argument("--csv", metavar="FILE", help="train on this table instead")
    parser.add_argument("--formula", metavar="COL", help="its column of formulas")
    parser.add_argument("--target", metavar="COL", help="its column of values")
    parser.add_argument(
        "--test", metavar="FILE", help="a second table with the same columns, scored at the end"
    )
    parser.add_argument(
        "--out", metavar="DIR", help="folder of the checkpoint (default: WORD-PROPERTY or WORD-TABLE)"
    )
    parser.add_argument(
        "--fetch", action="store_true", help="get the tables it needs over the network if missing"
    )
    parser.add_argument(
        "--split",
        default="published",
        help="published, or grouped: no set of elements in both training and test (default: %(default)s)",
    )
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--epochs", type=whole_number(1), metavar="N", help="passes over the table")
    parser.add_argument(
        "--seed",
        type=seed,
        default=0,
        metavar="N",
        help="seed of weights and batches (default: %(default)s)",
    )
    filters.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train, save, and score the test table if there is one."""
    filters.require_word(args)
    if args.part == filters.PART:
        return filters.train(args)
    if args.word in generators.WORDS:
        return generators.train(args)
    if args.word in alloys.WORDS:
        return alloys.train(args)
    if args.word in duals.WORDS:
        return duals.train(args)
    if args.word in gans.WORDS:
        return gans.train(args)
    if (args.property is None) == (args.csv is None):
        given = "neither" if args.csv is None else "both"
        raise InputError(
            f"{given} of --property NAME and --csv FILE given; give exactly one, like --property bulk_modulus"
        )
    if args.csv is None and (
        unused := [n for n in ("formula", "target", "test") if getattr(args, n) is not None]
    ):
        raise InputError(f"--{unused[0]} goes with --csv FILE; with --property the published tables are used")
    if args.csv is not None and args.target is None:
        raise InputError(f"--csv {args.csv} needs --target COLUMN, the column that holds the values")
    out = Path(args.out or f"{args.word}-{args.property or Path(args.csv).stem}")

    import matwidgets
    from matwidgets.trainings import element_table, state_file

    check_folder(out, state_file(out), args)
    if args.fetch:
        fetch_tables(["mat2vec"] if args.property is None else [args.property, "mat2vec"])
    frame = test = None
    if args.csv is not None:
        known = element_table().elements
        frame = read_rows(args.csv, args.formula, args.target, known)
        if args.test is not None:
            test = read_rows(args.test, args.formula, args.target, known)
    job = matwidgets.train(
        args.word,
        property=args.property,
        frame=frame,
        target=args.target or "target",
        test=test,
        preset=args.preset,
        split=args.split,
        epochs=args.epochs,
        seed=args.seed,
        out=out,
        resume=args.resume,
        command=command(args),
        start=False,
    )
    note(f"element table: {job.meta['element_table']}")
    result = trained(job, args, out)
    print(f"{args.word} trained on {args.property or args.csv}: model and card are in {out}")
    if test is not None:
        values = result.predictor.predict(list(test["formula"]))["value"].to_numpy(float)
        print(f"test: {line(errors(test['target'].to_numpy(float), values), result.predictor.unit)}")
    return 0
