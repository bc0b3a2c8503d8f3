"""Filters that speak arrays, their training on a table of patterns, and the shipped ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets import powder_filters
from matwidgets.cli import filters as command_line
from matwidgets.errors import CheckpointError, DataError, InputError
from matwidgets.filter_trainings import as_tables, digest, majority, noisy, train_filters
from matwidgets.models.powder_filters import LAST_GROUPS, SpaceGroupConfig
from matwidgets.patterns import load_patterns
from matwidgets.powder_filters import FILES, KINDS, PowderFilters, load_filters
from matwidgets.training.powder_filters import Recipe, Table
from matwidgets.training.states import state_file

SMALL = SpaceGroupConfig(
    filters=(6, 8), kernels=(9, 5), strides=(8, 4), pool=1, units=(16,), convolution_dropout=0.0, dense_dropout=0.1,
    scale="logarithm", normalised=True, local=2,
)  # fmt: skip
QUICK = Recipe(epochs=2, batch_size=8, precision="float32")


class Given:
    """A small table with the parts of `matwidgets.patterns.Patterns` that a training reads."""

    name = "given"

    def __init__(self, frame: pd.DataFrame, profiles: np.ndarray) -> None:
        self.frame, self.profiles = frame, profiles

    def take(self, rows: np.ndarray) -> np.ndarray:
        return self.profiles[rows]


@pytest.fixture(scope="module")
def given() -> Given:
    crystals = load_patterns("crystals")
    split = np.array(["train", "train", "train", "val", "test"])[np.arange(len(crystals)) % 5]
    return Given(crystals.frame.assign(split=split), crystals.profiles)


@pytest.fixture(scope="module")
def trained(given, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("filters")
    train_filters(patterns=given, config=SMALL, recipe=QUICK, out=folder).wait(120)  # type: ignore[arg-type]
    return folder


def test_a_training_leaves_a_network_and_its_card(trained, given):
    loaded = PowderFilters.from_file(trained / FILES["original"])
    assert not state_file(trained).exists()
    card = loaded.card
    assert card["epochs"] == 2 and card["seconds"] > 0 and len(card["autoencoder"]) == 12
    assert card["command"] == "matwidgets train dual_vae --part filters --patterns original"
    assert set(card["measured"]) == {"val", "test"} and set(KINDS) < set(card["measured"]["val"])
    text = (trained / "README.md").read_text("utf-8")
    seen = card["measured"]["test"]["original"]
    assert (
        card["command"] in text
        and f"| {seen['groups']:.3f} | {seen['top']:.3f} | {seen['systems']:.3f} |" in text
    )
    # the card is of what is written
    test = given.frame["split"].to_numpy() == "test"
    said = loaded.space_groups(given.take(np.flatnonzero(test))).argmax(1) + 1
    assert seen["groups"] == pytest.approx(float((said == given.frame["spacegroup"].to_numpy()[test]).mean()))


def test_a_stopped_training_goes_on(given, tmp_path):
    recipe = Recipe(epochs=3, batch_size=8, precision="float32")
    whole = train_filters(patterns=given, config=SMALL, recipe=recipe, out=tmp_path / "whole").wait(120)
    run = train_filters(patterns=given, config=SMALL, recipe=recipe, out=tmp_path / "m", start=False)
    run.subscribe(lambda r: r.stop() if r.steps == 1 else None)
    run.start().wait(120)
    assert run.state == "stopped" and state_file(tmp_path / "m").exists()
    again = train_filters(patterns=given, config=SMALL, recipe=recipe, out=tmp_path / "m", resume=True)
    assert again.wait(120).card["measured"] == whole.card["measured"], "bit by bit"
    assert [r["step"] for r in again.history] == [1, 2, 3]
    with pytest.raises(InputError, match="Nothing to resume in"):
        train_filters(patterns=given, out=tmp_path / "none", resume=True)


def test_probabilities_and_their_sums(trained, given):
    loaded = PowderFilters.from_file(trained / FILES["original"])
    groups, systems = loaded.space_groups(given.profiles), loaded.crystal_systems(given.profiles)
    assert groups.shape == (len(given.profiles), 230) and systems.shape == (len(given.profiles), 7)
    np.testing.assert_allclose(groups.sum(1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(systems, np.add.reduceat(groups, [0, *LAST_GROUPS[:-1]], axis=1), atol=1e-5)
    # the scale of counts means nothing, and one pattern may come alone
    np.testing.assert_allclose(loaded.space_groups(1e4 * given.profiles[3]), groups[3:4], atol=1e-5)


@pytest.mark.parametrize(
    ("profiles", "message"),
    [
        (np.ones((2, 1600)), r"Patterns of shape \(2, 1600\): give shape \(n, 1601\)"),
        (np.ones((0, 1601)), r"Patterns of shape \(0, 1601\)"),
        (np.stack([np.ones(1601), -np.ones(1601)]), "Pattern 1 has an intensity below zero"),
        (np.full((1, 1601), np.nan), "Pattern 0 has an intensity below zero or that is no number"),
        (np.zeros((1, 1601)), "Pattern 0 has no peak"),
    ],
)
def test_bad_patterns(trained, profiles, message):
    with pytest.raises(InputError, match=message):
        PowderFilters.from_file(trained / FILES["original"]).space_groups(profiles)


def test_unknown_words(given):
    with pytest.raises(InputError, match="No filters of kind 'noisy'; allowed are original, reconstructed"):
        load_filters("noisy")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="No patterns of kind 'noisy'"):
        train_filters("noisy", patterns=given)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="Unknown preset 'huge'; allowed are binder, paper"):
        train_filters(patterns=given, preset="huge")


def test_a_missing_file_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(powder_filters, "CHECKPOINTS", tmp_path)
    with pytest.raises(CheckpointError, match=r"No checkpoint at .*space_group.safetensors"):
        load_filters()


def test_a_table_without_a_split_is_refused(given):
    with pytest.raises(DataError, match="have no column 'split': use those of 'mp'"):
        as_tables(Given(given.frame.drop(columns="split"), given.profiles))  # type: ignore[arg-type]


def test_noise_is_added_and_nothing_is_below_zero(given):
    x = torch.from_numpy(given.profiles[:4])
    seen = noisy(x)
    assert float(seen.min()) >= 0.0 and torch.equal(seen.amax(1), torch.ones(4))
    assert 0.002 < float((seen - x).std()) < 0.02
    assert torch.equal(seen, noisy(x))


def test_the_most_common_classes():
    train = Table(torch.zeros(7, 1), torch.tensor([225, 225, 225, 62, 62, 61, 60]))  # 4 of 7 are orthorhombic
    found = majority(train, Table(torch.zeros(4, 1), torch.tensor([225, 62, 1, 59])))
    assert found == {"groups": 0.25, "top": 0.5, "systems": 0.5}


def test_the_command_line_knows_the_kinds():
    assert command_line.KINDS == KINDS


# -- the shipped ones ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_shipped_filters_name_crystals_of_the_handbook(kind):
    """Measured lattice constants, which no training row has. Each system counts alike: most crystals are cubic."""
    filters, crystals = load_filters(kind), load_patterns("crystals")
    profiles = crystals.profiles
    if kind == "reconstructed":
        from matwidgets.dual_models import load

        dual = load()
        assert filters.card["autoencoder"] == digest(dual.pattern)  # trained on what it will be asked about
        profiles = dual.decode_patterns(dual.encode_patterns(profiles))
    named = np.array(filters.systems)[filters.crystal_systems(profiles).argmax(1)]
    true = crystals.frame["crystal_system"].to_numpy()
    recalls = [(named[true == system] == system).mean() for system in np.unique(true)]
    assert np.mean(recalls) > 0.5  # one of three by naming one


def test_shipped_filters_are_small():
    sizes = [(powder_filters.CHECKPOINTS / name).stat().st_size for name in FILES.values()]
    assert sum(sizes) < 1.5e6


def test_rock_salt_is_cubic():
    crystals = load_patterns("crystals")
    row = int(np.flatnonzero(crystals.frame["formula"].to_numpy() == "NaCl")[0])
    shares = load_filters().crystal_systems(crystals.profiles[row])[0]
    assert powder_filters.SYSTEMS[int(shares.argmax())] == "cubic"
