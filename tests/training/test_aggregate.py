"""The Gaussian mixture over the aggregate posterior: draws, what validation chooses, tensors, a missing package."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from matwidgets.errors import InputError
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.training import aggregate
from matwidgets.training.aggregate import Mixture, fit, posterior_draws, require_sklearn
from matwidgets.training.vae import Recipe

CENTRES = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 4.0]])


@pytest.fixture
def net() -> OneHotVAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return OneHotVAE(OneHotVAEConfig(elements=4, width=8, latent=2)).eval().requires_grad_(False)


def clumps(rows: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return CENTRES[generator.integers(3, size=rows)] + 0.3 * generator.standard_normal((rows, 2))


def test_draws_have_the_moments_of_the_mixture():
    factors = np.array([[[1.0, 0.0], [0.5, 0.2]], [[0.1, 0.0], [0.0, 0.1]]])
    mixture = Mixture(np.array([0.25, 0.75]), np.array([[5.0, 0.0], [-5.0, 1.0]]), factors)
    z = mixture.draw(40_000, np.random.default_rng(0))
    first = z[z[:, 0] > 0]
    assert len(first) / len(z) == pytest.approx(0.25, abs=0.01)  # four standard errors
    np.testing.assert_allclose(first.mean(0), [5, 0], atol=0.04)
    np.testing.assert_allclose(np.cov(first.T), factors[0] @ factors[0].T, atol=0.06)


def test_validation_chooses_the_number_of_components(net, monkeypatch):
    draws = {0: clumps(600, 0), 1: clumps(300, 1)}
    monkeypatch.setattr(aggregate, "posterior_draws", lambda net, counts, seed: draws[seed])
    found = fit(net, torch.ones(600, 4), torch.ones(300, 4), (1, 3, 400), seed=0)
    assert set(found.scores) == {1, 3}  # 400 components for 600 rows are too many
    assert found.scores[3] > found.scores[1]
    nearest = np.linalg.norm(found.mixture.means[:, None] - CENTRES, axis=2).min(0)
    assert (nearest < 0.1).all()
    covariances = found.mixture.factors @ found.mixture.factors.transpose(0, 2, 1)
    np.testing.assert_allclose(covariances, np.broadcast_to(0.09 * np.eye(2), (3, 2, 2)), atol=0.03)


def test_without_validation_the_fewest_components_are_taken(net, monkeypatch):
    monkeypatch.setattr(aggregate, "posterior_draws", lambda net, counts, seed: clumps(len(counts), seed))
    found = fit(net, torch.ones(100, 4), torch.ones(0, 4), (3, 2), seed=0)
    assert found.scores == {} and len(found.mixture.weights) == 2
    assert len(fit(net, torch.ones(5, 4), torch.ones(0, 4), (3, 2), seed=0).mixture.weights) == 1


def test_posterior_draws_are_of_the_posterior(net, monkeypatch):
    counts = torch.tensor([[1.0, 2.0, 0.0, 0.0]]).repeat(4000, 1)
    mean, log_variance = net.encode(counts[:1] / 3)
    z = posterior_draws(net, counts, seed=0)
    spread = (log_variance[0] / 2).exp().numpy()
    np.testing.assert_allclose(z.mean(0), mean[0].numpy(), atol=4 * spread.max() / 4000**0.5)
    np.testing.assert_allclose(z.std(0), spread, rtol=0.06)
    whole = posterior_draws(net, counts[:7], seed=3)
    monkeypatch.setattr(aggregate, "AT_ONCE", 7)
    np.testing.assert_array_equal(posterior_draws(net, counts[:7], seed=3), whole)


def test_tensors_give_the_mixture_back():
    mixture = Mixture(np.array([0.5, 0.5]), np.zeros((2, 3)), np.broadcast_to(np.eye(3), (2, 3, 3)))
    again = Mixture.from_tensors(mixture.tensors(), latent=3)
    np.testing.assert_array_equal(again.factors, mixture.factors)
    with pytest.raises(ValueError, match="a mixture of shapes"):
        Mixture.from_tensors(mixture.tensors(), latent=2)
    with pytest.raises(KeyError):
        Mixture.from_tensors({}, latent=3)


def test_without_scikit_learn(monkeypatch):
    require_sklearn()
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    with pytest.raises(
        InputError, match=r"needs scikit-learn, which is missing: pip install scikit-learn, or"
    ):
        require_sklearn()


def test_numbers_of_components_start_at_one():
    with pytest.raises(InputError, match=r"mixtures is \(4, 0\); each must be a whole number from 1"):
        Recipe(mixtures=(4, 0))
