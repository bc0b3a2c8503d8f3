"""The dual VAE that speaks formulas and patterns: made from handbook crystals, and the shipped one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import matwidgets as mw
from matwidgets.dual_models import CHECKPOINTS, LOGARITHMIC, UNITS, DualVAE
from matwidgets.dual_trainings import train_dual
from matwidgets.errors import CheckpointError, InputError
from matwidgets.features.composition_vectors import fraction_vectors
from matwidgets.features.xrd import cosine_similarity
from matwidgets.models.dual_vae import CompositionVAEConfig
from matwidgets.patterns import load_patterns
from matwidgets.training import checkpoints, dual_files
from tests.dual import small_plan, small_tables

SHIPPED = CHECKPOINTS / "dual_vae" / "dual_vae.safetensors"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dual")
    return train_dual(plan=small_plan(), tables=small_tables(), out=folder).wait(120).path


@pytest.fixture(scope="module")
def toy(file: Path) -> DualVAE:
    return DualVAE.from_file(file)


@pytest.fixture(scope="module")
def shipped() -> DualVAE:
    return mw.load("dual_vae")


@pytest.fixture(scope="module")
def crystals():
    return load_patterns("crystals")


def test_the_joint_latent_space_is_compositions_then_patterns(toy, crystals):
    formulas, profiles = crystals.frame["formula"].tolist()[:3], crystals.profiles[:3]
    z = toy.encode(formulas, profiles)
    assert z.shape == (3, 88) and toy.latent == 88 and toy.parts == (24, 64)
    np.testing.assert_array_equal(z[:, :24], toy.encode_compositions(formulas))
    np.testing.assert_array_equal(z[:, 24:], toy.encode_patterns(profiles))
    np.testing.assert_allclose(
        toy.encode("NaCl", profiles[0])[0, 24:], z[0, 24:], atol=1e-5
    )  # one row adds up otherwise


def test_formulas_and_mappings_are_one(toy):
    np.testing.assert_array_equal(
        toy.encode_compositions("TiO2"), toy.encode_compositions([{"Ti": 2, "O": 4}])
    )


def test_a_pattern_is_scaled_to_its_highest_value(toy, crystals):
    np.testing.assert_allclose(
        toy.encode_patterns(crystals.profiles[:2]),
        toy.encode_patterns(250 * crystals.profiles[:2]),
        atol=1e-4,
    )


def test_decoding(toy):
    z = np.random.default_rng(0).standard_normal((4, 88))
    found = toy.decode(z)
    assert len(found) == 4 and found.fractions.shape == (4, 100) and found.profiles.shape == (4, 1601)
    np.testing.assert_allclose(found.fractions.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(found.profiles.max(1), 1)
    assert (found.profiles >= 0).all() and len(found.formulas) == 4
    assert repr(found).startswith("<4 decoded materials: ")
    alone = toy.decode(z[1])
    np.testing.assert_allclose(alone.fractions[0], found.fractions[1], atol=1e-6)


def test_halves_are_decoded_as_the_whole_one_or_many(toy):
    z = toy.sample(2, seed=0).z
    found = toy.decode(z)
    np.testing.assert_array_equal(toy.decode_patterns(z[:, 24:]), found.profiles)
    np.testing.assert_allclose(toy.decode_compositions(z[0, :24].tolist())[0], found.fractions[0], atol=1e-6)


def test_formulas_are_those_of_the_fractions(toy):
    rows = fraction_vectors(["TiO2", "Mg2SiO4", "W"])
    assert toy.formulas(rows) == ["TiO2", "Mg2SiO4", "W"]
    assert toy.formulas(np.full((1, 100), 0.001)) == [None]


def test_predictions_have_values_and_deviations(toy):
    z = toy.sample(6, seed=1).z
    said = toy.predict(z)
    assert set(toy.properties) == set(UNITS)
    assert set(said.columns) == {*UNITS, *(f"{name}_std" for name in UNITS)} and len(said) == 6
    assert np.isfinite(said.to_numpy()).all()
    for name in LOGARITHMIC:
        assert (said[name] > 0).all()
    for name in ("insulator", "stable"):
        assert said[name].between(0, 1).all() and said[f"{name}_std"].between(0, 0.5).all()
    assert (said["bulk_modulus_std"] > 0).all()


def test_without_properties_none_are_told():
    model = train_dual(plan=small_plan(1), tables=small_tables(properties=False)).wait(120).model
    assert (model.properties == () and model.predict(np.zeros(88)).shape == (1, 0)) or model.predict(
        np.zeros(88)
    ).empty


def test_the_density_is_scipys(toy):
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    z, mixture = toy.sample(3, seed=0).z, toy.mixture
    parts = [
        np.log(w) + multivariate_normal.logpdf(z, m, f @ f.T)
        for w, m, f in zip(mixture.weights, mixture.means, mixture.factors, strict=True)
    ]
    np.testing.assert_allclose(toy.density(z), logsumexp(parts, axis=0), rtol=1e-6)
    assert toy.density(z[0]).shape == (1,)


def test_samples_repeat_and_have_formulas(toy):
    one, same, other = toy.sample(8, seed=2), toy.sample(8, seed=2), toy.sample(8, seed=3)
    np.testing.assert_array_equal(one.z, same.z)
    assert one.formulas == same.formulas and not np.array_equal(one.z, other.z)
    assert all(one.formulas) and len(one) == 8


def test_a_copy_has_weights_of_its_own(toy):
    other = toy.copy()
    with torch.no_grad():
        other.composition.mean.bias.add_(1)
    assert not np.array_equal(other.encode_compositions("NaCl"), toy.encode_compositions("NaCl"))


def test_the_box_cannot_be_changed_from_outside(toy):
    low, high = toy.box
    assert low.shape == high.shape == (88,) and (low <= high).all()
    low[:] = 99
    assert not (toy.box[0] == 99).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.encode_patterns(np.ones(1600)), r"Patterns of shape \(1600,\): give 1601 values each"),
        (
            lambda m: m.encode_patterns(-np.ones((1, 1601))),
            "negative or not finite values: give intensities from 0",
        ),
        (lambda m: m.encode_patterns(np.full((1, 1601), np.nan)), "negative or not finite values"),
        (lambda m: m.encode_patterns(np.zeros((2, 1601))), "Pattern 0 has no peak"),
        (lambda m: m.encode_patterns(np.ones((0, 1601))), "give 1601 values each"),
        (lambda m: m.encode_compositions("Md2O3"), r"Md in 'Md2O3' lies beyond Z 100 \(Fm\)"),
        (lambda m: m.encode_compositions([]), "No composition given; give at least one formula"),
        (
            lambda m: m.encode(["NaCl", "Si"], np.ones((1, 1601))),
            "2 compositions and 1 patterns: give one pattern",
        ),
        (lambda m: m.decode(np.zeros(87)), r"Latent points of shape \(87,\): this model's have 88 numbers"),
        (lambda m: m.predict(np.zeros((2, 64))), "this model's have 88 numbers each"),
        (lambda m: m.density(np.full(88, np.inf)), "A latent point with a number that is not finite"),
        (
            lambda m: m.decode("NaCl"),
            r"Latent points 'NaCl', which is no array of numbers: this model's have 88",
        ),
        (lambda m: m.predict(["a"] * 88), "which is no array of numbers: this model's have 88 numbers each"),
        (lambda m: m.predict(None), "this model's have 88 numbers each, give shape"),
        (lambda m: m.decode([]), r"Latent points of shape \(0,\): this model's have 88 numbers each"),
        (lambda m: m.decode(np.empty((0, 88))), r"of shape \(0, 88\): .* n from 1"),
        (
            lambda m: m.decode_patterns(np.zeros((2, 24))),
            r"points of a pattern of shape \(2, 24\): .* have 64",
        ),
        (lambda m: m.decode_patterns([]), r"Latent points of a pattern of shape \(0,\)"),
        (
            lambda m: m.decode_compositions(np.zeros(64)),
            r"points of a composition of shape \(64,\): .* have 24",
        ),
        (lambda m: m.decode_compositions(np.empty((0, 24))), r"points of a composition of shape \(0, 24\)"),
        (lambda m: m.decode_compositions("Fe"), "Latent points of a composition 'Fe', which is no array"),
        (lambda m: m.decode_patterns(np.full((1, 64), np.nan)), "a number that is not finite"),
        (lambda m: m.encode(None, np.ones(1601)), "Compositions None: give a formula such as TiO2"),
        (lambda m: m.encode(5, np.ones(1601)), "Compositions 5: give a formula such as TiO2"),
        (lambda m: m.encode("NaCl", "NaCl"), "Patterns 'NaCl', which are no array of numbers: give 1601"),
        (lambda m: m.encode("NaCl", None), r"Patterns of shape \(\): give 1601 values"),
        (lambda m: m.sample(0), "n is 0; at least 1 material can be drawn"),
        (lambda m: m.sample(3, seed=-1), "seed is -1; allowed are whole numbers from 0"),
    ],
)
def test_bad_input(toy, call, message):
    with pytest.raises(InputError, match=message) as error:
        call(toy)
    assert "\n" not in str(error.value)


# -- on disk -------------------------------------------------------------------------------------------------


def test_a_model_survives_the_disk(file, toy, tmp_path):
    again = DualVAE(dual_files.read(dual_files.write(tmp_path / "again.safetensors", toy._dual)))
    z = toy.sample(4, seed=0).z
    assert again.card == toy.card
    np.testing.assert_array_equal(again.decode(z).profiles, toy.decode(z).profiles)
    np.testing.assert_array_equal(again.predict(z), toy.predict(z))
    np.testing.assert_allclose(again.density(z), toy.density(z), rtol=1e-6)
    np.testing.assert_array_equal(DualVAE.from_directory(file.parent).box, toy.box)


def test_files_that_are_no_dual_vae(file, toy, tmp_path):
    with pytest.raises(CheckpointError, match="No checkpoint at"):
        DualVAE.from_file(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="this reads dual_vae vae in format 1"):
        DualVAE.from_file(CHECKPOINTS / "onehot_vae" / "onehot_vae.safetensors")
    tensors, header = checkpoints.read(file)
    tensors.pop("pattern.mean.weight")
    broken = checkpoints.write(tmp_path / "broken.safetensors", tensors, header)
    with pytest.raises(CheckpointError, match=r"is incomplete \(.*mean.weight.*\); train it again"):
        DualVAE.from_file(broken)
    tensors, header = checkpoints.read(file)
    tensors["box"] = torch.zeros(2, 5)
    with pytest.raises(CheckpointError, match=r"is incomplete \(a box of shape \(2, 5\)\)"):
        DualVAE.from_file(checkpoints.write(tmp_path / "box.safetensors", tensors, header))


# -- the shipped one -----------------------------------------------------------------------------------------


def test_the_shipped_model_needs_no_table(shipped):
    assert isinstance(shipped, DualVAE) and shipped.latent == 88
    assert shipped.composition.config == CompositionVAEConfig() and set(shipped.properties) == set(UNITS)
    found = shipped.decode(shipped.encode_compositions("NaCl")[0].tolist() + [0.0] * 64)
    assert found.profiles.shape == (1, 1601)
    with pytest.raises(InputError, match="loads no bulk_modulus: load it by its word alone"):
        mw.load("dual_vae", "bulk_modulus")


def test_the_shipped_model_reconstructs_handbook_crystals(shipped, crystals):
    """They are no training rows of the pattern network by name, though most compounds are known to everybody."""
    z = shipped.encode(crystals.frame["formula"].tolist(), crystals.profiles)
    found = shipped.decode(z)
    cosine = cosine_similarity(crystals.profiles, found.profiles)
    shuffled = cosine_similarity(crystals.profiles, np.roll(found.profiles, 7, axis=0))
    assert np.median(cosine) > 0.85 > 0.5 > np.median(shuffled)
    truth = fraction_vectors(crystals.frame["formula"].tolist())
    assert np.abs(found.fractions - truth).sum(1).mean() / 2 < 0.3  # of the atoms
    assert (shipped.density(z) > shipped.density_floor).mean() > 0.5


def test_the_shipped_model_orders_materials(shipped, crystals):
    """Diamond is stiffer than rock salt, rock salt more surely an insulator than copper."""
    frame = crystals.frame.reset_index(drop=True)
    rows = [int(np.flatnonzero(frame["formula"] == name)[0]) for name in ("C", "NaCl", "Cu")]
    said = shipped.predict(shipped.encode(frame["formula"].iloc[rows].tolist(), crystals.take(rows)))
    assert said["bulk_modulus"][0] > said["bulk_modulus"][1]
    assert said["insulator"][1] > 0.5 > said["insulator"][2]


def test_all_checkpoints_together_are_small():
    assert sum(p.stat().st_size for p in SHIPPED.parent.glob("*.safetensors")) <= 4_000_000


def test_the_card_tells_what_was_measured(shipped):
    card = shipped.card
    for part in ("val", "test"):
        pattern, composition = card["measured"][part]["pattern"], card["measured"][part]["composition"]
        assert 0 < pattern["cosine"] < 1 and 0 < composition["returned"] < 1
        assert pattern["active"] <= 64 and composition["active"] <= 24
    assert card["command"].startswith("matwidgets train dual_vae")
    assert all(d["sha256"] for d in card["data"])
    text = (SHIPPED.parent / "README.md").read_text("utf-8")
    assert card["command"] in text and f"{card['measured']['test']['pattern']['cosine']:.3f}" in text
    for name in card["properties"]:
        assert f"| {name}" in text
