"""The two autoencoders of the dual VAE: the paper's sizes, likelihoods by hand, what a decoder can and cannot draw."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch
from torch.distributions import Normal

from matwidgets.models.dual_vae import (
    REACH,
    CompositionVAE,
    CompositionVAEConfig,
    Drawn,
    PatternVAE,
    PatternVAEConfig,
    Sampled,
)

SMALL = PatternVAEConfig(
    points=161, latent=3, hidden=(16, 8), filters=(2, 3, 4), units=(12, 8), architecture="light"
)
BOTH = pytest.mark.parametrize("architecture", ["light", "paper"])


def seeded(make):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return make().eval()


def small(architecture: str) -> PatternVAE:
    return seeded(lambda: PatternVAE(replace(SMALL, architecture=architecture)))


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5))


def count(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_the_composition_network_is_table_s1s():
    net = CompositionVAE(CompositionVAEConfig())
    shapes = {tuple(p.shape) for p in net.parameters() if p.ndim == 2}
    assert shapes == {(95, 100), (50, 95), (24, 50), (50, 24), (95, 50), (100, 95)}
    layers = [100, 95, 50, 24]
    mirror = layers[::-1]
    by_hand = sum(a * b + b for sizes in (layers, mirror) for a, b in itertools.pairwise(sizes))
    by_hand += 50 * 24 + 24  # the log-variance beside the mean
    assert count(net) == by_hand == 32_538  # "32.5 k"
    assert sum(isinstance(m, torch.nn.SELU) for m in net.modules()) == 4
    assert {m.p for m in net.modules() if isinstance(m, torch.nn.Dropout)} == {4.49e-6}


def test_the_paper_pattern_network_is_table_s1s():
    net = PatternVAE(PatternVAEConfig(architecture="paper"))
    convolutions = [m for m in net.body.modules() if isinstance(m, torch.nn.Conv1d)]
    assert [(c.out_channels, c.kernel_size) for c in convolutions] == [(16, (4,)), (17, (4,)), (37, (4,))]
    assert sum(isinstance(m, torch.nn.MaxPool1d) for m in net.body.modules()) == 3
    dense = [m for m in net.body.modules() if isinstance(m, torch.nn.Linear)]
    assert [m.out_features for m in dense] == [693, 403] and net.mean.out_features == 64
    largest = max(p.numel() for p in net.decoder.parameters())
    assert largest == 403 * 17 * 1601  # the dense layer of 11 million weights
    assert net.decode(torch.zeros(1, 64)).shape == (1, 1601)


def test_weights_begin_as_table_s1_says():
    """he_normal for compositions: variance 2 / inputs; lecun_normal for patterns: 1 / inputs."""
    composition, pattern = (
        seeded(lambda: CompositionVAE(CompositionVAEConfig())),
        seeded(lambda: PatternVAE(PatternVAEConfig())),
    )
    wide = composition.body[0].weight.detach()
    assert float(wide.std()) == pytest.approx(math.sqrt(2 / 100), rel=0.05)
    assert float(pattern.mean.weight.detach().std()) == pytest.approx(
        math.sqrt(1 / pattern.mean.in_features), rel=0.05
    )
    assert not composition.body[0].bias.any()


@BOTH
def test_shapes(architecture):
    net = small(architecture)
    out = net(noise(5, 161).abs(), noise(5, 3))
    assert out.mean.shape == out.log_variance.shape == out.z.shape == (5, 3)
    assert out.decoded.shape == (5, 161) and net.reconstruction(out.decoded, noise(5, 161)).shape == (5,)


@BOTH
def test_no_decoded_pattern_is_negative(architecture):
    assert bool((small(architecture).decode(20 * noise(50, 3)) >= 0).all())


def test_decoded_fractions_sum_to_one():
    for likelihood in ("multinomial", "bernoulli"):
        net = seeded(lambda: CompositionVAE(CompositionVAEConfig(likelihood=likelihood)))  # noqa: B023 - called at once
        x = net.decode(5 * noise(40, 24))
        assert bool((x >= 0).all())
        torch.testing.assert_close(x.sum(-1), torch.ones(40))


@BOTH
def test_noise_is_the_reparametrised_draw(architecture):
    net, x = small(architecture), noise(5, 161).abs()
    still, moved = net(x, torch.zeros(5, 3)), net(x, noise(5, 3))
    torch.testing.assert_close(still.z, still.mean)
    torch.testing.assert_close(moved.z, moved.mean + noise(5, 3) * (moved.log_variance / 2).exp())


@BOTH
def test_every_weight_learns(architecture):
    net = small(architecture)
    x = noise(5, 161).abs()
    out = net(x, noise(5, 3))
    (
        net.reconstruction(out.decoded, x).sum() + out.mean.square().sum() + out.log_variance.exp().sum()
    ).backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in net.parameters())


def test_the_gaussian_likelihood_is_torchs_less_its_floor():
    net, x = small("light"), noise(4, 161).abs()
    decoded = x + 0.1 * noise(4, 161)
    density = Normal(decoded, net.config.deviation)
    floor = -Normal(x, net.config.deviation).log_prob(x).sum(-1)
    torch.testing.assert_close(net.reconstruction(decoded, x), -density.log_prob(x).sum(-1) - floor)


def test_the_multinomial_likelihood_is_a_divergence():
    """Atoms times the Kullback-Leibler divergence of the fractions; nothing for a perfect decoder."""
    net = CompositionVAE(CompositionVAEConfig(elements=3, atoms=50))
    x = torch.tensor([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    guess = torch.tensor([[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]])
    expected = 50 * torch.tensor([0.5 * math.log(2) + 0.25 * math.log(0.5), math.log(2)])
    torch.testing.assert_close(net.reconstruction(guess.log(), x), expected)
    torch.testing.assert_close(
        net.reconstruction(x.clamp(min=1e-30).log(), x), torch.zeros(2), atol=1e-5, rtol=0
    )


def test_a_single_height_is_drawn_as_one_window():
    drawn = seeded(lambda: Drawn(SMALL))
    with torch.no_grad():
        drawn.heights.weight.zero_()
        drawn.heights.bias.fill_(-200.0)
        drawn.heights.bias[20] = 5.0
        pattern = drawn(torch.zeros(1, 3))[0]
    assert int(pattern.argmax()) == 20 * SMALL.spacing
    assert torch.nonzero(pattern > 1e-6).flatten().tolist()[0] >= 20 * SMALL.spacing - REACH
    torch.testing.assert_close(pattern[45:61], pattern[60:76].flip(0))  # even around its place


def test_equal_heights_add_up_to_a_level():
    drawn = seeded(lambda: Drawn(SMALL))
    with torch.no_grad():
        drawn.heights.weight.zero_()
        drawn.heights.bias.fill_(3.0)
        inner = drawn(torch.zeros(1, 3))[0, REACH:-REACH]
    torch.testing.assert_close(inner, torch.full_like(inner, math.log1p(math.exp(3))), rtol=0.01, atol=0)


@pytest.mark.parametrize("points", [160, 161, 162, 1601])
def test_sampling_reaches_both_ends(points):
    config = replace(SMALL, points=points)
    sampled = Sampled(config)
    x = torch.zeros(1, points)
    x[0, 0], x[0, (points - 1) // 3 * 3] = 1.0, 1.0
    seen = sampled(x)[0]
    assert len(seen) == sampled.size == len(Drawn(config).heights.bias)
    assert seen[0] == seen[(points - 1) // 3] == pytest.approx(2.7)
    assert Drawn(config)(torch.zeros(1, 3)).shape == (1, points)


def test_far_from_the_data_stays_finite():
    net = small("light")
    assert bool(net(1e6 * noise(4, 161).abs(), noise(4, 3)).log_variance.exp().isfinite().all())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: CompositionVAEConfig(hidden=(95, 0)),
            "a size of a layer is 0; it must be a whole number from 1",
        ),
        (
            lambda: CompositionVAEConfig(likelihood="gauss"),
            "likelihood 'gauss'; allowed are multinomial, bernoulli",
        ),
        (lambda: PatternVAEConfig(architecture="deep"), "architecture 'deep'; allowed are light, paper"),
        (lambda: PatternVAEConfig(deviation=0.0), "deviation is 0 and window 2.55; both must be above 0"),
        (lambda: PatternVAEConfig(spacing=0), "spacing is 0"),
    ],
)
def test_bad_configurations(make, message):
    with pytest.raises(ValueError, match=message):
        make()
