"""The comparison of searches, on a bowl whose best composition is known; the shipped networks are for the benchmark."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import matwidgets as mw
from matwidgets.inverse.feasible import Feasible
from matwidgets.papers import crabnet_search
from matwidgets.papers.crabnet_search import (
    OTHERS,
    Counter,
    Reference,
    Spent,
    compare_on,
    random_search,
    random_systems,
    reference,
    summary,
)

SYSTEM = ("Ti", "Cd", "C")
PEAK = {"Ti": 0.6, "Cd": 0.0, "C": 0.4}


class Bowl:
    """A property that is 100 at the peak and falls with the square of the distance; refuses what is not feasible."""

    elements, weights = SYSTEM, 0
    name, unit, scale = "bowl", "", 10.0

    def __init__(self) -> None:
        self.asked = 0

    def on(self, elements):
        peak = torch.tensor([PEAK[e] for e in elements])
        feasible = Feasible.build(elements)

        def value(fractions):
            if not fractions.requires_grad:  # the others; our own search may step outside and is brought back
                assert feasible.contains(fractions.double().numpy()).all()
            self.asked += len(fractions)
            found = 100 - 50 * (fractions - peak).square().sum(-1)
            return found, torch.zeros_like(found), torch.zeros_like(found)

        value.name, value.unit, value.scale = self.name, self.unit, self.scale
        return value

    def evaluate(self, elements, fractions):
        peak = np.array([PEAK[e] for e in elements])
        return {"value": 100 - 50 * np.square(fractions - peak).sum(-1)}


def counter(limit: int) -> Counter:
    return Counter(Bowl(), Feasible.build(SYSTEM), limit)


def spend(name: str, limit: int, seed: int) -> Counter:
    problem = counter(limit)
    with pytest.raises(Spent):
        OTHERS[name](problem, seed)
    return problem


def test_a_batch_is_cut_where_the_evaluations_end():
    problem = counter(5)
    half = np.array([[0.5, 0.0, 0.5]])
    assert problem(np.repeat(half, 3, 0)).shape == (3,)
    with pytest.raises(Spent):
        problem(np.repeat(half, 3, 0))
    assert problem.count == 5
    with pytest.raises(Spent):
        problem(half)


def test_the_best_answer_is_known_for_every_number_of_evaluations():
    problem = counter(10)
    for fractions in ([0.2, 0.4, 0.4], [0.6, 0.0, 0.4], [0.2, 0.4, 0.4]):
        problem(np.array([fractions] * 2))
    worse = 100 - 50 * (0.16 + 0.16)
    assert [problem.after(n)[0] for n in (1, 2, 3, 4, 6, 99)] == pytest.approx(
        [worse, worse, worse, 100, 100, 100], rel=1e-6
    )


def test_repair_leaves_what_is_feasible_and_keeps_the_proportions_of_the_rest():
    made = counter(1).repair(np.array([[0.3, 0.3, 0.4], [1.0, 0.0, 0.0], [0.94, 0.05, 0.01]]))
    np.testing.assert_allclose(made[0], [0.3, 0.3, 0.4])
    np.testing.assert_allclose(made.sum(1), 1)
    assert Feasible.build(SYSTEM).contains(made).all()
    # A tenth for each of two elements, and the row on the other eight tenths; cadmium, being nearer, is the second.
    np.testing.assert_allclose(made[2], [0.1 + 0.8 * 0.94, 0.1 + 0.8 * 0.05, 0.8 * 0.01])


@pytest.mark.parametrize("name", OTHERS)
def test_a_search_spends_exactly_what_it_may_and_a_seed_makes_it_again(name):
    first, again, other = spend(name, 60, 1), spend(name, 60, 1), spend(name, 60, 2)
    assert first.count == 60
    values = [[value for _, value, _ in problem.trail] for problem in (first, again, other)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(("name", "share"), [("cma-es", 0.1), ("tpe", 1.0)])
def test_a_search_that_learns_is_nearer_than_luck(name, share):
    """Of the random searches' typical distance from the peak, at the same number of evaluations."""
    luck = np.median([100 - spend("random", 150, seed).trail[-1][1] for seed in range(5)])
    learned = np.median([100 - spend(name, 150, seed).trail[-1][1] for seed in range(3)])
    assert learned < share * luck


