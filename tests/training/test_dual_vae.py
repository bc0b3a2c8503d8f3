"""Training the autoencoders of the dual VAE: they learn, resume bit by bit, and say what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from matwidgets.errors import CheckpointError, InputError
from matwidgets.models.dual_vae import CompositionVAEConfig, PatternVAEConfig
from matwidgets.training.dual_vae import (
    OPTIMISERS,
    Autoencoding,
    Recipe,
    composition_recipe,
    measure,
    pattern_recipe,
)

COMPOSITION = CompositionVAEConfig(elements=6, hidden=(12, 8), latent=3, dropout=0.1, atoms=20)
PATTERN = PatternVAEConfig(
    points=161, latent=3, hidden=(24, 12), filters=(2, 3, 4), units=(12, 8), architecture="light"
)
QUICK = Recipe(epochs=3, batch_size=16, learning_rate=0.01, optimiser="adam", l1=1e-6, l2=1e-6)


def compositions(rows: int = 48, elements: int = 6) -> torch.Tensor:
    """Binaries."""
    generator = torch.Generator().manual_seed(0)
    x = torch.zeros(rows, elements)
    for row in x:
        a, b = torch.randperm(elements, generator=generator)[:2].tolist()
        row[a], row[b] = 2 / 3, 1 / 3
    return x


def patterns(rows: int = 48) -> torch.Tensor:
    """Two peaks, of which one place gives the other."""
    place = torch.linspace(20, 100, rows)[:, None]
    x = torch.exp(-0.5 * ((torch.arange(161) - place) / 3) ** 2)
    return (x + 0.5 * torch.exp(-0.5 * ((torch.arange(161) - 1.4 * place) / 3) ** 2)).half()


EITHER = pytest.mark.parametrize(
    ("config", "data"),
    [
        (COMPOSITION, compositions()),
        (PATTERN, patterns()),
        (replace(PATTERN, architecture="paper"), patterns()),
    ],
    ids=["composition", "light", "paper"],
)


def run(job: Autoencoding, steps: int | None = None) -> Autoencoding:
    done = 0
    while not job.finished and (steps is None or done < steps):
        job.advance()
        done += 1
    return job


def weights(job: Autoencoding) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in job.net.parameters()])


@EITHER
def test_it_learns_what_it_is_shown(config, data):
    recipe = replace(QUICK, epochs=150)
    job = run(Autoencoding(config, recipe, data, data))
    first, last = job.past[0]["terms"], job.past[-1]["terms"]
    assert last["val_nelbo"] < 0.7 * first["val_nelbo"]
    net, x = job.result(), data.float()
    back = net.decode(net.encode(x)[0])
    common = x.mean(0).expand(len(x), -1)
    assert float((back - x).square().mean()) < 0.7 * float((common - x).square().mean())


@EITHER
@pytest.mark.parametrize("steps", [4, 6])  # in the middle of an epoch and at its end
def test_a_training_resumes_bit_by_bit(config, data, steps, tmp_path: Path):
    recipe = replace(QUICK, strain=0.02 if config is PATTERN else 0.0)
    whole = run(Autoencoding(config, recipe, data, data))
    half = run(Autoencoding(config, recipe, data, data), steps)
    half.save(tmp_path / "s.safetensors")
    rest = run(Autoencoding(config, recipe, data, data, resume=tmp_path / "s.safetensors"))
    assert torch.equal(weights(whole), weights(rest))
    assert rest.past == whole.past and rest.seconds > half.seconds > 0


@pytest.mark.parametrize("optimiser", sorted(OPTIMISERS))
@pytest.mark.parametrize("cycle", [True, False])
def test_each_optimiser_resumes(optimiser, cycle, tmp_path: Path):
    recipe = replace(QUICK, optimiser=optimiser, cycle=cycle)
    whole = run(Autoencoding(COMPOSITION, recipe, compositions(), compositions()))
    run(Autoencoding(COMPOSITION, recipe, compositions(), compositions()), 5).save(tmp_path / "s.safetensors")
    rest = Autoencoding(
        COMPOSITION, recipe, compositions(), compositions(), resume=tmp_path / "s.safetensors"
    )
    assert torch.equal(weights(whole), weights(run(rest)))


def test_another_training_is_not_resumed(tmp_path: Path):
    file = tmp_path / "s.safetensors"
    run(Autoencoding(COMPOSITION, QUICK, compositions(), compositions()), 1).save(file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: recipe.l1\)"):
        Autoencoding(COMPOSITION, replace(QUICK, l1=0.5), compositions(), compositions(), resume=file)


def test_a_training_on_other_rows_is_not_resumed(tmp_path: Path):
    """Every row of fractions adds up to 1, in whichever order the elements and the rows are."""
    file, x = tmp_path / "s.safetensors", compositions()
    run(Autoencoding(COMPOSITION, QUICK, x, x), 1).save(file)
    for other in (x.flip(0), x.flip(1)):
        assert float(other.double().sum()) == pytest.approx(float(x.double().sum()), abs=1e-9)
        with pytest.raises(CheckpointError, match=r"is of another training \(different: train\)"):
            Autoencoding(COMPOSITION, QUICK, other, x, resume=file)
        with pytest.raises(CheckpointError, match=r"different: val\)"):
            Autoencoding(COMPOSITION, QUICK, x, other, resume=file)


@EITHER
def test_a_training_without_validation_rows_resumes(config, data, tmp_path: Path):
    file = tmp_path / "s.safetensors"
    run(Autoencoding(config, QUICK, data, data[:0]), 4).save(file)
    rest = Autoencoding(config, QUICK, data.clone(), data[:0], resume=file)
    assert rest.step == 4


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    run(Autoencoding(COMPOSITION, QUICK, compositions(), compositions()))
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_is_drawn_anew_at_each_step():
    """Were it the same, a unit would be left out for the whole training."""
    job = Autoencoding(replace(COMPOSITION, dropout=0.5), QUICK, compositions(), compositions())
    x, seen = compositions()[:8], []
    for step in (0, 1, 1):
        with job._seeded(job.recipe.seed + step):
            seen.append(job.net(x, torch.zeros(8, 3)).mean.detach())
    assert not torch.equal(seen[0], seen[1]) and torch.equal(seen[1], seen[2])


def test_the_divergence_counts_in_full_after_the_warmup():
    job = Autoencoding(
        COMPOSITION, replace(QUICK, epochs=4, batch_size=48, warmup=0.5), compositions(), compositions()
    )
    seen = []
    while not job.finished:
        seen.append(job.weight)
        job.advance()
    assert seen == [0.5, 1.0, 1.0, 1.0]
    assert Autoencoding(COMPOSITION, replace(QUICK, warmup=0.0), compositions(), compositions()).weight == 1.0


def test_the_regularisers_are_sums_of_weights_without_biases():
    job = Autoencoding(COMPOSITION, replace(QUICK, l1=0.5, l2=0.25), compositions(), compositions())
    matrices = [p.detach() for n, p in job.net.named_parameters() if n.endswith("weight")]
    expected = 0.5 * sum(float(m.abs().sum()) for m in matrices) + 0.25 * sum(
        float((m**2).sum()) for m in matrices
    )
    assert float(torch.as_tensor(job._penalty()).detach()) == pytest.approx(expected, rel=1e-5)


def test_records():
    job = run(Autoencoding(COMPOSITION, QUICK, compositions(), compositions()))
    assert [r["step"] for r in job.past] == [1, 2, 3]
    for record in job.past:
        terms = record["terms"]
        assert terms["train_nelbo"] == pytest.approx(terms["reconstruction"] + terms["divergence"])
        assert {"val_nelbo", "active_units", "learning_rate"} <= set(terms)
    nobody = run(Autoencoding(COMPOSITION, QUICK, compositions(), torch.zeros(0, 6)))
    assert "val_nelbo" not in nobody.past[0]["terms"]


def test_measured_parts_add_up():
    job = run(Autoencoding(PATTERN, QUICK, patterns(), patterns()))
    seen = measure(job.net, patterns())
    assert seen.nelbo == pytest.approx(seen.reconstruction + seen.divergence)
    assert (
        seen.divergence == pytest.approx(sum(seen.units)) and len(seen.units) == 3 and 0 <= seen.active <= 3
    )
    assert job.net.training  # as it was


def test_presets_have_table_s1s_numbers():
    composition, pattern = composition_recipe("paper"), pattern_recipe("paper")
    assert (composition.optimiser, composition.l1, composition.l2) == ("nadam", 1.94e-7, 1.09e-6)
    assert (pattern.optimiser, pattern.l1, pattern.l2) == ("adamax", 1.46e-6, 6.42e-7)
    assert composition_recipe().optimiser == "nadam" and pattern.strain == 0.0  # the paper strains nothing


def test_the_bernoulli_likelihood_collapses_on_fractions():
    """Why the paper's loss is read with a multinomial: a fraction as a coin toss is worth no latent dimension."""
    active, data = {}, compositions(200, 30)
    for likelihood in ("bernoulli", "multinomial"):
        config = replace(COMPOSITION, elements=30, dropout=0.0, likelihood=likelihood)
        job = run(Autoencoding(config, replace(QUICK, epochs=30), data, data))
        active[likelihood] = job.past[-1]["terms"]["active_units"]
    assert active["bernoulli"] < active["multinomial"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1"),
        ({"optimiser": "sgd"}, "optimiser is 'sgd'; allowed are nadam, adamax, adam"),
        ({"strain": 0.7}, "strain 0.7; allowed are"),
        ({"warmup": -1.0}, "warmup -1"),
    ],
)
def test_bad_recipes(changes, message):
    with pytest.raises(InputError, match=message):
        replace(QUICK, **changes)


def test_one_row_is_too_few():
    with pytest.raises(InputError, match="1 training rows; at least 2 are needed"):
        Autoencoding(COMPOSITION, QUICK, compositions(1), compositions())
