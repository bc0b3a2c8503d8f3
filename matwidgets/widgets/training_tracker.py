"""TrainingTracker: the loss terms of a training that goes on, with its controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from traitlets import Bool

from matwidgets.widgets._colours import PALETTE
from matwidgets.widgets._curves import Curve, Panel, svg
from matwidgets.widgets._records import Table, training_columns, training_row
from matwidgets.widgets._tracker import RunTracker, require_run

LEARNING_RATE = "learning_rate"


class TrainingTracker(RunTracker):
    """Every loss term against epochs, one panel a unit, the learning rate beneath, with the run's controls.

    Parameters
    ----------
    run : Run
        A training run, for example what ``matwidgets.train`` returns: ``run.meta`` holds ``terms``.

    Raises
    ------
    InputError
        If the object is no training run.
    """

    stem = "training_tracker"

    log_scale = Bool(False, help="Loss terms on a logarithmic axis.").tag(sync=True)

    def __init__(self, run: Any, **kwargs: Any) -> None:
        require_run(run, "training", "terms")
        meta = {
            "terms": [dict(term) for term in run.meta["terms"]],
            "members": int(run.meta.get("members") or 1),
        }
        names = training_columns(meta)
        # thinning keeps the spikes of the first term
        self.guide = names[1] if len(names) > 1 else "step"
        super().__init__(run, columns=names, meta=meta, **kwargs)

    def _row(self, record: Mapping[str, Any]) -> list[float]:
        return training_row(record, self.meta)

    def _summary(self) -> dict[str, Any] | None:
        best = []
        for term in self.meta["terms"]:
            values = self._table.column(f"term:{term['name']}")
            if term["name"] == LEARNING_RATE or not np.isfinite(values).any():
                continue
            row = int(np.nanargmin(values))
            unit = f" {term['unit']}" if term.get("unit") else ""
            epoch = int(self._table.column("step")[row])
            best.append(f"lowest {_lower(term['label'])} {float(values[row]):.4g}{unit} (epoch {epoch})")
        card = getattr(self.run.result, "card", None) or {}
        whole = card.get("val_mae_ensemble")
        if whole is not None:
            best.insert(0, f"Ensemble: validation MAE {whole:.4g} {card.get('unit', '')}".rstrip())
        text = "; ".join(best)
        return {"text": text[:1].upper() + text[1:]} if text else None

    def static_svg(self) -> str:
        """One panel a unit, the learning rate last."""
        table = Table(self._table.columns)
        table.append(self._table.thinned(400, self.guide))
        x = table.column("step")
        groups: dict[str, list[Curve]] = {}
        for k, term in enumerate(self.meta["terms"]):
            key = LEARNING_RATE if term["name"] == LEARNING_RATE else term.get("unit", "")
            groups.setdefault(key, []).append(
                Curve(table.column(f"term:{term['name']}"), term["label"], PALETTE[k % 7])
            )
        rate = groups.pop(LEARNING_RATE, None)
        panels = [
            Panel(
                ", ".join(c.label for c in curves) + (f" ({unit})" if unit else ""),
                x,
                _unnamed(curves),
                log=self.log_scale,
            )
            for unit, curves in groups.items()
        ]
        if rate is not None:
            panels.append(Panel("Learning rate", x, _unnamed(rate), height=60))
        if panels:
            last = panels[-1]
            panels[-1] = Panel(last.title, last.x, last.curves, last.height, last.log, x_label="epoch")
        return svg(panels, title=repr(self))


def _unnamed(curves: list[Curve]) -> list[Curve]:
    """A single curve is named by its panel's title."""
    if len(curves) > 1:
        return curves
    return [Curve(curves[0].y, "", curves[0].colour)]


def _lower(label: str) -> str:
    """The label inside a sentence: an abbreviation such as MAE or KL keeps its capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
