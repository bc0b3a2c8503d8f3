"""Samplers on functions whose answer is known, with constraints and with two objectives."""

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.inverse import gaussian_process
from matwidgets.inverse.gaussian_process import Effort
from matwidgets.inverse.latent_search import (
    LatentSearch,
    LatentSettings,
    best_so_far,
    minimise,
    trials_by_state,
)
from matwidgets.inverse.study import Answer, Box, Study

LOW, HIGH = [-2.0, -1.0, 0.0], [2.0, 3.0, 10.0]
CENTRE = np.array([0.5, 1.5, 2.0])
SAMPLERS = [("random", False), ("tpe", False), ("tpe", True), ("gp", False)]


def bowl(point):
    return float((((point - CENTRE) / (np.array(HIGH) - LOW)) ** 2).sum())


def run(search, objective):
    while search.advance(objective) is not None:
        pass
    return search.study.told()


@pytest.mark.parametrize(("sampler", "joint"), SAMPLERS)
def test_points_are_in_the_box_and_a_search_repeats_itself(sampler, joint):
    settings = LatentSettings(
        n_trials=14, sampler=sampler, multivariate=joint, startup=8, seed=3, effort=Effort(50, 20, 1)
    )
    told = minimise(bowl, LOW, HIGH, settings)
    points = np.stack([t.point for t in told])
    assert points.shape == (14, 3) and (points >= LOW).all() and (points <= HIGH).all()
    assert [t.number for t in told] == list(range(14))
    again = minimise(bowl, LOW, HIGH, settings)
    np.testing.assert_array_equal(points, [t.point for t in again])
    other = minimise(bowl, LOW, HIGH, LatentSettings(n_trials=8, sampler="random", seed=3))
    np.testing.assert_array_equal(points[:8], [t.point for t in other])  # all samplers begin alike


@pytest.mark.parametrize(("sampler", "joint"), SAMPLERS[1:])
def test_samplers_learn(sampler, joint):
    """The middle one of its later points is more than twice as good as that of random ones, from every seed."""

    def near(sampler, joint, seed):
        settings = LatentSettings(n_trials=30, sampler=sampler, multivariate=joint, startup=10, seed=seed)
        return np.median([t.values[0] for t in minimise(bowl, LOW, HIGH, settings)[15:]])

    seeds = range(1 if sampler == "gp" else 4)  # a Gaussian process takes its time
    factors = [near(sampler, joint, seed) / near("random", False, seed) for seed in seeds]
    assert max(factors) < 0.5


@pytest.mark.parametrize(("sampler", "joint"), SAMPLERS[1:])
def test_constraints_are_kept_to(sampler, joint):
    """The minimum of the whole box is forbidden: what counts is the best of the allowed corner."""
    box = Box.build(LOW, HIGH)
    study = Study(box, ["minimize"])

    def objective(point):
        return Answer((bowl(point),), {"first above 1": 1.0 - float(point[0])})

    told = run(
        LatentSearch(
            study,
            LatentSettings(
                n_trials=40, sampler=sampler, multivariate=joint, startup=10, effort=Effort(200, 50, 1)
            ),
        ),
        objective,
    )
    late = told[20:]
    share = np.mean([t.feasible for t in late])
    assert (
        share > 0.45
    )  # a quarter of the box is allowed: two standard deviations of 20 random points above it
    assert all(t.feasible == (t.point[0] >= 1) for t in told)
    best = best_so_far(told, "minimize")
    assert best[-1] == min(t.values[0] for t in told if t.feasible)
    assert np.isnan(best[0]) == (not told[0].feasible)
    least = bowl(np.array([1.0, *CENTRE[1:]]))
    assert least <= best[-1] < least + 0.05


@pytest.mark.parametrize(("sampler", "joint"), SAMPLERS[1:])
def test_two_objectives(sampler, joint):
    """Both distances, to one corner and to the other: the front is the diagonal between them."""
    box = Box.build([0.0, 0.0], [1.0, 1.0])

    def objective(point):
        return Answer((float(((point - 0.2) ** 2).sum()), -float(((point - 0.8) ** 2).sum())))

    def off(sampler, joint):
        study = Study(box, ["minimize", "maximize"])
        told = run(
            LatentSearch(study, LatentSettings(n_trials=50, sampler=sampler, multivariate=joint, startup=10)),
            objective,
        )
        return np.median([abs(t.point[0] - t.point[1]) for t in told[25:]])

    assert off(sampler, joint) < 0.7 * off("random", False)


def test_the_acquisition_weighs_the_ratio_of_good_to_bad_density():
    """The Parzen estimator asks where l / g is large (the paper prints it inverted): near the good points."""
    study = Study(Box.build([0.0], [1.0]), ["minimize"])
    for x in [*np.linspace(0.78, 0.82, 3), *np.linspace(0.0, 0.6, 27)]:
        asked = study.reserve(100, lambda _count, x=x: np.array([x]))
        study.answer(asked.number, Answer((abs(float(x) - 0.8),)))
    asked = [
        LatentSearch(study, LatentSettings(n_trials=100, startup=10, seed=seed))._propose(30)[0]
        for seed in range(9)
    ]
    assert np.median(np.abs(np.array(asked) - 0.8)) < 0.1


def test_a_gaussian_process_finds_a_minimum_between_its_points():
    points = np.linspace(0, 1, 7)[:, None]
    values = (points - 0.43) ** 2
    found = gaussian_process.propose(
        points, values, None, np.random.default_rng(0), Effort(candidates=50, near=20)
    )
    # a parabola is all but known from seven points, so the gain is largest near its minimum: nearer than any of them
    assert abs(found[0] - 0.43) < np.abs(points - 0.43).min()


def test_a_gaussian_process_without_a_feasible_point_looks_for_one():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(0, 0.6, (12, 1)), rng.random((12, 1))[:, :0]], axis=1)
    found = gaussian_process.propose(points, points.copy(), 0.8 - points[:, 0], rng, Effort(candidates=100))
    assert found[0] > 0.75


def test_a_search_ends(tmp_path):
    search = LatentSearch(Study(Box.build([0.0], [1.0]), ["minimize"]), LatentSettings(n_trials=3))
    assert not search.finished
    run(search, lambda point: Answer((float(point[0]),)))
    assert search.finished and search.ask() is None
    assert trials_by_state(search.study)["answered"] == 3
    more = LatentSearch(search.study, LatentSettings(n_trials=5))
    assert not more.finished
    assert len(run(more, lambda point: Answer((float(point[0]),)))) == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_trials": 0}, "n_trials is 0; a search needs at least 1: give a whole number from 1"),
        ({"sampler": "annealing"}, "Unknown sampler 'annealing'; write one of tpe, gp, random"),
        ({"startup": 0}, "startup is 0; a sampler learns from at least 1 point: give 1 or more"),
        ({"candidates": 0}, "candidates is 0; give a whole number from 1"),
    ],
)
def test_settings_that_are_none(given, message):
    with pytest.raises(InputError, match=message):
        LatentSettings(**given)
