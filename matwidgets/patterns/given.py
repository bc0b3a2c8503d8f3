"""What a person gives as a powder pattern: a formula of the handbook, a file, a structure, peaks or intensities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.crystals import find_crystal
from matwidgets.errors import InputError
from matwidgets.features.composition import pretty_formula
from matwidgets.features.xrd import GRID, Peaks, peaks, profile
from matwidgets.features.xrd_reading import FORMATS, read_pattern
from matwidgets.patterns.computing import read_cif

if TYPE_CHECKING:
    from pymatgen.core import Structure


@dataclass(frozen=True)
class Given:
    """A pattern with its name; `peaks` is None where only intensities were given."""

    name: str
    profile: NDArray[np.float32]
    peaks: Peaks | None


def given_patterns(given: Any) -> list[Given]:
    """Turn what was given into patterns on the grid.

    Parameters
    ----------
    given : str, Path, pymatgen Structure, Peaks, ndarray of shape (1601,), or a sequence or mapping of these
        A mapping gives the names. Intensities may be a list of numbers, too; they are scaled to a largest value of 1.

    Raises
    ------
    InputError
        For anything else, an unknown formula, a file that cannot be read, intensities that are not finite, negative or
        all zero, or nothing.
    """
    if isinstance(given, Mapping):
        found = [_one(one, str(name)) for name, one in given.items()]
    elif _several(given):
        found = [_one(one, None, i) for i, one in enumerate(given, start=1)]
    else:
        found = [_one(given, None)]
    if not found:
        raise InputError("No pattern given: give at least one, such as the formula NaCl")
    return found


def _several(given: Any) -> bool:
    if isinstance(given, np.ndarray):
        return given.ndim == 2
    return isinstance(given, (list, tuple)) and not isinstance(given, Peaks) and not _numbers(given)


def _numbers(given: Any) -> bool:
    """Whether this is a list of numbers: one pattern."""
    return isinstance(given, (list, tuple)) and len(given) > 0 and all(isinstance(x, Real) for x in given)


def _one(given: Any, name: str | None, number: int = 0) -> Given:
    plain = f"pattern {number}" if number else "pattern"
    if isinstance(given, Peaks):
        return Given(name or plain, profile(given), given)
    if isinstance(given, np.ndarray) or _numbers(given):
        return Given(name or plain, _intensities(np.asarray(given), name or plain), None)
    if hasattr(given, "lattice"):
        return _crystal(given, name)
    if not isinstance(given, (str, Path)):
        raise InputError(
            f"A pattern cannot be made of {type(given).__name__}: give a formula of the handbook, a file, a structure, "
            "peaks or intensities"
        )
    file = Path(given)
    if file.suffix.lower() == ".cif":
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"{file} cannot be read ({error.strerror}): name an existing CIF") from None
        return _crystal(read_cif(text), name)
    if file.suffix.lower() in FORMATS:
        return Given(name or file.stem, read_pattern(file), None)
    return _crystal(find_crystal(str(given)).structure(), name)


def _intensities(given: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Intensities on the grid with a largest value of 1."""
    if given.shape != GRID.shape:
        raise InputError(f"A pattern of shape {given.shape}: give {len(GRID)} intensities on the grid")
    if given.dtype.kind not in "biuf":
        raise InputError(f"The intensities of {name} are of type {given.dtype}: give real numbers from 0")
    values = given.astype(np.float64)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        at = int(wrong[0])
        raise InputError(
            f"{name} has the intensity {values[at]:g} at {GRID[at]:g} degrees; intensities are finite numbers from 0: "
            "take off less background, or put 0 where nothing was measured"
        )
    if not values.any():
        raise InputError(
            f"{name} is zero everywhere; a pattern has an intensity above 0: give one with a peak"
        )
    return (values / values.max()).astype(np.float32)


def _crystal(structure: Structure, name: str | None) -> Given:
    found = peaks(structure)
    written = pretty_formula(structure.composition.get_el_amt_dict(), subscripts=True)
    return Given(name or written, profile(found), found)
