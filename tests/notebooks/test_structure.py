"""Committed notebooks: headings, tags, budgets, executed, clean, and in step with the records."""

import json

import pytest

from matwidgets.papers import load_papers, structure
from matwidgets.papers.exercise import as_expected
from matwidgets.papers.ledger import Ledger
from matwidgets.papers.notebook import dirt, read_ledger, to_html
from matwidgets.papers.notebook_file import joined, read_notebook
from matwidgets.papers.registry import find_notebooks

NOTEBOOKS = find_notebooks()
WITH_PAPER = [p for p in load_papers() if p.notebook_path is not None]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_executed_and_clean_and_keeps_the_rules(path):
    assert dirt(path) == []
    assert structure.general_problems(path) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_cells_have_names_and_are_numbered_in_order(path):
    book = read_notebook(path)
    names = [cell["id"] for cell in book["cells"]]
    assert len(set(names)) == len(names)
    counts = [cell["execution_count"] for cell in book["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_start_here_and_a_notebook_for_each_paper_that_is_more_than_planned():
    assert NOTEBOOKS[0].stem == "00_start_here"
    assert [p.stem for p in NOTEBOOKS[1:]] == [p.stem for p in WITH_PAPER]
    assert [p.word for p in WITH_PAPER] == [p.word for p in load_papers() if p.status != "planned"]


@pytest.mark.parametrize("one", WITH_PAPER, ids=lambda p: p.word)
def test_the_shipped_ledger_follows_from_the_record(one):
    document = read_ledger(one.notebook_path)
    again = Ledger.from_json(document, one.claims).to_json()
    assert again["claims"] == document["claims"], "the record changed: run the notebook again"
    assert document["data"], "commit the notebook as executed with the paper's tables"
    assert all(row["why"] or row["verdict"] == "reproduced" for row in document["claims"])


@pytest.mark.parametrize("one", WITH_PAPER, ids=lambda p: p.word)
def test_every_solution_came_out_and_every_stub_is_unanswered(one):
    cells = [c for c in read_notebook(one.notebook_path)["cells"] if c["cell_type"] == "code"]
    for cell in cells:
        printed = [joined(o["text"]) for o in cell["outputs"] if o.get("name") == "stdout"]
        if "solution" in cell["metadata"].get("tags", []):
            assert as_expected(printed), f"{cell['id']}: {printed}"
        elif "check(" in joined(cell["source"]):
            assert "not answered yet" in printed[0], cell["id"]


@pytest.fixture
def broken(tmp_path):
    """A copy of the first paper's notebook to break; give it a function that does so."""
    book = read_notebook(WITH_PAPER[0].notebook_path)

    def save(change):
        change(book["cells"])
        path = tmp_path / "01_broken.ipynb"
        path.write_text(json.dumps(book), "utf-8")
        return structure.problems(path)

    return save


def tagged(cells, tag):
    return next(c for c in cells if tag in c["metadata"].get("tags", []))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda cells: cells.pop(0), "the first cell is no title"),
        (lambda cells: cells.remove(tagged(cells, "claims")), "0 cells are tagged claims; one is needed"),
        (
            lambda cells: tagged(cells, "parameters").update(source='preset = "paper"'),
            "the committed preset is 'paper'",
        ),
        (
            lambda cells: tagged(cells, "parameters").update(source="seed = 0"),
            "there is no parameter retrain",
        ),
        (
            lambda cells: tagged(cells, "solution")["metadata"].update(jupyter={}),
            "a solution is not collapsed",
        ),
        (lambda cells: tagged(cells, "claims").update(outputs=[]), "is compared but prints nothing"),
        (
            lambda cells: cells[1].update(cell_type="code", outputs=[], source="!pip install x"),
            "cell 1 installs something",
        ),
        (
            lambda cells: cells[1].update(source="![](https://a.example/b.png)"),
            "shows a picture without alt text",
        ),
        (
            lambda cells: cells[1].update(source="![b](https://a.example/b.png)"),
            "loads https://a.example/b.png",
        ),
    ],
)
def test_what_is_missing_or_too_much_is_named(broken, change, complaint):
    assert any(complaint in line for line in broken(change))


def test_a_theory_that_is_too_long_is_named(broken):
    def lengthen(cells):
        idea = next(c for c in cells if joined(c["source"]).startswith("## The idea"))
        idea["source"] = joined(idea["source"]) + " word" * 600

    assert any("the theory has" in line for line in broken(lengthen))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_its_page_can_be_written(path, tmp_path):
    """Every formula in the text is one that the page can draw."""
    page = to_html(path, tmp_path / "page.html")
    assert page.stat().st_size > 10_000
