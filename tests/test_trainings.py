"""mw.train: a user's table without any download, the published splits where they are, resuming."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import matwidgets as mw
from matwidgets import trainings
from matwidgets.data import fetch
from matwidgets.errors import DataError, InputError
from matwidgets.predictors import Predictor
from matwidgets.trainings import ElementTable, element_table, state_file


@pytest.fixture
def halides() -> pd.DataFrame:
    pairs = [
        (a + b, 10.0 * i + j)
        for i, a in enumerate(["Li", "Na", "K", "Rb", "Cs"])
        for j, b in enumerate(["F", "Cl", "Br", "I"])
    ]
    return pd.DataFrame(pairs, columns=["formula", "target"])


@pytest.fixture
def no_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


def test_user_table_without_the_element_table(halides: pd.DataFrame, no_tables: None, tmp_path: Path) -> None:
    run = mw.train(frame=halides, target="hardness", epochs=2, members=2, out=tmp_path / "m", seed=3)
    assert (
        "the embedding of the shipped crabnet bulk_modulus model (mat2vec was not found)"
        in run.meta["element_table"]
    )
    result = run.wait(120)
    assert [r["step"] for r in run.history] == [1, 2, 3, 4] and run.total == 4
    card = result.card
    assert card["element_table"] == run.meta["element_table"] and card["recipe"]["seeds"] == (3, 4)
    again = Predictor.from_directory(tmp_path / "m")
    assert again.property == "hardness" and again.unit == ""
    # The file is in half precision, the result in memory is not.
    assert again.predict("NaCl")["value"][0] == pytest.approx(
        result.predictor.predict("NaCl")["value"][0], rel=5e-3
    )
    assert "hardness" in (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert not state_file(tmp_path / "m").exists()


def test_stop_keeps_the_state_and_resume_goes_on(
    halides: pd.DataFrame, no_tables: None, tmp_path: Path
) -> None:
    options = dict(frame=halides, epochs=3, members=2, out=tmp_path / "m")
    whole = mw.train(**options | {"out": None}).wait(120)  # type: ignore[arg-type]
    run = mw.train(**options, start=False)  # type: ignore[arg-type]
    run.subscribe(lambda r: r.stop() if r.steps == 4 else None)
    run.start().wait(120)
    assert run.state == "stopped" and state_file(tmp_path / "m").exists()
    resumed = mw.train(**options, resume=True)  # type: ignore[arg-type]
    result = resumed.wait(120)
    assert [r["step"] for r in resumed.history] == [1, 2, 3, 4, 5, 6]
    assert result.card["val_mae_members"] == whole.card["val_mae_members"], "bit by bit"


@pytest.mark.data
def test_published_splits_hold_out_ti_c(tmp_path: Path) -> None:
    run = mw.train(property="bulk_modulus", epochs=1, members=1, start=False)
    assert run.meta["rows"] == {"train": 3426, "val": 732, "test": 736}
    assert run.meta["element_table"] == "mat2vec"


@pytest.mark.data
def test_grouped_split_of_the_published_rows() -> None:
    run = mw.train(property="thermal_expansion", split="grouped", members=1, start=False)
    rows = run.meta["rows"]
    assert sum(rows.values()) == pytest.approx(3421 + 733 + 732, abs=10) and rows["test"] > 600


def test_grouped_split_of_a_users_table(no_tables: None) -> None:
    pairs = [f"{a}{b}{n}" for a in ("Li", "Na", "K") for b in ("F", "Cl") for n in ("", "2", "3")]
    frame = pd.DataFrame({"formula": pairs, "target": range(len(pairs))})
    run = mw.train(frame=frame, split="grouped", members=1, start=False)
    assert run.meta["rows"] == {"train": 15, "val": 3}, "whole systems of three compounds each"


@pytest.mark.data
def test_element_table_from_data() -> None:
    table = element_table()
    assert isinstance(table, ElementTable) and table.rows.shape == (119, 200) and len(table.elements) == 118


def test_missing_tables_are_named(no_tables: None) -> None:
    from matwidgets.errors import MissingTableError

    assert not fetch.available("bulk_modulus/train")
    with pytest.raises(MissingTableError, match="matwidgets data fetch"):
        mw.train(property="bulk_modulus")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (
            {"word": "alchemy"},
            "Nothing to train for 'alchemy'; allowed are crabnet, onehot_vae, disentangled_vae, dual_vae, wgan: "
            "choose one of these",
        ),
        ({"preset": "huge"}, "Unknown preset 'huge'; allowed are binder, mean, paper: choose one of these"),
        ({"split": "luck"}, "Unknown split 'luck'; allowed are published, grouped: choose one of these"),
        ({}, "A training needs a property or a table, one of the two: give property=... or frame=..."),
        (
            {"property": "bulk_modulus", "resume": True},
            "Nothing to resume in None; give the folder of an unfinished training",
        ),
    ],
)
def test_errors(options: dict[str, object], text: str) -> None:
    with pytest.raises(InputError) as caught:
        mw.train(**options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(text)


def test_bad_numbers(halides: pd.DataFrame, no_tables: None) -> None:
    with pytest.raises(
        InputError, match="^members is 0; an ensemble has at least 1: give a whole number from 1$"
    ):
        mw.train(frame=halides, members=0)
    with pytest.raises(InputError, match="^epochs is 0; it must be a whole number from 1"):
        mw.train(frame=halides, epochs=0)


def test_element_that_the_table_lacks(
    halides: pd.DataFrame, no_tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = element_table()
    rows = full.rows.copy()
    rows[55] = float("nan")
    monkeypatch.setattr("matwidgets.trainings.element_table", lambda: ElementTable("small", rows))
    with pytest.raises(InputError) as caught:
        mw.train(frame=halides)
    assert str(caught.value) == "Formula 'CsF' has Cs, which the element table small lacks; remove its row"


def test_two_energies_share_a_trunk_and_become_two_models(
    halides: pd.DataFrame, no_tables: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tables(name: str, grouped: int | None = None) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        factor = 0.1 if name == "formation_energy" else -0.01
        frame = halides.assign(target=factor * halides["target"])
        parts = {"train": frame[:12], "val": frame[12:16], "test": frame[16:]}
        card = {
            "property": name,
            "label": name,
            "unit": "eV/atom",
            "data": [],
            "split": "toy",
            "held_out": "",
        }
        return {k: v.reset_index(drop=True) for k, v in parts.items()}, card

    monkeypatch.setattr(trainings, "published_tables", tables)
    options = dict(property="formation_energy", epochs=2, members=2, out=tmp_path)
    result = mw.train(**options).wait(120)  # type: ignore[arg-type]
    assert result.path is not None and result.path.name == "formation_energy.safetensors"
    files = sorted(p.name for p in tmp_path.glob("*.safetensors"))
    assert files == ["decomposition_energy.safetensors", "formation_energy.safetensors"]
    stability = Predictor.from_file(tmp_path / files[0])
    assert stability.members == 2 and stability.networks[0].config.outputs == 1
    for made, factor in ((result.predictor, 0.1), (stability, -0.01)):
        assert made.mean == pytest.approx(factor * halides["target"][:12].mean(), rel=1e-6)
        assert len(made.card["val_mae_members"]) == len(made.card["test_mae_members"]) == 2
        assert made.card["trunk"] == ["decomposition_energy", "formation_energy"]

    def shuffled(name: str, grouped: int | None = None) -> tuple[dict[str, pd.DataFrame], dict[str, object]]:
        parts, card = tables(name, grouped)
        return (parts if name == "formation_energy" else {k: v[::-1] for k, v in parts.items()}), card

    monkeypatch.setattr(trainings, "published_tables", shuffled)
    with pytest.raises(DataError, match="share a trunk have other formulas"):
        mw.train(**options | {"out": None}).wait(120)  # type: ignore[arg-type]
