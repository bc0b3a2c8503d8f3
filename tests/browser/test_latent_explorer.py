"""LatentExplorer in headless Chromium with its Python widget behind it: lasso, keys, decoding, level of detail."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import matwidgets as mw
from matwidgets.errors import InputError
from matwidgets.features.projection import project
from matwidgets.latent import written
from matwidgets.widgets import LatentExplorer
from tests.browser.pages import put_into

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
Show = Callable[..., Any]
PLOT = ".mw-plot"


@pytest.fixture
def show(browser: Any) -> Iterator[Show]:
    """Show a widget; what the page complains about fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 760})
    complaints: list[str] = []

    def open_widget(widget: LatentExplorer, theme: str = "light") -> Any:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        put_into(page, widget, theme)
        shown(page, widget.n)
        return page

    yield open_widget
    context.close()
    assert complaints == []


def shown(page: Any, count: int) -> None:
    page.wait_for_function(f"document.querySelector('.mw-latent').dataset.shown === '{count}'")


def decode(vectors: np.ndarray) -> list[dict[str, Any]]:
    return [{"formula": f"Ti{abs(row[0]):.2f}C", "valid": row[0] > 0, "nearest": ["TiC"]} for row in vectors]


def toy(n: int = 20_000) -> LatentExplorer:
    def locate(name: str) -> int:
        row = int(name.split()[-1])
        if row >= n:
            raise InputError(f"There is no {name}")
        return row

    rng = np.random.default_rng(0)
    centres, kind = rng.normal(size=(8, 6)) * 3, rng.integers(0, 8, n)
    space = project(centres[kind] + rng.normal(size=(n, 6)))
    return LatentExplorer(
        space,
        channels={"class": [f"class {k}" for k in kind], "gap": rng.exponential(size=n)},
        units={"gap": "eV"},
        names=[f"compound {i}" for i in range(n)],
        decode=decode,
        locate=locate,
        label="toy latent space",
    )


def ink(page: Any) -> np.ndarray:
    """The opacity of the canvas' pixels, as the page would print them."""
    flat = page.evaluate(
        """() => {
          const from = document.querySelector(".mw-cloud");
          const to = Object.assign(document.createElement("canvas"), { width: from.width, height: from.height });
          const context = to.getContext("2d");
          context.drawImage(from, 0, 0);
          const { data } = context.getImageData(0, 0, to.width, to.height);
          return [to.width, ...data.filter((_, i) => i % 4 === 3)];
        }"""
    )
    return np.array(flat[1:]).reshape(-1, flat[0])


def whole_view(widget: LatentExplorer, width: float, height: float) -> Callable[[np.ndarray], np.ndarray]:
    """Place -> pixel of the first view: equal scales, all points with 6 % of room."""
    x0, x1, y0, y1 = widget.extent
    scale = min(width / ((x1 - x0) * 1.06), height / ((y1 - y0) * 1.06))
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    return lambda places: np.array([width, height]) / 2 + (places - middle) * scale * np.array([1, -1])


def test_points_are_painted_where_they_are(show: Show) -> None:
    widget = toy(3000)
    page = show(widget)
    assert page.locator(".mw-progress").inner_text() == "all 3,000 points shown"
    opacity = ink(page)
    place = whole_view(widget, opacity.shape[1], opacity.shape[0])
    inside = place(widget.places).astype(int)
    assert (opacity[inside[:, 1], inside[:, 0]] > 0).mean() > 0.99
    # And nothing where there is no point within 8 pixels.
    away = np.ones_like(opacity, dtype=bool)
    for x, y in inside:
        away[max(0, y - 8) : y + 9, max(0, x - 8) : x + 9] = False
    assert away.any()
    assert opacity[away].max() == 0


