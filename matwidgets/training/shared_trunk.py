"""One trunk for several properties of the same compounds: the targets share everything but the last layer.

The decomposition and the formation energy are known for the same 85,014 compounds in the same splits, so that one
training serves both. What is shipped are single networks: ``parts`` cuts a trained trunk into one a property.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.models.crabnet import CrabNet, CrabNetConfig
from matwidgets.training.losses import robust_l1
from matwidgets.training.recipe import Recipe
from matwidgets.training.regression import Regression, Table, Trained

SHORT = 3  # compositions of up to so many elements are evaluated apart, so that they carry no padding


class SharedTrunk(Regression):
    """A ``Regression`` whose tables have targets of shape (n, t).

    Each target is standardised by itself and all count the same in the loss. ``result`` is that of target
    ``output``; ``parts`` gives them all.

    Parameters
    ----------
    config : CrabNetConfig
        With ``outputs`` = t.
    recipe : Recipe
    train, val : Table
        With targets (n, t).
    element_table : Tensor, shape (119, d_table)
    output : int
        The target that the records and ``result`` are about.
    resume, autosave : Path, optional
        See ``Regression``.

    Raises
    ------
    InputError
        If the targets have another number of columns than the configuration outputs.
    """

    def __init__(
        self,
        config: CrabNetConfig,
        recipe: Recipe,
        train: Table,
        val: Table,
        element_table: Tensor,
        *,
        output: int = 0,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        if train.targets.shape[1:] != (config.outputs,):
            raise InputError(
                f"{train.targets[:1].numel()} columns of targets for {config.outputs} outputs; they must be as many: "
                "change outputs, or give the other tables"
            )
        self.output = output
        self.count = (train.numbers > 0).sum(1)
        super().__init__(config, recipe, train, val, element_table, resume=resume, autosave=autosave)
        self.means, self.stds = train.targets.mean(0), train.targets.std(0)  # (t,)
        self.standardised = (train.targets - self.means) / self.stds

    def _learn(self, rows: Tensor) -> None:
        fractions = self.train.fractions[rows]
        if self.recipe.jitter:
            noise = torch.randn(fractions.shape, generator=self.generator)
            fractions = fractions * (1 + self.recipe.jitter * noise).clamp(min=0.5)
            fractions = fractions / fractions.sum(-1, keepdim=True)
        numbers, target, count = self.train.numbers[rows], self.standardised[rows], self.count[rows]
        loss = torch.zeros(())
        for part in (count <= SHORT, count > SHORT):
            if part.any():
                k = int(count[part].max())
                out = self.net(numbers[part][:, :k], fractions[part][:, :k])
                one = self.recipe.l1_weight * (out.value - target[part]).abs().mean()
                one = one + self.recipe.robust_weight * robust_l1(out.value, out.log_sigma, target[part])
                loss = loss + one * (part.sum() / len(rows))
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.epoch_loss += float(loss.detach()) * len(rows)

    def _val_mae(self, net: CrabNet) -> float:
        return float(self._val_errors(net)[self.output])

    def _val_errors(self, net: CrabNet) -> Tensor:
        """Mean absolute error of each target, (t,), in its unit."""
        net.eval()
        value = torch.empty_like(self.val.targets)
        count = (self.val.numbers > 0).sum(1)
        with torch.no_grad():
            for part in (count <= SHORT, count > SHORT):
                for rows in part.nonzero()[:, 0].split(4096) if part.any() else ():
                    k = int(count[rows].max())
                    value[rows] = net(self.val.numbers[rows, :k], self.val.fractions[rows, :k]).value
        net.train()
        return (value * self.stds + self.means - self.val.targets).abs().mean(0)

    def parts(self) -> list[Trained]:
        """One ``Trained`` a target, its members networks of their own."""
        whole = super().result()
        made = []
        for i in range(len(self.means)):
            val_mae = [float(self._val_errors(m)[i]) for m in whole.members] if len(self.val.targets) else []
            members = [m.only(i).eval() for m in whole.members]
            mean, std = float(self.means[i]), float(self.stds[i])
            made.append(replace(whole, members=members, mean=mean, std=std, val_mae=val_mae))
        for member in whole.members:
            member.eval()
        return made

    def result(self) -> Trained:
        return self.parts()[self.output]
