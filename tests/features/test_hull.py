"""The hull against hands, an exhaustive search, pymatgen, and what must hold for any phases."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matwidgets.errors import InputError
from matwidgets.features.composition import to_fractions
from matwidgets.features.hull import Phases, decompose


def mixture(found):
    return {p.formula: p.amount for p in found.products}


@pytest.fixture
def titanium_carbon():
    """Three carbides with energies that are easy to draw: Ti3C and TiC are on the hull, Ti2C is above it."""
    return Phases(["TiC", "Ti2C", "Ti3C"], [-1.0, -0.6, -0.6])


def test_binary_above_the_hull(titanium_carbon):
    # x_C = 1/3 lies a third of the way from Ti3C (1/4) to TiC (1/2): -0.6 + (1/3)(-0.4) = -0.7333.
    found = decompose("Ti2C", titanium_carbon)
    assert mixture(found) == pytest.approx({"Ti3C": 2 / 3, "TiC": 1 / 3}, abs=1e-9)
    assert found.mixture_energy == pytest.approx(-11 / 15, abs=1e-9)
    assert found.decomposition_energy == pytest.approx(2 / 15, abs=1e-9)
    assert found.energy_above_hull == found.decomposition_energy


def test_binary_on_the_hull_is_measured_against_the_others(titanium_carbon):
    # Without TiC: from Ti2C (1/3, -0.6) to C (1, 0) at 1/2, a quarter of the way: -0.45; Ti3C and C give -0.4.
    found = decompose("TiC", titanium_carbon)
    assert mixture(found) == pytest.approx({"Ti2C": 3 / 4, "C": 1 / 4}, abs=1e-9)
    assert found.decomposition_energy == pytest.approx(-0.55, abs=1e-9)
    assert found.energy_above_hull == 0


def test_ternary_oxide():
    phases = Phases(["BaO", "TiO2", "BaO2", "BaTiO3"], [-2.5, -3.0, -2.0, -3.1])
    found = decompose("BaTiO3", phases)
    assert mixture(found) == pytest.approx({"TiO2": 3 / 5, "BaO": 2 / 5}, abs=1e-9)
    assert [p.formula for p in found.products] == ["TiO2", "BaO"]  # the largest first
    assert found.decomposition_energy == pytest.approx(-3.1 + 2.8, abs=1e-9)


def test_the_weights_of_el_awadys_example():
    """Ga(MoS2)4 = 37/559 Ga31Mo6 + 498/559 MoS2 + 24/559 GaS: its atoms counted, exactly."""
    phases = Phases(["Ga31Mo6", "MoS2", "GaS"], [-0.2, -1.3, -1.0])
    found = decompose("Ga(MoS2)4", phases)
    assert mixture(found) == pytest.approx(
        {"MoS2": 498 / 559, "Ga31Mo6": 37 / 559, "GaS": 24 / 559}, abs=1e-9
    )


def test_unknown_compound_has_products_and_no_energies(titanium_carbon):
    found = decompose("Ti5C4", titanium_carbon)
    assert found.composition() == pytest.approx({"Ti": 5 / 9, "C": 4 / 9})
    assert found.decomposition_energy is None
    assert found.energy_above_hull is None
    assert "not known" in str(found)
    document = found.to_dict()
    assert document["energy_above_hull"] is None and document["decomposition_energy"] is None


def test_an_energy_that_is_given_replaces_the_known_one(titanium_carbon):
    assert decompose("Ti2C", titanium_carbon, energy=-1.0).decomposition_energy == pytest.approx(-4 / 15)
    assert decompose("Ti5C4", titanium_carbon, energy=0.0).energy_above_hull > 0


def test_of_several_entries_of_one_composition_the_lowest_counts():
    phases = Phases(["Ti2C", "C2Ti4", "TiC", "C1Ti1"], [-0.5, -0.9, -1.0, -1.2])
    above = decompose("Ti2C", phases)
    assert above.energy == -0.9
    assert "Ti2C" not in mixture(above)
    assert decompose("Ti0.6C0.4", phases).mixture_energy == pytest.approx(
        # x_C = 0.4 lies 0.4 of the way from Ti2C (1/3, -0.9) to TiC (1/2, -1.2)
        -0.9 * 0.6 - 1.2 * 0.4
    )


def test_element_decomposes_into_itself(titanium_carbon):
    found = decompose("Ti", titanium_carbon)
    assert mixture(found) == {"Ti": 1.0}
    assert (found.decomposition_energy, found.energy_above_hull) == (0, 0)
    # A second form of it is above the lowest by its own energy.
    assert decompose("C", titanium_carbon, energy=0.02).energy_above_hull == pytest.approx(0.02)


def test_elements_may_have_energies_of_their_own():
    phases = Phases(["Ti", "C", "C", "TiC"], [-7.9, -9.2, -9.1, -9.3], elements_at_zero=False)
    assert decompose("TiC", phases).decomposition_energy == pytest.approx(-9.3 + (7.9 + 9.2) / 2)
    assert decompose("C", phases).energy == -9.2


def test_ties_are_decided_alike_in_any_order():
    """Four phases on one line: several mixtures have the least energy, one is given."""
    formulas, energies = ["TiC", "Ti2C", "Ti3C", "Ti4C"], [-0.5, -1 / 3, -0.25, -0.2]
    answers = set()
    for order in itertools.permutations(range(4)):
        phases = Phases([formulas[i] for i in order], [energies[i] for i in order])
        found = decompose("Ti2C", phases)
        assert found.mixture_energy == pytest.approx(-1 / 3)
        answers.add(tuple((p.formula, p.amount) for p in found.products))
    assert len(answers) == 1


def test_a_mixture_that_does_not_exist_names_the_element():
    phases = Phases(["BaTiO3", "TiO2", "O2"], [-3.1, -3.0, 0.0], elements_at_zero=False)
    with pytest.raises(InputError, match="no entry for the element Ti, Ba; add the elements"):
        decompose("BaTiO3", phases)
    with pytest.raises(InputError, match="no entry for the element Ba"):
        decompose("Ba", phases)


@pytest.mark.parametrize(
    ("composition", "message"),
    [
        ("PoC", "'PoC' cannot be decomposed: Po in no phase of given phases; it has C, Ti"),
        ("Ti2C)", "Malformed formula"),
        ({"Ti": 0}, "no amount above zero"),
    ],
)
def test_what_cannot_be_decomposed_says_why(titanium_carbon, composition, message):
    with pytest.raises(InputError, match=message):
        decompose(composition, titanium_carbon)


@pytest.mark.parametrize(
    ("formulas", "energies", "message"),
    [
        (["TiC"], [], "1 formulas with energies of shape"),
        (["TiC", "Ti2C"], [-1.0, float("nan")], "energy of 'Ti2C' is nan"),
        (["TiC", "Xy2C"], [-1.0, -1.0], "Xy"),
    ],
)
def test_phases_that_are_none(formulas, energies, message):
    with pytest.raises(InputError, match=message):
        Phases(formulas, energies)


def test_an_energy_that_is_no_number(titanium_carbon):
    with pytest.raises(InputError, match="give a finite number in eV/atom"):
        decompose("TiC", titanium_carbon, energy=float("inf"))


def test_phases_of_a_system_whichever_way_they_are_looked_up():
    """Few elements: their subsets are looked up; many: the systems are gone through."""
    formulas = ["TiC", "TiO2", "CO2", "BaO", "TiCO", "Ti2CO2"]
    phases = Phases(formulas, np.zeros(6), elements_at_zero=False)
    wide = phases.within(["Ti", "C", "O", "H", "He", "Li", "Be"])  # 2^7 subsets of five systems
    assert [phases.formulas[row] for row in wide] == ["CO2", "Ti2CO2", "TiC", "TiCO", "TiO2"]
    assert [phases.formulas[row] for row in phases.within(["Ti", "C"])] == ["TiC"]


def test_text_and_document():
    found = decompose("BaTiO3", Phases(["BaO", "TiO2", "BaTiO3"], [-2.5, -3.0, -3.1], source="a test"))
    assert str(found).startswith("BaTiO3 -> 0.6 TiO2 + 0.4 BaO (shares of the atoms; stable, 0.3000 eV/atom")
    assert repr(found) == f"<Decomposition {found}>"
    document = found.to_dict()
    assert document["products"] == [{"formula": "TiO2", "amount": 0.6}, {"formula": "BaO", "amount": 0.4}]
    assert document["source"] == "a test" and document["unit"] == "eV/atom"
    assert set(document) == {
        "formula", "products", "decomposition_energy", "energy_above_hull", "unit", "source",
    }  # fmt: skip


# ---- Any phases: random energies in a system of three or four elements ----

amounts = st.lists(st.integers(0, 4), min_size=4, max_size=4).filter(any)
systems = st.lists(st.tuples(amounts, st.floats(-2, 1)), min_size=1, max_size=9)


def written(numbers):
    return "".join(f"{s}{n}" for s, n in zip(["Li", "Ti", "C", "O"], numbers, strict=True) if n)


def least_by_trying(phases, wanted):
    """The least energy over every choice of as many other phases as there are elements."""
    symbols = sorted(wanted)
    target = np.array([wanted[s] for s in symbols])
    columns, energies = [], []
    for row in range(len(phases)):
        x = np.array([phases.fractions(row).get(s, 0.0) for s in symbols])
        foreign = abs(x.sum() - 1) > 1e-9
        if not foreign and (np.abs(x - target).max() > 1e-6 or len(symbols) == 1):
            columns.append(x)
            energies.append(phases.energies[row])
    choices = np.array(list(itertools.combinations(range(len(columns)), len(symbols))))
    matrices = np.array(columns)[choices].transpose(0, 2, 1)
    independent = np.abs(np.linalg.det(matrices)) > 1e-9
    matrices, choices = matrices[independent], choices[independent]
    weights = np.linalg.solve(matrices, np.broadcast_to(target[:, None], (len(choices), len(symbols), 1)))[
        ..., 0
    ]
    mixed = weights.min(axis=1) > -1e-9
    return float((weights[mixed] * np.array(energies)[choices[mixed]]).sum(axis=1).min())


@given(systems, amounts)
def test_no_choice_of_phases_is_lower(system, numbers):
    listed = [(written(n), e) for n, e in system] + [(s, 0.0) for s in ("Li", "Ti", "C", "O")]
    phases = Phases(*map(list, zip(*listed, strict=True)), elements_at_zero=False)
    wanted = to_fractions(written(numbers))
    found = decompose(wanted, phases)
    assert found.mixture_energy == pytest.approx(least_by_trying(phases, wanted), abs=1e-6)


@given(systems, amounts)
def test_products_rebuild_the_composition(system, numbers):
    phases = Phases(*map(list, zip(*[(written(n), e) for n, e in system], strict=True)))
    wanted = {s: x for s, x in to_fractions(written(numbers)).items() if s in phases.elements}
    if not wanted:
        return
    wanted = to_fractions(wanted)
    found = decompose(wanted, phases)
    assert found.composition() == pytest.approx(wanted, abs=1e-9)
    assert sum(mixture(found).values()) == pytest.approx(1, abs=1e-9)
    assert min(mixture(found).values()) > 0
    assert len(found.products) <= len(wanted)  # Gibbs: no more phases than elements
    assert found.mixture_energy <= 1e-9 or len(wanted) == 1  # the elements are there, at zero
    if len(wanted) > 1:
        assert all(to_fractions(p.formula) != pytest.approx(wanted, abs=1e-6) for p in found.products)


@given(systems, amounts, amounts, st.floats(-2, 1))
def test_a_further_phase_never_raises_the_hull(system, numbers, further, energy):
    listed = [(written(n), e) for n, e in system] + [(written([1, 1, 1, 1]), 0.0)]
    wanted = to_fractions(written(numbers))
    before = decompose(wanted, Phases(*map(list, zip(*listed, strict=True))))
    after = decompose(wanted, Phases(*map(list, zip(*listed, (written(further), energy), strict=True))))
    assert after.mixture_energy <= before.mixture_energy + 1e-6  # HiGHS decides to 1e-7


@pytest.mark.parametrize("elements", [("Ti", "C"), ("Ba", "Ti", "O"), ("Li", "Fe", "P", "O")])
def test_pymatgens_phase_diagram_agrees(elements):
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    random = np.random.default_rng(len(elements))
    compounds = {}
    while len(compounds) < 4 * len(elements):
        numbers = random.integers(0, 5, len(elements))
        if (numbers > 0).sum() > 1:
            formula = Composition(dict(zip(elements, numbers.tolist(), strict=True))).reduced_formula
            compounds[formula] = float(random.uniform(-1.5, 0.1))
    phases = Phases(list(compounds), list(compounds.values()))
    for formula, energy in compounds.items():
        others = {f: e for f, e in compounds.items() if f != formula} | dict.fromkeys(elements, 0.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            diagram = PhaseDiagram(
                [PDEntry(Composition(f), e * Composition(f).num_atoms) for f, e in others.items()]
            )
        composition = Composition(formula)
        theirs = {e.composition.reduced_formula: w for e, w in diagram.get_decomposition(composition).items()}
        ours = decompose(formula, phases)
        assert ours.mixture_energy == pytest.approx(diagram.get_hull_energy_per_atom(composition), abs=1e-9)
        # It writes the oxygen of an element as O2, and so do we.
        assert mixture(ours) == pytest.approx({f: w for f, w in theirs.items() if w > 1e-9}, abs=1e-8)
        assert ours.energy == energy


def test_a_compound_with_a_trace_is_not_the_element_itself():
    phases = Phases(["NaCl"], [-2.0], source="toy")
    found = decompose("Na10000000Cl", phases)
    assert [product.formula for product in found.products] == ["Na", "NaCl"]
