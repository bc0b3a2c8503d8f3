"""The card of a trained disentangled VAE as a README: what it learned from, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matwidgets.training import checkpoints

INTRODUCTION = """\
Written by the training itself; see the command of each model. Each seed has a split of its own, as in the paper; a
member's numbers are of its own validation and test rows, and mean and standard deviation are over the seeds. Of the
ensemble there is no test error: what one member has for test rows, others were trained on. Epochs and temperature are
chosen on validation rows; no gradient sees these, and nothing is chosen on test rows. Calibration is that of each
member's probabilities on its own test rows, all seeds together; the expected calibration error has ten bins."""


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished model in ``folder``."""
    sections = ["# Model cards", "", INTRODUCTION, ""]
    for path in sorted(folder.glob("*.safetensors")):
        if not path.name.startswith("training"):
            sections += card_lines(path, checkpoints.read(path)[1])
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One model's card as Markdown lines."""
    card, domain = header["card"], header["card"]["domain"]
    seeds = [member["seed"] for member in card["members"]]
    size = path.stat().st_size
    lines = [
        f"## Disentangled VAE (`{path.name}`)",
        "",
        f"* {header['members']} member{'s' * (header['members'] > 1)} of `{card['word']}`, preset `{card['preset']}`, "
        f"seeds {_joined(seeds)}; half precision, {size / 1e6:.2f} MB",
        f"* network: {_pairs(header['config'])}",
        f"* recipe: {_pairs({k: v for k, v in card['recipe'].items() if k != 'seed'})}",
        f"* split: {card['split']}",
        f"* selection: {card['selection']}",
        f"* conflicting labels: {'; '.join(card['conflicts']) or 'none'}",
        f"* temperature: {card['temperature']:.3g}, of the validation rows of all seeds; latent space of seed "
        f"{seeds[card['shown']]} (highest validation accuracy)",
        f"* domain: at most {domain['threshold']:.0%} of the atoms must be exchanged to reach one of {domain['rows']} "
        f"labelled training alloys, of whose elements it is made ({domain['chosen']})",
        f"* trained in {sum(m['seconds'] for m in card['members']) / 60:.1f} min of wall time, pauses not counted",
        f"* versions: {_pairs(card['versions'])}",
        f"* makes it again: `{card['command']}`",
        "",
        "| rows | accuracy | AUC | cross-entropy, nats | evidence lower bound, nats |",
        "|---|---|---|---|---|",
    ]
    for name, title in (("labelled", "training"), ("val", "validation"), ("test", "test")):
        found = card["measured"][name]
        cells = [_spread(found[key]) for key in ("accuracy", "auc", "loss", "elbo")]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += [
        "",
        "| seed | epochs kept | validation accuracy | test accuracy | test AUC |",
        "|---|---|---|---|---|",
    ]
    lines += [_member(member) for member in card["members"]]
    before, after = card["calibration"]["before"], card["calibration"]["after"]
    lines += [
        "",
        f"Expected calibration error on the test rows: {after['ece']:.3f} with the temperature, {before['ece']:.3f} "
        f"without ({after['n']} rows).",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def _member(member: Mapping[str, Any]) -> str:
    epochs = _pairs(member["best_epochs"]) or f"the last of {member['epochs']}"
    val, test = member["val"], member["test"]
    return (
        f"| {member['seed']} | {epochs} | {_number(val['accuracy'])} | {_number(test['accuracy'])} "
        f"| {_number(test['auc'])} |"
    )


def _number(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"


def _spread(found: Mapping[str, float | None]) -> str:
    mean, std = found["mean"], found["std"]
    if mean is None:
        return "not measured"
    return f"{mean:.3f}" if std is None else f"{mean:.3f} ± {std:.3f}"


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _joined(values: list[int]) -> str:
    return ", ".join(map(str, values))
