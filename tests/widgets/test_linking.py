"""link(a, b): which traits are connected, in which direction, and what cannot be linked."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import CompositionPanel, PeriodicTable, SimplexMap, link


def predict(x: np.ndarray) -> dict[str, np.ndarray]:
    return {"value": x[:, 0]}


def panel(elements: tuple[str, ...] = ("Ti", "Cd", "C"), **options: Any) -> CompositionPanel:
    return CompositionPanel(elements, predict, **options)


def simplex(elements: tuple[str, ...] = ("Ti", "Cd", "C")) -> SimplexMap:
    return SimplexMap(elements, predict, step=0.1)


def test_panel_and_map_share_their_composition_both_ways_and_previews() -> None:
    a, b = panel(fractions=[0.2, 0.3, 0.5]), simplex()
    linked = link(a, b)
    assert linked.topics == ["fractions"]
    assert repr(linked) == "Linked(CompositionPanel, SimplexMap: fractions)"
    (connection,) = linked._links
    assert type(connection) is ipywidgets.widgets.widget_link.Link
    assert (connection.source, connection.target) == ((a, "fractions"), (b, "fractions"))
    assert b.fractions == a.fractions
    assert a.group == b.group != ""


def test_third_widget_joins_the_group() -> None:
    a, b, c = panel(), simplex(), panel()
    link(a, b)
    link(c, b)
    assert a.group == b.group == c.group


def test_table_chooses_the_elements_of_a_panel_one_way() -> None:
    table, target = PeriodicTable(selected=["W", "C"]), panel(for_elements=lambda _symbols: predict)
    linked = link(target, table)
    (connection,) = linked._links
    assert type(connection) is ipywidgets.widgets.widget_link.DirectionalLink
    assert (connection.source, connection.target) == ((table, "selected"), (target, "elements"))
    assert target.elements == ["W", "C"]


def test_unlink_closes_the_connections() -> None:
    linked = link(panel(), simplex())
    (connection,) = linked._links
    linked.unlink()
    assert linked._links == []
    assert connection.comm is None


def same() -> None:
    widget = panel()
    link(widget, widget)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: link(panel(), ipywidgets.IntSlider()), "link got IntSlider: give two widgets of matwidgets"),  # type: ignore[arg-type]
        (same, "link got the same widget twice: give two different ones"),
        (
            lambda: link(PeriodicTable(), simplex()),
            "PeriodicTable and SimplexMap have nothing in common to link: one has elements (out), the other",
        ),
        (lambda: link(PeriodicTable(), panel()), "PeriodicTable and CompositionPanel have nothing in common"),
        (
            lambda: link(panel(), simplex(("Ti", "C", "Cd"))),
            "The widgets show different elements (Ti Cd C and Ti C Cd): make both with the same elements",
        ),
    ],
)
def test_what_cannot_be_linked_is_said(call: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
