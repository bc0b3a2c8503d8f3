"""A job that can pause, step, resume, stop and be saved, and that tells its listeners.

Training and inverse design both are runs. The job lives in one worker thread, which alone owns model, optimiser and
random state: computing gradients in two threads at once has crashed processes, and a second thread's random numbers
would silently change a training. The notebook and its widgets only set events, queue commands and read plain numbers.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Literal, Protocol

from matwidgets.errors import InputError, MatwidgetsError

State = Literal["ready", "running", "paused", "stopping", "done", "stopped", "failed"]
Record = dict[str, Any]
Listener = Callable[["Run"], None]
_ids = itertools.count(1)
_working: weakref.WeakSet[Run] = weakref.WeakSet()
PATIENCE = 20.0  # seconds that leaving Python waits for the present piece of work to end


class Job(Protocol):
    """What a run drives. Built and called in the worker thread only."""

    def advance(self) -> Record | None:
        """Do the next piece of work; a record (plain numbers and lists) when a step is complete, else None."""

    past: list[Record]  # records of an earlier run that this job continues; empty for a fresh one

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""

    def result(self) -> Any:
        """What has come out, also when the job was stopped early."""

    def save(self, path: Path) -> None:
        """Write all that is needed to go on from here."""


class Run:
    """A job in its own thread.

    Parameters
    ----------
    make_job : callable
        Builds the job; called in the worker thread.
    title : str
        One line that says what runs, for people.
    kind : {"design", "training", "table"}
    total : int
        Number of planned steps (records).
    meta : dict, optional
        Static facts for trackers.

    Attributes
    ----------
    state : str
        ready, running, paused, stopping, done, stopped or failed.
    history : list of dict
        One record a step; append-only.
    result : object
        The job's result; None until done or stopped.
    error : BaseException or None
    """

    def __init__(
        self,
        make_job: Callable[[], Job],
        *,
        title: str,
        kind: Literal["design", "training", "table"],
        total: int,
        meta: dict[str, Any] | None = None,
    ) -> None:
        self.id = f"{kind}-{next(_ids)}"
        self.title, self.kind, self.total, self.meta = title, kind, total, meta or {}
        self.history: list[Record] = []
        self.result: Any = None
        self.error: BaseException | None = None
        self.listener_errors: list[BaseException] = []
        self.state: State = "ready"
        self._make_job = make_job
        self._job: Job | None = None
        self._listeners: list[Listener] = []
        self._commands: deque[Callable[[Job], None]] = deque()
        self._changed = threading.Condition()
        self._allowance: float = float("inf")  # steps that may still be done before pausing
        self._stop_asked = False
        self._active_seconds = 0.0
        self._first_step = 0  # steps that were there before this run (a resumed training)
        self._thread: threading.Thread | None = None
        self._finished = threading.Event()

    # -- controls: any thread may call these -----------------------------------------------------------------

    def start(self) -> Run:
        """Start working; does nothing if already started."""
        return self._begin(float("inf"))

    def pause(self) -> Run:
        """Stop working after the present piece of work; keeps everything."""
        with self._changed:
            self._allowance = 0
            self._changed.notify_all()
        return self

    def resume(self) -> Run:
        """Go on after a pause."""
        return self._begin(float("inf"))

    def step(self, n: int = 1) -> Run:
        """Do ``n`` more steps, then pause."""
        if n < 1:
            raise InputError(f"step({n}): a run can only go forward: give a whole number from 1")
        return self._begin(n)

    def stop(self) -> Run:
        """End early; the result is what has been reached so far."""
        with self._changed:
            self._stop_asked = True
            never_started = self._thread is None
            self._changed.notify_all()
        if never_started and not self._finished.is_set():
            self._set_state("stopped")
            self._finished.set()
            self._tell()
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Block until the run has ended and return its result (in a notebook cell, ``await run`` instead).

        Raises
        ------
        TimeoutError
            If it is still at work after ``timeout`` seconds.
        MatwidgetsError
            If the run is paused or was never started, so that waiting would never end; or the job's own error.
        """
        held = self._thread is None or self._allowance != float("inf")
        if timeout is None and held and not self._finished.is_set():
            state = "paused" if self._thread else "not started"
            raise MatwidgetsError(f"{self.title} is {state}: waiting would never end; call resume() first")
        if not self._finished.wait(timeout):
            raise TimeoutError(f"{self.title} is still at work after {timeout} s")
        return self._outcome()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait_async().__await__()

    def save(self, path: str | Path, timeout: float = 60.0) -> Path:
        """Write a checkpoint, between two pieces of work; returns its path once it is written."""
        written, trouble = threading.Event(), []

        def write(job: Job) -> None:
            try:
                job.save(Path(path))
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                trouble.append(error)
            finally:
                written.set()

        if self._thread is None:
            raise MatwidgetsError(
                f"{self.title} has not started: there is nothing to save; call start() first"
            )
        with self._changed:
            self._commands.append(write)
            self._changed.notify_all()
        if self._finished.is_set():
            self._thread.join()
            if self._job is None:
                raise MatwidgetsError(
                    f"{self.title} could not be set up: there is nothing to save"
                ) from self.error
            self._run_commands()
        if not written.wait(timeout):
            raise TimeoutError(f"{self.title} did not come to a pause within {timeout} s: save again")
        if trouble:
            raise trouble[0]
        return Path(path)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener(run)`` from the worker thread after every step and change of state; returns its undo."""
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    # -- reading ---------------------------------------------------------------------------------------------

    @property
    def steps(self) -> int:
        """Steps done so far."""
        return int(self.history[-1]["step"]) if self.history else 0

    @property
    def alive(self) -> bool:
        """Whether there is more to come."""
        return not self._finished.is_set()

    @property
    def rate(self) -> float | None:
        """Steps a second while working; None before the first step."""
        done = self.steps - self._first_step
        return done / self._active_seconds if done > 0 and self._active_seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated working time that is left; None if unknown."""
        return (self.total - self.steps) / self.rate if self.rate else None

    def snapshot(self) -> dict[str, Any]:
        """The state as plain numbers and strings, ready for JSON."""
        return {
            "id": self.id, "title": self.title, "kind": self.kind, "state": self.state, "steps": self.steps,
            "total": self.total, "rate": self.rate, "seconds_left": self.seconds_left,
            "error": None if self.error is None else str(self.error),
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<Run {self.title}: {self.state}, step {self.steps} of {self.total}>"

    # -- the worker thread -----------------------------------------------------------------------------------

    def _begin(self, allowance: float) -> Run:
        with self._changed:
            if self._finished.is_set():
                return self
            self._allowance = allowance
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"matwidgets {self.id}", daemon=True)
                _working.add(self)
                self._thread.start()
            self._changed.notify_all()
        return self

    def _work(self) -> None:
        end: State = "done"
        try:
            job = self._job = self._make_job()
            self.history.extend(job.past)
            self._first_step = self.steps
            while not job.finished:
                self._wait_for_allowance()
                if self._stop_asked:
                    self._set_state("stopping")
                    end = "stopped"
                    break
                began = time.perf_counter()
                record = job.advance()
                self._active_seconds += time.perf_counter() - began
                if record is not None:
                    self.history.append(record)
                    with self._changed:
                        self._allowance -= 1
                    self._tell()
            self._run_commands()
            self.result = job.result()
        except BaseException as error:  # noqa: BLE001 - kept, shown by trackers and raised by wait()
            self.error, end = error, "failed"
        self._set_state(end)
        self._finished.set()
        self._tell()
        self._run_commands()  # one that came in after the last look; later ones see that the run has ended

    def _wait_for_allowance(self) -> None:
        self._run_commands()
        if self._allowance > 0 or self._stop_asked:
            if self.state != "running":
                self._set_state("running")
                self._tell()
            return
        self._set_state("paused")
        self._tell()
        while self._allowance <= 0 and not self._stop_asked:
            with self._changed:
                if not self._commands and self._allowance <= 0 and not self._stop_asked:
                    self._changed.wait()
            self._run_commands()
        self._set_state("running")
        self._tell()

    def _run_commands(self) -> None:
        while self._commands and self._job is not None:
            self._commands.popleft()(self._job)

    def _set_state(self, state: State) -> None:
        self.state = state

    def _tell(self) -> None:
        for listener in list(self._listeners):
            try:
                listener(self)
            except Exception as error:  # noqa: BLE001
                self.listener_errors.append(error)  # a broken picture must not end hours of training

    def _outcome(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.result

    async def _wait_async(self) -> Any:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def look(run: Run) -> None:
            if run._finished.is_set():
                loop.call_soon_threadsafe(ended.set)

        leave = self.subscribe(look)
        try:
            if not self._finished.is_set():
                await ended.wait()
        finally:
            leave()
        return self._outcome()


@atexit.register
def _leave() -> None:
    """Stop every run before Python takes its modules away: a thread inside torch would abort the process."""
    runs = [run for run in _working if run.alive]
    for run in runs:
        run.stop()
    for run in runs:
        if run._thread is not None:
            run._thread.join(PATIENCE)
