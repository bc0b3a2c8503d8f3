"""``link(a, b)``: two widgets share a composition, a path or elements, inside the page (no kernel needed)."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import ipywidgets

from matwidgets.errors import InputError
from matwidgets.widgets.base import MatWidget

_GIVES, _TAKES = {"out", "both"}, {"in", "both"}


class Linked:
    """The connections between two widgets; `unlink` undoes them."""

    def __init__(self, a: MatWidget, b: MatWidget, topics: list[str], links: list[Any]) -> None:
        self.topics, self._ends, self._links = topics, (a, b), links

    def unlink(self) -> None:
        """Let the two widgets go their own ways again."""
        for connection in self._links:
            connection.unlink()
        self._links = []

    def __repr__(self) -> str:
        a, b = (type(end).__name__ for end in self._ends)
        return f"Linked({a}, {b}: {', '.join(self.topics)})"


def link(a: MatWidget, b: MatWidget) -> Linked:
    """Connect every trait that both widgets share: composition, the optimiser's path, the choice of elements.

    The connections live in the page, so they go on without a kernel. `b` takes over the state of `a` where
    both may change it.

    Parameters
    ----------
    a, b : MatWidget
        Two widgets of matwidgets.

    Returns
    -------
    Linked
        Its `unlink()` undoes the connections.

    Raises
    ------
    InputError
        If something else is given, if the two share nothing, or if their elements differ in kind or order, or if
        they choose among different numbers of rows.
    """
    for end in (a, b):
        if not isinstance(end, MatWidget):
            raise InputError(
                f"link got {type(end).__name__}: give two widgets of matwidgets "
                "(for others use ipywidgets.jslink)"
            )
    if a is b:
        raise InputError("link got the same widget twice: give two different ones")
    pairs = [(topic, ends, b.links()[topic]) for topic, ends in a.links().items() if topic in b.links()]
    forth = [topic for topic, (_, gives), (_, takes) in pairs if gives in _GIVES and takes in _TAKES]
    back = [topic for topic, (_, takes), (_, gives) in pairs if gives in _GIVES and takes in _TAKES]
    if not forth and not back:
        raise InputError(
            f"{type(a).__name__} and {type(b).__name__} have nothing in common to link: "
            f"one has {_listed(a)}, the other {_listed(b)}"
        )
    if "fractions" in {*forth, *back} and "elements" not in {*forth, *back}:
        mine, theirs = list(getattr(a, "elements", [])), list(getattr(b, "elements", []))
        if mine != theirs:
            raise InputError(
                f"The widgets show different elements ({' '.join(mine)} and {' '.join(theirs)}): "
                "make both with the same elements in the same order"
            )
    if "selection" in {*forth, *back} and getattr(a, "n", None) != getattr(b, "n", None):
        raise InputError(
            f"The widgets have {getattr(a, 'n', 0):,} and {getattr(b, 'n', 0):,} rows: make both of the same rows "
            "in the same order"
        )
    links: list[Any] = []
    for topic, (mine_trait, _), (their_trait, _) in pairs:
        if topic in forth:
            _take_over(a, mine_trait, b, their_trait)
        elif topic in back:
            _take_over(b, their_trait, a, mine_trait)
        if topic in forth and topic in back:
            links.append(ipywidgets.jslink((a, mine_trait), (b, their_trait)))
        elif topic in forth:
            links.append(ipywidgets.jsdlink((a, mine_trait), (b, their_trait)))
        elif topic in back:
            links.append(ipywidgets.jsdlink((b, their_trait), (a, mine_trait)))
    group = a.group or b.group or a.model_id
    a.group = b.group = group
    return Linked(a, b, [topic for topic, *_ in pairs if topic in {*forth, *back}], links)


def _take_over(source: MatWidget, trait: str, target: MatWidget, to: str) -> None:
    value = getattr(source, trait)
    if value is not None and not (isinstance(value, Sized) and len(value) == 0):
        setattr(target, to, value)


def _listed(widget: MatWidget) -> str:
    return (
        ", ".join(f"{topic} ({direction})" for topic, (_, direction) in widget.links().items()) or "nothing"
    )
