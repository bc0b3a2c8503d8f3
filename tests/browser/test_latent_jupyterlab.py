"""LatentExplorer in JupyterLab: a selection reaches Python as rows, a linked panel follows the cursor and leads it."""

from __future__ import annotations

import time
from typing import Any

import nbformat
import pytest

from .conftest import shoot
from .notebook import CURRENT, Notebook

pytestmark = pytest.mark.browser
# The plane holds the fractions of titanium and cadmium themselves, so what belongs together is known.
CELL = """
import numpy as np
from IPython.display import display
import matwidgets as mw
from matwidgets.widgets import CompositionPanel, LatentExplorer
symbols = ["Ti", "Cd", "C"]
rng = np.random.default_rng(0)
def decode(vectors):
    return [{"formula": f"Ti{x:.2f}", "fractions": dict(zip(symbols, (x, y, max(0, 1 - x - y))))} for x, y in vectors]
explorer = LatentExplorer(
    rng.uniform(0, 0.5, (20_000, 2)), channels={"titanium": rng.normal(size=20_000)}, label="a plane of compositions",
    decode=decode, elements=symbols, encode=lambda x: x[:, :2],
)
panel = CompositionPanel(symbols, lambda x: {"value": x[:, 0]}, fractions=[0.2, 0.3, 0.5])
mw.link(panel, explorer)
display(explorer, panel)
"""
ASK = """
import json
print(json.dumps({"rows": explorer.selection.tolist(), "cursor": explorer.cursor, "panel": panel.fractions,
                  "error": explorer.error}))
"""


@pytest.fixture
def notebook(page: Any, lab: Any) -> Notebook:
    empty = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(empty, lab.folder / "latent.ipynb")
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:open', { path: 'latent.ipynb' })")
    page.wait_for_function(f"() => {CURRENT}?.context?.path === 'latent.ipynb'")
    opened = Notebook(page)
    opened.run_all(120)
    return opened


def test_a_box_and_the_cursor_reach_python_and_the_panel(page: Any, notebook: Notebook) -> None:
    page.locator(".mw-latent[data-shown='20000']").wait_for()
    assert notebook.ask(ASK)["cursor"] == pytest.approx([0.2, 0.3])
    page.get_by_role("radio", name="Draw a rectangle").click()
    plot = page.locator(".mw-latent .mw-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x, y)
    page.mouse.move(x + 40, y + 40)
    page.mouse.up()
    page.get_by_text("chosen", exact=False).last.wait_for()
    told = notebook.ask(ASK)
    share = (80 / (page.evaluate("document.querySelector('.mw-plot').clientHeight") / 1.06)) ** 2
    assert len(told["rows"]) == pytest.approx(20_000 * share, rel=0.15)  # points are spread evenly
    assert told["error"] == ""

    page.get_by_role("radio", name="Move the cursor").click()
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(x + 9 * step, y)
    page.mouse.up()
    page.wait_for_function(
        "() => document.querySelector('.mw-latent .mw-formula').textContent.startsWith('Ti0.3')"
    )
    deadline = (
        time.monotonic() + 20
    )  # the formula shown may be that of the way; the panel follows the last place
    while True:
        told = notebook.ask(ASK)
        if told["panel"][:2] == pytest.approx(told["cursor"], abs=1e-6) or time.monotonic() > deadline:
            break
    assert told["cursor"] == pytest.approx([0.25 + 99 / 434 * 0.5, 0.25], abs=0.01)
    assert told["panel"][:2] == pytest.approx(told["cursor"], abs=1e-6)
    shoot(page, "latent_explorer")
    assert page.problems == []
