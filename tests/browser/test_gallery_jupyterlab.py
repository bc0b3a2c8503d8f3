"""GeneratorGallery in JupyterLab: what is chosen is shared with a LatentExplorer, with and without a kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import shoot
from .notebook import Notebook
from .test_latent_jupyterlab import opened

pytestmark = pytest.mark.browser
CELL = """
import numpy as np
from IPython.display import display
import matwidgets as mw
from matwidgets.widgets import GeneratorGallery, LatentExplorer
rng = np.random.default_rng(0)
n = 3000
table = {"formula": [f"TiO{i + 2}" for i in range(n)], "neutral": rng.random(n) < 0.5, "gap": rng.gamma(2, 1, n)}
gallery = GeneratorGallery(table, units={"gap": "eV"}, label="samples")
explorer = LatentExplorer(rng.normal(size=(n, 2)), channels={"gap": table["gap"]})
mw.link(gallery, explorer)
display(gallery, explorer)
"""
ASK = """
import json
print(json.dumps({"chosen": gallery.chosen.tolist(), "selection": explorer.selection.tolist(), "live": gallery.live,
                  "survivors": gallery.survivors.tolist(), "scope": gallery.scope,
                  "error": gallery.error + explorer.error}))
"""


@pytest.fixture
def notebook(page: Any, lab: Any) -> Notebook:
    return opened(page, lab, "gallery.ipynb", CELL)


def asked_until(notebook: Notebook, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What Python says once the page's messages are in; the last word after twenty seconds."""
    deadline = time.monotonic() + 20
    while True:
        told: dict[str, Any] = notebook.ask(ASK)
        if holds(told) or time.monotonic() > deadline:
            return told


def test_survivors_light_up_in_the_explorer_and_a_box_fills_the_funnel(page: Any, notebook: Notebook) -> None:
    page.get_by_label("Choose the survivors as the filters move").check()
    page.get_by_role("switch", name="gap").click()
    told = asked_until(notebook, lambda t: t["live"] and t["survivors"] == t["selection"] != [])
    assert told["live"] and told["error"] == ""
    assert told["chosen"] == told["survivors"] == told["selection"]
    assert len(told["chosen"]) == int(page.locator(".mwg-left strong").inner_text().replace(",", ""))

    page.get_by_role("radio", name="Draw a rectangle").click()
    plot = page.locator(".mw-latent .mw-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x + 40, y + 40, steps=4)
    page.mouse.up()
    inside = asked_until(notebook, lambda t: not t["live"] and t["chosen"] == t["selection"])
    assert not inside["live"] and 0 < len(inside["selection"]) < 3000
    assert inside["chosen"] == inside["selection"] != told["selection"]
    page.get_by_label("Only what is chosen goes in").check()
    left = asked_until(notebook, lambda t: t["scope"] == "chosen" and len(t["survivors"]) < len(t["chosen"]))
    assert left["scope"] == "chosen" and left["error"] == ""
    assert 0 < len(left["survivors"]) < len(left["chosen"]) and set(left["survivors"]) < set(left["chosen"])
    assert f"Chosen{len(left['chosen'])}" in page.locator(".mwg-stages").inner_text().replace("\n", "")
    page.locator(".mw-gallery").scroll_into_view_if_needed()
    shoot(page, "gallery_in_jupyterlab")
    assert page.problems == []
