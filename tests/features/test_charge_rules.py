import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import occupancy, validity
from matwidgets.features.charge_rules import charge_rules

RANDOM = np.random.default_rng(3)


def some_formulas(n):
    """Any elements, one to seven of them, so that every rare case (no state, no electronegativity) occurs."""
    counts = np.zeros((n, 85), dtype=np.uint8)
    for row in counts:
        which = RANDOM.choice(85, RANDOM.integers(1, 8), replace=False)
        row[which] = RANDOM.integers(1, 9, len(which))
    return counts


@pytest.mark.parametrize("states", validity.STATE_SETS)
def test_agrees_with_the_rules_for_one_formula_on_thousands(states):
    counts = some_formulas(2000)
    found = charge_rules(counts, states=states)
    amounts = [{occupancy.ELEMENTS[i]: float(row[i]) for i in np.flatnonzero(row)} for row in counts]
    wanted = [
        (validity.neutral(each, states=states), validity.balanced(each, states=states)) for each in amounts
    ]
    assert list(zip(found.neutral.tolist(), found.balanced.tolist(), strict=True)) == wanted
    assert 0 < found.balanced.sum() < found.neutral.sum() < len(counts)


def test_known_formulas():
    #                                                neutral: -1 +1 | no Na3+ | cations above anions | mixed valence
    found = charge_rules(occupancy.require_counts(["NaCl", "NaCl3", "Fe3O4", "TiO2", "Au"]))
    assert found.neutral.tolist() == [True, False, False, True, True]
    assert found.balanced.tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(
    "counts", [np.zeros((1, 85), int), -np.ones((1, 85), int), np.ones((1, 84), int), np.ones((1, 85))]
)
def test_what_is_no_formula_is_refused(counts):
    with pytest.raises(InputError, match="give whole numbers|leave such rows out"):
        charge_rules(counts)
