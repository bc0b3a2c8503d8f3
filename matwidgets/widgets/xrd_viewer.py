"""XrdViewer: powder patterns, their reconstructions and residuals, and peaks that can be walked through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.widgets._pattern_picture import pattern_picture
from matwidgets.widgets._patterns import (
    MOST_PATTERNS,
    Find,
    Pattern,
    checked_grid,
    checked_profile,
    marks,
    of_mapping,
    peaks_of,
    rows_of,
    small_copy,
)
from matwidgets.widgets.base import MatWidget, array_trait

Decode = Callable[[NDArray[np.float64]], Mapping[str, Any]]
"""A latent vector (d,) -> mapping with ``profile`` (n,) and, where known, ``formula``, ``peaks``, ``note`` and
``nearest`` (a known material: ``formula``, ``profile``, ``peaks``)."""
ByStep = Callable[[int], Mapping[str, Any]]
"""A number of trials of a search -> the same, of the best so far."""

CU_K_ALPHA = 1.54184  # angstrom, mean of the K-alpha doublet (also pymatgen's "CuKa")


class XrdViewer(MatWidget):
    """Powder diffraction patterns over 2theta, with reconstruction, residual and peak marks.

    Parameters
    ----------
    profiles : ndarray of shape (n,) or (m, n), optional
        Relative intensities of up to eleven patterns, 0 or more. Without any, `decode` or `by_step` gives them.
    two_theta : ndarray of shape (n,), optional
        Angles in degrees, evenly spaced; 10 to 90 degrees by default.
    names : str or sequence of str, optional
        A name for each pattern.
    reconstructions : ndarray of shape (n,) or (m, n), or sequence, optional
        What a model made of each pattern; None where there is none.
    peaks, reconstruction_peaks : optional
        For each pattern something with ``two_theta`` and ``intensity`` (or the two as a pair), or None.
    find : callable, optional
        Intensities (n,) -> peaks, for every pattern that came without.
    decode : callable, optional
        Latent vector (d,) -> mapping with ``profile`` and, where known, ``formula``, ``peaks``, ``note`` and
        ``nearest`` (a known material with ``formula``, ``profile``, ``peaks``). With it `link` takes the cursor of a
        LatentExplorer.
    by_step : callable, optional
        Number of trials of a search -> the same, of the best so far. With it `link` takes the step that an
        OptimizationTracker looks at.
    wavelength : float
        In angstrom; gives d and q.
    radiation : str
        Its name for people.
    within : float
        How far apart two peaks may be to count as the same, in degrees 2theta.
    least : float
        For people: the share of the strongest (%) from which `find` counts peaks; 0 says nothing.
    label : str
        Title for people.
    stacked : bool
        Patterns one above the other at first.
    scale : {"linear", "sqrt"}
        How intensities are drawn at first.
    axis : {"two_theta", "d", "q"}
        What the axis says at first.

    Raises
    ------
    InputError
        For patterns of wrong length, negative intensities or ones that are no numbers, peaks that are none, an uneven
        grid, or no pattern and no callable.

    Notes
    -----
    A decoded pattern stands before the given ones; with a nearest known material it is compared with that one's pattern
    as a reconstruction is with its original. Recall is the share of the peaks of the pattern that have a peak of the
    other within `within`, precision the share of the other's peaks that have one of the pattern.
    """

    stem = "xrd_viewer"

    label = traitlets.Unicode("", help="Title for people.").tag(sync=True)
    two_theta = traitlets.List(traitlets.Float(), help="First and last angle (degrees).").tag(sync=True)
    wavelength = traitlets.Float(CU_K_ALPHA, help="Of the radiation (angstrom).").tag(sync=True)
    radiation = traitlets.Unicode("", help="Name of the radiation, for people.").tag(sync=True)
    within = traitlets.Float(0.2, help="Distance within which peaks are the same (degrees 2theta).").tag(
        sync=True
    )
    least = traitlets.Float(0.0, help="Share of the strongest from which peaks count (%); 0: not said.").tag(
        sync=True
    )
    names = traitlets.List(traitlets.Unicode(), help="Names of the patterns.").tag(sync=True)
    profiles = array_trait(help="(m, n), relative intensities.")
    reconstructions = array_trait(
        help="(m, n), what each is compared with; rows of NaN where there is nothing."
    )
    reconstruction_names = traitlets.List(
        traitlets.Unicode(), help="What each is compared with, for people; empty where there is nothing."
    ).tag(sync=True)
    peaks: Any = traitlets.List(help="Peaks of each pattern, and those of its reconstruction only.").tag(
        sync=True
    )
    scores: Any = traitlets.List(
        help="For each pattern: matched peaks, all peaks, right ones of the reconstruction, all of it; or None."
    ).tag(sync=True)
    note = traitlets.Unicode("", help="What is said of the decoded pattern.").tag(sync=True)
    saved = traitlets.Dict(help="The curves in a byte a point: a saved notebook forgets arrays.").tag(
        sync=True
    )
    at = traitlets.Int(0, help="Which pattern is read: its peaks, reconstruction and residual.").tag(
        sync=True
    )
    hidden = traitlets.List(traitlets.Int(), help="Patterns that are not drawn.").tag(sync=True)
    scale = traitlets.Enum(["linear", "sqrt"], "linear", help="How intensities are drawn.").tag(sync=True)
    axis = traitlets.Enum(["two_theta", "d", "q"], "two_theta", help="What the axis says.").tag(sync=True)
    stacked = traitlets.Bool(False, help="Patterns one above the other instead of over one another.").tag(
        sync=True
    )
    window = traitlets.List(
        traitlets.Float(), help="Part that is seen: two angles (degrees 2theta); empty for all."
    ).tag(sync=True)
    cursor = traitlets.Float(
        None, allow_none=True, help="Place of the cursor (degrees 2theta), or None."
    ).tag(sync=True)
    latent = traitlets.List(
        traitlets.Float(), help="Latent vector whose pattern is shown; empty for none."
    ).tag(sync=True)
    trial = traitlets.Int(
        -1, help="Number of trials of a search whose best pattern is shown; -1 for none."
    ).tag(sync=True)

    def __init__(
        self,
        profiles: Any = None,
        *,
        two_theta: Any = None,
        names: str | Sequence[str] | None = None,
        reconstructions: Any = None,
        peaks: Any = None,
        reconstruction_peaks: Any = None,
        find: Find | None = None,
        decode: Decode | None = None,
        by_step: ByStep | None = None,
        wavelength: float = CU_K_ALPHA,
        radiation: str = "Cu K\u03b1",
        within: float = 0.2,
        least: float = 0.0,
        label: str = "Powder pattern",
        stacked: bool = False,
        scale: str = "linear",
        axis: str = "two_theta",
    ) -> None:
        if profiles is None and decode is None and by_step is None:
            raise InputError("A viewer got no patterns: give profiles, or decode or by_step to get them from")
        for words, value, unit in (("wavelength", wavelength, "angstrom"), ("within", within, "degrees")):
            if not (_number(value) and np.isfinite(value) and value > 0):
                raise InputError(f"The viewer's {words} is {value!r}: give a positive number of {unit}")
        if not (_number(least) and 0 <= least < 100):
            raise InputError(
                f"The viewer's least is {least!r}: give a share of the strongest peak from 0 to 100 %"
            )
        self._decode, self._by_step, self._find = decode, by_step, find
        given = _rows(profiles)
        if given is not None and len(given) > 1 and label == "Powder pattern" and np.ndim(given[0]) > 0:
            label = "Powder patterns"
        one = given is not None and np.ndim(given[0]) == 0
        columns = [[given], [names], [reconstructions], [peaks], [reconstruction_peaks]] if one else [
            given or [], names, reconstructions, peaks, reconstruction_peaks
        ]  # fmt: skip
        self._given = self._patterns(*columns)
        n = len(self._given[0].profile) if self._given else None
        first, last, self._n = checked_grid(two_theta, n)
        self._live: Pattern | None = None
        self._ready = False
        super().__init__(
            label=label,
            two_theta=[first, last],
            wavelength=float(wavelength),
            radiation=radiation,
            within=float(within),
            least=float(least),
            stacked=stacked,
            scale=_among(scale, ("linear", "sqrt"), "scale"),
            axis=_among(axis, ("two_theta", "d", "q"), "axis"),
        )
        self._show("")
        self.on_request("decode", self._previewed)
        self._ready = True

    def _patterns(
        self, profiles: Any, names: Any, others: Any, peaks: Any, other_peaks: Any
    ) -> list[Pattern]:
        m = len(profiles)
        if m > MOST_PATTERNS:
            raise InputError(
                f"A viewer got {m} patterns: give at most {MOST_PATTERNS}, more cannot be told apart"
            )
        columns = {
            "names": names,
            "reconstructions": others,
            "peaks": peaks,
            "reconstruction_peaks": other_peaks,
        }
        for word, column in columns.items():
            if column is None:
                columns[word] = [None] * m
            elif isinstance(column, str) or not hasattr(column, "__len__") or len(column) != m:
                size = (
                    f"{len(column)}"
                    if hasattr(column, "__len__") and not isinstance(column, str)
                    else repr(column)
                )
                raise InputError(f"A viewer got {size} as {word} of {m} patterns: give one for each, or None")
        made: list[Pattern] = []
        for i, given in enumerate(profiles):
            plain = "pattern" if m == 1 else f"pattern {i + 1}"
            name = str(columns["names"][i] or plain)
            profile = checked_profile(given, len(made[0].profile) if made else None, name)
            pattern = Pattern(name, profile, peaks_of(columns["peaks"][i], profile, self._find, name))
            other = columns["reconstructions"][i]
            if other is not None:
                words = "reconstruction" if m == 1 else f"{name}, reconstruction"
                curve = checked_profile(other, len(profile), words)
                found = peaks_of(columns["reconstruction_peaks"][i], curve, self._find, words)
                pattern = Pattern(name, profile, pattern.peaks, curve, words, found)
            made.append(pattern)
        return made

    # -- what a program does

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect: what there is a callable for."""
        found = {"latent": self._decode, "trial": self._by_step}
        return {topic: (topic, "in") for topic, call in found.items() if call is not None}

    @property
    def patterns(self) -> list[Pattern]:
        """What is shown: the decoded pattern, if there is one, then the given ones."""
        return [*([] if self._live is None else [self._live]), *self._given]

    def add(self, profile: Any, name: str, *, reconstruction: Any = None, peaks: Any = None) -> None:
        """Show one more pattern, such as a measured one.

        Parameters
        ----------
        profile : ndarray of shape (n,)
        name : str
        reconstruction : ndarray of shape (n,), optional
        peaks : optional
            As for the class.

        Raises
        ------
        InputError
            As for the class.
        """
        if len(self._given) + 1 > MOST_PATTERNS:
            raise InputError(f"The viewer has {len(self._given)} patterns: it shows at most {MOST_PATTERNS}")
        checked_profile(profile, self._n, name)
        self._given += self._patterns([profile], [name], [reconstruction], [peaks], [None])
        self._show(self.note)

    # -- what is allowed

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> int:
        place, m = int(proposal["value"]), len(self.names)
        if not 0 <= place < max(1, m):
            raise InputError(f"There is no pattern {place}: give 0 to {max(0, m - 1)}")
        return place

    @traitlets.validate("hidden")
    def _check_hidden(self, proposal: Any) -> list[int]:
        rows, m = sorted({int(row) for row in proposal["value"]}), len(self.names)
        if any(not 0 <= row < m for row in rows):
            raise InputError(f"There are no patterns {rows} to hide: give numbers from 0 to {m - 1}")
        return rows

    @traitlets.validate("window")
    def _check_window(self, proposal: Any) -> list[float]:
        seen = [float(x) for x in proposal["value"]]
        first, last = self.two_theta
        if seen and not (len(seen) == 2 and first <= seen[0] < seen[1] <= last):
            raise InputError(
                f"The window got {seen}: give two angles from {first:g} to {last:g} degrees, or nothing"
            )
        return seen

    @traitlets.validate("cursor")
    def _check_cursor(self, proposal: Any) -> float | None:
        place = proposal["value"]
        first, last = self.two_theta
        if place is not None and not first <= place <= last:
            raise InputError(
                f"The cursor got {place}: give an angle from {first:g} to {last:g} degrees, or None"
            )
        return None if place is None else float(place)

    @traitlets.validate("latent")
    def _check_latent(self, proposal: Any) -> list[float]:
        vector = [float(x) for x in proposal["value"]]
        if not np.isfinite(vector).all():
            raise InputError("The latent vector has numbers that do not exist: give finite ones")
        return vector

    # -- what follows from a change

    @traitlets.observe("latent")
    def _changed_latent(self, _change: Any) -> None:
        if self._ready and self.latent:
            self.guarded(lambda: self._decoded(self.latent, commit=True))

    @traitlets.observe("trial")
    def _changed_trial(self, _change: Any) -> None:
        if self._ready and self.trial >= 0:
            self.guarded(self._tried)

    def _decoded(self, vector: Sequence[float], *, commit: bool) -> None:
        if self._decode is None:
            raise InputError("This viewer decodes nothing: make it with decode=")
        found = self._decode(np.asarray(vector, dtype=float))
        self._take(*of_mapping(found, self._n, self._find, "decode"), commit=commit)

    def _tried(self) -> None:
        if self._by_step is None:
            raise InputError("This viewer knows no trials: make it with by_step=")
        pattern, note = of_mapping(self._by_step(self.trial), self._n, self._find, "by_step")
        self._take(
            pattern,
            "; ".join(filter(None, [f"best after {self.trial} trial{'' if self.trial == 1 else 's'}", note])),
        )

    def _take(self, pattern: Pattern, note: str, *, commit: bool = True) -> None:
        """Show a decoded pattern before the given ones; the first one moves these by a place."""
        first, self._live = self._live is None, pattern
        with self.hold_sync():
            self._show(note, commit=commit)
            if first:
                self.hidden = [row + 1 for row in self.hidden]
                self.at = 0

    def _show(self, note: str, *, commit: bool = True) -> None:
        patterns = self.patterns
        drawn, scores = marks(patterns, self.within)
        with self.hold_sync():
            self.names = [pattern.name for pattern in patterns]
            self.reconstruction_names = [pattern.other_name for pattern in patterns]
            self.profiles = rows_of([pattern.profile for pattern in patterns], self._n)
            compared = any(pattern.other is not None for pattern in patterns)
            others = rows_of([pattern.other for pattern in patterns], self._n)
            self.reconstructions = others if compared else None
            self.peaks, self.scores, self.note = drawn, scores, note
            if commit:
                self.saved = small_copy(patterns)

    # -- the page's questions

    def _previewed(self, data: Any) -> dict[str, Any]:
        """Show what a linked hand passes over; the arrays travel as bytes of the traits."""
        self._decoded([float(x) for x in data["latent"]], commit=False)
        return {}

    # -- without JavaScript

    def snapshot(self) -> dict[str, Any]:
        """Return the state with the small copy instead of the arrays."""
        state = super().snapshot()
        for name in ("profiles", "reconstructions"):
            del state[name]
        return state

    def static_svg(self) -> str:
        """Return the patterns with the peaks of the one that is read, and its residual."""
        shown = [i for i in range(len(self.names)) if i not in self.hidden]
        return pattern_picture(
            title=self.label,
            ends=(self.two_theta[0], self.two_theta[1]),
            patterns=[self.patterns[i] for i in shown],
            at=shown.index(self.at) if self.at in shown else None,
            marks=self.peaks[self.at] if self.peaks else None,
            score=self.scores[self.at] if self.scores else None,
            root=self.scale == "sqrt",
            offset=self.stacked,
            radiation=self.radiation,
        )

    def __repr__(self) -> str:
        if not self.names:
            return "XrdViewer(nothing decoded yet)"
        said = ", ".join(self.names)
        score = self.scores[self.at]
        if score:
            other = self.reconstruction_names[self.at]
            said += f"; {other}: {score[0]} of {score[1]} peaks, {score[3] - score[2]} extra"
        return f"XrdViewer({said})"


def _number(given: object) -> bool:
    return isinstance(given, Real)


def _among(given: str, allowed: Sequence[str], what: str) -> str:
    if given not in allowed:
        raise InputError(f"The viewer's {what} is {given!r}: give {' or '.join(allowed)}")
    return given


def _rows(profiles: Any) -> Any:
    """Profiles as rows; None where nothing was given."""
    if profiles is None:
        return None
    try:
        empty = len(profiles) == 0
    except TypeError:
        empty = True
    if empty:
        raise InputError("A viewer got no intensities: give an array (n,) or (m, n)")
    return profiles
