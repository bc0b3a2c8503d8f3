"""Claims on samples: numbers by hand, and a few samples drawn now."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.papers import wgan
from matwidgets.papers.wgan_samples import CONTROLS, DATA, GAN, OWN, PAPER, SUBSTITUTED, UNLEARNED, Row
from matwidgets.papers.wgan_worth import drawn_now, findings, of_rows, table
from tests.tiny_wgan import tiny_gan


def scores(neutral=0.5, ionic=0.5, auc=0.8, unique=1.0, missing=(), novel=0.2, again=0.03, left=10):
    old = {
        "neutral": neutral + 0.2,
        "neutral_and_balanced": neutral,
        "ionic_valid": ionic,
        "new_and_valid": 50,
    }
    new = {
        "neutral": neutral,
        "neutral_and_balanced": neutral - 0.1,
        "ionic_valid": ionic,
        "new_and_valid": 30,
    }
    return {
        "n": 1000, "unique": unique, "novel": novel, "missing": list(missing), "auc": auc, "prevalence_kl": 0.01,
        "rediscovered": {"learned": 0.04, "held_out": again}, "smact14": old, "icsd24": new,
        "funnel": {"drawn": 500, "above the hull": left},
    }  # fmt: skip


def all_samplers(**changed):
    each = {
        DATA: [scores(0.40, 0.90, 0.5)],
        UNLEARNED: [scores(0.39, 0.50, 0.83)],
        OWN: [scores(0.40, 0.70, 0.81)],
        SUBSTITUTED: [scores(0.40, 0.88, 0.54, left=20)],
        GAN: [scores(0.36, 0.80, 0.60, 0.9, ["Xe"]), scores(0.34, 0.84, 0.64, 1.0)],
    }
    return each | changed


def test_numbers_by_hand():
    found = findings(all_samplers())
    assert found["neutral_data"].here == pytest.approx(60) and found["neutral_data"].control == pytest.approx(
        59
    )
    assert found["neutral_generated"].here == pytest.approx(55)
    assert found["neutral_gap"].here == pytest.approx(5) and found["neutral_gap"].control == pytest.approx(1)
    assert found["ionic_valid"].here == pytest.approx(82) and found["ionic_valid"].control == pytest.approx(
        50
    )
    assert "ion substitution 88 %" in found["ionic_valid"].why
    assert found["unique"].here == pytest.approx(95)
    assert (found["missing_elements"].here, found["missing_elements"].control) == (0.5, 0)
    assert found["told_apart"].here == pytest.approx(0.62) and found["told_apart"].control == 0.83
    assert found["novel"].here == pytest.approx(20) and "wgan 30" in found["novel"].why
    assert found["rediscovered"].here == pytest.approx(3) and "4.0 %" in found["rediscovered"].why
    assert (found["discovery"].here, found["discovery"].control) == (20, 20)
    assert "40.0 +- 8.9" in found["discovery"].why  # 20 of 500, and the root of 20
    assert all(np.isfinite([f.here, f.control]).all() for f in found.values())


def test_without_an_ionic_formula_the_claim_is_not_attempted():
    found = findings(
        all_samplers(**{GAN: [scores() | {"icsd24": scores()["icsd24"] | {"ionic_valid": None}}]})
    )
    assert found["ionic_valid"].here is None and found["ionic_valid"].control is None
    assert "draw more" in found["ionic_valid"].why


def test_rows_are_sorted_by_sampler_and_a_collapse_is_left_out():
    rows = [
        Row(GAN, 1, {}, {"auc": 1}, 1.0),
        Row(PAPER, 0, {"none": 0}, {}, 1.0),
        Row(GAN, 0, {}, {"auc": 0}, 1.0),
    ]
    assert of_rows(rows) == {GAN: [{"auc": 0}, {"auc": 1}]}


def test_the_table_has_means_over_seeds():
    frame = table(all_samplers())
    assert frame.loc[GAN, "auc"] == pytest.approx(0.62) and frame.loc[GAN, "auc_spread"] == pytest.approx(
        0.04
    )
    assert frame.loc[GAN, "neutral"] == pytest.approx(0.35) and frame.loc[GAN, "seeds"] == 2
    assert frame.loc[DATA, "new_and_valid"] == pytest.approx(30)


def test_a_few_drawn_now(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    drawn = drawn_now(tiny_gan(), wgan.formulas(0), n=120)
    assert set(drawn) == {*CONTROLS, GAN}
    found = findings(drawn)
    assert "discovery" not in found  # nothing was screened
    assert found["missing_elements"].here > found["missing_elements"].control  # it knows ten elements
    assert found["told_apart"].here > 0.7
    assert drawn[DATA][0]["novel"] == 0
