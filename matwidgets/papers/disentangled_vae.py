"""The experiments of Zeng, Khan and Post 2024, with the controls that tell learning from what any classifier does.

Here is what they share: the alloys, their splits, and a training whose classifier sees the labels alone. The claims on
the data are in `disentangled_vae_data`, on accuracy and reconstruction in `disentangled_vae_evaluation`, on what a
probability is worth in `disentangled_vae_trust`, on data efficiency in `disentangled_vae_labels` with the runs of
`disentangled_vae_budgets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from matwidgets.data.splits import SemiSupervised as Rows
from matwidgets.data.splits import semi_supervised_sizes, semi_supervised_split
from matwidgets.training.alloy_tables import Alloys, join, of_formulas, published
from matwidgets.training.semi_supervised import SemiSupervised, Table

if TYPE_CHECKING:
    from matwidgets.alloy_classifiers import AlloyClassifier

TABLE = "yan2021_alloys"
SEEDS = (0, 1, 2, 3, 4)  # section 2.3.2: "five different random seeds"
LABELLED = 0.7  # section 2.3.2: "70:30 labelled/unlabelled"
NEEDS_TABLE = f"needs the published alloys: run `matwidgets data fetch {TABLE}`, then this again"
RULE = "Labels: a rule of thumb (Omega >= 1.1 and delta <= 6.6 %), no experiment"


def have_table() -> bool:
    """Tell whether the published alloys are on this machine."""
    from matwidgets.papers import environment

    return environment.have(TABLE)


def alloys() -> Alloys:
    """Load the published alloys, or those of the computed library, which a rule of thumb has labelled.

    ``own`` of the result tells which: it is true of the computed library.
    """
    from matwidgets.data import builtin

    if have_table():
        return published()
    frame = builtin.alloys()
    labels = frame["single_phase"].to_numpy().astype(np.int64)
    return of_formulas(frame["formula"].tolist(), labels, [], frame.attrs["sources"])


def seeds_of(model: AlloyClassifier) -> list[int]:
    """The seed of the split that each member of a model has learned from."""
    return [int(member["seed"]) for member in model.card["members"]]


def rows_of(given: Alloys, seed: int, labelled: float = LABELLED) -> Rows:
    """Split as the paper does, whatever the table: 10 % test, of the rest a share labelled, of others 20 % validation.

    With one seed the test rows are the same for every share, and fewer labelled rows are some of the more.
    """
    sizes = semi_supervised_sizes(len(given.formulas), labelled=labelled)
    return semi_supervised_split(given.formulas, seed, sizes=sizes)


def tables(given: Alloys, rows: Rows) -> dict[str, Table]:
    """Tables "train" (labelled rows and others without their labels), "labelled", "val" and "test"."""
    labelled = given.tensors(rows.labelled)
    return {
        "train": join(labelled, given.tensors(rows.unlabelled, hidden=True)), "labelled": labelled,
        "val": given.tensors(rows.validation), "test": given.tensors(rows.test),
    }  # fmt: skip


class LabelsOnly(SemiSupervised):
    """The same training with the classification loss alone: the control of Table 2.

    Network, first weights, batches, number of steps and choice of the epoch are those of the semi-supervised training
    with the same seed, so that the two differ by the bound and by nothing else. The autoencoder is left as it starts.
    """

    def _loss(self, rows: Tensor) -> tuple[Tensor, list[Tensor], Tensor]:
        labelled = rows[self.known[rows]]
        logits = self.net.classify(self.train.f[labelled])
        classified = functional.binary_cross_entropy_with_logits(
            logits, self.targets[labelled], reduction="sum"
        )
        nothing = [torch.zeros(()) for _ in range(3)]  # the three parts of the bound
        return self.recipe.gamma * classified / len(rows), nothing, classified.detach()


def member_logits(
    model: AlloyClassifier, member: int, given: Alloys, rows: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Logits of one member of a model for some rows, (n,), without temperature."""
    with torch.no_grad():
        logits = model.networks[member].classify(given.tensors(rows).f)
    return np.asarray(logits.double().numpy())
