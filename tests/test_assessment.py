"""What is measured of an ensemble: factors and limits from validation alone, test rows only looked at."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from matwidgets.assessment import assess, calibration_curve
from matwidgets.errors import InputError
from matwidgets.features.composition import pack
from matwidgets.predictors import CHECKPOINTS, Predictor, load
from matwidgets.training.regression import Table


@pytest.fixture(scope="module")
def model() -> Predictor:
    return load("crabnet", "bulk_modulus")


def table(model: Predictor, seed: int, rows: int, spread: float = 40.0) -> Table:
    """Random oxides whose targets are the model's own values with Laplace errors of a known deviation."""
    rng = np.random.default_rng(seed)
    metals = ["Mg", "Ca", "Sr", "Ba", "Al", "Ga", "Ti", "Zr", "Hf", "Zn"]
    formulas = [{m: rng.uniform(0.2, 1), "O": rng.uniform(0.2, 1)} for m in rng.choice(metals, rows)]
    numbers, fractions = pack(formulas)
    value = model.forward_packed(numbers, fractions)["value"]
    targets = value + rng.laplace(0, spread / np.sqrt(2), rows)
    return Table(torch.as_tensor(numbers), torch.as_tensor(fractions), torch.as_tensor(targets).float())


def assessed(model: Predictor, val: Table, test: Table | None) -> Predictor:
    return assess(model.networks, model.card, table(model, 0, 300), val, test)


def test_factors_make_the_stated_deviations_true(model: Predictor) -> None:
    done = assessed(model, table(model, 1, 400), table(model, 2, 400))
    for name in ("val", "test"):
        found = done.card["uncertainty"][name]
        assert found["miscalibration_area"] < 0.5 * found["miscalibration_area_before"]
        assert 0.84 <= found["coverage90"] <= 0.99
        assert found["in_domain_false_alarm"] <= (0.05 if name == "val" else 0.1)
    assert done.card["test_mae_ensemble"] == pytest.approx(40 / np.sqrt(2), rel=0.15), "the mean of |Laplace|"
    assert len(done.card["test_mae_members"]) == model.members
    json.dumps(done.card, allow_nan=False)


def test_test_rows_change_nothing_but_what_is_said_of_them(model: Predictor) -> None:
    val = table(model, 1, 200)
    a, b, c = (
        assessed(model, val, t) for t in (None, table(model, 2, 50), table(model, 3, 80, spread=2000.0))
    )
    assert a.card["calibration"] == b.card["calibration"] == c.card["calibration"]
    assert {(p.domain.threshold, p.domain.disagreement) for p in (a, b, c)} == {
        (a.domain.threshold, a.domain.disagreement)
    }
    assert a.card["uncertainty"]["val"] == b.card["uncertainty"]["val"] == c.card["uncertainty"]["val"]
    assert "test" not in a.card["uncertainty"] and a.card["test_mae_ensemble"] is None
    assert c.card["test_mae_ensemble"] > 10 * b.card["test_mae_ensemble"]


def test_without_validation_rows_nothing_is_claimed(model: Predictor) -> None:
    empty = Table(torch.zeros(0, 2, dtype=torch.long), torch.zeros(0, 2), torch.zeros(0))
    done = assessed(model, empty, None)
    assert done.card["calibration"] == {"aleatoric": 1.0, "epistemic": 1.0}
    assert (
        done.card["uncertainty"] == {} and done.domain.threshold == 1.0 and done.domain.disagreement is None
    )


def test_members_that_disagree_are_outside(model: Predictor) -> None:
    frame = model.predict(["TiC", "MgO", "CuSO4·5H2O"], full=True)
    assert frame["in_domain"].tolist() == [True, True, False]
    numbers, fractions = pack(["CuSO4·5H2O"])
    assert model.domain.distance(numbers, fractions)[0] <= model.domain.threshold, "near enough, yet"
    alone = Predictor(model.networks[:1], model.domain, model.card).predict("CuSO4·5H2O", full=True)
    assert alone["in_domain"][0] and alone["std_epistemic"][0] == 0


def test_calibration_curve_of_formulas(model: Predictor) -> None:
    formulas = ["TiC", "MgO", "W", "Al2O3"]
    frame = model.predict(formulas)
    exact = calibration_curve(model, formulas, frame["value"].to_numpy())
    assert exact.coverage90 == 1 and exact.miscalibration_area == pytest.approx(0.5) and exact.n == 4
    far = calibration_curve(model, formulas, (frame["value"] + 100 * frame["std"]).to_numpy())
    assert far.coverage90 == 0 and far.curve[:-1, 1].max() == 0


@pytest.mark.data
def test_recarding_keeps_the_weights_and_says_the_same_again(tmp_path: Path) -> None:
    from matwidgets.recarding import recard
    from matwidgets.training import checkpoints

    shipped = CHECKPOINTS / "crabnet" / "thermal_expansion.safetensors"
    copy = tmp_path / shipped.name
    copy.write_bytes(shipped.read_bytes())
    recard(copy)
    (before, old), (after, new) = checkpoints.read(shipped), checkpoints.read(copy)
    assert all(torch.equal(before[name], after[name]) for name in before) and before.keys() == after.keys()
    assert new["domain"] == pytest.approx(old["domain"], rel=1e-3)
    assert new["card"]["calibration"] == pytest.approx(old["card"]["calibration"], rel=0.02)
    assert new["card"]["grouped"] == old["card"]["grouped"]
    told = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| test, 732 |" in told and "no set of elements on two sides" in told


def test_only_published_models_are_measured_again(model: Predictor, tmp_path: Path) -> None:
    from matwidgets.recarding import recard
    from matwidgets.training import members

    own = members.write(
        tmp_path / "x.safetensors", model.networks, model.domain, model.card | {"split": "80/20"}
    )
    with pytest.raises(InputError) as caught:
        recard(own)
    assert str(caught.value) == (
        "x.safetensors was trained on the split '80/20'; only models of the published splits can be measured again: "
        "give one of these"
    )
    good = members.write(tmp_path / "y.safetensors", model.networks, model.domain, model.card)
    with pytest.raises(
        InputError, match="is a model of bulk_modulus on the split 'published'; give one of bulk"
    ):
        recard(good, grouped=good)
