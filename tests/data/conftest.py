import hashlib
from pathlib import Path

import pytest
from hypothesis import settings

from matwidgets.data import datasets, fetch, registry

# No deadline: the first example pays for imports, and a loaded machine is no defect. The same examples in every run.
settings.register_profile("matwidgets", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("matwidgets")

CSV = b"formula,target\r\nTiC,238.8\r\nNaN,10.5\r\nAl2O3,250\r\n"


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """An empty cache, no mirror, and the network allowed: nothing of the caller's own settings."""
    for name in ("MATWIDGETS_DATA_MIRROR", "MATWIDGETS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setenv("MATWIDGETS_CACHE", str(folder))
    return folder


@pytest.fixture
def table(monkeypatch) -> registry.Table:
    """A registry of one table, whose bytes are `CSV`; nothing answers at its url."""
    record = registry.Table(
        name="toy/train",
        kind="property",
        file="toy/train.csv",
        url="http://127.0.0.1:9/toy/train.csv",
        sha256=hashlib.sha256(CSV).hexdigest(),
        bytes=len(CSV),
        rows=3,
        licence="none",
        citation="none",
        columns=(("formula", ""), ("target", "GPa")),
    )
    register(monkeypatch, record)
    return record


def register(monkeypatch, *records: registry.Table) -> None:
    """Make these the registered tables, for every module that asks."""
    tables = {record.name: record for record in records}
    for module in (registry, fetch, datasets):
        monkeypatch.setattr(module, "registry", lambda: tables)


def put(folder: Path, record: registry.Table, content: bytes = CSV) -> Path:
    """Lay a file where the table belongs in a mirror or a cache."""
    file = folder / record.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file
