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


def source() -> str:
    """Say in one line where the data of the notebook come from."""
    if environment.have(*TABLES) and not have_tables():
        return (
            "Data: the handbook's crystals; the published structures are on this machine, but their patterns are not: "
            "make them with `matwidgets pattern --all` (minutes), until then what needs them is 'not attempted'"
        )
    return environment.source(*TABLES)


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
    found = encode(dual, patterns, x)
    environment.give_back()
    return found


def taste(patterns: Patterns, *, rows: int = 1200, epochs: int = 5, seed: int = 0) -> Run:
    """Start a short training on some of the training and validation rows: what a reader watches."""
    from dataclasses import replace

    from matwidgets.dual_trainings import Plan, as_seen, train_dual
    from matwidgets.training.latent_heads import HeadsRecipe

    tables = {}
    for part, most in (("train", rows), ("val", rows // 8), ("test", rows // 8)):
        chosen = np.flatnonzero(patterns.frame["split"] == part)[:most]
        tables[part] = as_seen(patterns.frame.iloc[chosen], patterns.take(chosen))
    plan = replace(
        Plan.of("binder", seed=seed, epochs=epochs), heads=HeadsRecipe(epochs=5, seed=seed), mixtures=(2,)
    )
    return train_dual(tables=tables, plan=plan, seed=seed)
