"""Measured powder patterns of a user as profiles on the paper's grid.

Two columns, degrees 2theta and counts, as `.xy` (blanks or tabs between them) or `.csv`. Another wavelength is turned
into Cu K-alpha: angles by Bragg's law, sin(theta') = sin(theta) lambda' / lambda, and counts by the ratio of the
Lorentz and polarisation factors of the two angles, (1 + cos^2 2theta) / (sin^2 theta cos theta), as in
`matwidgets.features.xrd`; the rest depends on the plane alone. Peaks keep the width that the diffractometer
gave them, at their new angles. The background is not removed; a straight line under the whole pattern can be taken off
by request.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.features.xrd import FIRST, GRID, LAST, WAVELENGTHS, lorentz_polarisation, wavelength_of

LEAST_POINTS = 100  # fewer cannot show peaks: the coarsest step over 80 degrees is 0.8 degrees
LEAST_COVER = 0.5  # share of the grid that the measurement has to cover
LARGEST = 64 << 20  # bytes of a file; a pattern has some 100 kB
FORMATS = (".xy", ".csv", ".txt", ".dat")
_SEPARATOR = re.compile(r"[;\s]+|\s*,\s*")


def read_pattern(
    path: str | Path, *, wavelength: str | float = "CuKa", straight_background: bool = False
) -> NDArray[np.float32]:
    """Read a measured pattern.

    Parameters
    ----------
    path : str or Path
        `.xy`, `.txt` or `.dat` (blanks or tabs) or `.csv` (comma or semicolon; a semicolon allows decimal commas).
        Lines that begin with #, !, ' or / are comments, and so is all before the first pair of numbers; further columns
        are ignored.
    wavelength : str or float
        Of the measurement: a name of `matwidgets.features.xrd.WAVELENGTHS`, or angstrom.
    straight_background : bool
        Whether the line through the lowest counts of both ends (of the lowest twentieth of each half) is taken off.

    Returns
    -------
    ndarray of float32, shape (1601,)
        On `matwidgets.features.xrd.GRID`, largest value 1; zero where the measurement has no value.

    Raises
    ------
    InputError
        The file cannot be read as two columns, angles do not increase or lie outside 0 to 180 degrees, counts are
        negative, not finite or all zero, there are too few points, or they cover less than half of the grid.
    """
    file = Path(path)
    two_theta, counts = _columns(file)
    return to_grid(
        two_theta, counts, wavelength=wavelength, straight_background=straight_background, name=file.name
    )


def to_grid(
    two_theta: NDArray[np.floating],
    counts: NDArray[np.floating],
    *,
    wavelength: str | float = "CuKa",
    straight_background: bool = False,
    name: str = "the pattern",
) -> NDArray[np.float32]:
    """Resample a measured pattern; see `read_pattern`.

    Where the measurement is finer than the grid, a grid point gets the mean of the counts nearest to it, otherwise the
    line between the two around it.

    Parameters
    ----------
    two_theta : ndarray, shape (m,)
        Degrees, increasing.
    counts : ndarray, shape (m,)
    wavelength, straight_background
        See `read_pattern`.
    name : str
        For messages.
    """
    angles, heights = np.asarray(two_theta, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    length = wavelength_of(wavelength)
    _check(angles, heights, name)
    sines = np.sin(np.radians(angles / 2)) * (WAVELENGTHS["CuKa"] / length)
    seen = sines < 1  # beyond, the plane does not reflect Cu K-alpha
    angles, heights = np.degrees(2 * np.arcsin(sines[seen])), heights[seen]
    inside = (angles >= FIRST - 1e-6) & (angles <= LAST + 1e-6)
    cover = (angles[inside][-1] - angles[inside][0]) / (LAST - FIRST) if inside.sum() > 1 else 0.0
    if cover < LEAST_COVER or inside.sum() < LEAST_POINTS:
        where = f"{angles[0]:.1f} to {angles[-1]:.1f}" if len(angles) else "no"
        raise InputError(
            f"{name}: {inside.sum()} of its points lie between {FIRST:g} and {LAST:g} degrees 2theta of Cu K-alpha (it "
            f"has {where} degrees there); give at least {LEAST_POINTS} points over {LEAST_COVER * (LAST - FIRST):g} "
            "degrees, and the wavelength of the measurement."
        )
    drawn = np.interp(GRID, angles, heights, left=0.0, right=0.0)
    nearest = np.rint((angles[inside] - FIRST) / (GRID[1] - GRID[0])).astype(np.int64)
    number = np.bincount(nearest, minlength=len(GRID))
    total = np.bincount(nearest, heights[inside], minlength=len(GRID))
    drawn = np.where(number > 1, total / np.maximum(number, 1), drawn)
    if straight_background:
        covered = (angles[inside][0] <= GRID) & (angles[inside][-1] >= GRID)
        drawn = np.where(covered, np.maximum(drawn - _line(drawn, covered), 0.0), 0.0)
    drawn *= _turned(length)
    top = drawn.max()
    if not top > 0:
        raise InputError(
            f"{name}: every count between {FIRST:g} and {LAST:g} degrees is zero; give a measured pattern."
        )
    return (drawn / top).astype(np.float32)


def _turned(wavelength: float) -> NDArray[np.float64]:
    """Factors that turn counts of a wavelength into those of Cu K-alpha, (1601,); 0 beyond its reach."""
    theta = np.radians(GRID / 2)
    sines = np.sin(theta) * (wavelength / WAVELENGTHS["CuKa"])
    reached = sines < 1
    measured = np.arcsin(np.where(reached, sines, 0.5))
    return np.where(reached, lorentz_polarisation(theta) / lorentz_polarisation(measured), 0.0)


def _columns(file: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if file.suffix.lower() not in FORMATS:
        raise InputError(f"{file.name}: a pattern is read from {', '.join(FORMATS)}; save it as two columns.")
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(f"{file.name} has more than {LARGEST >> 20} MB: give two columns of a pattern.")
        text = file.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}): name an existing file.") from None
    rows: list[tuple[float, float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#!'/":
            continue
        pair = _pair(line)
        if pair is not None:
            rows.append(pair)
        elif rows:
            raise InputError(
                f"{file.name}, line {number}: {shown(line)} is no pair of numbers; give degrees 2theta and counts."
            )
    if not rows:
        raise InputError(f"{file.name} has no row of two numbers; give degrees 2theta and counts.")
    two_theta, counts = np.array(rows).T
    return two_theta, counts


def _pair(line: str) -> tuple[float, float] | None:
    """The first two numbers of a line; None if it has no two."""
    cells = [cell.strip().strip('"') for cell in (line.split(";") if ";" in line else _SEPARATOR.split(line))]
    if ";" in line:
        cells = [cell.replace(",", ".") for cell in cells]
    cells = [cell for cell in cells if cell]
    try:
        return float(cells[0]), float(cells[1])
    except (ValueError, IndexError):
        return None


def _check(angles: NDArray[np.float64], heights: NDArray[np.float64], name: str) -> None:
    if angles.ndim != 1 or angles.shape != heights.shape:
        raise InputError(
            f"{name}: angles of shape {angles.shape} and counts of shape {heights.shape}; give two of one length."
        )
    if len(angles) < LEAST_POINTS:
        raise InputError(f"{name} has {len(angles)} points; give at least {LEAST_POINTS}.")
    if not (np.isfinite(angles).all() and np.isfinite(heights).all()):
        raise InputError(f"{name}: an angle or a count is not finite; give numbers only.")
    back = np.flatnonzero(np.diff(angles) <= 0)
    if len(back):
        at = int(back[0])
        raise InputError(
            f"{name}: angles do not increase ({angles[at]:g} is followed by {angles[at + 1]:g}); sort the rows, one an "
            "angle, with degrees 2theta in the first column."
        )
    if angles[0] <= 0 or angles[-1] >= 180:
        raise InputError(
            f"{name}: angles from {angles[0]:g} to {angles[-1]:g}; degrees 2theta lie between 0 and 180."
        )
    if (heights < 0).any():
        at = int(np.argmin(heights))
        raise InputError(f"{name}: a count of {heights[at]:g} at {angles[at]:g} degrees; give counts from 0.")


def _line(drawn: NDArray[np.float64], covered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The straight line through the lowest twentieth of either half."""
    halves = np.array_split(np.flatnonzero(covered), 2)
    ends = []
    for half in halves:
        lowest = half[np.argsort(drawn[half], kind="stable")[: max(1, len(half) // 20)]]
        ends.append((GRID[lowest].mean(), drawn[lowest].mean()))
    (x0, y0), (x1, y1) = ends
    slope = (y1 - y0) / (x1 - x0) if not math.isclose(x0, x1) else 0.0
    return np.asarray(y0 + slope * (GRID - x0))
