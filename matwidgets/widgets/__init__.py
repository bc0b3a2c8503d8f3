"""The widgets: one idea each. They receive arrays and callables, never a model class.

Each is an ordinary ipywidgets DOM widget: it composes in boxes, takes ``observe``, ``link`` and ``jslink``,
and its traits carry a ``help``. Importing this module loads no widget machinery; naming a widget does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matwidgets.widgets.alloy_inverter import AlloyInverter
    from matwidgets.widgets.composition_panel import CompositionPanel
    from matwidgets.widgets.decomposition_view import DecompositionView
    from matwidgets.widgets.generator_gallery import GeneratorGallery
    from matwidgets.widgets.latent_explorer import LatentExplorer
    from matwidgets.widgets.ledger import Ledger
    from matwidgets.widgets.linking import link
    from matwidgets.widgets.optimization_tracker import OptimizationTracker
    from matwidgets.widgets.periodic_table import PeriodicTable
    from matwidgets.widgets.simplex_map import SimplexMap
    from matwidgets.widgets.training_tracker import TrainingTracker
    from matwidgets.widgets.xrd_viewer import XrdViewer

_WHERE = {
    "AlloyInverter": "alloy_inverter",
    "CompositionPanel": "composition_panel",
    "DecompositionView": "decomposition_view",
    "GeneratorGallery": "generator_gallery",
    "LatentExplorer": "latent_explorer",
    "Ledger": "ledger",
    "OptimizationTracker": "optimization_tracker",
    "PeriodicTable": "periodic_table",
    "SimplexMap": "simplex_map",
    "TrainingTracker": "training_tracker",
    "XrdViewer": "xrd_viewer",
    "link": "linking",
}

__all__ = [
    "AlloyInverter",
    "CompositionPanel",
    "DecompositionView",
    "GeneratorGallery",
    "LatentExplorer",
    "Ledger",
    "OptimizationTracker",
    "PeriodicTable",
    "SimplexMap",
    "TrainingTracker",
    "XrdViewer",
    "link",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
