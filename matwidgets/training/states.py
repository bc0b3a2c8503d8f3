"""The folder of a training: its unfinished state, whether that is of the same training, and the model it ends with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from matwidgets.errors import CheckpointError, InputError


def state_file(out: Path) -> Path:
    """Where an unfinished training keeps itself."""
    return Path(out) / "training.safetensors"


def require_state(out: str | Path | None) -> None:
    """InputError unless the folder holds an unfinished training."""
    if out is None or not state_file(Path(out)).exists():
        raise InputError(
            f"Nothing to resume in {out}; give the folder of an unfinished training, or leave resume out"
        )


def require_same(path: Path, theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> None:
    """CheckpointError, with what differs, unless two fingerprints are of the same training."""
    if theirs != mine:
        raise CheckpointError(
            f"{path} is of another training (different: {', '.join(sorted(_differences(theirs, mine)))}); "
            "resume with the same table and settings, or train without --resume"
        )


def plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value


def finished_model(folder: str | Path, command: str) -> Path:
    """The one finished model of a folder, or the file itself if one is given.

    Parameters
    ----------
    folder : path
    command : str
        What writes such a folder, for the message.

    Raises
    ------
    CheckpointError
        If the folder holds no finished model, or more than one.
    """
    folder = Path(folder)
    if folder.is_file():
        return folder
    found = sorted(p for p in folder.glob("*.safetensors") if not p.name.startswith((".", "training")))
    if len(found) != 1:
        what = "no model" if not found else f"{len(found)} models"
        raise CheckpointError(f"{folder} holds {what}; give a folder that `{command}` wrote, or one file")
    return found[0]


def _differences(a: Mapping[str, Any], b: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key in a.keys() | b.keys():
        left, right = a.get(key), b.get(key)
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            yield from _differences(left, right, f"{prefix}{key}.")
        elif left != right:
            yield f"{prefix}{key}"
