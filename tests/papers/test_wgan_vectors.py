"""Representations of Table 4: Equation 5 written out, the linearity argument by least squares, T read from a file."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.adversarial_trainings import train_adversarial
from matwidgets.element_vectors import OneHotVectors, RandomVectors
from matwidgets.errors import CheckpointError, InputError
from matwidgets.features import occupancy
from matwidgets.models.formula_generators import SlotConfig
from matwidgets.models.wgan import CriticConfig
from matwidgets.papers import wgan_vectors
from matwidgets.papers.wgan_elements import initial_embedding
from matwidgets.papers.wgan_vectors import (
    BEFORE,
    CRITIC,
    Embedding,
    embedding_before,
    embedding_of,
    equation_5,
    linearity,
)
from matwidgets.training.adversarial import AdversarialTraining
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.states import state_file

E = len(occupancy.ELEMENTS)


def some_formulas(n: int = 400, seed: int = 0) -> list[str]:
    """Formulas of three elements each, all 85 in either half."""
    random = np.random.default_rng(seed)
    counts = np.zeros((n, E), dtype=np.uint8)
    for i, row in enumerate(counts):
        row[(i // 2) % E] = random.integers(1, 9)
        row[random.choice(E, 2, replace=False)] = random.integers(1, 9, 2)
    return ["".join(f"{occupancy.ELEMENTS[j]}{row[j]}" for j in np.flatnonzero(row)) for row in counts]


RECIPE = Recipe(epochs=2, iterations=3, batch_size=4, every=1)
NETWORKS = SlotConfig(noise=4, width=8), CriticConfig(width=90, hidden=(4,))
FEW = ["LiF", "NaCl", "KBr", "MgO", "CaO", "Al2O3"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("wgan")
    frame = pd.DataFrame({"formula": FEW})
    train_adversarial(generator=NETWORKS[0], critic=NETWORKS[1], frame=frame, recipe=RECIPE, out=out).wait(
        120
    )
    return out


@pytest.fixture
def unfinished(tmp_path):
    counts = torch.as_tensor(occupancy.require_counts(FEW))
    job = AdversarialTraining(*NETWORKS, RECIPE, counts, counts[:0])
    while job.advance() is None:
        pass
    job.save(state_file(tmp_path))
    return tmp_path, job.critic.embedding.detach().double().numpy()


def test_t_of_a_finished_model_is_the_models_own(finished):
    found = embedding_of(finished)
    np.testing.assert_array_equal(found.vectors, FormulaGAN.from_directory(finished).embedding)
    assert (found.name, found.iterations, found.planned, found.selected) == (CRITIC, 6, 6, 6)
    assert found.sha256 == hashlib.sha256(found.vectors.tobytes()).hexdigest()
    assert set(found.told()) == {"iterations", "planned", "selected", "sha256"}


def test_t_of_an_unfinished_training_says_how_far_it_is(unfinished):
    folder, embedding = unfinished
    found = embedding_of(folder)
    assert (found.iterations, found.planned, found.selected) == (3, 6, 3)
    np.testing.assert_allclose(found.vectors, embedding, rtol=1e-6)


def test_t_before_training_is_another_and_has_no_iteration(finished):
    before, after = embedding_before(finished), embedding_of(finished)
    assert (before.name, before.iterations, before.planned) == (BEFORE, 0, 6)
    assert before.vectors.shape == after.vectors.shape and not np.allclose(before.vectors, after.vectors)
    np.testing.assert_array_equal(before.vectors, initial_embedding(FormulaGAN.from_directory(finished)))


def test_t_of_nothing(tmp_path):
    with pytest.raises(CheckpointError, match="no model"):
        embedding_of(tmp_path)


def test_equation_5_of_one_formula_by_hand():
    """K Zn2 Ru, the paper's example: one atom of K and Ru, two of Zn."""
    t = RandomVectors(width=5).fit(["H"]).vectors_
    counts = occupancy.require_counts(["KZn2Ru"])
    i = occupancy.INDEX
    np.testing.assert_allclose(equation_5(counts, t)[0], t[i["K"]] + 2 * t[i["Zn"]] + t[i["Ru"]])


