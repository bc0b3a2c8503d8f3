"""The experiments of the one-hot VAE on toy materials and networks whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.features.onehot import ELEMENTS, INDEX
from matwidgets.features.prevalence import independent_materials
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.papers import onehot_vae
from matwidgets.samplers import Sampler
from matwidgets.training.vae import UNKNOWN, Recipe, Table

MATERIALS = ["BaTiO3", "CaTiO3", "MgAl2O4", "SrTiO3", "Li2SiO3", "NaAlO2"]
PRODUCTS = [
    {"BaO": 0.4, "TiO2": 0.6},
    {"CaO": 0.4, "TiO2": 0.6},
    {"MgO": 2 / 7, "Al2O3": 5 / 7},
    {"SrO": 0.4, "TiO2": 0.6},
    {"Li2O": 0.5, "SiO2": 0.5},
    {"Na2O": 3 / 8, "Al2O3": 5 / 8},
]


class Linear:
    """An encoder that is linear in the fractions, so that it keeps every decomposition exactly."""

    def __init__(self, seed: int = 0) -> None:
        self.map = np.random.default_rng(seed).standard_normal((89, 10))

    def encode(self, formulas):
        return onehot.fraction_vectors(formulas) @ self.map


def network(**changes: int) -> Sampler:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = OneHotVAE(OneHotVAEConfig(likelihood="multinomial", **changes)).eval().requires_grad_(False)
    decoding = {"rule": "threshold_gcd", "threshold": 0.04, "tolerance": 0.02}
    return Sampler(net, {"word": "onehot_vae", "decoding": decoding, "classified": 0})


def test_a_linear_encoder_keeps_decompositions():
    found = onehot_vae.decomposition_similarity(Linear(), MATERIALS, PRODUCTS)
    np.testing.assert_allclose(found.cosine, 1)
    np.testing.assert_allclose(found.relative_error, 0, atol=1e-9)
    assert found.rank.tolist() == [1] * 6
    assert found.by_components() == {2: pytest.approx(1)}


def test_shuffled_components_belong_to_others():
    found = onehot_vae.decomposition_similarity(Linear(), MATERIALS, PRODUCTS, shuffled=1)
    assert (found.relative_error > 0.1).all()
    assert (found.rank > 1).all()


def test_an_untrained_encoder_passes_the_papers_measure():
    """The point of the control: cosines near 1 from random weights."""
    found = onehot_vae.decomposition_similarity(onehot_vae.untrained(network()), MATERIALS, PRODUCTS)
    assert found.cosine.min() > 0.95


def test_untrained_networks_differ_by_seed_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (onehot_vae.untrained(network(), seed).encode("TiO2") for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_too_few_materials():
    with pytest.raises(InputError, match="1 materials with 1 decompositions: give at least two"):
        onehot_vae.decomposition_similarity(Linear(), MATERIALS[:1], PRODUCTS[:1])


def test_facts_by_hand():
    counts = onehot.count_vectors(["NaCl", "NaCl2", "TiO2", "TiO", "LiBeBCNOFNa", "K"])
    facts = onehot_vae.dataset_facts(counts)
    assert facts.most_elements == 8
    assert facts.up_to_six == pytest.approx(5 / 6)
    present = sorted({ELEMENTS[i] for i in np.flatnonzero(counts.any(0))})
    assert facts.pairs == len(present) * (len(present) - 1) // 2
    a, b, r = facts.strongest
    both = (counts[:, [INDEX[a], INDEX[b]]] > 0).astype(float)
    assert r == pytest.approx(np.corrcoef(both.T)[0, 1])
    assert onehot_vae.dataset_facts(counts, least=2.0).correlated == 0


def test_independent_materials_have_the_datas_prevalence_and_no_pairs():
    salts = [a + b for a in ("Na", "K", "Li") for b in ("Cl", "F", "Br")]
    counts = onehot.count_vectors(salts)
    drawn = independent_materials(counts, 4000, seed=2)
    assert drawn.any(1).all() and (np.gcd.reduce(drawn, axis=1) == 1).all()
    found = onehot_vae.sample_statistics(counts, drawn)
    assert found.kl_fractions < 0.01
    assert found.data_elements[2] == 1.0 and found.sample_elements[2] < 0.6
    assert found.over(["Na", "Cl"])["Na"] == pytest.approx(1, abs=0.2)


def test_statistics_of_the_data_itself():
    counts = onehot.count_vectors(MATERIALS)
    found = onehot_vae.sample_statistics(counts, counts)
    assert found.kl_counts == pytest.approx(0, abs=1e-4) and found.kl_fractions == pytest.approx(0, abs=1e-4)
    np.testing.assert_array_equal(found.data_elements, found.sample_elements)


def test_the_width_sweep_trains_every_width():
    formulas = [f"{a}{n}{b}" for a in ("Li", "Na", "K") for b in ("F", "Cl", "Br") for n in ("", 2)]
    counts = torch.as_tensor(onehot.count_vectors(formulas), dtype=torch.float32)
    table = Table(counts, torch.full((len(counts),), UNKNOWN))
    config = OneHotVAEConfig(latent=3, likelihood="multinomial")
    recipe = Recipe(epochs=40, batch_size=18, learning_rate=0.03)
    found = list(onehot_vae.width_sweep(table, table, config, recipe, widths=(2, 32), samples=200))
    assert [each.width for each in found] == [2, 32]
    assert found[1].nelbo < found[0].nelbo
    assert all(np.isfinite([each.kl_counts, each.kl_fractions]).all() for each in found)
