"""The ledger as plain text, for notebooks that are compared (on a page the Ledger widget shows it)."""

from __future__ import annotations

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
