"""A label and the retraining it starts: progress while it goes on, and what has changed when it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from matwidgets.errors import MatwidgetsError
from matwidgets.widgets._alloys import WORDS, Evaluate, Step
from matwidgets.widgets.base import describe

Learn = Callable[[str, str], Any]
"""``learn(alloy, label)``, label "single" or "multi", to a run (``start``, ``stop``, ``subscribe``, ``state``,
``steps``, ``total``, ``seconds_left``, ``error``, ``result``), such as `matwidgets.run.Run`."""

ENDED = frozenset({"done", "stopped", "failed"})


_NEEDED = ("start", "stop", "subscribe", "state", "steps", "total", "seconds_left", "error", "result")


def checked_run(run: Any) -> Any:
    """Return the run; MatwidgetsError if it is none."""
    missing = [name for name in _NEEDED if not hasattr(run, name)]
    if missing:
        raise MatwidgetsError(
            f"The inverter's learn returned {type(run).__name__} without {', '.join(missing)}: "
            "return a run, such as matwidgets.run.Run"
        )
    return run


def _counted(changed: int, of: int | None) -> str:
    if of is None:
        return (
            f"{changed:,} other alloy{'' if changed == 1 else 's'} changed sides."
            if changed
            else "No other alloy changed sides."
        )
    return f"{f'{changed:,}' if changed else 'None'} of {of:,} other alloys changed sides."


@dataclass(frozen=True)
class Lesson:
    """A label that is being learned, and what was thought of the alloy before."""

    alloy: str
    shown: str
    label: str
    before: float
    run: Any

    def told(self, state: str, **more: Any) -> dict[str, Any]:
        """Return what the page knows of it."""
        head = {"state": state, "alloy": self.alloy, "shown": self.shown, "label": self.label}
        return head | {"before": self.before, "text": ""} | more

    def progress(self) -> dict[str, Any]:
        """Return how far it has come."""
        run = self.run
        total, left = run.total, run.seconds_left
        return self.told(
            "running",
            steps=int(run.steps),
            total=int(total) if total else None,
            seconds_left=None if left is None else round(float(left), 1),
        )

    def ended_badly(self, state: str) -> dict[str, Any]:
        """Return why there is nothing new: stopped, or failed with its reason."""
        if state == "stopped":
            return self.told(state, text="Stopped: the model is as it was.")
        reason = describe(self.run.error) if self.run.error is not None else "no reason given"
        return self.told(state, text=f"Nothing learned: {reason}")

    def learned(self, after: float, summary: Mapping[str, Any]) -> dict[str, Any]:
        """Return what has changed."""
        changed, of = summary.get("changed"), summary.get("of")
        words = [
            f"Learned {self.shown} as {WORDS[self.label]}: its probability went from {self.before:.2f} to {after:.2f}."
        ]
        if changed is not None:
            words.append(_counted(int(changed), None if of is None else int(of)))
        if summary.get("note"):
            words.append(str(summary["note"]))
        return self.told("done", after=after, changed=changed, of=of, text=" ".join(words))


@dataclass(frozen=True)
class Taught:
    """What a run of `Learn` has to result in: callables as at the beginning, and a summary.

    ``summary`` may hold ``changed`` (number of other alloys whose verdict changed), ``of`` (among how many) and
    ``note``.
    """

    evaluate: Evaluate
    step: Step | None
    learn: Learn | None
    summary: Mapping[str, Any]

    @classmethod
    def of(cls, result: Any) -> Taught:
        """Read a mapping or an object with these names.

        Raises
        ------
        MatwidgetsError
            If there is no `evaluate`.
        """

        def get(name: str) -> Any:
            return result.get(name) if isinstance(result, Mapping) else getattr(result, name, None)

        evaluate = get("evaluate")
        if not callable(evaluate):
            raise MatwidgetsError(
                f"The inverter's learn resulted in {type(result).__name__} without a callable evaluate: "
                "let its run's result hold evaluate, step, learn and summary"
            )
        return cls(evaluate, get("step"), get("learn"), get("summary") or {})
