"""LatentExplorer: a latent space as a cloud of points with a cursor that decodes where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from matwidgets.errors import InputError
from matwidgets.widgets._channels import Channel, Channels
from matwidgets.widgets._plane import LINKED, Plane, Space
from matwidgets.widgets._points import (
    decoded_rows,
    places_of,
    small_copy,
)
from matwidgets.widgets._points_picture import points_picture
from matwidgets.widgets._prediction import checked_elements, checked_fractions
from matwidgets.widgets.base import MatWidget, array_trait

Decode = Callable[[NDArray[np.float64]], Sequence[Mapping[str, Any]]]


class LatentExplorer(MatWidget):
    """A scatter of a latent space: colours, lasso and box selection, and a cursor that decodes.

    Parameters
    ----------
    points : ndarray of shape (n, 2), or Space
        Places in the plane; or a projection of more dimensions, and then `decode` is given vectors of these.
    channels : mapping, optional
        name -> values (n,), or a callable that returns them when the channel is first shown. Floats are coloured
        evenly; words, truth values and few different whole numbers are classes.
    units : mapping, optional
        name of a channel -> unit.
    names : sequence of str, optional
        A name for each point; sent one at a time, when it is asked for.
    write : callable, optional
        How such a name is written on the page, for instance with subscripts.
    decode : callable, optional
        Latent vectors (m, d) -> m mappings with ``formula`` and, where known, ``note``, ``valid``, ``known``,
        ``nearest`` (names), ``far`` (how far each of these is) and ``fractions`` (symbol -> atomic fraction).
    locate : callable, optional
        Text that somebody writes -> the row or the latent vector (d,) that it means; then the page has a field for it.
    elements : sequence of str, optional
        With `encode`: the elements of `fractions`, so that `link` connects a CompositionPanel of these.
    encode : callable, optional
        Atomic fractions (m, k) in the order of `elements` -> latent vectors (m, d).
    colour : str, optional
        The channel that is shown first; by default the first one.
    axes : pair of str, optional
        Names of the axes of the drawing.
    label : str
        Title for people.

    Raises
    ------
    InputError
        For arrays that do not fit together, an unknown channel, or elements without `encode`.

    Notes
    -----
    Points travel as 24-bit places (six bytes) and one byte of colour: 100,000 are 0.7 MB. `places` holds the same
    numbers that the page has, so a selection can be checked exactly.

    In more than two dimensions a place of the plane is not one latent vector. The plane of principal components is laid
    through what the cursor stood on last (a point, a step of a path, a linked composition; at first the mean), so that
    a small move is a small change; `through` says what that is.
    """

    stem = "latent_explorer"
    LINKS = {"selection": ("selection", "both"), "latent_path": ("path", "in"), "latent": ("latent", "out")}

    label = traitlets.Unicode("", help="Title for people.").tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), help="Names of the two axes.").tag(sync=True)
    n = traitlets.Int(0, help="Number of points.").tag(sync=True)
    extent = traitlets.List(traitlets.Float(), help="x0, x1, y0, y1 of the points.").tag(sync=True)
    coarse = array_trait("uint16", help="(n, 2), upper 16 bits of the places between the ends of `extent`.")
    fine = array_trait("uint8", help="(n, 2), their lower 8 bits.")
    channels = traitlets.List(traitlets.Unicode(), help="Names of what the colours can show.").tag(sync=True)
    colour = traitlets.Unicode("", help="The channel that the colours show; empty for none.").tag(sync=True)
    levels = array_trait("uint8", help="(n,), the colour of each point; 255 where the value is missing.")
    scale = traitlets.Dict(help="What `levels` means: classes, or the ends of the numbers.").tag(sync=True)
    saved = traitlets.Dict(help="A sample of the points: a saved notebook forgets arrays.").tag(sync=True)
    selection = array_trait("uint32", help="Rows of the chosen points, ascending.")
    cursor = traitlets.List(traitlets.Float(), help="Place of the cursor, x and y; empty for none.").tag(
        sync=True
    )
    latent = traitlets.List(
        traitlets.Float(), help="Latent vector under the cursor; empty where there is none."
    ).tag(sync=True)
    point = traitlets.Int(-1, help="Row that the cursor stands on; -1 for a place of its own.").tag(sync=True)
    decoded = traitlets.Dict(help="What `decode` says of the cursor's place.").tag(sync=True)
    through = traitlets.Unicode("", help="What the plane is laid through; empty for the mean of all.").tag(
        sync=True
    )
    decodes = traitlets.Bool(False, help="Whether there is a `decode`.").tag(sync=True)
    locates = traitlets.Bool(False, help="Whether there is a `locate`.").tag(sync=True)
    dimensions = traitlets.Int(2, help="Of the latent space.").tag(sync=True)
    walk = traitlets.Dict(help="A path with its title, places and decoded steps.").tag(sync=True)
    path: Any = traitlets.List(help="Latent vectors of a linked way; the walk shows it.").tag(sync=True)
    elements = traitlets.List(traitlets.Unicode(), help="Symbols, in the order of `fractions`.").tag(
        sync=True
    )
    fractions = traitlets.List(traitlets.Float(), help="Composition at the cursor, where linked.").tag(
        sync=True
    )

    def __init__(
        self,
        points: NDArray[Any] | Space,
        *,
        channels: Mapping[str, Channel] | None = None,
        units: Mapping[str, str] | None = None,
        names: Sequence[str] | None = None,
        write: Callable[[str], str] | None = None,
        decode: Decode | None = None,
        locate: Callable[[str], int | NDArray[Any]] | None = None,
        elements: Sequence[str] = (),
        encode: Callable[[NDArray[np.float64]], Any] | None = None,
        colour: str | None = None,
        axes: tuple[str, str] | None = None,
        label: str = "latent space",
    ) -> None:
        space = points if isinstance(points, Space) else None
        self._places = places_of(points if space is None else space.points)
        n = len(self._places.points)
        self._latent = self._places.points if space is None else np.asarray(space.latent, dtype=float)
        self._channels = Channels(channels or {}, units or {}, n)
        if names is not None and len(names) != n:
            raise InputError(f"A latent explorer got {len(names)} names for {n} points: give one each")
        if bool(elements) != (encode is not None):
            raise InputError(
                "A latent explorer got one of elements and encode: give both to link compositions, or none"
            )
        symbols = checked_elements(elements, least=2, most=118, what="A latent explorer") if elements else []
        self._names = None if names is None else list(names)
        self._write = write or str
        self._decode, self._encode, self._locate = decode, encode, locate
        self._plane = Plane(space)
        self._stands_for: list[float] = []
        self._begin: tuple[NDArray[np.float64], str] | None = None
        self._ready = False
        super().__init__(
            label=label,
            axes=list(axes or (space.axes if space is not None else ("x", "y"))),
            n=n,
            extent=list(self._places.extent),
            coarse=self._places.coarse,
            fine=self._places.fine,
            channels=self._channels.names,
            saved=small_copy(self._places, None),
            selection=np.zeros(0, dtype=np.uint32),
            decodes=decode is not None,
            locates=locate is not None,
            dimensions=self._latent.shape[1],
            elements=symbols,
        )
        self._ready = True
        for kind, handler in (
            ("point", self._told),
            ("decode", self._preview),
            ("place", self._placed),
            ("walk", self._walked),
            ("end", self._ended),
            ("locate", self._located),
            ("middle", self._to_middle),
        ):
            self.on_request(kind, handler)
        if colour is not None or self.channels:
            self.colour = self.channels[0] if colour is None else colour

    # -- what a program does

    @property
    def places(self) -> NDArray[np.float64]:
        """The places (n, 2) as the page has them."""
        return self._places.points

    def links(self) -> dict[str, tuple[str, str]]:
        """Return what `link` may connect; the composition only where the explorer can place one."""
        return {**self.LINKS, "fractions": ("fractions", "both")} if self.elements else self.LINKS

    def select(self, rows: Sequence[int] | NDArray[Any]) -> None:
        """Choose points by their rows."""
        self.selection = np.asarray(rows)

    def go_to(self, row: int) -> None:
        """Put the cursor on a point; what is decoded is that row's own latent vector."""
        self._check_row(row)
        with self.hold_trait_notifications():
            self.point, self.cursor = int(row), self._places.points[row].tolist()

    def go_to_latent(self, vector: NDArray[Any] | Sequence[float], name: str = "a latent vector") -> None:
        """Put the cursor on a latent vector, shape (d,), such as that of a sample; `name` is said of it.

        Raises
        ------
        InputError
            For another shape, or numbers that are not finite.
        """
        place = self._plane.hold(self._checked_vector(vector), name)
        with self.hold_trait_notifications():
            self.point, self.cursor = -1, place

    def go_to_name(self, name: str) -> None:
        """Put the cursor where `locate` says: on a point, or on the latent vector of something else.

        Raises
        ------
        InputError
            If there is no `locate`, or as it says.
        """
        if self._locate is None:
            raise InputError("This explorer finds nothing by its name: make it with locate=, or use go_to")
        found = self._locate(name)
        if isinstance(found, (int, np.integer)):
            self.go_to(int(found))
        else:
            self.go_to_latent(found, self._write(name))

    def selected_names(self) -> list[str]:
        """Return the names of the chosen points, in the order of their rows: of materials their formulas.

        Raises
        ------
        InputError
            If the points have no names.
        """
        if self._names is None:
            raise InputError(
                "The points of this explorer have no names: make it with names=, or use selection"
            )
        return [str(self._names[row]) for row in self.selection]

    def interpolate(
        self, start: int | NDArray[Any], end: int | NDArray[Any], steps: int = 9
    ) -> list[dict[str, Any]]:
        """Decode along the straight line between two latent vectors and show the way.

        Parameters
        ----------
        start, end : int or ndarray of shape (d,)
            Rows, whose own vectors are taken, or vectors.
        steps : int
            At least 2; both ends are included.

        Returns
        -------
        list of dict
            What `decode` says of each step.
        """
        return self._between(self._end(start), self._end(end), steps)

    def _between(
        self, start: tuple[NDArray[np.float64], str], end: tuple[NDArray[np.float64], str], steps: int = 9
    ) -> list[dict[str, Any]]:
        t = np.linspace(0, 1, _steps(steps))[:, None]
        return self._show_walk(f"From {start[1]} to {end[1]}", (1 - t) * start[0] + t * end[0])

    def _end(self, given: int | NDArray[Any]) -> tuple[NDArray[np.float64], str]:
        if isinstance(given, (int, np.integer)):
            self._check_row(int(given))
            return self._latent[given], self._name(int(given))
        return self._checked_vector(given), "a latent vector"

    def traverse(self, axis: int, steps: int = 9, reach: float = 2.0) -> list[dict[str, Any]]:
        """Decode along one latent axis through the cursor (without one: through the mean) and show the way.

        Parameters
        ----------
        axis : int
            0 to d - 1.
        steps : int
            At least 2.
        reach : float
            How far to both sides, in standard deviations of the points along the axis.

        Returns
        -------
        list of dict
            What `decode` says of each step.
        """
        d = self._latent.shape[1]
        if not 0 <= axis < d:
            raise InputError(f"The latent space has {d} axes, got axis {axis}: give 0 to {d - 1}")
        middle = self._stood_on()[0] if self.cursor else self._latent.mean(axis=0)
        way = np.repeat(middle[None, :], _steps(steps), axis=0)
        way[:, axis] += np.linspace(-reach, reach, len(way)) * self._latent[:, axis].std()
        return self._show_walk(f"Along axis {axis + 1}", way)

    # -- what is allowed

    @traitlets.validate("selection")
    def _check_selection(self, proposal: Any) -> NDArray[np.uint32]:
        rows = np.asarray([] if proposal["value"] is None else proposal["value"])
        if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
            raise InputError(
                f"A selection got {rows.dtype} of shape {rows.shape}: give row numbers in one dimension"
            )
        if rows.size and (rows.min() < 0 or rows.max() >= self.n):
            raise InputError(
                f"A selection has rows {rows.min()} to {rows.max()}: there are rows 0 to {self.n - 1}"
            )
        return np.unique(rows).astype(np.uint32)

    @traitlets.validate("colour")
    def _check_colour(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name and name not in self.channels:
            raise InputError(f"Unknown channel {name!r}: give one of {', '.join(self.channels) or 'none'}")
        return name

    @traitlets.validate("cursor")
    def _check_cursor(self, proposal: Any) -> list[float]:
        place = [float(x) for x in proposal["value"]]
        if len(place) not in (0, 2) or not np.isfinite(place).all():
            raise InputError(f"The cursor got {place}: give x and y, or nothing to take it away")
        return place

    @traitlets.validate("fractions")
    def _check_fractions(self, proposal: Any) -> list[float]:
        given = list(proposal["value"])
        return checked_fractions(given, self.elements) if given else []

    @traitlets.validate("path")
    def _check_path(self, proposal: Any) -> list[list[float]]:
        return [self._checked_vector(vector).tolist() for vector in proposal["value"]]

    def _checked_vector(self, vector: NDArray[Any] | Sequence[float]) -> NDArray[np.float64]:
        given = np.asarray(vector, dtype=float)
        d = self._latent.shape[1]
        if given.shape != (d,) or not np.isfinite(given).all():
            raise InputError(
                f"Got a latent vector of shape {given.shape}: give {d} finite numbers, shape ({d},)"
            )
        return given

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self.n:
            raise InputError(f"There is no point {row}: rows are 0 to {self.n - 1}")

    # -- what follows from a change

    @traitlets.observe("colour")
    def _changed_colour(self, _change: Any) -> None:
        if self._ready:
            self.guarded(self._paint)

    @traitlets.observe("cursor")
    def _changed_cursor(self, _change: Any) -> None:
        if self._ready:
            self._settle()

    @traitlets.observe("fractions")
    def _changed_fractions(self, change: Any) -> None:
        """Go where a linked widget's composition stands, unless it only gives back what stands here."""
        new, here = change["new"], self._stands_for
        if not self._ready or not new or (len(here) == len(new) and np.allclose(here, new, atol=1e-5)):
            return

        def place() -> None:
            vector = self._encoded(new)
            self._stands_for = list(new)
            at = self._plane.hold(vector, LINKED)
            with self.hold_trait_notifications():
                self.point, self.cursor = -1, at

        self.guarded(place)

    @traitlets.observe("path")
    def _changed_path(self, _change: Any) -> None:
        """Draw a linked way; what its places are is said where it comes from."""
        if self._ready:
            places = self._plane.hold_path(np.asarray(self.path)) if self.path else []
            self.walk = {"title": "", "xy": places, "steps": []} if places else {}

    def _paint(self) -> None:
        if not self.colour:
            with self.hold_sync():
                self.levels, self.scale, self.saved = None, {}, small_copy(self._places, None)
            return
        scale = self._channels.scale(self.colour)
        with self.hold_sync():
            self.levels, self.scale = scale.levels, scale.meaning
            self.saved = small_copy(self._places, scale.levels)

    def _settle(self) -> None:
        def settle() -> None:
            if not self.cursor:
                self._plane.lay_through_mean()
                self.point, self.decoded, self.through, self.latent = -1, {}, "", []
                return
            if self.point >= 0 and not np.allclose(self._places.points[self.point], self.cursor):
                self.point = -1
            vector, name = self._stood_on()
            if name:
                self._plane.lay_through(vector, name)
                self.through = self._plane.through
            self.latent = vector.tolist()
            if self._decode is None:
                return
            found = self._passed_on(vector)
            with self.hold_sync():
                self.decoded = {**found, "at": list(self.cursor)}
                # What was placed here from a linked composition is not answered with another one.
                if found["fractions"] and name != LINKED:
                    self._stands_for = found["fractions"]
                    self.fractions = found["fractions"]

        self.guarded(settle)

    def _stood_on(self) -> tuple[NDArray[np.float64], str]:
        """Return the latent vector under the cursor: a row's own one, a kept one, or the place's, without a name."""
        if self.point >= 0:
            return np.array(self._latent[self.point]), self._name(self.point)
        return self._plane.held(self.cursor) or (self._plane.vector(self.cursor), "")

    def _passed_on(self, vector: NDArray[np.float64]) -> dict[str, Any]:
        """Return what `decode` says of one vector, with its composition as a linked widget gets it."""
        (found,) = self._decoded(vector[None, :])
        found["fractions"] = self._own_fractions(found)
        return found

    def _decoded(self, vectors: NDArray[np.float64]) -> list[dict[str, Any]]:
        if self._decode is None:
            raise InputError("This explorer decodes nothing: make it with decode=")
        return decoded_rows(self._decode, vectors)

    def _own_fractions(self, row: dict[str, Any]) -> list[float] | None:
        """Return the decoded composition in the order of `elements`; what else it holds is said where linked."""
        amounts = {symbol: x for symbol, x in (row["fractions"] or {}).items() if x > 0}
        if not self.elements or not amounts:
            return None
        own = [amounts.get(symbol, 0.0) for symbol in self.elements]
        others = {symbol: x for symbol, x in amounts.items() if symbol not in self.elements}
        if others and self.group:
            rest = ", ".join(
                f"{symbol} {100 * x / sum(amounts.values()):.0f} at.%" for symbol, x in others.items()
            )
            said = (
                f"also holds {rest}, not passed on"
                if any(own)
                else "holds no linked element: nothing passed on"
            )
            row["note"] = "; ".join(filter(None, [row["note"], said]))
        return checked_fractions(own, self.elements) if any(own) else None

    def _encoded(self, fractions: Sequence[float]) -> NDArray[np.float64]:
        """Return the latent vector of a linked composition."""
        assert self._encode is not None
        vectors = np.asarray(self._encode(np.asarray([fractions], dtype=float)), dtype=float)
        wanted = (1, self._latent.shape[1])
        if vectors.shape != wanted or not np.isfinite(vectors).all():
            raise InputError(f"encode returned an array of shape {vectors.shape}: give finite {wanted}")
        return np.array(vectors[0])

    def _show_walk(self, title: str, way: NDArray[np.float64]) -> list[dict[str, Any]]:
        steps = self._decoded(way)
        for step in steps:
            step["fractions"] = None
        places = self._plane.hold_path(way)
        self.walk = {"title": title, "xy": places, "steps": steps}
        return steps

    def _name(self, row: int) -> str:
        return f"point {row}" if self._names is None else self._write(str(self._names[row]))

    # -- the page's questions

    def _told(self, data: Any) -> dict[str, Any]:
        row = int(data["index"])
        self._check_row(row)
        return {"name": self._name(row), "values": self._channels.told(row, self.colour)}

    def _preview(self, data: Any) -> dict[str, Any]:
        vector = self._plane.vector(data["xy"])
        found = self._passed_on(vector)
        return {**found, "latent": vector.tolist()} if self.group else found

    def _placed(self, data: Any) -> dict[str, Any]:
        vector = self._encoded(checked_fractions(data["fractions"], self.elements))
        return {"xy": self._plane.places(vector[None, :])[0].tolist()}

    def _to_middle(self, _data: Any) -> dict[str, Any]:
        """Lay the plane through the mean again, under the cursor where it is."""
        self._plane.lay_through_mean()
        self.through, self.point = "", -1
        self._settle()
        return {}

    def _walked(self, data: Any) -> dict[str, Any]:
        return {"count": len(self.traverse(int(data["axis"])))}

    def _ended(self, data: Any) -> dict[str, Any]:
        """Take the cursor's place as the beginning of a path, or as its end, and then the path is shown."""
        if not self.cursor:
            raise InputError("A path needs a place: put the cursor somewhere first")
        vector, name = self._stood_on()
        here = vector, name or self.decoded.get("formula") or "a place"
        if data["which"] == "start":
            self._begin = here
            return {"count": 0}
        if self._begin is None:
            raise InputError(
                "A path needs a beginning: put the cursor there and choose 'Path from here' first"
            )
        return {"count": len(self._between(self._begin, here))}

    def _located(self, data: Any) -> dict[str, Any]:
        self.go_to_name(str(data["text"]).strip())
        return {}

    # -- without JavaScript

    def snapshot(self) -> dict[str, Any]:
        """Return the state with the sample instead of the arrays."""
        state = super().snapshot()
        for name in ("coarse", "fine", "levels", "selection"):
            del state[name]
        return state

    def static_svg(self) -> str:
        """Return the points with their legend, the cursor and the walk."""
        return points_picture(
            title=self.label,
            axes=self.axes,
            places=self._places,
            levels=self.levels,
            scale=self.scale,
            selection=self.selection,
            cursor=self.cursor,
            reading=self.decoded.get("formula", ""),
            walk=self.walk,
        )

    def __repr__(self) -> str:
        parts = [f"{self.n:,} points" + (f" coloured by {self.colour}" if self.colour else "")]
        if len(self.selection):
            parts.append(f"{len(self.selection):,} selected")
        if self.cursor:
            x, y = self.cursor
            said = f": {self.decoded['formula']}" if self.decoded else ""
            parts.append(f"cursor at {x:.4g}, {y:.4g}{said}")
        return f"LatentExplorer({'; '.join(parts)})"


def _steps(steps: int) -> int:
    if not 2 <= steps <= 50:
        raise InputError(f"A walk got {steps} steps: give 2 to 50")
    return steps
