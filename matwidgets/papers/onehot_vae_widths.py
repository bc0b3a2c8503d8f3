"""Figure 5 of El-Awady 2023 as a command: ``python -m matwidgets.papers.onehot_vae_widths``.

Trains a network of each width with each likelihood on the published training rows and holds it against the validation
rows; what was found is written to a JSON file after every network, which the model cards list as a table.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from matwidgets.models.onehot_vae import LIKELIHOODS, Likelihood, OneHotVAEConfig
from matwidgets.papers.onehot_vae import WIDTHS, width_sweep
from matwidgets.training.vae import UNKNOWN, Recipe, Table

SAMPLES = 10_000  # section 4.1
EPOCHS = 100  # as many as the shipped network has; the paper has 2,000


@dataclass(frozen=True)
class Sweep:
    """What is swept.

    Attributes
    ----------
    likelihoods, widths : tuple
        Every width with every likelihood, in this order.
    epochs, seed : int
    samples : int
        How many are drawn from the standard normal prior of each network.
    """

    likelihoods: tuple[Likelihood, ...] = ("multinomial", "bernoulli")
    widths: tuple[int, ...] = WIDTHS
    epochs: int = EPOCHS
    seed: int = 0
    samples: int = SAMPLES


def record(train: Table, held_out: Table, sweep: Sweep, out: Path, command: str) -> dict[str, Any]:
    """Sweep and write ``out`` after every network; a file that is there is replaced.

    Parameters
    ----------
    train, held_out : Table
        Validation rows are held out, never test rows.
    sweep : Sweep
    out : Path
    command : str
        What makes it again.

    Returns
    -------
    dict
        What was written: command, epochs, seed, samples, held_out, seconds (wall time of all) and rows, each with
        likelihood, width, nelbo, kl_counts, kl_fractions (nats) and seconds.
    """
    from matwidgets import __version__

    found: dict[str, Any] = {
        "command": command, "epochs": sweep.epochs, "seed": sweep.seed, "samples": sweep.samples,
        "held_out": f"{len(held_out.counts)} validation rows", "versions": {
            "matwidgets": __version__, "python": platform.python_version()
        },
        "seconds": 0.0, "rows": [],
    }  # fmt: skip
    # The classifier shares nothing with encoder and decoder: without classes it costs no time and changes no number.
    train, held_out = (t._replace(classes=torch.full_like(t.classes, UNKNOWN)) for t in (train, held_out))
    began = last = time.perf_counter()
    for likelihood in sweep.likelihoods:
        config = OneHotVAEConfig(likelihood=likelihood)
        recipe = Recipe(epochs=sweep.epochs, seed=sweep.seed)
        for result in width_sweep(train, held_out, config, recipe, sweep.widths, sweep.samples):
            now = time.perf_counter()
            found["rows"].append(
                {"likelihood": likelihood, **asdict(result), "seconds": round(now - last, 1)}
            )
            found["seconds"] = round(now - began, 1)
            last = now
            out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
            sys.stdout.write(
                f"{likelihood}, width {result.width}: negative ELBO {result.nelbo:.2f} nats, prevalence off by "
                f"{result.kl_counts:.3f} nats by atoms and {result.kl_fractions:.3f} by fractions\n"
            )
            sys.stdout.flush()
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Sweep the published compounds."""
    from matwidgets.errors import MatwidgetsError
    from matwidgets.generative_trainings import published_tables
    from matwidgets.training import threads

    parser = argparse.ArgumentParser(
        prog="python -m matwidgets.papers.onehot_vae_widths", description="Figure 5 of the one-hot VAE paper."
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS, metavar="N")
    parser.add_argument("--likelihoods", nargs="+", choices=LIKELIHOODS, default=Sweep.likelihoods)
    parser.add_argument("--out", type=Path, default=Path("widths.json"), metavar="FILE")
    args = parser.parse_args(argv)
    given = sys.argv[1:] if argv is None else list(argv)
    command = shlex.join(["python", "-m", "matwidgets.papers.onehot_vae_widths", *given])
    sweep = Sweep(tuple(args.likelihoods), tuple(args.widths), args.epochs, args.seed)
    threads.apply(0)  # networks this small run fastest on one thread
    try:
        Recipe(epochs=args.epochs)  # refused before the tables are read
        tables, _ = published_tables()
        record(tables["train"], tables["val"], sweep, args.out, command)
    except (MatwidgetsError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
