"""Fronts and hypervolumes against definitions written out the slow way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from matwidgets.inverse.objectives import Batch
from matwidgets.inverse.pareto import Front, hypervolume, hypervolume_slopes, layers, non_dominated, spread

Array = NDArray[np.float64]
# Few different values, so that equal and dominated rows are common.
CROWDS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=25).map(
    lambda rows: np.array(rows, dtype=float)
)
BELOW = np.array([-1.0, -1.0])


def dominates(a: Array, b: Array) -> bool:
    return bool((a >= b).all() and (a > b).any())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CROWDS)
def test_non_dominated_by_its_definition(crowd: Array) -> None:
    kept = non_dominated(crowd)
    for i, row in enumerate(crowd):
        beaten = any(dominates(other, row) for other in crowd)
        copy = any((other == row).all() for other in crowd[:i])
        assert kept[i] == (not beaten and not copy)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CROWDS)
def test_hypervolume_by_counting_cells(crowd: Array) -> None:
    cells = [(x, y) for x in range(-1, 6) for y in range(-1, 6)]  # lower corners of unit cells
    covered = sum(any(row[0] >= x + 1 and row[1] >= y + 1 for row in crowd) for x, y in cells)
    assert hypervolume(crowd, BELOW) == pytest.approx(covered)


def test_what_is_not_above_the_reference_does_not_count() -> None:
    crowd = np.array([[3.0, 0.0], [1.0, 1.0], [0.0, 5.0]])
    assert hypervolume(crowd, np.array([0.0, 0.0])) == pytest.approx(1)
    assert hypervolume(crowd[:1], np.array([0.0, 0.0])) == 0


@settings(max_examples=50, deadline=None, derandomize=True)
@given(CROWDS)
def test_layers_peel_the_crowd(crowd: Array) -> None:
    peeled = layers(crowd)
    assert sorted(np.concatenate(peeled).tolist()) == list(range(len(crowd)))
    for above, below in pairwise(peeled):
        for row in crowd[below]:
            assert any(dominates(other, row) or (other == row).all() for other in crowd[above])


def test_slopes_are_the_derivatives_of_each_layers_hypervolume() -> None:
    rng = np.random.default_rng(3)
    crowd = rng.normal(size=(30, 2))
    reference, small = crowd.min(0) - 0.5, 1e-6
    slopes = hypervolume_slopes(crowd, reference)
    for layer in layers(crowd):
        for i in layer:
            numeric = []
            for j in (0, 1):
                up, down = crowd.copy(), crowd.copy()
                up[i, j] += small
                down[i, j] -= small
                numeric.append(
                    (hypervolume(up[layer], reference) - hypervolume(down[layer], reference)) / (2 * small)
                )
            assert slopes[i] == pytest.approx(numeric / np.linalg.norm(numeric), abs=1e-5)


def test_spread_takes_the_ends_and_leaves_no_gap() -> None:
    first = np.sort(np.random.default_rng(0).uniform(size=500))
    front = np.column_stack([first, 1 - first])
    chosen = front[spread(front, 11)]
    assert len(chosen) == 11 and chosen[0, 0] == first[0] and chosen[-1, 0] == first[-1]
    assert np.diff(chosen[:, 0]).max() < 0.2  # even spacing would be 0.1
    assert spread(front[:5], 11).tolist() == [0, 1, 2, 3, 4]


def made(utility: Array) -> Batch:
    return Batch(np.zeros((len(utility), 3)), utility, utility * 0, utility * 0, utility)


def test_a_front_keeps_the_best_and_where_they_came_from() -> None:
    front = Front()
    assert front.hypervolume == 0 and len(front) == 0
    front.add(made(np.array([[0.0, 0.0], [1.0, 2.0]])), np.array([[0, 0], [1, 0]]))
    assert front.reference is not None and front.reference.tolist() == [0, 0]
    assert front.hypervolume == pytest.approx(2)
    front.add(made(np.array([[2.0, 1.0], [1.0, 1.0], [-5.0, -5.0]])), np.array([[0, 1], [1, 1], [2, 1]]))
    assert front.points is not None
    assert front.points.utility.tolist() == [[1, 2], [2, 1]] and front.origin.tolist() == [[1, 0], [0, 1]]
    assert front.hypervolume == pytest.approx(3) and front.reference.tolist() == [0, 0]
    best, extent = front.span
    assert best.tolist() == [2, 2] and extent.tolist() == [1, 1]
