"""Materials-informatics papers as models that can be touched.

``import matwidgets as mw`` loads nothing heavy; each name of the face is imported when it is first used.

Examples
--------
>>> import matwidgets as mw
>>> model = mw.load("crabnet", "bulk_modulus")  # at the end of a cell: a CompositionPanel
>>> run = mw.design(["Ti", "Cd", "C"], maximize=model)  # at the end of a cell: an OptimizationTracker
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matwidgets import show, widgets
    from matwidgets.decompositions import decompose
    from matwidgets.designs import design
    from matwidgets.papers.registry import paper
    from matwidgets.predictors import load
    from matwidgets.trainings import train
    from matwidgets.widgets import link

__version__ = "0.1.0"
__all__ = [
    "__version__",
    "decompose",
    "design",
    "link",
    "load",
    "load_ipython_extension",
    "paper",
    "show",
    "train",
    "widgets",
]

_FACE = {
    "decompose": "matwidgets.decompositions",
    "design": "matwidgets.designs",
    "link": "matwidgets.widgets",
    "load": "matwidgets.predictors",
    "paper": "matwidgets.papers.registry",
    "train": "matwidgets.trainings",
}
_ROOMS = ("show", "widgets")
# What the end of a cell shows: found by name, so that nothing is imported before such an object exists.
_SHOWN = {
    ("matwidgets.predictors", "Predictor"): "panel",
    ("matwidgets.designs", "DesignResult"): "design",
    ("matwidgets.features.hull", "Decomposition"): "decomposition",
    ("matwidgets.samplers", "Sampler"): "latent",
    ("matwidgets.alloy_models", "AlloyModel"): "inverter",
    ("matwidgets.inverse.inversion", "Inversion"): "inversion",
    ("matwidgets.features.projection", "Projection"): "space",
    ("matwidgets.features.xrd", "Peaks"): "pattern",
    ("matwidgets.adversarial_models", "FormulaGAN"): "gallery",
    ("matwidgets.dual_models", "DualVAE"): "latent",
    ("matwidgets.dual_models", "Decoded"): "decoded",
    ("matwidgets.papers.ledger", "Ledger"): "ledger",
    ("matwidgets.papers.registry", "Paper"): "paper",
}


def __getattr__(name: str) -> Any:
    if name in _FACE:
        return getattr(importlib.import_module(_FACE[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"matwidgets.{name}")
    raise AttributeError(f"module 'matwidgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Show models, runs and results as their widgets at the end of a cell (``%load_ext matwidgets``)."""
    formatter = shell.display_formatter.mimebundle_formatter
    for (module, name), shower in _SHOWN.items():
        formatter.for_type_by_name(module, name, _bundle_maker(shower))
    # The output of a run is written once more when it ends: its tracker displays itself.
    shell.display_formatter.ipython_display_formatter.for_type_by_name("matwidgets.run", "Run", _display_run)


def _display_run(run: Any) -> None:
    if run.kind == "table":  # no curves to follow: IPython goes on to its one line
        raise NotImplementedError
    importlib.import_module("matwidgets.show").tracker(run)._ipython_display_()


def _bundle_maker(shower: str) -> Any:
    def bundle(thing: Any, include: Any = None, exclude: Any = None) -> Any:
        widget = getattr(importlib.import_module("matwidgets.show"), shower)(thing)
        return None if widget is None else widget._repr_mimebundle_(include=include, exclude=exclude)

    return bundle


def _in_notebook() -> None:
    """Importing the package in IPython is enough to have its objects shown."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        load_ipython_extension(shell)


_in_notebook()
