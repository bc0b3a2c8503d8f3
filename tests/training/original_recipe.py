"""The original's training written out step by step, for comparison: no optimiser, schedule or average of a package.

It shares with the package the network and nothing else. Draws are taken in the same order from a generator of the same
seed, so that the two can be compared epoch by epoch.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from matwidgets.models.crabnet import CrabNet, CrabNetConfig

BETA1, BETA2, EPS = 0.9, 0.999, 1e-6


class Lamb:
    """LAMB without bias correction; every sixth step half-way back to the slow weights."""

    def __init__(self, weights: list[Tensor]) -> None:
        self.weights = weights
        self.slow = [w.detach().clone() for w in weights]
        self.m = [torch.zeros_like(w) for w in weights]
        self.v = [torch.zeros_like(w) for w in weights]
        self.steps = 0

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for w, m, v in zip(self.weights, self.m, self.v, strict=True):
            assert w.grad is not None
            m.copy_(BETA1 * m + (1 - BETA1) * w.grad)
            v.copy_(BETA2 * v + (1 - BETA2) * w.grad**2)
            update = m / (v.sqrt() + EPS)
            size, length = min(float(w.norm()), 10.0), float(update.norm())
            trust = size / length if size and length else 1.0
            w.copy_(w - rate * trust * update)
            w.grad = None
        self.steps += 1
        if self.steps % 6 == 0:
            for w, slow in zip(self.weights, self.slow, strict=True):
                slow.copy_((slow + w) / 2)
                w.copy_(slow)


class Average:
    """Weights accepted by their validation error."""

    def __init__(self) -> None:
        self.weights: list[Tensor] | None = None
        self.n, self.lowest, self.first = 0, 1e9, 1e9

    def add(self, weights: list[Tensor]) -> None:
        assert self.weights is not None
        share = (1 / (self.n + 1)) ** (1 / 3)
        self.weights = [a + (w.detach() - a) * share for a, w in zip(self.weights, weights, strict=True)]
        self.n += 1

    def offer(self, weights: list[Tensor], error: float) -> bool:
        if error < 0.98 * self.first:
            self.weights, self.n, self.first = [torch.zeros_like(w) for w in weights], 0, error
            self.add(weights)
        self.lowest = min(self.lowest, error)
        if error <= 1.01 * self.lowest:
            self.add(weights)
            return True
        return False


def train(
    config: CrabNetConfig, train: Any, val: Any, elements: Tensor, *,
    seed: int, epochs: int, batch: int, half_cycle: int,
) -> tuple[list[dict[str, float]], list[Tensor], Average]:  # fmt: skip
    """Records of every epoch, last weights and average."""
    mean, std = train.targets.mean(), train.targets.std()
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = CrabNet(config, elements)
    net.draw_from(generator)
    weights = list(net.parameters())
    optimiser, average, records, step = Lamb(weights), Average(), [], 0
    batches = math.ceil(len(train.targets) / batch)

    def error() -> float:
        net.eval()
        with torch.no_grad():
            return float((net(val.numbers, val.fractions).value * std + mean - val.targets).abs().mean())

    for epoch in range(1, epochs + 1):
        net.train()
        order, total = torch.randperm(len(train.targets), generator=generator), 0.0
        for i in range(0, len(order), batch):
            rows = order[i : i + batch]
            fractions = train.fractions[rows]
            fractions = fractions * (1 + 0.02 * torch.randn(fractions.shape, generator=generator)).clamp(
                min=0.5
            )
            out = net(train.numbers[rows], fractions / fractions.sum(-1, keepdim=True))
            miss = (out.value - (train.targets[rows] - mean) / std).abs()
            loss = (math.sqrt(2) * miss / out.log_sigma.exp() + out.log_sigma).mean()
            loss.backward()
            # A triangle from 1e-4 up to 6e-3 and back.
            there = step / (half_cycle * batches) % 2
            optimiser.step(1e-4 + (6e-3 - 1e-4) * min(there, 2 - there))
            step += 1
            total += float(loss.detach()) * len(rows)
            if epoch % (2 * half_cycle) == 0:
                average.offer(weights, error())
        records.append({"train_loss": total / len(order), "val_mae": error()})
    return records, weights, average
