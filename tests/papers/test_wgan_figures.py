"""The figures of wgan draw what they are given, with units, and refuse what cannot be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import numpy as np
import pandas as pd
import pytest

from matwidgets.errors import InputError
from matwidgets.features.element_similarity import GROUPS, similar
from matwidgets.features.occupancy import ELEMENTS, INDEX
from matwidgets.papers import wgan_figures
from matwidgets.papers.wgan_elements import ElementGroups
from matwidgets.papers.wgan_families import FamilyMap, Superconductors
from tests.tiny_wgan import tiny_gan

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def _families() -> FamilyMap:
    families = np.array(["cuprate"] * 3 + ["iron"] * 4 + ["other"] * 5)
    points = np.random.default_rng(0).normal(size=(12, 2))
    frame = pd.DataFrame(
        [
            {"space": name, "place": place, "cuprate": 0.9, "iron": 0.8, "other": 0.7, "mean": 0.8}
            for name in ("critic", "one_hot") for place in ("space", "map")
        ]
    )  # fmt: skip
    chance = {"cuprate": 0.2, "iron": 0.3, "other": 0.4, "mean": 0.3}
    return FamilyMap(
        Superconductors(["MgB2"] * 12, families, "twelve"),
        {"critic": points, "one_hot": -points},
        frame,
        chance,
    )


def test_the_matrix_of_kzn2ru():
    figure = wgan_figures.encoding()
    (axes,) = figure.axes
    cells = axes.collections[0].get_array().reshape(8, 85)
    assert cells.sum() == 3
    assert [cells[count - 1, INDEX[s]] for s, count in (("K", 1), ("Zn", 2), ("Ru", 1))] == [1, 1, 1]
    assert [label.get_text() for label in axes.get_xticklabels()] == list(ELEMENTS)
    assert axes.get_title(loc="left").startswith("KZn\u2082Ru: K 1, Zn 2, Ru 1;")
    with pytest.raises(InputError, match="have no 85 x 8 matrix"):
        wgan_figures.encoding("TiC9")


def test_maps_of_families_tell_their_purity():
    found = _families()
    figure = wgan_figures.family_maps(found)
    assert [axes.get_title() for axes in figure.axes] == ["C of the trained critic", "one-hot"]
    assert figure.axes[0].get_xlabel() == "cuprates 0.90, iron-based 0.80, others 0.70"
    assert [len(drawn.get_offsets()) for drawn in figure.axes[0].collections] == [5, 3, 4]  # others lie below
    (axes,) = wgan_figures.family_purity(found).axes
    assert [label.get_text() for label in axes.get_yticklabels()][1] == "C of the trained critic, map"
    for line in axes.get_lines():
        if line.get_label() == "cuprates":
            assert list(line.get_xdata()) == [0.9] * 4


def test_likeness_on_the_periodic_table():
    values = similar(tiny_gan().embedding, "Fe")
    figure = wgan_figures.element_map(values, "cosine with Fe", "Fe")
    axes, bar = figure.axes[0], figure.axes[0].child_axes[0]
    assert bar.get_xlabel() == "cosine with Fe"
    texts = [text.get_text() for text in axes.texts]
    assert all(symbol in texts for symbol in ELEMENTS) and "Am" not in texts and "Rf" not in texts
    framed = [patch for patch in axes.patches if patch.get_linewidth() > 2]
    assert len(framed) == 1 and framed[0].get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert framed[0].get_x() == pytest.approx(8 - 0.47) and framed[0].get_y() == pytest.approx(4 - 0.47)


def test_groups_of_the_table():
    rows = [
        {"vectors": name, **dict.fromkeys(GROUPS, value), "mean": value}
        for name, value in (("critic", 0.1), ("company", 0.4))
    ]
    found = ElementGroups(pd.DataFrame(rows), (0.1, 0.12), (0.09, 0.13), {}, "some")
    (axes,) = wgan_figures.group_bars(found).axes
    assert axes.get_yticklabels()[0].get_text() == "alkali metals (5)"
    drawn = {line.get_label(): line.get_xdata() for line in axes.get_lines()}
    assert list(drawn["company counted (PMI)"]) == [0.4] * 11 and list(drawn["random T, mean"]) == [0.09] * 2


def test_the_funnel_leaves_out_what_is_not_kept():
    stages = [
        {"kind": "all", "name": "", "count": 200}, {"kind": "filter", "name": "neutral", "count": 50, "kept": True},
        {"kind": "filter", "name": "novel", "count": 50, "kept": False},
    ]  # fmt: skip
    (axes,) = wgan_figures.funnel(stages, "two").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["generated", "neutral"]
    assert "50  25.0 %" in [text.get_text() for text in axes.texts]
    (pairs,) = wgan_figures.funnel([("generated", 200), ("neutral", 50)]).axes
    assert [bar.get_width() for bar in pairs.patches] == [200, 200, 200, 50]  # before and after each
