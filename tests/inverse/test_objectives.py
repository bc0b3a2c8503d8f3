"""Utilities: directions, targets, caution, weights and penalties, in standard deviations of the targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.inverse.objectives import Batch, Criteria, Objective


class First:
    """100 GPa a fraction of the first element; 3 and 4 GPa of uncertainty; one standard deviation is 50 GPa."""

    unit, scale = "GPa", 50.0

    def __init__(self, name: str = "first", element: int = 0) -> None:
        self.name, self.element = name, element

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value = 100 * x[:, self.element]
        return value, torch.full_like(value, 3.0), torch.full_like(value, 4.0)


class NoFirst:
    """A rule against the first element."""

    name = "no first"

    def __call__(self, fractions: Tensor) -> Tensor:
        return fractions[:, 0]


ROWS = np.array([[0.5, 0.5], [0.2, 0.8]])


@pytest.mark.parametrize(
    ("direction", "target", "kappa", "expected"),
    [
        ("maximize", None, 0.0, [1.0, 0.4]),
        ("minimize", None, 0.0, [-1.0, -0.4]),
        ("target", 40.0, 0.0, [-0.2, -0.4]),
        ("maximize", None, 2.0, [0.8, 0.2]),
        ("minimize", None, 2.0, [-1.2, -0.6]),
        ("target", 40.0, 2.0, [-0.4, -0.6]),
    ],
)
def test_utility(direction: str, target: float | None, kappa: float, expected: list[float]) -> None:
    criteria = Criteria((Objective(First(), direction, target=target),), kappa)  # type: ignore[arg-type]
    batch = criteria.evaluate(ROWS)
    assert batch.utility[:, 0] == pytest.approx(expected)
    assert batch.values[:, 0] == pytest.approx([50, 20])
    assert batch.point(0).stds == pytest.approx([5]) and batch.point(0).epistemic == pytest.approx([4])


def test_penalties_count_against_every_objective() -> None:
    both = (Objective(First(), "maximize"), Objective(First("second", 1), "minimize"))
    free, bound = Criteria(both), Criteria(both, 0.0, ((2.0, NoFirst()), (0.0, NoFirst())))
    difference = free.evaluate(ROWS).utility - bound.evaluate(ROWS).utility
    assert difference == pytest.approx(np.array([[1.0, 1.0], [0.4, 0.4]]))


def test_weights_are_shares_of_the_score() -> None:
    criteria = Criteria((Objective(First(), "maximize", 3.0), Objective(First("second", 1), "maximize", 1.0)))
    assert criteria.shares == pytest.approx([0.75, 0.25])
    assert criteria.score(np.array([[1.0, 2.0]])) == pytest.approx([1.25])


def test_many_rows_are_evaluated_in_parts() -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(2), 2500)
    assert Criteria((Objective(First(), "maximize"),)).evaluate(rows).values[:, 0] == pytest.approx(
        100 * rows[:, 0], rel=1e-5
    )


def test_batches_of_points_and_back() -> None:
    batch = Criteria((Objective(First(), "maximize"),)).evaluate(ROWS)
    again = Batch.of([batch.point(1), batch.point(0)])
    assert again.fractions.tolist() == ROWS[::-1].tolist()
    assert len(Batch.join([batch, again])) == 4
    assert batch.take(np.array([False, True])).values.tolist() == [batch.values[1].tolist()]


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (
            lambda: Objective(First(), "target"),
            "target first with target None; give a target value if, and only if, the direction is 'target'",
        ),
        (
            lambda: Objective(First(), "maximize", target=3.0),
            "maximize first with target 3.0; give a target value if, and only if, the direction is 'target'",
        ),
        (
            lambda: Objective(First(), "target", target=float("nan")),
            "The target of first is nan; give a finite number",
        ),
        (lambda: Objective(First(), "maximize", -1.0), "The weight of first is -1; give a number > 0"),
        (
            lambda: Criteria(()),
            "0 objectives given; a search follows one or two: give maximize=..., minimize=... or target=...",
        ),
        (
            lambda: Criteria((Objective(First(), "maximize"),), float("nan")),
            "kappa is nan; give a number of standard deviations from 0",
        ),
        (
            lambda: Criteria((Objective(First(), "maximize"),), 0.0, ((-1.0, NoFirst()),)),
            "The weight of no first is -1; give a number from 0",
        ),
    ],
)
def test_errors(build: object, text: str) -> None:
    with pytest.raises(InputError) as caught:
        build()  # type: ignore[operator]
    assert str(caught.value) == text
