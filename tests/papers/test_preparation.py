"""What a notebook reads is made before it: only where it is missing and can be made."""

import importlib
import sys
import types

import pytest

from matwidgets.papers import dual_vae
from matwidgets.papers.preparation import preparation
from matwidgets.run import Run


class Nothing:
    """A job that is done at once."""

    past: list = []
    finished = True

    def advance(self):
        raise AssertionError("it was finished")

    def result(self):
        return "made"

    def save(self, path):
        raise AssertionError("nobody asked")


def test_a_paper_without_a_preparation_or_an_experiment_has_none():
    assert preparation("crabnet") is None
    assert preparation("no_such_paper") is None


def test_the_run_of_a_paper_is_given_unstarted(monkeypatch):
    toy = types.ModuleType("matwidgets.papers.toy")
    toy.__spec__ = importlib.machinery.ModuleSpec("matwidgets.papers.toy", None)
    toy.preparation = lambda: Run(Nothing, title="a table", kind="table", total=1)
    monkeypatch.setitem(sys.modules, "matwidgets.papers.toy", toy)
    run = preparation("toy")
    assert run.state == "ready"
    assert run.start().wait(20) == "made"
    toy.preparation = lambda: "a table"
    with pytest.raises(TypeError, match="gave str; it must give a Run or None"):
        preparation("toy")


def test_patterns_are_not_prepared_without_tables(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    assert not dual_vae.have_tables()
    assert preparation("dual_vae") is None
    assert list(dual_vae.known_patterns()) == ["crystals"]


@pytest.mark.data
def test_patterns_are_prepared_where_the_tables_are_and_the_patterns_are_not(monkeypatch, tmp_path):
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    run = preparation("dual_vae")
    assert (run.kind, run.state, run.total) == ("table", "ready", 25_985 + 4_905)
    assert not dual_vae.have_tables()
