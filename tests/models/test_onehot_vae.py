"""The one-hot VAE: shapes, likelihoods against torch's and scipy's own, the divergence, active units."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import multinomial as scipy_multinomial
from torch.distributions import Bernoulli, Normal, kl_divergence

from matwidgets.models.onehot_vae import (
    LIKELIHOODS,
    OneHotVAE,
    OneHotVAEConfig,
    active_units,
    bernoulli_floor,
    divergence,
)

EACH = pytest.mark.parametrize("likelihood", LIKELIHOODS)
X = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.2, 0.0, 0.4, 0.4], [0.0, 0.0, 0.0, 1.0]])


def network(likelihood: str, **changes: int) -> OneHotVAE:
    small = dict(elements=4, width=8, latent=3, classes=5, atoms=10)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return OneHotVAE(OneHotVAEConfig(likelihood=likelihood, **(small | changes))).eval()  # type: ignore[arg-type]


def noise(rows: int = 3) -> torch.Tensor:
    return torch.randn(rows, 3, generator=torch.Generator().manual_seed(4))


@EACH
def test_shapes(likelihood):
    net = network(likelihood)
    out = net(X, noise())
    assert out.mean.shape == out.log_variance.shape == out.z.shape == (3, 3)
    assert out.logits.shape == (3, 8 if likelihood == "two_part" else 4)
    assert net.classify(X).shape == (3, 5)
    assert net.reconstruction(out.logits, X).shape == net.log_coefficient(X).shape == (3,)


@EACH
def test_decoded_fractions_sum_to_one(likelihood):
    x = network(likelihood).decode(5 * noise(40).repeat(5, 1))
    assert bool((x >= 0).all())
    torch.testing.assert_close(x.sum(-1), torch.ones(200))


def test_two_parts_give_exact_zeros_and_at_least_one_element():
    net = network("two_part")
    logits = torch.tensor([[2.0, -1, 3, -2, 0, 5, 0, 1], [-3.0, -1, -2, -4, 0, 0, 0, 0]])
    expected = torch.tensor([[0.5, 0, 0.5, 0], [0, 1.0, 0, 0]])
    torch.testing.assert_close(net.fractions(logits), expected)


def test_presences_are_drawn_with_their_probabilities():
    net = network("two_part")
    logits = torch.tensor([[0.0, 2.0, -2.0, -9.0, 1.0, 1.0, 2.0, 0.0]]).repeat(20_000, 1)
    uniform = torch.rand(20_000, 4, generator=torch.Generator().manual_seed(0))
    x = net.fractions(logits, uniform)
    torch.testing.assert_close((x > 0).float().mean(0), logits[0, :4].sigmoid(), atol=0.015, rtol=0)
    nothing = (uniform >= logits[:, :4].sigmoid()).all(-1)
    assert bool(nothing.any()) and bool((x[nothing] == 0).all())
    torch.testing.assert_close(x[~nothing].sum(-1), torch.ones(int((~nothing).sum())))
    pair = (x[:, 0] > 0) & (x[:, 2] > 0) & (x[:, 1] == 0) & (x[:, 3] == 0)
    expected = torch.tensor([1.0, 2.0]).softmax(-1)
    torch.testing.assert_close(x[pair][:, [0, 2]], expected.expand(int(pair.sum()), 2))


@EACH
def test_noise_is_the_reparametrised_draw(likelihood):
    net = network(likelihood)
    still, moved = net(X, torch.zeros(3, 3)), net(X, noise())
    torch.testing.assert_close(still.z, still.mean)
    torch.testing.assert_close(moved.z, moved.mean + noise() * (moved.log_variance / 2).exp())


@EACH
def test_every_weight_of_encoder_and_decoder_learns(likelihood):
    net = network(likelihood)
    out = net(X, noise())
    cost = net.reconstruction(out.logits, X) + divergence(out.mean, out.log_variance).sum(-1)
    (cost.sum() + net.classify(X).logsumexp(-1).sum()).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in net.parameters())
    assert all(bool(p.grad.any()) for p in net.parameters())


def test_bernoulli_is_the_cross_entropy_of_fractions():
    net = network("bernoulli")
    logits = net(X, noise()).logits.detach()
    p = Bernoulli(logits=logits)
    ones, zeros = torch.ones(3, 4), torch.zeros(3, 4)
    by_hand = -(X * p.log_prob(ones) + (1 - X) * p.log_prob(zeros)).sum(-1)
    torch.testing.assert_close(net.reconstruction(logits, X), by_hand)
    assert net.log_coefficient(X).tolist() == [0, 0, 0]


def test_no_bernoulli_decoder_is_below_the_floor():
    net = network("bernoulli")
    floor = bernoulli_floor(X)
    perfect = torch.logit(X.double().clamp(1e-12, 1 - 1e-12))
    torch.testing.assert_close(net.reconstruction(perfect, X.double()), floor.double(), atol=1e-5, rtol=1e-5)
    assert bool((net.reconstruction(net(X, noise()).logits, X) > floor).all())
    assert floor[2] == 0  # a pure element is certain


def test_multinomial_is_scipys():
    net = network("multinomial")
    logits = net(X, noise()).logits.detach()
    ours = net.reconstruction(logits, X) - net.log_coefficient(X)
    probabilities = logits.double().softmax(-1).numpy()
    for i, counts in enumerate([[5, 5, 0, 0], [2, 0, 4, 4], [0, 0, 0, 10]]):
        assert float(ours[i]) == pytest.approx(
            -scipy_multinomial.logpmf(counts, 10, probabilities[i]), rel=1e-4
        )


def test_two_parts_are_a_presence_and_a_multinomial_among_the_present():
    net = network("two_part")
    logits = net(X, noise()).logits.detach()
    ours = net.reconstruction(logits, X) - net.log_coefficient(X)
    presence, amounts = logits.double().chunk(2, -1)
    for i, counts in enumerate([[5, 5, 0, 0], [2, 0, 4, 4], [0, 0, 0, 10]]):
        there = torch.tensor(counts) > 0
        which = -Bernoulli(logits=presence[i]).log_prob(there.double()).sum()
        p = amounts[i][there].softmax(-1).numpy()
        much = scipy_multinomial.logpmf([c for c in counts if c], 10, p)
        assert float(ours[i]) == pytest.approx(float(which) - much, rel=1e-4)


def test_divergence_is_torchs():
    mean, log_variance = noise(), 0.3 * noise().flip(0)
    prior, posterior = Normal(0.0, 1.0), Normal(mean, (log_variance / 2).exp())
    torch.testing.assert_close(divergence(mean, log_variance), kl_divergence(posterior, prior))


def test_active_units_by_hand():
    mean = torch.zeros(100, 3)
    mean[:50, 0], mean[50:, 0] = 1.0, -1.0  # variance 1
    mean[:50, 1], mean[50:, 1] = 0.05, -0.05  # variance 0.0025
    assert active_units(mean).tolist() == [True, False, False]


def test_a_composition_far_from_the_data_stays_finite():
    net = network("multinomial")
    out = net(1e4 * X, noise())
    assert bool(divergence(out.mean, out.log_variance).isfinite().all())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width is 0; it must be a whole number from 1"),
        ({"likelihood": "gauss"}, "likelihood 'gauss'; allowed are bernoulli, multinomial, two_part"),
    ],
)
def test_bad_configurations(changes, message):
    with pytest.raises(ValueError, match=message):
        OneHotVAEConfig(**changes)


def test_the_defaults_are_the_papers():
    net = OneHotVAE(OneHotVAEConfig())
    assert [tuple(p.shape) for p in net.encoder.parameters() if p.ndim == 2] == [
        (100, 89),
        (100, 100),
        (20, 100),
    ]
    assert [tuple(p.shape) for p in net.decoder.parameters() if p.ndim == 2] == [
        (100, 10),
        (100, 100),
        (89, 100),
    ]
    assert [tuple(p.shape) for p in net.classifier.parameters() if p.ndim == 2] == [
        (100, 89),
        (100, 100),
        (10, 100),
    ]
    assert net.config.likelihood == "bernoulli"
