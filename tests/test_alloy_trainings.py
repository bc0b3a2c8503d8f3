"""Training the disentangled VAE on computed alloys: seeds, card, resuming, and tables that cannot be learned from."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

import matwidgets as mw
from matwidgets.alloy_models import CHECKPOINTS, AlloyModel
from matwidgets.alloy_trainings import train_alloys
from matwidgets.data import builtin
from matwidgets.data.splits import semi_supervised_split
from matwidgets.errors import CheckpointError, InputError, MissingTableError
from matwidgets.training import alloy_cards, alloy_tables, checkpoints, classifiers
from matwidgets.training.classification import auc, reliability, temperature
from matwidgets.training.semi_supervised import UNKNOWN
from matwidgets.training.states import state_file


def table(rows: int = 120) -> pd.DataFrame:
    return builtin.alloys(rows, seed=1)[["formula", "single_phase"]]


@pytest.fixture(autouse=True)
def no_tables(monkeypatch, tmp_path):
    monkeypatch.delenv("MATWIDGETS_DATA_MIRROR", raising=False)
    monkeypatch.setenv("MATWIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alloys")
    run = train_alloys(frame=table(), epochs=3, members=2, seed=4, out=folder)
    return run, run.wait(120), folder


def test_the_seeds_train_one_after_the_other(trained):
    run, result, _ = trained
    assert [r["step"] for r in run.history] == [1, 2, 3, 4, 5, 6] and run.total == 6
    assert [r["member"] for r in run.history] == [0, 0, 0, 1, 1, 1]
    terms = {term["name"] for term in run.meta["terms"]}
    assert terms <= set(run.history[-1]["terms"])
    assert [member["seed"] for member in result.card["members"]] == [4, 5]
    weights = [net.classifier[0].weight for net in result.model.networks]
    assert not torch.equal(*weights)


def test_the_card_tells_what_the_file_holds(trained):
    _, result, folder = trained
    again = AlloyModel.from_directory(folder)
    assert result.path == folder / "disentangled_vae.safetensors"
    alloys = alloy_tables.of_frame(table())
    logits, labels = {"val": [], "test": []}, {"val": [], "test": []}
    for net, member in zip(again.networks, again.card["members"], strict=True):
        parts = alloys.parts(member["seed"])
        for name in logits:
            logits[name].append(net.classify(parts[name].f).double().numpy())
            labels[name].append(parts[name].y.numpy())
        assert member["test"]["accuracy"] == pytest.approx(
            ((logits["test"][-1] > 0) == labels["test"][-1]).mean()
        )
        assert member["test"]["auc"] == pytest.approx(auc(labels["test"][-1], logits["test"][-1]))
    found = [m["test"]["accuracy"] for m in again.card["members"]]
    assert again.card["measured"]["test"]["accuracy"] == {
        "mean": pytest.approx(np.mean(found)), "std": pytest.approx(np.std(found, ddof=1))
    }  # fmt: skip
    # The temperature is fitted on validation rows; the test rows only tell what it is worth.
    t = temperature(np.concatenate(labels["val"]), np.concatenate(logits["val"]))
    assert again.temperature == pytest.approx(t)
    stated = 1 / (1 + np.exp(-np.concatenate(logits["test"]) / t))
    ece = reliability(np.concatenate(labels["test"]), stated).ece
    assert again.card["calibration"]["after"]["ece"] == pytest.approx(ece)
    best = max(m["val"]["accuracy"] for m in again.card["members"])
    assert again.card["members"][again.shown]["val"]["accuracy"] == best


def test_the_domain_is_of_the_labelled_rows_and_its_limit_of_validation(trained):
    _, result, _ = trained
    alloys = alloy_tables.of_frame(table())
    labelled = {row for seed in (4, 5) for row in alloys.split(seed).labelled.tolist()}
    assert len(result.model.domain.numbers) == len(labelled) < len(alloys.y)
    frame = result.model.predict([alloys.formulas[row] for row in sorted(labelled)])
    assert (frame["distance"] == 0).all() and frame["in_domain"].all()
    assert 0 < result.model.domain.threshold < 1


def test_the_readme_lists_it(trained):
    _, result, folder = trained
    text = (folder / "README.md").read_text(encoding="utf-8")
    accuracy = result.card["measured"]["test"]["accuracy"]
    assert f"| test | {accuracy['mean']:.3f} ± {accuracy['std']:.3f} |" in text
    assert "96 labelled, 0 unlabelled, 12 validation, 12 test rows" in text
    assert "seeds 4, 5" in text
    header = checkpoints.read(result.path)[1]
    assert "\n".join(alloy_cards.card_lines(result.path, header)).strip() in text
    json.dumps(header, allow_nan=False)


def test_the_shipped_card_is_the_one_of_the_shipped_weights(tmp_path):
    folder = CHECKPOINTS / "disentangled_vae"
    (tmp_path / "disentangled_vae.safetensors").write_bytes(
        (folder / "disentangled_vae.safetensors").read_bytes()
    )
    written = alloy_cards.write_readme(tmp_path).read_text(encoding="utf-8")
    assert written == (folder / "README.md").read_text(encoding="utf-8")


def test_an_interrupted_training_goes_on_bit_by_bit(trained, tmp_path):
    _, whole, _ = trained
    run = train_alloys(frame=table(), epochs=3, members=2, seed=4, out=tmp_path, start=False)
    run.step(4)
    run.stop()
    half = run.wait(60)
    if run.steps == 4:
        assert half.path is None and half.model.members == 1
    run.save(state_file(tmp_path))
    again = train_alloys(frame=table(), epochs=3, members=2, seed=4, out=tmp_path, resume=True).wait(120)
    for a, b in zip(whole.model.networks, again.model.networks, strict=True):
        for one, other in zip(a.state_dict().values(), b.state_dict().values(), strict=True):
            assert torch.equal(one, other)
    assert not state_file(tmp_path).exists()


def test_another_training_is_not_gone_on_with(tmp_path):
    run = train_alloys(frame=table(), epochs=3, members=1, out=tmp_path, start=False)
    run.step(1)
    run.stop()
    run.wait(60)
    run.save(state_file(tmp_path))
    other = train_alloys(frame=table(), epochs=2, members=1, out=tmp_path, resume=True)
    with pytest.raises(CheckpointError, match="of another training .different: epochs"):
        other.wait(60)
    with pytest.raises(InputError, match="Nothing to resume"):
        train_alloys(frame=table(), out=tmp_path / "none", resume=True)


def test_rows_without_a_label_are_learned_from_as_unlabelled():
    frame = table().astype({"single_phase": float})
    frame.loc[:39, "single_phase"] = np.nan
    alloys = alloy_tables.of_frame(frame)
    split = alloys.split(0)
    assert split.unlabelled.tolist() == list(range(40))
    assert [len(part) for part in split] == [64, 40, 8, 8]
    parts = alloys.parts(0)
    assert (parts["train"].y == UNKNOWN).sum() == 40 and (parts["val"].y != UNKNOWN).all()


def test_the_published_table_is_split_as_in_the_paper():
    frame = table(300)
    alloys = alloy_tables.of_formulas(
        frame["formula"].tolist(), frame["single_phase"].to_numpy(), [],
        [{"name": alloy_tables.TABLE, "sha256": "", "rows": 300}],
    )  # fmt: skip
    mine, theirs = alloys.split(3), semi_supervised_split(frame["formula"].tolist(), 3)
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(one, other)
    # No label of an unlabelled row reaches the training.
    hidden = alloys.parts(3)["train"].y[len(mine.labelled) :]
    assert len(hidden) == len(mine.unlabelled) and (hidden == UNKNOWN).all()


def test_conflicting_labels_are_listed():
    frame = pd.concat(
        [table(), pd.DataFrame({"formula": ["NbMoTaW", "MoNbTaW"], "single_phase": [1, 0]})],
        ignore_index=True,
    )
    run = train_alloys(frame=frame, epochs=1, members=1, start=False)
    assert run.meta["conflicts"] == ["TaNbMoW (conflicting: NbMoTaW = 1, MoNbTaW = 0)"]
    assert run.start().wait(60).card["conflicts"] == run.meta["conflicts"]


def test_through_the_face():
    frame = table().rename(columns={"formula": "alloy", "single_phase": "phase"})
    result = mw.train("disentangled_vae", frame=frame, target="phase", epochs=1, members=1).wait(60)
    assert isinstance(result.model, AlloyModel) and result.path is None
    assert "test accuracy" in repr(result)
    with pytest.raises(
        InputError, match="test was given, but disentangled_vae learns alloys and labels alone"
    ):
        mw.train("disentangled_vae", frame=frame, test=frame)
    with pytest.raises(MissingTableError, match="matwidgets data fetch yan2021_alloys"):
        mw.train("disentangled_vae")


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (
            {"single_phase": 1},
            {},
            "column 'single_phase' has 120 alloys with a single phase and 0 with several",
        ),
        ({"single_phase": 2}, {}, "Label 2 of .* in column 'single_phase': write 1 for a single phase"),
        ({}, {"target": "phase"}, "The table has no column 'phase', it has formula, single_phase"),
        ({"formula": "FeO"}, {}, "holds O"),
        ({}, {"preset": "huge"}, "Unknown preset 'huge'"),
        ({}, {"members": 0}, "members is 0"),
        ({}, {"epochs": 0}, "epochs is 0"),
        ({}, {"word": "crabnet"}, "No alloy model 'crabnet'"),
    ],
)
def test_what_cannot_be_trained(change, options, message):
    with pytest.raises(InputError, match=message):
        train_alloys(frame=table().assign(**change), start=False, **options)


def test_too_few_rows():
    with pytest.raises(InputError, match="6 labelled alloys are too few"):
        train_alloys(
            frame=pd.DataFrame({"formula": [f"FeNi{i}" for i in range(1, 7)], "single_phase": [0, 1] * 3})
        )


@pytest.mark.slow
def test_the_shipped_numbers_come_out_again(monkeypatch):
    monkeypatch.undo()  # the real tables
    result = train_alloys(members=1).wait(300)
    shipped = classifiers.read(CHECKPOINTS / "disentangled_vae" / "disentangled_vae.safetensors")[2]
    assert result.card["members"][0]["test"] == pytest.approx(shipped["members"][0]["test"], abs=0.03)
