"""The part of `matwidgets.show` that has to do with powder patterns: a dual VAE's latent space and its patterns."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from matwidgets.errors import InputError, shown
from matwidgets.widgets import LatentExplorer, XrdViewer
from matwidgets.widgets.xrd_viewer import CU_K_ALPHA

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from matwidgets.dual_latent import Crystals, Measured, Space
    from matwidgets.dual_models import Decoded, DualVAE
    from matwidgets.features.projection import Method
    from matwidgets.features.xrd import Peaks
    from matwidgets.patterns.given import Given
    from matwidgets.run import Run

MOST_PATTERNS = 11  # in one drawing
LEAST = 5.0  # % of the strongest: `matwidgets.features.xrd.find_peaks` finds no weaker peaks


def crystals(
    dual: DualVAE,
    known: Crystals | Sequence[str] | None = None,
    *,
    space: Space = "both",
    measured: Measured | None = None,
    method: Method = "pca",
    colour: str | None = None,
    elements: Sequence[str] | None = None,
    seed: int = 0,
    **unknown: Any,
) -> LatentExplorer:
    """Walk through the joint latent space of compositions and powder patterns: what `latent` shows of a dual VAE.

    Linked with `patterns` the pattern under the cursor is drawn beside that of the nearest crystal:
    ``mw.link(show.latent(dual), show.patterns(dual))``.

    Parameters
    ----------
    dual : DualVAE
    known : Crystals or sequence of str, optional
        The points: crystals, or formulas of crystals with a known pattern (of the handbook, or published). By default
        some thousand published crystals where their patterns have been computed (``matwidgets pattern --all``),
        otherwise the handbook's; the title says which.
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
        As `latent`, and for another space, a formula without a known pattern, or a measured pattern that cannot be read
        or placed.
    """
    _check_dual(dual, "latent")
    if unknown:
        allowed = "space, measured, method, colour, elements, seed"
        raise InputError(f"latent got the unknown option {', '.join(unknown)}: allowed are {allowed}")
    from matwidgets.dual_latent import MOST, known_map, read_measured
    from matwidgets.features.projection import project
    from matwidgets.latent import MOST_PLACED, written

    points = _crystals(known)
    if points is not None and len(points) < 3:
        raise InputError(f"{len(points)} crystal(s) given: a map of the latent space needs at least 3")
    places = known_map(dual, points, MOST if method == "pca" else MOST_PLACED)
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
    known: Crystals | Sequence[str] | None = None,
    *,
    measured: Measured | None = None,
    run: Run | None = None,
    **options: Any,
) -> XrdViewer:
    """Powder patterns that a dual VAE decodes, for a link with `latent` or with the tracker of a search.

    Parameters
    ----------
    dual : DualVAE
    known : Crystals or sequence of str, optional
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
        For a measured pattern that cannot be read, a formula without a known pattern, something that is no dual VAE, or
        options that are not allowed.
    """
    _check_dual(dual, "patterns")
    options = _checked_options("patterns", options)
    from matwidgets.dual_latent import known_map, read_measured
    from matwidgets.features.xrd import GRID, find_peaks

    places = known_map(dual, _crystals(known))
    given: dict[str, Any] = {"two_theta": GRID, "find": find_peaks, "least": LEAST, "decode": places.pattern}
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
        Further arguments of ``XrdViewer``. `wavelength` may be a name of `matwidgets.features.xrd.WAVELENGTHS` such as
        "MoKa" as well: crystals are computed with it, and what was measured is read with it.

    Raises
    ------
    InputError
        For something that is no pattern, a model's reconstruction at another wavelength than Cu K-alpha, with which it
        was trained, and as ``XrdViewer`` does.
    """
    options = _checked_options("pattern", options)
    from matwidgets.features.xrd import find_peaks
    from matwidgets.patterns.given import given_patterns

    read = given_patterns(crystal)
    if options.get("wavelength", CU_K_ALPHA) != CU_K_ALPHA:
        if hasattr(reconstruction, "decode_patterns"):
            raise InputError(
                f"A reconstruction at {options['wavelength']:g} angstrom: the model knows patterns of Cu K\u03b1 "
                f"({CU_K_ALPHA:g}), leave out wavelength or reconstruction"
            )
        read = _computed_with(crystal, read, options["wavelength"])
    profiles = [one.profile for one in read]
    given: dict[str, Any] = {"profiles": profiles, "names": [one.name for one in read]}
    if reconstruction is None:
        given["peaks"] = [one.peaks for one in read]
    elif hasattr(reconstruction, "decode_patterns"):
        model = cast("DualVAE", reconstruction)
        given["reconstructions"] = list(model.decode_patterns(model.encode_patterns(np.array(profiles))))
    else:
        given["reconstructions"] = [reconstruction]
    found = reconstruction is not None or all(one.peaks is None for one in read)
    return XrdViewer(**given | {"find": find_peaks, "least": LEAST if found else 0.0} | options)


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
        profiles, names=names, find=find_peaks, least=LEAST, stacked=n > 1, label=f"decoded materials, {some}"
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


