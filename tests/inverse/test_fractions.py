"""The fraction search on landscapes whose optimum is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.features.composition import simplex_grid
from matwidgets.inverse.feasible import MAPS, Feasible
from matwidgets.inverse.fractions import INFINITY, FractionSearch, SearchResult, SearchSettings
from matwidgets.inverse.grid import search_grid
from matwidgets.inverse.objectives import Criteria, Objective

ELEMENTS = ("A", "B", "C")
FEASIBLE = Feasible.build(ELEMENTS, min_fraction=0.05)


class Landscape:
    """A differentiable property of three elements."""

    unit, scale = "GPa", 50.0

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        value = {
            "hill": lambda: 200 - 400 * ((x - x.new_tensor([0.5, 0.1, 0.4])) ** 2).sum(-1),
            "compound": lambda: 100 + 600 * x[:, 0] * x[:, 2] - 80 * x[:, 1],  # best at 1:1 without B
            "corner": lambda: 100 + 300 * x[:, 2],  # pure C is best, and not feasible
            "two hills": lambda: (
                150 * torch.exp(-30 * ((x - x.new_tensor([0.3, 0.4, 0.3])) ** 2).sum(-1))
                + 300 * torch.exp(-30 * ((x - x.new_tensor([0.05, 0.9, 0.05])) ** 2).sum(-1))
            ),
            "broken": lambda: x[:, 0] / 0,
        }[self.name]()
        return value, torch.full_like(value, 4.0), torch.full_like(value, 3.0)


def criteria(name: str, direction: str = "maximize") -> Criteria:
    return Criteria((Objective(Landscape(name), direction),))  # type: ignore[arg-type]


def search(name: str, direction: str = "maximize", **options: object) -> SearchResult:
    job = FractionSearch(
        criteria(name, direction),
        FEASIBLE,
        SearchSettings(**options),  # type: ignore[arg-type]
    )
    while not job.finished:
        job.advance()
    return job.result()


@pytest.mark.parametrize("name", ["hill", "compound", "corner", "two hills"])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("map_name", MAPS)
def test_finds_the_grids_best(name: str, direction: str, map_name: str) -> None:
    found = search(name, direction, map=map_name)
    grid = search_grid(criteria(name, direction), FEASIBLE, simplex_grid(3, 0.01), 0.01)
    low, high = grid.range
    sign = 1 if direction == "maximize" else -1
    assert sign * (grid.best().value - found.final.value) <= 0.01 * (high - low)
    assert FEASIBLE.contains(found.final.fractions[None])[0]
    assert found.final.fractions.sum() == pytest.approx(1, abs=1e-12)


def test_one_start_stays_on_the_near_hill_and_many_do_not() -> None:
    assert search("two hills", starts=1).final.value < 200 < search("two hills", starts=32).final.value


def test_paper_settings_are_the_defaults() -> None:
    settings = SearchSettings()
    assert (settings.steps, settings.learning_rate, settings.final_steps, settings.map) == (
        100,
        0.05,
        5,
        "softmax",
    )
    assert INFINITY == 100_000


def test_first_start_is_the_papers_equal_parts_and_adam_step() -> None:
    job = FractionSearch(criteria("hill"), FEASIBLE, SearchSettings(starts=1))
    first, second = job.advance(), job.advance()
    assert first["fractions"] == pytest.approx([1 / 3] * 3)
    assert first["loss"] == pytest.approx(INFINITY - first["values"]["hill"] / 50)
    free = torch.ones(3, requires_grad=True)
    optimiser = torch.optim.Adam([free], lr=0.05)
    (INFINITY - Landscape("hill")(free.softmax(-1)[None])[0][0] / 50).abs().backward()
    optimiser.step()
    assert second["fractions"] == pytest.approx(free.detach().softmax(-1).tolist(), abs=1e-6)


def test_rate_is_cut_five_steps_before_the_end() -> None:
    job = FractionSearch(
        criteria("corner"),
        FEASIBLE,
        SearchSettings(starts=1, steps=20),
    )
    rates = []
    while not job.finished:
        job.advance()
        rates.append(job._optimiser.param_groups[0]["lr"])
    assert rates == [0.05] * 15 + [0.005] * 6


def test_same_seed_same_result_and_another_seed_another_path() -> None:
    a, b, c = search("two hills", seed=1), search("two hills", seed=1), search("two hills", seed=2)
    assert (
        np.array_equal(a.final.fractions, b.final.fractions)
        and a.path[0].fractions.tolist() == b.path[0].fractions.tolist()
    )
    assert not np.array_equal(a.path[0].fractions, c.path[0].fractions)


def test_every_other_start_begins_feasible() -> None:
    job = FractionSearch(criteria("corner"), FEASIBLE, SearchSettings(starts=16))
    for _ in range(101):
        job.advance()
    for batch in job._trail:
        assert FEASIBLE.contains(batch.fractions[1:]).all()


def test_stopped_search_has_a_result() -> None:
    job = FractionSearch(criteria("hill"), FEASIBLE, SearchSettings())
    assert job.result().final.value == pytest.approx(200, abs=1)


def test_unpolished_result_is_the_gradients_own() -> None:
    found = search("hill", polish=False, starts=1)
    assert found.gradient_best is not None and found.final.value == found.gradient_best.value


def test_evaluations_are_counted() -> None:
    assert search("hill", starts=4, steps=10, polish=False).evaluations == 4 * 11


def test_a_damaged_network_is_said() -> None:
    with pytest.raises(
        MatwidgetsError, match="gave a value that is no number at step 0; its checkpoint may be damaged"
    ):
        search("broken")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"steps": 0}, "steps is 0; it must be a whole number from 1: give a larger one"),
        ({"starts": -1}, "starts is -1; it must be a whole number from 1: give a larger one"),
        (
            {"map": "sigmoid"},
            "Unknown map 'sigmoid'; allowed are softmax, sparsemax, entmax, abs: choose one of them",
        ),
        (
            {"front": "nsga"},
            "Unknown front 'nsga'; allowed are chebyshev, hypervolume: choose one of them",
        ),
    ],
)
def test_errors(options: dict[str, object], text: str) -> None:
    with pytest.raises(InputError) as caught:
        SearchSettings(**options)  # type: ignore[arg-type]
    assert str(caught.value) == text


def test_all_pairs_of_constituents_are_tried() -> None:
    job = FractionSearch(criteria("hill"), FEASIBLE, SearchSettings(starts=7))
    pairs = {tuple((job._low[s] > 0).nonzero()[:, 0].tolist()) for s in range(1, 7)}
    assert pairs == set(itertools.combinations(range(3), 2))
