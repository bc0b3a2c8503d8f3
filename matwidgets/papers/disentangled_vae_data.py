"""What Zeng, Khan and Post 2024 say about the alloys (sections 2.1 and 2.3.2), and what they do not say."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from matwidgets.data.splits import element_set
from matwidgets.features.alloys import ELEMENTS, FEATURES, descriptors, fractions
from matwidgets.features.composition import canonical_key, to_fractions
from matwidgets.papers.claims import Finding
from matwidgets.papers.disentangled_vae import SEEDS, rows_of
from matwidgets.training.alloy_tables import Alloys

if TYPE_CHECKING:
    from pandas import DataFrame

STUDY = "yan2021_features"
COLUMNS = (
    "k",
    "vm",
    "tm",
    "vac",
    "delta",
    "delta_chi",
    "delta_s_mix",
    "delta_h_mix",
)  # of the study, in our order
AGREES = {"mixing_enthalpy": 1.0}  # kJ/mol: the study rounds Miedema's pairs to whole kJ/mol
RELATIVE = 1e-4  # all others; the study's gas constant is 8.314
_ZERO = re.compile(r"[A-Z][a-z]?0(?![.\d])")


@dataclass(frozen=True)
class DatasetFacts:
    """The alloys that everything is learned from.

    Attributes
    ----------
    alloys : int
        Texts that differ.
    compositions : int
        Alloys that differ, however they are written.
    single : int
        With the label 1.
    conflicts : tuple of str
        Compositions with both labels.
    sizes : (int, int, int, int)
        Labelled, unlabelled, validation and test rows.
    known_systems : float
        Share of test rows whose set of elements is also that of a labelled row, mean over the seeds.
    """

    alloys: int
    compositions: int
    single: int
    conflicts: tuple[str, ...]
    sizes: tuple[int, int, int, int]
    known_systems: float


def dataset_facts(given: Alloys) -> DatasetFacts:
    """Count alloys, labels, conflicts and rows; five seeds of the split."""
    splits = [rows_of(given, seed) for seed in SEEDS]
    systems = np.array([element_set(formula) for formula in given.formulas])
    shares = [float(np.isin(systems[r.test], systems[r.labelled]).mean()) for r in splits]
    labelled, unlabelled, validation, test = (len(part) for part in splits[0])
    return DatasetFacts(
        len(given.formulas), len({canonical_key(formula) for formula in given.formulas}), int((given.y == 1).sum()),
        tuple(str(one) for one in given.conflicts), (labelled, unlabelled, validation, test), float(np.mean(shares)),
    )  # fmt: skip


def data_claims(given: Alloys) -> tuple[DatasetFacts, dict[str, Finding]]:
    """Number of alloys, sizes of the parts, and the choice of the elements.

    Parameters
    ----------
    given : Alloys
        The published ones.
    """
    from matwidgets.data.alloys import load_alloys

    facts = dataset_facts(given)
    every = load_alloys(None)["formula"]
    counted = Counter(element for formula in every for element in to_fractions(formula))
    most = [element for element, _ in counted.most_common(len(ELEMENTS))]
    again = facts.alloys + len(load_alloys().attrs["dropped"])
    return facts, {
        "data_alloys": Finding(
            facts.alloys, again,
            f"texts that differ; written in whatever way they are {facts.compositions:,} compositions",
        ),
        "data_sizes": Finding(
            " / ".join(map(str, facts.sizes)), " / ".join(map(str, rounded_sizes(facts.alloys))),
            f"what is taken away is rounded up; {facts.known_systems:.0%} of the test rows have the elements of a "
            "labelled row",
        ),
        "data_elements": Finding(
            len(set(most) & set(ELEMENTS)), len(ELEMENTS) ** 2 / len(counted),
            f"counted over {len(every):,} alloys of {len(counted)} elements",
        ),
    }  # fmt: skip


def rounded_sizes(rows: int) -> tuple[int, int, int, int]:
    """The four parts if every share is rounded to the nearest row."""
    test = round(0.1 * rows)
    hidden = round(0.3 * (rows - test))
    validation = round(0.2 * hidden)
    return rows - test - hidden, hidden - validation, validation, test


def agreement() -> DataFrame:
    """Hold our descriptors against the study's own columns, alloy by alloy of the 30 elements.

    Returns
    -------
    DataFrame
        descriptor, unit; agrees, the share of rows within a relative 1e-4 (of the enthalpy within 1 kJ/mol); mean and
        largest difference in the unit.

    Raises
    ------
    MissingTableError
        If the study's features are not on this machine.
    """
    import pandas as pd

    from matwidgets.data import fetch

    with fetch.path(STUDY).open(newline="", encoding="utf-8") as stream:
        rows = [{**row, "Alloys": _ZERO.sub("", row["Alloys"])} for row in csv.DictReader(stream)]
    rows = [row for row in rows if set(re.findall("[A-Z][a-z]?", row["Alloys"])) <= set(ELEMENTS)]
    theirs = np.array([[float(row[column]) for column in COLUMNS] for row in rows])
    off = np.abs(descriptors(fractions([row["Alloys"] for row in rows])) - theirs)
    found = []
    for i, feature in enumerate(FEATURES):
        within = AGREES.get(feature.name, RELATIVE * np.abs(theirs[:, i]) + 1e-9)
        found.append(
            (
                feature.label,
                feature.unit,
                float((off[:, i] <= within).mean()),
                off[:, i].mean(),
                off[:, i].max(),
            )
        )
    frame = pd.DataFrame(found, columns=["descriptor", "unit", "agrees", "mean", "largest"])
    frame.attrs["rows"] = len(rows)
    return frame
