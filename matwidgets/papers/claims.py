"""A paper's statements and what an experiment found about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from matwidgets.errors import InputError

Value = float | tuple[float, float] | list[float] | str  # a number, an interval, or a phenomenon
Relation = Literal["equal", "at most", "at least"]


@dataclass(frozen=True)
class Claim:
    """One statement of a paper that can be checked; a record of ``<word>.toml``.

    Attributes
    ----------
    id, quantity, unit : str
        ``unit`` is "" for a phenomenon.
    published : float, (low, high) or str
        A number, an interval, or a short string for a phenomenon.
    where : str
        Place in the paper.
    tolerance : float or None
        In ``unit``; None for a phenomenon.
    tolerance_reason : str
        The evidence for it: spread over seeds, or the paper's own.
    control_is : str
        The simplest thing that could explain the result.
    protocol : str
        How the number is obtained here.
    relation : {"equal", "at most", "at least"}
        How ``published`` is to be read.
    digits : int
        Decimals that are printed.
    planned : bool
        True while no code computes it.
    recorded : dict or None
        ``{"value", "where"}``, a number from training time; it never earns a verdict.
    """

    id: str
    quantity: str
    unit: str
    published: Value
    where: str
    tolerance_reason: str
    control_is: str
    protocol: str
    tolerance: float | None = None
    relation: Relation = "equal"
    digits: int = 1
    planned: bool = False
    recorded: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.relation not in ("equal", "at most", "at least"):
            raise InputError(
                f"Claim {self.id!r}: relation {self.relation!r} is unknown; use equal, at most or at least"
            )
        if not isinstance(self.published, str) and self.tolerance is None:
            raise InputError(
                f"Claim {self.id!r} publishes a number without a tolerance; give one with tolerance_reason"
            )


@dataclass(frozen=True)
class Finding:
    """What an experiment hands to the ledger.

    Attributes
    ----------
    here, control : float, (low, high), str or None
        Computed in this run; None (both) if the claim could not be attempted.
    why : str
        One sentence: what explains the difference, or why it was not attempted.
    """

    here: Value | None
    control: Value | None
    why: str = ""


@dataclass(frozen=True)
class Deviation:
    """Something done otherwise than the paper, on purpose.

    Attributes
    ----------
    what, why, effect : str
    """

    what: str
    why: str
    effect: str


def interval(value: Value) -> tuple[float, float]:
    """Read a number as an interval of width zero; refuse what is not finite."""
    if isinstance(value, str):
        raise InputError(f"{value!r} is text where a number is needed; give a number or [low, high]")
    low, high = value if isinstance(value, (tuple, list)) else (value, value)
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise InputError(f"{value!r} is no finite number or [low, high]; leave it None if it does not exist")
    return float(low), float(high)


def gap(published: tuple[float, float], found: tuple[float, float], relation: Relation) -> float:
    """Measure the distance of two intervals: zero where they touch, or on the allowed side of a bound."""
    above, below = found[0] - published[1], published[0] - found[1]
    if relation == "at most":
        return max(0.0, above)
    if relation == "at least":
        return max(0.0, below)
    return max(0.0, above, below)
