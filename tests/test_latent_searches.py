"""Searches of a joint latent space: on a tiny one whose answers are known by hand, and on the shipped one."""

import sys
from pathlib import Path

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.composition import to_fractions
from matwidgets.latent_searches import (
    Conditions,
    Known,
    LatentAim,
    LatentObjective,
    NothingFeasible,
    decoded_at,
    search_latent,
)
from matwidgets.widgets.optimization_tracker import OptimizationTracker

sys.path.insert(0, str(Path(__file__).parent))  # spawned processes get this path
from tiny_dual import NoStability, TinyDual

DUAL = TinyDual()
FREE = Conditions(density=False)


def searched(**given):
    given = {"n_trials": 30, "maximize": "bulk_modulus"} | given
    return search_latent(DUAL, **given)


def test_what_a_point_is_worth_is_what_its_material_is_worth():
    objective = LatentObjective(DUAL, (LatentAim("bulk_modulus", "maximize"),), FREE)
    point = np.array([0.02, 0.01, -1.0, 1.5])  # next to TiAlO, which is what it decodes to
    answer = objective(point)
    assert answer.notes["formula"] == "TiAlO"
    assert answer.values[0] == pytest.approx(200, abs=0.01)  # at equal shares, not at the point
    assert answer.notes["values_at_point"]["bulk_modulus"] == pytest.approx(201)
    assert answer.notes["round_trip"] == pytest.approx(
        np.hypot(0.02, 0.01), abs=0.13
    )  # peaks lie on a grid of 1/8
    assert answer.feasible


def test_each_condition_is_told_apart():
    aims = (LatentAim("bulk_modulus", "maximize"),)
    conditions = Conditions.build(DUAL, ["Ti", "O"], 0.5, True)
    objective = LatentObjective(DUAL, aims, conditions)
    titania = objective(np.array([2.2, 2.55, 0.0, 1.0]))  # TiO2, but far from all materials
    assert titania.constraints["elements"] == 0 and titania.constraints["decodes"] == 0
    assert titania.constraints["density"] > 0 and titania.constraints["stable"] < 0
    with_aluminium = objective(np.zeros(4))
    assert with_aluminium.constraints["elements"] == pytest.approx(1 / 3)
    assert with_aluminium.constraints["density"] < 0
    assert with_aluminium.constraints["stable"] == pytest.approx(0, abs=0.01)
    assert objective(np.array([-4.0, -4.0, 0.0, 0.0])).constraints["decodes"] == 1
    assert "density" not in LatentObjective(DUAL, aims, FREE)(np.zeros(4)).constraints


def test_decades_are_searched_as_logarithms_and_carefully():
    aim = LatentAim("thermal_conductivity", "minimize")
    assert aim.searched(np.e, 0.1) == pytest.approx(1.0)
    assert aim.searched(np.e, 0.1, kappa=2) == pytest.approx(1 + 2 * 0.1 / np.e)  # a larger one is worse
    assert LatentAim("bulk_modulus", "maximize").searched(200.0, 0.1, kappa=2) == pytest.approx(199.8)
    assert aim.utility(3.0) == -3.0


@pytest.mark.parametrize("sampler", ["tpe", "gp", "random"])
def test_a_search_finds_what_is_allowed(sampler):
    known = Known.build(
        ["TiO2", "Al2O3"], DUAL.decode(np.array([[0, 0, 1.0, -1.0], [0, 0, 2.0, 2.0]])).profiles
    )
    run = searched(sampler=sampler, n_trials=40, known=known, seed=2, stable=0.4)
    result = run.wait(120)
    assert result.trials == len(run.history) == 40
    assert 0 < result.feasible <= 40 and result.feasible == sum(r["trial"]["feasible"] for r in run.history)
    values = [p.values["bulk_modulus"] for p in result.proposals]
    assert values == sorted(values, reverse=True) and values[0] > 225  # half a deviation above the middle
    formulas = [p.formula for p in result.proposals]
    assert len(set(formulas)) == len(formulas)
    for p in result.proposals:
        assert p.feasible and p.stable >= 0.4 and DUAL.density(p.z)[0] == p.density >= DUAL.density_floor
        assert DUAL.decode(p.z).formulas == [p.formula]
        np.testing.assert_array_equal(p.profile, DUAL.decode(p.z).profiles[0])
        assert p.nearest_compound[0] in known.formulas and 0 <= p.nearest_compound[1] <= 1
        cosines = (
            known.profiles @ p.profile / np.linalg.norm(known.profiles, axis=1) / np.linalg.norm(p.profile)
        )
        assert p.nearest_pattern[1] == pytest.approx(cosines.max(), abs=1e-5)
    table = result.table
    assert table["formula"].tolist() == formulas and (table["bulk_modulus_std"] == 0.1).all()
    assert result.to_dict()["final"]["formula"] == formulas[0]
    assert "points feasible" in repr(result)


