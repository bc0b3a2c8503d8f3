"""A generator of formulas in JupyterLab: gallery and plane share what is chosen, a click recolours the elements."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import shoot
from .notebook import Notebook
from .test_latent_jupyterlab import opened

pytestmark = pytest.mark.browser
CELL = """
from IPython.display import display
import matwidgets as mw
from tests.tiny_wgan import tiny_gan
gan = tiny_gan()
gallery, explorer, table = mw.show.gallery(gan), mw.show.latent(gan, ()), mw.show.elements(gan)
gallery.kept = ["unique"]  # whatever the tables of this machine know
mw.link(gallery, explorer)
mw.link(table, gallery)
display(gallery, explorer, table)
"""
ASK = """
import json
print(json.dumps({"chosen": gallery.chosen_names(), "selected": explorer.selected_names(), "label": table.label,
                  "survivors": gallery.surviving_names(), "elements": gallery.elements, "values": table.values,
                  "error": gallery.error + explorer.error + table.error}))
"""


@pytest.fixture
def notebook(page: Any, lab: Any) -> Notebook:
    return opened(page, lab, "wgan.ipynb", CELL)


def asked_until(notebook: Notebook, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What Python says once the page's messages are in; the last word after twenty seconds."""
    deadline = time.monotonic() + 20
    while True:
        told: dict[str, Any] = notebook.ask(ASK)
        if holds(told) or time.monotonic() > deadline:
            return told


def test_gallery_plane_and_table_of_a_generator(page: Any, notebook: Notebook) -> None:
    first = notebook.ask(ASK)
    assert first["label"].startswith("first principal component of T of wgan") and first["elements"] == []

    page.get_by_label("Choose the survivors as the filters move").check()
    lit = asked_until(notebook, lambda told: bool(told["selected"]))
    assert set(lit["survivors"]) == set(lit["chosen"]) and lit["chosen"] == lit["selected"]
    page.locator(".mw-gallery").scroll_into_view_if_needed()
    shoot(page, "wgan_gallery_in_jupyterlab")

    page.locator(".mw-cell[data-symbol=O]").click()
    oxides = asked_until(
        notebook, lambda told: told["elements"] == ["O"] and told["selected"] != lit["selected"]
    )
    assert oxides["label"] == "likeness to O in T of wgan" and "O" not in oxides["values"]
    assert page.locator(".mw-legend").filter(has_text="Likeness to O").count() == 1
    assert oxides["selected"] == oxides["chosen"] and all("O" in name for name in oxides["selected"])
    assert 0 < len(oxides["selected"]) < len(lit["selected"]) and oxides["error"] == ""
    spoken = page.locator(".mw-cell[data-symbol=Na]").get_attribute("aria-label")
    assert spoken.startswith("Sodium, Na, 11, alkali metal, ")
    shoot(page, "wgan_elements_in_jupyterlab")

    page.locator(".mw-gallery").scroll_into_view_if_needed()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as CSV").click()
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["formula"] for row in rows} == set(oxides["survivors"])
    assert {"neutral", "balanced", "novel", "unique", "elements", "score"} <= rows[0].keys()
    assert page.problems == []
