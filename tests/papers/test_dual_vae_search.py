"""The comparison of searches: what is recorded, what the tests say, and that a record is gone on with."""

import json
from dataclasses import replace

import numpy as np
import pytest

from matwidgets.errors import InputError
from matwidgets.inverse.test_functions import BRANIN, FUNCTIONS, HIMMELBLAU
from matwidgets.papers import dual_vae_search
from matwidgets.papers.dual_vae_search import (
    FILE,
    METHODS,
    Trace,
    ask_times,
    benchmark_claims,
    compare,
    curves,
    holm,
    read_off,
    record,
    recorded,
    seconds_a_trial,
    small_comparison,
    trace,
)


def test_a_trace_is_read_off_where_it_says():
    one = trace(BRANIN, "tpe", 1, evaluations=30)
    assert one.evaluations == read_off(30) and one.evaluations[0] == 1 and one.evaluations[-1] == 30
    assert (np.diff(one.regret) <= 0).all() and one.regret[-1] >= 0
    random = trace(BRANIN, "random", 1, evaluations=30)
    shared = one.evaluations.index(20)  # hyperopt's random points, the same for all
    assert one.regret[: shared + 1] == random.regret[: shared + 1]
    with pytest.raises(
        InputError, match="Unknown method 'annealing'; allowed are random, tpe, gp, tpe, joint"
    ):
        trace(BRANIN, "annealing", 0)


def test_a_record_is_gone_on_with(tmp_path, monkeypatch, capsys):
    out = tmp_path / "search.json"
    given = {"functions": (BRANIN,), "methods": ("random", "tpe"), "evaluations": 21}
    record(out, "make", seeds=[0], **given)
    before = json.loads(out.read_text())["rows"]
    made = []
    real = trace

    def counted(function, method, seed, evaluations):
        made.append((method, seed))
        return real(function, method, seed, evaluations)

    monkeypatch.setattr(dual_vae_search, "trace", counted)
    found = record(out, "make", seeds=[0, 1], **given)
    assert made == [("random", 1), ("tpe", 1)]
    assert found["rows"][:2] == before and found["command"] == "make"
    assert [t.seed for t in recorded(out)] == [0, 0, 1, 1]
    assert recorded(out)[0].evaluations == read_off(21)
    assert "Branin, tpe, seed 1: regret" in capsys.readouterr().out
    with pytest.raises(
        InputError, match="search.json holds searches of 21 evaluations, not 30: name another file"
    ):
        record(out, "make", evaluations=30)


def made_up(factor, *, seeds=12, noise=0.3):
    """Traces of two methods on two functions; the regret of "tpe" is less by a factor."""
    rng = np.random.default_rng(0)
    return [
        Trace(function, method, seed, (1, 10), (5.0, float(base)), 0.1 if method == "tpe" else 0.02)
        for function in ("Branin", "Himmelblau")
        for seed in range(seeds)
        for level in [10 ** rng.normal()]
        for method, base in (
            ("random", level),
            ("tpe", level / factor * 10 ** (noise * rng.normal())),
        )
    ]


def test_a_difference_is_found_and_none_is_not():
    table = compare(made_up(10.0), [("tpe", "random")])
    assert table["function"].tolist() == ["Branin", "Himmelblau"] and table["ahead"].all()
    # the median of 12 logarithms with deviation 0.3 has a standard error of 0.3 * 1.25 / sqrt(12) = 0.11
    np.testing.assert_allclose(np.log10(table["factor"]), 1.0, atol=4 * 0.11)
    assert not compare(made_up(1.0), [("tpe", "random")])["ahead"].any()
    behind = compare(made_up(0.1), [("tpe", "random")])
    assert not behind["ahead"].any() and (behind["p_holm"] < 0.05).all() and (behind["factor"] < 1).all()
    same = [Trace("Branin", m, s, (1,), (float(s),), 0.1) for m in ("tpe", "random") for s in range(5)]
    assert compare(same, [("tpe", "random")])["p"].tolist() == [1.0]
    with pytest.raises(
        InputError, match="tpe and random were run on Branin from 11 and 12 seeds: run both from the"
    ):
        compare(
            [t for t in made_up(10.0) if (t.function, t.method, t.seed) != ("Branin", "tpe", 3)],
            [("tpe", "random")],
        )


def test_holms_correction():
    """The example of Holm's paper by hand: the smallest times 4, the next times 3, and never less than one before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_bands_hold_the_median_and_narrow_with_seeds():
    few, many = curves(made_up(10.0, seeds=8)), curves(made_up(10.0, seeds=60))
    for table in (few, many):
        assert ((table["low"] <= table["median"]) & (table["median"] <= table["high"])).all()

    def width(table):
        last = table[(table["evaluations"] == 10) & (table["method"] == "random")]
        return float(np.log10(last["high"] / last["low"]).mean())

    assert width(many) < width(few)
    assert seconds_a_trial(made_up(1.0)) == pytest.approx({"tpe": 0.01, "random": 0.002})


def test_the_time_of_a_choice_is_measured():
    table = ask_times((15, 30), repeats=1, function=HIMMELBLAU)
    assert table["points"].tolist() == [15, 15, 30, 30] and (table["seconds"] > 0).all()


def test_the_live_comparison_has_a_pair_for_every_seed():
    traces = small_comparison(seeds=1, evaluations=12)
    assert {t.method for t in traces} == {"random", "tpe", "gp"} and len(traces) == 15


def fake(method: str, factor: float) -> list[Trace]:
    """Searches whose regret is so many times smaller than that of random search from the same seeds."""
    base = [trace(function, "random", seed, 20) for seed in range(3) for function in FUNCTIONS]
    return [replace(t, method=method, regret=tuple(r / factor for r in t.regret)) for t in base]


@pytest.mark.parametrize(
    ("tpe", "gp", "ahead", "level"),
    [(4.0, 4.4, 5, "level"), (4.0, 100.0, 5, "not level"), (0.5, 0.5, 0, "level")],
)
def test_the_claims_follow_from_the_regrets(tpe: float, gp: float, ahead: int, level: str) -> None:
    found = benchmark_claims([*fake("random", 1.0), *fake("tpe", tpe), *fake("gp", gp)])
    assert found["search_tpe"].here == found["search_gp"].here == ahead
    assert found["search_level"].here == level
    assert found["search_level"].control == ("level" if 0.5 <= gp <= 2 else "not level")
    assert 0 <= found["search_tpe"].control <= 5  # type: ignore[operator]


def test_what_is_recorded_is_complete():
    traces = recorded()
    assert {(t.function, t.method) for t in traces} == {
        (name, method)
        for name in ("Branin", "six-hump camel", "Ackley", "Rosenbrock", "Himmelblau")
        for method in METHODS
    }
    assert len(traces) == 5 * 4 * 30 and all(t.evaluations[-1] == 100 for t in traces)
    assert "/" not in json.loads(FILE.read_text())["command"]
    again = next(t for t in traces if (t.function, t.method, t.seed) == ("Branin", "random", 5))
    assert trace(BRANIN, "random", 5).regret == again.regret  # drawn from numpy's own, documented, stream
