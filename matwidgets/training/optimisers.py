"""The two optimisers with their learning rates: AdamW with one cycle, and the original's LAMB inside Lookahead."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CyclicLR, LRScheduler, OneCycleLR

from matwidgets.errors import InputError
from matwidgets.training.recipe import Recipe

# The defaults of the authors' Lamb and Lookahead (utils/utils.py of github.com/anthony-wang/CrabNet).
BETAS = (0.9, 0.999)
EPS = 1e-6
LOOKAHEAD_STEPS = 6
LOOKAHEAD_WEIGHT = 0.5


def make(recipe: Recipe, parameters: Iterable[nn.Parameter], batches: int) -> tuple[Optimizer, LRScheduler]:
    """Optimiser and learning rate of a recipe; the rate changes after every mini-batch.

    Parameters
    ----------
    recipe : Recipe
    parameters : iterable of Parameter
    batches : int
        Mini-batches in an epoch.

    Raises
    ------
    InputError
        If the recipe is the original's and the package ``pytorch_optimizer`` is not installed.
    """
    if recipe.optimiser == "lamb":
        optimiser = lamb(parameters, recipe.lowest_rate, recipe.weight_decay)
        return optimiser, CyclicLR(
            optimiser,
            base_lr=recipe.lowest_rate,
            max_lr=recipe.learning_rate,
            step_size_up=recipe.half_cycle * batches,
            cycle_momentum=False,
        )
    adamw = torch.optim.AdamW(parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return adamw, OneCycleLR(adamw, recipe.learning_rate, total_steps=max(recipe.epochs * batches, 2))


def lamb(parameters: Iterable[nn.Parameter], rate: float, weight_decay: float = 0.0) -> Optimizer:
    """LAMB inside Lookahead with the original's constants.

    LAMB: You et al., ICLR 2020, algorithm 2, without bias correction and with the norm of the weights cut at 10, as in
    version 3 of the preprint (arXiv:1904.00962) and the authors' code. Lookahead: Zhang et al., NeurIPS 2019,
    algorithm 1; the slow weights begin at the initial ones, where the authors' code takes those after six steps.

    Parameters
    ----------
    parameters : iterable of Parameter
    rate : float
        Learning rate.
    weight_decay : float

    Raises
    ------
    InputError
        If the package ``pytorch_optimizer`` is not installed.
    """
    try:
        from pytorch_optimizer import Lamb, Lookahead
    except ImportError:
        raise InputError(
            "The original's optimiser needs the package pytorch_optimizer, which is not installed; "
            "run pip install 'matwidgets[lab]', or choose another preset"
        ) from None
    inner = Lamb(
        parameters, lr=rate, betas=BETAS, eps=EPS, weight_decay=weight_decay,
        weight_decouple=False,  # the decay is part of the update whose length is measured
        adam_debias=True,  # else the package divides the step by 1 - beta1^t, a factor of ten at first
    )  # fmt: skip
    return Lookahead(inner, k=LOOKAHEAD_STEPS, alpha=LOOKAHEAD_WEIGHT)
