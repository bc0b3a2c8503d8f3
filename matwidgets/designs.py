"""Design a composition: start a fraction search, and put the brute-force grid beside what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.errors import InputError
from matwidgets.features.composition import snap, to_fractions
from matwidgets.inverse.feasible import MIN_FRACTION, Feasible, SimplexMap
from matwidgets.inverse.fractions import FractionSearch, SearchResult, SearchSettings, present
from matwidgets.inverse.grid import Grid, grid_points, search_grid
from matwidgets.inverse.objectives import (
    Batch,
    Criteria,
    Direction,
    Objective,
    Point,
    require_objectives,
)
from matwidgets.inverse.pareto import spread
from matwidgets.inverse.steering import FrontMethod
from matwidgets.predictors import Predictor, load
from matwidgets.run import Run
from matwidgets.training import threads

if TYPE_CHECKING:
    from matwidgets.inverse.penalties import Penalty

DEFAULT_WORD = "crabnet"
STARTS = {1: 32, 2: 64}  # by the number of objectives: a front has more places to go
CANDIDATES = 100  # points of the front that are snapped to formulas
SHOWN = 20  # points of the front in a result
FEWEST = 5

Wanted = Predictor | str
Several = Wanted | Sequence[Wanted]
Targets = Mapping[str, float] | Sequence[tuple[Wanted, float]]


@dataclass(frozen=True)
class Aim:
    """One objective as the user gave it."""

    predictor: Predictor
    direction: Direction
    weight: float = 1.0
    target: float | None = None

    @property
    def name(self) -> str:
        """The property's name."""
        return self.predictor.property

    def to_dict(self) -> dict[str, Any]:
        """Property, direction and weight; a target value if there is one."""
        told = {"property": self.name, "direction": self.direction, "weight": self.weight}
        return told if self.target is None else told | {"target": self.target}


@dataclass
class ParetoPoint:
    """A composition that is best in its way: nothing seen is better in one property and no worse in the other.

    Attributes
    ----------
    fractions : ndarray, shape (k,)
    values, std : dict of property to number
        In the properties' units.
    formula : str
        Small integer formula next to the composition.
    values_at_formula : dict of property to number
    known : bool or None
        Whether that formula is in one of the tables on this machine; None if there is no table.
    """

    fractions: np.ndarray
    values: dict[str, float]
    std: dict[str, float]
    formula: str
    values_at_formula: dict[str, float]
    known: bool | None


