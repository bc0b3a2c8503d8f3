"""Table 4 of Hu et al. with all folds as a command: ``python -m matwidgets.papers.wgan_properties``.

Three properties, two kinds of fold, one protocol (`wgan_protocol`), every representation (`wgan_vectors`) and trees on
fractions as what plain learning gives. What was found is written to a JSON file after every ten folds, and a file that
is there is gone on with: the rows, the folds and the order of the training rows are the same for all, so that a
representation of a critic that is trained later is compared fold by fold.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.papers.dual_vae_boosting import scores
from matwidgets.papers.wgan_protocol import (
    FOLDS,
    MEASURES,
    PARTINGS,
    Answer,
    Parting,
    Round,
    Settings,
    predict,
    predict_trees,
    rounds_of,
)
from matwidgets.papers.wgan_tasks import LOADERS, PUBLISHED, Task, task
from matwidgets.papers.wgan_vectors import (
    CONTROLS,
    FRACTIONS,
    RANDOM,
    Embedding,
    embedding_before,
    embedding_of,
    vectors,
)

if TYPE_CHECKING:
    from pandas import DataFrame

Floats = NDArray[np.float64]
Method = Literal["network", "trees"]
Key = tuple[str, Parting, str, Method]  # property, parting, representation, method

FILE = Path(__file__).parents[1] / "checkpoints" / "wgan" / "table4.json"
SETTINGS = Settings()


@dataclass(frozen=True)
class Cell:
    """One representation on the folds of one kind.

    Attributes
    ----------
    property, parting, representation, method : str
    width : int
        Numbers of a material.
    rows : list of int
        That each fold was judged on.
    mae, rmse, r2 : list of float
        Of each fold, in one order for all representations.
    chosen : list of int
        The step whose weights each fold's validation rows chose; 0 for trees.
    seconds : float
        Processor time.
    """

    property: str
    parting: Parting
    representation: str
    method: Method
    width: int
    rows: list[int]
    mae: list[float]
    rmse: list[float]
    r2: list[float]
    chosen: list[int]
    seconds: float

    def values(self, measure: str) -> list[float]:
        """A measure of each fold."""
        if measure not in MEASURES:
            raise InputError(
                f"Unknown measure {shown(measure)}; allowed are {', '.join(MEASURES)}: choose one of these"
            )
        found: list[float] = getattr(self, measure)
        return found

    def key(self) -> Key:
        """What it is a cell of."""
        return self.property, self.parting, self.representation, self.method


def plan(
    names: Iterable[str] = CONTROLS, properties: Iterable[str] = tuple(LOADERS), trees: bool = True
) -> Iterator[Key]:
    """What is computed, in this order: what matters most is complete first."""
    wanted, listed = list(properties), list(names)
    after = min(len(listed), listed.index(RANDOM) + 1 if RANDOM in listed else len(listed))
    asked: list[tuple[str, Method]] = [(name, "network") for name in listed]
    if trees:
        asked.insert(after, (FRACTIONS, "trees"))
    for name, method in asked:
        for parting in PARTINGS:
            for each in wanted:
                yield each, parting, name, method


def cell(given: Task, key: Key, rounds: Sequence[Round], x: Floats, settings: Settings = SETTINGS) -> Cell:
    """Judge one representation on the folds of one kind.

    Parameters
    ----------
    given : Task
    key : tuple
        Property, parting, representation, method.
    rounds : sequence of Round
    x : ndarray, shape (n, d)
    settings : Settings
        Of the network.
    """
    began = time.process_time()
    answer: Answer = (
        predict_trees(x, given.y, rounds, seed=settings.seed) if key[3] == "trees"
        else predict(x, given.y, rounds, settings)
    )  # fmt: skip
    each = [scores(given.y[r.test], said) for r, said in zip(rounds, answer.predicted, strict=True)]
    lists = {m: [round(one[m], 5) for one in each] for m in MEASURES}
    spent = round(time.process_time() - began, 1)
    return Cell(
        *key,
        x.shape[1],
        [len(r.test) for r in rounds],
        lists["mae"],
        lists["rmse"],
        lists["r2"],
        answer.chosen,
        spent,
    )


def record(
    out: Path, command: str, *, embeddings: Mapping[str, Embedding] | None = None, names: Sequence[str] = CONTROLS,
    tasks: Mapping[str, Task] | None = None, settings: Settings = SETTINGS, folds: int = FOLDS, seed: int = 0,
    trees: bool = True, at_most: float = float("inf"),
) -> dict[str, Any]:  # fmt: skip
    """Compute what is not yet in ``out``, and write it after every cell.

    Parameters
    ----------
    out : Path
    command : str
        What makes it again; added to those that the file has.
    embeddings : mapping of str to Embedding, optional
        Critics' T; a name that the file has must be of the same T.
    names : sequence of str
        The controls.
    tasks : mapping of str to Task, optional
        By default all three properties.
    settings : Settings
    folds, seed : int
    trees : bool
        Whether trees on fractions are wanted.
    at_most : float
        Seconds after which nothing more is begun.

    Returns
    -------
    dict
        What was written: commands, seed, folds, settings, tasks, embeddings, versions, seconds (processor time of all)
        and cells, each a `Cell`.

    Raises
    ------
    InputError
        If ``out`` holds cells of other rows, folds, settings, seed or another T of the same name.
    """
    known = dict(embeddings or {})
    given = dict(tasks) if tasks is not None else {name: task(name, seed=seed) for name in LOADERS}
    found: dict[str, Any] = {
        "commands": [command], "seed": seed, "folds": folds, "settings": _plain(settings),
        "tasks": {name: {"unit": each.unit} | each.told for name, each in given.items()},
        "embeddings": {name: each.told() for name, each in known.items()},
        "versions": _versions(), "seconds": 0.0, "cells": [],
    }  # fmt: skip
    if out.is_file():
        _go_on(found, json.loads(out.read_text("utf-8")), out.name)
    done = {_key(one) for one in found["cells"]}
    began = time.perf_counter()
    rounds = {}
    for key in plan((*known, *names), given, trees):
        if key in done:
            continue
        here = given[key[0]]
        if key[:2] not in rounds:
            rounds[key[:2]] = rounds_of(here.formulas, key[1], folds, seed)
        one = cell(here, key, rounds[key[:2]], vectors(key[2], here.formulas, known), settings)
        found["cells"].append(asdict(one))
        found["seconds"] = round(found["seconds"] + one.seconds, 1)
        _write(out, found)
        _tell(one)
        if time.perf_counter() - began > at_most:
            break
    return found


def _go_on(found: dict[str, Any], before: Mapping[str, Any], where: str) -> None:
    """Take over what a file holds, if it is of the same experiment."""
    for name in ("seed", "folds", "settings", "tasks"):
        if before[name] != found[name]:
            raise InputError(f"{where} holds cells of other {name} than these: name another file")
    for name, each in before["embeddings"].items():
        if found["embeddings"].get(name, each)["sha256"] != each["sha256"]:
            raise InputError(
                f"{where} holds cells of another {name}, after {each['iterations']:,} iterations: name another file"
            )
    found["embeddings"] = {**found["embeddings"], **before["embeddings"]}
    found["commands"] = list(dict.fromkeys([*before["commands"], *found["commands"]]))
    found["cells"], found["seconds"] = list(before["cells"]), before["seconds"]


def _key(row: Mapping[str, Any]) -> Key:
    return row["property"], row["parting"], row["representation"], row["method"]


def _plain(settings: Settings) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(settings).items()}


def _versions() -> dict[str, str]:
    import sklearn
    import torch

    from matwidgets import __version__

    return {
        "matwidgets": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "scikit-learn": sklearn.__version__, "torch": torch.__version__,
    }  # fmt: skip


def _write(out: Path, found: Mapping[str, Any]) -> None:
    """A cell a line."""
    head = json.dumps({k: v for k, v in found.items() if k != "cells"}, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(row) for row in found["cells"])
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "cells": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    part.replace(out)


def _tell(one: Cell) -> None:
    measured = ", ".join(f"{m} {np.mean(one.values(m)):.3f}" for m in MEASURES)
    sys.stdout.write(
        f"{one.property}, {one.parting}, {one.representation}, {one.method}: {measured} ({one.seconds:.0f} s)\n"
    )
    sys.stdout.flush()


def recorded(path: Path = FILE) -> list[Cell]:
    """Read what the command wrote."""
    return [Cell(**row) for row in json.loads(path.read_text("utf-8"))["cells"]]


def summary(cells: Sequence[Cell]) -> DataFrame:
    """Means and standard deviations over the folds.

    Returns
    -------
    DataFrame
        property, parting, representation, method, folds, and of each measure ``mae``, ``mae_std`` ...; paper_mae ...
        where Table 4 has them, which is for random parts.
    """
    import pandas as pd

    rows = []
    for one in cells:
        row: dict[str, Any] = dict(
            zip(("property", "parting", "representation", "method"), one.key(), strict=True)
        )
        row["folds"] = len(one.rows)
        for measure in MEASURES:
            each = np.array(one.values(measure))
            row[measure], row[f"{measure}_std"] = each.mean(), each.std(ddof=1) if len(each) > 1 else np.nan
        asked = one.method == "network" and one.parting == "random"
        published = PUBLISHED.get(one.property, {}).get(one.representation) if asked else None
        row |= {f"paper_{m}": published[i] if published else np.nan for i, m in enumerate(MEASURES)}
        rows.append(row)
    return pd.DataFrame(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Compute Table 4 with the controls, and with the critics that are named."""
    from matwidgets.errors import MatwidgetsError
    from matwidgets.training import threads

    parser = argparse.ArgumentParser(
        prog="python -m matwidgets.papers.wgan_properties",
        description="Table 4 of the wgan paper; goes on with the file if it is there.",
    )
    parser.add_argument(
        "--model", nargs="*", type=Path, default=[], metavar="PLACE",
        help="what `matwidgets train wgan` has written, finished or not: its critic's T is represented with",
    )  # fmt: skip
    parser.add_argument(
        "--before", type=Path, metavar="PLACE", help="a finished model: also its T before training"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin nothing after so long")
    parser.add_argument("--out", type=Path, default=Path("table4.json"), metavar="FILE")
    args = parser.parse_args(argv)
    given = sys.argv[1:] if argv is None else list(argv)
    command = shlex.join(["python", "-m", "matwidgets.papers.wgan_properties", *given])
    try:
        threads.apply(1)
        found = [embedding_of(place) for place in args.model]
        found += [] if args.before is None else [embedding_before(args.before)]
        record(
            args.out,
            command,
            embeddings={each.name: each for each in found},
            seed=args.seed,
            at_most=args.seconds,
        )
    except MatwidgetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
