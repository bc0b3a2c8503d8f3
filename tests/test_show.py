"""The door between models and widgets: each object is shown by its widget, with the model's own numbers."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.errors import InputError
from matwidgets.predictors import Predictor


@pytest.fixture(scope="module")
def model() -> Predictor:
    return mw.load("crabnet", "bulk_modulus")


def test_panel_shows_what_predict_says(model: Predictor) -> None:
    panel = show.panel(model, fractions={"Ti": 0.5, "C": 0.5})
    expected = model.predict("TiC").iloc[0]
    assert panel.elements == ["Ti", "C"]
    assert panel.value == pytest.approx(expected["value"], rel=1e-5)
    assert panel.std == pytest.approx(expected["std"], rel=1e-4)
    assert panel.in_domain is bool(expected["in_domain"]) and panel.unit == "GPa"
    panel.commit({"Ti": 0.7, "C": 0.3})
    assert panel.value == pytest.approx(model.predict({"Ti": 0.7, "C": 0.3})["value"][0], rel=1e-5)


def test_panel_of_other_elements_follows_the_chosen_ones(model: Predictor) -> None:
    panel = show.panel(model)
    panel.elements = ["Mg", "O"]
    assert panel.value == pytest.approx(model.predict("MgO")["value"][0], rel=1e-5)


def test_widgets_work_with_a_copy(model: Predictor) -> None:
    small = model.copy()
    panel = show.panel(small, ["Ti", "C"])
    before = panel.value
    for weights in small.networks[0].parameters():
        weights.zero_()
    panel.commit([0.4, 0.6])
    panel.commit([0.5, 0.5])
    assert panel.value == before


def test_simplex_holds_the_field_of_the_model(model: Predictor) -> None:
    field = show.simplex(model, ["Ti", "Cd", "C"], fractions=[0.5, 0.0, 0.5])
    assert field.fractions == pytest.approx([0.5, 0.0, 0.5])
    assert f"{model.predict('TiC')['value'][0]:.1f} ±" in repr(field)


@pytest.mark.parametrize(
    ("elements", "kind"),
    [
        (["Ti", "Cd", "C"], "SimplexMap"),
        (["Ti", "C"], "CompositionPanel"),
        (list("WCBNO"), "CompositionPanel"),
    ],
)
def test_design_is_shown_where_it_ended(model: Predictor, elements: list[str], kind: str) -> None:
    result = mw.design(elements, maximize=model, steps=3, starts=4).wait(120)
    widget = show.design(result)
    assert type(widget).__name__ == kind
    assert np.allclose(widget.fractions, result.search.final.fractions, atol=1e-6)


def test_trackers(model: Predictor) -> None:
    run = mw.design(["Ti", "C"], maximize=model, steps=2, starts=2, start=False)
    assert type(show.tracker(run)).__name__ == "OptimizationTracker"


def test_contributions_are_the_explanation(model: Predictor) -> None:
    table = show.contributions(model, "TiC")
    told = model.explain("TiC")
    assert table.selected == ["Ti", "C"]
    assert table.values == pytest.approx(dict(zip(told.elements, told.contributions, strict=True)))


def test_element_that_the_model_does_not_know(model: Predictor) -> None:
    small = Predictor(model.networks, model.domain, model.card | {"elements": ["Ti", "C"]})
    with pytest.raises(InputError, match="does not know Cd"):
        show.panel(small)


def test_the_end_of_a_cell(model: Predictor) -> None:
    from IPython.core.formatters import DisplayFormatter

    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    data, _ = shell.display_formatter.format(model)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "Bulk modulus" in data["text/plain"]
    result = mw.design(["Ti", "Cd", "C"], maximize=model, steps=1, starts=2).wait(120)
    data, _ = shell.display_formatter.format(result)
    assert "SimplexMap" in data["text/plain"] and "text/html" in data


def test_a_paper_shows_its_ledger_and_a_planned_one_its_name() -> None:
    from IPython.core.formatters import DisplayFormatter

    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    paper = mw.paper("crabnet")
    for thing in (paper, paper.ledger()):
        data, _ = shell.display_formatter.format(thing)
        assert data["application/vnd.matwidgets.ledger+json"]["claims"] == paper.ledger().to_json()["claims"]
        assert "application/vnd.jupyter.widget-view+json" in data
    data, _ = shell.display_formatter.format(mw.paper("wgan"))
    assert data == {"text/plain": repr(mw.paper("wgan"))}


def test_every_class_that_is_shown_exists() -> None:
    for module, name in mw._SHOWN:
        assert hasattr(importlib.import_module(module), name)
