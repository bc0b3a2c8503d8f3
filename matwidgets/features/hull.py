"""The convex hull of known phases, offline: what a composition decomposes into, and how far it is above the hull.

The products of a composition are the mixture of known phases with the least energy among all that have its
elements in its proportions. Finding it is a linear programme: minimise sum_k w_k e_k over weights w_k >= 0 with
sum_k w_k x_k = x, where x_k are the atomic fractions of phase k and e_k its energy per atom. The w_k are then
atom-fraction weights: w_k of the atoms are in phase k, and they sum to 1 because every x_k does. Convex hull of a
chemical system: S. P. Ong, L. Wang, B. Kang, G. Ceder, Chem. Mater. 20, 1798 (2008). The compound itself left out,
so that stable compounds have a (negative) decomposition energy too: C. J. Bartel et al., npj Comput. Mater. 6,
97 (2020). The programme is solved by HiGHS (in scipy).
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError, MatwidgetsError, listed, shown
from matwidgets.features.composition import Fractions, reduced_formula, to_fractions
from matwidgets.features.elements import ATOMIC_NUMBERS

UNIT = "eV/atom"
SAME = 1e-6
"""Compositions whose fractions all differ by less are one compound: integer formulas of 300 atoms differ by 1e-5."""
NOTHING = 1e-9
"""Weights below are the solver's rounding."""

# What tables write, `Ga1Mo4S8`: its elements can be seen without reading the amounts.
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:\d+(?:\.\d+)?)?)+")
_SYMBOL = re.compile(r"[A-Z][a-z]?")


class Phases:
    """Known phases and their energies, found by chemical system.

    Parameters
    ----------
    formulas : sequence of str, length n
    energies : array_like, shape (n,)
        Energy per atom in eV/atom, against one reference for all. Several entries of one composition may be there:
        the lowest counts.
    elements_at_zero : bool
        Whether each element that occurs in a formula is a phase of energy zero, as energies of formation have it.
        Without it the elements have to be among the formulas.
    source : str
        Where the energies come from, for people.

    Raises
    ------
    InputError
        A formula cannot be read, an energy is no finite number, or there are not as many of one as of the other.
    """

    def __init__(
        self,
        formulas: Sequence[str],
        energies: ArrayLike,
        *,
        elements_at_zero: bool = True,
        source: str = "given phases",
    ) -> None:
        values = np.asarray(energies, dtype=np.float64)
        if values.shape != (len(formulas),):
            raise InputError(
                f"{len(formulas)} formulas with energies of shape {values.shape}: give one energy a formula."
            )
        if not np.isfinite(values).all():
            first = int(np.flatnonzero(~np.isfinite(values))[0])
            raise InputError(
                f"The energy of {shown(formulas[first])} is {values[first]}: give finite energies in {UNIT}."
            )
        self.source = source
        systems = [_elements(formula) for formula in formulas]
        known = sorted(frozenset().union(*systems), key=ATOMIC_NUMBERS.__getitem__)
        added = known if elements_at_zero else []
        self.formulas: tuple[str, ...] = (*formulas, *added)
        self.energies: NDArray[np.float64] = np.concatenate([values, np.zeros(len(added))])
        self._rows: dict[frozenset[str], list[int]] = {}
        for row, system in enumerate([*systems, *(frozenset([symbol]) for symbol in added)]):
            self._rows.setdefault(system, []).append(row)
        self._fractions: dict[int, Fractions] = {}
        self._reduced: dict[int, str] = {}
        self.elements: tuple[str, ...] = tuple(known)
        """Elements that occur, by atomic number."""

    def __len__(self) -> int:
        return len(self.formulas)

    def __repr__(self) -> str:
        return f"<Phases: {len(self)} entries of {len(self.elements)} elements from {self.source}>"

    def within(self, symbols: Iterable[str]) -> list[int]:
        """Rows of the phases that hold no other elements than these, in order of their formulas."""
        wanted = frozenset(symbols)
        systems: Iterable[frozenset[str]]
        if 2 ** len(wanted) < len(self._rows):
            systems = (
                frozenset(part)
                for size in range(1, len(wanted) + 1)
                for part in itertools.combinations(wanted, size)
            )
        else:
            systems = (system for system in self._rows if system <= wanted)
        rows = [row for system in systems for row in self._rows.get(system, ())]
        return sorted(rows, key=lambda row: (self.formulas[row], self.energies[row], row))

    def fractions(self, row: int) -> Fractions:
        """Atomic fractions of one phase."""
        if row not in self._fractions:  # most rows of a large table are never asked for
            self._fractions[row] = to_fractions(self.formulas[row])
        return self._fractions[row]

    def reduced_formula(self, row: int) -> str:
        """Reduced formula of one phase."""
        if row not in self._reduced:
            self._reduced[row] = reduced_formula(self.fractions(row))
        return self._reduced[row]


