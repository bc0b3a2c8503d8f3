"""Plain formulas: small whole numbers, feasible, each once."""

import math

import numpy as np
import pytest

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.stoichiometry import COUNT, MOST, plain_formulas


def as_counts(row):
    least = row[row > 0].min()
    return next(
        n for n in range(1, COUNT + 1) if np.allclose(row / least * n, np.rint(row / least * n), atol=1e-9)
    )


def test_a_ternary_has_every_ratio_of_up_to_four_atoms_once():
    rows = plain_formulas(Feasible.build(("Al", "B", "O"), min_elements=1, min_fraction=0.0))
    # by hand: 11 coprime pairs of 1..4; of 64 triples those with all even (8) or all 3 (1) are not reduced
    assert len(rows) == 3 + 3 * 11 + (64 - 8 - 1)
    assert len({tuple(r.round(9)) for r in rows}) == len(rows)
    np.testing.assert_allclose(rows.sum(1), 1)
    for wanted in ([2 / 5, 0, 3 / 5], [0, 2 / 5, 3 / 5], [1 / 3, 1 / 3, 1 / 3], [1, 0, 0]):
        assert np.isclose(rows, wanted).all(1).sum() == 1
    assert max(as_counts(r) for r in rows) <= COUNT


def test_only_what_is_feasible():
    feasible = Feasible.build(("Ca", "Al", "Si", "O"), bounds={"O": (0.5, 0.7)}, min_elements=2)
    rows = plain_formulas(feasible)
    assert len(rows) and feasible.contains(rows).all()
    assert (rows[:, 3] >= 0.5 - 1e-6).all() and ((rows > 0).sum(1) <= 3).all()


def test_a_large_system_is_a_seeded_choice_with_all_its_pairs():
    feasible = Feasible.build(tuple("BCNOFPSKVY"))
    rows = plain_formulas(feasible, seed=3)
    assert len(rows) == MOST
    pairs = (rows > 0).sum(1) == 2
    assert pairs.sum() == math.comb(10, 2) * 11
    np.testing.assert_array_equal(rows, plain_formulas(feasible, seed=3))
    assert not np.array_equal(rows, plain_formulas(feasible, seed=4))


@pytest.mark.parametrize("k", [2, 3, 5])
def test_a_search_finds_a_well_that_no_slope_leads_to(k):
    """A narrow well at 1:2 of the first two elements in a plain that rises towards the last."""
    import torch

    from matwidgets.inverse.fractions import FractionSearch, SearchSettings
    from matwidgets.inverse.objectives import Criteria, Objective

    class Well:
        name, unit, scale = "depth", "", 1.0

        def __call__(self, fractions):
            apart = (fractions[:, 0] - 1 / 3).abs() + (fractions[:, 1] - 2 / 3).abs()
            value = fractions[:, -1] + 5 * torch.exp(-((apart / 0.02) ** 2))
            return value, torch.ones_like(value), torch.ones_like(value)

    criteria = Criteria((Objective(Well(), "maximize"),))
    search = FractionSearch(criteria, Feasible.build(tuple("ABCDE"[:k])), SearchSettings(steps=5, starts=2))
    while not search.finished:
        search.advance()
    final = search.result().final
    assert final.fractions[:2] == pytest.approx([1 / 3, 2 / 3], abs=0.01) and final.value > 4.9
