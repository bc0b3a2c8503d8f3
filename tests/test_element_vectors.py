"""Formulas as vectors: sums written out, Magpie by hand, scikit-learn's conventions, the linearity argument."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from matwidgets import element_vectors
from matwidgets.adversarial_models import FormulaGAN
from matwidgets.adversarial_trainings import train_adversarial
from matwidgets.element_vectors import (
    STATISTICS,
    CriticVectors,
    MagpieVectors,
    Mat2vecVectors,
    OneHotVectors,
    RandomVectors,
    amounts,
)
from matwidgets.errors import CheckpointError, InputError, MissingTableError
from matwidgets.features.occupancy import ELEMENTS, INDEX
from matwidgets.models.formula_generators import SlotConfig
from matwidgets.models.wgan import CriticConfig
from matwidgets.training.adversarial_recipe import Recipe

FORMULAS = ["MgB2", "La1.85Sr0.15CuO4", "TiC", "NaCl", "YBa2Cu3O7"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> FormulaGAN:
    rows = pd.DataFrame({"formula": ["LiF", "NaCl", "KBr", "MgO", "CaO", "Al2O3"]})
    recipe = Recipe(epochs=1, iterations=1, batch_size=4, every=1)
    out = tmp_path_factory.mktemp("wgan")
    options = dict(generator=SlotConfig(noise=4, width=8), critic=CriticConfig(width=100, hidden=(4,)))
    train_adversarial(frame=rows, **options, recipe=recipe, out=out).wait(120)  # type: ignore[arg-type]
    return FormulaGAN.from_directory(out)


def test_amounts_as_written_and_as_fractions():
    table = amounts(["La1.85Sr0.15CuO4", "Na2O2"])
    assert table[0, INDEX["La"]] == 1.85 and table[0].sum() == 7 and table[1].sum() == 4
    np.testing.assert_allclose(amounts(FORMULAS, fractions=True).sum(1), 1)
    assert amounts("TiC").shape == (1, 85)
    with pytest.raises(
        InputError, match="Kr in 'KrF2' is outside the 85 elements of wgan: leave such formulas out"
    ):
        amounts(["TiC", "KrF2"])
    with pytest.raises(InputError, match="No formula given"):
        amounts([])


def test_equation_5(model, tmp_path):
    c = CriticVectors(model).fit_transform(["MgB2"])
    t = model.embedding
    np.testing.assert_allclose(c[0], t[INDEX["Mg"]] + 2 * t[INDEX["B"]])
    third = CriticVectors(model, fractions=True).fit_transform(["MgB2"])
    np.testing.assert_allclose(third[0], c[0] / 3)
    with pytest.raises(
        CheckpointError, match="holds no model; give a folder that `matwidgets train wgan` wrote"
    ):
        CriticVectors(tmp_path).fit(FORMULAS)


def test_the_critic_s_vectors_hold_what_one_hot_holds(model):
    """Least squares from one to the other leaves nothing: with 100 numbers an element, C is a remix of the amounts."""
    one_hot, c = OneHotVectors().fit_transform(FORMULAS), CriticVectors(model).fit_transform(FORMULAS)
    assert np.linalg.matrix_rank(model.embedding) == 85
    back = c @ np.linalg.pinv(model.embedding)
    np.testing.assert_allclose(back, one_hot, atol=1e-6)


def test_one_hot_is_table_2():
    x = OneHotVectors().fit_transform(["Li2O", "Na2O2", "TiO2"])
    assert x[:, [INDEX[e] for e in ("Li", "Na", "O")]].tolist() == [[2, 0, 1], [0, 2, 2], [0, 0, 2]]
    assert OneHotVectors().fit(["TiC"]).get_feature_names_out().tolist() == list(ELEMENTS)


def test_random_vectors_are_the_same_for_a_seed():
    one, again = (RandomVectors(seed=2).fit_transform(FORMULAS) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    other = RandomVectors(seed=3).fit(FORMULAS)
    assert (other.transform(FORMULAS) != one).any() and np.abs(other.vectors_).max() < 1
    assert one.shape == (5, 128)
    with pytest.raises(InputError, match="width is 0 and spread 1; allowed are"):
        RandomVectors(width=0).fit(FORMULAS)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A table of 22 numbers an element, in an order of its own."""
    values = np.random.default_rng(0).normal(size=(85, 22))

    def load(name: str):
        return tuple(reversed(ELEMENTS)), values[::-1]

    monkeypatch.setattr(element_vectors, "load_element_table", load)
    return values


