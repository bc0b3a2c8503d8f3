"""A trained one-hot VAE on disk: its weights in half precision and its card, in one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matwidgets.errors import CheckpointError
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.training import checkpoints

FORMAT = 1


def write(path: Path, net: OneHotVAE, card: Mapping[str, Any]) -> Path:
    """Write a network and its card (data, recipe, metrics, command: everything a reader needs, as JSON)."""
    header = {"format": FORMAT, "word": "onehot_vae", "config": asdict(net.config), "card": dict(card)}
    return checkpoints.write(path, checkpoints.half(net.state_dict()), header)


def read(path: Path) -> tuple[OneHotVAE, dict[str, Any]]:
    """The network, in single precision and evaluation mode, and its card.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another paper or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if header.get("format") != FORMAT or header.get("word") != "onehot_vae":
        raise CheckpointError(
            f"{path} holds {header.get('word') or 'something else'} in format {header.get('format')}; this reads "
            f"onehot_vae in format {FORMAT}: give a folder that `matwidgets train onehot_vae` has finished"
        )
    try:
        net = OneHotVAE(OneHotVAEConfig(**header["config"]))
        net.load_state_dict({name: value.float() for name, value in tensors.items()})
        return net.eval().requires_grad_(False), header["card"]
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished network in ``folder``."""
    sections = ["# Model cards", "", "Written by the training itself; see the command of each model.", ""]
    for path in sorted(folder.glob("*.safetensors")):
        if not path.name.startswith("training"):
            _, header = checkpoints.read(path)
            sections += card_lines(path, header)
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One network's card as Markdown lines."""
    card, decoding = header["card"], header["card"]["decoding"]
    lines = [
        f"## One-hot VAE (`{path.name}`)",
        "",
        f"* encoder, decoder and classifier of `{card['word']}`, preset `{card['preset']}`; half precision, "
        f"{path.stat().st_size / 1e6:.2f} MB",
        f"* network: {', '.join(f'{k} {v}' for k, v in header['config'].items())}",
        f"* recipe: {', '.join(f'{k} {v}' for k, v in card['recipe'].items())}",
        f"* split: {card['split']}; selection: {card['selection']}",
        f"* classes: {card['classes']}",
        f"* decoding: {decoding['rule']}, threshold {decoding['threshold']:g}, tolerance {decoding['tolerance']:g} "
        f"({decoding['chosen']})",
    ]
    for name in ("val", "test"):
        if name in card["measured"]:
            lines.append(f"* {name}: {_measured(card['measured'][name])}")
    if "samples" in card["measured"]:
        lines.append(f"* samples: {_samples(card['measured']['samples'])}")
    lines += [
        f"* versions: {', '.join(f'{k} {v}' for k, v in card['versions'].items())}",
        f"* makes it again: `{card['command']}`",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def _measured(seen: Mapping[str, Any]) -> str:
    text = (
        f"negative ELBO {seen['nelbo']:.2f} nats a material (reconstruction {seen['reconstruction']:.2f}, divergence "
        f"{seen['divergence']:.2f}), {seen['active']} of {len(seen['units'])} latent dimensions active"
    )
    if seen["accuracy"] is not None:
        text += f"; the classifier names the number of components of {seen['accuracy']:.1%}"
    return text


def _samples(seen: Mapping[str, Any]) -> str:
    text = f"{seen['n']} of the prior, seed {seen['seed']}, against {seen['against']}"
    for rule in ("smallest_denominator", "threshold_gcd"):
        found = seen[rule]
        text += (
            f"; {rule}: divergence of the element prevalence {found['kl_counts']:.3f} nats by atoms and "
            f"{found['kl_fractions']:.3f} by fractions, {found['elements_distance']:.1%} would have to change their "
            f"number of elements, {found['distinct']:.1%} distinct"
        )
    return text
