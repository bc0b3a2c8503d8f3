"""A person's label: the classifiers learn it, remember the rest, and say what changed."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.alloy_models import load
from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.features import alloys

PAPER = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"


@pytest.fixture(scope="module")
def shipped():
    return load()


@pytest.fixture(autouse=True)
def no_table(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_a_label_moves_its_alloy_and_leaves_the_rest(shipped):
    before = shipped.predict(["CrMnFeCoNi", "NbMoTaW", PAPER])["probability"].to_numpy()
    run = shipped.learn("CrMnFeCoNi", "single", steps=60)
    found = run.wait(60)
    assert (found.alloy, found.label, found.before) == ("CrMnFeCoNi", 1, pytest.approx(before[0], abs=1e-6))
    after = found.model.predict(["CrMnFeCoNi", "NbMoTaW", PAPER])["probability"].to_numpy()
    assert found.after == pytest.approx(after[0], abs=1e-6) and found.after > found.before + 0.1
    assert np.abs(after - before)[1:].max() < 0.1 < abs(after - before)[0]
    np.testing.assert_allclose(shipped.predict(["CrMnFeCoNi", "NbMoTaW", PAPER])["probability"], before)
    lesson = [record["terms"]["lesson"] for record in run.history]
    assert len(lesson) == run.total == 60 and lesson[-1] < 0.8 * lesson[0]
    assert found.validation is None and found.note == ""


def test_what_changed_is_told(shipped):
    found = shipped.learn("NbMoTaW", 0, steps=40).wait(60)
    told = found.changed
    assert list(told.columns) == ["alloy", "before", "after"] and len(told) == 10
    size = (told["after"] - told["before"]).abs()
    assert size.is_monotonic_decreasing
    f = alloys.descriptors(shipped.known_fractions())
    difference = np.abs(found.model.probability(f) - shipped.probability(f))
    assert size[0] == pytest.approx(difference.max(), abs=1e-6)
    flipped = (found.model.probability(f) > 0.5) != (shipped.probability(f) > 0.5)
    assert found.flipped == flipped.sum()


def test_the_autoencoder_stays(shipped):
    found = shipped.learn("CrMnFeCoNi", 1, steps=5).wait(60)
    np.testing.assert_array_equal(found.model.encode(PAPER, 0.3), shipped.encode(PAPER, 0.3))
    np.testing.assert_array_equal(found.model.decode([0, 0], 0.3), shipped.decode([0, 0], 0.3))


def test_lessons_add_up_and_a_second_one_replaces_the_first(shipped):
    model = shipped
    before = model.predict(["AlNi3", "CrCo"])
    assert (before["distance"] > 0).any()
    for alloy, label in (("AlNi3", 1), ("CrCo", 0), ("Ni0.75Al0.25", 0)):
        model = model.learn(alloy, label, steps=30).wait(60).model
    assert model.lessons == (("CrCo", 0), ("Ni0.75Al0.25", 0))
    assert model.card["lessons"] == [["CrCo", 0], ["Ni0.75Al0.25", 0]]
    frame = model.predict(["AlNi3", "CrCo"])
    assert frame["distance"].tolist() == [0, 0] and frame["in_domain"].all()
    assert (frame["probability"] < before["probability"]).all()


def test_the_table_s_own_label_is_told(shipped, monkeypatch):
    from matwidgets.training import alloy_tables

    names = [f"Fe{i}Ni{j}" for i in range(1, 9) for j in range(10, 20)]
    labels = np.arange(len(names)) % 2
    table = alloy_tables.of_formulas(names, labels, [], [{"name": alloy_tables.TABLE}])
    monkeypatch.setattr(alloy_tables, "published", lambda: table)
    found = shipped.learn("FeNi10", 1, steps=1).wait(60)
    assert found.note.startswith("The table has the other label")
    assert set(found.validation or {}) == {"before", "after"}
    assert shipped.learn("FeNi10", 0, steps=1).wait(60).note == ""


def test_stopped_early_it_gives_what_it_has(shipped):
    run = shipped.learn("CrMnFeCoNi", 1, steps=100_000, start=False)
    run.step(2)
    run.stop()
    found = run.wait(60)
    assert run.steps <= 2 and found.model.members == 5
    assert all(not p.requires_grad for net in found.model.networks for p in net.parameters())


def test_it_keeps_no_state(shipped):
    run = shipped.learn("CrMnFeCoNi", 1, steps=2)
    run.wait(60)
    with pytest.raises(MatwidgetsError, match="keeps no state"):
        run.save("x")


@pytest.mark.parametrize("label", ["yes", 2, None, 0.5, [1]])
def test_other_labels(shipped, label):
    with pytest.raises(InputError, match="give 1 or 'single' for a single phase, 0 or 'multi' for several"):
        shipped.learn("NbMoTaW", label)


def test_what_cannot_be_learned(shipped):
    with pytest.raises(InputError, match="holds Y"):
        shipped.learn("YFe2", 1)
    with pytest.raises(InputError, match="steps is 0"):
        shipped.learn("NbMoTaW", 1, steps=0)


def test_shapley_values_of_the_descriptors(shipped):
    frame = shipped.explain(["CrMnFeCoNi", "NbMoTaW", "YFe2"], background=16)
    names = [feature.name for feature in alloys.FEATURES]
    assert list(frame.columns) == ["alloy", "base", "probability", *names]
    np.testing.assert_allclose(frame[names].sum(axis=1), frame["probability"] - frame["base"], atol=1e-6)
    np.testing.assert_allclose(
        frame["probability"], shipped.predict(frame["alloy"].tolist())["probability"], atol=1e-6
    )
    # The paper: a high melting temperature makes a single phase likelier, and NbMoTaW melts highest of these.
    assert frame["melting_temperature"].idxmax() == 1 and frame["melting_temperature"][1] > 0
    with pytest.raises(InputError, match="background is 0"):
        shipped.explain("NbMoTaW", background=0)
