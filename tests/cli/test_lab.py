"""`matwidgets lab`: what is handed to the server's start, and what is refused before it."""

import pytest


@pytest.mark.parametrize(
    ("argv", "directory", "options"),
    [
        ([], ".", {"port": None, "browser": True}),
        (["work", "--port", "9999", "--no-browser"], "work", {"port": 9999, "browser": False}),
    ],
)
def test_arguments_reach_the_server(argv, directory, options, run, monkeypatch):
    """The server itself is started by the tests of `matwidgets.lab` and in the browser's."""
    started = []
    monkeypatch.setattr("matwidgets.lab.start", lambda folder, **given: started.append((folder, given)) or 0)
    assert run("lab", *argv) == (0, "", "")
    assert started == [(directory, options)]


def test_ctrl_c_is_130_and_one_line(run, monkeypatch):
    def stopped(folder, **given):
        raise KeyboardInterrupt

    monkeypatch.setattr("matwidgets.lab.start", stopped)
    code, out, err = run("lab")
    assert (code, out) == (130, "")
    assert (
        err
        == "matwidgets: JupyterLab was stopped; saved notebooks are as they were, start it again to go on\n"
    )


def test_folder_that_is_not_there(refused):
    assert refused("lab", "nowhere") == "'nowhere' is no folder; give one that exists, or none for this one"


def test_port_that_is_no_number(refused):
    line = refused("lab", "--port", "x")
    assert line == "lab: --port: 'x' was given; allowed is a whole number >= 1 (see `matwidgets lab --help`)"
