"""A small dual VAE, trained in a moment on handbook crystals: what several tests of the joint latent space share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from matwidgets.dual_finishing import Seen
from matwidgets.dual_trainings import Plan, as_seen
from matwidgets.models.dual_vae import CompositionVAEConfig, PatternVAEConfig
from matwidgets.patterns import load_patterns
from matwidgets.training.dual_vae import composition_recipe, pattern_recipe
from matwidgets.training.latent_heads import HeadsRecipe


def small_plan(epochs: int = 3, **changes: Any) -> Plan:
    plan = Plan(
        CompositionVAEConfig(hidden=(24, 12)),
        PatternVAEConfig(hidden=(24, 12)),
        {
            "composition": composition_recipe(epochs=epochs, batch_size=16),
            "pattern": pattern_recipe(epochs=epochs, batch_size=16),
        },
        HeadsRecipe(epochs=3),
        mixtures=(1, 2),
    )
    return replace(plan, **changes)


def small_tables(*, properties: bool = True) -> dict[str, Seen]:
    """Handbook crystals, every fourth one held out, with made-up properties: no table is needed for these."""
    crystals = load_patterns("crystals")
    frame = crystals.frame.copy()
    generator = np.random.default_rng(0)
    if properties:
        frame["formation_energy"] = generator.normal(-1, 1, len(frame))
        frame["energy_above_hull"] = generator.choice([0.0, 0.2], len(frame))
        frame["band_gap"] = generator.choice([0.0, 2.0], len(frame))
        frame["set"] = "mpts_52"
    place = np.arange(len(frame)) % 4
    parts = {"train": place < 2, "val": place == 2, "test": place == 3}
    tables = {name: as_seen(frame[rows], crystals.take(np.flatnonzero(rows))) for name, rows in parts.items()}
    if properties:
        aflow = crystals.frame.copy()
        for name in ("bulk_modulus", "shear_modulus", "debye_temperature", "thermal_conductivity"):
            aflow[name] = generator.uniform(1, 100, len(aflow))
        aflow["thermal_expansion"] = generator.normal(1e-5, 1e-5, len(aflow))  # some have no logarithm
        aflow["split"] = aflow["split_thermal"] = np.array(["train", "train", "val", "test"])[place]
        tables["aflow"] = as_seen(aflow, crystals.profiles)
    return tables
