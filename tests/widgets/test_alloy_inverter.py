"""AlloyInverter: what it says of an alloy, how the loop goes and ends, what a label changes, and what it refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.features.alloys import describe
from matwidgets.run import Run
from matwidgets.widgets import AlloyInverter, CompositionPanel, LatentExplorer, link
from matwidgets.widgets._alloys import checked_alloy, outcome, same_alloy, side, verdict, written
from matwidgets.widgets._teaching import Taught
from matwidgets.widgets.base import SNAPSHOT_LIMIT
from tests.widgets import alloys
from tests.widgets.alloys import ELEMENTS, START, evaluate, parts, step


def inverter(**options: Any) -> AlloyInverter:
    return AlloyInverter(START, evaluate, step, **({"elements": ELEMENTS} | options))


def asked(widget: AlloyInverter, kind: str, data: Any) -> dict[str, Any]:
    """The widget's answer to a question of the page."""
    sent: list[dict[str, Any]] = []
    widget.send = lambda message, buffers=None: sent.append(message)  # type: ignore[method-assign]
    widget._receive(widget, {"type": "request", "kind": kind, "id": "a", "view": "v", "n": 1, "data": data})
    (answer,) = sent
    return answer


def asked_step(widget: AlloyInverter, **choices: Any) -> dict[str, Any]:
    now = {"at": widget.at, "target": widget.target, "size": widget.size, "keep": widget.keep}
    return asked(widget, "step", now | {"forbid": widget.forbid} | choices)


def test_an_alloy_with_its_features_and_its_probability() -> None:
    widget = inverter()
    record = widget.record
    told = describe(START)
    # six elements: 1.4 + 0.9 + 1.4 + 0.5 + 0.9 + 1 = 6.1 atoms
    assert record["fractions"]["Cu"] == pytest.approx(0.5 / 6.1, rel=1e-5)
    assert [f["name"] for f in record["features"]][4] == "Atomic size difference"
    assert record["features"][4]["value"] == pytest.approx(told.values["size_difference"], rel=1e-5)
    assert record["probability"] == pytest.approx(0.5 + sum(parts(told.values).values()), rel=1e-5)
    assert record["shown"].startswith("Al₁.₄Co₀.₉")
    assert record["verdict"] == {"kind": "multi", "text": "Probably several phases"}
    assert widget.target == "single"  # the other side
    assert widget.path == [record["z"]]
    assert sum(widget.fractions) == pytest.approx(1)
    assert "probability of a single phase 0.32 ± 0.06, probably several phases" in repr(widget)


@pytest.mark.parametrize(
    ("probability", "cutoff", "kind"),
    [
        (0.6, 0.6, "single"),
        (0.59, 0.6, "open"),
        (0.41, 0.6, "open"),
        (0.4, 0.6, "multi"),
        (0.5, 0.5, "single"),
    ],
)
def test_which_side_is_probable(probability: float, cutoff: float, kind: str) -> None:
    assert side(probability, cutoff) == kind
    assert verdict(probability, cutoff)["kind"] == kind


def test_a_step_starts_from_what_evaluate_returned() -> None:
    seen: list[Any] = []

    def kept(record: Any, *rest: Any) -> Any:
        seen.append((record, *rest))
        return step(record, *rest)

    marked = {"own": object()}
    widget = AlloyInverter(
        START, lambda alloy: evaluate(alloy) | marked, kept, size=0.5, keep=["Cr"], forbid=["Ti"]
    )
    end = widget.step()
    record, *choices = seen[0]
    assert record["own"] is marked["own"]
    assert choices == ["single", 0.5, ("Cr",), ("Ti",)]
    # Al 23, Cu 8 at.%: 0.8 * 0.5 of both goes to Fe, Ni and Co
    assert widget.record["fractions"]["Al"] == pytest.approx(0.14, abs=0.005)
    assert end["kind"] == "going"
    assert end["text"].startswith("Step 1 of at most 10: 0.39, wanted at least 0.60")
    assert widget.at == 1
    assert len(widget.path) == 2


