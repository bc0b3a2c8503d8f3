"""Which parts of the tests run, and why one is skipped.

``data`` and ``browser`` run wherever what they need is there; ``build``, ``notebook`` and ``slow`` take minutes
and run when they are asked for, by ``-m build`` or ``--with build``. What ``--with`` names must run: there a skip
is a failure.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

PARTS = ("data", "browser", "build", "notebook", "slow")
ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with",
        dest="parts",
        default="",
        metavar="PART,...",
        help=f"parts that must run, a skip in them is a failure: {', '.join(PARTS)}",
    )


def pytest_configure(config: pytest.Config) -> None:
    unknown = _required(config) - set(PARTS)
    if unknown:
        raise pytest.UsageError(f"--with {','.join(sorted(unknown))}: there are {', '.join(PARTS)}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    required = _required(config)
    asked = required | {part for part in PARTS if re.search(rf"\b(?<!not ){part}\b", config.getoption("-m"))}
    reasons = {part: _missing(part) for part in PARTS if part not in asked or part in ("data", "browser")}
    for item in items:
        for part in PARTS:
            reason = reasons.get(part)
            if reason and part not in required and item.get_closest_marker(part):
                item.add_marker(pytest.mark.skip(reason=reason))
                break


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    required = [part for part in _required(item.config) if item.get_closest_marker(part)]
    if report.skipped and required and not hasattr(report, "wasxfail"):
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must run (--with {','.join(required)}): {why}"
    return report


def _required(config: pytest.Config) -> set[str]:
    return {part.strip() for part in config.getoption("parts").split(",") if part.strip()}


def _missing(part: str) -> str | None:
    """Return what a part lacks here and how to get it; None if it can run."""
    if part == "data":
        from matwidgets.data import fetch

        if not fetch.available(fetch.table_names()):
            return "data: no real tables; run `matwidgets data fetch --all` or set MATWIDGETS_DATA_MIRROR"
        return None
    if part == "browser":
        if importlib.util.find_spec("playwright") is None or not any(map(shutil.which, CHROMIUM)):
            return "browser: no Chromium; install it (Debian: apt install chromium)"
        if not (ROOT / "matwidgets" / "labextension" / "package.json").is_file():
            return "browser: the JavaScript is not built; run `npm run build` in js/"
        return None
    if part == "build":
        return "build: uses the package registries for minutes; run `pytest --with build`"
    if part == "notebook":
        return "notebook: runs whole notebooks; run `pytest --with notebook`"
    return "slow: trains for long; run `pytest --with slow` or `.ci/run --slow`"


@pytest.fixture
def halides() -> Any:
    """Some salts as a user's table for a generator, column ``formula``."""
    import pandas as pd

    metals, others = ("Li", "Na", "K", "Mg", "Ca", "Al"), ("F", "Cl", "Br", "O")
    return pd.DataFrame({"formula": [f"{a}{n}{b}" for a in metals for b in others for n in ("", 2)]})
