"""mw.train("onehot_vae"): a user's formulas without any table, the published compounds, resuming, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import matwidgets as mw
from matwidgets import sample_assessment
from matwidgets.errors import InputError, MissingTableError
from matwidgets.generative_trainings import state_file, train_generator
from matwidgets.models.onehot_vae import OneHotVAEConfig
from matwidgets.samplers import Sampler
from matwidgets.training import cards, generators
from matwidgets.training.vae import Recipe

SMALL = OneHotVAEConfig(width=16, latent=3, likelihood="multinomial")
QUICK = Recipe(epochs=4, batch_size=16)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_assessment, "SAMPLES", 300)


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_a_users_formulas_need_no_table(halides, no_tables, tmp_path):
    run = mw.train("onehot_vae", frame=halides, epochs=2, out=tmp_path / "m", seed=3)
    result = run.wait(120)
    assert [r["step"] for r in run.history] == [1, 2] and run.total == 2
    assert run.meta["rows"] == {"train": 38, "val": 10}
    assert {t["name"] for t in run.meta["terms"]} >= set(run.history[0]["terms"])
    card = result.card
    assert (
        card["recipe"]["seed"] == 3
        and card["command"] == "matwidgets train onehot_vae --preset binder --seed 3"
    )
    assert card["classified"] == 0 and "classifier is untrained" in card["classes"]
    found = {"val", "samples", "samples_normal", "without_learning", "data", "data_rounded"}
    assert set(card["measured"]) == found
    assert card["measured"]["val"]["majority"] is None
    assert set(card["decoding"]["priors"]) == {"normal", "aggregate"} and card["mixture"]["components"] == 1
    again = Sampler.from_directory(tmp_path / "m")
    np.testing.assert_array_equal(
        again.encode("LiF"), result.sampler.encode("LiF")
    )  # the card is of what is written
    assert not state_file(tmp_path / "m").exists()
    text = (tmp_path / "m" / "README.md").read_text("utf-8")
    assert card["epochs"] == 2 and card["seconds"] > 0 and "* trained for 2 of 2 epochs in" in text
    assert card["command"] in text and f"{card['measured']['val']['nelbo']:.2f} nats" in text


def test_stop_keeps_the_state_and_resume_goes_on(halides, no_tables, tmp_path):
    options = dict(frame=halides, epochs=4)
    whole = mw.train("onehot_vae", **options, out=tmp_path / "whole").wait(120)
    run = mw.train("onehot_vae", **options, out=tmp_path / "m", start=False)
    run.subscribe(lambda r: r.stop() if r.steps == 2 else None)
    run.start().wait(120)
    assert run.state == "stopped" and state_file(tmp_path / "m").exists()
    resumed = mw.train("onehot_vae", **options, out=tmp_path / "m", resume=True)
    assert resumed.wait(120).card["measured"] == whole.card["measured"], "bit by bit"
    assert [r["step"] for r in resumed.history] == [1, 2, 3, 4]


def test_samples_are_measured_for_a_model_that_is_kept(halides, no_tables):
    card = train_generator(frame=halides, config=SMALL, recipe=QUICK).wait(120).card
    assert set(card["measured"]) == {"val"}


def test_components_train_the_classifier(halides, no_tables):
    frame = halides.assign(components=[0 if i % 2 else 2 for i in range(len(halides))])
    frame.loc[0, "components"] = np.nan
    card = train_generator(frame=frame, config=SMALL, recipe=QUICK).wait(120).card
    assert card["classified"] in (37, 38)  # all but one row, which may be among the validation rows
    assert card["measured"]["val"]["accuracy"] is not None
    with pytest.raises(InputError, match="Numbers of components from 0 to 12; allowed are 0 to 9"):
        train_generator(frame=frame.assign(components=[0, 12] * 24))


def test_presets():
    paper = Recipe.paper()
    assert paper.mixtures == ()  # it samples the standard normal prior
    assert paper.epochs == 2000 and paper.beta == 1.0  # section 4.1; Equation: the evidence lower bound
    assert OneHotVAEConfig().likelihood == "bernoulli"


def test_the_card_of_an_unshipped_model_is_listed_too(halides, no_tables, tmp_path):
    result = train_generator(frame=halides, config=SMALL, recipe=QUICK, out=tmp_path / "m").wait(120)
    named = result.path.rename(tmp_path / "large.safetensors")
    file = cards.record(named, tmp_path / "m")
    assert file.name == "large.card.json"
    text = generators.write_readme(tmp_path / "m").read_text("utf-8")
    assert "## One-hot VAE (`large.card.json`)" in text and "its weights are not shipped" in text
    assert f"`{result.card['command']}`" in text


def test_a_recipe_without_mixtures(halides, no_tables, tmp_path):
    recipe = replace(QUICK, mixtures=())
    card = train_generator(frame=halides, config=SMALL, recipe=recipe, out=tmp_path).wait(120).card
    assert card["mixture"] is None and set(card["decoding"]["priors"]) == {"normal"}
    assert card["measured"]["samples"]["prior"] == "normal" and "samples_normal" not in card["measured"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"preset": "mean"}, "Unknown preset 'mean'; allowed are binder, paper: choose one of these"),
        (
            {"property": "band_gap"},
            "property was given, but onehot_vae learns formulas alone: leave property out",
        ),
        ({"members": 3}, "members was given, but onehot_vae learns formulas alone: leave members out"),
        ({"split": "grouped"}, "split was given, but onehot_vae learns formulas alone: leave split out"),
        (
            {"resume": True},
            "Nothing to resume in None; give the folder of an unfinished training, or leave resume out",
        ),
    ],
)
def test_errors(options, text):
    with pytest.raises(InputError) as caught:
        mw.train("onehot_vae", **options)
    assert str(caught.value) == text


def test_bad_tables(halides):
    with pytest.raises(InputError, match="has no column 'formula', it has comp: name one so"):
        mw.train("onehot_vae", frame=halides.rename(columns={"formula": "comp"}))
    with pytest.raises(InputError, match="Ra in 'RaO' is outside the paper's 89 elements"):
        mw.train("onehot_vae", frame=pd.DataFrame({"formula": ["RaO", "LiF", "NaF", "KF", "MgO", "CaO"]}))
    with pytest.raises(InputError, match="No generator 'wgan'; allowed are onehot_vae"):
        train_generator("wgan")


def test_missing_tables_are_named(no_tables):
    with pytest.raises(MissingTableError, match="matwidgets data fetch"):
        mw.train("onehot_vae")


@pytest.mark.data
def test_published_splits():
    run = mw.train("onehot_vae", epochs=1, start=False)
    assert run.meta["rows"] == {"train": 59509, "val": 12752, "test": 12753}
