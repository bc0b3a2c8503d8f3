"""Budgets, kept as ratios of processor time to a reference workload in the same run: they hold on any machine."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import matwidgets as mw

ROOT = Path(__file__).resolve().parents[2]
ELEMENTS = ["Ti", "Cd", "C"]


def processor_seconds(work: Callable[[], object], repeats: int) -> float:
    """Median processor time of this process for one call; other processes do not count."""
    work()
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def import_seconds(code: str) -> float:
    """Least processor time of a fresh Python that runs `code`."""
    report = f"import time\n{code}\nprint(time.process_time())"
    taken = [
        float(
            subprocess.run([sys.executable, "-c", report], check=True, capture_output=True, cwd=ROOT).stdout
        )
        for _ in range(5)
    ]
    return min(taken)


@pytest.fixture(scope="module")
def model():
    return mw.load("crabnet", "bulk_modulus")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_importing_the_package_costs_less_than_importing_asyncio():
    """The budget is 100 ms over bare Python; asyncio alone takes about 60 ms of processor time."""
    bare = import_seconds("")
    assert import_seconds("import matwidgets") - bare < import_seconds("import asyncio") - bare


def test_a_prediction_costs_little_more_than_its_networks(model):
    """What a slider waits for: packing, pooling and the domain add less than the forward passes themselves."""
    fractions = np.array([[0.5, 0.1, 0.4]])
    numbers = torch.tensor([[22, 48, 6]])
    amounts = torch.as_tensor(fractions, dtype=torch.float32)

    def networks() -> None:
        with torch.inference_mode():
            model.members_forward(numbers, amounts)

    whole = processor_seconds(lambda: model.evaluate(ELEMENTS, fractions), 60)
    assert whole < 2 * processor_seconds(networks, 60)


def test_a_thousand_compositions_cost_far_less_than_a_thousand_predictions(model):
    """A simplex field is one batch."""
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 1000)
    one = processor_seconds(lambda: model.evaluate(ELEMENTS, rows[:1]), 20)
    assert processor_seconds(lambda: model.evaluate(ELEMENTS, rows), 3) < 250 * one


def test_thirty_two_starts_cost_less_than_four_times_one():
    """Many starts are one batch: what the search's robustness costs."""

    def search(starts: int) -> float:
        run = mw.design(ELEMENTS, maximize="bulk_modulus", steps=20, starts=starts, start=False)
        began = time.process_time()
        run.start()
        run.wait()
        return time.process_time() - began

    search(1)
    assert min(search(32) for _ in range(2)) < 4 * min(search(1) for _ in range(2))


def test_a_powder_pattern_costs_less_than_a_fifth_of_pymatgens():
    """About a tenth was seen; pymatgen also names the planes of each peak."""
    from pymatgen.analysis.diffraction.xrd import XRDCalculator

    from matwidgets.data.crystals import find_crystal
    from matwidgets.features import xrd

    cells = [find_crystal(formula).structure() * (2, 2, 1) for formula in ("TiO2", "SrTiO3", "ZnO")]
    theirs = XRDCalculator()
    reference = processor_seconds(
        lambda: [theirs.get_pattern(c, two_theta_range=(10, 90)) for c in cells], repeats=5
    )
    assert processor_seconds(lambda: [xrd.peaks(cell) for cell in cells], repeats=5) < reference / 5
