"""Where a model knows its way: the compositions it was trained on, carried in the checkpoint without their targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

LEVELS = 255  # fractions are kept to 1/255, one byte each


@dataclass(frozen=True)
class Domain:
    """Training compositions, quantised, and the distance up to which a composition counts as inside.

    The distance is the smallest share of atoms that must be exchanged to turn a composition x into a training row t,
    the least 1 - sum_e min(x_e, t_e) over all rows; 0 is a training row, 1 shares no element with any.

    Attributes
    ----------
    numbers, levels : ndarray of uint8, shape (n, k)
        Atomic numbers (0 = padding) and fractions times 255.
    threshold : float
        The 95th percentile of the validation rows' distances: the false-alarm rate is 5 % by construction.
    """

    numbers: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    threshold: float = 1.0

    @classmethod
    def of(cls, numbers: NDArray[np.int64], fractions: NDArray[np.float32], threshold: float = 1.0) -> Domain:
        """Quantise compositions, arrays of shape (n, k)."""
        rows = np.concatenate([numbers, np.rint(fractions * LEVELS)], axis=1).astype(np.uint8)
        rows = np.unique(rows, axis=0)
        k = numbers.shape[1]
        return cls(rows[:, :k], rows[:, k:], threshold)

    def distance(self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Share of atoms to exchange to reach the nearest training row, shape (n,), for inputs of shape (n, k).

        Quantised fractions are good to about 1/255; smaller distances are reported as 0.
        """
        columns = np.unique(numbers)  # only elements that are asked about can overlap
        known = np.ascontiguousarray(self._known[:, columns])
        asked = self._dense(numbers, fractions)[:, columns]
        nearest = np.array([1 - np.minimum(known, row).sum(1).max() for row in asked])
        return np.where(nearest < 2 / LEVELS, 0.0, nearest)

    @cached_property
    def _known(self) -> NDArray[np.float32]:
        return self._dense(
            self.numbers, self.levels / np.maximum(self.levels.sum(1, dtype=float), 1)[:, None]
        )

    def elements(self) -> set[int]:
        """Atomic numbers that occur in training."""
        return set(np.unique(self.numbers).tolist()) - {0}

    def contains(self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether each row, (n, k), has only elements seen in training and a distance up to the threshold."""
        seen = np.zeros(256, dtype=bool)
        seen[[0, *self.elements()]] = True
        familiar = (seen[numbers] | (fractions <= 0)).all(1)
        return familiar & (self.distance(numbers, fractions) <= self.threshold + 1e-9)

    def is_training_row(
        self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Whether each row, (n, k), is a training composition to within the quantisation."""
        return self.distance(numbers, fractions) == 0

    @staticmethod
    def _dense(numbers: NDArray[np.integer], fractions: NDArray[np.floating]) -> NDArray[np.float32]:
        dense = np.zeros((len(numbers), 256), dtype=np.float32)
        np.add.at(dense, (np.arange(len(numbers))[:, None], numbers.astype(np.int64)), fractions)
        dense[:, 0] = 0
        return dense
