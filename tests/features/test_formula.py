import math
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.elements import SYMBOLS
from matwidgets.features.formula import parse_formula, to_fractions


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("TiC", {"Ti": 1, "C": 1}),
        ("NaN", {"Na": 1, "N": 1}),
        ("Al2O3", {"Al": 2, "O": 3}),
        ("Ca3(PO4)2", {"Ca": 3, "P": 2, "O": 8}),
        ("K4[Fe(CN)6]", {"K": 4, "Fe": 1, "C": 6, "N": 6}),
        ("{Ti2[C(N)2]3}2", {"Ti": 4, "C": 6, "N": 12}),
        ("CuSO4·5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("CuSO4*5H2O", {"Cu": 1, "S": 1, "O": 9, "H": 10}),
        ("CaSO4 • 0.5 H2O", {"Ca": 1, "S": 1, "O": 4.5, "H": 1}),
        ("Al₂O₃", {"Al": 2, "O": 3}),
        ("Ti₀.₅C₀.₅", {"Ti": 0.5, "C": 0.5}),
        ("Ti0.5 C0.5", {"Ti": 0.5, "C": 0.5}),
        (" Ti 0.5\tC .5\n", {"Ti": 0.5, "C": 0.5}),
        ("2H2O", {"H": 4, "O": 2}),
        ("0.5H2O", {"H": 1, "O": 0.5}),
        ("CuSO4.5(H2O)", {"Cu": 1, "S": 1, "O": 5.5, "H": 2}),  # brackets make the full stop a decimal point
        ("(TiC)0.5", {"Ti": 0.5, "C": 0.5}),
        ("CH3COOH", {"C": 2, "H": 4, "O": 2}),
        ("TiTi2", {"Ti": 3}),
        ("C1e-05Ti2.", {"C": 1e-05, "Ti": 2}),
        ("C1Es2", {"C": 1, "Es": 2}),  # E begins an element, only e an exponent
        ("CO", {"C": 1, "O": 1}),
        ("Co", {"Co": 1}),
    ],
)
def test_reads(text, amounts):
    assert parse_formula(text) == pytest.approx(amounts)


def test_order_is_that_of_first_appearance():
    assert list(parse_formula("CH3COOH")) == ["C", "H", "O"]
    assert list(to_fractions("OTiO")) == ["O", "Ti"]


EXAMPLES = "write it like 'Al2O3', 'Ca3(PO4)2' or 'Ti0.5C0.5'."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Empty formula '': write at least one element, such as 'Al2O3'."),
        (" \t ", r"Empty formula ' \t ': write at least one element, such as 'Al2O3'."),
        (None, "Formula None is no text: write a formula such as 'Al2O3'."),
        ("Ti(C", f"Malformed formula 'Ti(C': '(' is not closed; {EXAMPLES}"),
        ("TiC)", f"Malformed formula 'TiC)': ')' closes no '('; {EXAMPLES}"),
        ("Ti(C]", f"Malformed formula 'Ti(C]': ']' closes no '['; {EXAMPLES}"),
        ("Ti()", f"Malformed formula 'Ti()': a pair of brackets is empty; {EXAMPLES}"),
        ("Ti 5 5", f"Malformed formula 'Ti 5 5': '5' follows no element or bracket; {EXAMPLES}"),
        ("5", f"Malformed formula '5': a number stands alone; {EXAMPLES}"),
        ("TiC*", f"Malformed formula 'TiC*': a part beside '·' or '*' is empty; {EXAMPLES}"),
        ("Ti50%", f"Malformed formula 'Ti50%': '%' has no meaning here; {EXAMPLES}"),
        ("Ti-C", f"Malformed formula 'Ti-C': '-' has no meaning here; {EXAMPLES}"),
        (
            "tic",
            f"Malformed formula 'tic': 't' has no meaning here, symbols begin with a capital; {EXAMPLES}",
        ),
        ("Ti-1", "Negative amount -1 in formula 'Ti-1': write amounts greater than zero, without a sign."),
        ("Ti−1", "Negative amount -1 in formula 'Ti−1': write amounts greater than zero, without a sign."),
        ("Ti+2", "Signed amount +2 in formula 'Ti+2': write amounts greater than zero, without a sign."),
        ("TiC0", "Zero amount in formula 'TiC0': leave the element out or write an amount above zero."),
        ("Ti1e999", "An amount in formula 'Ti1e999' is too large or too small: write amounts near 1."),
        (
            "(Ti1e-200)1e-200",
            "An amount in formula '(Ti1e-200)1e-200' is too large or too small: write amounts near 1.",
        ),
        ("Xx2O", "Unknown element 'Xx': write a symbol from H to Og; did you mean Xe? (in formula 'Xx2O')"),
        (
            "CuSO4.5H2O",
            "Ambiguous formula 'CuSO4.5H2O': a full stop is a decimal point; join water by '·' or '*', "
            "or write it as (H2O).",
        ),
        (
            "D2O",
            "Unknown element 'D': write a symbol from H to Og; isotopes are written as H (in formula 'D2O')",
        ),
        ("Qq", "Unknown element 'Qq': write a symbol from H to Og (in formula 'Qq')"),
    ],
)
def test_refuses(text, message):
    with pytest.raises(InputError) as caught:
        parse_formula(text)
    assert str(caught.value) == message


