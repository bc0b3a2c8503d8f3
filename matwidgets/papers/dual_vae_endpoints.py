"""What Korolev et al. 2020 predict (Tables S3 and S4), and the tables of structures that hold it here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.splits import not_seen_before
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition import canonical_key, to_fractions

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.floating]
Set = Literal["mp", "aflow"]
AT_ONCE = 256  # profiles, or compositions of a predictor, that are in memory together


@dataclass(frozen=True)
class Endpoint:
    """One row of Table S3 or S4.

    Attributes
    ----------
    word : str
        First part of its claims' ids.
    name : str
    table : {"mp", "aflow"}
        Structure set.
    column : str
        Of its frame.
    unit : str
        Of what is predicted; "" of a class.
    published : mapping of str to float
        Table S3: r2, mae, rmse; Table S4: auc, accuracy, f1.
    predictor : str
        The shipped composition model of the same property.
    logarithm : bool
        The natural logarithm is predicted.
    above : float or None
        The class "above this value" is predicted.
    split : str
        Column of the frame that says which rows are "test".
    """

    word: str
    name: str
    table: Set
    column: str
    unit: str
    published: Mapping[str, float]
    predictor: str
    logarithm: bool = False
    above: float | None = None
    split: str = "split"

    @property
    def classify(self) -> bool:
        return self.above is not None


def _regression(r2: float, mae: float, rmse: float) -> dict[str, float]:
    return {"r2": r2, "mae": mae, "rmse": rmse}


ENDPOINTS = (
    Endpoint("formation_energy", "formation energy", "mp", "formation_energy", "eV/atom",
             _regression(0.93, 0.19, 0.29), "formation_energy"),
    Endpoint("bulk_modulus", "bulk modulus", "aflow", "bulk_modulus", "GPa",
             _regression(0.81, 24.6, 33.7), "bulk_modulus"),
    Endpoint("shear_modulus", "shear modulus", "aflow", "shear_modulus", "GPa",
             _regression(0.81, 18.5, 31.1), "shear_modulus"),
    Endpoint("debye_temperature", "Debye temperature", "aflow", "debye_temperature", "K",
             _regression(0.80, 64.3, 97.8), "debye_temperature"),
    # the paper has 600 K, the table 300 K
    Endpoint("thermal_conductivity", "thermal conductivity, 300 K", "aflow", "thermal_conductivity", "ln(W/m/K)",
             _regression(0.71, 0.45, 0.62), "thermal_conductivity", logarithm=True,
             split="split_thermal"),
    Endpoint("thermal_expansion", "thermal expansion", "aflow", "thermal_expansion", "ln(1/K)",
             _regression(0.82, 0.17, 0.24), "thermal_expansion", logarithm=True,
             split="split_thermal"),
    Endpoint("insulator", "band gap above 0 eV", "mp", "band_gap", "",
             {"auc": 0.93, "accuracy": 0.90, "f1": 0.87}, "band_gap", above=0.0),
)  # fmt: skip


def endpoint(word: str) -> Endpoint:
    """Look up an endpoint; InputError for another word."""
    found = {each.word: each for each in ENDPOINTS}
    if word not in found:
        raise InputError(f"Unknown endpoint {shown(word)}; allowed are {listed(list(found))}: choose one")
    return found[word]


@dataclass(frozen=True)
class Encoded:
    """A table of structures with the latents of each.

    Attributes
    ----------
    frame : DataFrame
        formula, and the columns that endpoints name; NaN where a value is not known.
    latents : ndarray of float32, shape (n, 88)
    compositions : ndarray of float32, shape (n, 100)
        Fractions by atomic number.
    """

    frame: DataFrame
    latents: NDArray[np.float32]
    compositions: NDArray[np.float32]

    @property
    def fingerprint(self) -> str:
        """First 12 digits of the sha256 of formulas and latents, these to three decimals.

        Rounded, so that another machine's last bits hardly ever make another fingerprint.
        """
        rounded = np.rint(self.latents * 1000).astype("<i4").tobytes()
        names = "\n".join(map(str, self.frame["formula"])).encode()
        return hashlib.sha256(names + rounded).hexdigest()[:12]

    def __len__(self) -> int:
        return len(self.frame)


class Encoder(Protocol):
    """What a trained pair of autoencoders offers."""

    def encode(self, compositions: Sequence[str], profiles: Floats) -> Floats: ...


class Profiles(Protocol):
    """Powder patterns that are read a piece at a time."""

    frame: DataFrame

    def take(self, rows: NDArray[np.int64]) -> Floats: ...


def encode(
    dual: Encoder, patterns: Profiles, compositions: NDArray[np.float32], at_once: int = AT_ONCE
) -> Encoded:
    """Encode a table of patterns piece by piece.

    Parameters
    ----------
    dual : DualVAE
    patterns : Patterns
    compositions : ndarray of float32, shape (n, 100)
        Of the same rows; kept beside the latents.
    at_once : int
        Profiles that are read together.
    """
    names = [str(name) for name in patterns.frame["formula"]]
    if len(compositions) != len(patterns.frame):
        raise InputError(
            f"{len(compositions)} compositions for {len(patterns.frame)} patterns: give one a pattern"
        )
    latents = np.empty((len(compositions), 88), dtype=np.float32)
    for begin in range(0, len(compositions), at_once):
        rows = np.arange(begin, min(begin + at_once, len(compositions)))
        latents[rows] = dual.encode(names[begin : begin + at_once], patterns.take(rows))
    return Encoded(patterns.frame.reset_index(drop=True), latents, np.asarray(compositions, np.float32))


@dataclass(frozen=True)
class Target:
    """What is predicted of some rows of a table.

    Attributes
    ----------
    rows : ndarray of int64, shape (m,)
        Rows of the table that have a value.
    y : ndarray of float64, shape (m,)
        In the endpoint's unit; 0 and 1 of a class.
    formulas : list of str, length m
    left_out : int
        Rows with a value that has no logarithm.
    """

    rows: NDArray[np.int64]
    y: NDArray[np.float64]
    formulas: list[str]
    left_out: int


def own_test_rows(asked: Endpoint, wanted: Target, frame: DataFrame) -> NDArray[np.int64]:
    """Places in a target whose values no property network has seen, nor those of other rows of their compositions.

    Of "mp" the autoencoders have not seen the compositions either. Of "aflow" they may have, without any value: almost
    half of its compositions are also in the training structures of the Materials Project.

    Raises
    ------
    InputError
        For a table without such rows.
    """
    rows = np.empty(0, dtype=np.int64)
    if asked.split in frame:
        parts = frame[asked.split].tolist()
        own = not_seen_before([str(name) for name in frame["formula"]], parts)
        rows = np.flatnonzero((own & (np.array(parts) == "test"))[wanted.rows]).astype(np.int64)
    if not len(rows):
        raise InputError(
            f"The table has no rows whose {asked.split!r} is 'test' and whose composition is in no other part: "
            f"{asked.name} needs some"
        )
    return rows


def target(asked: Endpoint, frame: DataFrame) -> Target:
    """Take an endpoint's values out of a table.

    Raises
    ------
    InputError
        For a table without the column or without any value.
    """
    for name in ("formula", asked.column):
        if name not in frame.columns:
            raise InputError(
                f"The table has no column {shown(name)}, which {asked.name} needs: it has {listed(list(frame))}"
            )
    values = frame[asked.column].to_numpy(dtype=np.float64)
    known = np.isfinite(values)
    positive = known & (values > 0) if asked.logarithm else known
    rows = np.flatnonzero(positive).astype(np.int64)
    if not len(rows):
        raise InputError(
            f"The table has no usable value of {asked.name} in {len(frame)} rows: give one that has"
        )
    y = values[rows]
    if asked.logarithm:
        y = np.log(y)
    elif asked.above is not None:
        y = (y > asked.above).astype(np.float64)
    names = [str(name) for name in frame["formula"].to_numpy()[rows]]
    return Target(rows, y, names, int(known.sum() - positive.sum()))


@dataclass(frozen=True)
class Unseen:
    """What the shipped composition model says of compositions that it never saw.

    Attributes
    ----------
    rows : ndarray of int64, shape (k,)
        Places in a `Target`.
    predicted : ndarray of float64, shape (k,)
        In the endpoint's unit; of a class, the predicted value itself: a regression never says exactly 0, so that only
        its order, the area under the ROC curve, means anything.
    published : int
        How many of the rows are in the published test split; the others are in no split at all.
    """

    rows: NDArray[np.int64]
    predicted: NDArray[np.float64]
    published: int


def composition_model(asked: Endpoint, wanted: Target, among: NDArray[np.int64]) -> Unseen:
    """Ask the shipped crabnet predictor about the compositions that were in neither its training nor validation rows.

    Parameters
    ----------
    asked : Endpoint
    wanted : Target
    among : ndarray of int64
        Places in ``wanted`` that are asked about.

    Raises
    ------
    DataError
        Where the published splits are not on this machine: nobody can tell then what the predictor has seen.
    """
    from matwidgets.data.datasets import load_property
    from matwidgets.predictors import load

    table, model = load_property(asked.predictor), load("crabnet", asked.predictor)
    seen = keys_of(table.loc[table["split"] != "test", "formula"].tolist())
    tested = keys_of(table.loc[table["split"] == "test", "formula"].tolist())
    known = set(model.elements)
    rows, published = [], 0
    for row in among.tolist():
        formula = wanted.formulas[row]
        key = canonical_key(formula)
        if key not in seen and known.issuperset(to_fractions(formula)):
            rows.append(row)
            published += key in tested
    if not rows:
        return Unseen(np.empty(0, np.int64), np.empty(0), 0)
    asked_about = [wanted.formulas[row] for row in rows]
    parts = [asked_about[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE)]
    said = np.concatenate([model.predict(part)["value"].to_numpy(dtype=np.float64) for part in parts])
    if asked.logarithm:
        said = np.log(np.maximum(said, np.finfo(float).tiny))
    return Unseen(np.array(rows, dtype=np.int64), said, published)


def keys_of(formulas: Sequence[str]) -> set[str]:
    """The compositions of some formulas, however they are written."""
    return {canonical_key(formula) for formula in formulas}
