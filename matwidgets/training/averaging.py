"""The original's average of weights: taken where the rate is lowest, accepted or discarded by validation error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

# From the authors' code (crabnet/utils/optim.py, update_swa and update_swa_group).
RESTART_BELOW = 0.98  # weights so much better than the average's first ones begin a new average
ACCEPT_UP_TO = 1.01  # weights whose error is at most so many times the lowest one enter the average
EXPONENT = 1 / 3  # the n-th weights count (1/n)^(1/3), more than the 1/n of an equal average


class Averaging:
    """Stochastic weight averaging as the original does it.

    The idea is that of Izmailov et al., UAI 2018 (arXiv:1803.05407): average the weights that a cyclic rate leaves at
    its lowest. The acceptance by validation error and the unequal shares are the authors' own. In the last epoch of
    every cycle they offer the weights after each mini-batch.

    Attributes
    ----------
    average : AveragedModel or None
        None until weights were accepted.
    best : float
        Lowest validation error of all offered weights; infinity at first.
    first : float
        Validation error of the weights with which the average began; infinity at first.
    accepted : int
        How many of this epoch's weights were accepted.
    discarded : int
        Epochs in which none was.
    """

    def __init__(self) -> None:
        self.average: AveragedModel | None = None
        self.best, self.first = math.inf, math.inf
        self.accepted, self.discarded = 0, 0

    def offer(self, net: nn.Module, error: float) -> bool:
        """Accept the weights of this network into the average, or discard them.

        Parameters
        ----------
        net : Module
        error : float
            Their validation error, in any unit.

        Returns
        -------
        bool
            Whether they were accepted.
        """
        if error < RESTART_BELOW * self.first:
            self.average, self.first = _begin(net), error
            self.average.update_parameters(net)
        self.best = min(self.best, error)
        if self.average is None or not error <= ACCEPT_UP_TO * self.best:
            return False
        # The first weights of an average come here a second time, so the next ones are its third: as in that code.
        self.average.update_parameters(net)
        self.accepted += 1
        return True

    def end_epoch(self) -> int:
        """Close an epoch in which weights were offered; returns how many were accepted."""
        accepted, self.accepted = self.accepted, 0
        self.discarded += accepted == 0
        return accepted

    def state_dict(self) -> dict[str, Any]:
        return {
            "average": None if self.average is None else self.average.state_dict(),
            "best": None if math.isinf(self.best) else self.best,
            "first": None if math.isinf(self.first) else self.first,
            "accepted": self.accepted,
            "discarded": self.discarded,
        }

    def load_state_dict(self, state: Mapping[str, Any], net: nn.Module) -> None:
        """Go on from a saved state; ``net`` is a network of the same sizes."""
        self.average = None
        if state["average"] is not None:
            self.average = _begin(net)
            self.average.load_state_dict(state["average"])
        self.best, self.first = (math.inf if state[k] is None else state[k] for k in ("best", "first"))
        self.accepted, self.discarded = state["accepted"], state["discarded"]


def _begin(net: nn.Module) -> AveragedModel:
    return AveragedModel(net, avg_fn=_move)


def _move(average: Tensor, weights: Tensor, already: Tensor | int) -> Tensor:
    return average + (weights - average) / (int(already) + 1) ** EXPONENT
