"""``matwidgets lab``: JupyterLab on the notebooks."""

from __future__ import annotations

import argparse

from matwidgets.cli.parsing import whole_number
from matwidgets.cli.progress import Interrupted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "directory", nargs="?", default=".", metavar="DIR", help="the folder to open (default: this one)"
    )
    parser.add_argument("--port", type=whole_number(1), metavar="N", help="this port (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(args: argparse.Namespace) -> int:
    """Start the server and stay until it ends."""
    from matwidgets.lab import start

    try:
        return start(args.directory, port=args.port, browser=not args.no_browser)
    except KeyboardInterrupt:
        raise Interrupted(
            "JupyterLab was stopped; saved notebooks are as they were, start it again to go on"
        ) from None
