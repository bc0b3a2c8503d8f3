"""Train an ensemble of CrabNets on a table of formulas and targets: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.models.crabnet import CrabNet, CrabNetConfig
from matwidgets.training import checkpoints, optimisers
from matwidgets.training.averaging import Averaging
from matwidgets.training.losses import robust_l1
from matwidgets.training.recipe import Recipe
from matwidgets.training.states import plain, require_same


class Table(NamedTuple):
    """Compositions and targets.

    Attributes
    ----------
    numbers : LongTensor, shape (n, k)
    fractions : Tensor, shape (n, k)
    targets : Tensor, shape (n,)
        In the property's unit.
    """

    numbers: Tensor
    fractions: Tensor
    targets: Tensor


@dataclass
class Trained:
    """What a training gives: folded members on the standardised scale and what was measured on validation.

    Attributes
    ----------
    members : list of CrabNet
    mean, std : float
        Of the training targets (of their logarithms with ``log_targets``), in the property's unit.
    val_mae : list of float
        Of each member; empty without a validation table.
    epochs : list of int
        Epochs of each member; fewer than the recipe's where the original's recipe stopped early.
    seconds : float
        Wall time of the training over all its parts, pauses not counted.
    """

    members: list[CrabNet]
    mean: float
    std: float
    val_mae: list[float] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    seconds: float = 0.0


class Regression:
    """The job: members one after another, one mini-batch per ``advance``, one record an epoch.

    Parameters
    ----------
    config : CrabNetConfig
    recipe : Recipe
    train, val : Table
        ``val`` is only looked at, never trained on; it may be empty, but not for the original's recipe, which accepts
        weights into its average by their validation error and stops when too many were discarded.
    element_table : Tensor, shape (119, d_table)
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save after every epoch.

    Raises
    ------
    InputError
        For targets that cannot be learned, no validation rows where the recipe needs them, or a missing optimiser.
    CheckpointError
        If ``resume`` is of another training.
    """

    def __init__(
        self,
        config: CrabNetConfig,
        recipe: Recipe,
        train: Table,
        val: Table,
        element_table: Tensor,
        *,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        if len(train.targets) < 2 or float(train.targets.std()) == 0:
            raise InputError(
                f"{len(train.targets)} training rows with a spread of 0; at least 2 different targets are needed: "
                "add rows"
            )
        if recipe.log_targets and float(train.targets.min()) <= 0:
            raise InputError(
                f"The smallest training target is {float(train.targets.min()):g}, which has no logarithm; targets must "
                "be above 0: remove such rows"
            )
        if recipe.optimiser == "lamb" and not len(val.targets):
            raise InputError(
                "0 validation rows; the original's recipe averages weights by their validation error: give validation "
                "rows, or choose another preset"
            )
        self.config, self.recipe, self.train, self.val = config, recipe, train, val
        self.element_table, self.autosave = element_table, autosave
        learned = train.targets.log() if recipe.log_targets else train.targets
        self.mean, self.std = float(learned.mean()), float(learned.std())
        self.standardised = (learned - self.mean) / self.std
        self.past: list[dict[str, Any]] = []
        self.done: list[CrabNet] = []
        self.ended: list[int] = []  # after how many epochs
        self.batches: list[Tensor] = []
        self.epoch_loss = 0.0
        self.seconds = 0.0  # of work, pauses not counted
        self._begin_member()
        if resume is not None:
            self._load(resume)

    @property
    def total(self) -> int:
        """Epochs over all members, if none stops early."""
        return self.recipe.epochs * len(self.recipe.seeds)

    @property
    def finished(self) -> bool:
        return len(self.done) == len(self.recipe.seeds)

    def advance(self) -> dict[str, Any] | None:
        """One mini-batch; a record at the end of each epoch.

        With the original's recipe the record of a cycle's last epoch also says how many of its weights were
        ``accepted`` into the average, and that of an early stop is marked ``stopped_early``.
        """
        began = time.perf_counter()
        try:
            return self._advance()
        finally:
            self.seconds += time.perf_counter() - began

    def _advance(self) -> dict[str, Any] | None:
        if not self.batches:
            order = torch.randperm(len(self.standardised), generator=self.generator)
            self.batches = list(order.split(self.recipe.batch_size))
            self.epoch_loss = 0.0
        self._learn(self.batches.pop(0))
        if self._averages:
            self.averaging.offer(self.net, self._val_mae(self.net))
            # The authors' code evaluates here and leaves the network so: the rest of the epoch is without dropout.
            self.net.eval()
        if self.batches:
            return None
        record: dict[str, Any] = {
            "step": len(self.past) + 1,
            "terms": {
                "train_loss": self.epoch_loss / len(self.standardised),
                **({"val_mae": self._val_mae(self.net)} if len(self.val.targets) else {}),
                "learning_rate": self.schedule.get_last_lr()[0],
            },
            "member": len(self.done),
        }
        if self._averages:
            record["accepted"] = self.averaging.end_epoch()
        self.epoch += 1
        stops = self.averaging.discarded == self.recipe.discards
        if stops:
            record["stopped_early"] = True
        self.past.append(record)
        if stops or self.epoch == self.recipe.epochs:
            self.done.append(self._outcome())
            self.ended.append(self.epoch)
            if not self.finished:
                self._begin_member()
        if self.autosave is not None:
            self.save(self.autosave)
        return record

    @property
    def _averages(self) -> bool:
        """Whether this is the last epoch of a cycle of the original's recipe."""
        return self.recipe.optimiser == "lamb" and (self.epoch + 1) % (2 * self.recipe.half_cycle) == 0

    def _outcome(self) -> CrabNet:
        """The member as it is now, folded: the averaged weights if there are such, else the last ones."""
        average = self.averaging.average
        net = self.net if average is None else average.module
        assert isinstance(net, CrabNet)
        return net.fold().eval()

    def _begin_member(self) -> None:
        seed = self.recipe.seeds[len(self.done)]
        self.epoch = 0
        self.generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
            torch.manual_seed(seed)
            self.net = CrabNet(self.config, self.element_table)
        self.net.draw_from(self.generator)
        self.net.train()
        batches = -(-len(self.standardised) // self.recipe.batch_size)
        self.optimiser, self.schedule = optimisers.make(self.recipe, self.net.parameters(), batches)
        self.averaging = Averaging()

    def _learn(self, rows: Tensor) -> None:
        loss = self._loss(self.train.numbers[rows], self._jittered(rows), self.standardised[rows])
        self._descend(loss, len(rows))

    def _jittered(self, rows: Tensor) -> Tensor:
        """Fractions of some rows with the recipe's noise, (B, k)."""
        fractions = self.train.fractions[rows]
        if not self.recipe.jitter:
            return fractions
        noise = torch.randn(fractions.shape, generator=self.generator)
        fractions = fractions * (1 + self.recipe.jitter * noise).clamp(min=0.5)
        return fractions / fractions.sum(-1, keepdim=True)

    def _loss(self, numbers: Tensor, fractions: Tensor, target: Tensor) -> Tensor:
        out = self.net(numbers, fractions)
        loss = self.recipe.l1_weight * (out.value - target).abs().mean()
        return loss + self.recipe.robust_weight * robust_l1(out.value, out.log_sigma, target)

    def _descend(self, loss: Tensor, rows: int) -> None:
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.epoch_loss += float(loss.detach()) * rows

    def _val_mae(self, net: CrabNet) -> float:
        net.eval()
        with torch.no_grad():
            value = net(self.val.numbers, self.val.fractions).value * self.std + self.mean
            value = value.exp() if self.recipe.log_targets else value
        net.train()
        return float((value - self.val.targets).abs().mean())

    def result(self) -> Trained:
        """The members so far; a member that was stopped half-way counts if it is the only one."""
        members, epochs = list(self.done), list(self.ended)
        if not members:
            members, epochs = [self._outcome()], [self.epoch]
        val_mae = [self._val_mae(m) for m in members] if len(self.val.targets) else []
        for member in members:
            member.eval()
        return Trained(members, self.mean, self.std, val_mae, epochs, self.seconds)

    # -- saving and resuming ---------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Everything that is needed to go on bit by bit.

        Weights and their average, optimiser, schedule, generator, order of rows, dropout on or off.
        """
        state = {
            "done": [m.state_dict() for m in self.done],
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if not k.startswith("_")},
            "generator": self.generator.get_state(),
            "batches": self.batches,
            "averaging": self.averaging.state_dict(),
            "dropout": self.net.training,
            "ended": self.ended,
        }
        tensors, skeleton = checkpoints.flatten(state)
        header = {"state": skeleton, "past": self.past, "epoch": self.epoch, "epoch_loss": self.epoch_loss}
        header |= {"fingerprint": self.fingerprint(), "seconds": self.seconds}
        checkpoints.write(Path(path), tensors, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        return {
            "config": plain(asdict(self.config)), "recipe": plain(self.recipe.settings()),
            "rows": [len(self.train.targets), len(self.val.targets)], "mean": self.mean, "std": self.std,
        }  # fmt: skip

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        state = checkpoints.unflatten(tensors, header["state"])
        for weights in state["done"]:
            member = CrabNet(self.config)
            member.load_state_dict(weights)
            self.done.append(member.eval())
        # States of the first releases lack the last three.
        self.ended = list(state.get("ended", [self.recipe.epochs] * len(self.done)))
        if not self.finished:
            self._begin_member()
        self.net.load_state_dict(state["net"])
        self.net.train(state.get("dropout", True))
        if "averaging" in state:
            self.averaging.load_state_dict(state["averaging"], self.net)
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.__dict__.update(state["schedule"])
        self.generator.set_state(state["generator"])
        self.batches, self.past = list(state["batches"]), list(header["past"])
        self.epoch, self.epoch_loss = header["epoch"], header["epoch_loss"]
        self.seconds = header["seconds"]
