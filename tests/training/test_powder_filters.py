"""Training the space-group classifier: it learns, resumes bit by bit, goes to disk, and says what is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from matwidgets.errors import CheckpointError, InputError
from matwidgets.models.powder_filters import SpaceGroupConfig, SpaceGroupNet
from matwidgets.training import filter_files
from matwidgets.training.powder_filters import Classifying, Recipe, Table, jittered, measure

CONFIG = SpaceGroupConfig(
    points=161, filters=(8, 12), kernels=(7, 5), strides=(2, 2), pool=1, units=(24,), convolution_dropout=0.0,
    dense_dropout=0.1, scale="logarithm", normalised=True, local=4,
)  # fmt: skip
QUICK = Recipe(epochs=3, batch_size=16, precision="float32", jitter=0.3)
GROUPS = (225, 221, 194)  # two systems


def lattices(rows: int = 48, seed: int = 0, groups: tuple[int, ...] = GROUPS) -> Table:
    """Rulers of peaks whose spacing tells the group: 10 to 90 degrees in steps of 0.5."""
    generator = torch.Generator().manual_seed(seed)
    which = torch.arange(rows) % len(groups)
    start = 12 + 6 * torch.rand(rows, generator=generator)
    angles = torch.linspace(10, 90, CONFIG.points)
    peaks = start[:, None] + (6 + 3 * which)[:, None] * torch.arange(14)
    heights = 0.2 + torch.rand(rows, 14, generator=generator)
    x = (heights[:, :, None] * torch.exp(-0.5 * ((angles - peaks[:, :, None]) / 0.6) ** 2)).sum(1)
    return Table((x / x.amax(1, keepdim=True)).half(), torch.tensor(groups)[which])


def empty() -> Table:
    return Table(torch.zeros(0, CONFIG.points), torch.zeros(0, dtype=torch.long))


def run(job: Classifying, steps: int | None = None) -> Classifying:
    done = 0
    while not job.finished and (steps is None or done < steps):
        job.advance()
        done += 1
    return job


def weights(net: SpaceGroupNet) -> torch.Tensor:
    return torch.cat([v.detach().flatten() for v in net.state_dict().values()])


def test_it_learns_groups_of_unseen_patterns():
    job = run(Classifying(CONFIG, replace(QUICK, epochs=25, strain=0.01), lattices(96), lattices(48, seed=7)))
    seen = measure(job.result(), lattices(48, seed=7))
    assert seen.groups > 0.9 and seen.systems >= seen.groups and seen.top >= seen.groups  # a third by chance
    assert job.past[-1]["terms"]["val_groups"] == pytest.approx(seen.groups)
    assert job.past[-1]["terms"]["val_loss"] == pytest.approx(seen.loss)


def test_what_patterns_pass_through_is_what_is_learned():
    """Flattened by a reconstruction that forgets everything, nothing can be told apart."""

    def forgets(x: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(x)

    recipe, table = replace(QUICK, epochs=20), lattices(96)
    blind = run(Classifying(CONFIG, recipe, table, empty(), through=forgets)).result()
    seeing = run(Classifying(CONFIG, recipe, table, empty())).result()
    assert measure(blind, table, forgets).groups <= 1 / 3
    assert measure(seeing, table).groups > 0.6


@pytest.mark.parametrize("steps", [4, 6])  # in the middle of an epoch of three batches and at its end
@pytest.mark.parametrize("recipe", [QUICK, Recipe.paper(epochs=3, batch_size=16)])
def test_a_training_resumes_bit_by_bit(tmp_path: Path, steps: int, recipe: Recipe):
    whole = run(Classifying(CONFIG, recipe, lattices(), lattices(seed=1)))
    half = run(Classifying(CONFIG, recipe, lattices(), lattices(seed=1)), steps)
    half.save(tmp_path / "s.safetensors")
    rest = run(Classifying(CONFIG, recipe, lattices(), lattices(seed=1), resume=tmp_path / "s.safetensors"))
    assert torch.equal(weights(whole.result()), weights(rest.result()))
    assert rest.past == whole.past
    assert rest.seconds > half.seconds > 0  # of both sittings


def test_another_training_is_not_resumed(tmp_path: Path):
    file = tmp_path / "s.safetensors"
    run(Classifying(CONFIG, QUICK, lattices(), empty()), 1).save(file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: recipe.strain\)"):
        Classifying(CONFIG, replace(QUICK, strain=0.1), lattices(), empty(), resume=file)
    with pytest.raises(CheckpointError, match=r"is of another training \(different: patterns\)"):
        Classifying(CONFIG, QUICK, lattices(), empty(), through=lambda x: x / 2, resume=file)


def test_it_saves_itself_after_every_epoch(tmp_path: Path):
    file = tmp_path / "s.safetensors"
    job = Classifying(CONFIG, QUICK, lattices(), empty(), autosave=file)
    run(job, 2)
    assert not file.exists()
    run(job, 1)
    assert Classifying(CONFIG, QUICK, lattices(), empty(), resume=file).epoch == 1


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    run(Classifying(CONFIG, QUICK, lattices(), empty()))
    assert torch.equal(before, torch.get_rng_state())


def test_every_row_is_shown_once_an_epoch_and_no_batch_is_small():
    job = Classifying(CONFIG, replace(QUICK, batch_size=20), lattices(47), empty())
    job.advance()
    sizes = [len(rows) for rows in job.batches]
    assert 47 - sum(sizes) >= 20 and min(sizes) >= 20


def test_jitter_changes_heights_and_keeps_nothing_nothing():
    x = lattices(6).profiles.float()
    x[:, 100:] = 0.0
    changed = jittered(x, 0.8, torch.Generator().manual_seed(0))
    torch.testing.assert_close(changed.amax(1), torch.ones(6))
    assert bool((changed[:, 100:] == 0).all()) and bool((changed >= 0).all())
    assert float((changed - x).abs().amax()) > 0.05
    torch.testing.assert_close(jittered(x, 0.0, torch.Generator()), x / x.amax(1, keepdim=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs is 0 and batch_size 128; give whole numbers from 1 and from 2"),
        ({"optimiser": "sgd"}, "optimiser is 'sgd'; allowed are adamw, adamax"),
        ({"precision": "float8"}, "precision is 'float8'; allowed are float32, bfloat16"),
        ({"strain": 0.7}, "strain 0.7; allowed are"),
        ({"jitter": -1.0}, "jitter -1; none may be below 0"),
    ],
)
def test_bad_recipes(changes, message):
    with pytest.raises(InputError, match=message):
        Recipe(**changes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (Table(torch.ones(1, 161), torch.tensor([5])), "1 patterns; at least 2 are needed"),
        (Table(torch.ones(3, 161), torch.tensor([5, 6])), "3 patterns and 2 space groups"),
        (
            Table(torch.ones(2, 161), torch.tensor([0, 6])),
            "Space groups from 0 to 6: give numbers from 1 to 230",
        ),
        (Table(torch.ones(2, 160), torch.tensor([1, 6])), "Patterns of 160 points for a network of 161"),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(InputError, match=message):
        Classifying(CONFIG, QUICK, table, empty())


# -- on disk -------------------------------------------------------------------------------------------------


def test_a_classifier_survives_the_disk_in_half_precision(tmp_path: Path):
    net = run(Classifying(CONFIG, QUICK, lattices(), empty())).result()
    file = filter_files.write(tmp_path / "f.safetensors", net, {"patterns": "original"})
    again, card = filter_files.read(file)
    assert card == {"patterns": "original"} and again.config == net.config
    x = lattices(seed=3).profiles.float()
    # half precision keeps 11 bits of each weight
    torch.testing.assert_close(again(x), net(x), rtol=0.01, atol=0.01)
    assert torch.equal(again(x), filter_files.rounded(net)(x))


def test_files_that_are_no_classifier(tmp_path: Path):
    job = run(Classifying(CONFIG, QUICK, lattices(), empty()), 1)
    job.save(tmp_path / "state.safetensors")
    with pytest.raises(
        CheckpointError, match="holds something else, no part of it, in format None; this reads"
    ):
        filter_files.read(tmp_path / "state.safetensors")
    with pytest.raises(CheckpointError, match="No checkpoint at"):
        filter_files.read(tmp_path / "none.safetensors")
    net = job.result()
    partial = dict(list(net.state_dict().items())[:-1])
    whole = filter_files.write(tmp_path / "f.safetensors", net, {})
    from matwidgets.training import checkpoints

    checkpoints.write(tmp_path / "p.safetensors", partial, checkpoints.read(whole)[1])
    with pytest.raises(CheckpointError, match="is incomplete"):
        filter_files.read(tmp_path / "p.safetensors")
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is corrupt"):
        filter_files.read(whole)
