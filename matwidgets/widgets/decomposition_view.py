"""DecompositionView: a compound and its products as a balance with weights, in composition and in latent space."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets

from matwidgets.errors import InputError
from matwidgets.widgets._balance import Latent, checked_balance, energy_text, with_latent
from matwidgets.widgets._balance_picture import balance_picture
from matwidgets.widgets._prediction import checked_elements, checked_fractions
from matwidgets.widgets._trail import checked_place
from matwidgets.widgets.base import MatWidget, jsonable

Decompose = Callable[[Any], Mapping[str, Any]]
"""A formula, or a mapping symbol -> atomic fraction, to a mapping with ``formula``, ``fractions``, ``energy``,
``mixture_energy``, ``source`` and ``products`` (each ``formula``, ``fractions``, ``amount``, ``energy``)."""

MOST_STEPS = 12  # of the way walked so far
_TRAIL_BYTES = 36_000


class DecompositionView(MatWidget):
    """A balance: the compound on one pan, what it decomposes into on the other, the beam tilted by the energies.

    Parameters
    ----------
    start : str or mapping
        A formula or amounts by symbol, which `decompose` is asked for, or what `decompose` would return.
    decompose : callable, optional
        A formula, or fractions by symbol -> mapping with ``formula``, ``fractions`` (symbol -> atomic fraction),
        ``energy`` (None where it is not known) and ``mixture_energy`` in eV/atom, ``source`` and ``products``, each
        with ``formula``, ``fractions``, ``amount`` (its share of the atoms) and ``energy``. Without it there is no
        box to type in and no walking.
    latent : callable, optional
        n compositions (symbol -> atomic fraction) -> latent vectors (n, d); with it there is a second view.
    spread : float, optional
        Length that differences in the latent space are given in, such as the root mean square distance of all
        materials from their average; the length of the compound's own vector by default.
    elements : sequence of str, optional
        The system that the view stays in. With it `link` connects a CompositionPanel of the same elements.
    label, latent_label : str
        Title, and name of the latent space for people.
    shows : {"composition", "latent"}
        Which view is open at the start.

    Raises
    ------
    InputError
        For a formula without `decompose`, a spread that is no positive number, repeated elements, a compound
        outside the given elements; and whatever `decompose` raises for the start.
    """

    stem = "decomposition_view"
    LINKS = {"fractions": ("fractions", "both")}

    label = traitlets.Unicode("", help="Title for people.").tag(sync=True)
    latent_label = traitlets.Unicode("", help="What the latent space is, for people.").tag(sync=True)
    trail: Any = traitlets.List(help="The way walked: each compound with its products.").tag(sync=True)
    at = traitlets.Int(0, help="Which place of `trail` is shown.").tag(sync=True)
    elements = traitlets.List(traitlets.Unicode(), help="Symbols, in the order of `fractions`.").tag(
        sync=True
    )
    fractions = traitlets.List(traitlets.Float(), help="Atomic fractions of the compound; sum 1.").tag(
        sync=True
    )
    shows = traitlets.Enum(["composition", "latent"], "composition", help="Which view is open.").tag(
        sync=True
    )
    decomposes = traitlets.Bool(False, help="Whether there is a `decompose`.").tag(sync=True)

    def __init__(
        self,
        start: str | Mapping[str, Any],
        decompose: Decompose | None = None,
        *,
        latent: Latent | None = None,
        spread: float | None = None,
        elements: Sequence[str] = (),
        label: str = "Decomposition",
        latent_label: str = "latent space",
        shows: str = "composition",
    ) -> None:
        if shows not in ("composition", "latent"):
            raise InputError(f"A decomposition view cannot show {shows!r}: give 'composition' or 'latent'")
        if spread is not None and not (np.isfinite(spread) and spread > 0):
            raise InputError(
                f"The spread of a decomposition view is {spread}: give a positive length, or None"
            )
        self._decompose, self._latent = decompose, latent
        self._spread = None if spread is None else float(spread)
        self._fixed = (
            checked_elements(elements, least=1, most=None, what="A decomposition view") if elements else []
        )
        self._listening = False
        # Before anything is made: what is wrong with the start is raised.
        first = self._ready(start if isinstance(start, Mapping) and "products" in start else self._ask(start))
        super().__init__(
            label=label, latent_label=latent_label, decomposes=decompose is not None, shows=shows
        )
        self._go([first], 0)
        self.on_request("decompose", self._typed)
        self._listening = True

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect: the composition, where the view stays in one system."""
        return self.LINKS if self._fixed else {}

    @property
    def record(self) -> dict[str, Any]:
        """The decomposition that is shown: formula, fractions, energies, products, verdict, latent part."""
        record: dict[str, Any] = self.trail[self.at]
        return record

    @property
    def formula(self) -> str:
        """The compound that is shown."""
        return str(self.record["formula"])

    def walk(self, composition: str | Mapping[str, float]) -> None:
        """Show another compound; the way back stays.

        Parameters
        ----------
        composition : str or mapping
            Formula, or amounts by symbol.

        Raises
        ------
        InputError
            If the view was made without `decompose`, or for a compound outside its elements; and whatever
            `decompose` raises.
        """
        record = self._ready(self._ask(composition))
        trail = list(self.trail[: self.at + 1])
        if trail and trail[-1]["formula"] == record["formula"]:
            trail.pop()
        trail.append(record)
        while len(trail) > MOST_STEPS or (len(trail) > 1 and _bytes(trail) > _TRAIL_BYTES):
            trail.pop(0)
        self._go(trail, len(trail) - 1)
        self.error = ""

    def _ask(self, composition: Any) -> Mapping[str, Any]:
        if self._decompose is None:
            raise InputError(
                "This view decomposes nothing: give it a callable as decompose, or a finished decomposition to show"
            )
        return self._decompose(composition)

    def _ready(self, given: Any) -> dict[str, Any]:
        record = checked_balance(given)
        system = self._system(record)
        foreign = [symbol for symbol in record["fractions"] if symbol not in system]
        if foreign:
            raise InputError(
                f"{record['formula']} holds {', '.join(foreign)}, the view stays in {' '.join(system)}: "
                "leave the others out, or make a view of all of them"
            )
        plain: dict[str, Any] = jsonable(with_latent(record, self._latent, self._spread) | {"system": system})
        return plain

    def _system(self, record: Mapping[str, Any]) -> list[str]:
        """The elements that give the colours: they stay while one walks down within them."""
        if self._fixed:
            return list(self._fixed)
        now = self.trail[self.at]["system"] if self._listening else []
        inside = all(symbol in now for symbol in record["fractions"])
        return list(now) if inside else list(record["fractions"])

    def _go(self, trail: list[dict[str, Any]], at: int) -> None:
        record = trail[at]
        listening, self._listening = self._listening, False
        try:
            with self.hold_sync():
                self.trail, self.at = trail, at
                self.elements = list(record["system"])
                self.fractions = _row(record)
        finally:
            self._listening = listening

    def _typed(self, data: Any) -> dict[str, Any]:
        text = str(data).strip()
        if not text:
            raise InputError("No formula: type one, such as BaTiO3")
        self.walk(text)
        return {"at": self.at}

    @traitlets.validate("at")
    def _check_at(self, proposal: Any) -> int:
        return checked_place(proposal["value"], self.trail)

    @traitlets.observe("at")
    def _changed_at(self, _change: Any) -> None:
        # A refused value is seen here before it is taken back.
        if self._listening and 0 <= self.at < len(self.trail):
            self._go(list(self.trail), self.at)

    @traitlets.validate("fractions")
    def _check_fractions(self, proposal: Any) -> list[float]:
        return checked_fractions(proposal["value"], self.elements)

    @traitlets.observe("fractions")
    def _changed_fractions(self, _change: Any) -> None:
        if not self._listening or len(self.fractions) != len(self.elements):
            return  # the second is refused and taken back
        if np.allclose(self.fractions, _row(self.record), atol=1e-9):
            return
        amounts = dict(zip(self.elements, self.fractions, strict=True))
        self.guarded(lambda: self.walk({symbol: x for symbol, x in amounts.items() if x > 0}))

    def static_svg(self) -> str:
        """Return the balance as a picture: both pans, the weights and the verdict."""
        return balance_picture(self.record, self.elements, title=self.label, latent_label=self.latent_label)

    def __repr__(self) -> str:
        record = self.record
        parts = " + ".join(f"{100 * part['amount']:.2f} % {part['formula']}" for part in record["products"])
        level = energy_text(record["mixture_energy"])
        return (
            f"DecompositionView({record['formula']} -> {parts} of the atoms, at {level} {record['unit']}; "
            f"{record['verdict']['text']})"
        )


def _row(record: Mapping[str, Any]) -> list[float]:
    return [record["fractions"].get(symbol, 0.0) for symbol in record["system"]]


def _bytes(trail: list[dict[str, Any]]) -> int:
    return len(json.dumps(trail, ensure_ascii=False).encode("utf-8"))
