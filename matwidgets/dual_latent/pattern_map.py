"""Crystals in the joint latent space of compositions and powder patterns: where they stand, what a place decodes to."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.dual_latent.crystals import ENERGIES, MOST, Crystals, known_crystals
from matwidgets.dual_latent.known_patterns import KnownPattern, known_pattern
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import canonical_key
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.latent import SAME, Values, nearest_rows, reading, written

if TYPE_CHECKING:
    from matwidgets.dual_models import DualVAE

Space = Literal["both", "composition", "structure"]
SPACES: tuple[Space, ...] = ("both", "composition", "structure")
FAR = "far from every known crystal: do not trust it"
JUDGED = 300  # known crystals by which a decoded pattern is judged
QUANTILE = 0.05  # of their largest cosines: less is called far
_EQUAL = 1e-4  # latent numbers that went through a page in single precision differ by less


class PatternMap:
    """Crystals, their latent means, and what a dual VAE says of any other place.

    Parameters
    ----------
    dual : DualVAE
        Used as it is: give a copy where another thread works with it.
    crystals : Crystals

    Attributes
    ----------
    latent : ndarray, shape (n, 88)
    parts : (int, int)
        Length of the latent vector of a composition and of a pattern.

    Raises
    ------
    InputError
        For a formula that cannot be read or holds an element beyond Z 100, or patterns of another grid.
    """

    def __init__(self, dual: DualVAE, crystals: Crystals, latent: NDArray[np.float64] | None = None) -> None:
        self.dual, self.crystals, self.parts = dual, crystals, dual.parts
        self.latent = dual.encode(crystals.formulas, crystals.profiles) if latent is None else latent
        # By element: what is asked for is one element at a time.
        self._fractions = np.asfortranarray(fraction_vectors(crystals.formulas))
        # What was located off the map: formula and length of the vector -> that vector, and its pattern.
        self._beside: dict[tuple[str, int], tuple[NDArray[np.float64], KnownPattern]] = {}

    def of_space(self, space: Space) -> NDArray[np.float64]:
        """Return latent means (n, d): all 88 numbers, the 24 of compositions or the 64 of patterns."""
        return self.latent[:, self._columns(space)]

    def decode(self, vectors: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Decode latent vectors (m, d) of any of the three spaces, and place the formulas among the crystals.

        Returns
        -------
        list of dict, length m
            As `matwidgets.latent.LatentMap.decode` gives them.
        """
        points, rows = self.completed(vectors)
        decoded = self.dual.decode(points)
        trusted = self._trusted(points, decoded.profiles)
        width = np.shape(np.atleast_2d(vectors))[1]
        return [
            self._reading(formula, [self._lent(point, row, width), "" if trust else FAR])
            for formula, point, row, trust in zip(decoded.formulas, points, rows, trusted, strict=True)
        ]

    def _reading(self, formula: str | None, notes: list[str]) -> dict[str, Any]:
        if formula is None:
            told: dict[str, Any] = {"formula": "nothing", "note": "decodes to nothing: no element stands out"}
        else:
            near, shares = self.nearest(formula)
            told = reading(formula, [self.crystals.formulas[row] for row in near], shares)
        return told | {"note": "; ".join(filter(None, [told["note"], *notes]))}

    def _trusted(self, points: NDArray[np.float64], profiles: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Whether places (m, 88) are as near to the known crystals as these are: in density and in their patterns.

        A crystal of the map is not far from itself, however badly its pattern is decoded.
        """
        alike = np.array([self.most_alike(profile)[1] >= self.cosine_floor for profile in profiles])
        known = np.array([(np.abs(self.latent - point).max(axis=1) < _EQUAL).any() for point in points])
        return known | (alike & (self.dual.density(points) >= self.dual.density_floor))

    @functools.cached_property
    def cosine_floor(self) -> float:
        """Largest cosine with another's pattern that 95 % of the known crystals' decoded patterns reach or exceed.

        Of a random 300 of many crystals. Each one's own pattern does not count: a new crystal has none among the known.
        """
        n = len(self.crystals)
        rows = np.random.default_rng(0).choice(n, min(n, JUDGED), replace=False)
        profiles = self.dual.decode(self.latent[rows]).profiles
        lengths = np.maximum(np.linalg.norm(profiles, axis=1, keepdims=True), 1e-12)
        cosines = (profiles / lengths).astype(np.float32) @ self._unit.T
        cosines[np.arange(len(rows)), rows] = -1.0
        return float(np.quantile(cosines.max(axis=1), QUANTILE))

    def _lent(self, point: NDArray[np.float64], row: int, width: int) -> str:
        """Say which half of a place is another crystal's: it was given without, or has exactly that one's pattern."""
        first, second = self.parts
        name = written(self.crystals.formulas[row])
        if width < first + second:
            return f"{'pattern' if width == first else 'composition'} half lent by {name}"
        same = np.abs(self.latent[:, first:] - point[first:]).max(axis=1) < _EQUAL
        rows = np.flatnonzero(same)
        if not len(rows) or (np.abs(self.latent[rows, :first] - point[:first]).max(axis=1) < _EQUAL).any():
            return ""
        return f"pattern half lent by {written(self.crystals.formulas[rows[0]])}"

    def _located(self, vector: NDArray[np.float64]) -> KnownPattern | None:
        """Return the crystal off the map that `locate` found at a place, None where it found none."""
        for place, known in self._beside.values():
            if place.shape == vector.shape and np.abs(place - vector).max() < _EQUAL:
                return known
        return None

    def pattern(self, vector: NDArray[np.float64]) -> dict[str, Any]:
        """Decode one latent vector (d,) to a pattern beside that of the nearest crystal.

        Returns
        -------
        dict
            formula, profile, note, and of the nearest crystal (in the same latent space: one of the map, or one that
            `locate` found off it) formula and profile.
        """
        points, (row,) = self.completed(vector[None, :])
        decoded = self.dual.decode(points)
        formula, profile = decoded.formulas[0], decoded.profiles[0]
        like, cosine = self.most_alike(profile)
        notes = [
            self._lent(points[0], row, len(vector)),
            "" if self._trusted(points, decoded.profiles)[0] else FAR,
            f"most alike pattern: {written(self.crystals.formulas[like])}, cosine similarity {cosine:.2f}",
        ]
        name = "nothing" if formula is None else written(formula)
        near, own = (
            f"{written(self.crystals.formulas[row])} (nearest in the latent space)",
            self.crystals.profiles[row],
        )
        known = self._located(vector)
        if known is not None:
            near, own = f"{written(known.formula)} ({known.source})", known.profile
        return {
            "formula": f"decoded {name}",
            "profile": profile,
            "note": "; ".join(filter(None, notes)),
            "nearest": {"formula": near, "profile": own},
        }

    def completed(
        self, vectors: NDArray[np.float64], space: Space | None = None
    ) -> tuple[NDArray[np.float64], list[int]]:
        """Return whole latent vectors (m, 88) and for each the nearest crystal's row.

        Of a vector of one half only the other half is that crystal's own.

        Parameters
        ----------
        vectors : ndarray, shape (m, d)
        space : {"both", "composition", "structure"}, optional
            By default the one that has vectors of this length.

        Raises
        ------
        InputError
            For vectors of another length.
        """
        given = np.atleast_2d(np.asarray(vectors, dtype=np.float64))
        lengths = {self.latent[:, self._columns(name)].shape[1]: name for name in reversed(SPACES)}
        if given.shape[1] not in lengths:
            raise InputError(
                f"A latent vector of {given.shape[1]} numbers: give {listed(map(str, sorted(lengths)))}"
            )
        columns = self._columns(space or lengths[given.shape[1]])
        own = self.latent[:, columns]
        rows = [int(((own - vector) ** 2).sum(1).argmin()) for vector in given]
        whole = self.latent[rows].copy()
        whole[:, columns] = given
        return whole, rows

    def _columns(self, space: Space) -> slice:
        if space not in SPACES:
            raise InputError(f"Unknown space {shown(space)}: write {listed(SPACES)}")
        return {
            "both": slice(None),
            "composition": slice(0, self.parts[0]),
            "structure": slice(self.parts[0], None),
        }[space]

    def nearest(self, composition: str | Mapping[str, float]) -> tuple[list[int], list[float]]:
        """Rows of the crystals with the nearest compositions, and the share of the atoms in which they differ."""
        return nearest_rows(self._fractions, fraction_vectors([composition])[0])

    def most_alike(self, profile: NDArray[np.floating]) -> tuple[int, float]:
        """Row of the crystal whose pattern has the largest cosine with a profile, and that cosine."""
        wanted = np.asarray(profile, dtype=np.float32)
        cosines = self._unit @ wanted / max(float(np.linalg.norm(wanted)), 1e-12)
        row = int(cosines.argmax())
        return row, min(1.0, float(cosines[row]))

    @functools.cached_property
    def _unit(self) -> NDArray[np.float32]:
        norms = np.linalg.norm(self.crystals.profiles, axis=1, keepdims=True)
        return np.asarray(self.crystals.profiles / np.maximum(norms, 1e-12), dtype=np.float32)

    def locate(self, formula: str, space: Space = "both") -> int | NDArray[np.float64]:
        """Find a formula: the first crystal of this composition, or its latent vector in a space.

        Of a formula that is no point the vector has the pattern of a known crystal of this composition
        (`matwidgets.dual_latent.known_pattern`). Where none is known, the pattern's half is lent by the crystal with
        the nearest composition: `decode` and `pattern` say so.

        Raises
        ------
        InputError
            For a formula that cannot be read, or one without a known pattern in the space of patterns alone.
        """
        rows, shares = self.nearest(formula)
        if shares[0] < SAME:
            return int(rows[0])
        if space == "composition":
            return self.dual.encode_compositions([formula])[0]
        known = known_pattern(formula)
        if known is None and space == "structure":
            raise InputError(
                f"None of the {len(self.crystals):,} crystals is {formula}, and a formula alone has no pattern: "
                f"go to a known one such as {self.crystals.formulas[rows[0]]}"
            )
        whole = self.latent[rows[0]].copy()
        whole[: self.parts[0]] = self.dual.encode_compositions([formula])[0]
        if known is not None:
            whole[self.parts[0] :] = self.dual.encode_patterns(known.profile)[0]
        found = np.asarray(whole[self._columns(space)])
        if known is not None:
            self._beside[known.formula, len(found)] = found, known
        return found

    def channels(self, elements: Sequence[str] = ()) -> dict[str, Values]:
        """Return what points can be coloured by: name -> values (n,), costly ones as callables.

        Crystal system, number of elements, energies as far as they are known, log density of the training materials,
        and the content (at.%) of each of `elements`.

        Raises
        ------
        InputError
            For an element that cannot be read or lies beyond Z 100.
        """
        found: dict[str, Values] = {"crystal system": self.crystals.known["crystal system"]}
        found["number of elements"] = (self._fractions > 0).sum(axis=1)
        found |= {name: values for name, values in self.crystals.known.items() if name not in found}
        found["log density"] = functools.partial(self.dual.density, self.latent)
        columns = fraction_vectors([{symbol: 1.0} for symbol in elements])  # says which is outside
        for symbol, row in zip(elements, columns, strict=True):
            found[f"{symbol} content"] = 100.0 * self._fractions[:, int(row.argmax())].astype(np.float64)
        return found

    @staticmethod
    def units(channels: Mapping[str, Values]) -> dict[str, str]:
        """Return the units of such channels."""
        units = {name: unit for name, unit in ENERGIES.values() if name in channels}
        return units | {name: "at.%" for name in channels if name.endswith(" content")}

    def encode_fractions(
        self, fractions: NDArray[np.float64], elements: Sequence[str]
    ) -> NDArray[np.float64]:
        """Return latent vectors (m, 24) of atomic fractions (m, k) of the elements."""
        compositions = [dict(zip(elements, row.tolist(), strict=True)) for row in fractions]
        return self.dual.encode_compositions(
            [{s: x for s, x in row.items() if x > 0} for row in compositions]
        )

    def with_measured(self, measured: Mapping[str, NDArray[np.float32]], space: Space) -> PatternMap:
        """Return a map with measured patterns as its last points.

        Parameters
        ----------
        measured : mapping
            Formula -> pattern, shape (1601,). In the space of patterns alone any name will do: the composition of such
            a point is that of the crystal whose pattern is nearest in the latent space.
        space : {"both", "composition", "structure"}

        Raises
        ------
        InputError
            For a name that is no formula where the composition is needed, or a pattern of another grid.
        """
        names = list(measured)
        halves = self.dual.encode_patterns(np.array([measured[name] for name in names]))
        whole, rows = self.completed(halves, "structure")
        formulas = [self.crystals.formulas[row] for row in rows]
        for i, name in enumerate(names):
            if not _is_formula(name):
                if space != "structure":
                    raise InputError(
                        f"The measured pattern {shown(name)} has no formula for a name: give its formula, "
                        "or space='structure' to place it by its pattern alone"
                    )
                continue
            formulas[i] = name
            whole[i, : self.parts[0]] = self.dual.encode_compositions([name])[0]
        old = self.crystals
        known = {
            name: np.append(values, ["measured" if values.dtype.kind in "US" else np.nan] * len(names))
            for name, values in old.known.items()
        }
        profiles = np.vstack(
            [old.profiles, *(np.asarray(measured[name], dtype=np.float32) for name in names)]
        )
        source = f"{old.source} and {len(names)} measured"
        crystals = Crystals([*old.formulas, *formulas], profiles, source, known)
        return PatternMap(self.dual, crystals, np.vstack([self.latent, whole]))


_MAPS: weakref.WeakKeyDictionary[Any, dict[int, PatternMap]] = weakref.WeakKeyDictionary()


def known_map(dual: DualVAE, crystals: Crystals | None = None, most: int = MOST) -> PatternMap:
    """Return the map of some crystals with a copy of a model.

    That of `known_crystals` (at most `most`) is made once for a model: explorer and viewer stand on the same one.
    """
    if crystals is not None:
        return PatternMap(dual.copy(), crystals)
    made = _MAPS.setdefault(dual, {})
    if most not in made:
        made[most] = PatternMap(dual.copy(), known_crystals(most))
    return made[most]


def _is_formula(name: str) -> bool:
    try:
        canonical_key(name)
    except InputError:
        return False
    return True
