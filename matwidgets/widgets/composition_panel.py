"""CompositionPanel: one slider an element, the sum always one, and the prediction follows the hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.widgets._bounds import checked_bounds, inside, outside_text
from matwidgets.widgets._pictures import panel_picture
from matwidgets.widgets._prediction import (
    Predict,
    ask,
    checked_elements,
    checked_fractions,
    listed,
    number,
    split,
)
from matwidgets.widgets.base import MatWidget

Explain = Callable[[dict[str, float]], Mapping[str, Any]]
"""Fractions by symbol -> {"elements" (k), "contributions" (k,), "unit", "attention" (networks, layers, heads, k, k)};
the attention may be left out."""


class CompositionPanel(MatWidget):
    """Sliders for a composition beside the model's prediction for it.

    Moving is a preview (asked of `predict` by message, latest wins); releasing commits: `fractions` changes,
    and with it `value`, `std` and `in_domain`.

    Parameters
    ----------
    elements : sequence of str
        Two or more different element symbols.
    predict : callable
        Fractions (n, k), in the order of `elements` -> mapping with the arrays ``value`` (n,), ``std`` (n,)
        and ``in_domain`` (n,); with ``std_aleatoric`` and ``std_epistemic`` (n,) the panel shows where the
        uncertainty comes from.
    fractions : mapping or sequence of float, optional
        The composition at the start, atomic; equal parts by default.
    property, label, unit : str
        The property's word, its name for people, and its unit.
    masses : mapping, optional
        Atomic masses for wt.%, g/mol; the page's own table by default.
    locks : sequence of str, optional
        Elements whose amount the sliders leave alone.
    bounds : mapping, optional
        symbol -> (least, most) atomic fraction.
    to_formula : callable, optional
        Fractions by symbol -> formula to show.
    from_formula : callable, optional
        Formula -> amounts by symbol; without it there is no box to type a formula in.
    code_template : str, optional
        What "copy as Python" gives; ``{composition}`` stands for the composition as a dict.
    search_template : str, optional
        What "copy a search" gives; ``{elements}`` stands for the symbols, ``{limits}`` for the locks and
        bounds as arguments. Empty for no such button.
    explain : callable, optional
        Fractions by symbol -> mapping with ``elements`` (k symbols), ``contributions`` (k,), ``unit`` and
        ``attention`` (networks, layers, heads, k, k), for the part of the panel that opens; it is called only
        while that is open.
    for_elements : callable, optional
        Elements -> the `predict` for them; with it the elements may change (linked to a PeriodicTable).

    Raises
    ------
    InputError
        For fewer than two or repeated elements, bounds that no composition keeps, fractions outside the
        bounds.
    """

    stem = "composition_panel"
    LINKS = {"fractions": ("fractions", "both")}

    elements = traitlets.List(traitlets.Unicode(), help="Symbols, in the order of `fractions`.").tag(
        sync=True
    )
    fractions = traitlets.List(traitlets.Float(), help="Committed atomic fractions; sum 1.").tag(sync=True)
    value = traitlets.Float(None, allow_none=True, help="The prediction, in `unit`.").tag(sync=True)
    std = traitlets.Float(None, allow_none=True, help="Its standard deviation, in `unit`.").tag(sync=True)
    std_aleatoric = traitlets.Float(
        None, allow_none=True, help="Its part from the scatter of the data, in `unit`."
    ).tag(sync=True)
    std_epistemic = traitlets.Float(
        None, allow_none=True, help="Its part from the disagreement of the networks, in `unit`."
    ).tag(sync=True)
    in_domain = traitlets.Bool(
        None, allow_none=True, help="Whether the model was trained on materials like this one."
    ).tag(sync=True)
    formula = traitlets.Unicode("", help="The formula of `predicted`.").tag(sync=True)
    predicted = traitlets.List(traitlets.Float(), help="The fractions `value` belongs to.").tag(sync=True)
    property = traitlets.Unicode("", help="Word of the property.").tag(sync=True)
    label = traitlets.Unicode("", help="Name of the property for people.").tag(sync=True)
    unit = traitlets.Unicode("", help="Unit of `value` and `std`.").tag(sync=True)
    locks = traitlets.List(traitlets.Unicode(), help="Elements that the sliders leave alone.").tag(sync=True)
    bounds = traitlets.Dict(help="symbol -> [least, most] atomic fraction.").tag(sync=True)
    mode = traitlets.Enum(["at", "wt"], "at", help="The sliders show at.% or wt.%.").tag(sync=True)
    scale = traitlets.List(traitlets.Float(), help="Ends of the drawn scale, in `unit`.").tag(sync=True)
    masses = traitlets.Dict(help="symbol -> atomic mass in g/mol, for wt.%.").tag(sync=True)
    code_template = traitlets.Unicode("{composition}", help="What 'copy as Python' gives.").tag(sync=True)
    search_template = traitlets.Unicode("", help="What 'copy a search as Python' gives; empty: none.").tag(
        sync=True
    )
    reads_formulas = traitlets.Bool(False, help="Whether there is a box to type a formula in.").tag(sync=True)
    explains = traitlets.Bool(False, help="Whether contributions and attention can be asked for.").tag(
        sync=True
    )

    def __init__(
        self,
        elements: Sequence[str],
        predict: Predict,
        *,
        fractions: Mapping[str, float] | Sequence[float] | None = None,
        property: str = "",  # noqa: A002
        label: str = "",
        unit: str = "",
        masses: Mapping[str, float] | None = None,
        locks: Sequence[str] = (),
        bounds: Mapping[str, Sequence[float]] | None = None,
        to_formula: Callable[[dict[str, float]], str] | None = None,
        from_formula: Callable[[str], Mapping[str, float]] | None = None,
        code_template: str = "model.predict({composition})",
        search_template: str = "",
        explain: Explain | None = None,
        for_elements: Callable[[list[str]], Predict] | None = None,
    ) -> None:
        symbols = checked_elements(elements, least=2, most=None, what="A composition panel")
        limits = checked_bounds(bounds or {}, symbols)
        self._predict, self._for_elements = predict, for_elements
        self._to_formula, self._from_formula = to_formula, from_formula
        self._explain = explain
        self._listening = False
        super().__init__(
            elements=symbols,
            fractions=self._start(symbols, fractions, limits),
            property=property,
            label=label or property.replace("_", " "),
            unit=unit,
            locks=_known(locks, symbols),
            bounds=limits,
            masses=dict(masses or {}),
            code_template=code_template,
            search_template=search_template,
            reads_formulas=from_formula is not None,
            explains=explain is not None,
        )
        self.on_request("predict", self._preview)
        self.on_request("formula", self._read_formula)
        self.on_request("explain", self._explained)
        self._listening = True
        self._settle()
        self.scale = self._scale()

    @staticmethod
    def _start(
        symbols: list[str],
        fractions: Mapping[str, float] | Sequence[float] | None,
        limits: dict[str, list[float]],
    ) -> list[float]:
        if fractions is None:
            return inside([1 / len(symbols)] * len(symbols), symbols, limits)
        amounts = checked_fractions(fractions, symbols)
        problem = outside_text(amounts, symbols, limits)
        if problem:
            raise InputError(
                f"The composition at the start has {problem}: widen the bounds or start elsewhere"
            )
        return amounts

    def commit(self, fractions: Mapping[str, float] | Sequence[float]) -> None:
        """Set the composition as if a hand had released it there.

        Parameters
        ----------
        fractions : mapping or sequence of float
            Amounts; they are normalised.

        Raises
        ------
        InputError
            If they are not a composition of the panel's elements, or outside its bounds.
        """
        amounts = checked_fractions(fractions, self.elements)
        problem = outside_text(amounts, self.elements, self.bounds)
        if problem:
            raise InputError(f"The composition has {problem}: widen the bounds or choose another composition")
        self.fractions = amounts

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect; the elements only where the panel can ask for other ones."""
        return self.LINKS if self._for_elements is None else {**self.LINKS, "elements": ("elements", "in")}

    @traitlets.validate("fractions")
    def _check_fractions(self, proposal: Any) -> list[float]:
        return checked_fractions(proposal["value"], self.elements)

    @traitlets.validate("bounds")
    def _check_bounds(self, proposal: Any) -> dict[str, list[float]]:
        return checked_bounds(proposal["value"], self.elements)

    @traitlets.validate("locks")
    def _check_locks(self, proposal: Any) -> list[str]:
        return _known(proposal["value"], self.elements)

    @traitlets.validate("elements")
    def _check_elements(self, proposal: Any) -> list[str]:
        symbols = list(proposal["value"])
        if self._listening and self._for_elements is None and symbols != self.elements:
            raise InputError(
                f"This panel was made for {' '.join(self.elements)} and cannot show {' '.join(symbols)}: "
                "make another panel, or give this one for_elements"
            )
        return checked_elements(symbols, least=0, most=None, what="A composition panel")

    @traitlets.observe("elements")
    def _changed_elements(self, change: Any) -> None:
        if not self._listening or self._for_elements is None:
            return
        symbols = self.elements
        known = dict(zip(change["old"], self.fractions, strict=False))
        amounts = [known.get(symbol, 0.0) for symbol in symbols]
        # What was not there before starts with an equal part.
        part = 1 / max(len(symbols), 1)
        amounts = [x if symbol in known else part for symbol, x in zip(symbols, amounts, strict=True)]
        total = sum(amounts)
        self._listening = False
        with self.hold_sync():
            self.locks = [symbol for symbol in self.locks if symbol in symbols]
            self.bounds = {}
            self.fractions = [x / total for x in amounts] if total > 0 else [part] * len(symbols)
        self._listening = True
        if not symbols:
            self.value = self.std = self.std_aleatoric = self.std_epistemic = self.in_domain = None
            self.formula, self.predicted = "", []
        else:
            self._predict = self._for_elements(list(symbols))
            self._settle()
            self.guarded(self._rescale)

    @traitlets.observe("fractions")
    def _changed_fractions(self, _change: Any) -> None:
        if self._listening:
            self._settle()

    @traitlets.observe("bounds")
    def _changed_bounds(self, _change: Any) -> None:
        if self._listening and outside_text(self.fractions, self.elements, self.bounds):
            self.fractions = inside(self.fractions, self.elements, self.bounds)

    def _settle(self) -> None:
        """Predict what is committed; everything that belongs together reaches the page in one message."""

        def predict() -> None:
            fractions = list(self.fractions)
            reading = self._reading(fractions)
            with self.hold_sync():
                for name, item in reading.items():
                    setattr(self, name, item)
                self.predicted = fractions

        self.guarded(predict)

    def _reading(self, fractions: Sequence[float]) -> dict[str, Any]:
        row: NDArray[np.float64] = np.asarray([fractions], dtype=float)
        return ask(self._predict, row).first() | {"formula": self._formula(fractions)}

    def _formula(self, fractions: Sequence[float]) -> str:
        present = {s: float(x) for s, x in zip(self.elements, fractions, strict=True) if x > 5e-5}
        if self._to_formula is not None:
            return self._to_formula(present)
        return " ".join(f"{symbol}{x:.3f}" for symbol, x in present.items())

    def _preview(self, data: Any) -> dict[str, Any]:
        return self._reading(checked_fractions(data, self.elements))

    def _explained(self, data: Any) -> dict[str, Any]:
        """Answer the page with contributions and attention as plain numbers."""
        if self._explain is None:
            raise InputError("This panel explains nothing: give it a callable as explain")
        amounts = checked_fractions(data, self.elements)
        # What would read 0.0 % is absent; a network gives it a row of its own all the same.
        present = {s: x for s, x in zip(self.elements, amounts, strict=True) if x > 5e-5}
        told = self._explain(present)
        elements = [str(symbol) for symbol in told["elements"]]
        parts = np.asarray(told["contributions"], dtype=float)
        attention = None if told.get("attention") is None else np.asarray(told["attention"], dtype=float)
        k = len(elements)
        if parts.shape != (k,) or (
            attention is not None and (attention.ndim != 5 or attention.shape[3:] != (k, k))
        ):
            raise MatwidgetsError(
                f"The panel's explain returned contributions of shape {parts.shape} and attention of shape "
                f"{None if attention is None else attention.shape} for {k} elements: "
                f"return ({k},) and (networks, layers, heads, {k}, {k})"
            )
        return {
            "elements": elements,
            "contributions": parts.tolist(),
            "unit": str(told.get("unit", self.unit)),
            "attention": None
            if attention is None
            else {"shape": list(attention.shape), "values": attention.round(4).ravel().tolist()},
        }

    def _read_formula(self, data: Any) -> dict[str, Any]:
        if self._from_formula is None:
            raise InputError("This panel reads no formulas: move the sliders")
        text = str(data).strip()
        amounts = checked_fractions(self._from_formula(text), self.elements)
        problem = outside_text(amounts, self.elements, self.bounds)
        if problem:
            raise InputError(f"{text} has {problem}: widen the limits or choose another formula")
        for symbol, now, then in zip(self.elements, self.fractions, amounts, strict=True):
            if symbol in self.locks and abs(now - then) > 5e-4:
                raise InputError(
                    f"{text} has {100 * then:.1f} at.% {symbol}, which is locked at {100 * now:.1f} at.%: "
                    "unlock it first"
                )
        return {"fractions": amounts}

    def _rescale(self) -> None:
        self.scale = self._scale()

    def _scale(self) -> list[float]:
        """Return the ends of the scale: pure elements, equal pairs, the middle, and what is shown now."""
        k = len(self.elements)
        eye = np.eye(k)
        pairs = [(eye[i] + eye[j]) / 2 for i in range(k) for j in range(i + 1, k)]
        rows = np.vstack(
            [eye, *([np.stack(pairs)] if pairs else []), np.full((1, k), 1 / k), [self.fractions]]
        )
        if self.error:  # the callable has just failed and its text is shown
            return []
        readings = ask(self._predict, rows)
        values = readings.value[np.isfinite(readings.value)]
        if len(values) == 0:
            return []
        low, high = float(values.min()), float(values.max())
        return [low, high] if high > low else [low - 0.5, high + 0.5]

    def static_svg(self) -> str:
        """Return a picture of the committed composition and its prediction."""
        return panel_picture(
            title=self.label,
            elements=self.elements,
            fractions=self.fractions,
            reading=number(self.value, self.std, self.unit),
            outside=self.in_domain is False,
            origin=split(self.std_aleatoric, self.std_epistemic, self.unit),
            note=self.formula,
        )

    def __repr__(self) -> str:
        text = number(self.value, self.std, self.unit)
        mark = ", outside the training data" if self.in_domain is False else ""
        return f"CompositionPanel({listed(self.elements, self.fractions)}: {self.label} {text}{mark})"


def _known(locks: Sequence[str], symbols: Sequence[str]) -> list[str]:
    foreign = [symbol for symbol in locks if symbol not in symbols]
    if foreign:
        raise InputError(f"Cannot lock {', '.join(foreign)}: the panel has {', '.join(symbols)}")
    return list(locks)
