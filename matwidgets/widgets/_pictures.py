"""Pictures of widgets as SVG text, for readers without JavaScript. On white: they read on any page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from matwidgets.widgets._colours import PALETTE, SYMBOLS, element_colours, field_colour, ink_on

_FONT = "font-family='system-ui,Segoe UI,Roboto,DejaVu Sans,sans-serif'"
_NUMBER = {symbol: z for z, symbol in enumerate(SYMBOLS, start=1)}
_NOBLE = (2, 10, 18, 36, 54, 86, 118)
MOST_NUMBERS = 5  # of values beside the legend of a periodic table


def place(symbol: str) -> tuple[int, int]:
    """Row 1..9 (8 lanthanides, 9 actinides) and column 1..18 of an element in the drawn periodic table."""
    z = _NUMBER[symbol]
    if 57 <= z <= 71:
        return 8, z - 53
    if 89 <= z <= 103:
        return 9, z - 85
    period = next(i for i, last in enumerate(_NOBLE, start=1) if z <= last)
    left = z - (_NOBLE[period - 2] if period > 1 else 0)
    return period, left if left <= (1 if period == 1 else 2) else 18 - (_NOBLE[period - 1] - z)


def text(
    x: float, y: float, words: str, *, size: float = 13, anchor: str = "start", weight: int = 400
) -> str:
    """Return a piece of text."""
    heavy = f" font-weight='{weight}'" if weight != 400 else ""
    place_ = f" text-anchor='{anchor}'" if anchor != "start" else ""
    return f"<text x='{x:g}' y='{y:g}' font-size='{size:g}'{place_}{heavy}>{escape(words)}</text>"


def box(x: float, y: float, width: float, height: float, fill: str, *, edge: str = "none") -> str:
    """Return a rectangle with soft corners."""
    line = "" if edge == "none" else f" stroke='{edge}' stroke-width='2'"
    return f"<rect x='{x:g}' y='{y:g}' width='{width:.1f}' height='{height:g}' rx='4' fill='{fill}'{line}/>"


def sentence(words: str) -> str:
    """Return the words with the first letter large, as titles have it."""
    return words[:1].upper() + words[1:]


def drawing(width: float, height: float, parts: Sequence[str], title: str) -> str:
    """Return a whole SVG document on white."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' width='{width:g}' "
        f"height='{height:g}' {_FONT} fill='#16181d' role='img'><title>{escape(title)}</title>"
        f"<rect width='{width:g}' height='{height:g}' rx='8' fill='#ffffff' stroke='#d5d8dd'/>"
        f"{''.join(parts)}</svg>"
    )


def panel_picture(
    *,
    title: str,
    elements: Sequence[str],
    fractions: Sequence[float],
    reading: str,
    outside: bool,
    origin: str,
    note: str,
) -> str:
    """Return a composition as bars under its prediction."""
    colours = element_colours(elements)
    title = sentence(title)
    parts = [text(18, 28, title, size=14, weight=600), text(18, 68, reading, size=30, weight=650)]
    top = 82
    for words, weight in ((origin, 400), ("outside the training data" if outside else "", 600)):
        if words:
            parts.append(text(18, top + 8, words, size=12.5, weight=weight))
            top += 18
    top += 4
    for n, (symbol, x) in enumerate(zip(elements, fractions, strict=True)):
        y = top + 26 * n
        parts += [
            text(18, y + 14, symbol, weight=600),
            box(56, y + 3, 360, 14, "#eef0f3"),
            box(56, y + 3, 360 * x, 14, PALETTE[colours[symbol]]),
            text(484, y + 14, f"{100 * x:.1f} at.%", anchor="end"),
        ]
    bottom = top + 26 * len(elements)
    parts.append(text(18, bottom + 20, note))
    return drawing(502, bottom + 34, parts, f"{title}: {reading}")


def table_picture(
    *,
    title: str,
    selected: Sequence[str],
    values: Mapping[str, float],
    allowed: Sequence[str] | None,
    unit: str,
) -> str:
    """Return the periodic table with the chosen elements filled, or with values as colours and their legend."""
    side, left, top = 36, 16, 44
    colours = element_colours(selected)
    title = sentence(title)
    low, high = (min(values.values()), max(values.values())) if values else (0.0, 1.0)
    span = (high - low) or 1.0
    parts = [text(left, 28, title, size=15, weight=600)]
    for symbol in SYMBOLS:
        row, column = place(symbol)
        x = left + side * (column - 1)
        y = top + side * (row - 1) + (8 if row > 7 else 0)
        fill, ink, edge = "#eef0f3", "#16181d", "none"
        if symbol in values:
            fill = field_colour((values[symbol] - low) / span)
            ink = ink_on(fill)
            edge = "#16181d" if symbol in selected else "none"
        elif symbol in colours:
            fill, ink = PALETTE[colours[symbol]], "#ffffff"
        elif values or (allowed is not None and symbol not in allowed):
            fill, ink = "#ffffff", "#8b9099"
        parts.append(box(x, y, side - 3, side - 3, fill, edge=edge))
        heavy = 650 if symbol in selected else 500
        parts.append(
            f"<text x='{x + 16.5:g}' y='{y + 22:g}' font-size='14' text-anchor='middle' fill='{ink}' "
            f"font-weight='{heavy}'>{symbol}</text>"
        )
    if values:
        name = f"{title} ({unit})" if unit else title
        parts += colour_bar(left + 2.3 * side, top + 1.4 * side, 9 * side, low, high, name)
        if len(values) <= MOST_NUMBERS:  # a few colours are read better as numbers
            told = ", ".join(f"{symbol} {x:.4g}" for symbol, x in values.items())
            parts.append(text(left + 2.3 * side, top + 1.4 * side + 50, told, size=12, weight=600))
    words = f"{title}: {' '.join(selected) or 'nothing chosen'}"
    return drawing(2 * left + 18 * side - 3, top + 9 * side + 20, parts, words)


def colour_bar(x: float, y: float, width: float, low: float, high: float, name: str) -> list[str]:
    """Return a colour bar with its ends and name."""
    cells = 32
    step = width / cells
    bar = [
        f"<rect x='{x + i * step:.1f}' y='{y + 8:g}' width='{step + 0.5:.1f}' height='10' "
        f"fill='{field_colour((i + 0.5) / cells)}'/>"
        for i in range(cells)
    ]
    return [
        text(x, y, name, size=12),
        *bar,
        text(x, y + 32, f"{low:.4g}", size=12),
        text(x + width, y + 32, f"{high:.4g}", size=12, anchor="end"),
    ]
