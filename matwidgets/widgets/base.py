"""What every widget of matwidgets is: an ordinary ipywidgets DOM widget with a script of its own, a router
for the page's questions, and a static twin for readers without JavaScript.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.errors import MatwidgetsError

STATIC = Path(__file__).resolve().parent.parent / "static"
SNAPSHOT_LIMIT = 50_000
"""Bytes of JSON that a widget may leave in a saved notebook (without its script)."""

Buffers = list[bytes]
Handler = Callable[[Any], Any]


@functools.cache
def script(stem: str) -> str:
    """Return the built JavaScript module of a widget.

    Raises
    ------
    MatwidgetsError
        If this copy of matwidgets was never built.
    """
    path = STATIC / f"{stem}.js"
    if not path.is_file():
        raise MatwidgetsError(
            f"The script of the widget {stem!r} is missing ({path.name} in matwidgets/static): an installed "
            "matwidgets has it; in a checkout run `npm --prefix js ci && npm --prefix js run build:widgets`"
        )
    return path.read_text(encoding="utf-8")


class _Script:
    """Reads ``_esm`` when a widget is made: importing the widgets needs nothing built."""

    def __get__(self, instance: object, owner: type[MatWidget]) -> str:
        return script(owner.stem) if owner.stem else ""


def pack(array: NDArray[Any] | None) -> dict[str, Any] | None:
    """Wire form of an array: little-endian bytes with dtype and shape (js/src/shared/arrays.ts reads it)."""
    if array is None:
        return None
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": memoryview(little.tobytes())}


def unpack(wire: dict[str, Any] | None) -> NDArray[Any] | None:
    """Return the array of a wire form."""
    if not wire:
        return None
    dtype = np.dtype(wire["dtype"]).newbyteorder("<")
    return np.frombuffer(bytes(wire["data"]), dtype=dtype).reshape(wire["shape"]).astype(wire["dtype"])


def array_trait(dtype: str = "float32", *, help: str) -> Any:  # noqa: A002
    """Return a synced trait that holds an array in Python and travels as bytes; None when unset."""
    trait = traitlets.Instance(np.ndarray, allow_none=True, help=help)
    return trait.tag(
        sync=True,
        to_json=lambda array, _: None if array is None else pack(np.asarray(array, dtype=dtype)),
        from_json=lambda wire, _: unpack(wire),
    )


def jsonable(value: Any) -> Any:
    """Plain JSON of a state: arrays as base64, numbers that do not exist as null."""
    if isinstance(value, np.ndarray):
        wire = pack(value)
        assert wire is not None
        return wire | {"data": base64.b64encode(wire["data"]).decode("ascii"), "encoding": "base64"}
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def describe(error: BaseException) -> str:
    """One line about an exception for the page: our own errors speak for themselves."""
    text = " ".join(str(error).split())
    return (
        text
        if isinstance(error, MatwidgetsError) and text
        else f"{type(error).__name__}: {text}".rstrip(": ")
    )


class MatWidget(anywidget.AnyWidget):
    """Base of the widgets.

    A subclass sets `stem` (its Python file, its TypeScript file and its built script share it), may register
    handlers with `on_request`, and says how it looks without JavaScript in `static_svg` or `static_html`.

    Messages: the page sends ``{"type": "request", "kind", "id", "view", "n", "data"}`` and gets exactly one
    answer with the same id: ``reply`` with data, ``error`` with the text of the exception, or ``superseded``
    when a newer question of the same kind from the same view came in while this one waited.
    """

    stem: ClassVar[str] = ""
    LINKS: ClassVar[dict[str, tuple[str, str]]] = {}
    """What `link` may connect: topic -> (trait, "in" | "out" | "both")."""

    _esm = _Script()

    error = traitlets.Unicode("", help="Text of the last error of a callback; empty when all is well.").tag(
        sync=True
    )
    group = traitlets.Unicode("", help="Linked widgets share a group: previews travel inside the page.").tag(
        sync=True
    )

    def __init__(self, **kwargs: Any) -> None:
        self._handlers: dict[str, Handler] = {}
        self._newest: dict[tuple[str, str], int] = {}
        self._answering = threading.RLock()
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect on this very widget."""
        return self.LINKS

    def on_request(self, kind: str, handler: Handler) -> None:
        """Answer the page's questions of a kind with ``handler(data)``; its result must be plain JSON."""
        self._handlers[kind] = handler

    def _receive(self, _widget: Any, content: Any, _buffers: Any = None) -> None:
        if not isinstance(content, dict) or content.get("type") != "request":
            return
        kind, view, n = str(content.get("kind")), str(content.get("view")), int(content.get("n", 0))
        key = (kind, view)
        # Written before the lock is taken: who waits for the lock sees that somebody newer came.
        self._newest[key] = max(n, self._newest.get(key, 0))
        with self._answering:
            if n < self._newest[key]:
                self.send({"type": "superseded", "kind": kind, "id": content.get("id")})
                return
            self._answer(kind, content)

    def _answer(self, kind: str, content: dict[str, Any]) -> None:
        head = {"kind": kind, "id": content.get("id")}
        handler = self._handlers.get(kind)
        try:
            if handler is None:
                raise MatwidgetsError(f"{type(self).__name__} answers no question {kind!r}")
            data = handler(content.get("data"))
        except Exception as error:  # noqa: BLE001  (whatever a callback raises belongs on the page, not in a log)
            self.send({"type": "error", "text": describe(error), **head})
            return
        self.send({"type": "reply", "data": jsonable(data), **head})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page has set; what is not allowed is refused in words and the page gets the truth back."""
        before = {name: getattr(self, name) for name in sync_data if name in self.keys}
        try:
            super().set_state(sync_data)
        except Exception as error:  # noqa: BLE001  (raised here it would end in the kernel's log, unseen)
            self._trait_values.update(before)  # traitlets itself takes back only after a TraitError
            self.error = describe(error)
            self.send_state(list(before))

    def guarded(self, call: Callable[[], None]) -> None:
        """Run a callback of the user; its exception is kept in `error` (and so shown), not lost."""
        try:
            with self._answering:
                call()
        except Exception as error:  # noqa: BLE001  (as above)
            self.error = describe(error)
        else:
            self.error = ""

    def snapshot(self) -> dict[str, Any]:
        """Return what must survive a saved notebook: by default every synced trait of the subclass."""
        own = (
            set(self.traits(sync=True))
            - set(anywidget.AnyWidget.class_traits(sync=True))
            - {"_esm", "_anywidget_id"}
        )
        return {name: getattr(self, name) for name in sorted(own)}

    def static_svg(self) -> str:
        """Return a picture of the state as SVG text, or "" if there is none."""
        return ""

    def static_html(self) -> str:
        """Return the static twin. The picture travels as an image: sanitizers leave that alone."""
        picture, alt = self.static_svg(), html.escape(repr(self), quote=True)
        if not picture:
            return f"<p>{alt}</p>"
        data = base64.b64encode(picture.encode("utf-8")).decode("ascii")
        return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        made = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made
        state = {"schema": 1, "widget": self.stem, "state": jsonable(self.snapshot())}
        size = len(json.dumps(state, ensure_ascii=False).encode("utf-8"))
        if size > SNAPSHOT_LIMIT:
            raise MatwidgetsError(
                f"The snapshot of {type(self).__name__} has {size} bytes, a notebook keeps at most {SNAPSHOT_LIMIT}: "
                "let snapshot() return less"
            )
        own = {
            "text/plain": repr(self),
            "text/html": self.static_html(),
            f"application/vnd.matwidgets.{self.stem}+json": state,
        }
        return data | own, metadata
