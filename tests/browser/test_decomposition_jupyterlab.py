"""DecompositionView in JupyterLab: a decomposition at the end of a cell, and one that follows a panel's sliders."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from .conftest import shoot, theme
from .notebook import CURRENT, Notebook

pytestmark = pytest.mark.browser
CELLS = [
    """
import matwidgets as mw
from matwidgets.decompositions import handbook_phases
mw.decompose("NaCl")
""",
    """
from IPython.display import display
from matwidgets.widgets import CompositionPanel
symbols = ["Mg", "Al", "O"]
view = mw.show.decomposition("MgAl2O4", phases=handbook_phases(), elements=symbols)
panel = CompositionPanel(symbols, lambda x: {"value": x[:, 0]})
mw.link(view, panel)
display(view, panel)
""",
]
ASK = """
import json
print(json.dumps({"formula": view.formula, "view": view.fractions, "panel": panel.fractions, "error": view.error}))
"""


def test_a_decomposition_in_a_notebook(page: Any, lab: Any) -> None:
    written = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(written, lab.folder / "decomposition.ipynb")
    page.evaluate(
        "path => window.jupyterapp.commands.execute('docmanager:open', { path })", "decomposition.ipynb"
    )
    page.wait_for_function(f"path => {CURRENT}?.context?.path === path", arg="decomposition.ipynb")
    notebook = Notebook(page)
    notebook.run_all(120)
    views = page.locator(".mw-decomposition")
    views.nth(1).wait_for()
    assert views.first.locator(".mwd-sums tr").last.inner_text().startswith("NaCl")

    # a product of the first one
    views.first.locator(".mwd-walker").first.click()
    views.first.locator(".mwd-trail li").nth(1).wait_for()
    shoot(page, "decomposition_in_jupyterlab")

    # down the hull: the linked panel goes along, and leads back
    views.nth(1).get_by_role("button", name="Decompose MgO").click()
    page.wait_for_function(
        "() => document.querySelector('.mw-panel input[type=range]').getAttribute('aria-valuetext') === '50.0 at.%'"
    )
    told = notebook.ask(ASK)
    assert told["formula"] == "MgO"
    assert told["panel"] == pytest.approx([0.5, 0, 0.5])
    slider = page.locator(".mw-panel input[type=range]").first
    slider.focus()
    slider.press("ArrowLeft")
    views.nth(1).locator(".mwd-trail li").nth(2).wait_for()
    told = notebook.ask(ASK)
    assert told["error"] == ""
    assert told["view"] == pytest.approx(told["panel"])
    assert told["view"][0] == pytest.approx(0.49)
    theme(page, "JupyterLab Dark")
    views.nth(1).scroll_into_view_if_needed()
    shoot(page, "decomposition_linked_in_jupyterlab_dark")
    assert page.problems == []
