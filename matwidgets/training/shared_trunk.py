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
        numbers, fractions, target = self.train.numbers[rows], self._jittered(rows), self.standardised[rows]
        loss = torch.zeros(())
        for part in _by_length(self.count[rows]):
            k = int(self.count[rows][part].max())
            loss = loss + self._loss(numbers[part, :k], fractions[part, :k], target[part]) * (
                len(part) / len(rows)
            )
        self._descend(loss, len(rows))

    def _val_mae(self, net: CrabNet) -> float:
        return float(self._val_errors(net)[self.output])

    def _val_errors(self, net: CrabNet) -> Tensor:
        """Mean absolute error of each target, (t,), in its unit."""
        net.eval()
        value = torch.empty_like(self.val.targets)
        count = (self.val.numbers > 0).sum(1)
        with torch.no_grad():
            for part in _by_length(count):
                for rows in part.split(4096):
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


def _by_length(count: Tensor) -> list[Tensor]:
    """Row numbers of the short compositions and of the longer ones, those groups that are not empty."""
    groups = [part.nonzero()[:, 0] for part in (count <= SHORT, count > SHORT)]
    return [group for group in groups if len(group)]
