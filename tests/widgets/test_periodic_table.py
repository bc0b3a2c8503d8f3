"""PeriodicTable: what can be chosen, what is refused, and the picture without JavaScript."""

from __future__ import annotations

import json
from typing import Any

import pytest

from matwidgets.errors import InputError
from matwidgets.widgets import PeriodicTable
from matwidgets.widgets._colours import SYMBOLS
from matwidgets.widgets.base import SNAPSHOT_LIMIT


def test_keeps_the_order_of_choice() -> None:
    table = PeriodicTable(selected=["Ti", "Cd", "C"], limit=4)
    assert table.selected == ["Ti", "Cd", "C"]
    assert repr(table) == "PeriodicTable(Ti Cd C)"
    assert repr(PeriodicTable()) == "PeriodicTable(nothing chosen)"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"selected": ["Xx"]}, "Unknown element 'Xx': did you mean Xe?"),
        ({"selected": ["titanium"]}, "Unknown element 'titanium': "),
        ({"selected": ["Ti", "Ti"]}, "Ti is chosen twice: name each element once"),
        (
            {"selected": ["Ti", "C"], "limit": 1},
            "2 elements are chosen, allowed are at most 1: take some out",
        ),
        ({"selected": ["Ti"], "allowed": ["C", "W"]}, "Ti cannot be chosen: allowed are C, W"),
        ({"allowed": ["C", "Q"]}, "Unknown element 'Q'"),
        ({"limit": 0}, "The limit is 0: give 1 or more, or None for no limit"),
        ({"values": {"Zz": 1.0}}, "Unknown element 'Zz'"),
    ],
)
def test_wrong_input_is_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        PeriodicTable(**options)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_choice_of_the_page_is_checked_too() -> None:
    table = PeriodicTable(selected=["Ti"], limit=2)
    table.set_state({"selected": ["Ti", "C", "W"]})
    assert table.selected == ["Ti"]
    assert table.error == "3 elements are chosen, allowed are at most 2: take some out"


def test_numbers_that_do_not_exist_are_left_out() -> None:
    table = PeriodicTable(values={"Ti": 1.5, "C": float("nan"), "W": None})
    assert table.values == {"Ti": 1.5}


def test_picture_shows_every_element_and_the_legend() -> None:
    table = PeriodicTable(values={"Ti": 100.0, "C": 400.0}, label="contribution", unit="GPa")
    picture = table.static_svg()
    assert all(f">{symbol}</text>" in picture for symbol in SYMBOLS)
    assert "Contribution (GPa)" in picture
    assert ">100</text>" in picture
    assert ">400</text>" in picture
    assert "(GPa)" not in PeriodicTable(selected=["Ti"]).static_svg()


def test_a_full_table_stays_small() -> None:
    table = PeriodicTable(values=dict.fromkeys(SYMBOLS, 1.23456789012345), selected=list(SYMBOLS))
    bundle = table._repr_mimebundle_()
    assert bundle is not None
    data, _ = bundle
    assert len(json.dumps(data["application/vnd.matwidgets.periodic_table+json"])) < SNAPSHOT_LIMIT / 5
    assert len(data["text/html"]) < SNAPSHOT_LIMIT


def test_few_values_stand_as_numbers_in_the_picture() -> None:
    few = PeriodicTable(values={"Ca": -0.25, "O": 133.25}, unit="GPa", label="contribution")
    assert "Ca -0.25, O 133.2" in few.static_svg()
    many = PeriodicTable(values=dict.fromkeys(["Ca", "O", "Al", "Si", "Ti", "C"], 2.5))
    assert "Ca 2.5" not in many.static_svg()
