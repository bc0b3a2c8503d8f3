"""Where a model knows its way: the compositions it was trained on, carried in the checkpoint without their targets."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 255  # fractions are kept to 1/255, one byte each
FALSE_ALARMS = 0.05  # share of validation rows that may count as outside
AT_ONCE = 4_000_000  # shares compared in one go, to bound the memory


@dataclass(frozen=True)
class Domain:
    """Training compositions, quantised, and the limits up to which a composition counts as inside.

    Inside are compositions of elements that occur in training, near enough to a training row, on which the members of
    the ensemble disagree little enough. The distance is the smallest share of atoms that must be exchanged to turn a
    composition x into a training row t, the least 1 - sum_e min(x_e, t_e) over all rows; 0 is a training row, 1 shares
    no element with any. It finds strange compositions, and the disagreement finds wrong predictions: neither does what
    the other does.

    Attributes
    ----------
    numbers, levels : ndarray of uint8, shape (n, k)
        Atomic numbers (ascending in a row, then 0 = padding) and fractions times 255; rows sorted, none twice.
    threshold : float
        Largest distance inside.
    disagreement : float or None
        Largest epistemic deviation inside, in standard deviations of the training targets; None: any.
    """

    numbers: NDArray[np.uint8]
    levels: NDArray[np.uint8]
    threshold: float = 1.0
    disagreement: float | None = None

    @classmethod
    def of(
        cls, numbers: NDArray[np.integer], fractions: NDArray[np.floating], threshold: float = 1.0
    ) -> Domain:
        """Quantise compositions, arrays of shape (n, k)."""
        return cls._sorted(numbers.astype(np.uint8), np.rint(fractions * LEVELS).astype(np.uint8), threshold)

    @classmethod
    def _sorted(cls, numbers: NDArray[np.uint8], levels: NDArray[np.uint8], threshold: float) -> Domain:
        order = np.argsort(np.where(numbers == 0, LEVELS, numbers), axis=1, kind="stable")
        numbers, levels = np.take_along_axis(numbers, order, 1), np.take_along_axis(levels, order, 1)
        count = np.count_nonzero(numbers, axis=1)[:, None].astype(np.uint8)
        rows = np.unique(np.concatenate([count, numbers, levels], axis=1), axis=0)
        k = int(rows[:, 0].max(initial=0))
        width = numbers.shape[1]
        return cls(rows[:, 1 : 1 + k], rows[:, 1 + width : 1 + width + k], threshold)

    def joined(self, numbers: NDArray[np.integer], fractions: NDArray[np.floating]) -> Domain:
        """With further compositions, arrays of shape (m, j), and the same limits."""
        width = max(self.numbers.shape[1], numbers.shape[1])

        def wide(rows: NDArray[Any]) -> NDArray[np.uint8]:
            return np.pad(rows.astype(np.uint8), ((0, 0), (0, width - rows.shape[1])))

        more = self._sorted(
            np.concatenate([wide(self.numbers), wide(numbers)]),
            np.concatenate([wide(self.levels), wide(np.rint(fractions * LEVELS))]),
            self.threshold,
        )
        return replace(more, disagreement=self.disagreement)

    # -- on disk -----------------------------------------------------------------------------------------------

    def packed(self) -> bytes:
        """All rows in a few bytes each; ``unpacked`` gives them back exactly.

        The length of every row, then the first element of all rows, the second of all that have one, and so on (in
        sorted rows these run in long stretches), then the levels row by row; compressed by zlib, which also notices
        damage.
        """
        present = self.numbers > 0
        lengths = present.sum(1, dtype=np.uint8)
        elements = self.numbers.T[present.T]
        return zlib.compress(
            b"".join(part.tobytes() for part in (lengths, elements, self.levels[present])), 9
        )

    @classmethod
    def unpacked(
        cls, data: bytes, rows: int, threshold: float = 1.0, disagreement: float | None = None
    ) -> Domain:
        """Undo ``packed``.

        Raises
        ------
        ValueError
            If the bytes are damaged or do not hold that many rows.
        """
        try:
            raw = np.frombuffer(zlib.decompress(data), dtype=np.uint8)
        except zlib.error as error:
            raise ValueError(f"the training compositions cannot be unpacked: {error}") from None
        lengths = raw[:rows]
        filled = int(lengths.sum(dtype=np.int64))
        if len(lengths) != rows or len(raw) != rows + 2 * filled:
            raise ValueError(f"{len(raw)} bytes do not hold {rows} training compositions")
        present = np.arange(int(lengths.max(initial=0))) < lengths[:, None]
        numbers, levels = np.zeros(present.shape, dtype=np.uint8), np.zeros(present.shape, dtype=np.uint8)
        numbers.T[present.T] = raw[rows : rows + filled]
        levels[present] = raw[rows + filled :]
        return cls(numbers, levels, threshold, disagreement)

    # -- distances ---------------------------------------------------------------------------------------------

    def distance(self, numbers: NDArray[np.integer], fractions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Share of atoms to exchange to reach the nearest training row, shape (n,), for inputs of shape (n, k).

        Quantised fractions are good to about 1/255; smaller distances are reported as 0.
        """
        asked = np.where(fractions > 0, numbers, 0)
        order = np.argsort(asked, axis=1, kind="stable")
        asked, shares = np.take_along_axis(asked, order, 1), np.take_along_axis(fractions, order, 1)
        systems, system_of = np.unique(asked, axis=0, return_inverse=True)
        system_of = system_of.reshape(-1)
        by_system = np.argsort(system_of, kind="stable")
        ends = np.cumsum(np.bincount(system_of, minlength=len(systems)))
        nearest = np.ones(len(asked))
        for system, rows in zip(systems, np.split(by_system, ends[:-1]), strict=True):
            columns = np.flatnonzero(system)
            if len(columns):
                known = self._seen_from(system[columns], many=len(rows) > 20)
                nearest[rows] = 1 - _overlap(shares[np.ix_(rows, columns)], known)
        return np.where(nearest < 2 / LEVELS, 0.0, nearest)

    def _seen_from(self, system: NDArray[np.integer], *, many: bool) -> NDArray[np.float32]:
        """Shares of a system's elements in the training rows that matter for it, shape (elements, m).

        Of the rows that share only one element with the system the one with most of it is enough.
        """
        levels = self._levels[system]  # (elements, rows)
        chosen = np.flatnonzero((levels > 0).sum(0, dtype=np.uint8) >= 2)
        known = levels[:, chosen] / self._sums[chosen]
        return np.concatenate([_undominated(known) if many else known, np.diag(self._most[system])], axis=1)

    @cached_property
    def _levels(self) -> NDArray[np.uint8]:
        """Levels of all 256 conceivable atomic numbers in all rows, shape (256, n): a row an element."""
        dense = np.zeros((256, len(self.numbers)), dtype=np.uint8)
        for numbers, levels in zip(self.numbers.T, self.levels.T, strict=True):
            row = np.flatnonzero(numbers)
            dense[numbers[row], row] = levels[row]
        return dense

    @cached_property
    def _sums(self) -> NDArray[np.float32]:
        return np.maximum(self.levels.sum(1, dtype=np.float32), 1)

    @cached_property
    def _most(self) -> NDArray[np.float32]:
        """The largest share of each atomic number in any row, shape (256,)."""
        return np.array([(levels / self._sums).max(initial=0) for levels in self._levels], dtype=np.float32)

    def elements(self) -> set[int]:
        """Atomic numbers that occur in training."""
        return set(np.unique(self.numbers).tolist()) - {0}

    def contains(
        self,
        numbers: NDArray[np.integer],
        fractions: NDArray[np.floating],
        disagreement: NDArray[np.floating] | None = None,
    ) -> NDArray[np.bool_]:
        """Whether each row of arrays (n, k) is inside; ``disagreement`` of the members is (n,) if there are several."""
        inside = self.familiar(numbers, fractions) & (
            self.distance(numbers, fractions) <= self.threshold + 1e-9
        )
        if disagreement is not None and self.disagreement is not None:
            inside &= disagreement <= self.disagreement + 1e-9
        return inside

    def familiar(self, numbers: NDArray[np.integer], fractions: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether each row of arrays (n, k) has only elements that occur in training."""
        seen = np.zeros(256, dtype=bool)
        seen[[0, *self.elements()]] = True
        return np.asarray(np.all(seen[numbers] | (fractions <= 0), axis=1))

    def limited(
        self,
        numbers: NDArray[np.integer],
        fractions: NDArray[np.floating],
        disagreement: NDArray[np.floating] | None,
    ) -> Domain:
        """With limits that at most one in twenty of the given (validation) rows exceeds, one or the other.

        Both limits are the same quantile of these rows.
        """
        if not len(numbers):
            return self
        quantities = [self.distance(numbers, fractions)]
        if disagreement is not None:
            quantities.append(np.asarray(disagreement, dtype=float))
        foreign = ~self.familiar(numbers, fractions)
        for share in np.linspace(1 - FALSE_ALARMS, 1, 501):
            limits = [float(np.quantile(q, share)) for q in quantities]
            beyond = [q > limit + 1e-9 for q, limit in zip(quantities, limits, strict=True)]
            if np.mean(np.logical_or.reduce([foreign, *beyond])) <= FALSE_ALARMS:
                break
        return replace(self, threshold=limits[0], disagreement=limits[1] if len(limits) > 1 else None)

    def is_training_row(
        self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]
    ) -> NDArray[np.bool_]:
        """Whether each row, (n, k), is a training composition to within the quantisation."""
        return self.distance(numbers, fractions) == 0


def _undominated(known: NDArray[np.float32]) -> NDArray[np.float32]:
    """The columns of (elements, m) that no other column equals or exceeds in every element."""
    rows = np.unique(known.T, axis=0)
    rows = rows[np.argsort(-rows.sum(1), kind="stable")]  # what dominates a row stands before it
    kept = rows[:0]
    for i in range(0, len(rows), 256):
        block = rows[i : i + 256]
        block = block[~np.any(np.all(block[:, None] <= kept, axis=-1), axis=1)]
        below = np.asarray(np.all(block[:, None] <= block, axis=-1))
        np.fill_diagonal(below, False)
        kept = np.concatenate([kept, block[~np.any(below, axis=1)]])
    return kept.T


def _overlap(asked: NDArray[np.floating], known: NDArray[np.float32]) -> NDArray[np.float64]:
    """Largest shared amount sum_e min(x_e, t_e) of each asked row (n, e) with any column of (e, m), shape (n,)."""
    best = np.zeros(len(asked))
    step = max(1, AT_ONCE // max(known.shape[1], 1))
    for i in range(0, len(asked), step):
        part = asked[i : i + step, :, None].astype(np.float32)  # (step, e, 1)
        shared = np.minimum(part[:, 0], known[0])
        for x, t in zip(part.swapaxes(0, 1)[1:], known[1:], strict=True):
            shared += np.minimum(x, t)
        best[i : i + step] = shared.max(-1)
    return best
