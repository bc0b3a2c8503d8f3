"""Print the locked set of versions: what the running environment holds, one `name==version` a line.

Run it in a fresh environment that holds nothing but `.[test]`:

    python binder/lock.py > binder/constraints.txt

A build of one platform (`2.13.0+cpu`) is written as the version that every platform has (`2.13.0`).
"""

from __future__ import annotations

import re
from importlib.metadata import distributions

OWN = {"matwidgets", "pip", "setuptools", "wheel"}
HEADER = """\
# One locked set of versions for Binder, README and CI; `python binder/lock.py` renews it.
# The torch pin makes versions equal, it does not choose the CPU build (README: "Linux without a GPU")."""


def locked(installed: dict[str, str]) -> list[str]:
    """Return `name==version` lines, names normalised and sorted, local build labels cut off."""
    names = {
        re.sub(r"[-_.]+", "-", name).lower(): version.partition("+")[0] for name, version in installed.items()
    }
    return [f"{name}=={version}" for name, version in sorted(names.items()) if name not in OWN]


if __name__ == "__main__":
    print(HEADER, *locked({row.metadata["Name"]: row.version for row in distributions()}), sep="\n")
