"""``matwidgets design``: search the fractions of some elements for the best property, or the best two."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any

from matwidgets.cli.output import WIDTH, emit_json, text_table, with_unit
from matwidgets.cli.parsing import (
    amount,
    bound,
    checkpoint,
    lock,
    number,
    seed,
    target,
    weight,
    whole_number,
)
from matwidgets.cli.progress import Interrupted, follow
from matwidgets.cli.source import model_in
from matwidgets.errors import InputError

STARTS_MOST = 10_000  # all are optimised in one batch, so their number is memory
OBJECTIVES_MOST = 2
COLUMNS_MOST = 6  # elements whose fractions fit beside the values of two properties


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; where none is given, `matwidgets.design` has the default."""
    parser.add_argument("elements", nargs="+", metavar="ELEMENT", help="like Ti Cd C")
    several: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument(
        "--maximize", **several, metavar="P", help="a property to make large; one or two objectives in all"
    )
    parser.add_argument("--minimize", **several, metavar="P", help="a property to make small")
    parser.add_argument(
        "--target", **several, type=target, metavar="P=VALUE", help="a property to bring near a value"
    )
    parser.add_argument(
        "--weight", **several, type=weight, metavar="P=W", help="its weight against the other objective"
    )
    parser.add_argument(
        "--kappa", type=amount, metavar="K", help="standard deviations to take off each prediction"
    )
    parser.add_argument(
        "--front",
        metavar="METHOD",
        help="how the starts spread over two objectives: chebyshev or hypervolume",
    )
    parser.add_argument("--steps", type=whole_number(1), metavar="N", help="optimiser steps")
    parser.add_argument(
        "--starts", type=whole_number(1, STARTS_MOST), metavar="N", help="starting points, optimised together"
    )
    parser.add_argument(
        "--map", metavar="MAP", help="how free numbers become fractions: softmax, sparsemax, entmax or abs"
    )
    parser.add_argument(
        "--bound", **several, type=bound, metavar="EL=LO:HI", help="limits of a fraction; repeatable"
    )
    parser.add_argument(
        "--lock", **several, type=lock, metavar="EL=X", help="hold an element at a fraction; repeatable"
    )
    parser.add_argument(
        "--min-elements", type=whole_number(1), metavar="K", help="at least so many elements ..."
    )
    parser.add_argument(
        "--min-fraction", type=number, metavar="F", help="... with at least this fraction each"
    )
    parser.add_argument(
        "--neutrality", type=amount, metavar="W", help="weight of the penalty on charges that do not cancel"
    )
    parser.add_argument(
        "--electronegativity",
        type=amount,
        metavar="W",
        help="weight of the penalty on anions that are not the more electronegative",
    )
    parser.add_argument(
        "--checkpoint", **several, type=checkpoint, metavar="NAME=DIR", help="own model of a property"
    )
    parser.add_argument("--seed", type=seed, metavar="N", help="seed of the starting points")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Search and print."""
    named = [
        *(("maximize", name) for name in args.maximize),
        *(("minimize", name) for name in args.minimize),
        *(("target", name) for name, _ in args.target),
    ]
    names = [name for _, name in named]
    if not named:
        raise InputError(
            "no objective given; give --maximize PROPERTY, --minimize PROPERTY or --target PROPERTY=VALUE, "
            "like --maximize bulk_modulus"
        )
    if len(named) > OBJECTIVES_MOST:
        given = ", ".join(f"--{direction} {name}" for direction, name in named)
        raise InputError(
            f"{len(named)} objectives given ({given}); a search follows one or two: leave the others out"
        )
    for option, pairs in (("--weight", args.weight), ("--checkpoint", args.checkpoint)):
        for other, _ in pairs:
            if other not in names:
                raise InputError(
                    f"{option} {other}=...: {other!r} is no objective here; "
                    f"{'the objective is' if len(names) == 1 else 'the objectives are'} "
                    f"{' and '.join(map(repr, names))}"
                )
    models: dict[str, Any] = {name: name for name in names}
    for name, folder in args.checkpoint:
        models[name] = model_in(folder)
        if models[name].property != name:
            other = models[name].property
            direction = next(d for d, n in named if n == name)
            option = f"--target {other}=VALUE" if direction == "target" else f"--{direction} {other}"
            raise InputError(
                f"--checkpoint {name}={folder}: it holds a model of {other!r}; give {option} "
                f"--checkpoint {other}={folder}"
            )
    limits, locks = once("--bound", args.bound), once("--lock", args.lock)

    import matwidgets

    options = {
        key: value
        for key in (
            "kappa", "front", "steps", "starts", "map", "min_elements", "min_fraction", "neutrality",
            "electronegativity", "seed",
        )
        if (value := getattr(args, key)) is not None
    }  # fmt: skip
    job = matwidgets.design(
        args.elements,
        maximize=[models[name] for name in args.maximize],
        minimize=[models[name] for name in args.minimize],
        target=[(models[name], value) for name, value in args.target],
        weights=once("--weight", args.weight),
        bounds=limits,
        locks=locks,
        **options,
        start=False,
    )
    try:
        result = follow(job, f"design {'-'.join(args.elements)}").to_dict()
    except Interrupted as stop:
        raise Interrupted(f"{stop}; a search is not kept, run the command again with fewer --steps") from None
    if args.json:
        emit_json(result)
    else:
        print(report(result, job.meta["objectives"]))
    return 0


def once(option: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Values by name; the same name twice is an error, for one of the two would be lost."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise InputError(f"{option} {name}=... was given twice; give one {ONE[option]}")
        values[name] = value
    return values


ONE = {
    "--bound": "interval for each element",
    "--lock": "fraction for each element",
    "--weight": "weight for each property",
}


def report(result: dict[str, Any], objectives: Sequence[dict[str, Any]]) -> str:
    """Lay the result out as text: one line a composition, then the front, then what is worth knowing about them."""
    elements, names = result["elements"], [objective["property"] for objective in objectives]
    final, grid, corner = result["final"], result["grid_best"], result["corner_best"]
    at_formula = {"fractions": {}, "values": final["values_at_formula"]}
    places = [("start", result["start"]), ("final", final), (f"as {final['formula']}", at_formula)]
    if grid:
        places.append((f"best of the grid (step {grid['step']:.3g})", grid))
    places.append(("best without constraints", corner))
    shown = elements if len(names) == 1 or len(elements) <= COLUMNS_MOST else []
    rows = [
        [
            label,
            *(share(place["fractions"], element) for element in shown),
            *(cell for name in names for cell in (place["values"][name], deviation(place, name))),
        ]
        for label, place in places
    ]
    limits = result["constraints"]
    title = (
        f"{' and '.join(map(aim, objectives))} over {'-'.join(elements)}: "
        f"{result['steps']} steps, seed {result['seed']}; at least {limits['min_elements']} elements "
        f"with at least {limits['min_fraction']:g} each"
    )
    values = [
        with_unit("value" if len(names) == 1 else objective["label"], objective["unit"])
        for objective in objectives
    ]
    headers = ["composition", *shown, *(head for value in values for head in (value, "std"))]
    lines = [textwrap.fill(title, WIDTH), text_table(headers, rows)]
    if result["pareto"]:
        lines += ["", *front(result, objectives, shown, values)]
    if corner.get("remark"):
        lines.append(f"best without constraints: {corner['remark']}")
    return "\n".join(lines)


def front(
    result: dict[str, Any], objectives: Sequence[dict[str, Any]], shown: Sequence[str], values: Sequence[str]
) -> list[str]:
    """The Pareto front, and how much of the plane it commands."""
    names = [objective["property"] for objective in objectives]
    rows = [
        [
            *(share(point["fractions"], element) for element in shown),
            *(point["values"][name] for name in names),
            point["formula"],
            *(point["values_at_formula"][name] for name in names),
            point["known"],
        ]
        for point in result["pareto"]
    ]
    lines = [
        f"front: {len(rows)} compositions, of which none beats another in both",
        text_table([*shown, *values, "formula", *(f"there: {value}" for value in values), "known"], rows),
    ]
    if result["hypervolume"] is not None:
        grid = result["grid_hypervolume"]
        beside = "" if grid is None else f"; that of the grid has {grid:.4g}"
        lines.append(f"hypervolume of the front: {result['hypervolume']:.4g} std x std{beside}")
    return lines


def aim(objective: dict[str, Any]) -> str:
    """Write an objective: what is done to which property."""
    if objective["target"] is None:
        return f"{objective['direction']} {with_unit(objective['label'], objective['unit'])}"
    return f"{objective['label']} near {objective['target']:g} {objective['unit']}".rstrip()


def deviation(place: dict[str, Any], name: str) -> float | None:
    """Standard deviation to three significant digits, where there is one."""
    return float(f"{place['std'][name]:.3g}") if "std" in place else None


def share(fractions: dict[str, float], element: str) -> str:
    """Write an atomic fraction with three decimals."""
    return f"{fractions.get(element, 0.0):.3f}" if fractions else ""
