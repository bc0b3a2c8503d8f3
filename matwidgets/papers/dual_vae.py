"""The experiments of Korolev, Mitrofanov, Eliseev and Tkachenko 2020, each beside the simplest explanation.

Here is what they share: the structures with their patterns and latents. The claims on reconstruction are in
`dual_vae_reconstruction`, on property models in `dual_vae_properties` (all folds: `dual_vae_folds`), on space groups
and stability in `dual_vae_filters`, on the maps in `dual_vae_space` and `dual_vae_symmetry`, on the patterns'
characteristics in `dual_vae_characteristics`, on the search in `dual_vae_search`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from matwidgets.papers import environment
from matwidgets.papers.dual_vae_endpoints import Encoded, encode

if TYPE_CHECKING:
    from matwidgets.dual_models import DualVAE
    from matwidgets.patterns import Patterns
    from matwidgets.run import Run

TABLES = ("mp_20_biternary", "mpts_52", "aflow_structures")
NEEDS_TABLES = (
    f"needs the published structures and their patterns: `matwidgets data fetch {' '.join(TABLES)}`, then "
    "`matwidgets pattern --all` (minutes), then this again"
)


def have_tables() -> bool:
    """Tell whether the published structures are on this machine and their patterns have been computed."""
    from matwidgets.patterns import SETS, is_made

    return environment.have(*TABLES) and all(is_made(name) for name in SETS)


def preparation() -> Run | None:
    """Give the run that computes the patterns that are not there yet; None without tables or with all patterns."""
    from matwidgets.patterns import SETS, is_made, patterns

    missing = [name for name in SETS if not is_made(name)]
    return patterns(missing) if missing and environment.have(*TABLES) else None


def known_patterns() -> dict[str, Patterns]:
    """Load "mp" and "aflow", or the handbook's "crystals" where the published structures are not on this machine."""
    from matwidgets.patterns import SETS, load_patterns

    return {name: load_patterns(name) for name in (SETS if have_tables() else ("crystals",))}


def encoded(dual: DualVAE, patterns: Patterns) -> Encoded:
    """Encode a set of patterns, piece by piece."""
    from matwidgets.features.composition_vectors import fraction_vectors

    x = np.asarray(fraction_vectors(patterns.frame["formula"].tolist()), dtype=np.float32)
    return encode(dual, patterns, x)
