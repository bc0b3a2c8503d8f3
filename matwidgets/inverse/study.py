"""A search's record: every point that was asked for and what came back, in memory or in a file that outlives a process.

The file is an optuna journal (one JSON line an event, only ever appended to), so optuna's own tools read it. What is
added here:

- a point is reserved in one line, with all its coordinates and the process it belongs to, so that a process that is
  killed leaves either nothing or a whole reservation;
- a reservation whose process has died is taken over, with the same point under the same number, by whoever asks next;
- at most so many points as were wanted are reserved, however many processes ask;
- the lock is the operating system's (`filelock`), which a dead process cannot keep, and half a line that it left at the
  end of the file is cut off before anything is added.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, MatwidgetsError, shown

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

Floats = NDArray[np.float64]
Direction = Literal["maximize", "minimize"]
NAME = "matwidgets"  # of the one study in a file
IDENTITY, OWNER, KEY, NOTES = "search", "owner", "key", "notes"  # attributes
CLOCK = 5.0  # s; a number is given to another process only after thousands of others
DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")


@dataclass(frozen=True)
class Box:
    """Where a search looks: an interval for each coordinate.

    Attributes
    ----------
    low, high : ndarray, shape (d,)
    """

    low: Floats
    high: Floats

    @classmethod
    def build(cls, low: Sequence[float] | Floats, high: Sequence[float] | Floats) -> Box:
        """Check two corners.

        Raises
        ------
        InputError
            Corners of different lengths, without coordinates, not finite, or with a lower end not below the upper one.
        """
        lower, upper = np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)
        if lower.ndim != 1 or lower.shape != upper.shape or not len(lower):
            raise InputError(
                f"The corners of the search box have shapes {lower.shape} and {upper.shape}; give one low and one high "
                "number for each coordinate"
            )
        wrong = np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper) & (lower < upper)))
        if len(wrong):
            i = int(wrong[0])
            raise InputError(
                f"Coordinate {i} of the search box goes from {lower[i]:g} to {upper[i]:g}; give finite numbers with "
                "low < high: exchange them if the box is upside down"
            )
        return cls(lower, upper)

    def __len__(self) -> int:
        return len(self.low)

    def to_unit(self, points: Floats) -> Floats:
        """Points (..., d) with the box as the unit cube."""
        return (points - self.low) / (self.high - self.low)

    def from_unit(self, points: Floats) -> Floats:
        """Points (..., d) of the unit cube in the box."""
        return self.low + points * (self.high - self.low)


@dataclass(frozen=True)
class Asked:
    """A reserved point.

    Attributes
    ----------
    number : int
        From 0, unique in the study.
    point : ndarray, shape (d,)
    """

    number: int
    point: Floats


@dataclass(frozen=True)
class Answer:
    """What came back for a point.

    Attributes
    ----------
    values : tuple of float
        One for each objective.
    constraints : mapping of name to float
        At most 0 where the constraint is met.
    notes : mapping
        What is kept with the point, as JSON.
    """

    values: tuple[float, ...]
    constraints: Mapping[str, float] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def feasible(self) -> bool:
        """Whether every constraint is met."""
        return all(value <= 0 for value in self.constraints.values())


@dataclass(frozen=True)
class Told(Answer):
    """A point that was answered: an `Answer` with ``number`` and ``point``."""

    number: int = -1
    point: Floats = field(default_factory=lambda: np.empty(0))


class Study:
    """The points of one search.

    Parameters
    ----------
    box : Box
    directions : sequence of {"maximize", "minimize"}
        One for each objective.
    path : Path, optional
        A journal file, made if it is not there; without one the study lives in memory.
    about : mapping, optional
        What else makes this search the one it is; a file with another description is refused.

    Raises
    ------
    InputError
        A direction that is none; a file that is no study, or one of another search.
    """

    def __init__(
        self,
        box: Box,
        directions: Sequence[Direction],
        path: str | Path | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.box, self.directions = box, tuple(directions)
        for direction in self.directions:
            if direction not in DIRECTIONS:
                raise InputError(f"Unknown direction {shown(direction)}; write maximize or minimize")
        if not self.directions:
            raise InputError("A search has no objective; give a direction, maximize or minimize, for each")
        self.path = None if path is None else Path(path)
        self._identity: dict[str, Any] = {
            "coordinates": len(box), "low": box.low.tolist(), "high": box.high.tolist(),
            "directions": list(self.directions), **(about or {}),
        }  # fmt: skip
        self._names = [f"z{i}" for i in range(len(box))]
        self._reserving: Any = threading.RLock()
        self.storage = self._open_storage()
        self.optuna = self._open_study()

    def _open_storage(self) -> BaseStorage:
        from optuna.storages import InMemoryStorage

        if self.path is None:
            return InMemoryStorage()
        from filelock import FileLock
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        _require_journal(self.path)
        self._reserving = FileLock(f"{self.path}.lock")
        lock: Any = _Lock(self.path, self._reserving)  # optuna asks only for acquire and release
        return JournalStorage(JournalFileBackend(str(self.path), lock_obj=lock))

    def _open_study(self) -> OptunaStudy:
        import optuna

        with self._reserving, _quiet():
            known = self.storage.get_all_studies()
            if not any(study.study_name == NAME for study in known):
                if known:
                    raise InputError(
                        f"{self.path} holds the optuna study {known[0].study_name!r}, not one of matwidgets: "
                        "name another file"
                    )
                directions = [optuna.study.StudyDirection[d.upper()] for d in self.directions]
                self.storage.create_new_study(directions, NAME)
            study = optuna.load_study(
                study_name=NAME, storage=self.storage, sampler=optuna.samplers.RandomSampler()
            )
            there = study.user_attrs.get(IDENTITY)
            if there is None:
                study.set_user_attr(IDENTITY, self._identity)
            else:
                self._require_same(there)
        return study

    def _require_same(self, there: Mapping[str, Any]) -> None:
        mine = json.loads(json.dumps(self._identity))
        for name in [*mine, *there]:
            if there.get(name) != mine.get(name):
                raise InputError(
                    f"{self.path} holds another search: its {name} is {shown(there.get(name))}, not "
                    f"{shown(mine.get(name))}; go on with the same settings or name another file"
                )

    # -- reading ---------------------------------------------------------------------------------------------

    def trials(self) -> list[FrozenTrial]:
        """Every reservation, in the order of its number, as optuna's object (not to be changed)."""
        return self.optuna.get_trials(deepcopy=False)

    def told(self) -> list[Told]:
        """The points that were answered, in the order of their numbers."""
        return [self._told(trial) for trial in self.trials() if trial.state.name == "COMPLETE"]

    def get(self, number: int) -> Told:
        """One answered point.

        Raises
        ------
        InputError
            If no point of this number was answered.
        """
        trials = self.trials()
        if not 0 <= number < len(trials) or trials[number].state.name != "COMPLETE":
            raise InputError(f"Point {number} was not answered; look at the numbers of told()")
        return self._told(trials[number])

    def _told(self, trial: FrozenTrial) -> Told:
        return Told(
            tuple(trial.values), dict(trial.constraints), trial.user_attrs.get(NOTES, {}), trial.number,
            self.point_of(trial),
        )  # fmt: skip

    def point_of(self, trial: FrozenTrial) -> Floats:
        """Coordinates of a reservation, (d,)."""
        return np.array([trial.params[name] for name in self._names])

    @property
    def distributions(self) -> dict[str, Any]:
        """Optuna's description of the box."""
        from optuna.distributions import FloatDistribution

        return {
            name: FloatDistribution(float(low), float(high))
            for name, low, high in zip(self._names, self.box.low, self.box.high, strict=True)
        }

    # -- writing ---------------------------------------------------------------------------------------------

    def reserve(self, limit: int, propose: Callable[[int], Floats]) -> Asked | None:
        """Reserve the next point; None if ``limit`` points are reserved or answered, all by processes at work.

        Parameters
        ----------
        limit : int
            Failed points do not count.
        propose : callable
            From the number of points there are to a new one, (d,); called without the lock, and only if no process
            has left a point undone.
        """
        with self._reserving:
            left = self._take_over()
            if left is not None:
                return left
            if self._reserved() >= limit:
                return None
            count = len(self.trials())
        point = np.clip(propose(count), self.box.low, self.box.high)
        with self._reserving:
            if self._reserved() >= limit:
                return None
            return self._reserve(point)

    def _reserve(self, point: Floats) -> Asked:
        from datetime import datetime

        from optuna.trial import FrozenTrial, TrialState

        key = uuid.uuid4().hex
        params = dict(zip(self._names, point.tolist(), strict=True))
        reservation = FrozenTrial(
            number=-1, trial_id=-1, state=TrialState.RUNNING, value=None, datetime_start=datetime.now(),
            datetime_complete=None, params=params, distributions=self.distributions,
            user_attrs={OWNER: owner(), KEY: key}, system_attrs={}, intermediate_values={},
        )  # fmt: skip
        self.optuna.add_trial(reservation)
        for trial in reversed(self.trials()):
            if trial.user_attrs.get(KEY) == key:
                return Asked(trial.number, self.point_of(trial))
        raise MatwidgetsError(
            f"{self.path} lost the point that was written to it; is it on a disk that is full?"
        )

    def _reserved(self) -> int:
        return sum(trial.state.name in ("COMPLETE", "RUNNING") for trial in self.trials())

    def _take_over(self) -> Asked | None:
        for trial in self.trials():
            if trial.state.name == "RUNNING" and not _at_work(trial.user_attrs.get(OWNER)):
                self.storage.set_trial_user_attr(trial._trial_id, OWNER, owner())
                return Asked(trial.number, self.point_of(trial))
        return None

    def answer(self, number: int, answer: Answer) -> None:
        """Keep what came back for a reserved point.

        Raises
        ------
        InputError
            If the point is not reserved, or the number of values is not that of the objectives.
        MatwidgetsError
            For a value or constraint that is no number or not finite; the point is failed and does not count.
        """
        from optuna.trial import Trial, TrialState

        trial = self._running(number)
        if len(answer.values) != len(self.directions):
            raise InputError(
                f"Point {number} got {len(answer.values)} values for {len(self.directions)} objectives; give one for "
                "each"
            )
        if not np.isfinite([*answer.values, *answer.constraints.values()]).all():
            self.fail(
                number, "no finite number"
            )  # one such value would spoil every later model of the objective
            raise MatwidgetsError(
                f"The objective gave a value that is no finite number at point {number} (values {answer.values}, "
                f"constraints {dict(answer.constraints)}); let it give a constraint above 0 where it has no value"
            )
        there = Trial(self.optuna, trial._trial_id)
        for name, value in answer.constraints.items():
            if name not in trial.constraints:  # a process may have died between constraints and values
                there.set_constraint(name, float(value))
        there.set_user_attr(NOTES, dict(answer.notes))
        self.optuna.tell(number, [float(value) for value in answer.values], TrialState.COMPLETE)

    def fail(self, number: int, reason: str) -> None:
        """Give a reserved point up; it does not count, and another takes its place."""
        from optuna.trial import TrialState

        self.storage.set_trial_user_attr(self._running(number)._trial_id, "reason", reason)
        self.optuna.tell(number, state=TrialState.FAIL)

    def release(self, number: int) -> None:
        """Leave a reserved point to whoever asks next."""
        self.storage.set_trial_user_attr(self._running(number)._trial_id, OWNER, None)

    def _running(self, number: int) -> FrozenTrial:
        trials = self.trials()
        if not 0 <= number < len(trials) or trials[number].state.name != "RUNNING":
            raise InputError(f"Point {number} is not waiting for an answer; ask for a point first")
        return trials[number]

    def copy_to(self, path: Path) -> None:
        """Write the study to a journal file, replacing what is there."""
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        alone: Any = threading.RLock()  # nobody else knows this file yet
        storage = JournalStorage(JournalFileBackend(str(part), lock_obj=alone))
        with _quiet():
            study_id = storage.create_new_study(self.optuna.directions, NAME)
        storage.set_study_user_attr(study_id, IDENTITY, self._identity)
        for trial in self.trials():
            if trial.state.name == "COMPLETE":
                storage.create_new_trial(study_id, template_trial=trial)
        part.replace(path)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without optuna's remarks on stderr."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


