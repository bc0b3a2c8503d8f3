"""Trained disentangled VAEs that speak alloys: how likely a single phase is, and which alloy would have one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from matwidgets.alloy_classifiers import Alloy, AlloyClassifier, Floats, listed_alloys, names_of
from matwidgets.alloy_lessons import Learned, Lesson
from matwidgets.errors import InputError
from matwidgets.features import alloys
from matwidgets.features.alloy_writing import SMALLEST, percentages, written
from matwidgets.features.composition import to_fractions
from matwidgets.inverse.alloy_constraints import LEAST, Constraints
from matwidgets.inverse.inversion import CUTOFF, TRACE, Inversion, Inverting, Options, Target
from matwidgets.run import Run
from matwidgets.training import classifiers, relearning, threads
from matwidgets.training.domain import Domain
from matwidgets.training.states import finished_model

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["CHECKPOINTS", "WORDS", "AlloyModel", "Learned", "load"]

WORDS = ("disentangled_vae",)
CHECKPOINTS = Path(__file__).parent / "checkpoints"


class AlloyModel(AlloyClassifier):
    """An ensemble of disentangled VAEs, one member a seed, and its card.

    All members classify; latent points are those of one of them, the one of the highest validation accuracy, because
    each member has a latent space of its own.
    """

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
        x = alloys.fractions(listed_alloys(compositions))
        return self.encode_fractions(x, self.judge(x)["probability"] if y is None else _given_y(y, len(x)))

    def encode_fractions(self, x: NDArray[np.floating], y: NDArray[np.floating]) -> Floats:
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
            make,
            title=f"inversion of {names_of([alloy], [to_fractions(alloy)])[0]}",
            kind="table",
            total=steps,
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
    ) -> Callable[[], Inverting]:
        """Check everything now; the job itself is made where it runs."""
        row = to_fractions(alloy)
        x = alloys.fractions([alloy])[0]
        constraints = Constraints.of(self.elements, keep, forbid, locks, price, least)
        chosen = Options(target, max_steps, step, threshold, smallest, constraints)
        name = names_of([alloy], [row])[0]
        return lambda: Inverting(self, x, name, chosen)

    # -- a person's label ------------------------------------------------------------------------------------------

    def learn(
        self, alloy: Alloy, label: int | bool | str, *, steps: int = relearning.STEPS, start: bool = True
    ) -> Run:
        """Learn a person's label, in seconds, and see what changes.

        The classifiers go on from their weights: towards the label, and everywhere else towards what they said before.
        Encoder and decoder stay as they are.

        Parameters
        ----------
        alloy : str or mapping
            Of the 30 elements.
        label : {1, 0, "single", "multi"}
        steps : int
        start : bool
            Start at once.

        Returns
        -------
        Run
            Its ``result`` is a `matwidgets.alloy_lessons.Learned`, with a new model; this one stays as it is.

        Raises
        ------
        InputError
            For an alloy with other elements than the 30, or another label.
        """
        said = relearning.read_label(label)
        if steps < 1:
            raise InputError(f"steps is {steps}; give a whole number from 1")
        row = to_fractions(alloy)
        alloys.fractions([alloy])
        name = names_of([alloy], [row])[0]

        def make() -> Lesson[AlloyModel]:
            threads.apply(1)
            return Lesson(self, name, said, steps)

        run = Run(
            make, title=f"learning {name}", kind="training", total=steps,
            meta={
                "members": self.members,
                "terms": [
                    {"name": "lesson", "label": "Cross-entropy, the label", "unit": "nats"},
                    {"name": "remembered", "label": "Cross-entropy, what was known", "unit": "nats"},
                ],
            },
        )  # fmt: skip
        return run.start() if start else run


def load(word: str = "disentangled_vae") -> AlloyModel:
    """Load the shipped model of a paper; InputError if the package ships none for `word`."""
    if word not in WORDS:
        raise InputError(f"No alloy model for {word!r}; allowed is {', '.join(WORDS)}: choose that")
    return AlloyModel.from_file(CHECKPOINTS / word / f"{word}.safetensors")


def _given_y(y: ArrayLike, rows: int) -> Floats:
    values = np.asarray(y, dtype=np.float64)
    if values.ndim > 1 or (values.ndim == 1 and len(values) not in (1, rows)):
        raise InputError(f"{values.size} probabilities for {rows} alloys: give one for all, or one each")
    if not np.all((values >= 0) & (values <= 1)):
        raise InputError(f"Probability {values[~((values >= 0) & (values <= 1))].flat[0]:g}: give 0 to 1")
    return np.broadcast_to(values, (rows,)).astype(np.float64)
