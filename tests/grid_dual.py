"""The joint latent space of `tests.tiny_dual` with patterns on the real grid, and the two halves by themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matwidgets.errors import InputError
from matwidgets.features.xrd import GRID
from tests.tiny_dual import TinyDual


class GridDual(TinyDual):
    """Two peaks at 50 degrees plus eight times the last two numbers."""

    word = "dual_vae"
    parts = (2, 2)

    def copy(self):
        return GridDual()

    def encode_compositions(self, compositions):
        given = [compositions] if isinstance(compositions, str) else list(compositions)
        return super().encode(given, np.zeros((len(given), 50)))[:, :2]

    def encode_patterns(self, profiles):
        rows = np.atleast_2d(profiles)
        if rows.shape[1] != len(GRID):
            raise InputError(f"Patterns of shape {np.shape(profiles)}: give {len(GRID)} values each")
        first = rows.argmax(axis=1)
        rest = np.where(np.abs(np.arange(len(GRID)) - first[:, None]) <= 40, 0, rows)
        return (np.sort(GRID[np.stack([first, rest.argmax(axis=1)], axis=1)], axis=1) - 50) / 8

    def decode_patterns(self, z):
        at = 50 + 8 * np.atleast_2d(z)
        curves = [np.exp(-0.5 * ((GRID - at[:, i : i + 1]) / 0.15) ** 2) for i in (0, 1)]
        return (curves[0] + 0.8 * curves[1]).astype(np.float32)

    def encode(self, compositions, profiles):
        return np.hstack([self.encode_compositions(compositions), self.encode_patterns(profiles)])

    def decode(self, z):
        return replace(super().decode(z), profiles=self.decode_patterns(np.atleast_2d(z)[:, 2:]))
