"""Why the classifier of Zeng, Khan and Post 2024 calls an alloy single-phase: Shapley values (section 3.3.1)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from matwidgets.alloy_models import AlloyModel
from matwidgets.features.alloys import FEATURES, descriptors, fractions
from matwidgets.inverse.inversion import Inversion
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae_inverse import forest
from matwidgets.papers.disentangled_vae_loop import DIRECTIONS, NAMES, lengths, random_walks
from matwidgets.papers.disentangled_vae_regions import member, untrained
from matwidgets.training import threads
from matwidgets.training.shapley import shapley_values

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.training.alloy_tables import Alloys

Floats = NDArray[np.float64]
Judge = Callable[[Floats], Floats]

BACKGROUND = 64  # training alloys over which features are integrated out; the paper takes all
FEW, FEW_BACKGROUND = 40, 16  # test and training alloys of the controls
SHUFFLES, EPOCHS, RATE = 5, 60, 1e-2
CLEAR = 0.2  # a rank correlation of at least this has a sign


@dataclass(frozen=True)
class Reasons:
    """Shapley values of test alloys.

    Attributes
    ----------
    f : ndarray, shape (n, 8)
        Descriptors in their units, columns as in `matwidgets.features.alloys.FEATURES`.
    values : ndarray, shape (n, 8)
        What each adds to the probability of a single phase.
    correlation : dict of str to float
        Feature name -> rank correlation of the two columns.
    """

    f: Floats
    values: Floats
    correlation: dict[str, float]


def reasons(function: Judge, f: Floats, background: Floats) -> Reasons:
    """Explain rows (n, 8) of descriptors, and correlate every descriptor with what it adds.

    Raises
    ------
    InputError
        As `matwidgets.training.shapley.shapley_values`.
    """
    from scipy.stats import spearmanr

    values = shapley_values(function, f, background).values
    found = {}
    for name, column, added in zip(NAMES, f.T, values.T, strict=True):
        constant = np.ptp(column) == 0 or np.ptp(added) == 0
        found[name] = 0.0 if constant else float(spearmanr(column, added)[0])
    return Reasons(f, values, found)


def right_signs(correlation: dict[str, float]) -> int:
    """How many of the paper's four statements hold: entropy and size difference low, melting point and modulus high."""
    return sum(correlation[name] * sign >= CLEAR for name, sign in DIRECTIONS.items())


def signs(model: AlloyModel, table: Alloys, seed: int = 0) -> tuple[Reasons, DataFrame, dict[str, Finding]]:
    """Shapley values of the test alloys of the member that is shown (Figure 7(a)).

    The controls are the same classifier trained on shuffled labels, five times, and a random forest on the true ones.

    Returns
    -------
    found : Reasons
    frame : DataFrame
        One row a feature: name, label, importance (mean |value|), here, forest, shuffled (rank correlations; that of
        the shuffled ones is the mean), wanted (-1, 1 or 0).
    findings : dict of str to Finding
    """
    import pandas as pd

    split = int(model.card["members"][model.shown]["seed"])
    rows, one = table.split(split), member(model, model.shown)
    generator = np.random.default_rng(seed)
    known = table.f[generator.permutation(rows.labelled)[:BACKGROUND]]
    found = reasons(one.probability, table.f[rows.test], known)
    few, behind = table.f[rows.test][:FEW], known[:FEW_BACKGROUND]
    other = reasons(forest(table, split), few, behind).correlation
    y = table.y[rows.labelled]
    luck = [
        reasons(shuffled_classifier(one, table.f[rows.labelled], y, seed + i), few, behind).correlation
        for i in range(SHUFFLES)
    ]
    counts = [right_signs(each) for each in luck]
    frame = pd.DataFrame({
        "name": NAMES, "label": [feature.label for feature in FEATURES],
        "importance": np.abs(found.values).mean(axis=0), "here": [found.correlation[n] for n in NAMES],
        "forest": [other[n] for n in NAMES], "shuffled": [float(np.mean([one[n] for one in luck])) for n in NAMES],
        "wanted": [DIRECTIONS.get(n, 0) for n in NAMES],
    })  # fmt: skip
    return found, frame, {
        "shap_signs": Finding(
            float(right_signs(found.correlation)), float(np.mean(counts)),
            "rank correlations: " + ", ".join(
                f"{one.label.lower()} {found.correlation[one.name]:+.2f} (forest {other[one.name]:+.2f})"
                for one in FEATURES if one.name in DIRECTIONS
            ),
        )
    }  # fmt: skip


def shuffled_classifier(model: AlloyModel, f: Floats, y: NDArray[np.int64], seed: int) -> Judge:
    """The same classifier trained on labels that were dealt out at random: descriptors (n, 8) -> probability (n,)."""
    threads.apply(1)
    net = copy.deepcopy(untrained(model, seed).networks[0])
    net.classifier.requires_grad_(True)
    rows = torch.as_tensor(f, dtype=torch.float32)
    labels = torch.as_tensor(np.random.default_rng(seed).permutation(y), dtype=torch.float32)
    optimiser = torch.optim.Adam(net.classifier.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        loss = functional.binary_cross_entropy_with_logits(net.classify(rows), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    net.requires_grad_(False)
    return lambda asked: np.asarray(
        net.classify(torch.as_tensor(asked, dtype=torch.float32)).sigmoid().double().numpy()
    )


def before_and_after(
    model: AlloyModel, found: Inversion, seed: int = 0
) -> tuple[DataFrame, dict[str, Finding]]:
    """Shapley values of the first and the last alloy of an inversion (Figure 7(b) asks only for the descriptors).

    The control are the ends of random walks as far as the inversion.

    Returns
    -------
    frame : DataFrame
        One row a feature: name, label, unit, before, after (descriptors), value_before, value_after (what they add to
        the probability), wanted.
    findings : dict of str to Finding
    """
    import pandas as pd

    x = fractions([found.steps[0].fractions, found.steps[-1].fractions])
    walks = random_walks(model, x[0], lengths(found), FEW // 2, seed)
    f = descriptors(np.concatenate([x, walks.x[:, -1]]))
    known = descriptors(model.known_fractions())
    behind = known[np.random.default_rng(seed).permutation(len(known))[:FEW_BACKGROUND]]
    values = shapley_values(model.probability, f, behind).values
    of = [NAMES.index(name) for name in DIRECTIONS]
    rises = (values[1:, of] > values[0, of]).sum(axis=1)
    frame = pd.DataFrame({
        "name": NAMES, "label": [one.label for one in FEATURES], "unit": [one.unit for one in FEATURES],
        "before": f[0], "after": f[1], "value_before": values[0], "value_after": values[1],
        "wanted": [DIRECTIONS.get(name, 0) for name in NAMES],
    })  # fmt: skip
    gains = [(one.label.lower(), float(g)) for one, g in zip(FEATURES, values[1] - values[0], strict=True)]
    gains.sort(key=lambda pair: -pair[1])
    return frame, {
        "shap_inversion": Finding(
            float(rises[0]), float(rises[1:].mean()),
            "what the step gains: " + ", ".join(f"{name} {gain:+.2f}" for name, gain in gains),
        )
    }  # fmt: skip
