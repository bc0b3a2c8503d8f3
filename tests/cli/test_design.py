"""`matwidgets design`: the document, the table, and what is refused before any work begins."""
# ruff: noqa: E501 - the texts are one line for the user, so they are one line here

import pytest

K = ("--maximize", "bulk_modulus")
SHORT = ("--steps", "5", "--starts", "4")


def test_json_has_the_contract_s_fields(run_json):
    result = run_json("design", "Ti", "Cd", "C", *K, *SHORT, "--seed", "3", "--weight", "bulk_modulus=2")
    assert set(result) >= {
        "elements", "objectives", "start", "final", "constraints", "grid_best", "corner_best", "pareto", "steps", "seed",
        "history",
    }  # fmt: skip
    assert result["elements"] == ["Ti", "Cd", "C"]
    assert result["objectives"] == [{"property": "bulk_modulus", "direction": "maximize", "weight": 2.0}]
    assert (result["steps"], result["seed"]) == (5, 3)
    assert set(result["final"]) >= {"fractions", "values", "std", "formula", "values_at_formula"}
    assert sum(result["final"]["fractions"].values()) == pytest.approx(1, abs=1e-6)
    assert result["grid_best"]["step"] == 0.01
    assert result["grid_best"]["range"][0] < result["grid_best"]["range"][1]
    assert all(set(record) >= {"step", "fractions", "values"} for record in result["history"])


def test_the_same_seed_gives_the_same_result(run_json):
    once, again = (run_json("design", "Ti", "Cd", "C", *K, *SHORT, "--seed", "1") for _ in range(2))
    assert once == again


def test_minimize_goes_the_other_way(run_json):
    up = run_json("design", "Ti", "C", *K, *SHORT)["final"]["values"]["bulk_modulus"]
    down = run_json("design", "Ti", "C", "--minimize", "bulk_modulus", *SHORT)["final"]["values"][
        "bulk_modulus"
    ]
    assert down < up


def test_bounds_and_least_fractions_are_kept(run_json):
    options = ("--bound", "Cd=0.3:0.4", "--min-elements", "3", "--min-fraction", "0.1", "--map", "abs")
    fractions = run_json("design", "Ti", "Cd", "C", *K, *SHORT, *options)["final"]["fractions"]
    assert 0.3 - 1e-6 <= fractions["Cd"] <= 0.4 + 1e-6
    assert min(fractions.values()) >= 0.1 - 1e-6


def test_text_shows_start_final_formula_grid_and_corner(run):
    code, out, err = run("design", "Ti", "Cd", "C", *K, *SHORT, "--min-fraction", "0.05")
    assert code == 0
    assert " ".join(out.splitlines()[:2]) == (
        "maximize Bulk modulus (GPa) over Ti-Cd-C: 5 steps, seed 0; at least 2 elements with at least 0.05 each"
    )
    for label in ("start", "final", "as ", "best of the grid (step 0.01)", "best without constraints"):
        assert any(line.startswith(label) for line in out.splitlines()[4:])
    assert out.splitlines()[-1] == "best without constraints: a training row, not a discovery"  # diamond
    assert max(map(len, out.splitlines())) <= 100
    assert err.splitlines()[-1].startswith("design Ti-Cd-C: 5 of 5 steps, ")


def test_ten_elements_have_no_grid(run):
    code, out, _ = run("design", *["Ta", "W", "Re", "Os", "Ir", "Mo", "Tc", "B", "C", "N"], *K, *SHORT)
    assert code == 0
    assert "grid" not in out
    assert max(map(len, out.splitlines())) <= 100
    assert "without constraints" in out


PARETO = ("Ca", "Al", "O", "--maximize", "bulk_modulus", "--minimize", "thermal_expansion")


def test_two_objectives_give_a_front(run_json):
    result = run_json("design", *PARETO, "--steps", "10", "--starts", "8")
    names = ["bulk_modulus", "thermal_expansion"]
    assert [o["direction"] for o in result["objectives"]] == ["maximize", "minimize"]
    assert [o["property"] for o in result["objectives"]] == names
    front = result["pareto"]
    assert len(front) >= 5
    assert all(
        set(p) == {"fractions", "values", "std", "formula", "values_at_formula", "known"} for p in front
    )
    modulus, expansion = ([p["values"][name] for p in front] for name in names)
    assert modulus == sorted(modulus) and expansion == sorted(
        expansion
    )  # more of the one costs more of the other
    assert len({p["formula"] for p in front}) == len(front)
    assert result["hypervolume"] > 0 and result["grid_hypervolume"] > 0
    assert set(result["grid_best"]["range"]) == set(names)
    assert {p["known"] for p in front} == {None}, "no tables here"


