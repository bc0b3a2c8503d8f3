"""SimplexMap: the predicted property over all compositions of three or four elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.widgets._map_picture import map_picture
from matwidgets.widgets._prediction import (
    Predict,
    Readings,
    ask,
    checked_elements,
    checked_fractions,
    listed,
    number,
)
from matwidgets.widgets._simplex import grid_counts, small_copy, steps_of
from matwidgets.widgets.base import MatWidget, array_trait

_AT_ONCE = 1024  # compositions a call of predict: a few MB in the model, and no slower than all at once


class SimplexMap(MatWidget):
    """A triangle (or a tetrahedron in slices) coloured by the prediction, with a composition to move.

    Parameters
    ----------
    elements : sequence of str
        Three or four different element symbols.
    predict : callable
        Fractions (n, k) -> mapping with the arrays ``value``, ``std`` and ``in_domain`` of length n.
    fractions : mapping or sequence of float, optional
        The composition that is marked at the start; equal parts by default.
    unit, label : str
        Of the property.
    path : sequence of sequences of float, optional
        Compositions of an optimiser's way, first to last, in the order of `elements`.
    step : float, optional
        Distance of the computed compositions; 0.02 for three elements and 0.05 for four.

    Raises
    ------
    InputError
        For other than three or four elements, a step that does not divide one, fractions that are no
        composition.
    """

    stem = "simplex_map"
    LINKS = {"fractions": ("fractions", "both"), "path": ("path", "in")}

    elements = traitlets.List(traitlets.Unicode(), help="Symbols; the first is the top corner.").tag(
        sync=True
    )
    fractions = traitlets.List(traitlets.Float(), help="The marked atomic fractions; sum 1.").tag(sync=True)
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
    predicted = traitlets.List(traitlets.Float(), help="The fractions `value` belongs to.").tag(sync=True)
    label = traitlets.Unicode("", help="Name of the property for people.").tag(sync=True)
    unit = traitlets.Unicode("", help="Unit of the property.").tag(sync=True)
    steps = traitlets.Int(50, help="Steps of the grid that the fields are given on.").tag(sync=True)
    field = array_trait(help="Predictions on the grid, lexicographic order.")
    spread = array_trait(help="Their standard deviations.")
    domain = array_trait("uint8", help="1 where the model was trained on such materials, else 0.")
    saved = traitlets.Dict(help="A small copy of the fields: a saved notebook forgets arrays.").tag(sync=True)
    path = traitlets.List(
        traitlets.List(traitlets.Float()), help="An optimiser's compositions, first to last."
    ).tag(sync=True)
    shows = traitlets.Enum(["value", "std"], "value", help="What the colours show.").tag(sync=True)

    def __init__(
        self,
        elements: Sequence[str],
        predict: Predict,
        *,
        fractions: Mapping[str, float] | Sequence[float] | None = None,
        unit: str = "",
        label: str = "",
        path: Sequence[Sequence[float]] | None = None,
        step: float | None = None,
    ) -> None:
        symbols = checked_elements(elements, least=3, most=4, what="A simplex map")
        steps = steps_of(step or (0.02 if len(symbols) == 3 else 0.05), len(symbols))
        start = (
            [1 / len(symbols)] * len(symbols) if fractions is None else checked_fractions(fractions, symbols)
        )
        self._predict = predict
        self._ready = False
        super().__init__(elements=symbols, fractions=start, unit=unit, label=label, steps=steps)
        if path is not None:
            self.path = [checked_fractions(row, symbols) for row in path]
        self._ready = True
        self.refresh()

    def refresh(self) -> None:
        """Compute the fields again, for example after the model has learned; an exception is shown in the
        map.
        """
        self.guarded(self._paint)
        if not self.error:
            self._settle()

    def commit(self, fractions: Mapping[str, float] | Sequence[float]) -> None:
        """Move the mark to a composition (amounts are normalised)."""
        self.fractions = checked_fractions(fractions, self.elements)

    @traitlets.validate("fractions")
    def _check_fractions(self, proposal: Any) -> list[float]:
        return checked_fractions(proposal["value"], self.elements)

    @traitlets.observe("fractions")
    def _changed_fractions(self, _change: Any) -> None:
        if self._ready:
            self._settle()

    def _paint(self) -> None:
        grid = grid_counts(len(self.elements), self.steps) / self.steps
        readings = self._ask_all(grid)
        std = None if np.isnan(readings.std).all() else readings.std
        copy = small_copy(len(self.elements), self.steps, readings.value, std, readings.in_domain)
        with self.hold_sync():
            self.field, self.spread = readings.value, std
            self.domain = None if readings.in_domain is None else readings.in_domain.astype(np.uint8)
            self.saved = copy

    def _ask_all(self, grid: NDArray[np.float64]) -> Readings:
        parts = [ask(self._predict, grid[at : at + _AT_ONCE]) for at in range(0, len(grid), _AT_ONCE)]
        return Readings.joined(parts)

    def _settle(self) -> None:
        def predict() -> None:
            fractions = list(self.fractions)
            reading = ask(self._predict, np.asarray([fractions])).first()
            with self.hold_sync():
                for name, item in reading.items():
                    setattr(self, name, item)
                self.predicted = fractions

        self.guarded(predict)

    def snapshot(self) -> dict[str, Any]:
        """Return the state with the small copy instead of the arrays."""
        state = super().snapshot()
        for name in ("field", "spread", "domain"):
            del state[name]
        return state

    def static_svg(self) -> str:
        """Return the map (of four elements the slice of the marked composition) with the mark and the path."""
        return map_picture(
            elements=self.elements,
            fractions=self.fractions,
            field=self.field,
            steps=self.steps,
            path=self.path,
            title=self.label,
            unit=self.unit,
            reading=number(self.value, self.std, self.unit),
        )

    def __repr__(self) -> str:
        text = number(self.value, self.std, self.unit)
        return f"SimplexMap({'-'.join(self.elements)}; {listed(self.elements, self.fractions)}: {self.label} {text})"
