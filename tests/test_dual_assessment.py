"""What reconstructions are worth, by hand; and the simpler means they are compared with."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.dual_assessment import (
    best_decoding,
    composition_agreement,
    nearest_by_cosine,
    nearest_by_exchange,
    pattern_agreement,
    principal_components,
    whole_numbers,
)
from matwidgets.features.composition_vectors import formulas_of, fraction_vectors
from matwidgets.features.xrd import GRID


def peaked(*places: float) -> np.ndarray:
    return sum(np.exp(-0.5 * ((GRID - p) / 0.15) ** 2) for p in places).astype(np.float32)


def test_patterns_by_hand():
    truth = np.stack([peaked(20, 40), peaked(30)])
    other = np.stack([peaked(20, 50, 60), peaked(30.1)])
    found = pattern_agreement(truth, other)
    assert found.recall == pytest.approx((0.5 + 1) / 2) and found.precision == pytest.approx((1 / 3 + 1) / 2)
    near = np.exp(-(0.1**2) / (4 * 0.15**2))  # the overlap of two Gaussians 0.1 degrees apart
    assert found.cosine == pytest.approx((1 / np.sqrt(6) + near) / 2, abs=1e-3) and found.rows == 2


def test_equal_patterns_agree():
    truth = np.stack([peaked(20, 40), peaked(30)])
    same = pattern_agreement(truth, truth)
    assert (same.cosine, same.recall, same.precision) == (pytest.approx(1.0), 1.0, 1.0)


def test_compositions_by_hand():
    truth = fraction_vectors(["NaCl", "TiO2"])
    decoded = truth.copy()
    decoded[0] = 0.98 * truth[0]
    decoded[0, 0] = 0.02  # a trace of hydrogen, below the threshold
    decoded[1] = fraction_vectors(["VO2"])[0]
    found = composition_agreement(truth, decoded, 0.03, 0.01)
    assert found.returned == 0.5 and found.elements == 0.5 and found.rows == 2
    assert found.error == pytest.approx((0.02 + 1 / 3) / 2, abs=1e-6)
    assert found.absolute == pytest.approx(2 * found.error / 100)
    assert composition_agreement(truth, decoded, 0.01, 0.01).returned == 0.0


def test_whole_numbers_are_those_of_the_formulas():
    truth = fraction_vectors(["Ca3(PO4)2", "YBa2Cu3O7", "Fe"])
    noisy = truth + np.random.default_rng(0).uniform(0, 0.004, truth.shape)
    noisy /= noisy.sum(1, keepdims=True)
    written = formulas_of(noisy, threshold=0.02, tolerance=0.02)
    counts = whole_numbers(noisy, 0.02, 0.02)
    assert formulas_of(counts / counts.sum(1, keepdims=True), threshold=0.0, tolerance=1e-3) == written


def test_the_best_decoding_is_the_best():
    truth = fraction_vectors(["NaCl", "TiO2", "CaTiO3", "Mg2SiO4"])
    decoded = 0.96 * truth + 0.04 * np.eye(100)[9]  # neon, where no element was
    best = best_decoding(truth, decoded)
    assert best["threshold"] == 0.05 and best["returned"] == 1.0
    assert composition_agreement(truth, decoded, 0.03, best["tolerance"]).returned < 1.0


def test_principal_components_give_back_what_they_span():
    generator = np.random.default_rng(0)
    train = generator.random((40, 3)) @ np.abs(generator.standard_normal((3, 20)))
    np.testing.assert_allclose(principal_components(train, train[:5], 3), train[:5], atol=1e-6)
    assert np.abs(principal_components(train, train[:5], 1) - train[:5]).max() > 0.01
    assert (
        principal_components(generator.random((40, 20)), generator.random((5, 20)), 2, root=True) >= 0
    ).all()


def test_the_nearest_pattern_is_found_through_pieces():
    random = np.random.default_rng(0)
    known, asked = random.random((23, 40)), random.random((7, 40))
    unit = known / np.linalg.norm(known, axis=1)[:, None]
    for pieces in (1, 4, 23):
        found = nearest_by_cosine(np.array_split(known, pieces), 3 * asked)
        np.testing.assert_array_equal(found, (asked @ unit.T).argmax(1))


def test_the_composition_with_the_fewest_atoms_to_exchange():
    generator = np.random.default_rng(0)
    train = generator.random((30, 12))
    rows = train[[4, 17, 4]] + 0.001 * generator.random((3, 12))
    assert nearest_by_exchange(train, rows, at_once=2).tolist() == [4, 17, 4]
