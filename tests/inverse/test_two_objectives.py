"""Two objectives on landscapes whose Pareto front is known in closed form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.fractions import INFINITY, SHOWN, FractionSearch, SearchResult, SearchSettings
from matwidgets.inverse.objectives import Batch, Criteria, Objective
from matwidgets.inverse.pareto import hypervolume, non_dominated
from matwidgets.inverse.steering import ChebyshevSweep

ELEMENTS = ("A", "B", "C")
FEASIBLE = Feasible.build(ELEMENTS, min_fraction=0.05)
REST = ("values", "aleatoric", "epistemic", "utility")
PEAKS = {"first": [0.6, 0.1, 0.3], "second": [0.1, 0.5, 0.4]}


class Hill:
    """Falls with the distance from a peak: the front of two hills is the straight way from peak to peak.

    "flat" falls with the square root of the distance, so that the front is dented: a weighted sum finds its ends alone.
    """

    unit, scale = "GPa", 2.0

    def __init__(self, name: str, dented: bool = False) -> None:
        self.name, self.dented = name, dented

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        square = ((x - x.new_tensor(PEAKS[self.name])) ** 2).sum(-1)
        value = -10 * ((square + 1e-6) ** 0.25 if self.dented else square)
        return value, torch.full_like(value, 0.3), torch.full_like(value, 0.4)


def criteria(dented: bool = False, **weights: float) -> Criteria:
    return Criteria(tuple(Objective(Hill(n, dented), "maximize", weights.get(n, 1.0)) for n in PEAKS))


def search(wanted: Criteria, feasible: Feasible = FEASIBLE, **options: object) -> SearchResult:
    job = FractionSearch(wanted, feasible, SearchSettings(**options))  # type: ignore[arg-type]
    while not job.finished:
        job.advance()
    return job.result()


def share_of_best(found: SearchResult, wanted: Criteria) -> float:
    """Hypervolume of what was found over that of the whole front."""
    way = np.linspace(0, 1, 2001)[:, None]
    first, second = (np.array(p) for p in PEAKS.values())
    best = wanted.evaluate(first + way * (second - first)).utility
    assert found.front is not None
    reference = best.min(0) - 0.1
    return hypervolume(found.front.utility, reference) / hypervolume(best, reference)


@pytest.mark.parametrize("method", ["chebyshev", "hypervolume"])
@pytest.mark.parametrize("dented", [False, True])
def test_finds_the_whole_front(method: str, dented: bool) -> None:
    wanted = criteria(dented)
    found = search(wanted, front=method, starts=32)
    assert share_of_best(found, wanted) > 0.97
    assert found.front is not None and FEASIBLE.contains(found.front.fractions).all()
    assert non_dominated(found.front.utility).all()
    first, second = found.front.utility.T
    assert (np.diff(first) > 0).all() and (np.diff(second) < 0).all()


@pytest.mark.parametrize("method", ["chebyshev", "hypervolume"])
def test_gradients_alone_cover_the_front_better_than_the_weighted_sum(method: str) -> None:
    wanted = criteria(dented=True)
    many = search(wanted, front=method, starts=32, polish=False)
    assert share_of_best(many, wanted) > 0.9 > share_of_best(search(wanted, starts=1, polish=False), wanted)


def test_the_first_start_is_the_papers_weighted_sum() -> None:
    wanted = criteria(first=3.0)
    job = FractionSearch(wanted, FEASIBLE, SearchSettings(starts=4))
    records = [job.advance() for _ in range(3)]
    free = torch.ones(3, requires_grad=True)
    optimiser = torch.optim.Adam([free], lr=0.05)
    for record in records:
        optimiser.zero_grad()
        values = [Hill(n)(free.softmax(-1)[None])[0][0] for n in PEAKS]
        assert record["fractions"] == pytest.approx(free.detach().softmax(-1).tolist(), abs=1e-6)
        alpha_beta = 0.75 * (INFINITY - values[0].item() / 2) + 0.25 * (INFINITY - values[1].item() / 2)
        assert record["loss"] == pytest.approx(alpha_beta, rel=1e-12)
        # Eq. 2; written without the 100,000, beside which single precision has no digits left.
        (0.75 * -values[0] / 2 + 0.25 * -values[1] / 2).backward()
        optimiser.step()


def test_one_start_is_the_paper_alone() -> None:
    lone, first = (
        FractionSearch(criteria(), FEASIBLE, SearchSettings(starts=starts, polish=False))
        for starts in (1, 16)
    )
    for _ in range(30):
        assert lone.advance()["fractions"] == pytest.approx(first.advance()["fractions"], abs=1e-6)


def test_records_tell_the_front_and_both_uncertainties() -> None:
    job = FractionSearch(criteria(), FEASIBLE, SearchSettings(starts=24))
    records = [job.advance() for _ in range(20)]
    volumes = [record["front"]["hypervolume"] for record in records]
    assert (np.diff(volumes) >= 0).all() and volumes[-1] > volumes[0] > 0
    last = records[-1]
    first, second = (np.array(last["front"]["values"][n]) for n in PEAKS)
    assert 2 <= len(first) == len(second) <= SHOWN
    assert (np.diff(first) > 0).all() and (np.diff(second) < 0).all()
    assert last["std_aleatoric"] == pytest.approx(dict.fromkeys(PEAKS, 0.3))
    assert last["std_epistemic"] == pytest.approx(dict.fromkeys(PEAKS, 0.4))
    assert last["std"] == pytest.approx(dict.fromkeys(PEAKS, 0.5))
    assert [len(last["family"]["values"][n]) for n in PEAKS] == [24, 24]


def test_hypervolume_is_counted_from_the_worst_feasible_values_of_step_0() -> None:
    job = FractionSearch(criteria(), FEASIBLE, SearchSettings(starts=24))
    record = job.advance()
    worst = [min(record["family"]["values"][n]) / 2 for n in PEAKS]  # all starts are feasible here
    found = job.result()
    assert found.reference == pytest.approx(worst)
    assert found.front is not None and found.hypervolume == pytest.approx(
        hypervolume(found.front.utility, np.array(worst)), rel=0.01
    )


def test_weights_choose_the_final_point() -> None:
    finals = [search(criteria(first=w), starts=16).final.fractions for w in (10.0, 0.1)]
    for final, peak in zip(finals, PEAKS.values(), strict=True):
        assert np.abs(final - peak).max() < 0.06


def test_path_leads_from_a_start_to_the_final_point() -> None:
    found = search(criteria(), starts=16)
    assert (
        found.path[0] is found.start and found.path[-1].fractions.tolist() == found.final.fractions.tolist()
    )
    assert 0 <= found.winner < 16


def test_stopped_search_has_a_front() -> None:
    job = FractionSearch(criteria(), FEASIBLE, SearchSettings(starts=8))
    job.advance()
    found = job.result()
    assert found.front is not None and len(found.front) > 5


def test_a_search_that_never_was_feasible_ends_at_a_feasible_point() -> None:
    narrow = Feasible.build(ELEMENTS, {"A": (0.8, 1.0)}, min_elements=3)
    found = search(criteria(), narrow, starts=1, steps=3)
    assert found.front is not None and narrow.contains(found.front.fractions).all()


def test_elements_that_hardly_help_are_dropped() -> None:
    four = Feasible.build((*ELEMENTS, "D"), min_fraction=0.05)

    class Without:
        """The hills, which do not feel the fourth element but for a trace."""

        unit, scale = "GPa", 2.0

        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            value, aleatoric, epistemic = Hill(self.name)(x[:, :3] / x[:, :3].sum(-1, keepdim=True))
            return value + 1e-4 * x[:, 3], aleatoric, epistemic

    blind = Criteria(tuple(Objective(Without(n), "maximize") for n in PEAKS))
    found = search(blind, four, starts=16)
    assert found.front is not None and (found.front.fractions[:, 3] == 0).all()
    three = Batch(found.front.fractions[:, :3], *(getattr(found.front, name) for name in REST))
    assert share_of_best(replace(found, front=three), criteria()) > 0.95


def test_sweep_weights_cover_the_range_and_begin_with_the_ends() -> None:
    weights = ChebyshevSweep(np.array([0.5, 0.5]), 64).weights
    assert weights[1:3].tolist() == [[1, 0], [0, 1]] and weights.sum(1) == pytest.approx(1)
    assert np.diff(np.sort(weights[1:, 0])).max() < 0.04  # 63 even weights would be 0.016 apart
