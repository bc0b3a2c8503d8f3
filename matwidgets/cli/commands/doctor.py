"""``matwidgets doctor``: what is installed and what is reachable, and what to do about what is not."""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from matwidgets.cli.output import emit_json, text_table
from matwidgets.errors import DataError

DISTRIBUTIONS = (
    "torch", "numpy", "pandas", "pymatgen", "safetensors", "pooch", "ipykernel", "ipywidgets", "anywidget",
    "jupyterlab", "papermill", "nbconvert",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Look and tell; looking always succeeds, so the code is 0 and `problems` lists what needs a hand."""
    findings = examine()
    if args.json:
        emit_json(findings)
        return 0
    print(
        text_table(
            ["what", "found"],
            [[what, _line(found)] for what, found in findings.items() if what != "problems"],
        )
    )
    for problem in findings["problems"]:
        print(f"! {problem}")
    if not findings["problems"]:
        print("no problems found")
    return 0


def examine() -> dict[str, Any]:
    """Everything that doctor knows, as plain values."""
    from matwidgets import __version__

    problems: list[str] = []
    findings: dict[str, Any] = {
        "matwidgets": __version__,
        "folder": str(package_folder()),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": versions(problems),
        "threads": threads(),
        "memory": memory(),
        "data": data(problems),
        "checkpoints": checkpoints(problems),
        "notebooks": notebooks(problems),
        "widgets": widgets(problems),
        "labextension": labextension(problems),
    }
    findings["problems"] = problems
    return findings


def package_folder() -> Path:
    """Where the package is installed."""
    return Path(__file__).resolve().parents[2]


def versions(problems: list[str]) -> dict[str, str | None]:
    """Versions of the libraries, read from their metadata: nothing is imported."""
    found: dict[str, str | None] = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
            extra = "[lab]" if name in ("jupyterlab", "papermill", "nbconvert") else ""
            problems.append(f'{name} is not installed: `pip install "matwidgets{extra}"`')
    return found


def memory() -> dict[str, float]:
    """Memory of the machine in MB."""
    import psutil

    state = psutil.virtual_memory()
    return {"total_mb": round(state.total / 1e6), "available_mb": round(state.available / 1e6)}


def threads() -> dict[str, Any]:
    """Processors of the machine and the threads that matwidgets will use."""
    from matwidgets.training.threads import granted

    return {
        "processors": os.cpu_count(),
        "used": granted(),
        "MATWIDGETS_THREADS": os.environ.get("MATWIDGETS_THREADS"),
    }


def data(problems: list[str]) -> dict[str, Any]:
    """Where tables are looked for and how many are there and whole."""
    from matwidgets.data import fetch

    try:
        rows = fetch.verify()
    except (
        DataError
    ) as error:  # the mirror's variable names no folder: worth saying, no reason to stop looking
        problems.append(str(error))
        return {
            "mirror": os.environ.get("MATWIDGETS_DATA_MIRROR"),
            "tables": len(fetch.table_names()),
            "here": None,
        }
    wrong = [row["name"] for row in rows if row["status"] == "wrong checksum"]
    if wrong:
        problems.append(f"wrong checksum of {', '.join(wrong)}: `matwidgets data verify` says where they are")
    return {**fetch.where(), "tables": len(rows), "here": sum(row["status"] == "ok" for row in rows)}


def checkpoints(problems: list[str]) -> list[str]:
    """List the bundled models as `word/file`."""
    root = package_folder() / "checkpoints"
    found = sorted(file.relative_to(root).as_posix() for file in root.rglob("*.safetensors"))
    if not found:
        problems.append("no bundled checkpoint is installed: install matwidgets again")
    return found


def notebooks(problems: list[str]) -> list[str]:
    """List the notebooks that `reproduce` and `lab` find."""
    from matwidgets.papers.registry import find_notebooks

    found = [path.name for path in find_notebooks()]
    if not found:
        problems.append("no notebook is installed: install matwidgets again")
    return found


def widgets(problems: list[str]) -> dict[str, bool]:
    """Whether each widget has its built JavaScript."""
    from matwidgets import widgets as room

    stems = [getattr(getattr(room, name), "stem", None) for name in room.__all__]
    static = package_folder() / "static"
    found = {stem: (static / f"{stem}.js").is_file() for stem in sorted(filter(None, stems))}
    if missing := [stem for stem, built in found.items() if not built]:
        problems.append(
            f"JavaScript of {', '.join(missing)} is not built: `pip install .` builds it (in a checkout: `npm ci` "
            "and `npm run build` in js/)"
        )
    return found


def labextension(problems: list[str]) -> str | None:
    """Folder of the JupyterLab extension; None if JupyterLab will not find it."""
    from matwidgets.lab import installed_extensions

    try:
        places = installed_extensions()
    except ImportError:
        return None  # without Jupyter there is nothing to extend; `versions` names what to install
    if not places:
        problems.append(
            "the JupyterLab extension is not installed, so the launcher shows no cards: `pip install .` "
            "installs it (`matwidgets lab` also finds the one that `npm run build` makes in a checkout)"
        )
    elif len(places) > 1:
        found = ", ".join(map(str, places))
        problems.append(
            f"the JupyterLab extension is installed {len(places)} times ({found}): remove all but one"
        )
    return str(places[0]) if places else None


def _line(found: Any) -> str:
    if isinstance(found, dict):
        return ", ".join(f"{key} {_line(value)}" for key, value in found.items()) or "none"
    if isinstance(found, list):
        return ", ".join(map(str, found)) or "none"
    if isinstance(found, bool):
        return "yes" if found else "no"
    return "-" if found is None else str(found)