def test_magpie_by_hand(tables):
    x = MagpieVectors().fit_transform(["Al2O3", "TiC"])
    assert x.shape == (2, 22 * 6)
    al, o = tables[INDEX["Al"]], tables[INDEX["O"]]
    ti, c = tables[INDEX["Ti"]], tables[INDEX["C"]]
    cells = x.reshape(2, 22, 6)
    np.testing.assert_allclose(cells[0, :, 0], np.minimum(al, o))
    np.testing.assert_allclose(cells[0, :, 2], np.abs(al - o))
    np.testing.assert_allclose(cells[0, :, 3], 0.4 * al + 0.6 * o)
    # Al lies 0.6 of the way from the mean, O 0.4
    np.testing.assert_allclose(cells[0, :, 4], (0.4 * 0.6 + 0.6 * 0.4) * np.abs(al - o))
    np.testing.assert_allclose(cells[0, :, 5], o)  # the commoner
    np.testing.assert_allclose(cells[1, :, 5], np.minimum(ti, c))  # both alike: the lesser
    names = MagpieVectors().fit(["TiC"]).get_feature_names_out()
    assert names[:6].tolist() == [f"{stat} Number" for stat in STATISTICS] and len(names) == 132


def test_mat2vec_weighs_by_fractions(tables):
    x = Mat2vecVectors().fit_transform(["Al2O3"])
    np.testing.assert_allclose(x[0], 0.4 * tables[INDEX["Al"]] + 0.6 * tables[INDEX["O"]])


def test_missing_tables_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    with pytest.raises(MissingTableError, match="matwidgets data fetch magpie"):
        MagpieVectors().fit(["TiC"])


def test_scikit_learn_s_conventions(model, tables):
    for made in (
        CriticVectors(model), RandomVectors(width=7, seed=4), OneHotVectors(fractions=True), Mat2vecVectors(),
        MagpieVectors(),
    ):  # fmt: skip
        copied = clone(made)
        assert copied.get_params().keys() == made.get_params().keys()
        with pytest.raises(NotFittedError):
            copied.transform(FORMULAS)
        fitted = copied.fit(pd.Series(FORMULAS))
        np.testing.assert_array_equal(fitted.transform(FORMULAS), made.fit_transform(FORMULAS))
        frame = clone(made).set_output(transform="pandas").fit_transform(FORMULAS)
        assert list(frame.columns) == list(made.get_feature_names_out())
    pipe = make_pipeline(OneHotVectors(), LinearRegression()).fit(FORMULAS, np.arange(5.0))
    np.testing.assert_allclose(pipe.predict(FORMULAS), np.arange(5.0), atol=1e-8)


@pytest.mark.data
def test_the_real_tables_have_every_element():
    magpie = MagpieVectors().fit_transform(FORMULAS)
    assert magpie.shape == (5, 132) and np.isfinite(magpie).all()
    names = MagpieVectors().fit(["TiC"]).get_feature_names_out().tolist()
    # Al2O3: 0.4 of 13 and 0.6 of 8; electronegativities 1.61 and 3.44
    x = MagpieVectors().fit_transform(["Al2O3"])[0]
    assert x[names.index("mean Number")] == pytest.approx(10.0)
    assert x[names.index("range Electronegativity")] == pytest.approx(3.44 - 1.61)
    assert np.isfinite(Mat2vecVectors().fit_transform(FORMULAS)).all()
    from matwidgets.data import fetch

    header = fetch.path("magpie").read_text().splitlines()[0].split(",")[1:]
    assert [name.removeprefix("mean ") for name in names if name.startswith("mean ")] == header
