"""Train an ensemble of small networks on latent points, each member to its own best epoch on validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.models.latent_heads import HeadsConfig, LatentHeads, likelihood


@dataclass(frozen=True)
class HeadsRecipe:
    """How to train an ensemble."""

    epochs: int = 60
    least_steps: int = 0  # a small table is gone through as often as this takes
    batch_size: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    seed: int = 0


class Rows(NamedTuple):
    """Latent points and what is known of them.

    Attributes
    ----------
    z : Tensor, shape (B, n)
        Means of the posteriors.
    deviation : Tensor, shape (B, n)
        Their standard deviations: a point is trained on as one of its posterior's draws.
    values : Tensor, shape (B, values)
        In the properties' own units; NaN where unknown, or not for these eyes.
    chances : Tensor, shape (B, chances)
        0 or 1; NaN where unknown.
    """

    z: Tensor
    deviation: Tensor
    values: Tensor
    chances: Tensor


@dataclass(frozen=True)
class Trained:
    """An ensemble and the scale of its targets.

    Attributes
    ----------
    net : LatentHeads
        In evaluation mode.
    mean, scale : ndarray, shape (values,)
        What standardised targets are multiplied by and added to.
    factors : ndarray, shape (values,)
        What standard deviations are multiplied by, so that they are right on the validation rows.
    epochs : list of int
        Each member's best.
    """

    net: LatentHeads
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    factors: NDArray[np.float64]
    epochs: list[int]


def train_heads(config: HeadsConfig, recipe: HeadsRecipe, train: Rows, val: Rows) -> Trained:
    """Train all members at once; see `HeadsRecipe`.

    Raises
    ------
    InputError
        If a property is known of fewer than two training rows or of no validation row.
    """
    for rows, least, name in ((train, 2, "training"), (val, 1, "validation")):
        known = torch.cat([~rows.values.isnan(), ~rows.chances.isnan()], dim=1).sum(0)
        for title, count in zip((*config.values, *config.chances), known.tolist(), strict=True):
            if count < least:
                raise InputError(
                    f"{title} is known of {count} {name} rows; at least {least} needed: leave the property out"
                )
    mean = torch.nanmean(train.values, 0)
    scale = torch.sqrt(torch.nanmean((train.values - mean) ** 2, 0)).clamp(min=1e-12)
    targets, held_out = (train.values - mean) / scale, (val.values - mean) / scale
    generator = torch.Generator().manual_seed(recipe.seed)
    with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
        torch.manual_seed(recipe.seed)
        net = LatentHeads(config)
    net.centre.copy_(train.z.mean(0))
    net.spread.copy_(train.z.std(0).clamp(min=1e-3))
    steps = -(-len(train.z) // recipe.batch_size)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    last = max(recipe.epochs, -(-recipe.least_steps // steps))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=max(2, last * steps)
    )
    best = torch.full((config.members,), torch.inf)
    epochs = [0] * config.members
    kept = {name: p.detach().clone() for name, p in net.named_parameters()}
    for epoch in range(1, last + 1):
        order = torch.stack(
            [torch.randperm(len(train.z), generator=generator) for _ in range(config.members)]
        )
        for rows in order.split(recipe.batch_size, dim=1):
            noise = torch.randn((*rows.shape, config.inputs), generator=generator)
            outputs = net(train.z[rows] + noise * train.deviation[rows])
            loss = likelihood(outputs, targets[rows], train.chances[rows]).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        with torch.no_grad():
            found = likelihood(net(val.z), held_out, val.chances)
        better = found < best
        best = torch.where(better, found, best)
        for name, p in net.named_parameters():
            kept[name][better] = p.detach()[better]
        epochs = [epoch if b else e for b, e in zip(better.tolist(), epochs, strict=True)]
    # In half precision, as a reader of the file will have them.
    net.load_state_dict({k: v.half().float() for k, v in (net.state_dict() | kept).items()})
    net.eval().requires_grad_(False)
    factors = _factors(net, val.z, held_out)
    return Trained(net, mean.double().numpy(), scale.double().numpy(), factors, epochs)


def combined(net: LatentHeads, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What an ensemble says: mean and deviation of standardised values, (B, values), then of chances, (B, chances).

    The deviation of a value holds the members' own and their spread; that of a chance is the members' spread.
    """
    mean, log_variance, logits = net(z)
    value, chance = mean.mean(0), logits.sigmoid().mean(0)
    variance = ((mean - value) ** 2).mean(0) + log_variance.exp().mean(0)
    return value, variance.sqrt(), chance, ((logits.sigmoid() - chance) ** 2).mean(0).sqrt()


def _factors(net: LatentHeads, z: Tensor, values: Tensor) -> NDArray[np.float64]:
    """Root mean square of the errors in units of the stated deviations, on validation rows."""
    with torch.no_grad():
        mean, deviation, _, _ = combined(net, z)
    return torch.sqrt(torch.nanmean(((values - mean) / deviation) ** 2, 0)).double().numpy()
