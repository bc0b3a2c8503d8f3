"""A trained generator and critic that speak formulas: sample, score, and represent elements and materials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features import occupancy
from matwidgets.models.wgan import Critic, Generator
from matwidgets.training import adversarial_files, threads
from matwidgets.training.adversarial_scores import matrices
from matwidgets.training.states import finished_model

WORDS = ("wgan",)
CHECKPOINTS = Path(__file__).parent / "checkpoints"
AT_ONCE = 2048  # matrices that are made at a time, to bound the memory
TRIES = 100  # rounds of drawing before a generator that gives no formula is given up


@dataclass(frozen=True)
class GeneratedFormulas:
    """Formulas that were drawn.

    Attributes
    ----------
    counts : ndarray of uint8, shape (n, 85)
        Atoms of each element, divided by their greatest common divisor.
    redrawn : int
        Draws that were no formula of at least two elements and were drawn again.
    """

    counts: NDArray[np.uint8]
    redrawn: int
    _formulas: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def formulas(self) -> list[str]:
        """Reduced formulas, one a sample."""
        if not self._formulas:
            self._formulas.extend(occupancy.formulas_of(self.counts))
        return self._formulas

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        return f"<{len(self)} formulas, {self.redrawn} redrawn>"


class FormulaGAN:
    """A generator, a critic and their card.

    Parameters
    ----------
    generator, critic : Generator, Critic
        In evaluation mode.
    card : dict
        Where the weights come from.
    """

    def __init__(self, generator: Generator, critic: Critic, card: dict[str, Any]) -> None:
        self.generator, self.critic, self.card = generator, critic, card
        self.word: str = card["word"]
        self.elements = occupancy.ELEMENTS

    @classmethod
    def from_file(cls, path: str | Path) -> FormulaGAN:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or another paper's."""
        return cls(*adversarial_files.read(Path(path)))

    @classmethod
    def from_directory(cls, folder: str | Path) -> FormulaGAN:
        """Load what ``matwidgets train wgan`` wrote into a folder.

        Raises
        ------
        CheckpointError
            If the folder holds no finished model, a corrupt one, or more than one.
        """
        return cls.from_file(finished_model(folder, "matwidgets train wgan"))

    @property
    def weights(self) -> int:
        """Number of weights of both networks together."""
        return sum(p.numel() for net in (self.generator, self.critic) for p in net.parameters())

    @property
    def embedding(self) -> NDArray[np.float64]:
        """T: a vector for each of the 85 elements, shape (85, d), each number between -1 and 1."""
        return self.critic.embedding.detach().double().numpy()

    def score(self, formulas: Sequence[str]) -> NDArray[np.float64]:
        """How real the critic finds formulas, shape (n,); only differences mean anything.

        Raises
        ------
        InputError
            A formula has no 85 x 8 matrix.
        """
        counts = torch.as_tensor(occupancy.require_counts(formulas))
        with torch.no_grad():
            parts = [self.critic(matrices(rows)) for rows in counts.split(AT_ONCE)]
        return torch.cat(parts).double().numpy()

    def sample(self, n: int, *, seed: int = 0) -> GeneratedFormulas:
        """Draw formulas of at least two elements.

        Raises
        ------
        InputError
            For n below 1 or a negative seed, or if the generator keeps giving no formula.
        """
        if n < 1 or n != int(n):
            raise InputError(f"n is {n}; at least 1 sample can be drawn: give a whole number from 1")
        if seed < 0:
            raise InputError(f"seed is {seed}; allowed are whole numbers from 0: give one")
        threads.apply(self.weights)
        random = torch.Generator().manual_seed(seed)
        kept: list[NDArray[np.uint8]] = []
        have = redrawn = tries = 0
        while have < n:
            tries = tries + 1 if not have else 0
            if tries > TRIES:
                raise InputError(
                    f"None of {redrawn} draws is a formula of at least two elements: train the generator for longer"
                )
            # Always as many at a time, so that fewer samples are the first of more.
            with torch.no_grad():
                cells = self.generator(*self.generator.draw(AT_ONCE, random)).numpy()
            seen = occupancy.read(cells)
            usable = np.flatnonzero(seen.legible & ((seen.counts > 0).sum(1) > 1))
            some = usable[: n - have]
            kept.append(occupancy.reduced(seen.counts[some]))
            have += len(some)
            # Draws after the last one that was needed are not looked at.
            redrawn += (int(some[-1]) + 1 if have == n else AT_ONCE) - len(some)
        return GeneratedFormulas(np.concatenate(kept), redrawn)

    def __repr__(self) -> str:
        return f"<FormulaGAN {self.word}, {self.generator.config.kind} generator, {self.weights:,} weights>"


def load(word: str = "wgan") -> FormulaGAN:
    """Load the shipped model of a paper; InputError if the package ships none for `word`."""
    if word not in WORDS:
        raise InputError(f"No generator and critic for {word!r}; allowed is {', '.join(WORDS)}: choose that")
    return FormulaGAN.from_file(CHECKPOINTS / word / f"{word}.safetensors")
