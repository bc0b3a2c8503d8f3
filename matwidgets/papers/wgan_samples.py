"""What generated formulas are worth, as a command: ``python -m matwidgets.papers.wgan_samples``.

A hundred thousand formulas of each sampler and seed, scored alike (`matwidgets.generation_assessment`): the trained
generators, formulas drawn without learning, known formulas with one element substituted, and the one-hot VAE. What was
found is written to a JSON file row by row, and a file that is there is gone on with. A seed stands for a split of its
own: the generator and the samplers learn from the same nine tenths, the classifier's real formulas are the other tenth.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3 and Figure 5b. Beside the paper's two
shares stand measures that luck cannot give, and the samplers that luck is.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matwidgets.errors import InputError, listed
from matwidgets.features import occupancy
from matwidgets.features.formula_baselines import substituted_formulas, unlearned_formulas
from matwidgets.generation_assessment import Counts, assess

if TYPE_CHECKING:
    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.papers.wgan import Formulas
    from matwidgets.samplers import Sampler

FILE = Path(__file__).parents[1] / "checkpoints" / "wgan" / "samples.json"
SAMPLES, SCREENED, SEEDS = 100_000, 5_000, (0, 1, 2)
DATA, UNLEARNED, OWN = "data", "no learning", "no learning, own amounts"
SUBSTITUTED, VAE = "ion substitution", "one-hot VAE"
GAN, PAPER = "wgan", "wgan, paper's generator"
CONTROLS = (DATA, UNLEARNED, OWN, SUBSTITUTED)
JUDGES = (UNLEARNED, SUBSTITUTED)
PRESETS = {"binder": GAN, "paper": PAPER, "code": "wgan, authors' code"}


@dataclass(frozen=True)
class Row:
    """One sampler's formulas with one seed.

    Attributes
    ----------
    sampler : str
    seed : int
    left_out : dict of str to int
        Draws that were no sample, by reason; others were drawn instead.
    scores : dict
        See `matwidgets.generation_assessment.assess`, and ``funnel`` (`wgan_screening.Screening.funnel`) of the first
        ``SCREENED`` formulas of all but the data; empty if the sampler gives no formula.
    seconds : float
        Wall time of drawing and of scoring.
    weights : str
        sha256 of the network's file; empty for what is no network.
    iterations : int
        Of the network's training.
    """

    sampler: str
    seed: int
    left_out: dict[str, int]
    scores: dict[str, Any]
    seconds: float
    weights: str = ""
    iterations: int = 0


@dataclass(frozen=True)
class Network:
    """A trained generator and where it is from.

    Attributes
    ----------
    model : FormulaGAN
    sampler : str
        How its rows are called, by the preset it was trained with.
    seed : int
        Of its training, hence its split.
    weights : str
        sha256 of its file.
    """

    model: FormulaGAN = field(repr=False)
    sampler: str
    seed: int
    weights: str


def network(path: Path) -> Network:
    """Load a trained generator from its file or the folder of its training.

    Raises
    ------
    CheckpointError
        There is none.
    InputError
        It was trained on other formulas than OQMD's.
    """
    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.training.states import finished_model

    file = finished_model(path, "matwidgets train wgan") if path.is_dir() else path
    model = FormulaGAN.from_file(file)
    card = model.card
    if not str(card["data"][0]["name"]).startswith("oqmd"):
        raise InputError(
            f"{file.name} was trained on {card['label']}: give a network trained on the compounds of OQMD"
        )
    seed = int(card["recipe"]["seed"])
    return Network(model, PRESETS[card["preset"]], seed, hashlib.sha256(file.read_bytes()).hexdigest())


def control(name: str, learned: Counts, n: int, seed: int) -> Counts:
    """Draw n formulas of one of ``CONTROLS``; the data are some of those that are learned from, none twice."""
    if name == DATA:
        return learned[np.random.default_rng(seed).permutation(len(learned))[:n]]
    if name == SUBSTITUTED:
        return substituted_formulas(learned, n, seed=seed)
    if name in (UNLEARNED, OWN):
        return unlearned_formulas(learned, n, amounts="own" if name == OWN else "any", seed=seed)
    raise InputError(f"No sampler {name!r}; allowed are {listed(CONTROLS)}: choose one of these")


def from_vae(sampler: Sampler, n: int, seed: int) -> tuple[Counts, dict[str, int]]:
    """Draw n formulas of the one-hot VAE that have an 85 x 8 matrix and two elements or more.

    Returns
    -------
    counts : ndarray of uint8, shape (n, 85)
    left_out : dict of str to int
        Draws that have none, by reason: "count", "element" (see `occupancy.REASONS`) or "pure".
    """
    from matwidgets.features import onehot

    columns = np.array([occupancy.INDEX.get(symbol, -1) for symbol in onehot.ELEMENTS])
    kept: list[Counts] = []
    told = {"element": 0, "count": 0, "pure": 0}
    have, round_ = 0, 0
    while have < n:
        drawn = sampler.sample(min(n, 10_000), seed=seed + 1000 * round_).counts
        strange = np.asarray((drawn[:, columns < 0] > 0).any(axis=1))
        large = ~strange & (drawn.max(axis=1) > occupancy.MOST_ATOMS)
        pure = ~strange & ~large & ((drawn > 0).sum(axis=1) < 2)
        good = np.flatnonzero(~strange & ~large & ~pure)[: n - have]
        looked = int(good[-1]) + 1 if have + len(good) == n else len(drawn)
        for name, left in (("element", strange), ("count", large), ("pure", pure)):
            told[name] += int(left[:looked].sum())
        counts = np.zeros((len(good), len(occupancy.ELEMENTS)), dtype=np.uint8)
        counts[:, columns[columns >= 0]] = drawn[good][:, columns >= 0]
        kept.append(occupancy.reduced(counts))
        have, round_ = have + len(good), round_ + 1
        if round_ > 100 + 10 * n // 1000:
            raise InputError(
                f"Only {have} of {round_} rounds of draws have a matrix: train the sampler for longer"
            )
    return np.concatenate(kept), told


def record(
    networks: Sequence[Network], out: Path, command: str, *, n: int = SAMPLES, seeds: Sequence[int] = SEEDS,
    vae: Sampler | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Score what is not yet in ``out``, and write it after every row.

    Parameters
    ----------
    networks : sequence of Network
        A row that was made with other weights is made again.
    out : Path
    command : str
        What makes it again.
    n : int
        Formulas of each row.
    seeds : sequence of int
        Of the samplers that are no GAN: the first for all, the others for those that a claim is judged by.
    vae : Sampler, optional
        The one-hot VAE.

    Raises
    ------
    InputError
        ``out`` holds rows of another number of formulas.
    MissingTableError
        OQMD's tables are not on this machine.
    """
    from matwidgets.papers.wgan import formulas

    found: dict[str, Any] = {"command": command, "n": n, "versions": _versions(), "rows": []}
    if out.is_file():
        before = json.loads(out.read_text("utf-8"))
        if before["n"] != n:
            raise InputError(f"{out.name} holds rows of {before['n']} formulas, not {n}: name another file")
        found["rows"] = before["rows"]
    plan: list[tuple[int, str, Network | None]] = [(each.seed, each.sampler, each) for each in networks]
    plan += [
        (seed, name, None)
        for seed in seeds
        for name in ((*CONTROLS, *((VAE,) if vae else ())) if seed == seeds[0] else JUDGES)
    ]
    data: Formulas | None = None
    split = None
    for seed, name, net in sorted(plan, key=lambda item: item[0]):
        weights = net.weights if net else ""
        if any(r["sampler"] == name and r["seed"] == seed and r["weights"] == weights for r in found["rows"]):
            continue
        if data is None or split != seed:
            data, split = formulas(seed), seed
            reference = data.reference()
        row = _scored(name, seed, net, vae, data, reference, n)
        found["rows"] = [r for r in found["rows"] if (r["sampler"], r["seed"]) != (name, seed)]
        found["rows"].append(asdict(row))
        _write(out, found)
        _tell(row)
    return found


