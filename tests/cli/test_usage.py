"""Every usage error: exit 2, nothing on stdout, and exactly one line that says what is allowed."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import pytest

from matwidgets.cli import main

COMMANDS = "papers, reproduce, predict, design, decompose, pattern, train, evaluate, sample, invert, data, lab, doctor"
K = ["--property", "bulk_modulus"]

CASES = [
    ([], f"no command given; choose one of {COMMANDS} (see `matwidgets --help`)"),
    (["nosuch"], f"unknown command 'nosuch'; commands are {COMMANDS}"),
    (["predcit"], f"unknown command 'predcit'; commands are {COMMANDS}; did you mean 'predict'?"),
    (["--nope"], f"unknown option '--nope'; commands are {COMMANDS}"),
    (
        ["papers", "--nope"],
        "papers: unknown option '--nope'; options are --json (see `matwidgets papers --help`)",
    ),
    (
        ["papers", "x"],
        "papers: one argument too many, 'x'; options are --json (see `matwidgets papers --help`)",
    ),
    (
        ["predict", "TiC", "--nope"],
        "predict: unknown option '--nope'; options are --property, --checkpoint, --csv, --formula, --out, --json (see `matwidgets predict --help`)",
    ),
    (
        ["predict"],
        "FORMULA... or --csv FILE --formula COL: neither was given; give one of them, like `matwidgets predict TiC --property bulk_modulus`",
    ),
    (
        ["predict", "TiC", "--csv", "t.csv", "--property", "bulk_modulus"],
        "FORMULA... or --csv FILE --formula COL: both were given; give one of them, like `matwidgets predict TiC --property bulk_modulus`",
    ),
    (
        ["predict", "TiC"],
        "neither of --property NAME and --checkpoint DIR given; give exactly one, like --property bulk_modulus",
    ),
    (
        ["predict", "TiC", "--property", "bulk_modulus", "--checkpoint", "d"],
        "both of --property NAME and --checkpoint DIR given; give exactly one, like --property bulk_modulus",
    ),
    (
        ["predict", "TiC", "--property"],
        "predict: --property: expected one argument (see `matwidgets predict --help`)",
    ),
    (["design"], "design: missing ELEMENT (see `matwidgets design --help`)"),
    (
        ["design", "Ti", "C"],
        "no objective given; give --maximize PROPERTY, --minimize PROPERTY or --target PROPERTY=VALUE, like --maximize bulk_modulus",
    ),
    (
        ["design", "Ti", "C", "--steps", "a", "--maximize", "bulk_modulus"],
        "design: --steps: 'a' was given; allowed is a whole number >= 1 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--steps", "0", "--maximize", "bulk_modulus"],
        "design: --steps: '0' was given; allowed is a whole number >= 1 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--steps", "-5", "--maximize", "bulk_modulus"],
        "design: --steps: '-5' was given; allowed is a whole number >= 1 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--bound", "Ti=0.9:0.1", "--maximize", "bulk_modulus"],
        "design: --bound: 'Ti=0.9:0.1' was given; allowed is ELEMENT=LOW:HIGH with 0 <= LOW <= HIGH <= 1, like Cd=0:0.2 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--bound", "Ti=nan:1", "--maximize", "bulk_modulus"],
        "design: --bound: 'Ti=nan:1' was given; allowed is ELEMENT=LOW:HIGH with 0 <= LOW <= HIGH <= 1, like Cd=0:0.2 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--bound", "Ti=0:1", "--bound", "Ti=0:0.5", "--maximize", "bulk_modulus"],
        "--bound Ti=... was given twice; give one interval for each element",
    ),
    (
        ["design", "Ti", "C", "--weight", "bulk_modulus=0", "--maximize", "bulk_modulus"],
        "design: --weight: 'bulk_modulus=0' was given; allowed is PROPERTY=WEIGHT with a weight > 0, like bulk_modulus=1 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--weight", "taste=1", "--maximize", "bulk_modulus"],
        "--weight taste=...: 'taste' is no objective here; the objective is 'bulk_modulus'",
    ),
    (
        ["design", "Ti", "C", "--checkpoint", "dir", "--maximize", "bulk_modulus"],
        "design: --checkpoint: 'dir' was given; allowed is PROPERTY=FOLDER, like bulk_modulus=my_checkpoint (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--min-fraction", "inf", "--maximize", "bulk_modulus"],
        "design: --min-fraction: 'inf' was given; allowed is a finite number (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ca", "O", "--maximize", "a", "--minimize", "b", "--target", "c=1"],
        "3 objectives given (--maximize a, --minimize b, --target c); a search follows one or two: leave the others out",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--minimize", "bulk_modulus"],
        "bulk_modulus was given twice; give each property one direction or one target",
    ),
    (
        ["design", "Ca", "O", "--maximize", "a", "--minimize", "b", "--weight", "c=1"],
        "--weight c=...: 'c' is no objective here; the objectives are 'a' and 'b'",
    ),
    (
        ["design", "Ca", "O", "--maximize", "a", "--weight", "a=1", "--weight", "a=2"],
        "--weight a=... was given twice; give one weight for each property",
    ),
    (
        ["design", "Ca", "O", "--target", "bulk_modulus"],
        "design: --target: 'bulk_modulus' was given; allowed is PROPERTY=VALUE, like bulk_modulus=200 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ca", "O", "--maximize", "a", "--lock", "O=1.5"],
        "design: --lock: 'O=1.5' was given; allowed is ELEMENT=FRACTION with a fraction from 0 to 1, like O=0.6 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--lock", "O=0.5", "--lock", "O=0.6"],
        "--lock O=... was given twice; give one fraction for each element",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--lock", "O=0.5", "--bound", "O=0:0.6"],
        "O has a lock and a bound; give one of the two",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--lock", "Al=0.5"],
        "Lock for Al, which is not in Ca O; lock one of these elements",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--kappa", "-1"],
        "design: --kappa: '-1' was given; allowed is a number >= 0 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--neutrality", "much"],
        "design: --neutrality: 'much' was given; allowed is a number >= 0 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ca", "O", "--maximize", "bulk_modulus", "--front", "nsga"],
        "Unknown front 'nsga'; allowed are chebyshev, hypervolume: choose one of them",
    ),
    (
        ["design", "Ti", "C", "--maximize", "bulk_modulus", "--starts", "1000000000"],
        "design: --starts: '1000000000' was given; allowed is a whole number from 1 to 10000 (see `matwidgets design --help`)",
    ),
    (
        ["design", "Ti", "C", "--maximize", "bulk_modulus", "--seed", "-1"],
        "design: --seed: '-1' was given; allowed is a whole number from 0 to 4294967295 (see `matwidgets design --help`)",
    ),
    (["train"], "train: missing WORD (see `matwidgets train --help`)"),
    (
        ["train", "crabnet"],
        "neither of --property NAME and --csv FILE given; give exactly one, like --property bulk_modulus",
    ),
    (
        ["train", "crabnet", "--property", "bulk_modulus", "--target", "k"],
        "--target goes with --csv FILE; with --property the published tables are used",
    ),
    (
        ["train", "crabnet", "--csv", "t.csv", "--formula", "f"],
        "--csv t.csv needs --target COLUMN, the column that holds the values",
    ),
    (
        ["train", "crabnet", "--property", "bulk_modulus", "--epochs", "0"],
        "train: --epochs: '0' was given; allowed is a whole number >= 1 (see `matwidgets train --help`)",
    ),
    (
        ["evaluate", "crabnet", "--property", "bulk_modulus"],
        "missing --csv, --formula, --target; give --csv FILE --formula COLUMN --target COLUMN",
    ),
    (["data"], "data: missing list|fetch|verify|where (see `matwidgets data --help`)"),
    (
        ["data", "drop"],
        "data: list|fetch|verify|where: invalid choice: 'drop' (choose from 'list', 'fetch', 'verify', 'where') (see `matwidgets data --help`)",
    ),
    (["data", "list", "mat2vec"], "`data list` takes no names, 'mat2vec' was given; only `data fetch` does"),
    (
        ["reproduce", "crabnet", "-p", "x"],
        "reproduce: -p: 'x' was given; allowed is NAME=VALUE with NAME a parameter's name (see `matwidgets reproduce --help`)",
    ),
    (
        ["reproduce", "crabnet", "--preset", "huge"],
        "There is no preset 'huge'; use binder or paper",
    ),
]


@pytest.mark.parametrize(("argv", "line"), CASES, ids=[" ".join(argv) or "nothing" for argv, _ in CASES])
def test_usage_error_is_one_line(argv, line, capsys):
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"matwidgets: {line}\n"


@pytest.mark.parametrize("later", ["screen", "export"])
def test_no_stub_of_a_later_command(later, capsys):
    assert main([later]) == 2
    assert capsys.readouterr().err.startswith(f"matwidgets: unknown command {later!r}")


def test_debug_shows_the_traceback_and_keeps_the_line(capsys):
    assert main(["papers", "--nope", "--debug"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.splitlines()[-1].startswith("matwidgets: papers: unknown option '--nope'")


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["help"]])
def test_help_names_every_command(argv, capsys):
    assert main(argv) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(f"  {word} " in out for word in COMMANDS.split(", "))


@pytest.mark.parametrize("word", COMMANDS.split(", "))
def test_help_of_a_command(word, capsys):
    assert main([word, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: matwidgets {word}")
    assert "--debug" in out
    assert err == ""


def test_version(capsys):
    import matwidgets

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"matwidgets {matwidgets.__version__}\n"
