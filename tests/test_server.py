"""The server extension, asked over HTTP as the page asks it, and the prompt websocket."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager, LargeFileManager
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler

from matwidgets import server
from matwidgets.papers import registry


@pytest.fixture
def shipped(tmp_path) -> Path:
    """A notebook as the package ships it: one code cell with an output."""
    cell = nbformat.v4.new_code_cell("1 + 1")
    cell.outputs = [nbformat.v4.new_output("execute_result", {"text/html": "<b>2</b>"}, execution_count=1)]
    cell.execution_count = 1
    path = tmp_path / "shipped" / "01_crabnet.ipynb"
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


@pytest.fixture(params=[LargeFileManager, AsyncLargeFileManager], ids=["blocking", "asynchronous"])
def contents(request, tmp_path):
    root = tmp_path / "root"
    (root / "work").mkdir(parents=True)
    manager = request.param(root_dir=str(root))
    manager.notary.db_file = ":memory:"
    return manager


def copy(contents, source, folder="", fresh=False):
    return asyncio.run(server.make_working_copy(contents, source, folder, fresh=fresh))


def test_a_copy_is_made_in_the_folder(contents, shipped):
    assert copy(contents, shipped, "work") == ("work/01_crabnet.ipynb", True)
    made = nbformat.read(Path(contents.root_dir) / "work" / "01_crabnet.ipynb", as_version=4)
    assert [cell.source for cell in made.cells] == ["1 + 1"]
    assert made.cells[0].outputs[0]["data"]["text/html"] == "<b>2</b>"


def test_a_copy_that_is_there_is_kept(contents, shipped):
    copy(contents, shipped)
    mine = Path(contents.root_dir) / "01_crabnet.ipynb"
    mine.write_text(mine.read_text().replace("1 + 1", "my work"))
    assert copy(contents, shipped) == ("01_crabnet.ipynb", False)
    assert "my work" in mine.read_text()


def test_a_fresh_copy_takes_a_free_name(contents, shipped):
    for name in ("01_crabnet.ipynb", "01_crabnet-1.ipynb", "01_crabnet-2.ipynb"):
        assert copy(contents, shipped, "work", fresh=True) == (f"work/{name}", True)


def test_a_copy_is_trusted(contents, shipped):
    path, _ = copy(contents, shipped)
    notebook = nbformat.read(Path(contents.root_dir) / path, as_version=4)
    assert contents.notary.check_signature(notebook)
    assert "trusted" not in notebook.cells[0].metadata


def test_the_prompt_connection_sends_at_once(monkeypatch):
    done = []
    handler = KernelWebsocketHandler.__new__(KernelWebsocketHandler)
    handler.set_nodelay = lambda value: done.append(("nodelay", value))
    monkeypatch.setattr(server.ZMQChannelsWebsocketConnection, "connect", lambda self: done.append("connect"))
    connection = server.PromptWebsocketConnection.__new__(server.PromptWebsocketConnection)
    connection.websocket_handler = handler
    connection.connect()
    assert done == [("nodelay", True), "connect"]


@pytest.fixture
def asked(tmp_path, shipped, monkeypatch):
    """A real Jupyter server with the extension, as a function (method, path, body) -> (status, answer)."""
    from jupyter_server.serverapp import ServerApp
    from tornado.ioloop import IOLoop

    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "1")
    monkeypatch.setattr(registry, "notebooks_folder", lambda package=None: shipped.parent)
    (tmp_path / "root" / "deep").mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready, holder = threading.Event(), {}

    def serve() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        app = ServerApp(
            ip="127.0.0.1", port=port, port_retries=0, open_browser=False, root_dir=str(tmp_path / "root"),
            allow_root=True, disable_check_xsrf=True, jpserver_extensions={"matwidgets.server": True},
        )  # fmt: skip
        app.init_signal = lambda: None  # only the main thread may; this one is stopped below
        app.initialize(argv=["--IdentityProvider.token="], find_extensions=False)
        holder["loop"], holder["app"] = IOLoop.current(), app
        IOLoop.current().add_callback(ready.set)
        app.start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(30)

    def ask(method: str, path: str, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    yield ask
    holder["loop"].add_callback(holder["app"].stop)
    thread.join(30)
    assert not thread.is_alive()


def test_the_server_lists_copies_and_refuses(asked):
    status, cards = asked("GET", "matwidgets/notebooks")
    assert status == 200
    assert [card["notebook"] for card in cards] == ["01_crabnet.ipynb"]
    assert set(cards[0]) == {"word", "title", "caption", "notebook"}

    where = "matwidgets/notebooks/01_crabnet.ipynb"
    assert asked("POST", where, {"folder": "deep"}) == (
        201,
        {"path": "deep/01_crabnet.ipynb", "created": True},
    )
    assert asked("POST", where, {"folder": "deep"}) == (
        200,
        {"path": "deep/01_crabnet.ipynb", "created": False},
    )
    assert asked("POST", where, {"folder": "deep", "fresh": True})[1]["path"] == "deep/01_crabnet-1.ipynb"

    status, answer = asked("POST", where, {"folder": "nowhere"})
    assert (status, answer["message"]) == (
        404, "There is no folder 'nowhere'; open the launcher in one that exists",
    )  # fmt: skip
    status, answer = asked("POST", where, {"folder": 7})
    assert (status, answer["message"]) == (400, "folder is 7; it must be the path of a folder of this server")
    status, answer = asked("POST", "matwidgets/notebooks/09_none.ipynb", {"folder": ""})
    assert (status, answer["message"]) == (
        404,
        "There is no notebook '09_none.ipynb'; there are 01_crabnet.ipynb",
    )
