"""CrabNet: shapes, invariances, gradients, folding and a golden forward pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from matwidgets.models.crabnet import CrabNet, CrabNetConfig, Dropout, FractionEncoding

SMALL = dict(d_table=7, d_model=16, layers=2, heads=2, d_feedforward=24, head=(16, 8), dropout=0.0)
PAPER_LIKE = CrabNetConfig(**SMALL, resolution=50)
CONTINUOUS = CrabNetConfig(**SMALL, resolution=20, pooling="fraction", attention="fraction")
BOTH = pytest.mark.parametrize("config", [PAPER_LIKE, CONTINUOUS], ids=["mean", "fraction"])


def network(config: CrabNetConfig) -> CrabNet:
    generator = torch.Generator().manual_seed(5)
    table = torch.randn(119, config.d_table, generator=generator)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return CrabNet(config, table).eval()


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    numbers = torch.tensor([[22, 6, 0], [13, 8, 0], [22, 48, 6]])
    fractions = torch.tensor([[0.5, 0.5, 0.0], [0.4, 0.6, 0.0], [0.2, 0.3, 0.5]])
    return numbers, fractions


@BOTH
def test_shapes(config: CrabNetConfig) -> None:
    out = network(config)(*batch(), need_attention=True)
    assert out.value.shape == out.log_sigma.shape == (3,)
    assert out.contributions.shape == out.weights.shape == (3, 3)
    assert out.attention is not None and out.attention.shape == (2, 3, 2, 3, 3)
    torch.testing.assert_close(out.attention.sum(-1), torch.ones(2, 3, 2, 3))
    assert bool((out.attention[:, 0, :, :, 2] == 0).all()), "padding receives attention"


@BOTH
def test_contributions_and_weights_sum_up(config: CrabNetConfig) -> None:
    out = network(config)(*batch())
    torch.testing.assert_close(out.contributions.sum(1), out.value)
    torch.testing.assert_close(out.weights.sum(1), torch.ones(3))


@BOTH
def test_order_of_elements_does_not_matter(config: CrabNetConfig) -> None:
    numbers, fractions = batch()
    net, order = network(config), torch.tensor([2, 0, 1])
    torch.testing.assert_close(
        net(numbers, fractions).value, net(numbers[:, order], fractions[:, order]).value
    )


@BOTH
def test_padding_changes_nothing(config: CrabNetConfig) -> None:
    numbers, fractions = batch()
    net = network(config)
    alone = torch.cat(
        [net(numbers[i : i + 1, :k], fractions[i : i + 1, :k]).value for i, k in enumerate((2, 2, 3))]
    )
    torch.testing.assert_close(net(numbers, fractions).value, alone)


@BOTH
def test_gradient_reaches_every_parameter(config: CrabNetConfig) -> None:
    net = network(config).train()
    out = net(*batch())
    (out.value.sum() + out.log_sigma.sum()).backward()
    without = [n for n, p in net.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    assert without == []


def test_both_halves_of_the_fraction_code_have_a_slope() -> None:
    code = FractionEncoding(16, 20.0)
    for half in (0, 1):
        fractions = torch.tensor([[0.3, 0.7]], requires_grad=True)
        code(fractions)[half].sum().backward()
        assert fractions.grad is not None and bool((fractions.grad != 0).all())


def test_gradient_with_respect_to_fractions_is_the_difference_quotient() -> None:
    net = network(CONTINUOUS).double()
    numbers, fractions = batch()
    fractions = fractions.double().requires_grad_(True)
    assert torch.autograd.gradcheck(
        lambda f: net(numbers[2:], f).value, (fractions[2:].detach().requires_grad_(True),)
    )


def test_fraction_pooling_is_continuous_where_mean_pooling_jumps() -> None:
    numbers = torch.tensor([[22, 6, 48]])
    without, trace = torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([[0.49995, 0.49995, 0.0001]])
    jumps = {}
    for name, config in (("mean", PAPER_LIKE), ("fraction", CONTINUOUS)):
        net = network(config)
        with torch.no_grad():
            jumps[name] = float((net(numbers, without).value - net(numbers, trace).value).abs())
    assert jumps["fraction"] < 1e-3 < jumps["mean"]


def test_slope_is_finite_where_an_element_vanishes() -> None:
    net, fractions = network(CONTINUOUS), torch.tensor([[0.5, 0.5, 0.0]], requires_grad=True)
    net(torch.tensor([[22, 6, 48]]), fractions).value.sum().backward()
    assert fractions.grad is not None and bool(torch.isfinite(fractions.grad).all())
    assert float(fractions.grad[0, 2].abs()) > 0


@BOTH
def test_folding_keeps_the_function_and_drops_the_table(config: CrabNetConfig) -> None:
    net = network(config)
    folded = net.fold()
    assert folded.folded and not hasattr(folded, "element_table")
    torch.testing.assert_close(folded(*batch()).value, net(*batch()).value)
    assert folded.fold() is folded


def by_hand(net: CrabNet, numbers: list[int], x: np.ndarray) -> tuple[float, float]:
    """The forward pass of one composition without padding, written from the paper's description in plain numpy."""
    w = {k: v.double().numpy() for k, v in net.state_dict().items()}
    config, d, h = net.config, net.config.d_model, net.config.heads
    rates = 50.0 ** -np.linspace(0, 1, d // 4)

    def wave(y: np.ndarray) -> np.ndarray:
        phase = config.resolution * y[:, None] * rates
        return np.concatenate([np.sin(phase), np.cos(phase)], 1)

    def linear(name: str, y: np.ndarray) -> np.ndarray:
        return y @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0.0)

    def norm(name: str, y: np.ndarray) -> np.ndarray:
        y = (y - y.mean(1, keepdims=True)) / np.sqrt(y.var(1, keepdims=True) + 1e-5)
        return y * w[f"{name}.weight"] + w[f"{name}.bias"]

    codes = np.concatenate([w["scales"][1] * wave(x), w["scales"][2] * wave(1 - 0.0025 * np.log2(x) ** 2)], 1)
    state = w["scales"][0] * w["embedding.weight"][numbers] + codes
    for i in range(config.layers):
        q, k, v = np.split(linear(f"layers.{i}.attention.project_in", state), 3, axis=1)
        mixed = np.empty_like(state)
        for j in range(h):
            part = slice(j * d // h, (j + 1) * d // h)
            logits = q[:, part] @ k[:, part].T / np.sqrt(d // h)
            weights = (
                np.exp(2 * np.tanh(logits / 2)) * x if config.attention == "fraction" else np.exp(logits)
            )
            mixed[:, part] = weights / weights.sum(1, keepdims=True) @ v[:, part]
        state = norm(f"layers.{i}.norm1", state + linear(f"layers.{i}.attention.project_out", mixed))
        hidden = np.maximum(linear(f"layers.{i}.feedforward.0", state), 0)
        state = norm(f"layers.{i}.norm2", state + linear(f"layers.{i}.feedforward.3", hidden))
    for i in range(len(config.head)):
        step = linear(f"head.steps.{i}", state)
        state = np.where(step > 0, step, 0.01 * step) + linear(f"head.shortcuts.{i}", state)
    each = linear("head.out", state)
    pooled = x @ each if config.pooling == "fraction" else each.mean(0)
    return pooled[0] / (1 + np.exp(-pooled[2])), pooled[1]


@BOTH
def test_forward_pass_is_the_one_written_by_hand(config: CrabNetConfig) -> None:
    net = network(config).fold()
    with torch.no_grad():
        out = net(*batch())
    for i, k in enumerate((2, 2, 3)):
        numbers, fractions = (t[i, :k].numpy() for t in batch())
        value, log_sigma = by_hand(net, numbers.tolist(), fractions.astype(float))
        assert float(out.value[i]) == pytest.approx(value, abs=1e-5)
        assert float(out.log_sigma[i]) == pytest.approx(log_sigma, abs=1e-5)


def test_presets_have_the_stated_sizes() -> None:
    table = torch.zeros(119, 200)
    assert sum(p.numel() for p in CrabNet(CrabNetConfig.compact(), table).parameters()) == pytest.approx(
        146_000, rel=0.02
    )
    assert sum(p.numel() for p in CrabNet(CrabNetConfig.paper(), table).parameters()) == pytest.approx(
        12.0e6, rel=0.05
    )


def test_dropout_draws_from_its_own_generator() -> None:
    layer = Dropout(0.5)
    layer.generator = torch.Generator().manual_seed(1)
    first = layer(torch.ones(100))
    torch.rand(7)  # somebody else draws from the global generator
    layer.generator.manual_seed(1)
    assert torch.equal(first, layer(torch.ones(100)))
    assert set(first.unique().tolist()) == {0.0, 2.0}
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: CrabNetConfig(d_model=10),
            "d_model is 10; it must be a multiple of 4 * heads = 16: choose another",
        ),
        (
            lambda: CrabNetConfig(pooling="max"),  # type: ignore[arg-type]
            "pooling 'max', attention 'softmax': allowed are mean | fraction and softmax | fraction",
        ),
        (
            lambda: CrabNet(PAPER_LIKE, torch.zeros(119, 3)),
            "element_table has shape (119, 3); this configuration needs (119, 7): pass that table",
        ),
    ],
)
def test_errors(make: object, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        make()  # type: ignore[operator]
    assert str(caught.value) == text


@BOTH
def test_one_of_several_outputs_is_a_network_of_its_own(config: CrabNetConfig) -> None:
    several = network(replace(config, outputs=3))
    out = several(*batch())
    assert out.value.shape == out.log_sigma.shape == (3, 3) and out.contributions.shape == (3, 3, 3)
    for i in range(3):
        alone = several.only(i)
        assert alone.config == config and alone.folded and not alone.training
        single = alone(*batch())
        torch.testing.assert_close(single.value, out.value[:, i])
        torch.testing.assert_close(single.log_sigma, out.log_sigma[:, i])
        torch.testing.assert_close(single.contributions, out.contributions[..., i])
        torch.testing.assert_close(single.contributions.sum(1), single.value)
