"""What a notebook runs on: versions, threads, memory, and where its data come from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from matwidgets.data import fetch
from matwidgets.papers.registry import versions

if TYPE_CHECKING:
    from pandas import DataFrame

PUBLISHED = "Data: the published tables, each checked against its sha256"
COMPUTED = (
    "Data: the computed library; the published tables are not on this machine, so every number that needs them is "
    "'not attempted' (to get them: matwidgets data fetch {})"
)


def have(*names: str) -> bool:
    """Tell whether tables or groups of tables are on this machine, with the right checksums."""
    return fetch.available(names)


def source(*names: str) -> str:
    """Say in one line where the data of a notebook come from, which would like to have these tables or groups."""
    return PUBLISHED if have(*names) else COMPUTED.format(" ".join(names))


def report() -> DataFrame:
    """List versions, threads and memory.

    Returns
    -------
    DataFrame
        what, value; all text.
    """
    import pandas as pd
    import psutil

    from matwidgets.training import threads

    rows = dict(versions())
    rows["threads"] = str(threads.granted())
    rows["memory"] = f"{psutil.virtual_memory().total / 1e9:.0f} GB"
    return pd.DataFrame({"what": list(rows), "value": list(rows.values())})


def give_back() -> None:
    """Hand freed memory back to the system, where the C library can: glibc keeps what arrays leave for later.

    A notebook that makes and drops large arrays would otherwise hold the sum of its cells' leftovers.
    """
    import ctypes
    import gc

    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:  # musl has none
            trim(0)
