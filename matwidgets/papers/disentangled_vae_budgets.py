"""Table 2 of Zeng, Khan and Post as a curve: ``python -m matwidgets.papers.disentangled_vae_budgets``.

Trains the disentangled VAE and its classifier alone on ever more labels, with one split and one set of first weights
for both of a pair; what was found is written to a JSON file after every training, and a file that is there is gone on
with. Nothing is chosen on test rows.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from matwidgets.errors import InputError
from matwidgets.papers.disentangled_vae import LabelsOnly, rows_of, tables
from matwidgets.training.alloy_tables import Alloys
from matwidgets.training.semi_supervised import SemiSupervised, measure
from matwidgets.training.semi_supervised_recipe import preset

FILE = Path(__file__).parents[1] / "checkpoints" / "disentangled_vae" / "budgets.json"
# Of the rows that are not test rows; 0.2 and 0.7 are the two lines of Table 2 (247 and 864 labels).
SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
SEEDS = 10
EPOCHS = 120  # the shipped networks have 400
PAPERS_GAMMA = 10.0
AGAIN = 1000  # added to the seed of the weights and batches for the second training on labels only

Method = Literal["semi-supervised", "semi-supervised, gamma 10", "labels only", "labels only, again"]
METHODS: tuple[Method, ...] = (
    "semi-supervised", "labels only", "labels only, again", "semi-supervised, gamma 10",
)  # fmt: skip


@dataclass(frozen=True)
class Budget:
    """One training.

    Attributes
    ----------
    method : str
        One of `METHODS`; "again" has other first weights and other batches on the same rows.
    labelled, unlabelled, validation : int
        Rows.
    seed : int
        Of the split, and of weights and batches.
    epochs : int
    train_accuracy, val_accuracy, test_accuracy : float
        Of the labelled, the validation and the test rows.
    test_auc : float or None
    seconds : float
        Wall time.
    """

    method: Method
    labelled: int
    unlabelled: int
    validation: int
    seed: int
    epochs: int
    train_accuracy: float
    val_accuracy: float
    test_accuracy: float
    test_auc: float | None
    seconds: float


def train(given: Alloys, method: Method, share: float, seed: int, epochs: int = EPOCHS) -> Budget:
    """Train on a share of labels and measure.

    Parameters
    ----------
    given : Alloys
    method : str
        One of `METHODS`.
    share : float
        Of the rows that are not test rows, those with a label.
    seed, epochs : int

    Raises
    ------
    InputError
        For another method.
    """
    if method not in METHODS:
        raise InputError(f"Unknown method {method!r}; allowed are {', '.join(METHODS)}: choose one of these")
    began = time.perf_counter()
    rows = rows_of(given, seed, share)
    parts = tables(given, rows)
    own = seed + AGAIN * method.endswith("again")
    changes: dict[str, Any] = {"gamma": PAPERS_GAMMA} if method.endswith("10") else {}
    config, recipe = preset("binder", epochs=epochs, seed=own, **changes)
    kind = LabelsOnly if method.startswith("labels") else SemiSupervised
    job = kind(config, recipe, parts["train"], parts["val"])
    while not job.finished:
        job.advance()
    net = job.result()
    seen = {name: measure(net, parts[name]) for name in ("labelled", "val", "test")}
    accuracy = {name: float("nan") if m is None else round(m.accuracy, 4) for name, m in seen.items()}
    area = None if seen["test"] is None else seen["test"].auc
    return Budget(
        method, len(rows.labelled), len(rows.unlabelled), len(rows.validation), seed, epochs,
        accuracy["labelled"], accuracy["val"], accuracy["test"], None if area is None else round(area, 4),
        round(time.perf_counter() - began, 2),
    )  # fmt: skip


def plan(
    shares: Sequence[float], seeds: Sequence[int], methods: Sequence[Method]
) -> Iterator[tuple[Method, float, int]]:
    """What is trained, in this order: all of a seed, so that what has been stopped is complete for some seeds.

    The paper's gamma comes last.
    """
    late = [m for m in methods if m.endswith("10")]
    for some in ([m for m in methods if m not in late], late):
        for seed in seeds:
            for share in shares:
                for method in some:
                    yield method, share, seed


def record(
    given: Alloys, out: Path, command: str, *, shares: Sequence[float] = SHARES, seeds: Sequence[int] = range(SEEDS),
    methods: Sequence[Method] = METHODS, epochs: int = EPOCHS, at_most: float = float("inf"),
) -> dict[str, Any]:  # fmt: skip
    """Train what is not yet in ``out``, and write it after every training.

    Parameters
    ----------
    given : Alloys
    out : Path
    command : str
        What makes it again.
    shares, seeds, methods, epochs
        See `train`.
    at_most : float
        Seconds after which no training is begun.

    Returns
    -------
    dict
        What was written: command, epochs, versions, seconds (wall time of all trainings) and rows, each a `Budget`.

    Raises
    ------
    InputError
        If ``out`` holds trainings of another length or on another table.
    """
    from matwidgets import __version__

    found: dict[str, Any] = {
        "command": command, "epochs": epochs, "alloys": len(given.formulas), "data": given.sources,
        "versions": {"matwidgets": __version__, "python": platform.python_version()}, "seconds": 0.0, "rows": [],
    }  # fmt: skip
    if out.is_file():
        before = json.loads(out.read_text("utf-8"))
        for name in ("epochs", "alloys"):
            if before[name] != found[name]:
                raise InputError(
                    f"{out.name} holds trainings with {before[name]} {name}, not {found[name]}: name another file"
                )
        found["rows"], found["seconds"] = before["rows"], before["seconds"]
    done = {(row["method"], row["labelled"], row["seed"]) for row in found["rows"]}
    began = time.perf_counter()
    for method, share, seed in plan(shares, seeds, methods):
        if time.perf_counter() - began > at_most:
            break
        if (method, len(rows_of(given, seed, share).labelled), seed) in done:
            continue
        one = train(given, method, share, seed, epochs)
        found["rows"].append(asdict(one))
        found["seconds"] = round(found["seconds"] + one.seconds, 1)
        _write(out, found)
        sys.stdout.write(
            f"{one.labelled} labels, seed {seed}, {method}: test accuracy {one.test_accuracy:.3f} "
            f"({one.seconds:.1f} s)\n"
        )
        sys.stdout.flush()
    return found


def _write(out: Path, found: dict[str, Any]) -> None:
    """A training a line."""
    head = json.dumps(
        {name: value for name, value in found.items() if name != "rows"}, indent=1
    ).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(row) for row in found["rows"])
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    part.replace(out)


def recorded(path: Path = FILE) -> list[Budget]:
    """Read what the command wrote."""
    return [Budget(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]


def main(argv: Sequence[str] | None = None) -> int:
    """Train on the published alloys."""
    from matwidgets.errors import MatwidgetsError
    from matwidgets.training import threads
    from matwidgets.training.alloy_tables import published

    parser = argparse.ArgumentParser(
        prog="python -m matwidgets.papers.disentangled_vae_budgets",
        description="Table 2 of the disentangled VAE paper as a curve; goes on with the file if it is there.",
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, metavar="N")
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help="how many, from 0")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no training after so long")
    parser.add_argument("--out", type=Path, default=Path("budgets.json"), metavar="FILE")
    args = parser.parse_args(argv)
    given = sys.argv[1:] if argv is None else list(argv)
    command = shlex.join(["python", "-m", "matwidgets.papers.disentangled_vae_budgets", *given])
    threads.apply(0)  # networks this small run fastest on one thread
    try:
        preset("binder", epochs=args.epochs)  # refused before the table is read
        record(
            published(), args.out, command, seeds=range(args.seeds), methods=args.methods, epochs=args.epochs,
            at_most=args.seconds,
        )  # fmt: skip
    except (MatwidgetsError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
