"""From the text of a structure to the row of a table of patterns: what a worker process does."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.errors import InputError
from matwidgets.features import xrd

if TYPE_CHECKING:
    import pyarrow as pa
    from pymatgen.core import Structure

# Angstrom. Of 400 structures of mp_20_biternary spglib gives the published space group for all; with 0.01, 0.03 and 0.2
# for 97.8, 99.8 and 98.3 %.
SYMPREC = 0.1
SYSTEMS: dict[str, int] = {
    "triclinic": 2, "monoclinic": 15, "orthorhombic": 74, "tetragonal": 142, "trigonal": 167, "hexagonal": 194,
    "cubic": 230,
}  # fmt: skip
"""The crystal systems, each with the last of its space group numbers."""

Row = dict[str, Any]


def crystal_system(spacegroup: int) -> str:
    """Name the crystal system of a space group number.

    Raises
    ------
    InputError
        A number outside 1 to 230.
    """
    if not 1 <= spacegroup <= 230:
        raise InputError(f"Space group {spacegroup}: give a number from 1 to 230.")
    return next(name for name, last in SYSTEMS.items() if spacegroup <= last)


def read_cif(text: str) -> Structure:
    """Read a structure from CIF text by pymatgen's reader, which takes longer (4 to 8 ms) than the pattern (1 to 2 ms).

    Raises
    ------
    InputError
        pymatgen cannot read it; the message gives its reason.
    """
    from pymatgen.core import Structure

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pymatgen rounds or guesses in a CIF
        try:
            return Structure.from_str(text, fmt="cif")
        except Exception as error:  # noqa: BLE001 - a parser's many kinds of failure, told in one
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            raise InputError(f"pymatgen cannot read the structure ({reason}): give a valid CIF.") from None


def space_group(structure: Structure) -> int:
    """Number of the space group that spglib finds within 0.1 angstrom.

    Raises
    ------
    InputError
        spglib finds none.
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

    # Where a tolerance does not fit, spglib takes a smaller one and tells the terminal about each: no line for users.
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return int(SpacegroupAnalyzer(structure, symprec=SYMPREC).get_space_group_number())
        except Exception as error:  # noqa: BLE001 - spglib's failures have no common kind
            raise InputError(f"spglib finds no symmetry ({type(error).__name__}).") from None


def computed(row: Mapping[str, Any]) -> Row:
    """Compute one row.

    Parameters
    ----------
    row : mapping
        `cif` (text) or `structure`, `spacegroup` (None: ask spglib), and what is handed on.

    Returns
    -------
    dict
        What was handed on, and `spacegroup`, `crystal_system`, `n_peaks`, `two_theta`, `intensity` and `profile`; or,
        where it failed, `reason`.
    """
    kept = {name: value for name, value in row.items() if name not in ("cif", "structure", "spacegroup")}
    try:
        structure = row["structure"] if "structure" in row else read_cif(row["cif"])
        found = xrd.peaks(structure)
        profile = xrd.profile(found)
        group = row.get("spacegroup") or space_group(structure)
    except InputError as error:
        return {**kept, "reason": str(error)}
    return {
        **kept,
        "spacegroup": int(group),
        "crystal_system": crystal_system(int(group)),
        "n_peaks": len(found.two_theta),
        "two_theta": found.two_theta.astype(np.float32),
        "intensity": found.intensity.astype(np.float32),
        "profile": profile.astype(np.float16),
    }


def worker(columns: Sequence[str], given: Iterable[Mapping[str, Any]]) -> bytes:
    """Compute rows and write them as Parquet; `columns` are numbers that are handed on."""
    return written([computed(row) for row in given], columns)


def schema(columns: Sequence[str]) -> pa.Schema:
    """The columns of the table; `columns` are its energies or properties."""
    import pyarrow as pa

    return pa.schema(
        [
            ("id", pa.string()),
            ("set", pa.string()),
            ("formula", pa.string()),
            ("split", pa.string()),
            ("split_thermal", pa.string()),
            *[(name, pa.float64()) for name in columns],
            ("spacegroup", pa.int16()),
            ("crystal_system", pa.string()),
            ("n_peaks", pa.int32()),
            ("reason", pa.string()),
            ("two_theta", pa.list_(pa.float32())),
            ("intensity", pa.list_(pa.float32())),
            ("profile", pa.list_(pa.float16(), len(xrd.GRID))),
        ]
    )


def written(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """Parquet of rows, one row group; what a failed row lacks is null, its lists are empty and its profile is zero."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    nothing, zero = np.empty(0, dtype=np.float32), np.zeros(len(xrd.GRID), dtype=np.float16)
    arrays = []
    for field in schema(columns):
        if field.name == "profile":
            values = np.concatenate([row.get("profile", zero) for row in rows])
            arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(values), len(xrd.GRID)))
        elif field.name in ("two_theta", "intensity"):
            arrays.append(pa.array([row.get(field.name, nothing) for row in rows], type=field.type))
        else:
            arrays.append(pa.array([row.get(field.name) for row in rows], type=field.type))
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema(columns)), stream, compression="zstd")
    return stream.getvalue()


def joined(files: Sequence[Path | bytes], columns: Sequence[str]) -> bytes:
    """One Parquet of several, a row group of each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    with pq.ParquetWriter(stream, schema(columns), compression="zstd") as writer:
        for file in files:
            source = pa.BufferReader(file) if isinstance(file, bytes) else file
            writer.write_table(pq.read_table(source, schema=schema(columns)))
    return stream.getvalue()
