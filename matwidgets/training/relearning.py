"""Teach trained classifiers a label that a person gives, in seconds, without the table that they were trained on.

The answers that they give now stand for the old labels, so that only what the new label asks for changes: Z. Li,
D. Hoiem, "Learning without Forgetting" (2016).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.models.disentangled_vae import DisentangledVAE

Floats = NDArray[np.float64]
STEPS = 150
RATE = 2e-3
WEIGHT = 0.05  # of a lesson against all that is remembered, so that it is seen; a row of the table has 1/864


class Relearning:
    """The job: one step of all members per ``advance``, on everything that is remembered and the lessons.

    Minimised is the mean cross-entropy with a member's own old probabilities on the remembered alloys, plus `WEIGHT`
    times the cross-entropy of each lesson. Only classifiers change: encoder and decoder, and with them every latent
    point at a given y, stay.

    Parameters
    ----------
    members : sequence of DisentangledVAE
        Where to begin; they are left as they are.
    remembered : ndarray, shape (n, 8)
        Descriptors of training alloys.
    lessons : ndarray, shape (m, 8)
        Descriptors of the alloys that a person has labelled.
    labels : sequence of int, length m
    steps : int
    """

    def __init__(
        self,
        members: Sequence[DisentangledVAE],
        remembered: Floats,
        lessons: Floats,
        labels: Sequence[int],
        steps: int = STEPS,
    ) -> None:
        self.rows, self.asked = (torch.as_tensor(f, dtype=torch.float32) for f in (remembered, lessons))
        self.labels, self.steps = torch.as_tensor(labels, dtype=torch.float32), steps
        with torch.no_grad():
            self.old = [net.classify(self.rows).sigmoid() for net in members]
        self.nets = [copy.deepcopy(net) for net in members]
        for net in self.nets:
            net.classifier.requires_grad_(True)
        weights = [p for net in self.nets for p in net.classifier.parameters()]
        self.optimiser = torch.optim.Adam(weights, lr=RATE)
        self.cosine = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
        self.done = 0
        self.past: list[dict[str, Any]] = []

    @property
    def finished(self) -> bool:
        return self.done == self.steps

    def advance(self) -> dict[str, Any]:
        """One step."""
        kept, taught = zip(*map(self._loss, self.nets, self.old), strict=True)
        self.optimiser.zero_grad()
        (torch.stack(kept) + WEIGHT * torch.stack(taught)).sum().backward()
        self.optimiser.step()
        self.cosine.step()
        self.done += 1
        terms = {
            name: float(torch.stack(part).detach().mean())
            for name, part in (("remembered", kept), ("lesson", taught))
        }
        return {"step": self.done, "terms": terms}

    def result(self) -> list[DisentangledVAE]:
        """The members as they are now."""
        return [net.requires_grad_(False) for net in self.nets]

    def save(self, path: Path) -> None:
        """Refused: it takes seconds, there is nothing to go on from."""
        raise MatwidgetsError(f"Relearning keeps no state, {path} was not written: run it again")

    def _loss(self, net: DisentangledVAE, old: Tensor) -> tuple[Tensor, Tensor]:
        remembered = functional.binary_cross_entropy_with_logits(net.classify(self.rows), old)
        lesson = functional.binary_cross_entropy_with_logits(
            net.classify(self.asked), self.labels, reduction="sum"
        )
        return remembered, lesson


def read_label(label: Any) -> int:
    """1 for 1, True or "single", 0 for 0, False or "multi"; InputError for anything else."""
    known = {"single": 1, "multi": 0, 1: 1, 0: 0}
    try:
        return known[label]
    except (KeyError, TypeError):
        raise InputError(
            f"Label {label!r}: give 1 or 'single' for a single phase, 0 or 'multi' for several"
        ) from None
