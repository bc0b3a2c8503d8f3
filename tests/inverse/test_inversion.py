"""Iterative inversion on a model that can be followed by hand: y is the share of nickel, z the share of iron."""

from __future__ import annotations

import numpy as np
import pytest

from matwidgets.errors import InputError, MatwidgetsError
from matwidgets.inverse.alloy_constraints import Constraints
from matwidgets.inverse.inversion import Inverting, Options
from matwidgets.run import Run

ELEMENTS = ("Fe", "Ni", "Cr")


class Plain:
    """Decodes y to that much nickel, less `blur`, and z to that share of iron in the rest."""

    elements = ELEMENTS

    def __init__(self, blur: float = 0.0) -> None:
        self.blur = blur
        self.asked: list[float] = []

    def judge(self, x):
        return {
            "probability": x[:, 1], "std": 0 * x[:, 1], "distance": 0.3 * np.ones(len(x)), "in_domain": x[:, 1] < 2
        }  # fmt: skip

    def encode_fractions(self, x, y):
        np.testing.assert_allclose(y, x[:, 1])  # at the alloy's own probability
        return (x[:, :1] / (x[:, 0] + x[:, 2])[:, None]).clip(0, 1)

    def decode(self, z, y):
        self.asked.append(float(y[0]))
        nickel = y * (1 - self.blur)
        return np.stack([(1 - nickel) * z[:, 0], nickel, (1 - nickel) * (1 - z[:, 0])], axis=1)


def invert(x, model=None, **options):
    job = Inverting(model or Plain(), np.array(x), "start", Options(**options))
    while not job.finished:
        job.advance()
    return job.result()


def test_the_probability_is_inverted_as_in_the_paper():
    found = invert([0.45, 0.1, 0.45])
    assert (found.converged, found.reason) == (True, "converged")
    first, last = found.steps
    assert (first.alloy, first.probability, first.wanted, first.z) == ("start", 0.1, None, [0.5])
    assert last.wanted == pytest.approx(0.9)
    assert last.alloy == "Fe5Ni90Cr5" and last.probability == pytest.approx(0.9)
    assert last.fractions == pytest.approx({"Fe": 0.05, "Ni": 0.9, "Cr": 0.05})
    assert (last.distance, last.in_domain) == (pytest.approx(0.3), True)


def test_a_step_goes_no_farther_than_asked():
    found = invert([0.45, 0.1, 0.45], step=0.2)
    assert [s.wanted for s in found.steps[1:]] == pytest.approx([0.3, 0.5, 0.6])
    assert [s.probability for s in found.steps] == pytest.approx([0.1, 0.3, 0.5, 0.6])
    assert found.reason == "converged"


def test_between_one_half_and_the_cutoff_it_does_not_turn_back():
    found = invert([0.225, 0.55, 0.225], threshold=0.7)
    assert [s.wanted for s in found.steps] == [None, pytest.approx(0.7)]


def test_the_other_way():
    found = invert([0.1, 0.8, 0.1], target="multi")
    assert found.reason == "converged" and found.steps[-1].wanted == pytest.approx(0.2)
    assert invert([0.4, 0.2, 0.4], target="multi").note == "The alloy is what is wanted already."


def test_a_start_beyond_the_limits_is_changed_though_it_has_the_phase():
    limits = Constraints.of(ELEMENTS, forbid=["Cr"])
    found = invert([0.1, 0.8, 0.1], constraints=limits)
    assert [s.wanted for s in found.steps] == [None, pytest.approx(0.8)]
    assert found.converged and "Cr" not in found.steps[-1].fractions
    assert invert([0.2, 0.8, 0.0], constraints=limits).note == "The alloy is what is wanted already."


def test_a_cycle_is_noticed():
    found = invert([0.35, 0.3, 0.35], Plain(blur=0.5))  # 0.3 -> 0.7 wanted, 0.35 got; 0.65 -> 0.325; ...
    assert (found.converged, found.reason) == (False, "cycle")
    alloys = [s.alloy for s in found.steps]
    assert alloys[-1] in alloys[:-1] and len(set(alloys)) == len(alloys) - 1
    assert "again" in found.note


def test_the_start_counts_as_seen_however_it_is_written():
    class Still(Plain):
        def decode(self, z, y):
            return np.array([[0.35, 0.3, 0.35]])

    found = invert([0.35, 0.3, 0.35], Still())
    assert (found.reason, len(found.steps)) == ("cycle", 2)


def test_the_limit():
    found = invert([0.45, 0.1, 0.45], step=0.1, max_steps=3)
    assert (found.converged, found.reason, len(found.steps)) == (False, "limit", 4)
    assert found.note == "Not reached within 3 steps."


def test_limits_are_kept_and_blamed():
    found = invert([0.45, 0.1, 0.45], constraints=Constraints.of(ELEMENTS, forbid=["Ni"]))
    assert (found.converged, found.reason) == (False, "infeasible")
    assert all("Ni" not in s.fractions for s in found.steps[1:])
    assert "without them it ends at Fe5Ni90Cr5" in found.note
    kept = invert([0.45, 0.1, 0.45], constraints=Constraints.of(ELEMENTS, keep=["Cr"], locks={"Fe": 0.2}))
    assert kept.converged
    assert kept.steps[-1].fractions["Fe"] == 0.2 and kept.steps[-1].fractions["Cr"] >= 0.05


def test_impossible_limits_take_no_step():
    found = invert([0.45, 0.1, 0.45], constraints=Constraints.of(ELEMENTS, locks={"Fe": 0.8, "Cr": 0.4}))
    assert (found.reason, len(found.steps)) == ("infeasible", 1)
    assert found.note.startswith("No alloy is within the limits: locked elements take 120%")


def test_an_inversion_that_fails_without_limits_is_not_blamed_on_them():
    limits = Constraints.of(ELEMENTS, price={"Fe": 0.1})
    found = invert([0.35, 0.3, 0.35], Plain(blur=0.5), constraints=limits, max_steps=99)
    assert found.reason == "cycle"


def test_as_a_run_step_by_step():
    run = Run(
        lambda: Inverting(Plain(), np.array([0.45, 0.1, 0.45]), "start", Options(step=0.2)),
        title="inversion", kind="table", total=10,
    )  # fmt: skip
    run.step().pause()
    run.step()
    run.resume()
    found = run.wait(10)
    assert [r["step"] for r in run.history] == [0, 1, 2, 3]
    assert [r["alloy"] for r in run.history] == [s.alloy for s in found.steps]
    assert run.history[-1]["reason"] == "converged" and "reason" not in run.history[0]
    with pytest.raises(MatwidgetsError, match="keeps no state"):
        run.save("x")


def test_stopped_early():
    job = Inverting(Plain(), np.array([0.45, 0.1, 0.45]), "start", Options(step=0.2))
    job.advance()
    assert (job.result().reason, job.result().converged) == ("stopped", False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "two"}, "Unknown target 'two'; allowed are single, multi"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"step": 0.0}, "step is 0; y goes from 0 to 1"),
        ({"step": float("nan")}, "step is nan"),
        ({"threshold": 1.0}, "threshold is 1; allowed is 0.5 to below 1"),
        ({"threshold": 0.4}, "threshold is 0.4"),
    ],
)
def test_silly_options(options, message):
    with pytest.raises(InputError, match=message):
        Options(**options)