@given(st.text(alphabet=printable + "₂·½é−", max_size=30))
def test_any_text_is_read_or_refused_in_one_line(text):
    refusal, amounts = "", {}
    try:
        amounts = parse_formula(text)
    except InputError as error:
        refusal = str(error)
    assert bool(refusal) != bool(amounts)
    assert "\n" not in refusal
    assert all(symbol in SYMBOLS and amount > 0 for symbol, amount in amounts.items())


def units():
    """Formulas in the part of the grammar that pymatgen shares: one kind of bracket, no adducts."""
    counts = st.one_of(
        st.just(""), st.integers(1, 30).map(str), st.decimals("0.01", "9.99", places=2).map(str)
    )
    element = st.builds("{}{}".format, st.sampled_from(SYMBOLS), counts)
    flat = st.lists(element, min_size=1, max_size=4).map("".join)
    return st.recursive(flat, lambda inner: st.builds("{}({}){}".format, flat, inner, counts), max_leaves=4)


@given(units())
def test_reads_as_pymatgen_does(text):
    from pymatgen.core import Composition

    theirs = {element.symbol: amount for element, amount in Composition(text).items()}
    assert parse_formula(text) == pytest.approx(theirs, rel=1e-9)


def test_fractions_sum_to_one():
    fractions = to_fractions("Al2O3")
    assert fractions == pytest.approx({"Al": 0.4, "O": 0.6})
    assert math.fsum(fractions.values()) == pytest.approx(1, abs=1e-15)


def test_mapping_is_normalised_and_zeros_are_left_out():
    assert to_fractions({"Ti": 30, "Cd": 0, "C": 10}) == {"Ti": 0.75, "C": 0.25}


def test_mapping_may_be_pymatgens():
    from pymatgen.core import Composition

    assert to_fractions(Composition("Al2O3")) == pytest.approx({"Al": 0.4, "O": 0.6})


def test_huge_amounts_do_not_overflow():
    assert to_fractions({"Ti": 1e308, "C": 1e308}) == {"Ti": 0.5, "C": 0.5}


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "Composition {} has no amount above zero: give at least one."),
        ({"Ti": 0}, "Composition {'Ti': 0} has no amount above zero: give at least one."),
        ({"Ti": -1, "C": 2}, "Negative amount -1 of Ti: give amounts of zero or more."),
        ({"Ti": math.nan}, "Amount nan of Ti is no finite number: give amounts of zero or more."),
        ({"Ti": math.inf}, "Amount inf of Ti is no finite number: give amounts of zero or more."),
        ({"Ti": "1"}, "Amount '1' of Ti is no finite number: give amounts of zero or more."),
        ({"Ti": True}, "Amount True of Ti is no finite number: give amounts of zero or more."),
        ({"Tj": 1}, "Unknown element 'Tj': write a symbol from H to Og; did you mean Ti or Tc or Te?"),
        (1.5, "Composition 1.5 is no formula or mapping: give 'TiC' or {'Ti': 1, 'C': 1}."),
    ],
)
def test_to_fractions_refuses(given_, message):
    with pytest.raises(InputError) as caught:
        to_fractions(given_)
    assert str(caught.value) == message


def test_an_integer_too_large_for_a_float_is_refused():
    with pytest.raises(InputError, match=r"of Ti is no finite number: give amounts of zero or more\.$"):
        to_fractions({"Ti": 10**400})
