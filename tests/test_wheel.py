"""The wheel, not the checkout: built, installed in a fresh environment without Node on the PATH, and looked into."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.build
ROOT = Path(__file__).resolve().parents[1]
EXTENSION = "matwidgets-{version}.data/data/share/jupyter/labextensions/matwidgets/"


@pytest.fixture(scope="module")
def no_node(tmp_path_factory) -> dict[str, str]:
    """The environment with a PATH that has no Node: of the folders that hold it only what a build needs is linked."""
    folders = os.environ["PATH"].split(os.pathsep)
    kept = [
        folder
        for folder in folders
        if not any((Path(folder) / tool).exists() for tool in ("node", "npm", "npx", "jupyter-builder"))
    ]
    tools = tmp_path_factory.mktemp("tools")
    for tool in ("sh", "bash", "env", "uname", "git", "cc", "gcc"):
        found = shutil.which(tool)
        if found:
            (tools / tool).symlink_to(found)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return environment | {"PATH": os.pathsep.join([*kept, str(tools)])}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """What git tracks, and nothing that was built: a fresh clone of the working tree."""
    folder = tmp_path_factory.mktemp("checkout")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout, no_node, tmp_path_factory) -> Path:
    """The wheel, built in isolation by a PATH that has Python but no Node."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(checkout)], env=no_node)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def installed(wheel, no_node, tmp_path_factory) -> Path:
    """A fresh environment that holds the wheel; what it depends on is seen from the environment of the tests."""
    folder = tmp_path_factory.mktemp("venv")
    run([sys.executable, "-m", "venv", str(folder)])
    python = folder / "bin" / "python"
    run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], env=no_node)
    (packages,) = folder.glob("lib/python*/site-packages")
    paths = [path for path in sys.path if path.endswith("site-packages")]
    # A folder named in a .pth file is not searched for further .pth files: an editable install stays unseen.
    (packages / "dependencies.pth").write_text("\n".join(paths))
    return folder


def run(command, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done


def version_of(wheel: Path) -> str:
    return wheel.name.split("-")[1]


def test_there_is_no_node_where_it_is_built(no_node):
    path = no_node["PATH"]
    assert shutil.which("node", path=path) is None
    assert shutil.which("npm", path=path) is None


def test_every_widget_has_its_script(names):
    stems = {path.stem for path in (ROOT / "js" / "src" / "widgets").glob("*.ts")}
    assert stems
    assert {f"matwidgets/static/{stem}.js" for stem in stems} <= names


def test_python_widgets_and_scripts_share_their_stems(names):
    scripts = {Path(name).stem for name in names if name.startswith("matwidgets/static/")}
    modules = {Path(name).stem for name in names if name.startswith("matwidgets/widgets/")}
    assert scripts <= modules


def test_the_extension_is_in_jupyters_folder_and_nowhere_else(names, wheel):
    place = EXTENSION.format(version=version_of(wheel))
    assert {place + "package.json", place + "install.json"} <= names
    assert any(name.startswith(place + "static/remoteEntry.") for name in names)
    assert not [name for name in names if name.startswith("matwidgets/labextension")]


def test_the_server_extension_is_enabled(names, wheel):
    place = f"matwidgets-{version_of(wheel)}.data/data/etc/jupyter/jupyter_server_config.d/matwidgets.json"
    with zipfile.ZipFile(wheel) as archive:
        record = json.loads(archive.read(place))
    assert record == {"ServerApp": {"jpserver_extensions": {"matwidgets.server": True}}}


def test_notebooks_checkpoints_and_records_travel(names):
    def tracked(pattern):
        return {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}

    notebooks = {f"matwidgets/{name}" for name in tracked("notebooks/[0-9][0-9]_*.ipynb")}
    weights = tracked("matwidgets/checkpoints/*/*.safetensors")
    cards = tracked("matwidgets/checkpoints/*/README.md")
    assert notebooks
    assert weights
    assert cards
    assert notebooks | weights | cards | tracked("matwidgets/papers/*.toml") <= names
    assert {"matwidgets/data/registry.toml", "matwidgets/data/formation_enthalpies.toml"} <= names


def test_nothing_else_travels(names):
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.startswith("matwidgets")} == set()
    assert not [
        name for name in names if "node_modules" in name or name.endswith((".csv", ".pkl", ".ts", ".map"))
    ]


def test_an_installed_package_runs(installed, no_node, tmp_path):
    """The command of the fresh environment, in an empty folder: the package is the wheel's, not the checkout's."""
    python = installed / "bin" / "python"
    where = run([python, "-c", "import matwidgets; print(matwidgets.__file__)"], cwd=tmp_path).stdout
    assert Path(where.strip()).is_relative_to(installed)
    printed = run([installed / "bin" / "matwidgets", "papers", "--json"], cwd=tmp_path, env=no_node).stdout
    crabnet = json.loads(printed)[0]
    assert crabnet["word"] == "crabnet"
    assert crabnet["notebook"] == "01_crabnet.ipynb"
    predicted = run(
        [installed / "bin" / "matwidgets", "predict", "TiC", "--property", "bulk_modulus", "--json"],
        cwd=tmp_path, env=no_node | {"MATWIDGETS_OFFLINE": "1", "MATWIDGETS_CACHE": str(tmp_path)},
    ).stdout  # fmt: skip
    assert json.loads(predicted)[0]["value"] == pytest.approx(238.8, rel=0.05)


def test_jupyterlab_lists_the_extension_once(installed, no_node, tmp_path):
    python = installed / "bin" / "python"
    environment = no_node | {
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_DATA_DIR": str(tmp_path / "data"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }  # fmt: skip
    listed = run([python, "-m", "jupyterlab.labextensions", "list"], cwd=tmp_path, env=environment)
    text = listed.stdout + listed.stderr
    rows = [line for line in text.splitlines() if line.split()[:1] == ["matwidgets"]]
    assert len(rows) == 1, text
    assert "enabled" in rows[0]
    assert "OK" in rows[0]
    servers = run(
        [python, "-m", "jupyter_server.extension.serverextension", "list"], cwd=tmp_path, env=environment
    )
    assert "matwidgets.server" in servers.stdout + servers.stderr


def test_the_scripts_are_small(wheel):
    """Budgets in gzipped bytes: a widget 90 kB, all of them 350 kB, what JupyterLab loads at its start 20 kB."""
    sizes = {name: len(gzip.compress(text, mtime=0)) for name, text in scripts_of(wheel).items()}
    widgets = {name: size for name, size in sizes.items() if name.startswith("matwidgets/static/")}
    start = {name: size for name, size in sizes.items() if "/labextensions/" in name}
    assert {name: size for name, size in widgets.items() if size > 90_000} == {}
    assert sum(widgets.values()) <= 350_000
    assert 0 < sum(start.values()) <= 20_000


def test_two_builds_of_the_scripts_are_the_same_bytes(wheel, checkout, no_node, tmp_path):
    """What a wheel carries does not depend on when or where it was built."""
    first = scripts_of(wheel)
    for folder in ("static", "labextension"):
        shutil.rmtree(checkout / "matwidgets" / folder)
    run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(checkout)],
        env=no_node,
    )
    (again,) = tmp_path.glob("*.whl")
    assert scripts_of(again) == first


def scripts_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".js")}
