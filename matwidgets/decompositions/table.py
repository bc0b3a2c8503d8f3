"""All published compounds decomposed once: a derived table in the cache.

It is made by a run, in pieces that are kept as soon as they are done, so that a run that was stopped or killed goes on
where it was. The table's name holds a hash of its inputs; it appears when it is complete, never half.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from matwidgets.data.fetch import cache_folder
from matwidgets.data.registry import expand
from matwidgets.decompositions.library import TABLE, published_phases
from matwidgets.errors import DataError, InputError, MissingTableError, shown
from matwidgets.features.hull import UNIT, Phases, decompose
from matwidgets.run import Record, Run
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
    hands = granted() if workers is None else workers
    if hands < 1:
        raise InputError(f"workers {hands}: give a whole number from 1.")
    phases = published_phases(fetch=fetch)
    rows = sum(table.rows for table in expand([TABLE]))
    return Run(
        lambda: Decomposing(phases, rows, _place(), workers=hands),
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


class Decomposing:
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
        self.phases, self.rows, self.place, self.workers = phases, rows, place, workers
        self.pieces = [(first, min(first + rows_at_once, rows)) for first in range(0, rows, rows_at_once)]
        self.folder = place.with_name(f"{place.stem}-{rows_at_once}.parts")
        self.pool: ProcessPoolExecutor | None = None
        self.pending: dict[Future[str], tuple[int, int]] = {}
        whole = place.is_file()
        self.todo = [] if whole else [piece for piece in self.pieces if not self._kept(piece)]
        self.done = rows - sum(last - first for first, last in self.todo)
        self.past: list[Record] = [{"step": self.done}] if self.done else []

    @property
    def finished(self) -> bool:
        """Whether no piece is left."""
        return not self.todo and not self.pending

    def advance(self) -> Record:
        """Finish the next piece and keep it."""
        try:
            (first, last), text = self._next()
        except BrokenProcessPool:
            self._close()
            raise DataError(
                "A worker process of the decomposition ended unexpectedly: in a script, call it under "
                '`if __name__ == "__main__":`, or give workers=1; what is done is kept.'
            ) from None
        except BaseException:
            self._close()
            raise
        _write(self._file((first, last)), text)
        self.done += last - first
        return {"step": self.done}

    def result(self) -> pd.DataFrame:
        """The whole table, put in its place; the rows done so far if there are more to do."""
        self._close()
        if self.place.is_file():
            return _read(self.place, self.rows)
        text = self._text()
        if not self.finished or self.done < self.rows:
            return _frame(io.StringIO(text))
        _write(self.place, text)
        shutil.rmtree(self.folder, ignore_errors=True)
        return _read(self.place, self.rows)

    def save(self, path: Path) -> None:
        """Write the rows done so far; the pieces are in the cache anyway."""
        _write(path, self._text())

    def _next(self) -> tuple[tuple[int, int], str]:
        if self.workers == 1:
            piece = self.todo[0]
            text = _decomposed(self.phases, *piece)
            self.todo.pop(0)
            return piece, text
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),  # fork would copy locks of running threads
                initializer=_begin_worker,
                initargs=(self.phases,),
            )
        while self.todo and len(self.pending) < 2 * self.workers:
            piece = self.todo.pop(0)
            self.pending[self.pool.submit(_decomposed_by_worker, *piece)] = piece
        future = next(iter(wait(self.pending, return_when=FIRST_COMPLETED).done))
        text = future.result()
        return self.pending.pop(future), text

    def _close(self) -> None:
        """End the workers; pieces that nobody has begun go back to what is to do."""
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None
        self.todo = sorted([*self.todo, *self.pending.values()])
        self.pending = {}

    def _file(self, piece: tuple[int, int]) -> Path:
        return self.folder / f"{piece[0]:07d}.csv"

    def _kept(self, piece: tuple[int, int]) -> bool:
        file = self._file(piece)
        return file.is_file() and file.read_text("utf-8").count("\n") == piece[1] - piece[0]

    def _text(self) -> str:
        """The header and all pieces that are there."""
        kept = [self._file(piece).read_text("utf-8") for piece in self.pieces if self._kept(piece)]
        return ",".join(COLUMNS) + "\n" + "".join(kept)


_phases: Phases | None = None  # of a worker process


def _begin_worker(phases: Phases) -> None:
    global _phases
    _phases = phases
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its workers, and they would wait for it for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _decomposed_by_worker(first: int, last: int) -> str:
    assert _phases is not None
    return _decomposed(_phases, first, last)


def _decomposed(phases: Phases, first: int, last: int) -> str:
    """Lines of the table; numbers are written so that reading them gives the same bits."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
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
    return stream.getvalue()


def _place() -> Path:
    """The derived table's file: its name holds a hash of the tables that it is made from."""
    inputs = "\n".join([METHOD, *(table.sha256 for table in expand([TABLE]))])
    return (
        cache_folder() / "derived" / f"decompositions-{hashlib.sha256(inputs.encode()).hexdigest()[:12]}.csv"
    )


def _write(file: Path, text: str) -> None:
    """Write at once: whoever reads it, now or after a kill, never sees half of it."""
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(file)
    except OSError as error:
        raise DataError(
            f"{file} could not be written ({error.strerror or type(error).__name__}): make the folder writable, make "
            "room on the disk, or set MATWIDGETS_CACHE to another folder."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _read(file: Path, rows: int) -> pd.DataFrame:
    frame = _frame(file)
    if tuple(frame.columns) != COLUMNS or len(frame) != rows:
        raise DataError(
            f"{file} is damaged ({len(frame)} of {rows} rows): delete it and make it again with "
            "`matwidgets decompose --all`."
        )
    return frame


def _frame(source: Path | io.StringIO) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_csv(source, keep_default_na=False, float_precision="round_trip")
    frame.attrs = {
        "unit": UNIT,
        "sources": [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in expand([TABLE])],
    }
    return frame
