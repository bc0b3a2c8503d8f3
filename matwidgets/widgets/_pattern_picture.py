"""Powder patterns as SVG text, for readers without JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.widgets._colours import PALETTE
from matwidgets.widgets._curves import INK, LEFT, RIGHT, SOFT, WIDTH, Curve, Panel, svg
from matwidgets.widgets._patterns import Pattern, score_words, thinned

POINTS = 520  # of a curve: a little more than the drawing has pixels
GAP = 1.12  # between stacked patterns, in units of the highest
OTHER = PALETTE[1]


@dataclass(frozen=True)
class _Marks:
    """Peaks as ticks: a full diamond is matched, an open triangle missed, a cross is of the other pattern only."""

    marks: dict[str, Any]
    ends: tuple[float, float]
    words: str

    def drawn(self) -> tuple[str, int]:
        first, last = self.ends
        compared = self.marks["compared"]
        out = []

        def across(place: float) -> float:
            return LEFT + (place - first) / (last - first) * (WIDTH - LEFT - RIGHT)

        for place, _, partner in self.marks["own"]:
            x = across(place)
            if not compared:
                out.append(f'<path d="M{x:.1f} 4v11" stroke="{INK}" stroke-width="1.4"/>')
            elif partner is None:
                out.append(
                    f'<path d="M{x - 4:.1f} 3h8l-4 7.5z" fill="none" stroke="{INK}" stroke-width="1.4"/>'
                )
            else:
                out.append(f'<path d="M{x:.1f} 2l3.6 5-3.6 5-3.6-5z" fill="{PALETTE[0]}"/>')
        for place, _ in self.marks["extra"]:
            x = across(place)
            out.append(f'<path d="M{x - 3:.1f} 12l6 6m0-6l-6 6" stroke="{OTHER}" stroke-width="1.8"/>')
        told = f'<text x="{LEFT}" y="34" fill="{SOFT}">{escape(self.words)}</text>' if self.words else ""
        return "".join(out) + told, 42 if self.words else 20


@dataclass(frozen=True)
class _Key:
    """A title, and names beside samples of their lines."""

    title: str
    names: Sequence[tuple[str, str]]

    def drawn(self) -> tuple[str, int]:
        out = [
            f'<text x="{LEFT}" y="20" font-size="14" font-weight="600" fill="{INK}">{escape(self.title)}</text>'
        ]
        x, y = float(LEFT), 42.0
        for name, colour in self.names:
            width = 40 + 6.4 * len(name)
            if x + width > WIDTH - 8 and x > LEFT:
                x, y = float(LEFT), y + 17
            out.append(
                f'<path d="M{x:.0f} {y - 4:.0f}h18" stroke="{colour}" stroke-width="2.5"/>'
                f'<text x="{x + 23:.0f}" y="{y:.0f}" fill="{INK}">{escape(name)}</text>'
            )
            x += width
        return "".join(out), int(y) + 6


def pattern_picture(
    *,
    title: str,
    ends: tuple[float, float],
    patterns: Sequence[Pattern],
    at: int | None,
    marks: dict[str, Any] | None,
    score: Sequence[int] | None,
    root: bool,
    offset: bool,
    radiation: str,
) -> str:
    """Return patterns, marks and residual one below the other.

    Parameters
    ----------
    ends : tuple of float
        First and last angle (degrees).
    at : int, optional
        The pattern whose reconstruction, marks and residual are drawn.
    marks, score
        As `matwidgets.widgets._patterns.marks` returns them, of that pattern.
    root : bool
        Square roots of the intensities.
    offset : bool
        One above the other.
    """
    x_label = f"2\u03b8 (degrees), {radiation}"
    if not patterns:
        empty = Panel(f"{title}: nothing decoded yet", np.array(ends), [], limits=(0.0, 1.0), x_label=x_label)
        return svg([empty], title=title)
    read = None if at is None else patterns[at]
    x = np.linspace(*ends, len(thinned(patterns[0].profile, POINTS)))

    def heights(values: NDArray[Any], row: int) -> NDArray[Any]:
        drawn = thinned(values, POINTS).astype(float)
        return (np.sqrt(drawn) if root else drawn) + (GAP * row if offset else 0.0)

    curves = [
        Curve(heights(pattern.profile, row), "", PALETTE[_colour(row)], width=1.5)
        for row, pattern in enumerate(patterns)
    ]
    names = [(_label(pattern.name), PALETTE[_colour(row)]) for row, pattern in enumerate(patterns)]
    if read is not None and read.other is not None and at is not None:
        curves.append(Curve(heights(read.other, at), "", OTHER, width=1.5))
        names.append((_label(read.other_name), OTHER))
    top = max(float(np.nanmax(curve.y)) for curve in curves)
    below = read is not None and read.other is not None
    panels: list[Any] = [
        _Key(title, names),
        Panel(
            "Square root of intensity" if root else "Intensity (relative)",
            x,
            curves,
            height=190 + (30 * (len(patterns) - 1) if offset else 0),
            limits=(-0.02 * top, 1.04 * top),
            x_label="" if below else x_label,
        ),
    ]
    if marks is not None and read is not None:
        panels.append(_Marks(marks, ends, score_words(score) if score else ""))
    if below and read is not None and read.other is not None:
        rest = read.profile.astype(float) - read.other
        widest = max(0.05, float(np.abs(rest).max()))
        some = np.linspace(0, len(rest) - 1, len(x)).astype(int)
        residual = Curve(rest[some], "", INK, width=1.1)
        panels.append(
            Panel(
                f"Residual: {_label(read.name)} less {_label(read.other_name)}",
                x,
                [residual],
                height=70,
                limits=(-1.08 * widest, 1.08 * widest),
                x_label=x_label,
            )
        )
    return svg(panels, title=f"{title}: {', '.join(pattern.name for pattern in patterns)}")


def _colour(row: int) -> int:
    """The second colour is kept for what a pattern is compared with."""
    return row if row == 0 else row + 1 if row + 1 < len(PALETTE) else 0


def _label(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}\u2026"
