"""The environment of Binder: one locked set, PyTorch's index alone, and the image that repo2docker would build."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"
PIN = re.compile(r"[a-z0-9][a-z0-9-]*==[0-9][0-9A-Za-z.]*")


def lines(name: str) -> list[str]:
    text = (BINDER / name).read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def constraints() -> dict[str, str]:
    return dict(line.split("==") for line in lines("constraints.txt"))


def direct() -> set[str]:
    """Names that pyproject.toml asks for in what Binder, README and CI install: the package and all within ``test``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras, asked, left = project["optional-dependencies"], [*project["dependencies"]], ["test"]
    while left:
        for row in extras[left.pop()]:
            inner = re.fullmatch(r"matwidgets\[(.*)\]", row)
            left += inner.group(1).split(",") if inner else []
            asked += [] if inner else [row]
    return {re.split(r"[\[<>=~! ]", row)[0].lower() for row in asked}


def test_every_constraint_is_one_exact_version():
    assert [line for line in lines("constraints.txt") if not PIN.fullmatch(line)] == []
    assert len(constraints()) == len(lines("constraints.txt"))


def test_torch_is_pinned_without_a_build_label():
    assert constraints()["torch"] == "2.13.0"


def test_what_is_asked_for_is_locked():
    assert direct() - constraints().keys() == set()


def test_this_environment_is_the_locked_one():
    """Binder, README and CI mean the same versions; an environment made without the constraints is told here."""
    here = {name: metadata.version(name).partition("+")[0] for name in direct()}
    assert {name: version for name, version in here.items() if constraints()[name] != version} == {}


def test_requirements_install_the_package_under_the_constraints():
    assert lines("requirements.txt")[-2:] == ["-c constraints.txt", ".[lab]"]
    indexes = [line for line in lines("requirements.txt") if line.startswith("--")]
    assert len(indexes) == 1
    assert re.fullmatch(r"--extra-index-url https://[a-z.]*pytorch[a-z.]*/whl/cpu", indexes[0])
    assert lines("runtime.txt") == ["python-3.11"]


def test_post_build_can_be_run():
    assert (BINDER / "postBuild").stat().st_mode & stat.S_IXUSR
    subprocess.run(["bash", "-n", str(BINDER / "postBuild")], check=True)


def test_lock_writes_names_and_versions_as_every_platform_has_them():
    space: dict[str, object] = {"__name__": "lock"}
    exec(compile((BINDER / "lock.py").read_text("utf-8"), "lock.py", "exec"), space)
    rows = space["locked"](
        {"Torch": "2.13.0+cpu", "jupyter_core": "5.9.1", "matwidgets": "0.1.0", "pip": "26"}
    )
    assert rows == ["jupyter-core==5.9.1", "torch==2.13.0"]


@pytest.mark.build
def test_the_image_that_repo2docker_renders():
    shown = subprocess.run(
        [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr[-2000:]
    recipe = shown.stdout + shown.stderr
    copied = recipe.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    installed = recipe.index('pip install --no-cache-dir -r "binder/requirements.txt"')
    finished = recipe.index("RUN ./binder/postBuild")
    # The package is a line of the requirements, so they are installed when the sources are there.
    assert copied < installed < finished
    assert "Building conda environment for python=3.11" in recipe
    assert "apt.txt" not in recipe
