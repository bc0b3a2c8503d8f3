"""OptimizationTracker: a composition on its way to a better property, watched and steered while the optimiser runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from traitlets import Float, Int, List, Unicode, validate

from matwidgets.errors import InputError
from matwidgets.widgets._colours import PALETTE, element_colours
from matwidgets.widgets._curves import ACCENT, Curve, Panel, svg
from matwidgets.widgets._front_picture import FrontPanel
from matwidgets.widgets._fronts import Fronts, front_columns, front_points
from matwidgets.widgets._records import Table, design_columns, design_row, family_columns, family_row
from matwidgets.widgets._shares import drawn_shares
from matwidgets.widgets._tracker import FOLLOW, RunTracker, require_run, wire

MOST_FAMILY_ROWS = 250  # of one message
FAMILY_LIMIT = 8_000  # bytes of JSON in a saved notebook
FAMILY_SAVED = 48  # starts in a saved notebook
MOST_FRONTS = 60  # of one message
FRONTS_LIMIT = 6_000  # bytes of JSON in a saved notebook
FRONT_POINTS = 32  # of a result
WITH_FRONT = 16_000  # bytes of JSON of the curves in a saved notebook that keeps a front as well
OTHERS, TRIAL = PALETTE[7], PALETTE[1]  # elements without a line; points of a search point by point
PATH_POINTS = 120  # of the path that a map of the composition draws; fewer where no map can draw it


class OptimizationTracker(RunTracker):
    """Properties, uncertainty, loss and every element's at.% against steps, with the run's controls.

    With two objectives the Pareto front stands beside the curves: its points can be chosen by mouse and keyboard,
    and the chosen one gives `fractions` to the widgets that are linked.

    Parameters
    ----------
    run : Run
        A design run, for example what ``matwidgets.design`` returns: ``run.meta`` holds ``elements`` and
        ``objectives``.

    Raises
    ------
    InputError
        If the object is no design run.

    Examples
    --------
    >>> OptimizationTracker(matwidgets.design(["Ti", "Cd", "C"], maximize="bulk_modulus"))  # doctest: +SKIP
    """

    stem = "optimization_tracker"
    guide = "loss"
    LINKS = {
        "elements": ("elements", "out"),
        "fractions": ("fractions", "out"),
        "path": ("path", "out"),
        "trial": ("trial", "out"),
    }

    elements = List(Unicode(), help="Chemical symbols, in the order of the fractions.").tag(sync=True)
    fractions = List(
        Float(), help="Atomic fractions of the step that is looked at, or of the chosen point; sum 1."
    ).tag(sync=True)
    chosen = List(
        Float(),
        help="Both values of the chosen point of the Pareto front, in the properties' units; empty: none.",
    ).tag(sync=True)
    trial = Int(-1, help="Step that is looked at, or that gave the chosen point; -1 before the first.").tag(
        sync=True
    )
    path: Any = List(help="Fractions of the way so far, first to last (at most 120 points).").tag(sync=True)

    def __init__(self, run: Any, **kwargs: Any) -> None:
        require_run(run, "design", "objectives")
        meta = {
            "elements": list(run.meta["elements"]),
            "objectives": [dict(objective) for objective in run.meta["objectives"]],
            "n_starts": int(run.meta.get("n_starts") or 1),
        }
        if run.meta.get("trials"):
            meta["trials"] = True
        self._family = Table(family_columns(meta))
        self._family_rows = [0]  # after each record: how many rows of restarts there are
        self._fronts = Fronts(front_columns(meta))
        self._seen = 0  # records whose front was read
        if len(run.meta["objectives"]) == 2:
            self._saved_limit = WITH_FRONT
        super().__init__(run, columns=design_columns(meta), meta=meta, elements=meta["elements"], **kwargs)
        self.observe(self._look, ["cursor", "chosen"])

    @validate("chosen")
    def _check_chosen(self, proposal: Any) -> list[float]:
        values, names = list(proposal["value"]), [o["property"] for o in self.meta["objectives"]]
        if values and not (len(names) == len(values) == 2 and np.isfinite(values).all()):
            raise InputError(
                f"The chosen point got the values {', '.join(f'{x:g}' for x in values)} of {' and '.join(names)}: "
                "give both values of a point of the Pareto front, or nothing"
            )
        return values

    @property
    def _places(self) -> list[int]:
        """Columns of the fractions."""
        first = self._table.columns.index(f"fraction:{self.elements[0]}")
        return list(range(first, first + len(self.elements)))

    def _row(self, record: Mapping[str, Any]) -> list[float]:
        return design_row(record, self.meta)

    def _also(self, records: Sequence[Mapping[str, Any]]) -> None:
        for record in records:
            row = family_row(record, self.meta)
            if row is not None:
                self._family.append(np.array([row]))
            self._family_rows.append(len(self._family))
            points = front_points(record, self.meta)
            if points is not None:
                self._fronts.append(self._seen, float(record["step"]), points)
            self._seen += 1

    def _also_message(self, since: int) -> tuple[dict[str, Any], list[bytes]]:
        more: dict[str, Any] = {}
        buffers = []
        if len(self._family):
            rows = self._family.thinned(MOST_FAMILY_ROWS, self._family.columns[1], self._family_rows[since])
            more["family"] = {"columns": list(self._family.columns), "rows": len(rows)}
            buffers.append(wire(rows))
        if len(self._fronts):
            rows = self._fronts.rows(MOST_FRONTS, since)
            more["front"] = {"columns": list(self._fronts.columns), "rows": len(rows)}
            buffers.append(wire(rows))
        return more, buffers

    def _also_status(self) -> None:
        rows = self._table.rows
        if not len(rows):
            return
        most = min(len(rows), PATH_POINTS, 4 * PATH_POINTS // len(self.elements))
        some = np.linspace(0, len(rows) - 1, most).round().astype(int)
        way = np.round(rows[some][:, self._places].astype(float), 4)
        self.path = way[np.isfinite(way).all(1)].tolist()  # a search may have found nothing yet
        self._look()

    def _look(self, _change: Any = None) -> None:
        """Give the step and the fractions of the chosen point, or of the step under the cursor."""
        rows = self._table.rows
        if not len(rows):
            return
        if self.chosen:
            self.trial = self._step_of(self.chosen)
            place = self._nearest_on_front()
            if place is None:
                return  # its composition is not told before the end of the run
            fractions = _unit_sum(place)
        else:
            row = len(rows) - 1 if self.cursor == FOLLOW else int(np.abs(rows[:, 0] - self.cursor).argmin())
            self.trial = int(rows[row, 0])
            if not np.isfinite(rows[row, self._places]).all():
                return  # nothing was found so far
            fractions = _unit_sum(rows[row, self._places])
        if len(self.fractions) == len(fractions):
            apart = max(abs(new - old) for new, old in zip(fractions, self.fractions, strict=True))
            if apart < 1e-7:  # the page has set them itself if its cursor moved
                return
        self.fractions = fractions

    def _nearest_on_front(self) -> Any:
        """Fractions of the point of the front next to the chosen values, (k,); None where no point tells them."""
        points = self._fronts.last
        if self.result and self.result.get("pareto"):
            points = np.array([[*p["values"], *p["fractions"]] for p in self.result["pareto"]], dtype=float)
        points = points[np.isfinite(points).all(1)]
        if not len(points):
            return None
        extent = np.ptp(points[:, :2], axis=0)
        apart = (points[:, :2] - self.chosen) / np.where(extent > 0, extent, 1.0)
        return points[int(np.hypot(*apart.T).argmin()), 2:]

    def _step_of(self, values: Sequence[float]) -> int:
        """Return the step whose values are next to those of a point of the front."""
        names = [f"value:{objective['property']}" for objective in self.meta["objectives"]]
        rows = np.stack([self._table.column(name) for name in names], axis=1)
        known = np.flatnonzero(np.isfinite(rows).all(axis=1))
        if not len(known):
            return -1
        extent = np.ptp(rows[known], axis=0)
        apart = (rows[known] - values) / np.where(extent > 0, extent, 1.0)
        return int(self._table.rows[known[int(np.hypot(*apart.T).argmin())], 0])

    def _also_saved(self) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if len(self._family):
            more["family"] = self._some_starts().saved(FAMILY_LIMIT, self._family.columns[1])
        if len(self._fronts):
            more["front"] = self._fronts.saved(FRONTS_LIMIT)
        return more

    def _some_starts(self) -> Table:
        """Return the restarts, or as many of them as a saved notebook keeps, evenly chosen."""
        count = (len(self._family.columns) - 1) // len(self.meta["objectives"])
        if count <= FAMILY_SAVED:
            return self._family
        kept = set(np.linspace(0, count - 1, FAMILY_SAVED).round().astype(int).tolist())
        places = [0, *(j for j in range(1, len(self._family.columns)) if (j - 1) % count in kept)]
        part = Table([self._family.columns[j] for j in places])
        part.append(self._family.rows[:, places])
        return part

    def _summary(self) -> dict[str, Any] | None:
        result = self.run.result
        if result is None or not hasattr(result, "to_dict"):
            return None
        whole = result.to_dict()
        final = whole["final"]
        grid = whole.get("grid_best")
        summary = {
            "formula": final["formula"],
            "fractions": [float(final["fractions"].get(element, 0.0)) for element in self.elements],
            "values": final["values"],
            "std": final.get("std", {}),
            "values_at_formula": final.get("values_at_formula", {}),
            "grid_best": grid["values"] if grid else None,
        }
        points = self._pareto(whole.get("pareto") or [])
        more = {"pareto": points, "hypervolume": whole.get("hypervolume")} if points else {}
        return summary | {"text": self._sentence(summary)} | more

    def _pareto(self, points: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Points of a result's front, by the first objective, with numbers as fine as a page shows them."""
        names = [objective["property"] for objective in self.meta["objectives"]]
        if len(names) != 2 or not points:
            return []
        some = np.unique(np.linspace(0, len(points) - 1, min(len(points), FRONT_POINTS)).round().astype(int))
        return [self._point(points[i], names) for i in some.tolist()]

    def _point(self, point: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        given = point["fractions"]
        amounts = [given.get(e, 0.0) for e in self.elements] if isinstance(given, Mapping) else list(given)

        def numbers(key: str) -> list[float | None]:
            found = [(point.get(key) or {}).get(name) for name in names]
            return [None if x is None else float(f"{x:.6g}") for x in found]

        return {
            "formula": point["formula"],
            "fractions": [round(float(x), 4) for x in amounts],
            "values": numbers("values"),
            "std": numbers("std"),
            "values_at_formula": numbers("values_at_formula"),
            "known": point.get("known"),
        }

    def _sentence(self, summary: Mapping[str, Any]) -> str:
        parts = []
        for objective in self.meta["objectives"]:
            name = objective["property"]
            std = summary["std"].get(name)
            spread = "" if std is None else f" ± {std:.2g}"
            unit = objective.get("unit", "")
            parts.append(
                f"{objective.get('label', name)} {summary['values'][name]:.4g}{spread} {unit}".rstrip()
            )
        return f"{summary['formula']}: {', '.join(parts)}"

    def static_svg(self) -> str:
        """Every objective with its band and restarts, and the composition beneath."""
        table, family = (
            self._drawn(self._table, 160, "loss"),
            self._drawn(self._family, 40, self._family.columns[-1]),
        )
        x = table.column("step")
        objectives = self.meta["objectives"]
        panels: list[Panel | FrontPanel] = []
        if len(objectives) == 2 and len(self._front()):
            panels.append(FrontPanel(objectives, self._front(), self._names(), self._family_now()))
        for objective in objectives:
            name = objective["property"]
            look = (TRIAL, 1.0, 1.0) if self.meta.get("trials") else (ACCENT, 0.8, 0.3)
            restarts = [
                Curve(
                    family.column(column),
                    colour=look[0],
                    width=look[1],
                    opacity=look[2],
                    x=family.column("step"),
                )
                for column in family.columns
                if column.startswith(f"family:{name}:")
            ]
            inner = table.column(f"std_epistemic:{name}")
            known = bool(np.isfinite(inner).any())
            line = Curve(
                table.column(f"value:{name}"),
                colour=ACCENT,
                spread=table.column(f"std:{name}"),
                inner=inner if known else None,
                width=2,
            )
            unit = f" ({objective['unit']})" if objective.get("unit") else ""
            told = "; dark: the networks disagree" if known else ""
            if self.meta.get("trials"):
                told += "; orange: each trial"
            target = objective.get("target")
            panels.append(
                Panel(
                    f"{objective.get('label', name)}{unit}, ± 1 standard deviation{told}",
                    x,
                    [*restarts, line],
                    level=None if target is None else (float(target), f"target {target:g}"),
                )
            )
        if len(objectives) == 2:
            panels.append(
                Panel("Hypervolume of the front", x, [Curve(table.column("hypervolume"))], height=70)
            )
        columns = {element: table.column(f"fraction:{element}") for element in self.elements}
        named, others = drawn_shares(columns)
        # a system with more elements than there are colours: those that are drawn share them out
        colours = element_colours(self.elements if len(self.elements) <= len(PALETTE) else named)
        shares = [Curve(100 * columns[element], element, PALETTE[colours[element]]) for element in named]
        if others is not None:
            shares.append(Curve(100 * others, "others", OTHERS))
        panels.append(Panel("Composition (at.%)", x, shares, limits=(-3.0, 103.0), x_label="step"))
        return svg(panels, title=repr(self))

    def _front(self) -> Any:
        """Both values of each point of the front as it is now, (m, 2)."""
        if self.result and self.result.get("pareto"):
            return np.array([point["values"] for point in self.result["pareto"]], dtype=float)
        return self._fronts.last[:, :2]

    def _names(self) -> list[str]:
        """Formulas of the same points, as far as they are known."""
        return [p["formula"] for p in (self.result or {}).get("pareto", [])]

    def _family_now(self) -> Any:
        """Both values of each start at its last step, (n_starts, 2); none if there is but one."""
        if not len(self._family):
            return np.empty((0, 2))
        return self._family.rows[-1, 1:].reshape(2, -1).T

    @staticmethod
    def _drawn(table: Table, rows: int, guide: str) -> Table:
        """Return as much of a table as a picture can show."""
        part = Table(table.columns)
        part.append(table.thinned(rows, guide))
        return part


def _unit_sum(fractions: Any) -> list[float]:
    """Plain floats that sum to 1 in double precision (a record may have come from single precision)."""
    values = np.asarray(fractions, dtype=float)
    return [float(value) for value in values / values.sum()]
