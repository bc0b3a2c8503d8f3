"""Fig. S8 of Korolev et al. 2020 with numbers: ``python -m matwidgets.papers.dual_vae_search``.

Tree-structured Parzen estimator, Gaussian process and random search, each on five functions of two variables from
thirty seeds. Searches of one seed begin with the same random points, so they are compared in pairs. What was found is
written to a JSON file after every search, and a file that is there is gone on with.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.inverse.test_functions import FUNCTIONS, TestFunction
from matwidgets.papers.claims import Finding

if TYPE_CHECKING:
    from pandas import DataFrame, Series

FILE = Path(__file__).parents[1] / "checkpoints" / "dual_vae" / "search.json"
SEEDS = 30
EVALUATIONS = 100
METHODS: dict[str, dict[str, Any]] = {
    "random": {"sampler": "random"},
    "tpe": {"sampler": "tpe"},
    "gp": {"sampler": "gp"},
    "tpe, joint": {
        "sampler": "tpe",
        "multivariate": True,
    },  # one density over both variables: not the paper's
}
LEAST = 1e-12  # a regret below is rounding, and counts as this
LEVEL = 0.05


@dataclass(frozen=True)
class Trace:
    """One search.

    Attributes
    ----------
    function, method : str
    seed : int
    evaluations : tuple of int
        Where the regret was read off.
    regret : tuple of float
        Best value so far less the minimum.
    seconds : float
        Processor time of the whole search.
    """

    function: str
    method: str
    seed: int
    evaluations: tuple[int, ...]
    regret: tuple[float, ...]
    seconds: float


def read_off(evaluations: int) -> tuple[int, ...]:
    """Numbers of evaluations at which a search is read off: about ten a decade, and the last."""
    grid = 10 ** np.arange(0, np.log10(evaluations) + 1e-9, 0.1)
    return tuple(sorted({*grid.round().astype(int).tolist(), evaluations}))


def trace(function: TestFunction, method: str, seed: int, evaluations: int = EVALUATIONS) -> Trace:
    """Search one function.

    Raises
    ------
    InputError
        A method that is none of `METHODS`.
    """
    from threadpoolctl import threadpool_limits

    from matwidgets.inverse.latent_search import LatentSettings, best_so_far, minimise

    if method not in METHODS:
        raise InputError(f"Unknown method {method!r}; allowed are {', '.join(METHODS)}: choose one of these")
    settings = LatentSettings(n_trials=evaluations, seed=seed, **METHODS[method])
    began = time.process_time()
    with threadpool_limits(1):  # matrices of a hundred rows: more threads only wait for each other
        told = minimise(function, function.low, function.high, settings)
    took = time.process_time() - began
    best, at = best_so_far(told, "minimize"), read_off(evaluations)
    regret = tuple(float(f"{function.regret(float(best[n - 1])):.4g}") for n in at)
    return Trace(function.name, method, seed, at, regret, round(took, 3))


def record(
    out: Path, command: str, *, seeds: Sequence[int] = range(SEEDS), methods: Sequence[str] = tuple(METHODS),
    evaluations: int = EVALUATIONS, functions: Sequence[TestFunction] = FUNCTIONS,
) -> dict[str, Any]:  # fmt: skip
    """Search what is not yet in ``out``, seed by seed, and write it after every search.

    Returns
    -------
    dict
        What was written: command, evaluations, versions, seconds (processor time of all searches) and rows, each a
        `Trace`.

    Raises
    ------
    InputError
        If ``out`` holds searches of another length.
    """
    found: dict[str, Any] = {
        "command": command, "evaluations": evaluations, "at": list(read_off(evaluations)),
        "versions": {name: version(name) for name in ("optuna", "scikit-learn", "numpy")}
        | {"python": platform.python_version()},
        "seconds": 0.0, "rows": [],
    }  # fmt: skip
    if out.is_file():
        before = json.loads(out.read_text("utf-8"))
        if before["evaluations"] != evaluations:
            raise InputError(
                f"{out.name} holds searches of {before['evaluations']} evaluations, not {evaluations}: "
                "name another file"
            )
        found["rows"], found["seconds"] = before["rows"], before["seconds"]
    done = {(row["function"], row["method"], row["seed"]) for row in found["rows"]}
    for seed in seeds:
        for function in functions:
            for method in methods:
                if (function.name, method, seed) in done:
                    continue
                one = trace(function, method, seed, evaluations)
                row = asdict(one)
                del row["evaluations"]  # told once, in the head
                found["rows"].append(row)
                found["seconds"] = round(found["seconds"] + one.seconds, 1)
                _write(out, found)
                sys.stdout.write(f"{function.name}, {method}, seed {seed}: regret {one.regret[-1]:.3g}\n")
                sys.stdout.flush()
    return found


def _write(out: Path, found: Mapping[str, Any]) -> None:
    """A search a line."""
    head = json.dumps(
        {name: value for name, value in found.items() if name != "rows"}, indent=1
    ).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(row) for row in found["rows"])
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    part.replace(out)


def recorded(path: Path = FILE) -> list[Trace]:
    """Read the searches that were recorded."""
    found = json.loads(path.read_text("utf-8"))
    return [
        Trace(
            row["function"], row["method"], row["seed"], tuple(found["at"]), tuple(row["regret"]), row["seconds"]
        )
        for row in found["rows"]
    ]  # fmt: skip


def small_comparison(seeds: int = 4, evaluations: int = 40) -> list[Trace]:
    """Search all five functions live with the paper's three methods, few times and briefly; for the notebook."""
    return [
        trace(function, method, seed, evaluations)
        for seed in range(seeds)
        for function in FUNCTIONS
        for method in ("random", "tpe", "gp")
    ]


