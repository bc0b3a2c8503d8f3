"""Training the disentangled VAE: it learns, keeps the best weights, resumes bit by bit, and validation stays unseen."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from matwidgets.errors import CheckpointError, InputError
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.run import Run
from matwidgets.training.semi_supervised import UNKNOWN, SemiSupervised, Table, measure
from matwidgets.training.semi_supervised_recipe import Recipe, preset

CONFIG = DisentangledVAEConfig(width=24, spread=None)
QUICK = Recipe(epochs=4, batch_size=32)


def alloys(rows: int, seed: int = 0, labelled: int | None = None) -> Table:
    """Alloys of two families of elements; descriptors linear in the fractions, the label a rule of two of them."""
    generator = torch.Generator().manual_seed(seed)
    family = torch.zeros(30)
    family[:15] = 1
    amounts = torch.rand(rows, 30, generator=generator) * (torch.rand(rows, 30, generator=generator) < 0.3)
    amounts = amounts * torch.where(torch.rand(rows, 1, generator=generator) < 0.5, family, 1 - family)
    amounts[:, 0] += 0.05
    x = amounts / amounts.sum(-1, keepdim=True)
    f = 500 + 900 * x @ torch.rand(30, 8, generator=torch.Generator().manual_seed(99))
    y = (f[:, 0] > f[:, 1]).long()
    if labelled is not None:
        y[labelled:] = UNKNOWN
    return Table(x, f, y)


TRAIN, VAL = alloys(96, labelled=60), alloys(40, seed=1)
NOTHING = alloys(0)


def run(job: SemiSupervised, steps: int | None = None) -> SemiSupervised:
    done = 0
    while not job.finished and (steps is None or done < steps):
        job.advance()
        done += 1
    return job


def weights(net: DisentangledVAE) -> Tensor:
    return torch.cat([p.detach().flatten() for p in net.state_dict().values()])


def test_it_learns_to_classify_and_to_reconstruct() -> None:
    job = run(SemiSupervised(CONFIG, Recipe(epochs=60, batch_size=32), alloys(300, labelled=150), VAL))
    first, last = job.past[0]["terms"], job.past[-1]["terms"]
    assert last["train_elbo"] > 0.6 * first["train_elbo"]  # both below 0
    assert last["val_auc"] > 0.95 and last["val_accuracy"] > 0.85
    net = job.result()
    again = net(VAL.x, VAL.f)
    common = VAL.x.mean(0).expand_as(VAL.x)
    # Two latent dimensions find the family and little more.
    assert float((again.x - VAL.x).abs().sum()) < 0.9 * float((common - VAL.x).abs().sum())


def test_records_add_up() -> None:
    job = run(SemiSupervised(CONFIG, QUICK, TRAIN, VAL))
    assert [r["step"] for r in job.past] == [1, 2, 3, 4]
    for record in job.past:
        terms = record["terms"]
        assert set(terms) == {
            "train_elbo", "likelihood", "divergence", "label", "class_loss", "val_elbo", "val_loss",
            "val_accuracy", "val_auc", "learning_rate",
        }  # fmt: skip
        assert terms["train_elbo"] == pytest.approx(
            terms["likelihood"] - terms["divergence"] + terms["label"]
        )
    assert "val_elbo" not in run(SemiSupervised(CONFIG, QUICK, TRAIN, NOTHING)).past[0]["terms"]


def test_the_first_loss_is_equation_5() -> None:
    """A batch of all rows: the sum over the unlabelled and, with gamma, over the labelled, by hand."""
    job = SemiSupervised(CONFIG, replace(QUICK, batch_size=96, gamma=3.0), TRAIN, VAL)
    net = DisentangledVAE(CONFIG)
    net.load_state_dict(job.net.state_dict())
    terms = job.advance()["terms"]  # type: ignore[index]
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(96, generator=generator)
    noise = torch.empty(96, 2)
    noise[order] = torch.randn(96, 2, generator=generator)
    known = TRAIN.y != UNKNOWN
    y = TRAIN.y[known].float()
    elbo = net.labelled(TRAIN.x[known], y, noise[known]).elbo.sum()
    elbo = elbo + net.unlabelled(TRAIN.x[~known], TRAIN.f[~known], noise[~known]).elbo.sum()
    classified = functional.binary_cross_entropy_with_logits(net.classify(TRAIN.f[known]), y)
    assert terms["train_elbo"] == pytest.approx(elbo.item() / 96, rel=1e-5)
    assert terms["class_loss"] == pytest.approx(classified.item(), rel=1e-5)
    # And the gradient is of their weighted sum: after one step of Adam every weight has moved against its sign.
    (3.0 * 60 * classified - elbo).backward()
    for before, after in zip(net.parameters(), job.net.parameters(), strict=True):
        gradient = before.grad
        assert gradient is not None
        clear = gradient.abs() > 1e-3 * gradient.abs().max()
        assert torch.equal((after - before)[clear].sign(), -gradient[clear].sign())


def test_no_gradient_and_no_scaling_comes_from_validation() -> None:
    other = alloys(70, seed=2)
    one = run(SemiSupervised(CONFIG, QUICK, TRAIN, VAL))
    two = run(SemiSupervised(CONFIG, QUICK, TRAIN, other._replace(f=other.f * 5)))
    assert torch.equal(weights(one.net), weights(two.net))
    assert one.past != two.past  # only what is said of validation differs
    torch.testing.assert_close(one.net.center, TRAIN.f.mean(0))


@pytest.mark.parametrize("keep", ["accuracy", "losses"])
def test_the_best_weights_on_validation_are_kept(keep) -> None:
    job = SemiSupervised(CONFIG, replace(QUICK, epochs=12, learning_rate=0.5, keep=keep), TRAIN, VAL)
    terms, nets = [], []
    while not job.finished:
        record = job.advance()
        if record is not None:
            terms.append(record["terms"])
            nets.append({k: v.clone() for k, v in job.net.state_dict().items()})
    wanted = {
        "accuracy": {"network": [t["val_accuracy"] for t in terms]},
        "losses": {
            "classifier": [-t["val_loss"] for t in terms],
            "autoencoder": [t["val_elbo"] for t in terms],
        },
    }[keep]
    epochs = {part: scores.index(max(scores)) + 1 for part, scores in wanted.items()}  # the first of equals
    assert job.best_epochs == epochs and epochs.get("network", epochs.get("classifier")) not in (1, 12)
    for name, value in job.result().state_dict().items():
        classifier = epochs.get("network", epochs.get("classifier"))
        autoencoder = epochs.get("network", epochs.get("autoencoder"))
        epoch = classifier if name.startswith("classifier") else autoencoder
        assert epoch is not None and torch.equal(value, nets[epoch - 1][name]), name


def test_without_validation_the_last_weights_are_kept() -> None:
    job = run(SemiSupervised(CONFIG, QUICK, TRAIN, NOTHING))
    assert torch.equal(weights(job.result()), weights(job.net))


def test_unlabelled_alloys_change_the_classifier() -> None:
    labelled = Table(*(t[:60] for t in TRAIN))
    shuffled = torch.randperm(36, generator=torch.Generator().manual_seed(1)) + 60
    order = torch.cat([torch.arange(60), shuffled])
    mixed = TRAIN._replace(
        x=TRAIN.x[order]
    )  # the unlabelled alloys' descriptors no longer fit their fractions
    one, two = (run(SemiSupervised(CONFIG, QUICK, t, NOTHING)).net for t in (TRAIN, mixed))
    assert not torch.equal(one.classify(VAL.f), two.classify(VAL.f))
    assert run(SemiSupervised(CONFIG, QUICK, labelled, NOTHING)).past[-1]["terms"]["label"] == pytest.approx(
        torch.tensor(0.5).log().item()
    )


SCHEDULES = {
    "cycle": QUICK,
    "plateau": replace(QUICK, schedule="plateau", patience=1, learning_rate=0.5, epochs=6),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 7, 9])  # in the first epoch, in a later one, at an epoch's end
def test_a_training_resumes_bit_by_bit(tmp_path: Path, schedule: str, steps: int) -> None:
    recipe = SCHEDULES[schedule]
    whole = run(SemiSupervised(CONFIG, recipe, TRAIN, VAL))
    half = run(SemiSupervised(CONFIG, recipe, TRAIN, VAL), steps)
    half.save(tmp_path / "s.safetensors")
    rest = run(SemiSupervised(CONFIG, recipe, TRAIN, VAL, resume=tmp_path / "s.safetensors"))
    assert torch.equal(weights(whole.net), weights(rest.net))
    assert torch.equal(weights(whole.result()), weights(rest.result()))
    assert rest.past == whole.past


def test_the_plateau_is_torchs() -> None:
    job = run(SemiSupervised(CONFIG, replace(SCHEDULES["plateau"], epochs=14), TRAIN, VAL))
    rate = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([rate], lr=0.5)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=1, threshold=0.0)
    for record in job.past:
        terms = record["terms"]
        assert terms["learning_rate"] == optimiser.param_groups[0]["lr"]
        theirs.step(100 * terms["class_loss"] * 60 / 96 - terms["train_elbo"])
    assert job.past[-1]["terms"]["learning_rate"] < 0.5


def test_the_paper_ends_when_the_rate_is_spent() -> None:
    recipe = Recipe.paper(epochs=200, learning_rate=0.5, patience=1, lowest_rate=0.1)
    job = run(SemiSupervised(CONFIG, recipe, TRAIN, VAL))
    assert job.finished and job.epoch < 200 and job.rate < 0.1
    paper = Recipe.paper()
    assert (paper.learning_rate, paper.batch_size, paper.epochs, paper.patience) == (1e-4, 32, 20_000, 200)
    assert (paper.gamma, paper.schedule, paper.keep) == (10.0, "plateau", "accuracy")


def test_presets() -> None:
    assert preset("paper", seed=3) == (DisentangledVAEConfig(), Recipe.paper(seed=3))
    assert preset("binder", epochs=7) == (DisentangledVAEConfig(spread=None), Recipe(epochs=7))
    with pytest.raises(InputError, match="Unknown preset 'quick'; allowed are binder and paper"):
        preset("quick")


def test_as_a_run_it_pauses_saves_and_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    ended = Run(
        lambda: SemiSupervised(CONFIG, QUICK, TRAIN, VAL), title="alloys", kind="training", total=4
    ).start()
    halfway = Run(lambda: SemiSupervised(CONFIG, QUICK, TRAIN, VAL), title="alloys", kind="training", total=4)
    paused = threading.Event()
    halfway.subscribe(lambda run: paused.set() if run.state == "paused" else None)
    halfway.step(2)
    assert paused.wait(60) and halfway.steps == 2
    halfway.save(file)
    halfway.stop()
    rest = Run(
        lambda: SemiSupervised(CONFIG, QUICK, TRAIN, VAL, resume=file),
        title="alloys",
        kind="training",
        total=4,
    ).start()
    assert torch.equal(weights(ended.wait(60)), weights(rest.wait(60)))
    assert rest.history == ended.history


def test_autosave_leaves_a_file_that_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    run(SemiSupervised(CONFIG, QUICK, TRAIN, VAL, autosave=file))
    assert SemiSupervised(CONFIG, QUICK, TRAIN, VAL, resume=file).finished


def test_another_training_is_not_resumed(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    run(SemiSupervised(CONFIG, QUICK, TRAIN, VAL), 1).save(file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: recipe.gamma\)"):
        SemiSupervised(CONFIG, replace(QUICK, gamma=1.0), TRAIN, VAL, resume=file)
    relabelled = TRAIN._replace(y=torch.where(TRAIN.y == UNKNOWN, TRAIN.y, 1 - TRAIN.y))
    with pytest.raises(CheckpointError, match=r"different: single_phase"):
        SemiSupervised(CONFIG, QUICK, relabelled, VAL, resume=file)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    run(SemiSupervised(CONFIG, QUICK, TRAIN, VAL))
    assert torch.equal(before, torch.get_rng_state())


def test_measure_counts_labelled_rows_only() -> None:
    net = SemiSupervised(CONFIG, QUICK, TRAIN, VAL).net
    seen = measure(net, TRAIN)
    assert seen is not None and seen.n == 60 and net.training
    assert seen == measure(net, Table(*(t[:60] for t in TRAIN)))
    assert measure(net, alloys(5, labelled=0)) is None
    noise = torch.randn(60, 2, generator=torch.Generator().manual_seed(4))
    by_hand = net.labelled(TRAIN.x[:60], TRAIN.y[:60].float(), noise).elbo.mean().item()
    assert measure(net, TRAIN, seed=4).elbo == pytest.approx(by_hand, rel=1e-6)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1: give a larger one"),
        ({"gamma": -1.0}, "learning_rate is 0.01, gamma -1 and weight_decay 0.1: give a rate above 0"),
        ({"schedule": "steps"}, "schedule is 'steps'; allowed are cycle and plateau: choose one of these"),
        ({"keep": "auc"}, "keep is 'auc'; allowed are accuracy and losses: choose one of these"),
    ],
)
def test_bad_recipes(changes, message) -> None:
    with pytest.raises(InputError, match=message):
        Recipe(**changes)


def test_a_table_with_one_class_or_uneven_columns_is_refused() -> None:
    single = TRAIN._replace(y=torch.where(TRAIN.y == 0, UNKNOWN, TRAIN.y))
    with pytest.raises(InputError, match="labelled alloys with a single phase and 0 with several; both are"):
        SemiSupervised(CONFIG, QUICK, single, VAL)
    with pytest.raises(InputError, match="96 rows of fractions, 96 of descriptors and 3 labels"):
        SemiSupervised(CONFIG, QUICK, TRAIN._replace(y=TRAIN.y[:3]), VAL)