@dataclass
class DesignResult:
    """What an inverse design found, beside the brute-force grid.

    Attributes
    ----------
    elements : tuple of str, length k
    aims : tuple of Aim
        One or two.
    search : SearchResult
    snapped : ParetoPoint
        The final composition with its small integer formula.
    pareto : list of ParetoPoint
        With two objectives: the front, at most 20 points that cover it evenly, by the first property.
    grid : Grid or None
        Every composition of up to four elements; None for more.
    corner : Point
        The best composition anywhere, feasible or not.
    corner_remark : str or None
        Says so if that composition is a training row.
    seed : int
    """

    elements: tuple[str, ...]
    aims: tuple[Aim, ...]
    search: SearchResult
    snapped: ParetoPoint
    pareto: list[ParetoPoint]
    grid: Grid | None
    corner: Point
    corner_remark: str | None
    seed: int
    criteria: Criteria = field(repr=False)

    @property
    def predictor(self) -> Predictor:
        """The first objective's."""
        return self.aims[0].predictor

    @property
    def formula(self) -> str:
        """Small integer formula next to the final composition."""
        return self.snapped.formula

    @property
    def value_at_formula(self) -> float:
        """The first property's predicted value of that formula, in its unit."""
        return self.snapped.values_at_formula[self.aims[0].name]

    @property
    def final_fractions(self) -> dict[str, float]:
        """Fractions of the final composition, absent elements left out."""
        return present(self.elements, self.search.final.fractions)

    @property
    def grid_shortfall(self) -> float | None:
        """How far the final score is from the grid's best, as a share of the grid's range; below 0 if it is better."""
        return None if self.grid is None else self.grid.shortfall(self.search.final, self.criteria)

    @property
    def grid_hypervolume(self) -> float | None:
        """Hypervolume of the grid's front, from the same reference as that of the search."""
        if self.grid is None or self.search.reference is None:
            return None
        return self.grid.hypervolume(self.search.reference)

    def to_dict(self) -> dict[str, Any]:
        """The result as one JSON document; numbers that do not exist are None."""
        names = [aim.name for aim in self.aims]

        def by_element(fractions: np.ndarray) -> dict[str, float]:
            return {e: float(x) for e, x in zip(self.elements, fractions, strict=True)}

        def point(p: Point, **more: Any) -> dict[str, Any]:
            values = dict(zip(names, p.values.tolist(), strict=True))
            return {"fractions": by_element(p.fractions), "values": values, **more}

        def shown(p: ParetoPoint) -> dict[str, Any]:
            return vars(p) | {"fractions": by_element(p.fractions)}

        final = self.search.final
        grid_best = None
        if self.grid is not None:
            ranges = [list(r) for r in self.grid.ranges]
            grid_best = point(
                self.grid.best(),
                step=self.grid.step,
                range=ranges[0] if len(names) == 1 else dict(zip(names, ranges, strict=True)),
            )
        return {
            "elements": list(self.elements),
            "objectives": [aim.to_dict() for aim in self.aims],
            "kappa": self.criteria.kappa,
            "start": point(self.search.start),
            "final": shown(self.snapped) | {
                "std_aleatoric": dict(zip(names, final.aleatoric.tolist(), strict=True)),
                "std_epistemic": dict(zip(names, final.epistemic.tolist(), strict=True)),
            },
            "constraints": {
                "min_elements": self.search.feasible.min_elements, "min_fraction": self.search.feasible.min_fraction
            },
            "grid_best": grid_best,
            "corner_best": point(self.corner, remark=self.corner_remark),
            "pareto": [shown(p) for p in self.pareto],
            "hypervolume": self.search.hypervolume,
            "grid_hypervolume": self.grid_hypervolume,
            "steps": self.search.steps,
            "seed": self.seed,
            "evaluations": self.search.evaluations,
            "history": [{"step": i, **point(p)} for i, p in enumerate(self.search.path)],
        }  # fmt: skip

    def __repr__(self) -> str:
        final = self.search.final
        said = ", ".join(
            f"{aim.name} {value:.4g} +- {std:.2g} {aim.predictor.unit}".rstrip()
            for aim, value, std in zip(self.aims, final.values, final.stds, strict=True)
        )
        front = f", front of {len(self.pareto)}" if self.pareto else ""
        return f"<DesignResult {self.formula}: {said}{front}, {self.search.evaluations} evaluations>"


