"""Trained disentangled VAEs that speak alloys: how likely a single phase is, and which alloy would have one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError
from matwidgets.features import alloys
from matwidgets.features.alloy_elements import ELEMENTS_WITH_DATA
from matwidgets.features.alloy_writing import SMALLEST, percentages, written
from matwidgets.features.composition import pretty_formula, to_fractions
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.inverse.alloy_constraints import LEAST, Constraints
from matwidgets.inverse.inversion import CUTOFF, TRACE, Inversion, Inverting, Options, Target
from matwidgets.models.disentangled_vae import DisentangledVAE
from matwidgets.run import Run
from matwidgets.training import classifiers, threads
from matwidgets.training.domain import Domain
from matwidgets.training.states import finished_model

if TYPE_CHECKING:
    from pandas import DataFrame

Alloy = str | Mapping[str, float]
Floats = NDArray[np.float64]
WORDS = ("disentangled_vae",)
CHECKPOINTS = Path(__file__).parent / "checkpoints"


class AlloyModel:
    """An ensemble, one member a seed, and its card.

    All members classify; latent points are those of one of them, the one of the highest validation accuracy, because
    each member has a latent space of its own.

    Parameters
    ----------
    members : sequence of DisentangledVAE
        In evaluation mode.
    domain : Domain
        Labelled training alloys, and the distance up to which an alloy counts as known.
    card : dict
        Where the weights come from; `temperature` of the classifiers; `shown`, the member whose latent space is used.
    """

    def __init__(self, members: Sequence[DisentangledVAE], domain: Domain, card: dict[str, Any]) -> None:
        self.networks, self.domain, self.card = list(members), domain, card
        self.word: str = card["word"]
        self.property, self.label, self.unit = str(card["property"]), str(card["label"]), str(card["unit"])
        self.elements: tuple[str, ...] = alloys.ELEMENTS
        self.temperature = float(card["temperature"])
        self.shown = int(card["shown"])
        self.latent = self.networks[0].config.latent

    @classmethod
    def from_file(cls, path: str | Path) -> AlloyModel:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or another paper's."""
        members, extra, card = classifiers.read(Path(path))
        known = card["domain"]
        domain = Domain.unpacked(extra["domain"].numpy().tobytes(), known["rows"], known["threshold"])
        return cls(members, domain, card)

    @classmethod
    def from_directory(cls, folder: str | Path) -> AlloyModel:
        """Load what ``matwidgets train disentangled_vae`` wrote into a folder.

        Raises
        ------
        CheckpointError
            If the folder holds no finished model, a corrupt one, or more than one.
        """
        return cls.from_file(finished_model(folder, "matwidgets train disentangled_vae"))

    def write(self, path: Path) -> Path:
        """Write members, training alloys (quantised, without labels) and card."""
        packed = torch.from_numpy(np.frombuffer(self.domain.packed(), dtype=np.uint8).copy())
        return classifiers.write(path, self.networks, self.card, {"domain": packed})

    @property
    def members(self) -> int:
        """Number of networks in the ensemble."""
        return len(self.networks)

    # -- how likely a single phase is ------------------------------------------------------------------------------

    def predict(self, compositions: Alloy | Sequence[Alloy], *, full: bool = False) -> DataFrame:
        """Say how likely alloys are to have a single phase.

        Parameters
        ----------
        compositions : str, mapping of element to amount, or a list of these
            Of the 66 elements with descriptor data; with other elements than the decoder's 30 only the classifier can
            answer, and the column `note` says so.
        full : bool
            Also the eight descriptors, one column each in its unit.

        Returns
        -------
        DataFrame
            alloy; probability, the mean of the members, calibrated; std over the members; distance, the
            share of atoms to exchange to reach the nearest training alloy; in_domain; note, empty or why not.

        Raises
        ------
        InputError
            For an alloy that cannot be read or an element without data.
        """
        import pandas as pd

        given = listed_alloys(compositions)
        read = [to_fractions(alloy) for alloy in given]
        within = all(set(row) <= set(self.elements) for row in read)
        symbols = self.elements if within else ELEMENTS_WITH_DATA
        x = alloys.fractions(read, symbols)
        judged = self.judge(x, symbols)
        notes = [
            self._note(row, distance) for row, distance in zip(read, judged["distance"].tolist(), strict=True)
        ]
        frame = pd.DataFrame({"alloy": _names(given, read)} | judged | {"note": notes})
        if full:
            values = alloys.descriptors(x, symbols)
            for i, feature in enumerate(alloys.FEATURES):
                frame[feature.name] = values[:, i]
        return frame

    def judge(self, x: Floats, elements: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
        """Judge rows of fractions (n, k): probability, std, distance and in_domain, each (n,).

        Parameters
        ----------
        x : ndarray, shape (n, k)
        elements : sequence of str, length k, optional
            Of the columns; the 30 of `elements` by default.
        """
        symbols = self.elements if elements is None else tuple(elements)
        rows = np.asarray(x, dtype=np.float64)
        each = self.classify(alloys.descriptors(rows, symbols))
        spread = each.std(axis=0, ddof=1) if self.members > 1 else np.zeros(len(rows))
        numbers = np.tile([ATOMIC_NUMBERS[symbol] for symbol in symbols], (len(rows), 1))
        distance = self.domain.distance(numbers, rows)
        inside = self.domain.familiar(numbers, rows) & (distance <= self.domain.threshold + 1e-9)
        return {"probability": each.mean(axis=0), "std": spread, "distance": distance, "in_domain": inside}

    def classify(self, f: ArrayLike) -> Floats:
        """Calibrated probabilities of each member, (members, n), from descriptors (n, 8) in their own units."""
        threads.apply(sum(p.numel() for p in self.networks[0].parameters()))
        rows = torch.as_tensor(np.asarray(f), dtype=torch.float32)
        with torch.no_grad():
            each = [(net.classify(rows) / self.temperature).sigmoid() for net in self.networks]
        return torch.stack(each).double().numpy()

    def probability(self, f: ArrayLike) -> Floats:
        """Mean of `classify`, (n,): the function of the descriptors that Shapley values explain."""
        return np.asarray(self.classify(f).mean(axis=0))

    def screen(
        self,
        candidates: Sequence[Alloy] | NDArray[np.floating],
        elements: Sequence[str] | None = None,
        *,
        target: Target = "single",
        top: int | None = None,
    ) -> DataFrame:
        """Judge many alloys with the classifier and sort them, the likeliest first: the paper's first way of design.

        Parameters
        ----------
        candidates : sequence of alloys, or ndarray of shape (n, k)
            Such as ``simplex_grid(4, 0.05)`` with four elements.
        elements : sequence of str, length k, optional
            Of the columns of an array.
        target : {"single", "multi"}
        top : int, optional
            Only so many.

        Returns
        -------
        DataFrame
            alloy, probability, std, distance, in_domain.
        """
        import pandas as pd

        if isinstance(candidates, np.ndarray):
            symbols = tuple(elements) if elements is not None else self.elements
            rows = np.atleast_2d(candidates).astype(np.float64)
            alloys.descriptors(rows[:0], symbols)  # the elements, before many rows are divided
            with np.errstate(
                invalid="ignore", divide="ignore"
            ):  # a row of zeros is refused by the descriptors
                x = rows / rows.sum(axis=1, keepdims=True)
            names = None
        else:
            given = listed_alloys(candidates)
            read = [to_fractions(alloy) for alloy in given]
            symbols = tuple(dict.fromkeys(symbol for row in read for symbol in row))
            x, names = alloys.fractions(read, symbols), _names(given, read)
        judged = self.judge(x, symbols)
        order = np.argsort(judged["probability"] * (-1 if target == "single" else 1), kind="stable")[:top]
        chosen = (
            [pretty_formula(dict(zip(symbols, x[i].tolist(), strict=True))) for i in order]
            if names is None
            else [names[i] for i in order]
        )
        return pd.DataFrame({"alloy": chosen} | {name: values[order] for name, values in judged.items()})

    def _note(self, row: Mapping[str, float], distance: float) -> str:
        foreign = [symbol for symbol in row if symbol not in self.elements]
        if foreign:
            return (
                f"{', '.join(foreign)}: not among the 30 elements of the autoencoder; the descriptors alone are judged,"
                " and there is no latent point"
            )
        if distance > self.domain.threshold + 1e-9:
            return (
                f"{distance:.0%} of the atoms must be exchanged to reach an alloy of the training table, more than "
                f"{self.domain.threshold:.0%}: far from the data"
            )
        return ""

    # -- between alloys and the latent space -----------------------------------------------------------------------

    def encode(self, compositions: Alloy | Sequence[Alloy], y: ArrayLike | None = None) -> Floats:
        """Latent points, shape (n, 2): the means of q(z | x, y).

        Parameters
        ----------
        compositions : alloy or sequence of alloys
        y : float or array_like of shape (n,), optional
            Probability of a single phase; by default what the model predicts.

        Raises
        ------
        InputError
            For an element that is not among the 30, or a probability outside 0 to 1.
        """
        x = alloys.fractions([to_fractions(alloy) for alloy in listed_alloys(compositions)])
        return self.encode_fractions(x, self.judge(x)["probability"] if y is None else _given_y(y, len(x)))

    def encode_fractions(self, x: Floats, y: Floats) -> Floats:
        """Latent points of rows of fractions (n, 30) at probabilities (n,)."""
        with torch.no_grad():
            mean, _ = self.networks[self.shown].encode(
                torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y, dtype=torch.float32)
            )
        return np.asarray(mean.double().numpy())

    def decode(self, z: ArrayLike, y: ArrayLike) -> Floats:
        """Fractions, shape (n, 30), rows of sum 1, at latent points and probabilities.

        Parameters
        ----------
        z : array_like, shape (2,) or (n, 2)
        y : float or array_like of shape (n,)

        Raises
        ------
        InputError
            For points of another length or that are not finite, or a probability outside 0 to 1.
        """
        points = np.atleast_2d(np.asarray(z, dtype=np.float64))
        if points.ndim != 2 or points.shape[1] != self.latent or not np.isfinite(points).all():
            raise InputError(
                f"Latent points of shape {np.shape(z)}: give {self.latent} finite numbers each, shape "
                f"({self.latent},) or (n, {self.latent})"
            )
        with torch.no_grad():
            x = self.networks[self.shown].decode(
                torch.as_tensor(_given_y(y, len(points)), dtype=torch.float32),
                torch.as_tensor(points, dtype=torch.float32),
            )
        return np.asarray(x.double().numpy())

    def generate(self, z: ArrayLike, y: ArrayLike, *, smallest: float = SMALLEST) -> DataFrame:
        """Decode alloys and judge them again: the paper's second way of design (section 3.3).

        Parameters
        ----------
        z : array_like, shape (2,) or (n, 2)
        y : float or array_like of shape (n,)
            Wanted probability of a single phase.
        smallest : float
            Fraction below which an element is left out.

        Returns
        -------
        DataFrame
            z1, z2, y, alloy (whole percentages), probability and std of that alloy, agrees (whether it is on the side
            of 1/2 that was wanted), distance, in_domain.
        """
        import pandas as pd

        points = np.atleast_2d(np.asarray(z, dtype=np.float64))
        percent = percentages(self.decode(points, y), smallest)
        wanted = _given_y(y, len(points))
        judged = self.judge(percent / 100)
        frame = pd.DataFrame({f"z{i + 1}": points[:, i] for i in range(self.latent)})
        frame["y"], frame["alloy"] = wanted, [written(row) for row in percent]
        frame["probability"], frame["std"] = judged["probability"], judged["std"]
        frame["agrees"] = (judged["probability"] > 0.5) == (wanted > 0.5)
        frame["distance"], frame["in_domain"] = judged["distance"], judged["in_domain"]
        return frame

    # -- inversion -------------------------------------------------------------------------------------------------

    def invert(self, alloy: Alloy, target: Target = "single", **options: Any) -> Inversion:
        """Change an alloy step by step until it has the phase that is wanted: the paper's third way of design.

        Parameters
        ----------
        alloy : str or mapping
        target : {"single", "multi"}
        **options
            As in `inverting`.

        Raises
        ------
        InputError
            For an alloy with other elements than the 30, or options that are not allowed.
        """
        job = self._inverting(alloy, target, **options)
        while not job.finished:
            job.advance()
        return job.result()

    def inverting(
        self, alloy: Alloy, target: Target = "single", *, start: bool = False, **options: Any
    ) -> Run:
        """Invert as a ``Run``, one alloy a step, whose result is an `Inversion`.

        Parameters
        ----------
        alloy : str or mapping
        target : {"single", "multi"}
        start : bool
            Start at once; else ``run.step()`` makes one step after the other.
        **options
            max_steps (10); step, how far y may go at once (1, all the way as in the paper); threshold, the probability
            to be reached (0.6); keep, elements that stay with at least `least` (0.05) of the atoms; forbid; locks,
            element -> fraction; price, element -> price in nats (ln 2 halves its amount); smallest, the fraction below
            which a decoded element is left out (0.02).
        """
        make = self._prepared(alloy, target, **options)
        steps = options.get("max_steps", Options.max_steps)
        run = Run(
            make, title=f"inversion of {_names([alloy], [to_fractions(alloy)])[0]}", kind="table", total=steps
        )
        return run.start() if start else run

    def _inverting(self, alloy: Alloy, target: Target, **options: Any) -> Inverting:
        return self._prepared(alloy, target, **options)()

    def _prepared(
        self,
        alloy: Alloy,
        target: Target,
        *,
        max_steps: int = Options.max_steps,
        step: float = Options.step,
        threshold: float = CUTOFF,
        keep: Iterable[str] = (),
        forbid: Iterable[str] = (),
        locks: Mapping[str, float] | None = None,
        price: Mapping[str, float] | None = None,
        least: float = LEAST,
        smallest: float = TRACE,
    ) -> Any:
        """Check everything now; the job itself is made where it runs."""
        row = to_fractions(alloy)
        x = alloys.fractions([row])[0]
        constraints = Constraints.of(self.elements, keep, forbid, locks, price, least)
        chosen = Options(target, max_steps, step, threshold, smallest, constraints)
        name = _names([alloy], [row])[0]
        return lambda: Inverting(self, x, name, chosen)

    def __repr__(self) -> str:
        return f"<AlloyModel {self.word}, {self.members} members>"


