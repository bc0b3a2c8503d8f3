"""The training loop: it learns, pauses anywhere, and resumes bit by bit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from matwidgets.errors import CheckpointError, InputError
from matwidgets.models.crabnet import CrabNetConfig
from matwidgets.training import checkpoints
from matwidgets.training.losses import robust_l1
from matwidgets.training.regression import Recipe, Regression, Table

CONFIG = CrabNetConfig.compact(
    d_table=5, d_model=16, d_feedforward=16, head=(8,), heads=2, layers=2, dropout=0.2
)
RECIPE = Recipe(epochs=4, batch_size=16, seeds=(1, 2))


def table(n: int = 48, seed: int = 0) -> Table:
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.stack([torch.randperm(20, generator=generator)[:2] + 1 for _ in range(n)])
    share = torch.rand(n, 1, generator=generator)
    fractions = torch.cat([share, 1 - share], 1)
    return Table(numbers, fractions, 100 + 10 * (numbers * fractions).sum(1))


def elements() -> torch.Tensor:
    return torch.randn(119, 5, generator=torch.Generator().manual_seed(9))


def job(recipe: Recipe = RECIPE, **options: object) -> Regression:
    return Regression(CONFIG, recipe, table(), table(12, 1), elements(), **options)  # type: ignore[arg-type]


def run(work: Regression, pieces: int | None = None) -> Regression:
    while not work.finished and (pieces is None or pieces > 0):
        work.advance()
        pieces = None if pieces is None else pieces - 1
    return work


def test_learns() -> None:
    work = run(job(Recipe(epochs=60, batch_size=16, seeds=(1,))))
    mae = [r["terms"]["val_mae"] for r in work.past]
    predict_the_mean = float((work.val.targets - work.train.targets.mean()).abs().mean())
    assert mae[-1] < 0.5 * predict_the_mean


def test_one_record_an_epoch_over_all_members() -> None:
    work = run(job())
    assert [r["step"] for r in work.past] == list(range(1, 9)) and work.total == 8
    assert [r["member"] for r in work.past] == [0] * 4 + [1] * 4
    trained = work.result()
    assert len(trained.members) == 2 and all(m.folded and not m.training for m in trained.members)
    assert trained.val_mae == pytest.approx(
        [work.past[3]["terms"]["val_mae"], work.past[7]["terms"]["val_mae"]], rel=1e-4
    )


@pytest.mark.parametrize(
    "pieces", [1, 4, 7, 12, 17], ids=["in epoch 1", "in epoch 2", "end", "member 2 begins", "in member 2"]
)
def test_resumes_bit_by_bit(tmp_path: Path, pieces: int) -> None:
    whole = run(job())
    broken = run(job(), pieces)
    broken.save(tmp_path / "state.safetensors")
    torch.rand(11)  # somebody else draws from the global generator
    resumed = run(job(resume=tmp_path / "state.safetensors"))
    assert resumed.past == whole.past
    for a, b in zip(whole.result().members, resumed.result().members, strict=True):
        assert all(
            torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
        )


def test_saves_itself_after_every_epoch(tmp_path: Path) -> None:
    state = tmp_path / "state.safetensors"
    work = run(job(autosave=state), 3)  # 48 rows in batches of 16: one epoch
    assert len(work.past) == 1 and job(resume=state).past == work.past


def test_seeds_decide() -> None:
    a, b = (run(job(Recipe(epochs=1, batch_size=16, seeds=(s,)))).past for s in (1, 2))
    assert a != b


def test_stopped_first_member_counts() -> None:
    assert len(run(job(), 2).result().members) == 1


def test_refuses_another_trainings_state(tmp_path: Path) -> None:
    run(job(), 1).save(tmp_path / "s")
    with pytest.raises(CheckpointError) as caught:
        Regression(
            CONFIG,
            Recipe(epochs=5, batch_size=16, seeds=(1, 2)),
            table(),
            table(12, 1),
            elements(),
            resume=tmp_path / "s",
        )
    assert str(caught.value) == (
        f"{tmp_path / 's'} is of another training (different: recipe.epochs); "
        "resume with the same table and settings, or train without --resume"
    )


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_recipe_needs_positive_numbers(name: str) -> None:
    with pytest.raises(
        InputError, match=f"^{name} is 0; it must be a whole number from 1: give a larger one$"
    ):
        Recipe(**{name: 0})


def test_targets_without_spread() -> None:
    flat = table()._replace(targets=torch.ones(48))
    with pytest.raises(
        InputError, match="^48 training rows with a spread of 0; at least 2 different targets are needed"
    ):
        Regression(CONFIG, RECIPE, flat, table(4), elements())


def test_robust_l1_is_the_laplace_likelihood() -> None:
    value, log_sigma, target = torch.tensor([1.0, 2.0]), torch.tensor([0.1, -0.3]), torch.tensor([1.5, 0.0])
    laplace = torch.distributions.Laplace(value, log_sigma.exp() / 2**0.5)
    constant = 0.5 * torch.log(torch.tensor(2.0))
    torch.testing.assert_close(
        robust_l1(value, log_sigma, target), -laplace.log_prob(target).mean() - constant
    )


def test_logarithms_are_learned_and_errors_are_in_the_propertys_unit() -> None:
    train, val = (t._replace(targets=10 ** ((t.targets - 160) / 100)) for t in (table(), table(12, 1)))
    work = run(
        Regression(
            CONFIG, Recipe(epochs=5, batch_size=16, seeds=(1,), log_targets=True), train, val, elements()
        )
    )
    trained = work.result()
    assert trained.mean == pytest.approx(float(train.targets.log().mean()), rel=1e-5)
    assert trained.std == pytest.approx(float(train.targets.log().std()), rel=1e-5)
    with torch.no_grad():
        logarithm = trained.members[0](val.numbers, val.fractions).value * trained.std + trained.mean
    by_hand = float((logarithm.exp() - val.targets).abs().mean())
    assert work.past[-1]["terms"]["val_mae"] == pytest.approx(by_hand, rel=1e-4)


def test_zero_has_no_logarithm() -> None:
    bad = table()._replace(targets=table().targets - table().targets.min())
    with pytest.raises(
        InputError, match="^The smallest training target is 0, which has no logarithm; targets must be"
    ):
        Regression(CONFIG, Recipe(log_targets=True), bad, table(4), elements())


def test_a_look_at_the_result_changes_nothing() -> None:
    looked_at = run(job(), 4)
    assert looked_at.result().epochs == [1]
    assert run(looked_at).past == run(job()).past and looked_at.result().epochs == [4, 4]


def test_a_state_of_the_first_releases_goes_on(tmp_path: Path) -> None:
    whole, broken = run(job()), run(job(), 13)
    broken.save(tmp_path / "new")
    tensors, header = checkpoints.read(tmp_path / "new")
    since = ("averaging", "dropout", "ended")
    header["state"]["dict"] = [pair for pair in header["state"]["dict"] if pair[0] not in since]
    checkpoints.write(tmp_path / "old", tensors, header)
    resumed = run(job(resume=tmp_path / "old"))
    assert resumed.past == whole.past and resumed.result().epochs == [4, 4]


def test_the_time_of_all_parts_is_counted_and_pauses_are_not(tmp_path: Path) -> None:
    work = run(job(), pieces=5)
    spent = work.seconds
    assert 0 < spent == work.seconds
    work.save(tmp_path / "state.safetensors")
    again = job(resume=tmp_path / "state.safetensors")
    assert again.seconds == spent
    assert run(again).result().seconds > spent
