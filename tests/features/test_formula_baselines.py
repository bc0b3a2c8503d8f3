import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import occupancy
from matwidgets.features.formula_baselines import unlearned_formulas

SALTS = occupancy.require_counts(["NaCl", "KCl", "Na2O", "K2O", "CaCl2", "CaO", "KNaCl2", "Ca2KO3", "Al2O3"])


@pytest.mark.parametrize("amounts", ["any", "own"])
def test_sizes_elements_and_amounts_are_the_data_s(amounts):
    drawn = unlearned_formulas(SALTS, 4000, amounts=amounts, seed=1)
    assert drawn.shape == (4000, 85)
    sizes = [((rows > 0).sum(1) == 3).mean() for rows in (SALTS, drawn)]
    assert sizes[1] == pytest.approx(sizes[0], abs=5 * np.sqrt(0.25 / 4000))
    assert not (drawn > 0)[:, ~(SALTS > 0).any(0)].any()
    assert (np.gcd.reduce(drawn, axis=1) == 1).all()
    assert drawn.max() == 3
    # Sodium with potassium and nothing else is what only a sampler that has learned nothing makes.
    both = (drawn[:, [occupancy.INDEX["Na"], occupancy.INDEX["K"]]] > 0).all(1)
    assert (both & ((drawn > 0).sum(1) == 2)).any()


def test_own_amounts_are_those_of_the_element():
    sodium = occupancy.INDEX["Na"]
    free, own = (unlearned_formulas(SALTS, 4000, amounts=kind, seed=1)[:, sodium] for kind in ("any", "own"))
    assert free.max() == 3  # aluminium oxide's oxygen
    assert own.max() == 2


def test_a_seed_is_repeatable():
    one, again, other = (unlearned_formulas(SALTS, 50, seed=seed) for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("counts", "amounts"), [(SALTS, "all"), (np.zeros((0, 85), int), "any"), (np.zeros((2, 85), int), "own")]
)
def test_errors(counts, amounts):
    with pytest.raises(InputError):
        unlearned_formulas(counts, 5, amounts=amounts)
