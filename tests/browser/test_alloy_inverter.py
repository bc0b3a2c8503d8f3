"""AlloyInverter in headless Chromium with its Python behind it: the loop by hand and by keys, and a label."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from matwidgets.run import Run
from matwidgets.widgets import AlloyInverter
from tests.browser.conftest import ARTIFACTS
from tests.browser.test_widgets_alone import AXE
from tests.widgets.alloys import ELEMENTS, START, evaluate, step

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def inverter(**options: Any) -> AlloyInverter:
    return AlloyInverter(START, evaluate, step, **({"elements": ELEMENTS} | options))


def chance(page: Any) -> str:
    text: str = page.locator(".mwi-number").inner_text()
    return text


def test_a_click_is_a_step_and_back_is_back(put: Open) -> None:
    widget = inverter(size=0.5)
    page = put(widget)
    first = chance(page)
    assert first == f"{widget.record['probability']:.2f} ± 0.06"
    page.get_by_role("button", name="One step").click()
    page.wait_for_function("model.get('at') === 1")
    assert len(widget.trail) == 2
    assert chance(page) == f"{widget.record['probability']:.2f} ± 0.06" != first
    assert page.locator(".mwi-features thead").inner_text().split()[:3] == ["Feature", "Before", "Now"]
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_function("model.get('outcome').text === ''")
    assert (widget.at, len(widget.trail), len(widget.path)) == (0, 2, 1)
    assert chance(page) == first
    page.get_by_role("button", name="Go to Step 1").click()
    assert widget.at == 1


def test_it_runs_to_the_end_step_by_step(put: Open) -> None:
    widget = inverter()
    page = put(widget)
    page.get_by_role("button", name="Run to the end").click()
    page.wait_for_function("model.get('outcome').kind === 'converged'")
    assert widget.record["probability"] >= 0.6
    assert page.locator(".mwi-outcome").inner_text() == widget.outcome["text"]
    assert page.locator(".mwi-trail li").count() == len(widget.trail)
    assert page.get_by_role("button", name="Run to the end").is_disabled()


def test_keys_alone_forbid_choose_and_step(put: Open) -> None:
    widget = inverter()
    page = put(widget)
    box = page.get_by_label("Alloy", exact=True)
    box.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("AlFeNiCo")
    page.keyboard.press("Enter")
    page.wait_for_function("model.get('trail')[0].alloy === 'AlFeNiCo'")
    page.get_by_role("button", name="Forbid Cobalt").press("Space")
    assert widget.forbid == ["Co"]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Forbid Cobalt"
    page.get_by_role("radio", name="Target: a single phase").press("ArrowLeft")
    assert widget.target == "multi"
    page.keyboard.press("ArrowRight")
    size = page.get_by_label("Step size")
    size.press("ArrowLeft")
    assert widget.size == pytest.approx(0.95)
    page.get_by_role("button", name="One step").press("Enter")
    page.wait_for_function("model.get('at') === 1")
    assert widget.record["step"] == 1


@pytest.mark.parametrize(("text", "words"), [("hello", "hello"), ("XeF2", "Xe"), ("FeW", "W")])
def test_what_cannot_be_read_is_told_in_the_widget(put: Open, text: str, words: str) -> None:
    widget = inverter()
    page = put(widget)
    box = page.get_by_label("Alloy", exact=True)
    box.fill(text)
    box.press("Enter")
    alert = page.locator("[role=alert]")
    page.wait_for_function("document.querySelector('[role=alert]').textContent !== ''")
    assert words in alert.inner_text()
    assert "\n" not in alert.inner_text().strip()
    assert widget.alloy == START


class Lessons:
    """Two steps, of which the second waits for the gate."""

    past: list[Any] = []

    def __init__(self, gate: threading.Event) -> None:
        self.gate, self.done = gate, 0

    def advance(self) -> dict[str, Any]:
        if self.done:
            self.gate.wait(20)
        self.done += 1
        return {"step": self.done}

    @property
    def finished(self) -> bool:
        return self.done == 2

    def result(self) -> Any:
        summary = {"changed": 14, "of": 1372}
        return {"evaluate": lambda alloy: evaluate(alloy, shift=0.4), "step": step, "summary": summary}

    def save(self, path: Any) -> None:
        raise NotImplementedError


def test_a_label_is_learned_while_the_page_stays_alive(put: Open) -> None:
    gate = threading.Event()
    widget = inverter(
        size=0.5,
        learn=lambda alloy, label: Run(lambda: Lessons(gate), title=alloy, kind="training", total=2),
    )
    page = put(widget)
    page.get_by_role("button", name="Label this alloy: a single phase").click()
    page.get_by_role("button", name="Stop learning").wait_for()
    page.get_by_role("button", name="One step").click()
    page.wait_for_function("model.get('at') === 1")
    assert widget.lesson["state"] == "running"
    gate.set()
    assert widget.settle(20)
    # this page hears of the kernel's own changes only with its next question
    page.get_by_role("button", name="Back", exact=True).click()
    page.evaluate(
        "(state) => model.receive(state)", {n: getattr(widget, n) for n in ("lesson", "taught", "trail")}
    )
    assert page.locator(".mwi-learned").inner_text().startswith("Learned Al₁.₄Co₀.₉")
    assert "14 of 1,372 other alloys changed sides." in page.locator(".mwi-learned").inner_text()
    assert chance(page) == f"{widget.record['probability']:.2f} ± 0.06"
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.locator(".mw").screenshot(path=ARTIFACTS / "inverter_learned.png")
    page.get_by_role("button", name="Forget the labels").click()
    page.wait_for_function("model.get('taught').length === 0")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_axe(put: Open, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    script = AXE.read_text(encoding="utf-8")
    for width in (1000, 420):
        widget = inverter(size=0.5, keep=["Cr"], forbid=["Ti"], learn=lambda *_: None)
        widget.step()
        widget.step()
        widget.step()
        widget.at = 2
        page = put(widget, theme, width)
        page.locator("summary").click()
        page.evaluate("document.getAnimations().forEach((motion) => motion.finish())")
        page.evaluate(script)
        found = page.evaluate("axe.run(document.querySelector('.mw')).then((result) => result.violations)")
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.locator(".mw").screenshot(path=ARTIFACTS / f"inverter_{theme}_{width}.png")


@pytest.mark.parametrize("alloy", [START, "FeNiCrCoAlTiCuMoVMn", "Fe"])
def test_narrow_pages_hold_it(put: Open, alloy: str) -> None:
    widget = AlloyInverter(alloy, evaluate, step, elements=ELEMENTS, learn=lambda *_: None, size=0.5)
    widget.step()
    page = put(widget, width=420)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.evaluate(
        "document.querySelector('.mw').scrollWidth <= document.querySelector('.mw').clientWidth + 1"
    )


def test_forced_colours_keep_scale_and_bars(put: Open) -> None:
    widget = inverter(size=0.5)
    widget.step()
    page = put(widget)
    page.emulate_media(forced_colors="active")
    fills = page.evaluate(
        "[...document.querySelectorAll('.mwi-fill')].map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert len(set(fills)) == 6
    zones = page.evaluate(
        "[...document.querySelectorAll('.mwi-zone')].map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert len(set(zones)) == 2
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.locator(".mw").screenshot(path=ARTIFACTS / "inverter_forced_colours.png")
