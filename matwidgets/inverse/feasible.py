"""The feasible set of a composition search, and maps from free parameters onto it.

A composition is feasible if at least ``min_elements`` elements have at least ``min_fraction`` each and every element
lies within its bounds. Without the first condition the best carbide is diamond.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import InputError

SimplexMap = Literal["softmax", "sparsemax", "entmax", "abs"]
MAPS: tuple[SimplexMap, ...] = ("softmax", "sparsemax", "entmax", "abs")
# The second-largest fraction of 99 % of the compounds in the bulk-modulus training table is at least 0.09: below that a
# network extrapolates (with 0.05 the best "carbide" is Ti0.05C0.95, doped diamond, with a deviation of 91 GPa).
MIN_FRACTION = 0.1
ROUNDING = 1e-9  # so that 0.05 counts as 0.05


@dataclass(frozen=True)
class Feasible:
    """Bounds and the least number of real constituents.

    Attributes
    ----------
    elements : tuple of str, length k
    low, high : ndarray, shape (k,)
        Bounds of each atomic fraction.
    min_elements : int
    min_fraction : float
        A constituent counts if it has at least this atomic fraction.
    """

    elements: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    min_elements: int
    min_fraction: float

    @classmethod
    def build(
        cls,
        elements: Sequence[str],
        bounds: Mapping[str, tuple[float, float]] | None = None,
        min_elements: int = 2,
        min_fraction: float = MIN_FRACTION,
        locks: Mapping[str, float] | None = None,
    ) -> Feasible:
        """Check the input of a search; a lock holds an element at one fraction.

        Raises
        ------
        InputError
            For fewer than two elements, an element given twice, bounds or locks of an element that is not there, both
            of one element, bounds outside 0 to 1 or crossed, or conditions that no composition can meet.
        """
        elements, bounds = tuple(elements), dict(bounds or {})
        for element, fraction in (locks or {}).items():
            if element not in elements:
                raise InputError(
                    f"Lock for {element}, which is not in {' '.join(elements)}; lock one of these elements"
                )
            if element in bounds:
                raise InputError(f"{element} has a lock and a bound; give one of the two")
            if not 0 <= fraction <= 1:
                raise InputError(f"Lock {element}={fraction:g}; give a fraction from 0 to 1")
            bounds[element] = (fraction, fraction)
        k = len(elements)
        twice = sorted({e for e in elements if elements.count(e) > 1})
        if twice:
            raise InputError(f"Element {twice[0]} was given twice; name each element of the system once")
        if k < 2:
            raise InputError(
                f"{k} element given ({' '.join(elements)}); a search needs at least 2: add another element"
            )
        low, high = np.zeros(k), np.ones(k)
        for element, (lowest, highest) in bounds.items():
            if element not in elements:
                raise InputError(
                    f"Bound for {element}, which is not in {' '.join(elements)}; bound one of these elements"
                )
            if not 0 <= lowest <= highest <= 1:
                raise InputError(
                    f"Bound {element}={lowest:g}:{highest:g} is no range; give LOW:HIGH with 0 <= LOW <= HIGH <= 1"
                )
            low[elements.index(element)], high[elements.index(element)] = lowest, highest
        if low.sum() > 1 + ROUNDING or high.sum() < 1 - ROUNDING:
            raise InputError(
                f"Bounds cannot sum to 1: the lower ones sum to {low.sum():g}, the upper ones to {high.sum():g}; "
                "lower sums must be <= 1 and upper sums >= 1: widen a bound"
            )
        if not 1 <= min_elements <= k:
            raise InputError(
                f"min_elements is {min_elements}; with {k} elements it must be from 1 to {k}: change it"
            )
        if not 0 <= min_fraction * min_elements <= 1:
            raise InputError(
                f"min_fraction is {min_fraction:g}; {min_elements} elements can have at most {1 / min_elements:g} "
                f"each: give a fraction from 0 to {1 / min_elements:g}"
            )
        made = cls(elements, low, high, min_elements, min_fraction)
        if not made.anchors():
            raise InputError(
                f"No composition has {min_elements} elements with at least {min_fraction:g} each within the bounds; "
                "widen a bound, or lower min_elements or min_fraction"
            )
        return made

    def anchors(self) -> list[NDArray[np.float64]]:
        """Lower bounds, one array (k,) for every choice of constituents that can be met."""
        found = []
        for chosen in itertools.combinations(range(len(self.elements)), self.min_elements):
            base = self.low.copy()
            base[list(chosen)] = np.maximum(base[list(chosen)], self.min_fraction)
            if (base <= self.high + ROUNDING).all() and base.sum() <= 1 + ROUNDING:
                found.append(base)
        return found

    def contains(self, fractions: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows of ``fractions``, shape (n, k), are feasible."""
        tolerance = 1e-6  # single precision rounds sums
        within = ((fractions >= self.low - tolerance) & (fractions <= self.high + tolerance)).all(1)
        return within & ((fractions >= self.min_fraction - tolerance).sum(1) >= self.min_elements)


def to_fractions(parameters: Tensor, low: Tensor, high: Tensor, map_name: SimplexMap) -> Tensor:
    """Map free parameters onto compositions within bounds; differentiable.

    Parameters
    ----------
    parameters : Tensor, shape (B, k)
    low, high : Tensor, shape (B, k)
        Bounds; without any, "softmax" is the paper's Eq. 1.
    map_name : {"softmax", "sparsemax", "entmax", "abs"}
        The paper's map, which never reaches zero; two sparse ones that do (A. F. T. Martins, R. F. Astudillo 2016;
        B. Peters, V. Niculae, A. F. T. Martins 2019, exponent 1.5); and |f| / sum |f|.

    Returns
    -------
    Tensor, shape (B, k)
        low + t * w, capped at high, where w are the mapped parameters and t makes the row sum to 1.
    """
    shares = _shares(parameters, map_name)
    capped = torch.zeros_like(shares, dtype=torch.bool)
    for _ in range(shares.shape[-1]):
        room = 1 - torch.where(capped, high, low).sum(-1, keepdim=True)
        free = torch.where(capped, 0.0, shares).sum(-1, keepdim=True)
        fractions = torch.where(capped, high, low + shares * room / free.clamp(min=1e-12))
        over = ~capped & (fractions > high + 1e-7)
        if not over.any():
            break
        capped = capped | over
    # Where all shares that are left are 0, what is missing goes to the elements with room.
    missing, headroom = 1 - fractions.sum(-1, keepdim=True), (high - fractions).clamp(min=0)
    return fractions + missing * headroom / headroom.sum(-1, keepdim=True).clamp(min=1e-12)


def _shares(parameters: Tensor, map_name: SimplexMap) -> Tensor:
    if map_name == "softmax":
        return parameters.softmax(-1)
    if map_name == "abs":
        return parameters.abs() / parameters.abs().sum(-1, keepdim=True)
    import entmax

    shares: Tensor = (entmax.sparsemax if map_name == "sparsemax" else entmax.entmax15)(parameters, dim=-1)
    return shares


def from_fractions(fractions: Tensor, map_name: SimplexMap) -> Tensor:
    """Parameters that ``to_fractions`` (without bounds) maps onto ``fractions``, shape (B, k)."""
    if map_name == "softmax":
        return fractions.clamp(min=1e-6).log()
    return 2 * fractions.sqrt() if map_name == "entmax" else fractions
