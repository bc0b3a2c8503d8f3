"""``matwidgets pattern``: the powder pattern of a crystal, or of all published structures once."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matwidgets.cli.output import emit_json, text_table
from matwidgets.cli.progress import Interrupted, follow
from matwidgets.errors import InputError

if TYPE_CHECKING:
    from pymatgen.core import Structure

SHOWN = 1.0  # weaker peaks, of a strongest one of 100, are only counted in the text
LARGEST = 16 << 20  # bytes of a CIF


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "crystal", nargs="?", metavar="FILE.cif|FORMULA", help="a structure, or a crystal of the handbook such as NaCl"
    )  # fmt: skip
    parser.add_argument(
        "--wavelength", metavar="NAME|ANGSTROM", help="CuKa (default), MoKa, CoKa, ... or angstrom"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="compute the patterns of all published structures, once; they stay in the cache, and an interrupted run "
        "goes on",
    )
    parser.add_argument("--fetch", action="store_true", help="fetch the structures if they are missing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Compute and print."""
    if (args.crystal is not None) == args.all:
        raise InputError(
            f"pattern: {'both' if args.all else 'nothing'} was given; give FILE.cif or the formula of a handbook "
            "crystal, or --all"
        )
    if args.all and args.wavelength is not None:
        raise InputError(
            "pattern: --wavelength belongs to one crystal; --all is for Cu K-alpha, leave it out"
        )
    if args.all:
        return _all(args)
    from matwidgets.features.xrd import peaks, wavelength_of

    length = wavelength_of("CuKa" if args.wavelength is None else args.wavelength)
    document, structure = _found(args.crystal)
    found = peaks(structure, length)
    document["wavelength"] = length
    document["peaks"] = [
        {"two_theta": round(angle, 4), "d": round(_spacing(angle, length), 5), "intensity": round(height, 3)}
        for angle, height in zip(found.two_theta.tolist(), found.intensity.tolist(), strict=True)
    ]
    if args.json:
        emit_json(document)
    else:
        print(written(document))
    return 0


def written(document: dict[str, Any]) -> str:
    """Lay out a peak list for a reader."""
    strong = [peak for peak in document["peaks"] if peak["intensity"] >= SHOWN]
    rows = [[f"{p['two_theta']:.3f}", f"{p['d']:.4f}", f"{p['intensity']:.1f}"] for p in strong]
    left_out = len(document["peaks"]) - len(strong)
    return "\n".join(
        [
            f"{document['formula']}: space group {document['spacegroup']}, {document['crystal_system']}; wavelength "
            f"{document['wavelength']:g} angstrom, 10 to 90 degrees",
            text_table(["2theta (degrees)", "d (angstrom)", "intensity"], rows),
            *([f"and {left_out} below {SHOWN:g} % of the strongest (--json gives them)"] if left_out else []),
            f"from {document['source']}",
        ]
    )


def _found(text: str) -> tuple[dict[str, Any], Structure]:
    """What the argument names: a file, or a crystal of the handbook."""
    from matwidgets.data.crystals import find_crystal
    from matwidgets.patterns.computing import crystal_system, read_cif, space_group

    file = Path(text)
    if file.suffix.lower() == ".cif" or file.is_file():
        try:
            if file.stat().st_size > LARGEST:
                raise InputError(f"{file} has more than {LARGEST >> 20} MB: give the CIF of one crystal")
            content = file.read_bytes().decode("utf-8", errors="replace")
        except OSError as error:
            raise InputError(
                f"{file} cannot be read ({error.strerror}); name an existing CIF or a handbook crystal such as NaCl"
            ) from None
        structure = read_cif(content)
        group, source = space_group(structure), str(file)
        formula = structure.composition.reduced_formula
    else:
        crystal = find_crystal(text)
        structure, group, formula = crystal.structure(), crystal.spacegroup, crystal.formula
        source = f"handbook ({crystal.prototype}; {crystal.source})"
    head = {
        "formula": formula,
        "source": source,
        "spacegroup": group,
        "crystal_system": crystal_system(group),
    }
    return head, structure


def _spacing(two_theta: float, wavelength: float) -> float:
    return wavelength / (2 * math.sin(math.radians(two_theta / 2)))


def _all(args: argparse.Namespace) -> int:
    from matwidgets.patterns import patterns

    job = patterns(fetch=args.fetch)
    try:
        made = follow(job, "pattern", "structures")
    except Interrupted as stop:
        raise Interrupted(f"{stop}; what is done is kept, run it again to go on") from None
    if args.json:
        emit_json(
            [
                {
                    "name": found.name,
                    "n": len(found),
                    "failures": found.failures.to_dict("records"),
                    "sources": found.frame.attrs["sources"],
                }
                for found in made
            ]
        )
        return 0
    for found in made:
        print(
            f"{found.name}: {len(found):,} patterns, {len(found.failures)} structures failed; "
            f'`matwidgets.patterns.load_patterns("{found.name}")` reads them'
        )
        for row in found.failures.itertuples():
            print(f"  {row.id} ({row.formula}): {row.reason}")
    return 0
