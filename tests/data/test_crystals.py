"""Handbook crystals: symmetry, distances, densities."""

import re

import pytest
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from matwidgets.data.crystals import crystals, find_crystal
from matwidgets.errors import InputError
from matwidgets.features.writing import reduced_formula

# g/cm3, CRC Handbook of Chemistry and Physics; given to the digits in which measurements agree
DENSITIES = {
    "Al": 2.70, "Cu": 8.96, "Au": 19.3, "Fe": 7.87, "W": 19.3, "Mg": 1.74, "Ti": 4.51, "Zn": 7.14, "C": 3.51,
    "Si": 2.33, "GaAs": 5.32, "ZnS": 4.09, "ZnO": 5.6, "NaCl": 2.17, "MgO": 3.6, "KCl": 1.99, "LiF": 2.64,
    "PbS": 7.60, "TiC": 4.93, "CsCl": 3.99, "CaF2": 3.18, "UO2": 10.97, "Li2O": 2.01, "TiO2": 4.23, "SnO2": 6.95,
    "SrTiO3": 5.1,
}  # fmt: skip


def test_about_a_hundred_of_twelve_prototypes_each_formula_once():
    found = crystals()
    assert len(found) >= 60
    assert len({c.prototype for c in found}) == 12
    assert len({c.formula for c in found}) == len(found)
    assert all(c.source and re.search(r"\(\d{4}\)", c.source) for c in found)


@pytest.mark.parametrize("crystal", crystals(), ids=lambda c: c.formula)
def test_each_has_its_symmetry_and_sensible_distances(crystal):
    structure = crystal.structure()
    assert structure.composition.reduced_formula == crystal.formula == reduced_formula(crystal.formula)
    assert SpacegroupAnalyzer(structure, symprec=1e-3).get_space_group_number() == crystal.spacegroup
    radii = [float(e.atomic_radius) for e in structure.composition.elements]
    nearest = min(n.nn_distance for n in structure.get_neighbors(structure[0], 6))
    assert 1.5 * min(radii) < nearest < 2.6 * max(radii)
    if structure.lattice.is_hexagonal():
        assert 1.5 < crystal.c / crystal.a < 1.9  # sphere packings have 1.633


@pytest.mark.parametrize("formula", DENSITIES)
def test_densities_are_the_measured_ones(formula):
    """A lattice constant that is off by 1 % moves the density by 3 %."""
    assert find_crystal(formula).structure().density == pytest.approx(DENSITIES[formula], rel=0.02)


def test_a_formula_may_be_written_otherwise():
    assert find_crystal("ClNa").formula == "NaCl"
    assert find_crystal("Ti2O4").prototype == "rutile"
    with pytest.raises(InputError, match="No handbook crystal 'XeF2': write one of Al, .*give a CIF file"):
        find_crystal("XeF2")
    with pytest.raises(InputError, match="Unknown element"):
        find_crystal("Qq")
