"""Known materials in the latent space of a generator: where they stand, what a place decodes to, what is known near it.

No widget and no picture: `matwidgets.show.latent` puts these on the screen.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, MissingTableError
from matwidgets.features import onehot
from matwidgets.features.composition import parse_formula, pretty_formula, to_fractions
from matwidgets.features.validity import balanced, is_metal, neutral

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.samplers import Sampler

Values = NDArray[Any] | Callable[[], NDArray[Any]]
"""One value a material, or a callable that computes them when they are first shown."""

MOST_PLACED = (
    3000  # by t-SNE and UMAP: t-SNE takes half a minute for these, and hours for all published compounds
)
_NEAR_HULL = 0.1  # eV/atom
NEAREST = 3  # known materials that are named beside a decoded formula
# Two different formulas of up to 400 atoms differ by more than this share of their atoms; rounding in 32 bits by less.
SAME = 2e-6
_ENERGIES = {"energy_above_hull": "energy above hull", "decomposition_energy": "decomposition energy"}


@dataclass(frozen=True)
class Materials:
    """Formulas with what is known of them.

    Attributes
    ----------
    formulas : list of str, length n
    source : str
        Where they are from, for people: ``85,014 published compounds``.
    known : dict
        Name of a column -> values (n,): energies in eV/atom, numbers of decomposition products.
    """

    formulas: list[str]
    source: str
    known: dict[str, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.formulas)


def known_materials() -> Materials:
    """Return all published compounds where their table is on this machine, otherwise the handbook's.

    With the derived table of decompositions (``matwidgets decompose --all``) they have their energies above the hull.
    Nothing is fetched.

    Raises
    ------
    DataError
        A table is there and damaged.
    """
    from matwidgets.data.datasets import load_property
    from matwidgets.data.handbook import formation_enthalpies
    from matwidgets.decompositions import load_decompositions

    for load, words in (
        (load_decompositions, "published compounds"),
        (functools.partial(load_property, "formation_energy"), "published compounds"),
        (formation_enthalpies, "compounds of the handbook"),
    ):
        try:
            frame = load()
        except MissingTableError:
            continue
        return materials_of(frame, f"{len(frame):,} {words}")
    raise AssertionError("the handbook is part of the package")


def materials_of(given: Sequence[str] | DataFrame, source: str | None = None) -> Materials:
    """Return formulas, or a table with a column ``formula``, as `Materials`.

    Parameters
    ----------
    given : sequence of str or DataFrame
        A DataFrame may have ``energy_above_hull`` and ``decomposition_energy`` (eV/atom) and ``n_products``, as
        `matwidgets.decompositions.load_decompositions` gives them.
    source : str, optional
        By default their number.

    Raises
    ------
    InputError
        For fewer than three, a table without formulas, or energies that are no numbers.
    """
    columns: dict[str, NDArray[Any]] = {}
    if hasattr(given, "columns"):
        frame: Any = given
        if "formula" not in frame.columns:
            raise InputError(
                f"A table of materials has the columns {', '.join(map(str, frame.columns))}: one must be 'formula'"
            )
        formulas = [str(formula) for formula in frame["formula"]]
        for name in (*_ENERGIES, "n_products"):
            if name in frame.columns:
                try:
                    columns[name] = frame[name].to_numpy(dtype=float)
                except (TypeError, ValueError):
                    raise InputError(
                        f"The column {name!r} of the materials holds no numbers: give eV/atom"
                    ) from None
    else:
        formulas = [given] if isinstance(given, str) else [str(formula) for formula in given]
    if len(formulas) < 3:
        raise InputError(
            f"{len(formulas)} material(s) given: a map of the latent space needs at least 3 formulas"
        )
    return Materials(formulas, source or f"{len(formulas):,} materials", columns)


class LatentMap:
    """Materials, their places in a generator's latent space, and what the generator says of any other place.

    Parameters
    ----------
    sampler : Sampler
    materials : Materials
    part : ndarray of int, shape (n,), optional
        Rows of the materials that are points of the map, ascending; all by default. What is near is sought among all.

    Attributes
    ----------
    latent : ndarray, shape (n, d)
        Latent means of the points.
    names : list of str, length n
        Their formulas.

    Raises
    ------
    InputError
        For a formula that cannot be read or holds an element outside the generator's 89.
    """

    def __init__(
        self, sampler: Sampler, materials: Materials, part: NDArray[np.integer] | None = None
    ) -> None:
        self.sampler, self.materials = sampler, materials
        self._part = np.arange(len(materials)) if part is None else part
        self.names = [materials.formulas[row] for row in self._part]
        x = onehot.fraction_vectors(materials.formulas, np.float32)
        self.latent = sampler.encode_fractions(x if part is None else x[part])
        # By element: what is asked for is one element at a time.
        self._fractions = np.asfortranarray(x)

    def decode(self, vectors: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Decode latent vectors, shape (m, d), and place the formulas among the materials.

        Returns
        -------
        list of dict, length m
            formula (with subscripts), fractions (symbol -> atomic fraction of it), valid (neutral and balanced
            by `matwidgets.features.validity`; None for metals alone, of which these rules say nothing), known (whether
            the materials have it), nearest and far (names of the nearest materials and the share of the atoms in which
            they differ), note.

        Raises
        ------
        InputError
            For vectors of another length.
        """
        return [self._reading(formula) for formula in self.sampler.decode_formulas(vectors)]

    def _reading(self, formula: str | None) -> dict[str, Any]:
        if formula is None:
            return {"formula": "nothing", "note": "decodes to nothing: every element is below the threshold"}
        rows, shares = self.nearest(formula)
        return reading(formula, [self.materials.formulas[row] for row in rows], shares)

    def nearest(
        self, composition: str | Mapping[str, float], count: int = NEAREST
    ) -> tuple[list[int], list[float]]:
        """Find the materials whose composition is nearest.

        Parameters
        ----------
        composition : str or mapping
        count : int

        Returns
        -------
        rows : list of int
            The nearest first.
        shares : list of float
            Share of the atoms that would have to be exchanged, 0 (the same composition) to 1 (no element in common):
            half the sum of the absolute differences of the fractions.
        """
        (wanted,) = onehot.fraction_vectors([composition])
        return nearest_rows(self._fractions, wanted, count)

    def locate(self, formula: str) -> int | NDArray[np.float64]:
        """Find a formula: the point of this composition, or the latent mean where there is no such point.

        Returns
        -------
        int, or ndarray of shape (d,)

        Raises
        ------
        InputError
            For a formula that cannot be read or holds an element outside the 89.
        """
        rows, shares = self.nearest(formula, 1)
        at = int(np.searchsorted(self._part, rows[0]))
        there = shares[0] < SAME and at < len(self._part) and self._part[at] == rows[0]
        return at if there else np.asarray(self.sampler.encode(formula)[0])

    def encode(self, fractions: NDArray[np.float64], elements: Sequence[str]) -> NDArray[np.float64]:
        """Return latent means, shape (m, d), of atomic fractions (m, k) of the elements."""
        x = np.zeros((len(fractions), len(onehot.ELEMENTS)))
        x[:, [onehot.INDEX[symbol] for symbol in elements]] = fractions
        return self.sampler.encode_fractions(x)

    def channels(self, elements: Sequence[str] = ()) -> dict[str, Values]:
        """Return what points can be coloured by: name -> values (n,), costly ones as callables.

        Number of elements; as far as they are known energies (eV/atom), stability and number of components (0: stable);
        whether charges cancel; the fraction of each of `elements` (at.%).

        Raises
        ------
        InputError
            For an element outside the 89.
        """
        known = {name: values[self._part] for name, values in self.materials.known.items()}
        x = self._fractions[self._part]
        found: dict[str, Values] = {"number of elements": (x > 0).sum(axis=1)}
        found |= {words: known[name] for name, words in _ENERGIES.items() if name in known}
        if "energy_above_hull" in known:
            found["stability"] = functools.partial(_stability, known["energy_above_hull"])
            if "n_products" in known:
                found["components"] = functools.partial(
                    _components, known["energy_above_hull"], known["n_products"]
                )
        found["charge"] = functools.partial(charges, self.names)
        onehot.fraction_vectors([{symbol: 1.0} for symbol in elements])  # says which is outside
        for symbol in elements:
            found[f"{symbol} content"] = functools.partial(_percent, x[:, onehot.INDEX[symbol]])
        return found

    @staticmethod
    def units(channels: Mapping[str, Values]) -> dict[str, str]:
        """Return the units of such channels."""
        energies = {name: "eV/atom" for name in channels if name in _ENERGIES.values()}
        return energies | {name: "at.%" for name in channels if name.endswith(" content")}


