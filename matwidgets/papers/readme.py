"""The table of papers in README.md, made from the records between two markers."""

from __future__ import annotations

from collections.abc import Sequence

from matwidgets.errors import InputError
from matwidgets.papers.registry import Paper

BEGIN, END = "<!-- papers: begin -->", "<!-- papers: end -->"


def table(papers: Sequence[Paper]) -> str:
    """Make the table: a row a paper, with what works today."""
    lines = ["| | paper | notebook | what works today |", "|---|---|---|---|"]
    lines += [
        f"| `{p.word}` | {p.authors[0].split()[-1]} {p.year}, [{p.title}](https://doi.org/{p.doi}) "
        f"| {_notebook(p)} | {_today(p)} |"
        for p in papers
    ]
    return "\n".join(lines)


def updated(text: str, papers: Sequence[Paper]) -> str:
    """Put the present table between the markers of a README.

    Raises
    ------
    InputError
        If the markers are not there once each, in order.
    """
    return between(text, BEGIN, END, table(papers))


def between(text: str, begin: str, end: str, content: str) -> str:
    """Put ``content`` between two markers; InputError if they are not there once each, in order."""
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise InputError(f"README has no pair of markers {begin} ... {end}; put them where the table belongs")
    before, rest = text.split(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}"


def _notebook(paper: Paper) -> str:
    path = paper.notebook_path
    return "–" if path is None else f"[{path.stem}](notebooks/{path.name})"


def _today(paper: Paper) -> str:
    if paper.status == "planned":
        return "planned: no notebook yet"
    counts = ", ".join(f"{n} {v}" for v, n in paper.ledger().tally().items())
    return f"{paper.status}: {counts}"
