"""Derived tables: rows worked on in pieces by several processes, each piece kept as soon as it is done.

A run that was stopped or killed goes on where it was, and the table's file appears when it is complete, never half.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from matwidgets.errors import DataError, InputError
from matwidgets.run import Record

Worker = Callable[[Any, Any], bytes]
"""A function of a module, called as worker(state, given) in any process: the content of one piece."""


def place_of(folder: Path, name: str, inputs: Iterable[str], suffix: str) -> Path:
    """Name a derived table's file by a hash of all that it depends on: other inputs, another file."""
    digest = hashlib.sha256("\n".join(inputs).encode()).hexdigest()[:12]
    return folder / "derived" / f"{name}-{digest}{suffix}"


def hands(workers: int | None, granted: int) -> int:
    """Number of processes to use: `workers`, or as many as are granted.

    Raises
    ------
    InputError
        `workers` is below 1.
    """
    wanted = granted if workers is None else workers
    if wanted < 1:
        raise InputError(f"workers {wanted}: give a whole number from 1.")
    return wanted


class Deriving:
    """The job that makes one table; a child says what a piece is made from and how pieces become the table.

    Parameters
    ----------
    rows : int
    place : Path
        Where the table will be; the pieces are kept beside it until it is complete.
    worker : callable
        See `Worker`; a function that other processes can import.
    workers : int
        Processes. One works in this process.
    rows_at_once : int
        Rows of a piece: what a kill can lose, and how long a pause takes.
    what : str
        What is made, for messages ("decomposition").
    """

    def __init__(
        self, rows: int, place: Path, worker: Worker, *, workers: int, rows_at_once: int, what: str
    ) -> None:
        self.rows, self.place, self.worker, self.workers, self.what = rows, place, worker, workers, what
        self.pieces = [(first, min(first + rows_at_once, rows)) for first in range(0, rows, rows_at_once)]
        self.folder = place.with_name(f"{place.stem}-{rows_at_once}.parts")
        self.pool: ProcessPoolExecutor | None = None
        self.pending: dict[Future[bytes], tuple[int, int]] = {}
        whole = place.is_file()
        self.todo = [] if whole else [piece for piece in self.pieces if not self._kept(piece)]
        self.done = rows - sum(last - first for first, last in self.todo)
        self.past: list[Record] = [{"step": self.done}] if self.done else []

    # -- what a child says -----------------------------------------------------------------------------------

    def state(self) -> Any:
        """What every worker needs; sent to each once."""
        return None

    def given(self, first: int, last: int) -> Any:
        """What the piece of these rows is made from; sent with it."""
        return first, last

    def is_whole(self, file: Path, rows: int) -> bool:
        """Whether a piece's file has all its rows."""
        raise NotImplementedError

    def joined(self, files: list[Path]) -> bytes:
        """The content of the table that these pieces make."""
        raise NotImplementedError

    def read(self, content: Path | bytes) -> Any:
        """The table of a complete file, or of the content of some pieces."""
        raise NotImplementedError

    # -- the job ---------------------------------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        """Whether no piece is left."""
        return not self.todo and not self.pending

    def advance(self) -> Record:
        """Finish the next piece and keep it."""
        try:
            (first, last), content = self._next()
        except BrokenProcessPool:
            self._close()
            raise DataError(
                f"A worker process of the {self.what} ended unexpectedly: in a script, call it under "
                '`if __name__ == "__main__":`, or give workers=1; what is done is kept.'
            ) from None
        except BaseException:
            self._close()
            raise
        write_at_once(self._file((first, last)), content)
        self.done += last - first
        return {"step": self.done}

    def result(self) -> Any:
        """The whole table, put in its place; the rows done so far if there are more to do."""
        self._close()
        if self.place.is_file():
            return self.read(self.place)
        content = self._content()
        if not self.finished or self.done < self.rows:
            return self.read(content)
        write_at_once(self.place, content)
        shutil.rmtree(self.folder, ignore_errors=True)
        return self.read(self.place)

    def save(self, path: Path) -> None:
        """Write the rows done so far; the pieces are in the cache anyway."""
        write_at_once(path, self._content())

    def _next(self) -> tuple[tuple[int, int], bytes]:
        if self.workers == 1:
            piece = self.todo[0]
            content = self.worker(self.state(), self.given(*piece))
            self.todo.pop(0)
            return piece, content
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                self.workers,
                mp_context=multiprocessing.get_context("spawn"),  # fork would copy locks of running threads
                initializer=_begin_worker,
                initargs=(self.worker, self.state()),
            )
        while self.todo and len(self.pending) < 2 * self.workers:
            piece = self.todo.pop(0)
            self.pending[self.pool.submit(_by_worker, self.given(*piece))] = piece
        future = next(iter(wait(self.pending, return_when=FIRST_COMPLETED).done))
        content = future.result()
        return self.pending.pop(future), content

    def _close(self) -> None:
        """End the workers; pieces that nobody has begun go back to what is to do."""
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None
        self.todo = sorted([*self.todo, *self.pending.values()])
        self.pending = {}

    def _file(self, piece: tuple[int, int]) -> Path:
        return self.folder / f"{piece[0]:07d}{self.place.suffix}"

    def _kept(self, piece: tuple[int, int]) -> bool:
        file = self._file(piece)
        return file.is_file() and self.is_whole(file, piece[1] - piece[0])

    def _content(self) -> bytes:
        """The table of all pieces that are there."""
        return self.joined([self._file(piece) for piece in self.pieces if self._kept(piece)])


class InTurn:
    """Several jobs one after the other as one job; its result is a list of theirs."""

    def __init__(self, jobs: Sequence[Deriving]) -> None:
        self.jobs = list(jobs)
        self.past: list[Record] = [{"step": done}] if (done := self.done) else []

    @property
    def done(self) -> int:
        """Rows done in all of them."""
        return sum(job.done for job in self.jobs)

    @property
    def finished(self) -> bool:
        """Whether none has anything left."""
        return all(job.finished for job in self.jobs)

    def advance(self) -> Record:
        """Finish the next piece of the first that has one left; one that is finished writes its table."""
        job = next(job for job in self.jobs if not job.finished)
        job.advance()
        if job.finished:
            job.result()
        return {"step": self.done}

    def result(self) -> list[Any]:
        """What each has reached."""
        return [job.result() for job in self.jobs]

    def save(self, path: Path) -> None:
        """Write the rows of each so far, to names that begin as `path` does."""
        for i, job in enumerate(self.jobs):
            job.save(path.with_name(f"{path.stem}-{i}{path.suffix}"))


def write_at_once(file: Path, content: bytes) -> None:
    """Write so that whoever reads it, now or after a kill, never sees half of it.

    Raises
    ------
    DataError
        The folder cannot be written to, or the disk is full.
    """
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(file)
    except OSError as error:
        raise DataError(
            f"{file} could not be written ({error.strerror or type(error).__name__}): make the folder writable, make "
            "room on the disk, or set MATWIDGETS_CACHE to another folder."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


_here: tuple[Worker, Any] | None = None  # of a worker process


def _begin_worker(worker: Worker, state: Any) -> None:
    global _here
    _here = worker, state
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its workers, and they would wait for it for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _by_worker(given: Any) -> bytes:
    assert _here is not None
    worker, state = _here
    return worker(state, given)
