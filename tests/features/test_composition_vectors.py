"""The paper's vector of 100 fractions and the formulas that vectors stand for."""

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features.composition_vectors import ELEMENTS, formula_of, formulas_of, fraction_vectors

FORMULAS = ["H2O", "Fe", "SrTiO3", "Ca3(PO4)2", "NaCl", "FmO", "Mg3Al2(SiO4)3"]


def test_columns_are_atomic_numbers():
    assert (len(ELEMENTS), ELEMENTS[0], ELEMENTS[25], ELEMENTS[-1]) == (100, "H", "Fe", "Fm")
    water, iron = fraction_vectors(["H2O", {"Fe": 7}])
    assert water.dtype == np.float32
    assert {i: float(water[i]) for i in np.flatnonzero(water)} == pytest.approx({0: 2 / 3, 7: 1 / 3})
    assert np.flatnonzero(iron).tolist() == [25] and iron[25] == 1


def test_formulas_come_back():
    assert formulas_of(fraction_vectors(FORMULAS)) == FORMULAS
    assert formula_of(fraction_vectors(["TiO2"])[0]) == "TiO2"


def test_small_errors_and_traces_are_forgiven():
    vector = fraction_vectors(["SrTiO3"])[0]
    vector[7] -= 0.015
    vector[10] += 0.01
    vector[37] += 0.005
    assert formula_of(vector) == "SrTiO3"
    assert formula_of(vector, threshold=0.005, tolerance=0.02) != "SrTiO3"  # now the trace is an element


def test_nothing_is_no_formula():
    assert formula_of(np.zeros(100)) is None
    assert formula_of(np.full(100, 0.01)) is None


def test_an_element_beyond_the_vector():
    with pytest.raises(InputError, match=r"Lr in 'LrN' lies beyond Z 100 \(Fm\)"):
        fraction_vectors(["NaCl", "LrN"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (np.zeros(99), r"shape \(1, 99\)"),
        (np.full(100, -1.0), "negative"),
        (np.full(100, np.nan), "not finite"),
    ],
)
def test_vectors_that_are_none(given, told):
    with pytest.raises(InputError, match=told):
        formula_of(given)


@pytest.mark.parametrize("setting", [{"threshold": 1}, {"tolerance": 0}, {"most_atoms": 0}])
def test_settings_that_are_none(setting):
    with pytest.raises(InputError, match="most_atoms >= 1"):
        formulas_of(np.eye(100), **setting)