def _scored(
    name: str, seed: int, net: Network | None, vae: Sampler | None, data: Formulas, reference: Any, n: int
) -> Row:
    began = time.perf_counter()
    left: dict[str, int] = {}
    iterations = int(net.model.card["iterations"]) if net else 0
    weights = net.weights if net else ""
    if net is not None:
        try:
            drawn = net.model.sample(n, seed=seed)
        except InputError as reason:  # a collapsed generator: that is what was found
            left = {str(reason): 0}
            return Row(name, seed, left, {}, _since(began), weights, iterations)
        counts, left = drawn.counts, {"no formula of two elements": drawn.redrawn}
    elif name == VAE and vae is not None:
        counts, left = from_vae(vae, n, seed)
    else:
        counts = control(name, occupancy.reduced(data.train.numpy()), n, seed)
    scores = _rounded(assess(counts, reference, seed=seed))
    if name != DATA:
        from matwidgets.papers.wgan_screening import screen

        scores["funnel"] = screen(occupancy.formulas_of(counts[:SCREENED]), thrifty=True).funnel()
    return Row(name, seed, left, scores, _since(began), weights, iterations)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 2)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    return {k: _rounded(v) for k, v in value.items()} if isinstance(value, dict) else value


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    from matwidgets import __version__

    names = ("numpy", "scikit-learn", "smact", "torch")
    return {"matwidgets": __version__, "python": platform.python_version()} | {k: version(k) for k in names}


