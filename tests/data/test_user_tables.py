from pathlib import Path

import pytest

from matwidgets.data.datasets import load_user_table
from matwidgets.data.user_tables import TableReport
from matwidgets.errors import InputError


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write `mine.csv` in an empty working folder, so that messages name it without a path."""
    monkeypatch.chdir(tmp_path)

    def write(content: str | bytes):
        file = Path("mine.csv")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def test_good_rows_are_all_kept(write):
    frame, report = load_user_table(write("name,formula,K\na,TiC,238.8\nb,Al2O3,250\n"), "formula", "K")
    assert frame.to_dict("list") == {"formula": ["TiC", "Al2O3"], "target": [238.8, 250.0], "row": [2, 3]}
    assert report == TableReport(rows=2, kept=2)
    assert report.lines() == []


def test_without_a_target_there_is_no_target_column(write):
    frame, _ = load_user_table(write("formula\nTiC\n"), "formula")
    assert list(frame.columns) == ["formula", "row"]


def test_nan_is_sodium_nitride_as_a_formula_and_missing_as_a_target(write):
    frame, report = load_user_table(write("formula,K\nNaN,10\nTiC,NaN\nTiN,nan\n"), "formula", "K")
    assert frame["formula"].tolist() == ["NaN"]
    assert report.dropped == [(3, "the target 'NaN' is not finite"), (4, "the target 'nan' is not finite")]


def test_windows_line_ends_byte_order_mark_blanks_and_blank_lines(write):
    content = b"\xef\xbb\xbfformula , K\r\n TiC , 238.8 \r\n\r\n,\r\nTiN,290\r\n\r\n"
    frame, report = load_user_table(write(content), "formula", "K")
    assert frame.to_dict("list") == {"formula": ["TiC", "TiN"], "target": [238.8, 290.0], "row": [2, 5]}
    assert (report.rows, report.dropped) == (2, [])


def test_bad_rows_are_dropped_with_number_and_reason(write):
    lines = [
        "formula,K",
        "TiC,1",
        "Xx,1",
        "Ti(,1",
        ",1",
        "TiN,",
        "TiO2,high",
        "TiB2,inf",
        "Ti",
        "TiS2,1,2",
        "Ti-1,3",
    ]
    frame, report = load_user_table(write("\n".join(lines)), "formula", "K")
    assert frame["formula"].tolist() == ["TiC"]
    assert report.rows == 10
    assert report.kept == 1
    assert [row for row, _ in report.dropped] == [3, 4, 5, 6, 7, 8, 9, 10, 11]
    reasons = dict(report.dropped)
    assert reasons[3].startswith("Unknown element 'Xx'")
    assert reasons[4].startswith("Malformed formula 'Ti('")
    assert reasons[5] == "the formula is empty"
    assert reasons[6] == "the target is empty"
    assert reasons[7] == "the target 'high' is no number"
    assert reasons[8] == "the target 'inf' is not finite"
    assert reasons[9] == "the target is empty"
    assert reasons[10] == "3 cells where the header has 2"
    assert reasons[11].startswith("Negative amount -1")


def test_duplicates_are_kept_and_counted_however_they_are_written(write):
    frame, report = load_user_table(write("formula,K\nTiC,1\nC2Ti2,2\nTi0.5C0.5,3\nTiN,4\n"), "formula", "K")
    assert len(frame) == 4
    assert report.duplicates == 2
    assert report.lines() == ["2 of 4 rows repeat the composition of an earlier row"]


def test_a_dropped_row_is_no_duplicate(write):
    _, report = load_user_table(write("formula,K\nTiC,\nTiC,1\n"), "formula", "K")
    assert report.duplicates == 0


def test_report_lines(write):
    _, report = load_user_table(write("formula,K\nTiC,1\nTiN,\n"), "formula", "K")
    assert report.lines() == ["dropped 1 of 2 rows (row 3):", "  row 3: the target is empty"]


def test_a_long_report_is_cut_with_the_count_of_the_rest():
    report = TableReport(rows=31, kept=1, dropped=[(row, "bad") for row in range(2, 32)])
    lines = report.lines()
    assert lines[0].startswith("dropped 30 of 31 rows (row 2, 3, ")
    assert lines[0].endswith(" 21 and 10 more):")
    assert lines[-1] == "  and 10 more"


def test_a_quoted_cell_may_hold_commas_and_line_breaks(write):
    frame, _ = load_user_table(write('note,formula,K\n"one, two\nthree",TiC,1\n'), "formula", "K")
    assert frame["formula"].tolist() == ["TiC"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("composition,K\nTiC,1\n", "No column 'formula' in mine.csv: name one of 'composition', 'K'."),
        (
            "formula;K\nTiC;1\n",
            "No column 'formula' in mine.csv: name one of 'formula;K'; columns must be separated by commas.",
        ),
        ("formula\nTiC\n", "No column 'K' in mine.csv: name one of 'formula'."),
        (
            "formula,K,K\nTiC,1,2\n",
            "Column 'K' appears 2 times in mine.csv: give each column a name of its own.",
        ),
        ("", "File 'mine.csv' has no header line: write the names of its columns first."),
        (
            "formula,K\n",
            "mine.csv has no usable row below its header: give at least one row that can be read.",
        ),
        (
            "formula,K\nTiC,\n",
            "mine.csv has no usable row of 1 (row 2: the target is empty): give at least one row that can be read.",
        ),
        (b"formula,K\nTi\xffC,1\n", "File 'mine.csv' is not UTF-8 text: save it as CSV in UTF-8."),
        (
            'formula,K\n"TiC,1\n',
            "File 'mine.csv' is no CSV (unexpected end of data): save it as comma-separated text.",
        ),
    ],
)
def test_what_is_wrong_with_the_file_is_an_error(write, content, message):
    with pytest.raises(InputError) as caught:
        load_user_table(write(content), "formula", "K")
    assert str(caught.value) == message


def test_no_such_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_user_table("none.csv", "formula")
    assert str(caught.value) == "File 'none.csv' does not exist: give the path of a CSV file."
    with pytest.raises(InputError) as caught:
        load_user_table(".", "formula")
    assert str(caught.value) == "File '.' is a folder: give the path of a CSV file."