def test_the_loop_converges_and_says_so() -> None:
    widget = inverter()
    end = widget.run()
    assert end["kind"] == "converged"
    assert widget.record["probability"] >= 0.6
    assert all(place["probability"] < 0.6 for place in widget.trail[:-1])
    steps = len(widget.trail) - 1
    assert end["text"].startswith(f"Converged after {steps} step")
    assert widget.run() == end  # nothing more to do
    widget.target = "multi"
    assert widget.outcome["kind"] != "converged"


def test_the_loop_says_where_it_cannot_go_on() -> None:
    stuck = inverter(keep=["Al", "Cu"])
    assert stuck.run()["kind"] == "cycle"
    assert "to the same alloy" in stuck.outcome["text"]
    assert len(stuck.trail) == 2  # the first step only rounds to whole percentages
    barred = inverter(forbid=["Fe", "Ni", "Co"])
    assert barred.step() == {
        "kind": "infeasible",
        "text": "No step possible: Fe, Ni, Co are forbidden, nothing is left to add",
    }
    slow = inverter(size=0.05, most_steps=3)
    assert slow.run()["kind"] == "limit"
    assert slow.outcome["text"].startswith("Limit reached: 3 steps")
    assert len(slow.trail) == 4


def test_a_cycle_over_two_alloys_is_seen() -> None:
    there, back = "Al1Co1Cr1Fe1", "Al1Co1Cr1Fe1Ni1"
    widget = AlloyInverter(
        there, evaluate, lambda record, *_: evaluate(back if record["alloy"] == there else there)
    )
    assert widget.step()["kind"] == "going"
    end = widget.step()
    assert end["kind"] == "cycle"
    assert "back to Al₁Co₁Cr₁Fe₁" in end["text"]
    assert widget.alloy == back


def test_one_that_is_there_already() -> None:
    widget = AlloyInverter("FeNiCo", evaluate, step, target="single")
    assert widget.record["verdict"]["kind"] == "single"
    assert widget.outcome["kind"] == "there"
    assert AlloyInverter("FeNiCo", evaluate, step).target == "multi"


def test_the_words_of_an_outcome() -> None:
    record = checked_alloy(evaluate("FeNiCo") | {"probability": 0.3}, 0.6)
    assert outcome(record, steps=0, target="single", cutoff=0.6, most=10) == {"kind": "", "text": ""}
    said = outcome(record, steps=1, target="multi", cutoff=0.6, most=10)
    assert said["text"] == "Converged after 1 step: probably several phases (0.30, wanted at most 0.40)."


def test_going_back_and_on_from_there() -> None:
    widget = inverter(size=0.5)
    widget.step()
    widget.step()
    first = [place["alloy"] for place in widget.trail]
    widget.set_state({"at": 1})
    assert widget.alloy == first[1]
    assert len(widget.path) == 2
    assert len(widget.trail) == 3
    asked_step(widget, size=1.0)
    assert [place["alloy"] for place in widget.trail][:2] == first[:2]
    assert widget.trail[2]["alloy"] != first[2]
    assert widget.trail[2]["step"] == 2
    widget.set_state({"at": 9})
    assert widget.error == "Place 9 of a way with 3: give 0 to 2"
    assert widget.at == 2


def test_the_page_steps_with_its_newest_choices() -> None:
    widget = inverter(keep=["Cr"], forbid=["Ti"])
    answer = asked_step(widget, size=0.5, keep=["Ti"], forbid=["Cr"])  # swapped in one go
    assert answer["data"]["kind"] == "going"
    assert (widget.keep, widget.forbid, widget.size) == (["Ti"], ["Cr"], 0.5)
    answer = asked_step(widget, keep=["Ti"], forbid=["Ti"])
    assert answer["type"] == "error"
    assert answer["text"].startswith("Ti cannot be kept and forbidden at once")
    assert asked(widget, "enter", "  ")["text"].startswith("No alloy: type one")
    assert asked(widget, "enter", "FeNiCo")["type"] == "reply"
    assert [place["alloy"] for place in widget.trail] == ["FeNiCo"]
    assert asked(widget, "enter", "XeF2")["text"].startswith("No alloy descriptors for Xe, F")
    assert widget.alloy == "FeNiCo"