def test_all_searches_get_the_evaluations_of_ours():
    others = {"random": ("short",), "cma-es": ("short",)}  # tpe, which is slow, is asked in the same way
    rows = compare_on(
        Bowl(), SYSTEM, seeds=(0, 1), schedules={"short": (2, 5)}, methods=others, grid_step=0.1
    )
    assert {row["method"] for row in rows} == {"gradient", *others} and len(rows) == 2 * 2 * 3
    for seed in (0, 1):
        mine = {(r["method"], r["gradient_counts"]): r for r in rows if r["seed"] == seed}
        for counts in (1, 2):
            assert {mine[m, counts]["evaluations"] for m in others} == {
                mine["gradient", counts]["evaluations"]
            }
        # Two starts and five steps with the first composition: what is counted once more are these.
        assert mine["gradient", 2]["evaluations"] - mine["gradient", 1]["evaluations"] == 2 * 6
        assert mine["gradient", 2]["shortfall"] == mine["gradient", 1]["shortfall"]
        assert mine["random", 2]["shortfall"] <= mine["random", 1]["shortfall"]


def test_the_evaluations_of_ours_are_all_that_the_network_saw():
    model = Bowl()
    rows = compare_on(model, SYSTEM, schedules={"short": (2, 5)}, methods={}, grid_step=0.1)
    assert model.asked == rows[0]["evaluations"]


def test_a_method_runs_only_against_the_schedules_it_is_given():
    schedules = {"short": (1, 2), "full": (1, 4)}
    rows = compare_on(Bowl(), SYSTEM, schedules=schedules, methods={"random": ("full",)}, grid_step=0.1)
    assert {row["schedule"] for row in rows if row["method"] == "random"} == {"full"}
    assert {row["schedule"] for row in rows if row["method"] == "gradient"} == {"short", "full"}


def test_the_reference_is_the_best_and_the_worst_of_the_feasible_grid():
    found = reference(Bowl(), Feasible.build(SYSTEM), 0.1)
    assert found.best == pytest.approx(100)
    # The farthest feasible composition is Cd0.9Ti0.1 or Cd0.9C0.1; from the latter titanium is 0.6 away.
    assert found.low == pytest.approx(100 - 50 * (0.6**2 + 0.9**2 + 0.3**2))
    assert Reference(100, 50).shortfall(99) == pytest.approx(0.02)
    assert Reference(100, 50).shortfall(101) == pytest.approx(-0.02)


def made_up(method, shortfalls, seconds):
    return [
        {"system": f"s{i}", "method": method, "schedule": "short", "gradient_counts": 1, "seed": 0,
         "evaluations": 100 + i, "shortfall": shortfall, "seconds": seconds}
        for i, shortfall in enumerate(shortfalls)
    ]  # fmt: skip


def test_the_summary_is_what_one_computes_by_hand():
    rows = made_up("gradient", [0.0, 0.0, 0.02, 0.01], 2.0) + made_up("random", [0.1, 0.1, 0.1, 0.1], 0.5)
    table = summary(rows, resamples=200).set_index("method")
    assert table.loc["gradient", "found"] == 0.75 and table.loc["random", "found"] == 0
    assert table.loc["gradient", "median_shortfall"] == pytest.approx(0.005)
    assert table.loc["random", ["low", "median_shortfall", "high"]].tolist() == pytest.approx([0.1] * 3)
    assert 0 <= table.loc["gradient", "low"] <= 0.005 <= table.loc["gradient", "high"] <= 0.02
    assert table.loc["random", "time_ratio"] == 0.25 and table.loc["gradient", "time_ratio"] == 1
    assert table.loc["random", "evaluations"] == 101.5 and (table["systems"] == 4).all()


def test_the_notebooks_version_has_every_search_on_one_system(monkeypatch):
    """On the bowl; what it costs with the networks is the notebook's own time."""
    monkeypatch.setattr(crabnet_search, "random_systems", lambda *given: [SYSTEM])
    monkeypatch.setitem(OTHERS, "tpe", random_search)  # TPE takes seconds
    table = crabnet_search.small_comparison(Bowl()).set_index("method")
    assert set(table.index) == {"gradient", *OTHERS} and (table["systems"] == 1).all()
    assert table.loc["gradient", "found"].tolist() == [1, 1]


def test_systems_are_drawn_by_the_seed_from_elements_that_form_solids():
    model = mw.load("crabnet", "bulk_modulus")
    systems = random_systems(model, 20, 20, 0)
    assert systems == random_systems(model, 20, 20, 0) != random_systems(model, 20, 20, 1)
    assert [len(set(s)) for s in systems] == [3] * 20 + [4] * 20
    assert {e for s in systems for e in s}.isdisjoint({"He", "Ne", "Ar", "Kr", "Xe", "Rn", "U"})


def test_optuna_is_as_talkative_afterwards_as_before(capfd):
    import optuna

    before = optuna.logging.get_verbosity()
    spend("tpe", 5, 0)
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")


def test_importing_the_comparison_loads_none_of_the_searches():
    code = f"import sys, {crabnet_search.__name__}; print({{'optuna', 'cmaes', 'torch', 'pandas'}} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
