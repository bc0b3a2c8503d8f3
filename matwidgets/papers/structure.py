"""What every notebook of a paper must have: headings, tags, budgets. The tests ask; so can an author."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matwidgets.papers.notebook import parameters_of
from matwidgets.papers.notebook_file import joined, read_notebook

HEADINGS = (
    "At a glance", "You will learn", "The idea", "The data", "Touch the data", "The model", "Train",
    "Reproduce", "Ledger", "Why they differ", "Explore", "Exercises", "Remember",
)  # fmt: skip
PARAMETERS = ("preset", "seed", "retrain")
MOST_PARAMETERS = 6
MOST_THEORY_WORDS = 600
MOST_BYTES = 1_000_000
CHECKED = ("nbval-check-output", "check-with-data")
CHECKED_CELLS = (5, 8)


def problems(path: Path) -> list[str]:
    """List what a paper's notebook lacks or has too much of; empty if it fits.

    Parameters
    ----------
    path : Path
        The notebook, as it is committed.
    """
    cells = read_notebook(path)["cells"]
    return [
        *general_problems(path),
        *_heading_problems(cells),
        *_tag_problems(cells),
        *_parameter_problems(path),
        *_exercise_problems(cells),
    ]


def general_problems(path: Path) -> list[str]:
    """List what breaks the rules for any notebook, that of a paper or another."""
    cells = read_notebook(path)["cells"]
    found = []
    if path.stat().st_size > MOST_BYTES:
        found.append(f"the file has {path.stat().st_size} bytes; at most {MOST_BYTES} are allowed")
    title = joined(cells[0]["source"]) if cells else ""
    if not title.startswith("# "):
        found.append("the first cell is no title")
    for word in ("Binder", "min", "1 GB"):
        if word not in title:
            found.append(f"the title's badges do not name {word}")
    for number, cell in enumerate(cells):
        source = joined(cell["source"])
        if cell["cell_type"] == "code" and re.search(r"^\s*[!%]\s*(pip|conda|apt)", source, re.MULTILINE):
            found.append(f"cell {number} installs something")
        if cell["cell_type"] == "markdown" and re.search(r"!\[|<img\b", source):
            pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", source)
            found += [f"cell {number} shows a picture without alt text" for alt, _ in pictures if not alt]
            found += [f"cell {number} loads {url}" for _, url in pictures if re.match(r"(https?:)?//", url)]
        found += [f"cell {number} {trouble}" for trouble in _output_problems(cell)]
    return found


def _output_problems(cell: dict[str, Any]) -> Iterable[str]:
    tags = cell["metadata"].get("tags", [])
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data):
            yield "shows a picture without alt text: use matwidgets.papers.figure.show"
        for image in re.findall(r"<img\b[^>]*>", joined(data.get("text/html", ""))):
            if not re.search(r'\balt="[^"]+"', image):
                yield "shows a picture without alt text"
        if any(tag in tags for tag in CHECKED) and set(data) - {"text/plain"}:
            yield "is compared, so it must print text and display nothing"
    if any(tag in tags for tag in CHECKED) and not cell["outputs"]:
        yield "is compared but prints nothing"


def _heading_problems(cells: list[dict[str, Any]]) -> list[str]:
    text = "\n".join(joined(c["source"]) for c in cells if c["cell_type"] == "markdown")
    present = re.findall(r"^## +(.+)$", text, re.MULTILINE)
    found = [
        f"no heading starts with {wanted!r}"
        for wanted in HEADINGS
        if not any(h.startswith(wanted) for h in present)
    ]
    idea = re.search(r"^## +The idea.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    words = len(idea.group(1).split()) if idea else 0
    if words > MOST_THEORY_WORDS:
        found.append(f"the theory has {words} words; at most {MOST_THEORY_WORDS} are allowed")
    if "doi.org/" not in joined(cells[0]["source"]):
        found.append("the title's badges do not link the DOI")
    return found


def _tag_problems(cells: list[dict[str, Any]]) -> list[str]:
    tags = [set(c["metadata"].get("tags", [])) for c in cells]
    found = [
        f"{sum(wanted in t for t in tags)} cells are tagged {wanted}; one is needed"
        for wanted in ("parameters", "claims")
        if sum(wanted in t for t in tags) != 1
    ]
    if any("claims" in t and "check-with-data" not in t for t in tags):
        found.append("the cell of claims is not tagged check-with-data")
    if not any("nbval-ignore-output" in t for t in tags):
        found.append("no set-up cell is tagged nbval-ignore-output")
    checked = sum(bool(t & set(CHECKED)) for t in tags)
    low, high = CHECKED_CELLS
    if not low <= checked <= high:
        found.append(f"{checked} cells are compared ({', '.join(CHECKED)}); {low} to {high} are wanted")
    return found


def _parameter_problems(path: Path) -> list[str]:
    given = parameters_of(path)
    found = [f"there is no parameter {name}" for name in PARAMETERS if name not in given]
    if len(given) > MOST_PARAMETERS:
        found.append(f"there are {len(given)} parameters; at most {MOST_PARAMETERS} are allowed")
    if given.get("preset", "binder") != "binder":
        found.append(f"the committed preset is {given['preset']!r}; it must be 'binder'")
    return found


def _exercise_problems(cells: list[dict[str, Any]]) -> list[str]:
    text = "\n".join(joined(c["source"]) for c in cells if c["cell_type"] == "markdown")
    found = [
        f"there is no exercise {n}"
        for n in range(1, 5)
        if not re.search(rf"^### +Exercise {n}\b", text, re.M)
    ]
    solutions = [c for c in cells if "solution" in c["metadata"].get("tags", [])]
    if len(solutions) < 4:
        found.append(f"{len(solutions)} cells are tagged solution; every exercise needs one")
    for cell in solutions:
        hidden = cell["metadata"].get("jupyter", {}).get("source_hidden")
        if "hide-cell" not in cell["metadata"]["tags"] or not hidden:
            found.append("a solution is not collapsed (tag hide-cell, jupyter.source_hidden)")
    return found
