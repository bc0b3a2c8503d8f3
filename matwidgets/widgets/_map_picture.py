"""The static twin of a SimplexMap: a small PNG of the field inside an SVG with its axes, mark and path."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.widgets._colours import PALETTE, element_colours, field_colour
from matwidgets.widgets._pictures import colour_bar, drawing, sentence, text
from matwidgets.widgets._simplex import interpolate, span_of

_SIDE, _LEFT, _TOP = 320.0, 46.0, 74.0
_HEIGHT = _SIDE * 3**0.5 / 2
_CORNERS = np.array([[_LEFT + _SIDE / 2, _TOP], [_LEFT, _TOP + _HEIGHT], [_LEFT + _SIDE, _TOP + _HEIGHT]])
_PIXELS = 240  # of the field's width


def map_picture(
    *,
    elements: Sequence[str],
    fractions: Sequence[float],
    field: NDArray[Any] | None,
    steps: int,
    path: Sequence[Sequence[float]],
    title: str,
    unit: str,
    reading: str,
) -> str:
    """Return the triangle of the first three elements at the marked amount of the fourth, if there is one."""
    fourth = float(fractions[3]) if len(fractions) == 4 else None
    colours = element_colours(elements)
    title = sentence(title)
    name = f"{title} of {'–'.join(elements)}"
    parts = [text(18, 28, name, size=15, weight=600)]
    if fourth is not None:
        parts.append(text(18, 48, f"slice at {elements[3]} {100 * fourth:.1f} at.%", size=12.5))
    span = None if field is None else span_of(np.asarray(field, dtype=float))
    if field is not None and span is not None:
        low, high = span
        png = _field_png(np.asarray(field, dtype=float), steps, fourth, low, high)
        parts.append(
            f"<image x='{_LEFT:g}' y='{_TOP:g}' width='{_SIDE:g}' height='{_HEIGHT:.2f}' "
            f"href='data:image/png;base64,{base64.b64encode(png).decode('ascii')}'/>"
        )
        parts += colour_bar(400, _TOP + 200, 180, low, high, f"{title} ({unit})" if unit else title)
        most = float(np.nanmax(field))
        if most > high:
            parts.append(text(400, _TOP + 250, f"the map goes up to {most:.3g} {unit}".strip(), size=12))
    outline = "L".join(f"{x:.1f} {y:.1f}" for x, y in _CORNERS)
    parts.append(f"<path d='M{outline}Z' fill='none' stroke='#16181d' stroke-width='1.5'/>")
    for i, (dx, dy) in enumerate(((0, -8), (-16, 14), (16, 14))):
        x, y = _CORNERS[i] + (dx, dy)
        parts.append(
            f"<text x='{x:.1f}' y='{y:.1f}' font-size='16' font-weight='650' text-anchor='middle' "
            f"fill='{PALETTE[colours[elements[i]]]}'>{elements[i]}</text>"
        )
    if path:
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in (_place(row) for row in path))
        for width, colour in ((5, "#000000"), (2.2, "#ffffff")):
            parts.append(f"<path d='M{way}' fill='none' stroke='{colour}' stroke-width='{width}'/>")
    x, y = _place(fractions)
    for radius, width, colour in ((9, 2, "#000000"), (7, 3.5, "#ffffff")):
        parts.append(
            f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius}' fill='none' stroke='{colour}' "
            f"stroke-width='{width}'/>"
        )
    parts.append(text(400, _TOP + 20, reading, size=18, weight=650))
    for i, (symbol, amount) in enumerate(zip(elements, fractions, strict=True)):
        parts.append(text(400, _TOP + 48 + 22 * i, f"{symbol} {100 * amount:.1f} at.%", size=14))
    return drawing(610, _TOP + _HEIGHT + 34, parts, f"{name}: {reading}")


def _place(fractions: Sequence[float]) -> NDArray[np.float64]:
    parts = np.asarray(fractions[:3], dtype=float)
    whole = parts.sum()
    point: NDArray[np.float64] = (parts / whole if whole > 1e-9 else np.full(3, 1 / 3)) @ _CORNERS
    return point


def _field_png(
    field: NDArray[np.float64], steps: int, fourth: float | None, low: float, high: float
) -> bytes:
    """Colours of a slice as a PNG with a palette; place 0 is transparent."""
    width, height = _PIXELS, round(_PIXELS * 3**0.5 / 2)
    rows, columns = np.mgrid[0:height, 0:width]
    a = 1 - (rows + 0.5) / height
    c = (columns + 0.5) / width - a / 2
    parts = np.stack([a, 1 - a - c, c], axis=-1).reshape(-1, 3)
    inside = parts.min(axis=1) >= -1 / width
    shown = np.clip(parts[inside], 0, None)
    shown /= shown.sum(axis=1, keepdims=True)
    if fourth is not None:
        shown = np.hstack([shown * (1 - fourth), np.full((len(shown), 1), fourth)])
    values = interpolate(shown, field, steps)
    # 63 shades: the eye sees no steps, and the file halves.
    shades = np.zeros(width * height, dtype=np.uint8)
    scaled = np.nan_to_num((values - low) / ((high - low) or 1.0))
    shades[inside] = 1 + np.round(62 * np.clip(scaled, 0, 1)).astype(np.uint8)
    palette = b"\x00\x00\x00" + b"".join(bytes.fromhex(field_colour(i / 62)[1:]) for i in range(63))
    lines = np.hstack([np.zeros((height, 1), dtype=np.uint8), shades.reshape(height, width)])
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", palette),
        (b"tRNS", b"\x00"),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