def _check_dual(dual: Any, word: str) -> None:
    if not (hasattr(dual, "encode_patterns") and hasattr(dual, "decode_patterns")):
        raise InputError(
            f"show.{word} got {shown(dual)}: give a dual VAE such as matwidgets.load('dual_vae')"
        )


def _crystals(known: Crystals | Sequence[str] | None) -> Crystals | None:
    """Return crystals of what was given: themselves, or those of a list of formulas."""
    from matwidgets.dual_latent import Crystals, crystals_named

    if known is None or isinstance(known, Crystals):
        return known
    if not isinstance(known, str | Sequence):
        raise InputError(
            f"Crystals of type {type(known).__name__}: give a list of formulas such as ['NaCl', 'TiO2', 'Fe'], or "
            "matwidgets.dual_latent.Crystals"
        )
    return crystals_named(known)


def _checked_options(word: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return options of ``XrdViewer``, a wavelength as a number with the name of its radiation.

    Raises
    ------
    InputError
        For one that it has not, or an unknown wavelength.
    """
    from matwidgets.features.xrd import WAVELENGTHS, wavelength_of

    allowed = [name for name in inspect.signature(XrdViewer).parameters if name != "profiles"]
    unknown = [name for name in options if name not in allowed]
    if unknown:
        raise InputError(
            f"{word} got the unknown option {', '.join(unknown)}: allowed are {', '.join(allowed)}"
        )
    if "wavelength" not in options:
        return options
    given = options["wavelength"]
    length = wavelength_of(given)
    names = [name for name, value in WAVELENGTHS.items() if value == length]
    radiation = names[0].replace("Ka", " K\u03b1", 1) if names else f"{length:g} \u00c5"
    return {"radiation": radiation} | options | {"wavelength": length}


def _computed_with(given: Any, read: list[Given], wavelength: float) -> list[Given]:
    """Return given patterns with those of crystals computed at another wavelength (angstrom)."""
    from pathlib import Path

    from matwidgets.data.crystals import find_crystal
    from matwidgets.features.xrd import Peaks, peaks, profile
    from matwidgets.patterns.computing import read_cif

    one = isinstance(given, str | Path | Peaks) or hasattr(given, "lattice")
    items = [given] if one else list(given.values() if isinstance(given, Mapping) else given)
    found = []
    for item, old in zip(items, read, strict=True) if len(items) == len(read) else ():
        structure: Any = None
        if old.peaks is None or isinstance(item, Peaks):
            found.append(old)
            continue
        if hasattr(item, "lattice"):
            structure = item
        elif Path(item).suffix.lower() == ".cif":
            structure = read_cif(Path(item).read_text(encoding="utf-8", errors="replace"))
        else:
            structure = find_crystal(str(item)).structure()
        at = peaks(structure, wavelength)
        found.append(replace(old, profile=profile(at), peaks=at))
    return found or read  # a list of intensities is one pattern
