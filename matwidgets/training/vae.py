"""Train the modified one-hot VAE on materials as numbers of atoms: one readable loop, as a job for a ``Run``."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from matwidgets.errors import InputError
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig, active_units, divergence
from matwidgets.training import checkpoints
from matwidgets.training.states import plain, require_same

UNKNOWN = -1  # the class of a material whose decomposition is not known
AT_ONCE = 8192  # rows measured in one go, to bound the memory


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults train the shipped network."""

    epochs: int = 100
    batch_size: int = 512
    learning_rate: float = 5e-3  # the peak of one cycle
    beta: float = 1.0  # weight of the divergence from the prior; 1 is the evidence lower bound
    warmup: float = 0.1  # share of the training over which beta grows from 0
    rare: Literal["elements", "class"] = "elements"  # section 4.1: "materials with 8 or 9 elements"
    rare_from: int = 8  # section 4.1
    rare_times: int = 10  # how often an epoch shows a rare material; not stated
    class_weight: float = (
        1.0  # of the classifier's cross-entropy; a network of its own, so it changes nothing else
    )
    # Numbers of components of the Gaussian mixture that the aggregate posterior is fitted with; validation chooses.
    # None of them, no mixture.
    mixtures: tuple[int, ...] = (16, 32, 64, 96)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "rare_times"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        if any(k < 1 for k in self.mixtures):
            raise InputError(
                f"mixtures is {self.mixtures}; each must be a whole number from 1: give larger ones"
            )
        if not self.beta >= 0 or not 0 <= self.warmup <= 1:
            raise InputError(
                f"beta is {self.beta:g} and warmup {self.warmup:g}; allowed are beta >= 0 and 0 <= warmup <= 1: give "
                "such values"
            )
        if self.rare not in ("elements", "class"):
            raise InputError(f"rare is {self.rare!r}; allowed are elements and class: choose one of these")

    @classmethod
    def paper(cls, **changes: Any) -> Recipe:
        """The paper's 2,000 epochs at beta 1, sampled from the normal prior; it states no optimiser, batch or rate."""
        original: dict[str, Any] = dict(epochs=2000, warmup=0.0, learning_rate=1e-3, mixtures=())
        return cls(**(original | changes))


class Table(NamedTuple):
    """Materials.

    Attributes
    ----------
    counts : Tensor, shape (n, e)
        Atoms of each element.
    classes : LongTensor, shape (n,)
        Number of components that each decomposes into; -1 where it is not known.
    """

    counts: Tensor
    classes: Tensor


@dataclass(frozen=True)
class Measured:
    """A network on a table, in nats and per material unless said otherwise.

    Attributes
    ----------
    nelbo, reconstruction, divergence : float
        The negative evidence lower bound is the sum of the other two, whatever beta was.
    units : list of float
        The divergence of each latent dimension.
    active : int
        Number of latent dimensions in use.
    accuracy : float or None
        Share of materials whose number of components the classifier names; None where none is known.
    """

    nelbo: float
    reconstruction: float
    divergence: float
    units: list[float]
    active: int
    accuracy: float | None


def measure(net: OneHotVAE, table: Table, generator: torch.Generator) -> Measured:
    """Measure a network with one latent draw for each material."""
    was_training, parts, means, right = net.training, [], [], []
    net.eval()
    with torch.no_grad():
        for counts, classes in zip(table.counts.split(AT_ONCE), table.classes.split(AT_ONCE), strict=True):
            x = counts / counts.sum(-1, keepdim=True)
            out = net(x, torch.randn(len(x), net.config.latent, generator=generator))
            cost = net.reconstruction(out.logits, x) - net.log_coefficient(x)
            parts.append(torch.cat([cost[:, None], divergence(out.mean, out.log_variance)], dim=1))
            means.append(out.mean)
            known = classes != UNKNOWN
            right.append((net.classify(x[known]).argmax(-1) == classes[known]).float())
    net.train(was_training)
    mean = torch.cat(parts).double().mean(0)
    named = torch.cat(right)
    return Measured(
        nelbo=float(mean.sum()),
        reconstruction=float(mean[0]),
        divergence=float(mean[1:].sum()),
        units=mean[1:].tolist(),
        active=int(active_units(torch.cat(means)).sum()),
        accuracy=float(named.mean()) if len(named) else None,
    )


