"""The generators and the critic of wgan: Table 3, Equations 5 and 6 written out, samples that are formulas."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matwidgets.features import occupancy
from matwidgets.models.formula_generators import (
    CategoricalConfig,
    SlotConfig,
    SlotGenerator,
    gumbel,
    straight_through,
)
from matwidgets.models.wgan import (
    Critic,
    CriticConfig,
    DeconvolutionConfig,
    DeconvolutionGenerator,
    generator_config,
    make_generator,
)

FORMULAS = ["KZn2Ru", "TiC", "Al2O3", "NaCl", "CaTiO3", "MgAl2O4", "NaCl", "LiFePO4"]
CONFIGS = [
    DeconvolutionConfig(channels=(16, 8, 4, 2)),
    CategoricalConfig(noise=16, width=32),
    SlotConfig(noise=16, width=32),
    SlotConfig(noise=16, width=32, feedback=True),
]
EACH = pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.kind}{getattr(c, 'feedback', '') or ''}")


def counts() -> torch.Tensor:
    return torch.as_tensor(occupancy.require_counts(FORMULAS))


def matrices() -> torch.Tensor:
    return torch.as_tensor(occupancy.encode(FORMULAS).matrices, dtype=torch.float32)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(config, seed: int = 1):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make_generator(config) if not isinstance(config, CriticConfig) else Critic(config)


# -- Table 3 -------------------------------------------------------------------------------------------------

# Layer, output shape [batch, height, width, channels] as the table prints it.
TABLE_3 = [
    ("fc1", (5 * 4 * 256,)),
    ("deconv1", (11, 8, 128)),
    ("deconv2", (22, 8, 64)),
    ("deconv3", (43, 8, 32)),
    ("deconv4", (85, 8, 1)),
]
KERNELS = {"deconv1": (5, 5), "deconv2": (3, 3), "deconv3": (3, 3), "deconv4": (3, 3)}
STRIDES = {"deconv1": (2, 2), "deconv2": (2, 1), "deconv3": (2, 1), "deconv4": (2, 1)}


def test_table_3():
    net = DeconvolutionGenerator(DeconvolutionConfig())
    seen = {}
    for name, _ in TABLE_3:
        getattr(net, name).register_forward_hook(
            lambda _module, given, out, name=name: seen.__setitem__(name, (given[0].shape, out.shape))
        )
    x = net(*net.draw(3, rng()))
    for name, shape in TABLE_3:
        _, out = seen[name]
        as_printed = tuple(out[1:]) if len(shape) == 1 else (out[2], out[3], out[1])
        assert out[0] == 3 and as_printed == shape, name
    assert seen["fc1"][0] == (3, 128)
    assert seen["deconv1"][0] == (3, 256, 5, 4)  # Reshape: [batch, 5, 4, 256]
    for name in KERNELS:
        layer = getattr(net, name)
        assert layer.kernel_size == KERNELS[name] and layer.stride == STRIDES[name]
    assert x.shape == (3, 85, 8)
    assert bool(((x > 0) & (x < 1)).all())  # a sigmoid


# -- all generators ------------------------------------------------------------------------------------------


@EACH
def test_the_same_noise_gives_the_same_matrices_and_gradients_reach_every_weight(config):
    net = made(config)
    net.start_from(counts())
    noise = net.draw(64, rng())
    x = net(*noise)
    assert x.shape == (64, 85, 8)
    again = net.draw(64, rng())
    assert all(torch.equal(a, b) for a, b in zip(noise, again, strict=True))
    weights = torch.randn(x.shape, generator=rng(3))
    (x * weights).sum().backward()
    used = [name for name, p in net.named_parameters() if p.grad is not None and bool((p.grad != 0).any())]
    # A slot that no formula of the batch fills learns nothing from it; the last told count goes nowhere.
    most = int(noise[1].max()) if isinstance(config, SlotConfig) else 0
    unused = {n for n, _ in net.named_parameters() if n not in used}
    if isinstance(config, SlotConfig):
        last = {"told_count", "mixed"}
        unused = {n for n in unused if int(n.split(".")[1]) < most - (n.split(".")[0] in last)}
    assert not unused, unused


@EACH
def test_configurations_survive_a_file(config):
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in vars(config).items()}
    assert generator_config(config.kind, values) == config


def test_an_unknown_generator():
    with pytest.raises(ValueError, match="generator 'gan'; allowed are deconvolution, categorical, slots"):
        generator_config("gan", {})


@pytest.mark.parametrize("config", CONFIGS[1:], ids=lambda c: c.kind)
def test_counts_of_another_width_are_refused(config):
    with pytest.raises(ValueError, match=r"counts of shape \(2, 89\); give shape \(N, 85\)"):
        made(config).start_from(torch.zeros(2, 89))


# -- categorical samples -------------------------------------------------------------------------------------


def test_straight_through_is_a_sample_of_the_softmax_with_the_softmax_s_gradient():
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0])
    draws = straight_through(logits + gumbel((40_000, 4), rng()), 1.0)
    assert set(draws.unique().tolist()) == {0.0, 1.0} and bool((draws.sum(1) == 1).all())
    torch.testing.assert_close(
        draws.mean(0), logits.softmax(0), atol=0.01, rtol=0
    )  # 4 deviations of 40,000 draws
    given = logits.clone().requires_grad_()
    weights = torch.tensor([0.3, -1.0, 2.0, 0.5])
    (straight_through(given, 0.7) * weights).sum().backward()
    soft = logits.clone().requires_grad_()
    ((soft / 0.7).softmax(0) * weights).sum().backward()
    torch.testing.assert_close(given.grad, soft.grad)


def test_categorical_starts_at_the_frequencies_of_the_data():
    net = made(CategoricalConfig(noise=4, width=8))
    net.start_from(counts())
    with torch.no_grad():
        net.head.weight.zero_()  # nothing but the priors
        x = net(*net.draw(20_000, rng()))
    assert bool((x.sum(2) <= 1).all()), "an element has one count"
    oxygen, sodium = occupancy.INDEX["O"], occupancy.INDEX["Na"]
    # Oxygen: 4 formulas have none, 2 have 3 atoms, 2 have 4; the six other counts weigh half a formula each.
    # Sodium: 6 formulas have none, 2 have one atom. Bands of 4 deviations of 20,000 draws.
    assert float(x[:, oxygen].sum(1).mean()) == pytest.approx((4 + 3) / (8 + 3), abs=0.014)
    assert float(x[:, sodium, 0].mean()) == pytest.approx(2 / (8 + 3.5), abs=0.014)


@pytest.mark.parametrize("feedback", [False, True])
def test_every_sample_of_the_slots_is_a_formula(feedback):
    net = made(SlotConfig(noise=8, width=32, feedback=feedback))
    net.start_from(counts())
    noise = net.draw(3_000, rng())
    with torch.no_grad():
        x = net(*noise)
    assert set(x.unique().tolist()) == {0.0, 1.0}
    seen = occupancy.read(x.numpy())
    assert seen.legible.all()
    number = (seen.counts > 0).sum(1)
    assert (number == noise[1].numpy()).all(), "no element twice"
    # 4 of 8 formulas have two elements, 3 have three, 1 has four: bands of 4 deviations of 3,000 draws.
    np.testing.assert_allclose(np.bincount(number, minlength=5)[1:], [0, 1500, 1125, 375], atol=110)


def test_slots_start_at_the_frequencies_of_the_data():
    net = made(SlotConfig(noise=4, width=8))
    net.start_from(counts())
    with torch.no_grad():
        for layer in [*net.which, *net.how_many]:
            layer.weight.zero_()
        z, _, elements, amounts = net.draw(20_000, rng())
        x = net(z, torch.ones(20_000, dtype=torch.long), elements, amounts)
    # An element weighs as many formulas as have it, half of one if none has. Bands of 4 deviations of 20,000 draws.
    present = (counts() > 0).sum(0).float().clamp_min(0.5)
    expected = present / present.sum()
    torch.testing.assert_close(x.sum(2).mean(0), expected, atol=0.012, rtol=0)
    amount = torch.bincount(counts()[counts() > 0].long(), minlength=9)[1:].float().clamp_min(0.5)
    torch.testing.assert_close(x.sum(1).mean(0), amount / amount.sum(), atol=0.015, rtol=0)


@pytest.mark.parametrize("feedback", [False, True])
def test_feedback_lets_a_slot_know_the_one_before(feedback):
    """What the second slot prefers depends on the first slot's element with feedback, and only then."""
    net = made(SlotConfig(noise=4, width=32, feedback=feedback))
    z, _, elements, amounts = net.draw(50, rng())
    other = elements.clone()
    other[:, 0] = gumbel((50, 85), rng(9))  # another first element, all else the same
    preferred = []
    net.which[1].register_forward_hook(lambda _module, _given, out: preferred.append(out))
    with torch.no_grad():
        for draws in (elements, other):
            net(z, torch.full((50,), 2), draws, amounts)
    assert torch.equal(*preferred) is not feedback


