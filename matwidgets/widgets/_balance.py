"""A compound and its products as plain numbers and words: what DecompositionView shows, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import MatwidgetsError
from matwidgets.widgets.base import describe

Latent = Callable[[list[dict[str, float]]], Any]
"""Compositions, n mappings symbol -> atomic fraction, to latent vectors (n, d)."""

CLOSED = 1e-6
"""Atomic fractions of both sides that differ by no more are called equal."""
LEVEL = 5e-7
"""Energies (eV/atom) that differ by less are one level."""
MOST_DIMENSIONS = 256
_LARGEST_DENOMINATOR = 9999
_DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_AMOUNT = re.compile(r"(?<=[A-Za-z)\]])\d+(?:\.\d+)?")


def subscripts(formula: str) -> str:
    """Write the amounts of a formula as Unicode subscripts; the 5 of `CuSO4·5H2O` stays large."""
    return _AMOUNT.sub(lambda amount: amount[0].translate(_DIGITS), formula)


def ratio(amount: float) -> str:
    """`220/247` for a weight that is that fraction to the solver's twelve digits, else an empty text."""
    near = Fraction(amount).limit_denominator(_LARGEST_DENOMINATOR)
    return str(near) if near.denominator > 1 and abs(float(near) - amount) <= 1e-10 else ""


def energy_text(value: float) -> str:
    """An energy per atom to a thousandth, smaller ones to two figures; a real minus sign."""
    size = abs(value)
    text = (
        f"{size:.3f}" if size >= 0.01 else f"{size:.4f}" if size >= 1e-3 else f"{size:.1g}" if size else "0"
    )
    return f"−{text}" if value < 0 and float(text) else text


def checked_balance(given: Any) -> dict[str, Any]:
    """Return a decomposition as the page shows it.

    Parameters
    ----------
    given : mapping
        ``formula``, ``fractions`` (symbol -> atomic fraction), ``products`` (each with ``formula``, ``fractions``,
        ``amount`` and where known ``energy``), ``mixture_energy``, and where known ``energy``, ``unit``, ``source``
        and ``shown``, the formula as people write it.

    Raises
    ------
    MatwidgetsError
        If something is missing, or a weight or energy is no number.
    """
    if not isinstance(given, Mapping) or not given.get("products"):
        raise MatwidgetsError(
            f"The view's decompose returned {type(given).__name__} without products: return a mapping with "
            "formula, fractions, energy, mixture_energy, source and products (formula, fractions, amount, energy)"
        )
    try:
        compound = _phase(given)
        products = [_phase(part) | {"amount": float(part["amount"])} for part in given["products"]]
        mixture = float(given["mixture_energy"])
    except (KeyError, TypeError, ValueError) as error:
        raise MatwidgetsError(
            f"The view's decompose returned what cannot be shown ({describe(error)}): give formula and fractions "
            "to the compound and each product, an amount to each product, and mixture_energy"
        ) from error
    if not math.isfinite(mixture) or not all(
        math.isfinite(p["amount"]) and p["amount"] > 0 for p in products
    ):
        raise MatwidgetsError(
            "The view's decompose returned weights or energies that are no positive or finite numbers"
        )
    for part in products:
        part["ratio"] = ratio(part["amount"])
    record = compound | {
        "mixture_energy": mixture,
        "unit": str(given.get("unit") or "eV/atom"),
        "source": str(given.get("source") or ""),
        "products": products,
        "latent": None,
        "latent_problem": "",
    }
    return record | {"verdict": verdict(record), "closing": closing(record)}


def _phase(part: Mapping[str, Any]) -> dict[str, Any]:
    formula, energy = str(part["formula"]), part.get("energy")
    fractions = {str(symbol): float(x) for symbol, x in part["fractions"].items() if x}
    if not fractions or not all(math.isfinite(x) and x > 0 for x in fractions.values()):
        raise ValueError(f"fractions of {formula}")
    known = None if energy is None or not math.isfinite(energy) else float(energy)
    return {
        "formula": formula,
        "shown": str(part.get("shown") or subscripts(formula)),
        "fractions": fractions,
        "energy": known,
    }


