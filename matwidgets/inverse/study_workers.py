"""Several processes that search one study: each asks, evaluates and tells by itself, one point for every word to go on.

The caller hands out the words, so that a search can pause between two points. A process that dies loses nothing: its
point is taken over by another (see `inverse/study.py`).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import DataError, MatwidgetsError

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    from matwidgets.inverse.latent_search import LatentSearch
    from matwidgets.inverse.study import Answer

Objective = Callable[[NDArray[np.float64]], "Answer"]
Make = Callable[[int], "tuple[LatentSearch, Objective]"]
PATIENCE = 5.0  # s that a process is given to end by itself


class Workers:
    """Processes that search one study.

    Parameters
    ----------
    make : callable
        From a process's number, from 0, to its search and objective; called in the process, so it can be sent there.
    count : int
    search : LatentSearch
        This process's view of the same study.
    """

    def __init__(self, make: Make, count: int, search: LatentSearch) -> None:
        self.search = search
        self._busy: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._spent = False  # nothing was left to reserve when it was last asked
        context = multiprocessing.get_context("spawn")  # fork would copy locks of running threads
        self._processes: dict[Connection, SpawnProcess] = {}
        for number in range(count):
            here, there = context.Pipe()
            process = context.Process(target=_serve, args=(make, number, there), daemon=True)
            process.start()
            there.close()
            self._processes[here] = process
            self._idle.add(here)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do for these processes."""
        return not self._busy and (self._spent or self.search.finished)

    @property
    def process_ids(self) -> list[int]:
        """Of the processes that are alive."""
        return [process.pid for process in self._processes.values() if process.pid is not None]

    def advance(self) -> int | None:
        """Wait until one more point is answered and return its number; None if that was the last word of all.

        Raises
        ------
        MatwidgetsError
            What an objective raised.
        DataError
            If every process has died.
        """
        while not self.finished:
            self._hand_out()
            if not self._busy:
                return None
            for connection in wait(list(self._busy)):
                assert isinstance(connection, Connection)
                self._busy.discard(connection)
                try:
                    word, what = connection.recv()
                except (EOFError, OSError):
                    self._lost(connection)
                    continue
                self._idle.add(connection)
                if word == "error":
                    self.close()
                    raise what
                if what is not None:
                    return int(what)
                self._spent = True
        return None

    def _hand_out(self) -> None:
        """A word to as many as there are points left."""
        left = self.search.settings.n_trials - len(self.search.study.told()) - len(self._busy)
        for connection in [*self._idle][: 0 if self._spent else max(0, left)]:
            self._idle.discard(connection)
            try:
                connection.send("on")
            except OSError:
                self._lost(connection)
            else:
                self._busy.add(connection)

    def _lost(self, connection: Connection) -> None:
        process = self._processes.pop(connection)
        process.join(PATIENCE)
        connection.close()
        self._spent = False  # it may have left a point undone
        if not self._processes:
            raise DataError(
                f"Every process of the search has ended unexpectedly (the last with exit code {process.exitcode}): in "
                'a script, call it under `if __name__ == "__main__":`, or give workers=1; what is done is kept'
            )

    def close(self) -> None:
        """Let the processes end; those at work finish their point."""
        for connection in self._processes:
            with contextlib.suppress(OSError):
                connection.close()
        for process in self._processes.values():
            process.join(PATIENCE)
            if process.is_alive():
                process.terminate()
        self._processes, self._busy, self._idle = {}, set(), set()


def _serve(make: Make, number: int, connection: Any) -> None:
    """What each process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that hands out the words
    search = objective = None
    while True:
        try:
            connection.recv()
        except (EOFError, OSError):
            return
        try:
            if search is None or objective is None:
                search, objective = make(number)
            told: tuple[str, Any] = ("done", search.advance(objective))
        except MatwidgetsError as error:
            told = ("error", error)
        except Exception as error:  # noqa: BLE001 - raised again in the process that hands out the words
            told = ("error", MatwidgetsError(f"{type(error).__name__} in a process of the search: {error}"))
        try:
            connection.send(told)
        except OSError:
            return
