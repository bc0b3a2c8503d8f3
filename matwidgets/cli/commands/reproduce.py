"""``matwidgets reproduce``: run papers' notebooks and print the ledgers of their claims."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

from matwidgets.cli.output import note, text_table, with_unit
from matwidgets.cli.parsing import parameter, seed
from matwidgets.cli.progress import Interrupted, Progress, duration, follow
from matwidgets.errors import MatwidgetsError
from matwidgets.papers.ledger import VERDICTS

FELL = "not reproduced"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("word", metavar="WORD|all", help="the paper's word, like crabnet; or all")
    parser.add_argument(
        "--preset",
        default="binder",
        help="scale of the experiments (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=seed, default=0, metavar="N", help="seed of the run (default: %(default)s)"
    )
    parser.add_argument(
        "--out",
        default="reproduced",
        metavar="DIR",
        help="folder of the notebook, page and ledger (default: %(default)s)",
    )
    parser.add_argument(
        "-p", dest="parameters", action="append", default=[], type=parameter, metavar="NAME=VALUE",
        help="another parameter of the notebook; repeatable",
    )  # fmt: skip
    parser.add_argument("--strict", action="store_true", help=f"exit 1 if a claim is {FELL!r}")


def run(args: argparse.Namespace) -> int:
    """Run and print."""
    from matwidgets.papers.registry import load_papers, paper

    if args.word == "all":
        papers = load_papers()
        for planned in (p for p in papers if not p.notebook_path):
            note(f"{planned.word}: planned, it has no notebook yet")
        papers = [p for p in papers if p.notebook_path]
    else:
        papers = [paper(args.word)]
    failed, fallen = [], []
    for each in papers:
        try:
            ledger, paths = _reproduce(each, args)
        except MatwidgetsError as error:
            if len(papers) == 1:
                raise
            note(f"{each.word}: {' '.join(str(error).split())}")
            failed.append(each.word)
            continue
        print(report(each, ledger))
        for path in paths.values():
            print(f"wrote {path}")
        fallen += [f"{each.word}: {claim['id']}" for claim in ledger["claims"] if claim["verdict"] == FELL]
    if failed:
        raise MatwidgetsError(
            f"no ledger from {', '.join(failed)}; the reason stands above, run each alone to see more"
        )
    if args.strict and fallen:
        raise MatwidgetsError(f"--strict: {FELL} are {'; '.join(fallen)}; the ledger says why")
    return 0


def _reproduce(paper: Any, args: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Path]]:
    from matwidgets.papers.notebook import reproduce
    from matwidgets.papers.preparation import preparation

    first = preparation(paper.word)
    if first is not None:
        try:
            follow(first, first.title, "rows")
        except Interrupted as stop:
            raise Interrupted(f"{stop}; what is done is kept, run the command again to go on") from None
    with Progress(f"reproduce {paper.word}", "cells") as progress:
        try:
            ledger, paths = reproduce(
                paper.word,
                preset=args.preset,
                seed=args.seed,
                out=args.out,
                params=dict(args.parameters),
                progress=lambda done, total: progress.update(done, total, last=done == total),
            )
        except KeyboardInterrupt:
            raise Interrupted(
                f"interrupted; the notebook as far as it ran is in {args.out}, run the command again to start over"
            ) from None
    return ledger.to_json(), paths


def report(paper: Any, ledger: dict[str, Any]) -> str:
    """Lay the ledger out as aligned text of at most 100 columns."""
    known = {claim.id: claim for claim in paper.claims}
    rows = []
    for claim in ledger["claims"]:
        digits = known[claim["id"]].digits
        sign = {"equal": "", "at most": "<= ", "at least": ">= "}[known[claim["id"]].relation]
        quantity = with_unit(claim["quantity"], claim["unit"])
        here, control = (_value(claim[column], digits) for column in ("here", "control"))
        stated = claim["published"]  # with the digits that the paper gives, not those printed for ours
        paper_says = " to ".join(map(str, stated)) if isinstance(stated, list) else str(stated)
        rows.append([quantity, sign + paper_says, here, control, claim["verdict"]])
    tally = Counter(claim["verdict"] for claim in ledger["claims"])
    title = (
        f"{ledger['paper']}: preset {ledger['preset']}, seed {ledger['seed']}, took "
        f"{duration(ledger['wall_s'])}, peak memory {ledger['peak_rss_mb']:.0f} MB"
    )
    table = text_table(["claim", "paper", "here", "control", "verdict"], rows)
    return "\n".join([title, table, ", ".join(f"{tally[name]} {name}" for name in VERDICTS if tally[name])])


def _value(value: Any, digits: int) -> str:
    if isinstance(value, list):
        return " to ".join(_value(part, digits) for part in value)
    if isinstance(value, int | float):
        return f"{value:.{digits}e}" if abs(value) >= 1e6 else f"{value:.{digits}f}"
    return "-" if value is None else str(value)
