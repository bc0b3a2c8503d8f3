"""LatentExplorer in JupyterLab: a selection reaches Python as rows, a linked panel follows the cursor and leads it."""

from __future__ import annotations

import time
from collections.abc import Callable
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
# A generator whose plane is not its latent space, linked with a panel of two of its elements.
VAE_CELL = """
from IPython.display import display
import matwidgets as mw
from matwidgets.widgets import CompositionPanel
symbols = ["Ti", "O"]
vae = mw.load("onehot_vae")
formulas = [f"{a}{b}" for a in ("Ti", "Zr", "Hf", "Mg") for b in ("O", "O2", "C", "N")]
explorer = mw.show.latent(vae, formulas, elements=symbols)
panel = CompositionPanel(symbols, lambda x: {"value": x[:, 0]}, fractions=[0.5, 0.5])
mw.link(panel, explorer)
display(explorer, panel)
"""
VAE_ASK = """
import json
import numpy as np
place = explorer._plane.places(vae.encode(dict(zip(symbols, panel.fractions))))[0]
print(json.dumps({"cursor": explorer.cursor, "place": place.tolist(), "panel": panel.fractions,
                  "explorer": explorer.fractions, "decoded": explorer.decoded, "through": explorer.through,
                  "error": explorer.error + panel.error}))
"""
ASK = """
import json
print(json.dumps({"rows": explorer.selection.tolist(), "cursor": explorer.cursor, "panel": panel.fractions,
                  "error": explorer.error}))
"""


@pytest.fixture
def notebook(page: Any, lab: Any) -> Notebook:
    return opened(page, lab, "latent.ipynb", CELL)


@pytest.fixture
def notebook_of_the_vae(page: Any, lab: Any) -> Notebook:
    return opened(page, lab, "latent_vae.ipynb", VAE_CELL)


def opened(page: Any, lab: Any, name: str, cell: str) -> Notebook:
    written = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(written, lab.folder / name)
    page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', { path })", name)
    page.wait_for_function(f"path => {CURRENT}?.context?.path === path", arg=name)
    notebook = Notebook(page)
    notebook.run_all(120)
    return notebook


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


def settled(notebook: Notebook, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the kernel says as soon as it is as wanted, at the latest after 20 s."""
    deadline = time.monotonic() + 20
    while True:
        told: dict[str, Any] = notebook.ask(VAE_ASK)
        if wanted(told) or time.monotonic() > deadline:
            return told


def test_a_composition_and_its_latent_point_follow_each_other(
    page: Any, notebook_of_the_vae: Notebook
) -> None:
    page.locator(".mw-latent[data-shown='16']").wait_for()
    first = notebook_of_the_vae.ask(VAE_ASK)
    assert first["cursor"] == pytest.approx(first["place"], abs=1e-6)
    assert first["through"] == "the linked composition"

    # The composition leads: its point moves, and the panel is not pushed to what the decoder makes of it.
    slider = page.get_by_role("slider").first
    slider.scroll_into_view_if_needed()
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    told = settled(
        notebook_of_the_vae,
        lambda now: now["panel"] != first["panel"] and now["cursor"] == pytest.approx(now["place"], abs=1e-6),
    )
    assert told["panel"] != pytest.approx(first["panel"])
    assert told["cursor"] != pytest.approx(first["cursor"])
    assert told["cursor"] == pytest.approx(told["place"], abs=1e-6)
    assert told["explorer"] == pytest.approx(told["panel"], abs=1e-6)

    # The cursor leads: the panel takes the part of the decoded formula that is of its elements.
    field = page.get_by_label("Go to a formula or name")
    field.scroll_into_view_if_needed()
    field.fill("TiO2")
    field.press("Enter")
    led = settled(
        notebook_of_the_vae,
        lambda now: (
            now["through"] == "TiO₂" and now["panel"] == pytest.approx(now["decoded"]["fractions"], abs=1e-6)
        ),
    )
    assert led["through"] == "TiO₂"
    assert led["panel"] == pytest.approx(led["decoded"]["fractions"], abs=1e-6)
    assert led["error"] == ""
    shoot(page, "latent_vae_linked")
    assert page.problems == []
