"""The computed library against numbers from outside: measured distances and moduli in the stated range of validity."""

import numpy as np
import pytest

from matwidgets.data import builtin
from matwidgets.data.alloys import load_alloys
from matwidgets.data.splits import element_set
from matwidgets.errors import InputError
from matwidgets.features.alloys import ELEMENTS, descriptors, fractions
from matwidgets.features.composition import canonical_key, pack
from matwidgets.features.solid_solution import is_solid_solution


@pytest.fixture(scope="module")
def compounds():
    return builtin.compounds()


def test_compounds_are_many_distinct_and_deterministic(compounds):
    assert len(compounds) > 150
    assert compounds["formula"].map(canonical_key).is_unique
    assert compounds.equals(builtin.compounds())
    assert compounds["prototype"].nunique() == 7
    assert np.isfinite(compounds[["a", "bond_length", "volume"]]).all(axis=None)


@pytest.mark.parametrize(
    ("formula", "prototype", "a"),
    [  # lattice parameters at room temperature in Å: R. W. G. Wyckoff, Crystal Structures, vol. 1 and 2
        ("NaCl", "rock salt", 5.640),
        ("MgO", "rock salt", 4.212),
        ("CsCl", "caesium chloride", 4.123),
        ("CaF2", "fluorite", 5.463),
        ("Li2O", "antifluorite", 4.619),
        ("TiO2", "rutile", 4.594),
        ("SrTiO3", "perovskite", 3.905),
    ],
)
def test_structure_types_and_lattice_parameters(compounds, formula, prototype, a):
    row = compounds.set_index(compounds["formula"].map(canonical_key)).loc[canonical_key(formula)]
    assert row["prototype"] == prototype
    assert row["a"] == pytest.approx(a, rel=0.04)


def test_compounds_are_neutral_by_pymatgens_reckoning(compounds):
    from pymatgen.core import Composition

    sample = compounds.iloc[::10]["formula"]
    assert all(Composition(formula).oxi_state_guesses() for formula in sample)


def test_volume_is_that_of_the_cell_over_its_formula_units(compounds):
    units = {
        "rock salt": 4,
        "caesium chloride": 1,
        "zincblende": 4,
        "fluorite": 4,
        "antifluorite": 4,
        "perovskite": 1,
    }
    cubic = compounds[compounds["prototype"] != "rutile"]
    expected = cubic["a"] ** 3 / cubic["prototype"].map(units)
    assert cubic["volume"].to_numpy() == pytest.approx(expected.to_numpy())


@pytest.mark.parametrize(
    ("formula", "measured"),
    [  # GPa: C. Kittel, Introduction to Solid State Physics; CaF2: D. C. Wallace, Thermodynamics of Crystals
        ("NaCl", 24.0),
        ("KBr", 15.0),
        ("LiCl", 29.8),
        ("CsCl", 17.0),
        ("CaF2", 82.0),
    ],
)
def test_ionic_moduli_in_their_range_of_validity(formula, measured):
    moduli = builtin.ionic_moduli().set_index("formula")["target"]
    assert moduli[formula] == pytest.approx(measured, rel=0.2)


@pytest.mark.parametrize(
    ("formula", "measured"),  # GPa, measured: O. Madelung, Semiconductors: Data Handbook, 3rd ed. (2004)
    [("C", 443), ("Si", 98), ("Ge", 77), ("GaAs", 75), ("InSb", 47), ("ZnSe", 63), ("CdTe", 42)],
)
def test_zincblende_moduli_in_their_range_of_validity(formula, measured):
    moduli = builtin.zincblende_moduli().set_index("formula")["target"]
    assert moduli[formula] == pytest.approx(measured, rel=0.15)


def test_cohens_formula_with_the_measured_bond_of_diamond():
    row = builtin.zincblende_moduli().set_index("formula").loc["C"]
    assert row["target"] * (row["bond_length"] / 1.5445) ** 3.5 == pytest.approx(431, abs=1)


def test_bulk_moduli_train_like_a_real_table():
    frame = builtin.bulk_moduli()
    assert list(frame.columns) == ["formula", "target", "prototype"]
    assert frame["formula"].map(canonical_key).is_unique
    assert len(frame) > 100
    assert frame.attrs["unit"] == "GPa"
    assert frame.attrs["sources"] == [{"name": "computed/bulk_moduli", "sha256": None, "rows": len(frame)}]
    assert frame["target"].between(5, 500).all()
    assert pack(frame["formula"])[0].shape == (len(frame), 2)


def test_alloys_have_the_descriptors_and_the_label_of_the_rule():
    frame = builtin.alloys(300)
    assert len(frame) == 300
    assert frame["formula"].map(canonical_key).is_unique
    assert frame.equals(builtin.alloys(300))
    assert not frame["formula"].equals(builtin.alloys(300, seed=1)["formula"])
    assert frame.attrs["label"] == "rule"
    assert frame.attrs["sources"] == [{"name": "computed/alloys", "sha256": None, "rows": 300}]
    entropy = frame["melting_temperature"] * frame["mixing_entropy"]
    by_hand = (entropy / (1000 * frame["mixing_enthalpy"].abs()) >= 1.1) & (frame["size_difference"] <= 6.6)
    assert frame["single_phase"].tolist() == by_hand.astype(int).tolist()
    assert 0.3 < frame["single_phase"].mean() < 0.7  # both classes to learn from


def test_alloys_are_of_the_papers_elements_and_use_all_of_them():
    seen = set("-".join(map(element_set, builtin.alloys(600)["formula"])).split("-"))
    assert seen == set(ELEMENTS)


def test_no_alloys():
    with pytest.raises(InputError, match="^0 alloys: ask for one or more"):
        builtin.alloys(0)


@pytest.mark.data
def test_the_rule_agrees_with_experiment_a_little_better_than_chance():
    """What the computed library says of its label."""
    frame = load_alloys()
    rule = is_solid_solution(descriptors(fractions(frame["formula"].tolist())))
    assert 0.60 < (rule == frame["single_phase"]).mean() < 0.65
