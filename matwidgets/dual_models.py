"""A trained dual VAE that speaks formulas and powder patterns: one latent space of 24 + 64 dimensions for both."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from matwidgets.errors import InputError, shown
from matwidgets.features.composition_vectors import formulas_of, fraction_vectors
from matwidgets.training import dual_files, threads
from matwidgets.training.dual_files import Dual
from matwidgets.training.latent_heads import combined
from matwidgets.training.states import finished_model

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CHECKPOINTS", "UNITS", "WORDS", "Decoded", "DualVAE", "load"]

WORDS = ("dual_vae",)
CHECKPOINTS = Path(__file__).parent / "checkpoints"
AT_ONCE = 2048  # rows that go through a network at a time, to bound the memory
TRIES = 100  # rounds of drawing before a decoder that gives nothing is given up
Composition = str | Mapping[str, float]
Floats = NDArray[np.float64]
UNITS: dict[str, str] = {
    "bulk_modulus": "GPa",
    "shear_modulus": "GPa",
    "debye_temperature": "K",
    "thermal_conductivity": "W/m/K",
    "thermal_expansion": "1/K",
    "formation_energy": "eV/atom",
    "insulator": "",
    "stable": "",
}
"""What `DualVAE.predict` may tell, and its unit; the last two are probabilities."""
LOGARITHMIC = ("thermal_conductivity", "thermal_expansion")  # learned as natural logarithms, as in Table S3


@dataclass(frozen=True)
class Decoded:
    """Materials at latent points.

    Attributes
    ----------
    z : ndarray, shape (n, 88)
    fractions : ndarray, shape (n, 100)
        Of the elements Z 1 to 100; rows sum to 1.
    formulas : list of str or None, length n
        The smallest whole numbers of atoms near the fractions; None where no element stands out.
    profiles : ndarray of float32, shape (n, 1601)
        Powder patterns on `matwidgets.features.xrd.GRID`, largest value 1.
    """

    z: Floats
    fractions: Floats
    formulas: list[str | None]
    profiles: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.z)

    def __repr__(self) -> str:
        named = [formula or "?" for formula in self.formulas[:3]]
        return f"<{len(self)} decoded materials: {', '.join(named)}{', ...' if len(self) > 3 else ''}>"


class DualVAE:
    """Both autoencoders, what reads their joint latent space, and where its materials lie.

    A latent point has 88 numbers: 24 of the composition, then 64 of the powder pattern.

    Parameters
    ----------
    dual : Dual
        What a checkpoint holds.
    """

    def __init__(self, dual: Dual) -> None:
        self._dual = dual
        self.card: dict[str, Any] = dual.card
        self.word: str = dual.card["word"]
        self.composition, self.pattern, self.mixture = dual.composition, dual.pattern, dual.mixture
        self.parts = (dual.composition.config.latent, dual.pattern.config.latent)
        self.latent = sum(self.parts)
        self.points = dual.pattern.config.points

    @classmethod
    def from_file(cls, path: str | Path) -> DualVAE:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or another paper's."""
        return cls(dual_files.read(Path(path)))

    @classmethod
    def from_directory(cls, folder: str | Path) -> DualVAE:
        """Load what ``matwidgets train dual_vae`` wrote into a folder.

        Raises
        ------
        CheckpointError
            If the folder holds no finished model, a corrupt one, or more than one.
        """
        return cls.from_file(finished_model(folder, dual_files.COMMAND))

    def copy(self) -> DualVAE:
        """An independent model with weights of its own, for use in another thread."""
        return DualVAE(copy.deepcopy(self._dual))

    @property
    def weights(self) -> int:
        """Number of weights of both autoencoders together."""
        return sum(p.numel() for net in (self.composition, self.pattern) for p in net.parameters())

    @property
    def properties(self) -> tuple[str, ...]:
        """What `predict` tells."""
        return tuple(
            name for head in self._dual.heads for name in (*head.net.config.values, *head.net.config.chances)
        )

    @property
    def box(self) -> tuple[Floats, Floats]:
        """Lowest and highest coordinates, each (88,): the 1 % and 99 % quantiles of the training materials."""
        low, high = self._dual.box
        return low.copy(), high.copy()

    @property
    def density_floor(self) -> float:
        """Log density that 95 % of the validation materials exceed."""
        return float(self.card["density"]["floor"])

    # -- into the latent space -----------------------------------------------------------------------------------

    def encode(
        self, compositions: Composition | Sequence[Composition], profiles: NDArray[np.floating]
    ) -> Floats:
        """Latent means of materials, shape (n, 88).

        Parameters
        ----------
        compositions : formula, mapping of element to amount, or a sequence of n of these
        profiles : ndarray, shape (n, 1601) or (1601,)
            Their powder patterns on `matwidgets.features.xrd.GRID`.

        Raises
        ------
        InputError
            As `encode_compositions` and `encode_patterns`, or if their numbers differ.
        """
        left, right = self.encode_compositions(compositions), self.encode_patterns(profiles)
        if len(left) != len(right):
            raise InputError(
                f"{len(left)} compositions and {len(right)} patterns: give one pattern for each composition"
            )
        return np.hstack([left, right])

    def encode_compositions(self, compositions: Composition | Sequence[Composition]) -> Floats:
        """Latent means of compositions alone, shape (n, 24).

        Raises
        ------
        InputError
            For no composition, one that cannot be read, or an element beyond Z 100.
        """
        if not isinstance(compositions, str | Mapping | Iterable):
            raise InputError(
                f"Compositions {shown(compositions)}: give a formula such as TiO2, a mapping of elements to "
                "amounts, or a list of these"
            )
        given = [compositions] if isinstance(compositions, str | Mapping) else list(compositions)
        if not given:
            raise InputError("No composition given; give at least one formula such as TiO2")
        return self.encode_fractions(fraction_vectors(given))

    def encode_fractions(self, fractions: NDArray[np.floating]) -> Floats:
        """Latent means of rows of fractions, (n, 100) -> (n, 24); rows sum to 1."""
        return self._apply(lambda x: self.composition.encode(x)[0], fractions)

    def encode_patterns(self, profiles: NDArray[np.floating]) -> Floats:
        """Latent means of powder patterns alone, shape (n, 64).

        Parameters
        ----------
        profiles : ndarray, shape (n, 1601) or (1601,)
            Each is divided by its largest value.

        Raises
        ------
        InputError
            For patterns of another length, with negative or not finite values, or without any peak.
        """
        return self._apply(lambda x: self.pattern.encode(x)[0], checked_profiles(profiles, self.points))

    # -- out of it -----------------------------------------------------------------------------------------------

    def decode(self, z: ArrayLike) -> Decoded:
        """Composition, formula and powder pattern at latent points.

        Parameters
        ----------
        z : array_like, shape (88,) or (n, 88)

        Raises
        ------
        InputError
            For points of another length, or with numbers that are not finite.
        """
        points = self._checked(z)
        fractions = self.decode_compositions(points[:, : self.parts[0]])
        decoding = self.card["decoding"]
        formulas = formulas_of(fractions, threshold=decoding["threshold"], tolerance=decoding["tolerance"])
        return Decoded(points, fractions, formulas, self.decode_patterns(points[:, self.parts[0] :]))

    def formulas(self, fractions: NDArray[np.floating]) -> list[str | None]:
        """Formulas of decoded fractions (n, 100), by the rule that gives back most validation formulas."""
        decoding = self.card["decoding"]
        return formulas_of(fractions, threshold=decoding["threshold"], tolerance=decoding["tolerance"])

    def decode_compositions(self, z: ArrayLike) -> Floats:
        """Fractions (n, 100), rows of sum 1, from the first 24 coordinates, (24,) or (n, 24).

        Raises
        ------
        InputError
            For coordinates of another number, none, or ones that are not finite.
        """
        return self._apply(self.composition.decode, checked_points(z, self.parts[0], "composition"))

    def decode_patterns(self, z: ArrayLike) -> NDArray[np.float32]:
        """Powder patterns (n, 1601), largest value 1, from the last 64 coordinates, (64,) or (n, 64).

        Raises
        ------
        InputError
            As `decode_compositions`.
        """
        points = checked_points(z, self.parts[1], "pattern")
        decoded = self._apply(self.pattern.decode, points).astype(np.float32)
        return np.asarray(decoded / np.maximum(decoded.max(1, keepdims=True), 1e-12))

    def density(self, z: ArrayLike) -> Floats:
        """Log density of the training materials at latent points, shape (n,): how far a point is from all of them."""
        return self.mixture.log_density(self._checked(z))

    def predict(self, z: ArrayLike) -> DataFrame:
        """Properties at latent points.

        Parameters
        ----------
        z : array_like, shape (88,) or (n, 88)

        Returns
        -------
        DataFrame
            For each of `properties` a column of its name, in the unit of `UNITS`, and one of its standard deviation,
            ``<name>_std``. For the probabilities `insulator` and `stable` that is the disagreement of the members.
        """
        import pandas as pd

        points = torch.as_tensor(self._checked(z), dtype=torch.float32)
        threads.apply(1)
        columns: dict[str, Floats] = {}
        with torch.no_grad():
            for head in self._dual.heads:
                config = head.net.config
                mean, deviation, chance, spread = (
                    part.double().numpy() for part in combined(head.net, points)
                )
                values = mean * head.scale + head.mean
                deviation = deviation * head.scale * head.factors
                for i, name in enumerate(config.values):
                    value, std = values[:, i], deviation[:, i]
                    if (
                        name in LOGARITHMIC
                    ):  # a small deviation of the logarithm is a relative one of the value
                        value = np.exp(value)
                        std = value * std
                    columns |= {name: value, f"{name}_std": std}
                for i, name in enumerate(config.chances):
                    columns |= {name: chance[:, i], f"{name}_std": spread[:, i]}
        return pd.DataFrame(columns)

    def sample(self, n: int, *, seed: int = 0) -> Decoded:
        """Draw materials from where the training materials lie, and decode them.

        Parameters
        ----------
        n : int
        seed : int

        Raises
        ------
        InputError
            For n below 1 or a negative seed.
        """
        if n < 1 or n != int(n):
            raise InputError(f"n is {n}; at least 1 material can be drawn: give a whole number from 1")
        if seed < 0:
            raise InputError(f"seed is {seed}; allowed are whole numbers from 0: give one")
        generator = np.random.default_rng(seed)
        z = np.empty((0, self.latent))
        for _ in range(TRIES):  # a draw without a formula is drawn again
            drawn = self.mixture.draw(int(n), generator)
            named = [
                formula is not None
                for formula in self.formulas(self.decode_compositions(drawn[:, : self.parts[0]]))
            ]
            z = np.concatenate([z, drawn[named]])[:n]
            if len(z) == n:
                return self.decode(z)
        raise InputError(
            f"{len(z)} of {TRIES * n} draws have an element above the threshold of "
            f"{self.card['decoding']['threshold']:g}: train a model again"
        )

    # -- what they share -----------------------------------------------------------------------------------------

    def _checked(self, z: ArrayLike) -> Floats:
        return checked_points(z, self.latent)

    def _apply(self, function: Callable[[Tensor], Tensor], rows: NDArray[np.floating]) -> Floats:
        threads.apply(self.weights)
        with torch.no_grad():
            parts = [
                function(torch.as_tensor(rows[i : i + AT_ONCE], dtype=torch.float32))
                for i in range(0, len(rows), AT_ONCE)
            ]
        return np.asarray(torch.cat(parts).double().numpy())

    def __repr__(self) -> str:
        return f"<DualVAE, {self.parts[0]} + {self.parts[1]} latent dimensions, {len(self.properties)} properties>"


