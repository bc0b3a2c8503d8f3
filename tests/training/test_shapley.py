"""Exact Shapley values: against a linear case by hand, the axioms, and the kernel explainer of `shap`."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.training.shapley import shapley_values

GENERATOR = np.random.default_rng(0)
BACKGROUND = GENERATOR.normal(size=(40, 8))
ROWS = GENERATOR.normal(size=(3, 8))


def curved(f):
    """Products, a maximum and a feature (7) that plays no part; 2 and 3 play the same one."""
    return f[:, 0] * f[:, 1] + np.sin(f[:, 2] + f[:, 3]) + np.maximum(f[:, 4], f[:, 5]) * f[:, 6]


def test_a_linear_function_by_hand():
    # f = 3 a - 2 b + 7 with background means a = 2, b = 10: of (4, 11) a adds 3 (4 - 2) = 6 and b -2 (11 - 10) = -2.
    found = shapley_values(lambda f: 3 * f[:, 0] - 2 * f[:, 1] + 7, [[4.0, 11.0]], [[1.0, 9.0], [3.0, 11.0]])
    np.testing.assert_allclose(found.values, [[6, -2]])
    assert found.base == pytest.approx(-7)
    np.testing.assert_allclose(found.answers, [-3])


def test_a_product_by_hand():
    # f = a b against (0, 0): only both together are worth 6, so each has half.
    found = shapley_values(lambda f: f[:, 0] * f[:, 1], [[2.0, 3.0]], [[0.0, 0.0]])
    np.testing.assert_allclose(found.values, [[3, 3]])


def test_a_game_of_three_by_hand():
    # Worth 1 as soon as a takes part with b or with c: of the six orders a decides in four, b and c in one each.
    def glove(f):
        return f[:, 0] * np.maximum(f[:, 1], f[:, 2])

    found = shapley_values(glove, [[1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0]])
    np.testing.assert_allclose(found.values, [[4 / 6, 1 / 6, 1 / 6]])


def test_efficiency_symmetry_and_the_null_player():
    rows = ROWS.copy()
    rows[:, 3] = rows[:, 2]
    background = BACKGROUND.copy()
    background[:, 3] = background[:, 2]
    found = shapley_values(curved, rows, background)
    np.testing.assert_allclose(found.values.sum(1), found.answers - found.base, atol=1e-12)
    np.testing.assert_allclose(found.base, curved(background).mean())
    np.testing.assert_allclose(found.answers, curved(rows))
    np.testing.assert_allclose(found.values[:, 2], found.values[:, 3], atol=1e-12)
    np.testing.assert_allclose(found.values[:, 7], 0, atol=1e-12)
    assert np.abs(found.values[:, :7]).min() > 1e-4


def test_in_pieces_it_is_the_same(monkeypatch):
    whole = shapley_values(curved, ROWS, BACKGROUND)
    monkeypatch.setattr("matwidgets.training.shapley.AT_ONCE", 100)
    np.testing.assert_allclose(shapley_values(curved, ROWS, BACKGROUND).values, whole.values, atol=1e-12)


def test_the_kernel_explainer_agrees():
    shap = pytest.importorskip("shap", reason="shap is not installed: pip install 'matwidgets[shap]'")
    explainer = shap.KernelExplainer(curved, BACKGROUND)
    # With 256 coalitions of eight features the kernel explainer enumerates them all and is exact too.
    theirs = explainer.shap_values(ROWS, nsamples=2**8, l1_reg=False, silent=True)
    np.testing.assert_allclose(shapley_values(curved, ROWS, BACKGROUND).values, theirs, atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "background", "message"),
    [
        (np.ones((1, 3)), np.ones((2, 4)), r"Rows of shape \(1, 3\) and a background of \(2, 4\)"),
        (np.ones((1, 3)), np.ones((0, 3)), "give both with the same columns and a row"),
        (np.ones((1, 13)), np.ones((1, 13)), "13 features have 8192 coalitions: at most 12"),
    ],
)
def test_silly_tables(rows, background, message):
    with pytest.raises(InputError, match=message):
        shapley_values(lambda f: f[:, 0], rows, background)
