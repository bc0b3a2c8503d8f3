"""`matwidgets invert`, and train, evaluate and predict where the model judges alloys; no table is here."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import csv

import pytest

from matwidgets.cli.alloys import scores

PAPER = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"


def labelled(path, rows):
    path.write_text("alloy,y\n" + "".join(f"{alloy},{label}\n" for alloy, label in rows))
    return path


def test_invert_as_the_issue_asks(run_json):
    found = run_json("invert", PAPER)
    assert found["converged"] is True and found["reason"] == "converged"
    first, last = found["steps"][0], found["steps"][-1]
    assert 2 <= len(found["steps"]) <= 11
    for step in found["steps"]:
        assert {"alloy", "fractions", "probability", "z"} <= set(step)
        assert sum(step["fractions"].values()) == pytest.approx(1) and len(step["z"]) == 2
    assert first["alloy"] == PAPER and first["probability"] < 0.5
    assert last["probability"] >= 0.6
    assert len(set(first["fractions"]) & set(last["fractions"])) >= 3


def test_invert_with_limits(run_json):
    found = run_json(
        "invert", PAPER, "--keep", "Cu", "Ti", "--forbid", "Al,Co", "--lock", "Fe=0.3", "--max-steps", "3"
    )
    for step in found["steps"][1:]:
        assert step["fractions"]["Cu"] >= 0.05 and step["fractions"]["Ti"] >= 0.05
        assert step["fractions"]["Fe"] == 0.3
        assert not {"Al", "Co"} & set(step["fractions"])
    assert len(found["steps"]) <= 4
    dear = run_json("invert", PAPER, "--price", "Co=3", "--max-steps", "1")["steps"][1]["fractions"]
    assert (
        dear.get("Co", 0) < run_json("invert", PAPER, "--max-steps", "1")["steps"][1]["fractions"]["Co"] / 2
    )


def test_invert_the_other_way_and_in_smaller_steps(run_json):
    found = run_json("invert", "NbMoTaW", "--target", "multi", "--step", "0.2")
    wanted = [step["wanted"] for step in found["steps"]]
    assert wanted[0] is None
    assert wanted[1] == pytest.approx(found["steps"][0]["probability"] - 0.2)


def test_invert_on_the_terminal(run):
    code, out, err = run("invert", PAPER, "--lock", "Al=0.9", "--lock", "Cu=0.2")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == [
        "step",
        "alloy",
        "wanted",
        "probability",
        "std",
        "distance",
        "in",
        "domain",
    ]
    assert (
        out.splitlines()[-1]
        == "infeasible: No alloy is within the limits: locked elements take 110% of the atoms, kept ones at least 0%, more than there are."
    )
    code, out, err = run("invert", "Li0.5Au0.5")
    assert code == 0 and out.splitlines()[-1].split(":")[0] in ("converged", "cycle", "limit")


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        ([], "invert: missing ALLOY (see `matwidgets invert --help`)"),
        (["YFe2"], "'YFe2' holds Y: write an alloy of Fe, Ni, Cr, Co, Al, Ti, Cu, Mo, V, Nb, Mn, Zr, Ta, W, Hf, Si, Rh, Ru, Re, Os, Pt, Pd, Ir, Mg, Ag, Zn, Sn, Au, Li, Sc."),
        ([PAPER, "--step", "0"], "step is 0; y goes from 0 to 1: give a step above 0 and at most 1"),
        ([PAPER, "--threshold", "1"], "threshold is 1; allowed is 0.5 to below 1: give 0.6, say"),
        ([PAPER, "--keep", "Fe", "--forbid", "Fe"], "Fe under both keep and forbid: name an element in one of them."),
        ([PAPER, "--price", "Co=-1"], "invert: --price: 'Co=-1' was given; allowed is ELEMENT=PRICE with a price of 0 or more, like Co=0.69 (see `matwidgets invert --help`)"),
        ([PAPER, "--checkpoint", "no"], "no folder 'no'; give a folder that `matwidgets train disentangled_vae --out DIR` has written"),
    ],
)  # fmt: skip
def test_invert_silly_input(refused, argv, line):
    assert refused("invert", *argv) == line


@pytest.mark.parametrize(
    "argv",
    [
        ["not an alloy"], [PAPER, "--target", "both"], [PAPER, "--max-steps", "0"], [PAPER, "--step", "nan"],
        [PAPER, "--keep", "Xx"], [PAPER, "--lock", "Fe=2"], [PAPER, "--price", "Fe"], [""], [PAPER, "NbMoTaW"],
    ],
)  # fmt: skip
def test_invert_refuses_in_one_line(refused, argv):
    assert refused("invert", *argv)


def test_predict_a_single_phase(run_json, run):
    rows = run_json("predict", "NbMoTaW", PAPER, "--property", "single_phase")
    assert [list(row) for row in rows] == [
        ["formula", "property", "value", "std", "std_aleatoric", "std_epistemic", "unit", "in_domain"]
    ] * 2
    assert rows[0]["value"] > 0.5 > rows[1]["value"]
    assert rows[0]["std"] == rows[0]["std_epistemic"] and rows[0]["std_aleatoric"] is None
    assert (rows[0]["property"], rows[0]["unit"], rows[0]["in_domain"]) == ("single_phase", "", True)
    code, out, err = run("predict", "YFe2", "--property", "single_phase")
    assert code == 0 and "YFe2" in out
    assert err.startswith("YFe2: Y: not among the 30 elements of the autoencoder")
    assert len(err.splitlines()) == 1


def test_predict_a_table_of_alloys(run, stranger):
    labelled(stranger / "a.csv", [("NbMoTaW", 1), ("nonsense", 0), ("FeO", 1), (PAPER, 0)])
    code, _, err = run(
        "predict", "--csv", "a.csv", "--formula", "alloy", "--property", "single_phase", "--out", "p.csv"
    )
    assert code == 0
    assert "a.csv: 2 rows dropped (row 3:" in err and "row 4: the model does not know O" in err
    with (stranger / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["row"] for row in rows] == ["2", "5"]


def test_predict_says_what_is_wrong(refused):
    assert "O" in refused("predict", "FeO", "--property", "single_phase")


def test_evaluate(run, run_json, stranger):
    labelled(
        stranger / "a.csv",
        [("NbMoTaW", 1), ("CoCrFeNi", 1), (PAPER, 0), ("MoNbTaW", 0), ("zzz", 1), ("FeNi", "")],
    )
    argv = ("evaluate", "disentangled_vae", "--csv", "a.csv", "--formula", "alloy", "--target", "y")
    # Both names of NbMoTaW are called single phase: 3 of 4 right; ranks 2.5 and 1 below 4 or 2.5 ...
    found = run_json(*argv)
    assert list(found) == ["n", "accuracy", "auc", "f1"]
    assert (found["n"], found["accuracy"]) == (4, 0.75)
    assert found["f1"] == pytest.approx(2 * 2 / (3 + 2))
    code, out, err = run(*argv)
    assert code == 0 and out.startswith("n 4, accuracy 0.75")
    assert (
        "1 composition with both labels, all rows are kept: TaNbMoW (conflicting: NbMoTaW = 1, MoNbTaW = 0)"
        in err
    )


def test_evaluate_one_class(run_json, stranger):
    labelled(stranger / "a.csv", [("NbMoTaW", 1), ("CoCrFeNi", 1)])
    found = run_json("evaluate", "disentangled_vae", "--csv", "a.csv", "--formula", "alloy", "--target", "y")
    assert found == {"n": 2, "accuracy": 1.0, "auc": None, "f1": 1.0}


def test_scores_by_hand():
    import numpy as np

    # Stated single: rows 0, 1, 3. True: 0, 3. So two hits of 3 stated and 2 true; the pairs (0.9, .3 | .6, .2) win 3 of 4.
    found = scores(np.array([1.0, 0, 0, 1]), np.array([0.9, 0.6, 0.2, 0.55]))
    assert found == {"n": 4, "accuracy": 0.75, "auc": 0.75, "f1": pytest.approx(0.8)}
    assert scores(np.zeros(2), np.array([0.1, 0.2])) == {"n": 2, "accuracy": 1.0, "auc": None, "f1": None}


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--csv", "a.csv"], "missing --formula, --target; give --csv FILE --formula COLUMN --target COLUMN"),
        (["--csv", "a.csv", "--formula", "alloy", "--target", "z"], None),
        (["--csv", "none.csv", "--formula", "alloy", "--target", "y"], None),
        (["--csv", "a.csv", "--formula", "alloy", "--target", "y"], "a.csv: row 2 has the label 3; write 1 for a single phase, else 0"),
        (["--published"], None),
        (["--property", "band_gap", "--csv", "a.csv", "--formula", "alloy", "--target", "y"], "--property band_gap given, but this model knows single_phase alone; leave it out"),
    ],
)  # fmt: skip
def test_evaluate_silly_input(refused, stranger, argv, line):
    labelled(stranger / "a.csv", [("NbMoTaW", 3)])
    told = refused("evaluate", "disentangled_vae", *argv)
    assert line is None or told == line


@pytest.fixture
def table(stranger):
    from matwidgets.data import builtin

    frame = builtin.alloys(60, seed=1)
    return labelled(stranger / "mine.csv", zip(frame["formula"], frame["single_phase"], strict=True))


def test_train_on_a_table_and_use_it(run, run_json, refused, stranger, table):
    argv = [
        "train",
        "disentangled_vae",
        "--csv",
        "mine.csv",
        "--formula",
        "alloy",
        "--target",
        "y",
        "--epochs",
        "1",
    ]
    code, out, err = run(*argv)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "disentangled_vae trained on mine.csv: model and card are in disentangled_vae-mine"
    assert lines[1].startswith("test, mean over 5 seeds: accuracy ")
    card = (stranger / "disentangled_vae-mine" / "README.md").read_text(encoding="utf-8")
    assert "`matwidgets train disentangled_vae --csv mine.csv --formula alloy --target y --epochs 1`" in card
    assert refused(*argv) == "--out disentangled_vae-mine holds a model already; give another folder"
    used = ("--checkpoint", "disentangled_vae-mine")
    assert len(run_json("invert", PAPER, "--max-steps", "1", *used)["steps"]) == 2
    assert run_json("predict", "NbMoTaW", *used)[0]["property"] == "single_phase"
    found = run_json(
        "evaluate", "disentangled_vae", "--csv", "mine.csv", "--formula", "alloy", "--target", "y", *used
    )
    assert found["n"] == 60


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["--property", "band_gap"], "--property given, but disentangled_vae learns alloys and labels alone; leave it out, or give --csv FILE --formula COL --target COL"),
        (["--csv", "mine.csv", "--formula", "alloy"], "--csv mine.csv needs --target COLUMN, the column of labels: 1 for a single phase, else 0"),
        (["--target", "y"], "--target goes with --csv FILE; without it the published alloys are used"),
        (["--preset", "huge"], "Unknown preset 'huge'; allowed are binder and paper: choose one of these"),
        (["--resume"], "Nothing to resume in disentangled_vae; give the folder of an unfinished training, or leave resume out"),
    ],
)  # fmt: skip
def test_train_silly_input(refused, table, argv, line):
    assert refused("train", "disentangled_vae", *argv) == line


def test_train_one_class_and_no_table(refused, stranger):
    labelled(stranger / "one.csv", [(f"FeNi{i}", 1) for i in range(1, 20)])
    line = refused("train", "disentangled_vae", "--csv", "one.csv", "--formula", "alloy", "--target", "y")
    assert (
        line
        == "column 'y' has 19 alloys with a single phase and 0 with several; both are needed: add rows of the missing class"
    )
    assert "`matwidgets data fetch yan2021_alloys`" in refused("train", "disentangled_vae", code=1)
