"""`matwidgets lab`: what JupyterLab is started with, the checkout's extension, and a clean stop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from matwidgets import lab
from matwidgets.errors import InputError, MatwidgetsError


def test_only_this_machine_is_served_and_messages_are_prompt(tmp_path):
    given = lab.arguments(tmp_path, port=None, browser=True, token=None)
    assert "--ServerApp.ip=127.0.0.1" in given
    assert f"--ServerApp.root_dir={tmp_path}" in given
    assert (
        "--ServerApp.kernel_websocket_connection_class=matwidgets.server.PromptWebsocketConnection" in given
    )
    assert not [row for row in given if "token" in row or "port" in row or "no-browser" in row]


def test_port_browser_and_token_are_passed_on(tmp_path):
    given = lab.arguments(tmp_path, port=9123, browser=False, token="secret")
    assert {
        "--ServerApp.port=9123", "--ServerApp.port_retries=0", "--no-browser", "--IdentityProvider.token=secret",
    } <= set(given)  # fmt: skip


def test_a_folder_that_is_none_is_an_input_error():
    with pytest.raises(
        InputError, match=r"^'no/such/folder' is no folder; give one that exists, or none for this one$"
    ):
        lab.start("no/such/folder")


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(lab, "installed_extensions", list)


@pytest.fixture
def installed(tmp_path, monkeypatch) -> Path:
    """An extension in Jupyter's own folder, which Jupyter names twice."""
    place = tmp_path / "labextensions" / "matwidgets"
    place.mkdir(parents=True)
    (place / "package.json").write_text("{}")
    monkeypatch.setattr(
        "jupyter_core.paths.jupyter_path", lambda *parts: [str(tmp_path / "labextensions")] * 2
    )
    return place


def test_an_installed_extension_is_found_once(installed, tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "EXTENSION", tmp_path / "none")
    assert lab.installed_extensions() == [installed]
    with lab.extension_offered() as options:
        assert options == []


def test_what_the_checkout_built_comes_first(installed, tmp_path, monkeypatch):
    built = tmp_path / "built"
    built.mkdir()
    (built / "package.json").write_text('{"name": "matwidgets"}')
    monkeypatch.setattr(lab, "EXTENSION", built)
    with lab.extension_offered() as (option,):
        folder = Path(option.removeprefix("--LabApp.extra_labextensions_path="))
        assert json.loads((folder / "matwidgets" / "package.json").read_text())["name"] == "matwidgets"
    assert not folder.exists()
    assert (built / "package.json").exists()


def test_neither_installed_nor_built_is_said(tmp_path, monkeypatch, nothing_installed):
    monkeypatch.setattr(lab, "EXTENSION", tmp_path / "none")
    message = "neither installed nor built; run `pip install"
    with pytest.raises(MatwidgetsError, match=message), lab.extension_offered():
        pass


def status_once_it_listens(url: str, seconds: float = 20) -> int:
    """Jupyter tells its address a moment before it listens there."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=seconds) as answer:
                return answer.status
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a POSIX signal")
def test_it_starts_serves_and_stops_at_ctrl_c(tmp_path):
    """A real JupyterLab: it answers, and ends with 0 at one Ctrl-C without a question."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom matwidgets import lab\n"
        "lab.EXTENSION = Path(sys.argv[2])\n"
        "sys.exit(lab.start(sys.argv[1], browser=False, token='t'))"
    )
    extension = tmp_path / "extension"
    extension.mkdir()
    (extension / "package.json").write_text('{"name": "matwidgets", "version": "0", "jupyterlab": {}}')
    (tmp_path / "work").mkdir()
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    job = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "work"), str(extension)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | folders,
        cwd=Path(lab.__file__).parents[1],
    )  # fmt: skip
    try:
        seen, address = [], None
        for line in job.stderr:
            seen.append(line)
            found = re.search(r"(http://127\.0\.0\.1:\d+/)lab\?token=", line)
            address = address or (found and found[1])
            if "to stop this server" in line:
                break
        assert address, "".join(seen)
        assert status_once_it_listens(f"{address}matwidgets/notebooks?token=t") == 200
        job.send_signal(signal.SIGINT)
        rest = job.communicate(timeout=30)[1]
        assert job.returncode == 0, rest
        assert "Traceback" not in rest
    finally:
        if job.poll() is None:
            job.kill()
