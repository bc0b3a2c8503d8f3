"""Train one of the two variational autoencoders of the dual VAE: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from matwidgets.errors import InputError
from matwidgets.models.dual_vae import (
    CompositionVAE,
    CompositionVAEConfig,
    PatternVAE,
    PatternVAEConfig,
)
from matwidgets.models.layers import active_units, divergence
from matwidgets.training import checkpoints
from matwidgets.training.states import plain, require_same
from matwidgets.training.strains import strained

Optimiser = Literal["nadam", "adamax", "adam"]
OPTIMISERS: dict[str, type[torch.optim.Optimizer]] = {
    "nadam": torch.optim.NAdam, "adamax": torch.optim.Adamax, "adam": torch.optim.Adam
}  # fmt: skip
AT_ONCE = 2048  # rows measured in one go, to bound the memory
STEEPEST = 100.0  # norm of a gradient above which it is shortened


@dataclass(frozen=True)
class Recipe:
    """How to train one network; `composition_recipe` and `pattern_recipe` give those of the presets."""

    epochs: int
    batch_size: int
    learning_rate: float
    optimiser: Optimiser
    cycle: bool = True  # the rate rises and falls once over the training; otherwise it stays
    l1: float = 0.0  # sum of absolute weights, added to the mean loss of a batch as Keras does
    l2: float = 0.0  # and of their squares
    warmup: float = 0.2  # share of the training over which the divergence's weight grows to 1
    strain: float = 0.0  # largest isotropic strain of a lattice that an epoch shows a pattern with
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        if self.optimiser not in OPTIMISERS:
            raise InputError(
                f"optimiser is {self.optimiser!r}; allowed are {', '.join(OPTIMISERS)}: choose one of these"
            )
        if not (self.learning_rate > 0 and 0 <= self.warmup <= 1 and 0 <= self.strain < 0.5):
            raise InputError(
                f"learning_rate is {self.learning_rate:g}, warmup {self.warmup:g} and strain {self.strain:g}; allowed "
                "are learning_rate > 0, 0 <= warmup <= 1 and 0 <= strain < 0.5: give such values"
            )


def composition_recipe(preset: str = "binder", **changes: Any) -> Recipe:
    """Table S1's optimiser and regularisers; rate, batch and epochs are not stated."""
    recipe = Recipe(epochs=60, batch_size=256, learning_rate=1e-2, optimiser="nadam", l1=1.94e-7, l2=1.09e-6)
    if preset == "paper":
        recipe = replace(recipe, epochs=100, learning_rate=2e-3, cycle=False, warmup=0.0)  # Keras' NAdam
    return replace(recipe, **changes)


def pattern_recipe(preset: str = "binder", **changes: Any) -> Recipe:
    """Table S1's optimiser and regularisers as "paper" (rate, batch and epochs are not stated); or a quick one."""
    if preset == "paper":
        recipe = Recipe(
            epochs=100, batch_size=64, learning_rate=1e-3, optimiser="adamax", cycle=False, warmup=0.0,
            l1=1.46e-6, l2=6.42e-7,
        )  # fmt: skip
    else:
        recipe = Recipe(epochs=60, batch_size=256, learning_rate=4e-3, optimiser="adam", strain=0.02)
    return replace(recipe, **changes)


@dataclass(frozen=True)
class Measured:
    """A network on rows, in nats and per row unless said otherwise.

    Attributes
    ----------
    nelbo, reconstruction, divergence : float
        The loss of the paper is the sum of the other two.
    units : list of float
        The divergence of each latent dimension.
    active : int
        Number of latent dimensions in use.
    """

    nelbo: float
    reconstruction: float
    divergence: float
    units: list[float]
    active: int


def measure(net: CompositionVAE | PatternVAE, x: Tensor, seed: int = 0) -> Measured:
    """Measure a network with one latent draw for each row of x, (B, e) or (B, p)."""
    generator, was_training, parts, means = torch.Generator().manual_seed(seed), net.training, [], []
    net.eval()
    with torch.no_grad():
        for rows in x.split(AT_ONCE):
            rows = rows.float()
            out = net(rows, torch.randn(len(rows), net.config.latent, generator=generator))
            cost = net.reconstruction(out.decoded, rows)
            parts.append(torch.cat([cost[:, None], divergence(out.mean, out.log_variance)], dim=1))
            means.append(out.mean)
    net.train(was_training)
    mean = torch.cat(parts).double().mean(0)
    return Measured(
        nelbo=float(mean.sum()),
        reconstruction=float(mean[0]),
        divergence=float(mean[1:].sum()),
        units=mean[1:].tolist(),
        active=int(active_units(torch.cat(means)).sum()),
    )


