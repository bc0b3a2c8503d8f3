"""The last moves of a search: shift fractions between elements and drop elements, while that helps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from matwidgets.inverse.feasible import Feasible
from matwidgets.inverse.objectives import Batch, Evaluate, Floats, Point
from matwidgets.inverse.pareto import Front, spread

POLISH_MOVES = (
    0.2,
    0.05,
    0.02,
    0.01,
    0.005,
    0.002,
    0.001,
)  # atomic fractions moved from one element to another
DROP_GAIN = 1e-3  # standard deviations of the targets that an element fewer is worth
ROUNDS = 4  # of a front at each amount
ROWS = 320  # compositions evaluated in one round of a front
PARENTS = 24  # points of a front that move in one round


def polish(
    best: Point, evaluate: Evaluate, feasible: Feasible, score: Callable[[Floats], Floats]
) -> list[Point]:
    """Move fractions from one element to another, or all of an element to the rest, while that helps.

    What must rise is the score less ``DROP_GAIN`` for each element present: the same value with fewer elements is the
    better design. One measure for moves and drops, so that an element which was dropped cannot come and go for ever.

    Parameters
    ----------
    best : Point
    evaluate : callable
        (n, k) fractions -> Batch.
    feasible : Feasible
    score : callable
        (n, m) utilities -> (n,), larger is better.

    Returns
    -------
    list of Point
        The given point and every accepted one after it; all feasible.
    """
    trail = [best]
    for amount in POLISH_MOVES:
        for _ in range(200):  # a bound for safety; each round must gain
            here = trail[-1]
            dropped, moved = drops(here.fractions, feasible), moves(here.fractions, amount)
            rows = np.concatenate([dropped, moved])
            rows = rows[feasible.contains(rows)]
            if not len(rows):
                break
            tried = evaluate(rows)
            more = (rows > 0).sum(1) - (here.fractions > 0).sum()  # elements
            gain = score(tried.utility) - score(here.utility[None]) - DROP_GAIN * more
            if gain.max() <= 1e-5:
                break
            trail.append(tried.point(int(gain.argmax())))
    return trail


def polish_front(
    front: Front, evaluate: Evaluate, feasible: Feasible, score: Callable[[Floats], Floats]
) -> None:
    """The same in the Pareto sense: an even choice of the front moves and drops, and what nothing dominates stays.

    The two ends of the front and its best point by ``score`` move in every round. An amount is done when a round adds
    less than a ten-thousandth to the hypervolume.

    Parameters
    ----------
    front : Front
        Grows in place.
    evaluate, feasible, score
        As for ``polish``.
    """
    if front.points is None:
        return
    for amount in POLISH_MOVES:
        for _ in range(ROUNDS):
            points, before = front.points, front.hypervolume
            each = len(moves(np.full(len(feasible.elements), 0.1), amount)) + len(feasible.elements)
            chosen = spread(points.utility, min(PARENTS, max(4, ROWS // each)))
            chosen = np.union1d(chosen, score(points.utility).argmax())
            made, parents = [], []
            for row in chosen:
                fractions = points.fractions[row]
                new = np.concatenate([drops(fractions, feasible), moves(fractions, amount)])
                made.append(new)
                parents.append(np.tile(front.origin[row], (len(new), 1)))
            rows, origin = np.concatenate(made), np.concatenate(parents)
            keep = feasible.contains(rows)
            if not keep.any():
                break
            front.add(evaluate(rows[keep]), origin[keep])
            if front.hypervolume <= before * (1 + 1e-4):
                break


def simplify(points: Batch, evaluate: Evaluate, feasible: Feasible) -> Batch:
    """Drop elements wherever that costs no more than ``DROP_GAIN`` in any objective, as often as it does.

    Returns
    -------
    Batch
        As many points, in the same order.
    """
    for _ in feasible.elements:
        made = [drops(fractions, feasible) for fractions in points.fractions]
        rows, parent = np.concatenate(made), np.repeat(np.arange(len(made)), [len(m) for m in made])
        keep = feasible.contains(rows)
        rows, parent = rows[keep], parent[keep]
        if not len(rows):
            break
        tried = evaluate(rows)
        gain = (tried.utility - points.utility[parent]).min(1)  # of the objective that suffers most
        chosen = np.arange(len(points))  # each point itself, or its best drop
        for i in np.argsort(gain):
            if gain[i] >= -DROP_GAIN:
                chosen[parent[i]] = len(points) + i
        if (chosen < len(points)).all():
            break
        points = Batch.join([points, tried]).take(chosen)
    return points


def drops(fractions: Floats, feasible: Feasible) -> Floats:
    """The compositions with one of the present elements left out, shape (elements that may leave, k).

    Its share goes to the other elements in proportion; a locked element keeps its own.
    """
    free = feasible.low < feasible.high
    rows = []
    for i in np.flatnonzero((fractions > 0) & free):
        takes = free & (np.arange(len(fractions)) != i)
        rest = fractions[takes].sum()
        if rest > 0:
            left = np.where(takes, fractions * (1 + fractions[i] / rest), fractions)
            left[i] = 0
            rows.append(left / left.sum())
    return np.array(rows).reshape(-1, len(fractions))


def moves(fractions: Floats, amount: float) -> Floats:
    """The compositions with up to ``amount`` taken from one element and given to another."""
    rows = []
    for i in np.flatnonzero(fractions > 0):
        for j in range(len(fractions)):
            if i != j:
                moved = fractions.copy()
                moved[j] += min(amount, fractions[i])
                moved[i] -= min(amount, fractions[i])
                rows.append(moved)
    return np.array(rows).reshape(-1, len(fractions))
