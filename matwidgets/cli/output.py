"""What the commands print: one JSON document, or aligned text that fits a terminal."""

from __future__ import annotations

import json
import math
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH = 100
GAP = "  "
INDENT = " "  # what a cell runs on with, so that the next row is seen to begin
NARROW = 20  # narrower columns have no room for it


def emit_json(document: Any) -> None:
    """Print one JSON document on stdout; a number that does not exist (NaN, infinity) is null.

    Examples
    --------
    >>> emit_json({"value": float("nan")})
    {
      "value": null
    }
    """
    print(json.dumps(plain(document), indent=2, allow_nan=False), file=sys.stdout)


def plain(thing: Any) -> Any:
    """Turn `thing` into dictionaries, lists, text, finite numbers, truth values and None; numpy's too."""
    if isinstance(thing, Mapping):
        return {str(key): plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple | set | frozenset):
        return [plain(value) for value in thing]
    if isinstance(thing, str | bool | int) or thing is None:
        return thing
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    if hasattr(thing, "tolist"):  # numpy
        return plain(thing.tolist())
    return str(thing)


def note(message: str) -> None:
    """One line for the reader beside the result: on stderr, so that stdout stays the result."""
    print(message, file=sys.stderr, flush=True)


def show(value: Any, digits: int = 4) -> str:
    """Write a cell: numbers to `digits` significant digits, a pair as an interval, nothing as a dash."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.0f}" if 10**digits <= abs(value) < 1e9 else f"{value:#.{digits}g}".rstrip(".")
    if isinstance(value, list | tuple):
        return " to ".join(show(part, digits) for part in value)
    return str(value)


def with_unit(label: str, unit: str) -> str:
    """Write a heading: the unit in brackets, nothing for a number without one."""
    return f"{label} ({unit})" if unit else label


def text_table(headers: Sequence[str], rows: Sequence[Sequence[Any]], width: int = WIDTH) -> str:
    """Lay out an aligned table of at most `width` columns of text.

    Numbers stand to the right, text to the left; where the natural widths do not fit, the widest column is
    narrowed and its text wrapped, so that nothing is cut off.

    Parameters
    ----------
    headers : sequence of str
    rows : sequence of sequences, each as long as `headers`
    width : int
        Greatest length of a line in characters.
    """
    cells = [[show(value) for value in row] for row in rows]
    numeric = [_numeric([row[i] for row in rows]) for i in range(len(headers))]
    columns = [[head, *(row[i] for row in cells)] for i, head in enumerate(headers)]
    widths = _fit(columns, width - len(GAP) * (len(headers) - 1))
    lines = [*_wrapped(headers, widths, numeric), GAP.join("-" * size for size in widths)]
    for row in cells:
        lines += _wrapped(row, widths, numeric)
    return "\n".join(lines)


def _numeric(column: Sequence[Any]) -> bool:
    present = [value for value in column if value is not None]
    return bool(present) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in present)


def _fit(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Widths that sum to at most `room`: the widest give way first, and words are broken only if they must be."""
    widths = [max(map(len, column)) for column in columns]
    words = [max((len(word) for cell in column for word in cell.split()), default=1) for column in columns]
    for least in (words, [1] * len(widths)):
        while sum(widths) > room:
            spare = [width - low for width, low in zip(widths, least, strict=True)]
            if max(spare) <= 0:
                break
            widest = max((width, i) for i, width in enumerate(widths) if spare[i] > 0)[1]
            widths[widest] -= 1
    return widths


def _wrapped(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    columns = [
        textwrap.wrap(text, size, subsequent_indent=INDENT if size > NARROW else "") or [""]
        for text, size in zip(row, widths, strict=True)
    ]
    lines = []
    for i in range(max(map(len, columns))):
        parts = [column[i] if i < len(column) else "" for column in columns]
        aligned = [
            part.rjust(size) if right else part.ljust(size)
            for part, size, right in zip(parts, widths, numeric, strict=True)
        ]
        lines.append(GAP.join(aligned).rstrip())
    return lines
