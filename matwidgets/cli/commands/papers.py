"""``matwidgets papers``: the papers and how far each one is."""

from __future__ import annotations

import argparse

from matwidgets.cli.output import emit_json, text_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print the papers."""
    from matwidgets.papers.registry import load_papers

    papers = [paper.to_json() for paper in load_papers()]
    if args.json:
        emit_json(papers)
    else:
        rows = [[p["word"], p["status"], str(p["year"]), p["title"], p["notebook"]] for p in papers]
        print(text_table(["word", "status", "year", "title", "notebook"], rows))
    return 0
