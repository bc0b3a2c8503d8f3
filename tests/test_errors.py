import pytest

from matwidgets import errors


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.MatwidgetsError, 1),
        (errors.InputError, 2),
        (errors.DataError, 1),
        (errors.MissingTableError, 1),
        (errors.ChecksumError, 1),
        (errors.NetworkError, 1),
        (errors.CheckpointError, 1),
    ],
)
def test_kinds_and_exit_codes(kind, code):
    assert issubclass(kind, errors.MatwidgetsError)
    assert kind.exit_code == code


def test_input_error_is_a_value_error_and_data_errors_are_one_family():
    assert issubclass(errors.InputError, ValueError)
    for kind in (errors.MissingTableError, errors.ChecksumError, errors.NetworkError):
        assert issubclass(kind, errors.DataError)


def test_shown_is_one_short_line():
    assert errors.shown("TiC") == "'TiC'"
    assert errors.shown("a\nb") == r"'a\nb'"
    long = errors.shown("x" * 500)
    assert len(long) == 60
    assert long.startswith("'xxx")
    assert long.endswith("...'")


def test_shown_takes_line_breaks_out_of_reprs():
    class Tall:
        def __repr__(self):
            return "row 1\n  row 2"

    assert errors.shown(Tall()) == "row 1 row 2"


def test_listed_counts_what_it_leaves_out():
    assert errors.listed(["a", "b"]) == "a, b"
    assert errors.listed(range(5), limit=3) == "0, 1, 2 and 2 more"
    assert errors.listed([]) == ""
