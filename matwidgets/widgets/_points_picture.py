"""The static twin of a LatentExplorer: its points as a small PNG inside an SVG with legend, cursor and walk."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.widgets._colours import PALETTE, field_colour
from matwidgets.widgets._pictures import colour_bar, drawing, sentence, text
from matwidgets.widgets._points import MISSING, Places, sample

_LEFT, _TOP, _SIDE = 18.0, 42.0, 400.0
_PIXELS = 400
_MOST = 30_000  # points that are drawn: more would only hide one another, and the file stays small
_BACK, _GREY = 0, 1  # places in the PNG's palette before the colours
_SHADES = 48


def points_picture(
    *,
    title: str,
    axes: Sequence[str],
    places: Places,
    levels: NDArray[np.uint8] | None,
    scale: Mapping[str, Any],
    selection: NDArray[Any],
    cursor: Sequence[float],
    reading: str,
    walk: Mapping[str, Any],
) -> str:
    """Return the points with equal scales on both axes."""
    x0, x1, y0, y1 = places.extent
    width = max(x1 - x0, y1 - y0) * 1.04
    corner = np.array([(x0 + x1 - width) / 2, (y0 + y1 - width) / 2])
    rows = sample(len(places.points), _MOST)
    colours = _colours(scale)
    shade = np.full(len(rows), _GREY) if levels is None else _shade(levels[rows], scale)
    if len(selection):
        shade = np.where(np.isin(rows, selection), shade if levels is not None else _GREY + 1, _GREY)
    # What is chosen is drawn last, so nothing hides it.
    order = np.argsort(shade != _GREY, kind="stable")
    pixels = np.full((_PIXELS, _PIXELS), _BACK, dtype=np.uint8)
    at = np.clip(((places.points[rows] - corner) / width * _PIXELS).astype(int), 0, _PIXELS - 2)[order]
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        pixels[_PIXELS - 2 - at[:, 1] + dy, at[:, 0] + dx] = shade[order]
    png = base64.b64encode(_png(pixels, ["#ffffff", "#b9bfc7", *colours])).decode("ascii")
    n = len(places.points)
    shown = f"all {n:,} points" if len(rows) == n else f"{len(rows):,} of {n:,} points"
    name = sentence(title)
    parts = [
        text(_LEFT, 28, name, size=15, weight=600),
        f"<image x='{_LEFT:g}' y='{_TOP:g}' width='{_SIDE:g}' height='{_SIDE:g}' "
        f"href='data:image/png;base64,{png}'/>",
        f"<rect x='{_LEFT:g}' y='{_TOP:g}' width='{_SIDE:g}' height='{_SIDE:g}' fill='none' stroke='#d5d8dd'/>",
        text(_LEFT, _TOP + _SIDE + 18, f"→ {axes[0]}, ↑ {axes[1]}", size=12),
        text(440, _TOP + _SIDE + 18, shown, size=12),
        *_legend(scale, colours),
    ]

    def spot(place: Sequence[float]) -> tuple[float, float]:
        x, y = (np.asarray(place) - corner) / width * _SIDE
        return float(_LEFT + x), float(_TOP + _SIDE - y)

    below = _TOP + 300
    if len(selection):
        parts.append(text(440, below, f"{len(selection):,} selected", size=13, weight=600))
    way = [spot(place) for place in walk.get("xy", [])]
    if way:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in way)
        for stroke, colour in ((5, "#000000"), (2.2, "#ffffff")):
            parts.append(f"<path d='M{line}' fill='none' stroke='{colour}' stroke-width='{stroke}'/>")
    if cursor:
        x, y = spot(cursor)
        for radius, stroke, colour in ((9, 2, "#000000"), (7, 3, "#ffffff")):
            parts.append(
                f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius}' fill='none' stroke='{colour}' "
                f"stroke-width='{stroke}'/>"
            )
        parts.append(text(440, below + 28, reading, size=18, weight=650))
    for i, step in enumerate(walk.get("steps", [])):
        parts.append(text(_LEFT, _TOP + _SIDE + 44 + 18 * i, f"{i + 1}. {step['formula']}", size=12.5))
    extra = 18 * len(walk.get("steps", [])) + (12 if way else 0)
    return drawing(640, _TOP + _SIDE + 32 + extra, parts, f"{name}: {shown}")


def _colours(scale: Mapping[str, Any]) -> list[str]:
    if scale.get("kind") == "number":
        return [field_colour(i / (_SHADES - 1)) for i in range(_SHADES)]
    labels = scale.get("labels", [""])
    if scale.get("ordered"):
        return [field_colour(i / max(1, len(labels) - 1)) for i in range(len(labels))]
    return list(PALETTE[: len(labels)])


def _shade(levels: NDArray[np.uint8], scale: Mapping[str, Any]) -> NDArray[np.int64]:
    steps = levels.astype(int)
    known = np.round(steps / 254 * (_SHADES - 1)).astype(int) if scale.get("kind") == "number" else steps
    return np.where(steps == MISSING, _GREY, _GREY + 1 + known)


def _legend(scale: Mapping[str, Any], colours: Sequence[str]) -> list[str]:
    if not scale:
        return []
    name = sentence(scale["name"])
    named = f"{name} ({scale['unit']})" if scale.get("unit") else name
    if scale["kind"] == "number":
        bar = colour_bar(440, _TOP + 20, 180, scale["low"], scale["high"], named)
        if scale["most"] > scale["high"] or scale["least"] < scale["low"]:
            words = f"values reach from {scale['least']:.3g} to {scale['most']:.3g}"
            bar.append(text(440, _TOP + 72, words, size=12))
        return bar
    parts = [text(440, _TOP + 16, named, size=13, weight=600)]
    for i, (label, colour) in enumerate(zip(scale["labels"], colours, strict=True)):
        y = _TOP + 38 + 20 * i
        parts.append(f"<circle cx='446' cy='{y - 4:g}' r='5' fill='{colour}'/>")
        parts.append(text(460, y, label if len(label) <= 24 else f"{label[:23]}…", size=12.5))
    return parts


def _png(pixels: NDArray[np.uint8], palette: Sequence[str]) -> bytes:
    height, width = pixels.shape
    lines = np.hstack([np.zeros((height, 1), dtype=np.uint8), pixels])
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(bytes.fromhex(colour[1:]) for colour in palette)),
        (b"IDAT", zlib.compress(lines.tobytes(), 9)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
