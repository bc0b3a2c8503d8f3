"""Ledger: what a paper states, what this run found, what the simplest control gives, and the verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any

from traitlets import Dict, List

from matwidgets.errors import InputError
from matwidgets.widgets.base import MatWidget, jsonable

MARKS = {"reproduced": "✓", "close": "≈", "not reproduced": "✗", "holds trivially": "○", "not attempted": "–"}
COLUMNS = ("Quantity", "Paper", "Here", "Control", "Verdict")
_CELL = "padding:5px 12px 5px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8886"


class Ledger(MatWidget):
    """Claims of a paper as a table whose rows open to show how each number was obtained.

    Parameters
    ----------
    rows : mapping
        The document that ``matwidgets reproduce`` writes: ``paper``, ``preset``, ``seed`` and ``claims``, each with
        ``quantity``, ``unit``, ``published``, ``here``, ``control``, ``verdict`` and how they came about.

    Raises
    ------
    InputError
        If it is no such document.
    """

    stem = "ledger"

    rows = Dict(help="The ledger's document: paper, preset, seed, claims and what was used.").tag(sync=True)
    opened: Any = List(help="Ids of the claims whose rows are open.").tag(sync=True)

    def __init__(self, rows: Mapping[str, Any], **kwargs: Any) -> None:
        if not isinstance(rows, Mapping) or not isinstance(rows.get("claims"), (list, tuple)):
            raise InputError(
                f"Ledger got {type(rows).__name__} without claims: give the document of a ledger, "
                "for example matwidgets.paper('crabnet').ledger().to_json()"
            )
        for claim in rows["claims"]:
            if claim.get("verdict") not in MARKS:
                raise InputError(
                    f"Claim {claim.get('id')!r} has the verdict {claim.get('verdict')!r}; "
                    f"allowed are {', '.join(MARKS)}: compute it with matwidgets.papers"
                )
        super().__init__(rows=jsonable(rows), **kwargs)

    def static_html(self) -> str:
        """Return the table for a page without JavaScript; every text is escaped, nothing is loaded."""
        rows = "".join(_row(claim) for claim in self.rows["claims"])
        head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in COLUMNS)
        caption = escape(f"{self._name()}: {self._tally()}")
        return (
            '<table style="border-collapse:collapse;font-size:13px">'
            f'<caption style="text-align:left;padding-bottom:6px">{caption}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        made = super()._repr_mimebundle_(**kwargs)
        if made is None:
            return None
        data, metadata = made
        # The document itself, as `matwidgets reproduce` writes it: other readers of this type know no widgets.
        return data | {"application/vnd.matwidgets.ledger+json": self.rows}, metadata

    def __repr__(self) -> str:
        return f"Ledger({self._name()}: {self._tally()})"

    def _name(self) -> str:
        paper, preset, seed = (self.rows.get(key, "–") for key in ("paper", "preset", "seed"))
        return f"{paper}, preset {preset}, seed {seed}"

    def _tally(self) -> str:
        counts = Counter(claim["verdict"] for claim in self.rows["claims"])
        return (
            ", ".join(f"{counts[verdict]} {verdict}" for verdict in MARKS if counts[verdict]) or "no claims"
        )


def shown(value: Any) -> str:
    """A number, an interval, a phenomenon or nothing, as it stands in the table."""
    if value is None:
        return "–"
    if isinstance(value, (list, tuple)):
        return " to ".join(shown(part) for part in value)
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "–"
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else f"{value:.4g}"


def _row(claim: Mapping[str, Any]) -> str:
    unit = f" ({claim['unit']})" if claim.get("unit") else ""
    details = "".join(
        f"<div><b>{escape(name)}</b> {escape(text)}</div>" for name, text in _details(claim) if text
    )
    quantity = f"<details><summary>{escape(claim['quantity'] + unit)}</summary>{details}</details>"
    cells = [
        quantity,
        *(escape(shown(claim.get(name))) for name in ("published", "here", "control")),
        f"{MARKS[claim['verdict']]} {escape(claim['verdict'])}",
    ]
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _details(claim: Mapping[str, Any]) -> list[tuple[str, str]]:
    tolerance = claim.get("tolerance")
    allowed = "" if tolerance is None else f"± {shown(tolerance)} {claim.get('unit') or ''}".rstrip()
    reason = claim.get("tolerance_reason") or ""
    recorded = claim.get("recorded") or {}
    kept = f"{shown(recorded.get('value'))} ({recorded.get('where', '')})" if recorded else ""
    return [
        ("In the paper:", claim.get("where") or ""),
        ("Protocol:", claim.get("protocol") or ""),
        ("Control:", claim.get("control_is") or ""),
        ("Tolerance:", ": ".join(part for part in (allowed, reason) if part)),
        ("Recorded at training:", kept),
        ("Why:", claim.get("why") or ""),
    ]
