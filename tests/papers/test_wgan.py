"""What the experiments of wgan share: formulas in the model's split, the encoding, the shapes, a short training."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.features import occupancy
from matwidgets.papers import wgan


@pytest.fixture
def handbook(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    return wgan.formulas()


def test_without_tables_the_handbook_is_parted_once(handbook):
    assert handbook.label == "the handbook's compounds" and not wgan.have_tables() and wgan.sources() == []
    assert "matwidgets data fetch oqmd " in wgan.source()
    n = len(handbook.train) + len(handbook.held_out)
    assert len(handbook.held_out) == round(0.1 * n) > 20
    sides = [{row.tobytes() for row in part.numpy()} for part in (handbook.train, handbook.held_out)]
    assert not sides[0] & sides[1]
    reference = handbook.reference()
    assert len(reference.counts) == n and reference.has(handbook.held_out.numpy()).all()


def test_the_example_of_figure_1():
    found = wgan.encoding()["encoding"]
    assert found.here == "K 1, Zn 2, Ru 1" and found.control == "K 0.25, Zn 0.5, Ru 0.25"
    assert "read back: KZn2Ru" in found.why


def test_the_shapes_of_table_3():
    found = wgan.shapes()["generator_shapes"]
    assert found.here == found.control == 5


def test_a_short_training_is_one(handbook, monkeypatch):
    from matwidgets.training import adversarial

    monkeypatch.setattr(adversarial, "LIVE", 20)
    run = wgan.taste(handbook, rows=100, epochs=2)
    run.wait(120)
    assert [record["step"] for record in run.history] == [1, 2]
    assert "generator_loss" in run.history[1]["terms"] and "generator_loss" not in run.history[0]["terms"]
    assert run.history[1]["samples"]


@pytest.mark.data
def test_with_tables_the_models_own_split():
    data = wgan.formulas(seed=0)
    assert len(data.train) + len(data.held_out) == 335_829
    read = {source["name"].split("/")[0]: source for source in wgan.sources()}
    assert set(read) == set(wgan.TABLES) and all(source["sha256"] for source in read.values())
    some = data.held_out[:2000].numpy()
    learned = {row.tobytes() for row in occupancy.reduced(data.train.numpy())}
    assert not any(row.tobytes() in learned for row in np.ascontiguousarray(occupancy.reduced(some)))
