"""Train the space-group classifier on powder patterns: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from matwidgets.errors import InputError
from matwidgets.models.powder_filters import LAST_GROUPS, SPACE_GROUPS, SpaceGroupConfig, SpaceGroupNet
from matwidgets.training import checkpoints
from matwidgets.training.states import plain, require_same
from matwidgets.training.strains import strained

AT_ONCE = 512  # rows measured in one go, to bound the memory
TOP = 5  # how many guesses `Measured.top` allows
Optimiser = Literal["adamw", "adamax"]
Precision = Literal["float32", "bfloat16"]


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults train the shipped network."""

    epochs: int = 40
    batch_size: int = 128
    learning_rate: float = 3e-3  # the peak of one cycle
    optimiser: Optimiser = "adamw"
    cycle: bool = True  # the rate rises and falls once over the training; otherwise it stays
    weight_decay: float = 0.02
    smoothing: float = 0.1  # share of each label that is spread over all space groups
    system_weight: float = 0.5  # of the cross-entropy of the crystal system
    strain: float = 0.015  # largest isotropic strain of a lattice that an epoch shows a pattern with
    jitter: float = 0.5  # largest deviation of the logarithm of a peak's height, a new one each epoch
    precision: Precision = (
        "bfloat16"  # of the network's products in training; half the time on recent processors
    )
    seed: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise InputError(
                f"epochs is {self.epochs} and batch_size {self.batch_size}; give whole numbers from 1 and from 2"
            )
        for name, value, allowed in (
            ("optimiser", self.optimiser, ("adamw", "adamax")),
            ("precision", self.precision, ("float32", "bfloat16")),
        ):
            if value not in allowed:
                raise InputError(
                    f"{name} is {value!r}; allowed are {', '.join(allowed)}: choose one of these"
                )
        if not (self.learning_rate > 0 and 0 <= self.smoothing < 1 and 0 <= self.strain < 0.5):
            raise InputError(
                f"learning_rate is {self.learning_rate:g}, smoothing {self.smoothing:g} and strain {self.strain:g}; "
                "allowed are learning_rate > 0, 0 <= smoothing < 1 and 0 <= strain < 0.5: give such values"
            )
        if not (self.weight_decay >= 0 and self.system_weight >= 0 and self.jitter >= 0):
            raise InputError(
                f"weight_decay is {self.weight_decay:g}, system_weight {self.system_weight:g} and jitter "
                f"{self.jitter:g}; none may be below 0: give such values"
            )

    @classmethod
    def paper(cls, **changes: Any) -> Recipe:
        """Table S2's optimiser; rate (Keras' own), batch and epochs are not stated, nor is any augmentation."""
        original = cls(
            epochs=100, batch_size=64, learning_rate=1e-3, optimiser="adamax", cycle=False, weight_decay=0.0,
            smoothing=0.0, system_weight=0.0, strain=0.0, jitter=0.0, precision="float32",
        )  # fmt: skip
        return replace(original, **changes)


class Table(NamedTuple):
    """Patterns whose space group is known.

    Attributes
    ----------
    profiles : Tensor, shape (n, p)
        Largest value 1; also in half precision.
    groups : LongTensor, shape (n,)
        Space group numbers, 1 to 230.
    """

    profiles: Tensor
    groups: Tensor


@dataclass(frozen=True)
class Measured:
    """A network on a table.

    Attributes
    ----------
    rows : int
    groups, systems : float
        Share of patterns whose space group, and whose crystal system, is the likeliest one.
    top : float
        Share whose space group is among the five likeliest.
    loss : float
        Cross-entropy of the space group, nats.
    """

    rows: int
    groups: float
    systems: float
    top: float
    loss: float


def measure(net: SpaceGroupNet, table: Table, through: Callable[[Tensor], Tensor] | None = None) -> Measured:
    """Measure a network; `through` is done to patterns (B, p) first.

    Raises
    ------
    InputError
        For an empty table.
    """
    _require_groups(table, 1)
    was_training, parts = net.training, []
    net.eval()
    with torch.no_grad():
        for profiles, groups in zip(table.profiles.split(AT_ONCE), table.groups.split(AT_ONCE), strict=True):
            x = profiles.float() if through is None else through(profiles.float())
            parts.append(_right(net, net(x), groups - 1))
    net.train(was_training)
    groups, systems, top, loss = torch.cat(parts).double().mean(0).tolist()
    return Measured(len(table.groups), groups, systems, top, loss)


