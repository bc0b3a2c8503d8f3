"""Checkpoints: one safetensors file with a JSON header; no pickle, nothing executable."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from matwidgets.errors import CheckpointError

HEADER = "matwidgets"


def write(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> Path:
    """Write a checkpoint so that a reader never sees half of one.

    Parameters
    ----------
    path : Path
    tensors : mapping of str to Tensor
    header : mapping
        Everything else, as JSON.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    # Clones, because safetensors refuses tensors that share memory.
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, partial, {HEADER: text})
    partial.chmod(0o644)  # safetensors writes for the owner alone; an installed package is for everybody
    partial.replace(path)
    return path


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and header of a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, or not one of ours.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"No checkpoint at {path}; give a folder that `matwidgets train` wrote")
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[HEADER])
            return {name: file.get_tensor(name) for name in file.keys()}, header  # noqa: SIM118 - not a dict
    except KeyError:
        raise CheckpointError(
            f"{path} was not written by matwidgets; give a folder that `matwidgets train` wrote"
        ) from None
    except (SafetensorError, ValueError, OSError) as error:
        raise CheckpointError(
            f"Checkpoint {path} is corrupt ({error}); train it again or install again"
        ) from None


def flatten(state: Any, prefix: str = "") -> tuple[dict[str, Tensor], Any]:
    """Split a nested state (of an optimiser, say) into its tensors and a JSON skeleton that names them."""
    if isinstance(state, Tensor):
        return {prefix: state}, {"tensor": prefix}
    if isinstance(state, Mapping):
        tensors: dict[str, Tensor] = {}
        skeleton = []
        for key, value in state.items():
            inner, shape = flatten(value, f"{prefix}/{key}")
            tensors |= inner
            skeleton.append([key, shape])
        return tensors, {"dict": skeleton}
    if isinstance(state, list | tuple):
        parts = [flatten(value, f"{prefix}/{i}") for i, value in enumerate(state)]
        return {k: v for t, _ in parts for k, v in t.items()}, {"list": [s for _, s in parts]}
    return {}, {"value": state}


def unflatten(tensors: Mapping[str, Tensor], skeleton: Any) -> Any:
    """Undo ``flatten``."""
    if "tensor" in skeleton:
        return tensors[skeleton["tensor"]]
    if "dict" in skeleton:
        # JSON has no tuples; a list is no key.
        return {
            tuple(key) if isinstance(key, list) else key: unflatten(tensors, value)
            for key, value in skeleton["dict"]
        }
    if "list" in skeleton:
        return [unflatten(tensors, value) for value in skeleton["list"]]
    return skeleton["value"]


def half(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Floating tensors in half precision: half the size, and no measurable loss in these networks."""
    return {k: v.to(torch.float16) if v.is_floating_point() else v for k, v in tensors.items()}
