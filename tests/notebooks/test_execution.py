"""Notebooks run: compared with what is committed, within their time and memory, with and without the tables."""

import json
import os
import subprocess
import sys

import pytest

from matwidgets.data import fetch
from matwidgets.papers import load_papers, notebook
from matwidgets.papers.exercise import as_expected
from matwidgets.papers.ledger import Ledger
from matwidgets.papers.notebook_file import joined, read_notebook
from matwidgets.papers.preparation import preparation
from matwidgets.papers.registry import PACKAGE, find_notebooks

MOST_SECONDS, MOST_SECONDS_A_CELL, MOST_MB = 180, 60, 1000
START, *OTHERS = find_notebooks()
WITH_PAPER = [p for p in load_papers() if p.notebook_path is not None]


@pytest.fixture
def one_thread(monkeypatch, tmp_path):
    """The environment of a kernel: one thread; without tables unless a test puts them back."""
    for name in ("OMP_NUM_THREADS", "MATWIDGETS_THREADS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")]))
    return monkeypatch


@pytest.fixture(scope="session")
def prepared():
    """The derived tables that notebooks read; made once a machine, they stay in its cache."""
    for one in WITH_PAPER:
        run = preparation(one.word)
        if run is not None:
            run.start().wait()


@pytest.fixture
def no_tables(one_thread, tmp_path):
    one_thread.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    one_thread.setenv("MATWIDGETS_CACHE", str(tmp_path / "empty"))
    one_thread.setenv("MATWIDGETS_OFFLINE", "1")


def compare(path, folder, *, with_tables):
    """Run nbval over a copy; cells that need the tables are compared only where the tables are."""
    book = read_notebook(path)
    for cell in book["cells"]:
        tags = cell["metadata"].get("tags", [])
        if with_tables and "check-with-data" in tags:
            cell["metadata"]["tags"] = [*tags, "nbval-check-output"]
    copy = folder / path.name
    copy.write_text(json.dumps(book), "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "--nbval-cell-timeout=120",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*command, str(copy)], cwd=folder, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_start_here_gives_what_is_committed_without_any_table(no_tables, tmp_path):
    compare(START, tmp_path, with_tables=False)


@pytest.mark.notebook
@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.stem)
def test_a_paper_gives_what_is_committed_without_any_table(path, no_tables, tmp_path):
    compare(path, tmp_path, with_tables=False)


@pytest.mark.notebook
@pytest.mark.data
@pytest.mark.parametrize("path", OTHERS, ids=lambda p: p.stem)
def test_a_paper_gives_what_is_committed_with_the_tables(path, prepared, one_thread, tmp_path):
    compare(path, tmp_path, with_tables=True)


def run(one, folder):
    """Reproduce a paper on one thread and hold it to its budget."""
    seen = []
    ledger, paths = notebook.reproduce(
        one.word, out=folder, progress=lambda done, total: seen.append(done / total)
    )
    assert seen[-1] == 1
    assert seen == sorted(seen)
    book = read_notebook(paths["notebook"])
    seconds = [c["metadata"]["papermill"]["duration"] or 0 for c in book["cells"] if c["cell_type"] == "code"]
    print(f"{one.word}: {ledger.wall_s} s, slowest cell {max(seconds):.1f} s, {ledger.peak_rss_mb:.0f} MB")
    assert ledger.wall_s <= MOST_SECONDS
    assert max(seconds) <= MOST_SECONDS_A_CELL
    assert 100 < ledger.peak_rss_mb < MOST_MB
    for cell in book["cells"]:
        if "solution" in cell["metadata"].get("tags", []):
            assert as_expected([joined(o["text"]) for o in cell["outputs"] if o.get("name") == "stdout"])
    written = json.loads(paths["ledger"].read_text("utf-8"))
    assert written == ledger.to_json()
    assert paths["html"].stat().st_size > 10_000
    return ledger


@pytest.mark.notebook
@pytest.mark.parametrize("one", WITH_PAPER, ids=lambda p: p.word)
def test_a_paper_runs_in_its_budget_and_claims_nothing_that_needs_a_missing_table(one, no_tables, tmp_path):
    assert not fetch.available(fetch.table_names())
    ledger = run(one, tmp_path / "out")
    assert ledger.data == []
    known = Ledger.from_json(notebook.read_ledger(one.notebook_path), one.claims).verdicts()
    here = ledger.verdicts()
    assert all(here[name] in (verdict, "not attempted") for name, verdict in known.items())
    assert sum(v == "not attempted" for v in here.values()) > sum(
        v == "not attempted" for v in known.values()
    )


@pytest.mark.notebook
@pytest.mark.data
@pytest.mark.parametrize("one", WITH_PAPER, ids=lambda p: p.word)
def test_a_paper_runs_in_its_budget_and_gives_the_committed_verdicts(one, prepared, one_thread, tmp_path):
    ledger = run(one, tmp_path / "out")
    assert (
        ledger.verdicts() == Ledger.from_json(notebook.read_ledger(one.notebook_path), one.claims).verdicts()
    )
    assert all(source["sha256"] for source in ledger.data)
