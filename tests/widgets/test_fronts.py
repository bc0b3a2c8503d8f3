"""The growing Pareto front: kept when it changed, thinned within its limit, and drawn without JavaScript."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from matwidgets.widgets._front_picture import FrontPanel, axis_text, staircase
from matwidgets.widgets._fronts import Fronts, front_columns, front_points

META: dict[str, Any] = {
    "elements": ["Ca", "O"],
    "objectives": [
        {"property": "modulus", "direction": "maximize", "label": "Bulk modulus", "unit": "GPa"},
        {"property": "energy", "direction": "minimize", "label": "Energy", "unit": "eV"},
    ],
}


def record(*points: tuple[float, float], **more: Any) -> dict[str, Any]:
    first, second = zip(*points, strict=True) if points else ((), ())
    return {"front": {"values": {"modulus": list(first), "energy": list(second)}, "hypervolume": 1.0} | more}


def test_points_of_a_record() -> None:
    points = front_points(record((1, 5), (3, 4), fractions=[[0.5, 0.5], [0.25, 0.75]]), META)
    assert points is not None
    assert points.tolist() == [[1, 5, 0.5, 0.5], [3, 4, 0.25, 0.75]]
    told_none = front_points(record((1, 5)), META)
    assert told_none is not None
    assert np.isnan(told_none[:, 2:]).all()


@pytest.mark.parametrize("none", [{}, {"front": None}, record()])
def test_no_front(none: dict[str, Any]) -> None:
    assert front_points(none, META) is None
    assert front_columns(META | {"objectives": META["objectives"][:1]}) == ["step"]


def growing(count: int, points: int = 30) -> Fronts:
    fronts = Fronts(front_columns(META))
    for i in range(count):
        x = np.linspace(0, 1 + i / 7, points)
        fronts.append(i, float(i), np.column_stack([100 * x, x**2, x / 9, 1 - x / 9]))
    return fronts


def test_a_front_is_kept_once() -> None:
    fronts = Fronts(front_columns(META))
    for step, value in enumerate([1.0, 1.0, 2.0, 2.0]):
        fronts.append(step, step, np.array([[value, value, np.nan, np.nan]]))
    assert [front.step for front in fronts.thinned(99)] == [0, 2]
    assert fronts.rows(99, since=1)[:, 0].tolist() == [2]
    assert fronts.last[0, 0] == 2


def test_thinned_keeps_the_first_and_the_last() -> None:
    some = growing(500).thinned(20)
    assert len(some) <= 20
    assert (some[0].step, some[-1].step) == (0, 499)


@pytest.mark.parametrize("limit", [2_500, 7_000])
def test_saved_keeps_its_limit_and_the_last(limit: int) -> None:
    saved = growing(500).saved(limit)
    assert len(json.dumps(saved, separators=(",", ":"))) <= limit
    steps = saved["columns"]["step"]
    assert steps.count(499) == 30
    assert set(saved["columns"]) == set(front_columns(META))


@pytest.mark.parametrize(
    ("first", "second", "a", "b", "corner"),
    [
        ("maximize", "maximize", (1, 5), (3, 4), (1, 4)),
        ("maximize", "minimize", (1, 4), (3, 5), (1, 5)),
        ("minimize", "maximize", (1, 4), (3, 5), (3, 4)),
        ("minimize", "minimize", (1, 5), (3, 4), (3, 5)),
    ],
)
def test_edge_of_what_is_dominated(first: str, second: str, a: Any, b: Any, corner: Any) -> None:
    aims = [{"direction": first}, {"direction": second}]
    assert staircase(np.array([b, a], dtype=float), aims).tolist() == [list(a), list(corner), list(b)]


def test_a_target_has_no_edge() -> None:
    assert not len(staircase(np.array([[1.0, 2.0]]), [{"direction": "target"}, {"direction": "maximize"}]))


def test_picture_says_where_better_is_and_names_points() -> None:
    front = np.array([[1.0, 4.0], [3.0, 5.0]])
    body, height = FrontPanel(META["objectives"], front, ["CaO", "<CaO2>"], np.array([[2.0, 6.0]])).drawn()
    assert height > 200
    assert "Bulk modulus (GPa), better →" in body
    assert "← better, Energy (eV)" in body
    assert ">CaO<" in body
    assert "&lt;CaO2&gt;" in body
    assert body.count("<circle") == 3
    target = {"property": "k", "direction": "target", "target": 150.0, "unit": "GPa"}
    assert axis_text(target, "←", "→") == "k (GPa), best at 150"
