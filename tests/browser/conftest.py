"""A real JupyterLab, started by `matwidgets lab`, and a headless Chromium that looks at it.

Screenshots are left in tests/artifacts (ignored by git): open them when you changed something that is seen.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / "artifacts"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SETTINGS = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false"},
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "no Chromium"
    return found


@pytest.fixture(scope="module")
def browser(chromium):
    """Closed after each file: while it is open, an event loop counts as running in this thread."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


class Lab:
    """A running `matwidgets lab`: its folder and its address with the token."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        folders = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
        settings = home / "settings"
        for name, values in SETTINGS.items():
            (settings / name).parent.mkdir(parents=True, exist_ok=True)
            (settings / name).write_text(json.dumps(values))
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "jupyter_server_config.json").write_text(
            json.dumps({"LabApp": {"expose_app_in_browser": True}})
        )
        self.environment = os.environ | folders | {
            "JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self.log = (home / "server.log").open("w+")
        self.job = subprocess.Popen(
            [sys.executable, "-m", "matwidgets", "lab", str(folder), "--port", str(self.port), "--no-browser"],
            cwd=home, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = self._token()

    def _token(self) -> str:
        """The token Jupyter made up, once the server answers."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.job.poll() is None, self.logged()
            record = self.home / "runtime" / f"jpserver-{self.job.pid}.json"
            if record.is_file():
                token = json.loads(record.read_text())["token"]
                try:
                    with urllib.request.urlopen(f"{self.url}/api/status?token={token}", timeout=10):
                        return token
                except urllib.error.URLError:
                    pass  # it tells its address a moment before it listens
            time.sleep(0.1)
        raise AssertionError(f"JupyterLab did not answer:\n{self.logged()}")

    def logged(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text()[-4000:]

    def stop(self) -> int:
        self.job.send_signal(signal.SIGINT)
        try:
            return self.job.wait(60)
        finally:
            if self.job.poll() is None:
                self.job.kill()
            self.log.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    running = Lab(tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("home"))
    yield running
    assert running.stop() == 0, running.logged()


@pytest.fixture
def page(lab, browser, request):
    """A page of JupyterLab with its launcher; what the page logs as an error is kept in `page.problems`."""
    context = browser.new_context(viewport={"width": 1400, "height": 950})
    context.set_default_timeout(90_000)  # a machine with two busy cores
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda note: page.problems.append(note.text) if note.type == "error" else None)
    page.goto(f"{lab.url}/lab?token={lab.token}&reset")
    page.wait_for_function("() => window.jupyterapp?.started")
    page.evaluate("() => window.jupyterapp.restored.then(() => true)")
    theme(page, "JupyterLab Light")
    yield page
    shoot(page, f"end_of_{request.node.name}")
    context.close()


def theme(page, name: str) -> None:
    """Change JupyterLab's theme and wait until its splash is gone."""
    page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
    light = str("Dark" not in name).lower()
    page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")
    page.wait_for_function("() => document.getElementById('jupyterlab-splash') === null")


def shoot(page, name: str) -> Path:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    path = ARTIFACTS / f"{name}.png"
    page.screenshot(path=path)
    return path


@pytest.fixture
def put(browser: Any) -> Iterator[Callable[..., Any]]:
    """Show a widget with its Python behind it, ``put(widget, theme, width)``; what the page complains about fails."""
    from .pages import put_into

    context = browser.new_context(viewport={"width": 1000, "height": 900})
    complaints: list[str] = []

    def open_page(widget: Any, theme: str = "light", width: int = 1000) -> Any:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        put_into(page, widget, theme)
        return page

    yield open_page
    context.close()
    assert complaints == []
