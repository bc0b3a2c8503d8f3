"""The shipped alloy model as the callables of a widget: what it says of an alloy, its steps, and a label."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.alloy_loop import PAPER, AlloyLoop, way
from matwidgets.alloy_models import AlloyModel, load
from matwidgets.errors import InputError
from matwidgets.features.alloys import FEATURES, describe


@pytest.fixture(scope="module")
def model() -> AlloyModel:
    return load()


@pytest.fixture(scope="module")
def loop(model: AlloyModel) -> AlloyLoop:
    return AlloyLoop(model, background=8)


def test_a_record_says_what_the_model_says(model: AlloyModel, loop: AlloyLoop) -> None:
    record = loop.evaluate(PAPER)
    said = model.predict(PAPER).iloc[0]
    assert record["probability"] == pytest.approx(said["probability"])
    assert record["std"] == pytest.approx(said["std"])
    assert record["z"] == pytest.approx(model.encode(PAPER)[0])
    values = describe(PAPER).values
    assert [f["name"] for f in record["features"]] == [f.label for f in FEATURES]
    assert [f["value"] for f in record["features"]] == pytest.approx([values[f.name] for f in FEATURES])
    together = sum(f["shapley"] for f in record["features"])
    assert record["base"] + together == pytest.approx(record["probability"], abs=1e-5)


def test_the_nearest_known_alloy_is_as_far_as_the_model_says(model: AlloyModel, loop: AlloyLoop) -> None:
    assert loop.evaluate("CoCrFeNi")["nearest"].endswith(
        ", the same composition"
    )  # Cantor's kin is in the table
    far = "Mg80W20"
    name, words = loop.evaluate(far)["nearest"].split(" (")
    a, b = describe(far).fractions, describe(name).fractions
    distance = 1 - sum(min(x, b.get(symbol, 0.0)) for symbol, x in a.items())
    assert words == f"{model.predict(far)['distance'][0]:.0%} of the atoms differ)"
    assert distance == pytest.approx(model.predict(far)["distance"][0], abs=0.01)


def test_an_alloy_that_only_the_classifier_knows(loop: AlloyLoop) -> None:
    record = loop.evaluate("YFe2")
    assert record["z"] is None
    assert record["in_domain"] is False
    assert record["note"].startswith("Y: not among the 30 elements")
    with pytest.raises(InputError, match="holds Y"):
        loop.step(record, "single", 1.0, (), ())


def test_steps_are_those_of_the_inversion(model: AlloyModel, loop: AlloyLoop) -> None:
    whole = model.invert(PAPER, step=0.5)
    widget = show.inverter(model, size=0.5)
    assert widget.alloy == PAPER
    assert widget.run()["kind"] == whole.reason == "converged"
    assert [place["alloy"] for place in widget.trail] == [step.alloy for step in whole.steps]
    assert [place["probability"] for place in widget.trail] == pytest.approx(
        [step.probability for step in whole.steps], abs=1e-5
    )
    assert np.allclose(widget.path, [step.z for step in whole.steps], atol=1e-4)


def test_wishes_reach_the_inversion(model: AlloyModel, loop: AlloyLoop) -> None:
    record = loop.evaluate(PAPER)
    kept = loop.step(record, "single", 1.0, ("Al",), ("Cu", "Ni"))
    assert kept["fractions"]["Al"] >= 0.045  # at least 5 %, in whole percentages
    assert not {"Cu", "Ni"} & set(kept["fractions"])
    nothing = loop.step(record, "single", 1.0, (), tuple(model.elements))
    assert set(nothing) == {"reason"}
    assert nothing["reason"].startswith("No alloy is within the limits")


@pytest.mark.parametrize("cutoff", [0.6, 0.9])
def test_the_cutoff_is_the_inversion_s(model: AlloyModel, cutoff: float) -> None:
    widget = show.inverter(model, cutoff=cutoff)
    end = widget.run()
    whole = model.invert(PAPER, threshold=cutoff)
    assert (end["kind"], len(widget.trail) - 1) == (
        whole.reason,
        len(whole.steps) - (1 if whole.reason in ("converged", "limit") else 2),
    )


def test_a_label_makes_a_new_model(model: AlloyModel) -> None:
    loop = AlloyLoop(model, background=8)
    before = loop.evaluate(PAPER)["probability"]
    lesson = AlloyLoop.learn(loop, PAPER, "single")
    assert lesson.state == "ready"
    assert lesson.result is None
    lesson.start()
    lesson.wait(100)
    result: Any = lesson.result
    assert result["evaluate"](PAPER)["probability"] > before + 0.1
    assert loop.evaluate(PAPER)["probability"] == before  # the old one is as it was
    assert 0 <= result["summary"]["changed"] <= result["summary"]["of"] <= len(model.domain.numbers)
    others = loop.others("CoCrFeNi")
    assert len(model.domain.numbers) - len(others) >= 1  # it is one of them


def test_at_the_end_of_a_cell(model: AlloyModel) -> None:
    from IPython.core.formatters import DisplayFormatter

    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    found = model.invert(PAPER)
    for thing, steps in ((model, 0), (found, len(found.steps) - 1)):
        data, _ = shell.display_formatter.format(thing)
        state = data["application/vnd.matwidgets.alloy_inverter+json"]["state"]
        assert state["trail"][0]["alloy"] == PAPER
        assert state["at"] == steps
    assert way(found)[-1]["note"] == found.note
