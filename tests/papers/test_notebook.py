"""A tiny notebook is run, measured, cleaned and made a page."""

import json

import pytest

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.papers import notebook
from matwidgets.papers.ledger import MIME
from matwidgets.papers.page import remote_assets


def cell(source: str, *tags: str, kind: str = "code") -> dict:
    made = {
        "cell_type": kind,
        "id": f"cell-{abs(hash(source)) % 10**8}",
        "metadata": {"tags": list(tags)},
        "source": source,
    }
    return made | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def write(path, *cells):
    book = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    book["metadata"]["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    path.write_text(json.dumps(book), "utf-8")
    return path


SHOW = f"""
from IPython.display import display
ledger = {{"schema": 1, "claims": [], "n": n, "preset": preset}}
display({{"{MIME}": ledger, "text/plain": "a ledger"}}, raw=True)
"""


@pytest.fixture
def small(tmp_path):
    return write(
        tmp_path / "01_toy.ipynb",
        cell(
            "# A claim\n\n$$K = \\sum_i f_i k_i$$\n\nwith $f_i$ a fraction, costs 3$ and 4$", kind="markdown"
        ),
        cell('preset = "binder"\nseed = 0\nn = 3\nx = 0.5', "parameters"),
        cell("held = bytearray(80_000_000)\nprint(n, x)"),
        cell(SHOW),
        cell("import time; time.time()"),
    )


def test_running_measures_time_and_memory_and_reports_every_cell(small, tmp_path):
    seen = []
    done = notebook.execute(
        small, tmp_path / "out" / "done.ipynb", {"n": "7"}, progress=lambda k, of: seen.append((k, of))
    )
    assert seen == [(i, 6) for i in range(1, 7)]  # five cells and the injected one
    assert 80 < done.peak_rss_mb < 1000
    assert done.wall_s > sum(done.cell_s) > 0
    text = done.path.read_text("utf-8")
    assert "7 0.5" in text
    assert notebook.read_ledger(done.path)["n"] == 7

    found = notebook.dirt(done.path)
    assert "notebook metadata holds 'papermill'" in found
    cleaned = notebook.clean(done.path)
    assert notebook.dirt(cleaned) == []
    book = json.loads(cleaned.read_text("utf-8"))
    assert [c["execution_count"] for c in book["cells"] if c["cell_type"] == "code"] == [1, 2, 3, 4]
    assert "7 0.5" in cleaned.read_text("utf-8")
    assert set(book["metadata"]) == {"kernelspec", "language_info"}


def test_a_failing_cell_is_one_line_that_names_it_and_the_rest_is_kept(tmp_path):
    source = write(tmp_path / "02_bad.ipynb", cell("print('before')"), cell("1 / 0"), cell("print('after')"))
    with pytest.raises(
        MatwidgetsError, match=r"02_bad.ipynb: cell 2 raised ZeroDivisionError: division"
    ) as error:
        notebook.execute(source, tmp_path / "out.ipynb")
    assert "\n" not in str(error.value)
    assert "before" in (tmp_path / "out.ipynb").read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epochs": 3}, "01_toy.ipynb has no parameter 'epochs'; it has preset, seed, n, x"),
        ({"n": "many"}, "Parameter n is 'many'; it must be int, like 3"),
        ({"n": 2.5}, "Parameter n is 2.5; it must be int, like 3"),
        ({"preset": 3}, "Parameter preset is 3; it must be str, like 'binder'"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_runs(small, tmp_path, given, message):
    with pytest.raises(InputError, match=message):
        notebook.execute(small, tmp_path / "out.ipynb", given)
    assert not (tmp_path / "out.ipynb").exists()


def test_parameters_are_read_without_running(small):
    assert notebook.parameters_of(small) == {"preset": "binder", "seed": 0, "n": 3, "x": 0.5}


@pytest.mark.parametrize("source", ["!ls", "seed = int('3')"])
def test_parameters_that_are_no_literals_are_refused(tmp_path, source):
    with pytest.raises(InputError, match=r"parameters in n\.ipynb holds more than NAME = LITERAL"):
        notebook.parameters_of(write(tmp_path / "n.ipynb", cell(source, "parameters")))


def test_the_page_loads_nothing_and_its_formulas_are_pictures_with_a_name(small):
    page = notebook.to_html(small).read_text("utf-8")
    assert remote_assets(page) == []
    assert 'alt="K = \\sum_i f_i k_i"' in page
    assert 'alt="f_i"' in page
    assert "costs 3$ and 4$" in page
    assert "data:image/svg+xml;base64," in page
    assert len(page) < 1_500_000


def test_sources_may_be_stored_as_lists_of_lines(small):
    book = json.loads(small.read_text("utf-8"))
    for one in book["cells"]:
        one["source"] = one["source"].splitlines(keepends=True)
    small.write_text(json.dumps(book), "utf-8")
    assert 'alt="f_i"' in notebook.to_html(small).read_text("utf-8")


def test_remote_assets_are_seen():
    assert remote_assets('<script src="https://cdn.example/x.js"></script>') == ["https://cdn.example/x.js"]
    assert remote_assets("<style>@import url('//fonts.example/a')</style>") == ["//fonts.example/a"]
    assert remote_assets('<script>import m from "https://e.example/m.mjs"</script>') == [
        "https://e.example/m.mjs"
    ]
    assert remote_assets('<a href="https://doi.org/1">doi</a>') == []


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (
            {"output_type": "stream", "name": "stdout", "text": "see /home/ann/x.csv"},
            "shows a path of one machine",
        ),
        (
            {"output_type": "stream", "name": "stdout", "text": "<X object at 0x7f01aa22bb>"},
            "a memory address",
        ),
        ({"output_type": "stream", "name": "stderr", "text": "Warning"}, "wrote to stderr: Warning"),
        ({"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}, "raised ValueError"),
        (
            {
                "output_type": "display_data",
                "metadata": {},
                "data": {"application/vnd.jupyter.widget-view+json": {}},
            },
            "a live widget's view",
        ),
    ],
)
def test_what_must_not_be_committed_is_named(tmp_path, output, complaint):
    made = cell("x") | {"execution_count": 1, "outputs": [output]}
    assert any(complaint in line for line in notebook.dirt(write(tmp_path / "n.ipynb", made)))


def test_a_cell_that_was_not_run_is_named(tmp_path):
    assert notebook.dirt(write(tmp_path / "n.ipynb", cell("x"))) == ["cell 0 was not executed"]


def test_files_that_are_no_notebooks_are_refused(tmp_path):
    with pytest.raises(InputError, match="There is no notebook"):
        notebook.clean(tmp_path / "none.ipynb")
    (tmp_path / "text.ipynb").write_text("hello")
    with pytest.raises(InputError, match=r"text\.ipynb is no notebook: it is not valid JSON"):
        notebook.clean(tmp_path / "text.ipynb")
    (tmp_path / "old.ipynb").write_text("{}")
    with pytest.raises(InputError, match="no list of cells"):
        notebook.to_html(tmp_path / "old.ipynb")


def test_a_notebook_without_ledger_says_so(tmp_path):
    with pytest.raises(InputError, match=r"n\.ipynb holds no ledger in its outputs; run it to the end"):
        notebook.read_ledger(write(tmp_path / "n.ipynb", cell("x")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("crabnett",), "There is no paper 'crabnett'; there are crabnet, .*; did you mean crabnet?"),
        (("crabnet", "large"), "There is no preset 'large'; use binder or paper"),
    ],
)
def test_reproduce_refuses_what_does_not_exist(arguments, message):
    with pytest.raises(InputError, match=message):
        notebook.reproduce(*arguments)
