"""Area under the curve, reliability and temperature, against scikit-learn and by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.training.classification import auc, reliability, temperature


def rows(n: int = 500, sharpness: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from sigmoid(t), and logits `sharpness` times t."""
    generator = np.random.default_rng(3)
    t = generator.normal(0, 1.5, n)
    return (generator.random(n) < 1 / (1 + np.exp(-t))).astype(int), sharpness * t


def test_auc_is_scikit_learns_ties_included() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    y, logits = rows()
    assert auc(y, logits) == pytest.approx(metrics.roc_auc_score(y, logits), abs=1e-12)
    assert auc(y, np.round(logits)) == pytest.approx(metrics.roc_auc_score(y, np.round(logits)), abs=1e-12)


def test_auc_by_hand() -> None:
    assert auc([0, 0, 1, 1], [1, 3, 2, 4]) == 0.75  # 3 of 4 pairs in order
    assert auc([0, 1], [5, 5]) == 0.5
    assert auc([1, 1], [1, 2]) is None


def test_reliability_by_hand() -> None:
    found = reliability([0, 1, 1, 1], [0.1, 0.3, 0.7, 1.0], bins=2)
    np.testing.assert_allclose(found.stated, [0.2, 0.85])
    np.testing.assert_allclose(found.observed, [0.5, 1.0])
    assert found.counts.tolist() == [2, 2] and found.n == 4
    assert found.ece == pytest.approx((2 * 0.3 + 2 * 0.15) / 4)


def test_an_empty_bin_is_null_and_counts_nothing() -> None:
    found = reliability([1, 1], [0.95, 1.0], bins=10)
    text = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert text["stated"] == [None] * 9 + [0.975] and text["counts"] == [0] * 9 + [2]
    assert found.ece == pytest.approx(0.025)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_the_temperature_undoes_sharpness_and_calibrates(sharpness: float) -> None:
    y, logits = rows(20_000, sharpness)
    t = temperature(y, logits)
    assert t == pytest.approx(sharpness, rel=0.05)  # 20,000 labels fix a slope to about 2 %
    before, after = (reliability(y, 1 / (1 + np.exp(-logits / scale))).ece for scale in (1.0, t))
    assert after < 0.015
    assert after < before or sharpness == 1.0
    assert auc(y, logits / t) == auc(y, logits)


def test_the_temperature_is_the_likeliest() -> None:
    y, logits = rows(300, 2.0)

    def loss(t: float) -> float:
        right = np.where(y == 1, logits, -logits) / t
        return float(np.mean(np.log1p(np.exp(-right))))

    best = temperature(y, logits)
    assert all(loss(best) <= loss(t) + 1e-9 for t in np.geomspace(0.1, 15, 200))


def test_rows_told_apart_without_error_have_a_bounded_temperature() -> None:
    assert 0.05 <= temperature([0, 1], [-3.0, 3.0]) < 0.06


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: auc([0, 1], [1.0]), r"Labels of shape \(2,\) and values of shape \(1,\); give as many"),
        (lambda: temperature([], []), r"at least one row"),
        (lambda: auc([0, -1], [1.0, 2.0]), "A label that is neither 0 nor 1; give only rows whose label"),
        (
            lambda: reliability([0, 1], [0.2, 1.2]),
            "A probability outside 0 to 1; give probabilities, not logits",
        ),
    ],
)
def test_bad_input(call, message) -> None:
    with pytest.raises(InputError, match=message):
        call()
