"""Model cards: what a reader must know of shipped weights, as one README a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matwidgets.training import checkpoints


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished model in ``folder``."""
    sections = ["# Model cards", "", "Written by the training itself; see the command of each model.", ""]
    for path in sorted(folder.glob("*.safetensors")):
        if not path.name.startswith("training"):
            _, header = checkpoints.read(path)
            sections += card_lines(path, header)
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: dict[str, Any]) -> list[str]:
    """One model's card as Markdown lines."""
    card, config, unit = header["card"], header["config"], header["card"]["unit"]

    def mae(value: float | None) -> str:
        return "not measured" if value is None else f"{value:.4g} {unit}".strip()

    lines = [
        f"## {card['label']} (`{path.name}`)",
        "",
        f"* {header['members']} members of `{card['word']}`, preset `{card['preset']}`, seeds {card['recipe']['seeds']}"
        f"; half precision, {path.stat().st_size / 1e6:.2f} MB",
        f"* network: {', '.join(f'{k} {v}' for k, v in config.items())}",
        f"* recipe: {', '.join(f'{k} {v}' for k, v in card['recipe'].items() if k != 'seeds')}",
        f"* element table: {card['element_table']} (folded into a trained embedding; {len(card['elements'])} elements)",
        f"* split: {card['split']}; held out: {card['held_out'] or 'nothing'}; selection: {card['selection']}",
        f"* validation MAE: ensemble {mae(card['val_mae_ensemble'])}; members "
        + (", ".join(mae(v) for v in card["val_mae_members"]) or "not measured"),
        f"* test MAE: ensemble {mae(card['test_mae_ensemble'])}; members "
        + (", ".join(mae(v) for v in card["test_mae_members"]) or "not measured"),
        f"* uncertainty: one factor {card['calibration']:.3g} from validation; domain: at most "
        f"{header['domain']['threshold']:.2f} of the atoms differ from a training row (5 % of validation rows do not)",
        f"* versions: {', '.join(f'{k} {v}' for k, v in card['versions'].items())}",
        f"* makes it again: `{card['command']}`",
        "",
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]
