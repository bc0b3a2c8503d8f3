"""A trained space-group classifier on disk: its weights in half precision and its card, in one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from matwidgets.errors import CheckpointError
from matwidgets.models.powder_filters import SpaceGroupConfig, SpaceGroupNet
from matwidgets.training import checkpoints

FORMAT = 1
WORD = "dual_vae"
PART = "space_group"
COMMAND = "matwidgets train dual_vae --part filters"
WHOLE = ("running_mean", "running_var")  # half precision knows no variance above 65,504


def write(path: Path, net: SpaceGroupNet, card: Mapping[str, Any]) -> Path:
    """Write a network and its card (data, recipe, metrics, command: all a reader needs, as JSON)."""
    stored: dict[str, Tensor] = {}
    for name, value in net.state_dict().items():
        stored |= {name: value} if name.endswith(WHOLE) else checkpoints.half({name: value})
    header = {
        "format": FORMAT, "word": WORD, "part": PART, "config": asdict(net.config), "card": dict(card)
    }  # fmt: skip
    return checkpoints.write(path, stored, header)


def read(path: Path) -> tuple[SpaceGroupNet, dict[str, Any]]:
    """The network, in single precision and evaluation mode, and its card.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another part or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if (header.get("format"), header.get("word"), header.get("part")) != (FORMAT, WORD, PART):
        what = f"{header.get('word') or 'something else'}, {header.get('part') or 'no part of it'},"
        raise CheckpointError(
            f"{path} holds {what} in format {header.get('format')}; this reads {WORD}, {PART}, in format {FORMAT}: "
            f"give a folder that `{COMMAND}` has finished"
        )
    try:
        sizes: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in header["config"].items()
        }
        net = SpaceGroupNet(SpaceGroupConfig(**sizes))
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
        return net.eval().requires_grad_(False), header["card"]
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def rounded(net: SpaceGroupNet) -> SpaceGroupNet:
    """The network as a reader of the file will have it, so that a card tells of the weights that are shipped."""
    kept = SpaceGroupNet(net.config)
    kept.load_state_dict(
        {
            k: v if k.endswith(WHOLE) else checkpoints.half({k: v})[k].to(v.dtype)
            for k, v in net.state_dict().items()
        }
    )
    return kept.eval().requires_grad_(False)


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One classifier's card as Markdown lines."""
    card = header["card"]
    lines = [
        f"## Space groups of {card['patterns']} patterns (`{path.name}`)",
        "",
        f"* classifier of `{WORD}`, preset `{card['preset']}`, {card['weights']:,} weights; half precision, "
        f"{path.stat().st_size / 1e6:.2f} MB",
        f"* network: {_listed(header['config'])}",
        f"* recipe: {_listed(card['recipe'])}",
        f"* split: {card['split']}; selection: {card['selection']}",
        f"* reconstructed by the autoencoder whose weights have the digest {card['autoencoder']}",
        f"* trained for {card['epochs']} of {card['recipe']['epochs']} epochs in {card['seconds'] / 60:.0f} min of "
        "wall time",
        f"* versions: {_listed(card['versions'])}",
        f"* makes it again: `{card['command']}`",
        "",
        "| rows | patterns | space group | among five | crystal system | cross-entropy, nats |",
        "|---|---|---|---|---|---|",
    ]
    for name, title in (("val", "validation"), ("test", "test")):
        for kind, found in card["measured"].get(name, {}).items():
            lines.append(
                f"| {title}, {found['rows']} | {kind} | {found['groups']:.3f} | {found['top']:.3f} "
                f"| {found['systems']:.3f} | {found['loss']:.2f} |"
            )
    if card["majority"] is not None:
        common = [f"{card['majority'][name]:.3f}" for name in ("groups", "top", "systems")]
        lines.append(f"| test, always the most common | any | {' | '.join(common)} | |")
    lines += [
        "",
        "Noisy: with noise of 1 % of the largest value of a pattern.",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
