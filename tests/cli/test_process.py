"""What only a process of its own shows: exit codes, fast start-up, Ctrl-C and going on, a reader that goes away."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "pandas", "pymatgen", "anywidget", "sklearn", "matplotlib", "IPython")


@pytest.fixture(autouse=True)
def checkout_on_the_path(monkeypatch):
    """A child finds the package that the tests found, installed or not."""
    import matwidgets

    monkeypatch.setenv("PYTHONPATH", str(Path(matwidgets.__file__).parents[1]))


def command(*argv):
    return [sys.executable, "-m", "matwidgets", *map(str, argv)]


def process(*argv):
    return subprocess.run(command(*argv), capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(("argv", "code"), [(["--version"], 0), (["nosuch"], 2), (["predict"], 2)])
def test_exit_code_of_the_module(argv, code):
    done = process(*argv)
    assert done.returncode == code
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "argv", [["--version"], ["papers"], ["papers", "--json"], ["data", "list"], ["--help"]]
)
def test_light_commands_import_nothing_heavy(argv):
    script = (
        "import sys; from matwidgets.cli import main; code = main(sys.argv[1:]); "
        f"print(code, [m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *argv], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stderr == "0 []\n"


def test_a_reader_that_goes_away_is_no_error():
    """`matwidgets data list | head -1`: no traceback, no complaint."""
    child = subprocess.Popen(
        command("data", "list"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    child.stdout.close()
    assert child.stderr.read() == b""
    assert child.wait(timeout=120) == 1


@pytest.mark.skipif(os.name != "posix", reason="a console's Ctrl-C cannot be sent to one process here")
def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(stranger, trained, run_json):
    _, table, *_ = trained
    options = ["--formula", "comp", "--target", "y", "--epochs", "10", "--out", "m"]
    argv = ["train", "crabnet", "--csv", table, *options]
    child = subprocess.Popen(command(*argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not (stranger / "m" / "training.safetensors").exists():  # until the first epoch is kept
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    said = err.splitlines()[-1]
    assert child.returncode == 130
    assert "Traceback" not in err
    assert out == ""
    resume = f"matwidgets train crabnet --csv {table} {' '.join(options)} --resume"
    assert said.startswith("matwidgets: interrupted after ")
    assert said.endswith(f" of 50 epochs; the checkpoint is in m, go on with `{resume}`")
    first = int(said.split()[3])

    again = process(*resume.split()[1:])
    assert again.returncode == 0, again.stderr
    assert not (stranger / "m" / "training.safetensors").exists()
    last = again.stderr.splitlines()[-1]
    assert last.startswith("train crabnet: 50 of 50 epochs, ")
    assert first >= 1
    scores = run_json(
        "evaluate", "crabnet", "--checkpoint", "m", "--csv", table, "--formula", "comp", "--target", "y"
    )
    assert scores["n"] == 20


def test_json_is_alone_on_stdout_also_beside_progress():
    done = process(
        "design", "Ti", "C", "--maximize", "bulk_modulus", "--steps", "3", "--starts", "2", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["steps"] == 3
    assert done.stderr.startswith("design Ti-C: ")
