"""One way of asking every representation the same: folds, standardised inputs, the paper's network, its measures.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), section 3: "for the fairness of the experiments, we
use the same fully connected neural network structure for all three representation methods", hidden layers of 256, 128,
64 and 32, results "averaging 10 validation calculations". All else is not stated and chosen here, by validation rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from matwidgets.data.splits import element_set
from matwidgets.errors import InputError, shown
from matwidgets.papers.dual_vae_boosting import folds_of

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]
Parting = Literal["random", "grouped"]
PARTINGS: tuple[Parting, ...] = ("random", "grouped")
FOLDS = 10
MEASURES = ("mae", "rmse", "r2")  # Equations 7 to 9


@dataclass(frozen=True)
class Settings:
    """Of the network, the same for every representation.

    Attributes
    ----------
    hidden : tuple of int
    steps, batch : int
        Steps of Adam, and rows of each.
    rate : float
        At first; it falls to 0 along a half cosine.
    looks : int
        How often the validation rows are looked at; the weights with the least error there are taken.
    clip : float or None
        Standardised inputs are cut at so many standard deviations; None: nowhere but at what training rows have.
    seed : int
        Of the first weights and the order of the rows.
    """

    hidden: tuple[int, ...] = (256, 128, 64, 32)
    steps: int = 1600
    batch: int = 128
    rate: float = 3e-3
    looks: int = 8
    clip: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Round:
    """Rows of one fold's round; each an ndarray of int64, ascending.

    Attributes
    ----------
    train, val, test : ndarray of int64
    """

    train: Integers
    val: Integers
    test: Integers


@dataclass(frozen=True)
class Answer:
    """What the networks of some rounds say.

    Attributes
    ----------
    predicted : list of ndarray of float64
        Of the test rows of each round.
    chosen : list of int
        The step that each round's weights are from; 0 for a model that has none.
    """

    predicted: list[NDArray[np.float64]]
    chosen: list[int]


def rounds_of(formulas: Sequence[str], parting: Parting, folds: int = FOLDS, seed: int = 0) -> list[Round]:
    """Part rows into folds: each is tested once and chooses the weights once, in the round of the fold before it.

    Parameters
    ----------
    formulas : sequence of str, length n
    parting : {"random", "grouped"}
        Any row anywhere, or rows of one set of elements together, in testing as in choosing; then no composition is on
        two sides either.
    folds, seed : int

    Raises
    ------
    InputError
        For another parting, fewer than three folds, or fewer rows (groups) than folds.
    """
    if parting not in PARTINGS:
        raise InputError(
            f"Unknown parting {shown(parting)}; allowed are {', '.join(PARTINGS)}: choose one of these"
        )
    if folds < 3:
        raise InputError(
            f"{folds} folds; one is tested, one chooses, others are learned from: give at least 3"
        )
    parts = folds_of(formulas, "row" if parting == "random" else "elements", folds, seed)
    rows = np.arange(len(formulas))
    found = []
    for k, test in enumerate(parts):
        val = parts[(k + 1) % folds]
        found.append(Round(np.setdiff1d(rows, np.concatenate([test, val])), val, test))
    return found


def shared_groups(formulas: Sequence[str], rounds: Sequence[Round]) -> list[float]:
    """Share of each round's test rows whose set of elements is learned from as well."""
    keys = np.array([element_set(formula) for formula in formulas])
    return [float(np.isin(keys[r.test], keys[r.train]).mean()) for r in rounds]


def standardised(x: Floats, train: Integers, clip: float | None = None) -> NDArray[np.float32]:
    """Bring inputs to mean 0 and deviation 1 of the training rows, and to within their range.

    A column of a rare element has a tiny deviation, so that a test row far outside of what was learned from would
    throw any network off: every column is cut at the least and the greatest value of the training rows. A cut at a
    few deviations instead would hurt one representation alone: of an element in one of thirty rows, one atom is five
    deviations, and one-hot would keep nothing but which elements there are.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    train : ndarray of int64
    clip : float, optional
        Also cut at so many deviations.

    Returns
    -------
    ndarray of float32, shape (n, d)
    """
    given = np.asarray(x, dtype=np.float64)
    seen = given[train]
    deviation = seen.std(0)
    still = deviation <= 1e-9 * np.maximum(np.abs(seen).max(0), 1e-300)
    given = np.clip(given, seen.min(0), seen.max(0))
    out = (given - seen.mean(0)) / np.where(still, 1.0, deviation)
    out[:, still] = 0.0
    if clip is not None:
        np.clip(out, -clip, clip, out=out)
    return out.astype(np.float32)


