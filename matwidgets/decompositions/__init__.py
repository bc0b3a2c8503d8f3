"""Decomposition on an offline hull: one composition in milliseconds, all published ones as a table."""

from matwidgets.decompositions.comparison import agreement
from matwidgets.decompositions.library import decompose, handbook_phases, known_phases, published_phases
from matwidgets.decompositions.table import decompositions, load_decompositions, read_products

__all__ = [
    "agreement",
    "decompose",
    "decompositions",
    "handbook_phases",
    "known_phases",
    "load_decompositions",
    "published_phases",
    "read_products",
]
