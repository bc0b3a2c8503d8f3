"""How a training of wgan begins: where a first loss of 4.1e13 comes from (Figure 4a).

The paper's text does not say how weights start nor how the critic is kept smooth; with what it cites (weights clipped
to 0.01) a loss near one is all there can be. The authors' code draws all weights from N(0, 1) and adds a gradient
penalty: gradients through three wide layers are then 1e5 instead of 1, and the penalty squares them. Its "total loss"
is a sum over the batches of the test set.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3, Figure 4a; github.com/Chilitiantian/code.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from matwidgets.adversarial_trainings import PRESETS
from matwidgets.models.wgan import Critic, DeconvolutionConfig, make_generator
from matwidgets.papers.claims import Finding
from matwidgets.training.adversarial_scores import matrices, score

BATCH = 256  # section 3
MEASURED = 2  # batches that are scored; their mean stands for the others


def first_loss(counts: Tensor, preset: str = "code", *, usual: bool = False, seed: int = 0) -> float:
    """Total loss of an untrained critic over a test set, in batches of 256.

    Parameters
    ----------
    counts : Tensor of uint8, shape (n, 85)
        Held-out formulas.
    preset : {"code", "paper", "binder"}
    usual : bool
        Draw initial weights as torch does instead of as the preset says.
    seed : int

    Returns
    -------
    float
        Mean loss of a batch times the number of batches.
    """
    generator, critic, recipe = PRESETS[preset]
    if usual:
        critic = replace(critic, spread=None)
        if isinstance(generator, DeconvolutionConfig):
            generator = replace(generator, spread=None)
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = make_generator(generator), Critic(critic)
    order = torch.randperm(len(counts), generator=random)[: BATCH * MEASURED]
    losses = []
    for rows in order.split(BATCH):
        real = matrices(counts[rows])
        with torch.no_grad():
            fake = networks[0](*networks[0].draw(len(real), random))
        between = torch.rand(len(real), generator=random)
        losses.append(float(score(networks[1], real, fake, between, recipe, learn=False).loss.detach()))
    return sum(losses) / len(losses) * len(counts) / BATCH


def loss_claims(counts: Tensor, seeds: Sequence[int] = (0, 1, 2)) -> dict[str, Finding]:
    """Figure 4a's first value as a power of ten, the control with torch's own weights; its last is not reached."""
    found = [first_loss(counts, seed=seed) for seed in seeds]
    control = [abs(first_loss(counts, usual=True, seed=seed)) for seed in seeds]
    clipped = max(abs(first_loss(counts, "paper", seed=seed)) for seed in seeds)
    return {
        "first_loss": Finding(
            math.log10(sum(found) / len(found)),
            math.log10(sum(control) / len(control)),
            f"the settings of the authors' code; by the text alone (clipped weights, no penalty) it is at most "
            f"{clipped:.0f}, so the printed start tells of N(0, 1) weights and a penalty, not of chemistry",
        ),
        "last_loss": Finding(
            None,
            None,
            "100,000 iterations of the printed settings take days; after 1,300 of them the loss is 0 and no sample is "
            "a formula (checkpoints/wgan/wgan-paper.card.json)",
        ),
    }
