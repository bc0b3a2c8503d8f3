"""Powder patterns: the vectorised calculator against pymatgen's, extinction rules, profiles and their peaks."""

import itertools
import math

import numpy as np
import pytest
from pymatgen.analysis.diffraction import xrd as theirs
from pymatgen.core import Lattice, Structure

from matwidgets.errors import InputError
from matwidgets.features import xrd


def cubic(a, species, places):
    return Structure(Lattice.cubic(a), species, places)


def rock_salt(a=5.64, species=("Na", "Cl")):
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), species, [[0, 0, 0], [0.5, 0.5, 0.5]])


def triclinic(seed=0, atoms=24):
    """A cell without any symmetry, of five elements."""
    generator = np.random.default_rng(seed)
    species = generator.choice(["O", "Si", "Ca", "Fe", "Pb"], atoms)
    return Structure(
        Lattice.from_parameters(6.1, 7.3, 8.9, 81, 97, 112), species, generator.random((atoms, 3))
    )


CELLS = {
    "rock salt": rock_salt(),
    "iron": cubic(2.87, ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "zinc": Structure(
        Lattice.hexagonal(2.66, 4.95), ["Zn"] * 2, [[1 / 3, 2 / 3, 0.25], [2 / 3, 1 / 3, 0.75]]
    ),
    "rhombohedral": Structure(Lattice.rhombohedral(4.7, 57), ["Bi", "Bi"], [[0.23] * 3, [0.77] * 3]),
    "long": Structure(
        Lattice.tetragonal(3.8, 31.0), ["Ti", "O", "Ba"], [[0, 0, 0.1], [0.5, 0.5, 0.2], [0, 0, 0.6]]
    ),
    "triclinic": triclinic(),
}


@pytest.mark.parametrize("wavelength", ["CuKa", "MoKa", 2.0])
@pytest.mark.parametrize("name", CELLS)
def test_the_calculator_agrees_with_pymatgens(name, wavelength):
    """Both add up the same terms in another order; a peak that pymatgen's bins part in two stays one here."""
    expected = theirs.XRDCalculator(wavelength).get_pattern(CELLS[name], two_theta_range=(10, 90))
    found = xrd.peaks(CELLS[name], wavelength)
    assert xrd.profile(found) == pytest.approx(xrd.profile(xrd.Peaks(expected.x, expected.y)), abs=1e-4)
    assert found.intensity.max() == pytest.approx(100)
    strong = expected.y > 0.01
    nearest = np.abs(found.two_theta[None] - expected.x[strong][:, None]).min(1)
    assert nearest.max() < 2e-5
    assert len(found.two_theta) == pytest.approx(len(expected.x), rel=0.02)


def test_wavelengths_are_pymatgens():
    assert {name: theirs.WAVELENGTHS[name] for name in xrd.WAVELENGTHS} == xrd.WAVELENGTHS


@pytest.mark.parametrize(
    ("structure", "allowed"),
    [
        (rock_salt(), lambda h, k, m: h % 2 == k % 2 == m % 2),
        (cubic(2.87, ["Fe", "Fe"], [[0, 0, 0], [0.5, 0.5, 0.5]]), lambda h, k, m: (h + k + m) % 2 == 0),
        (cubic(3.34, ["Po"], [[0, 0, 0]]), lambda h, k, m: True),
    ],
    ids=["face-centred", "body-centred", "primitive"],
)
def test_peaks_stand_where_bragg_and_the_centring_allow_them(structure, allowed):
    a, found = structure.lattice.a, xrd.peaks(structure)
    indices = itertools.product(range(9), repeat=3)
    squares = {h * h + k * k + m * m for h, k, m in indices if allowed(h, k, m)}
    sines = [xrd.WAVELENGTHS["CuKa"] * math.sqrt(n) / (2 * a) for n in sorted(squares - {0})]
    angles = [2 * math.degrees(math.asin(s)) for s in sines if s < 1]
    assert found.two_theta == pytest.approx([angle for angle in angles if 10 <= angle <= 90], abs=1e-6)


def test_the_pattern_is_of_the_crystal_not_of_its_cell():
    salt = rock_salt()
    expected = xrd.pattern(salt)
    assert xrd.pattern(salt.get_primitive_structure()) == pytest.approx(expected, abs=1e-5)
    assert xrd.pattern(salt * (2, 1, 1)) == pytest.approx(expected, abs=1e-5)
    moved = salt.copy().translate_sites(range(len(salt)), [0.1, 0.2, 0.3])
    assert xrd.pattern(moved) == pytest.approx(expected, abs=1e-5)
    assert np.abs(xrd.pattern(rock_salt(5.7)) - expected).max() > 0.5


def test_a_large_cell_is_worked_on_in_parts(monkeypatch):
    whole = xrd.peaks(CELLS["triclinic"])
    monkeypatch.setattr(xrd, "_AT_ONCE", 500)
    parts = xrd.peaks(CELLS["triclinic"])
    assert np.array_equal(parts.two_theta, whole.two_theta)
    assert parts.intensity == pytest.approx(whole.intensity, rel=1e-12)


def test_deuterium_scatters_as_hydrogen():
    hydride, deuteride = rock_salt(4.08, ("Li", "H")), rock_salt(4.08, ("Li", "D"))
    assert xrd.pattern(deuteride) == pytest.approx(xrd.pattern(hydride), abs=1e-12)


@pytest.mark.parametrize(
    ("structure", "told"),
    [
        (Structure(Lattice.cubic(4), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]), "disordered"),
        (Structure(Lattice.cubic(4), [{"Na": 0.5}], [[0, 0, 0]]), "disordered"),
        (rock_salt(5, ("Lr", "N")), "Lr in LrN: there are X-ray scattering factors up to Cf .Z 98. only"),
        (Structure(Lattice.cubic(0.7), ["He"], [[0, 0, 0]]), "No reflection between 10 and 90"),
        (Structure(Lattice.cubic(4), [], []), "no atom"),
    ],
)
def test_structures_without_a_pattern(structure, told):
    with pytest.raises(InputError, match=told):
        xrd.peaks(structure)


