"""Training wgan on a table: a file that speaks formulas, its card, resuming, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from matwidgets import adversarial_trainings
from matwidgets.adversarial_models import FormulaGAN
from matwidgets.adversarial_trainings import PRESETS, train_adversarial
from matwidgets.errors import CheckpointError, InputError, MissingTableError
from matwidgets.features import occupancy
from matwidgets.models.formula_generators import CategoricalConfig, SlotConfig
from matwidgets.models.wgan import CriticConfig, DeconvolutionConfig
from matwidgets.training import adversarial, adversarial_files, cards
from matwidgets.training.adversarial_recipe import Recipe
from matwidgets.training.states import state_file

SMALL = dict(
    generator=SlotConfig(noise=8, width=16, slots=3),
    critic=CriticConfig(width=8, hidden=(8,)),
    recipe=Recipe(epochs=4, iterations=2, batch_size=16, warmup=1, every=2),
)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adversarial, "LIVE", 20)
    monkeypatch.setattr(adversarial_trainings, "MEASURED", 50)


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_a_users_formulas_need_no_table(halides, no_tables, tmp_path):
    more = pd.DataFrame({"formula": ["Ti0.5C0.5", "Ca9O", "KrF2", "Li2F2"]})
    frame = pd.concat([halides, more], ignore_index=True)
    run = train_adversarial(frame=frame, **SMALL, out=tmp_path / "m", seed=3)
    result = run.wait(120)
    assert [record["step"] for record in run.history] == [1, 2, 3, 4] and run.total == 4
    # Of 48 formulas and Li2F2 the multiples (Mg2O1 is one of its own, Li2F2 is LiF) stay on one side.
    assert sum(run.meta["rows"].values()) == 49
    assert {term["name"] for term in run.meta["terms"]} >= set(run.history[1]["terms"])
    card = result.card
    assert card["refused"] == {"fraction": 1, "count": 1, "element": 1}
    assert (card["iterations"], card["planned"], card["recipe"]["seed"]) == (8, 8, 3)
    assert card["seconds"] > 0 and card["seconds_an_iteration"] == pytest.approx(
        card["seconds"] / 8, abs=1e-3
    )
    assert card["command"] == "matwidgets train wgan --preset binder --seed 3" and card["selected"] is None
    assert card["measured"]["samples"] == 50 and 0 <= card["measured"]["neutral"] <= 1
    history = card["history"]  # every second record is measured; the first is kept whatever it holds
    assert history["epoch"] == [1, 2, 4] and history["unique"][0] is None
    for k, step in enumerate(history["epoch"]):
        terms = run.history[step - 1]["terms"]
        for name, column in history.items():
            if name != "epoch":
                expected = terms.get(name)
                assert column[k] == (None if expected is None else pytest.approx(expected, rel=5e-4))
    assert not state_file(tmp_path / "m").exists()
    again = FormulaGAN.from_directory(tmp_path / "m")
    assert again.card == card
    np.testing.assert_array_equal(again.embedding, result.model.embedding)  # the card is of what is written
    assert again.sample(30, seed=1).formulas == result.model.sample(30, seed=1).formulas
    text = (tmp_path / "m" / "README.md").read_text("utf-8")
    assert (
        "* trained for 8 of 8 iterations," in text and "left out: " in text and f"`{card['command']}`" in text
    )


def test_no_composition_is_on_both_sides():
    formulas = [f"{a}{n}{b}{n}" for a in ("Li", "Na", "K") for b in ("F", "Cl", "Br") for n in (1, 2, 3)]
    for seed in range(4):
        tables, _ = adversarial_trainings._parted(formulas, seed, "the table")
        sides = [{row.tobytes() for row in occupancy.reduced(table.numpy())} for table in tables.values()]
        assert not sides[0] & sides[1] and len(tables["val"]) == 3  # one composition of nine, three times


def test_stop_keeps_the_state_and_resume_goes_on(halides, no_tables, tmp_path):
    options = dict(frame=halides, **SMALL)
    whole = train_adversarial(**options, out=tmp_path / "whole").wait(120)
    run = train_adversarial(**options, out=tmp_path / "m", start=False)
    run.subscribe(lambda r: r.stop() if r.steps == 2 else None)
    stopped = run.start().wait(120)
    assert run.state == "stopped" and state_file(tmp_path / "m").exists()
    assert stopped.path is None and stopped.card["iterations"] == 4  # of 8
    resumed = train_adversarial(**options, out=tmp_path / "m", resume=True)
    result = resumed.wait(120)
    assert result.card["measured"] == whole.card["measured"], "bit by bit"
    np.testing.assert_array_equal(result.model.embedding, whole.model.embedding)
    assert [record["step"] for record in resumed.history] == [1, 2, 3, 4]


def test_presets():
    generator, critic, recipe = PRESETS["paper"]
    assert generator == DeconvolutionConfig() and critic == CriticConfig()
    assert recipe.epochs * recipe.iterations == 100_000 and recipe.loss == "clipping"
    generator, critic, recipe = PRESETS["code"]
    assert generator.channels == (128, 64, 32, 16) and generator.spread == critic.spread == 1.0
    assert recipe.loss == "penalty"
    assert PRESETS["binder"][0].kind == "slots" and PRESETS["binder"][1].cells


def test_the_paper_s_preset_selects_by_the_held_out_tenth(halides, no_tables, tmp_path):
    recipe = replace(PRESETS["paper"][2], epochs=2, iterations=1, batch_size=8, every=1)
    small = DeconvolutionConfig(noise=4, channels=(4, 4, 2, 2))
    options = dict(preset="paper", generator=small, recipe=recipe)
    card = train_adversarial(frame=halides, **options).wait(120).card
    assert card["selected"]["iteration"] in (1, 2) and "no test set" in card["selection"]


@pytest.mark.parametrize(
    "config", [DeconvolutionConfig(channels=(8, 4, 4, 2)), CategoricalConfig(width=8), SlotConfig()]
)
def test_every_generator_survives_the_disk_in_half_precision(config, tmp_path: Path):
    from matwidgets.models.wgan import Critic, make_generator

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator, critic = make_generator(config).eval(), Critic(CriticConfig(hidden=(8, 4), cells=4))
    file = adversarial_files.write(tmp_path / "g.safetensors", generator, critic, {"word": "wgan"})
    again = adversarial_files.read(file)
    assert again.card == {"word": "wgan"} and again.generator.config == config
    assert again.critic.config == critic.config and not again.generator.training
    for mine, theirs in ((again.generator, generator), (again.critic, critic)):
        for name, value in theirs.state_dict().items():
            torch.testing.assert_close(mine.state_dict()[name], value, rtol=1e-3, atol=1e-4)


def test_files_that_are_no_model(halides, no_tables, tmp_path: Path):
    run = train_adversarial(frame=halides, **SMALL, out=tmp_path / "m")
    path = run.wait(120).path
    run.save(tmp_path / "state.safetensors")
    with pytest.raises(
        CheckpointError, match="holds something else in format None; this reads wgan in format 1"
    ):
        FormulaGAN.from_file(tmp_path / "state.safetensors")
    with pytest.raises(
        CheckpointError, match="holds no model; give a folder that `matwidgets train wgan` wrote"
    ):
        FormulaGAN.from_directory(tmp_path / "cache")
    record = cards.record(path, tmp_path / "m")
    assert "its weights are not shipped" in adversarial_files.write_readme(tmp_path / "m").read_text("utf-8")
    assert record.name == "wgan.card.json"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is corrupt"):
        FormulaGAN.from_file(path)


# -- what a model says ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model() -> FormulaGAN:
    formulas = [f"{a}{n}{b}" for a in ("Li", "Na", "K", "Mg") for b in ("F", "Cl", "O") for n in ("", 2)]
    return train_adversarial(frame=pd.DataFrame({"formula": formulas}), **SMALL).wait(120).model


def test_samples_are_formulas_of_at_least_two_elements(model):
    drawn = model.sample(40, seed=2)
    assert len(drawn) == len(drawn.formulas) == 40 and drawn.redrawn == 0
    assert ((drawn.counts > 0).sum(1) == 2).all()
    assert (occupancy.reduced(drawn.counts) == drawn.counts).all()
    assert model.sample(10, seed=2).formulas == drawn.formulas[:10]
    assert model.sample(10, seed=3).formulas != drawn.formulas[:10]


def test_illegible_matrices_are_drawn_again(model):
    class Half(torch.nn.Module):
        def draw(self, n, random):
            return (torch.zeros(n),)

        def forward(self, *noise):
            cells = occupancy.encode(["NaCl", "Na"]).matrices.astype("float32")
            return torch.as_tensor(cells).repeat(len(noise[0]) // 2, 1, 1)

    drawn = FormulaGAN(Half(), model.critic, model.card).sample(3)
    assert drawn.formulas == ["NaCl"] * 3 and drawn.redrawn == 2

    class Never(Half):
        def forward(self, *noise):
            return torch.zeros(len(noise[0]), 85, 8)

    with pytest.raises(InputError, match="draws is a formula of at least two elements: train the generator"):
        FormulaGAN(Never(), model.critic, model.card).sample(3)


def test_scores_and_the_embedding(model):
    assert model.embedding.shape == (85, 8) and np.abs(model.embedding).max() < 1
    scores = model.score(["LiF", "NaCl", "LiF"])
    assert scores.shape == (3,) and scores[0] == scores[2] != scores[1]
    with pytest.raises(InputError, match="have no 85 x 8 matrix"):
        model.score(["Ca9O"])


@pytest.mark.parametrize(
    ("n", "seed", "text"),
    [(0, 0, "n is 0; at least 1 sample"), (2, -1, "seed is -1; allowed are whole numbers")],
)
def test_samples_that_are_none(model, n, seed, text):
    with pytest.raises(InputError, match=text):
        model.sample(n, seed=seed)


# -- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"preset": "mean"}, "Unknown preset 'mean'; allowed are binder, paper, code: choose one of these"),
        ({"word": "onehot_vae"}, "No generator 'onehot_vae'; allowed are wgan: choose one of these"),
        (
            {"resume": True},
            "Nothing to resume in None; give the folder of an unfinished training, or leave resume out",
        ),
    ],
)
def test_errors(options, text):
    with pytest.raises(InputError) as caught:
        train_adversarial(**options)
    assert str(caught.value) == text


def test_bad_tables(halides):
    with pytest.raises(InputError, match="has no column 'formula', it has comp: name one so"):
        train_adversarial(frame=halides.rename(columns={"formula": "comp"}))
    with pytest.raises(InputError) as caught:
        train_adversarial(frame=pd.DataFrame({"formula": ["Ca9O", "LiF", "Li2F2"]}))
    assert str(caught.value) == (
        "The table holds 1 compositions that have an 85 x 8 matrix; at least 3 are needed: give more (1 formulas left "
        "out (more than 8 atoms of an element): Ca9O)"
    )


def test_missing_tables_are_named(no_tables):
    with pytest.raises(MissingTableError, match="matwidgets data fetch"):
        train_adversarial()


@pytest.mark.data
def test_published_compounds():
    run = train_adversarial(start=False)
    assert run.meta["rows"] == {"train": 302_246, "val": 33_583}  # nine tenths and a tenth of 335,829


def test_a_long_training_keeps_its_first_and_last_records():
    past = [
        {"step": i, "terms": {"loss": float(i)} | ({"unique": 0.5} if i % 5 == 0 else {})}
        for i in range(1, 1001)
    ]
    kept = adversarial_trainings.thinned(past, 10)
    assert len(kept["epoch"]) == 10 and kept["epoch"][0] == 1 and kept["epoch"][-1] == 1000
    assert all(epoch % 5 == 0 for epoch in kept["epoch"][1:]) and kept["loss"] == kept["epoch"]
    assert adversarial_trainings.thinned([]) == {"epoch": []}
    assert adversarial_trainings.thinned(past[:3]) == {"epoch": [1], "loss": [1.0]}
