"""The rules against chemistry that everyone knows, and against smact itself."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.composition import simplex_grid
from matwidgets.features.elements import SYMBOLS
from matwidgets.features.validity import (
    balanced,
    electronegativity,
    is_metal,
    neutral,
    oxidation_states,
    reports,
)

COMPOUNDS = ["NaCl", "MgO", "Al2O3", "TiO2", "CaAl2Si2O8", "BaTiO3", "Ca3(PO4)2", "GaN", "CaF2", "KZnF3"]


@pytest.mark.parametrize("formula", COMPOUNDS)
def test_known_ionic_compounds_pass_both_rules(formula):
    assert neutral(formula) and balanced(formula)


@pytest.mark.parametrize("formula", ["NaCl2", "MgO2F", "Al2O5", "Na2Mg", "CaO3F", "CsO3"])
def test_wrong_amounts_fail_both_rules(formula):
    assert not neutral(formula) and not balanced(formula)


def test_charges_that_cancel_only_backwards_are_neutral_and_not_balanced():
    """PtH2 is platinum(II) hydride, but both elements have 2.2, and equal is not below. BrF is bromine(I) fluoride."""
    assert neutral("PtH2") and not balanced("PtH2")
    assert neutral("BrF") and balanced("BrF")


def test_an_element_passes_and_an_intermetallic_only_by_the_alloy_rule():
    assert neutral("Fe") and balanced("He")
    for rule in (neutral, balanced):
        assert not rule("NiTi") and rule("NiTi", alloys=True)
        assert not rule("TiHe") and not rule("TiHe", alloys=True)


def test_mixed_valence_fails_as_the_docstring_says():
    assert not neutral("Fe3O4") and neutral("Fe2O3")


def test_amounts_need_not_be_whole_but_must_be_right():
    assert balanced({"Al": 0.4, "O": 0.6}) and balanced("Ti0.333333333O0.666666667")
    assert not neutral("Ti0.333O0.667")


def test_a_large_formula_is_exact():
    """One charge in ten thousand atoms is seen."""
    assert neutral("Na4999Cl4999") and not neutral("Na4999Cl5000")


@given(
    st.lists(st.sampled_from(SYMBOLS[:103]), min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 6), min_size=4, max_size=4),
    st.sampled_from(["icsd24", "smact14"]),
    st.booleans(),
)
def test_smact_gives_the_same_answers(symbols, counts, states, alloys):
    from smact.screening import smact_validity

    formula = "".join(f"{s}{n}" for s, n in zip(symbols, counts, strict=False))
    asked = {"oxidation_states_set": states, "include_alloys": alloys}
    assert balanced(formula, states=states, alloys=alloys) == smact_validity(formula, **asked)
    assert neutral(formula, states=states, alloys=alloys) == smact_validity(
        formula, use_pauling_test=False, **asked
    )


@pytest.mark.parametrize("system", [("Ca", "Al", "O"), ("Ti", "H", "S"), ("Si", "C", "N"), ("Fe", "P", "O")])
def test_smact_gives_the_same_answers_on_every_small_formula_of_a_system(system):
    """Random formulas are rarely neutral; on a whole grid both answers occur."""
    from smact.screening import smact_validity

    answers = set()
    for row in simplex_grid(3, 0.1):
        formula = "".join(f"{s}{round(10 * x)}" for s, x in zip(system, row, strict=True) if x)
        ours = neutral(formula), balanced(formula)
        asked = {"oxidation_states_set": "icsd24", "include_alloys": False}
        assert ours == (
            smact_validity(formula, use_pauling_test=False, **asked),
            smact_validity(formula, **asked),
        )
        answers.add(ours)
    assert {(False, False), (True, True)} <= answers


def test_states_and_electronegativities_are_the_textbook_ones():
    assert (
        oxidation_states("Na") == (1,) and oxidation_states("F") == (-1,) and oxidation_states("Mg") == (2,)
    )
    assert set(oxidation_states("Al")) < set(oxidation_states("Al", "smact14"))
    assert oxidation_states("He") == oxidation_states("Og") == ()
    assert (
        electronegativity("F") == 3.98 and electronegativity("He") is None and electronegativity("Og") is None
    )
    assert is_metal("Fe") and not is_metal("O") and not is_metal("Og")
    assert list(reports("Fe"))[:2] == [3, 2] and next(iter(reports("O"))) == -2 and reports("Og") == {}


@pytest.mark.parametrize("function", [oxidation_states, electronegativity, reports, is_metal])
def test_an_unknown_element_is_named(function):
    with pytest.raises(InputError, match="'Xx'"):
        function("Xx")


def test_an_unknown_table_is_named_with_those_there_are():
    with pytest.raises(InputError, match=r"'icsd99'.*icsd24.*smact14"):
        neutral("NaCl", states="icsd99")


def test_importing_the_rules_loads_neither_smact_nor_pandas():
    code = "import sys, matwidgets.features.validity; print({'smact', 'pandas', 'torch'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
