"""Powder patterns of strained crystals: the same peaks elsewhere, for a network to learn that a lattice can breathe."""

from __future__ import annotations

import math

import torch
from torch import Tensor

FIRST, LAST = 10.0, 90.0  # degrees 2theta, the range of the paper's grid


def strained(patterns: Tensor, strain: Tensor) -> Tensor:
    """Move the peaks of patterns as an isotropic strain of their lattices does, by Bragg's law.

    With every distance 1 + e times as long, sin(theta) of each peak is 1 / (1 + e) times as large. Heights and widths
    stay as they are: over a few per cent the Lorentz and form factors change little. What was outside the range is not
    known and stays empty.

    Parameters
    ----------
    patterns : Tensor, shape (B, p)
        On a grid of 10 to 90 degrees 2theta.
    strain : Tensor, shape (B,)
        Relative change of length, above -0.5.

    Returns
    -------
    Tensor, shape (B, p)
        The largest value of each is 1; a pattern that leaves the range is zero.
    """
    points = patterns.shape[1]
    step = (LAST - FIRST) / (points - 1)
    sine = torch.sin(torch.deg2rad(torch.linspace(FIRST, LAST, points)) / 2)
    # The value at an angle is what the unstrained pattern has where its sine is 1 + e times as large.
    before = sine * (1 + strain[:, None])
    place = (torch.rad2deg(2 * torch.arcsin(before.clamp(max=1.0))) - FIRST) / step
    inside = (place >= 0) & (place <= points - 1) & (before <= math.sin(math.radians(LAST / 2)) + 1e-6)
    place = place.clamp(0, points - 1)
    left = place.floor().clamp(max=points - 2).long()
    share = place - left
    values = torch.lerp(patterns.gather(1, left), patterns.gather(1, left + 1), share) * inside
    return values / values.amax(1, keepdim=True).clamp(min=1e-6)
