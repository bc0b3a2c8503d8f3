"""A trained one-hot VAE on disk: its weights in half precision, its mixture and its card, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matwidgets.errors import CheckpointError
from matwidgets.models.onehot_vae import OneHotVAE, OneHotVAEConfig
from matwidgets.training import cards, checkpoints
from matwidgets.training.aggregate import Mixture

FORMAT = 2  # 1 had no mixture
_MIXTURE = "mixture."
WIDTHS = "widths.json"
INTRODUCTION = """\
Written by the training itself; see the command of each model. Divergences are Kullback-Leibler divergences of the data
from the samples in nats; "other number of elements" is the share of samples that would have to change their number of
elements to have the data's histogram; neutral and balanced are smact's two rules, "weighed alike" with every number of
elements as common as in the data; novel is what is not among the rows compared with. A larger tolerance makes simpler
formulas, which are more often neutral, so the draw without learning is rounded as the samples are. Settings are chosen
on validation rows alone."""


def write(path: Path, net: OneHotVAE, card: Mapping[str, Any], mixture: Mixture | None = None) -> Path:
    """Write a network, its mixture and its card (data, recipe, metrics, command: all a reader needs, as JSON)."""
    header = {"format": FORMAT, "word": "onehot_vae", "config": asdict(net.config), "card": dict(card)}
    parts = {} if mixture is None else {f"{_MIXTURE}{name}": part for name, part in mixture.tensors().items()}
    return checkpoints.write(path, checkpoints.half(net.state_dict()) | parts, header)


def read(path: Path) -> tuple[OneHotVAE, dict[str, Any], Mixture | None]:
    """The network, in single precision and evaluation mode, its card, and its mixture if it has one.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another paper or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if header.get("word") == "onehot_vae" and header.get("format") == 1:
        raise CheckpointError(
            f"{path} is of an earlier version of matwidgets (format 1, this reads {FORMAT}); train it again with "
            "`matwidgets train onehot_vae`"
        )
    if header.get("format") != FORMAT or header.get("word") != "onehot_vae":
        raise CheckpointError(
            f"{path} holds {header.get('word') or 'something else'} in format {header.get('format')}; this reads "
            f"onehot_vae in format {FORMAT}: give a folder that `matwidgets train onehot_vae` has finished"
        )
    try:
        net = OneHotVAE(OneHotVAEConfig(**header["config"]))
        parts = {name.removeprefix(_MIXTURE): t for name, t in tensors.items() if name.startswith(_MIXTURE)}
        net.load_state_dict({name: t.float() for name, t in tensors.items() if not name.startswith(_MIXTURE)})
        mixture = Mixture.from_tensors(parts, net.config.latent) if parts else None
        return net.eval().requires_grad_(False), header["card"], mixture
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def write_readme(folder: Path) -> Path:
    """Write ``README.md`` with a card for every finished network in ``folder``, shipped or only recorded."""
    sections = ["# Model cards", "", INTRODUCTION, ""]
    for path in sorted([*folder.glob("*.safetensors"), *folder.glob(f"*{cards.RECORD}")]):
        if path.name.endswith(cards.RECORD):
            sections += card_lines(path, json.loads(path.read_text(encoding="utf-8")))
        elif not path.name.startswith("training"):
            sections += card_lines(path, checkpoints.read(path)[1])
    if (folder / WIDTHS).is_file():
        sections += width_lines(json.loads((folder / WIDTHS).read_text(encoding="utf-8")))
    target = folder / "README.md"
    target.write_text("\n".join(sections).rstrip() + "\n", encoding="utf-8")
    return target


