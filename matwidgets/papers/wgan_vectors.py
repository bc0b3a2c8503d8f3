"""The representations of Table 4 and their controls, and what the critic's is: one-hot in another basis.

Equation 5 sums the elements' vectors as often as there are atoms, so that C is the numbers of atoms times T: linear.
With 85 independent vectors nothing is lost and nothing is added; a network on C can differ from one on one-hot only by
how its inputs are scaled and mixed. Nothing of that is assumed here, each step is computed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.element_vectors import MagpieVectors, Mat2vecVectors, OneHotVectors, RandomVectors, amounts
from matwidgets.errors import CheckpointError, InputError
from matwidgets.features import occupancy
from matwidgets.papers.claims import Finding
from matwidgets.training import adversarial_files, checkpoints
from matwidgets.training.states import finished_model, state_file

Floats = NDArray[np.float64]
CRITIC, ONE_HOT, MAGPIE, MAT2VEC, RANDOM = "critic's T", "one-hot", "Magpie", "mat2vec", "random T"
PAPER = "critic's T, paper's settings"
BEFORE = "T before training"
TURNED, FRACTIONS = "one-hot, turned", "fractions"
CONTROLS = (ONE_HOT, MAGPIE, RANDOM, MAT2VEC, TURNED, FRACTIONS)


@dataclass(frozen=True)
class Embedding:
    """T of a critic, and how far that was trained.

    Attributes
    ----------
    name : str
        Of the representation.
    vectors : ndarray, shape (85, d)
    iterations, planned : int
    selected : int
        The iteration that its weights are from.
    sha256 : str
        Of the vectors.
    """

    name: str
    vectors: Floats
    iterations: int
    planned: int
    selected: int
    sha256: str

    def told(self) -> dict[str, Any]:
        """For a record: all but the vectors."""
        return {
            "iterations": self.iterations, "planned": self.planned, "selected": self.selected, "sha256": self.sha256
        }  # fmt: skip


def embedding_of(place: Path) -> Embedding:
    """Read T from a finished model (file or folder) or an unfinished training (folder), without any table.

    An unfinished training gives the weights that it would end with now: selected ones if it selects.

    Raises
    ------
    CheckpointError
        There is neither.
    """
    if place.is_dir() and state_file(place).is_file():
        tensors, header = checkpoints.read(state_file(place))
        state, made = checkpoints.unflatten(tensors, header["state"]), header["fingerprint"]
        weight = (state["best"] or state)["critic"]["weight"]
        kind, recipe = made["generator"]["kind"], made["recipe"]
        done, planned = header["iteration"], recipe["epochs"] * recipe["iterations"]
        selected = state["best"]
    else:
        file = finished_model(place, "matwidgets train wgan") if place.is_dir() else place
        generator, critic, card = adversarial_files.read(file)
        weight, kind, recipe = critic.weight.detach(), generator.config.kind, card["recipe"]
        done, planned, selected = card["iterations"], card["planned"], card["selected"]
    if len(weight) != len(occupancy.ELEMENTS):
        raise CheckpointError(f"{place} has vectors of {len(weight)} elements, not of 85: train it again")
    vectors = weight.tanh().double().numpy()
    name = PAPER if kind == "deconvolution" else CRITIC
    name += f", seed {recipe['seed']}" if recipe["seed"] else ""
    chosen = int(selected["iteration"]) if selected else int(done)
    return Embedding(
        name, vectors, int(done), int(planned), chosen, hashlib.sha256(vectors.tobytes()).hexdigest()
    )


def embedding_before(place: Path) -> Embedding:
    """T of a finished model as it was before the training: the control that decides what the training was worth.

    Raises
    ------
    CheckpointError
        There is no finished model.
    """
    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.papers.wgan_elements import initial_embedding

    model = FormulaGAN.from_directory(place) if place.is_dir() else FormulaGAN.from_file(place)
    vectors = initial_embedding(model)
    planned = int(model.card["planned"])
    return Embedding(BEFORE, vectors, 0, planned, 0, hashlib.sha256(vectors.tobytes()).hexdigest())


def rotation(seed: int = 0) -> Floats:
    """A random orthogonal matrix (85, 85): a T that mixes all elements and is perfectly conditioned."""
    size = len(occupancy.ELEMENTS)
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))
    turned: Floats = q * np.sign(np.diag(r))  # uniform over all orthogonal matrices
    return turned


def vectors(name: str, formulas: Sequence[str], embeddings: Mapping[str, Embedding] | None = None) -> Floats:
    """Represent formulas, shape (n, d).

    Parameters
    ----------
    name : str
        One of `CONTROLS`, or of ``embeddings``.
    formulas : sequence of str, length n
    embeddings : mapping of str to Embedding, optional

    Raises
    ------
    InputError
        For another name, or an element outside the 85.
    MissingTableError
        Magpie or mat2vec is not on this machine.
    """
    known = embeddings or {}
    if name in known:
        return amounts(formulas) @ known[name].vectors
    if name == ONE_HOT:
        return amounts(formulas)
    if name == TURNED:
        return amounts(formulas) @ rotation()
    made: dict[str, Any] = {
        FRACTIONS: OneHotVectors(fractions=True), MAGPIE: MagpieVectors(), RANDOM: RandomVectors(),
        MAT2VEC: Mat2vecVectors(),
    }  # fmt: skip
    if name not in made:
        raise InputError(
            f"No representation {name!r}; there are {', '.join((*CONTROLS, *known))}: choose one of these"
        )
    found: Floats = made[name].fit_transform(list(formulas))
    return found


# -- C is one-hot in another basis -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Linearity:
    """What least squares say of C and the numbers of atoms.

    Attributes
    ----------
    residual : float
        Of C of formulas that were not fitted, after least squares from one-hot to C: its norm over that of C.
    rank : int
        Of T.
    condition : float
        Greatest over least singular value of T.
    worst : float
        Atoms by which any count that is read back from C is off, at most.
    formulas : int
        How many were not fitted.
    """

    residual: float
    rank: int
    condition: float
    worst: float
    formulas: int


def equation_5(counts: NDArray[np.integer], t: Floats) -> Floats:
    """C as the paper writes it: the rows of (X^T T) * A summed, where X are 85 x 8 matrices and A has rows of 1 to 8.

    Parameters
    ----------
    counts : ndarray, shape (n, 85)
        Numbers of atoms, at most 8.
    t : ndarray, shape (85, d)

    Returns
    -------
    ndarray, shape (n, d)
    """
    x = occupancy.matrices(counts).astype(np.float64)  # (n, 85, 8)
    a = np.broadcast_to(np.arange(1.0, x.shape[2] + 1)[:, None], (x.shape[2], t.shape[1]))  # Equation 6
    found: Floats = ((x.transpose(0, 2, 1) @ t) * a).sum(1)
    return found


def linearity(t: Floats, formulas: Sequence[str]) -> Linearity:
    """Fit C from one-hot on every other formula, and read the atoms back from C on the rest.

    Parameters
    ----------
    t : ndarray, shape (85, d)
    formulas : sequence of str
        Such as have an 85 x 8 matrix; those fitted must hold every element of the others.

    Raises
    ------
    InputError
        An element is only in formulas that are not fitted.
    """
    counts = occupancy.require_counts(formulas)
    one_hot, c = counts.astype(np.float64), equation_5(counts, t)
    fitted = np.arange(len(counts)) % 2 == 0
    alone = one_hot[~fitted].any(0) & ~one_hot[fitted].any(0)
    if alone.any() or fitted.all():
        missing = " ".join(np.array(occupancy.ELEMENTS)[alone]) or "no formula"
        raise InputError(f"Of the formulas that are not fitted, {missing} cannot be told: give more formulas")
    found = np.linalg.lstsq(one_hot[fitted], c[fitted], rcond=None)[0]
    off = one_hot[~fitted] @ found - c[~fitted]
    singular = np.linalg.svd(t, compute_uv=False)
    back = c[~fitted] @ np.linalg.pinv(t)
    return Linearity(
        float(np.linalg.norm(off) / np.linalg.norm(c[~fitted])), int(np.linalg.matrix_rank(t)),
        float(singular[0] / singular[-1]), float(np.abs(back - one_hot[~fitted]).max()), int((~fitted).sum()),
    )  # fmt: skip


def input_condition(x: Floats) -> float:
    """How unevenly standardised columns are spread: the greatest over the least axis along which anything varies.

    1 for columns of no correlation; a network learns fast along the great axes and slowly along the small ones.
    """
    deviation = x.std(0)
    z = (x - x.mean(0))[:, deviation > 1e-9] / deviation[deviation > 1e-9]
    singular = np.linalg.svd(z, compute_uv=False)
    held = singular[singular > 1e-8 * singular[0]]
    return float(held[0] / held[-1])


def linearity_claims(t: Floats, formulas: Sequence[str]) -> dict[str, Finding]:
    """That C holds what one-hot holds, beside a T that was never trained: linear_residual, rank_of_t, atoms_from_c."""
    here, drawn = linearity(t, formulas), linearity(RandomVectors().fit(["H"]).vectors_, formulas)
    n = here.formulas
    return {
        "linear_residual": Finding(
            here.residual, drawn.residual, f"C of {n:,} formulas that were not fitted is a linear function of one-hot"
        ),
        "rank_of_t": Finding(
            float(here.rank), float(drawn.rank),
            f"condition {here.condition:.3g}, of a random T {drawn.condition:.3g}; more than 85 is not possible",
        ),
        "atoms_from_c": Finding(
            here.worst, drawn.worst,
            f"numbers of atoms of {n:,} formulas read back from C: no information is lost, and none can be added",
        ),
    }  # fmt: skip
