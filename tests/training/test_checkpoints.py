"""Checkpoints: round trips, half precision, and every way a file can be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from matwidgets.errors import CheckpointError
from matwidgets.models.crabnet import CrabNet, CrabNetConfig
from matwidgets.training import checkpoints, members
from matwidgets.training.domain import Domain

CONFIG = CrabNetConfig.compact(d_model=16, d_feedforward=16, head=(8,), heads=2, layers=1)


def ensemble(path: Path) -> list[CrabNet]:
    networks = [CrabNet(CONFIG).eval() for _ in range(2)]
    domain = Domain.of(np.array([[22, 6]]), np.array([[0.5, 0.5]], dtype=np.float32), 0.4)
    domain = replace(domain, disagreement=0.7)
    members.write(path, networks, domain, {"property": "x"})
    return networks


def test_members_round_trip(tmp_path: Path) -> None:
    written = ensemble(tmp_path / "m.safetensors")
    read, domain, card = members.read(tmp_path / "m.safetensors")
    assert (
        card == {"property": "x"}
        and (domain.threshold, domain.disagreement) == (0.4, 0.7)
        and domain.elements() == {22, 6}
    )
    numbers, fractions = torch.tensor([[22, 6]]), torch.tensor([[0.3, 0.7]])
    for a, b in zip(written, read, strict=True):
        assert not b.training and not any(p.requires_grad for p in b.parameters())
        torch.testing.assert_close(
            a(numbers, fractions).value, b(numbers, fractions).value, atol=2e-3, rtol=2e-3
        )


def test_nothing_but_the_file_is_left(tmp_path: Path) -> None:
    ensemble(tmp_path / "m.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_nested_state_round_trip() -> None:
    state = {"a": [torch.ones(2), {"b": 1.5, 3: None}], "c": (torch.zeros(1), "text"), "d": True, (0, 1): 4}
    tensors, skeleton = checkpoints.flatten(state)
    back = checkpoints.unflatten(tensors, json.loads(json.dumps(skeleton)))
    assert back[0, 1] == 4  # a key of Lookahead's state
    assert torch.equal(back["a"][0], torch.ones(2)) and back["a"][1] == {"b": 1.5, 3: None}
    assert torch.equal(back["c"][0], torch.zeros(1)) and back["c"][1] == "text" and back["d"] is True


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoints.read(tmp_path / "no")
    assert (
        str(caught.value)
        == f"No checkpoint at {tmp_path / 'no'}; give a folder that `matwidgets train` wrote"
    )


@pytest.mark.parametrize("damage", ["cut", "noise", "empty"])
def test_corrupt(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m.safetensors"
    ensemble(path)
    raw = path.read_bytes()
    path.write_bytes({"cut": raw[:-100], "noise": b"\xff" * 200, "empty": b""}[damage])
    with pytest.raises(CheckpointError) as caught:
        members.read(path)
    assert str(caught.value).startswith(f"Checkpoint {path} is corrupt (") and "\n" not in str(caught.value)


def test_foreign(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"x": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match="was not written by matwidgets"):
        checkpoints.read(tmp_path / "x.safetensors")


def test_unfinished_training_is_not_a_model(tmp_path: Path) -> None:
    path = checkpoints.write(tmp_path / "t.safetensors", {"x": torch.ones(1)}, {"state": {}})
    with pytest.raises(CheckpointError) as caught:
        members.read(path)
    assert str(caught.value) == (
        f"{path} is no finished training; give a folder that `matwidgets train` has ended in"
    )


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (-1, "older than this version reads ({}): train it again, or install the version that wrote it"),
        (1, "newer than this version reads ({}): install a newer matwidgets"),
    ],
)
def test_other_formats(tmp_path: Path, step: int, text: str) -> None:
    path = tmp_path / "m.safetensors"
    ensemble(path)
    tensors, header = checkpoints.read(path)
    checkpoints.write(path, tensors, header | {"format": members.FORMAT + step})
    with pytest.raises(CheckpointError) as caught:
        members.read(path)
    assert str(caught.value) == f"{path} has format {members.FORMAT + step}, {text.format(members.FORMAT)}"


@pytest.mark.parametrize("damage", ["flip", "cut", "rows"])
def test_damaged_domain(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m.safetensors"
    ensemble(path)
    tensors, header = checkpoints.read(path)
    data = tensors["domain"]
    if damage == "flip":
        data[len(data) // 2] ^= 1
    elif damage == "cut":
        tensors["domain"] = data[:-3]
    else:
        header["domain"]["rows"] += 1
    checkpoints.write(path, tensors, header)
    with pytest.raises(CheckpointError) as caught:
        members.read(path)
    assert str(caught.value).startswith(f"Checkpoint {path} is incomplete (") and "\n" not in str(
        caught.value
    )


def test_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    ensemble(path)
    tensors, header = checkpoints.read(path)
    del tensors["1.scales"]
    checkpoints.write(path, tensors, header)
    with pytest.raises(
        CheckpointError, match=r"is incomplete \(.*scales.*\); train it again or install again"
    ):
        members.read(path)
