"""A table of generated materials and its funnel: which rows are left after each filter, counted as the page counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.widgets._colours import SYMBOLS

NO, YES, UNKNOWN = 0, 1, 2
"""States of a truth value: a check that could not be made is neither passed nor failed."""
MOST_COLUMNS = 24
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_LARGEST = float(np.finfo(np.float32).max)

Range = tuple[float | None, float | None]
"""Ends that are still inside; None is open."""
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """Truth values or numbers of all rows."""

    name: str
    values: NDArray[Any]
    """(n,): uint8 of NO, YES and UNKNOWN, or float32 with NaN for what is not known."""
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether these are numbers."""
        return self.values.dtype.kind == "f"

    @property
    def unknown(self) -> Bools:
        """Rows of which nothing is known, shape (n,)."""
        lost: Bools = np.isnan(self.values) if self.is_number else self.values == UNKNOWN
        return lost

    def told(self) -> dict[str, Any]:
        """Return what the page needs beside the values."""
        known = self.values[~self.unknown] if self.is_number else self.values[:0]
        ends = [float(known.min()), float(known.max())] if len(known) else []
        kind = "number" if self.is_number else "flag"
        return {"name": self.name, "kind": kind, "unit": self.unit, "ends": ends,
                "whole": bool(len(known)) and bool((known == np.rint(known)).all()),
                "unknown": int(self.unknown.sum())}  # fmt: skip

    def passes(self, ends: Range, unknown_passes: bool) -> tuple[Bools, Bools]:
        """Rows (n,) that pass, and rows of which that is not known. A range open at both ends asks nothing."""
        if not self.is_number:
            unknown, inside = self.unknown, self.values == YES
        elif ends == (None, None):
            return np.ones(len(self.values), dtype=bool), np.zeros(len(self.values), dtype=bool)
        else:
            # Ends as float32 like the values: a row with the number 1.1 is inside a range that ends at 1.1.
            low, high = (
                np.float32(sign * np.inf if x is None else x) for x, sign in zip(ends, (-1, 1), strict=True)
            )
            unknown, inside = self.unknown, (self.values >= low) & (self.values <= high)
        return (inside | unknown if unknown_passes else inside), unknown


@dataclass(frozen=True)
class Rules:
    """What is asked of the rows, in this order."""

    order: tuple[str, ...]
    kept: frozenset[str]
    ranges: Mapping[str, Range]
    unknown_passes: bool = False
    elements: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    chosen: NDArray[np.uint32] | None = None
    """Rows that alone go into the funnel; None for all."""


@dataclass(frozen=True)
class Funnel:
    """What the rules leave."""

    stages: list[dict[str, Any]]
    survivors: NDArray[np.uint32]
    lost: dict[str, NDArray[np.uint32]] = field(repr=False)
    """Rows that went lost at each kept filter."""


