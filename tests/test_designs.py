"""mw.design: the shipped model, the feasible set, the grid beside it, and JSON."""

from __future__ import annotations

import json
import math

import pytest

import matwidgets as mw
from matwidgets.designs import DesignResult
from matwidgets.errors import InputError

TERNARY = ["Ti", "Cd", "C"]


@pytest.fixture(scope="module")
def found() -> DesignResult:
    return mw.design(TERNARY, maximize="bulk_modulus").wait(120)  # type: ignore[no-any-return]


def test_cadmium_leaves_and_the_grids_best_is_reached(found: DesignResult) -> None:
    assert found.final_fractions.get("Cd", 0) < 0.01
    assert found.grid is not None and found.grid_shortfall is not None
    assert found.grid_shortfall <= 0.01
    assert len(found.grid.fractions) == 5151


def test_json(found: DesignResult) -> None:
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["elements"] == TERNARY and told["seed"] == 0 and told["steps"] == 100 and told["pareto"] == []
    assert told["objectives"] == [{"property": "bulk_modulus", "direction": "maximize", "weight": 1.0}]
    assert math.fsum(told["final"]["fractions"].values()) == pytest.approx(1, abs=1e-9)
    assert told["history"][0]["fractions"] == told["start"]["fractions"]
    assert told["history"][-1]["values"] == told["final"]["values"]
    assert told["grid_best"]["step"] == 0.01 and told["grid_best"]["range"][0] < told["grid_best"]["range"][1]
    assert told["corner_best"]["values"]["bulk_modulus"] >= told["grid_best"]["values"]["bulk_modulus"]


def test_value_at_formula_is_the_predictors(found: DesignResult) -> None:
    assert found.predictor.predict(found.formula)["value"][0] == pytest.approx(
        found.value_at_formula, rel=1e-4
    )


def test_same_seed_same_result(found: DesignResult) -> None:
    again = mw.design(TERNARY, maximize=found.predictor).wait(120)
    assert again.to_dict()["final"] == found.to_dict()["final"]


def test_more_than_four_elements_have_no_grid() -> None:
    result = mw.design(["Ta", "W", "Re", "Os", "C"], maximize="bulk_modulus", steps=5, starts=4).wait(120)
    told = result.to_dict()
    assert told["grid_best"] is None and result.grid_shortfall is None and result.grid is None
    assert told["corner_best"]["values"]["bulk_modulus"] > 0


def test_minimize_and_bounds() -> None:
    bounds = {"Cd": (0.1, 0.2)}
    result = mw.design(TERNARY, minimize="bulk_modulus", steps=20, starts=8, bounds=bounds).wait(120)
    assert 0.1 - 1e-6 <= result.final_fractions["Cd"] <= 0.2 + 1e-6
    assert result.grid_shortfall <= 0.01


def test_run_tells_its_story() -> None:
    run = mw.design(TERNARY, maximize="bulk_modulus", steps=3, starts=2, start=False)
    assert run.state == "ready" and run.total == 3
    run.start().wait(120)
    assert [r["step"] for r in run.history] == [0, 1, 2, 3]
    assert len(run.history[0]["family"]["values"]["bulk_modulus"]) == 2
    assert run.meta["objectives"][0]["unit"] == "GPa"


def test_meta_of_two_objectives() -> None:
    run = mw.design(
        TERNARY, maximize="bulk_modulus", target={"debye_temperature": 500.0}, weights={"bulk_modulus": 2},
        kappa=0.5, start=False,
    )  # fmt: skip
    assert run.title == "maximize bulk modulus and target debye temperature of Ti-Cd-C"
    assert run.meta["kappa"] == 0.5 and run.meta["n_starts"] == 64
    first, second = run.meta["objectives"]
    assert (first["direction"], first["weight"], first["unit"], first["target"]) == (
        "maximize",
        2.0,
        "GPa",
        None,
    )
    assert (second["property"], second["direction"], second["target"]) == (
        "debye_temperature",
        "target",
        500.0,
    )


def test_two_objectives_and_a_lock() -> None:
    run = mw.design(
        TERNARY, maximize="bulk_modulus", minimize="thermal_expansion", locks={"Cd": 0.1}, steps=5, starts=4
    )
    result = run.wait(240)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert told["pareto"] and all(
        p["fractions"]["Cd"] == pytest.approx(0.1, abs=1e-6) for p in told["pareto"]
    )
    assert told["grid_best"]["fractions"]["Cd"] == pytest.approx(0.1)
    assert told["history"][-1]["values"] == told["final"]["values"]
    assert set(told["final"]["std_epistemic"]) == {"bulk_modulus", "thermal_expansion"}
    assert run.history[-1]["front"]["hypervolume"] <= told["hypervolume"]
    assert f"front of {len(told['pareto'])}" in repr(result)


@pytest.mark.parametrize(
    ("elements", "options", "text"),
    [
        (
            TERNARY,
            {},
            "0 objectives given; a search follows one or two: give maximize=..., minimize=... or target=...",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "minimize": "bulk_modulus"},
            "bulk_modulus was given twice; give each property one direction or one target",
        ),
        (
            TERNARY,
            {"maximize": ["bulk_modulus", "shear_modulus"], "target": {"debye_temperature": 500}},
            "3 objectives given: bulk_modulus, shear_modulus, debye_temperature; a search follows one or two: give",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "weights": {"shear_modulus": 2}},
            "Weight of 'shear_modulus', which is no objective here; weigh 'bulk_modulus'",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "weights": {"bulk_modulus": 0}},
            "The weight of bulk_modulus is 0; give a number > 0",
        ),
        (
            TERNARY,
            {"target": {"bulk_modulus": math.inf}},
            "The target of bulk_modulus is inf; give a finite number",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "kappa": -1},
            "kappa is -1; give a number of standard deviations from 0",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "neutrality": -1},
            "The weight neutrality is -1; give a number from 0, where 0 is off",
        ),
        (
            ["Ti"],
            {"maximize": "bulk_modulus"},
            "1 element given (Ti); a search needs at least 2: add another element",
        ),
        (
            ["Ti", "Ti"],
            {"maximize": "bulk_modulus"},
            "Element Ti was given twice; name each element of the system once",
        ),
        (
            TERNARY,
            {"maximize": "bulk_modulus", "steps": 0},
            "steps is 0; it must be a whole number from 1: give a larger one",
        ),
        (["Ti", "Xx"], {"maximize": "bulk_modulus"}, "Unknown element 'Xx'"),
        (
            TERNARY,
            {"maximize": "taste"},
            "No crabnet weights are shipped for property 'taste'",
        ),
    ],
)
def test_errors_come_at_once(elements: list[str], options: dict[str, object], text: str) -> None:
    with pytest.raises(InputError) as caught:
        mw.design(elements, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(text) and "\n" not in str(caught.value)
