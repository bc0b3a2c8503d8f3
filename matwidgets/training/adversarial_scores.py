"""What a critic says of real and generated formulas, and what generated ones are worth while a training goes on.

Sources: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), Equation 4; I. Gulrajani et al., "Improved Training
of Wasserstein GANs", arXiv:1704.00028 (gradient penalty).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from matwidgets.features import occupancy
from matwidgets.features.charge_rules import charge_rules
from matwidgets.models.wgan import MOST, Critic, Generator
from matwidgets.training.adversarial_recipe import Recipe

SHOWN = 12  # generated formulas that go into a record
AT_ONCE = 2048  # matrices that are made at a time, to bound the memory


class Scores(NamedTuple):
    """What a critic says of a batch.

    Attributes
    ----------
    loss : Tensor
        Equation 4, and the weighted penalty with the loss "penalty".
    wasserstein : Tensor
        Mean score of the real formulas less that of the generated ones: Equation 4 with its sign changed.
    gradient_norm : Tensor
        Mean norm of the critic's gradient between real and generated matrices; 1 for a perfect critic.
    """

    loss: Tensor
    wasserstein: Tensor
    gradient_norm: Tensor


def score(
    critic: Critic, real: Tensor, fake: Tensor, between: Tensor, recipe: Recipe, *, learn: bool
) -> Scores:
    """Score real and generated matrices (B, e, m).

    Parameters
    ----------
    between : Tensor, shape (B,)
        How far from the real one to its generated one the gradient of each pair is taken, 0 to 1.
    learn : bool
        Whether the loss shall have a gradient.
    """
    wasserstein = critic(real).mean() - critic(fake).mean()
    at = real + between[:, None, None] * (fake - real)
    at = at.detach().requires_grad_()
    with torch.enable_grad():
        penalised = recipe.loss == "penalty"
        (slope,) = torch.autograd.grad(critic(at).sum(), at, create_graph=learn and penalised)
    norm = (1e-8 + slope.square().sum((1, 2))).sqrt()
    loss = -wasserstein
    if penalised:
        loss = loss + recipe.penalty * (norm - 1).square().mean()
    return Scores(loss, wasserstein, norm.mean())


def matrices(counts: Tensor) -> Tensor:
    """Matrices of ones and zeros (B, e, m) of numbers of atoms (B, e)."""
    return (counts[:, :, None] == torch.arange(1, MOST + 1, dtype=counts.dtype)).float()


def live(generator: Generator, n: int, random: torch.Generator) -> tuple[dict[str, float], list[str]]:
    """Draw samples and tell what they are worth.

    Returns
    -------
    terms : dict
        legible: share of matrices that are a formula of at least two elements, as all of the data are; unique: distinct
        compositions among these, as a share of all samples; neutral: share of all samples that are charge neutral by
        smact's rule.
    formulas : list of str
        The first of the legible ones.
    """
    was_training = generator.training
    generator.eval()
    good = []
    with torch.no_grad():
        noise = generator.draw(n, random)
        for part in zip(*(each.split(AT_ONCE) for each in noise), strict=True):
            seen = occupancy.read(generator(*part).numpy())
            good.append(seen.counts[seen.legible & ((seen.counts > 0).sum(1) > 1)])
    generator.train(was_training)
    counts = occupancy.reduced(np.concatenate(good))
    terms = dict.fromkeys(("legible", "unique", "neutral"), 0.0)
    if len(counts):
        distinct, which = occupancy.distinct_rows(counts)
        neutral = charge_rules(distinct).neutral[which]
        terms = {"legible": len(counts) / n, "unique": len(distinct) / n, "neutral": float(neutral.sum()) / n}
    return terms, occupancy.formulas_of(counts[:SHOWN])
