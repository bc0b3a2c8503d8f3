"""The one room with network: a registered table as a checked file on this machine.

A file is looked for in the mirror folder (`MATWIDGETS_DATA_MIRROR`), then in the cache (`MATWIDGETS_CACHE`,
else the system's cache folder for users). Only when a caller asks for it, and `MATWIDGETS_OFFLINE` is not
set, is it fetched. Its checksum is compared every time, wherever it was found: a wrong table must never
become a wrong result.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from matwidgets.data.registry import Table, expand, find, registry
from matwidgets.errors import ChecksumError, DataError, MissingTableError, NetworkError

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0

Progress = Callable[[str, int, int], None]
"""Called as progress(table name, bytes so far, bytes in all)."""


def table_names() -> tuple[str, ...]:
    """List the names of all registered tables."""
    return tuple(registry())


def mirror_folder() -> Path | None:
    """Return the folder in `MATWIDGETS_DATA_MIRROR`, or None.

    Raises
    ------
    DataError
        The variable names no folder.
    """
    text = os.environ.get("MATWIDGETS_DATA_MIRROR", "")
    if not text:
        return None
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"MATWIDGETS_DATA_MIRROR is '{text}', which is no folder: name an existing folder or unset it."
        )
    return folder


def cache_folder() -> Path:
    """Return the folder in `MATWIDGETS_CACHE`, else the user's cache folder; it may be absent."""
    text = os.environ.get("MATWIDGETS_CACHE", "")
    if text:
        return Path(text).expanduser()
    import pooch

    return Path(pooch.os_cache("matwidgets"))


def offline() -> bool:
    """Tell whether `MATWIDGETS_OFFLINE` forbids the network (any value but empty and 0)."""
    return os.environ.get("MATWIDGETS_OFFLINE", "") not in ("", "0")


def where() -> dict[str, str | bool | None]:
    """Report the folders and the switch in use: {"mirror", "cache", "offline"}."""
    mirror = mirror_folder()
    return {"mirror": str(mirror) if mirror else None, "cache": str(cache_folder()), "offline": offline()}


def path(name: str, *, fetch: bool = False, progress: Progress | None = None) -> Path:
    """Return the checked file of a table.

    Parameters
    ----------
    name : str
        Name of one table, such as `bulk_modulus/train`.
    fetch : bool
        Whether it may be fetched if it is neither in the mirror nor in the cache (or damaged in the cache).
    progress : callable, optional
        See `Progress`.

    Raises
    ------
    InputError
        No such table.
    MissingTableError
        It is not on this machine, and fetching was not asked for.
    ChecksumError
        The file found, or the bytes that came, are not those of the registry.
    NetworkError
        It had to be fetched and could not be, or `MATWIDGETS_OFFLINE` forbids it.
    """
    table = find(name)
    found, place = _found(table)
    if found is not None and _sha256(found) == table.sha256:
        return found
    if found is not None and (place == "mirror" or not fetch):
        remedy = (
            "put the original file there or unset MATWIDGETS_DATA_MIRROR"
            if place == "mirror"
            else f"fetch it again with `matwidgets data fetch {name}`"
        )
        raise ChecksumError(
            f"Table '{name}' has the wrong checksum: {found} is not the file with sha256 "
            f"{table.sha256[:12]}...; {remedy}."
        )
    if not fetch:
        raise MissingTableError(
            f"Table '{name}' is neither in the mirror nor in the cache: get it with "
            f"`matwidgets data fetch {name}`, or set MATWIDGETS_DATA_MIRROR to a folder that has it."
        )
    return _fetched(table, progress)


def fetch(names: Iterable[str], *, progress: Progress | None = None) -> list[Path]:
    """Return the checked files of tables or groups (`bulk_modulus`: its three splits), fetched where needed.

    Raises
    ------
    InputError, ChecksumError, NetworkError
        As `path`.
    """
    return [path(table.name, fetch=True, progress=progress) for table in expand(names)]


def available(names: str | Iterable[str]) -> bool:
    """Tell whether all of these tables or groups are on this machine with the right checksum."""
    wanted = expand([names] if isinstance(names, str) else names)
    return all(row["status"] == "ok" for row in _states(wanted))


