"""What a notebook runs on, in one table: versions, threads, memory, and where its data come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matwidgets.data import fetch
from matwidgets.papers.registry import versions

if TYPE_CHECKING:
    from pandas import DataFrame

PUBLISHED = "the published tables, each checked against its sha256"
COMPUTED = (
    "the computed library: the published tables are not on this machine, so every number that needs them is "
    "'not attempted' (to get them: matwidgets data fetch {})"
)


def have(*names: str) -> bool:
    """Tell whether tables or groups of tables are on this machine, with the right checksums."""
    return fetch.available(names)


def report(*names: str) -> DataFrame:
    """List versions, threads, memory and the source of the data.

    Parameters
    ----------
    *names : str
        Tables or groups that the notebook would like to have.

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
    rows["data"] = PUBLISHED if have(*names) else COMPUTED.format(" ".join(names))
    return pd.DataFrame({"what": list(rows), "value": list(rows.values())})
