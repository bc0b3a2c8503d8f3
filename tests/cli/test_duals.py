"""`matwidgets sample dual_vae` and `train dual_vae`, on a machine without any table."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import csv

import pytest

from matwidgets import dual_trainings
from matwidgets.cli import duals
from tests.dual import small_plan, small_tables


@pytest.fixture
def crystals(monkeypatch):
    """Handbook crystals instead of the published structures, and small networks."""
    tables = small_tables()
    card = {"label": "96 crystals", "split": "every fourth", "data": []}
    monkeypatch.setattr(dual_trainings, "published_tables", lambda: (tables, dict(card)))
    monkeypatch.setattr(
        dual_trainings.Plan, "of", classmethod(lambda _, __, seed=0, epochs=None: small_plan(epochs or 2))
    )


def test_json_is_one_document_with_the_keys_of_the_contract(run_json):
    rows = run_json("sample", "dual_vae", "-n", "60", "--seed", "1")
    assert len(rows) == 60
    for row in rows:
        assert list(row) == ["formula", "neutral", "balanced", "novel", "unique"]
        assert isinstance(row["neutral"], bool) and isinstance(row["balanced"], bool)
        assert row["novel"] is None  # no table of known formulas is here
    assert sum(row["unique"] for row in rows) == len({row["formula"] for row in rows}) > 30
    assert rows == run_json("sample", "dual_vae", "-n", "60", "--seed", "1")
    assert rows != run_json("sample", "dual_vae", "-n", "60", "--seed", "2")


def test_a_csv_file(run, stranger):
    code, _, err = run("sample", "dual_vae", "-n", "5", "--out", "s.csv")
    assert code == 0 and err.splitlines()[-1] == "5 formulas written to s.csv"
    with (stranger / "s.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 5


def test_train_and_sample_from_it(run, run_json, crystals, stranger):
    code, out, err = run("train", "dual_vae", "--epochs", "1", "--out", "m", "--seed", "3")
    assert code == 0, err
    first, second = out.splitlines()
    assert first == "dual_vae trained on the published structures: model and card are in m"
    assert second.startswith("test: ") and "patterns: cosine " in second
    assert "`matwidgets train dual_vae --epochs 1 --out m --seed 3`" in (
        stranger / "m" / "README.md"
    ).read_text("utf-8")
    assert len(run_json("sample", "dual_vae", "-n", "4", "--checkpoint", "m")) == 4


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["-n", "0"], "sample: -n: '0' was given; allowed is a whole number from 1 to 1000000 (see `matwidgets sample --help`)"),
        (["-n", "3", "--prior", "normal"], "--prior normal given, but dual_vae draws from where its training materials lie; leave it out"),
        (["-n", "3", "--checkpoint", "no"], "no folder 'no'; give a folder that `matwidgets train dual_vae --out DIR` has written"),
    ],
)  # fmt: skip
def test_sampling_refuses(argv, line, refused):
    assert refused("sample", "dual_vae", *argv) == line


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--property", "band_gap"], "--property given, but dual_vae learns the published structures alone; leave it out"),
        (["--csv", "t.csv"], "--csv given, but dual_vae learns the published structures alone; leave it out"),
        (["--split", "grouped"], "--split given, but dual_vae learns the published structures alone; leave it out"),
        (["--preset", "mean"], "Unknown preset 'mean'; allowed are binder, paper: choose one of these"),
        (["--out", "m", "--resume"], "Nothing to resume in m; give the folder of an unfinished training, or leave resume out"),
    ],
)  # fmt: skip
def test_training_refuses(argv, line, refused):
    assert refused("train", "dual_vae", *argv) == line


def test_a_model_is_not_written_over(run, refused, crystals):
    assert run("train", "dual_vae", "--epochs", "1", "--out", "m")[0] == 0
    assert refused("train", "dual_vae", "--out", "m") == "--out m holds a model already; give another folder"


def test_the_published_patterns_are_not_here(run):
    code, out, err = run("train", "dual_vae")
    assert code == 1 and out == "" and "matwidgets pattern --all" in err


def test_the_words_are_the_models():
    from matwidgets.dual_models import WORDS

    assert WORDS == duals.WORDS