def verify(names: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Report the state of tables, by default of all.

    Returns
    -------
    list of dict
        {"name", "status": "ok" | "missing" | "wrong checksum", "place": "mirror" | "cache" | None, "path",
        "sha256", "bytes", "rows", "licence", "citation", "url"}.
    """
    return _states(list(registry().values()) if names is None else expand(names))


def _states(tables: list[Table]) -> list[dict[str, Any]]:
    rows = []
    for table in tables:
        found, place = _found(table)
        status = "missing" if found is None else "ok" if _sha256(found) == table.sha256 else "wrong checksum"
        row: dict[str, Any] = {
            "name": table.name,
            "status": status,
            "place": place,
            "path": str(found) if found else None,
        }
        row |= {key: getattr(table, key) for key in ("sha256", "bytes", "rows", "licence", "citation", "url")}
        rows.append(row)
    return rows


def _found(table: Table) -> tuple[Path | None, str | None]:
    mirror = mirror_folder()
    if mirror is not None and (mirror / table.file).is_file():
        return mirror / table.file, "mirror"
    cached = cache_folder() / table.file
    return (cached, "cache") if cached.is_file() else (None, None)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Bar:
    """What pooch calls while bytes arrive, handed on to a `Progress`.

    pooch counts whole chunks and the bytes that the server announces, which are fewer where it compresses; the size
    in the registry is what arrives, so that is what counts here.
    """

    def __init__(self, name: str, size: int, progress: Progress) -> None:
        self.name, self.size, self.done, self.progress = name, size, 0, progress

    @property
    def total(self) -> int:
        return self.size

    @total.setter
    def total(self, announced: int) -> None:
        self.done = 0  # pooch sets it when an answer begins: the first, or that of the retry

    def update(self, count: int) -> None:
        if self.done < self.size:
            self.done = min(self.done + count, self.size)
            self.progress(self.name, self.done, self.size)

    def reset(self) -> None:
        """Keep what is counted: pooch resets only to draw a full bar."""

    def close(self) -> None:
        self.update(self.size)


def _fetched(table: Table, progress: Progress | None) -> Path:
    """Fetch into the cache: pooch writes beside the place, checks the hash, renames; no half file is seen."""
    if offline():
        raise NetworkError(
            f"Table '{table.name}' has to be fetched, but MATWIDGETS_OFFLINE forbids the network: unset it, "
            "or set MATWIDGETS_DATA_MIRROR to a folder that has the table."
        )
    import pooch
    import requests

    # pooch writes a line to stderr for each file; library code is silent, the caller has `progress`.
    pooch.get_logger().setLevel(logging.ERROR)
    cache = cache_folder()
    keeper = pooch.create(
        path=cache,
        base_url="",
        registry={table.file: f"sha256:{table.sha256}"},
        urls={table.file: table.url},
        retry_if_failed=1,
    )
    bar = _Bar(table.name, table.bytes, progress) if progress else False
    downloader = pooch.HTTPDownloader(progressbar=bar, timeout=(CONNECT_SECONDS, READ_SECONDS))
    try:
        return Path(keeper.fetch(table.file, downloader=downloader))
    except requests.RequestException as error:
        raise NetworkError(
            f"Table '{table.name}' could not be fetched from {table.url} ({_short(error)}): "
            "check the connection and try again, or set MATWIDGETS_DATA_MIRROR to a folder that has it."
        ) from error
    except ValueError as error:  # pooch's word for a hash that differs
        raise ChecksumError(
            f"Table '{table.name}' came from {table.url} with the wrong checksum and was not kept: "
            "try again later, or set MATWIDGETS_DATA_MIRROR to a folder that has it."
        ) from error
    except OSError as error:
        raise DataError(
            f"Table '{table.name}' could not be written to {cache} "
            f"({error.strerror or type(error).__name__}): make the folder writable or set MATWIDGETS_CACHE "
            "to another one."
        ) from error


def _short(error: Exception) -> str:
    """Say the cause in a few words: requests wraps the same failure three times."""
    import requests

    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP status {error.response.status_code}"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__
