"""`matwidgets train dual_vae --part filters`: what it refuses, and what it says when the patterns are not there."""

from __future__ import annotations

import pytest

CSV = ("--csv", "t.csv", "--formula", "comp", "--target", "y")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("crabnet", "--part", "filters", *CSV),
            "--part filters goes with dual_vae; leave it out for crabnet",
        ),
        (("dual_vae", "--patterns", "original"), "--patterns original goes with dual_vae --part filters"),
        (
            ("dual_vae", "--part", "filters", *CSV),
            "--csv given, but the filters learn the published patterns alone",
        ),
        (
            ("dual_vae", "--part", "filters", "--split", "grouped"),
            "--split grouped: the patterns have one split",
        ),
        (
            ("dual_vae", "--part", "filters", "--fetch"),
            "--fetch: `matwidgets pattern --all --fetch` makes the",
        ),
    ],
)
def test_what_does_not_go_together(refused, words, message):
    assert message in refused("train", *words)


def test_an_unknown_part_is_a_usage_error(refused):
    assert "invalid choice: 'walls'" in refused("train", "dual_vae", "--part", "walls")


def test_without_patterns_it_says_how_to_get_them(run):
    code, out, err = run("train", "dual_vae", "--part", "filters")
    assert code == 1 and out == ""
    assert "matwidgets" in err.splitlines()[-1] and len(err.splitlines()) == 1