def reading(formula: str, nearest: Sequence[str], shares: Sequence[float]) -> dict[str, Any]:
    """Tell what is known of a decoded formula, as `LatentMap.decode` does.

    Parameters
    ----------
    formula : str
    nearest : sequence of str
        Formulas of the nearest materials, the nearest first.
    shares : sequence of float
        Share of the atoms in which each differs.
    """
    metals = _metals_alone(formula)
    return {
        "formula": written(formula),
        "fractions": to_fractions(formula),
        "valid": None if metals else _balanced(formula),
        "note": "metals alone: the rules for ions say nothing" if metals else "",
        "known": bool(shares[0] < SAME),
        "nearest": [written(near) for near in nearest],
        "far": [_far(share) for share in shares],
    }


def nearest_rows(
    fractions: NDArray[np.float32], wanted: NDArray[np.floating], count: int = NEAREST
) -> tuple[list[int], list[float]]:
    """Find the rows of atomic fractions (n, k) that are nearest to one, (k,); see `LatentMap.nearest`."""
    shared = np.zeros(len(fractions), dtype=np.float32)
    for column in np.flatnonzero(wanted):
        shared += np.minimum(fractions[:, column], np.float32(wanted[column]))
    count = min(count, len(shared))
    best = np.argpartition(-shared, count - 1)[:count]
    best = best[np.lexsort((best, -shared[best]))]
    return best.tolist(), [max(0.0, 1.0 - float(share)) for share in shared[best]]


