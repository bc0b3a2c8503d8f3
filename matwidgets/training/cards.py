"""Model cards: what a reader must know of shipped weights, as one README a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matwidgets.training import checkpoints

RECORD = ".card.json"
INTRODUCTION = """\
Written by the training itself; see the command of each model. `matwidgets.recarding.recard(path)` measures finished
weights again.

Uncertainty: the aleatoric deviation is the network's own, the epistemic one the spread of the members, and the total
their root of summed squares. Errors are taken as Laplace distributed; the miscalibration area (0 to 0.5) lies between
the share of errors that each interval holds and the share that it should hold, "before" without the factors. Factors
and the limits of the domain come from the validation rows: at most one in twenty of these is outside, so that "outside
the domain" of the test rows, which are of the same kind, is the rate of false alarms."""


def record(weights: Path, folder: Path) -> Path:
    """Keep the card of weights that are too large to ship, as ``<name>.card.json`` in ``folder``.

    Parameters
    ----------
    weights : Path
        A finished model.
    folder : Path
        Where its card goes, beside the shipped models; ``write_readme`` lists it with them.
    """
    _, header = checkpoints.read(weights)
    target = folder / f"{weights.stem}{RECORD}"
    target.write_text(
        json.dumps({**header, "bytes": weights.stat().st_size}, indent=1) + "\n", encoding="utf-8"
    )
    return target


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished model in ``folder``, shipped or only recorded."""
    sections = ["# Model cards", "", INTRODUCTION, ""]
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob(f"*{RECORD}")]):
        if path.name.endswith(RECORD):
            sections += card_lines(path, json.loads(path.read_text(encoding="utf-8")))
        elif not path.name.startswith("training"):
            sections += card_lines(path, checkpoints.read(path)[1])
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: dict[str, Any]) -> list[str]:
    """One model's card as Markdown lines."""
    card, config, unit = header["card"], header["config"], header["card"]["unit"]

    def mae(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.4g} {unit}".strip()

    if "bytes" in header:
        size = f"its weights, {header['bytes'] / 1e6:.0f} MB in half precision, are not shipped"
    else:
        size = f"half precision, {path.stat().st_size / 1e6:.2f} MB"
    lines = [
        f"## {card['label']} (`{path.name}`)",
        "",
        f"* {header['members']} member{'s' * (header['members'] > 1)} of `{card['word']}`, preset `{card['preset']}`, "
        f"seeds {card['recipe']['seeds']}; {size}",
        f"* network: {', '.join(f'{k} {v}' for k, v in config.items())}",
        f"* recipe: {', '.join(f'{k} {v}' for k, v in card['recipe'].items() if k != 'seeds')}",
        f"* element table: {card['element_table']} (folded into a trained embedding; {len(card['elements'])} elements)",
        f"* split: {card['split']}; held out: {card['held_out'] or 'nothing'}; selection: {card['selection']}",
        f"* validation MAE: ensemble {mae(card['val_mae_ensemble'])}; members "
        + (", ".join(mae(v) for v in card["val_mae_members"]) or "not measured"),
        f"* test MAE: ensemble {mae(card['test_mae_ensemble'])}; members "
        + (", ".join(mae(v) for v in card["test_mae_members"]) or "not measured"),
        *(_grouped(card["grouped"], mae) if "grouped" in card else []),
        f"* uncertainty: {_factors(card['calibration'])}, from validation",
        f"* domain: {_rule(header['domain'])}",
        *([_duration(card)] if card.get("seconds") else []),
        f"* versions: {', '.join(f'{k} {v}' for k, v in card['versions'].items())}",
        f"* makes it again: `{card['command']}`",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, "", *_uncertainty(card.get("uncertainty", {}), mae)]


def _duration(card: dict[str, Any]) -> str:
    epochs = ", ".join(map(str, card.get("epochs_members") or [])) or "not recorded"
    return f"* epochs: {epochs}; trained in {card['seconds'] / 60:.0f} min of wall time, pauses not counted"


def _factors(calibration: float | dict[str, float]) -> str:
    if not isinstance(calibration, dict):
        return f"both deviations times {calibration:.3g}"
    a, e = calibration["aleatoric"], calibration["epistemic"]
    return f"both deviations times {a:.3g}" if a == e else f"aleatoric times {a:.3g}, epistemic times {e:.3g}"


def _rule(domain: dict[str, Any]) -> str:
    """What counts as inside, in one sentence."""
    text = (
        "a composition is inside if each of its elements occurs in training, at most "
        f"{100 * domain['threshold']:.0f} % of its atoms must be exchanged to reach a training row"
    )
    if domain.get("disagreement") is None:
        return text
    return (
        f"{text}, and the members disagree by at most {domain['disagreement']:.2g} standard deviations of the training "
        "targets"
    )


def _grouped(found: dict[str, Any], mae: Callable[[float | None], str]) -> list[str]:
    return [
        f"* {found['split']}: test MAE {mae(found['test_mae_ensemble'])} of {len(found['test_mae_members'])} members, "
        f"alone {', '.join(mae(v) for v in found['test_mae_members'])} (`{found['command']}`)"
    ]


def _uncertainty(measured: dict[str, dict[str, Any]], mae: Callable[[float | None], str]) -> list[str]:
    """Table of what the uncertainties and the domain are worth on validation and test."""
    if not measured:
        return []
    lines = [
        "| rows | miscalibration area (before) | within the 90 % interval (before) | outside the domain "
        "| MAE inside | MAE outside |",
        "|---|---|---|---|---|---|",
    ]
    for name, title in (("val", "validation"), ("test", "test")):
        if name not in measured:
            continue
        found = measured[name]
        lines.append(
            f"| {title}, {found['n']} | {found['miscalibration_area']:.3f} ({found['miscalibration_area_before']:.3f}) "
            f"| {found['coverage90']:.3f} ({found['coverage90_before']:.3f}) | {found['in_domain_false_alarm']:.3f} "
            f"| {mae(found['mae_inside'])} | {mae(found['mae_outside'])} |"
        )
    return [*lines, ""]
