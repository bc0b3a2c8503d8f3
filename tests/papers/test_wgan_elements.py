"""T and the periodic table: its first weights again, vectors of cells, groups with controls that can win."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.features import occupancy
from matwidgets.features.element_similarity import GROUPS
from matwidgets.features.occupancy import INDEX
from matwidgets.papers import wgan_elements
from matwidgets.papers.wgan_elements import by_group, cell_vectors, initial_embedding
from tests.tiny_wgan import tiny_gan, untrained


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


@pytest.fixture(scope="module")
def model() -> FormulaGAN:
    return tiny_gan(seed=3)


def test_first_weights_are_those_of_the_training(model):
    job = untrained(seed=3)
    np.testing.assert_array_equal(initial_embedding(model), job.critic.embedding.detach().double().numpy())
    assert not np.array_equal(initial_embedding(model), model.embedding)  # it has learned since
    np.testing.assert_allclose(initial_embedding(model), model.embedding, atol=0.1)  # a little


def test_vectors_of_cells_are_each_element_s_own(model):
    cells = cell_vectors(model)
    assert cells is not None
    layer = model.critic.cells
    assert layer is not None and cells.shape == (85, 8 * layer.out_features)
    row = cells[INDEX["Fe"]].reshape(8, -1)
    np.testing.assert_array_equal(row[2], layer.weight[:, INDEX["Fe"] * 8 + 2].numpy())  # three irons
    assert cell_vectors(tiny_gan(cells=0)) is None


def test_groups_beside_counting_and_chance(model, no_tables):
    found, findings = by_group(model, draws=10)
    frame = found.frame.set_index("vectors")
    assert list(frame.index) == [
        "critic",
        "before",
        "cells",
        "company",
        "cell_company",
    ]  # mat2vec is not here
    assert frame["mean"].to_numpy() == pytest.approx(frame[list(GROUPS)].mean(axis=1).to_numpy())
    assert frame["mean"].between(0, 1).all() and found.source.endswith("compounds of the handbook")
    assert frame.loc["company", "halogens"] > found.chance[1]  # salts alone tell what a halogen is
    assert found.chance[0] == pytest.approx(found.at_random[0], abs=0.1)
    assert findings["element_groups"].here == frame.loc["critic", "mean"]
    assert findings["element_groups"].control == frame.loc["company", "mean"]


def test_a_critic_that_knows_groups_wins(model, monkeypatch, no_tables):
    own = np.zeros((85, len(GROUPS)))
    for k, symbols in enumerate(GROUPS.values()):
        own[[INDEX[symbol] for symbol in symbols], k] = 1.0
    monkeypatch.setattr(FormulaGAN, "embedding", own)
    found, findings = by_group(model, ["NaCl", "KBr", "MgO"], draws=5)
    counted, _ = by_group(model, occupancy.encode(["NaCl", "KBr", "MgO"]).counts, draws=5)
    assert counted.frame.equals(found.frame) and counted.source == "3 formulas"
    assert findings["element_groups"].here == 1.0 > findings["element_groups"].control
    assert found.chance[1] < 0.5 and found.source == "3 formulas"
    assert wgan_elements.VECTORS.keys() >= set(found.vectors)