class Autoencoding:
    """The job: one mini-batch per ``advance``, one record an epoch.

    Parameters
    ----------
    config : OneHotVAEConfig
    recipe : Recipe
    train, val : Table
        ``val`` is only looked at, never trained on; it may be empty.
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save after every epoch.
    """

    def __init__(
        self,
        config: OneHotVAEConfig,
        recipe: Recipe,
        train: Table,
        val: Table,
        *,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        if len(train.counts) < 2:
            raise InputError(f"{len(train.counts)} training materials; at least 2 are needed: add rows")
        self.config, self.recipe, self.train, self.val, self.autosave = config, recipe, train, val, autosave
        self.x = train.counts / train.counts.sum(-1, keepdim=True)
        self.rows = _with_rare(train, recipe)
        self.steps = recipe.epochs * -(-len(self.rows) // recipe.batch_size)
        self.generator = torch.Generator().manual_seed(recipe.seed)
        with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
            torch.manual_seed(recipe.seed)
            self.net = OneHotVAE(config)
        self.net.train()
        self.coefficients = self.net.log_coefficient(
            self.x
        )  # constant, so they are reported but not learned from
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=recipe.learning_rate)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimiser, recipe.learning_rate, total_steps=max(self.steps, 2)
        )
        self.past: list[dict[str, Any]] = []
        self.batches: list[Tensor] = []
        self.epoch, self.step = 0, 0
        self.seconds = 0.0  # wall time inside ``advance``, of all sittings
        self.sums = [0.0, 0.0, 0.0]  # of reconstruction, divergence and the classifier's loss in this epoch
        if resume is not None:
            self._load(resume)

    @property
    def finished(self) -> bool:
        return self.epoch == self.recipe.epochs

    @property
    def beta(self) -> float:
        """Weight of the divergence at this step."""
        growing = self.recipe.warmup * self.steps
        return self.recipe.beta * (min(1.0, self.step / growing) if growing else 1.0)

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
            order = torch.randperm(len(self.rows), generator=self.generator)
            self.batches = list(self.rows[order].split(self.recipe.batch_size))
            self.sums = [0.0, 0.0, 0.0]
        self._learn(self.batches.pop(0))
        if self.batches:
            return None
        self.epoch += 1
        reconstruction, divergent, classified = (s / len(self.rows) for s in self.sums)
        terms = {
            "train_nelbo": reconstruction + divergent, "reconstruction": reconstruction, "divergence": divergent,
        }  # fmt: skip
        if bool((self.train.classes != UNKNOWN).any()):
            terms["class_loss"] = classified
        if len(self.val.counts):
            seen = measure(self.net, self.val, torch.Generator().manual_seed(self.recipe.seed))
            terms |= {"val_nelbo": seen.nelbo, "active_units": seen.active}
        terms["learning_rate"] = float(self.schedule.get_last_lr()[0])
        record = {"step": self.epoch, "terms": terms}
        self.past.append(record)
        return record

    def _learn(self, rows: Tensor) -> None:
        x, classes = self.x[rows], self.train.classes[rows]
        out = self.net(x, torch.randn(len(x), self.config.latent, generator=self.generator))
        reconstruction = self.net.reconstruction(out.logits, x).mean()
        divergent = divergence(out.mean, out.log_variance).sum(-1).mean()
        loss = reconstruction + self.beta * divergent
        known = classes != UNKNOWN
        if bool(known.any()):
            classified = functional.cross_entropy(self.net.classify(x[known]), classes[known])
            loss = loss + self.recipe.class_weight * classified
            self.sums[2] += float(classified.detach()) * len(rows)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        self.schedule.step()
        self.step += 1
        self.sums[0] += (float(reconstruction.detach()) - float(self.coefficients[rows].mean())) * len(rows)
        self.sums[1] += float(divergent.detach()) * len(rows)

    def result(self) -> OneHotVAE:
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
        atoms = int(self.train.counts.sum())
        return {
            "config": asdict(self.config), "recipe": plain(asdict(self.recipe)), "atoms": atoms,
            "rows": [len(self.train.counts), len(self.val.counts)],
            "classes": int((self.train.classes != UNKNOWN).sum()),
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
        self.epoch, self.step, self.sums = header["epoch"], header["step"], list(header["sums"])
        self.seconds = header["seconds"]


def _with_rare(table: Table, recipe: Recipe) -> Tensor:
    """Row numbers of one epoch, (m,): all rows once, the rare ones ``rare_times``."""
    of = (table.counts > 0).sum(-1) if recipe.rare == "elements" else table.classes
    rare = torch.nonzero(of >= recipe.rare_from).flatten()
    return torch.cat([torch.arange(len(of)), rare.repeat(recipe.rare_times - 1)])
