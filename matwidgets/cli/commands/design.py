"""``matwidgets design``: search the fractions of some elements for the best property."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from matwidgets.cli.output import WIDTH, emit_json, text_table, with_unit
from matwidgets.cli.parsing import bound, checkpoint, number, seed, weight, whole_number
from matwidgets.cli.progress import Interrupted, follow
from matwidgets.cli.source import model_in
from matwidgets.errors import InputError

STARTS_MOST = 10_000  # all are optimised in one batch, so their number is memory


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; where none is given, `matwidgets.design` has the default."""
    parser.add_argument("elements", nargs="+", metavar="ELEMENT", help="like Ti Cd C")
    objective: dict[str, Any] = {"action": "append", "default": [], "metavar": "P"}
    parser.add_argument("--maximize", **objective, help="a property to make large")
    parser.add_argument("--minimize", **objective, help="a property to make small")
    parser.add_argument(
        "--weight", action="append", default=[], type=weight, metavar="P=W", help="its weight"
    )
    parser.add_argument("--steps", type=whole_number(1), metavar="N", help="optimiser steps")
    parser.add_argument(
        "--starts", type=whole_number(1, STARTS_MOST), metavar="N", help="starting points, optimised together"
    )
    parser.add_argument(
        "--map", metavar="MAP", help="how free numbers become fractions: softmax, sparsemax, entmax or abs"
    )
    parser.add_argument(
        "--bound",
        action="append",
        default=[],
        type=bound,
        metavar="EL=LO:HI",
        help="limits of a fraction; repeatable",
    )
    parser.add_argument(
        "--min-elements", type=whole_number(1), metavar="K", help="at least so many elements ..."
    )
    parser.add_argument(
        "--min-fraction", type=number, metavar="F", help="... with at least this fraction each"
    )
    parser.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        type=checkpoint,
        metavar="NAME=DIR",
        help="own model of a property",
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the starting points")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Search and print."""
    named = [("maximize", name) for name in args.maximize] + [("minimize", name) for name in args.minimize]
    if not named:
        raise InputError(
            "no objective given; give --maximize PROPERTY or --minimize PROPERTY, like bulk_modulus"
        )
    if len(named) > 1:
        given = ", ".join(f"--{direction} {name}" for direction, name in named)
        raise InputError(
            f"{len(named)} objectives given ({given}); this version follows one: give a single --maximize "
            "or --minimize"
        )
    direction, name = named[0]
    for option, pairs in (("--weight", args.weight), ("--checkpoint", args.checkpoint)):
        for other, _ in pairs:
            if other != name:
                raise InputError(
                    f"{option} {other}=...: {other!r} is no objective here; the objective is {name!r}"
                )
    model: Any = name
    for _, folder in args.checkpoint:
        model = model_in(folder)
        if model.property != name:
            raise InputError(
                f"--checkpoint {name}={folder}: it holds a model of {model.property!r}; give --{direction} "
                f"{model.property} --checkpoint {model.property}={folder}"
            )

    import matwidgets

    options = {
        key: value
        for key in ("steps", "starts", "map", "min_elements", "min_fraction", "seed")
        if (value := getattr(args, key)) is not None
    }
    if args.bound:
        options["bounds"] = limits(args.bound)
    job = matwidgets.design(args.elements, **{direction: model}, **options, start=False)
    try:
        result = follow(job, f"design {'-'.join(args.elements)}").to_dict()
    except Interrupted as stop:
        raise Interrupted(f"{stop}; a search is not kept, run the command again with fewer --steps") from None
    # Any positive weight of a single objective has the same optimum: it is recorded, the search needs no telling.
    result["objectives"][0]["weight"] = dict(args.weight).get(name, 1.0)
    if args.json:
        emit_json(result)
    else:
        print(report(result, job.meta["objectives"][0]))
    return 0


def limits(pairs: list[tuple[str, tuple[float, float]]]) -> dict[str, tuple[float, float]]:
    """Bounds by element; the same element twice is an error, for one of the two would be lost."""
    bounds: dict[str, tuple[float, float]] = {}
    for element, pair in pairs:
        if element in bounds:
            raise InputError(f"--bound {element}=... was given twice; give one interval for each element")
        bounds[element] = pair
    return bounds


def report(result: dict[str, Any], objective: dict[str, Any]) -> str:
    """Lay the result out as text: one line a composition, then what is worth knowing about them."""
    elements, name = result["elements"], objective["property"]
    final, grid, corner = result["final"], result["grid_best"], result["corner_best"]
    at_formula = {"fractions": {}, "values": final["values_at_formula"]}
    places = [("start", result["start"]), ("final", final), (f"as {final['formula']}", at_formula)]
    if grid:
        places.append((f"best of the grid (step {grid['step']:g})", grid))
    places.append(("best without constraints", corner))
    rows = [
        [
            label,
            *(share(place["fractions"], element) for element in elements),
            place["values"][name],
            None if "std" not in place else round(place["std"][name], 1),
        ]
        for label, place in places
    ]
    limits = result["constraints"]
    title = (
        f"{objective['direction']} {with_unit(objective['label'], objective['unit'])} over {'-'.join(elements)}: "
        f"{result['steps']} steps, seed {result['seed']}; at least {limits['min_elements']} elements "
        f"with at least {limits['min_fraction']:g} each"
    )
    lines = [
        textwrap.fill(title, WIDTH),
        text_table(["composition", *elements, with_unit("value", objective["unit"]), "std"], rows),
    ]
    if corner.get("remark"):
        lines.append(f"best without constraints: {corner['remark']}")
    return "\n".join(lines)


def share(fractions: dict[str, float], element: str) -> str:
    """Write an atomic fraction with three decimals."""
    return f"{fractions.get(element, 0.0):.3f}" if fractions else ""