def predict(x: Floats, y: Floats, rounds: Sequence[Round], settings: Settings | None = None) -> Answer:
    """Train the paper's network in each round and predict its test rows; all rounds are one batch of networks.

    The rounds have the same first weights. The target is standardised by the training rows too, and no answer is
    outside of their range.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    y : ndarray, shape (n,)
    rounds : sequence of Round
    settings : Settings, optional

    Raises
    ------
    InputError
        For no round, or other numbers of rows in x and y.
    """
    import torch

    if not rounds or len(x) != len(y):
        raise InputError(
            f"{len(rounds)} rounds of {len(x)} inputs and {len(y)} values: give as many, and a round"
        )
    asked = settings or Settings()
    target = np.asarray(y, dtype=np.float64)
    kept = [standardised(x, r.train, asked.clip) for r in rounds]
    table = torch.as_tensor(np.stack(kept))  # (rounds, n, d)
    mean = np.array([target[r.train].mean() for r in rounds])
    spread = np.array([target[r.train].std() for r in rounds])
    wanted = torch.as_tensor(((target - mean[:, None]) / spread[:, None]).astype(np.float32))  # (rounds, n)
    networks = _Networks(len(rounds), x.shape[1], asked)
    best, chosen = np.full(len(rounds), np.inf), [0] * len(rounds)
    weights = [value.detach().clone() for value in networks.values]
    optimiser = torch.optim.Adam(networks.values, lr=asked.rate)
    order, of = _order(rounds, asked), torch.arange(len(rounds))[:, None]
    every = max(1, asked.steps // asked.looks)
    for step in range(asked.steps):
        for group in optimiser.param_groups:
            group["lr"] = asked.rate * 0.5 * (1 + np.cos(np.pi * step / asked.steps))
        rows = order[:, step * asked.batch : (step + 1) * asked.batch].long()
        loss = ((networks(table[of, rows]) - wanted[of, rows]) ** 2).mean(1).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % every and step + 1 < asked.steps:
            continue
        for k, r in enumerate(rounds):
            error = float((networks.one(k, table[k, r.val]) - wanted[k, r.val]).abs().mean())
            if error < best[k]:
                best[k], chosen[k] = error, step + 1
                for held, value in zip(weights, networks.values, strict=True):
                    held[k] = value.detach()[k]
    with torch.no_grad():
        for held, value in zip(weights, networks.values, strict=True):
            value.copy_(held)
    said = []
    for k, r in enumerate(rounds):
        answer = networks.one(k, table[k, r.test]).double().numpy() * spread[k] + mean[k]
        said.append(np.clip(answer, target[r.train].min(), target[r.train].max()))
    return Answer(said, chosen)


class _Networks:
    """As many equal networks as there are rounds, with weights of their own that begin alike."""

    def __init__(self, rounds: int, inputs: int, settings: Settings) -> None:
        import torch

        random = torch.Generator().manual_seed(settings.seed)
        sizes = [inputs, *settings.hidden, 1]
        self.values: list[torch.Tensor] = []
        for before, after in itertools.pairwise(sizes):
            bound = before**-0.5  # torch's own for a linear layer
            for shape in ((before, after), (1, after)):
                drawn = (2 * torch.rand(*shape, generator=random) - 1) * bound
                self.values.append(drawn.expand(rounds, *shape).clone().requires_grad_())

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """(rounds, rows, d) to (rounds, rows)."""
        import torch

        for i in range(0, len(self.values), 2):
            x = torch.baddbmm(self.values[i + 1], x, self.values[i])
            if i + 2 < len(self.values):
                x = x.relu()
        return x[..., 0]

    def one(self, k: int, x: torch.Tensor) -> torch.Tensor:
        """The network of one round, without a gradient: (rows, d) to (rows,)."""
        import torch

        with torch.no_grad():
            for i in range(0, len(self.values), 2):
                x = torch.addmm(self.values[i + 1][k], x, self.values[i][k])
                if i + 2 < len(self.values):
                    x = x.relu()
            return x[..., 0]


def _order(rounds: Sequence[Round], settings: Settings) -> torch.Tensor:
    """Training rows of each step, (rounds, steps * batch): pass after pass, each shuffled; the same for any inputs."""
    import torch

    wanted = settings.steps * settings.batch
    found = np.empty((len(rounds), wanted), dtype=np.int32)
    for k, r in enumerate(rounds):
        random = np.random.default_rng((settings.seed, k))
        passes = [random.permutation(r.train) for _ in range(-(-wanted // len(r.train)))]
        found[k] = np.concatenate(passes)[:wanted]
    return torch.as_tensor(found)


def predict_trees(x: Floats, y: Floats, rounds: Sequence[Round], *, trees: int = 50, seed: int = 0) -> Answer:
    """Train extremely randomised trees on each round's training rows and predict its test rows.

    P. Geurts, D. Ernst, L. Wehenkel, Mach. Learn. 63, 3 (2006), with scikit-learn's usual settings; the validation rows
    are neither learned from nor needed.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    given, target = np.asarray(x, dtype=np.float32), np.asarray(y, dtype=np.float64)
    said = []
    for r in rounds:
        model = ExtraTreesRegressor(trees, random_state=seed, n_jobs=1).fit(given[r.train], target[r.train])
        said.append(np.asarray(model.predict(given[r.test]), dtype=np.float64))
    return Answer(said, [0] * len(rounds))
