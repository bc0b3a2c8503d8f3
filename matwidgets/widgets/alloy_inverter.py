"""AlloyInverter: an alloy, its features, its probability of a single phase, and the loop that turns it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from matwidgets.errors import InputError
from matwidgets.widgets._alloy_picture import alloy_picture
from matwidgets.widgets._alloys import (
    WORDS,
    Evaluate,
    Step,
    chance,
    checked_alloy,
    outcome,
    row,
    turned_back,
    written,
)
from matwidgets.widgets._feed import Feed
from matwidgets.widgets._prediction import checked_elements, checked_fractions
from matwidgets.widgets._teaching import ENDED, Learn, Lesson, Taught, checked_run
from matwidgets.widgets._trail import checked_place
from matwidgets.widgets.base import MatWidget, describe, jsonable

Callables = tuple[Evaluate | None, Step | None, Learn | None]
MOST_PLACES = 24
_TRAIL_BYTES = 36_000


class AlloyInverter(MatWidget):
    """The loop of inverse design: alloy -> features -> probability -> flipped target -> new alloy, a click a step.

    Parameters
    ----------
    alloy : str or sequence of mappings
        Where to begin, such as ``Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1``; or a way that has been gone already, records such as
        `evaluate` returns.
    evaluate : callable, optional
        ``evaluate(alloy)`` -> mapping with ``alloy``, ``fractions`` (symbol -> atomic fraction), ``probability`` of a
        single phase, ``features`` (each ``symbol``, ``name``, ``unit``, ``value`` and where known ``shapley``), and as
        far as they are known ``std`` over the members, ``z`` (the latent vector), ``base`` (the mean probability that
        the Shapley values start from), ``in_domain``, ``nearest`` (text) and ``note``. Without it there is no box to
        type in.
    step : callable, optional
        ``step(record, target, size, keep, forbid)`` -> the record of the next alloy, or ``{"reason": text}`` where
        there is none. `record` is what `evaluate` or `step` returned, `target` "single" or "multi", `size` in 0..1 how
        far y, the probability that is decoded, goes at once, `keep` and `forbid` tuples of symbols.
    learn : callable, optional
        ``learn(alloy, label)`` -> a run (such as `matwidgets.run.Run`) that has not started; its result holds
        ``evaluate``, ``step``, perhaps ``learn`` for the next label, and ``summary`` with ``changed`` and ``of``: how
        many of how many other alloys changed sides.
    elements : sequence of str, optional
        The elements that alloys are made of: those that can be forbidden. With them `link` connects the composition of
        a CompositionPanel of the same elements.
    target : {"single", "multi"}, optional
        The other side than the first alloy's by default.
    size : float
        0 < size <= 1.
    keep, forbid : sequence of str
        Elements that every step has to keep, and to leave out.
    cutoff : float
        Probability from which a single phase is called probable (one minus it: several phases), 0.5 to 1.
    most_steps : int
        Steps after which the loop is given up.
    label : str
        Title.

    Raises
    ------
    InputError
        For a target, size, cutoff or number of steps that is not allowed, elements that are repeated, unknown or both
        kept and forbidden; and whatever `evaluate` raises for the first alloy.
    """

    stem = "alloy_inverter"
    _lesson: Lesson | None = None
    _feed: Feed | None = None
    LINKS = {"latent_path": ("path", "out")}

    label = traitlets.Unicode("", help="Title for people.").tag(sync=True)
    trail: Any = traitlets.List(help="The way: each alloy with its features and probability.").tag(sync=True)
    at = traitlets.Int(0, help="Which place of `trail` is shown.").tag(sync=True)
    path: Any = traitlets.List(help="Latent vectors of the way up to the place shown.").tag(sync=True)
    elements = traitlets.List(traitlets.Unicode(), help="Symbols, in the order of `fractions`.").tag(
        sync=True
    )
    fractions = traitlets.List(traitlets.Float(), help="Atomic fractions, where there are `elements`.").tag(
        sync=True
    )
    target = traitlets.Enum(["single", "multi"], "single", help="Which side the steps go to.").tag(sync=True)
    size = traitlets.Float(1.0, help="How far y goes in one step, 0..1.").tag(sync=True)
    keep = traitlets.List(traitlets.Unicode(), help="Elements that every step keeps.").tag(sync=True)
    forbid = traitlets.List(traitlets.Unicode(), help="Elements that every step leaves out.").tag(sync=True)
    cutoff = traitlets.Float(0.6, help="Probability from which a single phase is called probable.").tag(
        sync=True
    )
    most_steps = traitlets.Int(10, help="Steps after which the loop is given up.").tag(sync=True)
    outcome = traitlets.Dict(help="How far the loop has come: kind and text.").tag(sync=True)
    evaluates = traitlets.Bool(False, help="Whether there is an `evaluate`.").tag(sync=True)
    inverts = traitlets.Bool(False, help="Whether there is a `step`.").tag(sync=True)
    learns = traitlets.Bool(False, help="Whether there is a `learn`.").tag(sync=True)
    lesson = traitlets.Dict(help="The last label: progress, or what it has changed.").tag(sync=True)
    taught: Any = traitlets.List(help="Labels that the model in use has learned.").tag(sync=True)

    def __init__(
        self,
        alloy: str | Sequence[Mapping[str, Any]],
        evaluate: Evaluate | None = None,
        step: Step | None = None,
        *,
        learn: Learn | None = None,
        elements: Sequence[str] = (),
        target: str | None = None,
        size: float = 1.0,
        keep: Sequence[str] = (),
        forbid: Sequence[str] = (),
        cutoff: float = 0.6,
        most_steps: int = 10,
        label: str = "Alloy inverter",
    ) -> None:
        if target is not None and target not in WORDS:
            raise InputError(f"An alloy inverter got the target {target!r}: give 'single' or 'multi'")
        if not 0.5 <= cutoff < 1:
            raise InputError(f"An alloy inverter got the cutoff {cutoff}: give 0.5 or more, and less than 1")
        if not 1 <= most_steps < MOST_PLACES:
            raise InputError(f"An alloy inverter got {most_steps} steps: give 1 to {MOST_PLACES - 1}")
        symbols = checked_elements(elements, least=2, most=None, what="An alloy inverter") if elements else []
        self._pair: Callables = (evaluate, step, learn)
        self._first = self._pair
        self._raw: list[Mapping[str, Any]] = []
        self._listening = False
        self._feed = feed = Feed(self._push, self._push_failed)
        self._notify = feed.notify
        # Before anything is made: what is wrong with the first alloy is raised.
        raws = [self._asked(alloy)] if isinstance(alloy, str) else list(alloy)
        if not 1 <= len(raws) <= MOST_PLACES:
            raise InputError(f"An alloy inverter got a way of {len(raws)} alloys: give 1 to {MOST_PLACES}")
        trail = [self._plain(raw, cutoff) | {"step": i} for i, raw in enumerate(raws)]
        goal = target or ("multi" if trail[0]["verdict"]["kind"] == "single" else "single")
        super().__init__(
            label=label, elements=symbols, target=goal, size=float(size), keep=list(keep), forbid=list(forbid),
            cutoff=float(cutoff), most_steps=most_steps,
            evaluates=evaluate is not None, inverts=step is not None, learns=learn is not None,
        )  # fmt: skip
        self._go(trail, raws, len(trail) - 1)
        for kind, handler in (("enter", self._entered), ("step", self._stepped), ("learn", self._learned)):
            self.on_request(kind, handler)
        self._listening = True

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect: the way in the latent space, and the composition where elements are given."""
        return {**self.LINKS, "fractions": ("fractions", "both")} if self.elements else self.LINKS

    def close(self) -> None:
        """Stop listening and leave the page; a training that goes on is stopped."""
        self.stop_learning()
        if self._feed is not None:  # one that was refused is closed half made
            self._feed.close()
        super().close()

    # -- what a program does

    @property
    def record(self) -> dict[str, Any]:
        """The alloy that is shown: alloy, fractions, probability, std, z, features, verdict, reliability."""
        record: dict[str, Any] = self.trail[self.at]
        return record

    @property
    def alloy(self) -> str:
        """The alloy that is shown."""
        return str(self.record["alloy"])

    def enter(self, alloy: str) -> dict[str, Any]:
        """Begin anew with another alloy, and return its record.

        Raises
        ------
        InputError
            If the inverter was made without `evaluate`; and whatever `evaluate` raises.
        """
        raw = self._asked(alloy)
        self._go([self._plain(raw, self.cutoff) | {"step": 0}], [raw], 0)
        self.error = ""
        return self.record

    def step(self) -> dict[str, str]:
        """Do one step of the loop from the alloy that is shown.

        Returns
        -------
        dict
            ``kind``: going, converged, cycle, limit or infeasible; and ``text``, the same in words.

        Raises
        ------
        InputError
            If the inverter was made without `step`; and whatever `step` raises.
        """
        if self._pair[1] is None:
            raise InputError("This inverter goes no steps: make it with a callable as step")
        at = self.at
        raw = self._pair[1](self._raw[at], self.target, self.size, tuple(self.keep), tuple(self.forbid))
        self.error = ""
        if isinstance(raw, Mapping) and raw.get("reason") and "probability" not in raw:
            self.outcome = {"kind": "infeasible", "text": f"No step possible: {raw['reason']}"}
            return dict(self.outcome)
        new = self._plain(raw, self.cutoff, source="step") | {"step": self.trail[at]["step"] + 1}
        cycle = turned_back(self.trail[: at + 1], new)
        if cycle is not None:
            self.outcome = cycle
            return cycle
        trail, raws = [*self.trail[: at + 1], new], [*self._raw[: at + 1], raw]
        while len(trail) > MOST_PLACES or (len(trail) > 2 and _bytes(trail) > _TRAIL_BYTES):
            trail, raws = trail[1:], raws[1:]
        self._go(trail, raws, len(trail) - 1)
        return dict(self.outcome)

    def run(self) -> dict[str, str]:
        """Step until the target is reached, or there is a reason to end; returns as `step` does."""
        if self.outcome.get("kind") in ("there", "converged"):
            return dict(self.outcome)
        for _ in range(self.most_steps):
            end = self.step()
            if end["kind"] != "going":
                break
        return end

    def teach(self, label: str) -> Any:
        """Label the alloy that is shown, and begin to learn it in the background.

        Parameters
        ----------
        label : {"single", "multi"}

        Returns
        -------
        object
            The run, already started. When it is done, the widget goes on with what it has learned.

        Raises
        ------
        InputError
            Without `learn`, for another label, or while another label is learned; and whatever `learn` raises.
        """
        if self._pair[2] is None:
            raise InputError("This inverter learns nothing: make it with a callable as learn")
        if label not in WORDS:
            raise InputError(f"An alloy got the label {label!r}: give 'single' or 'multi'")
        if self._lesson is not None:
            raise InputError(f"{self._lesson.shown} is still being learned: wait for its end, or stop it")
        record = self.record
        run = self._pair[2](record["alloy"], label)
        lesson = Lesson(record["alloy"], record["shown"], label, record["probability"], checked_run(run))
        self._lesson, self.lesson = lesson, lesson.progress()
        run.subscribe(lambda _run: self._notify())
        run.start()
        self._notify()  # it may have ended between the two
        return run

    def stop_learning(self) -> None:
        """Stop learning; the model stays as it was."""
        lesson = self._lesson
        if lesson is not None:
            lesson.run.stop()

    def forget(self) -> None:
        """Go back to the model as it came, without the labels it has learned here."""
        if self._lesson is not None:
            raise InputError(f"{self._lesson.shown} is still being learned: wait for its end, or stop it")
        self._pair = self._first
        self._use(self._first, [self._asked(record["alloy"]) for record in self.trail], taught=[], lesson={})

    def settle(self, timeout: float | None = None) -> bool:
        """Wait until a label that was given is learned and shown; whether that is so."""
        return self._feed is None or self._feed.join(timeout)

    # -- what follows

    def _asked(self, alloy: str) -> Mapping[str, Any]:
        if self._pair[0] is None:
            raise InputError("This inverter evaluates nothing: make it with a callable as evaluate")
        return self._pair[0](alloy)

    def _plain(self, given: Any, cutoff: float, *, source: str = "evaluate") -> dict[str, Any]:
        plain: dict[str, Any] = jsonable(checked_alloy(given, cutoff, source=source))
        return plain

    def _go(self, trail: list[dict[str, Any]], raws: list[Mapping[str, Any]], at: int) -> None:
        listening, self._listening = self._listening, False
        self._raw = raws
        try:
            with self.hold_sync():
                self.trail, self.at = trail, at
                self._follow()
        finally:
            self._listening = listening

    def _follow(self) -> None:
        """Set what belongs to the place that is shown."""
        way = [record["z"] for record in self.trail[: self.at + 1]]
        self.path = way if all(way) else []
        self.fractions = row(self.record["fractions"], self.elements)
        self._say()

    def _say(self) -> None:
        if not self.inverts:  # no loop: nothing to say of its end
            return
        self.outcome = outcome(
            self.record, steps=self.record["step"], target=self.target, cutoff=self.cutoff, most=self.most_steps
        )  # fmt: skip

    def _use(self, pair: Callables, raws: list[Mapping[str, Any]], **traits: Any) -> None:
        """Go on with other callables: the alloys of the way stay, what is said of them is new."""
        trail = [
            self._plain(raw, self.cutoff) | {"step": old["step"]}
            for raw, old in zip(raws, self.trail, strict=True)
        ]
        self._pair = pair
        with self.hold_sync():
            self._go(trail, raws, self.at)
            self.inverts, self.learns = pair[1] is not None, pair[2] is not None
            for name, value in traits.items():
                setattr(self, name, value)

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> int:
        return checked_place(proposal["value"], self.trail)

    @traitlets.observe("at")
    def _changed_at(self, _change: Any) -> None:
        # A refused value is seen here before it is taken back.
        if self._listening and 0 <= self.at < len(self.trail):
            self._go(list(self.trail), self._raw, self.at)

    @traitlets.observe("target")
    def _changed_target(self, _change: Any) -> None:
        if self._listening:
            self._say()

    @traitlets.validate("size")
    def _check_size(self, proposal: Any) -> float:
        size = float(proposal["value"])
        if not 0 < size <= 1:
            raise InputError(
                f"A step of size {size:g}: give more than 0, at most 1 (all the way to the target)"
            )
        return size

    @traitlets.validate("keep", "forbid")
    def _check_wishes(self, proposal: Any) -> list[str]:
        symbols = [str(symbol) for symbol in proposal["value"]]
        unknown = [symbol for symbol in symbols if self.elements and symbol not in self.elements]
        if unknown:
            raise InputError(
                f"Cannot keep or forbid {', '.join(unknown)}: the alloys are made of {' '.join(self.elements)}"
            )
        other = self.forbid if proposal["trait"].name == "keep" else self.keep
        both = [symbol for symbol in symbols if symbol in other]
        if both:
            raise InputError(f"{', '.join(both)} cannot be kept and forbidden at once: choose one of the two")
        return list(dict.fromkeys(symbols))

    @traitlets.validate("fractions")
    def _check_fractions(self, proposal: Any) -> list[float]:
        given = list(proposal["value"])
        return checked_fractions(given, self.elements) if given else []

    @traitlets.observe("fractions")
    def _changed_fractions(self, _change: Any) -> None:
        if not self._listening or len(self.fractions) != len(self.elements):
            return  # the second is refused and taken back
        if np.allclose(self.fractions, row(self.record["fractions"], self.elements) or np.nan, atol=1e-4):
            return
        amounts = dict(zip(self.elements, self.fractions, strict=True))

        def begin() -> None:
            self.enter(written(amounts))

        self.guarded(begin)

    # -- the page's questions

    def _entered(self, data: Any) -> dict[str, Any]:
        text = str(data).strip()
        if not text:
            raise InputError("No alloy: type one, such as Al1.4Co0.9Cr1.4Cu0.5Fe0.9Ni1")
        self.enter(text)
        return {}

    def _stepped(self, data: Any) -> dict[str, Any]:
        # The page's newest choices travel with the question: its traits may still be on their way.
        with self.hold_sync():
            self.at, self.target, self.size = int(data["at"]), str(data["target"]), float(data["size"])
            self.keep = []  # an element may go from one to the other
            self.forbid = list(data["forbid"])
            self.keep = list(data["keep"])
        return self.step()

    def _learned(self, data: Any) -> dict[str, Any]:
        act = data["act"]
        if act == "stop":
            self.stop_learning()
        elif act == "forget":
            self.forget()
        else:
            self.at = int(data["at"])
            self.teach(str(data["label"]))
        return {}

    # -- in the feed's thread

    def _push(self, _fresh: bool) -> bool:
        lesson = self._lesson
        if lesson is None:
            return False
        state = str(lesson.run.state)
        if state not in ENDED:
            self.lesson = lesson.progress()
            return True
        try:
            if state == "done":
                self._take_over(lesson)
            else:
                self.lesson = lesson.ended_badly(state)
        finally:
            self._lesson = None
        return False

    def _take_over(self, lesson: Lesson) -> None:
        new = Taught.of(lesson.run.result)
        pair = (new.evaluate, new.step or self._pair[1], new.learn or self._pair[2])
        known = {lesson.alloy: new.evaluate(lesson.alloy)}
        after = self._plain(known[lesson.alloy], self.cutoff)["probability"]
        label = {"alloy": lesson.alloy, "shown": lesson.shown, "label": lesson.label}
        taught = [*(one for one in self.taught if one["alloy"] != lesson.alloy), label]
        while True:
            # Without the lock, so that the page is answered meanwhile; what it adds to the way comes in the next turn.
            for alloy in [record["alloy"] for record in self.trail]:
                if alloy not in known:
                    known[alloy] = new.evaluate(alloy)
            with self._answering:
                if all(record["alloy"] in known for record in self.trail):
                    raws = [known[record["alloy"]] for record in self.trail]
                    self._use(pair, raws, taught=taught, lesson=lesson.learned(after, new.summary))
                    return

    def _push_failed(self, error: Exception) -> None:
        self.lesson = {**self.lesson, "state": "failed", "text": f"Nothing learned: {describe(error)}"}

    # -- without JavaScript

    def static_svg(self) -> str:
        """Return the alloy as a picture: way, probability, composition and features with their Shapley values."""
        return alloy_picture(self.trail, self.at, title=self.label, outcome=self.outcome, cutoff=self.cutoff)

    def __repr__(self) -> str:
        record = self.record
        steps = record["step"]
        way = f"after {steps} step{'' if steps == 1 else 's'}, " if steps else ""
        said = chance(record["probability"], record["std"])
        return (
            f"AlloyInverter({record['alloy']}: {way}probability of a single phase {said}, "
            f"{record['verdict']['text'].lower()})"
        )


def _bytes(trail: list[dict[str, Any]]) -> int:
    return len(json.dumps(trail, ensure_ascii=False).encode("utf-8"))
