"""A model of alloys that one can compute by hand, with the callables that AlloyInverter takes.

The probability of a single phase is linear in three means over the atoms (weights and centres below), so that each
Shapley value is weight times distance from the centre, whatever the order of the features. A step replaces aluminium
and copper by equal parts of iron, nickel and cobalt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matwidgets.errors import InputError
from matwidgets.features.alloys import FEATURES, describe

ELEMENTS = ("Fe", "Ni", "Cr", "Co", "Al", "Ti", "Cu", "Mo", "V", "Mn")
START = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"
BASE = 0.5
# feature -> (centre, change of the probability for one unit)
LINEAR = {"bulk_modulus": (160.0, 0.001), "size_difference": (3.0, -0.1), "mixing_entropy": (12.0, -0.02)}
HARMFUL, GOOD = ("Al", "Cu"), ("Fe", "Ni", "Co")


def parts(values: Mapping[str, float]) -> dict[str, float]:
    """What each feature adds to the probability."""
    return {name: (values[name] - centre) * slope for name, (centre, slope) in LINEAR.items()}


def evaluate(alloy: str, *, shift: float = 0.0) -> dict[str, Any]:
    """The record of an alloy; `shift` is what a label has taught."""
    told = describe(alloy)
    if foreign := [symbol for symbol in told.fractions if symbol not in ELEMENTS]:
        raise InputError(f"{alloy} holds {', '.join(foreign)}: write an alloy of {', '.join(ELEMENTS)}")
    own = parts(told.values)
    return {
        "alloy": told.formula,
        "fractions": told.fractions,
        "probability": min(1.0, max(0.0, BASE + shift + sum(own.values()))),
        "std": 0.06,
        "z": [told.fractions.get("Al", 0.0) * 4 - 1, told.fractions.get("Cr", 0.0) * 4],
        "base": BASE + shift,
        "features": [
            {
                "symbol": f.symbol,
                "name": f.label,
                "unit": f.unit,
                "value": told.values[f.name],
                "shapley": own.get(f.name, 0.0),
            }
            for f in FEATURES
        ],
        "in_domain": "Ti" not in told.fractions,
        "nearest": "Al1Co1Cr1Cu0.5Fe1Ni1 (3 % of the atoms differ; several phases)",
        "note": "",
    }


def step(
    record: Mapping[str, Any], target: str, size: float, keep: Sequence[str], forbid: Sequence[str]
) -> dict[str, Any]:
    """Move half of what is harmful (all of it at size 1) to what is good, or the other way round."""
    x = dict(record["fractions"])
    givers, takers = (HARMFUL, GOOD) if target == "single" else (GOOD, HARMFUL)
    takers = tuple(symbol for symbol in takers if symbol not in forbid)
    if not takers:
        return {"reason": f"{', '.join(forbid)} are forbidden, nothing is left to add"}
    for symbol in givers:
        moved = x.get(symbol, 0.0) * 0.8 * size
        if symbol in keep:
            continue
        x[symbol] = x.get(symbol, 0.0) - moved
        for taker in takers:
            x[taker] = x.get(taker, 0.0) + moved / len(takers)
    whole = {symbol: round(100 * v) for symbol, v in x.items()}
    return evaluate("".join(f"{symbol}{n}" for symbol, n in whole.items() if n))