def verdict(record: Mapping[str, Any]) -> dict[str, str]:
    """Say how stable the compound is: `kind` (stable, above, level, reference or unknown) and `text`."""
    products, unit = record["products"], record["unit"]
    if len(products) == 1 and products[0]["fractions"].keys() == record["fractions"].keys() and _same(record):
        text = f"{record['shown']} is its own reference: nothing else is made of it alone"
        return {"kind": "reference", "text": text}
    if record["energy"] is None:
        level = energy_text(record["mixture_energy"])
        text = f"Energy of {record['shown']} not known: the other phases together lie at {level} {unit}"
        return {"kind": "unknown", "text": text}
    above = record["energy"] - record["mixture_energy"]
    if abs(above) < LEVEL:
        return {"kind": "level", "text": "On the hull: level with the other phases together"}
    if above < 0:
        return {"kind": "stable", "text": f"Stable: {energy_text(-above)} {unit} below the other phases"}
    names = [part["shown"] for part in products]
    joined = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    text = f"Above the hull by {energy_text(above)} {unit}: decomposes into {joined}"
    return {"kind": "above", "text": text}


def _same(record: Mapping[str, Any]) -> bool:
    own, other = record["fractions"], record["products"][0]["fractions"]
    return all(abs(own[symbol] - other[symbol]) <= CLOSED for symbol in own)


def differences(record: Mapping[str, Any]) -> dict[str, float]:
    """Atomic fraction of each element in the products together less that in the compound."""
    total = {symbol: -x for symbol, x in record["fractions"].items()}
    for part in record["products"]:
        for symbol, x in part["fractions"].items():
            total[symbol] = total.get(symbol, 0.0) + part["amount"] * x
    return total


def closing(record: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether both sides hold the same elements in the same amounts."""
    off = differences(record)
    worst = max(off, key=lambda symbol: abs(off[symbol]))
    most = abs(off[worst])
    if most <= CLOSED:
        text = (
            f"Both sides hold the same atoms, element by element, to {_power(max(most, 1e-12))} of the atoms."
        )
        return {"closed": True, "text": text}
    text = f"The sides do not balance: {worst} differs by {100 * most:.2g} at.%."
    return {"closed": False, "text": text}


def _power(size: float) -> str:
    """The next larger power of ten."""
    exponent = -math.ceil(math.log10(size) - 1e-9)
    return "10⁻" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(exponent))


def with_latent(record: dict[str, Any], latent: Latent | None, spread: float | None) -> dict[str, Any]:
    """Return the record with its latent part; a failure of `latent` is kept as the text of `latent_problem`."""
    if latent is None:
        return record
    try:
        return record | {"latent": latent_balance(record, latent, spread), "latent_problem": ""}
    except Exception as error:  # noqa: BLE001  (the balance itself stands: the view shows both)
        return record | {"latent": None, "latent_problem": describe(error)}


def latent_balance(record: Mapping[str, Any], latent: Latent, spread: float | None) -> dict[str, Any]:
    """Compare the compound's latent vector with the weighted sum of its products'.

    Returns
    -------
    dict
        ``mean`` and ``mixture`` (d numbers each), ``cosine`` (None where one has no length), ``distance`` between
        them over `spread` (without one over the length of ``mean``) and the same two numbers for each product alone
        in ``parts``.

    Raises
    ------
    MatwidgetsError
        If `latent` gives no finite (n, d) array, or more dimensions than can be drawn.
    """
    given: Sequence[Mapping[str, float]] = [
        record["fractions"],
        *(p["fractions"] for p in record["products"]),
    ]
    vectors = np.asarray(latent([dict(composition) for composition in given]), dtype=float)
    if vectors.ndim != 2 or len(vectors) != len(given) or not np.isfinite(vectors).all():
        raise MatwidgetsError(
            f"The view's latent returned an array of shape {vectors.shape} for {len(given)} compositions: "
            f"return finite numbers of shape ({len(given)}, d)"
        )
    if not 1 <= vectors.shape[1] <= MOST_DIMENSIONS:
        raise MatwidgetsError(
            f"The latent space has {vectors.shape[1]} dimensions, at most {MOST_DIMENSIONS} can be drawn: "
            "project it first"
        )
    mean, parts = vectors[0], vectors[1:]
    mixture = np.array([part["amount"] for part in record["products"]]) @ parts
    scale = float(np.linalg.norm(mean)) if spread is None else spread
    return {
        "mean": _short(mean),
        "mixture": _short(mixture),
        "relative_to": "length" if spread is None else "spread",
        **_likeness(mean, mixture, scale),
        "parts": [_likeness(mean, part, scale) for part in parts],
    }


def _likeness(a: NDArray[np.float64], b: NDArray[np.float64], scale: float) -> dict[str, float | None]:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return {
        "cosine": min(1.0, max(-1.0, float(a @ b) / lengths)) if lengths > 0 else None,
        "distance": float(np.linalg.norm(a - b)) / scale if scale > 0 else None,
    }


def _short(vector: NDArray[np.float64]) -> list[float]:
    return [float(f"{x:.6g}") for x in vector]
