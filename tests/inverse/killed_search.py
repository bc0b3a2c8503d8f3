"""A search in a process of its own, for a test that ends it.

``python killed_search.py STUDY WORKER POINTS PAUSE [HANG]``: with HANG it waits for ever at that
evaluation, the first of which is 0.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

from matwidgets.errors import InputError
from matwidgets.inverse.latent_search import LatentSearch, LatentSettings
from matwidgets.inverse.study import Answer, Box, Study

LOW, HIGH = (-1.0, -2.0, 0.0), (1.0, 2.0, 3.0)


def bowl(point):
    return Answer((float(np.sum(point**2)),), {"half": float(point[0])}, {"sum": float(point.sum())})


def search_of(path, points, worker=0, sampler="tpe"):
    study = Study(Box.build(LOW, HIGH), ["minimize"], path)
    return LatentSearch(study, LatentSettings(n_trials=points, sampler=sampler, seed=7, startup=5), worker)


class Slow:
    """The bowl, so slowly that a killed process is at work on it."""

    def __init__(self, pause, hang=-1):
        self.pause, self.hang, self.count = pause, hang, -1

    def __call__(self, point):
        self.count += 1
        if self.count == self.hang:
            sys.stdin.read()
        end = time.monotonic() + self.pause
        while time.monotonic() < end:
            np.sort(np.random.default_rng(0).random(1000))
        return bowl(point)


def make(path, points, pause, worker):
    """For `Workers`: a worker's search and objective."""
    return search_of(path, points, worker), Slow(pause)


def broken(number):
    raise InputError(f"no search for process {number}")


def dies(number):
    os._exit(3)


if __name__ == "__main__":
    path, worker, points, pause, *hang = sys.argv[1:]
    search = search_of(Path(path), int(points), int(worker))
    slow = Slow(float(pause), *map(int, hang))
    while search.advance(slow) is not None:
        pass
