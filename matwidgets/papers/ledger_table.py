"""The ledger as a table: plain text for a notebook that is compared, HTML for a page without JavaScript."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING

from matwidgets.papers.claims import Claim, Finding, Value, gap, interval

if TYPE_CHECKING:
    from matwidgets.papers.ledger import Ledger

COLUMNS = ("quantity", "paper", "here", "control", "verdict")
_MARKS = {
    "reproduced": "✓",
    "close": "≈",
    "not reproduced": "✗",
    "holds trivially": "○",
    "not attempted": "–",
}
_CELL = "padding:4px 10px;text-align:left;vertical-align:top;border-bottom:1px solid #8884"
_QUANTITY_WIDTH, _TEXT_WIDTH = 42, 22  # characters a column may have before it is broken


def as_text(ledger: Ledger) -> str:
    """Lay the ledger out in columns: rounded and without timings, so that equal findings give equal text."""
    verdicts = ledger.verdicts()
    rows: list[tuple[str, ...]] = []
    for claim in ledger.claims:
        found = ledger.findings.get(claim.id) or Finding(None, None)
        result = verdicts[claim.id]
        quantity = f"{claim.quantity} ({claim.unit})" if claim.unit else claim.quantity
        cells = [textwrap.wrap(quantity, _QUANTITY_WIDTH)]
        for text in (_published(claim), _bounded(claim, found.here), _bounded(claim, found.control)):
            cells.append(textwrap.wrap(text, _TEXT_WIDTH))
        cells.append([f"{_MARKS[result]} {result}"])
        height = max(map(len, cells))
        rows += zip(*(c + [""] * (height - len(c)) for c in cells), strict=True)
    widths = [max(len(row[i]) for row in (COLUMNS, *rows)) for i in range(len(COLUMNS))]
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in (COLUMNS, *rows)
    ]
    tally = ", ".join(f"{n} {v}" for v, n in ledger.tally().items())
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], "", tally])


def as_html(ledger: Ledger) -> str:
    """Lay the ledger out as an HTML table whose rows open; text goes in as text, nothing is loaded."""
    verdicts = ledger.verdicts()
    rows = []
    for claim in ledger.claims:
        found = ledger.findings.get(claim.id) or Finding(None, None)
        unit = f" ({html.escape(claim.unit)})" if claim.unit else ""
        cells = [
            f"<details><summary>{html.escape(claim.quantity)}{unit}</summary>{_more(claim, found)}</details>",
            html.escape(_published(claim)),
            html.escape(_exact(claim, found.here)),
            html.escape(_exact(claim, found.control)),
            f"{_MARKS[verdicts[claim.id]]} {verdicts[claim.id]}",
        ]
        rows.append("<tr>" + "".join(f'<td style="{_CELL}">{c}</td>' for c in cells) + "</tr>")
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in COLUMNS)
    run = f"{ledger.paper}: paper and this run (preset {ledger.preset}, seed {ledger.seed})"
    return (
        '<table style="border-collapse:collapse;font-size:13px">'
        f'<caption style="text-align:left">{html.escape(run)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _more(claim: Claim, found: Finding) -> str:
    tolerance = "" if claim.tolerance is None else f"±{claim.tolerance:g} {claim.unit}: "
    lines = {
        "where": claim.where,
        "protocol": claim.protocol,
        "control": claim.control_is,
        "tolerance": tolerance + claim.tolerance_reason,
        "why": found.why,
    }
    return "".join(f"<div><b>{name}</b> {html.escape(text)}</div>" for name, text in lines.items() if text)


def _published(claim: Claim) -> str:
    sign = {"equal": "", "at most": "≤ ", "at least": "≥ "}[claim.relation]
    value = claim.published
    if isinstance(value, str):
        return sign + value
    return sign + (" to ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value))


def _exact(claim: Claim, value: Value | None) -> str:
    if value is None or isinstance(value, str):
        return value or "–"
    low, high = interval(value)
    first, last = _number(low, claim.digits), _number(high, claim.digits)
    return first if first == last else f"{first} to {last}"


def _bounded(claim: Claim, value: Value | None) -> str:
    """As ``_exact``; of a time it is only said whether it keeps the bound: seconds differ from run to run."""
    if value is None or isinstance(value, str) or claim.relation == "equal" or claim.unit != "s":
        return _exact(claim, value)
    bound = interval(claim.published)
    kept = gap(bound, interval(value), claim.relation) == 0
    sign = ("≤" if kept else ">") if claim.relation == "at most" else ("≥" if kept else "<")
    return f"{sign} {_number(bound[0], claim.digits)}"


def _number(x: float, digits: int) -> str:
    return f"{x:.{digits}e}" if abs(x) >= 1e6 else f"{x:.{digits}f}"
