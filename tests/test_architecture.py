"""The house: floors, rooms that all import, a light face, library code that neither prints nor seeds."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import matwidgets

PACKAGE = Path(matwidgets.__file__).parent
ROOT = PACKAGE.parent
SUBMODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(matwidgets.__path__, "matwidgets.")
    if not module.name.endswith("__main__")
)
SOURCES = sorted(path for path in PACKAGE.rglob("*.py"))
# The command line writes to the terminal, and an exercise's check is there to print its verdict under a cell.
MAY_PRINT = ("cli/", "papers/exercise.py")
HEAVY = (
    "torch",
    "pymatgen",
    "pandas",
    "sklearn",
    "scipy",
    "matplotlib",
    "anywidget",
    "ipywidgets",
    "jupyter_server",
)


def in_fresh_python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    ).stdout.strip()


def test_the_floors_are_kept():
    checked = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    assert "0 broken" in checked.stdout


def test_the_floors_name_every_room():
    text = (ROOT / "pyproject.toml").read_text()
    rooms = {name.split(".")[1] for name in SUBMODULES}
    forgotten = {
        room for room in rooms if f'matwidgets.{room}"' not in text and f"matwidgets.{room} " not in text
    }
    assert not forgotten, f"rooms that no floor in pyproject.toml names: {sorted(forgotten)}"


@pytest.mark.parametrize("name", SUBMODULES)
def test_every_submodule_imports(name):
    assert importlib.import_module(name).__name__ == name


def test_face_names_are_there_after_every_submodule_is_imported():
    """A room with the name of a function of the face would replace it."""
    for name in SUBMODULES:
        importlib.import_module(name)
    for name in ("decompose", "design", "load", "link", "paper", "train"):
        assert callable(getattr(matwidgets, name)), name
    assert matwidgets.__version__.count(".") == 2
    assert matwidgets.widgets.__name__ == "matwidgets.widgets"
    assert set(matwidgets.__all__) <= set(dir(matwidgets))


def test_unknown_face_name_says_so():
    with pytest.raises(AttributeError, match="no_such_name"):
        matwidgets.no_such_name  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    loaded = in_fresh_python("import json, sys, matwidgets; print(json.dumps(sorted(sys.modules)))")
    modules = {name.partition(".")[0] for name in json.loads(loaded)}
    assert modules & set(HEAVY) == set()


def test_naming_the_rooms_of_widgets_loads_nothing_scientific():
    loaded = in_fresh_python(
        "import json, sys, matwidgets; [getattr(matwidgets.widgets, n) for n in matwidgets.widgets.__all__];"
        "print(json.dumps(sorted(sys.modules)))"
    )
    modules = {name.partition(".")[0] for name in json.loads(loaded)}
    assert modules & {"torch", "pymatgen", "pandas", "sklearn"} == set()


def test_importing_the_package_sets_no_seed():
    states = in_fresh_python(
        "import random, numpy, torch\n"
        "before = (random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist())\n"
        "import pkgutil, importlib, matwidgets\n"
        "for m in pkgutil.walk_packages(matwidgets.__path__, 'matwidgets.'):\n"
        "    '__main__' in m.name or importlib.import_module(m.name)\n"
        "after = (random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist())\n"
        "print(before == after)"
    )
    assert states == "True"


def calls(path: Path) -> set[str]:
    """Names of the plain functions that a file calls."""
    return {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


@pytest.mark.parametrize(
    "path",
    [p for p in SOURCES if not p.relative_to(PACKAGE).as_posix().startswith(MAY_PRINT)],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_library_code_does_not_print(path):
    assert "print" not in calls(path)


def test_one_word_names_a_thing_everywhere():
    from matwidgets.papers.registry import load_papers

    words = [paper.word for paper in load_papers()]
    assert words == ["crabnet", "onehot_vae", "dual_vae", "disentangled_vae", "wgan"]
    assert len({path.stem for path in PACKAGE.rglob("utils.py")}) == 0