def part_for(method: str, n: int, seed: int = 0) -> NDArray[np.int64] | None:
    """Return the rows that a method places, ascending: a random part where all would take minutes; None for all."""
    if method == "pca" or n <= MOST_PLACED:
        return None
    return np.sort(np.random.default_rng(seed).choice(n, MOST_PLACED, replace=False))


def _stability(above: NDArray[Any]) -> NDArray[Any]:
    words = ["stable", f"≤ {_NEAR_HULL:g} eV/atom above", f"> {_NEAR_HULL:g} eV/atom above", ""]
    return np.array(words)[np.select([np.isnan(above), above <= 0, above <= _NEAR_HULL], [3, 0, 1], 2)]


def _components(above: NDArray[Any], products: NDArray[Any]) -> NDArray[Any]:
    count = np.where(above <= 0, 0, products)
    return count.astype(np.int64) if np.isfinite(count).all() else count


def charges(formulas: Sequence[str]) -> NDArray[Any]:
    """Tell of each formula "neutral", "not neutral" or "metals alone", of which the rules for ions say nothing."""

    def word(formula: str) -> str:
        if _metals_alone(formula):
            return "metals alone"
        return "neutral" if neutral(formula) else "not neutral"

    return np.array([word(formula) for formula in formulas])


def _percent(fractions: NDArray[np.float32]) -> NDArray[np.float64]:
    return 100.0 * fractions.astype(np.float64)


def _metals_alone(formula: str) -> bool:
    return all(is_metal(symbol) for symbol in parse_formula(formula))


@functools.lru_cache(maxsize=4096)
def written(formula: str) -> str:
    """Write a formula with subscripts."""
    return pretty_formula(formula, subscripts=True, max_atoms=onehot.MOST_ATOMS)


@functools.lru_cache(maxsize=4096)
def _balanced(formula: str) -> bool:
    return balanced(formula)


def _far(share: float) -> str:
    if share < SAME:
        return "the same"
    return f"{max(1, round(100 * share))}\u00a0% other atoms" if share < 0.995 else "no atom in common"
