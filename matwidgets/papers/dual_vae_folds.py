"""Tables S3 and S4 of Korolev et al. with all folds as a command: ``python -m matwidgets.papers.dual_vae_folds``.

Every endpoint from every input on five folds, split by row as in the paper, by composition and by set of elements; the
latents and the fractions also with the paper's own rate. What was found is written to a JSON file after every fit, and
a file that is there is gone on with. Nothing is chosen on test rows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.errors import InputError
from matwidgets.papers.dual_vae_boosting import (
    FOLDS,
    FRACTIONS,
    INPUTS,
    LATENTS,
    LIGHT,
    PAPER,
    SPLITS,
    Model,
    Settings,
    Split,
    fit_predict,
    folds_of,
    inputs,
    paired,
    scores,
)
from matwidgets.papers.dual_vae_endpoints import ENDPOINTS, Encoded, Endpoint, endpoint, target

if TYPE_CHECKING:
    from pandas import DataFrame

Key = tuple[str, Split, str, str, int]  # endpoint, split, inputs, method, fold

FILE = Path(__file__).parents[1] / "checkpoints" / "dual_vae" / "folds.json"
METHODS: Mapping[str, tuple[Model, Settings]] = {
    "boosting": ("boosting", LIGHT),
    "boosting, paper's rate": ("boosting", PAPER),
    "ridge": ("ridge", LIGHT),
    "mean": ("mean", LIGHT),
}
SLOW = "boosting, paper's rate"


@dataclass(frozen=True)
class Fit:
    """One model judged on one fold.

    Attributes
    ----------
    endpoint, split, inputs, method : str
    fold : int
        From 0.
    rows : int
        That were judged.
    scores : dict of str to float
        See `scores`; without those that are not defined.
    seconds : float
        Wall time.
    """

    endpoint: str
    split: Split
    inputs: str
    method: str
    fold: int
    rows: int
    scores: dict[str, float]
    seconds: float


def plan(endpoints: Iterable[Endpoint] = ENDPOINTS) -> Iterator[tuple[str, Split, str, str]]:
    """What is fitted, in this order: endpoint, split, inputs, method; what matters most is complete first."""
    words = [each.word for each in endpoints]
    for names, method, splits in (
        ((LATENTS, FRACTIONS), "boosting", SPLITS),
        ((LATENTS,), "ridge", SPLITS),
        ((LATENTS,), "mean", SPLITS),
        (tuple(n for n in INPUTS if n not in (LATENTS, FRACTIONS)), "boosting", SPLITS),
        ((LATENTS, FRACTIONS), SLOW, ("row",)),
    ):
        for split in splits:
            for word in words:
                for name in names:
                    yield word, split, name, method


def record(
    tables: Mapping[str, Encoded], out: Path, command: str, *, checkpoint: str = "", folds: int = FOLDS, seed: int = 0,
    at_most: float = float("inf"),
) -> dict[str, Any]:  # fmt: skip
    """Fit what is not yet in ``out``, and write it after every fit.

    Parameters
    ----------
    tables : mapping of str to Encoded
        "mp", "aflow"; endpoints of a set that is not given are left out.
    out : Path
    command : str
        What makes it again.
    checkpoint : str
        sha256 of the weights that the latents come from.
    folds, seed : int
    at_most : float
        Seconds after which no fit is begun.

    Returns
    -------
    dict
        What was written: command, seed, folds, latents (a fingerprint a set), checkpoint, versions, seconds (wall time
        of all fits) and rows, each a `Fit`.

    Raises
    ------
    InputError
        If ``out`` holds fits of other latents, another seed or another number of folds.
    """
    found: dict[str, Any] = {
        "command": command, "seed": seed, "folds": folds,
        "latents": {name: table.fingerprint for name, table in sorted(tables.items())}, "checkpoint": checkpoint,
        "versions": _versions(), "seconds": 0.0, "rows": [],
    }  # fmt: skip
    if out.is_file():
        before = json.loads(out.read_text("utf-8"))
        for name in ("seed", "folds", "latents"):
            if before[name] != found[name]:
                raise InputError(
                    f"{out.name} holds fits with {name} {before[name]}, not {found[name]}: name another file"
                )
        found["rows"], found["seconds"] = before["rows"], before["seconds"]
    done = {_key(row) for row in found["rows"]}
    began = time.perf_counter()
    for asked, split, name, method in plan(each for each in ENDPOINTS if each.table in tables):
        wanted: list[Key] = [(asked, split, name, method, fold) for fold in range(folds)]
        if all(one in done for one in wanted):
            continue
        for fit in _fits(tables[endpoint(asked).table], wanted, done, folds, seed):
            found["rows"].append(asdict(fit))
            found["seconds"] = round(found["seconds"] + fit.seconds, 2)
            _write(out, found)
            _tell(fit)
            if time.perf_counter() - began > at_most:
                return found
    return found


def _fits(
    table: Encoded, wanted: Sequence[Key], done: set[Key], folds: int, seed: int
) -> Iterator[Fit]:  # fmt: skip
    word, split, name, method, _ = wanted[0]
    asked = endpoint(word)
    held = target(asked, table.frame)
    x = inputs(table.latents[held.rows], table.compositions[held.rows])[name]
    model, settings = METHODS[method]
    for number, fold in enumerate(folds_of(held.formulas, split, folds, seed)):
        if (word, split, name, method, number) in done:
            continue
        began = time.perf_counter()
        seen = np.setdiff1d(np.arange(len(held.y)), fold)
        said = fit_predict(
            x[seen], held.y[seen], x[fold], model=model, classify=asked.classify, settings=settings, seed=seed
        )
        measured = scores(held.y[fold], said, classify=asked.classify)
        measured = {k: round(v, 5) for k, v in measured.items() if np.isfinite(v)}
        spent = round(time.perf_counter() - began, 2)
        yield Fit(word, split, name, method, number, len(fold), measured, spent)


def _key(row: Mapping[str, Any]) -> Key:
    return row["endpoint"], row["split"], row["inputs"], row["method"], row["fold"]


def _versions() -> dict[str, str]:
    import sklearn

    from matwidgets import __version__

    return {
        "matwidgets": __version__, "python": platform.python_version(), "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }  # fmt: skip


def _write(out: Path, found: Mapping[str, Any]) -> None:
    """A fit a line."""
    head = json.dumps({k: v for k, v in found.items() if k != "rows"}, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(row) for row in found["rows"])
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    part.replace(out)


def _tell(fit: Fit) -> None:
    measured = ", ".join(f"{name} {value:.3f}" for name, value in fit.scores.items())
    sys.stdout.write(
        f"{fit.endpoint}, {fit.split}, {fit.inputs}, {fit.method}, fold {fit.fold}: {measured} ({fit.seconds} s)\n"
    )
    sys.stdout.flush()


def recorded(path: Path = FILE) -> list[Fit]:
    """Read what the command wrote."""
    return [Fit(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]


def summary(fits: Sequence[Fit]) -> DataFrame:
    """Means and standard deviations over the folds.

    Returns
    -------
    DataFrame
        endpoint, split, inputs, method, measure, mean, std, folds; gap and gap_error: the same measure of the
        fractions less this one, paired over the folds, NaN where the fractions were not fitted so.
    """
    import pandas as pd

    grouped: dict[tuple[str, ...], dict[int, float]] = {}
    for fit in fits:
        for measure, value in fit.scores.items():
            grouped.setdefault((fit.endpoint, fit.split, fit.inputs, fit.method, measure), {})[fit.fold] = (
                value
            )
    rows = []
    for key, values in grouped.items():
        each = np.array(list(values.values()))
        other = grouped.get((*key[:2], FRACTIONS, *key[3:]), {})
        common = sorted(values.keys() & other.keys())
        gap = (
            paired(np.array([other[k] for k in common]), np.array([values[k] for k in common]))
            if common
            else None
        )
        rows.append(
            (*key, each.mean(), each.std(ddof=1) if len(each) > 1 else np.nan, len(each),
             gap.mean if gap else np.nan, gap.error if gap else np.nan)
        )  # fmt: skip
    names = ["endpoint", "split", "inputs", "method", "measure", "mean", "std", "folds", "gap", "gap_error"]
    return pd.DataFrame(rows, columns=names)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit on the latents of the shipped autoencoders."""
    from matwidgets.dual_models import CHECKPOINTS, load
    from matwidgets.errors import DataError, MatwidgetsError
    from matwidgets.papers import dual_vae

    parser = argparse.ArgumentParser(
        prog="python -m matwidgets.papers.dual_vae_folds",
        description="Tables S3 and S4 of the dual VAE paper; goes on with the file if it is there.",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no fit after so long")
    parser.add_argument("--out", type=Path, default=Path("folds.json"), metavar="FILE")
    args = parser.parse_args(argv)
    given = sys.argv[1:] if argv is None else list(argv)
    command = shlex.join(["python", "-m", "matwidgets.papers.dual_vae_folds", *given])
    try:
        if not dual_vae.have_tables():
            raise DataError(f"This {dual_vae.NEEDS_TABLES}.")
        dual = load()
        tables = {name: dual_vae.encoded(dual, each) for name, each in dual_vae.known_patterns().items()}
        weights = hashlib.sha256((CHECKPOINTS / "dual_vae" / "dual_vae.safetensors").read_bytes()).hexdigest()
        record(tables, args.out, command, checkpoint=weights, seed=args.seed, at_most=args.seconds)
    except MatwidgetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
