"""A trained ensemble that speaks formulas: value, uncertainty and whether it knows its way."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matwidgets import adversarial_models, alloy_models, dual_models, samplers
from matwidgets.adversarial_models import FormulaGAN
from matwidgets.alloy_models import AlloyModel
from matwidgets.dual_models import DualVAE
from matwidgets.errors import InputError
from matwidgets.features.composition import pack, pretty_formula, to_fractions
from matwidgets.features.elements import ATOMIC_NUMBERS, SYMBOLS
from matwidgets.models.crabnet import CrabNet
from matwidgets.samplers import Sampler
from matwidgets.training import members as ensembles
from matwidgets.training import threads
from matwidgets.training.domain import Domain
from matwidgets.training.states import finished_model

if TYPE_CHECKING:
    from pandas import DataFrame

Composition = str | Mapping[str, float]
CHECKPOINTS = Path(__file__).parent / "checkpoints"
AT_ONCE = 1024  # compositions evaluated in one go: bounds the memory, and fits a processor's cache


@dataclass(frozen=True)
class Explanation:
    """How a prediction comes about.

    Attributes
    ----------
    elements : tuple of str, length k
    fractions : ndarray, shape (k,)
    contributions : ndarray, shape (k,)
        Share of each element in the predicted value, in ``unit``; the sum is the value.
    element_values : ndarray, shape (k,)
        What each element stands for before pooling, in ``unit``: contribution / pooling weight.
    unit : str
        The property's unit; ``ln(unit)`` where the network learned the logarithm, whose shares add up.
    attention : ndarray, shape (members, layers, heads, k, k)
        Attention of each element (row) to every element (column).
    """

    elements: tuple[str, ...]
    fractions: NDArray[np.float64]
    contributions: NDArray[np.float64]
    element_values: NDArray[np.float64]
    attention: NDArray[np.float32]
    unit: str


class Predictor:
    """An ensemble of networks for one property.

    Parameters
    ----------
    members : list of CrabNet
        Folded, in evaluation mode.
    domain : Domain
    card : dict
        Where the weights come from; see ``card`` of a shipped checkpoint.
    """

    def __init__(self, members: list[CrabNet], domain: Domain, card: dict[str, Any]) -> None:
        self.networks, self.domain, self.card = members, domain, card
        self.word: str = card["word"]
        self.property: str = card["property"]
        self.unit: str = card["unit"]
        self.label: str = card["label"]
        self.mean, self.scale = float(card["mean"]), float(card["std"])
        calibration = card["calibration"]  # one factor of both deviations, or one of each
        if not isinstance(calibration, Mapping):
            calibration = {"aleatoric": calibration, "epistemic": calibration}
        self._factors = float(calibration["aleatoric"]), float(calibration["epistemic"])
        self.log: bool = bool(card["recipe"].get("log_targets", False))
        self.spread = (
            float(card["target_std"]) if self.log else self.scale
        )  # of the training targets, in ``unit``
        self.elements: tuple[str, ...] = tuple(card["elements"])

    @classmethod
    def from_file(cls, path: str | Path) -> Predictor:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or incomplete."""
        return cls(*ensembles.read(Path(path)))

    @classmethod
    def from_directory(cls, folder: str | Path) -> Predictor:
        """Load what ``matwidgets train`` wrote into a folder.

        Raises
        ------
        CheckpointError
            If the folder holds no model, a corrupt one, or more than one.
        """
        return cls.from_file(finished_model(folder, "matwidgets train"))

    @property
    def name(self) -> str:
        return self.property

    @property
    def members(self) -> int:
        """Number of networks in the ensemble."""
        return len(self.networks)

    @property
    def weights(self) -> int:
        """Number of weights of one member."""
        return sum(p.numel() for p in self.networks[0].parameters())

    def copy(self) -> Predictor:
        """An independent predictor with weights of its own, for use in another thread."""
        return Predictor(copy.deepcopy(self.networks), self.domain, self.card)

    def predict(self, compositions: Composition | Sequence[Composition], *, full: bool = False) -> DataFrame:
        """Predict formulas.

        Parameters
        ----------
        compositions : str, mapping of element to amount, or a list of these
        full : bool
            Also the columns property, unit, std_aleatoric and std_epistemic.

        Returns
        -------
        DataFrame
            formula, value, std (both in ``unit``), in_domain; one row a composition, in order.

        Raises
        ------
        InputError
            For a formula that cannot be read or an element the network does not know.
        """
        import pandas as pd

        listed = [compositions] if isinstance(compositions, str | Mapping) else list(compositions)
        if not listed:
            raise InputError("No composition given; give at least one formula such as TiC")
        read = [to_fractions(c) for c in listed]
        for row in read:
            self.check_elements(list(row))
        numbers, fractions = pack(read)
        out = self.evaluate_packed(numbers, fractions)
        names = [
            c.strip() if isinstance(c, str) else pretty_formula(r) for c, r in zip(listed, read, strict=True)
        ]
        frame = pd.DataFrame({"formula": names} | out)
        if not full:
            return frame[["formula", "value", "std", "in_domain"]]
        frame.insert(1, "property", self.property)
        frame["unit"] = self.unit
        return frame

    def score(self, compositions: Sequence[Composition], targets: Sequence[float]) -> float:
        """Coefficient of determination R^2, as scikit-learn's regressors have it."""
        values, truth = self.predict(compositions)["value"].to_numpy(), np.asarray(targets, dtype=float)
        return float(1 - ((truth - values) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())

    def evaluate(self, elements: Sequence[str], fractions: NDArray[np.floating]) -> dict[str, NDArray[Any]]:
        """Predict many compositions of one system; what widgets and grids call.

        Parameters
        ----------
        elements : sequence of str, length k
        fractions : ndarray, shape (n, k)
            Atomic fractions; zeros are absent elements.

        Returns
        -------
        dict of ndarray, shape (n,)
            value, std, std_aleatoric, std_epistemic in ``unit``; in_domain (bool).
        """
        self.check_elements(elements)
        rows = np.atleast_2d(np.asarray(fractions, dtype=np.float64))
        return self.evaluate_packed(np.tile(self.numbers_of(elements), (len(rows), 1)), rows)

    def explain(self, composition: Composition) -> Explanation:
        """Attention and contributions behind one prediction."""
        row = to_fractions(composition)
        self.check_elements(list(row))
        numbers, fractions = (torch.as_tensor(a) for a in pack([row]))
        contributions, attention = [], []
        with torch.no_grad():
            for network in self.networks:
                out = network(numbers, fractions, need_attention=True)
                contributions.append(out.weights[0] * self.mean + out.contributions[0] * self.scale)
                attention.append(out.attention[:, 0])
        mean_contribution = torch.stack(contributions).mean(0).double().numpy()
        return Explanation(
            tuple(row),
            np.array(list(row.values())),
            mean_contribution,
            mean_contribution / out.weights[0].double().numpy(),
            torch.stack(attention).numpy(),
            f"ln({self.unit})" if self.log else self.unit,
        )

    def on(self, elements: Sequence[str]) -> SystemProperty:
        """The property as a differentiable function of the fractions of one system."""
        self.check_elements(elements)
        return SystemProperty(self, tuple(elements))

    def element_embedding(self) -> NDArray[np.float64]:
        """The first member's trained element codes, shape (119, d_model), row = atomic number."""
        return self.networks[0].state_dict()["embedding.weight"].double().numpy().copy()

    def check_elements(self, elements: Sequence[str]) -> None:
        """InputError if an element is not one the network knows."""
        unknown = sorted(set(elements) - set(self.elements))
        if unknown:
            missing = sorted(set(SYMBOLS) - set(self.elements), key=ATOMIC_NUMBERS.__getitem__)
            raise InputError(
                f"The {self.property} model does not know {', '.join(unknown)}; it knows {len(self.elements)} elements"
                f", all but {' '.join(missing)}: leave that element out"
            )

    def members_forward(self, numbers: Tensor, fractions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean (B,), aleatoric and epistemic standard deviation (B,), in ``unit``; differentiable."""
        outputs = [network(numbers, fractions) for network in self.networks]
        values = torch.stack([o.value for o in outputs])
        aleatoric = torch.stack([(2 * o.log_sigma).exp() for o in outputs]).mean(0).sqrt()
        if self.members == 1:
            epistemic = torch.zeros_like(aleatoric)
        else:
            epistemic = ((values - values.mean(0)) ** 2).sum(0).div(self.members - 1).clamp(min=1e-12).sqrt()
        value = values.mean(0) * self.scale + self.mean
        aleatoric, epistemic = (
            std * (self.scale * f) for std, f in zip((aleatoric, epistemic), self._factors, strict=True)
        )
        if self.log:  # a small deviation of the logarithm is a relative deviation of the value
            value = value.exp()
            return value, aleatoric * value, epistemic * value
        return value, aleatoric, epistemic

    def evaluate_packed(
        self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]
    ) -> dict[str, NDArray[Any]]:
        """Predict a padded batch of any systems, arrays (n, k) as ``pack`` makes them; see ``evaluate``."""
        out = self.forward_packed(numbers, fractions)
        return out | {"in_domain": self.domain.contains(numbers, fractions, self.disagreement(out))}

    def forward_packed(
        self, numbers: NDArray[np.int64], fractions: NDArray[np.floating]
    ) -> dict[str, NDArray[np.float64]]:
        """What the networks alone say of a padded batch: ``evaluate_packed`` without the domain."""
        threads.apply(self.weights)
        parts = []
        with torch.no_grad():
            for start in range(0, len(numbers), AT_ONCE):
                rows = slice(start, start + AT_ONCE)
                parts.append(
                    self.members_forward(
                        torch.as_tensor(numbers[rows]), torch.as_tensor(fractions[rows], dtype=torch.float32)
                    )
                )
        value, aleatoric, epistemic = (
            torch.cat(column).double().numpy() for column in zip(*parts, strict=True)
        )
        std = np.hypot(aleatoric, epistemic)
        return {"value": value, "std": std, "std_aleatoric": aleatoric, "std_epistemic": epistemic}

    def disagreement(self, out: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64] | None:
        """Epistemic deviations of an answer in standard deviations of the training targets, (n,), for the domain.

        None for a single member, which has nobody to disagree with.
        """
        if self.members == 1:
            return None
        return out["std_epistemic"] / (self.scale * out["value"] if self.log else self.scale)

    @staticmethod
    def numbers_of(elements: Sequence[str]) -> NDArray[np.int64]:
        """Atomic numbers of element symbols, shape (k,)."""
        return np.array([ATOMIC_NUMBERS[e] for e in elements], dtype=np.int64)

    def __repr__(self) -> str:
        return f"<Predictor {self.word} {self.property} ({self.unit}), {self.members} members>"


class SystemProperty:
    """A property of one system of elements as the optimiser wants it: fractions in, value and deviations out."""

    def __init__(self, predictor: Predictor, elements: tuple[str, ...]) -> None:
        self.predictor, self.elements = predictor, elements
        self.name, self.unit, self.scale = predictor.property, predictor.unit, predictor.spread
        self._numbers = torch.as_tensor(predictor.numbers_of(elements))

    def __call__(self, fractions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Value, aleatoric and epistemic standard deviation, (B,), of fractions (B, k)."""
        return self.predictor.members_forward(self._numbers.expand(len(fractions), -1), fractions)


def file_name(property: str, preset: str = "binder") -> str:  # noqa: A002 - the field's word
    """What a model's file is called: the property, and the preset unless it is the usual one."""
    stem = re.sub(r"[^\w.+]+", "_", property)
    return f"{stem}.safetensors" if preset == "binder" else f"{stem}-{preset}.safetensors"


def bundled(word: str = "crabnet", preset: str = "binder") -> list[str]:
    """Properties for which the package ships weights of a preset."""
    found = [p.name for p in (CHECKPOINTS / word).glob("*.safetensors")]
    names = {f.removesuffix(".safetensors").partition("-")[0] for f in found}
    return sorted(n for n in names if file_name(n, preset) in found)


@overload
def load(word: Literal["onehot_vae"]) -> Sampler: ...
@overload
def load(word: Literal["disentangled_vae"]) -> AlloyModel: ...
@overload
def load(word: Literal["dual_vae"]) -> DualVAE: ...
@overload
def load(word: Literal["wgan"]) -> FormulaGAN: ...
@overload
def load(word: str, property: str, *, preset: str = "binder") -> Predictor: ...
def load(
    word: str,
    property: str | None = None,  # noqa: A002 - the field's word
    *,
    preset: str = "binder",
) -> Predictor | Sampler | AlloyModel | DualVAE | FormulaGAN:
    """Load a shipped model.

    Parameters
    ----------
    word : str
        A paper's word: ``crabnet`` predicts a property; ``onehot_vae`` generates materials, and loads as a `Sampler`;
        ``disentangled_vae`` judges, generates and inverts alloys, and loads as an `AlloyModel`; ``dual_vae`` has
        compositions and powder patterns in one latent space, and loads as a `DualVAE`; ``wgan`` generates formulas and
        represents elements and materials, and loads as a `FormulaGAN`.
    property : str
        Such as ``bulk_modulus``; none for a generator, and for alloys none but ``single_phase``.
    preset : {"binder", "mean"}
        "mean" is the same network with the original's unweighted mean over the elements.

    Raises
    ------
    InputError
        If the package ships no such model.
    """
    if word in samplers.WORDS:
        if property is not None:
            raise InputError(
                f"{word} generates materials and predicts no {property}: load it by its word alone"
            )
        return samplers.load(word)
    if word in alloy_models.WORDS:
        if property not in (None, "single_phase"):
            raise InputError(
                f"{word} knows single_phase and no {property!r}: name that, or load it by its word alone"
            )
        return alloy_models.load(word)
    if word in dual_models.WORDS:
        if property is not None:
            raise InputError(
                f"{word} predicts its properties from latent points, and loads no {property}: load it by its word alone"
            )
        return dual_models.load(word)
    if word in adversarial_models.WORDS:
        if property is not None:
            raise InputError(
                f"{word} generates formulas and predicts no {property}: load it by its word alone; for properties see "
                "matwidgets.element_vectors"
            )
        return adversarial_models.load(word)
    words = sorted(p.name for p in CHECKPOINTS.iterdir() if p.is_dir() and any(p.glob("*.safetensors")))
    if word not in words:
        raise InputError(
            f"No weights are shipped for {word!r}; there are some for {', '.join(words)}: choose one of these"
        )
    shipped = bundled(word, preset)
    if property is None or property not in shipped:
        raise InputError(
            f"No {word} weights{'' if preset == 'binder' else f' of preset {preset!r}'} are shipped for property "
            f"{property!r}; there are some for "
            f"{', '.join(shipped) or 'no property'}: choose one of these, or train your own with `matwidgets train`"
        )
    return Predictor.from_file(CHECKPOINTS / word / file_name(property, preset))
