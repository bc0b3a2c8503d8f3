"""The base of the widgets: questions and answers, errors in words, arrays on the wire, what a saved notebook keeps."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pytest
import traitlets

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.widgets import base
from matwidgets.widgets.base import SNAPSHOT_LIMIT, MatWidget, array_trait, jsonable, pack, unpack


class Small(MatWidget):
    """A widget with a number, an array and no script of its own."""

    number = traitlets.Int(0, help="A number.").tag(sync=True)
    field = array_trait(help="Numbers.")

    @traitlets.validate("number")
    def _check(self, proposal: Any) -> int:
        if proposal["value"] < 0:
            raise InputError(f"number is {proposal['value']}: give 0 or more")
        return int(proposal["value"])


@pytest.fixture
def widget() -> Small:
    return Small()


@pytest.fixture
def sent(widget: Small, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: messages.append(content))
    return messages


def ask(widget: MatWidget, data: Any, n: int = 1, kind: str = "double", view: str = "a") -> None:
    request = {"type": "request", "kind": kind, "id": f"{view}:{n}", "view": view, "n": n, "data": data}
    widget._handle_custom_msg(request, [])


def test_reply_carries_the_id_of_the_question(widget: Small, sent: list[dict[str, Any]]) -> None:
    widget.on_request("double", lambda data: {"twice": 2 * data})
    ask(widget, 4, n=7)
    assert sent == [{"type": "reply", "kind": "double", "id": "a:7", "data": {"twice": 8}}]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InputError("Unknown element 'Xx': give symbols"), "Unknown element 'Xx': give symbols"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError(), "KeyError"),
        (ValueError("two\nlines"), "ValueError: two lines"),
    ],
)
def test_text_of_an_exception_travels_to_the_page(
    widget: Small, sent: list[dict[str, Any]], error: Exception, text: str
) -> None:
    def fail(_data: Any) -> Any:
        raise error

    widget.on_request("double", fail)
    ask(widget, 4)
    assert sent == [{"type": "error", "kind": "double", "id": "a:1", "text": text}]


def test_unknown_question_is_an_error_and_a_foreign_message_is_left_alone(
    widget: Small, sent: list[dict[str, Any]]
) -> None:
    ask(widget, 1, kind="nothing")
    widget._handle_custom_msg({"type": "hello"}, [])
    widget._handle_custom_msg("text", [])
    assert [message["type"] for message in sent] == ["error"]
    assert sent[0]["text"] == "Small answers no question 'nothing'"


def test_newest_question_of_a_view_wins(widget: Small, sent: list[dict[str, Any]]) -> None:
    """Questions that wait for a slow one are answered once: the newest; the others hear that they were superseded."""
    started, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def slow(data: int) -> int:
        seen.append(data)
        if data == 1:
            started.set()
            assert go_on.wait(10)
        return data

    widget.on_request("double", slow)
    first = threading.Thread(target=ask, args=(widget, 1, 1))
    first.start()
    assert started.wait(10)
    waiting = [threading.Thread(target=ask, args=(widget, n, n)) for n in (2, 3)]
    for thread in waiting:
        thread.start()
    while widget._newest[("double", "a")] < 3:
        first.join(0.001)
    other = threading.Thread(target=ask, args=(widget, 10, 1, "double", "b"))
    other.start()
    go_on.set()
    for thread in (first, *waiting, other):
        thread.join(10)
    answers = {message["id"]: message["type"] for message in sent}
    assert answers == {"a:1": "reply", "a:2": "superseded", "a:3": "reply", "b:1": "reply"}
    assert sorted(seen) == [1, 3, 10]


def test_state_from_the_page_is_refused_in_words(widget: Small) -> None:
    widget.set_state({"number": -3})
    assert widget.number == 0
    assert widget.error == "number is -3: give 0 or more"


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8"])
def test_arrays_keep_their_bits_on_the_wire(dtype: str) -> None:
    array = np.arange(12, dtype=dtype).reshape(3, 4)
    wire = pack(array)
    assert wire is not None
    assert (wire["dtype"], wire["shape"], len(bytes(wire["data"]))) == (dtype, [3, 4], array.nbytes)
    back = unpack(wire)
    assert back is not None
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_array_trait_travels_as_bytes_and_can_be_unset(widget: Small) -> None:
    widget.field = np.array([1.0, 2.0])
    state = widget.get_state("field")["field"]
    assert (state["dtype"], state["shape"]) == ("float32", [2])
    widget.set_state(
        {"field": {"dtype": "float32", "shape": [1], "data": memoryview(np.float32([3]).tobytes())}}
    )
    np.testing.assert_array_equal(widget.field, [3.0])
    widget.field = None
    assert widget.get_state("field")["field"] is None


def test_numbers_that_do_not_exist_become_null() -> None:
    value = {"a": float("nan"), "b": [np.float64(1.5), np.inf], "c": np.int64(3), 4: True}
    assert json.loads(json.dumps(jsonable(value))) == {"a": None, "b": [1.5, None], "c": 3, "4": True}


def test_bundle_of_a_cell_has_text_picture_and_snapshot(widget: Small) -> None:
    widget.number = 5
    bundle = widget._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    assert data["text/plain"] == repr(widget) == "Small()"
    assert data["text/html"] == "<p>Small()</p>"
    state = data["application/vnd.matwidgets.+json"]["state"]
    assert state == {"number": 5, "field": None, "error": "", "group": ""}


def test_too_large_a_snapshot_is_an_error(widget: Small) -> None:
    widget.field = np.zeros(SNAPSHOT_LIMIT)
    with pytest.raises(
        MatwidgetsError, match=r"^The snapshot of Small has \d+ bytes, a notebook keeps at most 50000: let"
    ):
        widget._repr_mimebundle_()


def test_missing_script_names_the_remedy(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "STATIC", tmp_path)
    base.script.cache_clear()
    with pytest.raises(
        MatwidgetsError, match=r"^The script of the widget 'unheard_of' is missing .* run `npm"
    ):
        base.script("unheard_of")


def test_callback_errors_are_kept_and_cleared(widget: Small) -> None:
    widget.guarded(lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    assert widget.error == "ZeroDivisionError: division by zero"
    widget.guarded(lambda: None)
    assert widget.error == ""