def test_more_elements_than_slots():
    with pytest.raises(ValueError, match="formulas of 2 to 4 elements; this generator has 3 slots"):
        SlotGenerator(SlotConfig(slots=3)).start_from(counts())


# -- the critic ----------------------------------------------------------------------------------------------


def test_equations_5_and_6_written_out():
    critic = made(CriticConfig(width=16))
    x = torch.rand(5, 85, 8, generator=rng())
    t = torch.tanh(torch.eye(85) @ critic.weight)  # T = E W
    a = torch.arange(1.0, 9).reshape(8, 1).expand(8, 16)  # Equation 6
    c = ((x.transpose(1, 2) @ t) * a).sum(1)  # Equation 5
    torch.testing.assert_close(critic.represent(x @ critic.amounts), c)
    torch.testing.assert_close(critic(x), critic.score(c).squeeze(1))
    assert critic.embedding.shape == (85, 16) and float(critic.embedding.detach().abs().max()) < 1


def test_the_representation_is_linear_in_the_numbers_of_atoms():
    critic = made(CriticConfig(width=16))
    (k, zn2ru, both) = (
        critic.represent(torch.as_tensor(occupancy.require_counts([f]), dtype=torch.float32))
        for f in ("K", "Zn2Ru", "KZn2Ru")
    )
    torch.testing.assert_close(k + zn2ru, both)