@dataclass(frozen=True)
class Product:
    """One phase of a mixture.

    Attributes
    ----------
    formula : str
        Reduced.
    amount : float
        Atom-fraction weight: this share of the atoms is in the phase.
    energy : float
        Of the phase, eV/atom.
    """

    formula: str
    amount: float
    energy: float


@dataclass(frozen=True)
class Decomposition:
    """What a composition decomposes into.

    Attributes
    ----------
    formula : str
        As given.
    products : tuple of Product
        Largest amount first; the amounts sum to 1.
    energy : float or None
        The compound's own, eV/atom; None where it is not known.
    mixture_energy : float
        Of the products together, eV/atom: the hull of all other phases at this composition.
    source : str
        Where the energies come from.
    """

    formula: str
    products: tuple[Product, ...]
    energy: float | None
    mixture_energy: float
    source: str

    @property
    def decomposition_energy(self) -> float | None:
        """Energy less the hull of all other phases, eV/atom: negative for a stable compound."""
        return None if self.energy is None else self.energy - self.mixture_energy

    @property
    def energy_above_hull(self) -> float | None:
        """max(0, decomposition energy), eV/atom."""
        above = self.decomposition_energy
        return None if above is None else max(0.0, above)

    def composition(self) -> Fractions:
        """Atomic fractions of the products together: those of the compound."""
        total: dict[str, float] = {}
        for product in self.products:
            for symbol, fraction in to_fractions(product.formula).items():
                total[symbol] = total.get(symbol, 0.0) + product.amount * fraction
        return to_fractions(total)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and texts, as `matwidgets decompose --json` prints them."""
        return {
            "formula": self.formula,
            "products": [{"formula": p.formula, "amount": p.amount} for p in self.products],
            "decomposition_energy": self.decomposition_energy,
            "energy_above_hull": self.energy_above_hull,
            "unit": UNIT,
            "source": self.source,
        }

    def __str__(self) -> str:
        mixture = " + ".join(f"{p.amount:.4g} {p.formula}" for p in self.products)
        return f"{self.formula} -> {mixture} (shares of the atoms; {self.verdict})"

    def __repr__(self) -> str:
        return f"<Decomposition {self}>"

    @property
    def verdict(self) -> str:
        """In words how stable it is."""
        above = self.decomposition_energy
        if above is None:
            return f"products at {self.mixture_energy:.4f} {UNIT}, own energy not known"
        if above < 0:
            return f"stable, {-above:.4f} {UNIT} below the other phases"
        return f"{above:.4f} {UNIT} above the hull" if above > 0 else "on the hull"


def decompose(
    composition: str | Mapping[str, float], phases: Phases, *, energy: float | None = None
) -> Decomposition:
    """Find the mixture of all other phases with the least energy at a composition.

    Every entry with the compound's own composition is left out, whatever its energy; the lowest of them is the
    compound's own energy unless one is given. An element is its own reference: it decomposes into itself. Where
    several mixtures have exactly the same energy, one of them is given, the same in every run and in any order of
    the phases.

    Parameters
    ----------
    composition : str or mapping
        Formula, or amounts of elements.
    phases : Phases
    energy : float, optional
        The compound's own energy, such as a predicted one, in eV/atom against the reference of `phases`.

    Raises
    ------
    InputError
        The composition cannot be read, `energy` is no finite number, or an element (or the mixture) is not to be
        had from the phases.
    """
    fractions = to_fractions(composition)
    if energy is not None and not math.isfinite(energy):
        raise InputError(f"An energy of {energy} for {shown(composition)}: give a finite number in {UNIT}.")
    symbols = sorted(fractions, key=ATOMIC_NUMBERS.__getitem__)
    foreign = [symbol for symbol in symbols if symbol not in phases.elements]
    if foreign:
        raise InputError(
            f"{shown(composition)} cannot be decomposed: {listed(foreign)} in no phase of {phases.source}; "
            f"it has {listed(phases.elements)}."
        )
    wanted = np.array([fractions[symbol] for symbol in symbols])
    rows = phases.within(symbols)
    amounts = np.array([[phases.fractions(row).get(symbol, 0.0) for row in rows] for symbol in symbols])
    energies = phases.energies[rows]
    own = (np.abs(amounts - wanted[:, None]).max(axis=0) < SAME) & ((amounts > 0).all(axis=0))
    if energy is None and own.any():
        energy = float(energies[own].min())
    usable = own if len(symbols) == 1 else ~own  # nothing else than itself is made of one element
    chosen, weights = _least(amounts[:, usable], energies[usable], wanted, composition, symbols, phases)
    kept = np.flatnonzero(usable)[chosen]
    products = [
        Product(phases.reduced_formula(rows[i]), float(weight), float(energies[i]))
        for i, weight in zip(kept, weights, strict=True)
    ]
    return Decomposition(
        formula=composition.strip() if isinstance(composition, str) else reduced_formula(fractions),
        products=tuple(sorted(products, key=lambda p: (-p.amount, p.formula))),
        energy=None if energy is None else float(energy),
        mixture_energy=math.fsum(p.amount * p.energy for p in products),
        source=phases.source,
    )


def _least(
    amounts: NDArray[np.float64],
    energies: NDArray[np.float64],
    wanted: NDArray[np.float64],
    composition: str | Mapping[str, float],
    symbols: Sequence[str],
    phases: Phases,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Solve the programme: columns of the mixture and their weights, which sum to 1."""
    from scipy.optimize import linprog

    solution = linprog(energies, A_eq=amounts, b_eq=wanted, method="highs-ds") if len(energies) else None
    if solution is None or solution.status == 2:
        pure = [symbol for symbol in symbols if not phases.within([symbol])]
        raise InputError(
            f"{shown(composition)} cannot be decomposed: no mixture of the phases of {phases.source} has its "
            f"composition{f', there is no entry for the element {listed(pure)}' if pure else ''}; add the elements."
        )
    if solution.status != 0:
        raise MatwidgetsError(
            f"The linear programme for {shown(composition)} was not solved ({solution.message.strip()}): "
            "please report it."
        )
    # The solver keeps the balance to 1e-7; the few phases it chose are independent and give it exactly.
    chosen = np.flatnonzero(solution.x > NOTHING)
    weights = np.linalg.lstsq(amounts[:, chosen], wanted, rcond=None)[0]
    keep = weights > NOTHING
    return chosen[keep], np.round(weights[keep] / math.fsum(weights[keep]), 12)  # 0.6, not 0.6000000000000002


def _elements(formula: str) -> frozenset[str]:
    """The elements of a formula, without its amounts where they can be seen at once."""
    if isinstance(formula, str) and _PLAIN.fullmatch(formula):
        symbols = frozenset(_SYMBOL.findall(formula))
        if symbols <= ATOMIC_NUMBERS.keys():
            return symbols
    return frozenset(to_fractions(formula))
