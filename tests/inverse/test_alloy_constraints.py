"""What an alloy may be made of: the nearest alloy within limits, checked against a general optimiser."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from matwidgets.errors import InputError
from matwidgets.inverse.alloy_constraints import Constraints

ELEMENTS = ("Fe", "Ni", "Cr", "Co", "Al")
X = np.array([0.4, 0.3, 0.2, 0.08, 0.02])


def test_without_limits_nothing_changes():
    free = Constraints.of(ELEMENTS)
    assert not free
    np.testing.assert_allclose(free.nearest(X, ELEMENTS), X)


def test_it_is_the_nearest_alloy_with_its_price():
    limits = Constraints.of(
        ELEMENTS, keep=["Al", "Cr"], forbid=["Co"], locks={"Fe": 0.5}, price={"Ni": 0.9, "Cr": 0.3}, least=0.1
    )
    assert limits
    found = limits.nearest(X, ELEMENTS)
    price = np.array([0, 0.9, 0.3, 0, 0])

    def cost(a):
        a = np.maximum(a, 1e-12)
        return float((a * np.log(a / X)).sum() + a @ price)

    bounds = [(0.5, 0.5), (0, 1), (0.1, 1), (0, 0), (0.1, 1)]
    best = minimize(
        cost, [0.5, 0.2, 0.2, 0, 0.1], bounds=bounds, constraints={"type": "eq", "fun": lambda a: a.sum() - 1}
    )
    assert best.success
    np.testing.assert_allclose(found, best.x, atol=1e-4)
    assert found.sum() == pytest.approx(1)


def test_only_differences_of_prices_count():
    plain = Constraints.of(ELEMENTS).nearest(X, ELEMENTS)
    dear = Constraints.of(ELEMENTS, price=dict.fromkeys(ELEMENTS, 1000.0)).nearest(X, ELEMENTS)
    np.testing.assert_allclose(dear, plain)


def test_a_price_of_ln_2_halves_an_amount_against_the_others():
    found = Constraints.of(ELEMENTS, price={"Ni": math.log(2)}).nearest(X, ELEMENTS)
    assert found[1] / found[0] == pytest.approx(0.5 * X[1] / X[0])
    assert found[2] / found[0] == pytest.approx(X[2] / X[0])


def test_within_the_limits():
    limits = Constraints.of(ELEMENTS, keep=["Al"], forbid=["Co"], locks={"Fe": 0.3})
    assert limits.met({"Fe": 0.3, "Al": 0.05, "Ni": 0.65})
    assert limits.met({"Fe": 0.304, "Al": 0.046, "Ni": 0.65})
    assert not limits.met({"Fe": 0.31, "Al": 0.05, "Ni": 0.64})
    assert not limits.met({"Fe": 0.3, "Al": 0.04, "Ni": 0.66})
    assert not limits.met({"Fe": 0.3, "Al": 0.05, "Co": 0.01, "Ni": 0.64})


def test_limits_that_leave_no_choice():
    both = Constraints.of(ELEMENTS, keep=["Cr"], forbid=["Fe", "Ni", "Al"], locks={"Co": 0.3})
    np.testing.assert_allclose(both.nearest(X, ELEMENTS), [0, 0, 0.7, 0.3, 0])


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"locks": {"Fe": 0.7, "Ni": 0.5}}, "locked elements take 120% of the atoms"),
        ({"locks": {"Fe": 0.9}, "keep": ["Ni", "Cr", "Co"]}, "kept ones at least 15%"),
        ({"forbid": ["Ni", "Cr", "Co", "Al"], "locks": {"Fe": 0.5}}, "no element is left for the 50%"),
    ],
)
def test_limits_that_contradict_each_other(limits, why):
    assert why in (Constraints.of(ELEMENTS, **limits).contradiction(ELEMENTS) or "")


def test_possible_limits_are_no_contradiction():
    assert Constraints.of(ELEMENTS, locks={"Fe": 1.0}).contradiction(ELEMENTS) is None
    assert Constraints.of(ELEMENTS, keep=ELEMENTS).contradiction(ELEMENTS) is None


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"keep": ["Xx"]}, "Xx"),
        ({"forbid": ["Y"]}, "forbid names Y; the decoder knows Fe, Ni, Cr, Co, Al"),
        ({"keep": ["Fe"], "forbid": ["Fe"]}, "Fe under both keep and forbid"),
        ({"locks": {"Ni": 0.1}, "forbid": ["Ni"]}, "Ni under both locks and forbid"),
        ({"locks": {"Ni": 1.1}}, "fractions from 0 to 1"),
        ({"price": {"Ni": -1}}, "finite prices of 0 or more"),
        ({"price": {"Ni": math.nan}}, "finite prices of 0 or more"),
        ({"least": 0}, "least is 0"),
    ],
)
def test_wishes_that_cannot_be_meant(limits, message):
    with pytest.raises(InputError, match=message):
        Constraints.of(ELEMENTS, **limits)
