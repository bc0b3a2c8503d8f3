"""Materials in the latent space of a generator: what a place decodes to, what is near it, what colours show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from matwidgets import latent
from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.features.composition import parse_formula
from matwidgets.latent import LatentMap, known_materials, materials_of, part_for
from matwidgets.samplers import Sampler, load

FORMULAS = ["TiO2", "Ti2O3", "BaTiO3", "SrTiO3", "Ni3Al", "NaCl", "Al2O3", "GaAs"]


@pytest.fixture(scope="module")
def vae() -> Sampler:
    return load("onehot_vae")


@pytest.fixture(scope="module")
def some(vae: Sampler) -> LatentMap:
    return LatentMap(vae, materials_of(FORMULAS))


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_places_are_the_latent_means(some: LatentMap, vae: Sampler) -> None:
    np.testing.assert_allclose(some.latent, vae.encode(FORMULAS), atol=1e-6)
    x = np.array([[1 / 3, 2 / 3], [0.5, 0.5]])
    np.testing.assert_allclose(some.encode(x, ["Ti", "O"]), vae.encode(["TiO2", "TiO"]), atol=1e-5)


def test_a_reading_is_what_the_generator_says(some: LatentMap, vae: Sampler) -> None:
    z = np.random.default_rng(0).normal(size=(5, vae.latent))
    plain = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
    for reading, formula in zip(some.decode(z), vae.decode_formulas(z), strict=True):
        assert formula is not None
        assert reading["formula"].translate(plain) == formula
        assert not any(digit in reading["formula"] for digit in "0123456789")
        amounts = parse_formula(formula)
        assert reading["fractions"] == pytest.approx(
            {s: n / sum(amounts.values()) for s, n in amounts.items()}
        )


def test_nearest_materials_by_the_atoms_to_exchange(some: LatentMap) -> None:
    rows, shares = some.nearest("BaTiO3")
    # One of five atoms is to be exchanged for strontium titanate, and for Ti2O3 and TiO2 too.
    assert FORMULAS[rows[0]] == "BaTiO3"
    assert shares == pytest.approx([0, 0.2, 0.2], abs=1e-6)
    x = onehot.fraction_vectors(FORMULAS)
    expected = np.abs(x - x[2]).sum(1) / 2
    rows, shares = some.nearest("Ba2Ti2O6", count=8)
    np.testing.assert_allclose(shares, np.sort(expected), atol=1e-6)
    np.testing.assert_allclose(expected[rows], shares, atol=1e-6)


def test_what_the_rules_and_the_materials_say(some: LatentMap, monkeypatch: pytest.MonkeyPatch) -> None:
    told = ["Ti4O8", "Ni3Al", "Na2Cl", None]
    monkeypatch.setattr(some.sampler, "decode_formulas", lambda z: told, raising=False)
    oxide, alloy, charged, nothing = some.decode(np.zeros((4, some.sampler.latent)))
    assert (oxide["known"], oxide["valid"], oxide["nearest"][0], oxide["far"][0]) == (
        True, True, "TiO₂", "the same",
    )  # fmt: skip
    assert (alloy["valid"], alloy["note"]) == (None, "metals alone: the rules for ions say nothing")
    assert (charged["valid"], charged["known"], charged["nearest"][0], charged["far"][0]) == (
        False, False, "NaCl", "17\u00a0% other atoms",
    )  # fmt: skip
    assert nothing["note"] == "decodes to nothing: every element is below the threshold"
    assert "fractions" not in nothing


def test_channels_with_what_is_known(vae: Sampler) -> None:
    frame = pd.DataFrame(
        {
            "formula": ["TiO2", "Ni3Al", "Na2Cl", "BaTiO3"],
            "energy_above_hull": [0.0, 0.0, 0.3, 0.02],
            "n_products": [2, 3, 2, 4],
        }
    )
    known = LatentMap(vae, materials_of(frame))
    channels = known.channels(["O", "Ti"])
    values = {name: (v() if callable(v) else v).tolist() for name, v in channels.items()}
    assert values["number of elements"] == [2, 2, 2, 3]
    assert values["energy above hull"] == [0.0, 0.0, 0.3, 0.02]
    assert values["stability"] == ["stable", "stable", "> 0.1 eV/atom above", "≤ 0.1 eV/atom above"]
    assert values["components"] == [0, 0, 2, 4]
    assert values["charge"] == ["neutral", "metals alone", "not neutral", "neutral"]
    assert values["O content"] == pytest.approx([200 / 3, 0, 0, 60], rel=1e-6)
    assert known.units(channels) == {
        "energy above hull": "eV/atom",
        "O content": "at.%",
        "Ti content": "at.%",
    }
    part = LatentMap(vae, known.materials, np.array([1, 3]))
    shown = {name: (v() if callable(v) else v).tolist() for name, v in part.channels(["O", "Ti"]).items()}
    assert shown == {name: [them[1], them[3]] for name, them in values.items()}


def test_a_formula_is_found_as_a_point_or_as_a_vector(vae: Sampler) -> None:
    part = LatentMap(vae, materials_of(FORMULAS), np.array([1, 5, 6]))
    assert part.names == ["Ti2O3", "NaCl", "Al2O3"]
    assert (part.locate("Na3Cl3"), part.locate("Al₂O₃")) == (1, 2)
    for other in ("GaAs", "KCl"):  # known and not a point; not known
        np.testing.assert_allclose(part.locate(other), vae.encode(other)[0])
    with pytest.raises(InputError, match="Po in 'PoO2' is outside the paper's 89 elements"):
        part.locate("PoO2")
    # What is near is sought among all.
    assert FORMULAS[part.nearest("GaAs", 1)[0][0]] == "GaAs"


def test_without_energies_no_channel_pretends(some: LatentMap) -> None:
    assert list(some.channels()) == ["number of elements", "charge"]


@pytest.mark.usefixtures("no_tables")
def test_without_tables_the_handbook() -> None:
    materials = known_materials()
    assert materials.source == f"{len(materials)} compounds of the handbook"
    assert "NaCl" in materials.formulas and materials.known == {}


def test_a_part_where_all_would_take_minutes() -> None:
    assert part_for("pca", 85_014) is None
    assert part_for("tsne", latent.MOST_PLACED) is None
    rows = part_for("tsne", 85_014, seed=1)
    assert rows is not None and len(set(rows.tolist())) == latent.MOST_PLACED and (np.diff(rows) > 0).all()
    assert rows.tolist() == part_for("umap", 85_014, seed=1).tolist() != part_for("tsne", 85_014).tolist()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda vae: materials_of(["TiO2"]),
            "1 material(s) given: a map of the latent space needs at least 3",
        ),
        (
            lambda vae: materials_of(pd.DataFrame({"a": [1]})),
            "A table of materials has the columns a: one must be",
        ),
        (
            lambda vae: materials_of(pd.DataFrame({"formula": ["a"] * 3, "n_products": ["x"] * 3})),
            "The column 'n_products' of the materials holds no numbers",
        ),
        (lambda vae: LatentMap(vae, materials_of(["TiO2", "PoO2", "NaCl"])), "Po in 'PoO2' is outside"),
        (lambda vae: LatentMap(vae, materials_of(FORMULAS)).channels(["Po"]), "Po in "),
        (
            lambda vae: LatentMap(vae, materials_of(FORMULAS)).decode(np.zeros((1, 3))),
            "Latent points of shape (1, 3)",
        ),
    ],
)
def test_wrong_input_is_one_line(vae: Sampler, call, message: str) -> None:
    with pytest.raises(InputError) as raised:
        call(vae)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
