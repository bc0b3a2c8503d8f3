"""Likeness of elements: cosines by hand, groups that hold together or do not, company counted."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.element_similarity import (
    GROUPS,
    cooccurrence,
    cosines,
    group_precision,
    principal,
    similar,
)
from matwidgets.features.occupancy import ELEMENTS, INDEX, encode


def test_groups_are_elements_of_the_85_each_in_one():
    every = [symbol for symbols in GROUPS.values() for symbol in symbols]
    assert len(every) == len(set(every)) == 83
    assert set(ELEMENTS) - set(every) == {"H", "Xe"}


def test_cosine_of_one_element_with_the_others():
    vectors = np.zeros((85, 2))
    vectors[INDEX["Fe"]] = [2, 0]
    vectors[INDEX["Co"]] = [3, 0]
    vectors[INDEX["Ni"]] = [1, 1]
    vectors[INDEX["O"]] = [-1, 0]
    found = similar(vectors, "Fe")
    assert "Fe" not in found and len(found) == 84
    assert list(found)[:2] == ["Co", "Ni"] and list(found)[-1] == "O"
    assert found["Co"] == pytest.approx(1) and found["Ni"] == pytest.approx(np.sqrt(0.5))
    assert found["O"] == pytest.approx(-1) and found["H"] == 0  # a vector of zeros has no direction


def test_principal_component_with_its_share():
    vectors = np.zeros((85, 3))
    vectors[:, 1] = np.arange(85.0)
    along, share = principal(vectors)
    assert share == pytest.approx(1) and along["H"] == pytest.approx(-42) and along["Pu"] == pytest.approx(42)
    assert principal(np.ones((85, 2)))[1] == 0.0


def test_precision_is_one_for_groups_that_hold_together_and_small_by_chance():
    own = np.zeros((85, len(GROUPS) + 1))
    for k, symbols in enumerate(GROUPS.values()):
        own[[INDEX[symbol] for symbol in symbols], k] = 1.0
    assert set(group_precision(cosines(own)).values()) == {1.0}
    noise = np.random.default_rng(0).normal(size=(85, 200))
    found = group_precision(cosines(noise))
    assert float(np.mean(list(found.values()))) < 0.2
    # Two groups of two, of which one element of each has been exchanged.
    pairs = {"a": ("Li", "Na"), "b": ("F", "Cl")}
    likeness = np.zeros((85, 85))
    for one, other in (("Li", "F"), ("Na", "Cl")):
        likeness[INDEX[one], INDEX[other]] = likeness[INDEX[other], INDEX[one]] = 1.0
    assert group_precision(likeness, pairs) == {"a": 0.0, "b": 0.0}
    likeness[INDEX["Li"], INDEX["Na"]] = 2.0
    assert group_precision(likeness, pairs) == {"a": 0.5, "b": 0.0}


def test_company_by_hand():
    found = cooccurrence(encode(["NaCl", "NaCl", "KBr", "NaBr"]).counts)
    # Of four pairs Na stands in three, Cl in two, K in one, Br in two; counted from both sides there are eight.
    assert found[INDEX["Na"], INDEX["Cl"]] == pytest.approx(np.log(2 * 8 / (3 * 2)))
    assert found[INDEX["K"], INDEX["Br"]] == pytest.approx(np.log(1 * 8 / (1 * 2)))
    assert found[INDEX["Na"], INDEX["Br"]] == pytest.approx(np.log(1 * 8 / (3 * 2)))
    assert found[INDEX["K"], INDEX["Cl"]] == 0 and not np.diag(found).any()
    np.testing.assert_allclose(found, found.T)
    assert not cooccurrence(encode(["Na2O"]).counts * 0).any()


def test_company_of_cells_tells_one_atom_from_two():
    found = cooccurrence(encode(["Na2O", "Na2O2", "CaO"]).counts, cells=True)
    assert found.shape == (85, 8 * 8 * 85)
    cells = found.reshape(85, 8, 85, 8)
    together = cells[INDEX["Na"], 1, INDEX["O"]]  # two sodiums, with one oxygen and with two
    assert together[1] == pytest.approx(np.log(1 * 6 / (2 * 1))) and together[0] == pytest.approx(
        np.log(1 * 6 / (2 * 2))
    )
    assert not cells[INDEX["Na"], 0].any() and not cells[INDEX["Ca"], 0, INDEX["O"], 1].any()


def test_what_is_refused():
    with pytest.raises(InputError, match=r"shape \(84, 3\): give finite numbers of shape \(85, d\)"):
        cosines(np.zeros((84, 3)))
    with pytest.raises(InputError, match="is outside the 85 elements of wgan: give one such as Fe"):
        similar(np.ones((85, 2)), "Kr")
    with pytest.raises(InputError, match="Unknown element 'Xx'"):
        similar(np.ones((85, 2)), "Xx")
    with pytest.raises(InputError, match="Principal component 0: give 1 to 2"):
        principal(np.ones((85, 2)), 0)
