"""The disentangled VAE: shapes, its bounds against the same models written in Pyro, what each part depends on."""

from __future__ import annotations

import itertools

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro.infer import Trace_ELBO, TraceEnum_ELBO, TraceMeanField_ELBO, config_enumerate
from scipy.stats import multinomial as scipy_multinomial
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig

ROWS = 32  # the paper's batch


def network(**changes: float | None) -> DisentangledVAE:
    """In double precision, with weights large enough that every input matters."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        net = (
            DisentangledVAE(DisentangledVAEConfig(**({"width": 16, "prior": 0.3} | changes))).double().eval()
        )
        for parameter in net.parameters():
            torch.nn.init.normal_(parameter, 0.0, 0.4)
    return net


def alloys(rows: int = ROWS) -> tuple[Tensor, Tensor, Tensor]:
    """Fractions with exact zeros (not whole hundredths), descriptors in large units, labels."""
    generator = torch.Generator().manual_seed(5)
    amounts = torch.rand(rows, 30, generator=generator, dtype=torch.float64)
    amounts = amounts * (torch.rand(rows, 30, generator=generator) < 0.2)
    amounts[:, 0] += 0.1
    f = 1000 + 300 * torch.randn(rows, 8, generator=generator, dtype=torch.float64)
    y = (torch.rand(rows, generator=generator) < 0.5).double()
    return amounts / amounts.sum(-1, keepdim=True), f, y


def noise(rows: int = ROWS) -> Tensor:
    return torch.randn(rows, 2, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


# -- the same pair of models in Pyro -------------------------------------------------------------------------


class PrescribedNormal(dist.Normal):
    """A normal distribution whose next draw is loc + noise * scale: Pyro's and our bound see the same z."""

    def __init__(self, loc: Tensor, scale: Tensor, noise: Tensor) -> None:
        self.noise = noise
        super().__init__(loc, scale)

    def expand(self, batch_shape: torch.Size, _instance: None = None) -> PrescribedNormal:
        return PrescribedNormal(self.loc.expand(batch_shape), self.scale.expand(batch_shape), self.noise)

    def rsample(self, sample_shape: torch.Size = torch.Size()) -> Tensor:  # noqa: B008
        return self.loc + self.noise * self.scale


def column(y: Tensor, rows: int) -> Tensor:
    """The values of y as the last column beside `rows` rows; enumeration puts them into a leading dimension."""
    return y.unsqueeze(-1).expand(*y.shape[:-1], rows, 1)


def generative(net: DisentangledVAE, x: Tensor, f: Tensor, y: Tensor | None, noise: Tensor) -> None:
    """Equations 1 to 3."""
    with pyro.plate("alloys", len(x)):
        y = pyro.sample("y", dist.Bernoulli(torch.tensor(net.config.prior).double()), obs=y)
        z = pyro.sample("z", dist.Normal(torch.zeros(2).double(), torch.ones(2).double()).to_event(1))
        y = column(y, len(x)).expand(*z.shape[:-1], 1)
        theta = net.decoder(torch.cat([y, z], -1)).softmax(-1)
        pyro.sample("x", dist.Multinomial(100, probs=theta, validate_args=False), obs=100 * x)


def recognition(net: DisentangledVAE, x: Tensor, f: Tensor, y: Tensor | None, noise: Tensor) -> None:
    """Equation 4."""
    with pyro.plate("alloys", len(x)):
        if y is None:
            probability = net.classifier((f - net.center) / net.scale)[:, 0].sigmoid()
            y = pyro.sample("y", dist.Bernoulli(probability))
        column_y = column(y, len(x))
        given = torch.cat([x.expand(*column_y.shape[:-1], -1), column_y], -1)
        out = net.encoder(given)
        pyro.sample("z", PrescribedNormal(out[..., :2], (out[..., 2:] / 2).exp(), noise).to_event(1))


SIGNS = [torch.tensor(s, dtype=torch.float64) for s in itertools.product((-1.0, 1.0), repeat=2)]


