"""All published compounds decomposed once: a derived table in the cache.

It is made by a run in pieces (`matwidgets.derived`), so that one that was stopped or killed goes on where it was. The
table's name holds a hash of its inputs.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.data.fetch import cache_folder
from matwidgets.data.registry import expand
from matwidgets.decompositions.library import TABLE, published_phases
from matwidgets.derived import Deriving, hands, place_of
from matwidgets.errors import DataError, InputError, MissingTableError, shown
from matwidgets.features.hull import UNIT, Phases, decompose
from matwidgets.run import Run
from matwidgets.training.threads import granted

if TYPE_CHECKING:
    import pandas as pd

METHOD = "1"  # to be raised whenever the same inputs would give another table
ROWS_AT_ONCE = 200  # a second or two of work: what a kill can lose, and how long a pause takes
COLUMNS = ("formula", "energy", "decomposition_energy", "energy_above_hull", "n_products", "products")
PLUS = " + "


def decompositions(*, workers: int | None = None, fetch: bool = False) -> Run:
    """Decompose every compound of the published table; the run's result is the frame of `load_decompositions`.

    Pausing, resuming and stopping act between pieces of 200 compounds. What is done stays in the cache: a later run
    goes on from there, also after a kill, and two runs at once only do the same work twice. A script that calls this
    with more than one worker needs the usual ``if __name__ == "__main__":``.

    Parameters
    ----------
    workers : int, optional
        Processes; by default as many as threads are granted. One works in this process.
    fetch : bool
        Whether the missing table may be fetched.

    Raises
    ------
    InputError
        `workers` is below 1.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    number = hands(workers, granted())
    phases = published_phases(fetch=fetch)
    rows = sum(table.rows for table in expand([TABLE]))
    return Run(
        lambda: Decomposing(phases, rows, _place(), workers=number),
        title=f"decomposition of {rows:,} compounds",
        kind="table",
        total=rows,
    )


def load_decompositions() -> pd.DataFrame:
    """Load the derived table of all published compounds.

    Returns
    -------
    DataFrame
        `formula` (as published), `energy` (of formation), `decomposition_energy`, `energy_above_hull` (all in
        eV/atom), `n_products`, `products` (text; see `read_products`), in the order of
        ``load_property("formation_energy")``.

    Raises
    ------
    MissingTableError
        It has not been made on this machine.
    DataError
        The file in the cache is damaged.
    """
    place = _place()
    if not place.is_file():
        raise MissingTableError(
            "The table of decompositions has not been made yet: make it with `matwidgets decompose --all` (minutes)."
        )
    return _read(place, sum(table.rows for table in expand([TABLE])))


def read_products(text: str) -> dict[str, float]:
    """Read a cell of `products`: phase -> atom-fraction weight, largest first.

    Examples
    --------
    >>> read_products("0.6 TiO2 + 0.4 BaO")
    {'TiO2': 0.6, 'BaO': 0.4}
    """
    try:
        pairs = [part.split(" ") for part in text.split(PLUS)]
        return {formula: float(amount) for amount, formula in pairs}
    except ValueError:
        raise InputError(f"Products {shown(text)}: give a text such as '0.6 TiO2 + 0.4 BaO'.") from None


class Decomposing(Deriving):
    """The job of `decompositions`: rows of a `Phases` in pieces, each kept in a file of its own.

    Parameters
    ----------
    phases : Phases
    rows : int
        The first so many of its phases are decomposed.
    place : Path
        Where the table will be; the pieces are kept beside it until it is complete.
    workers : int
        Processes.
    rows_at_once : int
        Rows of a piece.
    """

    def __init__(
        self, phases: Phases, rows: int, place: Path, *, workers: int = 1, rows_at_once: int = ROWS_AT_ONCE
    ) -> None:
        self.phases = phases
        super().__init__(
            rows, place, _decomposed, workers=workers, rows_at_once=rows_at_once, what="decomposition"
        )

    def state(self) -> Phases:
        """What every worker decomposes into."""
        return self.phases

    def is_whole(self, file: Path, rows: int) -> bool:
        """Whether the piece has its lines."""
        return file.read_text("utf-8").count("\n") == rows

    def joined(self, files: list[Path]) -> bytes:
        """The header and the pieces."""
        return b"".join([f"{','.join(COLUMNS)}\n".encode(), *(file.read_bytes() for file in files)])

    def read(self, content: Path | bytes) -> pd.DataFrame:
        """The frame of `load_decompositions`, or the rows of it that there are."""
        if isinstance(content, Path):
            return _read(content, self.rows)
        return _frame(io.BytesIO(content))


def _decomposed(phases: Phases, rows: tuple[int, int]) -> bytes:
    """Lines of the table; numbers are written so that reading them gives the same bits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    first, last = rows
    for formula, energy in zip(phases.formulas[first:last], phases.energies[first:last], strict=True):
        found = decompose(formula, phases, energy=float(energy))
        products = PLUS.join(f"{p.amount!r} {p.formula}" for p in found.products)
        writer.writerow(
            [
                formula,
                float(energy),
                found.decomposition_energy,
                found.energy_above_hull,
                len(found.products),
                products,
            ]
        )
    return stream.getvalue().encode()


def _place() -> Path:
    """The derived table's file: its name holds a hash of the tables that it is made from."""
    inputs = [METHOD, *(table.sha256 for table in expand([TABLE]))]
    return place_of(cache_folder(), "decompositions", inputs, ".csv")


def _read(file: Path, rows: int) -> pd.DataFrame:
    frame = _frame(file)
    if tuple(frame.columns) != COLUMNS or len(frame) != rows:
        raise DataError(
            f"{file} is damaged ({len(frame)} of {rows} rows): delete it and make it again with "
            "`matwidgets decompose --all`."
        )
    return frame


def _frame(source: Path | io.BytesIO) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_csv(source, keep_default_na=False, float_precision="round_trip")
    frame.attrs = {
        "unit": UNIT,
        "sources": [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in expand([TABLE])],
    }
    return frame
