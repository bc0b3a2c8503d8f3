"""A notebook's file: read with clear errors, written all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from matwidgets.errors import InputError


def read_notebook(source: str | Path) -> dict[str, Any]:
    """Read a notebook as plain lists and dictionaries.

    Raises
    ------
    InputError
        If there is no such file, or it is no notebook of format 4.
    """
    path = Path(source)
    if not path.is_file():
        raise InputError(f"There is no notebook {path}; give the path of an .ipynb file")
    try:
        book = json.loads(path.read_text("utf-8"))
    except ValueError:
        raise InputError(f"{path.name} is no notebook: it is not valid JSON; give an .ipynb file") from None
    if not isinstance(book, dict) or not isinstance(book.get("cells"), list):
        raise InputError(
            f"{path.name} is no notebook of format 4: it has no list of cells; give an .ipynb file"
        )
    return book


def joined(source: str | list[str]) -> str:
    """Join a source or output that may be stored as a list of lines."""
    return source if isinstance(source, str) else "".join(source)


def write_text(path: Path, text: str) -> None:
    """Write all or nothing."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(text, "utf-8")
    partial.replace(path)
