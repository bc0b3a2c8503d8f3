"""Crystals with their powder patterns in the joint latent space of a dual VAE.

No widget and no picture: `matwidgets.show` puts these on the screen.
"""

from matwidgets.dual_latent.crystals import Crystals, Measured, crystals_of, known_crystals, read_measured
from matwidgets.dual_latent.known_patterns import KnownPattern, crystals_named, known_pattern
from matwidgets.dual_latent.pattern_map import MOST, PatternMap, Space, known_map

__all__ = [
    "MOST",
    "Crystals",
    "KnownPattern",
    "Measured",
    "PatternMap",
    "Space",
    "crystals_named",
    "crystals_of",
    "known_crystals",
    "known_map",
    "known_pattern",
    "read_measured",
]
