"""The ledger as a widget: the document travels whole, the static table is escaped text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import Ledger
from matwidgets.widgets.ledger import MARKS, shown


def claim(**more: Any) -> dict[str, Any]:
    return {
        "id": "tic", "quantity": "Bulk modulus of TiC", "unit": "GPa", "published": 238.8, "where": "Table 2",
        "here": 231.2, "control": 142.0, "control_is": "mean of the elements", "tolerance": 5.0,
        "tolerance_reason": "test MAE", "protocol": "predict", "recorded": None, "verdict": "close", "why": "low",
    } | more  # fmt: skip


def document(*claims: dict[str, Any]) -> dict[str, Any]:
    return {"schema": 1, "paper": "crabnet", "preset": "binder", "seed": 0, "claims": list(claims)}


def text_of(html: str) -> str:
    parts: list[str] = []

    class Text(HTMLParser):
        def handle_data(self, data: str) -> None:
            parts.append(data)

    Text().feed(html)
    return re.sub(r"\s+", " ", " ".join(parts))


def test_every_verdict_has_a_mark_and_a_word() -> None:
    ledger = Ledger(document(*(claim(id=verdict, verdict=verdict) for verdict in MARKS)))
    text = text_of(ledger.static_html())
    for verdict, mark in MARKS.items():
        assert f"{mark} {verdict}" in text
    assert repr(ledger) == (
        "Ledger(crabnet, preset binder, seed 0: 1 reproduced, 1 close, 1 not reproduced, "
        "1 holds trivially, 1 not attempted)"
    )


def test_a_row_tells_how_its_number_was_obtained() -> None:
    text = text_of(Ledger(document(claim(recorded={"value": 8.31, "where": "card"}))).static_html())
    for part in (
        "238.8",
        "231.2",
        "142",
        "Table 2",
        "mean of the elements",
        "± 5 GPa: test MAE",
        "8.31 (card)",
        "low",
    ):
        assert part in text


def test_text_stays_text() -> None:
    html = Ledger(
        document(claim(quantity="<img src=x>", why="<script>x</script>", here="<b>yes</b>"))
    ).static_html()
    assert not re.search(r"<(img|script|b>yes)", html)
    assert "&lt;script&gt;x&lt;/script&gt;" in html


def test_the_bundle_holds_the_document_itself() -> None:
    rows = document(claim(here=float("nan")))
    made = Ledger(rows)._repr_mimebundle_()
    assert made is not None
    kept = made[0]["application/vnd.matwidgets.ledger+json"]
    assert kept["claims"][0]["here"] is None
    assert kept["claims"][0]["published"] == 238.8
    assert made[0]["text/html"].startswith("<table")


@pytest.mark.parametrize(
    ("value", "text"),
    [(238.8, "238.8"), (142.0, "142"), (5151, "5 151"), ([0, 1.5], "0 to 1.5"), ("yes", "yes"), (None, "–")],
)
def test_values_as_they_stand_in_the_table(value: Any, text: str) -> None:
    assert shown(value) == text


def test_something_else_is_refused() -> None:
    with pytest.raises(InputError, match="Ledger got list without claims: give the document of a ledger"):
        Ledger([])  # type: ignore[arg-type]
    with pytest.raises(
        InputError, match="Claim 'tic' has the verdict 'great'; allowed are reproduced, close"
    ):
        Ledger(document(claim(verdict="great")))
