"""Well-known superconductors: formula, critical temperature and family, for where SuperCon's table is not at hand.

They are facts with a source, kept in `superconductors.toml` beside this file: the first report of each compound, or
Kittel's tables. A list of landmarks, chosen by fame and not by chance: it shows how families lie, and trains nothing.
"""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FAMILIES = ("cuprate", "iron", "other")


def known_superconductors() -> pd.DataFrame:
    """Read the list.

    Returns
    -------
    DataFrame
        `formula`, `critical_temperature` (K, at ambient pressure), `family` ("cuprate", "iron" or "other", as the
        source's authors see their compound) and `source`; each formula once.
    """
    import pandas as pd

    content = resources.files(__package__).joinpath("superconductors.toml").read_bytes()
    groups = tomllib.loads(content.decode())
    rows = [
        (formula, float(temperature), family, group["source"])
        for family in FAMILIES
        for group in groups[family]
        for formula, temperature in group["materials"].items()
    ]
    frame = pd.DataFrame(rows, columns=["formula", "critical_temperature", "family", "source"])
    name, digest = "handbook/superconductors", hashlib.sha256(content).hexdigest()
    frame.attrs = {
        "property": "critical_temperature",
        "unit": "K",
        "sources": [{"name": name, "sha256": digest, "rows": len(frame)}],
    }
    return frame