class _Design:
    """A fraction search that ends with the grid and the snapped formulas; made and used in the worker thread."""

    def __init__(
        self,
        aims: Sequence[Aim],
        feasible: Feasible,
        settings: SearchSettings,
        kappa: float,
        penalties: Sequence[tuple[float, Penalty]],
    ) -> None:
        threads.apply(max(aim.predictor.weights for aim in aims))
        self.aims, self.settings = tuple(aims), settings
        self.criteria = Criteria(
            tuple(
                Objective(a.predictor.on(feasible.elements), a.direction, a.weight, a.target) for a in aims
            ),
            kappa,
            tuple(penalties),
        )
        self.search = FractionSearch(self.criteria, feasible, settings)
        self.past, self.save = self.search.past, self.search.save

    @property
    def finished(self) -> bool:
        return self.search.finished

    def advance(self) -> dict[str, Any]:
        return self.search.advance()

    def result(self) -> DesignResult:
        found, feasible = self.search.result(), self.search.feasible
        elements = feasible.elements
        chosen = Batch.of([found.final])
        if found.front is not None:
            front = found.front.take(spread(found.front.utility, CANDIDATES))
            chosen = Batch.join([chosen, front])
        snapped, *on_front = self._snapped(chosen, elements)
        pareto = []
        if found.front is not None:
            pareto = [on_front[i] for i in _told(on_front, front)]
            pareto.sort(key=lambda p: tuple(p.values.values()))
        pure = self.search.evaluate(np.eye(len(elements)))
        corners = [found.final, pure.point(int(self.criteria.score(pure.utility).argmax()))]
        grid, on_grid = None, grid_points(feasible)
        if on_grid is not None:
            grid = search_grid(self.criteria, feasible, *on_grid)
            corners.insert(0, grid.best(anywhere=True))
        corner = max(corners, key=lambda p: float(self.criteria.score(p.utility[None])[0]))
        known = [
            bool(a.predictor.domain.is_training_row(a.predictor.numbers_of(elements)[None], corner.fractions[None])[0])
            for a in self.aims
        ]  # fmt: skip
        return DesignResult(
            elements, self.aims, found, snapped, pareto, grid, corner,
            "a training row, not a discovery" if all(known) else None, self.settings.seed, self.criteria,
        )  # fmt: skip

    def _snapped(self, points: Batch, elements: Sequence[str]) -> list[ParetoPoint]:
        """Each point with the small formula next to it, what is predicted there, and whether it is known."""
        from matwidgets.data.known import is_known

        names = self.criteria.names
        formulas = [snap(present(elements, fractions)) for fractions in points.fractions]
        parts = [to_fractions(formula) for formula in formulas]
        known: Sequence[bool | None] = is_known(formulas) or [None] * len(formulas)
        there = self.search.evaluate(np.array([[part.get(e, 0.0) for e in elements] for part in parts]))
        return [
            ParetoPoint(
                p.fractions, dict(zip(names, p.values.tolist(), strict=True)),
                dict(zip(names, p.stds.tolist(), strict=True)), formula,
                dict(zip(names, there.values[i].tolist(), strict=True)), known[i],
            )
            for i, (p, formula) in enumerate(zip(map(points.point, range(len(points))), formulas, strict=True))
        ]  # fmt: skip


def _told(points: Sequence[ParetoPoint], front: Batch) -> list[int]:
    """Which points of a front to show: an even choice of those with formulas of their own.

    Of several next to one formula the one that is nearest to it in utility; where too few are left, all may be shown.
    """
    nearest: dict[str, int] = {}
    for i, point in enumerate(points):
        other = nearest.setdefault(point.formula, i)
        if _miss(point) < _miss(points[other]):
            nearest[point.formula] = i
    rows = np.array(sorted(nearest.values()))
    if len(rows) < FEWEST:
        rows = np.arange(len(points))
    return [int(i) for i in rows[spread(front.utility[rows], SHOWN)]]


def _miss(point: ParetoPoint) -> float:
    """How far a point is from its formula, in its standard deviations."""
    return max(abs(point.values[p] - point.values_at_formula[p]) / point.std[p] for p in point.values)


