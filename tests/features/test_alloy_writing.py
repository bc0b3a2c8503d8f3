"""Alloys as whole percentages."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.alloy_writing import percentages, written
from matwidgets.features.alloys import ELEMENTS, fractions


def test_the_paper_s_alloy_in_percent():
    # Fractions of Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1 times 100: 22.95, 14.75, 22.95, 8.20, 14.75, 16.39
    # Rounded to a sum of 100: the largest remainders 0.95, 0.95, 0.75 and 0.75 are taken up.
    row = percentages(fractions(["Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"]))[0]
    assert written(row) == "Fe15Ni16Cr23Co15Al23Cu8"


def test_rows_sum_to_a_hundred_and_traces_vanish():
    x = np.random.default_rng(0).dirichlet(np.full(30, 0.3), 200)
    whole = percentages(x)
    assert (whole.sum(1) == 100).all() and (whole >= 0).all()
    assert not whole[x < 0.005].any()
    # Each amount is within one of its share of what is left.
    kept = np.where(x >= 0.005, x, 0)
    assert np.abs(whole - 100 * kept / kept.sum(1, keepdims=True)).max() < 1
    coarse = percentages(x, 0.1)
    assert ((coarse > 0).sum(1) < (whole > 0).sum(1)).all()
    assert not coarse[(x < 0.1) & (x < x.max(1, keepdims=True))].any()


def test_one_element_always_stays():
    assert written(percentages(np.full((1, 30), 1 / 30), 0.5)[0]) == written(np.array([4] * 10 + [3] * 20))
    assert written([100, 0], ("Y", "La")) == "Y100"
    assert len(ELEMENTS) == 30


def test_silly_limits():
    with pytest.raises(InputError, match="smallest is 1; allowed is a fraction from 0 to below 1"):
        percentages(np.eye(30), 1)
