"""The tables of patterns: which structures a set has, and the run that computes them once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.data.fetch import cache_folder
from matwidgets.data.registry import expand
from matwidgets.data.splits import seeded_split
from matwidgets.data.structures import ENERGIES, PROPERTIES, load_structures
from matwidgets.derived import Deriving, InTurn, hands, place_of
from matwidgets.errors import DataError, InputError, MissingTableError, listed, shown
from matwidgets.patterns import computing
from matwidgets.patterns.library import Patterns, rows_of
from matwidgets.run import Run
from matwidgets.training.threads import granted

if TYPE_CHECKING:
    import pandas as pd

METHOD = "1"  # to be raised whenever the same inputs would give another table
ROWS_AT_ONCE = 200  # a second or two of work
SETS: dict[str, tuple[str, ...]] = {
    "mp": ("mp_20_biternary", "mpts_52"),
    "aflow": ("aflow_structures",),
}
"""The derived sets and the published tables of each."""

COLUMNS: dict[str, tuple[str, ...]] = {"mp": tuple(ENERGIES), "aflow": tuple(PROPERTIES), "crystals": ()}


def patterns(
    structure_sets: str | Iterable[str] = tuple(SETS), *, workers: int | None = None, fetch: bool = False
) -> Run:
    """Compute the patterns of sets of structures; the run's result is a list of `Patterns`, one a set.

    Pausing, resuming and stopping act between pieces of 200 structures. What is done stays in the cache: a later run
    goes on from there, also after a kill. A structure without a pattern is listed in `Patterns.failures` and the rest
    goes on. A script that calls this with more than one worker needs the usual ``if __name__ == "__main__":``.

    Parameters
    ----------
    structure_sets : str or iterable of str
        "mp" and "aflow"; both by default.
    workers : int, optional
        Processes; by default as many as threads are granted. One works in this process.
    fetch : bool
        Whether missing tables may be fetched.

    Raises
    ------
    InputError
        No such set, or `workers` below 1.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    names = [structure_sets] if isinstance(structure_sets, str) else list(dict.fromkeys(structure_sets))
    unknown = [name for name in names if name not in SETS]
    if unknown or not names:
        raise InputError(f"Structure sets {shown(names)}: write {listed(SETS)} or both.")
    number = hands(workers, granted())
    frames = {name: structures(name, fetch=fetch) for name in names}
    total = sum(len(frame) for frame in frames.values())
    return Run(
        lambda: InTurn(
            [Computing(name, frame, _place(name), workers=number) for name, frame in frames.items()]
        ),
        title=f"powder patterns of {total:,} structures",
        kind="table",
        total=total,
    )


def load_patterns(name: str) -> Patterns:
    """Load a set of patterns.

    Parameters
    ----------
    name : {"mp", "aflow", "crystals"}
        About 26,000 structures of the Materials Project (shared ids once; `split` is 80/10/10 by reduced formula with
        seed 0, so that no formula is in two parts); AFLOW's 4,905 with elastic and thermal properties on their
        published splits; the handbook's crystals, computed on the spot in about a second.

    Raises
    ------
    InputError
        No such set.
    MissingTableError
        It has not been made on this machine.
    DataError
        The file in the cache is damaged.
    """
    if name == "crystals":
        return _crystals()
    if name not in SETS:
        raise InputError(f"No patterns {shown(name)}: write one of {listed([*SETS, 'crystals'])}.")
    place = _place(name)
    if not place.is_file():
        raise MissingTableError(
            f"The patterns '{name}' have not been computed yet: make them with `matwidgets pattern --all` (minutes)."
        )
    return _opened(name, place)


def is_made(name: str) -> bool:
    """Tell whether a set's patterns have been computed on this machine from the registered tables.

    Raises
    ------
    InputError
        No such set.
    """
    if name not in SETS:
        raise InputError(f"No table of patterns {shown(name)}: write one of {listed(SETS)}.")
    return _place(name).is_file()


