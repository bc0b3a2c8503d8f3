"""Powder patterns of an XrdViewer: checked, compared peak by peak, and made small for a saved notebook."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError

Profile = NDArray[np.float32]
PeakList = NDArray[np.float64]
"""(k, 2): place in degrees 2theta, ascending, and relative intensity, the strongest 100."""
Find = Callable[[Profile], Any]

MOST_PATTERNS = 11  # given ones in a drawing: as many colours as there are, but one for reconstructions
MOST_PEAKS = 600  # of all patterns together on the page, the strongest of each
MOST_PEAKS_EACH = 150
SAVED_BYTES = 26_000  # of all curves in a saved notebook, as base64
# A network in single precision may leave zero by this much; more is a negative intensity.
_ROUNDING = 1e-5
_LEVELS = 255


@dataclass(frozen=True)
class Pattern:
    """One pattern, with what it is compared with: its reconstruction, or a decoded pattern beside a known one."""

    name: str
    profile: Profile
    peaks: PeakList | None = None
    other: Profile | None = None
    other_name: str = ""
    other_peaks: PeakList | None = None


def checked_grid(two_theta: Any, n: int | None) -> tuple[float, float, int]:
    """Return first and last angle (degrees) and the number of points of an even grid.

    Raises
    ------
    InputError
        For angles that do not rise evenly between 0 and 180 degrees, or do not fit the patterns.
    """
    if two_theta is None:
        if n is None:
            raise InputError(
                "A viewer without patterns got no two_theta: give the grid of what will be decoded"
            )
        return 10.0, 90.0, n
    grid = np.asarray(two_theta, dtype=float)
    wanted = "at least two evenly rising angles between 0 and 180 degrees"
    if grid.ndim != 1 or len(grid) < 2 or not np.isfinite(grid).all():
        raise InputError(f"two_theta has the shape {grid.shape}: give {wanted}")
    steps = np.diff(grid)
    even = (steps > 0).all() and np.ptp(steps) <= 0.01 * steps.mean()
    if not even or not (grid[0] > 0 and grid[-1] < 180):
        raise InputError(
            f"two_theta goes from {grid[0]:g} to {grid[-1]:g}, steps {steps.min():g} to {steps.max():g}: give {wanted}"
        )
    if n is not None and len(grid) != n:
        raise InputError(
            f"two_theta has {len(grid)} angles, the patterns have {n} points: give one angle a point"
        )
    return float(grid[0]), float(grid[-1]), len(grid)


def checked_profile(given: Any, n: int | None, name: str) -> Profile:
    """Return intensities (n,) as float32.

    Raises
    ------
    InputError
        For another shape, numbers that do not exist, or negative ones.
    """
    try:
        profile = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(f"The pattern {name!r} is no array of numbers: give intensities") from None
    if profile.ndim != 1 or len(profile) < 2 or (n is not None and len(profile) != n):
        points = "two or more" if n is None else n
        raise InputError(f"The pattern {name!r} has the shape {profile.shape}: give {points} intensities")
    wrong = np.flatnonzero(~np.isfinite(profile))
    if len(wrong):
        raise InputError(
            f"The pattern {name!r} has {len(wrong)} intensities that are no numbers (first: point {wrong[0]}): "
            "leave the pattern out, or fill them in"
        )
    if profile.min() < -_ROUNDING:
        where = int(profile.argmin())
        raise InputError(
            f"The pattern {name!r} is negative ({profile[where]:.4g} at point {where}): intensities are 0 or more; "
            "subtract less background"
        )
    return np.maximum(profile, np.float32(0))


def checked_peaks(given: Any, name: str) -> PeakList:
    """Return peaks (k, 2) in the order of the angle, the strongest with intensity 100.

    Parameters
    ----------
    given
        Something with ``two_theta`` and ``intensity``, or both as a pair of sequences.

    Raises
    ------
    InputError
        For anything else, for different lengths, angles outside 0 to 180 degrees, or intensities that are not positive.
    """
    pair = (given.two_theta, given.intensity) if hasattr(given, "two_theta") else given
    wanted = "give two_theta (degrees) and intensity, as many of each"
    try:
        places, heights = (np.asarray(part, dtype=float) for part in pair)
    except (TypeError, ValueError):
        raise InputError(f"The peaks of {name!r} are {type(given).__name__}: {wanted}") from None
    if places.ndim != 1 or places.shape != heights.shape:
        raise InputError(
            f"The peaks of {name!r} have {places.shape} angles and {heights.shape} intensities: {wanted}"
        )
    if not len(places):
        return np.empty((0, 2))
    inside = np.isfinite(places) & (places > 0) & (places < 180)
    if not (inside.all() and np.isfinite(heights).all() and (heights > 0).all()):
        raise InputError(
            f"The peaks of {name!r} go from {places.min():g} to {places.max():g} degrees with intensities from "
            f"{heights.min():g}: give angles between 0 and 180 degrees and positive intensities"
        )
    order = np.argsort(places, kind="stable")
    return np.stack([places[order], 100 * heights[order] / heights.max()], axis=1)


def of_mapping(given: Any, n: int, find: Find | None, what: str) -> tuple[Pattern, str]:
    """Return what `decode` or `by_step` gave as a pattern, and its note.

    A known material's pattern ("nearest") is what the decoded one is compared with.

    Raises
    ------
    InputError
        If it is no mapping with a ``profile``, or the profile is none.
    """
    if not isinstance(given, Mapping) or given.get("profile") is None:
        raise InputError(
            f"{what} returned {type(given).__name__}: give a mapping with 'profile', and where known 'formula', "
            "'peaks', 'note' and 'nearest'"
        )
    name = str(given.get("formula") or "nothing")
    profile = checked_profile(given["profile"], n, name)
    peaks = peaks_of(given.get("peaks"), profile, find, name)
    note = str(given.get("note") or "")
    nearest = given.get("nearest")
    if nearest is None:
        return Pattern(name, profile, peaks), note
    if not isinstance(nearest, Mapping) or nearest.get("profile") is None:
        raise InputError(
            f"{what} returned {type(nearest).__name__} as nearest: give a mapping with 'profile' and 'formula'"
        )
    known = str(nearest.get("formula") or "nearest known")
    own = checked_profile(nearest["profile"], n, known)
    return Pattern(known, own, peaks_of(nearest.get("peaks"), own, find, known), profile, name, peaks), note


def peaks_of(given: Any, profile: Profile, find: Find | None, name: str) -> PeakList | None:
    """Return the given peaks, or those that `find` finds; None where there are neither."""
    if given is None:
        if find is None:
            return None
        given = find(profile)
    return checked_peaks(given, name)


@dataclass(frozen=True)
class Comparison:
    """Peaks of a pattern beside those of another.

    Attributes
    ----------
    partner : ndarray (k,)
        Place of the nearest peak of the other pattern, NaN where there is none within the tolerance.
    extra : ndarray of bool (j,)
        Peaks of the other pattern with none of the first within the tolerance.
    """

    partner: NDArray[np.float64]
    extra: NDArray[np.bool_]

    @property
    def score(self) -> list[int]:
        """Matched peaks, all peaks, peaks of the other that are right, all peaks of the other."""
        matched = int(np.isfinite(self.partner).sum())
        return [matched, len(self.partner), int((~self.extra).sum()), len(self.extra)]


def compare(own: PeakList, other: PeakList, within: float) -> Comparison:
    """Find for each peak whether the other pattern has one within ``within`` degrees."""
    apart = np.abs(own[:, :1] - other[None, :, 0])  # (k, j)
    if not apart.size:
        return Comparison(np.full(len(own), np.nan), np.ones(len(other), dtype=bool))
    nearest = apart.argmin(axis=1)
    reach = within + 1e-9  # angles of a grid are sums of steps
    hit = apart[np.arange(len(own)), nearest] <= reach
    return Comparison(np.where(hit, other[nearest, 0], np.nan), apart.min(axis=0) > reach)


def marks(patterns: Sequence[Pattern], within: float) -> tuple[list[dict[str, Any]], list[list[int] | None]]:
    """Return the peaks as the page draws them, and the scores of all peaks.

    Returns
    -------
    marks : list of dict
        ``own``: [place, intensity, place of the partner or None]; ``extra``: [place, intensity] of the other pattern;
        ``compared``: whether there is another pattern with peaks.
    scores : list
        `Comparison.score`, or None where nothing is compared.
    """
    most = min(MOST_PEAKS_EACH, MOST_PEAKS // max(1, len(patterns)))
    drawn: list[dict[str, Any]] = []
    scores: list[list[int] | None] = []
    for pattern in patterns:
        own = np.empty((0, 2)) if pattern.peaks is None else pattern.peaks
        compared = pattern.peaks is not None and pattern.other_peaks is not None
        other = pattern.other_peaks if compared and pattern.other_peaks is not None else np.empty((0, 2))
        found = compare(own, other, within)
        scores.append(found.score if compared else None)
        kept = _strongest(own, most)
        extra = other[found.extra] if compared else np.empty((0, 2))
        drawn.append(
            {
                "own": [
                    [
                        *_short(own[row]),
                        None if np.isnan(found.partner[row]) else round(float(found.partner[row]), 3),
                    ]
                    for row in kept
                ],
                "extra": [_short(extra[row]) for row in _strongest(extra, most)],
                "compared": compared,
            }
        )
    return drawn, scores


def _strongest(peaks: PeakList, most: int) -> list[int]:
    rows: list[int] = np.sort(np.argsort(-peaks[:, 1], kind="stable")[:most]).tolist()
    return rows


def _short(peak: NDArray[np.float64]) -> list[float]:
    return [round(float(peak[0]), 3), round(float(peak[1]), 1)]


def rows_of(curves: Sequence[Profile | None], n: int) -> NDArray[np.float32]:
    """Return curves as one array (m, n); a row of NaN where there is none."""
    rows = [np.full(n, np.nan, dtype=np.float32) if curve is None else curve for curve in curves]
    return np.array(rows, dtype=np.float32).reshape(len(rows), n)


def thinned(curve: Profile, most: int) -> Profile:
    """Return at most ``most`` points: the highest of each stretch, so that no peak is lost."""
    if len(curve) <= most:
        return curve
    stretch = -(-len(curve) // most)
    padded = np.pad(curve, (0, -len(curve) % stretch), mode="edge")
    return padded.reshape(-1, stretch).max(axis=1)


def small_copy(patterns: Sequence[Pattern]) -> dict[str, Any]:
    """Return the curves as JSON: a saved notebook forgets arrays.

    A byte a point: the square root of the share of the largest value, so that weak peaks keep their shape on either
    scale. Of many curves only the highest point of each short stretch is kept.
    """
    curves = [
        curve for pattern in patterns for curve in (pattern.profile, pattern.other) if curve is not None
    ]
    if not curves:
        return {}
    n = len(curves[0])
    most = max(100, SAVED_BYTES * 3 // 4 // len(curves))
    top = max(1e-6, *(float(curve.max()) for curve in curves))

    def text(curve: Profile | None) -> str:
        if curve is None:
            return ""
        levels = np.round(_LEVELS * np.sqrt(thinned(curve, most) / top)).astype(np.uint8)
        return base64.b64encode(levels.tobytes()).decode("ascii")

    stretch = -(-n // most)
    return {
        "n": n,
        "stretch": stretch,
        "top": round(top, 6),
        "profiles": [text(pattern.profile) for pattern in patterns],
        "reconstructions": [text(pattern.other) for pattern in patterns],
    }


def score_words(score: Sequence[int]) -> str:
    """Say recall and precision in words."""
    matched, peaks, right, found = score
    return f"{_share('Recall', matched, peaks)}; {_share('precision', right, found)}"


def _share(name: str, part: int, whole: int) -> str:
    return (
        f"{name}: no peak"
        if whole == 0
        else f"{name} {part} of {whole} peaks ({100 * part / whole:.0f}\u00a0%)"
    )
