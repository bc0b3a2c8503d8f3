"""Which formulas are known: those of all tables of properties and of compounds (OQMD) that are on this machine.

A formula is kept as 64 bits of a hash of its composition, so half a million of them are one small sorted array, kept in
the cache folder beside the tables. A new formula is taken for one of n known ones with a probability of n / 2^64: 3e-14
for 500,000.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.data import fetch as _fetch
from matwidgets.data import registry as _registry
from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key
from matwidgets.features.elements import ATOMIC_NUMBERS

KINDS = ("property", "compounds")  # of tables that list materials
COLUMNS = ("formula", "composition")  # names of the column that they have the formulas in
VERSION = 2  # of the way a formula becomes a hash; a new one makes every kept file void
_DIGEST = 32  # bytes of SHA-256 before the hashes, of the hashes themselves
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:[1-9][0-9]{0,3})?)+")
_PART = re.compile(r"([A-Z][a-z]?)([0-9]*)")


def known_formulas() -> NDArray[np.uint64] | None:
    """Return the hashes of the formulas in all tables of `KINDS` in the mirror or the cache; None without a table.

    Tables that are missing or have the wrong checksum are left out; nothing is fetched. The first call after a change
    of tables reads them (some seconds), later ones read the kept file.

    Returns
    -------
    ndarray of uint64, sorted, unique
    """
    names = [table.name for table in _registry.registry().values() if table.kind in KINDS]
    tables = [row for row in _fetch.verify(names) if row["status"] == "ok"] if names else []
    if not tables:
        return None
    inputs = "\n".join([str(VERSION), *sorted(str(row["sha256"]) for row in tables)])
    file = _fetch.cache_folder() / f"known-{hashlib.sha256(inputs.encode()).hexdigest()[:16]}.u64"
    hashes = _read(file)
    if hashes is None:
        hashes = _hashes(tables)
        _write(file, hashes)
    return hashes


def is_known(compositions: Iterable[str | Mapping[str, float]]) -> list[bool] | None:
    """Tell for each composition whether a table on this machine has it; None if there is no table.

    Parameters
    ----------
    compositions : iterable of str or mapping
        Compared as reduced formulas: `Ti2C2` is known where `TiC` is. Rounded fractions are another composition.

    Raises
    ------
    InputError
        A formula cannot be read.
    """
    wanted = np.array([_hash(item) for item in compositions], dtype=np.uint64)
    known = known_formulas()
    if known is None:
        return None
    return [bool(found) for found in np.isin(wanted, known)]


def _hash(composition: str | Mapping[str, float]) -> int:
    return int.from_bytes(hashlib.blake2b(_key(composition).encode(), digest_size=8).digest(), "little")


def _key(composition: str | Mapping[str, float]) -> str:
    """`canonical_key`, but quick where a text is nothing but symbols and whole numbers, as in most tables."""
    if not isinstance(composition, str) or not _PLAIN.fullmatch(composition):
        return canonical_key(composition)
    amounts: dict[str, int] = {}
    for symbol, count in _PART.findall(composition):
        amounts[symbol] = amounts.get(symbol, 0) + int(count or 1)
    if not amounts.keys() <= ATOMIC_NUMBERS.keys() or max(amounts.values()) > 10_000:
        return canonical_key(composition)  # says what is wrong, or writes fractions
    common = math.gcd(*amounts.values())
    return "".join(f"{s}{amounts[s] // common}" for s in sorted(amounts, key=ATOMIC_NUMBERS.__getitem__))


def _hashes(tables: list[dict[str, Any]]) -> NDArray[np.uint64]:
    import pandas as pd

    formulas: set[str] = set()
    for row in tables:
        # Without keep_default_na=False sodium nitride, `NaN`, would be read as a missing value.
        frame = pd.read_csv(
            row["path"], keep_default_na=False, usecols=lambda name: name in COLUMNS, dtype=str
        )
        formulas.update(frame.iloc[:, 0])
    found = set()
    for formula in formulas:
        try:
            found.add(_hash(formula))
        except InputError:  # what cannot be read is no composition that anyone could ask for
            continue
    return np.sort(np.fromiter(found, dtype=np.uint64, count=len(found)))


def _read(file: Path) -> NDArray[np.uint64] | None:
    """Return the kept hashes, or None if there are none or they are damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, body = content[:_DIGEST], content[_DIGEST:]
    if len(body) % 8 or hashlib.sha256(body).digest() != digest:
        return None
    return np.frombuffer(body, dtype="<u8").astype(np.uint64)


def _write(file: Path, hashes: NDArray[np.uint64]) -> None:
    """Write beside the place and rename, so that no half file is seen; where nothing can be kept, nothing is."""
    body = hashes.astype("<u8").tobytes()
    part = file.with_name(f"{file.name}.{secrets.token_hex(4)}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(hashlib.sha256(body).digest() + body)
        part.replace(file)
    except OSError:  # a cache that cannot be written costs time, not the answer
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
