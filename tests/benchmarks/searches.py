"""The comparison of searches in full: `python tests/benchmarks/searches.py OUT.json`; see papers/crabnet_search.py.

Writes after every system, and goes on where the file ends. TPE proposes one composition at a time, ever more slowly,
so it runs against the short schedule only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import platform
from importlib.metadata import version
from pathlib import Path

import matwidgets as mw
from matwidgets.papers.crabnet_search import OTHERS, SCHEDULES, compare_on, random_systems, summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--property", default="bulk_modulus")
    parser.add_argument("--ternary", type=int, default=10)
    parser.add_argument("--quaternary", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of the systems")
    parser.add_argument("--schedules", nargs="+", choices=SCHEDULES, default=list(SCHEDULES))
    parser.add_argument("--methods", nargs="+", choices=OTHERS, default=list(OTHERS))
    given = parser.parse_args()
    model = mw.load("crabnet", given.property)
    systems = random_systems(model, given.ternary, given.quaternary, given.seed)
    schedules = {name: SCHEDULES[name] for name in given.schedules}
    methods = {
        name: tuple({"short"} & schedules.keys()) if name == "tpe" else tuple(schedules)
        for name in given.methods
    }
    settings = {k: v for k, v in vars(given).items() if k != "out"}
    told = {"settings": settings, "schedules": schedules, "rows": []}
    if given.out.exists():
        kept = json.loads(given.out.read_text())
        if kept["settings"] != settings:
            parser.error(f"{given.out} was made with other settings {kept['settings']}: name another file")
        told["rows"] = kept["rows"]
    done = {row["system"] for row in told["rows"]}
    ternaries, quaternaries = systems[: given.ternary], systems[given.ternary :]
    # In turn, so that an unfinished file is not of ternaries alone.
    in_turn = [s for pair in itertools.zip_longest(ternaries, quaternaries) for s in pair if s]
    for elements in in_turn:
        if "-".join(elements) in done:
            continue
        told["rows"] += compare_on(
            model, elements, seeds=range(given.repeats), schedules=schedules, methods=methods
        )
        told["summary"] = summary(told["rows"]).to_dict("records")
        told["versions"] = {name: version(name) for name in ("cmaes", "optuna", "torch")}
        told["versions"]["python"] = platform.python_version()
        part = given.out.with_suffix(".part")
        part.write_text(json.dumps(told, indent=1))
        part.replace(given.out)
        print("-".join(elements), flush=True)
    print(summary(told["rows"]).to_string())


if __name__ == "__main__":
    main()
