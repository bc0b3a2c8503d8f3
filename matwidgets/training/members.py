"""A trained ensemble on disk: all members, their domain and how they came about, in one safetensors file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from matwidgets.errors import CheckpointError
from matwidgets.models.crabnet import CrabNet, CrabNetConfig
from matwidgets.training import checkpoints
from matwidgets.training.domain import Domain

FORMAT = 2  # 1 kept the domain uncompressed


def write(path: Path, members: list[CrabNet], domain: Domain, card: Mapping[str, Any]) -> Path:
    """Write folded members (half precision), their domain and the card.

    Parameters
    ----------
    path : Path
    members : list of CrabNet
        Folded, of one configuration.
    domain : Domain
    card : mapping
        Property, unit, scale, data, seeds, metrics, command: everything a reader needs, as JSON.
    """
    tensors = {
        f"{i}.{name}": value
        for i, member in enumerate(members)
        for name, value in checkpoints.half(member.state_dict()).items()
    }
    tensors["domain"] = torch.from_numpy(np.frombuffer(domain.packed(), dtype=np.uint8).copy())
    config = asdict(members[0].config)
    header = {
        "format": FORMAT,
        "config": config,
        "members": len(members),
        "domain": {
            "rows": len(domain.numbers),
            "threshold": domain.threshold,
            "disagreement": domain.disagreement,
        },
    }
    return checkpoints.write(path, tensors, header | {"card": dict(card)})


def read(path: Path) -> tuple[list[CrabNet], Domain, dict[str, Any]]:
    """Members in single precision and evaluation mode, their domain and the card.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of an older or newer format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    _check_format(path, header.get("format"))
    try:
        config = CrabNetConfig(**(header["config"] | {"head": tuple(header["config"]["head"])}))
        members = []
        for i in range(header["members"]):
            member = CrabNet(config)
            start = f"{i}."
            member.load_state_dict(
                {k[len(start) :]: v.float() for k, v in tensors.items() if k.startswith(start)}
            )
            members.append(member.eval().requires_grad_(False))
        known = header["domain"]
        domain = Domain.unpacked(
            tensors["domain"].numpy().tobytes(), known["rows"], known["threshold"], known.get("disagreement")
        )
        return members, domain, header["card"]
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def _check_format(path: Path, found: Any) -> None:
    if found == FORMAT:
        return
    if not isinstance(found, int):
        raise CheckpointError(
            f"{path} is no finished training; give a folder that `matwidgets train` has ended in"
        )
    older = found < FORMAT
    raise CheckpointError(
        f"{path} has format {found}, {'older' if older else 'newer'} than this version reads ({FORMAT}): "
        + ("train it again, or install the version that wrote it" if older else "install a newer matwidgets")
    )