class _Lock:
    """The lock that the journal takes for every line; mends the file's end, since whoever wrote it may be dead."""

    def __init__(self, path: Path, lock: Any) -> None:
        self._path, self._lock = path, lock

    def acquire(self) -> bool:
        self._lock.acquire()
        _cut_half_line(self._path)
        return True

    def release(self) -> None:
        self._lock.release()


def _cut_half_line(path: Path) -> None:
    """Cut off what follows the last line's end."""
    if not path.is_file():
        return
    with path.open("rb+") as file:
        end = kept = file.seek(0, os.SEEK_END)
        while kept:
            start = max(0, kept - 4096)
            file.seek(start)
            last = file.read(kept - start).rfind(b"\n")
            kept = start + last + 1
            if last >= 0:
                break
        if kept < end:
            file.truncate(kept)


def _require_journal(path: Path) -> None:
    """Refuse a file whose first line is none of a journal, and a folder that is not there."""
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"The study cannot be kept in {path}; name a file in a folder that is there")
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as file:
        first = file.readline(1 << 20)
    try:
        line = json.loads(first)
    except ValueError:
        line = None
    if not isinstance(line, dict) or "op_code" not in line:
        raise InputError(
            f"{path} is no study file (its first line is no event of a journal): name another file"
        )


@functools.cache
def _name_of(process: int) -> str:
    import psutil

    return f"{socket.gethostname()} {process} {psutil.Process(process).create_time():.2f}"


def owner() -> str:
    """Name of this process that no other has had: host, process and when it began."""
    return _name_of(os.getpid())


def _at_work(name: str | None) -> bool:
    """Whether the process of this name lives; one on another host is taken to."""
    import psutil

    if not name:
        return False
    host, process, began = name.rsplit(" ", 2)
    if host != socket.gethostname():
        return True
    try:
        # When a process began is counted from when the machine did, which a corrected clock moves a little.
        return abs(psutil.Process(int(process)).create_time() - float(began)) < CLOCK
    except psutil.NoSuchProcess:
        return False