def test_text_of_two_objectives(run):
    code, out, _ = run("design", *PARETO, "--steps", "5", "--starts", "4", "--weight", "bulk_modulus=3")
    assert code == 0
    assert "maximize Bulk modulus (GPa) and minimize Thermal expansion" in " ".join(out.splitlines())
    assert "front: " in out and "hypervolume of the front: " in out
    assert max(map(len, out.splitlines())) <= 100


def test_target_lock_and_caution(run_json):
    options = (
        "--target",
        "bulk_modulus=150",
        "--lock",
        "Cd=0.2",
        "--kappa",
        "1",
        "--steps",
        "30",
        "--starts",
        "8",
    )
    result = run_json("design", "Ti", "Cd", "C", *options)
    assert result["objectives"] == [
        {"property": "bulk_modulus", "direction": "target", "weight": 1.0, "target": 150.0}
    ]
    assert result["final"]["fractions"]["Cd"] == pytest.approx(0.2, abs=1e-6)
    assert result["kappa"] == 1


def test_text_of_a_target(run):
    code, out, _ = run("design", "Ti", "C", "--target", "bulk_modulus=150", *SHORT)
    assert code == 0
    assert out.startswith("Bulk modulus near 150 GPa over Ti-C: 5 steps")


def test_penalties_of_charge(run_json):
    def ends(*options):
        return run_json("design", "Ca", "O", "--maximize", "bulk_modulus", *SHORT, "--steps", "40", *options)[
            "final"
        ]

    assert ends("--neutrality", "5", "--electronegativity", "5")["fractions"]["O"] == pytest.approx(
        0.5, abs=0.02
    )
    assert abs(ends()["fractions"]["O"] - 0.5) > 0.05


def test_own_checkpoint(run_json, trained):
    result = run_json("design", "Li", "F", "--maximize", "y", "--checkpoint", f"y={trained[0]}", *SHORT)
    assert list(result["final"]["values"]) == ["y"]


def test_a_property_without_a_unit_has_no_empty_brackets(run, trained):
    _, out, _ = run("design", "Li", "F", "--minimize", "y", "--checkpoint", f"y={trained[0]}", *SHORT)
    assert out.startswith("minimize y over Li-F: ")
    assert "()" not in out


def test_own_checkpoint_of_another_property(refused, trained):
    line = refused("design", "Li", "F", *K, "--checkpoint", f"bulk_modulus={trained[0]}")
    assert line == (
        f"--checkpoint bulk_modulus={trained[0]}: it holds a model of 'y'; give --maximize y --checkpoint y={trained[0]}"
    )


CASES = [
    (["Ti"], "1 element given (Ti); a search needs at least 2: add another element"),
    (["Ti", "Ti", "C"], "Element Ti was given twice; name each element of the system once"),
    (["Ti", "Xx"], "Unknown element 'Xx': write a symbol from H to Og; did you mean Xe?"),
    (["TiC", "W"], "Unknown element 'TiC': write a symbol from H to Og; did you mean Ti or Tc?"),
    (
        ["Ti", "C", "--bound", "Ti=0:0.2", "--bound", "C=0:0.2"],
        "Bounds cannot sum to 1: the lower ones sum to 0, the upper ones to 0.4; lower sums must be <= 1 and upper sums >= 1: widen a bound",
    ),
    (
        ["Ti", "C", "--bound", "Ti=0.7:1", "--bound", "C=0.7:1"],
        "Bounds cannot sum to 1: the lower ones sum to 1.4, the upper ones to 2; lower sums must be <= 1 and upper sums >= 1: widen a bound",
    ),
    (["Ti", "C", "--bound", "Cd=0:0.2"], "Bound for Cd, which is not in Ti C; bound one of these elements"),
    (
        ["Ti", "C", "--map", "sigmoid"],
        "Unknown map 'sigmoid'; allowed are softmax, sparsemax, entmax, abs: choose one of them",
    ),
    (
        ["Ti", "C", "--min-fraction", "0.7"],
        "min_fraction is 0.7; 2 elements can have at most 0.5 each: give a fraction from 0 to 0.5",
    ),
    (
        ["Ti", "C", "--min-elements", "3"],
        "min_elements is 3; with 2 elements it must be from 1 to 2: change it",
    ),
]


@pytest.mark.parametrize(("argv", "line"), CASES, ids=[" ".join(argv) for argv, _ in CASES])
def test_wrong_system(argv, line, refused):
    assert refused("design", *argv, *K) == line


def test_unknown_property(refused):
    line = refused("design", "Ti", "C", "--maximize", "taste")
    assert "'taste'" in line
    assert "bulk_modulus" in line