def test_c_is_linear_and_nothing_is_lost():
    t = RandomVectors().fit(["H"]).vectors_
    found = linearity(t, some_formulas())
    assert found.rank == E and found.formulas == 200
    assert found.residual < 1e-12 and found.worst < 1e-10
    singular = np.linalg.svd(t, compute_uv=False)
    assert found.condition == pytest.approx(singular[0] / singular[-1])


def test_fewer_numbers_than_elements_lose_atoms_though_linear():
    """The measure can fail: 60 numbers are linear in 85 amounts too, but cannot be read back."""
    found = linearity(RandomVectors(width=60).fit(["H"]).vectors_, some_formulas())
    assert found.rank == 60 and found.residual < 1e-12 and found.worst > 0.5


def test_a_representation_that_is_not_linear_is_seen(monkeypatch):
    monkeypatch.setattr(wgan_vectors, "equation_5", lambda counts, t: (counts @ t) ** 2)
    assert linearity(RandomVectors().fit(["H"]).vectors_, some_formulas()).residual > 0.1


def test_linearity_needs_every_element_among_the_fitted():
    with pytest.raises(InputError, match="Cl cannot be told"):
        linearity(RandomVectors().fit(["H"]).vectors_, ["NaF", "NaCl", "KF", "KF"])


def test_claims_of_linearity():
    t = wgan_vectors.rotation()
    claims = wgan_vectors.linearity_claims(t, some_formulas())
    assert claims["rank_of_t"].here == claims["rank_of_t"].control == E
    assert claims["rank_of_t"].why.startswith("condition 1, of a random T ")
    assert set(claims) == {"linear_residual", "rank_of_t", "atoms_from_c"}


def test_turned_one_hot_is_one_hot_at_the_same_distances():
    q = wgan_vectors.rotation()
    np.testing.assert_allclose(q @ q.T, np.eye(E), atol=1e-12)
    formulas = some_formulas(20)
    turned, plain = (
        wgan_vectors.vectors(name, formulas) for name in (wgan_vectors.TURNED, wgan_vectors.ONE_HOT)
    )
    np.testing.assert_allclose(turned @ turned.T, plain @ plain.T, atol=1e-12)
    assert not np.allclose(turned, plain)


def test_representations_by_name():
    formulas = ["MgB2", "La1.85Sr0.15CuO4"]
    t = RandomVectors(width=3, seed=7).fit(["H"]).vectors_
    own = {CRITIC: Embedding(CRITIC, t, 1, 2, 1, "")}
    found = wgan_vectors.vectors(CRITIC, formulas, own)
    i = occupancy.INDEX
    np.testing.assert_allclose(found[0], t[i["Mg"]] + 2 * t[i["B"]])
    fractions = wgan_vectors.vectors(wgan_vectors.FRACTIONS, formulas)
    np.testing.assert_allclose(fractions, OneHotVectors(fractions=True).fit_transform(formulas))
    with pytest.raises(InputError, match="No representation 'atoms'; there are one-hot, Magpie"):
        wgan_vectors.vectors("atoms", formulas, own)


def test_condition_of_inputs():
    """1 without correlation, whatever the scale; of two columns of correlation r the root of (1 + r) / (1 - r)."""
    a, b = np.array([1.0, 1, -1, -1]), np.array([1.0, -1, 1, -1])
    still = np.ones(4)
    assert wgan_vectors.input_condition(np.stack([5 * a, 0.1 * b + 3, still], 1)) == pytest.approx(1)
    assert wgan_vectors.input_condition(np.stack([a, 0.6 * a + 0.8 * b], 1)) == pytest.approx(2)
