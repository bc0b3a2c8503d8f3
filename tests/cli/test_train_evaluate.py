"""`matwidgets train` and `evaluate` on a table of the user's own, without any other table."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import os

import numpy as np
import pytest

import matwidgets as mw
from matwidgets.cli.commands.evaluate import errors, uncertainty
from matwidgets.cli.source import spans

TABLES = {k: os.environ[k] for k in ("MATWIDGETS_DATA_MIRROR", "MATWIDGETS_CACHE") if k in os.environ}
COLUMNS = ("--formula", "comp", "--target", "y")


def test_training_without_the_element_table_says_what_it_starts_from(trained):
    folder, table, out, err = trained
    assert err.splitlines()[0] == (
        "element table: the embedding of the shipped crabnet bulk_modulus model (mat2vec was not found)"
    )
    assert (
        "the embedding of the shipped crabnet bulk_modulus model (mat2vec was not found)"
        in (folder / "README.md").read_text()
    )
    assert out.splitlines()[0] == f"crabnet trained on {table}: model and card are in {folder}"
    assert out.splitlines()[1].startswith("test: n 20, mae ")


def test_the_card_names_the_command(trained):
    folder, table, *_ = trained
    assert (
        f"matwidgets train crabnet --csv {table} --formula comp --target y"
        in (folder / "README.md").read_text()
    )


def test_the_trained_model_can_be_evaluated(trained, run_json):
    folder, table, *_ = trained
    scores = run_json("evaluate", "crabnet", "--checkpoint", folder, "--csv", table, *COLUMNS)
    assert list(scores) == ["n", "mae", "rmse", "r2", "miscalibration_area", "coverage90"]
    assert 0 <= scores["miscalibration_area"] <= 0.5 and 0 <= scores["coverage90"] <= 1
    assert scores["n"] == 20
    assert 0 < scores["mae"] <= scores["rmse"]


def test_a_model_is_not_written_over(trained, refused):
    folder, table, *_ = trained
    line = refused("train", "crabnet", "--csv", table, *COLUMNS, "--out", folder)
    assert line == f"--out {folder} holds a model already; give another folder"


def test_an_unfinished_training_is_not_written_over(trained, refused, stranger):
    (stranger / "m").mkdir()
    (stranger / "m" / "training.safetensors").touch()
    line = refused("train", "crabnet", "--csv", trained[1], *COLUMNS, "--out", "m")
    assert line == "--out m holds an unfinished training; go on with --resume, or give another folder"


def test_nothing_to_resume(trained, refused):
    line = refused("train", "crabnet", "--csv", trained[1], *COLUMNS, "--out", "m", "--resume")
    assert line == "Nothing to resume in m; give the folder of an unfinished training, or leave resume out"


def test_unknown_word(refused, trained):
    line = refused("train", "wgam", "--csv", trained[1], *COLUMNS)
    assert (
        line
        == "Nothing to train for 'wgam'; allowed are crabnet, onehot_vae, disentangled_vae, dual_vae, wgan: choose one of these"
    )


def test_unknown_property(refused):
    line = refused("train", "crabnet", "--property", "taste")
    assert line.startswith("Unknown property 'taste': write one of bulk_modulus, ")


def test_fetch_asks_the_network_for_what_is_missing(refused):
    line = refused("train", "crabnet", "--property", "bulk_modulus", "--fetch", code=1)
    assert line.startswith(
        "Table 'bulk_modulus/train' has to be fetched, but MATWIDGETS_OFFLINE forbids the network: "
    )


def test_unknown_preset(refused):
    line = refused("train", "crabnet", "--property", "bulk_modulus", "--preset", "huge")
    assert line == "Unknown preset 'huge'; allowed are binder, mean, paper: choose one of these"


def test_published_table_that_is_not_here(refused):
    line = refused("train", "crabnet", "--property", "bulk_modulus", code=1)
    assert "`matwidgets data fetch bulk_modulus/train`" in line


def test_evaluate_drops_bad_rows_keeps_duplicates_and_says_so(run, run_json, stranger):
    (stranger / "t.csv").write_text(
        "f,k\nTiC,238.8\nSiC,212.9\nMgO,155\nNaCl,24.9\nnot a formula,1\nW,\nTi2C2,240\nFe,nan\n,3\n"
    )
    argv = (
        "evaluate",
        "crabnet",
        "--property",
        "bulk_modulus",
        "--csv",
        "t.csv",
        "--formula",
        "f",
        "--target",
        "k",
    )
    code, out, err = run(*argv)
    assert code == 0
    assert out.startswith("n 5, mae ")
    first, second = err.splitlines()
    assert first.startswith("t.csv: 4 rows dropped (row 6: ")
    for reason in (
        "row 7: the target is empty",
        "row 9: the target 'nan' is not finite",
        "row 10: the formula is empty",
    ):
        assert reason in first
    assert second == "t.csv: 1 row repeats the material of another row; all are kept"
    assert run_json(*argv)["n"] == 5


def test_sodium_nitride_is_a_formula(run_json, stranger):
    (stranger / "t.csv").write_text("f,k\nNaN,20\nMgO,155\n")
    argv = (
        "evaluate",
        "crabnet",
        "--property",
        "bulk_modulus",
        "--csv",
        "t.csv",
        "--formula",
        "f",
        "--target",
        "k",
    )
    assert run_json(*argv)["n"] == 2


@pytest.mark.parametrize(
    "command", [["evaluate", "crabnet", "--property", "bulk_modulus"], ["train", "crabnet"]]
)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("f,k\nTiC,1\n", "No column 'y' in t.csv: name one of 'f', 'k'."),
        ("f,y\nXx,1\n", "t.csv has no usable row of 1 (row 2: Unknown element 'Xx': write a symbol from H to Og; did you mean Xe? (in formula 'Xx')): give at least one row that can be read."),
        ("", "File 't.csv' has no header line: write the names of its columns first."),
    ],
)  # fmt: skip
def test_unusable_table(command, text, line, refused, stranger):
    (stranger / "t.csv").write_text(text)
    assert refused(*command, "--csv", "t.csv", "--formula", "f", "--target", "y") == line


def test_model_of_another_paper(trained, refused):
    folder, table, *_ = trained
    line = refused("evaluate", "wgan", "--checkpoint", folder, "--csv", table, *COLUMNS)
    assert line == f"{folder} holds a model of crabnet, asked for was wgan: name crabnet"


def test_errors_by_hand():
    assert errors(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0])) == {
        "n": 3, "mae": pytest.approx(2 / 3), "rmse": pytest.approx((4 / 3) ** 0.5), "r2": pytest.approx(-1.0)
    }  # fmt: skip


def test_uncertainty_by_hand():
    value, std = np.array([1.0, 1.0]), np.array([1.0, 1.0])
    # The 90 % interval of a Laplace distribution reaches to ln(10)/sqrt(2) = 1.63 standard deviations.
    found = uncertainty(value, std, np.array([2.6, 2.7]), logarithmic=False)
    assert found["coverage90"] == 0.5 and 0.3 < found["miscalibration_area"] < 0.5
    assert uncertainty(value, std, np.exp([2.6 - 1, 2.7 - 1]), logarithmic=True) == pytest.approx(found)


def test_r2_does_not_exist_without_spread():
    assert errors(np.array([2.0]), np.array([3.0])) == {"n": 1, "mae": 1.0, "rmse": 1.0, "r2": None}


def test_spans():
    assert spans([3, 7, 8, 9, 12, 20, 21]) == "3, 7-9, 12, 20-21"


def test_many_dropped_rows_are_all_numbered(run, stranger):
    (stranger / "t.csv").write_text("f,k\nTiC,238.8\n" + "Xx,1\n" * 30)
    argv = (
        "evaluate",
        "crabnet",
        "--property",
        "bulk_modulus",
        "--csv",
        "t.csv",
        "--formula",
        "f",
        "--target",
        "k",
    )
    code, _, err = run(*argv)
    assert code == 0
    assert err.startswith("t.csv: 30 rows dropped (row 3: ")
    assert err.rstrip().endswith("; and rows 13-32)")


def test_published_rows_take_no_table_of_ones_own(refused):
    line = refused("evaluate", "crabnet", "--published", "--csv", "t.csv")
    assert line == "--published was given together with --csv; leave one of them out"
    line = refused("evaluate", "wgan", "--published")
    assert line == "wgan has no bundled model with published test rows; crabnet has: name crabnet"


def test_published_rows_that_are_not_here_are_named(refused):
    line = refused("evaluate", "crabnet", "--published", "--property", "shear_modulus", code=1)
    assert "shear_modulus/test" in line and "matwidgets data fetch" in line


@pytest.mark.data
def test_published_rows_are_scored_beside_the_published_errors(run_json, monkeypatch):
    monkeypatch.delenv("MATWIDGETS_CACHE")
    for name, value in TABLES.items():  # a stranger has none; here they are needed
        monkeypatch.setenv(name, value)
    (scores,) = run_json("evaluate", "crabnet", "--published", "--property", "thermal_conductivity")
    card = mw.load("crabnet", "thermal_conductivity").card
    assert scores["n"] == 732 and scores["mae"] == pytest.approx(card["test_mae_ensemble"], rel=1e-3)
    assert scores["published_mae"] == {"Roost": 2.70, "CrabNet": 2.32, "random forest": 2.66}
