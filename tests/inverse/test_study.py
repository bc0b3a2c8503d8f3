"""A study outlives its processes: nothing is lost, nothing is done twice, and another search's file is refused."""

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from matwidgets.errors import DataError, InputError, MatwidgetsError
from matwidgets.inverse.latent_search import LatentSearch, LatentSettings, trials_by_state
from matwidgets.inverse.study import OWNER, Answer, Box, Study
from matwidgets.inverse.study_workers import Workers

SCRIPT = Path(__file__).with_name("killed_search.py")


def script():
    """The script as a module that spawned processes find as well."""
    if "killed_search" not in sys.modules:
        spec = importlib.util.spec_from_file_location("killed_search", SCRIPT)
        module = importlib.util.module_from_spec(spec)
        sys.modules["killed_search"] = module
        spec.loader.exec_module(module)
    return sys.modules["killed_search"]


@pytest.fixture
def bowl(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))  # spawned processes get this path
    return script()


def started(path, worker, points, pause, *hang):
    words = [str(x) for x in (SCRIPT, path, worker, points, pause, *hang)]
    return subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def until(condition, process):
    """Wait for what a process does to a study file."""
    for _ in range(12_000):
        if condition():
            return
        assert process.poll() is None, process.stderr.read()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.01)
    raise AssertionError("the process did not come so far in two minutes")


def reservations(path):
    """Points that were reserved."""
    if not path.is_file():
        return 0
    return path.read_bytes().count(b'"op_code":4,')  # optuna's CREATE_TRIAL


def assert_complete(path, bowl, points):
    study = bowl.search_of(path, points).study
    assert [t.number for t in study.told()] == list(range(points))
    assert trials_by_state(study) == {"answered": points, "at work": 0, "failed": 0}
    assert len({tuple(t.point) for t in study.told()}) == points  # no point was asked for twice
    for told in study.told():
        expected = bowl.bowl(told.point)
        assert told.values == pytest.approx(expected.values)
        assert told.constraints == pytest.approx(expected.constraints)
        assert told.notes == pytest.approx(expected.notes)


def test_a_killed_search_goes_on_as_if_nothing_had_happened(tmp_path, bowl):
    path = tmp_path / "search.journal"
    process = started(path, 0, 30, 0, 9)
    until(lambda: reservations(path) == 10, process)
    process.kill()
    process.communicate()
    search = bowl.search_of(path, 30)
    before = {t.number: tuple(t.point) for t in search.study.told()}
    assert trials_by_state(search.study) == {"answered": 9, "at work": 1, "failed": 0}
    while search.advance(bowl.bowl) is not None:
        pass
    assert_complete(path, bowl, 30)
    whole = bowl.search_of(None, 30)  # never stopped, in memory
    while whole.advance(bowl.bowl) is not None:
        pass
    assert [t.point.tolist() for t in search.study.told()] == [t.point.tolist() for t in whole.study.told()]
    assert {t.number: tuple(t.point) for t in search.study.told()[:9]} == before


def test_two_processes_on_one_study_lose_and_double_nothing(tmp_path, bowl):
    path = tmp_path / "search.journal"
    processes = [started(path, worker, 24, 0.02) for worker in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert_complete(path, bowl, 24)
    owners = {trial.user_attrs[OWNER] for trial in bowl.search_of(path, 24).study.trials()}
    assert len(owners) == 2  # both had a share


def test_a_worker_that_is_killed_leaves_its_point_to_the_other(tmp_path, bowl):
    path = tmp_path / "search.journal"
    search = bowl.search_of(path, 16)
    workers = Workers(partial(bowl.make, path, 16, 0.1), 2, search)
    try:
        numbers = [workers.advance(), workers.advance()]
        os.kill(workers.process_ids[0], signal.SIGTERM)
        while not workers.finished:
            number = workers.advance()
            numbers += [] if number is None else [number]
    finally:
        workers.close()
    assert_complete(path, bowl, 16)
    # A process that is ended between keeping an answer and saying so has kept it all the same.
    assert len(set(numbers)) == len(numbers) >= 15


def test_what_goes_wrong_in_a_worker_is_raised(tmp_path, bowl):
    search = bowl.search_of(tmp_path / "search.journal", 4)
    workers = Workers(bowl.broken, 1, search)
    with pytest.raises(InputError, match="no search for process 0"):
        workers.advance()
    workers = Workers(bowl.dies, 2, search)
    with pytest.raises(DataError, match=r"Every process of the search has ended .*with exit code 3"):
        workers.advance()


def test_a_half_line_at_the_end_of_the_file_is_cut_off(tmp_path, bowl):
    path = tmp_path / "search.journal"
    search = bowl.search_of(path, 8)
    for _ in range(5):
        search.advance(bowl.bowl)
    whole = path.read_bytes()
    for cut in (1, 7000):  # within the last line, and a longer piece than what is read at once
        path.write_bytes(whole + (b'{"op_code": 4, "x": "' + b"x" * cut))
        again = bowl.search_of(path, 8)
        assert len(again.study.told()) == 5
        again.advance(bowl.bowl)
        assert len(bowl.search_of(path, 8).study.told()) == 6
        assert all(json.loads(line) for line in path.read_text().splitlines())
        path.write_bytes(whole)


def test_a_point_whose_objective_raises_is_asked_for_again(bowl):
    search = bowl.search_of(None, 3)
    with pytest.raises(ZeroDivisionError):
        search.advance(lambda point: 1 / 0)
    assert trials_by_state(search.study) == {"answered": 0, "at work": 1, "failed": 0}
    assert search.advance(bowl.bowl) == 0
    asked = search.ask()
    assert (asked.number, search.study.trials()[1].state.name) == (1, "RUNNING")
    search.study.fail(asked.number, "out of reach")
    while search.advance(bowl.bowl) is not None:
        pass
    assert trials_by_state(search.study) == {"answered": 3, "at work": 0, "failed": 1}


def test_a_saved_study_is_gone_on_with(tmp_path, bowl):
    search = bowl.search_of(None, 12)
    for _ in range(7):
        search.advance(bowl.bowl)
    search.ask()  # at work, so not saved
    search.study.copy_to(tmp_path / "saved.journal")
    again = bowl.search_of(tmp_path / "saved.journal", 12)
    while again.advance(bowl.bowl) is not None:
        pass
    assert_complete(tmp_path / "saved.journal", bowl, 12)
    assert [t.point.tolist() for t in again.study.told()[:7]] == [
        t.point.tolist() for t in search.study.told()
    ]


def test_optuna_reads_the_file_and_sees_the_constraints(tmp_path, bowl):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = tmp_path / "search.journal"
    search = bowl.search_of(path, 12, sampler="random")
    while search.advance(bowl.bowl) is not None:
        pass
    study = optuna.load_study(study_name=None, storage=JournalStorage(JournalFileBackend(str(path))))
    feasible = [t for t in search.study.told() if t.feasible]
    assert feasible and len(feasible) < 12
    assert study.best_trial.number == min(feasible, key=lambda t: t.values[0]).number


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (
            [0.0, 2.0],
            [1.0, 1.0],
            "Coordinate 1 of the search box goes from 2 to 1; give finite numbers",
        ),
        ([0.0], [np.inf], "Coordinate 0 of the search box goes from 0 to inf"),
        (
            [0.0],
            [1.0, 2.0],
            r"have shapes \(1,\) and \(2,\); give one low and one high number for each coordinate",
        ),
        ([], [], r"have shapes \(0,\) and \(0,\)"),
    ],
)
def test_a_box_that_is_none(low, high, message):
    with pytest.raises(InputError, match=message):
        Box.build(low, high)


