"""From a run's worker thread to the page: often enough to look alive, seldom enough not to slow the run.

The run calls back after every step, perhaps thousands of times a second. The callback only sets a flag; a thread of
the tracker's own looks at the flag at most twenty times a second and sends what is new. Being a thread, it also works
while a cell keeps the kernel's main thread busy: its sign of life tells the page whether the run is still there.
Where a push costs more, on a slow machine, the next one comes later: the feed keeps to its share of the time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

INTERVAL = 0.05  # s between two pushes: 20 a second
HEARTBEAT = 2.0  # s after which a sign of life is sent although nothing is new
SHARE = 0.02  # of the time that pushes may take; a tracker may cost a run three per cent in all


class Flag(Protocol):
    """What is used of threading.Event; tests give one with a clock of their own."""

    def wait(self, timeout: float | None = None) -> bool: ...
    def set(self) -> None: ...
    def clear(self) -> None: ...
    def is_set(self) -> bool: ...


class Feed:
    """Calls ``push`` in a thread of its own after ``notify``, at most once an interval; the last notice is never lost.

    Parameters
    ----------
    push : callable
        ``push(fresh) -> bool``: send what is new; ``fresh`` is False for a mere sign of life. Returns whether more is
        to come; after False the thread ends, and a later ``notify`` begins a new one.
    on_error : callable
        Is given an exception of ``push``; the feed goes on.
    interval, heartbeat : float
        Seconds.
    clock : callable
        Seconds of this thread's own work so far.
    """

    def __init__(
        self,
        push: Callable[[bool], bool],
        on_error: Callable[[Exception], None],
        *,
        interval: float = INTERVAL,
        heartbeat: float = HEARTBEAT,
        make_flag: Callable[[], Flag] = threading.Event,
        clock: Callable[[], float] = time.thread_time,
    ) -> None:
        self._push, self._on_error = push, on_error
        self._interval, self._heartbeat = interval, heartbeat
        self._clock = clock
        self._fresh, self._closed = make_flag(), make_flag()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def notify(self) -> None:
        """Something is new. Cheap: it is called once a step in the run's worker thread."""
        if self._fresh.is_set() or self._closed.is_set():
            return
        self._fresh.set()
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="matwidgets tracker", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; nothing is sent any more."""
        self._closed.set()
        self._fresh.set()  # it may be waiting for news

    def join(self, timeout: float | None = None) -> bool:
        """Wait until nothing more is to come; whether that is so."""
        with self._lock:  # another thread may be about to start it
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        while True:
            fresh = self._fresh.wait(self._heartbeat)
            if self._closed.is_set():
                return
            self._fresh.clear()  # before reading: what comes meanwhile is seen in the next turn
            began = self._clock()
            try:
                more = self._push(fresh)
            except Exception as error:  # noqa: BLE001 - shown by the tracker; the run and its next pictures must go on
                self._on_error(error)
                more = True
            if not more:
                with self._lock:
                    if not self._fresh.is_set():
                        self._thread = None
                        return
            spent = self._clock() - began
            self._closed.wait(min(max(self._interval, spent / SHARE), self._heartbeat))
