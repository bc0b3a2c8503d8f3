"""Compounds with a value: what wgan learns its language from, and the properties that its representation is asked for.

Source: T. Hu, H. Song, T. Jiang, S. Li, Symmetry 12, 1889 (2020), sections 2.1 and 3. The tables are the nearest public
ones: the paper's own OQMD list of 291,884 compounds is not published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matwidgets.data import fetch as _fetch
from matwidgets.data.datasets import check_rows
from matwidgets.data.registry import SPLITS, Table, find
from matwidgets.errors import InputError, listed, shown
from matwidgets.features.formula import parse_formula

if TYPE_CHECKING:
    import pandas as pd

SIGMAS = 5.0  # section 2.1: "removing data entries with formation energy outside ± 5σ"
_ENTHALPIES = tuple(
    f"{group}/{split}"
    for group in ("oqmd_formation_enthalpy", "oqmd_formation_enthalpy_2020")
    for split in ("val", "test")
)


def load_oqmd(split: str | None = None, *, fetch: bool = False) -> pd.DataFrame:
    """Load the compounds of the Open Quantum Materials Database.

    Parameters
    ----------
    split : {"train", "val", "test"}, optional
        One of the published splits; by default all three, with a column that says which.
    fetch : bool
        Whether a missing table may be fetched.

    Returns
    -------
    DataFrame
        Columns `formula` (str), `band_gap` (eV) and, for all splits, `split`: 341,608 formulas, each once.
        `attrs["sources"]` lists {"name", "sha256", "rows"} of each file read.

    Raises
    ------
    InputError
        No such split.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    import pandas as pd

    if split is not None and split not in SPLITS:
        raise InputError(f"Unknown split {shown(split)}: write one of {listed(SPLITS)}.")
    tables = [find(f"oqmd/{part}") for part in ([split] if split else SPLITS)]
    frames = []
    for table in tables:
        frame = _read(table, "formula", "target", "band_gap", fetch=fetch)
        frames.append(frame if split else frame.assign(split=table.name.split("/")[1]))
    result = pd.concat(frames, ignore_index=True)
    result.attrs = {"property": "band_gap", "unit": "eV", "sources": _sources(tables)}
    return result


def load_formation_enthalpies(*, sigmas: float | None = SIGMAS, fetch: bool = False) -> pd.DataFrame:
    """Load formation enthalpies of the Open Quantum Materials Database: the two revisions' published parts together.

    As in section 2.1, pure elements are left out, and so are values more than five standard deviations from the mean.

    Parameters
    ----------
    sigmas : float, optional
        How far; None keeps all values.
    fetch : bool
        Whether a missing table may be fetched.

    Returns
    -------
    DataFrame
        Columns `formula` (str; each once) and `formation_enthalpy` (eV/atom). `attrs["sources"]` lists the files,
        `attrs["dropped"]` counts what was left out: {"repeated", "elements", "outliers"}.

    Raises
    ------
    InputError
        `sigmas` is not above 0.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    import pandas as pd

    if sigmas is not None and not sigmas > 0:
        raise InputError(f"sigmas is {sigmas:g}; it must be above 0: give one such as {SIGMAS:g}, or None.")
    tables = [find(name) for name in _ENTHALPIES]
    read = pd.concat(
        [_read(table, "formula", "target", "formation_enthalpy", fetch=fetch) for table in tables],
        ignore_index=True,
    )
    frame = read.drop_duplicates("formula")  # the revisions agree where they share a formula
    compound = frame["formula"].map(lambda formula: len(parse_formula(formula)) > 1)
    values = frame.loc[compound, "formation_enthalpy"]
    kept = frame[compound]
    if sigmas is not None:
        kept = kept[(values - values.mean()).abs() <= sigmas * values.std()]
    dropped = {
        "repeated": len(read) - len(frame),
        "elements": int((~compound).sum()),
        "outliers": int(compound.sum()) - len(kept),
    }
    kept = kept.reset_index(drop=True)
    kept.attrs = {
        "property": "formation_enthalpy", "unit": "eV/atom", "sources": _sources(tables), "dropped": dropped,
    }  # fmt: skip
    return kept


def load_superconductors(*, fetch: bool = False) -> pd.DataFrame:
    """Load superconductors and their critical temperatures (SuperCon; those above 1 K).

    Returns
    -------
    DataFrame
        Columns `formula` (str, as published; amounts need not be whole, and a composition may occur more than once) and
        `critical_temperature` (K). `attrs["sources"]` lists the file, `attrs["dropped"]` the rows whose formula cannot
        be read as (row in the file, reason); the header is row 1.

    Raises
    ------
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    return _valued("supercon", "Tc", "critical_temperature", "K", fetch=fetch)


def load_non_metals(*, fetch: bool = False) -> pd.DataFrame:
    """Load band gaps of the Materials Project's non-metals.

    Returns
    -------
    DataFrame
        Columns `formula` (str, each composition once) and `band_gap` (eV, above 0). `attrs` as of
        `load_superconductors`.

    Raises
    ------
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    """
    return _valued("mp_non_metals", "band_gap", "band_gap", "eV", fetch=fetch)


def _valued(name: str, column: str, to: str, unit: str, *, fetch: bool) -> pd.DataFrame:
    table = find(name)
    frame = _read(table, "composition", column, to, fetch=fetch)
    dropped = []
    for row, formula in enumerate(frame["formula"]):
        try:
            parse_formula(formula)
        except InputError as reason:
            dropped.append((row + 2, str(reason)))
    frame = frame.drop(index=[row - 2 for row, _ in dropped]).reset_index(drop=True)
    frame.attrs = {"property": to, "unit": unit, "sources": _sources([table]), "dropped": dropped}
    return frame


def _read(table: Table, formula: str, column: str, to: str, *, fetch: bool) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    # Without keep_default_na=False sodium nitride, `NaN`, would be read as a missing value.
    file = _fetch.path(table.name, fetch=fetch)
    frame = pd.read_csv(file, keep_default_na=False, dtype={formula: str, column: np.float64})
    check_rows(table, len(frame))
    return frame[[formula, column]].rename(columns={formula: "formula", column: to})


def _sources(tables: list[Table]) -> list[dict[str, Any]]:
    return [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in tables]
