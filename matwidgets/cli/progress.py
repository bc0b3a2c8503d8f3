"""Progress of long work on stderr: a bar with rate and time left on a terminal, plain lines when piped."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from typing import Any, Self, TextIO

BAR = 16
REDRAW_S = 0.1
LINE_S = 5.0


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the text says what was kept and how to go on."""


class Progress:
    """Counts steps of a work whose length may be unknown.

    Parameters
    ----------
    label : str
        What is being done; begins every line.
    unit : str
        What is counted, in the plural ("steps", "epochs", "bytes").
    stream : text stream, optional
        Where to write; stderr if not given.
    """

    def __init__(self, label: str, unit: str = "steps", stream: TextIO | None = None) -> None:
        self.label, self.unit = label, unit
        self.stream = sys.stderr if stream is None else stream
        self.live = self.stream.isatty()
        self.began = time.monotonic()
        self.shown_at = self.began
        self.shown = -1
        self.open = False  # a bar stands on the terminal's last line, without its newline
        self.first: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def update(
        self, done: int, total: int | None, note: str = "", *, rate: float | None = None, last: bool = False
    ) -> None:
        """Show that `done` of `total` (None: unknown) are done.

        Shown at most ten times a second on a terminal and every 5 s when piped; always if
        `last`. `rate` is in units a second; measured from the first report on if not given.
        """
        now = time.monotonic()
        if (
            self.first is None
        ):  # rate counts from the first report on: what came before it is loading, not work
            self.first = (now, done)
        if not last:
            if now - self.shown_at < (REDRAW_S if self.live else LINE_S):
                return
            if not self.live and done == self.shown:
                return
        self.shown_at, self.shown = now, done
        line = self.line(done, total, note, rate, last)
        if self.live:
            columns = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r{line[:columns]:<{columns}}")
            self.open = True
        else:
            self.stream.write(f"{line}\n")
        self.stream.flush()

    def line(self, done: int, total: int | None, note: str, rate: float | None, last: bool) -> str:
        """Write one report."""
        now = time.monotonic()
        since, before = self.first or (self.began, 0)
        if rate is None and now > since and done > before:
            rate = (done - before) / (now - since)
        share = f"{done} of {total} {self.unit}" if total else f"{done} {self.unit}"
        parts = [f"{self.label}: {share}"]
        if self.live and total:
            filled = min(BAR, BAR * done // total)
            parts[0] = f"{self.label}: [{'#' * filled}{'.' * (BAR - filled)}] {share}"
        if rate is not None:
            parts.append(f"{rate:.3g} {self.unit}/s" if rate >= 1 else f"{1 / rate:.3g} s each")
            if total and done < total:
                parts.append(f"about {duration((total - done) / rate)} left")
        if last:
            parts.append(f"took {duration(now - self.began)}")
        if note:
            parts.append(note)
        return ", ".join(parts)

    def close(self) -> None:
        """End the bar's line, so that what follows begins on its own."""
        if self.open:
            self.stream.write("\n")
            self.stream.flush()
            self.open = False


def duration(seconds: float) -> str:
    """Seconds as a reader takes them in: ``0.8 s``, ``42 s``, ``3 min 05 s``, ``1 h 02 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def follow(run: Any, label: str, unit: str = "steps") -> Any:
    """Start `run`, show its progress until it ends, and return its result.

    Ctrl-C asks the run to stop, waits until it has (its checkpoint is kept), and raises `Interrupted`.

    Raises
    ------
    Interrupted
        After Ctrl-C.
    Exception
        Whatever the job raised.
    """
    changed = threading.Event()
    unsubscribe = run.subscribe(lambda _: changed.set())
    try:
        with Progress(label, unit) as progress:
            run.start()
            try:
                while run.alive:
                    changed.wait(0.5)
                    changed.clear()
                    if run.steps:
                        progress.update(run.steps, run.total, latest(run), rate=run.rate)
            except KeyboardInterrupt:
                run.stop()
                run.wait()
                raise Interrupted(f"interrupted after {run.steps} of {run.total} {unit}") from None
            result = run.wait()
            progress.update(run.steps, run.total, latest(run), rate=run.rate, last=True)
        return result
    finally:
        unsubscribe()


def latest(run: Any) -> str:
    """Write the newest numbers of a run's history, like ``val_mae 9.13``."""
    record = run.history[-1] if run.history else {}
    terms = record.get("terms") or record.get("values") or {}
    return ", ".join(f"{name} {value:.4g}" for name, value in terms.items())
