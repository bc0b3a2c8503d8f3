"""The shipped classifiers of powder patterns: which space group, which crystal system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError
from matwidgets.models.powder_filters import LAST_GROUPS, SPACE_GROUPS, SYSTEMS, SpaceGroupNet
from matwidgets.training import filter_files

Kind = Literal["original", "reconstructed"]
KINDS: tuple[Kind, ...] = ("original", "reconstructed")
FILES: Mapping[Kind, str] = {
    "original": "space_group.safetensors",
    "reconstructed": "space_group-reconstructed.safetensors",
}
CHECKPOINTS = Path(__file__).parent / "checkpoints" / filter_files.WORD
AT_ONCE = 128  # patterns in the network together, to bound the memory

__all__ = ["FILES", "KINDS", "LAST_GROUPS", "SPACE_GROUPS", "SYSTEMS", "PowderFilters", "load_filters"]


class PowderFilters:
    """A classifier of powder patterns that speaks arrays.

    Parameters
    ----------
    net : SpaceGroupNet
    card : dict

    Attributes
    ----------
    systems : tuple of str
        The seven crystal systems, in the order of their space groups.
    """

    systems = SYSTEMS

    def __init__(self, net: SpaceGroupNet, card: dict[str, Any]) -> None:
        self.net, self.card = net, card

    def __repr__(self) -> str:
        return f"<PowderFilters of {self.card['patterns']} patterns: {SPACE_GROUPS} space groups>"

    @classmethod
    def from_file(cls, path: str | Path) -> PowderFilters:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or of something else."""
        return cls(*filter_files.read(Path(path)))

    def space_groups(self, profiles: ArrayLike) -> NDArray[np.float32]:
        """Probabilities of the space groups 1 to 230.

        Parameters
        ----------
        profiles : array_like, shape (n, 1601) or (1601,)
            Intensities at 10 to 90 degrees 2theta in steps of 0.05, Cu K-alpha; of any scale.

        Returns
        -------
        ndarray of float32, shape (n, 230)
            Rows sum to 1.

        Raises
        ------
        InputError
            For another number of points, intensities below zero or not finite, or a pattern without a peak.
        """
        return np.exp(self._log_groups(profiles).numpy())

    def crystal_systems(self, profiles: ArrayLike) -> NDArray[np.float32]:
        """Probabilities of the seven crystal systems, (n, 7): sums over their space groups; see `space_groups`."""
        return np.exp(self.net.systems(self._log_groups(profiles)).numpy())

    def _log_groups(self, profiles: ArrayLike) -> torch.Tensor:
        x = torch.from_numpy(checked(profiles, self.net.config.points))
        with torch.no_grad():
            return torch.cat([self.net(rows).log_softmax(-1) for rows in x.split(AT_ONCE)])


def load_filters(kind: Kind = "original") -> PowderFilters:
    """Load a shipped classifier.

    Parameters
    ----------
    kind : {"original", "reconstructed"}
        Trained on patterns as they are computed, or on those that have passed through the pattern autoencoder, as the
        paper's. The first reads peaks of a ten-thousandth of the largest, which no measurement shows: ask it about
        computed patterns alone. The second is for decoded patterns, and for measured ones after
        `DualVAE.decode_patterns(DualVAE.encode_patterns(...))`; the card says what each is worth with noise.

    Raises
    ------
    InputError
        For another kind.
    CheckpointError
        If the file is missing or damaged.
    """
    if kind not in KINDS:
        raise InputError(f"No filters of kind {kind!r}; allowed are {', '.join(KINDS)}: choose one of these")
    return PowderFilters.from_file(CHECKPOINTS / FILES[kind])


def checked(profiles: ArrayLike, points: int) -> NDArray[np.float32]:
    """Patterns as float32 (n, points) with the largest value 1; InputError where that cannot be."""
    given = np.atleast_2d(np.asarray(profiles, dtype=np.float32))
    if given.ndim != 2 or given.shape[1] != points or not len(given):
        raise InputError(
            f"Patterns of shape {np.shape(profiles)}: give shape (n, {points}) or ({points},), intensities at 10 to 90 "
            "degrees 2theta"
        )
    if not np.isfinite(given).all() or (given < 0).any():
        row = int(np.flatnonzero((~np.isfinite(given) | (given < 0)).any(1))[0])
        raise InputError(
            f"Pattern {row} has an intensity below zero or that is no number: give finite counts from 0"
        )
    largest = given.max(1, keepdims=True)
    if not (largest > 0).all():
        row = int(np.flatnonzero(largest[:, 0] <= 0)[0])
        raise InputError(f"Pattern {row} has no peak: give a pattern with an intensity above 0")
    return np.ascontiguousarray(given / largest)
