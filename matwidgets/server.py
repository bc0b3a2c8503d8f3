"""The Jupyter server extension: lists the notebooks for the launcher's cards and makes the working copies.

It is enabled by the installed package (``etc/jupyter/jupyter_server_config.d``). Cards are found from the
package while the server runs, so a further paper needs no change here and no new build.

The class for kernel websockets sends each message at once, so that a slider's answer comes sooner.
``matwidgets lab`` uses it; the administrator of a hub has one line for it in ``jupyter_server_config.py``::

    c.ServerApp.kernel_websocket_connection_class = "matwidgets.server.PromptWebsocketConnection"
"""

from __future__ import annotations

import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.utils import url_path_join
from tornado import web

from matwidgets.papers.registry import cards, find_notebooks


class PromptWebsocketConnection(ZMQChannelsWebsocketConnection):
    """A kernel's websocket that sends each message at once (TCP_NODELAY).

    Without it Nagle's algorithm and the delayed acknowledgement hold a small message back for about 40 ms.
    """

    def connect(self) -> Any:
        """Connect to the kernel, with small messages sent at once."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


async def make_working_copy(
    contents: Any, source: Path, folder: str, *, fresh: bool = False
) -> tuple[str, bool]:
    """Make sure that a folder of the server holds a working copy of a shipped notebook.

    Parameters
    ----------
    contents : jupyter_server.services.contents.manager.ContentsManager
    source : Path
        The notebook as the package holds it.
    folder : str
        The folder as the contents manager names it, ``""`` for its root.
    fresh : bool
        Make a further copy although one is there.

    Returns
    -------
    tuple of (str, bool)
        Path of the copy, and whether it was made now. A file that exists is never written to.
    """
    folder = folder.strip("/")
    path = f"{folder}/{source.name}" if folder else source.name
    if await ensure_async(contents.file_exists(path)):
        if not fresh:
            return path, False
        name = await ensure_async(contents.increment_filename(source.name, folder, insert="-"))
        path = f"{folder}/{name}" if folder else name
    notebook = nbformat.read(source, as_version=4)
    # It comes from the installed package, whose code runs anyway: its figures may be shown at once.
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.metadata["trusted"] = True
    await ensure_async(contents.save({"type": "notebook", "content": notebook}, path))
    return path, True


class NotebookListHandler(APIHandler):
    """``GET matwidgets/notebooks``: the cards of the launcher."""

    @web.authenticated
    def get(self) -> None:
        """Answer with the list of cards."""
        self.finish(json.dumps(cards()))


class WorkingCopyHandler(APIHandler):
    """``POST matwidgets/notebooks/NAME`` with ``{"folder", "fresh"}``: a working copy there."""

    @web.authenticated
    async def post(self, name: str) -> None:
        """Answer with ``{"path", "created"}``."""
        shipped = {path.name: path for path in find_notebooks()}
        if name not in shipped:
            raise web.HTTPError(404, f"There is no notebook {name!r}; there are {', '.join(shipped)}")
        asked = self.get_json_body() or {}
        folder = asked.get("folder", "")
        if not isinstance(folder, str):
            raise web.HTTPError(400, f"folder is {folder!r}; it must be the path of a folder of this server")
        found: Awaitable[bool] | bool = self.contents_manager.dir_exists(folder.strip("/"))
        if not await ensure_async(found):
            raise web.HTTPError(404, f"There is no folder {folder!r}; open the launcher in one that exists")
        path, created = await make_working_copy(
            self.contents_manager, shipped[name], folder, fresh=asked.get("fresh") is True
        )
        self.set_status(201 if created else 200)
        self.finish(json.dumps({"path": path, "created": created}))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "matwidgets.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "matwidgets", "notebooks"), NotebookListHandler),
            (url_path_join(base, "matwidgets", "notebooks", r"([^/]+\.ipynb)"), WorkingCopyHandler),
        ],
    )
