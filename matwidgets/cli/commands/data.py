"""``matwidgets data``: which tables there are, where, whether they are whole; and fetching them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from matwidgets.cli.output import emit_json, text_table
from matwidgets.cli.progress import Progress
from matwidgets.errors import ChecksumError, InputError

ACTIONS = ("list", "fetch", "verify", "where")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=ACTIONS, metavar="|".join(ACTIONS), help="what to do")
    parser.add_argument(
        "names", nargs="*", default=[], metavar="NAME", help="tables to fetch, as `data list` names them"
    )
    parser.add_argument("--all", action="store_true", help="fetch every table")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Do what was asked."""
    if args.action != "fetch" and (args.names or args.all):
        given = args.names[0] if args.names else "--all"
        raise InputError(f"`data {args.action}` takes no names, {given!r} was given; only `data fetch` does")
    return {"list": listing, "fetch": fetching, "verify": verifying, "where": locating}[args.action](args)


def listing(args: argparse.Namespace) -> int:
    """Print what tables there are, and which can be read now."""
    from matwidgets.data import fetch

    rows = fetch.verify()
    if args.json:
        emit_json(rows)
    else:
        cells = [[r["name"], _place(r), r["rows"], round(r["bytes"] / 1e6, 2), r["licence"]] for r in rows]
        print(text_table(["table", "here", "rows", "MB", "licence"], cells))
    return 0


def fetching(args: argparse.Namespace) -> int:
    """Get tables over the network, those that are not here yet."""
    from matwidgets.data import fetch

    if bool(args.names) == args.all:
        given = "both were" if args.all else "neither was"
        raise InputError(
            f"NAME... or --all: {given} given; name tables as `matwidgets data list` does, or give --all"
        )
    paths = fetch_tables(args.names or list(fetch.table_names()))
    if args.json:
        emit_json([str(path) for path in paths])
    else:
        print("\n".join(str(path) for path in paths))
    return 0


def fetch_tables(names: list[str]) -> list[Path]:
    """Get tables that are not here yet, with a bar for each.

    Raises
    ------
    InputError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.fetch`.
    """
    from matwidgets.data import fetch

    bars: dict[str, Progress] = {}

    def report(name: str, done: int, total: int) -> None:
        bar = bars.setdefault(name, Progress(f"fetch {name}", "bytes"))
        bar.update(done, total, last=done >= total)

    try:
        return fetch.fetch(names, progress=report)
    finally:
        for bar in bars.values():
            bar.close()


def verifying(args: argparse.Namespace) -> int:
    """Check the checksum of every table that is here."""
    from matwidgets.data import fetch

    rows = fetch.verify()
    if args.json:
        emit_json(rows)
    else:
        print(text_table(["table", "state", "file"], [[r["name"], r["status"], r["path"]] for r in rows]))
    if wrong := [r["name"] for r in rows if r["status"] == "wrong checksum"]:
        raise ChecksumError(
            f"wrong checksum of {', '.join(wrong)}: `matwidgets data fetch {' '.join(wrong)}` replaces a "
            "file in the cache; in a mirror folder put the original file"
        )
    return 0


def locating(args: argparse.Namespace) -> int:
    """Print where tables are looked for."""
    from matwidgets.data import fetch

    places = fetch.where()
    if args.json:
        emit_json(places)
    else:
        print(text_table(["what", "where"], list(places.items())))
    return 0


def _place(row: dict[str, Any]) -> str:
    return str(row["place"]) if row["status"] == "ok" else str(row["status"])
