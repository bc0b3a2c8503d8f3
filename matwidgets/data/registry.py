"""The registered tables: `registry.toml` as records."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from matwidgets.errors import InputError, listed, shown

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Table:
    """One registered file.

    Attributes
    ----------
    name : str
        Such as `bulk_modulus/train` or `mat2vec`.
    kind : str
        "property" (a formula and a target a row), "elements" (an element and its descriptors a row), "alloys" (an
        alloy and its phases a row), "compounds" (a formula and a value a row, for one paper) or "structures" (a crystal
        as CIF text and its energies or a property a row).
    file : str
        Path inside a mirror folder and inside the cache, with forward slashes.
    url : str
        Where it comes from, at a fixed commit.
    sha256 : str
    bytes : int
    rows : int
        Rows below the header.
    licence, citation, notes : str
    columns : tuple of (name, unit)
    """

    name: str
    kind: str
    file: str
    url: str
    sha256: str
    bytes: int
    rows: int
    licence: str
    citation: str
    columns: tuple[tuple[str, str], ...]
    notes: str = ""


@functools.cache
def registry() -> dict[str, Table]:
    """Read all registered tables by name, in the order of `registry.toml`."""
    text = resources.files(__package__).joinpath("registry.toml").read_text(encoding="utf-8")
    tables = {}
    for row in tomllib.loads(text)["table"]:
        columns = tuple((column["name"], column["unit"]) for column in row.pop("columns"))
        tables[row["name"]] = Table(columns=columns, **row)
    return tables


def groups() -> tuple[str, ...]:
    """List the names that stand for a table or for its three splits: `bulk_modulus`, ..., `mat2vec`, ..."""
    return tuple(dict.fromkeys(name.split("/")[0] for name in registry()))


def find(name: str) -> Table:
    """Return the table of that name.

    Raises
    ------
    InputError
        No such table; the message lists what there is.
    """
    table = registry().get(name)
    if table is None:
        raise _unknown(name)
    return table


def expand(names: Iterable[str]) -> list[Table]:
    """Return the tables of names or of groups of splits, without repeats.

    Raises
    ------
    InputError
        No such table or group.
    """
    found: dict[str, Table] = {}
    for name in names:
        tables = [t for t in registry().values() if t.name == name or t.name.split("/")[0] == name]
        if not tables:
            raise _unknown(name)
        found.update((table.name, table) for table in tables)
    return list(found.values())


def _unknown(name: str) -> InputError:
    together: dict[str, list[str]] = {}
    for known in registry():
        group, _, split = known.rpartition("/")
        together.setdefault(group or known, []).extend([split] if group else [])
    parts = [f"{group}/{'|'.join(splits)}" if splits else group for group, splits in together.items()]
    return InputError(f"Unknown table {shown(name)}: write one of {listed(parts, limit=40)}.")
