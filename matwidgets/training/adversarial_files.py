"""A trained generator and critic of formulas on disk: weights in half precision and the card, one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from matwidgets.errors import CheckpointError
from matwidgets.models.wgan import Critic, CriticConfig, Generator, generator_config, make_generator
from matwidgets.training import cards, checkpoints

FORMAT = 1
_GENERATOR, _CRITIC = "generator.", "critic."
INTRODUCTION = """\
Written by the training itself; see the command of each model. An epoch is a fixed number of iterations, an iteration
one step of the generator. Legible is the share of matrices that are a formula of at least two elements, unique that of
distinct compositions, neutral that of formulas whose charges can cancel by smact's rule; a generator that always gives
the same few formulas can be highly neutral, so no share means much without the others."""


class Stored(NamedTuple):
    """What a file holds; the networks in single precision and evaluation mode."""

    generator: Generator
    critic: Critic
    card: dict[str, Any]


def write(path: Path, generator: Generator, critic: Critic, card: Mapping[str, Any]) -> Path:
    """Write both networks and their card (data, recipe, metrics, command: all a reader needs, as JSON)."""
    header = {
        "format": FORMAT, "word": "wgan", "card": dict(card),
        "generator": {"kind": generator.config.kind, **asdict(generator.config)}, "critic": asdict(critic.config),
    }  # fmt: skip
    tensors = {f"{_GENERATOR}{name}": value for name, value in generator.state_dict().items()}
    tensors |= {f"{_CRITIC}{name}": value for name, value in critic.state_dict().items()}
    return checkpoints.write(path, checkpoints.half(tensors), header)


def read(path: Path) -> Stored:
    """Read what ``write`` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another paper or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if header.get("format") != FORMAT or header.get("word") != "wgan":
        raise CheckpointError(
            f"{path} holds {header.get('word') or 'something else'} in format {header.get('format')}; this reads wgan "
            f"in format {FORMAT}: give a folder that `matwidgets train wgan` has finished"
        )
    try:
        values = dict(header["generator"])
        generator = make_generator(generator_config(values.pop("kind"), values))
        critic = Critic(CriticConfig(**header["critic"] | {"hidden": tuple(header["critic"]["hidden"])}))
        for net, prefix in ((generator, _GENERATOR), (critic, _CRITIC)):
            own = net.state_dict()
            net.load_state_dict(
                {
                    name.removeprefix(prefix): value.to(own[name.removeprefix(prefix)].dtype)
                    for name, value in tensors.items()
                    if name.startswith(prefix)
                }
            )
            net.eval().requires_grad_(False)
        return Stored(generator, critic, header["card"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished model in ``folder``, shipped or only recorded."""
    sections = ["# Model cards", "", INTRODUCTION, ""]
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob(f"*{cards.RECORD}")]):
        if path.name.endswith(cards.RECORD):
            sections += card_lines(path, json.loads(path.read_text(encoding="utf-8")))
        elif not path.name.startswith("training"):
            sections += card_lines(path, checkpoints.read(path)[1])
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One model's card as Markdown lines."""
    card, generator = header["card"], dict(header["generator"])
    size = header.get("bytes") or path.stat().st_size
    kept = "its weights are not shipped" if "bytes" in header else "half precision"
    lines = [
        f"## Generator and critic of formulas (`{path.name}`)",
        "",
        f"* generator and critic of `{card['word']}`, preset `{card['preset']}`; {kept}, {size / 1e6:.2f} MB",
        f"* generator: {generator.pop('kind')}, {_listed(generator)}",
        f"* critic: {_listed(header['critic'])}",
        f"* recipe: {_listed(card['recipe'])}",
        f"* split: {card['split']}; selection: {card['selection']}",
        f"* trained for {card['iterations']:,} of {card['planned']:,} iterations, {card['seconds_an_iteration']:.3g} s "
        f"each, in {card['seconds'] / 60:.1f} min of wall time",
        f"* left out: {_listed(card['refused']) or 'no formula'}",
        f"* at the end: {_listed({name: f'{value:.4g}' for name, value in card['measured'].items()})}",
        f"* versions: {_listed(card['versions'])}",
        f"* makes it again: `{card['command']}`",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
