"""Train a generator of formulas against a critic: one readable loop, as a job for a ``Run``.

Sources: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3; M. Arjovsky, S. Chintala, L. Bottou,
"Wasserstein GAN", arXiv:1701.07875 (weight clipping); I. Gulrajani et al., "Improved Training of Wasserstein GANs",
arXiv:1704.00028 (gradient penalty). "The authors' code" is github.com/Chilitiantian/code.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.models.wgan import Critic, CriticConfig, Generator, GeneratorConfig, make_generator
from matwidgets.training import checkpoints
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.adversarial_scores import live, matrices, score
from matwidgets.training.states import plain, require_same

HELD_OUT = 4096  # validation formulas that a measurement scores, to bound its time
LIVE = 1000  # samples of a measurement


class AdversarialTraining:
    """The job: one iteration per ``advance`` (critic steps, then a generator step), one record an epoch.

    Parameters
    ----------
    generator, critic : GeneratorConfig, CriticConfig
    recipe : Recipe
    train, val : Tensor of uint8, shape (n, e)
        Formulas as numbers of atoms; ``val`` is only looked at, never trained on, and may be empty unless weights are
        selected by it.
    resume : Path, optional
        A file that ``save`` wrote; the training goes on from there bit by bit (on one kind of machine).
    autosave : Path, optional
        Where to save after every epoch.
    """

    def __init__(
        self,
        generator: GeneratorConfig,
        critic: CriticConfig,
        recipe: Recipe,
        train: Tensor,
        val: Tensor,
        *,
        resume: Path | None = None,
        autosave: Path | None = None,
    ) -> None:
        if len(train) < 2:
            raise InputError(f"{len(train)} training formulas; at least 2 are needed: add rows")
        if recipe.selection == "critic_loss" and not len(val):
            raise InputError(
                "No validation formulas, by which weights are to be selected: give some, or selection='last'"
            )
        self.recipe, self.train, self.val, self.autosave = recipe, train, val, autosave
        self.random = torch.Generator().manual_seed(recipe.seed)
        with torch.random.fork_rng(devices=[]):  # torch's initialisers draw from the global generator
            torch.manual_seed(recipe.seed)
            self.generator, self.critic = make_generator(generator), Critic(critic)
        self.generator.start_from(train)
        self.average = None if recipe.average is None else copy.deepcopy(self.generator).requires_grad_(False)
        self.of_generator = _optimiser(self.generator, recipe.generator_rate, recipe)
        self.of_critic = _optimiser(self.critic, recipe.critic_rate, recipe)
        self.order = torch.empty(
            0, dtype=torch.long
        )  # rows of this pass through the data that are still to come
        self.past: list[dict[str, Any]] = []
        self.epoch, self.iteration = 0, 0
        self.seconds = 0.0  # wall time inside ``advance``, of all sittings
        self.sums = dict.fromkeys(("wasserstein", "critic_loss", "gradient_norm", "generator_loss"), 0.0)
        self.best: dict[str, Any] | None = None  # the least critic loss so far, its iteration and weights
        if resume is not None:
            self._load(resume)

    @property
    def finished(self) -> bool:
        return self.epoch == self.recipe.epochs

    @property
    def planned(self) -> int:
        """Iterations of the whole training."""
        return self.recipe.epochs * self.recipe.iterations

    @property
    def ease(self) -> float:
        """Factor of both learning rates at this iteration."""
        falling = self.recipe.decay * self.planned
        return min(1.0, (self.planned - self.iteration) / falling) if falling else 1.0

    def advance(self) -> dict[str, Any] | None:
        """One iteration; a record at the end of each epoch.

        Raises
        ------
        MatwidgetsError
            A loss is not finite: the training has failed, and its last saved state is as good as it gets.
        """
        began = time.perf_counter()
        record = self._advance()
        self.seconds += time.perf_counter() - began
        if record is not None and self.autosave is not None:
            self.save(self.autosave)
        return record

    def _advance(self) -> dict[str, Any] | None:
        for optimiser, rate in (
            (self.of_generator, self.recipe.generator_rate),
            (self.of_critic, self.recipe.critic_rate),
        ):
            for group in optimiser.param_groups:
                group["lr"] = rate * self.ease
        for _ in range(self.recipe.critic_steps):
            self._critic_step()
        if self.iteration >= self.recipe.warmup:
            self._generator_step()
        self.iteration += 1
        if self.iteration % self.recipe.iterations:
            return None
        self.epoch += 1
        return self._record()

    def _critic_step(self) -> None:
        real = matrices(self.train[self._rows()])
        with torch.no_grad():
            fake = self.generator(*self.generator.draw(len(real), self.random))
        between = torch.rand(len(real), generator=self.random)
        said = score(self.critic, real, fake, between, self.recipe, learn=True)
        self._add("critic_loss", said.loss, self.recipe.critic_steps)
        self._add("wasserstein", said.wasserstein, self.recipe.critic_steps)
        self._add("gradient_norm", said.gradient_norm, self.recipe.critic_steps)
        self.of_critic.zero_grad()
        said.loss.backward()
        self.of_critic.step()
        if self.recipe.loss == "clipping":
            with torch.no_grad():
                for weights in self.critic.parameters():
                    weights.clamp_(-self.recipe.clip, self.recipe.clip)

    def _generator_step(self) -> None:
        self.critic.requires_grad_(False)
        fake = self.generator(*self.generator.draw(self.recipe.batch_size, self.random))
        loss = -self.critic(fake).mean()  # Equation 3
        self.critic.requires_grad_(True)
        self._add("generator_loss", loss, 1)
        self.of_generator.zero_grad()
        loss.backward()
        self.of_generator.step()
        if self.average is not None:
            _follow(
                self.average, self.generator, self.iteration - self.recipe.warmup, self.recipe.average or 0.0
            )

    def _add(self, name: str, value: Tensor, steps: int) -> None:
        number = float(value.detach())
        if not math.isfinite(number):
            saved = self.autosave is not None and self.epoch > 0
            where = f"; the state after epoch {self.epoch} is in {self.autosave}" if saved else ""
            raise MatwidgetsError(
                f"The training of wgan has failed: {name.replace('_', ' ')} is {number} at iteration {self.iteration}; "
                f"lower critic_rate ({self.recipe.critic_rate:g}) and generator_rate "
                f"({self.recipe.generator_rate:g}) or raise batch_size{where}"
            )
        self.sums[name] += number / (steps * self.recipe.iterations)

    def _rows(self) -> Tensor:
        """The next rows of a shuffled pass; a pass that is used up is followed by the next."""
        wanted = min(self.recipe.batch_size, len(self.train))
        if len(self.order) < wanted:
            again = torch.randperm(len(self.train), generator=self.random)
            self.order = torch.cat([self.order, again])
        rows, self.order = self.order[:wanted], self.order[wanted:]
        return rows

    def _record(self) -> dict[str, Any]:
        terms = dict(self.sums)
        if self.iteration <= self.recipe.warmup:
            del terms["generator_loss"]  # it has not learned in this epoch
        self.sums = dict.fromkeys(self.sums, 0.0)
        record: dict[str, Any] = {"step": self.epoch, "terms": terms}
        if self.epoch % self.recipe.every == 0 or self.finished:
            # Random numbers of their own: how often is measured shall not change the training.
            random = torch.Generator().manual_seed(self.recipe.seed)
            if len(self.val):
                terms |= self._held_out(random)
            worth, record["samples"] = live(self.average or self.generator, LIVE, random)
            terms |= worth
        terms["learning_rate"] = self.recipe.generator_rate * self.ease
        self.past.append(record)
        return record

    def _held_out(self, random: torch.Generator) -> dict[str, float]:
        """Score formulas that were not learned from; keep the weights if they are to be selected by it."""
        real = matrices(self.val[torch.randperm(len(self.val), generator=random)[:HELD_OUT]])
        with torch.no_grad():
            self.generator.eval()
            fake = self.generator(*self.generator.draw(len(real), random))
            self.generator.train()
            between = torch.rand(len(real), generator=random)
            said = score(self.critic, real, fake, between, self.recipe, learn=False)
        loss = float(said.loss)
        # Near 0 the critic cannot tell real from generated; the authors' code sums magnitudes too.
        if self.recipe.selection == "critic_loss" and (self.best is None or abs(loss) < self.best["loss"]):
            self.best = {
                "loss": abs(loss), "iteration": self.iteration,
                "generator": _copied(self.average or self.generator), "critic": _copied(self.critic),
            }  # fmt: skip
        return {"val_critic_loss": loss, "val_wasserstein": float(said.wasserstein)}

    def result(self) -> tuple[Generator, Critic]:
        """The networks as far as they are trained, in evaluation mode: the selected ones, or the last."""
        generator, critic = copy.deepcopy(self.average or self.generator), copy.deepcopy(self.critic)
        if self.best is not None:
            generator.load_state_dict(self.best["generator"])
            critic.load_state_dict(self.best["critic"])
        return generator.eval().requires_grad_(False), critic.eval().requires_grad_(False)

    # -- saving and resuming ---------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Everything that is needed to go on bit by bit: weights, optimisers, generator of numbers, order of rows."""
        state = {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "of_generator": self.of_generator.state_dict(),
            "of_critic": self.of_critic.state_dict(),
            "best": self.best,
            "random": self.random.get_state(),
            "order": self.order,
        }
        tensors, skeleton = checkpoints.flatten(state)
        header = {
            "state": skeleton, "past": self.past, "epoch": self.epoch, "iteration": self.iteration, "sums": self.sums,
            "seconds": self.seconds, "fingerprint": self.fingerprint(),
        }  # fmt: skip
        checkpoints.write(Path(path), tensors, header)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a training to be the same training."""
        config = self.generator.config
        return {
            "generator": {"kind": config.kind} | plain(asdict(config)),
            "critic": plain(asdict(self.critic.config)), "recipe": plain(asdict(self.recipe)),
            "rows": [len(self.train), len(self.val)],
            "atoms": [int(table.sum(dtype=torch.long)) for table in (self.train, self.val)],
        }  # fmt: skip

    def _load(self, path: Path) -> None:
        tensors, header = checkpoints.read(path)
        require_same(path, header.get("fingerprint", {}), self.fingerprint())
        state = checkpoints.unflatten(tensors, header["state"])
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.of_generator.load_state_dict(state["of_generator"])
        self.of_critic.load_state_dict(state["of_critic"])
        self.best, self.order = state["best"], state["order"]
        self.random.set_state(state["random"])
        self.past, self.sums = list(header["past"]), dict(header["sums"])
        self.epoch, self.iteration, self.seconds = header["epoch"], header["iteration"], header["seconds"]


def _optimiser(net: nn.Module, rate: float, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.optimiser == "rmsprop":
        return torch.optim.RMSprop(net.parameters(), lr=rate, alpha=0.9)  # TensorFlow's default, not torch's
    return torch.optim.Adam(net.parameters(), lr=rate, betas=recipe.betas)


def _follow(average: nn.Module, net: nn.Module, step: int, most: float) -> None:
    """Move an exponential average of weights; it follows faster at first, so that it forgets where it began."""
    share = 1 - min(most, (1 + step) / (10 + step))
    with torch.no_grad():
        for mine, theirs in zip(average.parameters(), net.parameters(), strict=True):
            mine.lerp_(theirs, share)
        for kept, present in zip(average.buffers(), net.buffers(), strict=True):
            kept.copy_(present)


def _copied(net: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in net.state_dict().items()}