def card_lines(path: Path, header: Mapping[str, Any]) -> list[str]:
    """One network's card as Markdown lines."""
    card, decoding, measured = header["card"], header["card"]["decoding"], header["card"]["measured"]
    size = header.get("bytes") or path.stat().st_size
    kept = "its weights are not shipped" if "bytes" in header else "half precision"
    lines = [
        f"## One-hot VAE (`{path.name}`)",
        "",
        f"* encoder, decoder and classifier of `{card['word']}`, preset `{card['preset']}`; {kept}, "
        f"{size / 1e6:.2f} MB",
        f"* network: {_listed(header['config'])}",
        f"* recipe: {_listed(card['recipe'])}",
        f"* split: {card['split']}; selection: {card['selection']}",
        f"* classes: {card['classes']}",
        f"* aggregate prior: {_mixture(card['mixture'])}",
        f"* decoding: {decoding['rule']}; "
        + "; ".join(
            f"{prior} prior: threshold {found['threshold']:g}, tolerance {found['tolerance']:g}"
            for prior, found in decoding["priors"].items()
        )
        + f" ({decoding['chosen']})",
    ]
    lines += [f"* {name}: {_measured(measured[name])}" for name in ("val", "test") if name in measured]
    if "seconds" in card:
        lines.append(
            f"* trained for {card['epochs']} of {card['recipe']['epochs']} epochs in {card['seconds'] / 60:.1f} min of "
            "wall time"
        )
    lines += [
        f"* versions: {_listed(card['versions'])}",
        f"* makes it again: `{card['command']}`",
        "",
        *_samples(measured),
        "| data | rows | sha256 |",
        "|---|---|---|",
    ]
    lines += [f"| {d['name']} | {d['rows']} | {d['sha256'] or 'not recorded'} |" for d in card["data"]]
    return [*lines, ""]


def width_lines(record: Mapping[str, Any]) -> list[str]:
    """Figure 5 as Markdown lines: a table of what each width reached."""
    lines = [
        f"## Width of the hidden layers (`{WIDTHS}`)",
        "",
        f"Figure 5 on {record['held_out']}: {record['epochs']} epochs each, seed {record['seed']}, {record['samples']} "
        f"samples of the standard normal prior, decoded by the paper's rule; {record['seconds'] / 60:.0f} min of wall "
        f"time. Makes it again: `{record['command']}`",
        "",
        "| likelihood | width | negative ELBO, nats | prevalence KL by atoms | by fractions |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['likelihood']} | {row['width']} | {row['nelbo']:.2f} | {row['kl_counts']:.3f} "
        f"| {row['kl_fractions']:.3f} |"
        for row in record["rows"]
    ]
    return [*lines, ""]


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _mixture(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "none"
    text = (
        f"Gaussian mixture of {found['components']} components fitted to the posteriors of the training rows"
    )
    if not found["val_log_likelihood"]:
        return text
    scores = ", ".join(f"{k}: {score:.3f}" for k, score in found["val_log_likelihood"].items())
    return f"{text} (mean log-likelihood of those of the validation rows, nats, by number of components: {scores})"


def _measured(seen: Mapping[str, Any]) -> str:
    text = (
        f"negative ELBO {seen['nelbo']:.2f} nats a material (reconstruction {seen['reconstruction']:.2f}, divergence "
        f"{seen['divergence']:.2f}), {seen['active']} of {len(seen['units'])} latent dimensions active"
    )
    if seen["accuracy"] is not None:
        text += f"; the classifier names the number of components of {seen['accuracy']:.1%}"
    if seen["majority"] is not None:
        text += (
            f" (always the most common one: {seen['majority']:.1%}; the most common one for the number of elements: "
            f"{seen['by_elements']:.1%})"
        )
    return text


def _samples(measured: Mapping[str, Any]) -> list[str]:
    """Table of what the samples are worth, beside the data and the draw without learning."""
    drawn = [measured[name] for name in ("samples", "samples_normal") if name in measured]
    if not drawn:
        return []
    first = drawn[0]
    lines = [
        f"{first['n']} samples, seed {first['seed']}, against {first['against']}:",
        "",
        "| drawn from | rule | prevalence KL by atoms | by fractions | other number of elements | neutral "
        "| and balanced | that, weighed alike | distinct | novel |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for found in drawn:
        for rule in ("smallest_denominator", "threshold_gcd"):
            lines.append(_row(f"{found['prior']} prior", rule, found[rule]))
    control = measured["without_learning"]
    lines.append(_row("elements independently, without learning", "smallest_denominator", control))
    for name, rule in (("data", "as it is"), ("data_rounded", "smallest_denominator")):
        data = measured[name]
        lines.append(
            f"| the data | {rule} | | | | {data['neutral']:.1%} | {data['neutral_and_balanced']:.1%} "
            f"| {data['valid_alike']:.1%} | | |"
        )
    return [*lines, ""]


def _row(source: str, rule: str, found: Mapping[str, float]) -> str:
    return (
        f"| {source} | {rule} | {found['kl_counts']:.3f} | {found['kl_fractions']:.3f} "
        f"| {found['elements_distance']:.1%} | {found['neutral']:.1%} | {found['neutral_and_balanced']:.1%} "
        f"| {found['valid_alike']:.1%} | {found['distinct']:.1%} | {found['novel']:.1%} |"
    )
