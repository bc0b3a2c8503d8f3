"""``matwidgets invert``: change an alloy step by step until the classifier says of it what is wanted."""

from __future__ import annotations

import argparse

from matwidgets.cli import alloys
from matwidgets.cli.output import emit_json, note, text_table
from matwidgets.cli.parsing import lock, number, whole_number

MOST_STEPS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("alloy", metavar="ALLOY", help="like Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1")
    parser.add_argument(
        "--target", choices=("single", "multi"), default="single",
        help="a single phase, or several (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-steps",
        type=whole_number(1, MOST_STEPS),
        default=10,
        metavar="N",
        help="(default: %(default)s)",
    )
    parser.add_argument(
        "--step", type=number, default=1.0, metavar="Y",
        help="how far the probability may go at once, 0 to 1; 1 inverts it as the paper does (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--threshold",
        type=number,
        default=0.6,
        metavar="P",
        help="probability to be reached (default: %(default)s)",
    )
    parser.add_argument(
        "--keep",
        nargs="+",
        action="extend",
        default=[],
        metavar="EL",
        help="elements that stay, with at least 5 %%",
    )
    parser.add_argument(
        "--forbid", nargs="+", action="extend", default=[], metavar="EL", help="elements that are left out"
    )
    parser.add_argument(
        "--lock", type=lock, action="append", default=[], metavar="EL=X", help="hold an element at a fraction"
    )
    parser.add_argument(
        "--price", type=_price, action="append", default=[], metavar="EL=P",
        help="price of an element in nats; 0.69 halves its amount against the others",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint", metavar="DIR", help="use the model in this folder (as `train` writes it)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Invert and print."""
    model = alloys.load_model(args)
    found = model.invert(
        args.alloy, args.target, max_steps=args.max_steps, step=args.step, threshold=args.threshold,
        keep=_symbols(args.keep), forbid=_symbols(args.forbid), locks=dict(args.lock), price=dict(args.price),
    )  # fmt: skip
    if args.json:
        emit_json(found.to_dict())
        return 0
    rows = [
        [i, s.alloy, s.wanted, s.probability, s.std, s.distance, s.in_domain]
        for i, s in enumerate(found.steps)
    ]
    print(text_table(["step", "alloy", "wanted", "probability", "std", "distance", "in domain"], rows))
    print(f"{found.reason}: {found.note}")
    if not found.steps[-1].in_domain:
        note(f"{found.steps[-1].alloy} is far from the training alloys: take its probability with care")
    return 0


def _price(text: str) -> tuple[str, float]:
    """Read ``EL=P``: an element and its price."""
    element, _, value = text.partition("=")
    try:
        if not element or float(value) < 0:
            raise ValueError
        return element, number(value)
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is ELEMENT=PRICE with a price of 0 or more, like Co=0.69"
        ) from None


def _symbols(words: list[str]) -> list[str]:
    """Elements written as ``Fe Ni`` or as ``Fe,Ni``."""
    return [symbol for word in words for symbol in word.split(",") if symbol]