def test_elements_that_are_allowed_are_kept_to():
    run = searched(elements=["Ti", "O"], n_trials=60, density=False, begin="box", seed=1)
    result = run.wait(120)
    assert all(set(to_fractions(p.formula)) <= {"Ti", "O"} for p in result.proposals)
    assert 0 < result.broken["elements"] < 60
    assert run.meta["elements"] == ["Ti", "O"]
    assert all(sum(r["fractions"]) == pytest.approx(1) for r in run.history)


def test_records_tell_the_best_so_far_and_the_point_itself():
    run = searched()
    run.wait(60)
    best = -np.inf
    for i, record in enumerate(run.history, 1):
        own = record["family"]["values"]["bulk_modulus"][0]
        if record["trial"]["feasible"]:
            best = max(best, own)
        assert record["step"] == i and record["trial"]["number"] == i - 1
        assert record["values"]["bulk_modulus"] == (None if np.isinf(best) else pytest.approx(best))
        assert (record["loss"] is None) == np.isinf(best)
        if np.isinf(best):
            assert set(record["fractions"]) == {None} and record["z"] == record["trial"]["z"]
            continue
        fractions = dict(zip(run.meta["elements"], record["fractions"], strict=True))
        shown = decoded_at(run, DUAL, i)
        assert shown.formulas == [record["formula"]]
        np.testing.assert_allclose(
            [fractions[e] for e in ("Ti", "O", "Al")], [shown.fractions[0][j] for j in (21, 7, 12)], atol=2e-3
        )
    assert np.isfinite(best)
    with pytest.raises(InputError, match="has no step 31; its steps are 1 to 30"):
        decoded_at(run, DUAL, 31)


def test_two_objectives_have_a_front():
    run = searched(maximize="bulk_modulus", minimize="formation_energy", n_trials=60, seed=4)
    result = run.wait(120)
    pairs = np.array([[p.values["bulk_modulus"], p.values["formation_energy"]] for p in result.front])
    assert len(pairs) > 2
    order = np.argsort(pairs[:, 0])
    assert (np.diff(pairs[order, 1]) > 0).all()  # more of the one costs the other
    volumes = [r["front"]["hypervolume"] for r in run.history]
    assert (np.diff(volumes) >= -1e-12).all() and volumes[-1] == pytest.approx(result.hypervolume)
    assert result.hypervolume > 0


def test_a_tracker_shows_a_search():
    run = searched(n_trials=12, maximize="bulk_modulus", minimize="formation_energy")
    tracker = OptimizationTracker(run)
    run.wait(60)
    assert tracker.settle(10)
    assert tracker.steps == 12 and tracker.state == "done" and tracker.failure == ""
    assert len(tracker.elements) == 100 and sum(tracker.fractions) == pytest.approx(1)
    assert tracker.result["formula"] == run.result.best.formula
    assert tracker.result["pareto"]
    picture = tracker.static_svg()
    assert ">Ti<" in picture and ">Fm<" not in picture  # elements that never occur are left out
    tracker.close()


def test_a_stopped_search_goes_on_from_its_file(tmp_path):
    path = tmp_path / "search.journal"
    first = searched(n_trials=25, study=path, start=False)
    first.subscribe(lambda run: run.stop() if run.steps == 9 else None)
    assert first.start().wait(60).trials == 9 and first.state == "stopped"
    run = searched(n_trials=25, study=path)
    result = run.wait(60)
    assert [r["step"] for r in run.history] == list(range(1, 26))
    assert [r["trial"]["number"] for r in run.history] == list(range(25))
    whole = searched(n_trials=25)
    assert [p.formula for p in result.proposals] == [p.formula for p in whole.wait(60).proposals]
    assert [r["z"] for r in run.history] == [r["z"] for r in whole.history]
    with pytest.raises(InputError, match="holds another search: its directions is"):
        searched(maximize=None, minimize="bulk_modulus", study=path)
    with pytest.raises(InputError, match="its stable is None, not 0.5"):
        searched(study=path, stable=0.5)
    with pytest.raises(InputError, match=r"its objectives is \['bulk_modulus'\], not \['formation_energy'\]"):
        searched(study=path, maximize="formation_energy")
    saved = whole.save(tmp_path / "saved.journal")
    assert searched(n_trials=25, study=saved).wait(60).trials == 25  # nothing is left to do