class GalleryTable:
    """Names and columns of generated materials.

    Parameters
    ----------
    data : mapping or DataFrame
        Column name -> values (n,). Truth values may be None where they are not known, numbers NaN.
    names : str
        The column with formulas or other names.
    units : mapping
        Column name -> unit.

    Raises
    ------
    InputError
        For no rows, columns of different lengths, an unknown column, names that are no text of one line, too many
        columns, or numbers too large for float32.
    """

    def __init__(self, data: Any, names: str, units: Mapping[str, str]) -> None:
        given = _columns(data)
        if names not in given:
            raise InputError(
                f"A gallery got no column {names!r} with the formulas: give names= as one of {listed(given) or 'none'}"
            )
        lengths = {name: len(values) for name, values in given.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} {n}" for name, n in lengths.items())
            raise InputError(f"A gallery got columns of different lengths ({told}): give one value a row")
        self.n = lengths[names]
        if self.n == 0:
            raise InputError("A gallery got a table without rows: give at least one generated material")
        self.names = [_checked_name(name, row) for row, name in enumerate(given.pop(names))]
        self.columns: dict[str, Column] = {}
        self.others: list[str] = []
        for name, values in given.items():
            read = _values(values, name)
            if read is None:
                self.others.append(name)
            else:
                self.columns[name] = Column(name, read, str(units.get(name, "")))
        if len(self.columns) > MOST_COLUMNS:
            raise InputError(
                f"A gallery got {len(self.columns)} columns of numbers and truth values, it shows at most "
                f"{MOST_COLUMNS}: leave some out, as in table[['formula', 'neutral', ...]]"
            )
        foreign = [name for name in units if name not in self.columns]
        if foreign:
            raise InputError(
                f"A gallery got a unit for {shown(foreign[0])}: its columns are {listed(self.columns) or 'none'}"
            )
        self._holding: dict[str, NDArray[np.uint32]] = {}

    # -- on the wire

    def formulas(self) -> NDArray[np.uint8]:
        """Names as UTF-8, a line each."""
        return np.frombuffer("\n".join(self.names).encode("utf-8"), dtype=np.uint8)

    def flags(self) -> NDArray[np.uint8]:
        """Two bits a truth value, (k, 2, ceil(n / 8)): whether it is yes, and whether it is unknown."""
        planes = [
            [column.values == YES, column.unknown] for column in self.columns.values() if not column.is_number
        ]
        return np.packbits(
            np.array(planes, dtype=bool).reshape(len(planes), 2, self.n), axis=-1, bitorder="little"
        )

    def numbers(self) -> NDArray[np.float32]:
        """Numbers, (m, n); NaN where unknown."""
        rows = [column.values for column in self.columns.values() if column.is_number]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.n)

    # -- the funnel

    def filter(self, name: str) -> Column:
        """Return the column of a filter; InputError for an unknown one and for one that is neither kind."""
        if name in self.columns:
            return self.columns[name]
        if name in self.others:
            raise InputError(
                f"The column {name!r} holds neither truth values nor numbers: filter by one of {listed(self.columns)}"
            )
        raise InputError(
            f"A gallery got an unknown filter {shown(name)}: give some of {listed(self.columns)}"
        )

    def funnel(self, rules: Rules) -> Funnel:
        """Count what is left after each rule."""
        left = np.ones(self.n, dtype=bool)
        stages: list[dict[str, Any]] = [{"kind": "all", "name": "", "count": self.n}]
        if rules.chosen is not None:
            left = np.zeros(self.n, dtype=bool)
            left[rules.chosen] = True
            stages.append({"kind": "chosen", "name": "", "count": int(left.sum())})
        if rules.elements or rules.without:
            left = left & self._held(rules.elements, rules.without)
            stages.append({"kind": "elements", "name": "", "count": int(left.sum())})
        lost: dict[str, NDArray[np.uint32]] = {}
        for name in rules.order:
            passed, unknown = self.columns[name].passes(
                rules.ranges.get(name, (None, None)), rules.unknown_passes
            )
            kept, out = name in rules.kept, left & ~passed
            doubtful = int((left & unknown).sum())
            if kept:
                left = left & passed
                lost[name] = _rows(out)
            stages.append(
                {"kind": "filter", "name": name, "kept": kept, "count": int(left.sum()), "lost": int(out.sum()),
                 "unknown": doubtful}
            )  # fmt: skip
        return Funnel(stages, _rows(left), lost)

    def _held(self, elements: Iterable[str], without: Iterable[str]) -> Bools:
        """Rows (n,) whose formula has all of these elements and none of those."""
        if not self._holding:
            found: dict[str, list[int]] = {}
            for row, name in enumerate(self.names):
                for symbol in set(_SYMBOL.findall(name)):
                    found.setdefault(symbol, []).append(row)
            self._holding = {symbol: np.array(rows, dtype=np.uint32) for symbol, rows in found.items()}
        held = np.ones(self.n, dtype=bool)
        for wanted, symbols in ((True, elements), (False, without)):
            for symbol in symbols:
                has = np.zeros(self.n, dtype=bool)
                has[self._holding.get(symbol, [])] = True
                held &= has == wanted
        return held

    def sorted(self, rows: NDArray[np.uint32], by: str) -> NDArray[np.uint32]:
        """Rows in the order of a number; "-name" has the largest first; what is unknown comes last."""
        if not by:
            return rows
        values = self.columns[by.removeprefix("-")].values[rows].astype(float)
        return rows[np.argsort(-values if by.startswith("-") else values, kind="stable")]

    def row(self, row: int) -> list[int | float | None]:
        """Values of a row, in the order of the columns: 0, 1, None for truth values, numbers to six figures."""
        told: list[int | float | None] = []
        for column in self.columns.values():
            value = column.values[row]
            if column.is_number:
                told.append(float(f"{value:.6g}") if np.isfinite(value) else None)
            else:
                told.append(None if value == UNKNOWN else int(value))
        return told

    def passed(self, row: int, rules: Rules) -> str:
        """Return how a row does at each filter in turn, kept or not: 1, 0, or ? where that is not known."""
        signs = []
        for name in rules.order:
            column = self.columns[name]
            one = Column(name, column.values[row : row + 1])
            inside, unknown = one.passes(rules.ranges.get(name, (None, None)), False)
            signs.append("?" if unknown[0] else "1" if inside[0] else "0")
        return "".join(signs)


