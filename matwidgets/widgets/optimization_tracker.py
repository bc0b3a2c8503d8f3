"""OptimizationTracker: a composition on its way to a better property, watched and steered while the optimiser runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from traitlets import Float, List, Unicode

from matwidgets.widgets._colours import PALETTE, element_colours
from matwidgets.widgets._curves import ACCENT, Curve, Panel, svg
from matwidgets.widgets._records import Table, design_columns, design_row, family_columns, family_row
from matwidgets.widgets._tracker import FOLLOW, RunTracker, require_run, wire

MOST_FAMILY_ROWS = 250  # of one message
FAMILY_LIMIT = 9_000  # bytes of JSON in a saved notebook
PATH_POINTS = 120  # of the path that a map of the composition draws


class OptimizationTracker(RunTracker):
    """Property, uncertainty, loss and every element's at.% against steps, with the run's controls.

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
    }

    elements = List(Unicode(), help="Chemical symbols, in the order of the fractions.").tag(sync=True)
    fractions = List(Float(), help="Atomic fractions of the step that is looked at; sum 1.").tag(sync=True)
    path: Any = List(help="Fractions of the way so far, first to last (at most 120 points).").tag(sync=True)

    def __init__(self, run: Any, **kwargs: Any) -> None:
        require_run(run, "design", "objectives")
        meta = {
            "elements": list(run.meta["elements"]),
            "objectives": [dict(objective) for objective in run.meta["objectives"]],
            "n_starts": int(run.meta.get("n_starts") or 1),
        }
        self._family = Table(family_columns(meta))
        self._family_rows = [0]  # after each record: how many rows of restarts there are
        super().__init__(run, columns=design_columns(meta), meta=meta, elements=meta["elements"], **kwargs)
        self.observe(self._look, "cursor")

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

    def _also_message(self, since: int) -> tuple[dict[str, Any], list[bytes]]:
        if not len(self._family):
            return {}, []
        rows = self._family.thinned(MOST_FAMILY_ROWS, self._family.columns[1], self._family_rows[since])
        return {"family": {"columns": list(self._family.columns), "rows": len(rows)}}, [wire(rows)]

    def _also_status(self) -> None:
        rows = self._table.rows
        if not len(rows):
            return
        some = np.linspace(0, len(rows) - 1, min(len(rows), PATH_POINTS)).round().astype(int)
        self.path = np.round(rows[some][:, self._places].astype(float), 4).tolist()
        self._look()

    def _look(self, _change: Any = None) -> None:
        """Give the fractions of the step under the cursor."""
        rows = self._table.rows
        if not len(rows):
            return
        row = len(rows) - 1 if self.cursor == FOLLOW else int(np.abs(rows[:, 0] - self.cursor).argmin())
        fractions = _unit_sum(rows[row, self._places])
        if len(self.fractions) == len(fractions):
            apart = max(abs(new - old) for new, old in zip(fractions, self.fractions, strict=True))
            if apart < 1e-7:  # the page has set them itself if its cursor moved
                return
        self.fractions = fractions

    def _also_saved(self) -> dict[str, Any]:
        return (
            {"family": self._family.saved(FAMILY_LIMIT, self._family.columns[1])} if len(self._family) else {}
        )

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
        return summary | {"text": self._sentence(summary)}

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
        panels = []
        for objective in self.meta["objectives"]:
            name = objective["property"]
            restarts = [
                Curve(family.column(column), colour=ACCENT, width=0.8, opacity=0.3, x=family.column("step"))
                for column in family.columns
                if column.startswith(f"family:{name}:")
            ]
            line = Curve(
                table.column(f"value:{name}"), colour=ACCENT, spread=table.column(f"std:{name}"), width=2
            )
            unit = f" ({objective['unit']})" if objective.get("unit") else ""
            panels.append(
                Panel(f"{objective.get('label', name)}{unit}, ± 1 standard deviation", x, [*restarts, line])
            )
        colours = element_colours(self.elements)
        shares = [
            Curve(100 * table.column(f"fraction:{element}"), element, PALETTE[colours[element]])
            for element in self.elements
        ]
        panels.append(Panel("Composition (at.%)", x, shares, limits=(-3.0, 103.0), x_label="step"))
        return svg(panels, title=repr(self))

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
