import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.simplex import simplex_grid, simplex_size


@pytest.mark.parametrize(
    ("parts", "step", "size"), [(1, 0.5, 1), (2, 0.01, 101), (3, 0.01, 5151), (4, 0.02, 23426)]
)
def test_known_sizes(parts, step, size):
    assert simplex_grid(parts, step).shape == (size, parts)
    assert simplex_size(parts, round(1 / step)) == size


@given(st.integers(1, 4), st.integers(1, 12))
def test_grid_is_the_whole_simplex_once(parts, steps):
    grid = simplex_grid(parts, 1 / steps)
    counts = np.rint(grid * steps).astype(int)
    assert grid * steps == pytest.approx(counts, abs=1e-9)
    assert (counts.sum(axis=1) == steps).all()
    assert (counts >= 0).all()
    assert len(np.unique(counts, axis=0)) == len(grid) == simplex_size(parts, steps)


def test_order_of_the_grid():
    assert simplex_grid(2, 0.5).tolist() == [[1, 0], [0.5, 0.5], [0, 1]]


def test_a_step_of_three_hundredths_is_counted_though_it_is_no_grid():
    assert (
        simplex_size(4, 33) == 7140
    )  # quaternaries at the paper's 0.03, to the nearest whole number of steps


@pytest.mark.parametrize(
    ("parts", "step", "message"),
    [
        (3, 0.03, "Step 0.03 does not divide 1: give a step such as 0.01, 0.02 or 0.05."),
        (3, 0, "Step 0 does not divide 1: give a step such as 0.01, 0.02 or 0.05."),
        (3, -0.1, "Step -0.1 does not divide 1: give a step such as 0.01, 0.02 or 0.05."),
        (3, 2, "Step 2 does not divide 1: give a step such as 0.01, 0.02 or 0.05."),
        (0, 0.5, "A simplex of 0 parts in 2 steps: give at least one of each."),
    ],
)
def test_refuses(parts, step, message):
    with pytest.raises(InputError) as caught:
        simplex_grid(parts, step)
    assert str(caught.value) == message


def test_size_refuses_no_steps():
    with pytest.raises(InputError, match="A simplex of 3 parts in 0 steps"):
        simplex_size(3, 0)
