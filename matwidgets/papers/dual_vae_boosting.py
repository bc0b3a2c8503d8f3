"""The property models of Korolev et al. 2020 (Tables S2 to S4): gradient boosting, its plain controls, and folds.

Everything here takes arrays; a model never sees the rows of the fold that it is judged on, its early stopping neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.splits import element_set, grouped_folds
from matwidgets.errors import InputError, shown
from matwidgets.features.composition import canonical_key
from matwidgets.training.classification import auc

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
Split = Literal["row", "formula", "elements"]
Model = Literal["boosting", "ridge", "mean"]
SPLITS: tuple[Split, ...] = ("row", "formula", "elements")
MODELS: tuple[Model, ...] = ("boosting", "ridge", "mean")
LATENTS, FRACTIONS = "latents (88)", "fractions (100)"
BOTH = "fractions + structure latents (164)"
INPUTS = (LATENTS, FRACTIONS, BOTH, "composition latents (24)", "structure latents (64)")
FOLDS = 5
STANDARD_ERRORS = 2  # a difference counts from so many


@dataclass(frozen=True)
class Settings:
    """scikit-learn's histogram boosting with what it has of the paper's XGBoost (Table S2, bulk and shear modulus).

    alpha, gamma and subsample have no counterpart.

    Attributes
    ----------
    rate : float
        eta, 2.12e-2.
    iterations : int
        At most; not stated.
    depth : int
        max_depth, 6.
    l2 : float
        lambda, 9.01.
    columns : float
        Share of the columns that a split looks at: colsample_bytree .888 times colsample_bylevel .334.
    patience : int
        Iterations without gain on a tenth of the training rows after which it stops; not stated.
    """

    rate: float = 2.12e-2
    iterations: int = 1500
    depth: int = 6
    l2: float = 9.01
    columns: float = 0.888 * 0.334
    patience: int = 50


PAPER = Settings()
LIGHT = Settings(rate=0.15, iterations=200)  # a tenth of the time


def fit_predict(
    x: Floats, y: Floats, asked: Floats, *, model: Model = "boosting", classify: bool = False,
    settings: Settings = LIGHT, seed: int = 0,
) -> NDArray[np.float64]:  # fmt: skip
    """Learn from rows and predict others.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    y : ndarray, shape (n,)
        Values; 0 and 1 if ``classify``.
    asked : ndarray, shape (m, d)
    model : {"boosting", "ridge", "mean"}
        "ridge": linear on standardised columns (logistic if ``classify``); "mean": of y, whatever is asked.
    classify : bool
    settings : Settings
        Of the boosting.
    seed : int

    Returns
    -------
    ndarray of float64, shape (m,)
        Values, or probabilities of 1.

    Raises
    ------
    InputError
        For another model, or labels of one class only.
    """
    if model not in MODELS:
        raise InputError(
            f"Unknown model {shown(model)}; allowed are {', '.join(MODELS)}: choose one of these"
        )
    if classify and len(np.unique(y)) < 2:
        raise InputError(
            "All rows to learn from have one label; a classifier needs both: give rows of either"
        )
    if model == "mean":
        return np.full(len(asked), float(np.mean(y)))
    fitted = _made(model, classify, settings, seed).fit(x, y)
    answer = fitted.predict_proba(asked)[:, 1] if classify else fitted.predict(asked)
    return np.asarray(answer, dtype=np.float64)


def _made(model: Model, classify: bool, settings: Settings, seed: int) -> Any:
    if model == "ridge":
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300) if classify else Ridge())
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return kind(
        learning_rate=settings.rate, max_iter=settings.iterations, max_depth=settings.depth,
        max_leaf_nodes=2**settings.depth, l2_regularization=settings.l2, max_features=settings.columns,
        min_samples_leaf=5, early_stopping=True, validation_fraction=0.1, n_iter_no_change=settings.patience,
        random_state=seed,
    )  # fmt: skip


def scores(y: Floats, predicted: Floats, *, classify: bool = False) -> dict[str, float]:
    """Measure predictions as Tables S3 and S4 do.

    Parameters
    ----------
    y : ndarray, shape (n,)
    predicted : ndarray, shape (n,)
    classify : bool
        ``predicted`` is the probability of 1; accuracy and F1 cut it at one half.

    Returns
    -------
    dict of str to float
        r2, mae, rmse; or auc, accuracy, f1 (of label 1). What is not defined on these rows is NaN.
    """
    wanted, said = np.asarray(y, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if not len(wanted) or wanted.shape != said.shape:
        raise InputError(f"{wanted.shape} values and {said.shape} predictions: give as many, at least one")
    if classify:
        yes = said > 0.5
        hit, area = float((yes & (wanted == 1)).sum()), auc(wanted, said)
        both = float(yes.sum() + (wanted == 1).sum())
        return {
            "auc": float("nan") if area is None else area, "accuracy": float((yes == (wanted == 1)).mean()),
            "f1": 2 * hit / both if both else float("nan"),
        }  # fmt: skip
    off = said - wanted
    spread = float(((wanted - wanted.mean()) ** 2).sum())
    return {
        "r2": 1 - float((off**2).sum()) / spread if spread else float("nan"),
        "mae": float(np.abs(off).mean()), "rmse": float(np.sqrt((off**2).mean())),
    }  # fmt: skip


def folds_of(
    formulas: Sequence[str], split: Split, folds: int = FOLDS, seed: int = 0
) -> tuple[Integers, ...]:
    """Part rows into folds, each the test rows of one round.

    Parameters
    ----------
    formulas : sequence of str, length n
    split : {"row", "formula", "elements"}
        Rows that stay together: none (as in the paper, which says nothing else), those of one composition, or those
        of one set of elements.
    folds, seed : int

    Raises
    ------
    InputError
        For another split, or fewer rows (groups) than folds.
    """
    if split not in SPLITS:
        raise InputError(
            f"Unknown split {shown(split)}; allowed are {', '.join(SPLITS)}: choose one of these"
        )
    if split == "row":
        if not 2 <= folds <= len(formulas):
            raise InputError(f"{folds} folds of {len(formulas)} rows: give 2 to {len(formulas)} folds.")
        order = np.random.default_rng(seed).permutation(len(formulas))
        return tuple(np.sort(part).astype(np.int64) for part in np.array_split(order, folds))
    return grouped_folds(formulas, folds, seed, together=canonical_key if split == "formula" else element_set)


@dataclass(frozen=True)
class Judged:
    """Out-of-fold predictions of one model on one set of inputs.

    Attributes
    ----------
    y, predicted : ndarray, shape (n,)
        ``predicted`` is NaN for rows of folds that were left out.
    folds : tuple of ndarray of int64
        Test rows of the rounds that were made.
    classify : bool
    """

    y: NDArray[np.float64]
    predicted: NDArray[np.float64]
    folds: tuple[Integers, ...]
    classify: bool

    def values(self, measure: str) -> NDArray[np.float64]:
        """A measure of each round, (rounds,)."""
        each = (scores(self.y[f], self.predicted[f], classify=self.classify) for f in self.folds)
        return np.array([one[measure] for one in each])

    def mean(self, measure: str) -> float:
        """Mean over the rounds."""
        return float(self.values(measure).mean())

    def on(self, rows: Integers) -> dict[str, float]:
        """All measures on some rows that have a prediction."""
        return scores(self.y[rows], self.predicted[rows], classify=self.classify)


def cross_validate(
    x: Floats, y: Floats, folds: Sequence[Integers], *, rounds: int | None = None, model: Model = "boosting",
    classify: bool = False, settings: Settings = LIGHT, seed: int = 0,
) -> Judged:  # fmt: skip
    """Predict every fold from all others.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    folds : sequence of ndarray of int64
        From `folds_of`.
    rounds : int, optional
        How many folds are predicted, from the first; by default all.
    model, classify, settings, seed
        See `fit_predict`.
    """
    chosen = tuple(folds)[: len(folds) if rounds is None else rounds]
    wanted, predicted = np.asarray(y, dtype=np.float64), np.full(len(y), np.nan)
    for fold in chosen:
        seen = np.setdiff1d(np.arange(len(y)), fold)
        predicted[fold] = fit_predict(
            x[seen], wanted[seen], x[fold], model=model, classify=classify, settings=settings, seed=seed
        )
    return Judged(wanted, predicted, chosen, classify)


@dataclass(frozen=True)
class Paired:
    """A difference of two measures over the same folds.

    Attributes
    ----------
    mean, error : float
        Of the difference, and its standard error; NaN with fewer than three folds.
    """

    mean: float
    error: float

    @property
    def sure(self) -> bool:
        """Whether the difference is at least two standard errors."""
        return bool(abs(self.mean) >= STANDARD_ERRORS * self.error)


def paired(a: Floats, b: Floats, test_share: float = 1 / FOLDS) -> Paired:
    """Compare a with b, fold by fold.

    The training rows of two folds overlap, so that plain standard errors are too small; corrected as C. Nadeau and
    Y. Bengio, "Inference for the Generalization Error" (2003), section 3.

    Parameters
    ----------
    a, b : ndarray, shape (folds,)
    test_share : float
        Share of the rows that a fold holds.
    """
    gain = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if len(gain) < 3:
        return Paired(float(gain.mean()), float("nan"))
    variance = float(gain.var(ddof=1)) * (1 / len(gain) + test_share / (1 - test_share))
    return Paired(float(gain.mean()), float(np.sqrt(variance)))


def inputs(latents: Floats, compositions: Floats) -> Mapping[str, Floats]:
    """What the models are given: the paper's 88 latents, their two parts, and what they were made from.

    Parameters
    ----------
    latents : ndarray, shape (n, 88)
        24 of the composition, then 64 of the pattern.
    compositions : ndarray, shape (n, 100)
    """
    if latents.shape[1] != 88 or compositions.shape[1] != 100 or len(latents) != len(compositions):
        raise InputError(
            f"Latents {latents.shape} and compositions {compositions.shape}: give (n, 88) and (n, 100) of the same rows"
        )
    composition, structure = latents[:, :24], latents[:, 24:]
    return {
        LATENTS: latents, "composition latents (24)": composition, "structure latents (64)": structure,
        FRACTIONS: compositions, BOTH: np.concatenate([compositions, structure], axis=1),
    }  # fmt: skip