def checked_points(z: ArrayLike, numbers: int, part: str = "") -> Floats:
    """Latent points (n, numbers), at least one.

    Parameters
    ----------
    z : array_like, shape (numbers,) or (n, numbers)
    numbers : int
    part : {"", "composition", "pattern"}
        The half that they belong to, for the message.

    Raises
    ------
    InputError
        For what is no array of numbers, points of another length, none, or numbers that are not finite.
    """
    words = f"Latent points of a {part}" if part else "Latent points"
    wanted = f"this model's have {numbers} numbers each, give shape ({numbers},) or (n, {numbers}), n from 1"
    try:
        points = np.atleast_2d(np.asarray(z, dtype=np.float64))
    except (TypeError, ValueError):
        raise InputError(f"{words} {shown(z)}, which is no array of numbers: {wanted}") from None
    if points.ndim != 2 or points.shape[1] != numbers or not len(points):
        raise InputError(f"{words} of shape {np.shape(z)}: {wanted}")
    if not np.isfinite(points).all():
        raise InputError("A latent point with a number that is not finite: give finite numbers")
    return points


def checked_profiles(profiles: ArrayLike, points: int) -> NDArray[np.float32]:
    """Patterns (n, points) of largest value 1.

    Raises
    ------
    InputError
        For what is no array of numbers, another length, negative or not finite values, or a pattern without any peak.
    """
    try:
        rows = np.atleast_2d(np.asarray(profiles, dtype=np.float32))
    except (TypeError, ValueError):
        raise InputError(
            f"Patterns {shown(profiles)}, which are no array of numbers: give {points} values each, on "
            "matwidgets.features.xrd.GRID"
        ) from None
    if rows.ndim != 2 or rows.shape[1] != points or not len(rows):
        raise InputError(
            f"Patterns of shape {np.shape(profiles)}: give {points} values each, on matwidgets.features.xrd.GRID"
        )
    if not np.isfinite(rows).all() or (rows < 0).any():
        raise InputError("A pattern with negative or not finite values: give intensities from 0")
    highest = rows.max(1, keepdims=True)
    if not (highest > 0).all():
        raise InputError(
            f"Pattern {int(np.argmin(highest))} has no peak: give one with at least one value above 0"
        )
    return np.asarray(rows / highest)


def load(word: str = "dual_vae") -> DualVAE:
    """Load the shipped model of a paper; InputError if the package ships none for `word`."""
    if word not in WORDS:
        raise InputError(f"No dual VAE for {word!r}; allowed is {', '.join(WORDS)}: choose that")
    return DualVAE.from_file(CHECKPOINTS / word / f"{word}.safetensors")
