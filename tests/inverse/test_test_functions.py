"""Five functions whose minima are known: value and place, and that nothing lies lower."""

import numpy as np
import pytest

from matwidgets.inverse.test_functions import FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_minima_are_where_they_are_said_to_be(function):
    at = function(np.array(function.places))
    # places are printed with four digits or more; the steepest curvature here is Rosenbrock's 1,002
    assert at == pytest.approx(np.full(len(function.places), function.minimum), abs=1e-5)
    low, high = np.array(function.low), np.array(function.high)
    assert ((low <= function.places) & (function.places <= high)).all()


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.name)
def test_nothing_lies_below_the_minimum(function):
    from scipy.optimize import minimize

    rng = np.random.default_rng(0)
    starts = rng.uniform(function.low, function.high, (20_000, 2))
    values = function(starts)
    assert values.shape == (20_000,)
    bounds = list(zip(function.low, function.high, strict=True))
    found = [minimize(function, x, bounds=bounds).fun for x in starts[np.argsort(values)[:8]]]
    assert min(found) == pytest.approx(function.minimum, abs=1e-5)
    assert min(values.min(), *found) >= function.minimum - 1e-9
    assert function.regret(function.minimum + 2.5) == pytest.approx(2.5)


def test_values_printed_elsewhere():
    """Branin (0, 0): 36 + 10 (1 - 1 / 8 pi) + 10; the others are sums of whole numbers."""
    at = {f.name: f for f in FUNCTIONS}
    assert at["Branin"](np.zeros(2)) == pytest.approx(56 - 10 / (8 * np.pi))
    assert at["six-hump camel"](np.array([1.0, 1.0])) == pytest.approx(4 - 2.1 + 1 / 3 + 1 + 0)
    assert at["Ackley"](np.array([1.0, 0.0])) == pytest.approx(20 - 20 * np.exp(-0.2 * np.sqrt(0.5)))
    assert at["Rosenbrock"](np.array([-1.0, 2.0])) == pytest.approx(104)
    assert at["Himmelblau"](np.array([0.0, 0.0])) == pytest.approx(170)
