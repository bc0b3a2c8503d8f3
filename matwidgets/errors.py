"""What can go wrong, by kind: a message is one line with what was given, what is allowed and what to do.

`exit_code` is what the command line returns: 2 when the input is wrong, 1 when the work failed.
"""

from collections.abc import Iterable


class MatwidgetsError(Exception):
    """Something that the user can act on went wrong; the message says how."""

    exit_code = 1


class InputError(MatwidgetsError, ValueError):
    """The user's input is wrong (unknown element, malformed formula, missing column, ...)."""

    exit_code = 2


class DataError(MatwidgetsError):
    """A table cannot be had or cannot be used."""


class MissingTableError(DataError):
    """A registered table is neither in the mirror folder nor in the cache."""


class ChecksumError(DataError):
    """The bytes of a table are not those that the registry names."""


class NetworkError(DataError):
    """The network was needed and could not, or must not, be used."""


class CheckpointError(MatwidgetsError):
    """A checkpoint is missing, incomplete or damaged."""


def shown(value: object, limit: int = 60) -> str:
    """`repr` of what was given, on one line and cut to `limit` characters, for use in a message."""
    text = " ".join(repr(value).split())
    return text if len(text) <= limit else f"{text[: limit - 4]}...{text[-1]}"


def listed(names: Iterable[object], limit: int = 12) -> str:
    """Join allowed names with commas, cut after `limit` of them with the count of the rest."""
    items = [str(name) for name in names]
    rest = len(items) - limit
    return ", ".join(items[:limit]) + (f" and {rest} more" if rest > 0 else "")