def test_labelled_bound_is_pyros_draw_by_draw() -> None:
    """Pyro's mean-field bound has the divergence in closed form, as ours, so one draw decides."""
    net, (x, f, y) = network(), alloys()
    net.standardise(f)
    theirs = -TraceMeanField_ELBO().loss(generative, recognition, net, x, f, y, noise())
    assert net.labelled(x, y, noise()).elbo.sum().item() == pytest.approx(theirs, abs=1e-4, rel=0)


@pytest.mark.parametrize("known", [True, False], ids=["labelled", "unlabelled, y enumerated"])
def test_bounds_are_pyros(known: bool) -> None:
    """Pyro's general bounds take the divergence at the drawn z.

    It is a quadratic form of the noise, so its mean over the four points (+-1, +-1) is its expectation exactly.
    """
    net, (x, f, y) = network(), alloys()
    net.standardise(f)
    theirs, ours = 0.0, 0.0
    for sign in SIGNS:
        given = sign.expand(ROWS, 2)
        if known:
            theirs -= Trace_ELBO().loss(generative, recognition, net, x, f, y, given) / 4
            ours += net.labelled(x, y, given).elbo.sum().item() / 4
        else:
            bound = TraceEnum_ELBO(max_plate_nesting=1)
            theirs -= bound.loss(generative, config_enumerate(recognition), net, x, f, None, given) / 4
            ours += net.unlabelled(x, f, given).elbo.sum().item() / 4
    assert ours == pytest.approx(theirs, abs=1e-4, rel=0)


def test_gradients_of_the_unlabelled_bound_are_pyros() -> None:
    net, (x, f, _) = network(), alloys()
    net.standardise(f)
    pyro.clear_param_store()

    def gradients(loss: Tensor) -> Tensor:
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()))])

    theirs, ours = torch.zeros(()), torch.zeros(())
    for sign in SIGNS:
        given = sign.expand(ROWS, 2)
        bound = TraceEnum_ELBO(max_plate_nesting=1)
        loss = bound.differentiable_loss(generative, config_enumerate(recognition), net, x, f, None, given)
        theirs = theirs + gradients(loss) / 4
        ours = ours - gradients(net.unlabelled(x, f, given).elbo.sum()) / 4
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-6)


# -- the parts -----------------------------------------------------------------------------------------------


def test_shapes() -> None:
    net, (x, f, y) = network(), alloys()
    assert net.classify(f).shape == (ROWS,)
    mean, log_variance = net.encode(x, y)
    assert mean.shape == log_variance.shape == (ROWS, 2)
    assert net.encode(x, torch.stack([y, 1 - y]))[0].shape == (2, ROWS, 2)
    again = net(x, f)
    assert again.probability.shape == (ROWS,) and again.z.shape == (ROWS, 2) and again.x.shape == (ROWS, 30)
    for bound in (net.labelled(x, y, noise()), net.unlabelled(x, f, noise())):
        assert all(part.shape == (ROWS,) for part in bound) and bound.elbo.shape == (ROWS,)


def test_decoded_fractions_sum_to_one() -> None:
    net, (x, f, _) = network(), alloys()
    again = net(x, f)
    assert bool((again.x >= 0).all())
    torch.testing.assert_close(again.x.sum(-1), torch.ones(ROWS).double())
    torch.testing.assert_close(again.x, net.decode(again.probability, again.z))


def test_likelihood_is_scipys_on_whole_hundredths() -> None:
    net = network()
    counts = torch.tensor([[60, 40] + 28 * [0], [1, 2, 97] + 27 * [0]], dtype=torch.float64)
    logits = net.decode_logits(torch.tensor([0.0, 1.0]).double(), noise(2)).detach()
    ours = net.log_likelihood(counts / 100, logits)
    for row, value, p in zip(counts, ours, logits.softmax(-1), strict=True):
        expected = scipy_multinomial.logpmf(row.numpy(), 100, p.numpy())
        assert float(value) == pytest.approx(float(expected), rel=1e-9)


