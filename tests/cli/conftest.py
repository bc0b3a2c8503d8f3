"""A stranger's machine: an empty folder, an empty cache, no tables, no network."""

import json

import pytest

from matwidgets.cli import main


@pytest.fixture(autouse=True)
def stranger(tmp_path, monkeypatch):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_THREADS", "1")  # two threads that share a busy core wait for each other
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def run(capfd):
    """Run a command: (exit code, stdout, stderr)."""

    def call(*argv):
        code = main([str(word) for word in argv])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture
def run_json(run):
    """Run a command with --json that must succeed: its one document, read strictly."""

    def no_number(constant):
        raise ValueError(f"{constant} is no JSON")

    def call(*argv):
        code, out, err = run(*argv, "--json")
        assert code == 0, err
        return json.loads(out, parse_constant=no_number)

    return call


@pytest.fixture
def refused(run):
    """Run a command that must be refused as wrong input: its one line."""

    def call(*argv, code=2):
        got, out, err = run(*argv)
        assert (got, out) == (code, "")
        assert len(err.splitlines()) == 1
        assert "Traceback" not in err
        return err.removeprefix("matwidgets: ").rstrip("\n")

    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A model of twenty halides, trained for one epoch without any table: its folder, its table and its messages."""
    import contextlib
    import io

    folder = tmp_path_factory.mktemp("trained")
    rows = [
        (f"{a}{b}", 10 * i + j)
        for i, a in enumerate(["Li", "Na", "K", "Rb", "Cs"])
        for j, b in enumerate(["F", "Cl", "Br", "I"])
    ]
    table = folder / "halides.csv"
    table.write_text("comp,y\n" + "".join(f"{formula},{value}\n" for formula, value in rows))
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        patch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
        patch.setenv("MATWIDGETS_CACHE", str(folder / "cache"))
        patch.setenv("MATWIDGETS_OFFLINE", "1")
        patch.setenv("MATWIDGETS_THREADS", "1")
        argv = ["train", "crabnet", "--csv", table, "--formula", "comp", "--target", "y", "--test", table]
        code = main([*map(str, argv), "--epochs", "1", "--out", str(folder / "model")])
    assert code == 0, err.getvalue()
    return folder / "model", table, out.getvalue(), err.getvalue()