def test_rows_of_a_lasso_are_those_that_matplotlib_finds(show: Show) -> None:
    from matplotlib.path import Path as Polygon

    widget = toy()
    page = show(widget)
    page.evaluate(
        """() => {
          window.way = [];
          const plot = document.querySelector(".mw-plot");
          for (const type of ["pointerdown", "pointermove"])
            plot.addEventListener(type, (event) => {
              const box = plot.getBoundingClientRect();
              const [left, top] = [box.left + plot.clientLeft, box.top + plot.clientTop];
              if (event.buttons) way.push([event.clientX - left, event.clientY - top]);
            });
        }"""
    )
    page.get_by_role("radio", name="Draw around points").click()
    box = page.locator(PLOT).bounding_box()
    middle = np.array([box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"]])
    angles = np.linspace(0, 2 * np.pi, 40)[:-1]
    for i, angle in enumerate(angles):
        radius = 140 + 50 * np.cos(5 * angle)  # a star: not convex
        page.mouse.move(*(middle + radius * np.array([np.cos(angle), np.sin(angle)])))
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    page.get_by_text("chosen", exact=False).last.wait_for()
    page.wait_for_function("model.get('selection').shape[0] > 0")
    width, height = page.evaluate(
        "[plot => plot.clientWidth, plot => plot.clientHeight].map(f => f(document.querySelector('.mw-plot')))"
    )
    pixels = np.array(page.evaluate("way"))
    to_pixel = whole_view(widget, width, height)
    origin, unit = to_pixel(np.zeros((1, 2)))[0], to_pixel(np.ones((1, 2)))[0]
    polygon = (pixels - origin) / (unit - origin)
    expected = np.flatnonzero(Polygon(polygon).contains_points(widget.places))
    assert 1000 < len(expected) < 15_000
    np.testing.assert_array_equal(widget.selection, expected)


def test_cursor_decodes_on_the_way_and_where_it_is_let_go(show: Show) -> None:
    widget = toy()
    page = show(widget)
    box = page.locator(PLOT).bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    for step in range(15):
        page.mouse.move(box["x"] + 300 + 10 * step, box["y"] + 200)
    page.wait_for_function("document.querySelector('.mw-formula').textContent.startsWith('Ti')")
    assert widget.cursor == []
    page.mouse.up()
    page.wait_for_function("model.get('decoded').at && model.get('decoded').at[0] === model.get('cursor')[0]")
    assert page.locator(".mw-formula").inner_text() == widget.decoded["formula"]
    assert widget.point == -1


def test_keys_alone_find_a_point_and_say_its_name(show: Show) -> None:
    widget = toy()
    page = show(widget)
    page.locator(PLOT).focus()
    for key in ("ArrowRight", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function("model.get('point') >= 0")
    row = widget.point
    step = 14  # px of an arrow key
    width, height = page.evaluate(
        "(({clientWidth, clientHeight}) => [clientWidth, clientHeight])(document.querySelector('.mw-plot'))"
    )
    pixels = whole_view(widget, width, height)(widget.places)
    target = np.array([width / 2 + step, height / 2 - step])
    assert np.linalg.norm(pixels[row] - target) <= np.linalg.norm(pixels - target, axis=1).min() + 1e-6
    assert widget.selection.tolist() == [row]
    page.get_by_text(f"compound {row}", exact=True).first.wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "(name) => document.querySelector('[role=status]').textContent.startsWith(name)", arg="compound "
    )


def test_colours_change_on_demand(show: Show) -> None:
    widget = toy()
    page = show(widget)
    page.get_by_label("Colour").select_option("gap")
    page.get_by_text("Gap (eV)").wait_for()
    assert widget.colour == "gap"


def test_a_path_between_two_points_is_decoded(show: Show) -> None:
    widget = toy()
    page = show(widget)
    field = page.get_by_label("Go to a formula or name")
    for row, button in zip((3, 77), ("Path from here", "to here"), strict=True):
        field.fill(f"compound {row}")
        field.press("Enter")
        page.wait_for_function("row => model.get('point') === row", arg=row)
        page.get_by_text(button, exact=True).click()
    page.locator(".mw-step").nth(8).wait_for()
    assert widget.walk["title"] == "From compound 3 to compound 77"
    page.locator(".mw-step").nth(4).click()
    page.wait_for_function("xy => model.get('decoded').at?.[0] === xy[0]", arg=widget.walk["xy"][4])
    assert widget.cursor == widget.walk["xy"][4]
    # What is decoded is the step itself, not the place of the plane that it is drawn at.
    assert page.locator(".mw-formula").inner_text() == widget.walk["steps"][4]["formula"]
    page.get_by_text("mean instead").click()
    page.wait_for_function("model.get('through') === ''")
    assert page.locator(".mw-formula").inner_text() == widget.decoded["formula"]


def test_what_cannot_be_found_is_said_in_one_line(show: Show) -> None:
    page = show(toy(1000))
    field = page.get_by_label("Go to a formula or name")
    field.fill("compound 1000")
    field.press("Enter")
    page.get_by_text("There is no compound 1000").wait_for()


def test_a_latent_space_of_materials(show: Show) -> None:
    """The generator itself: found, decoded, linked to nothing, an element outside its 89, an empty lasso."""
    vae = mw.load("onehot_vae")
    formulas = [f"{a}{b}" for a in ("Li", "Na", "K", "Rb", "Cs") for b in ("F", "Cl", "Br", "I")]
    widget = mw.show.latent(vae, formulas, elements=["Na", "Cl"])
    page = show(widget)
    field = page.get_by_label("Go to a formula or name")
    field.fill("Na3Cl3")
    field.press("Enter")
    page.get_by_text("NaCl", exact=True).first.wait_for()
    page.wait_for_function("model.get('decoded').formula")
    assert widget.point == formulas.index("NaCl")
    (formula,) = vae.decode_formulas(vae.encode("NaCl"))
    assert page.locator(".mw-formula").inner_text() == written(str(formula))
    assert page.locator(".mw-near li").count() == 3
    field.fill("PoO2")
    field.press("Enter")
    page.get_by_text("Po in 'PoO2' is outside the paper's 89 elements", exact=False).wait_for()
    field.fill("TiO2")  # no point here: where the encoder puts it
    field.press("Enter")
    page.get_by_text("in the plane through TiO₂", exact=False).wait_for()
    assert page.locator(".mw-error").inner_text() == ""
    page.get_by_role("radio", name="Draw a rectangle").click()
    box = page.locator(PLOT).bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 8, box["y"] + 8)
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.up()
    page.get_by_text("no point lies inside", exact=True).wait_for()
    assert widget.selected_names() == []


def test_a_million_points_are_shown_honestly_and_then_all(show: Show) -> None:
    rng = np.random.default_rng(0)
    n = 1_000_000
    widget = LatentExplorer(rng.normal(size=(n, 2)), channels={"class": np.arange(n) % 5})
    page = show(toy(1000))
    page.evaluate(
        """() => {
          window.lines = [];
          const line = document.querySelector(".mw-progress");
          new MutationObserver(() => lines.push(line.textContent)).observe(line, { childList: true });
        }"""
    )
    page.evaluate(
        """([coarse, fine, levels, n, extent]) => {
          const wire = (dtype, text, shape) =>
            ({ dtype, shape, data: new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer) });
          model.receive({ n, extent, coarse: wire("uint16", coarse, [n, 2]), fine: wire("uint8", fine, [n, 2]),
            levels: wire("uint8", levels, [n]) });
        }""",
        [*(_base64(array) for array in (widget.coarse, widget.fine, widget.levels)), n, widget.extent],
    )
    shown(page, n)
    lines = page.evaluate("lines")
    assert any(line.startswith("showing ") and line.endswith("of 1,000,000 points") for line in lines)
    assert lines[-1] == "all 1,000,000 points shown"


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def test_points_come_back_after_the_graphics_memory_was_lost(show: Show) -> None:
    page = show(toy(3000))
    before = (ink(page) > 0).sum()
    page.evaluate(
        """() => {
          const gl = document.querySelector(".mw-cloud").getContext("webgl2");
          window.loss = gl.getExtension("WEBGL_lose_context");
          loss.loseContext();
        }"""
    )
    page.get_by_text("took its memory back").wait_for()
    page.evaluate("delete document.querySelector('.mw-latent').dataset.shown; loss.restoreContext()")
    shown(page, 3000)
    assert (ink(page) > 0).sum() == pytest.approx(before, rel=0.02)
    assert page.locator(".mw-note").text_content() == ""


def test_a_page_without_webgl_draws_a_sample_and_says_so(show: Show, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.evaluate(
        """() => {
          const get = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind.startsWith("webgl") ? null : get.call(this, kind, ...rest);
          };
        }"""
    )
    put_into(page, toy(30_000))
    page.get_by_text("showing 20,000 of 30,000 points").wait_for()
    assert "no WebGL" in page.locator(".mw-note").inner_text()
    assert (ink(page) > 0).any()
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_axe(show: Show, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    widget = toy(2000)
    widget.go_to(3)
    widget.interpolate(3, 9)
    page = show(widget, theme)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run(document.querySelector('.mw')).then((result) => result.violations)")
    assert [v["id"] for v in violations if v["impact"] in ("serious", "critical")] == []


def test_narrow_pages_hold_it_without_scrolling(show: Show) -> None:
    page = show(toy(1000))
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_function("document.querySelector('.mw-plot').clientWidth < 420")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    shown(page, 1000)
