"""Charge neutrality and electronegativity balance as penalties that a gradient search can follow.

For one oxidation state q_i of each element, P = sum x_i q_i over the cations and N = sum x_i |q_i| over the anions are
the positive and the negative charge per atom. The *imbalance* |P - N| / (P + N) is the share of the charge that has
no counterpart: 0 if the composition is neutral, 1 if only cations or only anions are there. An element whose fraction
goes to zero drops out of it by itself. A penalty is the least value over the assignments of states, so it is continuous
and piecewise smooth; states, electronegativities and the two rules are smact's (`features.validity`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from matwidgets.errors import InputError, listed
from matwidgets.features.validity import electronegativity, oxidation_states, reports

MARGIN = (
    0.01  # share of the charge that may be left over: a search ends about so near, and snapping does the rest
)
# Assignments that are compared; four elements have at most a few thousand. Systems with more keep the states that the
# ICSD reports most.
MOST_ASSIGNMENTS = 4096
LEAST_EXCESS = (
    0.1  # Pauling units that a cation counts above an anion of equal electronegativity, which fails the rule
)
_TINY = 1e-12


class Penalty(Protocol):
    """A rule for compositions of one system as a number to make small.

    Called with fractions of shape (B, k), in the order of the elements it was made for, it returns (B,): 0 where the
    rule holds, else positive and about 1 where it is badly broken; differentiable almost everywhere.
    """

    @property
    def name(self) -> str: ...

    def __call__(self, fractions: Tensor) -> Tensor: ...


class _Least:
    """The least cost over the assignments of states, of which only the best one of each row carries gradients.

    The cost is the imbalance and, if electronegativities are given, how far cations lie above anions; both are products
    of the fractions (or of pairs of them) with matrices that are made once.
    """

    def __init__(
        self, name: str, states: Tensor, margin: float, values: Sequence[float] | None = None
    ) -> None:
        self.name, self.margin = name, margin
        self._states = states  # (M, k)
        k = states.shape[1]
        wrong = [
            (c, a, values[c] - values[a] + LEAST_EXCESS)
            for c, a in itertools.permutations(range(k) if values else (), 2)
            if values and values[c] >= values[a]
        ]
        self._cations, self._anions = [c for c, _, _ in wrong], [a for _, a, _ in wrong]
        excess = torch.tensor([e for _, _, e in wrong])  # (pairs,)
        self._above = (
            4 * excess * states[:, self._cations].clamp(min=0) * (-states[:, self._anions]).clamp(min=0)
        )

    def __call__(self, fractions: Tensor) -> Tensor:
        states, above = self._states.to(fractions), self._above.to(fractions)
        pairs = fractions[:, self._cations] * fractions[:, self._anions]  # (B, pairs)
        with torch.no_grad():
            charge, total = fractions @ states.T, fractions @ states.abs().T  # (B, M)
            best = _cost(charge, total, pairs @ above.T).argmin(1)  # (B,)
        mine = states[best]
        charge, total = (fractions * mine).sum(1), (fractions * mine.abs()).sum(1)
        return (_cost(charge, total, (pairs * above[best]).sum(1)) - self.margin).clamp(min=0)

    def __repr__(self) -> str:
        return f"<Penalty {self.name}, {len(self._states)} assignments>"


def _cost(charge: Tensor, total: Tensor, above: Tensor) -> Tensor:
    total = total.clamp(min=_TINY)
    return charge.abs() / total + above / total.square()


def neutrality_penalty(elements: Sequence[str], margin: float = MARGIN) -> Penalty:
    """Make the penalty of a charge that does not cancel.

    Parameters
    ----------
    elements : sequence of str, length k
    margin : float
        Imbalance, from 0 to 1, that costs nothing.

    Returns
    -------
    Penalty
        max(0, imbalance - margin) of the best assignment. It knows ions only: a pure element and an alloy, which
        `features.validity.neutral` may exempt, are not neutral here.

    Raises
    ------
    InputError
        An unknown element, one without oxidation states, elements that cannot be ions of both signs, or a margin
        that is no share.
    """
    return _Least("neutrality", _assignments(elements), _checked(margin))


def electronegativity_penalty(elements: Sequence[str], margin: float = MARGIN) -> Penalty:
    """Make the penalty of a composition that is neutral only with cations above anions in electronegativity.

    The cost of an assignment is its imbalance plus 4 sum_ca x_c q_c x_a |q_a| e_ca / (P + N)^2, where e_ca is how far
    cation c lies above anion a (Pauling units; at least 0.1 if it does not lie below, else 0): in a neutral composition
    the mean of e_ca over all pairs, weighted by their charges. The imbalance has to be part of it: without it some
    assignment is always in order, however charged it leaves the composition. So this penalty alone asks for both
    rules, as `features.validity.balanced` does.

    Parameters, errors
        As `neutrality_penalty`; also an element without an electronegativity.
    """
    states, margin = _assignments(elements), _checked(margin)
    values = {symbol: electronegativity(symbol) for symbol in elements}
    known = {symbol: value for symbol, value in values.items() if value is not None}
    if missing := sorted(values.keys() - known.keys()):
        raise InputError(
            f"No electronegativity is known for {listed(missing)}: leave the element out, or set the "
            "electronegativity penalty to 0"
        )
    return _Least("electronegativity", states, margin, [known[symbol] for symbol in elements])


def _checked(margin: float) -> float:
    if not 0 <= margin < 1:
        raise InputError(f"margin is {margin:g}; it is a share of the charge: give 0 or more, below 1")
    return margin


def _assignments(elements: Sequence[str]) -> Tensor:
    """All choices of one state an element that have both signs, shape (M, k)."""
    states = {symbol: list(oxidation_states(symbol)) for symbol in elements}
    if missing := [symbol for symbol, found in states.items() if not found]:
        raise InputError(
            f"No oxidation state is known for {listed(missing)}: leave the element out, or set the neutrality "
            "and electronegativity penalties to 0"
        )
    _shorten(states)
    both = [q for q in itertools.product(*(states[s] for s in elements)) if min(q) < 0 < max(q)]
    if not both:
        raise InputError(
            f"No composition of {' '.join(elements)} is neutral, their oxidation states cannot differ in sign: add an "
            "element of the other sign, or set the neutrality and electronegativity penalties to 0"
        )
    return torch.tensor(both, dtype=torch.float32)


def _shorten(states: dict[str, list[int]]) -> None:
    """Take away the rarest states, by their share of the element's reports, until the assignments are few enough.

    An element's last cation or anion goes only when nothing else can, and the last one of all elements never.
    """
    ranked = {symbol: reports(symbol) for symbol in states}
    while math.prod(map(len, states.values())) > MOST_ASSIGNMENTS:
        everything = [q for own in states.values() for q in own]
        candidates = [
            (_is_last(own, q), ranked[symbol][q] / max(sum(ranked[symbol].values()), 1), symbol, q)
            for symbol, own in states.items()
            for q in own
            if len(own) > 1 and not _is_last(everything, q)
        ]
        if not candidates:
            return
        _, _, symbol, rarest = min(candidates)
        states[symbol].remove(rarest)


def _is_last(states: Sequence[int], state: int) -> bool:
    return sum((q > 0) == (state > 0) for q in states) == 1
