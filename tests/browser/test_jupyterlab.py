"""A card of the launcher opens a notebook; it runs; a slider moves the prediction; the optimiser obeys its buttons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from matwidgets.papers.registry import cards, find_notebooks

from .conftest import ARTIFACTS, shoot, theme
from .latency import ECHO, echo_ms, preview_ms
from .notebook import CURRENT, Notebook

pytestmark = pytest.mark.browser
# The panel that was made last, and what the model itself says about the panel's composition.
READ_PANEL = """
import json
import ipywidgets
import matwidgets as mw
from ipywidgets.widgets.widget import _instances
panel = [w for w in _instances.values() if type(w).__name__ == "CompositionPanel"][-1]
row = mw.load("crabnet", "bulk_modulus").predict([dict(zip(panel.elements, panel.fractions))]).iloc[0]
print(json.dumps({"fractions": panel.fractions, "value": panel.value, "std": panel.std,
                  "predicted": float(row["value"]), "predicted_std": float(row["std"])}))
"""


def card(page, title: str):
    return page.locator(f".jp-LauncherCard[title='{title}'], .jp-LauncherCard:has-text('{title}')").first


def number(text: str) -> float:
    return float(re.sub(r"[^0-9.eE+-]", "", text.replace("\u2212", "-")))


def test_the_launcher_has_a_card_for_each_notebook(page):
    page.wait_for_selector(".jp-Launcher-sectionTitle:has-text('Materials informatics')")
    shown = [title.strip() for title in page.locator(
        ".jp-Launcher-section:has-text('Materials informatics') .jp-LauncherCard-label"
    ).all_inner_texts()]  # fmt: skip
    assert shown == [row["title"] for row in cards()]
    assert shown[0] == "Start here"
    assert len(shown) == len(find_notebooks())
    shoot(page, "launcher_light")
    theme(page, "JupyterLab Dark")
    shoot(page, "launcher_dark")
    assert page.problems == []


def test_a_card_keeps_what_is_there_and_a_command_makes_a_fresh_copy(page, lab):
    (lab.folder / "class").mkdir(exist_ok=True)
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:go-to-path', { path: 'class' })")
    run = "([id, args]) => window.jupyterapp.commands.execute(id, args)"
    page.evaluate(run, ["matwidgets:open-00_start_here", {}])
    copy = lab.folder / "class" / "00_start_here.ipynb"
    page.wait_for_function(f"() => {CURRENT}?.context?.path === 'class/00_start_here.ipynb'")
    mine = copy.read_text().replace("cells", "cells", 1)
    page.evaluate(run, ["matwidgets:open-00_start_here", {"cwd": "class"}])
    assert copy.read_text() == mine
    page.evaluate(run, ["matwidgets:copy-00_start_here", {"cwd": "class"}])
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.context?.path === 'class/00_start_here-1.ipynb'"
    )
    assert sorted(path.name for path in copy.parent.glob("*.ipynb")) == [
        "00_start_here-1.ipynb", "00_start_here.ipynb",
    ]  # fmt: skip
    listed = page.evaluate(
        "() => window.jupyterapp.commands.listCommands().filter((id) => id.startsWith('matwidgets:'))"
    )
    assert len(listed) == 2 * len(cards())


def test_a_folder_that_is_gone_is_told_in_the_page(page):
    page.evaluate(
        "() => { window.jupyterapp.commands.execute('matwidgets:open-00_start_here', { cwd: 'gone' }); }"
    )
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for()
    assert "There is no folder 'gone'; open the launcher in one that exists" in dialog.inner_text()
    dialog.locator("button").first.click()


def test_from_the_card_to_the_optimiser(page, lab):
    # -- the card
    card(page, "Start here").click()
    notebook = Notebook(page)
    assert notebook.path == "00_start_here.ipynb"
    assert (lab.folder / "00_start_here.ipynb").is_file()
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")

    # -- run all
    notebook.run_all(seconds=240)

    # -- drag a slider: moving is a preview, releasing is the commit
    panel = page.locator(".mw-panel").first
    panel.scroll_into_view_if_needed()
    shoot(page, "panel_light")
    value = panel.locator(".mw-readout .mw-value")
    page.wait_for_function("(node) => /[0-9]/.test(node.textContent)", arg=value.element_handle())
    before = value.inner_text()
    track = panel.locator(".mw-track").bounding_box()
    assert track["width"] > 0.8 * panel.bounding_box()["width"], "the scale under the number has no room"
    slider = panel.locator("input.mw-slider").first
    box = slider.bounding_box()
    height = box["y"] + box["height"] / 2
    start = box["x"] + box["width"] * float(slider.input_value()) / 100
    page.mouse.move(start, height)
    page.mouse.down()
    for part in (0.55, 0.65, 0.75, 0.8):
        page.mouse.move(box["x"] + box["width"] * part, height)
    page.wait_for_function(
        "([node, before]) => node.textContent !== before", arg=[value.element_handle(), before]
    )
    committed = panel.locator(".mw-readout.mw-stale")
    page.mouse.up()
    page.wait_for_function("(panel) => !panel.querySelector('.mw-stale')", arg=panel.element_handle())
    assert committed.count() == 0

    read = notebook.ask(READ_PANEL.replace("[-1]", f"[{panel_number(page)}]"))
    assert max(read["fractions"]) > 0.7
    assert abs(sum(read["fractions"]) - 1) < 1e-9
    assert read["value"] == pytest.approx(read["predicted"], abs=1e-3)
    assert read["std"] == pytest.approx(read["predicted_std"], abs=1e-3)
    shown = value.inner_text()
    assert shown != before
    digits = len(shown.partition(".")[2])
    assert number(shown) == pytest.approx(read["predicted"], abs=0.51 * 10**-digits)
    shoot(page, "panel_dragged_light")

    # -- the preview keeps up with the hand
    notebook.add_cell(ECHO)
    bare, preview = echo_ms(page), preview_ms(page, panel)
    (ARTIFACTS / "latency.txt").write_text(f"echo {bare:.1f} ms, preview {preview:.1f} ms (medians)\n")
    assert preview < 150

    # -- start, pause and resume the optimiser; the notebook stays free
    notebook.add_cell(
        "import matwidgets as mw\n"
        'hard = mw.load("crabnet", "bulk_modulus")\n'
        'long_run = mw.design(["Ti", "Cd", "C"], maximize=hard, steps=20000, start=False)\n'
        "long_run"
    )
    tracker = page.locator(".mw-tracker").last
    main = tracker.locator("button.mwt-main")
    main.get_by_text("Start").wait_for()
    tracker.scroll_into_view_if_needed()
    main.click()
    main.get_by_text("Pause").wait_for()
    steps = "import json; print(json.dumps([long_run.state, long_run.steps]))"
    page.wait_for_function(
        "(node) => /[1-9][0-9]+ of 20000/.test(node.textContent)", arg=tracker.element_handle()
    )
    assert notebook.ask(steps)[0] == "running"
    main.click()
    main.get_by_text("Resume").wait_for()
    state, paused_at = notebook.ask(steps)
    assert state == "paused"
    assert paused_at > 0
    assert notebook.ask(steps) == ["paused", paused_at]
    shoot(page, "tracker_paused_light")
    tracker.get_by_role("button", name="One step, then pause").click()
    main.get_by_text("Resume").wait_for()
    page.wait_for_function(
        f"(node) => node.textContent.includes('{paused_at + 1} of 20000')", arg=tracker.element_handle()
    )
    main.click()
    main.get_by_text("Pause").wait_for()
    page.wait_for_function(
        "([node, least]) => Number(/([0-9]+) of 20000/.exec(node.textContent)?.[1]) > least",
        arg=[tracker.element_handle(), paused_at + 1],
    )
    tracker.locator("button", has_text="Stop").click()
    tracker.locator(".mwt-chip[data-state='stopped']").wait_for()
    assert notebook.ask(steps)[0] == "stopped"

    # -- the same in the dark
    theme(page, "JupyterLab Dark")
    shoot(page, "tracker_dark")
    panel.scroll_into_view_if_needed()
    shoot(page, "panel_dark")
    assert [problem for problem in page.problems if "matwidgets" in problem or "mw" in problem] == []


def panel_number(page) -> int:
    """Which of the kernel's panels the first one in the page is: they are made in the order of the cells."""
    return 0


def test_every_paper_runs_from_its_card(page, lab):
    """Only the first cells: whole runs are the notebooks' own tests."""
    for row in cards()[1:]:
        page.evaluate("(id) => window.jupyterapp.commands.execute(id, { cwd: '' })",
                      f"matwidgets:open-{Path(row['notebook']).stem}")  # fmt: skip
        notebook = Notebook(page)
        assert notebook.path == row["notebook"]
        assert (
            notebook.ask("import json, matwidgets; print(json.dumps(matwidgets.__version__))").count(".") == 2
        )
        shoot(page, f"notebook_{row['word']}_light")
