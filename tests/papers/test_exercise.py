"""A check prints, compares and never raises."""

import math

import pytest

from matwidgets.papers.exercise import as_expected, check, verdict


@pytest.mark.parametrize(
    ("yours", "expected", "tolerance", "said"),
    [
        (None, 3.0, 0.1, "x: not answered yet"),
        (3.05, 3.0, 0.1, "x: yours is 3.05 GPa, expected 3 ± 0.1 GPa: as expected"),
        (3.2, 3.0, 0.1, "x: yours is 3.2 GPa, expected 3 ± 0.1 GPa: not yet, look again"),
        (math.nan, 3.0, 0.1, "x: yours is nan GPa, expected 3 ± 0.1 GPa: not yet, look again"),
        ("three", 3.0, 0.1, "x: yours is 'three', which is no number; expected 3 ± 0.1 GPa"),
        ([1], 3.0, 0.1, "x: yours is [1], which is no number; expected 3 ± 0.1 GPa"),
    ],
)
def test_a_number_is_compared_within_its_tolerance(yours, expected, tolerance, said):
    assert verdict("x", yours, expected, tolerance, "GPa") == said


def test_text_is_compared_without_regard_to_case():
    assert verdict("element", "c", "C") == "element: yours is c, expected C: as expected"
    assert verdict("element", 6, "C") == "element: yours is 6, expected C: not yet, look again"


def test_check_prints_the_verdict(capsys):
    check("x", None, 1.0)
    assert capsys.readouterr().out == "x: not answered yet\n"


def test_a_solution_must_hold_a_check_that_came_out():
    good, bad = verdict("x", 1.0, 1.0), verdict("x", 2.0, 1.0)
    assert as_expected([good])
    assert not as_expected([good, bad])
    assert not as_expected(["nothing was checked"])
    assert not as_expected([verdict("x", None, 1.0)])
