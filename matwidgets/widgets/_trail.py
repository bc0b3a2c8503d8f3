"""A way of records through which a widget walks."""

from __future__ import annotations

from collections.abc import Sized

from matwidgets.errors import InputError


def checked_place(at: int, trail: Sized) -> int:
    """Return a place on a way; InputError where it has none of that number. An empty way has no places to check."""
    place = int(at)
    if len(trail) and not 0 <= place < len(trail):
        raise InputError(f"Place {place} of a way with {len(trail)}: give 0 to {len(trail) - 1}")
    return place
