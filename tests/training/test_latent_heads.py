"""Ensembles on latent points: what they learn, what they do not see, how sure they are."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from matwidgets.errors import InputError
from matwidgets.models.latent_heads import HeadsConfig, LatentHeads, likelihood
from matwidgets.training.latent_heads import HeadsRecipe, Rows, combined, train_heads

CONFIG = HeadsConfig(("a", "b"), ("c",), inputs=3, hidden=(16, 8), members=3)
RECIPE = HeadsRecipe(epochs=60, batch_size=32, learning_rate=0.02)


def rows(n: int, seed: int) -> Rows:
    """a = 10 z0 + 5 and a little noise, known of two rows in three; b is noise of deviation 1; c is z1 > 0."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(n, 3, generator=generator)
    noise = torch.randn(n, 2, generator=generator)
    values = torch.stack([10 * z[:, 0] + 5 + 0.5 * noise[:, 0], noise[:, 1]], 1)
    values[::3, 0] = math.nan
    return Rows(z, torch.full_like(z, 0.01), values, (z[:, 1:2] > 0).float())


@pytest.fixture(scope="module")
def trained():
    return train_heads(CONFIG, RECIPE, rows(400, 0), rows(120, 1))


def test_it_learns_values_and_chances(trained):
    test = rows(200, 2)
    mean, deviation, chance, spread = (p.numpy() for p in combined(trained.net, test.z))
    value = mean * trained.scale + trained.mean
    error = value[:, 0] - (10 * test.z[:, 0] + 5).numpy()
    assert np.sqrt((error**2).mean()) < 1.5  # of a property of deviation 10
    assert ((chance[:, 0] > 0.5) == test.chances[:, 0].numpy()).mean() > 0.9
    assert bool((deviation > 0).all()) and bool((spread >= 0).all())


def test_stated_deviations_are_those_of_the_errors(trained):
    """Of pure noise nothing can be known but how large it is."""
    test = rows(1000, 3)
    _, deviation, _, _ = (p.numpy() for p in combined(trained.net, test.z))
    stated = deviation[:, 1] * trained.scale[1] * trained.factors[1]
    assert np.median(stated) == pytest.approx(1.0, rel=0.25)


def test_each_member_keeps_its_best_epoch(trained):
    assert len(trained.epochs) == 3 and all(1 <= e <= 60 for e in trained.epochs)
    with pytest.raises(RuntimeError, match="does not require grad"):
        combined(trained.net, torch.zeros(1, 3))[0].sum().backward()


def test_the_seed_is_all_there_is_of_chance(trained):
    before = torch.get_rng_state()
    again = train_heads(CONFIG, RECIPE, rows(400, 0), rows(120, 1))
    assert torch.equal(before, torch.get_rng_state())
    for one, other in zip(trained.net.parameters(), again.net.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_likelihood_by_hand():
    mean, log_variance = torch.zeros(1, 2, 1), torch.full((1, 2, 1), math.log(4.0))
    logits = torch.zeros(1, 2, 1)
    values, chances = torch.tensor([[2.0], [math.nan]]), torch.tensor([[1.0], [0.0]])
    expected = (0.5 * (4 / 4 + math.log(4)) + 2 * math.log(2)) / 3  # one value and two chances are known
    assert float(likelihood((mean, log_variance, logits), values, chances)) == pytest.approx(
        expected, rel=1e-6
    )


def test_members_are_independent_networks():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = LatentHeads(CONFIG)
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    mean, log_variance, logits = net(z)
    assert mean.shape == log_variance.shape == (3, 5, 2) and logits.shape == (3, 5, 1)
    assert not torch.allclose(mean[0], mean[1])
    by_hand = z
    for i in range(3):
        by_hand = by_hand @ net.weights[i][1] + net.biases[i][1]
        by_hand = torch.nn.functional.silu(by_hand) if i < 2 else by_hand
    torch.testing.assert_close(mean[1], by_hand[:, :2])


def test_a_property_that_nobody_knows():
    train = rows(40, 0)
    unknown = train._replace(values=torch.full_like(train.values, math.nan))
    with pytest.raises(InputError, match="a is known of 0 training rows; at least 2 needed"):
        train_heads(CONFIG, RECIPE, unknown, rows(20, 1))
    with pytest.raises(InputError, match="c is known of 0 validation rows; at least 1 needed"):
        train_heads(CONFIG, RECIPE, train, rows(20, 1)._replace(chances=torch.full((20, 1), math.nan)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"values": ()}, "without properties"), ({"values": ("a",), "members": 0}, "a size of 0")],
)
def test_bad_configurations(changes, message):
    with pytest.raises(ValueError, match=message):
        HeadsConfig(**changes)
