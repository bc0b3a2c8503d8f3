"""DecompositionView in headless Chromium with its Python behind it: the handbook's hull, walked by hand and by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from matwidgets import show
from matwidgets.decompositions import handbook_phases
from matwidgets.features.hull import decompose
from matwidgets.widgets import DecompositionView
from tests.browser.conftest import ARTIFACTS
from tests.browser.test_widgets_alone import AXE

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
ORDER = ("O", "Mg", "Al", "Si", "Ca", "Na", "K", "Fe", "Ti")


def view(formula: str = "MgAl2O4", **options: Any) -> DecompositionView:
    """A compound on the handbook's hull; its latent space has a dimension for each of a few elements."""
    return show.decomposition(
        formula,
        phases=handbook_phases(),
        encoder=lambda rows: [[row.get(symbol, 0.0) ** 1.5 - 0.2 for symbol in ORDER] for row in rows],
        **options,
    )


def test_a_hand_walks_down_the_hull_and_back(put: Open) -> None:
    widget = view()
    page = put(widget)
    below = -widget.record["energy"] + widget.record["mixture_energy"]
    assert page.locator(".mwd-verdict").inner_text().startswith(f"Stable: {below:.3f} eV/atom")
    page.get_by_role("button", name="Decompose Al2O3").click()
    page.wait_for_function("model.get('at') === 1")
    assert widget.formula == "Al2O3"
    assert page.get_by_label("Formula of a compound").input_value() == "Al2O3"
    page.get_by_role("button", name="Back").click()
    assert widget.formula == "MgAl2O4"
    page.locator(".mwd-walk").first.click()  # the load itself
    page.wait_for_function("model.get('trail').at(-1).formula === 'Al2O3' && model.get('at') === 1")


def test_keys_alone_do_the_same(put: Open) -> None:
    widget = view()
    page = put(widget)
    page.get_by_label("Formula of a compound").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("BaTiO3")
    page.keyboard.press("Enter")
    page.wait_for_function("model.get('at') === 1")
    assert widget.formula == "BaTiO3"
    page.get_by_role("button", name="Decompose TiO2").press("Enter")
    page.wait_for_function("model.get('at') === 2")
    first = decompose("TiO2", handbook_phases()).products[0].formula
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        f"Decompose {first}:"
    )
    page.get_by_role("radio", name="Show the composition").focus()
    page.keyboard.press("ArrowRight")
    page.locator(".mwd-chart").wait_for()
    assert widget.shows == "latent"


@pytest.mark.parametrize("text", ["hello", "XeF2", "He3Fe"])
def test_what_cannot_be_decomposed_is_told_in_the_widget(put: Open, text: str) -> None:
    widget = view()
    page = put(widget)
    box = page.get_by_label("Formula of a compound")
    box.fill(text)
    box.press("Enter")
    alert = page.locator("[role=alert]")
    page.wait_for_function("document.querySelector('[role=alert]').textContent !== ''")
    assert text in alert.inner_text()
    assert "\n" not in alert.inner_text().strip()
    assert page.locator(".mwd-sums tr").last.inner_text().startswith("MgAl₂O₄")


def test_both_pans_carry_the_same_areas(put: Open) -> None:
    page = put(view("Ca3Al2Si3O12"))
    areas = page.evaluate(
        """() => [...document.querySelectorAll('.mwd-pan')].map((pan) => {
          const sums = {};
          for (const cell of pan.querySelectorAll('rect.mwd-cell')) {
            const { width, height } = cell.getBBox();
            const colour = getComputedStyle(cell).fill;
            sums[colour] = (sums[colour] ?? 0) + width * height;
          }
          return sums;
        })"""
    )
    assert len(areas[0]) == 4
    assert areas[1] == pytest.approx(areas[0], rel=1e-4)


def test_the_lower_energy_stands_lower(put: Open) -> None:
    plates = """() => {
      for (const motion of document.getAnimations()) motion.finish();
      return [...document.querySelectorAll('.mwd-plate')].map((plate) => plate.getBoundingClientRect().top);
    }"""
    left, right = put(view("NaCl")).evaluate(plates)
    assert left > right + 20
    held = put(view("CaTi2O5"))  # no such row in the handbook
    left, right = held.evaluate(plates)
    assert left == pytest.approx(right)
    assert held.locator(".mwd-held").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shows", ["composition", "latent"])
def test_nothing_serious_for_axe(put: Open, theme: str, shows: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    script = AXE.read_text(encoding="utf-8")
    for width in (900, 420):
        widget = view(shows=shows)
        widget.walk("BaTiO3")
        page = put(widget, theme, width)
        page.evaluate("document.getAnimations().forEach((motion) => motion.finish())")
        page.evaluate(script)
        found = page.evaluate("axe.run(document.querySelector('.mw')).then((result) => result.violations)")
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.locator(".mw").screenshot(path=ARTIFACTS / f"decomposition_{shows}_{theme}_{width}.png")


@pytest.mark.parametrize("shows", ["composition", "latent"])
@pytest.mark.parametrize("formula", ["MgAl2O4", "KNaCaMgAlSiFeTiO12"])
def test_narrow_pages_hold_it(put: Open, shows: str, formula: str) -> None:
    page = put(view(formula, shows=shows), width=420)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.evaluate(
        "document.querySelector('.mw').scrollWidth <= document.querySelector('.mw').clientWidth + 1"
    )


def test_it_follows_the_width_of_the_page(put: Open) -> None:
    page = put(view())
    wide = page.evaluate("Number(document.querySelector('.mwd-scale').getAttribute('width'))")
    page.set_viewport_size({"width": 500, "height": 760})
    page.wait_for_function(
        "(wide) => Number(document.querySelector('.mwd-scale').getAttribute('width')) < wide - 200", arg=wide
    )


def test_forced_colours_keep_beam_and_elements(put: Open) -> None:
    page = put(view())
    page.emulate_media(forced_colors="active")
    colour = "(at) => getComputedStyle(document.querySelector(at))"
    text = page.evaluate(f"({colour})('.mwd-verdict').color")
    assert page.evaluate(f"({colour})('.mwd-wood').stroke") == text
    cells = page.evaluate(
        "[...new Set([...document.querySelectorAll('.mwd-cell')].map((c) => getComputedStyle(c).fill))].length"
    )
    assert cells == 3
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.locator(".mw").screenshot(path=ARTIFACTS / "decomposition_forced_colours.png")
