"""The door to the gallery: samples as they are described, in the order of the funnel."""

from __future__ import annotations

import pytest

from matwidgets import show
from matwidgets.errors import InputError
from matwidgets.samplers import describe

FORMULAS = ["NaCl", "NaCl2", "NaCl", "MgO"]


def test_what_describe_says_goes_through_the_funnel() -> None:
    frame = describe(FORMULAS)
    frame["gap"] = [8.5, 1.0, 8.5, 7.8]
    gallery = show.gallery(frame, units={"gap": "eV"})
    assert gallery.order == ["neutral", "balanced", "unique", "novel", "gap"]
    assert gallery.label == "generated compositions"
    left = [stage["count"] for stage in gallery.stages[:4]]
    assert left == [4, 3, 3, 2]  # a second chlorine is one too many, and one salt came twice
    novel = frame["novel"].isna().all()
    assert ("novel" in gallery.kept) is not novel


def test_formulas_alone_are_described_first() -> None:
    described = show.gallery(describe(FORMULAS))
    assert show.gallery(FORMULAS).stages == described.stages
    assert show.gallery("MgO", ["neutral"]).surviving_names() == ["MgO"]
    assert show.gallery({"formula": ["MgO"], "stable": [False]}, label="one").label == "one"


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(InputError, match="without rows"):
        show.gallery([])
    with pytest.raises(InputError, match="Xx"):
        show.gallery(["Xx2O"])