def test_an_error_of_step_is_told_and_changes_nothing() -> None:
    widget = AlloyInverter(START, evaluate, lambda *_: 1 / 0)
    answer = asked_step(widget)
    assert answer["text"] == "ZeroDivisionError: division by zero"
    assert widget.alloy == START


class Lessons:
    """A training of three steps that can be held, after which the probability is higher by 0.4."""

    past: list[Any] = []

    def __init__(self, gate: threading.Event, fails: bool = False) -> None:
        self.gate, self.fails, self.done = gate, fails, 0

    def advance(self) -> dict[str, Any]:
        self.gate.wait(20)
        if self.fails:
            raise InputError("one class only")
        self.done += 1
        return {"step": self.done}

    @property
    def finished(self) -> bool:
        return self.done == 3

    def result(self) -> Any:
        summary = {"changed": 14, "of": 1372}
        return {"evaluate": lambda alloy: evaluate(alloy, shift=0.4), "step": step, "summary": summary}

    def save(self, path: Path) -> None:
        raise NotImplementedError


def learner(gate: threading.Event, fails: bool = False) -> Any:
    return lambda alloy, label: Run(
        lambda: Lessons(gate, fails), title=f"{alloy} is {label}", kind="training", total=3
    )


def test_a_label_is_learned_in_the_background() -> None:
    gate = threading.Event()
    widget = inverter(learn=learner(gate), size=0.5)
    widget.step()
    before = [place["probability"] for place in widget.trail]
    run = widget.teach("single")
    assert run.title.endswith("is single")
    assert widget.lesson["state"] == "running"
    assert widget.lesson["total"] == 3
    # meanwhile the widget works with what it knows
    assert asked(widget, "step", {"at": 0, "target": "single", "size": 1.0, "keep": [], "forbid": []})["data"]
    assert (
        "still being learned" in asked(widget, "learn", {"act": "start", "at": 0, "label": "multi"})["text"]
    )
    widget.at = 0
    gate.set()
    assert widget.settle(20)
    assert widget.lesson["state"] == "done"
    assert widget.lesson["text"] == (
        f"Learned Al₁₄Co₁₉Cr₂₃Cu₅Fe₁₉Ni₂₁ as a single phase: its probability went from {before[1]:.2f} to "
        f"{before[1] + 0.4:.2f}. 14 of 1,372 other alloys changed sides."
    )
    assert widget.record["probability"] == pytest.approx(before[0] + 0.4, rel=1e-4)
    assert widget.at == 0  # the way stays
    assert len(widget.trail) == 2
    assert [one["label"] for one in widget.taught] == ["single"]
    widget.forget()
    assert widget.record["probability"] == pytest.approx(before[0])
    assert widget.taught == []
    assert widget.lesson == {}


def test_learning_that_is_stopped_or_fails_changes_nothing() -> None:
    gate = threading.Event()
    widget = inverter(learn=learner(gate))
    before = widget.record
    widget.teach("single")
    assert asked(widget, "learn", {"act": "stop"})["type"] == "reply"
    gate.set()
    assert widget.settle(20)
    assert widget.lesson["text"] == "Stopped: the model is as it was."
    assert widget.record == before
    failing = inverter(learn=learner(gate, fails=True))
    failing.teach("single")
    assert failing.settle(20)
    assert failing.lesson["text"] == "Nothing learned: one class only"
    assert failing.record == before
    failing.teach("single")  # and one can try again
    assert failing.settle(20)


class Instant:
    """A run that is over as soon as it starts, with whatever result."""

    title, state, steps, total, seconds_left, error = "", "ready", 0, None, None, None

    def __init__(self, result: Any) -> None:
        self.result = result

    def subscribe(self, listener: Any) -> None:
        self.listener = listener

    def start(self) -> None:
        self.state = "done"
        self.listener(self)

    def stop(self) -> None:
        self.state = "stopped"


