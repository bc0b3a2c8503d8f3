"""The part of `matwidgets.show` that has to do with wgan: generated formulas, the plane of C, elements in T."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.widgets import GeneratorGallery, LatentExplorer, PeriodicTable

if TYPE_CHECKING:
    from pandas import DataFrame

    from matwidgets.adversarial_models import FormulaGAN
    from matwidgets.features.projection import Method
    from matwidgets.latent import Materials

SAMPLES = 200  # that are drawn for a gallery or a map
KNOWN = 1000  # known compounds of a map
SCORE = "critic's score"
NUMBER = "number of elements"
CARD = {NUMBER: "elements", SCORE: "score"}  # a card has room for a word


def is_gan(thing: object) -> bool:
    """Whether something has a generator of formulas and a critic."""
    return hasattr(thing, "critic") and hasattr(thing, "score") and hasattr(thing, "sample")


def drawn_table(model: FormulaGAN, n: int = SAMPLES, seed: int = 0) -> DataFrame:
    """Draw formulas and tell what they are worth: as ``matwidgets.samplers.describe``, elements and critic's score."""
    from matwidgets.samplers import describe

    samples = model.sample(n, seed=seed)
    frame = describe(samples.formulas)
    frame[NUMBER] = (samples.counts > 0).sum(axis=1)
    frame[SCORE] = model.score(samples.formulas)
    return frame


def generated(
    model: FormulaGAN,
    filters: Sequence[Any] | None = None,
    *,
    n: int = SAMPLES,
    seed: int = 0,
    **options: Any,
) -> GeneratorGallery:
    """Draw formulas and put them into a gallery: what `gallery` shows of a generator.

    Linked with a map of the same samples what is chosen in one lights up in the other:
    ``mw.link(show.gallery(gan), show.latent(gan, ()))``.

    Parameters
    ----------
    model : FormulaGAN
    filters
        As of ``GeneratorGallery``; by default neutral, balanced, unique, novel, elements (their number), score (the
        critic's).
    n, seed : int
        How many are drawn, and which.
    **options
        Further arguments of ``GeneratorGallery``.
    """
    frame = drawn_table(model, n, seed)
    frame = frame.rename(columns=CARD)
    order = ["neutral", "balanced", "unique", "novel", *CARD.values()]
    told: dict[str, Any] = {
        "label": f"{len(frame):,} formulas drawn from {model.word}",
        "sort": f"-{CARD[SCORE]}",
    }
    return GeneratorGallery({name: frame[name] for name in ["formula", *order]}, filters, **(told | options))


def formulas(
    model: FormulaGAN,
    materials: Sequence[str] | DataFrame | None = None,
    *,
    n: int = SAMPLES,
    method: Method = "pca",
    colour: str | None = None,
    elements: Sequence[str] | None = None,
    seed: int = 0,
    **unknown: Any,
) -> LatentExplorer:
    """Generated and known formulas in the plane of C, the critic's representation: what `latent` shows of a GAN.

    C is amounts times T. It is linear in the amounts, so least squares lead back: the cursor decodes a place by
    rounding the amounts that it stands for. Points decode to themselves.

    Parameters
    ----------
    model : FormulaGAN
    materials : sequence of str or DataFrame, optional
        Known formulas to stand beside the generated ones, ``()`` for none. By default some of OQMD's compounds, where
        that table is not on this machine of the handbook's; the title says which.
    n, seed : int
        How many are drawn, and which; with the same numbers the samples are those of the gallery, in its order, and
        come before the known ones.
    method, colour, elements
        As for `latent`; colours are "source", "number of elements", "critic's score", "charge" and, of `elements`,
        "Ti content".

    Raises
    ------
    InputError
        As `latent`, and for a known formula that has no 85 x 8 matrix.
    """
    from matwidgets.features import occupancy
    from matwidgets.features.projection import project
    from matwidgets.latent import Materials, materials_of, written

    if unknown:
        allowed = "n, method, colour, elements, seed"
        raise InputError(f"latent got the unknown option {', '.join(unknown)}: allowed are {allowed}")
    if materials is None:
        known = _some_known(seed)
    elif isinstance(materials, Sequence) and not isinstance(materials, str) and not len(materials):
        known = Materials([], "")
    else:
        known = materials_of(materials)
    samples = model.sample(n, seed=seed)
    names = [*samples.formulas, *known.formulas]
    plane = FormulaPlane(model, occupancy.require_counts(names), names, known)
    channels = plane.channels(elements or ())
    beside = f" beside {known.source}" if len(known) else ""
    return LatentExplorer(
        project(plane.latent, method, seed=seed),
        channels=channels,
        units={name: "at.%" for name in channels if name.endswith(" content")},
        names=names,
        write=written,
        decode=plane.decode,
        locate=plane.locate,
        colour=colour,
        label=f"representation by {model.word} of {len(samples):,} drawn formulas{beside}",
    )


