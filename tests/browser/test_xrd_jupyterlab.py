"""XrdViewer in JupyterLab: the pattern follows an explorer's cursor, and the step that a tracker looks at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .conftest import shoot
from .notebook import Notebook
from .test_latent_jupyterlab import opened

pytestmark = pytest.mark.browser
# A latent space whose last two numbers are the places of two peaks, so what belongs together is known.
CELL = """
import json
import numpy as np
from IPython.display import display
import matwidgets as mw
from matwidgets.dual_latent import Crystals
from matwidgets.run import Run
from tests.grid_dual import GridDual
dual = GridDual()
formulas = ["TiO2", "Al2O3", "TiO", "TiAl3", "Ti", "Al", "Ti2O3", "Ti3O5"]
places = np.sort(np.random.default_rng(0).uniform(-2, 2, (8, 2)), axis=1)
system = {"crystal system": np.array(["cubic", "trigonal"] * 4)}
known = Crystals(formulas, dual.decode_patterns(places), "8 crystals", system)

class Walk:
    past, step = [], 0
    finished = property(lambda self: self.step == 9)
    def advance(self):
        self.step += 1
        z = [0.1, 0.2, -1.5 + 0.1 * self.step, 1.0]
        return {"step": self.step, "loss": 0.0, "values": {"hardness": float(self.step)}, "std": {},
                "fractions": [0.5, 0.5], "z": z}
    def result(self):
        return None

objective = {"property": "hardness", "direction": "maximize", "weight": 1.0, "unit": "GPa", "label": "Hardness"}
run = Run(Walk, title="a walk", kind="design", total=9, meta={"elements": ["Ti", "O"], "objectives": [objective]})
run.start().wait(20)
explorer, viewer = mw.show.latent(dual, known), mw.show.patterns(dual, known)
tracker, follower = mw.show.tracker(run), mw.show.patterns(dual, known, run=run)
mw.link(explorer, viewer)
mw.link(tracker, follower)
display(explorer, viewer)
display(tracker, follower)
"""
ASK = """
print(json.dumps({
    "cursor": explorer.cursor, "point": explorer.point, "under": explorer.latent,
    "name": explorer._name(explorer.point), "latent": viewer.latent, "names": viewer.names,
    "others": viewer.reconstruction_names,
    "peak": float(10 + 0.05 * viewer.reconstructions[0].argmax()) if viewer.reconstructions is not None else None,
    "trial": follower.trial, "trial_peak": float(10 + 0.05 * follower.reconstructions[0].argmax()),
    "error": explorer.error + viewer.error + tracker.error + follower.error}))
"""


def settled(notebook: Notebook, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the kernel says as soon as it is as wanted, at the latest after 20 s."""
    deadline = time.monotonic() + 20
    while True:
        told: dict[str, Any] = notebook.ask(ASK)
        if wanted(told) or time.monotonic() > deadline:
            return told


def drawn(told: dict[str, Any]) -> bool:
    """Whether the pattern is that of the latent vector: the link sets the vector first, the pattern follows."""
    return len(told["latent"]) == 4 and told["peak"] == pytest.approx(50 + 8 * told["latent"][2], abs=0.06)


def test_patterns_follow_an_explorer_and_a_tracker(page: Any, lab: Any) -> None:
    notebook = opened(page, lab, "xrd.ipynb", CELL)
    page.locator(".mw-latent[data-shown='8']").wait_for()
    viewer = page.locator(".mw-xrd").first
    assert viewer.locator(".mwx-empty").inner_text().startswith("Nothing decoded yet")

    # A hand moves the cursor: the pattern is seen before anything is committed.
    plot = page.locator(".mw-latent .mw-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 10)
    viewer.locator(".mwx-other").wait_for(state="attached")
    page.mouse.move(x + 60, y + 20)
    page.mouse.up()
    told = settled(notebook, drawn)
    assert drawn(told)
    assert told["names"][0].endswith(" (nearest in the latent space)")
    page.wait_for_function(
        "name => document.querySelector('.mw-xrd').innerText.includes(name)", arg=told["others"][0]
    )

    # On a point the crystal's own pattern is compared, by its name.
    plot.focus()
    page.keyboard.press("Enter")
    told = settled(
        notebook, lambda told: told["point"] >= 0 and told["latent"] == told["under"] and drawn(told)
    )
    assert told["latent"] == told["under"]
    assert drawn(told)
    assert told["names"][0] == f"{told['name']} (nearest in the latent space)"
    viewer.scroll_into_view_if_needed()
    shoot(page, "xrd_explorer")

    # A tracker's steps: keys on its slider.
    slider = page.locator(".mw-tracker input[type=range]")
    slider.scroll_into_view_if_needed()
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    fifth = pytest.approx(50 + 8 * (-1.5 + 0.5), abs=0.06)
    told = settled(notebook, lambda told: told["trial"] == 5 and told["trial_peak"] == fifth)
    assert told["trial"] == 5
    assert told["trial_peak"] == fifth
    page.locator(".mw-xrd").nth(1).get_by_text("best after 5 trials").wait_for()
    assert told["error"] == ""
    assert np.isfinite(told["cursor"]).all()
    assert page.problems == []
