"""The door between models and widgets: each object is shown by its widget, with the model's own numbers."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import matwidgets as mw
from matwidgets import show
from matwidgets.errors import InputError
from matwidgets.features.composition import pretty_formula
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


def test_a_paper_shows_its_ledger_and_a_planned_one_its_name(tmp_path: Path) -> None:
    from IPython.core.formatters import DisplayFormatter

    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    paper = mw.paper("crabnet")
    for thing in (paper, paper.ledger()):
        data, _ = shell.display_formatter.format(thing)
        assert data["application/vnd.matwidgets.ledger+json"]["claims"] == paper.ledger().to_json()["claims"]
        assert "application/vnd.jupyter.widget-view+json" in data
    planned = replace(paper, notebooks=tmp_path)
    data, _ = shell.display_formatter.format(planned)
    assert planned.status == "planned" and data == {"text/plain": repr(planned)}


def test_every_class_that_is_shown_exists() -> None:
    for module, name in mw._SHOWN:
        assert hasattr(importlib.import_module(module), name)


def test_latent_space_of_a_generator_with_its_materials() -> None:
    vae = mw.load("onehot_vae")
    formulas = ["TiO2", "BaTiO3", "SrTiO3", "NaCl", "Al2O3"]
    explorer = show.latent(vae, formulas, elements=["Ti", "O"], colour="Ti content")
    assert explorer.label == "latent space of onehot_vae with 5 materials"
    assert (explorer.n, explorer.dimensions, explorer.colour) == (5, vae.latent, "Ti content")
    explorer.go_to(1)
    assert explorer.through == "BaTiO₃"
    (formula,) = vae.decode_formulas(vae.encode("BaTiO3"))
    assert explorer.decoded["formula"] == pretty_formula(str(formula), subscripts=True)
    assert explorer.decoded["nearest"][0].isprintable() and len(explorer.decoded["far"]) == 3
    explorer.select([0, 3])
    assert explorer.selected_names() == ["TiO2", "NaCl"]


def test_latent_point_of_a_linked_composition(model: Predictor) -> None:
    vae = mw.load("onehot_vae")
    symbols = ["Ti", "C"]
    panel = show.panel(model, symbols)
    explorer = show.latent(vae, ["TiC", "TiO2", "BaTiO3", "NaCl"], elements=symbols)
    mw.link(panel, explorer)
    explorer.fractions = [0.8, 0.2]  # as the page links it
    (expected,) = vae.decode_formulas(vae.encode({"Ti": 0.8, "C": 0.2}))
    assert explorer.decoded["formula"] == pretty_formula(str(expected), subscripts=True)
    assert explorer.fractions == pytest.approx([0.8, 0.2])
    explorer.go_to(1)
    found = explorer.decoded["fractions"]
    assert explorer.fractions == found and sum(found) == pytest.approx(1)
    assert "also holds O" in explorer.decoded["note"]


def test_latent_space_of_elements_that_it_does_not_know() -> None:
    vae = mw.load("onehot_vae")
    with pytest.raises(InputError, match="Po.* is outside the paper's 89 elements"):
        show.latent(vae, ["TiO2", "NaCl", "Al2O3"], elements=["Po", "O"])
    with pytest.raises(InputError, match="Unknown channel 'gap'"):
        show.latent(vae, ["TiO2", "NaCl", "Al2O3"], colour="gap")
    with pytest.raises(InputError, match="Unknown projection 'lda'"):
        show.latent(vae, ["TiO2", "NaCl", "Al2O3"], method="lda")  # type: ignore[arg-type]


def test_a_part_is_placed_by_tsne(monkeypatch: pytest.MonkeyPatch) -> None:
    from matwidgets import latent

    monkeypatch.setattr(latent, "MOST_PLACED", 12)
    vae = mw.load("onehot_vae")
    formulas = [f"{a}{b}" for a in ("Li", "Na", "K", "Rb", "Cs") for b in ("F", "Cl", "Br", "I")]
    explorer = show.latent(vae, formulas, method="tsne", elements=["Li", "F"], colour="Li content")
    assert explorer.n == 12 and explorer.label.endswith("with 12 of 20 materials")
    explorer.select([3])
    values = explorer._channels.values("Li content")
    assert values[3] == (50 if explorer.selected_names()[0].startswith("Li") else 0)


def test_a_generator_and_a_projection_at_the_end_of_a_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.formatters import DisplayFormatter

    from matwidgets import latent
    from matwidgets.features.projection import project

    monkeypatch.setattr(latent, "known_materials", lambda: latent.materials_of(["TiO2", "NaCl", "Al2O3"]))
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    mw.load_ipython_extension(shell)
    for thing, words in (
        (mw.load("onehot_vae"), "3 points coloured by number of elements"),
        (project(np.random.default_rng(0).normal(size=(50, 4))), "50 points"),
    ):
        data, _ = shell.display_formatter.format(thing)
        assert words in data["text/plain"] and "application/vnd.jupyter.widget-view+json" in data
