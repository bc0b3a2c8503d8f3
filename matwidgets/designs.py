"""Design a composition: start a fraction search, and put the brute-force grid beside what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from matwidgets.errors import InputError
from matwidgets.features.composition import simplex_grid, snap, to_fractions
from matwidgets.inverse.feasible import MIN_FRACTION, Feasible, SimplexMap
from matwidgets.inverse.fractions import FractionSearch, Objective, SearchResult, SearchSettings, present
from matwidgets.inverse.grid import Grid, grid_step, search_grid
from matwidgets.inverse.polish import Point
from matwidgets.predictors import Predictor, load
from matwidgets.run import Run
from matwidgets.training import threads

DEFAULT_WORD = "crabnet"


@dataclass
class DesignResult:
    """What an inverse design found, beside the brute-force grid.

    Attributes
    ----------
    elements : tuple of str, length k
    predictor : Predictor
    direction : {"maximize", "minimize"}
    search : SearchResult
    formula : str
        Small integer formula next to the final composition.
    value_at_formula : float
        Predicted value of that formula, in the property's unit.
    grid : Grid or None
        Every composition of up to four elements; None for more.
    corner : Point
        The best composition anywhere, feasible or not.
    corner_remark : str or None
        Says so if that composition is a training row.
    seed : int
    """

    elements: tuple[str, ...]
    predictor: Predictor
    direction: Literal["maximize", "minimize"]
    search: SearchResult
    formula: str
    value_at_formula: float
    grid: Grid | None
    corner: Point
    corner_remark: str | None
    seed: int

    @property
    def sign(self) -> float:
        """1 if the property was maximised, -1 if it was minimised."""
        return self.search.sign

    @property
    def final_fractions(self) -> dict[str, float]:
        """Fractions of the final composition, absent elements left out."""
        return present(self.elements, self.search.final.fractions)

    @property
    def grid_shortfall(self) -> float | None:
        """How far the final value is from the grid's best, as a share of the grid's range; below 0 if it is better."""
        if self.grid is None:
            return None
        low, high = self.grid.range
        return (
            self.sign * (self.grid.best(self.sign).value - self.search.final.value) / max(high - low, 1e-12)
        )

    def to_dict(self) -> dict[str, Any]:
        """The result as one JSON document; numbers that do not exist are None."""
        name = self.predictor.property

        def point(p: Point, **more: Any) -> dict[str, Any]:
            fractions = {e: float(x) for e, x in zip(self.elements, p.fractions, strict=True)}
            return {"fractions": fractions, "values": {name: p.value}, **more}

        grid_best = None
        if self.grid is not None:
            best = self.grid.best(self.sign)
            grid_best = point(best, step=self.grid.step, range=list(self.grid.range))
        return {
            "elements": list(self.elements),
            "objectives": [{"property": name, "direction": self.direction, "weight": 1.0}],
            "start": point(self.search.start),
            "final": point(
                self.search.final,
                std={name: self.search.final.std},
                formula=self.formula,
                values_at_formula={name: self.value_at_formula},
            ),
            "constraints": {
                "min_elements": self.search.feasible.min_elements, "min_fraction": self.search.feasible.min_fraction
            },
            "grid_best": grid_best,
            "corner_best": point(self.corner, remark=self.corner_remark),
            "pareto": [],
            "steps": self.search.steps,
            "seed": self.seed,
            "evaluations": self.search.evaluations,
            "history": [{"step": i, **point(p)} for i, p in enumerate(self.search.path)],
        }  # fmt: skip

    def __repr__(self) -> str:
        final = self.search.final
        return (
            f"<DesignResult {self.formula}: {self.predictor.property} {final.value:.4g} +- {final.std:.2g} "
            f"{self.predictor.unit}, {self.search.evaluations} evaluations>"
        )


class _Design:
    """A fraction search that ends with the grid and the snapped formula; made and used in the worker thread."""

    def __init__(
        self,
        predictor: Predictor,
        direction: Literal["maximize", "minimize"],
        feasible: Feasible,
        settings: SearchSettings,
    ) -> None:
        threads.apply(predictor.weights)
        self.predictor, self.direction, self.settings = predictor, direction, settings
        self.property = predictor.on(feasible.elements)
        self.search = FractionSearch(Objective(self.property, direction), feasible, settings)
        self.past, self.save = self.search.past, self.search.save

    @property
    def finished(self) -> bool:
        return self.search.finished

    def advance(self) -> dict[str, Any]:
        return self.search.advance()

    def result(self) -> DesignResult:
        found, feasible = self.search.result(), self.search.feasible
        elements, k = feasible.elements, len(feasible.elements)
        sign = found.sign
        formula = snap(present(elements, found.final.fractions))
        snapped_fractions = to_fractions(formula)
        row = np.array([[snapped_fractions.get(e, 0.0) for e in elements]])
        step = grid_step(k)
        grid = None
        if step is not None:
            grid = search_grid(self.property, feasible, simplex_grid(k, step), step)
            corner = grid.best(sign, anywhere=True)
        else:
            pure = np.eye(k)
            value, std = self.search.evaluate(pure)
            i = int((sign * value).argmax())
            corner = max(
                found.final, Point(pure[i], float(value[i]), float(std[i])), key=lambda p: sign * p.value
            )
        numbers = self.predictor.numbers_of(elements)[None]
        known = bool(self.predictor.domain.is_training_row(numbers, corner.fractions[None])[0])
        return DesignResult(
            elements, self.predictor, self.direction, found, formula, float(self.search.evaluate(row)[0][0]), grid,
            corner, "a training row, not a discovery" if known else None, self.settings.seed,
        )  # fmt: skip


def design(
    elements: Sequence[str],
    *,
    maximize: Predictor | str | None = None,
    minimize: Predictor | str | None = None,
    steps: int = 100,
    starts: int = 32,
    map: SimplexMap = "softmax",  # noqa: A002 - the field's word
    bounds: Mapping[str, tuple[float, float]] | None = None,
    min_elements: int = 2,
    min_fraction: float = MIN_FRACTION,
    polish: bool = True,
    seed: int = 0,
    start: bool = True,
) -> Run:
    """Search the composition of a system that has the best predicted property.

    Parameters
    ----------
    elements : sequence of str
        At least two.
    maximize, minimize : Predictor or str
        The property, as a predictor or by the name of a shipped one; exactly one of the two.
    steps, starts, map, polish, seed
        See ``SearchSettings``; ``starts=1, polish=False`` is the paper's search.
    bounds : mapping of element to (low, high), optional
        Bounds of atomic fractions.
    min_elements, min_fraction
        At least ``min_elements`` elements have at least this atomic fraction each.
    start : bool
        Start at once.

    Returns
    -------
    Run
        Its ``result`` is a ``DesignResult``.

    Raises
    ------
    InputError
        For input that no search could satisfy; at once, not in the worker thread.
    """
    given = [(d, p) for d, p in (("maximize", maximize), ("minimize", minimize)) if p is not None]
    if len(given) != 1:
        raise InputError(
            f"{len(given)} objectives given; a search follows one: give maximize=... or minimize=..."
        )
    direction, wanted = given[0]
    predictor = load(DEFAULT_WORD, wanted) if isinstance(wanted, str) else wanted
    for element in elements:
        to_fractions({element: 1.0})  # names an unknown element and what it may have meant
    predictor.check_elements(elements)
    feasible = Feasible.build(elements, bounds, min_elements, min_fraction)
    settings = SearchSettings(steps=steps, starts=starts, map=map, polish=polish, seed=seed)
    own = predictor.copy()  # the worker thread alone works with these weights
    run = Run(
        lambda: _Design(own, direction, feasible, settings),  # type: ignore[arg-type]
        title=f"{direction} {predictor.label.lower()} of {'-'.join(elements)}",
        kind="design",
        total=steps,
        meta={
            "elements": list(elements), "n_starts": starts,
            "objectives": [{
                "property": predictor.property, "direction": direction, "weight": 1.0, "unit": predictor.unit,
                "label": predictor.label,
            }],
        },
    )  # fmt: skip
    return run.start() if start else run
