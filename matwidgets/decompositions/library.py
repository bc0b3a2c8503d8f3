"""Which phases the hull stands on: the published energies, or the handbook where these cannot be had."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from matwidgets.data import fetch as _fetch
from matwidgets.data.datasets import load_property
from matwidgets.data.handbook import formation_enthalpies
from matwidgets.data.registry import expand
from matwidgets.errors import InputError, MissingTableError
from matwidgets.features import hull
from matwidgets.features.hull import Decomposition, Phases

TABLE = "formation_energy"


def decompose(
    composition: str | Mapping[str, float],
    *,
    energy: float | None = None,
    phases: Phases | None = None,
    fetch: bool = False,
) -> Decomposition:
    """Find what a composition decomposes into; see `matwidgets.features.hull.decompose`.

    Parameters
    ----------
    composition : str or mapping
        Formula, or amounts of elements.
    energy : float, optional
        The compound's own energy of formation in eV/atom, such as a predicted one; by default the lowest known.
    phases : Phases, optional
        What it may decompose into; `known_phases` by default. The result's `source` says which.
    fetch : bool
        Whether missing tables may be fetched.

    Raises
    ------
    InputError
        The composition cannot be read, or holds an element that no phase has.
    ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.

    Examples
    --------
    >>> from matwidgets.decompositions import decompose, handbook_phases
    >>> print(decompose("MgAl2O4", phases=handbook_phases()))
    MgAl2O4 -> 0.7143 Al2O3 + 0.2857 MgO (shares of the atoms; stable, 0.0335 eV/atom below the other phases)
    """
    known = phases if phases is not None else known_phases(fetch=fetch)
    try:
        return hull.decompose(composition, known, energy=energy)
    except InputError as error:
        if phases is None and known is handbook_phases() and "cannot be decomposed" in str(error):
            rest = f"; the published energies know more, `matwidgets data fetch {TABLE}` gets them."
            raise InputError(str(error).rstrip(".") + rest) from None
        raise


def known_phases(*, fetch: bool = False) -> Phases:
    """Return the published phases, or the handbook's where the tables are not on this machine.

    A damaged table is an error, not a reason to answer from the handbook.
    """
    try:
        return published_phases(fetch=fetch)
    except MissingTableError:
        return handbook_phases()


def published_phases(*, fetch: bool = False) -> Phases:
    """Return the 85,014 compounds of the published table of formation energies; elements are at zero.

    Ground states of Materials Project compounds with density functional energies (C. J. Bartel et al., npj Comput.
    Mater. 6, 97 (2020)): train, val and test together. Read once a process.

    Raises
    ------
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    for table in expand([TABLE]):
        _fetch.path(table.name, fetch=fetch)
    return _published(tuple(table.sha256 for table in expand([TABLE])))


@functools.lru_cache(maxsize=1)
def _published(hashes: tuple[str, ...]) -> Phases:
    frame = load_property(TABLE)
    source = f"published formation energies ({len(frame):,} compounds of the Materials Project, 0 K)"
    return Phases(frame["formula"].tolist(), frame["target"].to_numpy(), source=source)


@functools.cache
def handbook_phases() -> Phases:
    """Return the compounds of `matwidgets.data.handbook`: measured enthalpies at 298 K, elements at zero."""
    frame = formation_enthalpies()
    source = f"handbook enthalpies of formation ({len(frame)} compounds, 298 K)"
    return Phases(frame["formula"].tolist(), frame["target"].to_numpy(), source=source)
