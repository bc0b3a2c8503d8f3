"""The brute-force grid: how many points, which are feasible, which is best."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.features.composition import simplex_grid
from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.grid import grid_step, search_grid

ELEMENTS = ("A", "B", "C")


class TowardsC:
    """Pure C is best, and alone it is not feasible."""

    name, unit, scale = "corner", "GPa", 50.0

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return 100 + 300 * x[:, 2], torch.full((len(x),), 5.0)


def test_counts_best_and_range() -> None:
    grid = search_grid(TowardsC(), Feasible.build(ELEMENTS, min_fraction=0.05), simplex_grid(3, 0.01), 0.01)
    assert len(grid.fractions) == len(grid.value) == len(grid.std) == 5151
    assert grid.best(1.0).fractions[2] == pytest.approx(0.95)
    assert grid.best(1.0, anywhere=True).fractions[2] == 1
    assert grid.best(-1.0).fractions[2] == 0
    assert grid.range == pytest.approx((100, 385))


def test_steps() -> None:
    assert [grid_step(k) for k in (2, 3, 4, 5)] == [0.01, 0.01, 0.02, None]


def test_a_grid_that_misses_the_set() -> None:
    narrow = Feasible.build(ELEMENTS, {"A": (0.333, 0.334)}, min_fraction=0.05)
    with pytest.raises(InputError, match="^The grid with step 0.1 has no feasible point; widen the bounds$"):
        search_grid(TowardsC(), narrow, simplex_grid(3, 0.1), 0.1)
