"""Disentangled VAEs on disk: round trips in half precision, sizes, and every way a file can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from matwidgets.errors import CheckpointError
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.training import checkpoints, classifiers

CARD = {"word": "disentangled_vae", "temperatures": [1.1, 0.9]}


def member(seed: int, **changes: int) -> DisentangledVAE:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = DisentangledVAE(DisentangledVAEConfig(spread=None, **changes))  # type: ignore[arg-type]
        net.standardise(
            1800.123 + 0.4 * torch.randn(50, 8)
        )  # a mean that half precision would move by its deviation
    return net.eval()


def alloys() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(9, 30, generator=generator).softmax(-1), 1800 + torch.randn(9, 8, generator=generator)


def test_members_survive_the_disk(tmp_path: Path) -> None:
    nets, (x, f) = [member(0), member(1)], alloys()
    file = classifiers.write(
        tmp_path / "d.safetensors", nets, CARD, {"known": torch.arange(5, dtype=torch.uint8)}
    )
    again, extra, card = classifiers.read(file)
    assert card == CARD and len(again) == 2 and extra["known"].tolist() == [0, 1, 2, 3, 4]
    for net, copy in zip(nets, again, strict=True):
        assert copy.config == net.config and not copy.training
        assert torch.equal(copy.center, net.center) and torch.equal(copy.scale, net.scale)
        for kept, before in zip(copy(x, f), net(x, f), strict=True):
            # Half precision keeps 11 bits; three layers of about 100 terms.
            torch.testing.assert_close(kept, before.detach(), atol=3e-3, rtol=3e-3)


def test_rounded_is_what_a_reader_gets(tmp_path: Path) -> None:
    net = member(2)
    copy = classifiers.read(classifiers.write(tmp_path / "d.safetensors", [net], CARD))[0][0]
    mine = classifiers.rounded(net).state_dict()
    assert all(torch.equal(value, mine[name]) for name, value in copy.state_dict().items())


def test_five_seeds_of_the_papers_size_are_below_half_a_megabyte(tmp_path: Path) -> None:
    file = classifiers.write(tmp_path / "d.safetensors", [member(i) for i in range(5)], CARD)
    assert file.stat().st_size < 500_000


def test_files_that_are_no_classifier(tmp_path: Path) -> None:
    other = checkpoints.write(
        tmp_path / "o.safetensors", {"a": torch.ones(1)}, {"format": 1, "word": "onehot_vae"}
    )
    with pytest.raises(
        CheckpointError, match="holds onehot_vae in format 1; this reads disentangled_vae in format 1"
    ):
        classifiers.read(other)
    with pytest.raises(CheckpointError, match="No checkpoint at"):
        classifiers.read(tmp_path / "none.safetensors")
    whole = classifiers.write(tmp_path / "d.safetensors", [member(0, width=4)], CARD)
    tensors, header = checkpoints.read(whole)
    del tensors["0.center"]
    with pytest.raises(CheckpointError, match=r'is incomplete \(.*Missing key.*"center".*\); train it again'):
        classifiers.read(checkpoints.write(tmp_path / "half.safetensors", tensors, header))
    whole.write_bytes(whole.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is corrupt"):
        classifiers.read(whole)