def checked_symbols(given: Iterable[Any], what: str) -> list[str]:
    """Return chemical symbols, each once; InputError for anything else."""
    symbols = list(dict.fromkeys(str(symbol) for symbol in given))
    for symbol in symbols:
        if symbol not in SYMBOLS:
            raise InputError(f"{what} got {shown(symbol)}: give chemical symbols such as Ti or O")
    return symbols


def checked_rows(given: Any, n: int) -> NDArray[np.uint32]:
    """Return row numbers in ascending order, each once; InputError for what is none or not below n."""
    rows = np.asarray([] if given is None else given)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise InputError(
            f"A choice got {rows.dtype} of shape {rows.shape}: give row numbers in one dimension"
        )
    if rows.size and (rows.min() < 0 or rows.max() >= n):
        raise InputError(f"A choice has rows {rows.min()} to {rows.max()}: there are rows 0 to {n - 1}")
    return np.unique(rows).astype(np.uint32)


def checked_range(given: Any, name: str) -> Range:
    """Return the ends of a range, None where open; InputError for what is none."""
    try:
        low, high = (None if end is None else float(end) for end in given)
    except (TypeError, ValueError):
        raise InputError(
            f"The range of {name!r} is {shown(given)}: give (low, high), None for an open end"
        ) from None
    for end in (low, high):
        if end is not None and not abs(end) <= _LARGEST:
            raise InputError(
                f"The range of {name!r} ends at {end}: give finite numbers, None for an open end"
            )
    if low is not None and high is not None and low > high:
        raise InputError(f"The range of {name!r} goes from {low:g} to {high:g}: give the lower end first")
    return low, high


def _rows(mask: Bools) -> NDArray[np.uint32]:
    return np.flatnonzero(mask).astype(np.uint32)


def _columns(data: Any) -> dict[str, Any]:
    """Columns of a mapping or a table by name."""
    if not isinstance(data, Mapping) and not (hasattr(data, "columns") and hasattr(data, "__getitem__")):
        raise InputError(
            f"A gallery got {type(data).__name__}: give a table, or a mapping of column names to values, one a row"
        )
    keys = list(data) if isinstance(data, Mapping) else list(data.columns)
    columns: dict[str, Any] = {}
    for key in keys:
        values, name = data[key], str(key)
        if isinstance(values, str) or not hasattr(values, "__len__") or getattr(values, "ndim", 1) != 1:
            raise InputError(
                f"The column {name!r} of a gallery is {shown(values)}: give a value for each row"
            )
        if name in columns:
            raise InputError(f"A gallery got two columns {name!r}: give each its own name")
        columns[name] = values
    return columns


def _checked_name(name: Any, row: int) -> str:
    if not isinstance(name, str) or not name.strip() or len(name.splitlines()) != 1:
        raise InputError(f"Row {row} of a gallery has the formula {shown(name)}: give text of one line")
    return name


def _values(values: Any, name: str) -> NDArray[Any] | None:
    """States or float32 of a column; None if it is neither truth values nor numbers."""
    array = values if isinstance(values, np.ndarray) else np.asarray(values)
    if array.dtype.kind == "b":
        return array.astype(np.uint8)
    if array.dtype.kind in "iuf":
        return _numbers(array.astype(float), name)
    if array.dtype.kind != "O":
        return None
    missing = np.array([_is_missing(value) for value in array], dtype=bool)
    known: Sequence[Any] = array[~missing].tolist()
    if all(isinstance(value, (bool, np.bool_)) for value in known):
        states = np.full(len(array), UNKNOWN, dtype=np.uint8)
        states[~missing] = np.array(known, dtype=bool)
        return states
    if all(isinstance(value, (int, float, np.number)) and not isinstance(value, bool) for value in known):
        numbers = np.full(len(array), np.nan)
        numbers[~missing] = np.array(known, dtype=float)
        return _numbers(numbers, name)
    return None


def _numbers(values: NDArray[np.float64], name: str) -> NDArray[np.float32]:
    large = np.flatnonzero(np.isfinite(values) & (np.abs(values) > _LARGEST))
    if len(large):
        raise InputError(
            f"The column {name!r} holds {values[large[0]]:g} (row {large[0]}), too large for the page: give it in "
            "another unit or as a logarithm"
        )
    return np.where(np.isfinite(values), values, np.nan).astype(np.float32)


def _is_missing(value: Any) -> bool:
    """None, NaN or the missing value of a table library."""
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and value != value)
    )
