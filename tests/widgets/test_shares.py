"""Which elements of a large system are drawn."""

import numpy as np

from matwidgets.widgets._shares import drawn_shares


def columns(rows):
    """Fractions of E0, E1, ...: one column an element."""
    table = np.array(rows, dtype=float)
    return {f"E{j}": table[:, j] for j in range(table.shape[1])}


def test_a_small_system_is_drawn_whole():
    assert drawn_shares(columns([[1.0] + [0.0] * 7])) == ([f"E{j}" for j in range(8)], None)


def test_of_a_large_one_those_that_occur():
    assert drawn_shares(columns([[0.4, 0.0, 0.6] + [0.0] * 20])) == (["E0", "E2"], None)
    assert drawn_shares(columns([[np.nan] * 20])) == ([], None)


def test_of_many_that_occur_the_largest_at_the_end_and_the_sum_of_the_others():
    first = [np.nan] * 12
    second = [0.005] * 5 + [0.0] * 6 + [0.975]
    last = [0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.10, 0.12, 0.34, 0.0]
    elements, others = drawn_shares(columns([first, second, last]))
    assert elements == [f"E{j}" for j in range(4, 11)]  # 0.06 to 0.34, in the order of the system
    np.testing.assert_allclose(others, [np.nan, 4 * 0.005 + 0.975, 0.14])


def test_room_that_the_end_leaves_goes_to_what_was_there_before():
    before = [0.11, 0.10, 0.12, 0.09, 0.08, 0.07, 0.06, 0.05, 0.32, 0.0]
    end = [0.0] * 7 + [0.001, 0.004, 0.995]  # two are there with less than a hundredth
    elements, others = drawn_shares(columns([before, end]))
    assert elements == ["E0", "E1", "E2", "E3", "E4", "E8", "E9"]
    np.testing.assert_allclose(others, [0.07 + 0.06 + 0.05, 0.001])
