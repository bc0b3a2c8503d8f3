"""The part of `matwidgets.show` that has to do with powder patterns: a dual VAE's latent space and its patterns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.widgets import LatentExplorer, XrdViewer

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from matwidgets.dual_latent import Crystals, Measured, Space
    from matwidgets.dual_models import Decoded, DualVAE
    from matwidgets.features.projection import Method
    from matwidgets.features.xrd import Peaks
    from matwidgets.run import Run

MOST_PATTERNS = 11  # in one drawing


def crystals(
    dual: DualVAE,
    known: Crystals | None = None,
    *,
    space: Space = "both",
    measured: Measured | None = None,
    method: Method = "pca",
    colour: str | None = None,
    elements: Sequence[str] | None = None,
    seed: int = 0,
) -> LatentExplorer:
    """Walk through the joint latent space of compositions and powder patterns: what `latent` shows of a dual VAE.

    Linked with `patterns` the pattern under the cursor is drawn beside that of the nearest crystal:
    ``mw.link(show.latent(dual), show.patterns(dual))``.

    Parameters
    ----------
    dual : DualVAE
    known : Crystals, optional
        The points. By default some thousand published crystals where their patterns have been computed
        (``matwidgets pattern --all``), otherwise the handbook's; the title says which.
    space : {"both", "composition", "structure"}
        All numbers of the latent space, or one half. A place of one half is completed with the other half of the
        nearest crystal.
    measured : mapping, optional
        Formula -> measured pattern, on the grid or as a file: they become points, and the cursor begins on the first.
        In the space "structure" any name will do.
    method, colour, elements, seed
        As for `latent`; colours are "crystal system", "number of elements", "formation energy", "energy above hull",
        "band gap", "log density" and, of `elements`, "Ti content".

    Raises
    ------
    InputError
        As `latent`, and for another space, or a measured pattern that cannot be read or placed.
    """
    from matwidgets.dual_latent import MOST, known_map, read_measured
    from matwidgets.features.projection import project
    from matwidgets.latent import MOST_PLACED, written

    places = known_map(dual, known, MOST if method == "pca" else MOST_PLACED)
    n = len(places.crystals)
    if measured:
        places = places.with_measured(read_measured(measured), space)
    formulas = set(places.crystals.formulas)
    channels = places.channels(elements or ())
    linked = (
        list(elements or ()) if elements is not None and len(elements) > 1 and space == "composition" else []
    )
    words = {"both": "latent space", "composition": "composition space", "structure": "pattern space"}
    explorer = LatentExplorer(
        project(places.of_space(space), method, seed=seed),
        channels=channels,
        units=places.units(channels),
        names=[*places.crystals.formulas[:n], *(measured or ())],
        write=lambda name: written(name) if name in formulas else name,
        decode=places.decode,
        locate=lambda text: places.locate(text, space),
        elements=linked,
        encode=(lambda x: places.encode_fractions(x, linked)) if linked else None,
        colour=colour,
        label=f"{words[space]} of {dual.word} with {places.crystals.source}",
    )
    if measured:
        explorer.go_to(n)
    return explorer


def patterns(
    dual: DualVAE,
    known: Crystals | None = None,
    *,
    measured: Measured | None = None,
    run: Run | None = None,
    **options: Any,
) -> XrdViewer:
    """Powder patterns that a dual VAE decodes, for a link with `latent` or with the tracker of a search.

    Parameters
    ----------
    dual : DualVAE
    known : Crystals, optional
        Those whose patterns are drawn beside; as for `latent`.
    measured : mapping, optional
        Name -> measured pattern, on the grid or as a file: drawn with what the model makes of them.
    run : Run, optional
        A search of the latent space (`matwidgets.latent_searches.search_latent`): a link with its tracker shows the
        pattern at the step that is looked at.
    **options
        Further arguments of ``XrdViewer``.

    Raises
    ------
    InputError
        For a measured pattern that cannot be read, or options that are not allowed.
    """
    from matwidgets.dual_latent import known_map, read_measured
    from matwidgets.features.xrd import GRID, find_peaks

    places = known_map(dual, known)
    given: dict[str, Any] = {"two_theta": GRID, "find": find_peaks, "decode": places.pattern}
    if measured:
        read = read_measured(measured)
        decoded = places.dual.decode_patterns(places.dual.encode_patterns(np.array(list(read.values()))))
        given |= {"profiles": list(read.values()), "names": list(read), "reconstructions": list(decoded)}
    if run is not None:
        given["by_step"] = lambda step: places.pattern(point_at(run, step))
    return XrdViewer(**{"label": f"patterns of {dual.word}"} | given | options)


def pattern(
    crystal: str | Structure | Peaks | NDArray[np.floating] | Sequence[Any] | Mapping[str, Any],
    *,
    reconstruction: DualVAE | NDArray[np.floating] | None = None,
    **options: Any,
) -> XrdViewer:
    """A powder pattern, or several.

    Parameters
    ----------
    crystal : str, Structure, Peaks, ndarray, or a sequence or mapping of these
        The formula of a crystal of the handbook, a file (``.cif``, or a measured pattern), a pymatgen structure, a
        peak list, or intensities on the grid, shape (1601,). A mapping gives names.
    reconstruction : DualVAE or ndarray, optional
        A model whose reconstructions are drawn over the patterns, or the reconstruction of a single one.
    **options
        Further arguments of ``XrdViewer``.

    Raises
    ------
    InputError
        For something that is no pattern, and as ``XrdViewer`` does.
    """
    from matwidgets.features.xrd import find_peaks
    from matwidgets.patterns.given import given_patterns

    shown = given_patterns(crystal)
    profiles = [one.profile for one in shown]
    given: dict[str, Any] = {"profiles": profiles, "names": [one.name for one in shown]}
    if reconstruction is None:
        given["peaks"] = [one.peaks for one in shown]
    elif hasattr(reconstruction, "decode_patterns"):
        model = cast("DualVAE", reconstruction)
        given["reconstructions"] = list(model.decode_patterns(model.encode_patterns(np.array(profiles))))
    else:
        given["reconstructions"] = [reconstruction]
    return XrdViewer(**given | {"find": find_peaks} | options)


def decoded(found: Decoded) -> XrdViewer:
    """Patterns of decoded materials, the first eleven, one above the other."""
    from matwidgets.features.xrd import find_peaks
    from matwidgets.latent import written

    names = ["nothing" if formula is None else written(formula) for formula in found.formulas[:MOST_PATTERNS]]
    n = len(names)
    whole = len(found.formulas)
    some = f"the first {n} of {whole:,}" if whole > n else f"{n}"
    profiles = list(found.profiles[:n])
    return XrdViewer(
        profiles, names=names, find=find_peaks, stacked=n > 1, label=f"decoded materials, {some}"
    )


def point_at(run: Run, step: int) -> NDArray[np.float64]:
    """Return the latent point of the best material at a step of a search.

    Raises
    ------
    InputError
        If the search has no such step yet, or its records hold no points.
    """
    for record in run.history:
        if record["step"] == step and "z" in record:
            return np.asarray(record["z"], dtype=np.float64)
    raise InputError(f"{run.title} has no latent point at step {step}: show a search of a latent space")
