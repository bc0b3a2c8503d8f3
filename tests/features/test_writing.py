import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.elements import SYMBOLS
from matwidgets.features.formula import to_fractions
from matwidgets.features.writing import canonical_key, pretty_formula, reduced_formula, snap

whole_amounts = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 40), min_size=1, max_size=8)
amounts = st.dictionaries(st.sampled_from(SYMBOLS), st.floats(1e-3, 1e3), min_size=1, max_size=8)


def largest_error(formula, wanted):
    """Largest difference of a fraction between a formula and the composition it stands for."""
    got, wanted = to_fractions(formula), to_fractions(wanted)
    return max(abs(got.get(s, 0) - wanted.get(s, 0)) for s in {*got, *wanted})


@pytest.mark.parametrize(
    "same",
    [
        ["TiC", "C1Ti1", "CTi", "Ti0.5 C0.5", "Ti₂C₂", {"C": 3, "Ti": 3}],
        ["Al2O3", "O3Al2", {"Al": 0.4, "O": 0.6}, {"Al": 2 / 3, "O": 1.0}],
        ["NaN", "NNa", {"Na": 1e-3, "N": 1e-3}],
        [{"Ti": math.pi, "C": 1}, {"C": 2, "Ti": 2 * math.pi}],
    ],
)
def test_one_material_has_one_key(same):
    assert len({canonical_key(item) for item in same}) == 1


def test_different_materials_have_different_keys():
    formulas = ["TiC", "Ti2C", "TiC2", "TiN", "Ti", "C", "Ti0.501C0.499", "Ti0.50001C0.49999"]
    assert len({canonical_key(item) for item in formulas}) == len(formulas)


@given(whole_amounts, st.floats(1e-3, 1e3), st.randoms(use_true_random=False))
def test_key_ignores_scale_and_order(mapping, factor, random):
    symbols = list(mapping)
    random.shuffle(symbols)
    assert canonical_key({s: mapping[s] * factor for s in symbols}) == canonical_key(mapping)


