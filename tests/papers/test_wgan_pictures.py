"""The pictures of wgan: trainings by iteration, samples beside the data, Table 4 with the paper's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib
import pytest

from matwidgets.errors import InputError
from matwidgets.papers import wgan_pictures
from matwidgets.papers.wgan_properties import Cell
from matwidgets.papers.wgan_samples import Row
from tests.tiny_wgan import tiny_gan

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_trainings_by_iteration():
    card = tiny_gan().card
    figure = wgan_pictures.trainings({"tiny": card})
    drawn = {line.get_label(): line for line in figure.axes[0].get_lines()}
    assert set(drawn) == {"training", "held out"}
    assert list(drawn["training"].get_xdata()) == [2, 4, 6]  # three epochs of two
    assert list(drawn["training"].get_ydata()) == pytest.approx(card["history"]["wasserstein"])
    wild = {
        **card,
        "history": {"epoch": [1, 2, 3], "critic_loss": [4.1e13, 2.0, -0.3], "unique": [None, 0.5, 0.6]},
    }
    two = wgan_pictures.trainings({"a": card, "b": wild})
    assert two.axes[1].get_yscale() == "symlog" and two.axes[0].get_yscale() == "linear"
    (unique,) = [line for line in two.axes[3].get_lines() if line.get_label() == "b: unique"]
    assert list(unique.get_xdata()) == [4, 6]  # not measured at first
    with pytest.raises(InputError, match="The card of b has no history"):
        wgan_pictures.trainings({"a": card, "b": {"recipe": {}}})
    with pytest.raises(InputError, match="The card of no training has no history"):
        wgan_pictures.trainings({})


def test_samples_beside_the_data():
    def row(sampler, seed, valid):
        scores = {"unique": 0.9, "novel": 0.5, "auc": 0.8, "pairs_covered": 0.7}
        return Row(sampler, seed, {}, scores | {"icsd24": {"neutral": 0.5, "ionic_valid": valid}}, 1.0)

    rows = [row("data", 0, 0.9), row("wgan", 0, 0.7), row("wgan", 1, None), Row("collapsed", 0, {}, {}, 1.0)]
    figure = wgan_pictures.samples(rows)
    ionic = figure.axes[1]
    assert ionic.get_title(loc="left").startswith("neutral and balanced")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["data", "wgan"]
    assert [bar.get_width() for bar in ionic.patches] == pytest.approx([0.9, 0.7])
    assert [text.get_text() for text in ionic.texts] == ["0.90", "0.70"]
    with pytest.raises(InputError, match="No sampler has scores"):
        wgan_pictures.samples(rows[3:])


def _cell(parting, name, error):
    folds = [error, error + 0.02]
    return Cell("band_gap", parting, name, "network", 85, [3, 3], folds, [1.0, 1.0], [0.8, 0.8], [1, 1], 1.0)


def test_table_4_with_the_paper_s_numbers():
    errors = (("random", 0.5), ("grouped", 0.6))
    cells = [_cell(parting, name, error) for parting, error in errors for name in ("critic's T", "random T")]
    figure = wgan_pictures.table4(cells)
    (axes,) = figure.axes
    assert axes.get_xlabel() == "MAE (eV)" and axes.get_title() == "band gap"
    points = {bars.get_label(): bars.lines[0].get_xdata() for bars in axes.containers}
    assert points["random folds"] == pytest.approx([0.51, 0.51])
    assert points["grouped folds"] == pytest.approx([0.61, 0.61])
    published = [segment[0][0] for lines in axes.collections for segment in lines.get_segments()]
    assert 0.467 in published and 0.484 not in published  # one-hot is not here
    assert wgan_pictures.table4(cells, "r2").axes[0].get_xlabel() == "R2"
    with pytest.raises(InputError, match="Unknown measure 'mse'; allowed are mae, rmse, r2"):
        wgan_pictures.table4(cells, "mse")
    with pytest.raises(InputError, match="No cell of the method 'trees'"):
        wgan_pictures.table4(cells, method="trees")
