"""The paired test by hand and against scipy's where nothing overlaps; Holm's rule on the example of textbooks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from matwidgets.errors import InputError
from matwidgets.papers.wgan_comparison import difference, holm, judged

A = [1.0, 1.2, 0.9, 1.1, 1.3, 0.8, 1.0, 1.1, 0.95, 1.05]
B = [1.1, 1.25, 1.1, 1.1, 1.5, 0.9, 1.15, 1.0, 1.05, 1.2]


def test_without_overlap_it_is_the_paired_t_test():
    found = difference(A, B, test_to_train=0.0)
    theirs = stats.ttest_rel(B, A)
    assert found.p == pytest.approx(theirs.pvalue)
    interval = theirs.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.gain == pytest.approx(np.mean(B) - np.mean(A)) and found.gain > 0  # less error is better
    assert (found.better, found.folds) == (8, 10)


def test_corrected_for_overlap_by_hand():
    """Differences 1, 2, 3: mean 2, variance 1; (1/3 + 1/2) of it has the root .9129."""
    found = difference([1.0, 1.0, 1.0], [2.0, 3.0, 4.0], test_to_train=0.5)
    assert found.gain == 2 and found.error == pytest.approx(np.sqrt(5 / 6))
    assert found.p == pytest.approx(2 * stats.t.sf(2 / np.sqrt(5 / 6), 2))
    assert difference(A, B).p > difference(A, B, test_to_train=0.0).p


def test_more_r2_is_better():
    assert difference([0.9, 0.8, 0.7], [0.8, 0.6, 0.4], "r2").gain == pytest.approx(0.2)
    assert difference([0.9, 0.8, 0.7], [0.8, 0.6, 0.4], "rmse").gain == pytest.approx(-0.2)


def test_equal_folds_and_constant_gains():
    assert difference([1.0] * 4, [1.0] * 4).p == 1
    found = difference([1.0] * 4, [2.0] * 4)
    assert (found.gain, found.p) == (1, 0)


def test_a_true_null_is_rejected_as_often_as_stated():
    """Differences with the correlation that the correction is for: a twentieth of such tests, not a fifth."""
    random = np.random.default_rng(0)
    ratio = 1 / 8
    share = ratio / (1 + ratio)  # correlation of two folds' differences that the correction supposes
    tests = 2000
    common = random.normal(size=(tests, 1)) * np.sqrt(share)
    gains = common + random.normal(size=(tests, 10)) * np.sqrt(1 - share)
    zero = np.zeros(10)
    found = np.mean([difference(zero, row).p <= 0.05 for row in gains])
    naive = np.mean([difference(zero, row, test_to_train=0.0).p <= 0.05 for row in gains])
    assert found == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / tests))
    assert naive > 0.1


def test_holm_by_hand():
    """Four p values: .01 x 4, .02 x 3, .03 x 2 (not below the one before), .5 x 1."""
    np.testing.assert_allclose(holm([0.02, 0.5, 0.01, 0.03]), [0.06, 0.5, 0.04, 0.06])
    np.testing.assert_allclose(holm([0.4, 0.4]), [0.8, 0.8])
    assert holm([0.9, 0.8])[1] == 1


def test_words():
    assert judged(1.0, 0.01) == "better" and judged(-1.0, 0.01) == "worse"
    assert judged(1.0, 0.06) == judged(-1.0, 0.06) == "no difference shown"


def test_what_cannot_be_compared():
    with pytest.raises(InputError, match="Unknown measure 'auc'; allowed are mae, rmse, r2"):
        difference(A, B, "auc")
    with pytest.raises(InputError, match="10 and 9 folds"):
        difference(A, B[:9])
    with pytest.raises(InputError, match="2 and 2 folds"):
        difference(A[:2], B[:2])
    for wrong in ([], [0.1, 1.2], [float("nan")]):
        with pytest.raises(InputError, match="from 0 to 1"):
            holm(wrong)
