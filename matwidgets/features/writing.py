"""Compositions as people write them: reduced and fractional formulas, keys, the nearest simple formula."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features.elements import ATOMIC_NUMBERS, ELECTRONEGATIVITIES
from matwidgets.features.formula import Fractions, to_fractions

_SUBSCRIPT_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _integers(fractions: Fractions, largest_denominator: int = 10_000) -> dict[str, int] | None:
    """Find the smallest integer amounts with these fractions (to 1e-9), or None; by atomic number.

    Ratios to the largest fraction are rationalised, not the fractions themselves: their denominators stay
    small.
    """
    top = max(fractions.values())
    ratios = {}
    for symbol in sorted(fractions, key=ATOMIC_NUMBERS.__getitem__):
        ratio = fractions[symbol] / top
        ratios[symbol] = Fraction(ratio).limit_denominator(largest_denominator)
        if abs(float(ratios[symbol]) - ratio) > 1e-9:
            return None
    scale = math.lcm(*(ratio.denominator for ratio in ratios.values()))
    amounts = {symbol: int(ratio * scale) for symbol, ratio in ratios.items()}
    common = math.gcd(*amounts.values())
    if not common or 0 in amounts.values():
        return None
    return {symbol: amount // common for symbol, amount in amounts.items()}


def canonical_key(composition: str | Mapping[str, float]) -> str:
    """Return a text that two compositions share exactly if their fractions are the same.

    `TiC`, `C1Ti1`, `Ti0.5 C0.5` and `{"C": 3, "Ti": 3}` share one key. Fractions that no integers up to
    10,000 give are compared to eight digits.
    """
    fractions = to_fractions(composition)
    amounts = _integers(fractions)
    if amounts is not None:
        return "".join(f"{symbol}{amount}" for symbol, amount in amounts.items())
    return "".join(f"{s}{fractions[s]:.8f}" for s in sorted(fractions, key=ATOMIC_NUMBERS.__getitem__))


def reduced_formula(composition: str | Mapping[str, float]) -> str:
    """Write pymatgen's reduced formula (`Ca3(PO4)2`), or a fractional one where no integers give it."""
    fractions = to_fractions(composition)
    amounts = _integers(fractions)
    return _fractional(fractions, digits=6) if amounts is None else _written(amounts)


def _written(amounts: Mapping[str, int]) -> str:
    import warnings

    from pymatgen.core import Composition

    with (
        warnings.catch_warnings()
    ):  # pymatgen warns that noble gases have no electronegativity; the order is all we need
        warnings.simplefilter("ignore", UserWarning)
        return Composition(amounts).reduced_formula


def _fractional(fractions: Fractions, digits: int) -> str:
    """`Ti0.526 C0.474`, the least electronegative element first; no fraction is rounded to nothing."""
    parts = []
    for symbol in sorted(fractions, key=lambda s: (ELECTRONEGATIVITIES.get(s, math.inf), s)):
        text = f"{fractions[symbol]:.{digits}f}"
        if float(text) == 0:
            decimals = -math.floor(math.log10(fractions[symbol]))
            text = f"{fractions[symbol]:.{decimals}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        parts.append(symbol if text == "1" and len(fractions) == 1 else f"{symbol}{text}")
    return " ".join(parts)


def pretty_formula(
    composition: str | Mapping[str, float], *, digits: int = 3, subscripts: bool = False, max_atoms: int = 50
) -> str:
    """Write what a reader should see: `Al2O3` for simple ratios, `Ti0.526 C0.474` otherwise.

    Parameters
    ----------
    composition : str or mapping
    digits : int
        Decimals of the fractional form; a smaller fraction keeps its first digit.
    subscripts : bool
        Whether digits are Unicode subscripts.
    max_atoms : int
        The integer form is used up to this many atoms.
    """
    fractions = to_fractions(composition)
    amounts = _integers(fractions)
    whole = amounts is not None and sum(amounts.values()) <= max_atoms
    text = _written(amounts) if whole and amounts else _fractional(fractions, digits)
    return text.translate(_SUBSCRIPT_DIGITS) if subscripts else text


def snap(
    composition: str | Mapping[str, float],
    *,
    max_atoms: int = 20,
    tolerance: float | None = None,
    keep: float = 0.05,
) -> str:
    """Find the simple integer formula that a composition is nearly.

    For each number of atoms N the integers with the least largest error e = max_i |n_i / N - x_i| are found.
    More atoms always allow a smaller error, so by default the formula with the least (e + 0.01) N is taken:
    an atom more has to pay for itself, and errors below 0.01 (what an optimiser leaves) buy nothing. Ti .526
    C .474 becomes TiC, not Ti10C9.

    Parameters
    ----------
    composition : str or mapping
    max_atoms : int
        Largest N.
    tolerance : float, optional
        Take the smallest N with e <= tolerance instead.
    keep : float
        Elements with at least this fraction stay in the formula; rarer ones may vanish.

    Returns
    -------
    str
        A reduced formula.

    Raises
    ------
    InputError
        `max_atoms` is less than the number of elements to keep, or no formula is within `tolerance`.
    """
    fractions = to_fractions(composition)
    symbols = sorted(fractions, key=ATOMIC_NUMBERS.__getitem__)
    wanted = np.array([fractions[symbol] for symbol in symbols])
    least = (wanted >= keep - 1e-9).astype(np.int64)
    start = max(1, int(least.sum()))
    if max_atoms < start:
        raise InputError(f"max_atoms {max_atoms} for {start} elements: give at least {start}.")
    best: NDArray[np.int64] | None = None
    best_cost = math.inf
    for atoms in range(start, max_atoms + 1):
        amounts = _apportion(wanted, atoms, least)
        error = float(np.abs(amounts / atoms - wanted).max())
        if tolerance is not None and error > tolerance + 1e-12:
            continue
        cost = atoms if tolerance is not None else (error + 0.01) * atoms
        if cost < best_cost - 1e-12:
            best, best_cost = amounts, cost
    if best is None:
        raise InputError(
            f"No formula of up to {max_atoms} atoms is within {tolerance:g} of {pretty_formula(fractions)}: "
            "raise max_atoms or the tolerance."
        )
    return _written({symbol: int(n) for symbol, n in zip(symbols, best, strict=True) if n})


def _apportion(wanted: NDArray[np.float64], atoms: int, least: NDArray[np.int64]) -> NDArray[np.int64]:
    """Integers with sum `atoms`, none below `least`, nearest to `atoms * wanted` (largest remainders)."""
    amounts = np.maximum(np.floor(atoms * wanted + 1e-9).astype(np.int64), least)
    while amounts.sum() < atoms:
        amounts[int(np.argmax(atoms * wanted - amounts))] += 1
    while amounts.sum() > atoms:
        excess = np.where(amounts > least, amounts - atoms * wanted, -np.inf)
        amounts[int(np.argmax(excess))] -= 1
    return amounts
