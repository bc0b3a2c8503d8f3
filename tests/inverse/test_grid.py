"""The brute-force grid: how many points, which are feasible, which is best."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.features.composition import simplex_grid
from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.grid import grid_points, grid_step, search_grid
from matwidgets.inverse.objectives import Criteria, Objective

ELEMENTS = ("A", "B", "C")


class TowardsC:
    """Pure C is best, and alone it is not feasible."""

    name, unit, scale = "corner", "GPa", 50.0

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return 100 + 300 * x[:, 2], torch.full((len(x),), 4.0), torch.full((len(x),), 3.0)


UP, DOWN = (Criteria((Objective(TowardsC(), d),)) for d in ("maximize", "minimize"))  # type: ignore[arg-type]


def test_counts_best_and_range() -> None:
    feasible = Feasible.build(ELEMENTS, min_fraction=0.05)
    grid = search_grid(UP, feasible, simplex_grid(3, 0.01), 0.01)
    assert len(grid) == len(grid.fractions) == len(grid.value) == len(grid.score) == 5151
    assert grid.best().fractions[2] == pytest.approx(0.95)
    assert grid.best().std == pytest.approx(5)
    assert grid.best(anywhere=True).fractions[2] == 1
    assert search_grid(DOWN, feasible, simplex_grid(3, 0.01), 0.01).best().fractions[2] == 0
    assert grid.range == pytest.approx((100, 385))


def test_steps() -> None:
    assert [grid_step(k) for k in (2, 3, 4, 5)] == [0.01, 0.01, 0.02, None]


def test_a_grid_that_misses_the_set() -> None:
    narrow = Feasible.build(ELEMENTS, {"A": (0.333, 0.334)}, min_fraction=0.05)
    with pytest.raises(InputError, match="^The grid with step 0.1 has no feasible point; widen the bounds$"):
        search_grid(UP, narrow, simplex_grid(3, 0.1), 0.1)


def test_points_without_locks_are_the_whole_grid() -> None:
    rows, step = grid_points(Feasible.build(ELEMENTS))  # type: ignore[misc]
    assert step == 0.01 and rows.tolist() == simplex_grid(3, 0.01).tolist()


def test_a_locked_element_stays_and_the_others_share_the_rest() -> None:
    feasible = Feasible.build((*ELEMENTS, "D", "E"), locks={"B": 0.125})
    rows, step = grid_points(feasible)  # type: ignore[misc]
    assert (rows[:, 1] == 0.125).all() and rows.sum(1) == pytest.approx(1)
    assert step == pytest.approx(0.875 / 44)  # near 0.02, and a whole number of steps
    assert len(rows) == 47 * 46 * 45 // 6


def test_no_grid_beyond_four_free_elements_or_within_narrow_bounds() -> None:
    assert grid_points(Feasible.build((*ELEMENTS, "D", "E"))) is None
    assert grid_points(Feasible.build(ELEMENTS, {"A": (0.3331, 0.3332)})) is None
