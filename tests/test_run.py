"""A run: states, pausing, stepping, saving, listeners and errors, driven by conditions and never by sleeping."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.run import Record, Run


class Counting:
    """A job that counts, two pieces of work a step, and can be told to wait or to fail."""

    def __init__(
        self, total: int = 5, gate: threading.Semaphore | None = None, fail_at: int | None = None
    ) -> None:
        self.total, self.gate, self.fail_at = total, gate, fail_at
        self.past: list[Record] = []
        self.pieces = 0
        self.thread = threading.get_ident()

    @property
    def finished(self) -> bool:
        return self.pieces >= 2 * self.total

    def advance(self) -> Record | None:
        assert threading.get_ident() == self.thread, "the job changed threads"
        if self.gate is not None:
            self.gate.acquire()
        self.pieces += 1
        if self.fail_at == self.pieces:
            raise ValueError("the job broke")
        return {"step": self.pieces // 2} if self.pieces % 2 == 0 else None

    def result(self) -> int:
        return self.pieces

    def save(self, path: Path) -> None:
        path.write_text(str(self.pieces))


def make(job: object = None, **options: object) -> Run:
    return Run(lambda: job or Counting(**options), title="counting", kind="training", total=5)  # type: ignore[arg-type, return-value]


def reached(run: Run, state: str) -> threading.Event:
    event = threading.Event()

    def look(seen: Run) -> None:
        if seen.state == state:
            event.set()

    run.subscribe(look)
    look(run)
    return event


def test_runs_to_the_end() -> None:
    run = make()
    assert run.state == "ready" and run.rate is None and run.seconds_left is None
    assert run.start().wait(10) == 10
    assert run.state == "done" and run.steps == 5 and [r["step"] for r in run.history] == [1, 2, 3, 4, 5]
    assert run.rate is not None and run.seconds_left == 0
    assert run.start() is run and run.pause().wait(1) == 10, "controls of an ended run change nothing"


def test_job_lives_in_another_thread() -> None:
    seen: list[int] = []

    class Noting(Counting):
        def result(self) -> int:
            seen.append(self.thread)
            return 0

    run = Run(Noting, title="n", kind="training", total=5)
    run.start().wait(10)
    assert seen and seen[0] != threading.get_ident()


def test_step_then_resume() -> None:
    run = make()
    paused = reached(run, "paused")
    run.step(2)
    assert paused.wait(10) and run.steps == 2
    paused.clear()
    run.step()
    assert paused.wait(10) and run.steps == 3
    assert run.resume().wait(10) == 10


def test_pause_stops_between_pieces_and_keeps_everything() -> None:
    gate = threading.Semaphore(0)
    run = make(gate=gate)
    paused, running = reached(run, "paused"), reached(run, "running")
    run.start()
    assert running.wait(10)
    run.pause()
    gate.release()
    assert paused.wait(10)
    assert run.alive and run.result is None
    with pytest.raises(
        MatwidgetsError, match=r"^counting is paused: waiting would never end; call resume\(\) first$"
    ):
        run.wait()
    run.resume()
    gate.release(9)
    assert run.wait(10) == 10


def test_stop_gives_what_was_reached() -> None:
    gate = threading.Semaphore(3)
    run = make(gate=gate)
    run.start()
    run.stop()
    gate.release(1)
    assert run.wait(10) < 10 and run.state == "stopped"


def test_stop_before_start() -> None:
    run = make()
    run.stop()
    assert run.state == "stopped" and not run.alive and run.wait(1) is None


def test_stop_while_paused() -> None:
    run = make()
    paused = reached(run, "paused")
    run.step()
    assert paused.wait(10)
    run.stop()
    assert run.wait(10) == 2 and run.state == "stopped"


def test_error_of_the_job_is_kept_and_raised() -> None:
    run = make(fail_at=3)
    with pytest.raises(ValueError, match="the job broke"):
        run.start().wait(10)
    assert run.state == "failed" and run.snapshot()["error"] == "the job broke" and run.steps == 1


def test_error_while_the_job_is_built() -> None:
    def broken() -> Counting:
        raise InputError("no such table")

    run = Run(broken, title="t", kind="training", total=1)
    with pytest.raises(InputError, match="no such table"):
        run.start().wait(10)


def test_listeners_hear_every_step_and_cannot_break_the_job() -> None:
    run, heard = make(), []
    run.subscribe(lambda r: heard.append((r.state, r.steps)))
    leave = run.subscribe(lambda r: 1 / 0)
    assert run.start().wait(10) == 10
    for step in range(1, 6):
        assert ("running", step) in heard
    assert heard[-1] == ("done", 5)
    assert all(isinstance(e, ZeroDivisionError) for e in run.listener_errors) and run.listener_errors
    leave()
    leave()


def test_save_waits_for_a_gap(tmp_path: Path) -> None:
    run = make()
    with pytest.raises(
        MatwidgetsError, match=r"^counting has not started: there is nothing to save; call start\(\) first$"
    ):
        run.save(tmp_path / "s")
    paused = reached(run, "paused")
    run.step(2)
    assert paused.wait(10)
    assert run.save(tmp_path / "s", timeout=10).read_text() == "4"
    run.resume().wait(10)
    assert run.save(tmp_path / "end", timeout=10).read_text() == "10"


def test_error_of_saving_reaches_the_caller(tmp_path: Path) -> None:
    run = make()
    run.start().wait(10)
    with pytest.raises(OSError):
        run.save(tmp_path / "no folder" / "s", timeout=10)


def test_nothing_to_save_where_nothing_was_built(tmp_path: Path) -> None:
    def broken() -> Counting:
        raise InputError("no such table")

    run = Run(broken, title="t", kind="training", total=1).start()
    with pytest.raises(InputError):
        run.wait(10)
    with pytest.raises(MatwidgetsError, match="^t could not be set up: there is nothing to save$"):
        run.save(tmp_path / "s", timeout=10)


def test_await() -> None:
    async def main() -> int:
        return await make().start()  # type: ignore[no-any-return]

    assert asyncio.run(main()) == 10


def test_wait_times_out() -> None:
    gate = threading.Semaphore(0)
    run = make(gate=gate).start()
    with pytest.raises(TimeoutError, match="counting is still at work after 0.01 s"):
        run.wait(0.01)
    gate.release(10)
    run.wait(10)


def test_snapshot_and_repr() -> None:
    run = make()
    assert run.snapshot() == {
        "id": run.id, "title": "counting", "kind": "training", "state": "ready", "steps": 0, "total": 5, "rate": None,
        "seconds_left": None, "error": None,
    }  # fmt: skip
    assert repr(run) == "<Run counting: ready, step 0 of 5>"


def test_step_needs_a_positive_number() -> None:
    with pytest.raises(
        InputError, match=r"^step\(0\): a run can only go forward: give a whole number from 1$"
    ):
        make().step(0)


def test_leaving_python_while_a_run_works_is_clean(tmp_path: Path) -> None:
    script = tmp_path / "leave.py"
    script.write_text(
        "import torch\n"
        "from matwidgets.run import Run\n"
        "class Endless:\n"
        "    past, finished = [], False\n"
        "    def advance(self):\n"
        "        x = torch.ones(200, 200, requires_grad=True)\n"
        "        for _ in range(20):\n"
        "            (x @ x).sum().backward()\n"
        "        return {'step': 1}\n"
        "    def result(self):\n"
        "        print('stopped')\n"
        "import threading\n"
        "worked = threading.Event()\n"
        "run = Run(Endless, title='endless', kind='training', total=1)\n"
        "run.subscribe(lambda r: worked.set() if r.steps else None)\n"
        "run.start()\n"
        "assert worked.wait(60)\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
