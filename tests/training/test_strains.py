"""Strained patterns: Bragg's law against pymatgen's calculator, ends of the range, nothing for no strain."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matwidgets.features.xrd import GRID, cosine_similarity, pattern
from matwidgets.training.strains import strained


@pytest.fixture(scope="module")
def rock_salt():
    from pymatgen.core import Lattice, Structure

    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.mark.parametrize("strain", [-0.02, 0.01, 0.02])
def test_it_is_the_pattern_of_the_strained_crystal(rock_salt, strain):
    before, truth = pattern(rock_salt), pattern(rock_salt.copy().apply_strain(strain))
    after = strained(torch.from_numpy(before)[None], torch.tensor([strain]))[0].numpy()
    # What is missing: heights change a little with the angle, and a peak is drawn on whole grid points.
    assert cosine_similarity(truth, after) > 0.97
    assert cosine_similarity(truth, before) < 0.4


def test_no_strain_changes_nothing(rock_salt):
    x = torch.from_numpy(pattern(rock_salt))[None]
    torch.testing.assert_close(
        strained(x, torch.zeros(1)), x, atol=2e-3, rtol=0
    )  # angles are in single precision


def test_peaks_leave_the_range_and_none_comes_in():
    x = torch.zeros(2, len(GRID))
    x[:, 5] = 1.0  # 10.25 degrees
    x[:, 800] = 0.5
    moved = strained(x, torch.tensor([0.05, -0.05]))
    assert float(moved.amax()) == 1.0 and bool((moved >= 0).all())
    assert int(moved[0].argmax()) < 800 < int(moved[1, 400:].argmax()) + 400
    assert float(moved[0, :5].max()) == 0.0  # its first peak is below 10 degrees now


def test_an_empty_pattern_stays_empty():
    out = strained(torch.zeros(1, len(GRID)), torch.tensor([0.01]))
    assert np.isfinite(out.numpy()).all() and not out.any()
