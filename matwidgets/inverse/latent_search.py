"""Sequential search of a box with the tree-structured Parzen estimator, a Gaussian process, or at random.

The tree-structured Parzen estimator (J. Bergstra et al., NIPS 2011) parts the points known so far into the best few and
the rest, models the densities l(x) and g(x) of both, and asks next where l(x) / g(x) is largest; the supporting
information of Korolev et al. 2020 prints that ratio inverted. The implementation is optuna's; the defaults are those of
hyperopt, which the paper used, as far as optuna offers them: every coordinate by itself, 20 random points first, 24
candidates. (Optuna's own "best few" are a tenth, at most 25, where hyperopt takes a quarter of the square root.)

A search is asked for points and told what they are worth. It knows no model; several processes may share its study.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.inverse import gaussian_process
from matwidgets.inverse.study import Answer, Asked, Box, Direction, Study, Told

Floats = NDArray[np.float64]
Sampler = Literal["tpe", "gp", "random"]
SAMPLERS: tuple[Sampler, ...] = ("tpe", "gp", "random")
STARTUP = {"tpe": 20, "gp": 10, "random": 0}  # random points first: hyperopt's and scikit-optimize's defaults


@dataclass(frozen=True)
class LatentSettings:
    """How a box is searched.

    Attributes
    ----------
    n_trials : int
        Points in all, those of all processes and of earlier runs included.
    sampler : {"tpe", "gp", "random"}
    seed : int
        A search by one process depends on nothing else, stopped and gone on with or not.
    startup : int, optional
        Random points first; `STARTUP` if not given.
    multivariate : bool
        One density over all coordinates at once instead of one for each (``tpe``).
    candidates : int
        Points drawn from l(x), of which that with the largest l(x) / g(x) is taken (``tpe``).
    effort : Effort
        How the acquisition is made large (``gp``).
    """

    n_trials: int = 100
    sampler: Sampler = "tpe"
    seed: int = 0
    startup: int | None = None
    multivariate: bool = False
    candidates: int = 24
    effort: gaussian_process.Effort = field(default_factory=gaussian_process.Effort)

    def __post_init__(self) -> None:
        if self.n_trials < 1:
            raise InputError(
                f"n_trials is {self.n_trials}; a search needs at least 1: give a whole number from 1"
            )
        if self.sampler not in SAMPLERS:
            raise InputError(f"Unknown sampler {shown(self.sampler)}; write one of {', '.join(SAMPLERS)}")
        if self.startup is not None and self.startup < 1:
            raise InputError(
                f"startup is {self.startup}; a sampler learns from at least 1 point: give 1 or more"
            )
        if self.candidates < 1:
            raise InputError(f"candidates is {self.candidates}; give a whole number from 1")

    @property
    def first(self) -> int:
        """Random points first."""
        return STARTUP[self.sampler] if self.startup is None else self.startup


class LatentSearch:
    """A search that is asked for points and told their worth.

    Parameters
    ----------
    study : Study
        Where the points are kept; a study that holds some is gone on with.
    settings : LatentSettings
    worker : int
        Number of this process among those that share the study, for its random numbers.
    draw : callable, optional
        Where random points come from instead of evenly from the box: from a seed to a point, (d,). What lies outside
        the box is brought to its edge.
    """

    def __init__(
        self,
        study: Study,
        settings: LatentSettings,
        worker: int = 0,
        draw: Callable[[int], Floats] | None = None,
    ) -> None:
        self.study, self.settings, self.worker, self._draw = study, settings, worker, draw

    @property
    def finished(self) -> bool:
        """Whether all points are answered."""
        return len(self.study.told()) >= self.settings.n_trials

    def ask(self) -> Asked | None:
        """Return the next point; None if none is left to reserve."""
        return self.study.reserve(self.settings.n_trials, self._propose)

    def tell(self, asked: Asked, answer: Answer) -> None:
        """Keep what a point is worth; see `Study.answer`."""
        self.study.answer(asked.number, answer)

    def advance(self, objective: Callable[[Floats], Answer]) -> int | None:
        """Ask, evaluate and tell one point; its number, or None if none is left.

        A point whose objective raises is left to whoever asks next.
        """
        asked = self.ask()
        if asked is None:
            return None
        try:
            answer = objective(asked.point)
        except BaseException:
            self.study.release(asked.number)
            raise
        self.tell(asked, answer)
        return asked.number

    def _propose(self, count: int) -> Floats:
        """A new point when there are ``count``, (d,); the same at every call."""
        seeds = np.random.SeedSequence([self.settings.seed, self.worker, count])
        told = self.study.told()
        if self.settings.sampler == "random" or len(told) < self.settings.first:
            # All samplers begin alike, so that what they make of one beginning can be compared in pairs.
            if self._draw is not None:
                return self._draw(int(seeds.generate_state(1)[0]))
            return self.study.box.from_unit(np.random.default_rng(seeds).random(len(self.study.box)))
        if self.settings.sampler == "tpe":
            return self._parzen(int(seeds.generate_state(1)[0]))
        return self._gaussian_process(told, np.random.default_rng(seeds))

    def _parzen(self, seed: int) -> Floats:
        from optuna.samplers import TPESampler
        from optuna.trial import TrialState, create_trial

        joint = self.settings.multivariate
        sampler = TPESampler(
            n_startup_trials=self.settings.first, n_ei_candidates=self.settings.candidates, seed=seed,
            multivariate=joint,
            constant_liar=not joint,  # counts what others are at as bad; jointly it would write to their study
        )  # fmt: skip
        study, space = self.study.optuna, self.study.distributions
        here = create_trial(state=TrialState.RUNNING)  # a stand-in: the point is reserved when it is known
        found = sampler.sample_relative(study, here, space) if joint else {}
        if not found:
            found = {
                name: sampler.sample_independent(study, here, name, interval)
                for name, interval in space.items()
            }
        return np.array([found[name] for name in space])

    def _gaussian_process(self, told: Sequence[Told], rng: np.random.Generator) -> Floats:
        box = self.study.box
        sign = np.array([1.0 if d == "minimize" else -1.0 for d in self.study.directions])
        violation = None
        if any(t.constraints for t in told):
            violation = np.array([max(t.constraints.values(), default=0.0) for t in told])
        point = gaussian_process.propose(
            box.to_unit(np.stack([t.point for t in told])), sign * np.array([t.values for t in told]),
            violation, rng, self.settings.effort,
        )  # fmt: skip
        return box.from_unit(point)


def minimise(
    function: Callable[[Floats], Any], low: Sequence[float], high: Sequence[float], settings: LatentSettings
) -> list[Told]:
    """Search a function of a point, (d,) to a number, for its minimum; every point in order."""
    search = LatentSearch(Study(Box.build(low, high), ["minimize"]), settings)
    while search.advance(lambda point: Answer((float(function(point)),))) is not None:
        pass
    return search.study.told()


def best_so_far(told: Sequence[Told], direction: Direction) -> Floats:
    """Best first objective among the feasible points up to each, (n,); NaN before the first feasible one."""
    sign = 1.0 if direction == "minimize" else -1.0
    values = np.array([sign * t.values[0] if t.feasible else np.inf for t in told])
    best = np.minimum.accumulate(values) if len(values) else values
    return np.where(np.isfinite(best), sign * best, np.nan)


def trials_by_state(study: Study) -> Mapping[str, int]:
    """Count the points of a study: answered, at work, failed."""
    words = {"COMPLETE": "answered", "RUNNING": "at work", "FAIL": "failed"}
    counts = dict.fromkeys(words.values(), 0)
    for trial in study.trials():
        counts[words[trial.state.name]] += 1
    return counts
