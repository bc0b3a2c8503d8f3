"""Training the dual VAE on handbook crystals: stop and resume, presets, what goes into card and README, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets.data.splits import not_seen_before
from matwidgets.dual_finishing import ELASTIC, STABLE, THERMAL, Seen, _sources, finish, property_networks
from matwidgets.dual_models import CHECKPOINTS, UNITS, DualVAE
from matwidgets.dual_trainings import Plan, as_seen, published_tables, state_file, train_dual
from matwidgets.errors import CheckpointError, InputError, MissingTableError
from matwidgets.models.dual_vae import CompositionVAEConfig, PatternVAEConfig
from matwidgets.training import checkpoints, dual_files
from matwidgets.training.latent_heads import HeadsRecipe
from tests.dual import small_plan, small_tables

SHIPPED = CHECKPOINTS / "dual_vae" / "dual_vae.safetensors"


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
    aflow = tables["aflow"].frame
    own = not_seen_before(aflow["formula"].tolist(), aflow["split_thermal"].tolist())
    expansions = aflow[own & (aflow["split_thermal"] == "test")]["thermal_expansion"]
    assert card["properties"]["thermal_expansion"]["n"] == (expansions > 0).sum() < len(expansions)


def crossed() -> tuple[dict[str, Seen], dict[str, tuple[torch.Tensor, torch.Tensor]]]:
    """AFLOW alone: row i of 40 has the latent point (i, ..., i); the two splits cut across each other."""
    n = 40
    frame = pd.DataFrame({"formula": [f"Na{i + 1}Cl" for i in range(n)]})
    for name in UNITS:
        frame[name] = np.linspace(1.0, 2.0, n)
    frame["split"] = np.array(["train", "train", "val", "test"])[np.arange(n) % 4]
    frame["split_thermal"] = np.array(["test", "train", "train", "val"])[np.arange(n) % 4]
    z = torch.arange(n, dtype=torch.float32)[:, None].repeat(1, 88)
    empty = as_seen(frame[:1], np.zeros((1, 1601), dtype=np.float32))
    tables = {
        "train": empty,
        "val": empty,
        "test": empty,
        "aflow": Seen(empty.composition, empty.pattern, frame),
    }
    return tables, {"train": (z, z), "aflow": (z, torch.full_like(z, 0.01))}


def test_every_ensemble_learns_and_is_scored_by_the_split_of_its_own_targets():
    """No row is on two sides of one ensemble, whichever of its targets is looked at."""
    tables, latents = crossed()
    tables["aflow"].frame.loc[4, "bulk_modulus"] = np.nan  # still a row of the other two
    found = _sources(tables, latents)
    assert [config.values for config, _ in found] == [ELASTIC, THERMAL]
    for (_, parts), split in zip(found, ("split", "split_thermal"), strict=True):
        for part, rows in parts.items():
            expected = np.flatnonzero(tables["aflow"].frame[split] == part)
            assert rows.z[:, 0].tolist() == expected.tolist()
        sides = [set(rows.z[:, 0].tolist()) for rows in parts.values()]
        assert not sides[0] & sides[1] and not (sides[0] | sides[1]) & sides[2]
    assert bool(found[0][1]["train"].values[2, 0].isnan())  # row 4
    np.testing.assert_allclose(
        found[1][1]["test"].values[:, 0], np.log(np.linspace(1.0, 2.0, 40)[::4]), rtol=1e-5, atol=1e-7
    )


def test_an_ensemble_is_not_touched_by_the_targets_of_the_other_split():
    tables, latents = crossed()
    recipe = HeadsRecipe(epochs=2)
    scores = property_networks(tables, latents, recipe)[1]
    for name in THERMAL:
        tables["aflow"].frame[name] **= 2
    again = property_networks(tables, latents, recipe)[1]
    assert all(again[name] == scores[name] for name in ELASTIC)
    assert all(again[name] != scores[name] for name in THERMAL)


def test_a_composition_on_both_sides_is_neither_validated_nor_tested():
    """Row 3 is tested on the elastic split and row 2 validates: here both are polymorphs of row 0, which is learned."""
    tables, latents = crossed()
    tables["aflow"].frame.loc[[2, 3], "formula"] = ["Na2Cl2", "Na3Cl3"]
    parts = _sources(tables, latents)[0][1]
    assert 0 in parts["train"].z[:, 0] and 2 not in parts["val"].z[:, 0] and 3 not in parts["test"].z[:, 0]
    assert [len(parts[name].z) for name in ("train", "val", "test")] == [20, 9, 9]


def test_no_shipped_ensemble_mixes_the_two_splits_of_aflow():
    values = [set(head.net.config.values) for head in dual_files.read(SHIPPED).heads]
    assert set(ELASTIC) in values and set(THERMAL) in values


def test_the_shipped_ensembles_are_small():
    tensors = checkpoints.read(SHIPPED)[0]
    size = sum(t.numel() * t.element_size() for name, t in tensors.items() if name.startswith("heads"))
    assert size <= 350_000


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