def _write(out: Path, found: Mapping[str, Any]) -> None:
    """A row a line."""
    head = json.dumps({k: v for k, v in found.items() if k != "rows"}, indent=1).removesuffix("\n}")
    lines = ",\n".join("  " + json.dumps(row) for row in found["rows"])
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n', encoding="utf-8")
    part.replace(out)


def _tell(row: Row) -> None:
    some = ", ".join(f"{k} {row.scores[k]:.3f}" for k in ("unique", "novel", "auc") if k in row.scores)
    sys.stdout.write(f"{row.sampler}, seed {row.seed}: {some or 'no formula'} ({row.seconds} s)\n")
    sys.stdout.flush()


def recorded(path: Path = FILE) -> list[Row]:
    """Read what the command wrote; no row where nothing is recorded yet."""
    if not path.is_file():
        return []
    return [Row(**row) for row in json.loads(path.read_text("utf-8"))["rows"]]


def main(argv: Sequence[str] | None = None) -> int:
    """Score the generators of finished trainings and what they are held against."""
    from matwidgets import samplers
    from matwidgets.errors import MatwidgetsError

    parser = argparse.ArgumentParser(
        prog="python -m matwidgets.papers.wgan_samples",
        description="Samples of wgan beside those of simpler samplers; goes on with the file if it is there.",
    )
    parser.add_argument(
        "models", type=Path, nargs="*", help="files or folders that `matwidgets train wgan` wrote"
    )
    parser.add_argument(
        "-n", type=int, default=SAMPLES, metavar="N", help="formulas of each sampler and seed"
    )
    parser.add_argument("--out", type=Path, default=Path("samples.json"), metavar="FILE")
    args = parser.parse_args(argv)
    # The rows name the networks by the hash of their weights; where their folders lie is this machine's affair.
    given = [path.name for path in args.models]
    command = shlex.join(["python", "-m", "matwidgets.papers.wgan_samples", "-n", str(args.n), *given])
    try:
        networks = [network(path) for path in args.models]
        record(networks, args.out, command, n=args.n, vae=samplers.load("onehot_vae"))
    except MatwidgetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
