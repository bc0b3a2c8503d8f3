"""The widgets in a page of their own (js/tests/harness) in headless Chromium: hands, keys, themes, accessibility."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from matwidgets.widgets.base import STATIC

pytestmark = pytest.mark.browser

JS = Path(__file__).resolve().parents[2] / "js"
AXE = JS / "node_modules" / "axe-core" / "axe.min.js"
SCENES = [
    "panel",
    "panel_limits",
    "panel_ten",
    "table",
    "table_values",
    "table_allowed",
    "map",
    "map_std",
    "map_four",
    "tracker",
    "tracker_target",
    "tracker_two",
]
Open = Callable[..., Any]


class _Files(SimpleHTTPRequestHandler):
    """The harness at /, the built scripts at /static/."""

    def translate_path(self, path: str) -> str:
        name = path.split("?")[0].lstrip("/") or "index.html"
        return str(
            STATIC / Path(name).name
            if name.startswith("static/")
            else JS / "tests" / "harness" / Path(name).name
        )

    def log_message(self, *_arguments: Any) -> None:
        """Stay silent."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(JS)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def show(address: str, browser: Any) -> Iterator[Open]:
    """Open a scene; what the page complains about fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 760})
    complaints: list[str] = []

    def open_scene(scene: str, theme: str = "light") -> Any:
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto(f"{address}/?scene={scene}&theme={theme}")
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_scene
    context.close()
    assert complaints == []


def fractions(page: Any) -> list[float]:
    found: list[float] = page.evaluate("model.get('fractions')")
    return found


def test_a_hand_on_a_slider_previews_and_releasing_commits(show: Open) -> None:
    page = show("panel")
    box = page.locator(".mw-slider").first.bounding_box()
    y = box["y"] + box["height"] / 2
    before = page.locator(".mw-value").inner_text()
    page.mouse.move(box["x"] + 0.5 * box["width"], y)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + (0.5 - 0.015 * step) * box["width"], y)
    page.wait_for_function("text => document.querySelector('.mw-value').textContent !== text", arg=before)
    assert fractions(page) == [0.5, 0.12, 0.38]
    assert page.evaluate("model.sent.every((message) => message.kind === 'predict')")
    page.mouse.up()
    page.wait_for_function("model.get('predicted')[0] < 0.3")
    assert sum(fractions(page)) == pytest.approx(1)
    assert fractions(page)[0] == pytest.approx(0.21, abs=0.02)
    shown = float(page.locator(".mw-value").inner_text())
    assert shown == pytest.approx(page.evaluate("model.get('value')"), abs=0.06)
    page.keyboard.press("Control+z")
    assert fractions(page) == [0.5, 0.12, 0.38]


def test_a_wrong_formula_is_told_beside_the_box(show: Open) -> None:
    page = show("panel")
    box = page.get_by_label("Formula", exact=True)
    box.fill("NaCl")
    box.press("Enter")
    page.get_by_role("alert").get_by_text("Cannot read NaCl").wait_for()
    box.fill("TiC")
    box.press("Enter")
    page.wait_for_function("model.get('fractions')[0] === 0.5 && model.get('fractions')[1] === 0")
    assert page.locator(".mw-error").text_content() == ""


def test_the_mark_of_the_map_goes_where_the_hand_goes(show: Open) -> None:
    page = show("map")
    box = page.locator(".mw-overlay").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.99 * box["height"])
    assert "read off the map" in page.locator(".mw-side").inner_text()
    page.mouse.up()
    page.get_by_text("predicted for this composition").wait_for()
    assert fractions(page) == pytest.approx([0, 0.5, 0.5], abs=0.01)
    page.keyboard.press("ArrowUp")
    assert fractions(page)[0] == pytest.approx(0.01)


def test_the_field_is_painted_in_its_colours(show: Open) -> None:
    """Along the edge from titanium to carbon the field peaks; the corner of cadmium is least."""
    page = show("map")
    page.wait_for_function(
        "document.querySelector('canvas').getContext('2d').getImageData(220, 200, 1, 1).data[3] === 255"
    )
    pixel = "([x, y]) => [...document.querySelector('canvas').getContext('2d').getImageData(x, y, 1, 1).data]"
    assert page.evaluate(pixel, [5, 5])[3] == 0
    # Lines over what lies outside the training data lighten some pixels near cadmium: the darkest is the field.
    cadmium = min((page.evaluate(pixel, [x, 332]) for x in range(54, 66)), key=sum)
    carbon = page.evaluate(pixel, [385, 332])
    assert cadmium[0] < 90
    assert cadmium[1] < 60  # viridis begins in dark violet
    assert carbon[0] > 200
    assert carbon[1] > 200  # and ends in yellow


def test_keys_walk_and_choose_in_the_periodic_table(show: Open) -> None:
    page = show("table")
    page.locator("[data-symbol=Ti]").focus()
    for key in ("ArrowRight", "Enter", "w", " "):
        page.keyboard.press(key)
    assert page.evaluate("model.get('selected')") == ["Ti", "Cd", "C", "V"]
    assert page.get_by_role("alert").inner_text().startswith("At most 4 elements")


def test_keys_and_mouse_choose_points_of_the_front(show: Open) -> None:
    page = show("tracker_two")
    page.locator("[role=option]").first.wait_for()
    count = page.locator("[role=option]").count()
    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.get_by_text(f"{count - 1} of {count}", exact=True).wait_for()
    page.wait_for_function("model.get('chosen').length === 2 && model.get('cursor') === -1")
    told = page.evaluate(
        "model.get('result').pareto.find((p) => p.values.join() === model.get('chosen').join()).fractions"
    )
    page.wait_for_function(
        "(told) => model.get('fractions').every((x, i) => Math.abs(x - told[i]) < 1e-3)", arg=told
    )
    box = page.locator("[role=option]").nth(2).bounding_box()
    page.mouse.click(box["x"] + box["width"], box["y"])
    page.get_by_text(f"3 of {count}", exact=True).wait_for()
    assert page.locator("[role=option]").nth(2).get_attribute("aria-selected") == "true"
    page.keyboard.press("Escape")
    page.get_by_text(f"{count} points on the front").wait_for()


def test_scrubbing_shows_the_front_as_it_was(show: Open) -> None:
    page = show("tracker_two")
    page.locator("[role=option]").first.wait_for()
    edge = "document.querySelector('.mwt-front-edge').getAttribute('d')"
    last = page.evaluate(edge)
    page.get_by_label("Look at a step").focus()
    page.keyboard.press("Home")
    page.get_by_text("Step 0", exact=True).wait_for()
    page.wait_for_function(f"(last) => {edge} !== last", arg=last)
    page.keyboard.press("End")
    page.wait_for_function(f"(last) => {edge} === last", arg=last)


def test_a_panel_opens_to_its_explanation(show: Open) -> None:
    page = show("panel")
    assert page.locator(".mw-bar").count() == 0
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.locator(".mw-bar-number").first.wait_for()
    cells = page.locator(".mw-heat td[style]")
    assert cells.count() == 9
    mean = cells.first.inner_text()
    page.get_by_label("Network").select_option("2")
    page.wait_for_function(
        "(mean) => document.querySelector('.mw-heat td[style]').textContent !== mean", arg=mean
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_axe(show: Open, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    script = AXE.read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for scene in SCENES:
        page = show(scene, theme)
        if page.locator("summary").count():
            page.locator("summary").click()
            page.locator(".mw-heat").wait_for()
        if scene == "tracker_two":
            page.get_by_role("listbox").press("End")
            page.locator(".mwt-front-chosen").wait_for()
        page.evaluate(script)
        violations = page.evaluate(
            "axe.run(document.querySelector('.mw')).then((result) => result.violations)"
        )
        serious = [v["id"] for v in violations if v["impact"] in ("serious", "critical")]
        if serious:
            found[scene] = serious
        page.close()
    assert found == {}


def test_themes_differ_and_follow_the_page(show: Open) -> None:
    page = show("panel")
    light = page.evaluate("getComputedStyle(document.querySelector('.mw')).backgroundColor")
    page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    page.wait_for_function("document.querySelector('.mw').dataset.mwTheme === 'dark'")
    dark = page.evaluate("getComputedStyle(document.querySelector('.mw')).backgroundColor")
    assert light == "rgb(255, 255, 255)"
    assert dark == "rgb(17, 17, 17)"


@pytest.mark.parametrize("scene", ["panel_ten", "map_four", "table", "tracker_two"])
def test_narrow_pages_hold_a_widget_without_scrolling(show: Open, scene: str) -> None:
    page = show(scene)
    page.set_viewport_size({"width": 420, "height": 900})
    assert page.evaluate(
        "document.querySelector('.mw').scrollWidth <= document.querySelector('.mw').clientWidth + 1"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
