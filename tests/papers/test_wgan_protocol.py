"""The protocol of Table 4: who stands where, what inputs become, and a network that is plain torch's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from matwidgets.data.splits import element_set
from matwidgets.errors import InputError
from matwidgets.features.composition import canonical_key
from matwidgets.papers import wgan_protocol as protocol
from matwidgets.papers.wgan_protocol import Round, Settings, predict, rounds_of, shared_groups, standardised

FORMULAS = [
    f"{a}{m}{b}"
    for a in ("Na", "K", "Li", "Ca", "Ti", "Fe")
    for b in ("O", "S", "F", "Cl", "N")
    for m in ("", "2", "3")
] + ["NaO", "Na2O2"]
QUICK = Settings(hidden=(16, 8), steps=60, batch=16, looks=4)


@pytest.mark.parametrize("parting", protocol.PARTINGS)
def test_each_row_is_tested_once_and_chooses_once(parting):
    rounds = rounds_of(FORMULAS, parting, 5)
    rows = np.arange(len(FORMULAS))
    for name in ("test", "val"):
        np.testing.assert_array_equal(np.sort(np.concatenate([getattr(r, name) for r in rounds])), rows)
    for r in rounds:
        np.testing.assert_array_equal(np.sort(np.concatenate([r.train, r.val, r.test])), rows)
        assert len(r.train) > len(r.test) and len(r.train) > len(r.val)


def test_grouped_rounds_share_no_set_of_elements_and_random_ones_do():
    for r in rounds_of(FORMULAS, "grouped", 5):
        for key in (element_set, canonical_key):
            sides = [{key(FORMULAS[i]) for i in rows} for rows in (r.train, r.val, r.test)]
            assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert shared_groups(FORMULAS, rounds_of(FORMULAS, "grouped", 5)) == [0.0] * 5
    assert np.mean(shared_groups(FORMULAS, rounds_of(FORMULAS, "random", 5))) > 0.5


def test_rounds_refuse_what_they_cannot_part():
    with pytest.raises(InputError, match="Unknown parting 'row'; allowed are random, grouped"):
        rounds_of(FORMULAS, "row")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="2 folds; one is tested, one chooses"):
        rounds_of(FORMULAS, "random", 2)
    with pytest.raises(InputError, match="4 folds of 1 groups"):
        rounds_of(["NaO"] * 9, "grouped", 4)


def test_standardised_by_the_training_rows_and_never_outside_of_them():
    x = np.array([[0.0, 7.0, 1e-3], [2.0, 7.0, 0.0], [4.0, 7.0, 0.0], [99.0, 8.0, 0.0], [-99.0, 7.0, 5.0]])
    z = standardised(x, np.arange(3))
    assert z.dtype == np.float32
    np.testing.assert_allclose(z[:3].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(z[:3, [0, 2]].std(0), 1, rtol=1e-5)
    np.testing.assert_allclose(z[3:, 0], [z[2, 0], z[0, 0]])  # 99 is read as 4 and -99 as 0
    assert (z[:, 1] == 0).all()  # nothing was learned of a column that does not change
    assert z[4, 2] == z[0, 2]
    cut = standardised(x, np.arange(3), 0.5)
    np.testing.assert_allclose(cut, np.clip(z, -0.5, 0.5))


def test_a_cut_at_five_deviations_leaves_one_hot_nothing_but_presence():
    """Why the protocol cuts at the range of the training rows: 1 and 3 atoms of a rare element must differ."""
    x = np.zeros((200, 1))
    x[0], x[1] = 1, 3
    wide, narrow = standardised(x, np.arange(200)), standardised(x, np.arange(200), 4.0)
    assert wide[1] > 2 * wide[0] > 8
    assert narrow[0] == narrow[1] == 4


def test_the_batched_networks_are_torchs_own_adam_on_a_plain_network():
    """One round, trained again with torch.nn, the same first weights and rows."""
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 4))
    y = x[:, 0] ** 2 + x[:, 1] + 3
    r = Round(np.arange(60), np.arange(60, 75), np.arange(75, 90))
    settings = replace(QUICK, looks=1)  # so that the last weights are taken
    found = predict(x, y, [r, Round(r.train[::-1][:50][::-1], r.val, r.test)], settings)
    assert found.chosen == [60, 60]
    start = protocol._Networks(1, 4, settings).values
    layers = [torch.nn.Linear(*shape) for shape in ((4, 16), (16, 8), (8, 1))]
    for i, layer in enumerate(layers):
        layer.weight.data, layer.bias.data = (
            start[2 * i][0].detach().T.clone(),
            start[2 * i + 1][0, 0].detach().clone(),
        )
    net = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    inputs = torch.as_tensor(standardised(x, r.train))
    mean, spread = y[r.train].mean(), y[r.train].std()
    wanted = torch.as_tensor((y - mean) / spread, dtype=torch.float32)
    optimiser = torch.optim.Adam(net.parameters(), lr=settings.rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    order = protocol._order([r], settings)[0].long()
    for rows in order.split(settings.batch):
        optimiser.zero_grad()
        ((net(inputs[rows])[:, 0] - wanted[rows]) ** 2).mean().backward()
        optimiser.step()
        falling.step()
    with torch.no_grad():
        said = net(inputs[r.test])[:, 0].double().numpy() * spread + mean
    said = np.clip(said, y[r.train].min(), y[r.train].max())
    np.testing.assert_allclose(
        found.predicted[0], said, rtol=1e-3
    )  # sums in single precision, in another order


def test_the_order_of_rows_depends_on_nothing_but_round_and_seed():
    rounds = rounds_of(FORMULAS, "random", 4)
    order = protocol._order(rounds, QUICK)
    assert torch.equal(order, protocol._order(rounds, replace(QUICK, rate=1.0, hidden=(2,))))
    assert not torch.equal(order, protocol._order(rounds, replace(QUICK, seed=1)))
    for k, r in enumerate(rounds):
        assert set(order[k].tolist()) == set(r.train.tolist())
        assert sorted(order[k, : len(r.train)].tolist()) == r.train.tolist()  # a whole pass first


def test_test_rows_change_nothing_that_is_learned():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 3)), random.normal(size=60)
    r = Round(np.arange(40), np.arange(40, 50), np.arange(50, 60))
    other = y.copy()
    other[r.test] = 1e6
    first, second = predict(x, y, [r], QUICK), predict(x, other, [r], QUICK)
    np.testing.assert_array_equal(first.predicted[0], second.predicted[0])
    assert first.chosen == second.chosen
    assert first.predicted[0].min() >= y[r.train].min() and first.predicted[0].max() <= y[r.train].max()


def test_networks_and_trees_learn():
    random = np.random.default_rng(2)
    x = random.uniform(-1, 1, size=(300, 3))
    y = 3 * x[:, 0] - np.abs(x[:, 1])
    r = Round(np.arange(200), np.arange(200, 250), np.arange(250, 300))
    for answer in (
        predict(x, y, [r], replace(QUICK, steps=300)),
        protocol.predict_trees(x, y, [r], trees=20),
    ):
        assert np.mean((answer.predicted[0] - y[r.test]) ** 2) < 0.1 * y.var()


def test_predicting_needs_rounds_and_as_many_values():
    with pytest.raises(InputError, match="0 rounds of 3 inputs"):
        predict(np.zeros((3, 2)), np.zeros(3), [])
    with pytest.raises(InputError, match="1 rounds of 3 inputs and 2 values"):
        predict(np.zeros((3, 2)), np.zeros(2), [Round(np.arange(1), np.arange(1), np.arange(1))])
