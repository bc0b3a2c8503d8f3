"""The experiments of El-Awady 2023, each with the control that tells learning from the construction.

Figure 5 is `width_sweep`, Figures 6 and 7 are `sample_statistics` beside materials drawn without learning
(`matwidgets.features.prevalence.independent_materials`), Figure 8 is `decomposition_similarity` beside an `untrained`
encoder and shuffled components. The facts of section 3 about the data are `dataset_facts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.features import onehot
from matwidgets.features.prevalence import (
    elements_histogram,
    kl_divergence,
    presence_correlations,
    prevalence,
)

if TYPE_CHECKING:
    from matwidgets.models.onehot_vae import OneHotVAEConfig
    from matwidgets.samplers import Sampler
    from matwidgets.training.vae import Recipe, Table

WIDTHS = (50, 100, 200, 300, 400, 500)  # Figure 5: "from 50 to 500"
OVER = ("O", "F", "C", "N", "Li", "P")  # section 4.1: over-represented among the paper's samples
UNDER = ("Mg", "Co", "Cu", "S", "Si")  # section 4.1: under-represented


@dataclass(frozen=True)
class DatasetFacts:
    """Section 3 about the data.

    Attributes
    ----------
    most_elements : int
        Number of elements of the most complex material.
    up_to_six : float
        Share of materials with 6 or fewer elements.
    pairs : int
        Pairs of elements whose presences both vary.
    correlated : int
        Pairs with a correlation above 0.2 in magnitude.
    strongest : (str, str, float)
        The pair with the largest, and its coefficient.
    """

    most_elements: int
    up_to_six: float
    pairs: int
    correlated: int
    strongest: tuple[str, str, float]


def dataset_facts(counts: NDArray[np.number], least: float = 0.2) -> DatasetFacts:
    """How many elements materials have, and how little the presence of one tells of another.

    Parameters
    ----------
    counts : ndarray, shape (n, 89)
    least : float
        Magnitude from which a correlation counts.
    """
    number = (np.asarray(counts) > 0).sum(1)
    above = np.triu_indices(np.shape(counts)[1], 1)
    r = presence_correlations(counts)[above]
    defined = ~np.isnan(r)
    at = int(np.nanargmax(np.abs(r)))
    first, second = onehot.ELEMENTS[above[0][at]], onehot.ELEMENTS[above[1][at]]
    return DatasetFacts(
        int(number.max()),
        float((number <= 6).mean()),
        int(defined.sum()),
        int((np.abs(r[defined]) > least).sum()),
        (first, second, float(r[at])),
    )


def untrained(like: Sampler, seed: int = 0) -> Sampler:
    """The same networks with random weights: what the construction alone does."""
    import torch

    from matwidgets.models.onehot_vae import OneHotVAE
    from matwidgets.samplers import Sampler

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = OneHotVAE(like.net.config).eval().requires_grad_(False)
    return Sampler(net, like.card)


@dataclass(frozen=True)
class SampleStatistics:
    """Samples beside the data (Figures 6 and 7).

    Attributes
    ----------
    data, samples : ndarray, shape (89,)
        Elementwise prevalence by atoms.
    kl_counts, kl_fractions : float
        Divergence of the prevalence, by atoms as the paper has it and by fractions, in nats.
    data_elements, sample_elements : ndarray, shape (11,)
        Share of materials with 0 to 10 elements.
    """

    data: NDArray[np.float64]
    samples: NDArray[np.float64]
    kl_counts: float
    kl_fractions: float
    data_elements: NDArray[np.float64]
    sample_elements: NDArray[np.float64]

    def over(self, symbols: Sequence[str]) -> dict[str, float]:
        """How many times as common each element is among the samples."""
        at = [onehot.INDEX[symbol] for symbol in symbols]
        return dict(zip(symbols, (self.samples[at] / self.data[at]).tolist(), strict=True))


def sample_statistics(data: NDArray[np.number], samples: NDArray[np.number]) -> SampleStatistics:
    """Hold samples, or a control, against the data; both are counts, shape (n, 89)."""
    p, q = prevalence(data), prevalence(samples)
    by_fractions = kl_divergence(prevalence(data, "fractions"), prevalence(samples, "fractions"))
    return SampleStatistics(
        p, q, kl_divergence(p, q), by_fractions, elements_histogram(data), elements_histogram(samples)
    )


@dataclass(frozen=True)
class WidthResult:
    """One width of Figure 5: negative ELBO of held-out materials (nats) and divergence of the prevalence (nats)."""

    width: int
    nelbo: float
    kl_counts: float
    kl_fractions: float


def width_sweep(
    train: Table,
    held_out: Table,
    config: OneHotVAEConfig,
    recipe: Recipe,
    widths: Sequence[int] = WIDTHS,
    samples: int = 10_000,
) -> Iterator[WidthResult]:
    """Train one network of each width and yield what Figure 5 shows of it, as soon as it is known.

    Parameters
    ----------
    train, held_out : Table
        To compare widths give validation rows as ``held_out``; test rows only for the last word on the chosen one.
    config : OneHotVAEConfig
        Its width is replaced.
    recipe : Recipe
    widths : sequence of int
    samples : int
        How many are drawn for the prevalence; decoded by the paper's rule and threshold.
    """
    from dataclasses import replace

    import torch

    from matwidgets.samplers import Sampler
    from matwidgets.training.vae import Autoencoding, measure

    real = held_out.counts.numpy()
    card: dict[str, Any] = {
        "word": "onehot_vae", "classified": 0,
        "decoding": {"rule": "threshold_gcd", "threshold": onehot.THRESHOLD, "tolerance": 0.02},
    }  # fmt: skip
    nothing = type(train)(
        train.counts[:0], train.classes[:0]
    )  # what is held out is measured once, at the end
    for width in widths:
        job = Autoencoding(replace(config, width=width), recipe, train, nothing)
        while not job.finished:
            job.advance()
        net = job.result()
        seen = measure(net, held_out, torch.Generator().manual_seed(recipe.seed))
        drawn = Sampler(net, card).sample(samples, seed=recipe.seed).counts
        found = sample_statistics(real, drawn)
        yield WidthResult(width, seen.nelbo, found.kl_counts, found.kl_fractions)


@dataclass(frozen=True)
class Similarity:
    """Latent means of materials beside the weighted sums of those of their components (Figure 8).

    Attributes
    ----------
    components : ndarray of int, shape (n,)
    cosine : ndarray, shape (n,)
        1 is the same direction. An encoder whose means all lie far from the origin in one direction has it near 1
        whatever it has learned, so look at the other two as well.
    relative_error : ndarray, shape (n,)
        Length of the difference over the length of the spread: the root mean square distance of all means from their
        average. 1 is as far as two materials without relation.
    rank : ndarray of int, shape (n,)
        Place of the true components among those of all n materials, nearest first, from 1; by luck (n + 1) / 2.
    """

    components: NDArray[np.int64]
    cosine: NDArray[np.float64]
    relative_error: NDArray[np.float64]
    rank: NDArray[np.int64]

    def by_components(self) -> dict[int, float]:
        """Median cosine for each number of components."""
        numbers = np.unique(self.components)
        return {int(c): float(np.median(self.cosine[self.components == c])) for c in numbers}


def decomposition_similarity(
    encoder: Sampler,
    materials: Sequence[str],
    products: Sequence[Mapping[str, float]],
    *,
    shuffled: int | None = None,
) -> Similarity:
    """Compare the latent mean of each material with the weighted sum of its components' (section 4.2).

    Parameters
    ----------
    encoder : Sampler
        The trained one, or `untrained` for the control.
    materials : sequence of str, length n
    products : sequence of mapping, length n
        Components of each and their atom-fraction weights.
    shuffled : int, optional
        A seed: each material gets another one's components (the second control).

    Raises
    ------
    InputError
        Fewer than two materials, or not as many products.
    """
    if len(materials) < 2 or len(materials) != len(products):
        raise InputError(
            f"{len(materials)} materials with {len(products)} decompositions: give at least two, one decomposition each"
        )
    own = encoder.encode(list(materials))
    names = list(dict.fromkeys(name for product in products for name in product))
    row_of = {name: i for i, name in enumerate(names)}
    parts = encoder.encode(names)
    sums = np.array([sum(a * parts[row_of[name]] for name, a in product.items()) for product in products])
    components = np.array([len(product) for product in products])
    if shuffled is not None:
        sums = sums[_derangement(len(sums), shuffled)]
    cosine = (own * sums).sum(1) / (np.linalg.norm(own, axis=1) * np.linalg.norm(sums, axis=1))
    spread = np.sqrt(((own - own.mean(0)) ** 2).sum(1).mean())
    error = np.linalg.norm(own - sums, axis=1)
    rank = np.array(
        [(np.linalg.norm(sums - each, axis=1) < far).sum() + 1 for each, far in zip(own, error, strict=True)]
    )
    return Similarity(components, cosine, error / spread, rank)


def _derangement(n: int, seed: int) -> NDArray[np.int64]:
    """A random order in which no row stays where it is."""
    cycle = np.random.default_rng(seed).permutation(n)
    order = np.empty(n, dtype=np.int64)
    order[cycle] = np.roll(cycle, 1)
    return order
