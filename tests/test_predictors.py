"""The shipped predictor: formulas in, numbers out, and every refusal."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from matwidgets.errors import CheckpointError, InputError
from matwidgets.predictors import CHECKPOINTS, Predictor, bundled, file_name, load


@pytest.fixture(scope="module")
def model() -> Predictor:
    return load("crabnet", "bulk_modulus")


def test_titanium_carbide_from_members_that_never_saw_a_ti_c_binary(model: Predictor) -> None:
    assert "every binary of C and Ti" in model.card["held_out"]
    assert not any(set(row[row > 0].tolist()) == {6, 22} for row in model.domain.numbers)
    assert model.predict("TiC")["value"][0] == pytest.approx(238.8, rel=0.05)


def test_frame(model: Predictor) -> None:
    frame = model.predict(["TiC", "Ti0.5 C0.5", {"C": 2, "Ti": 2}, "MgO"])
    assert list(frame.columns) == ["formula", "value", "std", "in_domain"]
    assert frame["formula"].tolist() == ["TiC", "Ti0.5 C0.5", "TiC", "MgO"]
    assert frame["value"][0] == pytest.approx(frame["value"][1]) == pytest.approx(frame["value"][2])
    assert (frame["std"] > 0).all() and frame["in_domain"].dtype == bool


def test_full_frame_splits_the_uncertainty(model: Predictor) -> None:
    frame = model.predict(["TiC", "MgO"], full=True)
    assert np.allclose(frame["std"] ** 2, frame["std_aleatoric"] ** 2 + frame["std_epistemic"] ** 2)
    assert set(frame["unit"]) == {"GPa"} and set(frame["property"]) == {"bulk_modulus"}


def test_any_mix_of_lengths_in_one_batch(model: Predictor) -> None:
    formulas = ["W", "TiC", "BaTiO3", "Al2CoCrCuFeNi"]
    together = model.predict(formulas)["value"].to_numpy()
    alone = [model.predict(f)["value"][0] for f in formulas]
    assert np.allclose(together, alone, rtol=1e-5)


def test_evaluate_is_predict(model: Predictor) -> None:
    out = model.evaluate(["Ti", "Cd", "C"], np.array([[0.5, 0.0, 0.5], [0.4, 0.2, 0.4]]))
    frame = model.predict(["TiC", {"Ti": 0.4, "Cd": 0.2, "C": 0.4}], full=True)
    for column in ("value", "std", "std_aleatoric", "std_epistemic"):
        assert np.allclose(out[column], frame[column], rtol=1e-4)


def test_large_batches_are_cut_and_joined(model: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    whole = model.evaluate(["Ti", "Cd", "C"], rows)["value"]
    monkeypatch.setattr("matwidgets.predictors.AT_ONCE", 7)
    assert np.allclose(model.evaluate(["Ti", "Cd", "C"], rows)["value"], whole, rtol=1e-5)


def test_explanation_adds_up(model: Predictor) -> None:
    told = model.explain("Ti3AlC2")
    assert told.elements == ("Ti", "Al", "C")
    assert told.contributions.sum() == pytest.approx(model.predict("Ti3AlC2")["value"][0], rel=1e-4)
    assert told.element_values * told.fractions == pytest.approx(told.contributions, rel=1e-4)
    assert told.attention.shape == (model.members, 3, 4, 3, 3)
    assert np.allclose(told.attention.sum(-1), 1, atol=1e-5)


def test_system_property_is_differentiable_and_equal(model: Predictor) -> None:
    fractions = torch.tensor([[0.5, 0.1, 0.4]], requires_grad=True)
    value, aleatoric, epistemic = model.on(["Ti", "Cd", "C"])(fractions)
    value.sum().backward()
    assert fractions.grad is not None and bool((fractions.grad != 0).all())
    expected = model.evaluate(["Ti", "Cd", "C"], fractions.detach().numpy())
    assert value.item() == pytest.approx(expected["value"][0], rel=1e-5)
    assert aleatoric.item() == pytest.approx(expected["std_aleatoric"][0], rel=1e-4)
    assert epistemic.item() == pytest.approx(expected["std_epistemic"][0], rel=1e-4)


def test_domain(model: Predictor) -> None:
    frame = model.predict(["MgO", "OgTs"])
    assert frame["in_domain"].tolist() == [True, False]


def test_a_copy_shares_nothing_that_changes(model: Predictor) -> None:
    other = model.copy()
    with torch.no_grad():
        next(other.networks[0].parameters()).add_(1)
    assert other.predict("TiC")["value"][0] != model.predict("TiC")["value"][0]


def test_logarithmic_property_multiplies(model: Predictor) -> None:
    card = model.card | {
        "recipe": model.card["recipe"] | {"log_targets": True},
        "mean": 1.0,
        "std": 0.5,
        "target_std": 7.0,
    }
    log = Predictor(model.networks, model.domain, card)
    plain, out = model.predict("TiC", full=True).iloc[0], log.predict("TiC", full=True).iloc[0]
    standardised = (plain["value"] - model.mean) / model.scale
    assert out["value"] == pytest.approx(np.exp(1 + 0.5 * standardised), rel=1e-4)
    assert out["std"] / out["value"] == pytest.approx(0.5 * plain["std"] / model.scale, rel=1e-4)
    told = log.explain("TiC")
    assert told.unit == "ln(GPa)" and told.contributions.sum() == pytest.approx(
        np.log(out["value"]), rel=1e-4
    )
    assert log.on(["Ti", "C"]).scale == 7.0 and model.on(["Ti", "C"]).scale == model.scale


def test_score_is_r2(model: Predictor) -> None:
    formulas = ["TiC", "MgO", "NaCl"]
    values = model.predict(formulas)["value"]
    assert model.score(formulas, values) == pytest.approx(1)
    assert model.score(formulas, values.mean() + 0 * values + [1, -2, 1]) < 0


def test_repr_is_stable(model: Predictor) -> None:
    assert repr(model) == f"<Predictor crabnet bulk_modulus (GPa), {model.members} members>"


def test_weights_are_small_and_the_card_is_complete(model: Predictor) -> None:
    path = CHECKPOINTS / "crabnet" / "bulk_modulus.safetensors"
    assert path.stat().st_size <= 1.5e6 * model.members
    for key in (
        "data",
        "recipe",
        "command",
        "val_mae_members",
        "test_mae_members",
        "test_mae_ensemble",
        "versions",
    ):
        assert model.card[key], key
    assert model.card["test_mae_ensemble"] <= 8.6
    json.dumps(model.card, allow_nan=False)
    assert model.card["command"] in (CHECKPOINTS / "crabnet" / "README.md").read_text(encoding="utf-8")


@pytest.mark.data
@pytest.mark.parametrize("name", bundled("crabnet"))
def test_card_holds_what_the_test_rows_say(name: str) -> None:
    from matwidgets.data.datasets import load_property

    model, test = load("crabnet", name), load_property(name, "test")
    error = np.abs(model.predict(test["formula"].tolist())["value"] - test["target"]).mean()
    assert error == pytest.approx(model.card["test_mae_ensemble"], rel=1e-3), "half precision costs nothing"


@pytest.mark.data
@pytest.mark.parametrize("name", bundled("crabnet"))
def test_about_one_validation_row_in_twenty_is_outside_the_domain(name: str) -> None:
    from matwidgets.data.datasets import load_property

    inside = load("crabnet", name).predict(load_property(name, "val")["formula"].tolist())["in_domain"]
    assert 0.92 <= inside.mean() <= 1, (
        "the stated false-alarm rate is at most 5 %, ties at the threshold aside"
    )


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda m: m.predict([]), "No composition given; give at least one formula such as TiC"),
        (
            lambda m: load("crabnet", "taste"),
            "No crabnet weights are shipped for property 'taste'; ",
        ),
        (
            lambda m: load("alchemy", "bulk_modulus"),
            "No weights are shipped for 'alchemy'; there are some for crabnet, disentangled_vae, dual_vae, onehot_vae, "
            "wgan: choose",
        ),
    ],
)
def test_errors(model: Predictor, call: object, text: str) -> None:
    with pytest.raises(InputError) as caught:
        call(model)  # type: ignore[operator]
    assert str(caught.value).startswith(text)


def test_element_that_the_network_does_not_know(model: Predictor) -> None:
    small = Predictor(
        model.networks, model.domain, model.card | {"elements": [e for e in model.elements if e != "W"]}
    )
    with pytest.raises(InputError) as caught:
        small.predict("WC")
    assert str(caught.value).startswith("The bulk_modulus model does not know W; it knows ")
    assert str(caught.value).endswith(": leave that element out")


def test_directories(model: Predictor, tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match="holds no model; give a folder that `matwidgets train` wrote, or one file"
    ):
        Predictor.from_directory(tmp_path)
    raw = (CHECKPOINTS / "crabnet" / "bulk_modulus.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(raw)
    (tmp_path / "training.safetensors").write_bytes(b"not looked at")
    assert Predictor.from_directory(tmp_path).predict("TiC").equals(model.predict("TiC"))
    (tmp_path / "b.safetensors").write_bytes(raw)
    with pytest.raises(CheckpointError, match="holds 2 models"):
        Predictor.from_directory(tmp_path)
    assert Predictor.from_directory(tmp_path / "a.safetensors").property == "bulk_modulus"


def test_names_of_files() -> None:
    assert file_name("bulk_modulus") == "bulk_modulus.safetensors"
    assert file_name("bulk_modulus", "mean") == "bulk_modulus-mean.safetensors"
    assert file_name("K / GPa") == "K_GPa.safetensors"
    assert "bulk_modulus" in bundled("crabnet") and bundled("nobody") == []