def test_divergence_and_label_are_torchs() -> None:
    net, (x, f, y) = network(), alloys()
    mean, log_variance = net.encode(x, y)
    known = net.labelled(x, y, noise())
    prior, posterior = Normal(0.0, 1.0), Normal(mean, (log_variance / 2).exp())
    torch.testing.assert_close(known.divergence, kl_divergence(posterior, prior).sum(-1))
    torch.testing.assert_close(known.label, Bernoulli(torch.tensor(0.3).double()).log_prob(y))
    q = Bernoulli(logits=net.classify(f))
    expected = -kl_divergence(q, Bernoulli(torch.tensor(0.3).double()))
    torch.testing.assert_close(net.unlabelled(x, f, noise()).label, expected)


def test_a_certain_classifier_makes_the_unlabelled_bound_the_labelled_one() -> None:
    """With q(y | f) = 1 for the label, nothing is summed over; what remains of the label is log p(y)."""
    net, (x, f, _) = network(), alloys()
    with torch.no_grad():
        net.classifier[-1].bias.fill_(1e6)
    ones = torch.ones(ROWS).double()
    torch.testing.assert_close(net.unlabelled(x, f, noise()).elbo, net.labelled(x, ones, noise()).elbo)


def test_the_classifier_sees_descriptors_only_and_learns_from_unlabelled_alloys() -> None:
    net, (x, f, y) = network(), alloys()
    known = net.labelled(x, y, noise()).elbo.sum()
    grad = torch.autograd.grad(known, list(net.classifier.parameters()), allow_unused=True)
    assert all(g is None for g in grad)  # equation 5 needs the classification loss for this
    grad = torch.autograd.grad(net.unlabelled(x, f, noise()).elbo.sum(), list(net.parameters()))
    assert all(bool(g.isfinite().all()) and bool(g.any()) for g in grad)


def test_scaling_is_of_the_rows_and_belongs_to_the_weights() -> None:
    net, (_, f, _) = network(), alloys()
    f = torch.cat([f[:, :7], torch.full((ROWS, 1), 3.0).double()], 1)  # one constant column
    before = net.classify(f)
    net.standardise(f)
    assert not torch.allclose(net.classify(f), before)
    scaled = (f - net.center) / net.scale
    torch.testing.assert_close(scaled.mean(0), torch.zeros(8).double(), atol=1e-9, rtol=0)
    torch.testing.assert_close(scaled[:, :7].std(0, unbiased=False), torch.ones(7).double())
    again = network()
    again.load_state_dict(net.state_dict())
    torch.testing.assert_close(again.classify(f), net.classify(f))


def test_the_defaults_are_the_papers() -> None:
    net = DisentangledVAE(DisentangledVAEConfig())
    shapes = {
        name: [tuple(p.shape) for p in getattr(net, name).parameters() if p.ndim == 2]
        for name in ("classifier", "encoder", "decoder")
    }
    assert shapes == {
        "classifier": [(100, 8), (100, 100), (1, 100)],
        "encoder": [(100, 31), (100, 100), (4, 100)],
        "decoder": [(100, 3), (100, 100), (30, 100)],
    }
    weights = torch.cat([p.detach().flatten() for p in net.parameters()])
    assert 0.00095 < float(weights.std()) < 0.00105  # of 40,000 weights: 14 standard errors
    assert float(weights.abs().max()) < 0.006


def test_an_alloy_far_from_the_data_stays_finite() -> None:
    net, (x, f, y) = network(), alloys()
    assert bool(net.labelled(1e3 * x, y, noise()).divergence.isfinite().all())
    assert bool(net.unlabelled(x, 1e6 * f, noise()).elbo.isfinite().all())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latent": 0}, "latent is 0; it must be a whole number from 1: give one"),
        ({"prior": 1.0}, "prior is 1; it must lie between 0 and 1: give a probability"),
        ({"spread": 0.0}, "spread is 0; it must be above 0: give one, or None for torch's own"),
    ],
)
def test_bad_configurations(changes, message) -> None:
    with pytest.raises(ValueError, match=message):
        DisentangledVAEConfig(**changes)
