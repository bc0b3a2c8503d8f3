"""Training the dual VAE on handbook crystals: stop and resume, presets, what goes into card and README, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets.dual_finishing import STABLE, Seen, finish
from matwidgets.dual_models import UNITS, DualVAE
from matwidgets.dual_trainings import Plan, published_tables, state_file, train_dual
from matwidgets.errors import CheckpointError, InputError, MissingTableError
from matwidgets.models.dual_vae import CompositionVAEConfig, PatternVAEConfig
from tests.dual import small_plan, small_tables


@pytest.fixture(scope="module")
def tables():
    return small_tables()


@pytest.fixture(scope="module")
def whole(tables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    run = train_dual(plan=small_plan(), tables=tables, out=folder, seed=0)
    return run.wait(120), run, folder


def test_both_networks_are_trained_one_after_the_other(whole):
    result, run, folder = whole
    assert [r["step"] for r in run.history] == [1, 2, 3, 4, 5, 6] and run.total == 6
    first, last = (set(run.history[i]["terms"]) for i in (0, -1))
    assert all(name.startswith("composition_") for name in first)
    assert all(name.startswith("pattern_") for name in last)
    assert first | last <= {t["name"] for t in run.meta["terms"]}
    assert run.meta["rows"] == {"train": 48, "val": 24, "test": 24, "aflow": 96}
    assert not state_file(folder).exists() and "written to dual_vae.safetensors" in repr(result)


def test_the_card_and_the_readme(whole):
    result, _, folder = whole
    card = result.card
    assert card["command"] == "matwidgets train dual_vae --preset binder --seed 0"
    assert card["trained"]["pattern"]["epochs"] == 3 and card["trained"]["pattern"]["seconds"] > 0
    assert set(card["properties"]) == set(UNITS) and f"{STABLE}" in card["stable"]
    assert card["density"]["components"] in (1, 2)
    text = (folder / "README.md").read_text("utf-8")
    assert card["command"] in text and "## Dual VAE (`dual_vae.safetensors`)" in text
    for part in ("val", "test"):
        assert f"{card['measured'][part]['pattern']['cosine']:.3f}" in text
    for name in UNITS:
        assert f"| {name}" in text


def test_the_card_is_of_what_is_written(whole):
    result, _, folder = whole
    again = DualVAE.from_directory(folder)
    z = result.model.sample(3, seed=0).z
    np.testing.assert_array_equal(again.decode(z).fractions, result.model.decode(z).fractions)
    np.testing.assert_array_equal(again.predict(z), result.model.predict(z))


@pytest.mark.parametrize("steps", [2, 3, 4])  # in either network and between them
def test_stop_and_resume_bit_by_bit(whole, tables, steps, tmp_path: Path):
    run = train_dual(plan=small_plan(), tables=tables, out=tmp_path, start=False)
    run.subscribe(lambda r: r.stop() if r.steps == steps else None)
    run.start().wait(120)
    assert run.state == "stopped" and state_file(tmp_path).exists()
    assert not list(tmp_path.glob("dual_vae*")), "a part of a training is no model"
    resumed = train_dual(plan=small_plan(), tables=tables, out=tmp_path, resume=True)
    card = resumed.wait(120).card
    assert card["measured"] == whole[0].card["measured"]
    assert card["properties"] == whole[0].card["properties"]
    assert [r["step"] for r in resumed.history] == [1, 2, 3, 4, 5, 6]


def test_another_preset_does_not_resume(tables, tmp_path: Path):
    run = train_dual(plan=small_plan(), tables=tables, out=tmp_path, start=False)
    run.subscribe(lambda r: r.stop() if r.steps == 1 else None)
    run.start().wait(120)
    with pytest.raises(CheckpointError, match=r"of another training \(different: preset\)"):
        train_dual(plan=small_plan(), preset="paper", tables=tables, out=tmp_path, resume=True).wait(60)
    with pytest.raises(CheckpointError, match=r"of another training \(different: recipe.epochs\)"):
        train_dual(plan=small_plan(5), tables=tables, out=tmp_path, resume=True).wait(60)


def test_formulas_alone_teach_the_composition_network(tables):
    """The pattern network and all that is measured see the structures."""
    more = {**tables, "train": _with_formulas(tables["train"])}
    run = train_dual(plan=small_plan(1), tables=more, start=False)
    job = run._make_job()
    assert len(job.job.train) == 48 + 5
    while not job.done:
        job.advance()
    assert len(job.job.train) == 48


def _with_formulas(seen: Seen) -> Seen:
    return Seen(seen.composition, seen.pattern, seen.frame, torch.eye(100)[:5])


def test_only_known_targets_are_learned():
    tables = small_tables()
    for name in ("train", "val", "test"):
        tables[name].frame["set"] = "mp_20_biternary"  # whose stable rows say nothing, see the card
        tables[name].frame.loc[::2, "band_gap"] = np.nan
    card = train_dual(plan=small_plan(1), tables=tables).wait(120).card
    assert "stable" not in card["properties"] and card["properties"]["insulator"]["n"] == 12
    expansions = tables["aflow"].frame.query("split == 'test'")["thermal_expansion"]
    assert card["properties"]["thermal_expansion"]["n"] == (expansions > 0).sum() < len(expansions)


def test_each_target_is_hidden_outside_its_own_split(tables):
    """A row whose elastic targets are for training and whose thermal ones are for the test."""
    from matwidgets.dual_finishing import _published_splits

    frame = pd.DataFrame(
        {name: [1.0, 2.0] for name in ("bulk_modulus", "shear_modulus", "debye_temperature")}
        | {name: [3.0, 4.0] for name in ("thermal_conductivity", "thermal_expansion")}
        | {"split": ["train", "val"], "split_thermal": ["test", "train"]}
    )
    parts = _published_splits(frame, (torch.zeros(2, 88), torch.ones(2, 88)))
    assert parts["train"].values[0, :3].tolist() == [1, 1, 1] and bool(
        parts["train"].values[0, 3:].isnan().all()
    )
    assert bool(parts["train"].values[1, :3].isnan().all()) and len(parts["train"].values) == 2
    assert bool(parts["test"].values[0, :3].isnan().all()) and len(parts["test"].values) == 1
    np.testing.assert_allclose(parts["test"].values[0, 3:], np.log(3), rtol=1e-6)


def test_the_floor_is_a_quantile_of_the_validation_materials(whole, tables):
    model = whole[0].model
    z = model.encode(tables["val"].frame["formula"].tolist(), tables["val"].pattern.float().numpy())
    below = (model.density(z) < model.density_floor).mean()
    assert 0.0 < below <= 0.1 and whole[0].card["measured"]["val"]["below_floor"] == pytest.approx(below)


def test_presets():
    paper, binder = Plan.of("paper"), Plan.of("binder", seed=4, epochs=7)
    assert paper.pattern.architecture == "paper" and binder.pattern.architecture == "light"
    assert paper.composition == binder.composition == CompositionVAEConfig()
    assert PatternVAEConfig(architecture="paper") == paper.pattern
    assert {r.epochs for r in binder.recipes.values()} == {7}
    assert {r.seed for r in binder.recipes.values()} == {4} == {binder.heads.seed}


def test_finishing_needs_no_test_rows_to_choose(whole, tables):
    """With other test rows every choice is the same."""
    result = whole[0]
    other = {**tables, "test": tables["val"]}
    nets = result.model.composition, result.model.pattern
    again = finish(*nets, other, dict(result.card), small_plan().heads, small_plan().mixtures)
    for key in ("decoding", "density"):
        assert again.card[key] == result.card[key]
    assert again.card["measured"]["test"] == result.card["measured"]["val"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"word": "dual"}, "No dual VAE 'dual'; allowed is dual_vae"),
        ({"preset": "large"}, "Unknown preset 'large'; allowed are binder, paper: choose one of these"),
        ({"resume": True}, "Nothing to resume in None; give the folder of an unfinished training"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InputError, match=message):
        train_dual(**options)


def test_without_patterns_it_says_what_makes_them(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    with pytest.raises(MissingTableError):
        train_dual()


@pytest.mark.data
def test_the_published_tables():
    try:
        tables, card = published_tables()
    except MissingTableError as missing:
        pytest.skip(str(missing))
    assert set(tables) == {"train", "val", "test", "aflow"}
    formulas = [set(tables[name].frame["formula"]) for name in ("train", "val", "test")]
    assert not formulas[0] & formulas[1] and not formulas[0] & formulas[2] and not formulas[1] & formulas[2]
    assert card["formulas"] == len(tables["train"].formulas) > 50_000
    rows = tables["test"].composition[:300]
    nearest = torch.cdist(rows, tables["train"].formulas, p=1).min(1).values
    assert float(nearest.min()) > 1e-5, (
        "a held-out formula among those that the composition network learns from"
    )
