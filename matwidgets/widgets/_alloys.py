"""An alloy with its features and its probability as plain numbers and words: what AlloyInverter shows, checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from matwidgets.errors import MatwidgetsError
from matwidgets.widgets._balance import subscripts
from matwidgets.widgets.base import describe

Evaluate = Callable[[str], Mapping[str, Any]]
"""An alloy as text to a record: ``alloy``, ``fractions`` (symbol -> atomic fraction), ``probability`` of a single
phase, ``features`` (each ``symbol``, ``name``, ``unit``, ``value`` and where known ``shapley``), and as far as they are
known ``std`` over the members, latent vector ``z``, ``base`` (the mean probability that the Shapley values start
from), ``in_domain``, ``nearest`` and ``note``."""
Step = Callable[..., Mapping[str, Any]]
"""``step(record, target, size, keep, forbid)`` to the record of the next alloy, or to ``{"reason": text}``."""

WORDS = {"single": "a single phase", "multi": "several phases"}
SAME = 5e-4
"""Atomic fractions that differ by no more are one alloy."""
_SIGNIFICANT = 6


def checked_alloy(given: Any, cutoff: float, *, source: str = "evaluate") -> dict[str, Any]:
    """Return a record as the page shows it.

    Parameters
    ----------
    given : mapping
        What `Evaluate` describes.
    cutoff : float
        Probability from which one phase (or, from one minus it, several) is called probable.
    source : str
        The callable it came from, for the message.

    Raises
    ------
    MatwidgetsError
        If something is missing or no number.
    """
    if not isinstance(given, Mapping):
        raise MatwidgetsError(
            f"The inverter's {source} returned {type(given).__name__}: return a mapping with alloy, fractions, "
            "probability and features"
        )
    try:
        alloy = str(given["alloy"])
        fractions = {str(symbol): _short(x) for symbol, x in given["fractions"].items() if x}
        probability, std = float(given["probability"]), _optional(given.get("std"))
        features = [_feature(feature) for feature in given["features"]]
        z = [_short(x) for x in given["z"]] if given.get("z") is not None else []
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MatwidgetsError(
            f"The inverter's {source} returned what cannot be shown ({describe(error)}): give alloy, fractions, "
            "probability and features (symbol, name, unit, value, shapley)"
        ) from error
    if not 0 <= probability <= 1:
        raise MatwidgetsError(
            f"The inverter's {source} returned the probability {probability:g}: give 0 to 1"
        )
    if not fractions or not all(math.isfinite(x) and x > 0 for x in fractions.values()):
        raise MatwidgetsError(
            f"The inverter's {source} returned fractions of {alloy} that are not all positive numbers"
        )
    domain = given.get("in_domain")
    return {
        "alloy": alloy,
        "shown": str(given.get("shown") or subscripts(alloy)),
        "fractions": fractions,
        "probability": _short(probability),
        "std": std,
        "z": z,
        "base": _optional(given.get("base")),
        "features": features,
        "in_domain": None if domain is None else bool(domain),
        "nearest": str(given.get("nearest") or ""),
        "note": str(given.get("note") or ""),
        "verdict": verdict(probability, cutoff),
    }


def _feature(given: Mapping[str, Any]) -> dict[str, Any]:
    value = float(given["value"])
    if not math.isfinite(value):
        raise ValueError(f"value of {given['name']}")
    return {
        "symbol": str(given["symbol"]),
        "name": str(given["name"]),
        "unit": str(given.get("unit") or ""),
        "value": _short(value),
        "shapley": _optional(given.get("shapley")),
    }


def _short(value: Any) -> float:
    return float(f"{float(value):.{_SIGNIFICANT}g}")


def _optional(value: Any) -> float | None:
    return None if value is None or not math.isfinite(float(value)) else _short(value)


def side(probability: float, cutoff: float) -> str:
    """Return "single" or "multi" where that is probable, else "open"."""
    if probability >= cutoff:
        return "single"
    return "multi" if probability <= 1 - cutoff else "open"


def verdict(probability: float, cutoff: float) -> dict[str, str]:
    """Say what the probability means: ``kind`` (single, multi or open) and ``text``."""
    kind = side(probability, cutoff)
    text = f"Probably {WORDS[kind]}" if kind in WORDS else "Undecided: one phase or several"
    return {"kind": kind, "text": text}


def same_alloy(a: Mapping[str, float], b: Mapping[str, float]) -> bool:
    """Whether two compositions are one alloy."""
    return all(abs(a.get(symbol, 0.0) - b.get(symbol, 0.0)) <= SAME for symbol in {*a, *b})


def written(fractions: Mapping[str, float]) -> str:
    """Return a composition as a formula in at.%: ``Fe33.3 Ni66.7`` without the space."""
    return "".join(f"{symbol}{100 * x:.6g}" for symbol, x in fractions.items() if x > 0)


def chance(probability: float, std: float | None) -> str:
    """``0.21 ± 0.08``."""
    return f"{probability:.2f}" + ("" if std is None else f" ± {std:.2f}")


def outcome(
    record: Mapping[str, Any], *, steps: int, target: str, cutoff: float, most: int
) -> dict[str, str]:
    """Say how far the loop has come: ``kind`` ("", there, converged, going or limit) and ``text``."""
    p = record["probability"]
    goal = f"at least {cutoff:.2f}" if target == "single" else f"at most {1 - cutoff:.2f}"
    if record["verdict"]["kind"] == target:
        if steps == 0:
            other = "several phases" if target == "single" else "a single phase"
            text = f"Nothing to invert: probably {WORDS[target]} already. Choose {other} as the target to turn it."
            return {"kind": "there", "text": text}
        count = "1 step" if steps == 1 else f"{steps} steps"
        return {
            "kind": "converged",
            "text": f"Converged after {count}: probably {WORDS[target]} ({p:.2f}, wanted {goal}).",
        }
    if steps >= most:
        text = (
            f"Limit reached: {steps} steps, still {p:.2f} (wanted {goal}). "
            "Change the step size, or keep and forbid fewer elements."
        )
        return {"kind": "limit", "text": text}
    if steps == 0:
        return {"kind": "", "text": ""}
    return {"kind": "going", "text": f"Step {steps} of at most {most}: {p:.2f}, wanted {goal}."}


def turned_back(trail: Sequence[Mapping[str, Any]], new: Mapping[str, Any]) -> dict[str, str] | None:
    """Say that a step leads back to a place of the way; None for a new alloy."""
    places = [i for i, old in enumerate(trail) if same_alloy(old["fractions"], new["fractions"])]
    if not places:
        return None
    last = places[-1]
    where = (
        "to the same alloy"
        if last == len(trail) - 1
        else f"back to {trail[last]['shown']}, where the way has been"
    )
    return {
        "kind": "cycle",
        "text": f"Cycle: the next step leads {where}. Change the step size, or which elements to keep and forbid.",
    }


def row(fractions: Mapping[str, float], elements: Sequence[str]) -> list[float]:
    """Atomic fractions in the order of the elements, with sum 1; empty if one is missing there."""
    if not elements or any(symbol not in elements for symbol in fractions):
        return []
    amounts = np.array([fractions.get(symbol, 0.0) for symbol in elements])
    return [float(x) for x in amounts / amounts.sum()]
