"""The papers are found by themselves, and each that is more than planned has all its parts."""

import json
import shutil
from pathlib import Path

import pytest

from matwidgets.errors import InputError
from matwidgets.papers import load_papers, paper, readme, structure
from matwidgets.papers.registry import PACKAGE, cards, find_notebooks

ROOT = Path(__file__).resolve().parents[1]
WORDS = ["crabnet", "onehot_vae", "dual_vae", "disentangled_vae", "wgan"]
PAPERS = load_papers()

TOY = """
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
id = "answer"
quantity = "the answer"
unit = ""
published = "yes"
where = "section 1"
tolerance_reason = "a phenomenon"
control_is = "the opposite"
protocol = "asked"
"""


def test_the_five_records_are_there_in_their_order():
    assert [p.word for p in PAPERS][:5] == WORDS
    assert len({p.doi for p in PAPERS}) == len(PAPERS)


@pytest.mark.parametrize("one", PAPERS, ids=lambda p: p.word)
def test_a_record_is_complete_and_its_row_is_json(one):
    row = json.loads(json.dumps(one.to_json()))
    assert list(row) == ["word", "title", "authors", "year", "doi", "notebook", "status"]
    assert all(row[name] for name in ("word", "title", "authors", "year", "doi", "status"))
    assert one.doi.startswith("10.")
    assert one.summary.endswith(".")
    assert all(c.where and c.protocol and c.control_is and c.tolerance_reason for c in one.claims)
    assert len({c.id for c in one.claims}) == len(one.claims)


@pytest.mark.parametrize("one", PAPERS, ids=lambda p: p.word)
def test_a_paper_that_is_more_than_planned_has_model_experiment_checkpoint_test_and_notebook(one):
    assert one.missing_parts(ROOT / "tests") == []
    if one.status != "planned":
        assert structure.problems(one.notebook_path) == []
        assert one.claims
        assert one.deviations


def test_the_readme_shows_the_present_table():
    text = (ROOT / "README.md").read_text("utf-8")
    assert readme.updated(text, PAPERS) == text, (
        "README's table is old: write matwidgets.papers.readme.updated(text, load_papers()) into it"
    )


def test_an_unknown_word_names_all_and_the_nearest():
    with pytest.raises(InputError, match=r"no paper 'wgann'; there are crabnet, .*wgan; did you mean wgan\?"):
        paper("wgann")


def test_a_planned_paper_has_no_ledger_and_says_so():
    planned = [p for p in PAPERS if p.status == "planned"]
    for one in planned:
        assert one.to_json()["notebook"] is None
        with pytest.raises(InputError, match=f"{one.word} is planned: it has no notebook"):
            one.ledger()


@pytest.fixture
def house(tmp_path):
    """A checkout with the five records and a sixth, toy paper with all its parts."""
    package = tmp_path / "matwidgets"
    shutil.copytree(
        PACKAGE / "papers", package / "papers", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    for folder in ("models", "checkpoints/toy"):
        (package / folder).mkdir(parents=True)
    for folder in ("notebooks", "tests"):
        (tmp_path / folder).mkdir()
    (package / "papers" / "toy.toml").write_text(TOY, "utf-8")
    for part in ("models/toy.py", "papers/toy.py", "checkpoints/toy/member.safetensors"):
        (package / part).touch()
    (tmp_path / "tests" / "test_toy.py").touch()
    return tmp_path


def notebook_of_the_toy(house):
    ledger = next(p for p in load_papers(house / "matwidgets") if p.word == "toy").open_ledger()
    output = {"output_type": "display_data", "metadata": {}, "data": ledger._repr_mimebundle_()}
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A toy"},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "source": "1",
            "execution_count": 1,
            "outputs": [output],
        },
    ]
    path = house / "notebooks" / "06_toy.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def test_a_sixth_paper_is_found_by_everything_with_no_change_of_code(house):
    package = house / "matwidgets"
    toy = load_papers(package)[-1]
    assert (toy.word, toy.status, toy.missing_parts(house / "tests")) == ("toy", "planned", [])

    path = notebook_of_the_toy(house)
    toy = load_papers(package)[-1]
    assert toy.status == "complete"
    assert toy.to_json()["notebook"] == "06_toy.ipynb"
    assert toy.missing_parts(house / "tests") == []
    assert find_notebooks(package) == [path]
    assert [c["word"] for c in cards(package)] == ["toy"]
    assert toy.ledger().tally() == {"not attempted": 1}
    text = readme.updated(f"x\n{readme.BEGIN}\nold\n{readme.END}\ny", load_papers(package))
    assert "| complete: 1 not attempted |" in text
    assert text.startswith("x\n")
    assert text.endswith("\ny")
    assert len([line for line in text.splitlines() if line.startswith("| `")]) == 6
    assert any("no heading starts with 'At a glance'" in line for line in structure.problems(path))


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("matwidgets/models/toy.py", "models/toy.py"),
        ("matwidgets/papers/toy.py", "papers/toy.py"),
        ("matwidgets/checkpoints/toy/member.safetensors", "checkpoints/toy/*.safetensors"),
        ("tests/test_toy.py", "tests/**/test_toy.py"),
    ],
)
def test_a_part_that_is_missing_is_named(house, gone, named):
    notebook_of_the_toy(house)
    (house / gone).unlink()
    assert load_papers(house / "matwidgets")[-1].missing_parts(house / "tests") == [named]


def test_a_claim_that_is_still_planned_makes_a_paper_partial(house):
    notebook_of_the_toy(house)
    (house / "matwidgets" / "papers" / "toy.toml").write_text(TOY + "planned = true\n", "utf-8")
    assert load_papers(house / "matwidgets")[-1].status == "partial"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("number = 6", "number = 5"), r"(toy|wgan)\.toml and (toy|wgan)\.toml share the number 5"),
        (
            ('word = "toy"', 'word = "other"'),
            r"toy\.toml says word = 'other'; it must be the file's name 'toy'",
        ),
        (("year = 2026\n", ""), r"toy\.toml does not fit the record of a paper: .*year"),
        (
            ("minutes = 1", "minutes = 1\ncolour = 3"),
            r"toy\.toml does not fit the record of a paper: .*colour",
        ),
        (("minutes = 1", "minutes ="), r"toy\.toml is no valid TOML"),
    ],
)
def test_a_record_that_does_not_fit_is_named(house, change, message):
    (house / "matwidgets" / "papers" / "toy.toml").write_text(TOY.replace(*change), "utf-8")
    with pytest.raises(InputError, match=message):
        load_papers(house / "matwidgets")


def test_a_readme_without_markers_is_refused():
    with pytest.raises(InputError, match="README has no pair of markers"):
        readme.updated("nothing", PAPERS)
