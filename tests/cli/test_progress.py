"""The bar on a terminal, the lines in a pipe, and what they claim about rate and time left."""

import io

import pytest

from matwidgets.cli import progress as module
from matwidgets.cli.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.82, "0.8 s"),
        (9.94, "9.9 s"),
        (41.6, "42 s"),
        (59.9, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_piped_lines_are_plain_and_not_too_many(clock):
    stream = io.StringIO()
    with Progress("train", "epochs", stream) as bar:
        for done in range(1, 61):
            clock[0] += 1.0
            bar.update(done, 60, "val_mae 9.1", last=done == 60)
    lines = stream.getvalue().splitlines()
    assert "\r" not in stream.getvalue()
    assert lines[0] == "train: 5 of 60 epochs, 1 epochs/s, about 55 s left, val_mae 9.1"
    assert lines[-1] == "train: 60 of 60 epochs, 1 epochs/s, took 1 min 00 s, val_mae 9.1"
    assert len(lines) == 12


def test_terminal_redraws_one_line_and_ends_it(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    stream = Terminal()
    with Progress("design", "steps", stream) as bar:
        bar.update(0, 100)
        clock[0] += 2.0
        bar.update(50, 100)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "[########........] 50 of 100 steps, 25 steps/s, about 2.0 s left" in text


def test_rate_is_not_invented_before_anything_was_measured(clock):
    stream = Terminal()
    bar = Progress("fetch", "bytes", stream)
    clock[0] += 1
    bar.update(10, None)
    assert stream.getvalue().strip() == "fetch: 10 bytes"


def test_a_pipe_is_not_told_the_same_twice(clock):
    stream = io.StringIO()
    with Progress("train", "epochs", stream) as bar:
        bar.update(1, 60)
        for _ in range(9):
            clock[0] += 10
            bar.update(1, 60)
    assert stream.getvalue() == "train: 1 of 60 epochs\n"


def test_a_resumed_run_counts_its_own_steps_only(clock):
    stream = io.StringIO()
    bar = Progress("train", "epochs", stream)
    bar.update(40, 60)
    clock[0] += 10
    bar.update(45, 60, last=True)
    assert stream.getvalue() == "train: 45 of 60 epochs, 2 s each, about 30 s left, took 10 s\n"
