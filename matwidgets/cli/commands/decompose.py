"""``matwidgets decompose``: what a compound decomposes into, from the command line or for a table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.cli.output import emit_json, note, text_table, with_unit
from matwidgets.cli.progress import Interrupted, Progress, follow
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from matwidgets.features.hull import Decomposition

WAYS = "give FORMULA, or --csv FILE --formula COL --out FILE, or --all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("formula_given", nargs="?", metavar="FORMULA", help="like BaTiO3 or 'Ga(MoS2)4'")
    parser.add_argument("--csv", metavar="FILE", help="decompose the formulas of this table instead")
    parser.add_argument("--formula", metavar="COL", help="the table's column of formulas")
    parser.add_argument("--out", metavar="FILE", help="write the decompositions to this CSV file")
    parser.add_argument(
        "--all",
        action="store_true",
        help="decompose every published compound, once; the table stays in the cache, and an interrupted one goes on",
    )
    parser.add_argument(
        "--fetch", action="store_true", help="fetch the published energies if they are missing"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Decompose and print."""
    ways = [args.formula_given is not None, args.csv is not None, args.all]
    if sum(ways) != 1:
        raise InputError(f"decompose: {'more than one' if sum(ways) else 'nothing'} was given; {WAYS}")
    if args.csv is None and (args.out or args.formula):
        raise InputError("decompose: --out and --formula belong to --csv FILE; give them together or none")
    if args.all:
        return _all(args)
    if args.csv is not None:
        return _table(args)
    from matwidgets.decompositions import decompose

    found = decompose(args.formula_given, fetch=args.fetch)
    if args.json:
        emit_json(found.to_dict())
    else:
        print(written(found))
    return 0


def written(found: Decomposition) -> str:
    """Lay out one decomposition for a reader."""
    from matwidgets.features.hull import UNIT

    rows = [[p.formula, p.amount, p.energy] for p in found.products]
    table = text_table(["product", "share of the atoms", with_unit("energy", UNIT)], rows)
    return f"{found.formula}: {found.verdict}\n{table}\nfrom {found.source}"


def _table(args: argparse.Namespace) -> int:
    import pandas as pd

    from matwidgets.cli.commands.predict import check_out, write_csv
    from matwidgets.cli.source import report_dropped
    from matwidgets.data.datasets import load_user_table
    from matwidgets.decompositions import decompose, known_phases

    if args.formula is None or (args.out is None and not args.json):
        raise InputError(
            f"--csv {args.csv} needs --formula COLUMN, the column that holds the formulas, and --out FILE or --json"
        )
    if args.out is not None:
        check_out(Path(args.out), args.csv)
    frame, report = load_user_table(args.csv, args.formula)
    dropped = list(report.dropped)
    phases = known_phases(fetch=args.fetch)
    found: list[tuple[int, Decomposition]] = []
    with Progress("decompose", "formulas") as progress:
        for number, (formula, row) in enumerate(zip(frame["formula"], frame["row"], strict=True)):
            progress.update(number, len(frame))
            try:
                found.append((int(row), decompose(formula, phases=phases)))
            except InputError as reason:
                dropped.append((int(row), str(reason)))
    report_dropped(args.csv, dropped)
    if not found:
        raise InputError(f"{args.csv}: no usable row; each needs a formula whose elements have an energy")
    if args.out is not None:
        rows = [
            {
                "formula": item.formula,
                "decomposition_energy": item.decomposition_energy,
                "energy_above_hull": item.energy_above_hull,
                "products": " + ".join(f"{p.amount!r} {p.formula}" for p in item.products),
                "row": row,
            }
            for row, item in found
        ]
        write_csv(pd.DataFrame(rows), Path(args.out))
        ending = f"decomposition{'s' * (len(found) > 1)} written to {args.out}, from {found[0][1].source}"
        note(f"{len(found)} {ending}")
    if args.json:
        emit_json([item.to_dict() for _, item in found])
    return 0


def _all(args: argparse.Namespace) -> int:
    from matwidgets.decompositions import decompositions

    job = decompositions(fetch=args.fetch)
    try:
        frame = follow(job, "decompose", "compounds")
    except Interrupted as stop:
        raise Interrupted(f"{stop}; what is done is kept, run it again to go on") from None
    stable = float((frame["decomposition_energy"] <= 0).mean())
    summary = {
        "n": len(frame),
        "stable": stable,
        "most_products": int(frame["n_products"].max()),
        "sources": frame.attrs["sources"],
    }
    if args.json:
        emit_json(summary)
    else:
        print(
            f"{len(frame):,} compounds decomposed, {stable:.1%} stable, at most {summary['most_products']} products; "
            "`matwidgets.decompositions.load_decompositions()` reads the table"
        )
    return 0