def _right(net: SpaceGroupNet, logits: Tensor, groups: Tensor) -> Tensor:
    """Space group right, crystal system right, among the five likeliest, cross-entropy: (B, 4)."""
    system = torch.bucketize(groups + 1, torch.tensor(LAST_GROUPS))
    likeliest = logits.topk(TOP, dim=-1).indices
    return torch.stack(
        [
            (likeliest[:, 0] == groups).float(),
            (net.systems(logits).argmax(-1) == system).float(),
            (likeliest == groups[:, None]).any(-1).float(),
            functional.cross_entropy(logits, groups, reduction="none"),
        ],
        dim=1,
    )


class Classifying:
    """The job: one mini-batch per ``advance``, one record an epoch.

    Parameters
    ----------
    config : SpaceGroupConfig
    recipe : Recipe
    train, val : Table
        ``val`` is only looked at, never trained on; it may be empty.
    through : callable, optional
        What happens to each pattern (B, p) before the network sees it: an autoencoder's reconstruction, say.
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save after every epoch.
    """

    def __init__(
        self,
        config: SpaceGroupConfig,
        recipe: Recipe,
        train: Table,
        val: Table,
        *,
        through: Callable[[Tensor], Tensor] | None = None,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        _require_groups(train, 2)
        if train.profiles.shape[1] != config.points:
            raise InputError(
                f"Patterns of {train.profiles.shape[1]} points for a network of {config.points}: give such patterns"
            )
        self.config, self.recipe, self.train, self.val = config, recipe, train, val
        self.through, self.autosave = through, autosave
        self.steps = recipe.epochs * self._number
        self.generator = torch.Generator().manual_seed(recipe.seed)
        with self._seeded(recipe.seed):  # torch's initialisers draw from the global generator
            self.net = SpaceGroupNet(config)
        self.net.train()
        kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adamax
        self.optimiser: torch.optim.Optimizer = kind(
            self.net.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule: torch.optim.lr_scheduler.LRScheduler
        if recipe.cycle:
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                self.optimiser, recipe.learning_rate, total_steps=max(self.steps, 2), pct_start=0.2
            )
        else:
            self.schedule = torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0, total_iters=0)
        self.past: list[dict[str, Any]] = []
        self.batches: list[Tensor] = []
        self.epoch, self.step = 0, 0
        self.seconds = 0.0  # wall time inside ``advance``, of all sittings
        self.sum = 0.0  # of the loss in this epoch
        if resume is not None:
            self._load(resume)

    @property
    def finished(self) -> bool:
        return self.epoch == self.recipe.epochs

    @property
    def _number(self) -> int:
        """Mini-batches of an epoch: none is smaller than the recipe's, since one row has no deviation."""
        return max(1, len(self.train.groups) // self.recipe.batch_size)

    def advance(self) -> dict[str, Any] | None:
        """One mini-batch; a record at the end of each epoch."""
        began = time.perf_counter()
        record = self._advance()
        self.seconds += time.perf_counter() - began
        if record is not None and self.autosave is not None:
            self.save(self.autosave)
        return record

    def _advance(self) -> dict[str, Any] | None:
        if not self.batches:
            order = torch.randperm(len(self.train.groups), generator=self.generator)
            self.batches, self.sum = list(order.tensor_split(self._number)), 0.0
        self._learn(self.batches.pop(0))
        if self.batches:
            return None
        self.epoch += 1
        terms: dict[str, Any] = {"train_loss": self.sum / len(self.train.groups)}
        if len(self.val.groups):
            seen = measure(self.net, self.val, self.through)
            terms |= {"val_loss": seen.loss, "val_groups": seen.groups, "val_systems": seen.systems}
        terms["learning_rate"] = float(self.optimiser.param_groups[0]["lr"])
        record = {"step": self.epoch, "terms": terms}
        self.past.append(record)
        return record

    def _learn(self, rows: Tensor) -> None:
        groups = self.train.groups[rows] - 1
        x = self.shown(rows)
        with (
            self._seeded(self.recipe.seed + self.step),  # dropout draws from the global generator
            torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.precision == "bfloat16"),
        ):
            logits = self.net(x)
        logits = logits.float()
        loss = functional.cross_entropy(logits, groups, label_smoothing=self.recipe.smoothing)
        if self.recipe.system_weight:
            system = torch.bucketize(groups + 1, torch.tensor(LAST_GROUPS))
            loss = loss + self.recipe.system_weight * functional.nll_loss(self.net.systems(logits), system)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        self.sum += float(loss.detach()) * len(rows)

    def shown(self, rows: Tensor) -> Tensor:
        """Patterns (B, p) of some rows as this epoch shows them: strained, their heights changed."""
        x = self.train.profiles[rows].float()
        if self.recipe.strain:
            share = 2 * torch.rand(len(x), generator=self.generator) - 1
            x = strained(x, self.recipe.strain * share)
        if self.recipe.jitter:
            x = jittered(x, self.recipe.jitter, self.generator)
        if self.through is None:
            return x
        with torch.no_grad():
            return self.through(x)

    @staticmethod
    @contextlib.contextmanager
    def _seeded(seed: int) -> Iterator[None]:
        """Draw from torch's global generator and leave it as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield

    def result(self) -> SpaceGroupNet:
        """The network as far as it is trained, in evaluation mode."""
        return self.net.eval().requires_grad_(False)

    # -- saving and resuming ---------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Everything that is needed to go on bit by bit: weights, optimiser, schedule, generator, order of rows."""
        state = {
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": {k: v for k, v in self.schedule.state_dict().items() if not k.startswith("_")},
            "generator": self.generator.get_state(),
            "batches": self.batches,
        }
        tensors, skeleton = checkpoints.flatten(state)
        header = {
            "state": skeleton, "past": self.past, "epoch": self.epoch, "step": self.step, "sum": self.sum,
            "seconds": self.seconds, "fingerprint": self.fingerprint(),
        }  # fmt: skip
        checkpoints.write(Path(path), tensors, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        first = self.train.profiles[:AT_ONCE].float()
        with torch.no_grad():
            seen = first if self.through is None else self.through(first)
        return {
            "config": plain(asdict(self.config)), "recipe": plain(asdict(self.recipe)),
            "rows": [len(self.train.groups), len(self.val.groups)], "groups": int(self.train.groups.sum()),
            "patterns": round(float(seen.double().sum()), 2),
        }  # fmt: skip

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        state = checkpoints.unflatten(tensors, header["state"])
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.__dict__.update(state["schedule"])
        self.generator.set_state(state["generator"])
        self.batches, self.past = list(state["batches"]), list(header["past"])
        self.epoch, self.step, self.sum = header["epoch"], header["step"], header["sum"]
        self.seconds = header["seconds"]


def jittered(patterns: Tensor, largest: float, generator: torch.Generator, spacing: int = 8) -> Tensor:
    """Change the heights of peaks at random, as texture and other atoms do; what is zero stays zero.

    Parameters
    ----------
    patterns : Tensor, shape (B, p)
    largest : float
        Of the standard deviation of the logarithm of a height, which is drawn from 0 to this for each pattern.
    generator : Generator
    spacing : int
        Points between two independent draws, about the width of a peak.

    Returns
    -------
    Tensor, shape (B, p)
        The largest value of each is 1; a pattern of zeros stays zero.
    """
    rows, points = patterns.shape
    deviation = largest * torch.rand(rows, 1, 1, generator=generator)
    knots = deviation * torch.randn(rows, 1, points // spacing + 2, generator=generator)
    changed = patterns * functional.interpolate(knots, size=points, mode="linear")[:, 0].exp()
    return changed / changed.amax(1, keepdim=True).clamp(min=1e-6)


def _require_groups(table: Table, least: int) -> None:
    if len(table.groups) < least:
        raise InputError(f"{len(table.groups)} patterns; at least {least} are needed: add rows")
    if len(table.profiles) != len(table.groups):
        raise InputError(
            f"{len(table.profiles)} patterns and {len(table.groups)} space groups: give as many of each"
        )
    low, high = int(table.groups.min()), int(table.groups.max())
    if low < 1 or high > SPACE_GROUPS:
        raise InputError(f"Space groups from {low} to {high}: give numbers from 1 to {SPACE_GROUPS}")
