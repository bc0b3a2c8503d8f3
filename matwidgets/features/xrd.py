"""Powder X-ray patterns of crystals: peak lists, and profiles on the paper's grid of 1601 points.

A vectorised form of what pymatgen's `XRDCalculator` computes (its scattering factors, its formula): F = sum over atoms
of f(s) exp(2 pi i g.r) with f(s) = Z - 41.78214 s^2 sum a exp(-b s^2), intensity |F|^2 (1 + cos^2 2theta) / (sin^2
theta cos theta) (M. De Graef, M. E. McHenry, Structure of Materials, chapters 11 and 12). Neither thermal motion nor
absorption nor anomalous dispersion is in it. Grid and window: V. V. Korolev et al., supporting information (2020).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown

if TYPE_CHECKING:
    from pymatgen.core import Structure

FIRST, LAST, STEP = 10.0, 90.0, 0.05  # degrees 2theta
GRID: NDArray[np.float64] = np.linspace(FIRST, LAST, 1601)
"""The paper's grid: 10 to 90 degrees 2theta in steps of 0.05, shape (1601,)."""

WINDOW, WIDTH = 31, 3.0  # the Gaussian window: its points, and its standard deviation in points
SAME_ANGLE = 1e-5  # degrees 2theta: reflections nearer than this are one peak, as in pymatgen
LEAST_INTENSITY = 1e-3  # of a largest one of 100: weaker peaks are dropped, as in pymatgen
LAST_ELEMENT = 100  # the highest atomic number of the paper's compositions
_AT_ONCE = 1 << 20  # reflections times atoms held at a time: bounds the memory of large cells

WAVELENGTHS: dict[str, float] = {
    "CuKa": 1.54184, "CuKa1": 1.54056, "CuKa2": 1.54439, "MoKa": 0.71073, "MoKa1": 0.70930, "CoKa": 1.79026,
    "CoKa1": 1.78896, "CrKa": 2.29100, "CrKa1": 2.28970, "FeKa": 1.93735, "FeKa1": 1.93604, "AgKa": 0.560885,
    "AgKa1": 0.559421,
}  # fmt: skip
"""Characteristic X-ray wavelengths in angstrom; "Ka" is the mean of Ka1 and Ka2, weighted 2 : 1."""


class Peaks(NamedTuple):
    """A peak list: `two_theta` (degrees, ascending) and `intensity` (largest 100), both float64 of shape (p,)."""

    two_theta: NDArray[np.float64]
    intensity: NDArray[np.float64]


def wavelength_of(wavelength: str | float) -> float:
    """Return a wavelength in angstrom from its name or number.

    Raises
    ------
    InputError
        An unknown name, or a number outside 0.1 to 10 angstrom.
    """
    if isinstance(wavelength, str) and wavelength in WAVELENGTHS:
        return WAVELENGTHS[wavelength]
    try:
        value = float(wavelength)
    except (TypeError, ValueError):
        value = math.nan
    if not 0.1 <= value <= 10:
        raise InputError(
            f"Wavelength {shown(wavelength)}: write one of {listed(WAVELENGTHS, limit=20)}, or a number of angstrom "
            "from 0.1 to 10."
        )
    return value


