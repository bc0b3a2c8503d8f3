"""PeriodicTable: choose the elements of a system, or see a value for each element."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from matwidgets.errors import InputError
from matwidgets.widgets._colours import SYMBOLS
from matwidgets.widgets._pictures import table_picture
from matwidgets.widgets.base import MatWidget


class PeriodicTable(MatWidget):
    """The periodic table as a chooser and as a heat map.

    Parameters
    ----------
    selected : sequence of str
        Elements that are chosen at the start, in order.
    values : mapping, optional
        symbol -> number; shown as colours with a legend. Numbers that do not exist (NaN) are left out.
    allowed : sequence of str, optional
        Elements that can be chosen; all by default.
    limit : int, optional
        How many can be chosen at most.
    unit, label : str
        Of the values, for the legend; the label is also the title.

    Raises
    ------
    InputError
        For an unknown element, an element chosen that is not allowed, or more than the limit.
    """

    stem = "periodic_table"
    LINKS = {"elements": ("selected", "out")}

    selected = traitlets.List(traitlets.Unicode(), help="Chosen elements, in the order of choice.").tag(
        sync=True
    )
    values = traitlets.Dict(help="symbol -> number, shown as colours.").tag(sync=True)
    allowed = traitlets.List(
        traitlets.Unicode(), None, allow_none=True, help="Elements that can be chosen; None: all."
    ).tag(sync=True)
    limit = traitlets.Int(None, allow_none=True, help="How many can be chosen at most.").tag(sync=True)
    unit = traitlets.Unicode("", help="Unit of the values.").tag(sync=True)
    label = traitlets.Unicode("", help="Title, and name of the values.").tag(sync=True)

    def __init__(
        self,
        *,
        selected: Sequence[str] = (),
        values: Mapping[str, float] | None = None,
        allowed: Sequence[str] | None = None,
        limit: int | None = None,
        unit: str = "",
        label: str = "",
    ) -> None:
        super().__init__(
            allowed=None if allowed is None else list(allowed),
            limit=limit,
            values=dict(values or {}),
            unit=unit,
            label=label,
        )
        # After what it is checked against.
        self.selected = [selected] if isinstance(selected, str) else list(selected)

    @traitlets.validate("selected")
    def _check_selected(self, proposal: Any) -> list[str]:
        symbols = [_known(symbol) for symbol in proposal["value"]]
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
        if twice:
            raise InputError(f"{', '.join(twice)} is chosen twice: name each element once")
        if self.allowed is not None and (foreign := [s for s in symbols if s not in self.allowed]):
            raise InputError(f"{', '.join(foreign)} cannot be chosen: allowed are {', '.join(self.allowed)}")
        if self.limit is not None and len(symbols) > self.limit:
            raise InputError(
                f"{len(symbols)} elements are chosen, allowed are at most {self.limit}: take some out"
            )
        return symbols

    @traitlets.validate("allowed")
    def _check_allowed(self, proposal: Any) -> list[str] | None:
        symbols = proposal["value"]
        return None if symbols is None else [_known(symbol) for symbol in symbols]

    @traitlets.validate("limit")
    def _check_limit(self, proposal: Any) -> int | None:
        limit = proposal["value"]
        if limit is not None and limit < 1:
            raise InputError(f"The limit is {limit}: give 1 or more, or None for no limit")
        return limit

    @traitlets.validate("values")
    def _check_values(self, proposal: Any) -> dict[str, float]:
        numbers = {_known(symbol): float(x) for symbol, x in proposal["value"].items() if x is not None}
        return {symbol: x for symbol, x in numbers.items() if np.isfinite(x)}

    def static_svg(self) -> str:
        """Return the table as a picture: the chosen elements filled, or the values as colours."""
        return table_picture(
            title=self.label or "Elements",
            selected=self.selected,
            values=self.values,
            allowed=self.allowed,
            unit=self.unit,
        )

    def __repr__(self) -> str:
        chosen = " ".join(self.selected) or "nothing chosen"
        values = f"; {len(self.values)} values" if self.values else ""
        return f"PeriodicTable({chosen}{values})"


def _known(symbol: Any) -> str:
    if symbol in SYMBOLS:
        return str(symbol)
    near = difflib.get_close_matches(str(symbol).capitalize(), SYMBOLS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "give symbols such as Ti, Cd, C"
    raise InputError(f"Unknown element {str(symbol)!r}: {hint}")
