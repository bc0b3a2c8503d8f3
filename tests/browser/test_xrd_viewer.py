"""XrdViewer in headless Chromium with its Python behind it: hand, keys, themes, links, arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from matwidgets.features import xrd
from matwidgets.features.projection import project
from matwidgets.widgets import LatentExplorer, XrdViewer, link
from matwidgets.widgets.base import script
from tests.browser.conftest import ARTIFACTS
from tests.browser.test_widgets_alone import AXE

pytestmark = pytest.mark.browser

Open = Callable[..., Any]
GRID = np.linspace(10, 90, 1601)


def drawn(*peaks: tuple[float, float]) -> np.ndarray:
    return np.sum([h * np.exp(-0.5 * ((GRID - at) / 0.15) ** 2) for at, h in peaks], axis=0)


SALT = drawn((27.4, 0.1), (31.7, 1.0), (45.4, 0.6), (56.5, 0.2))
MODEL = drawn((31.8, 1.0), (45.2, 0.5), (61.0, 0.3))


def decode(z: np.ndarray) -> dict[str, Any]:
    known = {"formula": "NaCl", "profile": SALT}
    return {"formula": f"X{z[0]:g}", "profile": drawn((30 + z[0], 1.0)), "note": "a sample", "nearest": known}


def viewer(**options: Any) -> XrdViewer:
    given = {"names": "NaCl", "reconstructions": MODEL, "find": xrd.find_peaks, "label": "rock salt"}
    return XrdViewer(SALT, **(given | options))


def several() -> XrdViewer:
    return XrdViewer(
        [SALT, MODEL, drawn((20, 1), (70, 0.4))],
        names=["NaCl", "model", "another"], reconstructions=[MODEL, None, None], find=xrd.find_peaks,
    )  # fmt: skip


def test_curves_stand_where_the_intensities_are(put: Open) -> None:
    page = put(viewer())
    spots = page.evaluate(
        """() => {
          const text = document.querySelector('.mwx-read').getAttribute('d');
          return text.slice(1).split('L').map((point) => point.split(' ').map(Number));
        }"""
    )
    x, y = np.array(spots).T
    assert len(x) == 1601
    assert np.allclose(np.diff(x), (x[-1] - x[0]) / 1600, atol=0.11)
    height = (y.max() - y) / (y.max() - y.min())
    assert np.allclose(height, (SALT - SALT.min()) / np.ptp(SALT), atol=0.002)


def test_a_drag_looks_closer_and_a_double_click_shows_all(put: Open) -> None:
    widget = viewer()
    page = put(widget)
    box = page.locator(".mwx-plot").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 90, steps=4)
    page.mouse.up()
    page.wait_for_function("model.get('window').length === 2")
    low, high = widget.window
    assert 28 < low < 34 and 46 < high < 53
    page.mouse.dblclick(box["x"] + 0.6 * box["width"], box["y"] + 80)
    page.wait_for_function("model.get('window').length === 0")
    assert widget.window == []


def test_keys_alone_walk_the_peaks(put: Open) -> None:
    widget = viewer()
    page = put(widget)
    page.locator(".mwx-plot").focus()
    heard = []
    for _ in range(6):
        page.keyboard.press("n")
        heard.append(page.locator("[role=status]").inner_text())
    assert [text.partition(":")[0] for text in heard[:5]] == [f"Peak {i} of 5" for i in range(1, 6)]
    assert heard[5] == "No peak after this one"
    assert widget.cursor == pytest.approx(61.0)
    assert (
        page.locator(".mwx-tip").inner_text().splitlines()[1] == "extra: reconstruction has it, NaCl has none"
    )
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.wait_for_function("model.get('window').length === 2")
    assert widget.window[0] < 61 < widget.window[1]
    page.keyboard.press("Home")
    page.keyboard.press("Escape")
    page.wait_for_function("model.get('cursor') === null")
    assert widget.window == []


def test_pointing_reads_the_pattern(put: Open) -> None:
    page = put(viewer())
    box = page.locator(".mwx-plot").bounding_box()
    place = page.evaluate(
        "() => document.querySelector('.mwx-missed').getBoundingClientRect().left"
    )  # 27.4 degrees
    page.mouse.move(place + 4, box["y"] + 200)
    page.locator(".mwx-tip").wait_for()
    first, second = page.locator(".mwx-tip").inner_text().splitlines()
    assert first == f"2θ 27.40°, d {xrd.WAVELENGTHS['CuKa'] / 2 / np.sin(np.radians(13.7)):.3f} Å, 10 %"
    assert second == "missed: reconstruction has none here"
    assert "reconstruction 0.000" in page.locator(".mwx-readout").inner_text().replace("\n", " ")
    page.mouse.move(5, 5)
    page.locator(".mwx-tip").wait_for(state="hidden")


def test_several_are_hidden_read_and_stacked(put: Open) -> None:
    widget = several()
    page = put(widget)
    page.get_by_role("button", name="Draw model").click()
    page.get_by_role("button", name="Read another").click()
    page.get_by_role("button", name="Patterns one above the other").click()
    page.get_by_role("button", name="Square root").click()
    page.wait_for_function("model.get('scale') === 'sqrt'")
    assert (widget.hidden, widget.at, widget.stacked, widget.scale) == ([1], 2, True, "sqrt")
    assert page.locator(".mwx-pattern-name").all_text_contents() == ["NaCl", "another"]


def test_a_linked_hand_shows_its_pattern_with_one_question_under_way(put: Open) -> None:
    widget = XrdViewer(two_theta=GRID, decode=decode, find=xrd.find_peaks)
    widget.group = "group"
    page = put(widget)
    assert page.locator(".mwx-empty").inner_text().startswith("Nothing decoded yet")
    page.evaluate(
        """() => {
          const hub = globalThis[Symbol.for("matwidgets.hub")];
          for (let i = 0; i <= 50; i += 1)
            hub.dispatchEvent(new CustomEvent("latent:group", { detail: { said: [i / 10], origin: {} } }));
        }"""
    )
    page.wait_for_function("model.get('reconstruction_names')[0] === 'X5'")
    assert page.evaluate("model.sent.length") == 2  # the first and the last
    assert page.locator(".mwx-note, .mw-note").inner_text() == "A sample"
    assert page.locator(".mwx-patterns").inner_text().split("\n") == ["NaCl", "X5"]
    highest = page.evaluate(
        """() => {
          const points = document.querySelector('.mwx-other').getAttribute('d').slice(1).split('L');
          return points.map((point) => Number(point.split(' ')[1])).reduce((at, y, i, all) => y < all[at] ? i : at, 0);
        }"""
    )
    assert GRID[highest] == pytest.approx(35.0)


def test_what_decode_raises_is_told_in_the_widget(put: Open) -> None:
    def fails(_z: np.ndarray) -> dict[str, Any]:
        raise ValueError("no <b>such</b> place")

    widget = XrdViewer(SALT, decode=fails)
    widget.latent = [1.0]
    page = put(widget)
    assert page.get_by_role("alert").inner_text() == "ValueError: no <b>such</b> place"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scene", ["one", "several"])
def test_nothing_serious_for_axe(put: Open, theme: str, scene: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    axe = AXE.read_text(encoding="utf-8")
    for width in (1000, 420):
        widget = viewer() if scene == "one" else several()
        widget.cursor, widget.stacked = 31.7, scene == "several"
        page = put(widget, theme, width)
        page.locator("summary").click()
        page.evaluate(axe)
        found = page.evaluate("axe.run(document.querySelector('.mw')).then((result) => result.violations)")
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.locator(".mw").screenshot(path=ARTIFACTS / f"xrd_{scene}_{theme}_{width}.png")


def test_dark_and_light_have_their_own_colours(put: Open) -> None:
    def colours(theme: str) -> list[str]:
        found: list[str] = put(viewer(), theme).evaluate(
            """() => ['.mwx-read', '.mwx-other', '.mwx-rest'].map(
              (at) => getComputedStyle(document.querySelector(at)).stroke)"""
        )
        return found

    light, dark = colours("light"), colours("dark")
    assert len({*light, *dark}) == 6


def test_it_follows_the_width_of_the_page(put: Open) -> None:
    page = put(viewer())
    wide = page.evaluate("Number(document.querySelector('.mwx-drawing').getAttribute('width'))")
    page.set_viewport_size({"width": 500, "height": 760})
    page.wait_for_function(
        "(wide) => Number(document.querySelector('.mwx-drawing').getAttribute('width')) < wide - 200",
        arg=wide,
    )


def test_a_saved_notebook_shows_the_curves_without_arrays(put: Open) -> None:
    widget = viewer()
    whole = put(widget)
    text = "() => document.querySelector('.mwx-read').getAttribute('d')"
    ys = [np.array([float(p.split(" ")[1]) for p in whole.evaluate(text)[1:].split("L")])]
    page = put(widget)
    page.evaluate(
        """() => {
          window.cleanup();
          for (const name of ["profiles", "reconstructions"]) window.model.state[name] = null;
        }"""
    )
    page.evaluate(
        """async (code) => {
          const { default: widget } = await import(
            URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
          widget.render({ model: window.model, el: document.querySelector("main > div") });
        }""",
        script("xrd_viewer"),
    )
    assert "From a saved notebook" in page.locator(".mw-note").inner_text()
    ys.append(np.array([float(p.split(" ")[1]) for p in page.evaluate(text)[1:].split("L")]))
    assert np.abs(ys[0] - ys[1]).max() < 2  # px: a byte a point


def test_an_explorer_tells_the_vector_under_the_hand(put: Open) -> None:
    rows = np.random.default_rng(1).normal(size=(400, 6))
    explorer = LatentExplorer(project(rows), decode=lambda vectors: [{"formula": "X"} for _ in vectors])
    link(explorer, XrdViewer(two_theta=GRID, decode=decode))
    page = put(explorer)
    page.evaluate(
        """(group) => {
          window.heard = [];
          const hub = (globalThis[Symbol.for("matwidgets.hub")] ??= new EventTarget());
          hub.addEventListener(`latent:${group}`, (event) => heard.push(event.detail.said));
        }""",
        explorer.group,
    )
    page.locator(".mw-plot").focus()
    page.keyboard.down("ArrowRight")
    page.wait_for_function("heard.length > 0")
    page.keyboard.up("ArrowRight")
    page.wait_for_function("model.get('latent').length === 6")
    assert page.evaluate("heard.at(-1)") == pytest.approx(explorer.latent)
    assert explorer._plane.places(np.array([explorer.latent]))[0] == pytest.approx(explorer.cursor)
