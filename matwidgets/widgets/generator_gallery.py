"""GeneratorGallery: generated materials pass a funnel of filters; what is left, and what went lost, as cards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.errors import InputError, listed, shown
from matwidgets.widgets._gallery import (
    Funnel,
    GalleryTable,
    Range,
    Rules,
    checked_range,
    checked_rows,
    checked_symbols,
)
from matwidgets.widgets._gallery_picture import gallery_picture
from matwidgets.widgets.base import MatWidget, array_trait

SAVED_CARDS = 50
_SAVED_BYTES = 25_000  # of the 50 kB of a saved notebook
_ASKED = ("order", "kept", "ranges", "unknown_passes", "elements", "without", "scope")
_LISTED = ("sort", "shows", "lost_at", "chosen")

Filter = str | tuple[str, float | None, float | None]


class GeneratorGallery(MatWidget):
    """A funnel of filters over generated materials, and the materials as cards.

    Parameters
    ----------
    data : DataFrame or mapping
        Column name -> values, one a row. Truth values may be None where a check could not be made, numbers NaN.
        Columns of another kind are left out.
    filters : sequence, optional
        Names of columns, in the order of the funnel; for numbers also ``(name, low, high)`` with None for an open end.
        By default all columns. Columns that are no filter are shown on the cards.
    units : mapping, optional
        Name of a column of numbers -> unit.
    names : str
        The column with the formulas.
    sort : str, optional
        A column of numbers that orders the cards; "-name" begins with the largest.
    label : str
        Title for people.

    Raises
    ------
    InputError
        For an unknown column, columns of different lengths, no rows, a filter that is neither truth values nor numbers,
        a range of truth values, or more columns than cards can show.

    Notes
    -----
    What is not known passes no filter, unless `unknown_passes`; a range that is open at both ends asks nothing. The
    page counts by itself; Python counts the same after each change, with numbers and ends of ranges as float32.
    A truth value travels as two bits, a number as four bytes.
    """

    stem = "generator_gallery"
    LINKS = {"selection": ("chosen", "both"), "elements": ("elements", "in")}

    label = traitlets.Unicode("", help="Title for people.").tag(sync=True)
    names = traitlets.Unicode("formula", help="Name of the column with the formulas.").tag(sync=True)
    n = traitlets.Int(0, help="Number of rows.").tag(sync=True)
    columns: Any = traitlets.List(
        help="Name, kind, unit, ends and count of unknown values of each column."
    ).tag(sync=True)
    formulas = array_trait("uint8", help="Formulas as UTF-8, a line each.")
    flags = array_trait("uint8", help="(k, 2, n / 8), two bits a truth value: yes, and unknown.")
    numbers = array_trait("float32", help="(m, n), NaN where unknown.")
    order = traitlets.List(traitlets.Unicode(), help="The filters, in the order of the funnel.").tag(
        sync=True
    )
    kept = traitlets.List(traitlets.Unicode(), help="The filters that are applied.").tag(sync=True)
    ranges = traitlets.Dict(help="Filter of numbers -> [low, high], both inside; null is open.").tag(
        sync=True
    )
    unknown_passes = traitlets.Bool(False, help="Whether what is not known passes a filter.").tag(sync=True)
    elements = traitlets.List(traitlets.Unicode(), help="A row must hold all of these.").tag(sync=True)
    without = traitlets.List(traitlets.Unicode(), help="A row must hold none of these.").tag(sync=True)
    scope = traitlets.Enum(["all", "chosen"], "all", help="Which rows go into the funnel.").tag(sync=True)
    live = traitlets.Bool(False, help="The survivors are chosen whenever they change.").tag(sync=True)
    chosen = array_trait("uint32", help="Rows that are chosen, ascending; what `link` shares.")
    sort = traitlets.Unicode("", help="Column that orders the cards, '-name' from the largest.").tag(
        sync=True
    )
    shows = traitlets.Enum(
        ["survivors", "chosen", "lost"], "survivors", help="Which rows the cards show."
    ).tag(sync=True)
    lost_at = traitlets.Unicode("", help="The filter whose losses the cards show.").tag(sync=True)
    stages: Any = traitlets.List(
        help="What is left after each stage of the funnel, with what went lost there."
    ).tag(sync=True)
    saved = traitlets.Dict(help="The first cards: a saved notebook forgets arrays.").tag(sync=True)
    survivors: Any = traitlets.Instance(
        np.ndarray, help="Rows that pass all kept filters, ascending (not sent)."
    )

    def __init__(
        self,
        data: Any,
        filters: Sequence[Filter] | None = None,
        *,
        units: Mapping[str, str] | None = None,
        names: str = "formula",
        sort: str = "",
        label: str = "generated materials",
    ) -> None:
        self._table = table = GalleryTable(data, names, units or {})
        order, ranges = _filters(table, filters)
        self._filters = tuple(order)
        unknown = {name for name in order if bool(table.columns[name].unknown.all())}
        self._seen: tuple[Any, ...] = ()
        self._funnel = Funnel([], np.zeros(0, dtype=np.uint32), {})
        self._ready = self._hearing = False
        super().__init__(
            label=label,
            names=names,
            n=table.n,
            columns=[column.told() for column in table.columns.values()],
            formulas=table.formulas(),
            flags=table.flags(),
            numbers=table.numbers(),
            order=order,
            # A check that could be made nowhere would leave nothing.
            kept=[name for name in order if name not in unknown],
            ranges=ranges,
            chosen=np.zeros(0, dtype=np.uint32),
            sort=sort,
        )
        self._ready = True
        self._recount()

    # -- what a program does

    def choose(self, rows: Sequence[int] | NDArray[Any]) -> None:
        """Choose rows; a linked widget shows them."""
        self.chosen = np.asarray(rows)

    def lost(self, name: str) -> NDArray[np.uint32]:
        """Return the rows that go lost at a filter; none where it is not kept.

        Raises
        ------
        InputError
            For a column that is no filter.
        """
        if name not in self.order:
            raise InputError(
                f"{shown(name)} is no filter of this gallery: give one of {listed(self.order) or 'none'}"
            )
        return self._funnel.lost.get(name, np.zeros(0, dtype=np.uint32))

    def surviving_names(self) -> list[str]:
        """Return the formulas of the survivors, in the order of the cards."""
        return [self._table.names[row] for row in self._table.sorted(self.survivors, self.sort)]

    def chosen_names(self) -> list[str]:
        """Return the formulas that are chosen, in the order of their rows."""
        return [self._table.names[row] for row in self.chosen]

    # -- what is allowed

    @traitlets.validate("order")
    def _check_order(self, proposal: Any) -> list[str]:
        order = [str(name) for name in proposal["value"]]
        if self._ready and (sorted(order) != sorted(self._filters)):
            raise InputError(
                f"The order of a gallery got {listed(order)}: give its filters {listed(self.order)}, each once"
            )
        return order

    @traitlets.validate("kept")
    def _check_kept(self, proposal: Any) -> list[str]:
        kept = list(dict.fromkeys(str(name) for name in proposal["value"]))
        self._check_filters(kept)
        return kept

    @traitlets.validate("ranges")
    def _check_ranges(self, proposal: Any) -> dict[str, list[float | None]]:
        self._check_filters(list(proposal["value"]))
        ranges = {str(name): _range(self._table, name, ends) for name, ends in proposal["value"].items()}
        return {name: list(ends) for name, ends in ranges.items() if ends != (None, None)}

    def _check_filters(self, names: Sequence[str]) -> None:
        for name in names:
            if self._ready and name not in self._filters:
                raise InputError(
                    f"{shown(name)} is no filter of this gallery: give some of {listed(self.order) or 'none'}"
                )

    @traitlets.validate("elements", "without")
    def _check_elements(self, proposal: Any) -> list[str]:
        return checked_symbols(proposal["value"], f"The search of a gallery ({proposal['trait'].name})")

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: Any) -> NDArray[np.uint32]:
        return checked_rows(proposal["value"], self._table.n)

    @traitlets.validate("sort")
    def _check_sort(self, proposal: Any) -> str:
        by = str(proposal["value"])
        numbers = [name for name, column in self._table.columns.items() if column.is_number]
        if by and by.removeprefix("-") not in numbers:
            raise InputError(
                f"A gallery cannot sort by {shown(by)}: give one of {listed(numbers) or 'none'}, or ''"
            )
        return by

    @traitlets.validate("lost_at")
    def _check_lost_at(self, proposal: Any) -> str:
        name = str(proposal["value"])
        self._check_filters([name] if name else [])
        return name

    # -- counting

    def _rules(self) -> Rules:
        ranges: dict[str, Range] = {name: (ends[0], ends[1]) for name, ends in self.ranges.items()}
        return Rules(
            tuple(self.order), frozenset(self.kept), ranges, self.unknown_passes, tuple(self.elements),
            tuple(self.without), self.chosen if self.scope == "chosen" else None,
        )  # fmt: skip

    def _recount(self, *, choose: bool = True) -> None:
        """Count again where something else is asked, and keep what a saved notebook needs."""
        rules = self._rules()
        asked = (
            rules.order, rules.kept, dict(rules.ranges), rules.unknown_passes, rules.elements, rules.without,
            None if rules.chosen is None else rules.chosen.tobytes(),
        )  # fmt: skip
        if asked != self._seen:
            self._seen = asked
            self._funnel = self._table.funnel(rules)
            self.survivors = self._funnel.survivors
        if choose and self.live and not np.array_equal(self.chosen, self.survivors):
            self.chosen = self.survivors
        self.stages = self._funnel.stages
        self.saved = self._kept_cards()

    @traitlets.observe(*_ASKED, *_LISTED, "live")
    def _changed(self, change: Any) -> None:
        if self._ready and not self._hearing:
            self._settle({change["name"]})

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the page has set; what is refused is seen by observers before it is taken back."""
        self._hearing = True
        try:
            super().set_state(sync_data)
        finally:
            self._hearing = False
        self._settle(set(sync_data))

    def _settle(self, changed: set[str]) -> None:
        with self.hold_sync():
            if "live" in changed and self.live:
                self.scope = "all"
            elif "scope" in changed and self.scope == "chosen":
                self.live = False
            by_hand = "chosen" in changed and not changed & {*_ASKED, "live"}
            self._recount(choose=not by_hand)
            if by_hand and self.live and not np.array_equal(self.chosen, self.survivors):
                self.live = False

    def _shown_rows(self) -> NDArray[np.uint32]:
        rows = {
            "survivors": self.survivors,
            "chosen": self.chosen,
            "lost": self._funnel.lost.get(self.lost_at, self.survivors[:0]),
        }[self.shows]
        return self._table.sorted(rows, self.sort)

    def _kept_cards(self) -> dict[str, Any]:
        rows = self._shown_rows()
        cards: dict[str, Any] = {"count": len(rows), "formulas": [], "values": [], "passed": []}
        size = 0
        for row in rows[:SAVED_CARDS].tolist():
            card = self._table.names[row], self._table.row(row), self._table.passed(row, self._rules())
            size += len(json.dumps(card, ensure_ascii=False).encode("utf-8"))
            if size > _SAVED_BYTES:
                break
            for key, part in zip(("formulas", "values", "passed"), card, strict=True):
                cards[key].append(part)
        return cards

    # -- without JavaScript

    def snapshot(self) -> dict[str, Any]:
        """Return the state with the first cards instead of the arrays."""
        state = super().snapshot()
        for name in ("formulas", "flags", "numbers", "chosen"):
            del state[name]
        return state

    def static_svg(self) -> str:
        """Return the funnel with its counts, and the first cards."""
        return gallery_picture(
            title=self.label,
            stages=self.stages,
            columns=self.columns,
            ranges=self.ranges,
            order=self.order,
            saved=self.saved,
            shows=f"went lost at {self.lost_at}" if self.shows == "lost" else
                  "are chosen" if self.shows == "chosen" else "are left",
            elements=self.elements,
            without=self.without,
        )  # fmt: skip

    def __repr__(self) -> str:
        parts = [f"{self.n:,} generated"]
        parts += [f"{stage['count']:,} {stage['name']}" for stage in self.stages if stage.get("kept")]
        parts += [f"{len(self.survivors):,} left"]
        if len(self.chosen):
            parts.append(f"{len(self.chosen):,} chosen")
        return f"GeneratorGallery({'; '.join(parts)})"


def _filters(
    table: GalleryTable, given: Sequence[Filter] | None
) -> tuple[list[str], dict[str, list[float | None]]]:
    """Order of the filters and their ranges."""
    if isinstance(given, str) or (given is not None and not isinstance(given, Sequence)):
        raise InputError(
            f"The filters of a gallery are {shown(given)}: give a list of names of columns, or (name, low, high)"
        )
    order: list[str] = []
    ranges: dict[str, list[float | None]] = {}
    for asked in table.columns if given is None else given:
        if isinstance(asked, str):
            name = asked
        elif isinstance(asked, tuple) and len(asked) == 3:
            name = str(asked[0])
            ranges[name] = list(_range(table, name, asked[1:]))
        else:
            raise InputError(
                f"A filter of a gallery is {shown(asked)}: give the name of a column, or (name, low, high)"
            )
        table.filter(name)
        if name in order:
            raise InputError(f"A gallery got the filter {name!r} twice: give each once")
        order.append(name)
    return order, ranges


def _range(table: GalleryTable, name: str, ends: Any) -> Range:
    if not table.filter(name).is_number:
        raise InputError(f"The filter {name!r} got a range, it holds truth values: give its name alone")
    return checked_range(ends, name)