def load(word: str = "disentangled_vae") -> AlloyModel:
    """Load the shipped model of a paper; InputError if the package ships none for `word`."""
    if word not in WORDS:
        raise InputError(f"No alloy model for {word!r}; allowed is {', '.join(WORDS)}: choose that")
    return AlloyModel.from_file(CHECKPOINTS / word / f"{word}.safetensors")


def listed_alloys(compositions: Alloy | Sequence[Alloy]) -> list[Alloy]:
    """One alloy or several as a list; InputError for none."""
    given = [compositions] if isinstance(compositions, str | Mapping) else list(compositions)
    if not given:
        raise InputError("No alloy given; give at least one such as CrMnFeCoNi")
    return given


def _names(given: Sequence[Alloy], read: Sequence[Mapping[str, float]]) -> list[str]:
    return [
        alloy.strip() if isinstance(alloy, str) else pretty_formula(row)
        for alloy, row in zip(given, read, strict=True)
    ]


def _given_y(y: ArrayLike, rows: int) -> Floats:
    values = np.asarray(y, dtype=np.float64)
    if values.ndim > 1 or (values.ndim == 1 and len(values) not in (1, rows)):
        raise InputError(f"{values.size} probabilities for {rows} alloys: give one for all, or one each")
    if not np.all((values >= 0) & (values <= 1)):
        raise InputError(f"Probability {values[~((values >= 0) & (values <= 1))].flat[0]:g}: give 0 to 1")
    return np.broadcast_to(values, (rows,)).astype(np.float64)
