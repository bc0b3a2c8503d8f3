"""Train the disentangled VAE on alloys of which some are labelled: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from matwidgets.errors import InputError
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.training import checkpoints
from matwidgets.training.classification import auc
from matwidgets.training.semi_supervised_recipe import PARTS, Recipe
from matwidgets.training.states import require_same

UNKNOWN = -1  # the label of an alloy whose phase is not known


class Table(NamedTuple):
    """Alloys.

    Attributes
    ----------
    x : Tensor, shape (n, e)
        Fractions; rows sum to 1.
    f : Tensor, shape (n, d)
        Descriptors in their own units.
    y : LongTensor, shape (n,)
        1 for a single phase, 0 for several, -1 where it is not known.
    """

    x: Tensor
    f: Tensor
    y: Tensor


@dataclass(frozen=True)
class Measured:
    """A network on the labelled alloys of a table.

    Attributes
    ----------
    n : int
    loss : float
        Cross-entropy in nats.
    accuracy : float
    auc : float or None
        None where all have one label.
    elbo : float
        Mean evidence lower bound in nats, with one draw of z each.
    """

    n: int
    loss: float
    accuracy: float
    auc: float | None
    elbo: float


def measure(net: DisentangledVAE, table: Table, seed: int = 0) -> Measured | None:
    """Measure a network, with draws of this seed; None if the table has no label."""
    known = table.y != UNKNOWN
    if not bool(known.any()):
        return None
    was_training, y = net.training, table.y[known]
    net.eval()
    with torch.no_grad():
        logits = net.classify(table.f[known])
        noise = torch.randn(len(y), net.config.latent, generator=torch.Generator().manual_seed(seed))
        elbo = net.labelled(table.x[known], y.to(logits.dtype), noise).elbo
    net.train(was_training)
    return Measured(
        n=len(y),
        loss=functional.binary_cross_entropy_with_logits(logits, y.to(logits.dtype)).item(),
        accuracy=((logits > 0) == (y == 1)).double().mean().item(),
        auc=auc(y.numpy(), logits.numpy()),
        elbo=elbo.double().mean().item(),
    )


class SemiSupervised:
    """The job: one mini-batch per ``advance``, one record an epoch.

    Every batch mixes labelled and unlabelled rows as they come, so that its loss is an unbiased estimate of equation 5.

    Parameters
    ----------
    config : DisentangledVAEConfig
    recipe : Recipe
    train : Table
        Labelled and unlabelled rows; the descriptors of all of them give the scaling.
    val : Table
        Decides which epoch's weights are kept; no gradient sees it. It may be empty: then the last weights are kept.
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save every 20 epochs.
    """

    def __init__(
        self,
        config: DisentangledVAEConfig,
        recipe: Recipe,
        train: Table,
        val: Table,
        *,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        _check(train)
        self.config, self.recipe, self.train, self.val, self.autosave = config, recipe, train, val, autosave
        self.known = train.y != UNKNOWN
        self.targets = train.y.to(train.x.dtype)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
            torch.manual_seed(recipe.seed)
            self.net = DisentangledVAE(config)
        self.net.standardise(train.f)
        self.net.train()
        self.optimiser = torch.optim.AdamW(
            [
                {"params": list(self.net.classifier.parameters()), "weight_decay": recipe.weight_decay},
                {"params": [*self.net.encoder.parameters(), *self.net.decoder.parameters()], "weight_decay": 0.0},
            ],
            lr=recipe.learning_rate, betas=(0.9, 0.999), fused=True,
        )  # fmt: skip
        steps = recipe.epochs * -(-len(train.x) // recipe.batch_size)
        self.cycle = (
            torch.optim.lr_scheduler.OneCycleLR(
                self.optimiser, recipe.learning_rate, total_steps=max(steps, 2), cycle_momentum=False
            )
            if recipe.schedule == "cycle"
            else None
        )
        self.lowest, self.waited = math.inf, 0  # training loss, and epochs since it was that low
        self.past: list[dict[str, Any]] = []
        self.batches: list[Tensor] = []
        self.epoch = 0
        self.sums = [
            0.0,
            0.0,
            0.0,
            0.0,
        ]  # of the bound's three parts and the classification loss in this epoch
        self.best: dict[str, Tensor] = {}
        self.best_scores: dict[str, float] = {}  # of each part that is kept
        self.best_epochs: dict[str, int] = {}
        if resume is not None:
            self._load(resume)

    @property
    def rate(self) -> float:
        """The present learning rate."""
        return float(self.optimiser.param_groups[0]["lr"])

    @property
    def finished(self) -> bool:
        return self.epoch == self.recipe.epochs or (not self.batches and self.rate < self.recipe.lowest_rate)

    def advance(self) -> dict[str, Any] | None:
        """One mini-batch; a record at the end of each epoch."""
        if not self.batches:
            order = torch.randperm(len(self.train.x), generator=self.generator)
            self.batches = list(order.split(self.recipe.batch_size))
            self.sums = [0.0, 0.0, 0.0, 0.0]
        self._learn(self.batches.pop(0))
        if self.batches:
            return None
        self.epoch += 1
        record = {"step": self.epoch, "terms": self._terms()}
        self.past.append(record)
        if self.autosave is not None and (self.epoch % 20 == 0 or self.finished):
            self.save(self.autosave)
        return record

    def _learn(self, rows: Tensor) -> None:
        loss, parts, classified = self._loss(rows)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        if self.cycle is not None:
            self.cycle.step()
        for i, part in enumerate((*parts, classified)):
            self.sums[i] += part.item()

    def _loss(self, rows: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        """Equation 5 of these rows, a row; its parts, detached and summed over them."""
        known = self.known[rows]
        labelled, unlabelled = rows[known], rows[~known]
        noise = torch.randn(len(rows), self.config.latent, generator=self.generator)
        bounds = [
            self.net.labelled(self.train.x[labelled], self.targets[labelled], noise[known]),
            self.net.unlabelled(self.train.x[unlabelled], self.train.f[unlabelled], noise[~known]),
        ]
        logits = self.net.classify(self.train.f[labelled])
        classified = functional.binary_cross_entropy_with_logits(
            logits, self.targets[labelled], reduction="sum"
        )
        elbo = torch.stack([bound.elbo.sum() for bound in bounds]).sum()
        parts = [torch.cat([getattr(b, name) for b in bounds]).detach().sum() for name in bounds[0]._fields]
        return (self.recipe.gamma * classified - elbo) / len(rows), parts, classified.detach()

    def _terms(self) -> dict[str, Any]:
        """What the epoch came to; also moves the plateau and keeps the best weights."""
        rows = len(self.train.x)
        likelihood, divergence, label = (s / rows for s in self.sums[:3])
        terms: dict[str, Any] = {
            "train_elbo": likelihood - divergence + label, "likelihood": likelihood, "divergence": divergence,
            "label": label, "class_loss": self.sums[3] / max(1, int(self.known.sum())),
        }  # fmt: skip
        seen = measure(self.net, self.val, self.recipe.seed)
        if seen is not None:
            terms |= {
                "val_elbo": seen.elbo, "val_loss": seen.loss, "val_accuracy": seen.accuracy, "val_auc": seen.auc
            }  # fmt: skip
            self._keep({"network": seen.accuracy, "classifier": -seen.loss, "autoencoder": seen.elbo})
        terms["learning_rate"] = self.rate
        if self.recipe.schedule == "plateau":
            self._plateau(self.recipe.gamma * self.sums[3] / rows - terms["train_elbo"])
        return terms

    def _keep(self, scores: dict[str, float]) -> None:
        for part, names in PARTS[self.recipe.keep].items():
            if part not in self.best_scores or scores[part] > self.best_scores[part]:
                self.best_scores[part], self.best_epochs[part] = scores[part], self.epoch
                weights = self.net.state_dict().items()
                self.best |= {k: v.detach().clone() for k, v in weights if k.startswith(names)}

    def _plateau(self, loss: float) -> None:
        self.lowest, self.waited = (loss, 0) if loss < self.lowest else (self.lowest, self.waited + 1)
        if self.waited > self.recipe.patience:
            self.waited = 0
            for group in self.optimiser.param_groups:
                group["lr"] /= 2

    def result(self) -> DisentangledVAE:
        """The network in evaluation mode, with the weights that validation kept; without validation the last ones."""
        net = DisentangledVAE(self.config)
        net.load_state_dict(self.net.state_dict() | self.best)
        return net.eval().requires_grad_(False)

    # -- saving and resuming ---------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Everything that is needed to go on bit by bit: weights, optimiser, schedule, generator, order of rows."""
        state = {
            "net": self.net.state_dict(),
            "best": self.best,
            "optimiser": self.optimiser.state_dict(),
            "cycle": {}
            if self.cycle is None
            else {k: v for k, v in self.cycle.state_dict().items() if not k.startswith("_")},
            "generator": self.generator.get_state(),
            "batches": self.batches,
        }
        tensors, skeleton = checkpoints.flatten(state)
        header = {
            "state": skeleton, "past": self.past, "epoch": self.epoch, "sums": self.sums, "waited": self.waited,
            "lowest": None if math.isinf(self.lowest) else self.lowest,
            "best": [self.best_scores, self.best_epochs],
            "fingerprint": self.fingerprint(),
        }  # fmt: skip
        checkpoints.write(Path(path), tensors, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        return {
            "config": asdict(self.config), "recipe": asdict(self.recipe),
            "rows": [len(self.train.x), len(self.val.x)], "labelled": int(self.known.sum()),
            "descriptors": [round(v, 4) for v in self.train.f.double().sum(0).tolist()],
            "single_phase": [int((t.y == 1).sum()) for t in (self.train, self.val)],
        }  # fmt: skip

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        state = checkpoints.unflatten(tensors, header["state"])
        self.net.load_state_dict(state["net"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.cycle is not None:
            self.cycle.__dict__.update(state["cycle"])
        self.generator.set_state(state["generator"])
        self.best = dict(state["best"])
        self.batches, self.past = list(state["batches"]), list(header["past"])
        self.epoch, self.sums, self.waited = header["epoch"], list(header["sums"]), header["waited"]
        self.lowest = math.inf if header["lowest"] is None else header["lowest"]
        self.best_scores, self.best_epochs = header["best"]


def _check(train: Table) -> None:
    """InputError unless there are labelled alloys of both classes."""
    if not len(train.x) == len(train.f) == len(train.y):
        raise InputError(
            f"{len(train.x)} rows of fractions, {len(train.f)} of descriptors and {len(train.y)} labels: give one of "
            "each an alloy"
        )
    single, several = (int((train.y == label).sum()) for label in (1, 0))
    if not single or not several:
        raise InputError(
            f"{single} labelled alloys with a single phase and {several} with several; both are needed: add rows "
            "of the missing class"
        )
