"""The penalties against the rules they stand for, which are smact's, and against small systems worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.composition import simplex_grid, to_fractions
from matwidgets.features.validity import balanced, neutral
from matwidgets.inverse import penalties
from matwidgets.inverse.penalties import electronegativity_penalty, neutrality_penalty

BOTH = pytest.mark.parametrize("make", [neutrality_penalty, electronegativity_penalty])
COMPOUNDS = ["Al2O3", "MgO", "TiO2", "NaCl", "CaAl2Si2O8", "BaTiO3", "CaF2", "GaN"]


def row(formula: str) -> tuple[list[str], torch.Tensor]:
    fractions = to_fractions(formula)
    return list(fractions), torch.tensor([list(fractions.values())])


@BOTH
@pytest.mark.parametrize("formula", COMPOUNDS)
def test_ionic_compounds_cost_nothing_even_without_a_margin(make, formula):
    elements, fractions = row(formula)
    # Single precision leaves a few of its units (6e-8) in a sum of fractions.
    assert float(make(elements, margin=0)(fractions)) < 1e-6
    assert float(make(elements)(fractions)) == 0


@BOTH
@pytest.mark.parametrize("formula", ["Al2O5", "Mg3O2", "Na2Cl", "CaF3", "BaTiO7"])
def test_charged_compositions_cost_something(make, formula):
    elements, fractions = row(formula)
    assert float(make(elements)(fractions)) > 0.05


def test_the_imbalance_of_two_ions_is_what_one_computes_by_hand():
    """Mg2+ and O2- at 0.6 and 0.4: (1.2 - 0.8) / (1.2 + 0.8); peroxide oxygen, O-, would be worse."""
    found = neutrality_penalty(["Mg", "O"], margin=0)(torch.tensor([[0.6, 0.4], [1.0, 0.0]]))
    assert found.tolist() == pytest.approx([0.2, 1.0])


def test_ions_of_equal_electronegativity_cost_the_least_excess():
    """PtH2: Pt2+ and H- cancel, and both have 2.2; H+ with platinum as the anion is not among the states."""
    elements, fractions = row("PtH2")
    assert float(neutrality_penalty(elements)(fractions)) == 0
    assert float(electronegativity_penalty(elements, margin=0)(fractions)) == pytest.approx(
        penalties.LEAST_EXCESS
    )


@pytest.mark.parametrize(
    "elements", [("Ca", "Al", "O"), ("Ti", "H", "S"), ("Si", "C", "N"), ("Pt", "H", "Cl")]
)
def test_a_penalty_vanishes_exactly_where_its_rule_holds(elements):
    """On every composition of all the elements at a tenth; without one, the rule knows fewer ions."""
    rows = simplex_grid(3, 0.1)
    rows = rows[(rows > 0).all(1)]
    for make, rule in ((neutrality_penalty, neutral), (electronegativity_penalty, balanced)):
        cost = make(elements, margin=0)(torch.as_tensor(rows))
        holds = [rule(dict(zip(elements, np.round(10 * x), strict=True))) for x in rows]
        # Charges are whole and a tenth the step, so what is not zero is at least 0.1 of at most 5 charges per atom.
        assert (cost < 0.02).tolist() == holds


def test_an_absent_element_does_not_count():
    """AlH3 in a system with gold, which would have to be a cation above the anion hydrogen."""
    fractions = torch.tensor([[0.25, 0.75, 0.0]])
    assert balanced("AlH3")
    assert float(electronegativity_penalty(["Al", "H", "Au"])(fractions)) == 0


@BOTH
def test_the_gradient_leads_to_a_neutral_composition(make):
    """From many starts, whatever state each follows; the steps shrink because the slope does not."""
    elements = ["Ca", "Al", "O"]
    penalty = make(elements)
    generator = torch.Generator().manual_seed(0)
    parameters = torch.randn(64, 3, generator=generator).requires_grad_(True)
    optimiser = torch.optim.Adam([parameters], lr=0.05)
    before = penalty(parameters.softmax(-1))
    for _ in range(200):
        loss = penalty(parameters.softmax(-1))
        (parameters.grad,) = torch.autograd.grad(loss.sum(), parameters)
        assert bool(torch.isfinite(parameters.grad).all())
        optimiser.step()
    after = penalty(parameters.softmax(-1))
    assert float(before.detach().median()) > 0.1 and float(after.detach().max()) < 0.02


@BOTH
def test_gradients_are_finite_and_not_huge_at_corners_and_edges(make):
    """The sparse maps do reach zero."""
    fractions = torch.as_tensor(simplex_grid(3, 0.25), dtype=torch.float32).requires_grad_(True)
    (slope,) = torch.autograd.grad(make(["Pt", "H", "O"])(fractions).sum(), fractions)
    # A slope is of the order of the states' ratio over the fraction that carries the charge: 6 / 0.25, doubled.
    assert bool(torch.isfinite(slope).all()) and float(slope.abs().max()) < 50


@BOTH
def test_the_gradient_is_that_of_finite_differences(make):
    elements = ["Ca", "Al", "Si", "O"]
    rows = torch.as_tensor(np.random.default_rng(1).dirichlet(np.full(4, 2.0), 20)).requires_grad_(True)
    # A step of 1e-7 in double precision; kinks lie between the assignments, and no row of this seed is on one.
    assert torch.autograd.gradcheck(make(elements), rows, eps=1e-7, atol=1e-5)


@BOTH
@given(st.permutations(range(4)), st.integers(0, 1000))
def test_the_order_of_the_elements_does_not_matter(make, order, seed):
    elements = ["Ca", "Al", "Si", "O"]
    rows = torch.as_tensor(np.random.default_rng(seed).dirichlet(np.ones(4), 5))
    one = make(elements)(rows)
    other = make([elements[i] for i in order])(rows[:, list(order)])
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@BOTH
def test_ten_elements_are_cut_to_their_commonest_states(make):
    elements = ["Ca", "Al", "Si", "O", "Ti", "Fe", "N", "C", "S", "P"]
    penalty = make(elements)
    assert len(penalty._states) <= penalties.MOST_ASSIGNMENTS
    fractions = torch.zeros(2, 10)
    fractions[0, [1, 3]] = torch.tensor([0.4, 0.6])
    fractions[1, [0, 1, 2, 3]] = torch.tensor([1, 2, 2, 8]) / 13
    assert penalty(fractions).tolist() == [0, 0]


@BOTH
@pytest.mark.parametrize(
    ("elements", "message"),
    [
        (["Ti", "Cd"], "Ti Cd is neutral.*add an element"),
        (["F", "Cl", "He"], "known for He: leave the element out"),
        (["Mg", "Xx"], "'Xx'"),
    ],
)
def test_systems_that_cannot_be_neutral_are_named(make, elements, message):
    with pytest.raises(InputError, match=message):
        make(elements)


@BOTH
@pytest.mark.parametrize("margin", [-0.1, 1.0, float("nan")])
def test_a_margin_is_a_share(make, margin):
    with pytest.raises(InputError, match="margin is .* below 1"):
        make(["Mg", "O"], margin=margin)


def test_an_element_without_an_electronegativity_is_named(monkeypatch):
    monkeypatch.setattr(penalties, "electronegativity", lambda s: None if s == "Mg" else 3.0)
    with pytest.raises(InputError, match="electronegativity is known for Mg"):
        electronegativity_penalty(["Mg", "O"])


def test_names_tell_the_rule():
    assert neutrality_penalty(["Mg", "O"]).name == "neutrality"
    assert electronegativity_penalty(["Mg", "O"]).name == "electronegativity"
