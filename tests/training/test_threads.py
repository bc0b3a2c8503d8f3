"""Threads come from the machine's grant, not from a guess."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from matwidgets.errors import InputError
from matwidgets.training.threads import SMALL_NETWORK, apply, granted


def here() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("text", "expected"), [("max 100000", here()), ("100000 100000", 1), ("50000 100000", 1)]
)
def test_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: int) -> None:
    monkeypatch.delenv("MATWIDGETS_THREADS", raising=False)
    (tmp_path / "cpu.max").write_text(text)
    assert granted(tmp_path / "cpu.max") == expected


def test_no_quota_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MATWIDGETS_THREADS", raising=False)
    assert granted(tmp_path / "none") == here()


def test_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATWIDGETS_THREADS", "3")
    assert granted() == 3


@pytest.mark.parametrize("text", ["0", "-1", "two", ""])
def test_bad_environment(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MATWIDGETS_THREADS", text)
    with pytest.raises(InputError) as caught:
        granted()
    assert (
        str(caught.value)
        == f"MATWIDGETS_THREADS is {text!r}; it must be a whole number from 1: set or unset it"
    )


def test_a_small_network_takes_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    before = torch.get_num_threads()
    monkeypatch.setenv("MATWIDGETS_THREADS", "2")
    try:
        assert apply(SMALL_NETWORK) == torch.get_num_threads() == 2
        assert apply(150_000) == torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
