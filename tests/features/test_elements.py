import warnings

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import elements


@pytest.fixture(scope="module")
def pymatgen_elements():
    from pymatgen.core import Element

    return [Element.from_Z(z) for z in range(1, 119)]


def test_symbols_and_masses_agree_with_pymatgen(pymatgen_elements):
    assert [e.symbol for e in pymatgen_elements] == list(elements.SYMBOLS)
    for e in pymatgen_elements:
        # Elements without a stable isotope have the mass number of the longest-lived one, which is still debated.
        allowed = 3.0 if e.Z in (43, 61) or e.Z > 83 else 0.001 * float(e.atomic_mass)
        assert abs(elements.MASSES[e.symbol] - float(e.atomic_mass)) <= allowed, e.symbol


def test_electronegativities_agree_with_pymatgen(pymatgen_elements):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        known = {e.symbol: e.X for e in pymatgen_elements if not np.isnan(e.X)}
    assert known == elements.ELECTRONEGATIVITIES


def test_atomic_numbers_are_the_inverse_of_symbols():
    assert len(elements.ATOMIC_NUMBERS) == len(elements.NAMES) == len(elements.MASSES) == 118
    assert all(elements.SYMBOLS[z - 1] == symbol for symbol, z in elements.ATOMIC_NUMBERS.items())
    assert elements.NAMES["W"] == "Tungsten"


def test_grid_agrees_with_pymatgen_outside_the_f_block(pymatgen_elements):
    for e in pymatgen_elements:
        row, column = elements.GRID[e.symbol]
        if row <= 7:
            assert (row, column) == (e.row, e.group)


def test_grid_has_one_place_each_and_the_f_block_below():
    assert len(set(elements.GRID.values())) == 118
    assert elements.GRID["La"] == (8, 4)
    assert elements.GRID["Lu"] == (8, 18)
    assert elements.GRID["Ac"] == (9, 4)
    assert {(6, 3), (7, 3)}.isdisjoint(elements.GRID.values())


@pytest.mark.parametrize(
    ("symbol", "kind"),
    [
        ("H", "reactive nonmetal"),
        ("Na", "alkali metal"),
        ("Ca", "alkaline earth metal"),
        ("Ti", "transition metal"),
        ("Al", "post-transition metal"),
        ("Si", "metalloid"),
        ("Cl", "halogen"),
        ("Ne", "noble gas"),
        ("Ce", "lanthanide"),
        ("U", "actinide"),
    ],
)
def test_categories(symbol, kind):
    assert elements.category(symbol) == kind


def test_every_element_has_a_known_category():
    assert {elements.category(symbol) for symbol in elements.SYMBOLS} == set(elements.CATEGORIES)


def test_require_element_takes_blanks_off():
    assert elements.require_element(" Ti ") == "Ti"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Xx", "Unknown element 'Xx': write a symbol from H to Og; did you mean Xe?"),
        (
            "ti",
            "Unknown element 'ti': write a symbol from H to Og; symbols are case-sensitive, did you mean Ti?",
        ),
        (
            "CD",
            "Unknown element 'CD': write a symbol from H to Og; symbols are case-sensitive, did you mean Cd?",
        ),
        ("titanium", "Unknown element 'titanium': write a symbol from H to Og; did you mean Ti?"),
        ("", "Unknown element '': write a symbol from H to Og."),
        (22, "Unknown element 22: write a symbol from H to Og."),
    ],
)
def test_unknown_element(text, message):
    with pytest.raises(InputError) as caught:
        elements.require_element(text)
    assert str(caught.value) == message


def test_element_array_places_rows_by_atomic_number():
    table = elements.element_array(["C", "H"], np.array([[6.0, 60.0], [1.0, 10.0]]))
    assert table.shape == (119, 2)
    assert table[0].tolist() == [0.0, 0.0]
    assert table[1].tolist() == [1.0, 10.0]
    assert table[6].tolist() == [6.0, 60.0]
    assert np.isnan(np.delete(table, [0, 1, 6], axis=0)).all()


def test_element_array_makes_integers_floats_so_that_missing_rows_can_be_nan():
    assert np.isnan(elements.element_array(["H"], np.array([[1]]))[2, 0])


@pytest.mark.parametrize(
    ("symbols", "message"),
    [
        (["H"], r"An element table of shape \(2, 1\) for 1 symbols: give one row a symbol\."),
        (["H", "H"], r"Element 'H' has two rows in the table: keep one\."),
        (["H", "Q"], r"Unknown element 'Q'"),
    ],
)
def test_element_array_refuses(symbols, message):
    with pytest.raises(InputError, match=message):
        elements.element_array(symbols, np.ones((2, 1)))
