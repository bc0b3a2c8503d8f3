"""A tracker at the end of a cell: in the kernel its output is written once more when the run ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from matwidgets import load_ipython_extension, show
from matwidgets.run import Record, Run
from matwidgets.widgets import TrainingTracker

META = {"terms": [{"name": "train_loss", "label": "Training loss", "unit": ""}]}


class Learning:
    def __init__(self) -> None:
        self.past: list[Record] = []
        self.epoch = 0

    @property
    def finished(self) -> bool:
        return self.epoch >= 5

    def advance(self) -> Record:
        self.epoch += 1
        return {"step": self.epoch, "terms": {"train_loss": 1 / self.epoch}}

    def result(self) -> None:
        return None

    def save(self, path: Any) -> None:
        raise AssertionError("nothing here is saved")


class Publisher(DisplayPublisher):
    """Collects what is put out, as the kernel's publisher would send it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[dict[str, Any]] = []

    def publish(self, data: dict[str, Any], metadata: dict[str, Any] | None = None, **more: Any) -> None:
        self.sent.append({"data": data} | more)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    shell = InteractiveShell.instance()
    monkeypatch.setattr(shell, "display_pub", Publisher())
    load_ipython_extension(shell)
    yield shell
    InteractiveShell.clear_instance()


def shown_and_run(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is put out when a run stands at the end of a cell and then comes to its end."""
    run = Run(Learning, title="training", kind="training", total=5, meta=META)
    trackers: list[TrainingTracker] = []

    def tracker(run: Run) -> TrainingTracker:
        trackers.append(TrainingTracker(run))
        return trackers[-1]

    monkeypatch.setattr(show, "tracker", tracker)
    shell.user_ns["run"] = run
    shell.run_cell("run").raise_error()
    run.start().wait(20)
    assert trackers[0].settle(20)
    assert trackers[0].error == ""
    return shell.display_pub.sent


def test_the_notebook_keeps_the_end_of_a_run(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    first, last = shown_and_run(shell, monkeypatch)
    assert first["data"]["text/plain"] == "TrainingTracker(training: ready, step 0 of 5)"
    assert last["data"]["text/plain"] == "TrainingTracker(training: done, step 5 of 5)"
    assert last["update"] is True
    assert last["transient"] == first["transient"]
    saved = last["data"]["application/vnd.matwidgets.training_tracker+json"]["state"]["saved"]
    assert saved["columns"]["term:train_loss"] == [1, 0.5, 0.3333, 0.25, 0.2]


def test_a_terminal_prints_it_once(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    (only,) = shown_and_run(shell, monkeypatch)
    assert only["data"]["text/plain"] == "TrainingTracker(training: ready, step 0 of 5)"
