"""Statistics of sets of materials, by hand and against numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import entropy

from matwidgets.errors import InputError
from matwidgets.features.prevalence import (
    elements_histogram,
    kl_divergence,
    presence_correlations,
    prevalence,
)

COUNTS = np.array([[1, 1, 0], [0, 2, 6], [0, 4, 0]])


def test_prevalence_by_atoms_and_by_fractions():
    np.testing.assert_allclose(prevalence(COUNTS), [1 / 14, 7 / 14, 6 / 14])
    np.testing.assert_allclose(prevalence(COUNTS, "fractions"), [0.5 / 3, 1.75 / 3, 0.75 / 3])


def test_prevalence_of_nothing():
    with pytest.raises(InputError, match="0 materials without an atom"):
        prevalence(np.zeros((0, 3)))
    with pytest.raises(InputError, match="by is 'mass'; allowed are counts and fractions"):
        prevalence(COUNTS, "mass")  # type: ignore[arg-type]


def test_kl_is_scipys():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    assert kl_divergence(p, q) == pytest.approx(entropy(p, q))
    assert kl_divergence(p, p) == pytest.approx(0)
    assert kl_divergence(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == pytest.approx(np.log(2))


def test_an_element_without_a_sample_costs_much_but_not_everything():
    value = kl_divergence(np.array([0.9, 0.1]), np.array([1.0, 0.0]), floor=1e-6)
    assert value == pytest.approx(0.9 * np.log(0.9) + 0.1 * np.log(0.1 / 1e-6), rel=1e-4)


def test_histogram_of_the_number_of_elements():
    np.testing.assert_allclose(elements_histogram(COUNTS, most=3), [0, 1 / 3, 2 / 3, 0])
    np.testing.assert_allclose(elements_histogram(COUNTS, most=1), [0, 1])  # more than most counts as most


def test_correlations_are_numpys():
    present = np.random.default_rng(1).random((50, 4)) < 0.5
    np.testing.assert_allclose(presence_correlations(present * 3), np.corrcoef(present.T.astype(float)))
    assert np.isnan(presence_correlations(COUNTS)[0, 1])  # the second element is everywhere