@given(whole_amounts)
def test_reduced_formula_is_pymatgens(mapping):
    from pymatgen.core import Composition

    by_number = {symbol: mapping[symbol] for symbol in sorted(mapping, key=SYMBOLS.index)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert reduced_formula(mapping) == Composition(by_number).reduced_formula


@pytest.mark.parametrize(
    ("composition", "formula"),
    [
        ("C1Ti1", "TiC"),
        ("O6Al4", "Al2O3"),
        ("O8P2Ca3", "Ca3(PO4)2"),
        ({"Na": 1, "N": 1}, "NaN"),
        ("Xe F2", "XeF2"),
        ("O", "O2"),  # pymatgen writes the molecules of the elements
        ({"Ti": 0.526, "C": 0.474}, "Ti263C237"),
        ({"Ti": math.pi, "C": 1}, "Ti0.758547 C0.241453"),
    ],
)
def test_reduced_formula(composition, formula):
    assert reduced_formula(composition) == formula


@pytest.mark.parametrize(
    ("composition", "formula"),
    [
        ({"Al": 0.4, "O": 0.6}, "Al2O3"),
        ({"C": 0.474, "Ti": 0.526}, "Ti0.526 C0.474"),
        ({"Ti": 0.526, "Cd": 0.015, "C": 0.459}, "Ti0.526 Cd0.015 C0.459"),
        ({"Ti": 0.9999957, "C": 0.0000043}, "Ti1 C0.000004"),  # not rounded to nothing
        ("Ti3", "Ti"),
    ],
)
def test_pretty_formula(composition, formula):
    assert pretty_formula(composition) == formula


def test_pretty_formula_options():
    assert pretty_formula({"Ti": 0.526, "C": 0.474}, digits=1) == "Ti0.5 C0.5"
    assert pretty_formula("Al2O3", subscripts=True) == "Al₂O₃"
    assert pretty_formula({"Ti": 0.526, "C": 0.474}, subscripts=True) == "Ti₀.₅₂₆ C₀.₄₇₄"
    assert pretty_formula("Ti11C9") == "Ti11C9"
    assert pretty_formula("Ti11C9", max_atoms=10) == "Ti0.55 C0.45"


@given(amounts, st.booleans())
def test_pretty_formula_can_be_read_again(mapping, subscripts):
    text = pretty_formula(mapping, digits=6, subscripts=subscripts)
    assert set(to_fractions(text)) == set(mapping)
    assert largest_error(text, mapping) < 1e-5


@given(whole_amounts)
def test_integer_formulas_survive_being_written(mapping):
    assert canonical_key(pretty_formula(mapping, max_atoms=1000)) == canonical_key(mapping)
    assert canonical_key(reduced_formula(mapping)) == canonical_key(mapping)


@pytest.mark.parametrize(
    ("composition", "formula"),
    [
        ({"Ti": 0.526, "Cd": 0.015, "C": 0.459}, "TiC"),  # the paper's optimum: cadmium is a dopant
        ({"Ti": 0.526, "C": 0.474}, "TiC"),
        ({"Ti": 0.57, "C": 0.43}, "Ti4C3"),
        ({"Ti": 0.61, "C": 0.39}, "Ti3C2"),
        ({"Al": 0.39, "O": 0.61}, "Al2O3"),
        ({"Ba": 0.21, "Ti": 0.19, "O": 0.6}, "BaTiO3"),
        ({"Os": 0.42, "W": 0.37, "C": 0.19}, "Os2W2C"),
        ({"Ti": 0.95, "C": 0.05}, "Ti19C"),  # an element that is there on purpose stays
        ({"Ti": 0.99, "C": 0.01}, "Ti"),
        ({"C": 1.0}, "C"),
    ],
)
def test_snap(composition, formula):
    assert canonical_key(snap(composition)) == canonical_key(formula)


@given(whole_amounts)
def test_snap_leaves_small_integer_formulas_alone_if_told_to_be_exact(mapping):
    atoms = sum(mapping.values())
    assert canonical_key(snap(mapping, max_atoms=atoms, tolerance=0)) == canonical_key(mapping)


@pytest.mark.parametrize(
    "formula", ["TiC", "Al2O3", "BaTiO3", "CaF2", "Ti3SiC2", "Mg2SiO4", "LiFePO4", "Cu3Au"]
)
def test_snap_leaves_simple_formulas_alone(formula):
    assert canonical_key(snap(formula)) == canonical_key(formula)


@given(st.dictionaries(st.sampled_from(SYMBOLS), st.floats(0.05, 1), min_size=1, max_size=5))
def test_snap_is_near_small_and_loses_no_element_of_weight(mapping):
    wanted = to_fractions(mapping)
    formula = snap(wanted)
    got = to_fractions(formula)
    assert {symbol for symbol, x in wanted.items() if x >= 0.05} <= set(got) <= set(wanted)
    # Twenty atoms reach an error of 0.05, and each accepted formula costs less than that one: (e + 0.01) N <= 1.2.
    assert largest_error(formula, wanted) <= 1.2 / len(got)


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=4))
def test_snap_with_tolerance_is_the_smallest_formula_within_it(weights):
    wanted = to_fractions(dict(zip(SYMBOLS[5:], weights, strict=False)))
    formula = snap(wanted, tolerance=0.05, keep=0)
    got = to_fractions(formula)
    assert largest_error(formula, wanted) <= 0.05 + 1e-9
    assert min(got.values()) >= 1 / 20 - 1e-9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_atoms": 1}, "max_atoms 1 for 2 elements: give at least 2."),
        (
            {"max_atoms": 5, "tolerance": 0.001},
            "No formula of up to 5 atoms is within 0.001 of Ti0.526 C0.474: raise max_atoms or the tolerance.",
        ),
    ],
)
def test_snap_refuses(options, message):
    with pytest.raises(InputError) as caught:
        snap({"Ti": 0.526, "C": 0.474}, **options)
    assert str(caught.value) == message
