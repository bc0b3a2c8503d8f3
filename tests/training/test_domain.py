"""The domain: distances that a person can check on paper."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.training.domain import Domain

NUMBERS = np.array([[22, 6, 0], [13, 8, 0], [22, 7, 0]])
FRACTIONS = np.array([[0.5, 0.5, 0], [0.4, 0.6, 0], [0.5, 0.5, 0]], dtype=np.float32)
DOMAIN = Domain.of(NUMBERS, FRACTIONS, threshold=0.3)


@pytest.mark.parametrize(
    ("numbers", "fractions", "distance"),
    [
        ([22, 6], [0.5, 0.5], 0.0),
        ([6, 22], [0.5, 0.5], 0.0),
        ([22, 6], [0.75, 0.25], 0.25),
        ([22, 6, 7], [0.5, 0.3, 0.2], 0.2),
        ([29, 30], [0.5, 0.5], 1.0),
    ],
)
def test_distance_is_the_share_of_atoms_to_exchange(
    numbers: list[int], fractions: list[float], distance: float
) -> None:
    assert DOMAIN.distance(np.array([numbers]), np.array([fractions]))[0] == pytest.approx(distance, abs=4e-3)


def test_in_domain_needs_known_elements_and_a_near_row() -> None:
    numbers = np.array([[22, 6], [22, 6], [22, 29], [22, 29]])
    fractions = np.array([[0.5, 0.5], [0.95, 0.05], [0.9, 0.1], [1.0, 0.0]])
    assert DOMAIN.contains(numbers, fractions).tolist() == [True, False, False, False]
    near = Domain.of(NUMBERS, FRACTIONS, threshold=0.6)
    assert near.contains(numbers, fractions).tolist() == [True, True, False, True], (
        "an absent copper does not matter"
    )


def test_training_rows_are_recognised() -> None:
    asked = np.array([[22, 6], [8, 13], [22, 6]])
    assert DOMAIN.is_training_row(asked, np.array([[0.5, 0.5], [0.6, 0.4], [0.52, 0.48]])).tolist() == [
        True,
        True,
        False,
    ]


def test_duplicates_are_stored_once() -> None:
    assert len(Domain.of(np.repeat(NUMBERS, 3, 0), np.repeat(FRACTIONS, 3, 0)).numbers) == 3
