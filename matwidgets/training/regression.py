"""Train an ensemble of CrabNets on a table of formulas and targets: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from matwidgets.errors import CheckpointError, InputError
from matwidgets.models.crabnet import CrabNet, CrabNetConfig
from matwidgets.training import checkpoints
from matwidgets.training.losses import robust_l1


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults train the shipped ``compact`` members."""

    epochs: int = 80
    batch_size: int = 128
    learning_rate: float = 3e-3  # the peak of one cycle
    weight_decay: float = 0.01
    jitter: float = 0.02  # relative noise on the fractions; 2 % as in the authors' code
    l1_weight: float = 1.0
    robust_weight: float = 0.3  # weight of the robust L1 loss, which alone trains the predicted uncertainty
    log_targets: bool = False  # learn the natural logarithm: for properties that span decades
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)  # one member each

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )

    @classmethod
    def paper(cls, **changes: Any) -> Recipe:
        """Batch, epochs and loss of the original (Wang et al. 2021), with AdamW and one cycle as here.

        The original's optimiser (LAMB with Lookahead and weight averaging, rates up to 6e-3) is not here; AdamW takes a
        tenth of that rate.
        """
        original: dict[str, Any] = dict(
            epochs=300, batch_size=256, learning_rate=6e-4, l1_weight=0.0, robust_weight=1.0, seeds=(0,)
        )
        return cls(**(original | changes))


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
    """

    members: list[CrabNet]
    mean: float
    std: float
    val_mae: list[float] = field(default_factory=list)


class Regression:
    """The job: members one after another, one mini-batch per ``advance``, one record an epoch.

    Parameters
    ----------
    config : CrabNetConfig
    recipe : Recipe
    train, val : Table
        ``val`` is only looked at, never trained on; it may be empty.
    element_table : Tensor, shape (119, d_table)
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save after every epoch.
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
        self.config, self.recipe, self.train, self.val = config, recipe, train, val
        self.element_table, self.autosave = element_table, autosave
        learned = train.targets.log() if recipe.log_targets else train.targets
        self.mean, self.std = float(learned.mean()), float(learned.std())
        self.standardised = (learned - self.mean) / self.std
        self.past: list[dict[str, Any]] = []
        self.done: list[CrabNet] = []
        self.batches: list[Tensor] = []
        self.epoch_loss = 0.0
        self._begin_member()
        if resume is not None:
            self._load(resume)

    @property
    def total(self) -> int:
        """Epochs over all members."""
        return self.recipe.epochs * len(self.recipe.seeds)

    @property
    def finished(self) -> bool:
        return len(self.done) == len(self.recipe.seeds)

    def advance(self) -> dict[str, Any] | None:
        """One mini-batch; a record at the end of each epoch."""
        if not self.batches:
            order = torch.randperm(len(self.standardised), generator=self.generator)
            self.batches = list(order.split(self.recipe.batch_size))
            self.epoch_loss = 0.0
        self._learn(self.batches.pop(0))
        if self.batches:
            return None
        self.epoch += 1
        record = {
            "step": len(self.past) + 1,
            "terms": {
                "train_loss": self.epoch_loss / len(self.standardised),
                **({"val_mae": self._val_mae(self.net)} if len(self.val.targets) else {}),
                "learning_rate": self.schedule.get_last_lr()[0],
            },
            "member": len(self.done),
        }
        self.past.append(record)
        if self.epoch == self.recipe.epochs:
            self.done.append(self.net.eval().fold())
            if not self.finished:
                self._begin_member()
        if self.autosave is not None:
            self.save(self.autosave)
        return record

    def _begin_member(self) -> None:
        seed = self.recipe.seeds[len(self.done)]
        self.epoch = 0
        self.generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
            torch.manual_seed(seed)
            self.net = CrabNet(self.config, self.element_table)
        self.net.draw_from(self.generator)
        self.net.train()
        self.optimiser = torch.optim.AdamW(
            self.net.parameters(), lr=self.recipe.learning_rate, weight_decay=self.recipe.weight_decay
        )
        steps = self.recipe.epochs * -(-len(self.standardised) // self.recipe.batch_size)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, self.recipe.learning_rate, total_steps=max(steps, 2)
        )

    def _learn(self, rows: Tensor) -> None:
        fractions = self.train.fractions[rows]
        if self.recipe.jitter:
            noise = torch.randn(fractions.shape, generator=self.generator)
            fractions = fractions * (1 + self.recipe.jitter * noise).clamp(min=0.5)
            fractions = fractions / fractions.sum(-1, keepdim=True)
        out = self.net(self.train.numbers[rows], fractions)
        target = self.standardised[rows]
        loss = self.recipe.l1_weight * (out.value - target).abs().mean()
        loss = loss + self.recipe.robust_weight * robust_l1(out.value, out.log_sigma, target)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.epoch_loss += float(loss.detach()) * len(rows)

    def _val_mae(self, net: CrabNet) -> float:
        net.eval()
        with torch.no_grad():
            value = net(self.val.numbers, self.val.fractions).value * self.std + self.mean
            value = value.exp() if self.recipe.log_targets else value
        net.train()
        return float((value - self.val.targets).abs().mean())

    def result(self) -> Trained:
        """The members so far; a member that was stopped half-way counts if it is the only one."""
        members = list(self.done)
        if not members:
            members = [self.net.eval().fold()]
        val_mae = [self._val_mae(m) for m in members] if len(self.val.targets) else []
        for member in members:
            member.eval()
        return Trained(members, self.mean, self.std, val_mae)

    # -- saving and resuming ---------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Everything that is needed to go on bit by bit: weights, optimiser, schedule, generator, order of rows."""
        state = {
            "done": [m.state_dict() for m in self.done],
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if not k.startswith("_")},
            "generator": self.generator.get_state(),
            "batches": self.batches,
        }
        tensors, skeleton = checkpoints.flatten(state)
        header = {"state": skeleton, "past": self.past, "epoch": self.epoch, "epoch_loss": self.epoch_loss}
        checkpoints.write(Path(path), tensors, header | {"fingerprint": self.fingerprint()})

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        return {
            "config": _plain(asdict(self.config)), "recipe": _plain(asdict(self.recipe)),
            "rows": [len(self.train.targets), len(self.val.targets)], "mean": self.mean, "std": self.std,
        }  # fmt: skip

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        if header.get("fingerprint") != self.fingerprint():
            differing = sorted(_differences(header.get("fingerprint", {}), self.fingerprint()))
            raise CheckpointError(
                f"{path} is of another training (different: {', '.join(differing)}); "
                "resume with the same table and settings, or train without --resume"
            )
        state = checkpoints.unflatten(tensors, header["state"])
        for weights in state["done"]:
            member = CrabNet(self.config)
            member.load_state_dict(weights)
            self.done.append(member.eval())
        if not self.finished:
            self._begin_member()
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.__dict__.update(state["schedule"])
        self.generator.set_state(state["generator"])
        self.batches, self.past = list(state["batches"]), list(header["past"])
        self.epoch, self.epoch_loss = header["epoch"], header["epoch_loss"]


def _plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key in a.keys() | b.keys():
        left, right = a.get(key), b.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from _differences(left, right, f"{prefix}{key}.")
        elif left != right:
            yield f"{prefix}{key}"
