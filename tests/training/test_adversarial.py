"""Training wgan: it learns, resumes bit by bit, scores as written out, averages, selects, and fails with a word."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from matwidgets.errors import CheckpointError, InputError, MatwidgetsError
from matwidgets.features import occupancy
from matwidgets.models.formula_generators import CategoricalConfig, SlotConfig
from matwidgets.models.wgan import CriticConfig, DeconvolutionConfig
from matwidgets.training import adversarial, adversarial_scores
from matwidgets.training.adversarial import AdversarialTraining
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.adversarial_scores import live, matrices, score

SLOTS = SlotConfig(noise=8, width=24, slots=2, feedback=True)
PAPER = DeconvolutionConfig(noise=8, channels=(8, 6, 4, 2))
CRITIC = CriticConfig(width=12, hidden=(16,), slope=0.1, cells=12, sizes=True)
QUICK = Recipe(epochs=4, iterations=3, batch_size=16, warmup=2, every=2)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial, "LIVE", 40)


def salts() -> torch.Tensor:
    formulas = [f"{a}{b}" for a in ("Li", "Na", "K", "Rb") for b in ("F", "Cl", "Br", "I")]
    formulas += [f"{a}{b}2" for a in ("Mg", "Ca", "Sr", "Ba") for b in ("F", "Cl", "Br", "I")]
    return torch.as_tensor(occupancy.require_counts(formulas))


def none() -> torch.Tensor:
    return torch.zeros(0, 85, dtype=torch.uint8)


def run(job: AdversarialTraining, steps: int | None = None) -> AdversarialTraining:
    done = 0
    while not job.finished and (steps is None or done < steps):
        job.advance()
        done += 1
    return job


def weights(net: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.flatten().float() for value in net.state_dict().values()])


# -- the loop ------------------------------------------------------------------------------------------------


def test_it_learns_which_salts_there_are():
    """A metal of the first group goes with one halogen, of the second with two: half of the pairs by chance."""

    def right(job: AdversarialTraining) -> float:
        generator, _ = job.result()
        with torch.no_grad():
            x = generator(*generator.draw(400, torch.Generator().manual_seed(5)))
        known = {row.tobytes() for row in salts().numpy()}
        return sum(row.tobytes() in known for row in occupancy.read(x.numpy()).counts) / 400

    recipe = Recipe(
        epochs=3, iterations=100, batch_size=32, warmup=20, average=0.98, generator_rate=2e-3, critic_rate=2e-3,
        critic_steps=1, every=3, decay=0.25,
    )  # fmt: skip
    config = SlotConfig(noise=8, width=32, slots=2, feedback=True)
    job = AdversarialTraining(config, CRITIC, recipe, salts(), none())
    before = right(job)
    after = right(run(job))
    assert before < 0.1  # elements and counts by their frequencies alone
    # Right elements and counts, drawn independently, are right together for one in five (0.53 * 0.375).
    assert after > 0.4
    assert job.past[-1]["terms"]["legible"] == 1.0


@pytest.mark.parametrize("kind", ["slots", "categorical", "paper"])
def test_an_interrupted_training_goes_on_bit_by_bit(kind, tmp_path: Path):
    configs = {"slots": SLOTS, "categorical": CategoricalConfig(noise=8, width=16), "paper": PAPER}
    recipe = QUICK if kind != "paper" else Recipe.paper(epochs=4, iterations=3, batch_size=16, every=2)

    def job(**more):
        return AdversarialTraining(configs[kind], CRITIC, recipe, salts(), salts()[:6], **more)

    whole = run(job())
    file = tmp_path / "state.safetensors"
    run(job(), 7).save(file)  # in the middle of the third epoch
    resumed = job(resume=file)
    assert resumed.iteration == 7 and resumed.epoch == 2 and resumed.seconds > 0
    run(resumed)
    assert resumed.past == whole.past
    for mine, theirs in zip(resumed.result(), whole.result(), strict=True):
        assert torch.equal(weights(mine), weights(theirs))
    assert torch.equal(weights(resumed.generator), weights(whole.generator))
    assert torch.equal(weights(resumed.critic), weights(whole.critic))


def test_records_say_what_a_tracker_shows():
    job = run(AdversarialTraining(SLOTS, CRITIC, QUICK, salts(), salts()[:6]))
    assert [record["step"] for record in job.past] == [1, 2, 3, 4]
    first, second = job.past[0]["terms"], job.past[1]["terms"]
    assert set(first) == {"wasserstein", "critic_loss", "gradient_norm", "generator_loss", "learning_rate"}
    assert set(second) - set(first) == {"val_critic_loss", "val_wasserstein", "legible", "unique", "neutral"}
    assert "samples" not in job.past[0] and 0 < len(job.past[1]["samples"]) <= 12
    assert all(math.isfinite(v) for record in job.past for v in record["terms"].values())
    critic_alone = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, warmup=3), salts(), none())
    assert "generator_loss" not in run(critic_alone, 3).past[0]["terms"]


def test_the_critic_learns_alone_at_first():
    job = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, warmup=2), salts(), none())
    before = weights(job.generator), weights(job.critic)
    run(job, 2)
    assert torch.equal(weights(job.generator), before[0]) and not torch.equal(weights(job.critic), before[1])
    run(job, 1)
    assert not torch.equal(weights(job.generator), before[0])


def test_measuring_changes_nothing():
    seldom = run(AdversarialTraining(PAPER, CRITIC, replace(QUICK, every=4), salts(), salts()[:6]))
    often = run(AdversarialTraining(PAPER, CRITIC, replace(QUICK, every=1), salts(), salts()[:6]))
    assert torch.equal(weights(seldom.generator), weights(often.generator))
    assert torch.equal(weights(seldom.critic), weights(often.critic))


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    run(AdversarialTraining(SLOTS, CRITIC, QUICK, salts(), salts()[:6]))
    assert torch.equal(before, torch.get_rng_state())


def test_every_pass_shows_every_formula_once():
    job = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, batch_size=16), salts(), none())
    for _ in range(2):
        rows = torch.cat([job._rows(), job._rows()])
        assert sorted(rows.tolist()) == list(range(32))
    small = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, batch_size=500), salts(), none())
    assert len(small._rows()) == 32


def test_rates_fall_to_nothing_at_the_end():
    job = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, decay=0.5), salts(), none())
    seen = []
    while not job.finished:
        seen.append(job.ease)
        job.advance()
    assert seen[:7] == [1.0] * 7 and seen[7:] == pytest.approx([5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6])
    assert job.past[-1]["terms"]["learning_rate"] == 0


# -- the loss ------------------------------------------------------------------------------------------------


def linear_critic():
    """A critic that adds up the atoms: its gradient is (1, 2, ..., 8) in every row, whatever the matrix."""
    job = AdversarialTraining(SLOTS, CriticConfig(width=1, hidden=()), QUICK, salts(), none())
    with torch.no_grad():
        job.critic.weight.fill_(math.atanh(0.5))
        job.critic.score[-1].weight.fill_(1.0)
        job.critic.score[-1].bias.fill_(3.0)
    return job.critic


def test_the_loss_of_a_critic_that_is_known():
    critic, real = linear_critic(), matrices(salts()[:4])  # two atoms each: scores 3 + 0.5 * 2
    fake = matrices(
        torch.as_tensor(occupancy.require_counts(["Al2O3", "TiO2", "CaTiO3", "MgO"]))
    )  # 5, 3, 5, 2
    said = score(critic, real, fake, torch.rand(4), QUICK, learn=True)
    loss, wasserstein, gradient_norm = (float(value.detach()) for value in said)
    norm = 0.5 * math.sqrt(85 * 204)  # 1 + 4 + ... + 64 = 204 in each of 85 rows
    assert wasserstein == pytest.approx(4.0 - (3 + 0.5 * 3.75), rel=1e-5)
    assert gradient_norm == pytest.approx(norm, rel=1e-5)
    assert loss == pytest.approx(-wasserstein + 10 * (norm - 1) ** 2, rel=1e-5)
    clipped = score(critic, real, fake, torch.rand(4), replace(QUICK, loss="clipping"), learn=True)
    assert float(clipped.loss.detach()) == pytest.approx(-float(clipped.wasserstein.detach()), rel=1e-6)


def test_the_penalty_teaches_the_critic():
    critic, real = linear_critic(), matrices(salts()[:4])
    score(critic, real, real, torch.rand(4), QUICK, learn=True).loss.backward()
    # same matrices: all that is left is the penalty; the norm is above 1, so less weight is better
    assert float(critic.score[-1].weight.grad) > 0


def test_clipping_keeps_the_critic_s_weights_within_its_bound():
    recipe = Recipe.paper(epochs=1, iterations=2, batch_size=16, selection="last")
    job = run(AdversarialTraining(PAPER, CRITIC, recipe, salts(), none()))
    assert float(weights(job.critic).abs().max()) <= 0.01
    free = run(AdversarialTraining(PAPER, CRITIC, replace(recipe, loss="penalty"), salts(), none()))
    assert float(weights(free.critic).abs().max()) > 0.01


def test_a_training_that_fails_says_so(tmp_path: Path):
    recipe = replace(QUICK, warmup=0)
    file = tmp_path / "state.safetensors"
    job = run(AdversarialTraining(SLOTS, CRITIC, recipe, salts(), none(), autosave=file), 4)
    with torch.no_grad():
        job.critic.weight.fill_(torch.nan)
    with pytest.raises(MatwidgetsError) as caught:
        job.advance()
    assert str(caught.value) == (
        "The training of wgan has failed: critic loss is nan at iteration 4; lower critic_rate (0.001) and "
        f"generator_rate (0.0003) or raise batch_size; the state after epoch 1 is in {file}"
    )
    early = AdversarialTraining(SLOTS, CRITIC, recipe, salts(), none(), autosave=file)
    with torch.no_grad():
        early.critic.weight.fill_(torch.inf)
        early.critic.score[-1].weight.fill_(torch.inf)
    with pytest.raises(MatwidgetsError, match=r"is (nan|inf|-inf) at iteration 0; .* or raise batch_size$"):
        early.advance()


# -- what is kept --------------------------------------------------------------------------------------------


def test_the_average_follows_the_generator():
    job = run(AdversarialTraining(SLOTS, CRITIC, replace(QUICK, average=0.9, warmup=0), salts(), none()), 5)
    assert job.average is not None
    distance = (weights(job.average) - weights(job.generator)).norm()
    start = AdversarialTraining(SLOTS, CRITIC, replace(QUICK, average=0.9), salts(), none())
    assert 0 < distance < (weights(start.generator) - weights(job.generator)).norm()
    assert torch.equal(weights(job.result()[0]), weights(job.average))
    last = run(AdversarialTraining(SLOTS, CRITIC, replace(QUICK, average=None), salts(), none()))
    assert torch.equal(weights(last.result()[0]), weights(last.generator))


def test_the_least_critic_loss_is_selected():
    recipe = replace(QUICK, selection="critic_loss", every=1, average=None)
    job = AdversarialTraining(SLOTS, CRITIC, recipe, salts()[6:], salts()[:6])
    kept = []
    while not job.finished:
        if job.advance() is not None:
            kept.append((abs(job.past[-1]["terms"]["val_critic_loss"]), job.iteration, weights(job.critic)))
    loss, iteration, expected = min(kept, key=lambda item: item[0])
    assert job.best is not None and (job.best["loss"], job.best["iteration"]) == (loss, iteration)
    assert torch.equal(weights(job.result()[1]), expected)
    with pytest.raises(InputError, match="No validation formulas, by which weights are to be selected"):
        AdversarialTraining(SLOTS, CRITIC, recipe, salts(), none())


def test_live_samples_are_counted(monkeypatch: pytest.MonkeyPatch):
    """Two formulas, one of them twice, an element and a matrix with two counts of one element."""
    given = occupancy.encode(["NaCl", "Ti2C2", "TiC", "Na", "MgCl2"]).matrices.astype("float32")
    given[4, occupancy.INDEX["Mg"], 4] = 1

    class Fixed(torch.nn.Module):
        def draw(self, n, random):
            return (torch.zeros(n),)

        def forward(self, *noise):
            return torch.as_tensor(given)

    terms, formulas = live(Fixed(), 5, torch.Generator())
    monkeypatch.setattr(adversarial_scores, "SHOWN", 1)
    assert formulas == ["NaCl", "TiC", "TiC"] and live(Fixed(), 5, torch.Generator())[1] == ["NaCl"]
    assert terms == {"legible": 3 / 5, "unique": 2 / 5, "neutral": 3 / 5}  # Ti+4 C-4


# -- recipes -------------------------------------------------------------------------------------------------


def test_the_paper_s_recipe():
    paper = Recipe.paper()
    assert paper.epochs * paper.iterations == 100_000  # section 3
    assert (paper.batch_size, paper.optimiser) == (256, "rmsprop")  # section 3
    assert paper.generator_rate == paper.critic_rate == 1e-2  # section 3
    assert paper.selection == "critic_loss" and paper.loss == "clipping"
    code = Recipe.code()
    assert (code.loss, code.penalty, code.critic_steps, code.betas) == ("penalty", 10.0, 5, (0.5, 0.9))
    assert code.generator_rate == code.critic_rate == 1e-4 and Recipe.paper(seed=3).seed == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1"),
        ({"critic_steps": 0}, "critic_steps is 0; it must be a whole number from 1"),
        ({"critic_rate": 0.0}, "critic_rate is 0; it must be above 0"),
        ({"decay": 2.0}, "decay 2; allowed are warmup >= 0 and 0 <= decay <= 1"),
        ({"average": 1.0}, "average is 1; it must lie between 0 and 1: give one, or None"),
        ({"loss": "hinge"}, "loss is 'hinge'; allowed are penalty and clipping"),
        ({"optimiser": "sgd"}, "optimiser is 'sgd'; allowed are adam and rmsprop"),
        ({"selection": "best"}, "selection is 'best'; allowed are last and critic_loss"),
    ],
)
def test_bad_recipes(changes, message):
    with pytest.raises(InputError, match=message):
        Recipe(**changes)


def test_one_formula_is_too_few():
    with pytest.raises(InputError, match="1 training formulas; at least 2 are needed"):
        AdversarialTraining(SLOTS, CRITIC, QUICK, salts()[:1], none())


def test_another_training_is_not_resumed(tmp_path: Path):
    file = tmp_path / "s.safetensors"
    run(AdversarialTraining(SLOTS, CRITIC, QUICK, salts(), none()), 1).save(file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: recipe.penalty\)"):
        AdversarialTraining(SLOTS, CRITIC, replace(QUICK, penalty=5.0), salts(), none(), resume=file)
    with pytest.raises(CheckpointError, match=r"different: atoms, rows"):
        AdversarialTraining(SLOTS, CRITIC, QUICK, salts()[1:], none(), resume=file)
