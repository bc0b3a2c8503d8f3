"""A generator and a critic that were trained for a moment on salts: for tests that need any model."""

from __future__ import annotations

import functools
from dataclasses import asdict
from typing import Any

import torch

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.features import occupancy
from matwidgets.models.formula_generators import SlotConfig
from matwidgets.models.wgan import CriticConfig
from matwidgets.training.adversarial import AdversarialTraining
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.states import plain

SALTS = [
    f"{a}{n}{b}" for a in ("Li", "Na", "K", "Mg", "Ca", "Al") for b in ("F", "Cl", "Br", "O") for n in ("", 2)
]


def untrained(seed: int = 0, cells: int = 4, width: int = 16) -> AdversarialTraining:
    """The training before its first step."""
    counts = torch.as_tensor(occupancy.require_counts(SALTS))
    critic = CriticConfig(width=width, hidden=(8,), cells=cells, products=bool(cells), sizes=True)
    recipe = Recipe(epochs=3, iterations=2, batch_size=16, warmup=1, every=1, seed=seed)
    return AdversarialTraining(
        SlotConfig(noise=8, width=16, slots=3), critic, recipe, counts[:-8], counts[-8:]
    )


@functools.cache
def tiny_gan(seed: int = 0, cells: int = 4, width: int = 16) -> FormulaGAN:
    """The model after a few steps, with what its card must have."""
    from matwidgets.adversarial_trainings import thinned

    job = untrained(seed, cells, width)
    while not job.finished:
        job.advance()
    card: dict[str, Any] = {
        "word": "wgan", "preset": "tiny", "label": "salts", "recipe": plain(asdict(job.recipe)),
        "history": thinned(job.past), "iterations": job.iteration, "planned": job.planned,
    }  # fmt: skip
    return FormulaGAN(*job.result(), card)
