"""The dual VAE on disk: both networks, the ensembles that read their latent space and its density, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets.errors import CheckpointError
from matwidgets.models.dual_vae import CompositionVAE, CompositionVAEConfig, PatternVAE, PatternVAEConfig
from matwidgets.models.latent_heads import HeadsConfig, LatentHeads
from matwidgets.training import checkpoints
from matwidgets.training.aggregate import Mixture
from matwidgets.training.latent_heads import Trained

FORMAT = 1
WORD = "dual_vae"
PART = "vae"
COMMAND = "matwidgets train dual_vae"


@dataclass(frozen=True)
class Dual:
    """What a file holds.

    Attributes
    ----------
    composition : CompositionVAE
    pattern : PatternVAE
        Both in single precision and evaluation mode.
    heads : list of Trained
        Ensembles; each of properties of its own.
    mixture : Mixture
        Density of the training materials' posteriors in the joint latent space.
    box : ndarray, shape (2, latent)
        Lowest and highest coordinates, see the card.
    card : dict
    """

    composition: CompositionVAE
    pattern: PatternVAE
    heads: list[Trained]
    mixture: Mixture
    box: NDArray[np.float64]
    card: dict[str, Any]


def write(path: Path, dual: Dual) -> Path:
    """Write everything in one file; networks in half precision."""
    tensors = _prefixed("composition", checkpoints.half(dual.composition.state_dict()))
    tensors |= _prefixed("pattern", checkpoints.half(dual.pattern.state_dict()))
    heads = []
    for i, head in enumerate(dual.heads):
        tensors |= _prefixed(f"heads{i}", checkpoints.half(head.net.state_dict()))
        numbers = {name: getattr(head, name).tolist() for name in ("mean", "scale", "factors")}
        heads.append({"config": asdict(head.net.config), "epochs": head.epochs, **numbers})
    tensors |= _prefixed("mixture", _packed(dual.mixture))
    tensors["box"] = torch.tensor(dual.box, dtype=torch.float32)
    header = {
        "format": FORMAT, "word": WORD, "part": PART, "heads": heads, "card": dual.card,
        "composition": asdict(dual.composition.config), "pattern": asdict(dual.pattern.config),
    }  # fmt: skip
    return checkpoints.write(path, tensors, header)


def read(path: Path) -> Dual:
    """Read what `write` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, corrupt, of another paper, part or format, or lacks a part.
    """
    tensors, header = checkpoints.read(path)
    if (header.get("format"), header.get("word"), header.get("part")) != (FORMAT, WORD, PART):
        raise CheckpointError(
            f"{path} holds {header.get('word') or 'something else'} {header.get('part') or ''} in format "
            f"{header.get('format')}; this reads {WORD} {PART} in format {FORMAT}: give a folder that `{COMMAND}` has "
            "finished"
        )
    try:
        composition = CompositionVAE(CompositionVAEConfig(**_tuples(header["composition"])))
        pattern = PatternVAE(PatternVAEConfig(**_tuples(header["pattern"])))
        composition.load_state_dict(_part("composition", tensors))
        pattern.load_state_dict(_part("pattern", tensors))
        heads = []
        for i, known in enumerate(header["heads"]):
            net = LatentHeads(HeadsConfig(**_tuples(known["config"])))
            net.load_state_dict(_part(f"heads{i}", tensors))
            mean, scale, factors = (np.array(known[name]) for name in ("mean", "scale", "factors"))
            heads.append(Trained(net.eval().requires_grad_(False), mean, scale, factors, known["epochs"]))
        latent = composition.config.latent + pattern.config.latent
        box = tensors["box"].double().numpy()
        if box.shape != (2, latent):
            raise ValueError(f"a box of shape {box.shape}")
        mixture = _unpacked(_part("mixture", tensors), latent)
        composition.eval().requires_grad_(False)
        pattern.eval().requires_grad_(False)
        return Dual(composition, pattern, heads, mixture, box, header["card"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:120]
        raise CheckpointError(
            f"Checkpoint {path} is incomplete ({reason}); train it again or install again"
        ) from None


def rounded(net: CompositionVAE | PatternVAE) -> Any:
    """A network as a reader of the file will have it, so that a card tells of the weights that are shipped."""
    kept = type(net)(net.config)  # type: ignore[arg-type]
    kept.load_state_dict({k: v.half().float() for k, v in net.state_dict().items()})
    return kept.eval().requires_grad_(False)


def _packed(mixture: Mixture) -> dict[str, Tensor]:
    """The lower triangles of the factors alone: half of the size."""
    tensors = mixture.tensors()
    latent = tensors["means"].shape[1]
    rows, columns = torch.tril_indices(latent, latent)
    return tensors | {"factors": tensors["factors"][:, rows, columns]}


def _unpacked(tensors: Mapping[str, Tensor], latent: int) -> Mixture:
    rows, columns = torch.tril_indices(latent, latent)
    factors = torch.zeros(len(tensors["weights"]), latent, latent)
    factors[:, rows, columns] = tensors["factors"]
    return Mixture.from_tensors({**tensors, "factors": factors}, latent)


def _prefixed(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{key}": value for key, value in tensors.items()}


def _part(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{name}."
    return {key.removeprefix(start): value.float() for key, value in tensors.items() if key.startswith(start)}


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists as tuples, as the configurations have them and JSON has not."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
