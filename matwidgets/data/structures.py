"""Published crystal structures with energies or properties, as text in the format CIF."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from matwidgets.data import fetch as _fetch
from matwidgets.data.datasets import check_rows
from matwidgets.data.registry import Table, expand, registry
from matwidgets.errors import DataError, InputError, listed, shown
from matwidgets.features.composition import reduced_formula

if TYPE_CHECKING:
    import pandas as pd

ENERGIES: dict[str, str] = {
    "formation_energy": "eV/atom",
    "energy_above_hull": "eV/atom",
    "band_gap": "eV",
}
"""What the Materials Project's structures come with, and its unit."""

PROPERTIES: dict[str, str] = {
    "bulk_modulus": "GPa",
    "shear_modulus": "GPa",
    "debye_temperature": "K",
    "thermal_conductivity": "W/m/K",
    "thermal_expansion": "1/K",
}
"""What AFLOW's structures come with, and its unit; the two thermal ones are at 300 K."""

_RENAMED = {
    "material_id": "id",
    "formation_energy_per_atom": "formation_energy",
    "e_above_hull": "energy_above_hull",
    "spacegroup.number": "spacegroup",
}
_SUM = re.compile(r"^_chemical_formula_sum\s+(?:'([^'\n]+)'|(\S+))", re.MULTILINE)


def structure_tables() -> tuple[str, ...]:
    """List the names that `load_structures` takes."""
    return tuple(dict.fromkeys(t.name.split("/")[0] for t in registry().values() if t.kind == "structures"))


def load_structures(name: str, *, fetch: bool = False) -> pd.DataFrame:
    """Load published structures.

    Parameters
    ----------
    name : {"mp_20_biternary", "mpts_52", "aflow_structures"}
        14,258 binaries and ternaries of up to 20 atoms a cell, chosen within 0.08 eV/atom of the hull; 13,096
        compounds of up to 52 atoms, stable or not (the published validation and test parts of both); AFLOW's 4,905
        structures with elastic and thermal properties, of which 4,894 have all five.
    fetch : bool
        Whether missing tables may be fetched.

    Returns
    -------
    DataFrame
        `id` (str; Materials Project, or AFLOW's running number as "aflow-9"), `formula` (reduced), `cif` (text),
        `split` (of the publication), and by table

        * mp_20_biternary: `spacegroup` (number), `formation_energy`, `energy_above_hull` (eV/atom), `band_gap` (eV);
        * mpts_52: `formation_energy`, `energy_above_hull`, `year` (of the first entry), `theoretical`; no space group;
        * aflow_structures: the five of `PROPERTIES`, NaN where the publication has no value (one structure lacks the
          elastic three, ten lack the thermal two), and `split_thermal`: the published splits of the elastic and of the
          thermal properties differ, and `split` is the elastic one (TcN is in its train and in its test part).

        `attrs["units"]` names units, `attrs["sources"]` lists {"name", "sha256", "rows"}.

    Raises
    ------
    InputError
        No such table.
    MissingTableError, ChecksumError, NetworkError
        See `matwidgets.data.fetch.path`.
    DataError
        A file's rows are not those of its record.
    """
    import pandas as pd

    if name not in structure_tables():
        raise InputError(f"No structures {shown(name)}: write one of {listed(structure_tables())}.")
    tables = expand([name])
    if name == "aflow_structures":
        frame = _joined(tables, fetch=fetch)
        units = PROPERTIES
    else:
        frame = pd.concat([_part(table, fetch=fetch) for table in tables], ignore_index=True)
        frame = frame.rename(columns=_RENAMED).drop(columns=["pretty_formula", "elements"], errors="ignore")
        units = {column: unit for column, unit in ENERGIES.items() if column in frame}
    frame.insert(1, "formula", [_formula(text, name) for text in frame["cif"]])
    frame.attrs = {
        "units": dict(units),
        "sources": [{"name": t.name, "sha256": t.sha256, "rows": t.rows} for t in tables],
    }
    return frame


def _part(table: Table, *, fetch: bool) -> pd.DataFrame:
    """One file, with its split."""
    import pandas as pd

    # Without keep_default_na=False sodium nitride, `NaN`, would be read as a missing value.
    frame = pd.read_csv(
        _fetch.path(table.name, fetch=fetch), keep_default_na=False, na_values={"band_gap": [""]}
    )
    check_rows(table, len(frame))
    if table.name.split("/")[0] != "aflow_structures":
        frame = frame.drop(columns="Unnamed: 0", errors="ignore")
    return frame.assign(split=table.name.rsplit("/", 1)[1])


def _joined(tables: list[Table], *, fetch: bool) -> pd.DataFrame:
    """The five properties of each structure in one row.

    The first column numbers the structure: over all files one number means one text of a structure, and the reverse
    (checked here), so the number joins them.
    """
    import pandas as pd

    parts: dict[str, list[pd.DataFrame]] = {}
    for table in tables:
        parts.setdefault(table.name.split("/")[1], []).append(_part(table, fetch=fetch))
    columns = {name: pd.concat(frames).set_index("Unnamed: 0") for name, frames in parts.items()}
    texts = pd.concat([frame["cif"] for frame in columns.values()])
    texts = texts[~pd.MultiIndex.from_arrays([texts.index, texts]).duplicated()].sort_index()
    if not texts.index.is_unique or not texts.is_unique:
        raise DataError(
            "aflow_structures: one number stands for several structures, so its properties cannot be joined; the "
            "record in registry.toml is wrong, please report it."
        )
    frame = pd.DataFrame({"id": [f"aflow-{number}" for number in texts.index], "cif": texts})
    for name in PROPERTIES:
        frame[name] = columns[name][name]
    thermal = columns["thermal_conductivity"]["split"].reindex(frame.index)
    frame["split"] = columns["bulk_modulus"]["split"].reindex(frame.index).fillna(thermal)
    frame["split_thermal"] = thermal.fillna(frame["split"])
    return frame.reset_index(drop=True)


def _formula(cif: str, name: str) -> str:
    found = _SUM.search(cif)
    if found is None:
        raise DataError(
            f"{name}: a structure without _chemical_formula_sum; its record is wrong, please report it."
        )
    return _reduced(found[1] or found[2])


@functools.lru_cache(maxsize=65_536)
def _reduced(text: str) -> str:
    return reduced_formula(text)
