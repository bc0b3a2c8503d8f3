"""Trained classifiers of alloys: how likely a single phase is, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError
from matwidgets.features import alloys
from matwidgets.features.alloy_elements import ELEMENTS_WITH_DATA
from matwidgets.features.composition import pack, pretty_formula, to_fractions
from matwidgets.features.elements import ATOMIC_NUMBERS
from matwidgets.inverse.inversion import Target
from matwidgets.models.disentangled_vae import DisentangledVAE
from matwidgets.training import threads
from matwidgets.training.domain import LEVELS, Domain
from matwidgets.training.shapley import shapley_values

if TYPE_CHECKING:
    from pandas import DataFrame

Alloy = str | Mapping[str, float]
Floats = NDArray[np.float64]
BACKGROUND = 128  # training alloys that stand for all of them in a Shapley value


class AlloyClassifier:
    """The classifiers of an ensemble, one a seed, with what they know of their domain.

    Parameters
    ----------
    members : sequence of DisentangledVAE
        In evaluation mode.
    domain : Domain
        Labelled training alloys, and the distance up to which an alloy counts as known.
    card : dict
        Where the weights come from; `temperature` of the classifiers; `shown`, the member whose latent space is used.
    lessons : sequence of (str, int)
        Alloys and labels that it was taught after its training.
    """

    def __init__(
        self,
        members: Sequence[DisentangledVAE],
        domain: Domain,
        card: dict[str, Any],
        lessons: Sequence[tuple[str, int]] = (),
    ) -> None:
        self.networks, self.domain, self.card = list(members), domain, card
        self.lessons = tuple(lessons)
        self.word: str = card["word"]
        self.property, self.label, self.unit = str(card["property"]), str(card["label"]), str(card["unit"])
        self.elements: tuple[str, ...] = alloys.ELEMENTS
        self.temperature = float(card["temperature"])
        self.shown = int(card["shown"])
        self.latent = self.networks[0].config.latent

    @property
    def members(self) -> int:
        """Number of networks in the ensemble."""
        return len(self.networks)

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
        x = alloys.fractions(given, symbols)
        judged = self.judge(x, symbols)
        notes = [
            self._note(row, distance) for row, distance in zip(read, judged["distance"].tolist(), strict=True)
        ]
        frame = pd.DataFrame({"alloy": names_of(given, read)} | judged | {"note": notes})
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
        return np.asarray(torch.stack(each).double().numpy())

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
            x, names = alloys.fractions(read, symbols), names_of(given, read)
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

    def explain(self, compositions: Alloy | Sequence[Alloy], background: int = BACKGROUND) -> DataFrame:
        """Exact Shapley values of the eight descriptors: what each adds to the probability of a single phase.

        Parameters
        ----------
        compositions : alloy or sequence of alloys
        background : int
            So many training alloys, evenly drawn, stand for all of them.

        Returns
        -------
        DataFrame
            alloy; base, the mean probability over the background; probability; and one column for each descriptor.
            These eight sum to probability - base.
        """
        import pandas as pd

        if background < 1:
            raise InputError(f"background is {background}; give a whole number from 1")
        given = listed_alloys(compositions)
        read = [to_fractions(alloy) for alloy in given]
        rows = alloys.descriptors(alloys.fractions(given, ELEMENTS_WITH_DATA), ELEMENTS_WITH_DATA)
        known = alloys.descriptors(self.known_fractions())
        chosen = np.unique(np.linspace(0, len(known) - 1, background).round().astype(int))
        found = shapley_values(self.probability, rows, known[chosen])
        frame = pd.DataFrame(
            {"alloy": names_of(given, read), "base": found.base, "probability": found.answers}
        )
        for i, feature in enumerate(alloys.FEATURES):
            frame[feature.name] = found.values[:, i]
        return frame

    def known_fractions(self) -> Floats:
        """Fractions of the training alloys, (m, 30), as the domain keeps them."""
        column = np.zeros(256, dtype=np.int64)
        column[[ATOMIC_NUMBERS[symbol] for symbol in self.elements]] = np.arange(len(self.elements))
        x = np.zeros((len(self.domain.numbers), len(self.elements)))
        for numbers, levels in zip(self.domain.numbers.T, self.domain.levels.T, strict=True):
            some = np.flatnonzero(numbers)
            x[some, column[numbers[some]]] = levels[some] / LEVELS
        return x / x.sum(axis=1, keepdims=True)

    def taught(self, members: Sequence[DisentangledVAE], lessons: Mapping[str, int]) -> Self:
        """The same with other members, which were taught these lessons."""
        domain = self.domain.joined(*pack(list(lessons)))
        card = {**self.card, "lessons": [list(one) for one in lessons.items()]}
        return type(self)(members, domain, card, tuple(lessons.items()))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.word}, {self.members} members>"


def listed_alloys(compositions: Alloy | Sequence[Alloy]) -> list[Alloy]:
    """One alloy or several as a list; InputError for none."""
    given = [compositions] if isinstance(compositions, str | Mapping) else list(compositions)
    if not given:
        raise InputError("No alloy given; give at least one such as CrMnFeCoNi")
    return given


def names_of(given: Sequence[Alloy], read: Sequence[Mapping[str, float]]) -> list[str]:
    """Alloys as they were written, or as a formula."""
    return [
        alloy.strip() if isinstance(alloy, str) else pretty_formula(row)
        for alloy, row in zip(given, read, strict=True)
    ]
