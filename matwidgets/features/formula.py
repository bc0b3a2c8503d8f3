"""Reading formulas: text, or amounts of elements -> atomic fractions.

Reading is strict, because a typing error must not become another compound; so the reader is our own. What
pymatgen reads too, both read alike (tested).
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping
from typing import Any

from matwidgets.errors import InputError, shown
from matwidgets.features.elements import ATOMIC_NUMBERS, require_element

Fractions = dict[str, float]
"""Element symbol -> atomic fraction; positive, sum 1, in order of first appearance."""

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉−", "0123456789-")
_SEPARATORS = "·•⋅∙*"  # of the parts of a hydrate or an adduct
_OPEN, _CLOSE = "([{", ")]}"
# An exponent needs a lower-case e: no element starts with one, so `C1e-05` cannot be misread.
_TOKEN = re.compile(
    r"(?P<element>[A-Z][a-z]*)|(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)|(?P<mark>\S)"
)
# Nothing but symbols and whole numbers, as in most tables: read in one go.
_PLAIN = re.compile(r"(?:[A-Z][a-z]?(?:[1-9][0-9]{0,5})?)+")
_PAIR = re.compile(r"([A-Z][a-z]?)([0-9]*)")
# Many people write hydrates with a full stop: `CuSO4.5H2O` must not become a compound with 4.5 oxygens.
_WATER = [("element", "H"), ("number", "2"), ("element", "O")]


def parse_formula(text: str) -> dict[str, float]:
    """Read the amounts of the elements in a formula.

    Reads nested brackets of three kinds, fractional amounts (`Ti0.5 C0.5`), Unicode subscripts, blanks
    anywhere between symbols and numbers, and hydrates or adducts whose parts are joined by `·` or `*`
    (`CuSO4·5H2O`). A full stop is always a decimal point, and refused where it may stand for `·`. An element
    that is written twice is added up.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict of str to float
        Amounts as written, not normalised, in order of first appearance.

    Raises
    ------
    InputError
        The text is empty or malformed, names no element, or has a zero or negative amount.
    """
    if not isinstance(text, str):
        raise InputError(f"Formula {shown(text)} is no text: write a formula such as 'Al2O3'.")
    plain = text.translate(_SUBSCRIPTS)
    if not plain.strip():
        raise InputError(f"Empty formula {shown(text)}: write at least one element, such as 'Al2O3'.")
    amounts: dict[str, float] = {}
    if _PLAIN.fullmatch(plain):
        for symbol, count in _PAIR.findall(plain):
            amounts[symbol] = amounts.get(symbol, 0.0) + float(count or 1)
        if amounts.keys() <= ATOMIC_NUMBERS.keys():
            return amounts
        amounts = {}
    for part in re.split(f"[{re.escape(_SEPARATORS)}]", plain):
        for symbol, amount in _read_part(part, text).items():
            amounts[symbol] = amounts.get(symbol, 0.0) + amount
    if not all(math.isfinite(amount) and amount > 0 for amount in amounts.values()):
        raise InputError(
            f"An amount in formula {shown(text)} is too large or too small: write amounts near 1."
        )
    return amounts


def _read_part(part: str, text: str) -> dict[str, float]:
    """Read one part of an adduct: a leading count if any, then elements and groups with their counts."""
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(part)]
    if not tokens:
        raise _malformed(text, "a part beside '·' or '*' is empty")
    factor = 1.0
    if tokens[0][0] == "number":
        factor = _amount(tokens.pop(0)[1], text)
        if not tokens:
            raise _malformed(text, "a number stands alone")
    stack: list[tuple[str, dict[str, float]]] = [("", {})]
    at = 0
    while at < len(tokens):
        kind, token = tokens[at]
        at += 1
        if kind == "mark" and token in _OPEN:
            stack.append((token, {}))
            continue
        if kind == "element":
            group = {_element(token, text): 1.0}
        elif kind == "mark" and token in _CLOSE:
            opened, group = stack.pop()
            if not opened or _OPEN.index(opened) != _CLOSE.index(token):
                raise _malformed(text, f"{token!r} closes no {_OPEN[_CLOSE.index(token)]!r}")
            if not group:
                raise _malformed(text, "a pair of brackets is empty")
        elif kind == "number":
            raise _malformed(text, f"{token!r} follows no element or bracket")
        else:
            hint = ", symbols begin with a capital" if token.islower() else ""
            raise _malformed(text, f"{token!r} has no meaning here{hint}")
        times = 1.0
        if at < len(tokens) and tokens[at][0] == "number":
            times = _amount(tokens[at][1], text)
            if "." in tokens[at][1] and tokens[at + 1 :] == _WATER:
                raise InputError(
                    f"Ambiguous formula {shown(text)}: a full stop is a decimal point; join water by '·' or '*', "
                    "or write it as (H2O)."
                )
            at += 1
        inside = stack[-1][1]
        for symbol, amount in group.items():
            inside[symbol] = inside.get(symbol, 0.0) + amount * times
    if len(stack) > 1:
        raise _malformed(text, f"{stack[-1][0]!r} is not closed")
    return {symbol: amount * factor for symbol, amount in stack[0][1].items()}


def _malformed(text: str, why: str) -> InputError:
    return InputError(
        f"Malformed formula {shown(text)}: {why}; write it like 'Al2O3', 'Ca3(PO4)2' or 'Ti0.5C0.5'."
    )


def _element(token: str, text: str) -> str:
    try:
        return require_element(token)
    except InputError as error:
        raise InputError(f"{str(error).rstrip('.')} (in formula {shown(text)})") from None


def _amount(token: str, text: str) -> float:
    if token[0] in "+-":
        what = "Negative amount" if token[0] == "-" else "Signed amount"
        raise InputError(
            f"{what} {token} in formula {shown(text)}: write amounts greater than zero, without a sign."
        )
    value = float(token)
    if value == 0:
        raise InputError(
            f"Zero amount in formula {shown(text)}: leave the element out or write an amount above zero."
        )
    return value


def to_fractions(composition: str | Mapping[str, float]) -> Fractions:
    """Normalise a formula, or a mapping from element to amount, to atomic fractions.

    Parameters
    ----------
    composition : str or mapping
        A mapping's amounts may have any sum; zero amounts are left out.

    Returns
    -------
    dict of str to float
        Positive fractions with sum 1, in order of first appearance.

    Raises
    ------
    InputError
        The formula cannot be read, or an amount is negative, not finite or no number, or all are zero.
    """
    if isinstance(composition, str):
        amounts = parse_formula(composition)
    elif isinstance(composition, Mapping):
        amounts = _mapping_amounts(composition)
    else:
        raise InputError(
            f"Composition {shown(composition)} is no formula or mapping: give 'TiC' or {{'Ti': 1, 'C': 1}}."
        )
    # Divided by the largest first, so that the sum of huge amounts stays finite.
    largest = max(amounts.values())
    scaled = {symbol: amount / largest for symbol, amount in amounts.items()}
    total = math.fsum(scaled.values())
    return {symbol: value / total for symbol, value in scaled.items() if value / total > 0}


def _mapping_amounts(composition: Mapping[str, Any]) -> dict[str, float]:
    amounts: dict[str, float] = {}
    for key, amount in composition.items():
        symbol = require_element(key if isinstance(key, str) else str(key))
        value = _finite(amount)
        if value is None:
            raise InputError(
                f"Amount {shown(amount)} of {symbol} is no finite number: give amounts of zero or more."
            )
        if value < 0:
            raise InputError(f"Negative amount {value:g} of {symbol}: give amounts of zero or more.")
        if value > 0:
            amounts[symbol] = amounts.get(symbol, 0.0) + value
    if not amounts:
        raise InputError(
            f"Composition {shown(dict(composition))} has no amount above zero: give at least one."
        )
    return amounts


def _finite(amount: Any) -> float | None:
    """Return the amount as a float, or None if it is no finite real number."""
    if isinstance(amount, bool) or not isinstance(amount, numbers.Real):
        return None
    try:
        value = float(amount)
    except OverflowError:  # an integer of more than 308 digits
        return None
    return value if math.isfinite(value) else None
