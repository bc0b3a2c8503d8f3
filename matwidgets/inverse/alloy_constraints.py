"""What an alloy may be made of: elements that stay, are left out, are held at an amount, or cost something."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed
from matwidgets.features.elements import require_element

LEAST = 0.05  # of a kept element: a principal element of a high-entropy alloy has 5 to 35 %

TOLERANCE = 0.005  # alloys on the way are whole percentages
FAINTEST = 1e-12  # what a decoder rounds to zero can still be asked for


@dataclass(frozen=True)
class Constraints:
    """Limits and prices of elements.

    Of all alloys within the limits, ``nearest`` finds the one of the least Kullback-Leibler divergence from a given
    alloy plus the price of its atoms.

    Attributes
    ----------
    keep : tuple of str
        Elements that have at least `least` of the atoms.
    forbid : tuple of str
        Elements that are left out.
    locks : dict of str to float
        Elements that are held at a fraction.
    price : dict of str to float
        Price of an element in nats: one of ln 2 halves its amount against the others.
    least : float
    """

    keep: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    locks: Mapping[str, float] = field(default_factory=dict)
    price: Mapping[str, float] = field(default_factory=dict)
    least: float = LEAST

    @classmethod
    def of(
        cls,
        elements: Sequence[str],
        keep: Iterable[str] = (),
        forbid: Iterable[str] = (),
        locks: Mapping[str, float] | None = None,
        price: Mapping[str, float] | None = None,
        least: float = LEAST,
    ) -> Constraints:
        """Check the wishes of a user.

        Raises
        ------
        InputError
            An element that is unknown, not among `elements`, or under two limits that contradict each other; a fraction
            outside 0 to 1; a price that is negative or not finite.
        """
        wishes = {
            "keep": tuple(keep),
            "forbid": tuple(forbid),
            "locks": tuple(locks or {}),
            "price": tuple(price or {}),
        }
        for name, symbols in wishes.items():
            foreign = [s for s in symbols if require_element(s) not in elements]
            if foreign:
                raise InputError(
                    f"{name} names {listed(foreign)}; the decoder knows {listed(elements, limit=len(elements))}: "
                    "name some of these."
                )
        for one, other in (("keep", "forbid"), ("locks", "forbid"), ("keep", "locks")):
            both = sorted(set(wishes[one]) & set(wishes[other]))
            if both:
                raise InputError(
                    f"{listed(both)} under both {one} and {other}: name an element in one of them."
                )
        wrong = {s: v for s, v in (locks or {}).items() if not 0 <= v <= 1}
        if wrong:
            raise InputError(f"locks {wrong}: give fractions from 0 to 1.")
        costly = {s: v for s, v in (price or {}).items() if not (v >= 0 and math.isfinite(v))}
        if costly:
            raise InputError(f"price {costly}: give finite prices of 0 or more.")
        if not 0 < least < 1:
            raise InputError(f"least is {least!r}: give a fraction between 0 and 1.")
        return cls(
            tuple(dict.fromkeys(keep_ for keep_ in wishes["keep"])), tuple(dict.fromkeys(wishes["forbid"])),
            dict(locks or {}), dict(price or {}), least,
        )  # fmt: skip

    def __bool__(self) -> bool:
        """Whether anything is limited or priced."""
        return bool(self.keep or self.forbid or self.locks or self.price)

    def contradiction(self, elements: Sequence[str]) -> str | None:
        """Why no alloy at all is within the limits; None if there is one."""
        held, least = math.fsum(self.locks.values()), len(self.keep) * self.least
        if held + least > 1 + 1e-9:
            return f"locked elements take {held:.0%} of the atoms, kept ones at least {least:.0%}, more than there are"
        free = set(elements) - set(self.forbid) - set(self.locks)
        if not free and abs(held - 1) > 1e-9:
            return f"no element is left for the {1 - held:.0%} of the atoms that are not locked"
        return None

    def met(self, fractions: Mapping[str, float]) -> bool:
        """Whether an alloy is within the limits, to half a percent."""
        return (
            not any(fractions.get(symbol, 0.0) > 0 for symbol in self.forbid)
            and all(fractions.get(symbol, 0.0) >= self.least - TOLERANCE for symbol in self.keep)
            and all(abs(fractions.get(s, 0.0) - amount) <= TOLERANCE for s, amount in self.locks.items())
        )

    def nearest(self, x: NDArray[np.float64], elements: Sequence[str]) -> NDArray[np.float64]:
        """The alloy within the limits that is nearest to fractions x, both of shape (k,).

        The minimum of sum_e a_e ln(a_e / x_e) + a_e price_e: priced fractions times exp(-price), locked ones set, the
        others scaled by one number, those that fall below `least` put there.
        """
        at = {symbol: i for i, symbol in enumerate(elements)}
        prices = np.array([self.price.get(symbol, 0.0) for symbol in elements])
        cheapest = prices[[s not in self.forbid and s not in self.locks for s in elements]].min(
            initial=np.inf
        )
        cheapest = cheapest if np.isfinite(cheapest) else 0.0
        tilted = np.maximum(x, FAINTEST) * np.exp(cheapest - prices)  # only differences count
        low = np.zeros(len(x))
        low[[at[s] for s in self.keep]] = self.least
        fixed = np.zeros(len(x), dtype=bool)
        fixed[[at[s] for s in (*self.forbid, *self.locks)]] = True
        out = np.zeros(len(x))
        for symbol, amount in self.locks.items():
            out[at[symbol]] = amount
        while True:
            room = 1 - out[fixed].sum()
            share = tilted * (room / tilted[~fixed].sum()) if not fixed.all() else tilted * 0
            short = ~fixed & (share < low)
            if not short.any():
                return np.where(fixed, out, share)
            out[short], fixed[short] = low[short], True
            if fixed.all() or tilted[~fixed].sum() == 0:  # kept and locked elements alone share everything
                kept = np.array([s in self.keep for s in elements])
                out[kept] *= 1 + (1 - out.sum()) / max(out[kept].sum(), 1e-12)
                return out