def test_a_result_that_is_none_is_told() -> None:
    widget = inverter(learn=lambda alloy, label: Instant({"step": step}))
    widget.teach("multi")
    assert widget.settle(20)
    assert widget.lesson["state"] == "failed"
    assert "without a callable evaluate" in widget.lesson["text"]
    assert Taught.of(Instant(None) and {"evaluate": evaluate}).step is None
    with pytest.raises(MatwidgetsError, match="learn returned int without start, stop"):
        inverter(learn=lambda alloy, label: 1).teach("single")


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ({"changed": 0, "of": 30}, "None of 30 other alloys changed sides."),
        ({"changed": 1}, "1 other alloy changed sides."),
        ({"changed": 0}, "No other alloy changed sides."),
        ({"note": "It took 6 s."}, "It took 6 s."),
        ({}, "to 0.72."),
    ],
)
def test_what_a_label_has_changed(summary: dict[str, Any], words: str) -> None:
    shifted = {"evaluate": lambda alloy: evaluate(alloy, shift=0.4), "summary": summary}
    widget = inverter(learn=lambda alloy, label: Instant(shifted))
    widget.teach("single")
    assert widget.settle(20)
    assert widget.lesson["text"].endswith(words)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target": "one"}, "An alloy inverter got the target 'one'"),
        ({"size": 0.0}, "A step of size 0"),
        ({"size": 1.5}, "A step of size 1.5"),
        ({"cutoff": 0.3}, "An alloy inverter got the cutoff 0.3"),
        ({"most_steps": 0}, "An alloy inverter got 0 steps"),
        ({"keep": ["W"]}, "Cannot keep or forbid W"),
        ({"keep": ["Al"], "forbid": ["Al"]}, "Al cannot be kept and forbidden at once"),
        ({"elements": ["Al", "Al"]}, "An alloy inverter got Al twice"),
    ],
)
def test_wrong_input_is_one_line(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as raised:
        inverter(**options)
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)


def test_what_needs_a_callable_says_so() -> None:
    plain = AlloyInverter(START, evaluate)
    assert not plain.inverts
    with pytest.raises(InputError, match="This inverter goes no steps"):
        plain.step()
    with pytest.raises(InputError, match="This inverter learns nothing"):
        plain.teach("single")
    with pytest.raises(InputError, match="got the label 'both'"):
        inverter(learn=lambda *_: None).teach("both")


def test_a_way_that_has_been_gone_is_shown_without_a_box() -> None:
    way = [evaluate(START), evaluate("CoCrFeNi") | {"note": "Reached after 1 step."}]
    widget = AlloyInverter(way)
    assert (widget.evaluates, widget.inverts) == (False, False)
    assert (widget.at, widget.alloy, len(widget.path)) == (1, "CoCrFeNi", 2)
    assert "Reached after 1 step." in widget.static_svg()
    with pytest.raises(InputError, match="This inverter evaluates nothing"):
        widget.enter("FeNi")
    with pytest.raises(InputError, match="got a way of 0 alloys"):
        AlloyInverter([])


@pytest.mark.parametrize(
    "given",
    [
        None,
        {"alloy": "Fe"},
        evaluate("FeNi") | {"probability": 1.2},
        evaluate("FeNi") | {"probability": float("nan")},
        evaluate("FeNi") | {"fractions": {"Fe": -1.0, "Ni": 2.0}},
        evaluate("FeNi") | {"features": [{"symbol": "k", "name": "k", "value": float("nan")}]},
    ],
)
def test_an_evaluate_that_answers_nonsense_is_told(given: Any) -> None:
    with pytest.raises(MatwidgetsError, match="The inverter's evaluate returned"):
        AlloyInverter("FeNi", lambda _: given)


def test_what_is_not_known_is_left_out() -> None:
    bare = {key: evaluate("FeNi")[key] for key in ("alloy", "fractions", "probability")}
    features = [{"symbol": "k", "name": "bulk modulus", "value": 1.0}]
    widget = AlloyInverter("FeNi", lambda _: bare | {"features": features})
    record = widget.record
    assert (record["std"], record["z"], record["in_domain"], record["nearest"]) == (None, [], None, "")
    assert record["features"][0]["shapley"] is None
    assert widget.path == []
    assert "±" not in widget.static_svg()


