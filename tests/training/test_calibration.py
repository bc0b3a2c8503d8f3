"""Calibration: errors drawn from known distributions have known curves, areas, coverages and factors."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.training import calibration
from matwidgets.training.calibration import Calibration, Floats, fit, intervals, residuals

N = 20_000


def laplace(std: Floats, seed: int = 0) -> Floats:
    """Absolute errors of Laplace distributions with these standard deviations."""
    return np.abs(np.random.default_rng(seed).laplace(0, std / np.sqrt(2)))


@pytest.fixture
def std() -> Floats:
    return np.random.default_rng(1).lognormal(0, 1, N)


def test_laplace_errors_of_the_stated_deviation_are_calibrated(std: Floats) -> None:
    found = Calibration.of(laplace(std), std)
    assert found.n == N and found.miscalibration_area < 0.01
    assert found.coverage90 == pytest.approx(0.9, abs=0.01)
    assert np.allclose(found.curve[:, 0], np.arange(11) / 10)
    assert np.allclose(found.curve[:, 1], found.curve[:, 0], atol=0.02)


@pytest.mark.parametrize(("times", "side"), [(0.5, -1), (2.0, 1)])
def test_deviations_that_are_wrong_by_a_factor(std: Floats, times: float, side: int) -> None:
    found = Calibration.of(laplace(std), times * std)
    # An interval that should hold p is times as wide: it holds 1 - (1 - p)^times.
    p = np.arange(11) / 10
    assert np.allclose(found.curve[:, 1], 1 - (1 - p) ** times, atol=0.02)
    assert found.miscalibration_area == pytest.approx(abs(times / (1 + times) - 0.5), abs=0.01)
    assert np.sign(found.coverage90 - 0.9) == side


def test_area_by_hand() -> None:
    # All errors in the middle: F is 0 up to 1/2 and 1 from there, two triangles of 1/8.
    assert calibration.area(np.array([0.5])) == pytest.approx(0.25)
    assert calibration.area(np.array([0.0, 0.0])) == pytest.approx(0.5)
    assert calibration.area(np.array([1.0, 1.0])) == pytest.approx(0.5)
    # F is 1/2 between 1/4 and 3/4: triangles of 1/4 times 1/4 / 2, four of them.
    assert calibration.area(np.array([0.75, 0.25])) == pytest.approx(4 * 0.25 * 0.25 / 2)


def test_interval_by_hand() -> None:
    # P(|e| <= t) = 1 - exp(-sqrt(2) t / std)
    assert intervals(np.array([0.0, np.log(2) / np.sqrt(2), np.inf]), np.ones(3)) == pytest.approx(
        [0, 0.5, 1]
    )


def test_one_factor_is_found(std: Floats) -> None:
    aleatoric, epistemic = std * 0.8 / 1.7, std * 0.6 / 1.7
    a, e = fit(laplace(std), aleatoric, epistemic)
    assert a == pytest.approx(1.7, rel=0.03) and e == pytest.approx(1.7, rel=0.2)
    assert Calibration.of(laplace(std, 5), np.hypot(a * aleatoric, e * epistemic)).miscalibration_area < 0.01


def test_two_factors_are_found_where_they_differ(std: Floats) -> None:
    epistemic = np.random.default_rng(2).lognormal(0, 1, N)
    a, e = fit(laplace(np.hypot(3 * std, 0.5 * epistemic)), std, epistemic)
    assert a == pytest.approx(3, rel=0.05) and e == pytest.approx(0.5, rel=0.25)


def test_two_factors_are_not_taken_for_nothing() -> None:
    """Epistemic deviations that are all alike say nothing on few rows: one factor for both."""
    std = np.ones(200)
    a, e = fit(laplace(std * np.random.default_rng(3).choice([0.5, 2], 200)), std, 0.01 * std)
    assert a == e


def test_one_member_has_no_epistemic_part(std: Floats) -> None:
    a, e = fit(laplace(2 * std), std, np.zeros(N))
    assert a == e == pytest.approx(2, rel=0.03)


def test_logarithmic_residuals() -> None:
    value, std, target = np.array([10.0, 10.0]), np.array([1.0, 2.0]), np.array([10 * np.e, -1.0])
    errors, relative = residuals(value, std, target, logarithmic=True)
    assert errors[0] == pytest.approx(1) and errors[1] == np.inf
    assert relative == pytest.approx([0.1, 0.2])
    assert residuals(value, std, target)[0] == pytest.approx([10 * np.e - 10, 11])
    assert np.isfinite(fit(errors, relative, relative)).all()


def test_json() -> None:
    found = Calibration.of(np.array([0.1, 3.0]), np.ones(2)).to_dict()
    assert set(found) == {"n", "curve", "miscalibration_area", "coverage90"} and len(found["curve"]) == 11
    assert found["curve"][0] == [0, 0] and found["curve"][-1] == [1, 1] and found["coverage90"] == 0.5


def test_the_ninety_percent_interval_holds_even_where_half_of_the_errors_are_nothing(std: Floats) -> None:
    """Metals among band gaps: the smallest area would narrow all intervals until the others' errors fall outside."""
    errors = laplace(std)
    errors[::2] = 0.001 * std[::2]
    nothing = np.zeros_like(std)
    a, e = fit(errors, 3 * std, nothing)
    assert a == e
    found, narrower = (Calibration.of(errors, factor * 3 * std) for factor in (a, 0.5 * a))
    assert found.coverage90 == pytest.approx(0.9, abs=0.01)
    assert narrower.miscalibration_area < found.miscalibration_area  # what was given up for it
    # In closed form: one half is always held, of the other 80 % must be, so its scale is ln 5 / ln 10 of the true one.
    assert 3 * a == pytest.approx(np.log(5) / np.log(10), rel=0.03)
