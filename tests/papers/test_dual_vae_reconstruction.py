"""Reconstructions of unseen rows beside simpler means: on handbook crystals with a split, and on the published ones."""

from __future__ import annotations

import numpy as np
import pytest

import matwidgets as mw
from matwidgets.errors import InputError, MissingTableError
from matwidgets.papers.dual_vae_reconstruction import (
    NETWORK,
    active_units,
    composition_findings,
    pattern_findings,
    reconstruct_compositions,
    reconstruct_patterns,
    traverse,
    unseen,
)
from matwidgets.patterns import load_patterns


@pytest.fixture(scope="module")
def dual():
    return mw.load("dual_vae")


@pytest.fixture(scope="module")
def crystals():
    """Six times over, so that the training rows are more than the principal components."""
    patterns = load_patterns("crystals")
    patterns.frame["split"] = np.array(["train", "train", "train", "train", "val", "test"])[
        np.arange(len(patterns.frame)) % 6
    ]
    return patterns


def test_patterns_beside_their_controls(dual, crystals, monkeypatch):
    found = reconstruct_patterns(dual, crystals, rows=12)
    rows = np.flatnonzero(crystals.frame["split"] == "test")
    assert set(found.rows) <= set(rows) and len(found.rows) == 12
    np.testing.assert_array_equal(found.truth, crystals.take(found.rows))
    assert len(found.decoded) == len(found.agreement) == len(found.frame) == 5
    nearest = found.decoded["nearest training pattern"]
    train = crystals.take(np.flatnonzero(crystals.frame["split"] == "train"))
    assert all((train == row).all(1).any() for row in nearest)
    (finding,) = pattern_findings(found).values()
    others = [a.cosine for name, a in found.agreement.items() if name != NETWORK]
    words = [
        "alike" if cosine >= 0.9 else "unlike" for cosine in (found.agreement[NETWORK].cosine, max(others))
    ]
    assert [finding.here, finding.control] == words
    assert f"{max(others):.3f}" in finding.why


def test_compositions_beside_their_controls(dual, crystals):
    found = reconstruct_compositions(dual, crystals, rows=12)
    assert set(found.agreement) == {NETWORK, "24 principal components", "nearest training composition"}
    for decoded in found.decoded.values():
        np.testing.assert_allclose(decoded.sum(1), 1, atol=1e-5)
    (finding,) = composition_findings(found).values()
    own = found.agreement[NETWORK]
    expected = "given back" if own.returned > 0.5 else "nearly" if own.elements > 0.5 else "not given back"
    assert finding.here == expected
    assert "of the atoms to exchange" in finding.why


def test_a_traversal_changes_one_part_alone(dual):
    z = dual.sample(1, seed=0).z[0]
    values, profiles, formulas = traverse(dual, z, 3, steps=5)
    assert len(values) == len(profiles) == len(formulas) == 5
    assert (np.diff(values) > 0).all() and values[0] == dual.box[0][3] and values[-1] == dual.box[1][3]
    np.testing.assert_allclose(profiles, np.repeat(profiles[:1], 5, axis=0), atol=1e-5)
    _, changing, same = traverse(dual, z, 40, steps=3)
    assert len(set(same)) == 1 and np.abs(changing[0] - changing[-1]).max() > 0.01


@pytest.mark.parametrize(("dimension", "steps"), [(88, 3), (-1, 3), (0, 1)])
def test_a_traversal_refuses(dual, dimension, steps):
    with pytest.raises(InputError, match="allowed are 0 to 87 and 2 steps or more"):
        traverse(dual, np.zeros(88), dimension, steps)


def test_without_a_split_nothing_is_unseen(dual):
    with pytest.raises(
        InputError, match="'crystals' have no test rows: load those of the published structures"
    ):
        unseen(load_patterns("crystals"))


@pytest.mark.data
def test_the_network_beats_its_controls_on_unseen_structures(dual):
    try:
        patterns = load_patterns("mp")
    except MissingTableError as missing:
        pytest.skip(str(missing))
    drawn = reconstruct_patterns(dual, patterns, rows=150, trained=3000)
    cosine = {name: agreement.cosine for name, agreement in drawn.agreement.items()}
    assert cosine.pop(NETWORK) > max(cosine.values()) + 0.02
    written = reconstruct_compositions(dual, patterns, rows=150, trained=3000).agreement
    returned = {name: agreement.returned for name, agreement in written.items()}
    assert returned.pop(NETWORK) > max(returned.values()) + 0.05
    active = active_units(dual, patterns, rows=150)
    assert active.composition.sum() > 12 and active.pattern.sum() > 32
    assert active.divergence["pattern"].shape == (64,)
