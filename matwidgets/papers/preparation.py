"""Derived tables that a paper's notebook reads and that take minutes: made once, before the notebook, not in it."""

from __future__ import annotations

import importlib
import importlib.util

from matwidgets.run import Run


def preparation(word: str) -> Run | None:
    """Give the run that makes what a paper's notebook reads, from tables that are here.

    A paper has one if its experiment ``papers/<word>.py`` has a function ``preparation``.

    Parameters
    ----------
    word : str

    Returns
    -------
    Run or None
        Not started; None where nothing is to be made, or where the tables that it would be made from are not here.
    """
    name = f"{__package__}.{word}"
    if importlib.util.find_spec(name) is None:
        return None
    make = getattr(importlib.import_module(name), "preparation", None)
    run = None if make is None else make()
    if run is not None and not isinstance(run, Run):
        raise TypeError(f"{name}.preparation gave {type(run).__name__}; it must give a Run or None")
    return run
