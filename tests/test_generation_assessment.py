import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import occupancy, validity
from matwidgets.features.formula_baselines import unlearned_formulas
from matwidgets.generation_assessment import (
    ANIONS,
    Reference,
    assess,
    composition_hashes,
    ionic,
    pairs,
    real_or_generated,
)

METALS = {1: "Li Na K Rb Cs Ag", 2: "Mg Ca Sr Ba Zn Cd", 3: "Al Ga In Sc Y La"}
OTHERS = {1: "F Cl Br", 2: "O S Se"}


def salts():
    """Every binary and ternary salt of some ions, as a chemist would write them: what there is to learn."""
    formulas = []
    for charge, names in METALS.items():
        for metal in names.split():
            for minus, anions in OTHERS.items():
                for anion in anions.split():
                    formulas.append(f"{metal}{minus}{anion}{charge}")
                formulas += [f"{metal}1{a}1{b}{charge}" for a in METALS[1].split() for b in anions.split()]
    usable = [f for f in formulas if len(occupancy.encode([f]).counts)]
    return occupancy.distinct_rows(occupancy.reduced(occupancy.require_counts(usable)))[0]


ROWS = salts()[np.random.default_rng(0).permutation(len(salts()))]
REFERENCE = Reference(ROWS, ROWS[: len(ROWS) // 5])


def test_the_data_against_themselves():
    found = assess(ROWS, REFERENCE, classify=False)
    assert (found["n"], found["unique"], found["novel"], found["novel_unique"]) == (len(ROWS), 1, 0, 0)
    assert (found["missing"], found["pairs_covered"], found["pairs_new"], found["most_often"]) == (
        [],
        1,
        0,
        1,
    )
    assert found["rediscovered"] == {"learned": 1, "held_out": 1}
    assert found["prevalence_kl"] == pytest.approx(0, abs=85e-6)  # the floor of 1e-6 an element
    assert found["elements_distance"] == 0


def test_counts_of_a_few_formulas_by_hand():
    reference = Reference(
        occupancy.require_counts(["NaCl", "KCl", "Na2O"]), occupancy.require_counts(["NaCl"])
    )
    found = assess(
        occupancy.require_counts(["NaCl", "NaCl", "NaCl", "KBr", "NaAu", "KNaO"]), reference, classify=False
    )
    assert (found["n"], found["unique"], found["most_often"]) == (6, 4 / 6, 3)
    assert (found["novel"], found["novel_unique"]) == (0.5, 3)
    assert found["missing"] == []
    assert found["pairs_covered"] == pytest.approx(2 / 3)  # NaCl and, in KNaO, NaO; not KCl
    assert found["pairs_new"] == 4  # KBr, NaAu, KNa, KO
    assert found["ionic"] == 4 / 6  # not KBr, whose bromine is not above 3, and not NaAu
    assert found["rediscovered"] == {"learned": 0, "held_out": 1}
    new = [f for f in ("KBr", "NaAu", "KNaO") if validity.balanced(f)]
    assert found["icsd24"]["new_and_valid"] == len(new) >= 2
    assert found["icsd24"]["ionic_valid"] == 1  # KNaO as well: K+, Na+, O2-
    neutral = [validity.neutral(f) for f in ("NaCl", "NaCl", "NaCl", "KBr", "NaAu", "KNaO")]
    assert found["icsd24"]["neutral"] == np.mean(neutral)


def test_an_element_that_no_sample_has_is_missing():
    without = ROWS[ROWS[:, occupancy.INDEX["O"]] == 0]
    assert "O" in assess(without, REFERENCE, classify=False)["missing"]


def test_ionic_needs_an_anion_former_and_a_metal():
    asked = ["NaCl", "SO2", "NaBr", "FeAl", "TiN", "NF3", "Fe2O3"]
    assert ionic(occupancy.require_counts(asked)).tolist() == [True, False, False, False, True, False, True]
    above = [s for s in occupancy.ELEMENTS if (validity.electronegativity(s) or 0) > 3]
    assert sorted(above) == sorted(ANIONS)


def test_luck_is_told_from_real_and_real_from_itself_is_not():
    many = np.concatenate([ROWS] * 2)
    half = np.random.default_rng(1).permutation(len(ROWS))
    luck = unlearned_formulas(ROWS, len(many), seed=0)
    told = real_or_generated(luck, ROWS)
    assert told > 0.8
    assert real_or_generated(ROWS[half[::2]], ROWS[half[1::2]]) == pytest.approx(0.5, abs=0.15)


def test_copies_of_real_formulas_are_not_learned_by_heart():
    """A row in both sets is in one fold, so what is known of it from the other set does not help."""
    assert real_or_generated(ROWS, ROWS) < 0.55


def test_learned_and_unlearned_are_put_in_the_right_order():
    some = assess(ROWS[len(ROWS) // 5 :], REFERENCE, classify=False)
    luck = assess(unlearned_formulas(ROWS, 2000, seed=0), REFERENCE, classify=False)
    assert luck["icsd24"]["ionic_valid"] < some["icsd24"]["ionic_valid"]
    assert luck["novel"] > some["novel"] == 0
    assert some["rediscovered"] == {"learned": 1, "held_out": 0}


def test_hashes_and_pairs():
    hashes = composition_hashes(ROWS)
    assert len(set(hashes.tolist())) == len(ROWS)
    assert (composition_hashes(ROWS[::-1]) == hashes[::-1]).all()
    found = pairs(occupancy.require_counts(["NaCl"]))
    assert found.sum() == 2
    assert found[occupancy.INDEX["Na"], occupancy.INDEX["Cl"]]


def test_errors():
    with pytest.raises(InputError, match="n from 1"):
        assess(ROWS[:0], REFERENCE)
    with pytest.raises(InputError, match="85"):
        Reference(ROWS[:, :80], ROWS)
    with pytest.raises(InputError, match="folds"):
        real_or_generated(ROWS[:2], ROWS)


def test_what_is_held_out_must_be_of_the_reference():
    with pytest.raises(InputError, match="1 of 2 formulas held out are not among the 3"):
        Reference(occupancy.require_counts(["NaCl", "KCl", "LiF"]), occupancy.require_counts(["KCl", "CaO"]))


def test_a_reference_of_pure_elements_has_no_pair_to_cover():
    pure = occupancy.require_counts(["Na", "K"])
    found = assess(occupancy.require_counts(["NaCl"]), Reference(pure, pure), classify=False)
    assert found["pairs_covered"] is None and found["pairs_new"] == 1
