"""The experiments of Hu, Song, Jiang and Li 2020, each beside the simplest explanation.

Here is what they share: the formulas that the generator learns from, and those it never saw. The claims on the encoding
and the shapes are here too, on the losses in `wgan_losses`, on samples in `wgan_samples` and `wgan_screening`, on the
map of superconductors in `wgan_families`, on elements in `wgan_elements`, on Table 4 in `wgan_properties` and on the
linearity of the representation in `wgan_vectors`.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from matwidgets.errors import MissingTableError
from matwidgets.features import occupancy
from matwidgets.papers import environment
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from matwidgets.generation_assessment import Reference
    from matwidgets.run import Run

TABLES = (
    "oqmd",
    "oqmd_formation_enthalpy",
    "oqmd_formation_enthalpy_2020",
    "supercon",
    "mp_non_metals",
    "magpie",
    "mat2vec",
)
NEEDS_TABLES = (
    f"needs the published tables: `matwidgets data fetch {' '.join(TABLES)}`, then this notebook again"
)
CHECKPOINT = Path(__file__).parents[1] / "checkpoints" / "wgan" / "wgan.safetensors"
EXAMPLE = "KZn2Ru"  # Figure 1
TABLE_3 = (
    (5 * 4 * 256,),
    (128, 11, 8),
    (64, 22, 8),
    (32, 43, 8),
    (1, 85, 8),
)  # output shapes without the batch


@dataclass(frozen=True)
class Formulas:
    """What a generator learns from.

    Attributes
    ----------
    train, held_out : Tensor of uint8, shape (n, 85) and (m, 85)
        Atoms of each element; no composition is on both sides.
    refused : dict of str to int
        Formulas that have no 85 x 8 matrix, by reason.
    label : str
    """

    train: torch.Tensor
    held_out: torch.Tensor
    refused: Mapping[str, int]
    label: str

    def reference(self) -> Reference:
        """Give what generated formulas are held against."""
        from matwidgets.generation_assessment import Reference

        held = occupancy.reduced(self.held_out.numpy())
        return Reference(np.concatenate([occupancy.reduced(self.train.numpy()), held]), held)


def have_tables() -> bool:
    """Tell whether the published tables are on this machine."""
    return environment.have(*TABLES)


def source() -> str:
    """Say in one line where the data of the notebook come from."""
    return environment.source(*TABLES)


def sources() -> list[dict[str, Any]]:
    """List the published tables as a ledger keeps them; none where they are not all on this machine.

    Returns
    -------
    list of dict
        name, sha256, rows.
    """
    from matwidgets.data.registry import registry

    if not have_tables():
        return []
    return [
        {"name": table.name, "sha256": table.sha256, "rows": table.rows}
        for table in registry().values()
        if table.name.split("/")[0] in TABLES
    ]


def formulas(seed: int = 0) -> Formulas:
    """Load OQMD's formulas in the split of a training with this seed, or the handbook's where OQMD is not here."""
    from matwidgets.adversarial_trainings import HELD_OUT, published_tables

    try:
        tables, card = published_tables(seed)
    except MissingTableError:
        from matwidgets.data.handbook import formation_enthalpies

        encoded = occupancy.encode(formation_enthalpies()["formula"].tolist())
        order = torch.as_tensor(np.random.default_rng(seed).permutation(len(encoded.counts)))
        counts = torch.as_tensor(occupancy.reduced(encoded.counts))[order]
        held = round(HELD_OUT * len(counts))
        return Formulas(counts[held:], counts[:held], encoded.told(), "the handbook's compounds")
    return Formulas(tables["train"], tables["val"], card["refused"], card["label"])


def encoding() -> dict[str, Finding]:
    """Figure 1: the ones of KZn2Ru, as element and number of atoms; the control is its list of fractions."""
    encoded = occupancy.encode([EXAMPLE])
    matrix = occupancy.matrices(encoded.counts)[0]
    ones = ", ".join(f"{occupancy.ELEMENTS[e]} {m + 1}" for e, m in np.argwhere(matrix))
    back = occupancy.formulas_of(occupancy.read(matrix[None]).counts)[0]
    fractions = encoded.counts[0] / encoded.counts[0].sum()
    share = ", ".join(f"{occupancy.ELEMENTS[e]} {fractions[e]:g}" for e in np.flatnonzero(fractions))
    return {
        "encoding": Finding(
            ones, share, f"read back: {back}; fractions hold the same ratios but no whole numbers"
        )
    }


def shapes() -> dict[str, Finding]:
    """Table 3: how many of the generator's output shapes are the printed ones."""
    from matwidgets.models.wgan import DeconvolutionConfig, DeconvolutionGenerator

    net = DeconvolutionGenerator(DeconvolutionConfig()).eval()
    seen: list[tuple[int, ...]] = []
    for layer in (net.fc1, net.deconv1, net.deconv2, net.deconv3, net.deconv4):
        layer.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    with torch.no_grad():
        net(*net.draw(2, torch.Generator().manual_seed(0)))
    return {
        "generator_shapes": Finding(
            float(sum(a == b for a, b in zip(seen, TABLE_3, strict=True))),
            float(len(TABLE_3)),
            "paddings are not printed and were chosen to give these shapes: any network of that plan has them",
        )
    }


def taste(data: Formulas, *, rows: int = 10_000, epochs: int = 6, seed: int = 0) -> Run:
    """Start a short training on some of the formulas: what a reader watches.

    Parameters
    ----------
    rows : int
        Formulas that are learned from.
    epochs : int
        Of 25 iterations each.
    """
    import pandas as pd

    from matwidgets.adversarial_trainings import PRESETS, train_adversarial

    some = data.train[torch.randperm(len(data.train), generator=torch.Generator().manual_seed(seed))[:rows]]
    frame = pd.DataFrame({"formula": occupancy.formulas_of(some.numpy())})
    recipe = replace(PRESETS["binder"][2], iterations=25, warmup=25, decay=0.0, every=1)
    return train_adversarial(frame=frame, recipe=recipe, epochs=epochs, seed=seed)
