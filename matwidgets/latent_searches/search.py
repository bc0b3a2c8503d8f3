"""Search a joint latent space of compositions and patterns: the plan, its processes, and the run."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from matwidgets.errors import InputError, listed, shown
from matwidgets.features.composition_vectors import ELEMENTS
from matwidgets.inverse.latent_search import LatentSearch, LatentSettings, Sampler
from matwidgets.inverse.objectives import require_objectives
from matwidgets.inverse.study import Box, Study
from matwidgets.inverse.study_workers import Workers
from matwidgets.latent_searches.objective import (
    Conditions,
    Decoded,
    Dual,
    Floats,
    LatentAim,
    LatentObjective,
)
from matwidgets.latent_searches.proposals import Known, LatentResult, proposals
from matwidgets.latent_searches.story import SHOWN, Story, why_nothing
from matwidgets.run import Run

Begin = Literal["data", "box"]
BEGINS: tuple[Begin, ...] = ("data", "box")


class NothingFeasible(InputError):
    """A search went over its points and none of them met the conditions."""


@dataclass(frozen=True)
class Plan:
    """All that a process needs to take part in a search.

    Attributes
    ----------
    objective : LatentObjective
    box : Box
    settings : LatentSettings
    begin : {"data", "box"}
    path : Path or None
    """

    objective: LatentObjective
    box: Box
    settings: LatentSettings
    begin: Begin
    path: Path | None

    @property
    def about(self) -> dict[str, Any]:
        """What makes this search another one than others with the same box and directions."""
        limits = self.objective.conditions
        return {
            "objectives": [aim.name for aim in self.objective.aims],
            "elements": None if limits.elements is None else sorted(limits.elements),
            "stable": limits.stable,
            "density": limits.density,
            "kappa": self.objective.kappa,
        }

    def study(self) -> Study:
        """Open or make the study."""
        return Study(self.box, [aim.direction for aim in self.objective.aims], self.path, self.about)

    def search(self, worker: int = 0, study: Study | None = None) -> LatentSearch:
        """The search, as the process of that number takes part in it."""
        draw = self._drawn if self.begin == "data" else None
        return LatentSearch(study or self.study(), self.settings, worker, draw)

    def _drawn(self, seed: int) -> Floats:
        return np.asarray(self.objective.dual.sample(1, seed=seed).z[0], dtype=np.float64)


def take_part(plan: Plan, worker: int) -> tuple[LatentSearch, LatentObjective]:
    """Search and objective of a process; for `matwidgets.inverse.study_workers.Workers`."""
    return plan.search(worker), plan.objective


class _LatentJob:
    """A search of a latent space; made and used in the worker thread."""

    def __init__(self, plan: Plan, elements: Sequence[str], workers: int, known: Known | None) -> None:
        self.plan, self.known = plan, known
        self._folder = None
        if workers > 1 and plan.path is None:
            self._folder = Path(tempfile.mkdtemp(prefix="matwidgets-study-"))
            plan = replace(plan, path=self._folder / "study.journal")
        self.search = plan.search()
        self.story = Story.of(plan.objective, elements, plan.settings.seed)
        self.past = [self.story.add(told) for told in self.search.study.told()]
        self._workers = Workers(partial(take_part, plan), workers, self.search) if workers > 1 else None
        self._spent = False

    @property
    def finished(self) -> bool:
        return self._spent or len(self.story.told) >= self.plan.settings.n_trials

    def advance(self) -> dict[str, Any] | None:
        try:
            number = self._workers.advance() if self._workers else self.search.advance(self.plan.objective)
        except BaseException:
            self._close()
            raise
        if number is None:
            self._spent = True  # the rest is done by other processes on the same study
            return None
        return self.story.add(self.search.study.get(number))

    def save(self, path: Path) -> None:
        self.search.study.copy_to(path)

    def result(self) -> LatentResult:
        self._close()
        story = self.story
        best = story.best()[:SHOWN]
        if not best:
            kind = NothingFeasible if story.told else InputError
            raise kind(why_nothing(story, self.plan.objective.conditions))
        front = story.front(SHOWN)
        decoded = proposals(self.plan.objective, [*best, *front], self.known)
        made = {p.number: p for p in decoded}
        return LatentResult(
            story.aims, [made[t.number] for t in best], [made[t.number] for t in front], len(story.told),
            sum(t.feasible for t in story.told), story.broken(), story.hypervolume(), self.plan.settings.seed,
        )  # fmt: skip

    def _close(self) -> None:
        if self._workers is not None:
            self._workers.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def search_latent(
    dual: Dual,
    *,
    maximize: str | Sequence[str] | None = None,
    minimize: str | Sequence[str] | None = None,
    elements: Sequence[str] | None = None,
    stable: float | None = None,
    density: bool = True,
    kappa: float = 0.0,
    n_trials: int = 100,
    sampler: Sampler = "tpe",
    multivariate: bool = False,
    begin: Begin = "data",
    box: tuple[Sequence[float], Sequence[float]] | None = None,
    study: str | Path | None = None,
    workers: int = 1,
    known: Known | None = None,
    seed: int = 0,
    start: bool = True,
) -> Run:
    """Search a joint latent space for materials that have the best predicted property, or the best two together.

    Every point is decoded to a formula and a pattern; these are encoded again, and what is predicted there counts.

    Parameters
    ----------
    dual : DualVAE
        For example ``matwidgets.load("dual_vae")``.
    maximize, minimize : str or sequence of str
        Names of ``dual.properties``; one or two in all. Of a property whose values span decades the logarithm is
        searched.
    elements : sequence of str, optional
        A proposal has these elements alone.
    stable : float, optional
        Least predicted probability that a proposal is stable.
    density : bool
        Whether a proposal's point must lie where training materials do (``dual.density_floor``).
    kappa : float
        Standard deviations taken off each prediction: above 0 the search is careful.
    n_trials : int
        Points in all, those of earlier runs on the same study included.
    sampler, multivariate, seed
        See `matwidgets.inverse.latent_search.LatentSettings`.
    begin : {"data", "box"}
        Whether random points (the first ones; with ``sampler="random"`` all) are drawn from the density of the
        training materials, or evenly from the box as in the paper.
    box : (low, high), optional
        Corners of the search, each (88,); ``dual.box`` if not given.
    study : path, optional
        A file that keeps every point: a search that was stopped or killed goes on from it, and several may share it.
    workers : int
        Processes.
    known : Known, optional
        Materials that the proposals are compared with.
    start : bool
        Start at once.

    Returns
    -------
    Run
        Its ``result`` is a `LatentResult`; it fails with `NothingFeasible` if no point meets the conditions. Each
        record has the best point so far (``values``, ``std``, ``fractions``, ``formula``, ``z``) and what the last one
        gave (``trial``).

    Raises
    ------
    InputError
        For input that no search could satisfy, or a study file of another search; at once, not in the worker thread.
    """
    aims = _aims(dual, maximize, minimize)
    conditions = Conditions.build(dual, elements, stable, density)
    if not 0 <= kappa < float("inf"):
        raise InputError(f"kappa is {kappa:g}; give a number of standard deviations from 0")
    if begin not in BEGINS:
        raise InputError(f"Unknown begin {shown(begin)}; write data or box")
    if workers < 1:
        raise InputError(
            f"workers is {workers}; a search needs at least 1 process: give a whole number from 1"
        )
    if seed < 0:
        raise InputError(f"seed is {seed}; allowed are whole numbers from 0: give one")
    low, high = dual.box if box is None else box
    corners = Box.build(low, high)
    if len(corners) != len(dual.box[0]):
        raise InputError(
            f"The search box has {len(corners)} coordinates; the latent space has {len(dual.box[0])}: give as many"
        )
    settings = LatentSettings(n_trials=n_trials, sampler=sampler, seed=seed, multivariate=multivariate)
    _require_optuna()
    own: Any = getattr(dual, "copy", lambda: dual)()  # the worker thread alone works with these weights
    path = None if study is None else Path(study)
    plan = Plan(LatentObjective(own, aims, conditions, kappa), corners, settings, begin, path)
    if path is not None:
        plan.study()  # so that another search's file is refused here and now
    shown_elements = ELEMENTS if elements is None else tuple(elements)
    goals = " and ".join(f"{aim.direction} {aim.label.lower()}" for aim in aims)
    among = "" if elements is None else f" of {'-'.join(elements)}"
    run = Run(
        lambda: _LatentJob(plan, shown_elements, workers, known),
        title=f"{goals}{among} in the latent space",
        kind="design",
        total=n_trials,
        meta={
            "elements": list(shown_elements), "n_starts": 1, "trials": True, "kappa": kappa,
            "objectives": [aim.to_dict() for aim in aims],
        },
    )  # fmt: skip
    return run.start() if start else run


def decoded_at(run: Run, dual: Dual, step: int) -> Decoded:
    """Decode the point that a search's tracker shows at a step: the best so far.

    Raises
    ------
    InputError
        If the search has no such step yet.
    """
    for record in run.history:
        if record["step"] == step:
            return dual.decode(np.asarray(record["z"]))
    raise InputError(f"{run.title} has no step {step}; its steps are 1 to {run.steps}")


def _aims(
    dual: Dual, maximize: str | Sequence[str] | None, minimize: str | Sequence[str] | None
) -> tuple[LatentAim, ...]:
    def listed_names(given: str | Sequence[str] | None) -> list[str]:
        if given is None:
            return []
        return [given] if isinstance(given, str) else list(given)

    aims = [LatentAim(name, "maximize") for name in listed_names(maximize)]
    aims += [LatentAim(name, "minimize") for name in listed_names(minimize)]
    require_objectives([aim.name for aim in aims])
    for aim in aims:
        if aim.name not in dual.properties:
            raise InputError(
                f"This model does not predict {shown(aim.name)}; write one of {listed(dual.properties)}"
            )
    return tuple(aims)


def _require_optuna() -> None:
    from importlib.util import find_spec

    if find_spec("optuna") is None:
        raise InputError('A search of a latent space needs optuna: pip install "matwidgets[search]"')
