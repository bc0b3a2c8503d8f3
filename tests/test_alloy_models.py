"""The disentangled VAE that speaks alloys: a toy ensemble, and the shipped one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import matwidgets as mw
from matwidgets.alloy_models import CHECKPOINTS, AlloyModel, load
from matwidgets.errors import CheckpointError, InputError
from matwidgets.features import alloys
from matwidgets.features.alloy_writing import percentages, written
from matwidgets.features.composition import pack, simplex_grid, to_fractions
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.training.domain import Domain

SHIPPED = CHECKPOINTS / "disentangled_vae" / "disentangled_vae.safetensors"
PAPER = "Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1"


def toy_model(members: int = 3) -> AlloyModel:
    """Untrained networks of different weights that know three alloys."""
    nets = []
    for seed in range(members):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = DisentangledVAE(DisentangledVAEConfig(width=8, spread=0.5)).eval().requires_grad_(False)
        net.center += 100.0
        net.scale *= 300.0
        nets.append(net)
    domain = Domain.of(*pack(["CrMnFeCoNi", "NbMoTaW", "AlCoCrFeNi"]), threshold=0.25)
    card = {
        "word": "disentangled_vae", "property": "single_phase", "label": "Probability", "unit": "", "temperature": 2.0,
        "shown": 1, "domain": {"rows": 3, "threshold": 0.25},
    }  # fmt: skip
    return AlloyModel(nets, domain, card)


@pytest.fixture
def toy() -> AlloyModel:
    return toy_model()


def test_the_probability_is_the_calibrated_mean_of_the_members(toy):
    frame = toy.predict(["CrMnFeCoNi", {"Ni": 3, "Al": 1}])
    assert list(frame.columns) == ["alloy", "probability", "std", "distance", "in_domain", "note"]
    assert frame["alloy"].tolist() == ["CrMnFeCoNi", "AlNi3"]
    f = torch.as_tensor(alloys.descriptors(alloys.fractions(["CrMnFeCoNi", "AlNi3"])), dtype=torch.float32)
    each = np.stack([1 / (1 + np.exp(-net.classify(f).numpy() / 2.0)) for net in toy.networks])
    np.testing.assert_allclose(frame["probability"], each.mean(0), atol=1e-6)
    np.testing.assert_allclose(frame["std"], each.std(0, ddof=1), atol=1e-6)
    assert toy_model(1).predict("CrMnFeCoNi")["std"].tolist() == [0.0]


def test_distance_and_domain(toy):
    frame = toy.predict(["CrMnFeCoNi", "CrFeCoNi", "Mg"])
    assert frame["distance"].tolist() == pytest.approx([0, 0.2, 1], abs=0.01)
    assert frame["in_domain"].tolist() == [True, True, False]
    assert frame["note"].tolist()[:2] == ["", ""]
    assert frame["note"][2].startswith("100% of the atoms must be exchanged")


def test_training_alloys_come_back_from_the_domain(toy):
    found = {written(row) for row in percentages(toy.known_fractions())}
    assert found == {"Fe20Ni20Cr20Co20Mn20", "Mo25Nb25Ta25W25", "Fe20Ni20Cr20Co20Al20"}


def test_descriptors_come_along(toy):
    frame = toy.predict("CrMnFeCoNi", full=True)
    described = alloys.describe("CrMnFeCoNi").values
    for feature in alloys.FEATURES:
        assert frame[feature.name][0] == pytest.approx(described[feature.name])


def test_elements_that_only_the_classifier_knows(toy):
    frame = toy.predict(["YFe2", "CrMnFeCoNi"])
    assert frame["note"][0].startswith("Y: not among the 30 elements") and frame["note"][1] == ""
    assert not frame["in_domain"][0]
    alone = toy.predict("CrMnFeCoNi")
    assert frame["probability"][1] == pytest.approx(alone["probability"][0], abs=1e-6)
    with pytest.raises(InputError, match="holds Y: write an alloy of Fe, Ni"):
        toy.encode("YFe2")
    with pytest.raises(InputError, match="holds Y"):
        toy.invert("YFe2")
    with pytest.raises(InputError, match="O"):
        toy.predict("FeO")


def test_encode_is_the_shown_member_at_the_predicted_probability(toy):
    z = toy.encode([PAPER, "NbMoTaW"])
    y = toy.predict([PAPER, "NbMoTaW"])["probability"].to_numpy()
    np.testing.assert_allclose(z, toy.encode([PAPER, "NbMoTaW"], y))
    x = torch.as_tensor(alloys.fractions([PAPER, "NbMoTaW"]), dtype=torch.float32)
    mean, _ = toy.networks[1].encode(x, torch.as_tensor(y, dtype=torch.float32))
    np.testing.assert_allclose(z, mean.numpy(), atol=1e-6)
    assert np.abs(toy.encode(PAPER, 0.9) - toy.encode(PAPER, 0.1)).max() > 1e-4


def test_decode_and_generate(toy):
    x = toy.decode([[0, -0.8], [0, -0.8]], [0.9, 0.1])
    assert x.shape == (2, 30)
    np.testing.assert_allclose(x.sum(1), 1, atol=1e-6)
    np.testing.assert_allclose(toy.decode([0, -0.8], 0.9), x[:1], atol=1e-7)
    frame = toy.generate([[0, -0.8], [0, -0.8]], [0.9, 0.1])
    assert frame["alloy"].tolist() == [written(row) for row in percentages(x)]
    again = toy.predict(frame["alloy"].tolist())
    np.testing.assert_allclose(frame["probability"], again["probability"], atol=1e-6)
    assert frame["agrees"].tolist() == [
        (p > 0.5) == (y > 0.5) for p, y in zip(again["probability"], [0.9, 0.1], strict=True)
    ]


def test_screening_sorts_what_predict_says(toy):
    listed = toy.screen(["CrMnFeCoNi", "NbMoTaW", "AlNi3"])
    said = toy.predict(listed["alloy"].tolist())
    np.testing.assert_allclose(listed["probability"], said["probability"], atol=1e-6)
    assert listed["probability"].is_monotonic_decreasing
    grid = toy.screen(simplex_grid(3, 0.05), ["Al", "Ni", "Y"], target="multi", top=5)
    assert len(grid) == 5 and grid["probability"].is_monotonic_increasing
    assert grid["probability"][0] == pytest.approx(toy.predict(grid["alloy"][0])["probability"][0], abs=1e-5)
    with pytest.raises(InputError, match="Row 0|nan"):
        toy.screen(np.zeros((1, 3)), ["Al", "Ni", "Cr"])


def test_the_steps_of_an_inversion_are_predictions(toy):
    found = toy.invert(PAPER, max_steps=4, keep=["Al"], forbid=["Cu"])
    assert found.steps[0].alloy == PAPER
    for step in found.steps[1:]:
        assert step.probability == pytest.approx(toy.predict(step.alloy)["probability"][0], abs=1e-6)
        np.testing.assert_allclose(step.z, toy.encode(step.alloy)[0], atol=1e-5)
        assert step.fractions["Al"] >= 0.05 and "Cu" not in step.fractions
    run = toy.inverting(PAPER, max_steps=4, keep=["Al"], forbid=["Cu"], start=True)
    assert run.wait(20) == found


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda m: m.predict([]), "No alloy given"),
        (lambda m: m.predict("Xy2"), "Xy"),
        (lambda m: m.encode("NbMoTaW", 1.2), "Probability 1.2: give 0 to 1"),
        (lambda m: m.encode("NbMoTaW", [0.1, 0.2]), "2 probabilities for 1 alloys"),
        (lambda m: m.decode([0, 0, 0], 0.5), r"Latent points of shape \(3,\)"),
        (lambda m: m.decode([0, np.nan], 0.5), "2 finite numbers each"),
        (lambda m: m.generate([0, 0], np.nan), "give 0 to 1"),
        (lambda m: m.invert("NbMoTaW", "both"), "Unknown target 'both'"),
        (lambda m: m.invert("NbMoTaW", step=2), "step is 2"),
        (lambda m: m.invert("NbMoTaW", keep=["Y"]), "keep names Y"),
    ],
)
def test_silly_questions(toy, ask, message):
    with pytest.raises(InputError, match=message):
        ask(toy)


def test_on_disk(toy, tmp_path):
    path = toy.write(tmp_path / "toy.safetensors")
    again = AlloyModel.from_directory(tmp_path)
    rows = ["CrMnFeCoNi", PAPER]
    np.testing.assert_allclose(
        again.predict(rows)["probability"], toy.predict(rows)["probability"], atol=5e-3
    )  # half precision
    assert again.domain.threshold == 0.25 and again.shown == 1
    with pytest.raises(CheckpointError, match="holds 0 models|holds no model"):
        AlloyModel.from_directory(tmp_path / "nothing")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match="corrupt"):
        AlloyModel.from_file(path)


@pytest.fixture(scope="module")
def shipped() -> AlloyModel:
    return load()


def test_the_shipped_model(shipped):
    assert SHIPPED.stat().st_size <= 0.5e6
    assert shipped.members == 5
    assert isinstance(mw.load("disentangled_vae"), AlloyModel)
    assert mw.load("disentangled_vae", "single_phase").card == shipped.card
    with pytest.raises(InputError, match="knows single_phase and no 'band_gap'"):
        mw.load("disentangled_vae", "band_gap")
    assert SHIPPED.name in (SHIPPED.parent / "README.md").read_text(encoding="utf-8")
    assert shipped.card["command"].startswith("matwidgets train disentangled_vae")


def test_the_shipped_model_knows_textbook_alloys(shipped):
    # Two famous single-phase solid solutions (fcc and Senkov's bcc) and the paper's multi-phase alloy.
    frame = shipped.predict(["CoCrFeNi", "NbMoTaW", PAPER])
    assert (frame["probability"] > 0.5).tolist() == [True, True, False]
    assert frame["in_domain"].all() and (frame["distance"] < 0.01).all()


def test_the_paper_s_inversion(shipped):
    found = shipped.invert(PAPER)
    assert found.converged and 1 <= len(found.steps) - 1 <= 10
    assert found.steps[0].probability < 0.5
    last = found.steps[-1]
    assert last.probability >= 0.6
    assert len(set(to_fractions(last.alloy)) & set(to_fractions(PAPER))) >= 3
    assert last.in_domain
