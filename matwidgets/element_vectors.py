"""Materials as vectors, for any scikit-learn estimator: the critic's C, one-hot, Magpie, mat2vec and a random control.

Each is a transformer of formulas. All but Magpie are sums over the elements of amount times a vector of the element, so
they are linear in the amounts; with at least 85 independent vectors such a sum holds exactly what one-hot holds.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), Equations 5 and 6, Tables 1 and 2. Magpie: the
statistics of L. Ward et al., npj Comput. Mater. 2, 16028 (2016), as matminer defines them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.data.datasets import load_element_table
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.formula import parse_formula, to_fractions
from matwidgets.features.occupancy import ELEMENTS, INDEX

Floats = NDArray[np.float64]
STATISTICS = ("minimum", "maximum", "range", "mean", "avg_dev", "mode")
"""Magpie's, of the elements' values weighted by their fractions; a mode of several elements is their least value."""


def amounts(formulas: Iterable[str], *, fractions: bool = False) -> Floats:
    """Amounts of the 85 elements, as written or as fractions of sum 1, shape (n, 85).

    Raises
    ------
    InputError
        No formula, one that cannot be read, or an element outside the 85.
    """
    given = [formulas] if isinstance(formulas, str) else [str(formula) for formula in formulas]
    if not given:
        raise InputError("No formula given; give at least one such as MgB2")
    table = np.zeros((len(given), len(ELEMENTS)))
    for row, formula in zip(table, given, strict=True):
        found = to_fractions(formula) if fractions else parse_formula(formula)
        outside = [symbol for symbol in found if symbol not in INDEX]
        if outside:
            raise InputError(
                f"{listed(outside)} in {shown(formula)} is outside the {len(ELEMENTS)} elements of wgan: leave such "
                "formulas out"
            )
        row[[INDEX[symbol] for symbol in found]] = list(found.values())
    return table


class _Vectors(TransformerMixin, BaseEstimator):
    """Formulas to vectors: amounts of the elements times a table."""

    fractions: bool = False

    def _table(self) -> tuple[Floats, list[str]]:
        """A row for each of the 85 elements, shape (85, d), and a name for each column."""
        raise NotImplementedError

    def fit(self, X: Sequence[str], y: Any = None) -> _Vectors:
        """Take the elements' vectors; nothing is learned from the formulas, but all are read."""
        amounts(X)
        self.vectors_, self.names_ = self._table()
        return self

    def transform(self, X: Sequence[str]) -> Floats:
        """Vectors of formulas, shape (n, d)."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "vectors_")
        return self._of(amounts(X, fractions=self.fractions))

    def _of(self, n: Floats) -> Floats:
        product: Floats = n @ self.vectors_
        return product

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns that ``transform`` gives."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "vectors_")
        return np.array(self.names_, dtype=object)


class CriticVectors(_Vectors):
    """C of Equation 5: amounts of the elements times T, the embedding that a critic has learned.

    Parameters
    ----------
    model : FormulaGAN or path
        A trained model, or the folder or file of one.
    fractions : bool
        Whether amounts are fractions of sum 1 rather than as written, which is the paper's way.

    Attributes
    ----------
    vectors_ : ndarray, shape (85, d)
        T, the elements by atomic number.
    """

    def __init__(self, model: FormulaGAN | str | Path, fractions: bool = False) -> None:
        self.model = model
        self.fractions = fractions

    def _table(self) -> tuple[Floats, list[str]]:
        model = self.model
        known = model if isinstance(model, FormulaGAN) else FormulaGAN.from_directory(model)
        return known.embedding, [f"critic_{i}" for i in range(known.embedding.shape[1])]


class RandomVectors(_Vectors):
    """The control of `CriticVectors`: T = tanh(W) with W drawn at random and never trained.

    Parameters
    ----------
    width : int
        Numbers of an element's vector.
    spread : float
        Standard deviation of W; the authors' code draws its initial weights with 1.
    seed : int
    fractions : bool
    """

    def __init__(self, width: int = 128, spread: float = 1.0, seed: int = 0, fractions: bool = False) -> None:
        self.width = width
        self.spread = spread
        self.seed = seed
        self.fractions = fractions

    def _table(self) -> tuple[Floats, list[str]]:
        if self.width < 1 or not self.spread > 0:
            raise InputError(
                f"width is {self.width} and spread {self.spread:g}; allowed are a whole number from 1 and one above 0: "
                "give such numbers"
            )
        drawn = np.random.default_rng(self.seed).normal(0.0, self.spread, (len(ELEMENTS), self.width))
        return np.tanh(drawn), [f"random_{i}" for i in range(self.width)]


class OneHotVectors(_Vectors):
    """The amount of each of the 85 elements (Table 2).

    Parameters
    ----------
    fractions : bool
        Whether amounts are fractions of sum 1 rather than as written, which is the paper's way.
    """

    def __init__(self, fractions: bool = False) -> None:
        self.fractions = fractions

    def _table(self) -> tuple[Floats, list[str]]:
        return np.eye(len(ELEMENTS)), list(ELEMENTS)


class Mat2vecVectors(_Vectors):
    """Amounts times mat2vec, 200 numbers an element learned from the words of abstracts; needs the table mat2vec.

    V. Tshitoyan et al., Nature 571, 95 (2019).

    Parameters
    ----------
    fractions : bool
        Whether amounts are fractions of sum 1, as is usual with these vectors, rather than as written.
    """

    def __init__(self, fractions: bool = True) -> None:
        self.fractions = fractions

    def _table(self) -> tuple[Floats, list[str]]:
        values = _element_table("mat2vec")
        return values, [f"mat2vec_{i}" for i in range(values.shape[1])]


class MagpieVectors(_Vectors):
    """Six statistics of 22 properties of the elements (Table 1); needs the table magpie.

    Attributes
    ----------
    vectors_ : ndarray, shape (85, 22)
        The properties, in the order of Table 1's source.
    """

    fractions = True

    def _table(self) -> tuple[Floats, list[str]]:
        values = _element_table("magpie")
        return values, [f"{stat} {name}" for name in _MAGPIE for stat in STATISTICS]

    def _of(self, n: Floats) -> Floats:
        out = np.empty((len(n), self.vectors_.shape[1], len(STATISTICS)))
        for row, weights in zip(out, n, strict=True):
            present = np.flatnonzero(weights)
            values, share = self.vectors_[present], weights[present]
            mean = share @ values
            low, high = values.min(0), values.max(0)
            row[:, 0], row[:, 1], row[:, 2], row[:, 3] = low, high, high - low, mean
            row[:, 4] = share @ np.abs(values - mean)
            row[:, 5] = values[np.isclose(share, share.max())].min(0)
        return out.reshape(len(n), -1)


_MAGPIE = (
    "Number", "MendeleevNumber", "AtomicWeight", "MeltingT", "Column", "Row", "CovalentRadius", "Electronegativity",
    "NsValence", "NpValence", "NdValence", "NfValence", "NValence", "NsUnfilled", "NpUnfilled", "NdUnfilled",
    "NfUnfilled", "NUnfilled", "GSvolume_pa", "GSbandgap", "GSmagmom", "SpaceGroupNumber",
)  # fmt: skip


def _element_table(name: str) -> Floats:
    symbols, values = load_element_table(name)
    place = {symbol: i for i, symbol in enumerate(symbols)}
    return values[[place[symbol] for symbol in ELEMENTS]]
