"""How many threads a machine really grants."""

from __future__ import annotations

import os
from pathlib import Path

from matwidgets.errors import InputError

SMALL_NETWORK = 1_000_000  # weights; the compact network has 0.15 million, the original 12 million


def granted(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Threads to use: ``MATWIDGETS_THREADS``, else the container's quota, else the processors of this process.

    Raises
    ------
    InputError
        If ``MATWIDGETS_THREADS`` is no whole number from 1.
    """
    wanted = os.environ.get("MATWIDGETS_THREADS")
    if wanted is not None:
        if not wanted.isdigit() or int(wanted) < 1:
            raise InputError(
                f"MATWIDGETS_THREADS is {wanted!r}; it must be a whole number from 1: set or unset it"
            )
        return int(wanted)
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
    except (OSError, ValueError):  # no cgroup v2 on this machine
        return here
    return here if quota == "max" else max(1, min(here, int(quota) // int(period)))


def apply(weights: int) -> int:
    """Tell torch how many threads to use for a network of so many weights; returns their number.

    A small network gains nothing from a second thread, and where the processors are shared it loses everything: with
    two threads on two busy processors a search of two seconds took two minutes, because each waits for the other.
    """
    import torch

    most = granted()
    threads = 1 if weights < SMALL_NETWORK else most
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    return threads
