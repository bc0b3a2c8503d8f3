"""Curves as SVG text: what a tracker shows where no JavaScript runs (an untrusted or exported notebook).

Drawn here rather than with a plotting library: a few paths, no import, no font, and text stays text. The picture
travels as an image, which knows nothing of the page's theme: it brings its own light ground.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]

WIDTH = 640
LEFT, RIGHT, TOP, BOTTOM = 62, 78, 24, 22  # px around a panel's plot
INK, SOFT, GRID, GROUND = "#16181d", "#4a4f59", "#dfe2e7", "#ffffff"
ACCENT = "#1565c0"


@dataclass(frozen=True)
class Curve:
    """One line of a panel.

    Parameters
    ----------
    y : ndarray (n,)
        NaN leaves a gap.
    label : str
        Written at the end of the line; empty for none.
    x : ndarray (n,), optional
        Other than the panel's.
    spread : ndarray (n,), optional
        Half width of a band around the line.
    inner : ndarray (n,), optional
        Half width of a darker band within that one.
    """

    y: Values
    label: str = ""
    colour: str = ACCENT
    spread: Values | None = None
    inner: Values | None = None
    width: float = 1.8
    opacity: float = 1.0
    x: Values | None = None


@dataclass(frozen=True)
class Panel:
    """Curves over one pair of axes; ``level`` is a line across with its name."""

    title: str
    x: Values
    curves: Sequence[Curve]
    height: int = 150
    log: bool = False
    limits: tuple[float, float] | None = None
    x_label: str = ""
    level: tuple[float, str] | None = None

    def drawn(self) -> tuple[str, int]:
        """Return the panel as SVG parts, and its height in px."""
        return _panel(self), TOP + self.height + BOTTOM + (16 if self.x_label else 0)


class Drawn(Protocol):
    """What stands among the panels: SVG parts from the top down, and how high they are (px)."""

    def drawn(self) -> tuple[str, int]: ...


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers between two limits: multiples of 1, 2 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def svg(panels: Sequence[Drawn], *, title: str) -> str:
    """Panels one above the other with a common width, as one ``<svg>`` element with a title for screen readers."""
    parts, offset = [], 0
    for panel in panels:
        body, height = panel.drawn()
        parts.append(f'<g transform="translate(0 {offset})">{body}</g>')
        offset += height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH} {offset}" '
        f'width="{WIDTH}" height="{offset}" font-family="sans-serif" font-size="11.5">'
        f'<title>{escape(title)}</title><rect width="{WIDTH}" height="{offset}" rx="8" fill="{GROUND}"/>'
        f"{''.join(parts)}</svg>"
    )


def _limits(panel: Panel) -> tuple[float, float]:
    if panel.limits is not None:
        return panel.limits
    parts = [np.asarray(curve.y, dtype=float) for curve in panel.curves]
    parts += [
        curve.y + sign * curve.spread
        for curve in panel.curves
        if curve.spread is not None
        for sign in (-1, 1)
    ]
    if panel.level is not None:
        parts.append(np.array([panel.level[0]]))
    values = np.concatenate(parts) if parts else np.empty(0)
    values = values[np.isfinite(values)]
    if panel.log:
        values = values[values > 0]
    if not len(values):
        return (0.1, 1.0) if panel.log else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if panel.log:
        return (low / 1.2, high * 1.2)
    margin = (high - low) * 0.06 or abs(high) * 0.06 or 1.0
    return low - margin, high + margin


def _panel(panel: Panel) -> str:
    low, high = _limits(panel)
    x = np.asarray(panel.x, dtype=float)
    start, end = (float(x[0]), float(x[-1])) if len(x) else (0.0, 1.0)
    span = end - start or 1.0

    def across(value: Any) -> Any:
        return LEFT + (value - start) / span * (WIDTH - LEFT - RIGHT)

    def up(value: Any) -> Any:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log(value / low) / math.log(high / low) if panel.log else (value - low) / (high - low)
        return TOP + (1 - np.clip(share, -0.2, 1.2)) * panel.height

    out = [f'<text x="{LEFT}" y="15" fill="{INK}" font-weight="600">{escape(panel.title)}</text>']
    for mark in _log_ticks(low, high) if panel.log else ticks(low, high):
        height = float(up(mark))
        out.append(
            f'<path d="M{LEFT} {height:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>'
            f'<text x="{LEFT - 6}" y="{height + 4:.1f}" text-anchor="end" fill="{SOFT}">{mark:.5g}</text>'
        )
    for mark in ticks(start, end, 6) if len(x) else ():
        if float(mark).is_integer():
            out.append(
                f'<text x="{across(mark):.1f}" y="{TOP + panel.height + 15}" text-anchor="middle" '
                f'fill="{SOFT}">{mark:.6g}</text>'
            )
    if panel.x_label:
        middle = (LEFT + WIDTH - RIGHT) / 2
        out.append(
            f'<text x="{middle}" y="{TOP + panel.height + 30}" text-anchor="middle" fill="{SOFT}">'
            f"{escape(panel.x_label)}</text>"
        )
    if panel.level is not None:
        at, name = float(up(panel.level[0])), panel.level[1]
        out.append(
            f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="{INK}" stroke-dasharray="2 3"/>'
            f'<text x="{LEFT + 6}" y="{at - 4 if at > TOP + 14 else at + 13:.1f}" fill="{INK}" font-weight="600">'
            f"{escape(name)}</text>"
        )
    ends: list[tuple[float, Curve]] = []
    for curve in panel.curves:
        out.append(_curve(curve, across(x if curve.x is None else curve.x), up, log=panel.log))
        finite = np.flatnonzero(np.isfinite(curve.y))
        if curve.label and len(finite):
            ends.append((float(up(float(curve.y[finite[-1]]))), curve))
    out += _labels(ends, panel.height)
    return "".join(out)


def _curve(curve: Curve, across: Values, up: Any, *, log: bool) -> str:
    y = np.asarray(curve.y, dtype=float)
    shown = np.isfinite(y) & ((y > 0) if log else True)
    out = ""
    for width, opacity in ((curve.spread, ".18"), (curve.inner, ".32")):
        both = shown & np.isfinite(width) if width is not None and not log else np.zeros(len(y), bool)
        if width is None or not both.any():
            continue
        upper, lower = (
            [f"{a:.1f} {b:.1f}" for a, b in zip(across[both], up(y[both] + s * width[both]), strict=True)]
            for s in (1, -1)
        )
        out += f'<path d="M{"L".join([*upper, *reversed(lower)])}Z" fill="{curve.colour}" fill-opacity="{opacity}"/>'
    heights = up(np.where(shown, y, 1.0))
    path, pen = [], "M"
    for here, a, b in zip(shown, across, heights, strict=True):
        if not here:
            pen = "M"
            continue
        path.append(f"{pen}{a:.1f} {b:.1f}")
        pen = "L"
    if len(path) == 1:  # one point is no line: make it visible
        path.append("h.1")
    return out + (
        f'<path d="{"".join(path)}" fill="none" stroke="{curve.colour}" stroke-width="{curve.width}" '
        f'stroke-opacity="{curve.opacity}" stroke-linecap="round" stroke-linejoin="round"/>'
        if path
        else ""
    )


def _labels(ends: list[tuple[float, Curve]], height: int) -> list[str]:
    """Names at the right ends of the lines, moved apart where they would lie on one another."""
    ends = sorted(ends, key=lambda pair: pair[0])
    gap = min(12.0, height / max(1, len(ends)))
    places: list[float] = []
    for wanted, _ in ends:
        places.append(max(wanted, places[-1] + gap if places else TOP))
    limit = float(TOP + height)
    for i in reversed(range(len(places))):
        places[i] = min(places[i], limit)
        limit = places[i] - gap
    return [
        f'<text x="{WIDTH - RIGHT + 6}" y="{place + 4:.1f}" fill="{curve.colour}" font-weight="600">'
        f"{escape(curve.label)}</text>"
        for place, (_, curve) in zip(places, ends, strict=True)
    ]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    marks = [10.0**k for k in decades if low <= 10.0**k <= high]
    if len(marks) < 2:  # less than a decade: in between too
        marks = [f * 10.0**k for k in decades for f in (1, 2, 5) if low <= f * 10.0**k <= high]
    return marks