def test_processes_share_a_search_and_leave_no_file_behind(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = searched(n_trials=14, workers=2)
    saved = []
    run.subscribe(lambda run: saved.extend(tmp_path.glob("matwidgets-study-*/study.journal")))
    result = run.wait(300)
    assert sorted(r["trial"]["number"] for r in run.history) == list(range(14))
    assert [r["step"] for r in run.history] == list(range(1, 15))
    assert result.trials == 14 and len({tuple(r["trial"]["z"]) for r in run.history}) == 14
    assert saved and not list(tmp_path.glob("matwidgets-study-*"))


def test_a_search_without_a_feasible_point_says_why():
    run = searched(elements=["Fe", "Cr"], n_trials=5)
    with pytest.raises(
        NothingFeasible,
        match=r"None of the 5 points meets the conditions \(.*5 have elements other than Fe, Cr.*loosen one",
    ):
        run.wait(60)
    assert run.state == "failed" and len(run.history) == 5
    assert all(r["values"]["bulk_modulus"] is None and r["fractions"] == [None, None] for r in run.history)
    tracker = OptimizationTracker(run)
    assert "None of the 5 points" in tracker.failure and tracker.fractions == tracker.path == []
    tracker.close()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"maximize": "hardness"},
            "does not predict 'hardness'; write one of bulk_modulus, thermal_conductivity",
        ),
        ({"maximize": None}, "0 objectives given"),
        ({"minimize": "bulk_modulus"}, "bulk_modulus was given twice"),
        ({"minimize": ["stable", "formation_energy"]}, "3 objectives given"),
        ({"elements": ["Xx"]}, "Xx"),
        ({"elements": ["Lr"]}, "Lr lies beyond Z 100"),
        ({"elements": ["Ti", "Ti"]}, "Element Ti was given twice"),
        ({"elements": []}, r"elements is \[\]; give a list of symbols"),
        ({"elements": "TiO"}, "elements is 'TiO'; give a list of symbols"),
        ({"stable": 1.5}, "stable is 1.5; give a probability from 0 to 1"),
        ({"kappa": -1}, "kappa is -1; give a number of standard deviations from 0"),
        ({"n_trials": 0}, "n_trials is 0; a search needs at least 1"),
        ({"sampler": "annealing"}, "Unknown sampler 'annealing'; write one of tpe, gp, random"),
        ({"begin": "middle"}, "Unknown begin 'middle'; write data or box"),
        ({"workers": 0}, "workers is 0; a search needs at least 1 process"),
        ({"seed": -1}, "seed is -1; allowed are whole numbers from 0"),
        ({"box": ([1.0] * 4, [0.0] * 4)}, "Coordinate 0 of the search box goes from 1 to 0"),
        ({"box": ([0.0] * 3, [1.0] * 3)}, "The search box has 3 coordinates; the latent space has 4"),
    ],
)
def test_input_that_no_search_could_satisfy(given, message):
    with pytest.raises(InputError, match=message):
        searched(start=False, **given)


def test_a_model_without_stability():
    with pytest.raises(InputError, match=r"predicts no stability \(it has bulk_modulus\); give stable=None"):
        search_latent(NoStability(), maximize="bulk_modulus", stable=0.5)


def test_known_materials():
    known = Known.build(["TiO2", "Al2O3", "TiAl"])
    assert known.nearest_compound("Ti2O4") == ("TiO2", 0.0)
    formula, share = known.nearest_compound(
        "TiO"
    )  # TiO2 has 1/3 Ti where TiO has 1/2: a sixth of the atoms change
    assert (formula, share) == ("TiO2", pytest.approx(1 / 6, abs=1e-6))
    assert known.nearest_pattern(np.ones(5)) is None
    profiles = np.eye(3, dtype=np.float32)
    assert Known.build(["TiO2", "Al2O3", "TiAl"], profiles).nearest_pattern(profiles[2]) == ("TiAl", 1.0)
    with pytest.raises(
        InputError, match="3 known formulas and 2 patterns: give one pattern for each formula"
    ):
        Known.build(["TiO2", "Al2O3", "TiAl"], profiles[:2])
    with pytest.raises(InputError, match="No known material given"):
        Known.build([])
