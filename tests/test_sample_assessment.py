"""How a generator's decoding is tuned, and what its samples and its classifier are held against."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from matwidgets import sample_assessment
from matwidgets.features import onehot
from matwidgets.features.prevalence import total_variation
from matwidgets.generative_trainings import train_generator
from matwidgets.models.onehot_vae import OneHotVAEConfig
from matwidgets.sample_assessment import class_baselines, compare, tune_decoding, validity
from matwidgets.samplers import Sampler, Samples
from matwidgets.training.vae import UNKNOWN, Recipe, Table

SMALL = OneHotVAEConfig(width=16, latent=3, likelihood="multinomial")
QUICK = Recipe(epochs=4, batch_size=16)


@pytest.fixture(autouse=True)
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_assessment, "SAMPLES", 300)


def test_the_decoding_is_tuned_to_the_number_of_elements(halides):
    """Section 4.1: the threshold whose samples are nearest to the data in their numbers of elements."""
    net = (
        train_generator(frame=halides, config=SMALL, recipe=Recipe(epochs=30, batch_size=16))
        .wait(120)
        .sampler.net
    )
    real = onehot.count_vectors(halides["formula"].tolist())
    decoding = tune_decoding(net, real, seed=0)
    sampler = Sampler(net, {"word": "onehot_vae", "decoding": decoding, "classified": 0})

    rows = sampler.sample(300, seed=1, threshold=0.0).fractions
    many = np.bincount((real > 0).sum(1), minlength=90) / len(real)

    def off(threshold: float) -> float:
        seen = np.bincount((rows > threshold).sum(1), minlength=90) / len(rows)
        return float(np.abs(seen - many).sum() / 2)

    assert off(decoding["threshold"]) <= min(off(t) for t in (0.02, 0.04, 0.08, 0.13)) + 0.05
    assert tune_decoding(net, real[:0], seed=0)["priors"] == {
        "normal": {"threshold": 0.04, "tolerance": 0.02}
    }


def test_samples_against_materials_by_hand():
    assert total_variation(np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.5, 0.25])) == pytest.approx(0.25)
    real = onehot.count_vectors(["LiF", "Li2O"])
    drawn = onehot.count_vectors(["LiF", "LiF", "LiF", "Li"])
    samples = Samples(np.zeros((4, 3)), onehot.normalise(drawn), drawn, 0, "smallest_denominator", 0.1, 0.02)
    found = compare(samples, real)
    assert found["elements_distance"] == pytest.approx(0.25)  # one of four has one element instead of two
    assert found["distinct"] == 0.5
    assert found["novel"] == 0.25  # Li
    assert found["neutral"] == found["neutral_and_balanced"] == 1  # a pure element passes
    # By atoms Li is 3 of 5 in the data and 4 of 7 in the samples; by fractions 7 of 12 and 5 of 8; oxygen is missing.
    assert found["kl_counts"] > found["kl_fractions"] > 1


def test_shares_of_valid_formulas_count_every_sample():
    counts = onehot.count_vectors(["NaCl", "NaCl", "NaCl2", "TiO2", "Na", "LiNaO3", "LiNaO"])
    real = onehot.count_vectors(
        ["NaCl", "KCl", "KBr", "LiNaO", "LiNaKO2"]
    )  # 3/5 with two elements, 1/5 with three
    found = validity(counts, real)
    assert found["neutral"] == found["neutral_and_balanced"] == pytest.approx(5 / 7)
    # Of two elements 3 of 4 pass, of three 1 of 2; a pure element and four elements are not in both.
    assert found["valid_alike"] == pytest.approx(3 / 4 * 3 / 4 + 1 / 4 * 1 / 2)


def test_the_classifier_has_two_baselines():
    counts = torch.eye(89)[:6]
    counts[3:, 0] = 1  # rows 3 to 5 have two elements
    train = Table(counts, torch.tensor([0, 0, 2, 2, 2, 2]))
    asked = Table(counts, torch.tensor([0, 2, UNKNOWN, 2, 2, 0]))
    assert class_baselines(train, asked) == {
        "majority": pytest.approx(3 / 5),
        "by_elements": pytest.approx(3 / 5),
    }
    assert class_baselines(train, Table(counts, torch.tensor([0, 0, 0, 2, 2, 2]))) == {
        "majority": 0.5,
        "by_elements": 1.0,
    }
    unknown = Table(counts, torch.full((6,), UNKNOWN))
    assert class_baselines(train, unknown)["majority"] is None
