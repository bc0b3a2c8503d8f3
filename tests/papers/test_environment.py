"""What a notebook runs on."""

import ctypes
import sys

import numpy as np
import psutil
import pytest

from matwidgets.papers.environment import give_back


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"),
    reason="only glibc keeps freed memory and can be asked for it",
)
def test_freed_memory_goes_back_to_the_system():
    me = psutil.Process()
    blocks = [np.ones(8_000) for _ in range(1_500)]  # 64 kB each, too small for pages of their own: 96 MB
    last = blocks[-1]  # lies on top of the others, so that they cannot simply be cut off
    del blocks
    held = me.memory_info().rss
    give_back()
    assert held - me.memory_info().rss > 60e6
    assert last.sum() == 8_000
