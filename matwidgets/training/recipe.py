"""How to train: what this project's presets and the original's own recipe set."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from matwidgets.errors import InputError

# What only the original's recipe reads.
LAMB_ONLY = ("optimiser", "lowest_rate", "half_cycle", "discards")


@dataclass(frozen=True)
class Recipe:
    """How to train; the defaults train the shipped ``compact`` members."""

    epochs: int = 80  # at most; "lamb" may stop before
    batch_size: int = 128
    learning_rate: float = 3e-3  # the peak of one cycle
    weight_decay: float = 0.01
    jitter: float = 0.02  # relative noise on the fractions; 2 % as in the authors' code
    l1_weight: float = 1.0
    robust_weight: float = 0.3  # weight of the robust L1 loss, which alone trains the predicted uncertainty
    log_targets: bool = False  # learn the natural logarithm: for properties that span decades
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)  # one member each
    # AdamW with one cycle of the rate, or LAMB inside Lookahead with a cyclic rate and averaged weights.
    optimiser: Literal["adamw", "lamb"] = "adamw"
    lowest_rate: float = 1e-4  # lamb: the rate at both ends of a cycle
    half_cycle: int = 10  # lamb: epochs from the lowest rate to the highest, and as many back
    discards: int = 3  # lamb: so many cycles whose weights were all discarded end the training

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "half_cycle", "discards"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name} is {getattr(self, name)}; it must be a whole number from 1: give a larger one"
                )
        if self.optimiser not in ("adamw", "lamb"):
            raise InputError(
                f"Unknown optimiser {self.optimiser!r}; allowed are adamw, lamb: choose one of these"
            )

    @classmethod
    def paper(cls, rows: int | None = None, **changes: Any) -> Recipe:
        """Recipe of the original: Wang et al., npj Comput. Mater. 7, 77 (2021), and its code.

        The sources are files of github.com/anthony-wang/CrabNet. LAMB, Lookahead and the averaging have constants of
        their own, in ``optimisers`` and ``averaging``.

        Parameters
        ----------
        rows : int, optional
            Training rows, which decide on the batch size; without them it is 256, as for the tables of elastic moduli.
        **changes
            Fields that are to differ.
        """
        original: dict[str, Any] = dict(
            epochs=300,  # benchmark_crabnet.py, fit(epochs=300)
            batch_size=256 if rows is None else original_batch_size(rows),
            optimiser="lamb",  # crabnet/model.py: SWA(Lookahead(Lamb))
            learning_rate=6e-3,  # crabnet/model.py, CyclicLR(max_lr=6e-3)
            lowest_rate=1e-4,  # crabnet/model.py, CyclicLR(base_lr=1e-4)
            half_cycle=10,  # crabnet/model.py, epochs_step = 10
            discards=3,  # crabnet/model.py, discard_n = 3
            weight_decay=0.0,  # utils/utils.py, the default of Lamb
            jitter=0.02,  # crabnet/model.py, fudge = 0.02
            l1_weight=0.0,  # crabnet/model.py, criterion = RobustL1 alone
            robust_weight=1.0,
            seeds=(0,),  # one network (the authors' seed is 42)
        )
        return cls(**(original | changes))

    @property
    def selection(self) -> str:
        """What validation decides on, for the card."""
        if self.optimiser == "lamb":
            return "weights at the ends of the cycles, averaged if their validation error is low enough"
        return "settings by validation error; the last epoch's weights"

    def settings(self) -> dict[str, Any]:
        """Every field that this training reads."""
        fields = asdict(self)
        return fields if self.optimiser == "lamb" else {k: v for k, v in fields.items() if k not in LAMB_ONLY}


def original_batch_size(rows: int) -> int:
    """Batch size of the authors' code (train_crabnet.py): about a sixteenth of the rows, a power of 2 in 128..4096."""
    return min(max(2 ** round(math.log2(max(rows, 1)) - 4), 2**7), 2**12)