class FormulaPlane:
    """Formulas as C, and what a vector C stands for.

    Parameters
    ----------
    model : FormulaGAN
    counts : ndarray of uint8, shape (n, 85)
    names : sequence of str, length n
    known : Materials
        The last of them; what is known, and what is named as near.
    """

    def __init__(
        self, model: FormulaGAN, counts: NDArray[np.uint8], names: Sequence[str], known: Materials
    ) -> None:
        from matwidgets.features import onehot

        self.model, self.counts, self.names, self.known = model, counts, list(names), known
        self.latent = counts @ model.embedding
        self._back = np.linalg.pinv(model.embedding)
        self._near = list(known.formulas) or self.names
        self._fractions = np.asfortranarray(onehot.fraction_vectors(self._near, np.float32))

    def decode(self, vectors: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Tell of vectors C, shape (m, d), which formula is nearest to the amounts that they stand for."""
        from matwidgets.features import occupancy

        found = np.rint(np.asarray(vectors) @ self._back)
        whole = np.clip(found, 0, occupancy.MOST_ATOMS).astype(np.uint8)
        return [self._reading(row) for row in whole]

    def _reading(self, row: NDArray[np.uint8]) -> dict[str, Any]:
        from matwidgets.features import occupancy, onehot
        from matwidgets.latent import nearest_rows, reading

        if not row.any():
            return {"formula": "nothing", "note": "stands for less than half an atom of every element"}
        (formula,) = occupancy.formulas_of(row[None, :])
        (wanted,) = onehot.fraction_vectors([formula])
        rows, shares = nearest_rows(self._fractions, wanted)
        told = reading(formula, [self._near[i] for i in rows], shares)
        return told if len(self.known) else told | {"known": None}

    def locate(self, formula: str) -> int | NDArray[np.float64]:
        """Find a formula: its point, or its vector C where it is none of them.

        Raises
        ------
        InputError
            For a formula that has no 85 x 8 matrix.
        """
        from matwidgets.features import occupancy

        counts = occupancy.require_counts([formula])
        rows = np.flatnonzero((self.counts == counts).all(axis=1))
        return int(rows[0]) if len(rows) else np.asarray((counts @ self.model.embedding)[0])

    def channels(self, elements: Sequence[str] = ()) -> dict[str, Any]:
        """Return what points can be coloured by: name -> values (n,), costly ones as callables.

        Raises
        ------
        InputError
            For an element outside the 85.
        """
        from matwidgets.features.occupancy import ELEMENTS, INDEX
        from matwidgets.latent import charges

        outside = [symbol for symbol in elements if symbol not in INDEX]
        if outside:
            raise InputError(
                f"{', '.join(map(shown, outside))} is outside the {len(ELEMENTS)} elements of wgan: give one such as Ti"
            )
        drawn = len(self.counts) - len(self.known)
        found: dict[str, Any] = {}
        if len(self.known):
            found["source"] = np.array(["generated"] * drawn + ["known"] * len(self.known))
        found[NUMBER] = (self.counts > 0).sum(axis=1)
        found[SCORE] = functools.partial(self.model.score, self.names)
        found["charge"] = functools.partial(charges, self.names)
        atoms = self.counts.sum(axis=1)
        for symbol in elements:
            found[f"{symbol} content"] = 100.0 * self.counts[:, INDEX[symbol]] / atoms
        return found


def elements(
    vectors: FormulaGAN | NDArray[Any] | Any, like: str | None = None, *, called: str | None = None
) -> PeriodicTable:
    """What vectors of the elements tell, on the periodic table: likeness to an element, another one a click away.

    The colours are the cosines of the other elements' vectors with that of the chosen one; while none is chosen they
    are places along the first principal component. Linked with a gallery the chosen element is also what its formulas
    must hold: ``mw.link(show.elements(gan), show.gallery(gan))``.

    Parameters
    ----------
    vectors : FormulaGAN, transformer or ndarray
        A model, whose T is taken; a fitted transformer of ``matwidgets.element_vectors`` with one vector an element; or
        an array (85, d) in the order of ``matwidgets.features.occupancy.ELEMENTS``.
    like : str, optional
        The element that is chosen first.
    called : str, optional
        What the vectors are called, for the title.

    Raises
    ------
    InputError
        For something else, or an element outside the 85.
    """
    from matwidgets.features.element_similarity import checked_vectors, principal, similar
    from matwidgets.features.occupancy import ELEMENTS

    given: Any = vectors
    table = checked_vectors(getattr(given, "embedding", getattr(given, "vectors_", given)))
    usual = f"T of {given.word}" if is_gan(given) else type(given).__name__.removesuffix("Vectors")
    whose = called or ("given vectors" if isinstance(given, np.ndarray) else usual)

    def values(chosen: Sequence[str]) -> dict[str, Any]:
        if chosen:
            return {
                "values": similar(table, chosen[0]),
                "label": f"likeness to {chosen[0]} in {whose}",
                "unit": "",
            }
        along, share = principal(table)
        told = f"first principal component of {whose}, {100 * share:.0f} % of the variance"
        return {"values": along, "label": told, "unit": ""}

    start = [] if like is None else [like]
    shown_first = values(start)
    picture = PeriodicTable(selected=start, allowed=ELEMENTS, limit=1, **shown_first)

    def recolour(change: Any) -> None:
        with picture.hold_sync():
            for name, value in values(change["new"]).items():
                setattr(picture, name, value)

    picture.observe(recolour, names="selected")
    return picture


def _some_known(seed: int, most: int = KNOWN) -> Materials:
    """Some known formulas that have a matrix: of OQMD, or of the handbook where its table is not on this machine."""
    from matwidgets.data.compounds import load_oqmd
    from matwidgets.data.handbook import formation_enthalpies
    from matwidgets.errors import MissingTableError
    from matwidgets.features import occupancy
    from matwidgets.latent import Materials

    try:
        every, words = load_oqmd()["formula"].tolist(), "compounds of OQMD"
    except MissingTableError:
        every, words = formation_enthalpies()["formula"].tolist(), "compounds of the handbook"
    order = np.random.default_rng(seed).permutation(len(every))[: 2 * most]
    some = [every[i] for i in order]
    usable = [some[row] for row in occupancy.encode(some).rows][:most]
    return Materials(usable, f"{len(usable):,} of {len(every):,} {words}")
