"""A trained one-hot VAE that speaks formulas: encode, decode, sample, and tell what the samples are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.models.onehot_vae import OneHotVAE
from matwidgets.training import generators, threads
from matwidgets.training.aggregate import Mixture
from matwidgets.training.states import finished_model

if TYPE_CHECKING:
    from pandas import DataFrame

Composition = str | Mapping[str, float]
Rule = Literal["smallest_denominator", "threshold_gcd"]
Prior = Literal["normal", "aggregate"]
WORDS = ("onehot_vae",)
RULES: tuple[Rule, ...] = ("smallest_denominator", "threshold_gcd")
PRIORS: tuple[Prior, ...] = ("normal", "aggregate")
CHECKPOINTS = Path(__file__).parent / "checkpoints"
AT_ONCE = 8192  # rows that go through the network at a time, to bound the memory
FEWEST = 64  # draws in a round, so that the last few samples do not take many rounds
TRIES = 100  # rounds of drawing before a decoder that gives nothing is given up


@dataclass(frozen=True)
class Samples:
    """Materials drawn from a prior.

    Attributes
    ----------
    z : ndarray, shape (n, latent)
    fractions : ndarray, shape (n, 89)
        What the decoder gave, before a rule made whole numbers of it.
    counts : ndarray of int64, shape (n, 89)
        Atoms of each element.
    redrawn : int
        Draws that decoded to nothing and were drawn again.
    rule, threshold, tolerance : str, float, float
        How the fractions were decoded.
    prior : {"normal", "aggregate"}
        What `z` was drawn from.
    """

    z: NDArray[np.float64]
    fractions: NDArray[np.float64]
    counts: NDArray[np.int64]
    redrawn: int
    rule: str
    threshold: float
    tolerance: float
    prior: str = "normal"
    _formulas: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def formulas(self) -> list[str]:
        """Reduced formulas, one a sample."""
        if not self._formulas:
            distinct, which = np.unique(self.counts, axis=0, return_inverse=True)
            written = onehot.formulas_of(distinct)
            self._formulas.extend(str(written[i]) for i in which.ravel())
        return self._formulas

    def __len__(self) -> int:
        return len(self.counts)

    def __repr__(self) -> str:
        return f"<{len(self)} samples, {self.redrawn} redrawn>"


class Sampler:
    """A VAE and its card.

    Parameters
    ----------
    net : OneHotVAE
        In evaluation mode.
    card : dict
        Where the weights come from; `decoding` says how its fractions are best made into formulas.
    mixture : Mixture, optional
        The aggregate posterior of its training materials, for ``prior="aggregate"``.
    """

    def __init__(self, net: OneHotVAE, card: dict[str, Any], mixture: Mixture | None = None) -> None:
        self.net, self.card, self.mixture = net, card, mixture
        self.word: str = card["word"]
        self.latent = net.config.latent
        self.elements = onehot.ELEMENTS

    @classmethod
    def from_file(cls, path: str | Path) -> Sampler:
        """Load a checkpoint file; CheckpointError if it is missing, corrupt or another paper's."""
        return cls(*generators.read(Path(path)))

    @classmethod
    def from_directory(cls, folder: str | Path) -> Sampler:
        """Load what ``matwidgets train onehot_vae`` wrote into a folder.

        Raises
        ------
        CheckpointError
            If the folder holds no finished network, a corrupt one, or more than one.
        """
        return cls.from_file(finished_model(folder, "matwidgets train onehot_vae"))

    @property
    def priors(self) -> tuple[Prior, ...]:
        """What latent points can be drawn from; the last one is what `sample` draws from unless told otherwise."""
        return PRIORS[:1] if self.mixture is None else PRIORS

    @property
    def weights(self) -> int:
        """Number of weights of encoder, decoder and classifier together."""
        return sum(p.numel() for p in self.net.parameters())

    # -- between compositions and the latent space -----------------------------------------------------------

    def encode(self, compositions: Composition | Sequence[Composition]) -> NDArray[np.float64]:
        """Latent means of compositions, shape (n, latent).

        Raises
        ------
        InputError
            For no composition, one that cannot be read, or an element outside the paper's 89.
        """
        return self.encode_fractions(onehot.fraction_vectors(_listed(compositions)))

    def encode_fractions(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Latent means of rows of fractions, (n, 89) -> (n, latent)."""
        return self._apply(lambda rows: self.net.encode(rows)[0], x)

    def classify(self, compositions: Composition | Sequence[Composition]) -> NDArray[np.float64]:
        """Probability of each number of components that a compound decomposes into, 0 (stable) to 9, shape (n, 10).

        Raises
        ------
        InputError
            As `encode`, or if this model's classifier was trained on no decomposition.
        """
        if not self.card["classified"]:
            raise InputError(
                "The classifier of this model is untrained, no decomposition was known: train one on a table with a "
                "column 'components'"
            )
        x = onehot.fraction_vectors(_listed(compositions))
        return self._apply(lambda rows: self.net.classify(rows).softmax(-1), x)

    def decode(self, z: ArrayLike) -> NDArray[np.float64]:
        """Fractions at latent points, shape (n, 89), rows of sum 1.

        Parameters
        ----------
        z : array_like, shape (latent,) or (n, latent)

        Raises
        ------
        InputError
            For points of another length, or with numbers that are not finite.
        """
        points = np.atleast_2d(np.asarray(z, dtype=np.float64))
        if points.ndim != 2 or points.shape[1] != self.latent:
            raise InputError(
                f"Latent points of shape {np.shape(z)}: this model's have {self.latent} numbers each, give shape "
                f"({self.latent},) or (n, {self.latent})"
            )
        if not np.isfinite(points).all():
            raise InputError("A latent point with a number that is not finite: give finite numbers")
        return self._apply(self.net.decode, points)

    def decode_formulas(
        self,
        z: ArrayLike,
        rule: Rule | None = None,
        threshold: float | None = None,
        tolerance: float | None = None,
    ) -> list[str | None]:
        """Formulas at latent points; None where every element is below the threshold. Options as in `sample`."""
        return onehot.formulas_of(self._whole(self.decode(z), *self._decoding(rule, threshold, tolerance)))

    # -- sampling --------------------------------------------------------------------------------------------

    def sample(
        self,
        n: int,
        *,
        seed: int = 0,
        prior: Prior | None = None,
        rule: Rule | None = None,
        threshold: float | None = None,
        tolerance: float | None = None,
    ) -> Samples:
        """Draw materials: a latent point from the prior, its fractions, its formula.

        Parameters
        ----------
        n : int
        seed : int
        prior : {"normal", "aggregate"}, optional
            The standard normal, from which the paper draws, or a Gaussian mixture fitted to where the encoder puts the
            training materials; by default "aggregate" if this model has one.
        rule : {"smallest_denominator", "threshold_gcd"}, optional
            Ours or the paper's; by default as the card says.
        threshold : float, optional
            Fraction below which an element is absent; by default the card's for this prior, with the paper's rule the
            paper's 0.04.
        tolerance : float, optional
            Largest error of a fraction with the smallest denominator; by default the card's for this prior.

        Raises
        ------
        InputError
            For n below 1, another rule or prior, or if the decoder keeps giving nothing at this threshold.
        """
        if n < 1 or n != int(n):
            raise InputError(f"n is {n}; at least 1 sample can be drawn: give a whole number from 1")
        if seed < 0:
            raise InputError(f"seed is {seed}; allowed are whole numbers from 0: give one")
        n = int(n)
        chosen = self._prior(prior)
        decoding = self._decoding(rule, threshold, tolerance, chosen)
        generator = np.random.default_rng(seed)
        kept: list[tuple[NDArray[Any], ...]] = []
        have = redrawn = 0
        for _ in range(TRIES):
            z = self._draw(chosen, max(n - have, FEWEST), generator)
            x = self._decode_draws(z, generator)
            counts = self._whole(x, *decoding)
            some = np.flatnonzero(counts.any(1))[: n - have]
            kept.append((z[some], x[some], counts[some]))
            have += len(some)
            # Draws after the last one that was needed are not looked at.
            redrawn += (int(some[-1]) + 1 if have == n else len(z)) - len(some)
            if have == n:
                z, x, counts = (np.concatenate(part) for part in zip(*kept, strict=True))
                return Samples(z, x, counts, redrawn, *decoding, prior=chosen)
        raise InputError(
            f"{redrawn} of {redrawn + have} draws have no element above the threshold {decoding[1]:g}: "
            "give a smaller one"
        )

    def _prior(self, prior: str | None) -> Prior:
        chosen = self.priors[-1] if prior is None else prior
        for known in self.priors:
            if chosen == known:
                return known
        if chosen in PRIORS:
            raise InputError(
                f"This model has no {chosen} prior; allowed is {', '.join(self.priors)}: choose that, or train a model "
                "with mixtures"
            )
        raise InputError(f"Unknown prior {chosen!r}; allowed are {', '.join(PRIORS)}: choose one of these")

    def _draw(self, prior: Prior, n: int, generator: np.random.Generator) -> NDArray[np.float64]:
        if prior == "aggregate" and self.mixture is not None:
            return self.mixture.draw(n, generator)
        return generator.standard_normal((n, self.latent))

    def _decode_draws(self, z: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
        """Fractions of draws, (n, 89): those of `decode`, but with two parts the presences are drawn as well."""
        if self.net.config.likelihood != "two_part":
            return self.decode(z)
        rows = np.hstack([z, generator.random((len(z), self.net.config.elements))])
        return self._apply(lambda r: self.net.decode(r[:, : self.latent], r[:, self.latent :]), rows)

    def _decoding(
        self,
        rule: Rule | None,
        threshold: float | None,
        tolerance: float | None,
        prior: Prior | None = None,
    ) -> tuple[str, float, float]:
        card = self.card["decoding"] | self.card["decoding"].get("priors", {}).get(prior, {})
        chosen = card["rule"] if rule is None else rule
        if chosen not in RULES:
            raise InputError(f"Unknown rule {chosen!r}; allowed are {', '.join(RULES)}: choose one of these")
        if threshold is None:
            threshold = card["threshold"] if chosen == card["rule"] else onehot.THRESHOLD
        return chosen, float(threshold), float(card["tolerance"] if tolerance is None else tolerance)

    @staticmethod
    def _whole(x: NDArray[np.float64], rule: str, threshold: float, tolerance: float) -> NDArray[np.int64]:
        if rule == "threshold_gcd":
            return onehot.threshold_gcd(x, threshold)
        return onehot.smallest_denominator(x, threshold, tolerance)

    def _apply(self, function: Any, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        threads.apply(self.weights)
        with torch.no_grad():
            parts = [
                function(torch.as_tensor(rows[i : i + AT_ONCE], dtype=torch.float32))
                for i in range(0, len(rows), AT_ONCE)
            ]
        return torch.cat(parts).double().numpy()

    def __repr__(self) -> str:
        config = self.net.config
        return f"<Sampler {self.word}, {config.likelihood}, {self.latent} latent dimensions>"


def load(word: str = "onehot_vae") -> Sampler:
    """Load the shipped generator of a paper.

    Raises
    ------
    InputError
        If the package ships none for `word`.
    """
    if word not in WORDS:
        raise InputError(f"Nothing to sample for {word!r}; allowed is {', '.join(WORDS)}: choose that")
    return Sampler.from_file(CHECKPOINTS / word / f"{word}.safetensors")


def describe(formulas: Sequence[str]) -> DataFrame:
    """What generated formulas are worth.

    Parameters
    ----------
    formulas : sequence of str

    Returns
    -------
    DataFrame
        formula; neutral and balanced (bool, see `matwidgets.features.validity`); novel (bool, or None where no table of
        known formulas is on this machine); unique (bool: the first of its formula in this list).
    """
    import pandas as pd

    from matwidgets.data.known import is_known
    from matwidgets.features.validity import balanced, neutral

    distinct = list(dict.fromkeys(formulas))
    known = is_known(distinct)
    rules = {f: (neutral(f), balanced(f)) for f in distinct}
    novel = (
        dict.fromkeys(distinct) if known is None else {f: not k for f, k in zip(distinct, known, strict=True)}
    )
    seen: set[str] = set()
    rows = []
    for formula in formulas:
        rows.append((formula, *rules[formula], novel[formula], formula not in seen))
        seen.add(formula)
    frame = pd.DataFrame(rows, columns=["formula", "neutral", "balanced", "novel", "unique"])
    return frame.astype({"novel": object}) if known is None else frame


def _listed(compositions: Composition | Sequence[Composition]) -> list[Composition]:
    given = [compositions] if isinstance(compositions, str | Mapping) else list(compositions)
    if not given:
        raise InputError("No composition given; give at least one formula such as Ga(MoS2)4")
    return given
