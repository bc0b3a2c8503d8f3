"""Trained disentangled VAEs on disk: the members of all seeds and their card, in one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from matwidgets.errors import CheckpointError
from matwidgets.models.disentangled_vae import DisentangledVAE, DisentangledVAEConfig
from matwidgets.training import checkpoints

FORMAT = 1
WORD = "disentangled_vae"
WHOLE = (
    ".center",
    ".scale",
)  # of the descriptors: a melting point of 1,800 K has steps of 1 K in half precision


def write(
    path: Path,
    members: Sequence[DisentangledVAE],
    card: Mapping[str, Any],
    tensors: Mapping[str, Tensor] | None = None,
) -> Path:
    """Write members and their card.

    Parameters
    ----------
    path : Path
    members : sequence of DisentangledVAE
        Of one configuration, one a seed; in half precision, but for the scaling of the descriptors.
    card : mapping
        Data, splits, recipe, temperatures, metrics, command: everything a reader needs, as JSON.
    tensors : mapping of str to Tensor, optional
        What else belongs to the model (the alloys that it knows, say), kept as it is.
    """
    stored: dict[str, Tensor] = {f"extra.{name}": value for name, value in (tensors or {}).items()}
    for i, member in enumerate(members):
        for name, value in member.state_dict().items():
            key = f"{i}.{name}"
            stored |= {key: value} if key.endswith(WHOLE) else checkpoints.half({key: value})
    header = {
        "format": FORMAT, "word": WORD, "config": asdict(members[0].config), "members": len(members), "card": dict(card)
    }  # fmt: skip
    return checkpoints.write(path, stored, header)


def read(path: Path) -> tuple[list[DisentangledVAE], dict[str, Tensor], dict[str, Any]]:
    """Members in single precision and evaluation mode, what else was written with them, and the card.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another paper or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if header.get("format") != FORMAT or header.get("word") != WORD:
        raise CheckpointError(
            f"{path} holds {header.get('word') or 'something else'} in format {header.get('format')}; this reads "
            f"{WORD} in format {FORMAT}: give a folder that `matwidgets train {WORD}` has finished"
        )
    try:
        config = DisentangledVAEConfig(**header["config"])
        members = []
        for i in range(header["members"]):
            member = DisentangledVAE(config)
            member.load_state_dict(
                {k.removeprefix(f"{i}."): v.float() for k, v in tensors.items() if k.startswith(f"{i}.")}
            )
            members.append(member.eval().requires_grad_(False))
        extra = {k.removeprefix("extra."): v for k, v in tensors.items() if k.startswith("extra.")}
        return members, extra, header["card"]
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def rounded(net: DisentangledVAE) -> DisentangledVAE:
    """The network as a reader of the file will have it, so that a card tells of the weights that are shipped."""
    kept = DisentangledVAE(net.config)
    kept.load_state_dict(
        {
            k: v if f".{k}".endswith(WHOLE) else checkpoints.half({k: v})[k].float()
            for k, v in net.state_dict().items()
        }
    )
    return kept.eval().requires_grad_(False)
