"""`matwidgets sample` and `train onehot_vae`, on a machine without any table."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import csv

import pytest


def test_json_is_one_document_with_the_keys_of_the_contract(run_json):
    rows = run_json("sample", "onehot_vae", "-n", "60", "--seed", "1")
    assert len(rows) == 60
    for row in rows:
        assert list(row) == ["formula", "neutral", "balanced", "novel", "unique"]
        assert isinstance(row["neutral"], bool) and isinstance(row["balanced"], bool)
        assert row["novel"] is None  # no table of known formulas is here
    assert sum(row["unique"] for row in rows) == len({row["formula"] for row in rows}) > 30
    assert rows == run_json("sample", "onehot_vae", "-n", "60", "--seed", "1")
    assert rows != run_json("sample", "onehot_vae", "-n", "60", "--seed", "2")


def test_either_prior(run_json):
    argv = ("sample", "onehot_vae", "-n", "20", "--seed", "1")
    rows = run_json(*argv)
    assert rows == run_json(*argv, "--prior", "aggregate")
    assert rows != run_json(*argv, "--prior", "normal")


def test_a_table_on_the_terminal(run):
    code, out, err = run("sample", "onehot_vae", "-n", "70")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].split() == ["formula", "neutral", "balanced", "novel", "unique"]
    assert len(lines) == 2 + 50 + 2
    assert lines[-2] == "... and 20 more; --out FILE.csv writes all"
    assert lines[-1].startswith("70 formulas: neutral ")
    assert lines[-1].endswith("novel unknown (no table of known formulas on this machine)")


def test_a_csv_file(run, stranger):
    code, _, err = run("sample", "onehot_vae", "-n", "5", "--out", "s.csv")
    assert code == 0
    assert err.splitlines()[-1] == "5 formulas written to s.csv"
    with (stranger / "s.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 5
    assert set(rows[0]) == {"formula", "neutral", "balanced", "novel", "unique"}


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["onehot_vae"], "sample: missing -n (see `matwidgets sample --help`)"),
        (["onehot_vae", "-n", "0"], "sample: -n: '0' was given; allowed is a whole number from 1 to 1000000 (see `matwidgets sample --help`)"),
        (["wgam", "-n", "3"], "Nothing to sample for 'wgam'; allowed are onehot_vae, dual_vae, wgan: choose one of these"),
        (["onehot_vae", "-n", "3", "--json", "--out", "a.csv"], "--json and --out a.csv both given; give one of them"),
        (["onehot_vae", "-n", "3", "--prior", "flat"], "Unknown prior 'flat'; allowed are normal, aggregate: choose one of these"),
        (["onehot_vae", "-n", "3", "--out", "."], "--out . is a folder; give the path of a file in it, like predictions.csv"),
        (["onehot_vae", "-n", "3", "--checkpoint", "no"], "no folder 'no'; give a folder that `matwidgets train onehot_vae --out DIR` has written"),
    ],
)  # fmt: skip
def test_wrong_input(argv, line, refused):
    assert refused("sample", *argv) == line


@pytest.fixture
def formulas(stranger):
    rows = [f"{a}{n}{b}" for a in ("Li", "Na", "K", "Mg") for b in ("F", "Cl", "O") for n in ("", 2)]
    (stranger / "t.csv").write_text("comp\n" + "\n".join(rows) + "\nRaO\n")
    return "t.csv"


def test_train_on_formulas_and_sample_from_it(run, run_json, formulas, stranger):
    argv = ("train", "onehot_vae", "--csv", formulas, "--formula", "comp", "--epochs", "2", "--out", "m")
    code, out, err = run(*argv)
    assert code == 0, err
    assert err.splitlines()[0] == "t.csv: 1 row dropped (row 26: the model does not know Ra)"
    first, second = out.splitlines()
    assert first == "onehot_vae trained on t.csv: model and card are in m"
    assert second.startswith("validation: negative ELBO ")
    assert "matwidgets train onehot_vae --csv t.csv --formula comp --epochs 2 --out m" in (
        stranger / "m" / "README.md"
    ).read_text("utf-8")
    rows = run_json("sample", "onehot_vae", "-n", "4", "--checkpoint", "m")
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--property", "band_gap"], "--property given, but onehot_vae learns formulas alone; leave it out, or give --csv FILE --formula COL"),
        (["--split", "grouped"], "--split given, but onehot_vae learns formulas alone; leave it out, or give --csv FILE --formula COL"),
        (["--formula", "comp"], "--formula goes with --csv FILE; without it the published compounds are used"),
        (["--preset", "mean"], "Unknown preset 'mean'; allowed are binder, paper: choose one of these"),
        (["--out", "m", "--resume"], "Nothing to resume in m; give the folder of an unfinished training, or leave resume out"),
    ],
)  # fmt: skip
def test_training_refuses(argv, line, refused):
    assert refused("train", "onehot_vae", *argv) == line


def test_the_published_compounds_are_not_here(refused):
    line = refused("train", "onehot_vae", code=1)
    assert "`matwidgets data fetch formation_energy/train`" in line
