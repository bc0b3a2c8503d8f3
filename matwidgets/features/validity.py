"""Two chemical rules for a formula: charge neutrality and balanced electronegativity.

The rules and all element data are smact's (D. W. Davies et al., Chem 1, 617 (2016); J. Open Source Softw. 4, 1361
(2019)). A formula is *neutral* if one oxidation state for each element makes the charges cancel, and *balanced* if
among such assignments there is one in which every anion is more electronegative than every cation (the test that
smact names after Pauling).

What the rules say nothing of: an element has one state in a formula, so mixed valence fails (Fe3O4), and an
intermetallic has no ions. As in smact, a pure element passes both rules, and an alloy passes by a rule of its own,
`alloys=True`: all its elements are metals. Here that rule is off unless it is asked for, because a share of valid
formulas in which every intermetallic counts says little about a generator.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping
from typing import Literal

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.elements import require_element
from matwidgets.features.formula import parse_formula, to_fractions

StateSet = Literal["icsd24", "smact14"]
STATE_SETS: tuple[StateSet, ...] = ("icsd24", "smact14")

# Charge in e per atom below which a formula counts as neutral: whole amounts up to 10,000 atoms leave at least 1e-4 or
# nothing, and fractions written with six digits or more pass.
_TOLERANCE = 1e-6


@functools.cache
def oxidation_states(symbol: str, states: StateSet = "icsd24") -> tuple[int, ...]:
    """List the oxidation states of an element, in ascending order.

    Parameters
    ----------
    symbol : str
    states : {"icsd24", "smact14"}
        smact's present table (states with more than five reports in the ICSD of 2024), or its more generous one of
        2014, which papers before 2024 used.

    Returns
    -------
    tuple of int
        Charges in e; empty for an element without any (He, Ne, Ar) or beyond smact's 103.

    Raises
    ------
    InputError
        Unknown element or table.
    """
    element = _element(require_element(symbol))
    if states not in STATE_SETS:
        raise InputError(f"Unknown table of states {shown(states)}: write one of {listed(STATE_SETS)}.")
    return tuple(sorted(getattr(element, f"oxidation_states_{states}", None) or ()))


@functools.cache
def electronegativity(symbol: str) -> float | None:
    """Return smact's Pauling electronegativity (dimensionless), or None where it has none.

    A few are older values than `elements.ELECTRONEGATIVITIES` (W 1.7, Pb 1.8): the rules are meant with these.

    Raises
    ------
    InputError
        Unknown element.
    """
    value = getattr(_element(require_element(symbol)), "pauling_eneg", None)
    return float(value) if value else None


def reports(symbol: str) -> dict[int, int]:
    """Count how often the ICSD of 2024 reports each of an element's `oxidation_states`, the commonest first.

    Raises
    ------
    InputError
        Unknown element.
    """
    counts = _all_reports().get(require_element(symbol), {})
    found = {state: counts.get(state, 0) for state in oxidation_states(symbol)}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def is_metal(symbol: str) -> bool:
    """Tell whether smact counts an element as a metal (Ge and Sb included).

    Raises
    ------
    InputError
        Unknown element.
    """
    return require_element(symbol) in _metals()


def neutral(
    composition: str | Mapping[str, float], *, states: StateSet = "icsd24", alloys: bool = False
) -> bool:
    """Tell whether one oxidation state for each element makes a formula neutral.

    Parameters
    ----------
    composition : str or mapping of element to amount
        Amounts need not be whole, but rounded ones are what they are: Ti0.333O0.667 is charged. `snap` first.
    states : {"icsd24", "smact14"}
        See `oxidation_states`.
    alloys : bool
        Whether a formula of metals alone passes.

    Raises
    ------
    InputError
        The formula cannot be read.
    """
    amounts = _amounts(composition)
    return _exempt(amounts, alloys) or _cancels(
        (amount, oxidation_states(symbol, states)) for symbol, amount in amounts.items()
    )


def balanced(
    composition: str | Mapping[str, float], *, states: StateSet = "icsd24", alloys: bool = False
) -> bool:
    """Tell whether a formula is neutral with anions that are all more electronegative than all its cations.

    An element without an electronegativity fails, as in smact. Parameters and errors are those of `neutral`;
    with ``alloys=True`` this is smact's `smact_validity`.
    """
    amounts = _amounts(composition)
    if _exempt(amounts, alloys):
        return True
    values = {symbol: electronegativity(symbol) for symbol in amounts}
    known = {symbol: value for symbol, value in values.items() if value is not None}
    if len(known) < len(amounts):
        return False
    # Cations lie below anions exactly if some electronegativity parts them, so it is enough to try every cut.
    return any(
        _cancels(
            (
                amount,
                [q for q in oxidation_states(symbol, states) if (q >= 0 if known[symbol] <= cut else q <= 0)],
            )
            for symbol, amount in amounts.items()
        )
        for cut in sorted(set(known.values()))[:-1]
    )


def _amounts(composition: str | Mapping[str, float]) -> dict[str, float]:
    """Amounts as written if they are whole, because sums of whole numbers are exact; fractions otherwise."""
    if isinstance(composition, str):
        amounts = parse_formula(composition)
        if all(amount.is_integer() for amount in amounts.values()):
            return amounts
    return to_fractions(composition)


def _exempt(amounts: Mapping[str, float], alloys: bool) -> bool:
    return len(amounts) == 1 or (alloys and amounts.keys() <= _metals())


def _cancels(choices: Iterable[tuple[float, Iterable[int]]]) -> bool:
    """Whether one charge from each list can be taken so that the amounts times the charges sum to zero.

    Sums that are equal are kept once, so the work grows with their number and not with that of the assignments.
    """
    sums, atoms = {0.0}, 0.0
    for amount, charges in choices:
        atoms += amount
        sums = {total + amount * charge for total in sums for charge in charges}
        if amount % 1:  # sums of whole amounts are exact
            sums = {round(total, 9) for total in sums}
    return any(abs(total) <= _TOLERANCE * atoms for total in sums)


def _element(symbol: str) -> object | None:
    """Return smact's record of an element, or None beyond its table; importing smact takes a second, hence here."""
    import smact

    with warnings.catch_warnings():  # of data that we do not read
        warnings.simplefilter("ignore")
        return smact.Element(symbol) if symbol in _smact_symbols() else None


@functools.cache
def _smact_symbols() -> frozenset[str]:
    import smact

    return frozenset(smact.ordered_elements(1, 103))


@functools.cache
def _metals() -> frozenset[str]:
    import smact

    return frozenset(smact.metals)


@functools.cache
def _all_reports() -> dict[str, dict[int, int]]:
    from smact.utils.oxidation import ICSD24OxStatesFilter

    table = ICSD24OxStatesFilter().ox_states_df
    found: dict[str, dict[int, int]] = {}
    columns = (table[name].tolist() for name in ("element", "oxidation_state", "results_count"))
    for symbol, state, count in zip(*columns, strict=True):
        found.setdefault(str(symbol), {})[int(state)] = int(count)
    return found