def test_snapshot_of_a_long_way_is_small() -> None:
    shares = iter(range(1, 30))
    widget = AlloyInverter(
        START, evaluate, lambda *_: evaluate(f"{START}Mo{next(shares)}Mn0.123456"), most_steps=23
    )
    widget.run()
    bundle, _ = widget._repr_mimebundle_()
    state = bundle["application/vnd.matwidgets.alloy_inverter+json"]
    assert len(state["state"]["trail"]) >= 12
    assert len(json.dumps(state)) < SNAPSHOT_LIMIT


def test_linked_with_a_latent_space_draws_the_way() -> None:
    widget = inverter(size=0.5)
    explorer = LatentExplorer(np.random.default_rng(0).uniform(-1, 1, (40, 2)))
    linked = link(widget, explorer)
    assert linked.topics == ["latent_path"]
    assert explorer.walk["xy"] == [pytest.approx(widget.record["z"])]
    widget.step()
    explorer.set_state({"path": widget.path})  # in a page the link itself does this
    assert explorer.walk["xy"] == [pytest.approx(z) for z in widget.path]
    assert explorer.walk["steps"] == []
    explorer.set_state({"path": [[1.0, 2.0, 3.0]]})
    assert explorer.error.startswith("Got a latent vector of shape (3,)")
    explorer.set_state({"path": []})
    assert explorer.walk == {}


def predict(x: Any) -> Mapping[str, Any]:
    return {"value": x[:, 0], "std": x[:, 0], "in_domain": x[:, 0] > 0}


def test_linked_with_a_panel_of_its_elements() -> None:
    widget = inverter()
    panel = CompositionPanel(list(ELEMENTS), predict)
    assert link(widget, panel).topics == ["fractions"]
    assert panel.fractions == pytest.approx(widget.fractions, abs=1e-5)
    widget.step()
    way = len(widget.trail)
    widget.set_state({"fractions": [round(x, 6) for x in widget.fractions]})  # its own, given back
    assert len(widget.trail) == way
    thirds = [1 / 3 if symbol in ("Fe", "Ni", "Co") else 0.0 for symbol in ELEMENTS]
    widget.set_state({"fractions": thirds})
    assert widget.record["fractions"] == pytest.approx({"Fe": 1 / 3, "Ni": 1 / 3, "Co": 1 / 3}, abs=1e-4)
    assert len(widget.trail) == 1
    assert widget.error == ""
    with pytest.raises(InputError, match="nothing in common"):
        link(AlloyInverter(START, evaluate), panel)


def test_compositions_as_text() -> None:
    assert written({"Fe": 1 / 3, "Ni": 2 / 3, "Co": 0.0}) == "Fe33.3333Ni66.6667"
    assert same_alloy({"Fe": 0.5, "Ni": 0.5}, {"Fe": 0.5002, "Ni": 0.4998})
    assert not same_alloy({"Fe": 0.5, "Ni": 0.5}, {"Fe": 0.5, "Ni": 0.49, "Co": 0.01})


def test_picture_holds_alloy_probability_and_features() -> None:
    widget = inverter(size=0.5)
    widget.step()
    picture = widget.static_svg()
    for words in (
        "Probably several phases (0.39 ± 0.06)",
        "Inside the training data",
        "Step 1 of at most 10",
        "Atomic size difference (%)",
        "Cu 5.0 (was 8.2)",
        "The way so far",
        "before",
    ):
        assert words in picture, words
    named = AlloyInverter("FeNi", lambda _: evaluate("FeNi") | {"nearest": "<b>x</b>"}).static_svg()
    assert "<b>" not in named


def test_the_toy_adds_up() -> None:
    """The model of these tests itself: contributions and mean make the probability."""
    record = alloys.evaluate(START)
    assert record["base"] + sum(f["shapley"] for f in record["features"]) == pytest.approx(
        record["probability"]
    )
