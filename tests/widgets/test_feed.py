"""The feed: at most one push an interval, the last notice never lost, errors kept, no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from matwidgets.widgets._feed import Feed


class Gate:
    """A flag whose timed waits end when the test says so: a clock that only moves when told to."""

    def __init__(self) -> None:
        self._set, self._changed = False, threading.Condition()
        self.ticks = 0  # timed waits that may still end
        self.waiting = 0
        self.timeouts: list[float | None] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._changed:
            self._set = True
            self._changed.notify_all()

    def clear(self) -> None:
        self._set = False

    def tick(self) -> None:
        with self._changed:
            self.ticks += 1
            self._changed.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        with self._changed:
            self.waiting += 1
            self.timeouts.append(timeout)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._set or self.ticks > 0, 20)
            self.waiting -= 1
            if not self._set:
                self.ticks -= 1
            return self._set

    def until_waiting(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.waiting > 0, 20)


class Pushes:
    """Counts pushes; says for how many of them more is to come."""

    def __init__(self) -> None:
        self.seen: list[bool] = []
        self.more = True
        self.trouble: Exception | None = None
        self.changed = threading.Condition()

    def __call__(self, fresh: bool) -> bool:
        with self.changed:
            self.seen.append(fresh)
            self.changed.notify_all()
        if self.trouble is not None:
            error, self.trouble = self.trouble, None
            raise error
        return self.more

    def until(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, 20), self.seen


@pytest.fixture
def made() -> tuple[Feed, Pushes, list[Exception], Gate, Gate]:
    pushes, errors, gates = Pushes(), [], [Gate(), Gate()]
    flags: Callable[[], Gate] = iter(gates).__next__
    return Feed(pushes, errors.append, make_flag=flags), pushes, errors, *gates


def test_any_number_of_notices_within_an_interval_are_one_push(
    made: tuple[Feed, Pushes, list[Exception], Gate, Gate],
) -> None:
    feed, pushes, _, _, interval = made
    feed.notify()
    pushes.until(1)
    interval.until_waiting()
    for _ in range(1000):
        feed.notify()
    assert len(pushes.seen) == 1  # the interval has not passed: the clock of this test stands still
    interval.tick()
    pushes.until(2)
    interval.until_waiting()
    assert pushes.seen == [True, True]
    feed.close()
    assert feed.join(20)


@pytest.mark.parametrize(
    ("spent", "pause"),
    [
        (0.0001, 0.05),
        (0.0015, 0.075),
        (0.02, 1.0),
        (5.0, 2.0),
    ],  # 20 a second; a fiftieth of the time; a sign of life
)
def test_a_dear_push_is_followed_by_a_longer_pause(spent: float, pause: float) -> None:
    now, pushes, gates = 0.0, Pushes(), [Gate(), Gate()]

    def push(fresh: bool) -> bool:
        nonlocal now
        now += spent
        return pushes(fresh)

    feed = Feed(push, pytest.fail, make_flag=iter(gates).__next__, clock=lambda: now)
    feed.notify()
    gates[1].until_waiting()
    assert gates[1].timeouts == [pytest.approx(pause)]
    feed.close()
    assert feed.join(20)


def test_a_notice_during_the_last_push_is_not_lost(
    made: tuple[Feed, Pushes, list[Exception], Gate, Gate],
) -> None:
    feed, pushes, _, _, interval = made
    pushes.more = False
    count = 0

    def push(fresh: bool) -> bool:
        nonlocal count
        count += 1
        if count == 1:
            feed.notify()  # what the run's thread may do at any moment
        return pushes(fresh)

    feed._push = push
    feed.notify()
    interval.tick()
    pushes.until(2)
    assert feed.join(20)
    feed.notify()  # after the end a new thread begins
    interval.tick()
    pushes.until(3)
    assert feed.join(20)


def test_silence_gives_a_sign_of_life(made: tuple[Feed, Pushes, list[Exception], Gate, Gate]) -> None:
    feed, pushes, _, fresh, interval = made
    feed.notify()
    pushes.until(1)
    fresh.tick()
    interval.tick()
    pushes.until(2)
    assert pushes.seen == [True, False]
    feed.close()
    assert feed.join(20)


def test_an_error_is_handed_over_and_the_feed_goes_on(
    made: tuple[Feed, Pushes, list[Exception], Gate, Gate],
) -> None:
    feed, pushes, errors, _, interval = made
    pushes.trouble = ValueError("broken picture")
    feed.notify()
    pushes.until(1)
    interval.until_waiting()
    assert [str(error) for error in errors] == ["broken picture"]
    feed.notify()
    interval.tick()
    pushes.until(2)
    feed.close()
    assert feed.join(20)


def test_a_closed_feed_pushes_nothing(made: tuple[Feed, Pushes, list[Exception], Gate, Gate]) -> None:
    feed, pushes, *_ = made
    feed.close()
    feed.notify()
    assert feed.join(0)
    assert pushes.seen == []
