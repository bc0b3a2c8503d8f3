import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.features import occupancy
from matwidgets.features.formula_baselines import (
    same_group,
    shared_contexts,
    substituted_formulas,
    unlearned_formulas,
)

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


def place(symbol):
    return occupancy.INDEX[symbol]


def test_surroundings_that_two_elements_share():
    shared = shared_contexts(SALTS)
    assert (
        shared[place("Na"), place("K")] == 2
    )  # _Cl and _2O; that of KNaCl2 is Na_Cl2 for one and K_Cl2 for the other
    assert shared[place("Na"), place("Na")] == 3  # and K_Cl2
    assert shared[place("Cl"), place("O")] == 0  # CaCl2 and CaO differ in the number of atoms
    assert (shared == shared.T).all()


def test_groups():
    alike = same_group()
    for a, b in [("Li", "Cs"), ("Y", "Gd"), ("U", "Pu"), ("Cu", "Au"), ("O", "Te")]:
        assert alike[place(a), place(b)] and alike[place(b), place(a)], (a, b)
    for a, b in [("H", "Li"), ("Na", "Mg"), ("Na", "Na")]:
        assert not alike[place(a), place(b)], (a, b)


def test_a_substitution_changes_one_element_within_its_group():
    drawn = substituted_formulas(SALTS, 300, seed=2)
    known = {tuple(row) for row in SALTS.tolist()}
    alike = same_group()
    for row in drawn.astype(int):
        parents = [
            (np.flatnonzero(old > row), np.flatnonzero(old < row))
            for old in SALTS.astype(int)
            if (old != row).sum() == 2
        ]
        assert any(len(a) == len(b) == 1 and alike[a[0], b[0]] for a, b in parents), row
    # Only sodium and potassium share a surrounding and a group here, and of KNaCl2 neither can become the other.
    made = set(occupancy.formulas_of(drawn))
    assert made <= {"NaCl", "KCl", "Na2O", "K2O", "NaCa2O3"}
    assert "NaCa2O3" in made
    assert tuple(occupancy.require_counts(["NaCa2O3"])[0].tolist()) not in known


def test_nothing_to_substitute():
    with pytest.raises(InputError, match="relative"):
        substituted_formulas(occupancy.require_counts(["NaCl", "CaO"]), 5)


@pytest.mark.parametrize("sampler", [unlearned_formulas, substituted_formulas])
def test_a_seed_is_repeatable(sampler):
    one, again, other = (sampler(SALTS, 50, seed=seed) for seed in (0, 0, 1))
    assert (one == again).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("counts", "amounts"), [(SALTS, "all"), (np.zeros((0, 85), int), "any"), (np.zeros((2, 85), int), "own")]
)
def test_errors(counts, amounts):
    with pytest.raises(InputError):
        unlearned_formulas(counts, 5, amounts=amounts)


@pytest.mark.parametrize("draw", [substituted_formulas, unlearned_formulas])
@pytest.mark.parametrize("n", [0, -2])
def test_at_least_one_formula_is_drawn(draw, n):
    with pytest.raises(InputError, match=f"n is {n}; at least 1"):
        draw(SALTS, n)