class Autoencoding:
    """The job: one mini-batch per ``advance``, one record an epoch.

    Parameters
    ----------
    config : CompositionVAEConfig or PatternVAEConfig
    recipe : Recipe
    train, val : Tensor, shapes (n, e) and (m, e), or (n, p) and (m, p)
        Fractions or patterns, the latter also in half precision. ``val`` is only looked at; it may be empty.
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    """

    def __init__(
        self,
        config: CompositionVAEConfig | PatternVAEConfig,
        recipe: Recipe,
        train: Tensor,
        val: Tensor,
        *,
        resume: Path | None = None,
    ) -> None:
        if len(train) < 2:
            raise InputError(f"{len(train)} training rows; at least 2 are needed: add rows")
        self.config, self.recipe, self.train, self.val = config, recipe, train, val
        self.steps = recipe.epochs * -(-len(train) // recipe.batch_size)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        with self._seeded(recipe.seed):  # torch's initialisers draw from the global generator
            self.net: CompositionVAE | PatternVAE = (
                CompositionVAE(config) if isinstance(config, CompositionVAEConfig) else PatternVAE(config)
            )
        self.net.train()
        self.optimiser = OPTIMISERS[recipe.optimiser](self.net.parameters(), lr=recipe.learning_rate)  # type: ignore[call-arg]
        self.schedule: torch.optim.lr_scheduler.LRScheduler
        if recipe.cycle:
            self.schedule = torch.optim.lr_scheduler.OneCycleLR(
                self.optimiser, recipe.learning_rate, total_steps=max(self.steps, 2), cycle_momentum=False
            )
        else:
            self.schedule = torch.optim.lr_scheduler.ConstantLR(self.optimiser, factor=1.0, total_iters=0)
        self.past: list[dict[str, Any]] = []
        self.batches: list[Tensor] = []
        self.epoch, self.step = 0, 0
        self.seconds = 0.0  # wall time inside ``advance``, of all sittings
        self.sums = [0.0, 0.0]  # of reconstruction and divergence in this epoch
        if resume is not None:
            self._load(resume)

    @property
    def finished(self) -> bool:
        return self.epoch == self.recipe.epochs

    @property
    def weight(self) -> float:
        """Weight of the divergence at this step; 1 is the loss of the paper."""
        growing = self.recipe.warmup * self.steps
        return min(1.0, (self.step + 1) / growing) if growing else 1.0

    def advance(self) -> dict[str, Any] | None:
        """One mini-batch; a record at the end of each epoch."""
        began = time.perf_counter()
        record = self._advance()
        self.seconds += time.perf_counter() - began
        return record

    def _advance(self) -> dict[str, Any] | None:
        if not self.batches:
            order = torch.randperm(len(self.train), generator=self.generator)
            self.batches = list(order.split(self.recipe.batch_size))
            self.sums = [0.0, 0.0]
        self._learn(self.batches.pop(0))
        if self.batches:
            return None
        self.epoch += 1
        reconstruction, divergent = (s / len(self.train) for s in self.sums)
        terms = {
            "train_nelbo": reconstruction + divergent, "reconstruction": reconstruction, "divergence": divergent,
        }  # fmt: skip
        if len(self.val):
            seen = measure(self.net, self.val, self.recipe.seed)
            terms |= {"val_nelbo": seen.nelbo, "active_units": seen.active}
        terms["learning_rate"] = float(self.optimiser.param_groups[0]["lr"])
        record = {"step": self.epoch, "terms": terms}
        self.past.append(record)
        return record

    def _learn(self, rows: Tensor) -> None:
        x = self.train[rows].float()
        if self.recipe.strain:
            share = 2 * torch.rand(len(x), generator=self.generator) - 1
            x = strained(x, self.recipe.strain * share)
        noise = torch.randn(len(x), self.config.latent, generator=self.generator)
        with self._seeded(self.recipe.seed + self.step) if self.config.dropout else contextlib.nullcontext():
            out = self.net(x, noise)
        reconstruction = self.net.reconstruction(out.decoded, x).mean()
        divergent = divergence(out.mean, out.log_variance).sum(-1).mean()
        loss = reconstruction + self.weight * divergent + self._penalty()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), STEEPEST)
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        self.sums[0] += float(reconstruction.detach()) * len(rows)
        self.sums[1] += float(divergent.detach()) * len(rows)

    def _penalty(self) -> Tensor | float:
        penalty: Tensor | float = 0.0
        if self.recipe.l1:
            penalty = penalty + self.recipe.l1 * sum(w.abs().sum() for w in self.net.weights())
        if self.recipe.l2:
            penalty = penalty + self.recipe.l2 * sum(w.square().sum() for w in self.net.weights())
        return penalty

    @staticmethod
    @contextlib.contextmanager
    def _seeded(seed: int) -> Iterator[None]:
        """Draw from torch's global generator, which initialisers and dropout read, and leave it as it was."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield

    def result(self) -> CompositionVAE | PatternVAE:
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
            "state": skeleton, "past": self.past, "epoch": self.epoch, "step": self.step, "sums": self.sums,
            "seconds": self.seconds, "fingerprint": self.fingerprint(),
        }  # fmt: skip
        checkpoints.write(Path(path), tensors, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        return {
            "config": plain(asdict(self.config)), "recipe": plain(asdict(self.recipe)),
            "rows": [len(self.train), len(self.val)], **self._digests,
        }  # fmt: skip

    @functools.cached_property
    def _digests(self) -> dict[str, str]:
        return {"train": _digest(self.train), "val": _digest(self.val)}

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        state = checkpoints.unflatten(tensors, header["state"])
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.__dict__.update(state["schedule"])
        self.generator.set_state(state["generator"])
        self.batches, self.past = list(state["batches"]), list(header["past"])
        self.epoch, self.step, self.sums = header["epoch"], header["step"], list(header["sums"])
        self.seconds = header["seconds"]


def _digest(rows: Tensor) -> str:
    """SHA-256 of the bytes of rows; a sum would not do, since every row of fractions adds up to 1."""
    flat: Any = rows.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()  # typed as no buffer
    return hashlib.sha256(flat).hexdigest()
