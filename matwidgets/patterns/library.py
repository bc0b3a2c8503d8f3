"""A set of patterns that is read from its Parquet only as far as it is asked for."""

from __future__ import annotations

import io
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import DataError, InputError
from matwidgets.features.xrd import GRID, Peaks

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow.parquet as pq

HEAVY = ("two_theta", "intensity", "profile")
"""Columns that are read only when they are asked for."""


class Patterns:
    """Structures with their powder patterns.

    Attributes
    ----------
    name : str
        "mp", "aflow" or "crystals".
    frame : DataFrame
        A row a structure: `id`, `set`, `formula`, `split`, energies or properties, `spacegroup`, `crystal_system`,
        `n_peaks`; `attrs["units"]` and `attrs["sources"]` as `matwidgets.data.structures` gives them.
    failures : DataFrame
        `id`, `set`, `formula` and `reason` of the structures that have no pattern.
    """

    def __init__(self, name: str, content: Path | bytes, attrs: dict[str, Any]) -> None:
        self.name, self._content = name, content
        self._last: tuple[int, Any] = (-1, None)  # the row group of peaks that was read last
        light = [column for column in self._file.schema_arrow.names if column not in HEAVY]
        table = self._file.read(light).to_pandas()
        failed = table["reason"].notna()
        self.failures: pd.DataFrame = table.loc[failed, ["id", "set", "formula", "reason"]].reset_index(
            drop=True
        )
        self._rows = np.flatnonzero(~failed)  # rows of the file
        without = [name for name in ("split", "split_thermal") if table[name].isna().all()]
        frame = table[~failed].drop(columns=["reason", *without])
        frame = frame.astype({"spacegroup": int, "n_peaks": int})
        self.frame: pd.DataFrame = frame.reset_index(drop=True)
        self.frame.attrs = attrs

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failed" if len(self.failures) else ""
        return f"<Patterns {self.name}: {len(self):,} structures{failed}>"

    @cached_property
    def profiles(self) -> NDArray[np.float32]:
        """All profiles on `matwidgets.features.xrd.GRID`, shape (n, 1601); 6.4 kB each, kept once read."""
        return self.take(np.arange(len(self)))

    def take(self, rows: ArrayLike) -> NDArray[np.float32]:
        """Read the profiles of some rows of `frame`.

        Parameters
        ----------
        rows : array of int or of bool, length k or n
            Row numbers, in any order and with repeats, or a mask.

        Returns
        -------
        ndarray of float32, shape (k, 1601)
            Largest value 1; kept in the table in half precision.

        Raises
        ------
        InputError
            A row number that the frame has not.
        """
        import pyarrow as pa

        wanted = self._checked(rows)
        profiles = np.empty((len(wanted), len(GRID)), dtype=np.float32)
        for group, (chosen, local) in self._groups(wanted):
            column = self._file.read_row_group(group, columns=["profile"])["profile"].combine_chunks()
            values = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, len(GRID))
            profiles[chosen] = values[local]
        pa.default_memory_pool().release_unused()  # it would keep what was read for itself
        return profiles

    def peaks(self, row: int) -> Peaks:
        """Read the peak list of one row: degrees 2theta, and intensities whose largest is 100."""
        ((group, (_, local)),) = self._groups(self._checked([row]))
        if self._last[0] != group:  # neighbours in the table are often asked for one after the other
            self._last = group, self._file.read_row_group(group, columns=["two_theta", "intensity"])
        table, position = self._last[1], int(local[0])
        two_theta, intensity = (
            np.asarray(table[name][position].values, dtype=np.float64) for name in ("two_theta", "intensity")
        )
        return Peaks(two_theta, intensity)

    @cached_property
    def _file(self) -> pq.ParquetFile:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return pq.ParquetFile(
                io.BytesIO(self._content) if isinstance(self._content, bytes) else self._content
            )
        except (pa.ArrowInvalid, OSError) as error:
            raise DataError(
                f"{self._content!s} is damaged ({' '.join(str(error).split())[:80]}): delete it and make it again with "
                "`matwidgets pattern --all`."
            ) from None

    def _checked(self, rows: ArrayLike) -> NDArray[np.int64]:
        given = np.asarray(rows)
        if given.dtype == bool and given.shape == (len(self),):
            given = np.flatnonzero(given)
        if given.ndim != 1 or (len(given) and given.dtype.kind not in "iu"):
            raise InputError(
                f"Rows of shape {given.shape} and kind {given.dtype}: give row numbers, or a mask of {len(self)}."
            )
        given = given.astype(np.int64)
        outside = given[(given < 0) | (given >= len(self))]
        if len(outside):
            raise InputError(f"Row {outside[0]}: give rows from 0 to {len(self) - 1}.")
        return given

    def _groups(
        self, wanted: NDArray[np.int64]
    ) -> list[tuple[int, tuple[NDArray[np.int64], NDArray[np.int64]]]]:
        """Row groups that hold rows: (group, (places in `wanted`, places in the group))."""
        places = self._rows[wanted]
        group_of = np.searchsorted(self._ends, places, side="right")
        starts = np.concatenate([[0], self._ends])
        found = []
        for group in np.unique(group_of).tolist():
            chosen = np.flatnonzero(group_of == group)
            found.append((group, (chosen, places[chosen] - starts[group])))
        return found

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        """Row of the file after the last of each row group."""
        metadata = self._file.metadata
        return np.cumsum([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)])


def rows_of(content: Path | bytes) -> int | None:
    """Rows of a Parquet file; None if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source: Any = pa.BufferReader(content) if isinstance(content, bytes) else content
        return int(pq.read_metadata(source).num_rows)
    except (pa.ArrowInvalid, OSError):
        return None
