"""The Pareto view without JavaScript: both objectives against one another, as a panel of a tracker's picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from matwidgets.widgets._curves import (
    ACCENT,
    BOTTOM,
    GRID,
    GROUND,
    INK,
    LEFT,
    RIGHT,
    SOFT,
    TOP,
    WIDTH,
    Values,
    ticks,
)

HEIGHT = 260
NAMES = 4  # formulas that are written beside points: more would lie on one another


@dataclass(frozen=True)
class FrontPanel:
    """Points that nothing beats in both objectives, over the searches' ends.

    Parameters
    ----------
    objectives : sequence of mapping, length 2
        ``property``, ``direction``, ``label``, ``unit`` and ``target`` of a run's meta; the first lies across.
    front : ndarray (m, 2)
    names : sequence of str
        Formulas of the points; empty if they are not known.
    family : ndarray (n, 2)
        Where each start stands now.
    """

    objectives: Sequence[Mapping[str, Any]]
    front: Values
    names: Sequence[str]
    family: Values

    def drawn(self) -> tuple[str, int]:
        """Return the panel as SVG parts, and its height in px."""
        whole = np.vstack([self.front, self.family[np.isfinite(self.family).all(1)]])
        (left, right), (low, high) = (
            _with_air(whole[:, i], self.objectives[i].get("target")) for i in (0, 1)
        )

        def across(x: Any) -> Any:
            return LEFT + (x - left) / (right - left) * (WIDTH - LEFT - RIGHT)

        def up(y: Any) -> Any:
            return TOP + (1 - (y - low) / (high - low)) * HEIGHT

        floor, wall = TOP + HEIGHT, WIDTH - RIGHT
        title = (
            f"Pareto front, {len(self.front)} points: filled; where each start stands: rings"
            if len(self.family)
            else f"Pareto front, {len(self.front)} points"
        )
        out = [f'<text x="{LEFT}" y="15" fill="{INK}" font-weight="600">{title}</text>']
        out += [
            f'<path d="M{LEFT} {up(y):.1f}H{wall}" stroke="{GRID}"/>'
            f'<text x="{LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end" fill="{SOFT}">{y:.5g}</text>'
            for y in ticks(low, high)
        ]
        out += [
            f'<path d="M{across(x):.1f} {TOP}V{floor}" stroke="{GRID}"/>'
            f'<text x="{across(x):.1f}" y="{floor + 15}" text-anchor="middle" fill="{SOFT}">{x:.5g}</text>'
            for x in ticks(left, right, 6)
        ]
        out.append(
            f'<text x="{(LEFT + wall) / 2}" y="{floor + 31}" text-anchor="middle" fill="{INK}">'
            f"{escape(axis_text(self.objectives[0], '←', '→'))}</text>"
            f'<text transform="translate(14 {TOP + HEIGHT / 2}) rotate(-90)" text-anchor="middle" fill="{INK}">'
            f"{escape(axis_text(self.objectives[1], '←', '→'))}</text>"
        )
        out += [
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="2.6" fill="none" stroke="{SOFT}" stroke-opacity=".7"/>'
            for x, y in self.family
            if np.isfinite(x) and np.isfinite(y)
        ]
        points = [(float(across(x)), float(up(y))) for x, y in self.front]
        stairs = staircase(self.front, self.objectives)
        if len(stairs):
            corners = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in stairs)
            out.append(f'<path d="M{corners}" fill="none" stroke="{ACCENT}" stroke-width="1.5"/>')
        out += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{ACCENT}" stroke="{GROUND}"/>'
            for x, y in points
        ]
        if self.names:
            some = np.unique(np.linspace(0, len(points) - 1, min(NAMES, len(points))).round().astype(int))
            out += [
                f'<text x="{points[i][0] + 8:.1f}" y="{points[i][1] - 7:.1f}" fill="{INK}" font-weight="600" '
                f'stroke="{GROUND}" stroke-width="3" paint-order="stroke">{escape(self.names[i])}</text>'
                for i in some.tolist()
            ]
        return "".join(out), TOP + HEIGHT + BOTTOM + 20


def axis_text(objective: Mapping[str, Any], back: str, forth: str) -> str:
    """``Bulk modulus (GPa), better →``: what an axis shows and where it gets better."""
    unit = f" ({objective['unit']})" if objective.get("unit") else ""
    name = f"{objective.get('label') or objective['property']}{unit}"
    if objective.get("direction") == "target" and objective.get("target") is not None:
        return f"{name}, best at {objective['target']:g}"
    return f"{name}, better {forth}" if objective.get("direction") == "maximize" else f"{back} better, {name}"


def staircase(front: Values, objectives: Sequence[Mapping[str, Any]]) -> Values:
    """Corners of the edge of what a front dominates, (c, 2); none if an objective is a target: that has two sides."""
    signs = [{"maximize": 1.0, "minimize": -1.0}.get(str(o.get("direction"))) for o in objectives]
    if not len(front) or None in signs:
        return np.empty((0, 2))
    worse = [np.minimum if sign == 1 else np.maximum for sign in signs]
    points = front[np.argsort(front[:, 0])]
    # Between two neighbours: the best that both of them beat.
    between = np.column_stack([worse[i](points[:-1, i], points[1:, i]) for i in (0, 1)])
    corners = np.empty((2 * len(points) - 1, 2))
    corners[::2], corners[1::2] = points, between
    return corners


def _with_air(values: Values, target: float | None) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    ends = [*finite.tolist(), *([] if target is None else [float(target)])]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    air = (high - low) * 0.08 or abs(high) * 0.08 or 1.0
    return low - air, high + air
