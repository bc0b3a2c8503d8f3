"""TrainingTracker on a real run: terms arrive, the best is told, the picture is drawn."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from matwidgets.errors import InputError
from matwidgets.run import Record, Run
from matwidgets.widgets import TrainingTracker

TERMS = [
    {"name": "train_loss", "label": "Training loss", "unit": ""},
    {"name": "val_mae", "label": "Validation MAE", "unit": "GPa"},
    {"name": "learning_rate", "label": "Learning rate", "unit": ""},
]


class Learning:
    def __init__(self, epochs: int, result: Any) -> None:
        self.epochs, self.epoch, self._result = epochs, 0, result
        self.past: list[Record] = []

    @property
    def finished(self) -> bool:
        return self.epoch >= self.epochs

    def advance(self) -> Record:
        self.epoch += 1
        terms = {"train_loss": 1 / self.epoch, "val_mae": 8 + abs(self.epoch - 7), "learning_rate": 1e-3}
        return {"step": self.epoch, "terms": terms, "member": 0}

    def result(self) -> Any:
        return self._result

    def save(self, path: Any) -> None:
        raise AssertionError("nothing here is saved")


def trained(epochs: int = 10, result: Any = None) -> TrainingTracker:
    run = Run(
        lambda: Learning(epochs, result),
        title="training crabnet",
        kind="training",
        total=epochs,
        meta={"terms": TERMS},
    )
    tracker = TrainingTracker(run)
    run.start().wait(60)
    assert tracker.settle(20)
    return tracker


def test_all_terms_arrive_and_the_best_epoch_is_told() -> None:
    tracker = trained()
    assert (tracker.state, tracker.steps) == ("done", 10)
    assert tracker.saved is not None
    assert tracker.saved["columns"]["term:val_mae"][6] == 8
    assert tracker.result == {
        "text": "Lowest training loss 0.1 (epoch 10); lowest validation MAE 8 GPa (epoch 7)"
    }


def test_the_ensemble_comes_first_where_there_is_one() -> None:
    card = {"val_mae_ensemble": 7.911, "unit": "GPa"}
    tracker = trained(result=SimpleNamespace(card=card))
    assert tracker.result is not None
    assert tracker.result["text"].startswith("Ensemble: validation MAE 7.911 GPa; lowest training loss 0.1")


def test_the_history_survives_in_the_notebook_within_its_limit() -> None:
    tracker = trained(30_000)
    made = tracker._repr_mimebundle_()
    assert made is not None
    state = made[0]["application/vnd.matwidgets.training_tracker+json"]
    assert len(json.dumps(state)) <= 50_000
    assert state["state"]["saved"]["columns"]["step"][-1] == 30_000
    assert "data:image/svg+xml" in made[0]["text/html"]


@pytest.mark.parametrize("log", [False, True])
def test_the_static_twin_has_a_panel_a_unit(log: bool) -> None:
    tracker = trained()
    tracker.log_scale = log
    root = ElementTree.fromstring(tracker.static_svg())
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Training loss", "Validation MAE (GPa)", "Learning rate", "epoch"} <= set(texts)


def test_a_design_run_is_refused() -> None:
    run = Run(lambda: None, title="search", kind="design", total=1, meta={})  # type: ignore[arg-type, return-value]
    with pytest.raises(InputError) as caught:
        TrainingTracker(run)
    assert str(caught.value) == (
        "This tracker shows a training run, but 'search' is none: use matwidgets.show.tracker(run)"
    )