def test_the_paper_s_critic_cannot_tell_two_cells_from_another_with_the_same_sum():
    """Half of a one and half of a three look like a two, unless cells have vectors of their own."""
    blurred = torch.zeros(1, 85, 8)
    blurred[0, 3, [0, 2]] = 0.5
    sharp = torch.zeros(1, 85, 8)
    sharp[0, 3, 1] = 1
    paper = made(CriticConfig(width=16))
    torch.testing.assert_close(paper(blurred), paper(sharp))
    aware = made(CriticConfig(width=16, cells=16, spread=1.0))
    assert abs(float((aware(blurred) - aware(sharp)).detach())) > 0.1


def test_products_are_those_of_all_pairs_of_cells():
    critic = made(CriticConfig(width=4, cells=6, products=True, sizes=True))
    seen = []
    critic.score.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    x = matrices()[[4]]  # CaTiO3
    critic(x)
    vectors = critic.cells.weight.T[x[0].flatten() > 0]  # (3, 6)
    by_hand = sum(vectors[i] * vectors[j] for i in range(3) for j in range(i))
    torch.testing.assert_close(seen[0][0, 4:10], vectors.sum(0))
    torch.testing.assert_close(seen[0][0, 10:16], by_hand)
    assert seen[0][0, 16:].tolist() == [3.0, 5 / 8]  # elements, atoms


def test_spread_sets_the_initial_weights():
    """N(0, 1), as in the authors' code: the likely reason for a first loss of 4.1e13."""
    wide = made(CriticConfig(spread=1.0))
    assert float(wide.weight.std()) == pytest.approx(1.0, abs=0.05)
    assert float(wide.score[0].weight.std()) == pytest.approx(1.0, abs=0.05)
    assert float(wide.score[0].bias.abs().max()) == 0
    generator = made(DeconvolutionConfig(channels=(16, 8, 4, 2), spread=1.0))
    assert float(generator.fc1.weight.std()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"width": 0}, "width 0, hidden"),
        ({"hidden": (8, 0)}, "hidden"),
        ({"products": True}, "products was asked for"),
    ],
)
def test_critics_that_are_none(changes, text):
    with pytest.raises(ValueError, match=text):
        CriticConfig(**changes)
