"""``matwidgets sample``: new formulas from a generator, with what they are worth."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.cli import duals, gans, generators
from matwidgets.cli.commands.predict import check_out, write_csv
from matwidgets.cli.output import emit_json, note, text_table
from matwidgets.cli.parsing import seed, whole_number
from matwidgets.cli.training import asked_for
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame

MOST = 1_000_000
SHOWN = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("word", metavar="WORD", help="the paper's word, like onehot_vae")
    parser.add_argument(
        "-n", type=whole_number(1, MOST), required=True, metavar="N", help="how many formulas to draw"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of the draw (default: %(default)s)"
    )
    parser.add_argument(
        "--prior",
        metavar="NAME",
        help="draw from the paper's standard normal prior (normal), or from where the training materials lie "
        "(aggregate, the default of a model that has it)",
    )
    parser.add_argument(
        "--checkpoint", metavar="DIR", help="use the generator in this folder (as `train` writes it)"
    )
    parser.add_argument("--out", metavar="FILE", help="write the formulas to this CSV file")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Draw and print."""
    if args.json and args.out is not None:
        raise InputError(f"--json and --out {args.out} both given; give one of them")
    if args.out is not None:
        check_out(Path(args.out), None)
    words = (*generators.WORDS, *duals.WORDS, *gans.WORDS)
    if args.word not in words:
        raise InputError(
            f"Nothing to sample for {args.word!r}; allowed are {', '.join(words)}: choose one of these"
        )

    if args.word in duals.WORDS:
        frame = duals.sampled(args)
    elif args.word in gans.WORDS:
        frame = gans.sampled(args)
    else:
        frame = sampled(args)
    if args.json:
        emit_json(frame.to_dict("records"))
        return 0
    if args.out is not None:
        write_csv(frame, Path(args.out))
        note(f"{len(frame)} formula{'s' * (len(frame) > 1)} written to {args.out}")
    else:
        print(text_table(list(frame.columns), frame.head(SHOWN).values.tolist()))
        if len(frame) > SHOWN:
            print(f"... and {len(frame) - SHOWN} more; --out FILE.csv writes all")
    print(shares(frame))
    return 0


def sampled(args: argparse.Namespace) -> DataFrame:
    """Draw formulas from a generator and tell what they are worth."""
    from matwidgets.samplers import Sampler, describe, load

    sampler = asked_for(args, load, Sampler.from_directory)
    if sampler.word != args.word:
        raise InputError(
            f"{args.checkpoint} holds a model of {sampler.word}, asked for was {args.word}: name {sampler.word}"
        )
    samples = sampler.sample(args.n, seed=args.seed, prior=args.prior)
    frame = describe(samples.formulas)
    if samples.redrawn:
        note(
            f"{samples.redrawn} draw{'s' * (samples.redrawn > 1)} decoded to no element and were drawn again"
        )
    return frame


def shares(frame: DataFrame) -> str:
    """Write the share of each property in one line."""
    parts = [f"{name} {frame[name].mean():.1%}" for name in ("neutral", "balanced", "unique")]
    if frame["novel"].isna().any():
        parts.append("novel unknown (no table of known formulas on this machine)")
    else:
        parts.append(f"novel {frame['novel'].mean():.1%}")
    return f"{len(frame)} formula{'s' * (len(frame) > 1)}: {', '.join(parts)}"
