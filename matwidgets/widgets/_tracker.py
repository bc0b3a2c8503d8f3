"""What the two trackers share: they listen to a run, tell the page at most twenty times a second, and pass commands on.

A run is anything with the attributes of `matwidgets.run.Run`; nothing of it is imported here. The run's worker thread
only ever sets a flag (`Feed.notify`); reading the history, thinning and sending happen in the tracker's own thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from traitlets import Dict, Float, Instance, Int, Unicode

from matwidgets.errors import InputError
from matwidgets.widgets._feed import Feed
from matwidgets.widgets._records import Floats, Table
from matwidgets.widgets.base import MatWidget, describe

ENDED = frozenset({"done", "stopped", "failed"})
COMMANDS = ("start", "pause", "resume", "step", "stop")
MOST_ROWS = 4000  # of one message: more is thinned, and the page says so
SAVE_EVERY = 10.0  # s between two saved histories while a run goes on
SAVED_LIMIT = 30_000  # bytes of JSON
FOLLOW = -1


class RunTracker(MatWidget):
    """Base of the trackers: state, progress and history of one run.

    Parameters
    ----------
    run : Run
        Any object with ``state``, ``steps``, ``total``, ``rate``, ``seconds_left``, ``history``, ``meta``, ``title``,
        ``id``, ``error``, ``result``, ``subscribe`` and the controls ``start pause resume step stop``.

    Raises
    ------
    InputError
        If the object is no run.
    """

    guide: str = "step"  # column whose shape survives thinning
    _saved_limit = SAVED_LIMIT
    _feed: Feed | None = None
    _unsubscribe: Callable[[], None] | None = None

    title = Unicode("", help="One line that says what runs.").tag(sync=True)
    run_id = Unicode("", help="Name of the run in this kernel.").tag(sync=True)
    meta = Dict(help="Static facts: elements and objectives, or the loss terms.").tag(sync=True)
    state = Unicode("ready", help="ready, running, paused, stopping, done, stopped or failed.").tag(sync=True)
    steps = Int(0, help="Steps done so far.").tag(sync=True)
    total = Int(None, allow_none=True, help="Planned steps; None if unknown.").tag(sync=True)
    rate = Float(None, allow_none=True, help="Steps a second; None if unknown.").tag(sync=True)
    seconds_left = Float(None, allow_none=True, help="Estimated working time left (s); None if unknown.").tag(
        sync=True
    )
    failure = Unicode("", help="Text of the run's own error; empty if there is none.").tag(sync=True)
    result = Instance(dict, allow_none=True, help="Summary of what came out; None before the end.").tag(
        sync=True
    )
    cursor = Float(FOLLOW, help="Step that is looked at; -1 follows the last one.").tag(sync=True)
    saved = Instance(dict, allow_none=True, help="Thinned history that a saved notebook keeps.").tag(
        sync=True
    )

    def __init__(self, run: Any, *, columns: Sequence[str], **kwargs: Any) -> None:
        self.run = run
        self._table = Table(columns)
        self._next = 0  # records of run.history that the table holds
        self._hello = False
        self._saved_at = -SAVE_EVERY
        self._saved_state = ""
        self._displays: list[Any] = []  # handles of the outputs that show this tracker
        self._feed = feed = Feed(self._push, self._push_failed)
        super().__init__(title=run.title, run_id=str(run.id), total=run.total or None, **kwargs)
        state = str(run.state)  # before the history: an ended run's history is complete
        self._read()
        self._set_status(state)
        self._save(time.monotonic())
        self.on_msg(self._hear)
        self._unsubscribe = run.subscribe(lambda _run: feed.notify())
        feed.notify()  # between reading and subscribing something may have happened

    def close(self) -> None:
        """Stop listening and leave the page; the run goes on."""
        # a tracker that was refused, or whose script is missing, is closed half made
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._feed is not None:
            self._feed.close()
        super().close()

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until the page has been told the end of a run that has ended; whether that is so."""
        return self._feed is None or self._feed.join(timeout)

    def __repr__(self) -> str:
        total = f" of {self.total}" if self.total else ""
        return f"{type(self).__name__}({self.title}: {self.state}, step {self.steps}{total})"

    # -- what a kind of run adds ---------------------------------------------------------------------------------

    def _row(self, record: Mapping[str, Any]) -> list[float]:
        raise NotImplementedError

    def _also(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Take in what the columns do not hold."""

    def _also_message(self, since: int) -> tuple[dict[str, Any], list[bytes]]:
        """Further parts of a message about the records from ``since`` on."""
        return {}, []

    def _also_status(self) -> None:
        """Set further traits after reading."""

    def _also_saved(self) -> dict[str, Any]:
        return {}

    def _summary(self) -> dict[str, Any] | None:
        raise NotImplementedError

    # -- in the feed's thread ------------------------------------------------------------------------------------

    def _push(self, fresh: bool) -> bool:
        # The state is read before the history: if it says that the run has ended, the history is complete.
        state = str(self.run.state)
        since = self._next
        self._read()
        whole, self._hello = self._hello, False
        if whole:
            self._send_records("history", 0)
        elif self._next > since:
            self._send_records("records", since)
        elif not fresh:
            self.send({"type": "alive"})
        with self.hold_sync():
            self._set_status(state)
        now = time.monotonic()
        if state != self._saved_state or (self._next > since and now - self._saved_at >= SAVE_EVERY):
            self._save(now)
        if state in ENDED:
            self._refresh_displays()
        return state not in ENDED

    def _push_failed(self, error: Exception) -> None:
        self.error = describe(error)

    def _read(self) -> None:
        records = self.run.history[self._next :]
        if not records:
            return
        self._table.append(np.array([self._row(record) for record in records], dtype=float))
        self._also(records)
        self._next += len(records)

    def _send_records(self, kind: str, since: int) -> None:
        rows = self._table.thinned(MOST_ROWS, self.guide, since)
        more, buffers = self._also_message(since)
        content = {
            "type": kind, "first": since, "next": self._next, "columns": list(self._table.columns), "rows": len(rows),
        }  # fmt: skip
        self.send(content | more, [wire(rows), *buffers])

    def _set_status(self, state: str) -> None:
        run = self.run
        self.steps = int(run.steps)
        self.rate = None if run.rate is None else float(run.rate)
        self.seconds_left = None if run.seconds_left is None else float(run.seconds_left)
        self._also_status()
        if state in ENDED and self.state not in ENDED:
            self.failure = "" if run.error is None else describe(run.error)
            try:
                self.result = self._summary()
            except Exception as error:  # noqa: BLE001 - the page shows it; that the run has ended must be shown all the same
                self.error = describe(error)
        self.state = state

    def _save(self, now: float) -> None:
        self._saved_at, self._saved_state = now, self.state
        self.saved = self._table.saved(self._saved_limit, self.guide) | self._also_saved()

    # -- from the page, in the kernel's main thread: only flags and commands -------------------------------------

    def _hear(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "hello":
            self._hello = True
        elif kind == "command":
            name = content.get("name")
            try:
                if name not in COMMANDS:
                    raise InputError(
                        f"Unknown command {name!r} of a tracker: allowed are {', '.join(COMMANDS)}"
                    )
                getattr(self.run, name)()
            except Exception as error:  # noqa: BLE001 - the page shows it
                self.send({"type": "error", "text": describe(error)})
        else:
            return  # not ours
        if self._feed is not None:
            self._feed.notify()

    # -- in the notebook's output --------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """Show the tracker; its output is written once more at the end, so that the notebook keeps the curves.

        A notebook saves what a cell has put out, not what the page has drawn since.
        """
        from IPython import get_ipython
        from IPython.display import display

        shown_state = self.state
        data, metadata = self._repr_mimebundle_() or ({"text/plain": repr(self)}, {})
        handle = display(data, metadata=metadata, raw=True, display_id=True)
        if hasattr(get_ipython(), "kernel") and shown_state not in ENDED:  # a terminal would print it again
            self._displays.append(handle)
            if self.state in ENDED:  # it ended while the picture was drawn
                self._refresh_displays()

    def _refresh_displays(self) -> None:
        handles, self._displays = self._displays, []
        if not handles:
            return
        data, metadata = self._repr_mimebundle_() or ({"text/plain": repr(self)}, {})
        for handle in handles:
            handle.update(data, metadata=metadata, raw=True)

    # -- without JavaScript --------------------------------------------------------------------------------------

    def static_html(self) -> str:
        """The curves as a picture under a line of text that says how far the run had come."""
        lines = [f"<p><b>{escape(self.title)}</b> · {escape(self._spoken_state())}</p>"]
        if self.failure:
            lines.append(f"<p>{escape(self.failure)}</p>")
        if self.result and self.result.get("text"):
            lines.append(f"<p><b>{escape(self.result['text'])}</b></p>")
        if len(self._table):
            lines.append(super().static_html())
        return "<div>" + "".join(lines) + "</div>"

    def _spoken_state(self) -> str:
        total = f" of {self.total}" if self.total else ""
        return f"recorded at step {self.steps}{total}, {self.state}"


def wire(rows: Floats) -> bytes:
    """Return little-endian doubles, row by row."""
    return np.ascontiguousarray(rows, dtype="<f8").tobytes()


def require_run(run: Any, kind: str, key: str) -> None:
    """Raise InputError unless ``run`` is a run of the kind that the tracker can show.

    Parameters
    ----------
    kind : str
        What it must be, for the message.
    key : str
        What ``run.meta`` must hold.
    """
    if not all(hasattr(run, name) for name in ("state", "history", "meta", "subscribe", *COMMANDS)):
        raise InputError(
            f"A tracker got {type(run).__name__}: give a run, for example what matwidgets.design returns"
        )
    if key not in run.meta:
        raise InputError(
            f"This tracker shows a {kind} run, but {run.title!r} is none: use matwidgets.show.tracker(run)"
        )