def _logarithms(traces: Sequence[Trace], function: str, method: str) -> tuple[list[int], NDArray[np.float64]]:
    """Seeds in order and log10 of the regret, (seeds, read off)."""
    rows = sorted((t for t in traces if (t.function, t.method) == (function, method)), key=lambda t: t.seed)
    return [t.seed for t in rows], np.log10(np.maximum([t.regret for t in rows], LEAST))


def curves(traces: Sequence[Trace], *, resamples: int = 2000, seed: int = 0) -> DataFrame:
    """Median regret against evaluations with its band.

    Returns
    -------
    DataFrame
        function, method, evaluations, median, low, high (95 % bootstrap interval of the median over seeds), seeds.
    """
    import pandas as pd

    rng, rows = np.random.default_rng(seed), []
    for function, method in dict.fromkeys((t.function, t.method) for t in traces):
        seeds, logs = _logarithms(traces, function, method)
        drawn = np.median(logs[rng.integers(len(logs), size=(resamples, len(logs)))], axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        at = next(t.evaluations for t in traces if (t.function, t.method) == (function, method))
        rows += [
            {
                "function": function, "method": method, "evaluations": n, "median": 10**m, "low": 10**a, "high": 10**b,
                "seeds": len(seeds),
            }
            for n, m, a, b in zip(at, np.median(logs, axis=0), low, high, strict=True)
        ]  # fmt: skip
    return pd.DataFrame(rows)


def holm(p: Sequence[float]) -> list[float]:
    """Correct p-values of several tests (S. Holm, Scand. J. Stat. 6, 65 (1979))."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(np.asarray(p)[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(steps, 1.0)
    return [float(x) for x in corrected]


def compare(
    traces: Sequence[Trace],
    pairs: Sequence[tuple[str, str]] = (("tpe", "random"), ("gp", "random"), ("tpe", "gp")),
) -> DataFrame:
    """Compare the final regrets of pairs of methods, seed by seed.

    Wilcoxon's signed-rank test, two-sided, on differences of log10 of the regret: regrets span powers of ten, and the
    largest would decide alone. Holm's correction is over all tests of the table.

    Returns
    -------
    DataFrame
        function, method, against, seeds, factor (median of the regret of ``against`` over that of ``method``; above 1
        the method is ahead), wins (share of seeds), p, p_holm, ahead (factor above 1 and p_holm below 0.05).

    Raises
    ------
    InputError
        If a pair of methods was run from different seeds.
    """
    import pandas as pd
    from scipy.stats import wilcoxon

    rows: list[dict[str, Any]] = []
    for method, against in pairs:
        for function in dict.fromkeys(t.function for t in traces):
            seeds, mine = _logarithms(traces, function, method)
            others, theirs = _logarithms(traces, function, against)
            if not seeds or seeds != others:
                raise InputError(
                    f"{method} and {against} were run on {function} from {len(seeds)} and {len(others)} seeds: "
                    "run both from the same"
                )
            gain = theirs[:, -1] - mine[:, -1]
            p = float(wilcoxon(gain).pvalue) if np.any(gain) else 1.0
            rows.append(
                {
                    "function": function, "method": method, "against": against, "seeds": len(seeds),
                    "factor": 10 ** float(np.median(gain)), "wins": float((gain > 0).mean()), "p": p,
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    frame["p_holm"] = holm(frame["p"].tolist())
    frame["ahead"] = (frame["factor"] > 1) & (frame["p_holm"] < LEVEL)
    return frame


def _level(gaps: Series) -> tuple[str, str]:
    """The word for factors (by function) between two methods, and the factors written out."""
    word = "level" if (gaps > 2).mean() <= 0.5 and (gaps < 0.5).mean() <= 0.5 else "not level"
    return word, ", ".join(f"{function} {gap:.3g}" for function, gap in gaps.items())


def benchmark_claims(traces: Sequence[Trace]) -> dict[str, Finding]:
    """Figure S8: functions on which a method's median regret is below random search's, and whether two are level.

    The control is random search from other seeds, and for the level random search against the Gaussian process. Two
    methods are level if neither is ahead by a factor of two on more than half of the functions.

    Parameters
    ----------
    traces : sequence of Trace
        Of "random", "tpe" and "gp", as `small_comparison` makes them.
    """
    from dataclasses import replace

    names = {one.name: one for one in FUNCTIONS}
    lucky = [
        replace(
            trace(names[t.function], "random", t.seed + SEEDS, t.evaluations[-1]), seed=t.seed, method="luck"
        )
        for t in traces
        if t.method == "random"
    ]
    told = compare(
        [*traces, *lucky], (("tpe", "random"), ("gp", "random"), ("luck", "random"), ("gp", "tpe"))
    )
    factor = {
        name: part.set_index("function")["factor"] for name, part in told.groupby(["method", "against"])
    }
    luck = int((factor["luck", "random"] > 1).sum())
    found = {}
    for method in ("tpe", "gp"):
        gains = factor[method, "random"]
        by = _level(gains)[1]
        found[f"search_{method}"] = Finding(
            int((gains > 1).sum()),
            luck,
            f"regret of random search over that of {method}, median of seeds: {by}",
        )
    word, gaps = _level(factor["gp", "tpe"])
    found["search_level"] = Finding(
        word, _level(factor["gp", "random"])[0], f"regret of tpe over that of gp, median of seeds: {gaps}"
    )
    return found


def seconds_a_trial(traces: Sequence[Trace]) -> dict[str, float]:
    """Processor time of a trial by method (s), the median over searches."""
    by_method: dict[str, list[float]] = {}
    for one in traces:
        by_method.setdefault(one.method, []).append(one.seconds / one.evaluations[-1])
    return {method: float(np.median(seconds)) for method, seconds in by_method.items()}


def ask_times(
    points: Sequence[int] = (50, 100, 200, 400), repeats: int = 3, function: TestFunction = FUNCTIONS[0]
) -> DataFrame:
    """Time the choice of a point when so many are known.

    Returns
    -------
    DataFrame
        method, points, seconds (processor time, the least of the repeats: what else the machine does only adds).
    """
    import pandas as pd

    from matwidgets.inverse.latent_search import LatentSearch, LatentSettings
    from matwidgets.inverse.study import Answer, Box, Study

    rows = []
    for n in points:
        study = Study(Box.build(function.low, function.high), ["minimize"])
        fill = LatentSearch(study, LatentSettings(n_trials=n, sampler="random"))
        while fill.advance(lambda point: Answer((float(function(point)),))) is not None:
            pass
        for method in ("tpe", "gp"):
            taken = []
            for repeat in range(repeats):
                search = LatentSearch(study, LatentSettings(n_trials=n + 1, seed=repeat, **METHODS[method]))
                began = time.process_time()
                asked = search.ask()
                taken.append(time.process_time() - began)
                assert asked is not None
                study.fail(asked.number, "only timed")
            rows.append({"method": method, "points": n, "seconds": min(taken)})
    return pd.DataFrame(rows)


def main() -> None:
    """Record the searches."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("search.json"), metavar="FILE")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS, metavar="N")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    given = parser.parse_args()
    command = shlex.join(["python", "-m", "matwidgets.papers.dual_vae_search", *sys.argv[1:]])
    record(given.out, command, seeds=range(given.seeds), methods=given.methods, evaluations=given.evaluations)
    sys.stdout.write(compare(recorded(given.out)).to_string() + "\n")


if __name__ == "__main__":
    main()
