"""A joint latent space of four numbers that can be checked by hand; it has the methods of a dual VAE.

The first two numbers say how much Ti, O and Al there is, the last two where two peaks lie. Its training materials lie
around the origin.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from matwidgets.features.composition_vectors import ELEMENTS, formulas_of, fraction_vectors

AMONG = [ELEMENTS.index(e) for e in ("Ti", "O", "Al")]
POINTS = np.arange(50)


@dataclass(frozen=True)
class Tiny:
    z: np.ndarray
    fractions: np.ndarray
    formulas: list
    profiles: np.ndarray


class TinyDual:
    properties = ("bulk_modulus", "thermal_conductivity", "formation_energy", "stable")
    density_floor = -8.0
    box = (np.full(4, -3.0), np.full(4, 3.0))

    def decode(self, z):
        z = np.atleast_2d(z)
        logits = np.column_stack([2 * z[:, :2], np.zeros(len(z))])
        shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        fractions = np.zeros((len(z), 100))
        fractions[:, AMONG] = shares
        places = 25 + 8 * z[:, 2:]
        profiles = np.exp(-((POINTS - places[:, :1]) ** 2)) + np.exp(-((POINTS - places[:, 1:]) ** 2))
        profiles = profiles / np.maximum(profiles.max(1, keepdims=True), 1e-12)
        # Where aluminium is all there is, nothing stands out: this model then decodes to no formula.
        named = [f if s[2] < 0.9 else None for f, s in zip(formulas_of(fractions), shares, strict=True)]
        return Tiny(z, fractions, named, profiles.astype(np.float32))

    def encode(self, compositions, profiles):
        given = [compositions] if isinstance(compositions, str) else list(compositions)
        shares = np.maximum(fraction_vectors(given)[:, AMONG], 1e-2)
        left = np.log(shares[:, :2] / shares[:, 2:]) / 2
        two = np.sort(np.argsort(np.atleast_2d(profiles), axis=1)[:, -2:], axis=1)
        return np.hstack([left, (two - 25) / 8])

    def density(self, z):
        return -(np.atleast_2d(z) ** 2).sum(1) / 2 - 2 * np.log(2 * np.pi)

    def predict(self, z):
        z = np.atleast_2d(z)
        values = {
            "bulk_modulus": 200 + 50 * z[:, 0],
            "thermal_conductivity": np.exp(z[:, 1]),
            "formation_energy": z[:, 0] + z[:, 2] ** 2,
            "stable": 1 / (1 + np.exp(-4 * z[:, 1])),
        }
        stds = {f"{name}_std": np.full(len(z), 0.1) for name in values}
        return pd.DataFrame(values | stds)

    def sample(self, n, *, seed=0):
        return self.decode(np.random.default_rng(seed).normal(size=(n, 4)))


class NoStability(TinyDual):
    properties = ("bulk_modulus",)