def test_a_file_of_another_search_is_refused(tmp_path, bowl):
    path = tmp_path / "search.journal"
    bowl.search_of(path, 3).advance(bowl.bowl)
    box = Box.build(bowl.LOW, bowl.HIGH)
    with pytest.raises(InputError, match="its directions is \\['minimize'\\], not \\['maximize'\\]"):
        Study(box, ["maximize"], path)
    with pytest.raises(InputError, match="holds another search: its low is"):
        Study(Box.build([-2.0, -2.0, 0.0], bowl.HIGH), ["minimize"], path)
    with pytest.raises(InputError, match="its elements is None, not 'Ti'; go on with the same"):
        Study(box, ["minimize"], path, {"elements": "Ti"})
    other = tmp_path / "table.csv"
    other.write_text("formula,value\nTiC,1\n")
    with pytest.raises(InputError, match="table.csv is no study file"):
        Study(box, ["minimize"], other)
    assert other.read_text() == "formula,value\nTiC,1\n"
    with pytest.raises(InputError, match="name a file in a folder that is there"):
        Study(box, ["minimize"], tmp_path / "nowhere" / "search.journal")


def test_a_study_of_somebody_else_is_refused(tmp_path):
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = tmp_path / "theirs.journal"
    optuna.create_study(study_name="theirs", storage=JournalStorage(JournalFileBackend(str(path))))
    with pytest.raises(InputError, match="holds the optuna study 'theirs', not one of matwidgets"):
        Study(Box.build([0.0], [1.0]), ["minimize"], path)


def test_answers_that_are_none(bowl):
    search = LatentSearch(Study(Box.build([0.0], [1.0]), ["minimize"]), LatentSettings(n_trials=2))
    asked = search.ask()
    with pytest.raises(InputError, match="got 2 values for 1 objectives; give one for each"):
        search.tell(asked, Answer((1.0, 2.0)))
    with pytest.raises(MatwidgetsError, match="no finite number at point 0"):
        search.tell(asked, Answer((float("nan"),)))
    with pytest.raises(InputError, match="Point 0 is not waiting for an answer; ask for a point first"):
        search.tell(asked, Answer((1.0,)))
    with pytest.raises(InputError, match="Point 0 was not answered"):
        search.study.get(0)
    with pytest.raises(InputError, match="Unknown direction 'up'; write maximize or minimize"):
        Study(Box.build([0.0], [1.0]), ["up"])
    with pytest.raises(InputError, match="no objective"):
        Study(Box.build([0.0], [1.0]), [])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("broken", ["value", "constraint"])
def test_a_point_without_a_finite_number_is_failed_and_harms_no_later_one(value, broken):
    study = Study(Box.build([0.0], [1.0]), ["minimize"])
    search = LatentSearch(study, LatentSettings(n_trials=6, sampler="gp", startup=2))
    wrong = Answer((value,), {"limit": -1.0}) if broken == "value" else Answer((0.5,), {"limit": value})
    with pytest.raises(MatwidgetsError, match="no finite number at point 0") as caught:
        search.tell(search.ask(), wrong)
    assert "\n" not in str(caught.value)
    numbers = []
    while (asked := search.ask()) is not None:  # the last four are proposed by the Gaussian process
        search.tell(asked, Answer(((float(asked.point[0]) - 0.3) ** 2,), {"limit": -1.0}))
        numbers.append(asked.number)
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert trials_by_state(study) == {"answered": 6, "at work": 0, "failed": 1}
