"""GeneratorGallery in headless Chromium with its Python behind it: both count the same; hand, keys, file, themes."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matwidgets.widgets import GeneratorGallery
from tests.browser.conftest import ARTIFACTS
from tests.browser.test_widgets_alone import AXE

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def samples(n: int = 2000) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    metals, anions = ["Sr", "Ba", "Ti", "Co", "Pb", "Na"], ["O3", "O", "Cl2", "S", "F"]
    formulas = [f"{rng.choice(metals)}{rng.integers(2, 5)}{rng.choice(anions)}" for _ in range(n)]
    gap = rng.gamma(2, 1, n)
    gap[rng.random(n) < 0.05] = np.nan
    return {
        "formula": formulas,
        "neutral": rng.random(n) < 0.6,
        "unique": [formula not in formulas[:i] for i, formula in enumerate(formulas)],
        "novel": [None if rng.random() < 0.1 else bool(rng.random() < 0.7) for _ in range(n)],
        "band gap": gap,
        "energy above hull": rng.gamma(1.2, 0.1, n),
    }


def gallery(**options: Any) -> GeneratorGallery:
    filters = ["neutral", "novel", ("energy above hull", None, 0.2), "band gap"]
    units = {"band gap": "eV", "energy above hull": "eV/atom"}
    return GeneratorGallery(samples(), filters, units=units, label="samples", **options)


def shown(page: Any) -> list[list[str]]:
    """Name and count of each stage, as the page says them."""
    rows = page.locator(".mwg-stage").evaluate_all(
        "(rows) => rows.map((row) => [row.dataset.name ?? '', row.querySelector('.mwg-count').firstChild.textContent])"
    )
    return [[name, count] for name, count in rows]


def counted(widget: GeneratorGallery) -> list[list[str]]:
    return [
        [stage["name"], f"{stage['count']:,}" if stage.get("kept", True) else "not applied"]
        for stage in widget.stages
    ]


def settled(page: Any, widget: GeneratorGallery) -> None:
    """The page's changes have come back from Python, and both count the same."""
    page.wait_for_function(
        "(left) => model.get('stages').at(-1).count === left && "
        "Number(document.querySelector('.mwg-left strong').textContent.replace(',', '')) === left",
        arg=len(widget.survivors),
    )
    assert shown(page) == counted(widget)
    assert widget.error == ""


def test_page_and_python_count_the_same(put: Open) -> None:
    widget = gallery()
    page = put(widget)
    settled(page, widget)
    page.get_by_role("switch", name="novel").click()
    page.wait_for_function("model.get('stages')[2].kept === false")
    assert widget.kept == ["neutral", "energy above hull", "band gap"]
    settled(page, widget)
    page.get_by_label("Elements that must be there").fill("O -Pb")
    page.keyboard.press("Enter")
    page.wait_for_function("model.get('stages').length === 6")
    assert (widget.elements, widget.without) == (["O"], ["Pb"])
    settled(page, widget)
    page.get_by_label("What is unknown (?) passes").check()
    page.get_by_role("switch", name="novel").press("Space")
    page.wait_for_function("model.get('stages')[3].kept === true && model.get('stages')[3].unknown > 0")
    settled(page, widget)


def test_a_range_follows_the_keys_and_the_hand(put: Open) -> None:
    widget = gallery()
    page = put(widget)
    most = page.get_by_label("band gap: most")
    for _ in range(40):
        most.press("PageDown") if widget.ranges.get("band gap", [None, None])[1] is None else None
    most.press("ArrowLeft")
    page.wait_for_function("model.get('ranges')['band gap']?.[1] != null")
    assert widget.ranges["band gap"][1] < np.nanmax(samples()["band gap"])
    settled(page, widget)
    before = len(widget.survivors)
    box = page.get_by_label("band gap: least").bounding_box()
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=4)
    assert len(widget.survivors) == before  # what the hand is trying out is not told
    moved = int(page.locator(".mwg-left strong").inner_text().replace(",", ""))
    assert moved < before
    page.mouse.up()
    page.wait_for_function("model.get('ranges')['band gap'][0] !== null")
    settled(page, widget)
    assert len(widget.survivors) == moved


def test_a_filter_is_dragged_to_another_place(put: Open) -> None:
    widget = gallery()
    page = put(widget)
    handle = page.get_by_role("button", name="Move novel").bounding_box()
    goal = page.locator(".mwg-stage[data-name=neutral]").bounding_box()
    page.mouse.move(handle["x"] + 8, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(handle["x"] + 8, goal["y"] + 4, steps=5)
    page.mouse.up()
    page.wait_for_function("model.get('order')[0] === 'novel'")
    assert widget.order == ["novel", "neutral", "energy above hull", "band gap"]
    settled(page, widget)


def test_cards_are_walked_and_chosen_by_keys(put: Open) -> None:
    widget = gallery(sort="-band gap")
    page = put(widget)
    cards = page.locator(".mwg-card")
    cards.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("PageDown")
    page.keyboard.press("Space")
    page.wait_for_function("model.get('chosen').shape[0] === 2")
    names = widget.surviving_names()
    assert sorted(widget.chosen_names()) == sorted([names[1], names[12]])
    assert page.evaluate("document.activeElement.getAttribute('role')") == "option"
    page.get_by_role("radio", name="Chosen 2").click()
    assert cards.count() == 2


def test_the_file_holds_what_is_left(put: Open) -> None:
    widget = gallery()
    page = put(widget)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    assert download.value.suggested_filename == "samples.csv"
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == widget.survivors.tolist()
    assert [row["formula"] for row in rows] == widget.surviving_names()
    data = samples()
    for row in rows[:50]:
        gap = data["band gap"][int(row["row"])]
        assert row["neutral"] == "True"
        assert (row["band gap (eV)"] == "") is bool(np.isnan(gap))
        if row["band gap (eV)"]:
            assert np.float32(row["band gap (eV)"]) == np.float32(gap)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_for_axe(put: Open, theme: str) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed: run npm --prefix js ci")
    widget = gallery(sort="band gap")
    widget.kept = ["neutral", "energy above hull", "band gap"]
    widget.choose(widget.survivors[:3])
    for width, shows in ((1200, "survivors"), (420, "lost")):
        widget.shows, widget.lost_at = shows, "neutral"
        page = put(widget, theme, width)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document.querySelector('.mw')).then((result) => result.violations)")
        assert [
            (v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")
        ] == []
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.locator(".mw").screenshot(path=ARTIFACTS / f"gallery_{shows}_{theme}_{width}.png")


def test_narrow_pages_hold_it(put: Open) -> None:
    page = put(gallery(), width=360)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    assert page.evaluate(
        "[...document.querySelectorAll('.mwg-card, .mwg-stage')].every((e) => e.scrollWidth <= e.clientWidth + 1)"
    )


def test_forced_colours_keep_bars_and_choice(put: Open) -> None:
    widget = gallery()
    widget.choose(widget.survivors[:1])
    page = put(widget)
    page.emulate_media(forced_colors="active")
    fill = "(at) => getComputedStyle(document.querySelector(at)).backgroundColor"
    bars = page.evaluate(f"({fill})('.mwg-stage[data-name] .mwg-solid')")
    assert bars not in (page.evaluate(f"({fill})('.mw')"), "rgba(0, 0, 0, 0)")
    outline = "(at) => getComputedStyle(document.querySelectorAll('.mwg-card')[at]).outlineStyle"
    assert [page.evaluate(outline, at) for at in (0, 1)] == ["solid", "none"]
