"""Arguments into a namespace, with every usage error as one line that says what is allowed."""

from __future__ import annotations

import argparse
import difflib
import importlib
from collections.abc import Callable, Sequence
from typing import NoReturn

from matwidgets.errors import InputError

COMMANDS: dict[str, str] = {
    "papers": "list the papers and how far each one is",
    "reproduce": "run a paper's notebook and print the ledger of its claims",
    "predict": "predict a property of formulas",
    "design": "search the fractions of some elements for the best property",
    "decompose": "find what a compound decomposes into on the offline hull",
    "pattern": "compute the powder pattern of a crystal, or of all published structures",
    "train": "train a network on a published property or on your own table",
    "evaluate": "score a model on your own table",
    "sample": "draw new formulas from a generator",
    "invert": "change an alloy until it has a single phase, or several",
    "data": "list, fetch, verify or locate the tables",
    "lab": "open JupyterLab on the notebooks",
    "doctor": "say what is installed and what is reachable",
}


class Parser(argparse.ArgumentParser):
    """argparse whose errors are raised as :class:`InputError` instead of a usage text of several lines."""

    def __init__(self, command: str, summary: str) -> None:
        super().__init__(
            prog=f"matwidgets {command}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            allow_abbrev=False,
        )
        self.command = command
        self.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )

    def error(self, message: str) -> NoReturn:
        """Raise the error as one line; an unknown option is answered with the options there are."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            word = unknown.split()[0] if unknown.split() else unknown
            message = (
                f"unknown option {word!r}" if word.startswith("-") else f"one argument too many, {word!r}"
            )
            message += f"; options are {', '.join(self.long_options())}"
        elif message.startswith("the following arguments are required: "):
            message = f"missing {message.split(': ', 1)[1]}"
        message = message.removeprefix("argument ")
        raise InputError(f"{self.command}: {message} (see `{self.prog} --help`)")

    def long_options(self) -> list[str]:
        """List the options as a user types them, in the order of the help."""
        options = [
            text for action in self._actions for text in action.option_strings if text.startswith("--")
        ]
        return [text for text in options if text not in ("--help", "--debug")]


def parse(arguments: Sequence[str]) -> tuple[Callable[[argparse.Namespace], int], argparse.Namespace]:
    """Find the command and read its arguments.

    Returns
    -------
    run : callable
        The command's function; it takes the namespace and returns the exit code.
    namespace : argparse.Namespace
        The arguments read.

    Raises
    ------
    InputError
        For an unknown command or option, a missing or unreadable argument.
    SystemExit
        After ``--help`` and ``--version`` have printed.
    """
    rest = list(arguments)
    while rest and rest[0] == "--debug":
        rest.pop(0)
    if not rest:
        raise InputError(f"no command given; choose one of {', '.join(COMMANDS)} (see `matwidgets --help`)")
    word = rest.pop(0)
    if word in ("-h", "--help", "help"):
        print(overview())
        raise SystemExit(0)
    if word in ("-V", "--version"):
        from matwidgets import __version__

        print(f"matwidgets {__version__}")
        raise SystemExit(0)
    if word not in COMMANDS:
        near = difflib.get_close_matches(word, COMMANDS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        kind = "option" if word.startswith("-") else "command"
        raise InputError(f"unknown {kind} {word!r}; commands are {', '.join(COMMANDS)}{hint}")
    module = importlib.import_module(f"matwidgets.cli.commands.{word}")
    parser = Parser(word, COMMANDS[word])
    module.add_arguments(parser)
    namespace = parser.parse_intermixed_args(rest)
    namespace.command_line = list(arguments)
    return module.run, namespace


def overview() -> str:
    """Write the text of ``matwidgets --help``."""
    lines = ["usage: matwidgets COMMAND ... [--debug]", "", "commands:"]
    lines += [f"  {word:<10} {summary}" for word, summary in COMMANDS.items()]
    lines += ["", "`matwidgets COMMAND --help` explains one; `matwidgets --version` prints the version."]
    return "\n".join(lines)


SEED_MOST = 2**32 - 1  # what every random generator in use takes


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Make a reader of whole numbers from `least` on, up to `most` if that is given."""
    allowed = f"a whole number >= {least}" if most is None else f"a whole number from {least} to {most}"

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is {allowed}")
        return value

    return read


def seed(text: str) -> int:
    """Read a seed."""
    return whole_number(0, SEED_MOST)(text)


def number(text: str) -> float:
    """Read a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not abs(value) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is a finite number")
    return value


def weight(text: str) -> tuple[str, float]:
    """Read ``P=W``: a property and the weight of its objective."""
    name, _, value = text.partition("=")
    try:
        if not (name and float(value) > 0):
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is PROPERTY=WEIGHT with a weight > 0, like bulk_modulus=1"
        ) from None
    return name, number(value)


def amount(text: str) -> float:
    """Read a number from 0 on."""
    try:
        value = number(text)
    except argparse.ArgumentTypeError:
        value = -1.0
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text!r} was given; allowed is a number >= 0")
    return value


def target(text: str) -> tuple[str, float]:
    """Read ``P=VALUE``: a property and the value that it should come near, in its unit."""
    name, _, value = text.partition("=")
    try:
        if not name:
            raise ValueError
        return name, number(value)
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is PROPERTY=VALUE, like bulk_modulus=200"
        ) from None


def lock(text: str) -> tuple[str, float]:
    """Read ``EL=X``: an element and the fraction that it is held at."""
    element, _, value = text.partition("=")
    try:
        if not (element and 0 <= float(value) <= 1):
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is ELEMENT=FRACTION with a fraction from 0 to 1, like O=0.6"
        ) from None
    return element, float(value)


def bound(text: str) -> tuple[str, tuple[float, float]]:
    """Read ``EL=LO:HI``: an element and the least and greatest fraction it may take."""
    element, _, interval = text.partition("=")
    low, _, high = interval.partition(":")
    try:
        pair = float(low), float(high)
        if not (element and 0 <= pair[0] <= pair[1] <= 1):
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is ELEMENT=LOW:HIGH with 0 <= LOW <= HIGH <= 1, like Cd=0:0.2"
        ) from None
    return element, pair


def checkpoint(text: str) -> tuple[str, str]:
    """Read ``NAME=DIR``: a property and the folder of the model that predicts it."""
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is PROPERTY=FOLDER, like bulk_modulus=my_checkpoint"
        )
    return name, folder


def parameter(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``: a notebook's parameter; its default there says how the value is read."""
    name, equals, value = text.partition("=")
    if not (name.isidentifier() and equals):
        raise argparse.ArgumentTypeError(
            f"{text!r} was given; allowed is NAME=VALUE with NAME a parameter's name"
        )
    return name, value
