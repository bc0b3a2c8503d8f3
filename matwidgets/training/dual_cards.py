"""Model cards of the dual VAE and its filters, as one README of their folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matwidgets.training import checkpoints, dual_files, filter_files

INTRODUCTION = """\
Written by the training itself; see the command of each model. Divergences are in nats. Choices were made on validation
rows alone; errors are of test rows where nothing else is said. AFLOW's properties are read by networks that have not
seen the test rows' compositions; the autoencoders may have seen these, without any value of a property."""


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished model in ``folder``."""
    sections = ["# Model cards", "", INTRODUCTION, ""]
    for path in sorted(folder.glob("*.safetensors")):
        if path.name.startswith("training"):
            continue
        header = checkpoints.read(path)[1]
        lines = card_lines if header.get("part") == dual_files.PART else filter_files.card_lines
        sections += lines(path, header)
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One dual VAE's card as Markdown lines."""
    card = header["card"]
    decoding, density = card["decoding"], card["density"]
    tried = ", ".join(f"{k}: {score:.1f}" for k, score in density["val_log_likelihood"].items())
    lines = [
        f"## Dual VAE (`{path.name}`)",
        "",
        f"* both autoencoders of `{card['word']}`, preset `{card['preset']}`, trained on {card['label']}; half "
        f"precision, {path.stat().st_size / 1e6:.2f} MB",
    ]
    for name in ("composition", "pattern"):
        done = card["trained"][name]
        lines.append(
            f"* {name}s: {_listed(header[name])}; recipe: {_listed(card['recipes'][name])}; {done['epochs']} epochs in "
            f"{done['seconds'] / 60:.1f} min of wall time"
        )
    lines += [
        f"* split: {card['split']}; selection: {card['selection']}",
        f"* formulas: threshold {decoding['threshold']:g}, tolerance {decoding['tolerance']:g}, which give back most "
        "validation formulas",
        f"* density: Gaussian mixture of {density['components']} components (mean log-likelihood of validation "
        f"posteriors by number of components: {tried}); floor {density['floor']:.1f}, {density['chosen']}",
        f"* versions: {_listed(card['versions'])}",
        f"* makes it again: `{card['command']}`",
        "",
        "| rows | compositions: formula given back | elements right | atoms to exchange | active | patterns: cosine "
        "| peak recall | peak precision | active |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, title in (("val", "validation"), ("test", "test")):
        left, right = card["measured"][name]["composition"], card["measured"][name]["pattern"]
        lines.append(
            f"| {title}, {left['rows']} | {left['returned']:.1%} | {left['elements']:.1%} | {left['error']:.1%} "
            f"| {left['active']} of {len(left['units'])} | {right['cosine']:.3f} | {right['recall']:.3f} "
            f"| {right['precision']:.3f} | {right['active']} of {len(right['units'])} |"
        )
    lines += ["", *_properties(card), "| data | rows | sha256 |", "|---|---|---|"]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def _properties(card: Mapping[str, Any]) -> list[str]:
    """What the networks on the latent space are worth on test rows."""
    if not card["properties"]:
        return []
    lines = [
        f"Properties read off the latent space, test rows; stable is {card['stable']}:",
        "",
        "| property | rows | MAE | RMSE | R2 | within two deviations | accuracy (majority) | AUC |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, s in card["properties"].items():
        if "mae" in s:
            lines.append(
                f"| {name}, {s['unit']} | {s['n']} | {s['mae']:.3g} | {s['rmse']:.3g} | {s['r2']:.3f} "
                f"| {s['coverage']:.1%} | | |"
            )
        else:
            area = "" if s["auc"] is None else f"{s['auc']:.3f}"
            lines.append(
                f"| {name} | {s['n']} | | | | | {s['accuracy']:.3f} ({s['majority']:.3f}) | {area} |"
            )
    return [*lines, ""]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
