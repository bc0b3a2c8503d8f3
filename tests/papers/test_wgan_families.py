"""Figure 4b: the rule of families, one material a set of elements, purity with controls that can win."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from matwidgets.adversarial_models import FormulaGAN
from matwidgets.errors import InputError
from matwidgets.papers import wgan_families
from matwidgets.papers.wgan_families import (
    FAMILIES,
    SPACES,
    Superconductors,
    by_family,
    drawn,
    family,
    separated,
)
from tests.tiny_wgan import tiny_gan


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


@pytest.fixture(scope="module")
def model() -> FormulaGAN:
    return tiny_gan()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("YBa2Cu3O6.93", "cuprate"), ("La1.85Sr0.15CuO4", "cuprate"), ("Bi2Sr2CuO6", "cuprate"),
        ("Sr2YRu0.9Cu0.1O6", "other"), ("CeCu2Si2", "other"), ("CuTi2", "other"),
        ("FeSe", "iron"), ("LaFe0.85Cu0.15AsO", "iron"), ("K0.8Fe1.7SSe", "iron"),
        ("Fe0.05TaS2", "other"), ("LaFe4P12", "other"), ("Lu2Fe3Si5", "other"), ("MgB2", "other"),
    ],
)  # fmt: skip
def test_the_rule(formula, expected):
    assert family(formula) == expected


@pytest.mark.data
def test_one_superconductor_of_each_set_of_elements():
    from matwidgets.features.formula import parse_formula

    found = drawn(300, seed=1)
    assert len(found.formulas) == 300 and found.source.startswith("300 of SuperCon's 2,7")
    assert len({frozenset(parse_formula(formula)) for formula in found.formulas}) == 300
    assert found.formulas == drawn(300, seed=1).formulas != drawn(300, seed=2).formulas
    assert sum(found.counts.values()) == 300 and min(found.counts.values()) > 10


def test_without_the_table_the_handbook_s_list(no_tables):
    found = drawn()
    assert found.source == f"{len(found.formulas)} well-known superconductors"
    assert found.counts["cuprate"] >= 15 and found.counts["iron"] >= 15


def test_purity_of_every_space_beside_chance(model, no_tables):
    found, findings = by_family(model, mapped=("critic", "one_hot"), k=5)
    assert set(found.frame["space"]) == set(SPACES) - {"magpie"}  # its table is not here
    assert found.planes["critic"].shape == (len(found.materials.formulas), 2)
    assert found.chance["mean"] == pytest.approx(1 / 3, abs=0.12)  # 1/3 for any sizes of three families
    for name in ("critic", "one_hot", "random"):
        assert found.row(name)["mean"] > found.chance["mean"] + 0.2
    assert findings["family_purity"].here == found.row("critic")["mean"]
    assert findings["family_purity"].control == max(
        found.row(n)["mean"] for n in ("random", "one_hot", "before")
    )
    assert findings["families_separate"].here == separated(found.row("critic", "map"))
    assert findings["families_separate"].control == separated(found.row("one_hot", "map"))
    with pytest.raises(KeyError):
        found.row("random", "map")


def test_a_representation_that_mixes_them_is_not_separated(model, monkeypatch, no_tables):
    def mixed(model, formulas, seed=0):
        noise = np.random.default_rng(0).normal(size=(len(formulas), 8))
        return {"critic": noise, "before": noise, "random": noise, "one_hot": wgan_families.amounts(formulas)}

    monkeypatch.setattr(wgan_families, "spaces", mixed)
    found, findings = by_family(model, mapped=("critic", "one_hot"), k=5)
    assert findings["families_separate"].here == "not separated"
    assert found.row("critic")["mean"] == pytest.approx(found.chance["mean"], abs=0.15)
    assert findings["family_purity"].control > findings["family_purity"].here + 0.2
    assert separated(dict.fromkeys(FAMILIES, 0.9)) == "separated"


def test_what_is_refused(model):
    some = Superconductors(["MgB2", "Nb3Sn"] * 20, np.array(["other"] * 40), "forty")
    with pytest.raises(
        InputError, match="Fewer than two of 40 superconductors are cuprates, iron-based: give more"
    ):
        by_family(model, some)
    with pytest.raises(InputError, match="Maps of critic: give critic and one of random, one_hot, before"):
        by_family(model, some, mapped=("critic",))
