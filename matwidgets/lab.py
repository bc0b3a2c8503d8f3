"""``matwidgets lab``: JupyterLab on this machine only, with the launcher's cards and prompt kernel messages.

It works from an installed package and from a checkout: there the extension as it was built last is offered for as
long as the server runs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from matwidgets.errors import InputError, MatwidgetsError

EXTENSION = Path(__file__).resolve().parent / "labextension"
CONNECTION = "matwidgets.server.PromptWebsocketConnection"


def arguments(directory: Path, *, port: int | None, browser: bool, token: str | None) -> list[str]:
    """Return the options that JupyterLab is started with.

    Parameters
    ----------
    directory : Path
        What the file browser shows as its root.
    port : int or None
        A certain port, or the next free one from 8888.
    browser : bool
        Open a browser's window.
    token : str or None
        A certain token, or one that Jupyter makes up.
    """
    given = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={directory}",
        f"--ServerApp.kernel_websocket_connection_class={CONNECTION}",
        "--ServerApp.jpserver_extensions=matwidgets.server=True",
        "--ServerApp.answer_yes=True",  # Ctrl-C stops the server and its kernels without a question
        "--ServerApp.allow_root=True",  # a container knows only root; address and token guard
    ]
    if port is not None:
        given += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        given.append("--no-browser")
    if token is not None:
        given.append(f"--IdentityProvider.token={token}")
    return given


@contextmanager
def extension_offered() -> Iterator[list[str]]:
    """Yield the option that makes a checkout's own extension known; nothing where the package was installed.

    A checkout's comes before one in Jupyter's own folder, which an editable installation leaves behind as it was then.

    Raises
    ------
    MatwidgetsError
        If the extension is neither installed nor built.
    """
    if (EXTENSION / "package.json").is_file():
        with tempfile.TemporaryDirectory(prefix="matwidgets-lab-") as folder:
            (Path(folder) / "matwidgets").symlink_to(EXTENSION, target_is_directory=True)
            yield [f"--LabApp.extra_labextensions_path={folder}"]
    elif installed_extensions():
        yield []
    else:
        raise MatwidgetsError(
            "The JupyterLab extension is neither installed nor built; "
            "run `pip install .`, or `npm run build` in js/"
        )


def installed_extensions() -> list[Path]:
    """Where Jupyter finds the extension installed; more than one place means that it is installed twice."""
    from jupyter_core.paths import jupyter_path

    places = [Path(place) / "matwidgets" for place in jupyter_path("labextensions")]
    return [place for place in dict.fromkeys(places) if (place / "package.json").is_file()]


def start(
    directory: str | os.PathLike[str] = ".",
    *,
    port: int | None = None,
    browser: bool = True,
    token: str | None = None,
    options: Sequence[str] = (),
) -> int:
    """Run JupyterLab on 127.0.0.1 until it is stopped (Ctrl-C, or File > Shut Down).

    Parameters
    ----------
    directory : path, default "."
        The folder to work in: a card of the launcher puts its working copy there.
    port : int, optional
        Fails if it is taken; left out, the next free one from 8888 on.
    browser : bool, default True
        Open a browser's window.
    token : str, optional
        Left out, Jupyter makes one up and shows it.
    options : sequence of str
        Further options of ``jupyter lab``.

    Returns
    -------
    int
        0 after a stop that was asked for.

    Raises
    ------
    InputError
        If the directory does not exist.
    MatwidgetsError
        If JupyterLab is not installed, or the server ends by itself with an error.
    """
    folder = Path(directory).expanduser().resolve()
    if not folder.is_dir():
        raise InputError(f"{os.fspath(directory)!r} is no folder; give one that exists, or none for this one")
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise MatwidgetsError(
            'JupyterLab is not installed; run `pip install "matwidgets[lab]"` and try again'
        ) from None
    with extension_offered() as offered:
        given = arguments(folder, port=port, browser=browser, token=token)
        try:
            LabApp.launch_instance([*given, *offered, *options])
        except SystemExit as end:
            if end.code:
                raise MatwidgetsError(
                    f"JupyterLab ended with exit code {end.code}; "
                    "its last lines above say why (is the port in use? give another)"
                ) from None
    return 0
