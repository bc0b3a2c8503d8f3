"""The picture of an alloy for readers without JavaScript: probability, composition, features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import wrap
from typing import Any

from matwidgets.widgets._alloys import chance
from matwidgets.widgets._colours import PALETTE, element_colours
from matwidgets.widgets._pictures import box, drawing, sentence, text

WIDTH = 720.0
_LEFT, _RIGHT = 24.0, WIDTH - 24.0
TOWARDS, AWAY = PALETTE[0], PALETTE[1]
_SOFT, _LINE = "#eef0f3", "#8b9099"
_SCALE = (_LEFT, 400.0)  # ends of the scale of the probability
_BARS = (470.0, _RIGHT)  # ends of the bars of the contributions
_COLUMNS = (356.0, 436.0)  # right ends of the values before and now


def alloy_picture(
    trail: Sequence[Mapping[str, Any]], at: int, *, title: str, outcome: Mapping[str, str], cutoff: float
) -> str:
    """Return the alloy at a place of the way beside the one before it."""
    record = trail[at]
    before = trail[at - 1] if at else None
    said = chance(record["probability"], record["std"])
    y = 58.0
    parts = [text(_LEFT, 30, sentence(title), size=13, weight=600)]
    for line in wrap(record["shown"], 52):
        parts.append(text(_LEFT, y, line, size=19, weight=650))
        y += 24
    parts.append(text(_LEFT, y + 2, f"{record['verdict']['text']} ({said})", size=16, weight=600))
    y += 20
    parts += _scale(y, record, before, cutoff)
    y += 62
    for words in (reliability(record), outcome.get("text", ""), record["note"]):
        for line in wrap(words, 100):
            parts.append(text(_LEFT, y, line, size=12.5))
            y += 18
    y += 8
    bar, words = _composition(y, record["fractions"], before["fractions"] if before else {})
    parts += bar
    y += 42
    for line in words:
        parts.append(text(_LEFT, y, line, size=12))
        y += 16
    y += 12
    parts += _features(y, record, before)
    y += 30 + 24 * len(record["features"])
    if len(trail) > 1:
        parts.append(text(_LEFT, y + 8, "The way so far", size=12.5, weight=600))
        y += 28
        for i, place in enumerate(trail):
            mark = "▸" if i == at else ""
            parts += [
                text(_LEFT, y, mark, size=12),
                text(_LEFT + 16, y, f"{place['step']}", size=12.5),
                text(_LEFT + 40, y, chance(place["probability"], place["std"]), size=12.5),
                text(_LEFT + 150, y, place["shown"], size=12.5, weight=600 if i == at else 400),
            ]
            y += 19
    return drawing(
        WIDTH,
        y + 8,
        parts,
        f"{sentence(title)}: {record['alloy']}, {record['verdict']['text'].lower()}, {said}",
    )


def reliability(record: Mapping[str, Any]) -> str:
    """Say whether the alloy is inside the training data, and which known one is nearest."""
    where = {True: "Inside the training data", False: "Outside the training data", None: ""}[
        record["in_domain"]
    ]
    near = f"nearest known alloy: {record['nearest']}" if record["nearest"] else ""
    return sentence("; ".join(filter(None, [where, near])))


def _scale(y: float, record: Mapping[str, Any], before: Mapping[str, Any] | None, cutoff: float) -> list[str]:
    low, high = _SCALE

    def x(p: float) -> float:
        return low + (high - low) * min(1.0, max(0.0, p))

    p, std = record["probability"], record["std"] or 0.0
    parts = [
        box(low, y, high - low, 14, _SOFT),
        box(low, y, x(1 - cutoff) - low, 14, "#f3d9c6"),
        box(x(cutoff), y, high - x(cutoff), 14, "#cbe1f0"),
        text(low, y + 32, "0 several phases", size=12),
        text(high, y + 32, "a single phase 1", size=12, anchor="end"),
    ]
    if std:
        parts.append(
            f"<path d='M{x(p - std):.1f} {y + 7:g}H{x(p + std):.1f}' stroke='#16181d' stroke-width='2'/>"
        )
    if before is not None:
        parts.append(
            f"<circle cx='{x(before['probability']):.1f}' cy='{y + 7:g}' r='5' fill='#ffffff' stroke='{_LINE}' "
            "stroke-width='2'/>"
        )
    parts.append(f"<circle cx='{x(p):.1f}' cy='{y + 7:g}' r='7' fill='#16181d'/>")
    return parts


def _composition(
    y: float, now: Mapping[str, float], before: Mapping[str, float]
) -> tuple[list[str], list[str]]:
    """A bar as long as the picture, divided by the atomic fractions, and the lines to write under it."""
    colours = element_colours([*now, *before])
    at, parts = _LEFT, []
    for symbol, x in now.items():
        width = (_RIGHT - _LEFT) * x
        fill = PALETTE[colours[symbol]]
        parts.append(
            f"<rect x='{at:.1f}' y='{y:g}' width='{max(0.5, width - 1.5):.1f}' height='24' fill='{fill}'/>"
        )
        if width >= 22:
            parts.append(
                f"<text x='{at + width / 2:.1f}' y='{y + 17:g}' font-size='13' font-weight='650' fill='#ffffff' "
                f"text-anchor='middle'>{escape(symbol)}</text>"
            )
        at += width
    told = ", ".join(
        f"{symbol} {100 * x:.1f}" + (f" (was {100 * before.get(symbol, 0.0):.1f})" if before else "")
        for symbol, x in now.items()
    )
    gone = [f"{symbol} (was {100 * x:.1f})" for symbol, x in before.items() if symbol not in now]
    words = f"at.%: {told}" + (f"; gone: {', '.join(gone)}" if gone else "")
    return parts, wrap(words, 108)


def _features(y: float, record: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[str]:
    olds = {old["name"]: old for old in before["features"]} if before else {}
    known = [
        abs(feature["shapley"])
        for feature in [*record["features"], *olds.values()]
        if feature["shapley"] is not None
    ]
    reach = max(known, default=0.0) or 1.0
    zero, half = (_BARS[0] + _BARS[1]) / 2, (_BARS[1] - _BARS[0]) / 2 - 4
    parts = []
    if olds:
        parts.append(text(_COLUMNS[0], y, "before", size=12, anchor="end"))
        parts.append(text(_COLUMNS[1], y, "now", size=12, anchor="end"))
    if known:
        parts.append(text(zero, y, f"contribution, ± {reach:.2f}", size=12))
        parts[-1] = parts[-1].replace("<text ", "<text text-anchor='middle' ", 1)
        bottom = y + 12 + 24 * len(record["features"])
        parts.append(f"<path d='M{zero:g} {y + 6:g}V{bottom:g}' stroke='{_LINE}'/>")
    for n, feature in enumerate(record["features"]):
        line = y + 24 * (n + 1)
        old = olds.get(feature["name"])
        unit = f" ({feature['unit']})" if feature["unit"] else ""
        parts.append(text(_LEFT, line, f"{sentence(feature['name'])}{unit}", size=13))
        if old is not None:
            parts.append(text(_COLUMNS[0], line, f"{old['value']:.4g}".replace("-", "−"), anchor="end"))
        parts.append(
            text(_COLUMNS[1], line, f"{feature['value']:.4g}".replace("-", "−"), anchor="end", weight=600)
        )
        for one, top, height, opacity in ((old, line - 12, 4, 0.45), (feature, line - 7, 9, 1.0)):
            if one is not None and one["shapley"] is not None:
                parts.append(_contribution(zero, half * one["shapley"] / reach, top, height, opacity))
    return parts


def _contribution(zero: float, length: float, y: float, height: float, opacity: float) -> str:
    fill = TOWARDS if length > 0 else AWAY
    return (
        f"<rect x='{min(zero, zero + length):.1f}' y='{y:g}' width='{abs(length):.1f}' height='{height:g}' "
        f"fill='{fill}' opacity='{opacity:g}'/>"
    )
