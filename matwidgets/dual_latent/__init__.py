"""Crystals with their powder patterns in the joint latent space of a dual VAE.

No widget and no picture: `matwidgets.show` puts these on the screen.
"""

from matwidgets.dual_latent.crystals import Crystals, Measured, crystals_of, known_crystals, read_measured
from matwidgets.dual_latent.pattern_map import MOST, PatternMap, Space, known_map

__all__ = [
    "MOST",
    "Crystals",
    "Measured",
    "PatternMap",
    "Space",
    "crystals_of",
    "known_crystals",
    "known_map",
    "read_measured",
]
