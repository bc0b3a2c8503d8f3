"""The picture of a gallery for readers without JavaScript: the funnel with its counts, and the first cards."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matwidgets.widgets._balance import subscripts
from matwidgets.widgets._colours import PALETTE, SYMBOLS, element_colours
from matwidgets.widgets._pictures import box, drawing, sentence, text

MOST_CARDS = 12
_WIDTH, _LEFT, _BAR = 760.0, 22.0, 230.0
_NAME = 220.0  # room for the name of a stage
_ACROSS, _GAP = 3, 10.0
_MOST_MARKS = 6
_ROOM = 26  # letters of a line on a card
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_MINUS, _YES, _NO = "\u2212", "\u2713", "\u2717"


def gallery_picture(
    *,
    title: str,
    stages: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
    ranges: Mapping[str, Sequence[float | None]],
    order: Sequence[str],
    saved: Mapping[str, Any],
    shows: str,
    elements: Sequence[str],
    without: Sequence[str],
) -> str:
    """Return the stages as bars from the same left edge, and up to twelve cards of what is shown."""
    units = {column["name"]: column["unit"] for column in columns}
    parts = [text(_LEFT, 32, sentence(title), size=16, weight=600)]
    pool = [stage for stage in stages if stage["kind"] != "filter"][-1]["count"]
    total = stages[0]["count"]
    y = 50.0
    for stage in stages:
        applied = stage.get("kept", True)
        name = _stage_name(stage, ranges, units, elements, without)
        width = _BAR * stage["count"] / total
        share = f"  {_share(stage['count'], pool)}" if stage["kind"] == "filter" else ""
        ink = stage["count"] if applied else "not applied"
        told = f"{ink:,}{share}" if applied else str(ink)
        parts += [
            text(_LEFT, y + 15, _cut(name, 28), size=13, weight=600 if applied else 400),
            box(_LEFT + _NAME, y + 3, _BAR, 16, "#eef0f3"),
            box(
                _LEFT + _NAME,
                y + 3,
                max(width, 1.5 if stage["count"] else 0),
                16,
                PALETTE[0] if applied else "#c4c9d1",
            ),
            text(_LEFT + _NAME + _BAR + 12, y + 16, told, size=13, weight=600 if applied else 400),
        ]
        if stage.get("lost") and applied:
            unknown = f" ({stage['unknown']:,} unknown)" if stage["unknown"] else ""
            parts.append(
                text(_WIDTH - _LEFT, y + 16, f"{_MINUS}{stage['lost']:,}{unknown}", size=12.5, anchor="end")
            )
        y += 26
    cards = list(zip(saved["formulas"], saved["values"], saved["passed"], strict=True))[:MOST_CARDS]
    count = saved["count"]
    words = (
        f"The first {len(cards)} of {count:,} that {shows}"
        if count > len(cards)
        else f"The {count} that {shows}"
    )
    if count == 1:
        words = "The one that " + shows.replace("are ", "is ")
    parts.append(text(_LEFT, y + 24, words if count else f"None {shows}", size=13, weight=600))
    y += 36
    numbers = {
        column["name"] for column in columns if column["kind"] == "number" and not ranges.get(column["name"])
    }
    side = (_WIDTH - 2 * _LEFT - (_ACROSS - 1) * _GAP) / _ACROSS
    height = 54.0 + 17 * min(len(columns), _MOST_MARKS)
    for at, (formula, values, passed) in enumerate(cards):
        x, top = _LEFT + (at % _ACROSS) * (side + _GAP), y + (at // _ACROSS) * (height + _GAP)
        signs = {name: sign for name, sign in zip(order, passed, strict=True) if name not in numbers}
        marks = [_mark(column, value, signs) for column, value in zip(columns, values, strict=True)]
        parts += _card(x, top, side, height, formula, marks[:_MOST_MARKS])
    if cards:
        y += (1 + (len(cards) - 1) // _ACROSS) * (height + _GAP)
    left = stages[-1]["count"]
    return drawing(_WIDTH, y + 10, parts, f"{title}: {left:,} of {total:,} are left")


def _stage_name(
    stage: Mapping[str, Any],
    ranges: Mapping[str, Sequence[float | None]],
    units: Mapping[str, str],
    elements: Sequence[str],
    without: Sequence[str],
) -> str:
    if stage["kind"] == "all":
        return "generated"
    if stage["kind"] == "chosen":
        return "chosen"
    if stage["kind"] == "elements":
        return " ".join(
            [*(["with", *elements] if elements else []), *(["without", *without] if without else [])]
        )
    name = str(stage["name"])
    low, high = ranges.get(name, (None, None))
    unit = f" {units[name]}" if units[name] else ""
    if low is None and high is None:
        return name
    if high is None:
        return f"{name} \u2265 {_number(low)}{unit}"
    if low is None:
        return f"{name} \u2264 {_number(high)}{unit}"
    return f"{name} {_number(low)} \u2013 {_number(high)}{unit}"


def _card(
    x: float,
    y: float,
    width: float,
    height: float,
    formula: str,
    marks: Sequence[str],
) -> list[str]:
    """Return one card: formula, its elements as colours with their symbols, marks and numbers."""
    parts = [
        f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:g}' rx='6' fill='#fff' stroke='#d5d8dd'/>",
        text(x + 10, y + 23, _cut(subscripts(formula), 24), size=15, weight=650),
    ]
    symbols = [s for s in dict.fromkeys(_SYMBOL.findall(formula)) if s in SYMBOLS][:6]
    colours = element_colours(symbols)
    for i, symbol in enumerate(symbols):
        left = x + 10 + 25 * i
        parts.append(box(left, y + 31, 23, 14, PALETTE[colours[symbol]]))
        parts.append(
            f"<text x='{left + 11.5:.1f}' y='{y + 42:.1f}' font-size='11' font-weight='600' text-anchor='middle' "
            f"fill='#ffffff'>{symbol}</text>"
        )
    for i, words in enumerate(marks):
        parts.append(text(x + 10, y + 62 + 17 * i, words, size=11.5))
    return parts


def _mark(column: Mapping[str, Any], value: Any, signs: Mapping[str, str]) -> str:
    """Return what a card says of a column: by a sign and a word."""
    name = str(column["name"])
    if column["kind"] == "flag":
        name = _cut(name, _ROOM - 9)
        return f"? {name}: unknown" if value is None else f"{_YES} {name}" if value else f"{_NO} not {name}"
    told = "unknown" if value is None else f"{_number(value, 3)} {column['unit']}".rstrip()
    sign = {"1": f"{_YES} ", "0": f"{_NO} ", "?": "? "}.get(signs.get(name, ""), "")
    return f"{sign}{_cut(name, max(6, _ROOM - len(told)))} {told}"


def _number(value: Any, figures: int = 4) -> str:
    return f"{value:.{figures}g}".replace("-", _MINUS)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}\u2026"
