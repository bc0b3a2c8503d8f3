"""The study of samples: every sampler in the file once, a file gone on with, the one-hot VAE in 85 elements."""

from __future__ import annotations

import json

import numpy as np
import pytest

from matwidgets.errors import CheckpointError, InputError
from matwidgets.features import occupancy, onehot
from matwidgets.papers import wgan, wgan_samples
from matwidgets.papers.wgan_samples import (
    CONTROLS,
    DATA,
    FILE,
    GAN,
    PAPER,
    VAE,
    Network,
    control,
    from_vae,
    main,
    network,
    record,
    recorded,
)
from matwidgets.samplers import load
from matwidgets.training import adversarial_files
from tests.tiny_wgan import tiny_gan

N = 150


@pytest.fixture(autouse=True)
def handbook(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    monkeypatch.setattr(wgan_samples, "SCREENED", 20)


class Collapsed:
    """A generator that gives no formula."""

    card = tiny_gan().card

    def sample(self, n, *, seed=0):
        raise InputError("None of 204800 draws is a formula")


def test_a_record_holds_every_sampler_and_is_gone_on_with(tmp_path, monkeypatch, capsys):
    out = tmp_path / "samples.json"
    gans = [Network(tiny_gan(), GAN, 0, "one"), Network(Collapsed(), PAPER, 0, "two")]
    record(gans, out, "make", n=N, seeds=[0], vae=load("onehot_vae"))
    rows = recorded(out)
    assert sorted(row.sampler for row in rows) == sorted([*CONTROLS, VAE, GAN, PAPER])
    for row in rows:
        if row.sampler == PAPER:
            assert row.scores == {} and list(row.left_out) == ["None of 204800 draws is a formula"]
            continue
        assert row.scores["n"] == N and 0 < row.scores["auc"] < 1
        assert ("funnel" in row.scores) == (row.sampler != DATA)
        assert (row.iterations > 0) == (row.weights != "") == (row.sampler == GAN)
    assert next(row for row in rows if row.sampler == DATA).scores["novel"] == 0

    made = []
    real = wgan_samples._scored
    monkeypatch.setattr(
        wgan_samples,
        "_scored",
        lambda name, seed, *rest: made.append((name, seed)) or real(name, seed, *rest),
    )
    later = [Network(tiny_gan(1), GAN, 0, "other weights"), gans[1]]
    record(later, out, "make", n=N, seeds=[0], vae=load("onehot_vae"))
    assert made == [(GAN, 0)]
    (again,) = [row for row in recorded(out) if row.sampler == GAN]
    assert again.weights == "other weights" and len(recorded(out)) == len(rows)
    assert json.loads(out.read_text())["command"] == "make"
    with pytest.raises(InputError, match="rows of 150 formulas, not 10"):
        record([], out, "make", n=10, seeds=[0])


def test_the_vae_s_samples_are_those_that_have_a_matrix():
    vae = load("onehot_vae")
    counts, left = from_vae(vae, 200, seed=3)
    drawn = vae.sample(200, seed=3).counts
    fits = [
        (set(np.flatnonzero(row)) <= {onehot.INDEX[s] for s in occupancy.ELEMENTS if s in onehot.INDEX})
        and row.max() <= 8
        and (row > 0).sum() > 1
        for row in drawn
    ]
    names = [
        "".join(sorted(onehot.formulas_of(row[None])[0])) for row, ok in zip(drawn, fits, strict=True) if ok
    ]
    mine = ["".join(sorted(name)) for name in occupancy.formulas_of(counts[: len(names)])]
    assert mine == names
    assert sum(left.values()) > 0 and counts.max() <= 8 and len(counts) == 200


def test_data_are_learned_formulas_and_none_twice():
    learned = occupancy.reduced(wgan.formulas(0).train.numpy())
    drawn = control(DATA, learned, 50, 1)
    assert {row.tobytes() for row in drawn} <= {row.tobytes() for row in learned}
    assert len(occupancy.distinct_rows(drawn)[0]) == 50
    with pytest.raises(InputError, match="allowed are data, no learning"):
        control("luck", learned, 50, 1)


def test_a_network_is_known_by_its_card(tmp_path):
    gan = tiny_gan()
    data = [{"name": "oqmd/train", "sha256": "0", "rows": 1}]
    file = adversarial_files.write(
        tmp_path / "wgan.safetensors",
        gan.generator,
        gan.critic,
        gan.card | {"preset": "binder", "data": data},
    )
    found = network(file)
    assert (found.sampler, found.seed) == (GAN, 0) and network(tmp_path).weights == found.weights
    assert (found.model.sample(9).counts == network(file).model.sample(9).counts).all()
    own = [{"name": "a user's table", "sha256": None, "rows": 1}]
    other = adversarial_files.write(
        tmp_path / "own.safetensors",
        gan.generator,
        gan.critic,
        gan.card | {"preset": "binder", "data": own},
    )
    with pytest.raises(InputError, match="trained on the compounds of OQMD"):
        network(other)
    with pytest.raises(CheckpointError):
        network(tmp_path / "nothing")


def test_the_command_tells_what_is_wrong(tmp_path, capsys):
    assert main([str(tmp_path / "nothing.safetensors")]) == 1
    assert "nothing.safetensors" in capsys.readouterr().err


def test_nothing_recorded_is_no_row(tmp_path):
    assert recorded(tmp_path / "none.json") == []


@pytest.mark.skipif(not FILE.is_file(), reason="no samples.json in this source tree")
def test_what_is_shipped_is_complete_and_anonymous():
    text = FILE.read_text("utf-8")
    assert "/work" not in text and "/tmp" not in text and "/home" not in text
    found = {row.sampler for row in recorded()}
    assert {*CONTROLS, GAN} <= found
    assert all(row.scores["n"] == 100_000 for row in recorded() if row.scores)
