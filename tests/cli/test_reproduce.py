"""`matwidgets reproduce` on a toy paper: a real notebook of four cells, run by papermill, and its ledger."""

import json

import nbformat
import pytest

from matwidgets.papers import registry
from matwidgets.run import Run

RECORD = """
word = "toy"
number = 6
name = "A toy"
title = "A toy paper"
authors = ["A. Nobody"]
year = 2026
venue = "Nowhere"
doi = "10.0000/toy"
summary = "A paper that exists in a test."
minutes = 1

[[claims]]
id = "half"
quantity = "half of forty-two, in a sentence that is long enough to be broken over more than one line of the table"
unit = "GPa"
published = 21.0
where = "section 1"
tolerance = 0.5
tolerance_reason = "arithmetic"
control_is = "zero"
protocol = "divided"

[[claims]]
id = "answer"
quantity = "the answer"
unit = ""
published = "yes"
where = "section 1"
tolerance_reason = "a phenomenon"
control_is = "the opposite"
protocol = "asked"

[[claims]]
id = "later"
quantity = "what comes later"
unit = "s"
published = 60.0
relation = "at most"
where = "section 2"
tolerance = 0.0
tolerance_reason = "a bound"
control_is = "nothing"
protocol = "planned"
planned = true
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A package with one paper beside the real code; the notebook reads the same record."""
    package = tmp_path / "package"
    (package / "papers").mkdir(parents=True)
    (package / "notebooks").mkdir()
    (package / "papers" / "toy.toml").write_text(RECORD)
    (package / "papers" / "later.toml").write_text(
        RECORD.partition("[[claims]]")[0].replace('"toy"', '"later"').replace("number = 6", "number = 7")
    )
    ledger = f"""
from pathlib import Path

from matwidgets.papers.claims import Finding
from matwidgets.papers.registry import load_papers

toy = next(paper for paper in load_papers(Path({str(package)!r})) if paper.word == "toy")
ledger = toy.open_ledger(preset, seed)
ledger.enter(half=Finding(total / 2, 0.0), answer=Finding("no", "no", "asked twice"))
ledger
"""
    parameters = nbformat.v4.new_code_cell('preset = "binder"\nseed = 0\ntotal = 42.0')
    parameters.metadata.tags = ["parameters"]
    cells = [nbformat.v4.new_markdown_cell("# A toy"), parameters, nbformat.v4.new_code_cell(ledger.strip())]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, package / "notebooks" / "06_toy.ipynb")
    monkeypatch.setattr(registry, "PACKAGE", package)
    monkeypatch.setenv("PYTHONPATH", str(registry.__file__).partition("/matwidgets/papers/")[0])
    return package


def test_reproduce_prints_the_ledger_and_writes_three_files(toy, run, stranger):
    code, out, err = run("reproduce", "toy", "--out", "there", "--seed", "3")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("toy: preset binder, seed 3, took ")
    assert lines[0].endswith(" MB")
    assert max(map(len, lines[:-3])) <= 100
    assert lines[1].split() == ["claim", "paper", "here", "control", "verdict"]
    assert next(line for line in lines if line.startswith("half of")).split()[-4:] == [
        "21.0",
        "21.0",
        "0.0",
        "reproduced",
    ]
    assert next(line for line in lines if line.startswith("the answer")).endswith("not reproduced")
    assert next(line for line in lines if line.startswith("what comes")).endswith("not attempted")
    assert "<= 60.0" in out
    assert lines[-4] == "1 reproduced, 1 not reproduced, 1 not attempted"
    assert sorted(path.name for path in (stranger / "there").iterdir()) == [
        "06_toy.html", "06_toy.ipynb", "toy.ledger.json"
    ]  # fmt: skip
    ledger = json.loads((stranger / "there" / "toy.ledger.json").read_text())
    assert (ledger["paper"], ledger["seed"]) == ("toy", 3)
    assert ledger["wall_s"] > 0
    assert ledger["peak_rss_mb"] > 10
    assert err.splitlines()[-1].startswith("reproduce toy: ")
    assert len(err.splitlines()) == 1, "nothing but our own progress"


def test_what_the_notebook_reads_is_made_first(toy, run, monkeypatch):
    class Table:
        past: list = []
        finished = False

        def advance(self):
            self.finished = True
            return {"step": 7}

        def result(self):
            return "a table"

    made = Run(Table, title="rows of a toy", kind="table", total=7)
    monkeypatch.setattr("matwidgets.papers.preparation.preparation", {"toy": made}.get)
    code, out, err = run("reproduce", "toy")
    assert code == 0
    assert made.result == "a table"
    first, last = err.splitlines()
    assert first.startswith("rows of a toy: 7 of 7 rows")
    assert last.startswith("reproduce toy: ")
    assert out.splitlines()[0].startswith("toy: preset binder")


def test_strict_exits_1_and_names_the_claim(toy, run):
    code, out, err = run("reproduce", "toy", "--strict", "-p", "total=41.9")
    assert code == 1
    assert "1 reproduced, 1 not reproduced" in out
    assert err.splitlines()[-1] == "matwidgets: --strict: not reproduced are toy: answer; the ledger says why"


def test_a_parameter_changes_what_is_found(toy, run):
    code, out, _ = run("reproduce", "all", "-p", "total=50")
    assert code == 0
    assert "2 not reproduced, 1 not attempted" in out
    assert out.splitlines()[-1].endswith("toy.ledger.json")


def test_all_says_which_papers_are_planned(toy, run):
    code, _, err = run("reproduce", "all")
    assert code == 0
    assert err.splitlines()[0] == "later: planned, it has no notebook yet"


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["nope"], "There is no paper 'nope'; there are toy, later"),
        (
            ["later"],
            "later is planned and has no notebook yet; `matwidgets papers` shows which papers have one",
        ),
        (["toy", "-p", "size=1"], "06_toy.ipynb has no parameter 'size'; it has preset, seed, total"),
        (["toy", "-p", "total=big"], "Parameter total is 'big'; it must be float, like 42.0"),
    ],
)
def test_wrong_paper_or_parameter(toy, argv, line, refused):
    assert refused("reproduce", *argv) == line


def test_a_cell_that_raises_exits_1_and_says_which(toy, run):
    path = toy / "notebooks" / "06_toy.ipynb"
    path.write_text(path.read_text().replace("from pathlib import Path", "raise ValueError('no luck')"))
    code, out, err = run("reproduce", "toy")
    assert (code, out) == (1, "")
    last = err.splitlines()[-1]
    assert "06_toy.ipynb: cell " in last
    assert "raised ValueError: no luck" in last
    assert "Traceback" not in err


@pytest.mark.notebook
def test_crabnet_from_its_checkpoints_alone(run, stranger):
    """README's first command: no table, no network; a ledger at the end."""
    code, out, _ = run("reproduce", "crabnet")
    assert code == 0
    assert max(map(len, out.splitlines()[:-3])) <= 100
    ledger = json.loads((stranger / "reproduced" / "crabnet.ledger.json").read_text())
    assert ledger["wall_s"] < 180
    assert ledger["peak_rss_mb"] < 1000
    assert all(claim["here"] is not None for claim in ledger["claims"] if claim["verdict"] != "not attempted")


def test_ctrl_c_says_where_the_notebook_is(toy, run, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("matwidgets.papers.notebook.reproduce", interrupted)
    code, out, err = run("reproduce", "toy", "--out", "there")
    assert (code, out) == (130, "")
    assert err == (
        "matwidgets: interrupted; the notebook as far as it ran is in there, run the command again to start over\n"
    )
