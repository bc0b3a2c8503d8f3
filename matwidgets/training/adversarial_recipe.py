"""How to train a generator of formulas against a critic: the shipped recipe, the paper's, and that of its code.

Sources: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3; M. Arjovsky, S. Chintala, L. Bottou,
"Wasserstein GAN", arXiv:1701.07875 (weight clipping); I. Gulrajani et al., "Improved Training of Wasserstein GANs",
arXiv:1704.00028 (gradient penalty). "The authors' code" is github.com/Chilitiantian/code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from matwidgets.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults train the shipped network. One generator step is an iteration."""

    epochs: int = 120  # here an epoch is so many iterations, after which there is a record
    iterations: int = 100  # of an epoch
    batch_size: int = 128
    loss: Literal["penalty", "clipping"] = "penalty"  # how the critic is kept smooth
    penalty: float = 10.0  # weight of the squared distance of gradient norms from 1
    clip: float = 0.01  # bound of the critic's weights with the loss "clipping"
    critic_steps: int = 3  # before each generator step
    warmup: int = 100  # first iterations, in which the critic learns alone
    optimiser: Literal["adam", "rmsprop"] = "adam"
    betas: tuple[float, float] = (0.0, 0.9)  # of Adam
    generator_rate: float = 3e-4
    critic_rate: float = 1e-3
    decay: float = (
        1.0  # last share of the training, over which both rates fall to 0; without a fall they circle
    )
    average: float | None = (
        0.999  # the generator that is kept is an exponential average; None: its last weights
    )
    selection: Literal["last", "critic_loss"] = "last"  # which weights are kept
    every: int = 5  # epochs from one measurement to the next
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "iterations", "batch_size", "critic_steps", "every"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        for name in ("penalty", "clip", "generator_rate", "critic_rate"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name):g}; it must be above 0: give a larger one")
        if self.warmup < 0 or not 0 <= self.decay <= 1:
            raise InputError(
                f"warmup is {self.warmup} and decay {self.decay:g}; allowed are warmup >= 0 and 0 <= decay <= 1: give "
                "such values"
            )
        if self.average is not None and not 0 < self.average < 1:
            raise InputError(f"average is {self.average:g}; it must lie between 0 and 1: give one, or None")
        for name, allowed in (
            ("loss", ("penalty", "clipping")),
            ("optimiser", ("adam", "rmsprop")),
            ("selection", ("last", "critic_loss")),
        ):
            if getattr(self, name) not in allowed:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}; allowed are {' and '.join(allowed)}: choose one of these"
                )

    @classmethod
    def paper(cls, **changes: Any) -> Recipe:
        """Section 3: RMSProp, both rates 1e-2, batches of 256, 100,000 iterations, the least critic loss on a tenth.

        Not stated, as in the cited Wasserstein GAN: weights clipped to 0.01, five critic steps. With these the loss
        cannot start at the published 4.1e13, which weights drawn from N(0, 1) and a gradient penalty explain; see
        ``code``.
        """
        original: dict[str, Any] = dict(
            epochs=1000, batch_size=256, loss="clipping", critic_steps=5, warmup=0, optimiser="rmsprop",
            generator_rate=1e-2, critic_rate=1e-2, decay=0.0, average=None, selection="critic_loss",
        )  # fmt: skip
        return cls(**(original | changes))

    @classmethod
    def code(cls, **changes: Any) -> Recipe:
        """The authors' code: gradient penalty 10, Adam with rates 1e-4 and betas (0.5, 0.9), five critic steps."""
        original: dict[str, Any] = dict(
            epochs=1000, batch_size=256, critic_steps=5, warmup=0, betas=(0.5, 0.9), generator_rate=1e-4,
            critic_rate=1e-4, decay=0.0, average=None, selection="critic_loss",
        )  # fmt: skip
        return cls(**(original | changes))
