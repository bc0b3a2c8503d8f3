"""AlloyInverter in JupyterLab: the shipped model at the end of a cell, its way in a latent space, a label."""

from __future__ import annotations

import time
from typing import Any

import nbformat
import pytest

from .conftest import shoot, theme
from .notebook import CURRENT, Notebook

pytestmark = pytest.mark.browser
CELLS = [
    """
import matwidgets as mw
model = mw.load("disentangled_vae")
model
""",
    """
from IPython.display import display
from matwidgets.alloy_loop import AlloyLoop
from matwidgets.widgets import LatentExplorer
known = AlloyLoop(model).others("Fe")
points = model.encode_fractions(known, model.judge(known)["probability"])
inverter = mw.show.inverter(model, size=0.5)
explorer = LatentExplorer(points, label="latent space of alloys")
mw.link(inverter, explorer)
display(inverter, explorer)
""",
]
ASK = """
import json
print(json.dumps({
    "alloys": [place["alloy"] for place in inverter.trail], "at": inverter.at, "path": inverter.path,
    "walk": explorer.walk.get("xy"), "lesson": inverter.lesson, "p": inverter.record["probability"],
    "error": inverter.error + explorer.error,
}))
"""


def test_the_loop_in_a_notebook(page: Any, lab: Any) -> None:
    written = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(written, lab.folder / "inverter.ipynb")
    page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', { path })", "inverter.ipynb")
    page.wait_for_function(f"path => {CURRENT}?.context?.path === path", arg="inverter.ipynb")
    notebook = Notebook(page)
    notebook.run_all(120)
    widgets = page.locator(".mw-inverter")
    widgets.nth(1).wait_for()
    first, linked = widgets.first, widgets.nth(1)
    first.get_by_role("button", name="One step").click()
    first.locator(".mwi-trail li").nth(1).wait_for()
    first.scroll_into_view_if_needed()
    shoot(page, "inverter_in_jupyterlab")

    # run to the end: every step is drawn in the latent space
    linked.get_by_role("button", name="Run to the end").click()
    linked.locator(".mwi-outcome[data-kind=converged]").wait_for()
    told = notebook.ask(ASK)
    steps = len(told["alloys"])
    assert steps >= 3
    assert told["path"] == told["walk"]
    assert page.locator(".mw-way-spot").count() == steps
    linked.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_function("n => document.querySelectorAll('.mw-way-spot').length === n", arg=steps - 1)
    assert notebook.ask(ASK)["at"] == steps - 2
    assert notebook.ask(ASK)["error"] == ""

    # a label: the notebook answers while it is learned
    linked.get_by_role("button", name="Reset").click()
    before = notebook.ask(ASK)["p"]
    linked.get_by_role("button", name="Label this alloy: a single phase").click()
    linked.get_by_role("button", name="Stop learning").wait_for()
    began = time.monotonic()
    assert notebook.ask(ASK)["lesson"]["state"] == "running"
    answered = time.monotonic() - began
    linked.locator(".mwi-learned[data-state=done]").wait_for()
    learned = time.monotonic() - began
    assert answered < learned / 2
    told = notebook.ask(ASK)
    assert told["p"] == pytest.approx(told["lesson"]["after"])
    assert told["p"] > before
    assert linked.locator(".mwi-number").inner_text().startswith(f"{told['p']:.2f}")
    theme(page, "JupyterLab Dark")
    linked.scroll_into_view_if_needed()
    shoot(page, "inverter_learned_in_jupyterlab_dark")
    assert page.problems == []
