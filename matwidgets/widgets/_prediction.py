"""What a widget asks a callable: values with their uncertainty for compositions given as arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, MatwidgetsError

Predict = Callable[[NDArray[np.float64]], Mapping[str, Any]]
"""Fractions (n, k) -> arrays (n,): "value", and as far as they are known "std", "std_aleatoric",
"std_epistemic" and "in_domain"."""

_NUMBERS = ("value", "std", "std_aleatoric", "std_epistemic")


@dataclass(frozen=True)
class Readings:
    """Predictions of n compositions; deviations are NaN and `in_domain` None where the callable says nothing.

    The aleatoric deviation is the scatter of the data, the epistemic one how far the networks of an ensemble
    disagree; `std` is both together.
    """

    value: NDArray[np.float64]  # (n,)
    std: NDArray[np.float64]  # (n,)
    std_aleatoric: NDArray[np.float64]  # (n,)
    std_epistemic: NDArray[np.float64]  # (n,)
    in_domain: NDArray[np.bool_] | None  # (n,)

    def first(self) -> dict[str, float | bool | None]:
        """Return the first one as plain numbers, None where there is none."""
        numbers = {name: float(getattr(self, name)[0]) for name in _NUMBERS}
        return {name: x if np.isfinite(x) else None for name, x in numbers.items()} | {
            "in_domain": None if self.in_domain is None else bool(self.in_domain[0])
        }

    @classmethod
    def joined(cls, parts: Sequence[Readings]) -> Readings:
        """Return the predictions of several calls as one."""
        domains = [part.in_domain for part in parts if part.in_domain is not None]
        numbers = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _NUMBERS}
        return cls(**numbers, in_domain=np.concatenate(domains) if len(domains) == len(parts) else None)


def ask(predict: Predict, fractions: NDArray[np.float64]) -> Readings:
    """Call `predict` and check what comes back.

    Parameters
    ----------
    predict : callable
    fractions : ndarray of shape (n, k)
        Atomic fractions; each row sums to one.

    Raises
    ------
    MatwidgetsError
        If the callable gives no values, or not one for each composition.
    """
    given = predict(fractions)
    if not isinstance(given, Mapping) or "value" not in given:
        raise MatwidgetsError(
            f"The widget's predict returned {type(given).__name__} without 'value': "
            "return a mapping with the arrays value, std and in_domain"
        )
    count = len(fractions)
    arrays: dict[str, NDArray[Any]] = {}
    for name in (*_NUMBERS, "in_domain"):
        if given.get(name) is None:
            continue
        arrays[name] = np.asarray(given[name]).reshape(-1)
        if len(arrays[name]) != count:
            raise MatwidgetsError(
                f"The widget's predict returned {len(arrays[name])} numbers as {name!r} "
                f"for {count} compositions: return one for each row"
            )
    domain, unknown = arrays.get("in_domain"), np.full(count, np.nan)
    return Readings(
        **{name: np.asarray(arrays.get(name, unknown), dtype=float) for name in _NUMBERS},
        in_domain=None if domain is None else np.asarray(domain, dtype=bool),
    )


def checked_elements(elements: Sequence[str], *, least: int, most: int | None, what: str) -> list[str]:
    """Return the elements as a list; InputError for repeated ones, too few or too many."""
    symbols = [elements] if isinstance(elements, str) else [str(symbol) for symbol in elements]
    twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if twice:
        raise InputError(f"{what} got {', '.join(twice)} twice: name each element once")
    if len(symbols) < least or (most is not None and len(symbols) > most):
        allowed = f"at least {least}" if most is None else f"{least} to {most}"
        raise InputError(
            f"{what} got {len(symbols)} element(s) ({' '.join(symbols)}): give {allowed} different ones"
        )
    return symbols


def checked_fractions(
    fractions: Mapping[str, float] | Sequence[float] | NDArray[Any], elements: Sequence[str]
) -> list[float]:
    """Return amounts as fractions that sum to one, in the order of `elements`; InputError with the reason."""
    if isinstance(fractions, Mapping):
        foreign = [str(symbol) for symbol, x in fractions.items() if symbol not in elements and x]
        if foreign:
            raise InputError(
                f"The composition holds {', '.join(foreign)}, the widget has {', '.join(elements)}: "
                "leave the others out, or make a widget with all of them"
            )
        amounts = [float(fractions.get(symbol, 0.0)) for symbol in elements]
    else:
        amounts = [float(x) for x in fractions]
    if not elements and not amounts:
        return []  # a panel whose elements are still to be chosen
    if len(amounts) != len(elements):
        raise InputError(
            f"Got {len(amounts)} fractions for {len(elements)} elements ({' '.join(elements)}): "
            "give one for each"
        )
    if not all(np.isfinite(x) and x >= -1e-9 for x in amounts) or sum(amounts) <= 0:
        raise InputError(
            f"Got the fractions {', '.join(f'{x:g}' for x in amounts)}: "
            "each must be zero or more, and one of them above zero"
        )
    total = sum(max(x, 0.0) for x in amounts)
    return [max(x, 0.0) / total for x in amounts]


def listed(elements: Sequence[str], fractions: Sequence[float]) -> str:
    """``Ti 52.6 %, C 47.4 %``, without what is absent."""
    return ", ".join(f"{s} {100 * x:.1f} %" for s, x in zip(elements, fractions, strict=True) if x >= 5e-4)


def number(value: float | None, std: float | None, unit: str) -> str:
    """``238.8 ± 6.4 GPa``: the uncertainty to two figures, the value with as many decimals."""
    if value is None:
        return "no prediction"
    if std is None or std <= 0:
        return f"{value:.4g} {unit}".rstrip()
    power = int(np.floor(np.log10(abs(value)))) if value else 0
    scaled = power if power < -3 or power > 5 else 0
    v, s = value / 10.0**scaled, std / 10.0**scaled
    order = int(np.floor(np.log10(s)))
    digits = min(4, max(1 if order >= 1 else 1 - order, 0))
    body = f"{v:.{digits}f} ± {s:.{digits}f}"
    return f"({body})e{scaled} {unit}".rstrip() if scaled else f"{body} {unit}".rstrip()


def split(aleatoric: float | None, epistemic: float | None, unit: str) -> str:
    """``scatter of the data ± 5.2, the networks disagree by ± 3.1 GPa``; "" where it is not known."""
    if aleatoric is None or epistemic is None:
        return ""
    return (
        f"scatter of the data ± {aleatoric:.2g}, the networks disagree by ± {epistemic:.2g} {unit}".rstrip()
    )