@pytest.mark.parametrize("wavelength", ["CuKx", "", None, 0, -1, 20, math.nan])
def test_wavelengths_that_are_none(wavelength):
    with pytest.raises(InputError, match="write one of CuKa, .* or a number of angstrom"):
        xrd.peaks(rock_salt(), wavelength)


# ---- Profiles ----


def test_grid():
    assert xrd.GRID.shape == (1601,)
    assert (xrd.GRID[0], xrd.GRID[-1]) == (10, 90)
    assert np.diff(xrd.GRID) == pytest.approx(0.05)


def test_a_peak_is_a_gaussian_of_three_points_cut_at_fifteen():
    drawn = xrd.profile(xrd.Peaks(np.array([30.0]), np.array([7.0])))
    assert drawn.dtype == np.float32
    distance = np.abs(np.arange(1601) - 400)
    expected = np.where(distance <= 15, np.exp(-(distance**2) / 18), 0)
    assert drawn == pytest.approx(expected, abs=1e-6)


def test_peaks_that_overlap_add_up():
    near = xrd.profile(xrd.Peaks(np.array([30.0, 30.01, 50.0]), np.array([50.0, 50.0, 50.0])))
    assert near[400] == 1
    assert near[800] == pytest.approx(0.5)


def test_a_profile_needs_a_peak_on_the_grid():
    with pytest.raises(InputError, match="between 10 and 90 degrees"):
        xrd.profile(xrd.Peaks(np.array([5.0, 95.0]), np.array([1.0, 2.0])))
    edges = xrd.profile(xrd.Peaks(np.array([10.0, 90.0, 99.0]), np.array([1.0, 1.0, 9.0])))
    assert (edges[0], edges[-1]) == (1, 1)


def test_peaks_of_a_profile_are_found_again():
    angles, heights = np.array([10.0, 25.3, 27.0, 60.0]), np.array([20.0, 100.0, 4.0, 6.0])
    found = xrd.find_peaks(xrd.profile(xrd.Peaks(angles, heights)))
    assert found.two_theta == pytest.approx([10.0, 25.3, 60.0])
    assert found.intensity == pytest.approx([20, 100, 6], abs=1e-4)
    assert len(xrd.find_peaks(xrd.profile(xrd.Peaks(angles, heights)), least=0.01).two_theta) == 4
    assert len(xrd.find_peaks(np.zeros(1601)).two_theta) == 0
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        xrd.find_peaks(np.zeros(3))


def test_recall_and_precision():
    truth = xrd.Peaks(np.array([20.0, 30.0, 40.0, 50.0]), np.ones(4))
    other = xrd.Peaks(np.array([20.2, 30.21, 40.0]), np.ones(3))
    assert xrd.peak_recall_precision(truth, other) == pytest.approx((2 / 4, 2 / 3))
    assert xrd.peak_recall_precision(truth, other, within=0.3) == pytest.approx((3 / 4, 1))
    nothing = xrd.Peaks(np.empty(0), np.empty(0))
    recall, precision = xrd.peak_recall_precision(truth, nothing)
    assert recall == 0 and math.isnan(precision)


def test_cosine():
    a = np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 0]])
    b = np.array([[2.0, 0, 0], [0, 3, 0], [1, 0, 0]])
    assert xrd.cosine_similarity(a, b) == pytest.approx([1, math.sqrt(0.5), 0])
    assert float(xrd.cosine_similarity(a[0], b[1])) == 0
