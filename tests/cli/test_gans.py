"""`matwidgets sample wgan` and `train wgan`, on a machine without any table."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import csv

import pytest

from matwidgets import adversarial_models, adversarial_trainings
from matwidgets.cli import gans
from matwidgets.models.formula_generators import SlotConfig
from matwidgets.models.wgan import CriticConfig
from matwidgets.training import adversarial
from matwidgets.training.adversarial_recipe import Recipe


@pytest.fixture
def small(monkeypatch):
    """A small network, a short training and few samples."""
    recipe = Recipe(epochs=4, iterations=2, batch_size=8, warmup=1, every=2)
    preset = (SlotConfig(noise=4, width=8, slots=3), CriticConfig(width=8, hidden=(8,)), recipe)
    monkeypatch.setitem(adversarial_trainings.PRESETS, "binder", preset)
    monkeypatch.setattr(adversarial, "LIVE", 20)
    monkeypatch.setattr(adversarial_trainings, "MEASURED", 50)


@pytest.fixture
def formulas(stranger):
    rows = [f"{a}{n}{b}" for a in ("Li", "Na", "K", "Mg") for b in ("F", "Cl", "O") for n in ("", 2)]
    (stranger / "t.csv").write_text("comp\n" + "\n".join(rows) + "\nLiMgF3\n")
    return "t.csv"


def test_json_is_one_document_with_the_keys_of_the_contract(run_json):
    rows = run_json("sample", "wgan", "-n", "60", "--seed", "1")
    assert len(rows) == 60
    for row in rows:
        assert list(row) == ["formula", "neutral", "balanced", "novel", "unique"]
        assert isinstance(row["neutral"], bool) and isinstance(row["balanced"], bool)
        assert row["novel"] is None  # no table of known formulas is here
    assert sum(row["unique"] for row in rows) == len({row["formula"] for row in rows}) > 30
    assert rows[:20] == run_json("sample", "wgan", "-n", "20", "--seed", "1")
    assert rows != run_json("sample", "wgan", "-n", "60", "--seed", "2")


def test_a_csv_file(run, stranger):
    code, _, err = run("sample", "wgan", "-n", "5", "--out", "s.csv")
    assert code == 0 and err.splitlines()[-1] == "5 formulas written to s.csv"
    with (stranger / "s.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 5


def test_train_on_formulas_and_sample_from_it(run, run_json, formulas, small, stranger):
    argv = ("train", "wgan", "--csv", formulas, "--formula", "comp", "--epochs", "2", "--out", "m")
    code, out, err = run(*argv)
    assert code == 0, err
    first, second = out.splitlines()
    assert first == "wgan trained on t.csv: model and card are in m"
    assert (
        second.startswith("4 iterations; held-out Wasserstein estimate ") and "50 samples: legible " in second
    )
    card = (stranger / "m" / "README.md").read_text("utf-8")
    assert f"`matwidgets {' '.join(argv)}`" in card and "trained for 4 of 4 iterations" in card
    assert len(run_json("sample", "wgan", "-n", "4", "--checkpoint", "m")) == 4


def test_a_model_is_not_written_over(run, refused, formulas, small):
    argv = ("train", "wgan", "--csv", formulas, "--formula", "comp", "--epochs", "1", "--out", "m")
    assert run(*argv)[0] == 0
    assert refused(*argv) == "--out m holds a model already; give another folder"


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["-n", "0"], "sample: -n: '0' was given; allowed is a whole number from 1 to 1000000 (see `matwidgets sample --help`)"),
        (["-n", "3", "--prior", "normal"], "--prior normal given, but wgan draws from one distribution of noise; leave it out"),
        (["-n", "3", "--checkpoint", "no"], "no folder 'no'; give a folder that `matwidgets train wgan --out DIR` has written"),
    ],
)  # fmt: skip
def test_sampling_refuses(argv, line, refused):
    assert refused("sample", "wgan", *argv) == line


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--property", "band_gap"], "--property given, but wgan learns formulas alone; leave it out, or give --csv FILE --formula COL"),
        (["--split", "grouped"], "--split given, but wgan learns formulas alone; leave it out, or give --csv FILE --formula COL"),
        (["--formula", "comp"], "--formula goes with --csv FILE; without it the compounds of OQMD are used"),
        (["--preset", "mean"], "Unknown preset 'mean'; allowed are binder, paper, code: choose one of these"),
        (["--out", "m", "--resume"], "Nothing to resume in m; give the folder of an unfinished training, or leave resume out"),
    ],
)  # fmt: skip
def test_training_refuses(argv, line, refused):
    assert refused("train", "wgan", *argv) == line


def test_the_tables_are_not_here(run):
    code, out, err = run("train", "wgan")
    assert code == 1 and out == "" and "matwidgets data fetch oqmd/train" in err


def test_the_words_are_the_models():
    assert gans.WORDS == adversarial_models.WORDS