def lorentz_polarisation(theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """(1 + cos^2 2theta) / (sin^2 theta cos theta) of a powder, for angles theta in radians."""
    return np.asarray((1 + np.cos(2 * theta) ** 2) / (np.sin(theta) ** 2 * np.cos(theta)))


def peaks(structure: Structure, wavelength: str | float = "CuKa") -> Peaks:
    """Compute the powder peaks of a crystal between 10 and 90 degrees 2theta.

    Parameters
    ----------
    structure : pymatgen Structure
        Ordered (every site holds one whole atom), elements up to Z 100.
    wavelength : str or float
        A name of `WAVELENGTHS`, or angstrom.

    Returns
    -------
    Peaks
        Reflections within 1e-5 degrees are one peak; peaks below 1e-3 % of the strongest are left out.

    Raises
    ------
    InputError
        A disordered structure, an element without scattering factors or beyond Z 100, two atoms at one place that
        cancel everything, or no reflection in the range.
    """
    length = wavelength_of(wavelength)
    elements = _elements(structure)
    hkl, g = _reflections(structure.lattice.matrix, length)
    s2 = (g / 2) ** 2
    factor = np.zeros(len(g), dtype=np.complex128)
    places = structure.frac_coords
    for symbol, sites in elements.items():
        number, coefficients = _scattering()[symbol]
        form = number - 41.78214 * s2 * (np.exp(-np.outer(s2, coefficients[:, 1])) @ coefficients[:, 0])
        factor += form * _phases(hkl, places[sites])
    theta = np.arcsin(np.minimum(g * length / 2, 1.0))
    # Half of the reflections are computed: -g scatters as g does, since the form factors are real.
    raw = 2 * (factor.real**2 + factor.imag**2) * lorentz_polarisation(theta)
    return _merged(np.degrees(2 * theta), raw)


def profile(found: Peaks) -> NDArray[np.float32]:
    """Draw peaks as a pattern on `GRID`: each a Gaussian of 0.15 degrees standard deviation cut at 15 points.

    Parameters
    ----------
    found : Peaks
        Those outside the grid are left out.

    Returns
    -------
    ndarray of float32, shape (1601,)
        The largest value is 1.

    Raises
    ------
    InputError
        No peak lies on the grid.
    """
    points = np.rint((np.asarray(found.two_theta) - FIRST) / STEP).astype(np.int64)
    inside = (points >= 0) & (points < len(GRID))
    if not inside.any():
        raise InputError(f"No peak between {FIRST:g} and {LAST:g} degrees: give a pattern with at least one.")
    sticks = np.bincount(points[inside], np.asarray(found.intensity)[inside], minlength=len(GRID))
    drawn = np.convolve(sticks, _window(), mode="same")
    return (drawn / drawn.max()).astype(np.float32)


def pattern(structure: Structure, wavelength: str | float = "CuKa") -> NDArray[np.float32]:
    """Compute the profile of a crystal, shape (1601,); see `peaks` and `profile`."""
    return profile(peaks(structure, wavelength))


def find_peaks(values: NDArray[np.floating], least: float = 0.05) -> Peaks:
    """Find the peaks of a profile.

    Parameters
    ----------
    values : ndarray, shape (1601,)
        On `GRID`.
    least : float
        Smallest height, and smallest prominence (height above the valley towards a higher peak), as a share of the
        largest value.

    Returns
    -------
    Peaks
        On the grid; empty where no value is above zero.
    """
    from scipy.signal import find_peaks as maxima

    row = _on_grid(values)
    top = row.max()
    if top <= 0:
        return Peaks(np.empty(0), np.empty(0))
    bordered = np.concatenate([[0.0], np.maximum(row, 0) / top, [0.0]])  # the ends can be peaks, too
    at = maxima(bordered, height=least, prominence=least)[0] - 1
    return Peaks(GRID[at], 100 * row[at] / top)


def peak_recall_precision(truth: Peaks, other: Peaks, within: float = 0.2) -> tuple[float, float]:
    """Compare two peak lists by position.

    Parameters
    ----------
    truth, other : Peaks
    within : float
        Degrees 2theta by which a peak may be off.

    Returns
    -------
    recall : float
        Share of the true peaks that have a peak of the other list near; NaN if there is no true peak.
    precision : float
        Share of the other's peaks that have a true one near; NaN if there is none.
    """
    return _near(truth.two_theta, other.two_theta, within), _near(other.two_theta, truth.two_theta, within)


def cosine_similarity(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosine between profiles, shapes (..., 1601) -> (...); 0 where one is all zero."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    norms = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    dots = np.einsum("...i,...i->...", a, b)
    return np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)


def _elements(structure: Structure) -> dict[str, list[int]]:
    """Sites of each element."""
    if not len(structure):
        raise InputError("The structure has no atom: give a crystal with at least one.")
    if not structure.is_ordered:
        raise InputError(
            f"{structure.composition.reduced_formula} is disordered (a site holds several elements or a part of an "
            "atom): give an ordered structure."
        )
    found: dict[str, list[int]] = {}
    for i, site in enumerate(structure):
        found.setdefault(site.specie.symbol, []).append(i)
    unknown = [s for s in found if s not in _scattering()]
    if unknown:
        raise InputError(
            f"{listed(unknown)} in {structure.composition.reduced_formula}: there are X-ray scattering factors up to "
            f"{_heaviest()} only; leave such structures out."
        )
    return found


@functools.cache
def _scattering() -> dict[str, tuple[int, NDArray[np.float64]]]:
    """Atomic number and coefficients (a, b) of each element, from pymatgen; deuterium scatters as hydrogen."""
    from pymatgen.analysis.diffraction.xrd import ATOMIC_SCATTERING_PARAMS
    from pymatgen.core import Element

    numbers = {
        symbol: Element(symbol).Z for symbol in ATOMIC_SCATTERING_PARAMS if Element.is_valid_symbol(symbol)
    }
    table = {s: (z, np.asarray(ATOMIC_SCATTERING_PARAMS[s])) for s, z in numbers.items() if z <= LAST_ELEMENT}
    return {**table, "D": table["H"], "T": table["H"]}


def _heaviest() -> str:
    symbol = max(_scattering(), key=lambda symbol: _scattering()[symbol][0])
    return f"{symbol} (Z {_scattering()[symbol][0]})"


def _reflections(
    lattice: NDArray[np.float64], wavelength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Miller indices (m, 3) and 1/d (m,), ascending, of half of the reciprocal points in the range."""
    low, high = (2 * math.sin(math.radians(angle / 2)) / wavelength for angle in (FIRST, LAST))
    reciprocal = np.linalg.inv(lattice).T
    most = np.floor(high * np.linalg.norm(lattice, axis=1) + 1e-9).astype(int)  # |h| = |g.a| <= |g| |a|
    k, ell = (np.arange(-n, n + 1, dtype=np.float64) for n in most[1:])
    plane = np.stack(np.meshgrid(k, ell, indexing="ij"), axis=-1).reshape(-1, 2)
    planes_at_once = max(1, _AT_ONCE // (len(plane) + 1))
    kept = []
    for start in range(0, most[0] + 1, planes_at_once):
        h = np.arange(start, min(start + planes_at_once, most[0] + 1), dtype=np.float64)
        hkl = np.column_stack([np.repeat(h, len(plane)), np.tile(plane, (len(h), 1))])
        g = np.linalg.norm(hkl @ reciprocal, axis=1)
        half = (hkl[:, 0] > 0) | (hkl[:, 1] > 0) | ((hkl[:, 1] == 0) & (hkl[:, 2] > 0))
        inside = half & (g >= low) & (g <= high)
        kept.append((hkl[inside], g[inside]))
    hkl, g = np.concatenate([a for a, _ in kept]), np.concatenate([b for _, b in kept])
    order = np.argsort(g, kind="stable")
    return hkl[order], g[order]


def _phases(hkl: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Sum of exp(2 pi i hkl.r) over places (n, 3), shape (m,)."""
    total = np.empty(len(hkl), dtype=np.complex128)
    rows = max(1, _AT_ONCE // len(places))
    for start in range(0, len(hkl), rows):
        angle = (2 * math.pi) * (hkl[start : start + rows] @ places.T)
        total[start : start + rows] = np.cos(angle).sum(1) + 1j * np.sin(angle).sum(1)
    return total


def _merged(two_theta: NDArray[np.float64], raw: NDArray[np.float64]) -> Peaks:
    """Add up what falls together; angles are ascending."""
    top = raw.max(initial=0.0)
    if not top > 0:
        raise InputError(
            f"No reflection between {FIRST:g} and {LAST:g} degrees 2theta: the cell is too small for this wavelength, "
            "or its atoms cancel each other; give another structure or a shorter wavelength."
        )
    first = np.flatnonzero(np.diff(two_theta, prepend=-np.inf) > SAME_ANGLE)
    intensity = np.add.reduceat(raw, first)
    intensity *= 100 / intensity.max()
    strong = intensity > LEAST_INTENSITY
    return Peaks(two_theta[first][strong], intensity[strong])


@functools.cache
def _window() -> NDArray[np.float64]:
    from scipy.signal.windows import gaussian

    return np.asarray(gaussian(WINDOW, WIDTH), dtype=np.float64)


def _on_grid(values: NDArray[np.floating]) -> NDArray[np.float64]:
    row = np.asarray(values, dtype=np.float64)
    if row.shape != GRID.shape or not np.isfinite(row).all():
        raise InputError(f"A profile of shape {row.shape}: give {len(GRID)} finite values on the grid.")
    return row


def _near(wanted: Iterable[float], there: Iterable[float], within: float) -> float:
    a, b = np.asarray(wanted, dtype=np.float64), np.sort(np.asarray(there, dtype=np.float64))
    if not len(a):
        return math.nan
    if not len(b):
        return 0.0
    right = np.searchsorted(b, a)
    distance = np.minimum(
        np.abs(a - b[np.minimum(right, len(b) - 1)]), np.abs(a - b[np.maximum(right - 1, 0)])
    )
    return float((distance <= within + 1e-9).mean())