def structures(name: str, *, fetch: bool = False) -> pd.DataFrame:
    """Load the structures of a set as patterns are computed from them: `id`, `set`, `cif`, `split`, ...

    Of an id that both tables of "mp" have, the row of mp_20_biternary is kept, with the published space group; its
    energies differ a little from those of mpts_52, which come from another year of the database.
    """
    import pandas as pd

    frames = [load_structures(table, fetch=fetch).assign(set=table) for table in SETS[name]]
    frame = pd.concat(frames, ignore_index=True).drop_duplicates("id", ignore_index=True)
    if name == "mp":
        split = np.empty(len(frame), dtype=object)
        for part, rows in zip(("train", "val", "test"), seeded_split(frame["formula"].tolist()), strict=True):
            split[rows] = part
        frame["split"] = split
    if "spacegroup" not in frame:
        frame["spacegroup"] = np.nan
    return frame


class Computing(Deriving):
    """The job of one set.

    Parameters
    ----------
    name : str
    frame : DataFrame
        See `structures`.
    place : Path
    workers, rows_at_once : int
        See `matwidgets.derived.Deriving`.
    """

    def __init__(
        self,
        name: str,
        frame: pd.DataFrame,
        place: Path,
        *,
        workers: int = 1,
        rows_at_once: int = ROWS_AT_ONCE,
    ) -> None:
        self.name, self.columns = name, COLUMNS[name]
        handed = ["id", "set", "formula", "split", "split_thermal", *self.columns, "spacegroup", "cif"]
        self.frame = frame[[column for column in handed if column in frame]]
        super().__init__(
            len(frame), place, computing.worker, workers=workers, rows_at_once=rows_at_once, what="pattern computation"
        )  # fmt: skip

    def state(self) -> tuple[str, ...]:
        """The columns that are handed on."""
        return self.columns

    def given(self, first: int, last: int) -> list[dict[str, Any]]:
        """Rows as dictionaries; what a structure has no value for is None."""
        rows = self.frame.iloc[first:last].astype(object)
        return [
            {str(k): v for k, v in row.items()} for row in rows.where(rows.notna(), None).to_dict("records")
        ]

    def is_whole(self, file: Path, rows: int) -> bool:
        """Whether the piece can be read and has its rows."""
        return rows_of(file) == rows

    def joined(self, files: list[Path]) -> bytes:
        """One Parquet file, a row group each piece."""
        return computing.joined(files, self.columns)

    def read(self, content: Path | bytes) -> Patterns:
        """See `Patterns`."""
        if isinstance(content, Path):
            return _opened(self.name, content)
        return Patterns(self.name, content, _attributes(self.name))


def _opened(name: str, place: Path) -> Patterns:
    found = Patterns(name, place, _attributes(name))
    rows = len(found) + len(found.failures)
    if not rows:
        raise DataError(f"{place} is empty: delete it and make it again with `matwidgets pattern --all`.")
    return found


def _attributes(name: str) -> dict[str, Any]:
    units = {**ENERGIES, **PROPERTIES}
    return {
        "units": {column: units[column] for column in COLUMNS[name]},
        "sources": [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in expand(SETS.get(name, ()))],
    }


def _crystals() -> Patterns:
    from matwidgets.data.crystals import crystals

    known = crystals()
    rows = [
        computing.computed(
            {"id": f"handbook-{c.formula}", "set": "crystals", "formula": c.formula, "spacegroup": c.spacegroup,
             "structure": c.structure()}
        )
        for c in known
    ]  # fmt: skip
    found = Patterns("crystals", computing.written(rows, ()), _attributes("crystals"))
    found.frame.insert(3, "prototype", [c.prototype for c in known])
    return found


def _place(name: str) -> Path:
    """The derived table's file: its name holds a hash of the tables that it is made from and of the settings."""
    inputs = [METHOD, name, str(computing.SYMPREC), *(table.sha256 for table in expand(SETS[name]))]
    return place_of(cache_folder(), f"patterns-{name}", inputs, ".parquet")
