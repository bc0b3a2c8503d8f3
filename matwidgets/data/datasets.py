"""Tables as tidy DataFrames with stated columns, units and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matwidgets.data import fetch as _fetch
from matwidgets.data.registry import SPLITS, Table, find, registry
from matwidgets.data.user_tables import TableReport, load_user_table
from matwidgets.errors import DataError, InputError, listed, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "TableReport",
    "load_bulk_modulus",
    "load_element_table",
    "load_property",
    "load_user_table",
    "property_tables",
]


def load_property(name: str, split: str | None = None, *, fetch: bool = False) -> pd.DataFrame:
    """Load a published table of one property.

    Parameters
    ----------
    name : str
        `bulk_modulus`, `band_gap`, ...: any group of registered property tables.
    split : {"train", "val", "test"}, optional
        One of the published splits; by default all three, with a column that says which.
    fetch : bool
        Whether a missing table may be fetched.

    Returns
    -------
    DataFrame
        Columns `formula` (str, as published), `target` (float64, in `attrs["unit"]`) and, for all splits,
        `split`. `attrs["sources"]` lists {"name", "sha256", "rows"} of each file read.

    Raises
    ------
    InputError
        No such property table or split.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    import pandas as pd

    allowed = property_tables()
    if name not in allowed:
        raise InputError(f"No tables for property {shown(name)}: write one of {listed(allowed)}.")
    if split is not None and split not in SPLITS:
        raise InputError(f"Unknown split {shown(split)}: write one of {listed(SPLITS)}.")
    tables = [find(f"{name}/{part}") for part in ([split] if split else SPLITS)]
    frames = []
    for table in tables:
        frame = _read_property(table, fetch=fetch)
        if split is None:
            frame["split"] = table.name.split("/")[1]
        frames.append(frame)
    result = pd.concat(frames, ignore_index=True)
    result.attrs = {
        "property": name,
        "unit": dict(tables[0].columns)["target"],
        "sources": [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in tables],
    }
    return result


def load_bulk_modulus(split: str | None = None, *, fetch: bool = False) -> pd.DataFrame:
    """Load AFLOW's bulk moduli (Voigt-Reuss-Hill average, GPa) on CrabNet's splits; see `load_property`."""
    return load_property("bulk_modulus", split, fetch=fetch)


def property_tables() -> tuple[str, ...]:
    """List the names that `load_property` takes."""
    return tuple(dict.fromkeys(t.name.split("/")[0] for t in registry().values() if t.kind == "property"))


def _read_property(table: Table, *, fetch: bool) -> pd.DataFrame:
    import pandas as pd

    file = _fetch.path(table.name, fetch=fetch)
    # Without keep_default_na=False sodium nitride, `NaN`, would be read as a missing value.
    frame = pd.read_csv(file, keep_default_na=False, dtype={"formula": str, "target": np.float64})
    check_rows(table, len(frame))
    return frame[["formula", "target"]]


def check_rows(table: Table, rows: int) -> None:
    """Raise DataError where a file has other rows than its record says."""
    if rows != table.rows:
        raise DataError(
            f"Table '{table.name}' has {rows} rows where registry.toml says {table.rows}: its record "
            "is wrong, please report it."
        )


def load_element_table(
    name: str = "mat2vec", *, fetch: bool = False
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Load descriptors of the elements.

    Parameters
    ----------
    name : {"mat2vec", "magpie", "oliynyk", "jarvis", "onehot"}
    fetch : bool
        Whether a missing table may be fetched.

    Returns
    -------
    symbols : tuple of str, length n
        The elements that the table has, by atomic number; the smaller tables lack some.
    values : ndarray of float64, shape (n, d)
        Cells that oliynyk leaves empty (14, mostly Miracle radii of gases) hold the mean of their column.

    Raises
    ------
    InputError
        No such element table.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    import pandas as pd

    from matwidgets.features.elements import ATOMIC_NUMBERS

    allowed = [table.name for table in registry().values() if table.kind == "elements"]
    if name not in allowed:
        raise InputError(f"Unknown element table {shown(name)}: write one of {listed(allowed)}.")
    table = find(name)
    file = _fetch.path(name, fetch=fetch)
    # Of the texts that pandas takes for "missing" only the empty one is: `Na` has to stay sodium.
    frame = pd.read_csv(file, keep_default_na=False, na_values=[""], index_col=0)
    check_rows(table, len(frame))
    frame = frame.loc[sorted(frame.index, key=ATOMIC_NUMBERS.__getitem__)].astype(np.float64)
    values = frame.fillna(frame.mean()).to_numpy()
    return tuple(frame.index), values
