"""One trunk for several targets: each learned on its own scale, cut into networks of their own, resumed bit by bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from matwidgets.errors import InputError
from matwidgets.models.crabnet import CrabNetConfig
from matwidgets.training.recipe import Recipe
from matwidgets.training.regression import Table
from matwidgets.training.shared_trunk import SharedTrunk

CONFIG = CrabNetConfig.compact(
    d_table=5, d_model=16, d_feedforward=16, head=(8,), heads=2, layers=2, dropout=0.1, outputs=2
)
RECIPE = Recipe(epochs=3, batch_size=16, seeds=(1, 2))


def table(n: int = 96, seed: int = 0) -> Table:
    """Compositions of two to four elements; the second target is a thousandth of the first's size, and falls."""
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.stack([torch.randperm(8, generator=generator)[:4] + 1 for _ in range(n)])
    fractions = torch.rand(n, 4, generator=generator) + 0.1
    for i in range(n):
        fractions[i, 2 + i % 3 :] = 0  # 2, 3 or 4 elements
    numbers = torch.where(fractions > 0, numbers, 0)
    fractions = fractions / fractions.sum(1, keepdim=True)
    mean = (numbers * fractions).sum(1)
    return Table(numbers, fractions, torch.stack([100 + 10 * mean, 0.1 - 0.01 * mean], 1))


def job(recipe: Recipe = RECIPE, **options: object) -> SharedTrunk:
    elements = torch.randn(119, 5, generator=torch.Generator().manual_seed(9))
    return SharedTrunk(CONFIG, recipe, table(), table(21, 1), elements, **options)  # type: ignore[arg-type]


def run(work: SharedTrunk, pieces: int | None = None) -> SharedTrunk:
    while not work.finished and (pieces is None or pieces > 0):
        work.advance()
        pieces = None if pieces is None else pieces - 1
    return work


def test_both_targets_are_learned_whatever_their_size() -> None:
    work = run(job(Recipe(epochs=50, batch_size=16, seeds=(1,))))
    for i, trained in enumerate(work.parts()):
        blind = float((work.val.targets[:, i] - work.train.targets[:, i].mean()).abs().mean())
        assert trained.val_mae[0] < 0.5 * blind


def test_each_part_predicts_its_target_on_its_own_scale() -> None:
    work = run(job())
    for i, trained in enumerate(work.parts()):
        assert len(trained.members) == 2 and all(m.folded and not m.training for m in trained.members)
        assert trained.mean == pytest.approx(float(work.train.targets[:, i].mean()), rel=1e-6)
        assert trained.std == pytest.approx(float(work.train.targets[:, i].std()), rel=1e-6)
        # The whole table at once, padded, gives what the rows sorted by length gave.
        value = (
            trained.members[1].requires_grad_(False)(work.val.numbers, work.val.fractions).value * trained.std
            + trained.mean
        )
        error = float((value - work.val.targets[:, i]).abs().mean())
        assert trained.val_mae[1] == pytest.approx(error, rel=1e-4)
    assert work.result().val_mae == work.parts()[0].val_mae
    assert run(job(output=1)).result().val_mae == work.parts()[1].val_mae
    assert work.past[-1]["terms"]["val_mae"] == pytest.approx(work.parts()[0].val_mae[1], rel=1e-5)


def test_it_resumes_bit_by_bit(tmp_path: Path) -> None:
    whole = run(job())
    half = run(job(), pieces=15)  # in the middle of a member's third epoch
    half.save(tmp_path / "state.safetensors")
    again = run(job(resume=tmp_path / "state.safetensors"))
    assert again.past == whole.past
    for ours, theirs in zip(again.parts(), whole.parts(), strict=True):
        for a, b in zip(ours.members, theirs.members, strict=True):
            assert all(
                torch.equal(x, y)
                for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True)
            )


def test_outputs_and_columns_must_agree() -> None:
    elements = torch.zeros(119, 5)
    with pytest.raises(InputError, match="2 columns of targets for 3 outputs"):
        SharedTrunk(replace(CONFIG, outputs=3), RECIPE, table(), table(21, 1), elements)