def design(
    elements: Sequence[str],
    *,
    maximize: Several | None = None,
    minimize: Several | None = None,
    target: Targets | None = None,
    weights: Mapping[str, float] | None = None,
    kappa: float = 0.0,
    steps: int = 100,
    starts: int | None = None,
    map: SimplexMap = "softmax",  # noqa: A002 - the field's word
    front: FrontMethod = "chebyshev",
    bounds: Mapping[str, tuple[float, float]] | None = None,
    locks: Mapping[str, float] | None = None,
    min_elements: int = 2,
    min_fraction: float = MIN_FRACTION,
    neutrality: float = 0.0,
    electronegativity: float = 0.0,
    polish: bool = True,
    seed: int = 0,
    start: bool = True,
) -> Run:
    """Search the compositions of a system that have the best predicted property, or the best two together.

    Parameters
    ----------
    elements : sequence of str
        At least two.
    maximize, minimize : Predictor, str, or a sequence of these
        Properties, as predictors or by the names of shipped ones; one or two in all, with ``target``.
    target : mapping of property to value, or a list of (Predictor or str, value)
        Properties that are to come near a value, in their units.
    weights : mapping of property to number, optional
        Weights of two objectives against each other, 1 if not given; a standard deviation of the one property's
        training targets counts as much as one of the other's.
    kappa : float
        Standard deviations taken off each prediction: above 0 the search is careful.
    steps, starts, map, front, polish, seed
        See ``SearchSettings``; ``starts=1, polish=False`` is the paper's search. By default there are 32 starts for one
        objective, 64 for two.
    bounds : mapping of element to (low, high), optional
        Bounds of atomic fractions.
    locks : mapping of element to fraction, optional
        Elements that are held at one atomic fraction.
    min_elements, min_fraction
        At least ``min_elements`` elements have at least this atomic fraction each.
    neutrality, electronegativity : float
        Weights of the penalties of ``inverse/penalties.py``, for compositions that no oxidation states make neutral,
        and whose anions are not the more electronegative; in standard deviations, 0 is off.
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
    given = _aims(maximize, minimize, target, dict(weights or {}))
    for element in elements:
        to_fractions({element: 1.0})  # names an unknown element and what it may have meant
    for aim in given:
        aim.predictor.check_elements(elements)
    feasible = Feasible.build(elements, bounds, min_elements, min_fraction, locks)
    settings = SearchSettings(
        steps=steps, starts=STARTS[len(given)] if starts is None else starts, map=map, polish=polish, front=front,
        seed=seed,
    )  # fmt: skip
    penalties = _penalties(feasible.elements, neutrality, electronegativity)
    # The worker thread alone works with these weights.
    aims = [Aim(a.predictor.copy(), a.direction, a.weight, a.target) for a in given]
    for aim in aims:
        Criteria((Objective(aim.predictor.on(elements), aim.direction, aim.weight, aim.target),), kappa)
    goals = " and ".join(f"{a.direction} {a.predictor.label.lower()}" for a in given)
    run = Run(
        lambda: _Design(aims, feasible, settings, kappa, penalties),
        title=f"{goals} of {'-'.join(elements)}",
        kind="design",
        total=steps,
        meta={
            "elements": list(elements), "n_starts": settings.starts, "kappa": kappa,
            "objectives": [
                a.to_dict() | {"unit": a.predictor.unit, "label": a.predictor.label, "target": a.target} for a in given
            ],
        },
    )  # fmt: skip
    return run.start() if start else run


def _aims(
    maximize: Several | None, minimize: Several | None, target: Targets | None, weights: dict[str, float]
) -> list[Aim]:
    """The objectives in the order of the arguments; their models are loaded when their number and names are right."""
    pairs = list(target.items()) if isinstance(target, Mapping) else list(target or ())
    wanted: list[tuple[Direction, Wanted, float | None]] = [
        *(("maximize", p, None) for p in _listed(maximize)),
        *(("minimize", p, None) for p in _listed(minimize)),
        *(("target", p, float(value)) for p, value in pairs),
    ]
    names = [p if isinstance(p, str) else p.property for _, p, _ in wanted]
    require_objectives(names)
    for name in weights:
        if name not in names:
            raise InputError(
                f"Weight of {name!r}, which is no objective here; weigh {' or '.join(map(repr, names))}"
            )
    return [
        Aim(load(DEFAULT_WORD, p) if isinstance(p, str) else p, direction, float(weights.get(name, 1.0)), value)
        for (direction, p, value), name in zip(wanted, names, strict=True)
    ]  # fmt: skip


def _listed(given: Several | None) -> list[Wanted]:
    if given is None:
        return []
    return [given] if isinstance(given, str | Predictor) else list(given)


def _penalties(
    elements: Sequence[str], neutrality: float, electronegativity: float
) -> list[tuple[float, Penalty]]:
    """The penalties whose weight is not 0."""
    for name, weight in (("neutrality", neutrality), ("electronegativity", electronegativity)):
        if not 0 <= weight < float("inf"):
            raise InputError(f"The weight {name} is {weight:g}; give a number from 0, where 0 is off")
    if not (neutrality or electronegativity):
        return []
    from matwidgets.inverse.penalties import electronegativity_penalty, neutrality_penalty

    made = [(neutrality, neutrality_penalty), (electronegativity, electronegativity_penalty)]
    return [(weight, make(elements)) for weight, make in made if weight]
