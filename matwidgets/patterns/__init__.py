"""Powder patterns of published structures as a table in the cache, and of handbook crystals on the spot."""

from matwidgets.patterns.library import Patterns
from matwidgets.patterns.table import SETS, is_made, load_patterns, patterns

__all__ = ["SETS", "Patterns", "is_made", "load_patterns", "patterns"]
