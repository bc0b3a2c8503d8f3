"""Training the one-hot VAE: it learns, resumes bit by bit, oversamples, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from matwidgets.errors import CheckpointError, InputError
from matwidgets.features.onehot import count_vectors
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.training import generators
from matwidgets.training.aggregate import Mixture
from matwidgets.training.vae import UNKNOWN, Autoencoding, Recipe, Table, measure

CONFIG = OneHotVAEConfig(width=24, latent=3, likelihood="multinomial")
QUICK = Recipe(epochs=3, batch_size=16)


def halides(*, classes: bool = False) -> Table:
    formulas = [
        f"{a}{n}{b}"
        for a in ("Li", "Na", "K", "Mg", "Ca", "Al")
        for b in ("F", "Cl", "Br", "O")
        for n in ("", 2)
    ]
    counts = torch.as_tensor(count_vectors(formulas), dtype=torch.float32)
    known = (counts.max(-1).values > 1).long() if classes else torch.full((len(counts),), UNKNOWN)
    return Table(counts, known)


def empty() -> Table:
    return Table(torch.zeros(0, 89), torch.zeros(0, dtype=torch.long))


def run(job: Autoencoding, steps: int | None = None) -> Autoencoding:
    done = 0
    while not job.finished and (steps is None or done < steps):
        job.advance()
        done += 1
    return job


def weights(net: OneHotVAE) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def test_it_learns_what_it_is_shown():
    table = halides()
    job = run(Autoencoding(CONFIG, Recipe(epochs=60, batch_size=16, learning_rate=0.03), table, table))
    first, last = job.past[0]["terms"], job.past[-1]["terms"]
    assert last["val_nelbo"] < 0.6 * first["val_nelbo"]
    assert last["active_units"] >= 2
    x = table.counts / table.counts.sum(-1, keepdim=True)
    net = job.result()
    guessed = net.decode(net.encode(x)[0])
    common = x.mean(0).expand(len(x), -1)
    assert float((guessed - x).abs().sum(-1).mean()) < 0.5 * float((common - x).abs().sum(-1).mean())


def test_the_classifier_learns_too():
    table = halides(classes=True)
    job = run(Autoencoding(CONFIG, Recipe(epochs=30, batch_size=16, learning_rate=0.03), table, table))
    assert job.past[-1]["terms"]["class_loss"] < 0.5 * job.past[0]["terms"]["class_loss"]
    seen = measure(job.result(), table, torch.Generator().manual_seed(0))
    assert seen.accuracy is not None and seen.accuracy > 0.9


def test_the_classifier_changes_nothing_else():
    """It is a network of its own: encoder and decoder come out the same, whatever is known of the classes."""
    with_classes = run(Autoencoding(CONFIG, QUICK, halides(classes=True), empty())).result()
    without = run(Autoencoding(CONFIG, QUICK, halides(), empty())).result()
    for part in ("encoder", "decoder"):
        torch.testing.assert_close(weights(getattr(with_classes, part)), weights(getattr(without, part)))


def test_records():
    job = run(Autoencoding(CONFIG, QUICK, halides(), halides()))
    assert [r["step"] for r in job.past] == [1, 2, 3]
    for record in job.past:
        terms = record["terms"]
        assert set(terms) == {
            "train_nelbo", "reconstruction", "divergence", "val_nelbo", "active_units", "learning_rate"
        }  # fmt: skip
        assert terms["train_nelbo"] == pytest.approx(terms["reconstruction"] + terms["divergence"])
    assert "val_nelbo" not in run(Autoencoding(CONFIG, QUICK, halides(), empty())).past[0]["terms"]


@pytest.mark.parametrize("steps", [4, 6])  # in the middle of an epoch and at its end
def test_a_training_resumes_bit_by_bit(tmp_path: Path, steps: int):
    whole = run(Autoencoding(CONFIG, QUICK, halides(), halides()))
    half = run(Autoencoding(CONFIG, QUICK, halides(), halides()), steps)
    half.save(tmp_path / "s.safetensors")
    rest = run(Autoencoding(CONFIG, QUICK, halides(), halides(), resume=tmp_path / "s.safetensors"))
    assert torch.equal(weights(whole.result()), weights(rest.result()))
    assert rest.past == whole.past
    assert rest.seconds > half.seconds > 0  # of both sittings


def test_another_training_is_not_resumed(tmp_path: Path):
    file = tmp_path / "s.safetensors"
    run(Autoencoding(CONFIG, QUICK, halides(), halides()), 1).save(file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: recipe.beta\)"):
        Autoencoding(CONFIG, Recipe(epochs=3, batch_size=16, beta=0.5), halides(), halides(), resume=file)


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    run(Autoencoding(CONFIG, QUICK, halides(), halides()))
    assert torch.equal(before, torch.get_rng_state())


def test_beta_grows_during_the_warmup():
    job = Autoencoding(CONFIG, Recipe(epochs=4, batch_size=48, warmup=0.5, beta=2.0), halides(), empty())
    seen = []
    while not job.finished:
        seen.append(job.beta)
        job.advance()
    assert seen == [0.0, 1.0, 2.0, 2.0]


def test_rare_materials_are_shown_more_often():
    table = Table(torch.ones(3, 89).tril(), torch.tensor([0, 9, UNKNOWN]))  # 1, 2 and 3 elements
    by_elements = Autoencoding(CONFIG, Recipe(rare_from=3, rare_times=4), table, empty())
    assert sorted(by_elements.rows.tolist()) == [0, 1, 2, 2, 2, 2]
    by_class = Autoencoding(CONFIG, Recipe(rare="class", rare_from=8, rare_times=2), table, empty())
    assert sorted(by_class.rows.tolist()) == [0, 1, 1, 2]


def test_measured_parts_add_up():
    net = Autoencoding(CONFIG, QUICK, halides(), empty()).result()
    seen = measure(net, halides(), torch.Generator().manual_seed(1))
    assert seen.nelbo == pytest.approx(seen.reconstruction + seen.divergence)
    assert seen.divergence == pytest.approx(sum(seen.units)) and len(seen.units) == 3
    assert seen.accuracy is None


def test_the_bernoulli_likelihood_collapses_on_fractions():
    """The lesson: at beta 1 no latent dimension is worth its cost, where the multinomial uses some."""
    recipe = Recipe(epochs=30, batch_size=16, learning_rate=0.03)
    active = {}
    for likelihood in ("bernoulli", "multinomial"):
        config = OneHotVAEConfig(width=24, latent=3, likelihood=likelihood)  # type: ignore[arg-type]
        job = run(Autoencoding(config, recipe, halides(), halides()))
        active[likelihood] = job.past[-1]["terms"]["active_units"]
    assert active["bernoulli"] < active["multinomial"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1"),
        ({"beta": -1.0}, "beta is -1 and warmup 0.1; allowed are beta >= 0"),
        ({"warmup": 2.0}, "warmup 2; allowed are"),
        ({"rare": "colour"}, "rare is 'colour'; allowed are elements and class"),
    ],
)
def test_bad_recipes(changes, message):
    with pytest.raises(InputError, match=message):
        Recipe(**changes)


def test_one_material_is_too_few():
    with pytest.raises(InputError, match="1 training materials; at least 2 are needed"):
        Autoencoding(CONFIG, QUICK, Table(torch.ones(1, 89), torch.tensor([UNKNOWN])), empty())


# -- on disk -------------------------------------------------------------------------------------------------

CARD = {"word": "onehot_vae", "decoding": {"rule": "threshold_gcd", "threshold": 0.04, "tolerance": 0.02}}


def test_a_generator_survives_the_disk_in_half_precision(tmp_path: Path):
    net = Autoencoding(CONFIG, QUICK, halides(), empty()).result()
    file = generators.write(tmp_path / "g.safetensors", net, CARD)
    again, card, mixture = generators.read(file)
    assert card == CARD and again.config == net.config and mixture is None
    np.testing.assert_allclose(weights(again), weights(net), rtol=1e-3, atol=1e-4)
    assert file.stat().st_size < 2.2 * len(weights(net)) + 4096


def test_a_mixture_goes_with_it(tmp_path: Path):
    net = Autoencoding(CONFIG, QUICK, halides(), empty()).result()
    given = Mixture(np.array([0.3, 0.7]), np.ones((2, 3)), np.broadcast_to(0.5 * np.eye(3), (2, 3, 3)))
    again, _, mixture = generators.read(generators.write(tmp_path / "g.safetensors", net, CARD, given))
    assert mixture is not None and again.config == net.config
    np.testing.assert_allclose(mixture.weights, given.weights, atol=1e-7)
    np.testing.assert_array_equal(mixture.means, given.means)
    np.testing.assert_array_equal(mixture.factors, given.factors)


def test_a_file_of_the_first_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    net = Autoencoding(CONFIG, QUICK, halides(), empty()).result()
    monkeypatch.setattr(generators, "FORMAT", 1)
    file = generators.write(tmp_path / "g.safetensors", net, CARD)
    monkeypatch.undo()
    with pytest.raises(
        CheckpointError, match=r"earlier version of matwidgets \(format 1, this reads 2\); train it"
    ):
        generators.read(file)


def test_a_mixture_that_does_not_fit_is_an_incomplete_file(tmp_path: Path):
    net = Autoencoding(CONFIG, QUICK, halides(), empty()).result()
    wrong = Mixture(np.ones(1), np.ones((1, 2)), np.ones((1, 2, 2)))
    file = generators.write(tmp_path / "g.safetensors", net, CARD, wrong)
    with pytest.raises(CheckpointError, match=r"is incomplete \(a mixture of shapes"):
        generators.read(file)


def test_files_that_are_no_generator(tmp_path: Path):
    job = run(Autoencoding(CONFIG, QUICK, halides(), empty()), 1)
    job.save(tmp_path / "state.safetensors")
    with pytest.raises(
        CheckpointError, match="holds something else in format None; this reads onehot_vae in format 2"
    ):
        generators.read(tmp_path / "state.safetensors")
    with pytest.raises(CheckpointError, match="No checkpoint at"):
        generators.read(tmp_path / "none.safetensors")
    whole = generators.write(tmp_path / "g.safetensors", job.result(), CARD)
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is corrupt"):
        generators.read(whole)
