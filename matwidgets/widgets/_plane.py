"""The plane in which a cursor walks through a latent space: which vector stands at which place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

LINKED = "the linked composition"
Vector = NDArray[np.float64]


@runtime_checkable
class Space(Protocol):
    """A latent space with its drawing; ``matwidgets.features.projection.project`` makes one.

    ``exact`` tells that both ways are linear (principal components), so that the plane can be laid through any vector.
    """

    @property
    def latent(self) -> NDArray[np.float64]: ...
    @property
    def points(self) -> NDArray[np.float64]: ...
    @property
    def axes(self) -> tuple[str, str]: ...
    @property
    def exact(self) -> bool: ...
    def to_plane(self, latent: NDArray[Any]) -> NDArray[np.float64]: ...
    def to_latent(self, places: NDArray[Any]) -> NDArray[np.float64]: ...


class Plane:
    """Places and vectors of a space; without one, places are the vectors.

    In more than two dimensions a place is not one vector. A linear plane is laid through what was stood on last, so
    that a small move is a small change; some places stand for a vector of their own: steps of a path, a composition.

    Attributes
    ----------
    through : str
        Name of what the plane is laid through; empty for the mean of all rows.
    """

    def __init__(self, space: Space | None) -> None:
        self.through = ""
        self._space = space
        self._linear = space is not None and space.exact and np.shape(space.latent)[1] > 2
        self._anchor: Vector | None = None
        self._held: dict[tuple[float, ...], tuple[Vector, str]] = {}

    def places(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places, shape (m, 2), of vectors (m, d)."""
        return vectors if self._space is None else np.asarray(self._space.to_plane(vectors))

    def vector(self, place: Sequence[float]) -> Vector:
        """Return the vector at a place of the plane as it is laid now."""
        at = np.asarray([place], dtype=float)
        if self._space is None:
            return np.array(at[0])
        vector = np.asarray(self._space.to_latent(at))[0]
        if self._anchor is None:
            return vector
        own = self._space.to_latent(self._space.to_plane(self._anchor[None, :]))
        return np.asarray(self._anchor + vector - np.asarray(own)[0])

    def hold(self, vector: Vector, name: str) -> list[float]:
        """Keep the vector behind its place, and return that place."""
        place: list[float] = self.places(vector[None, :])[0].tolist()
        if name == LINKED:
            self._held = {at: held for at, held in self._held.items() if held[1] != LINKED}
        self._held[tuple(place)] = (vector, name)
        return place

    def hold_path(self, way: NDArray[np.float64]) -> list[list[float]]:
        """Keep the vectors (m, d) of a path in place of the last one's, and return their places."""
        self._held = {at: held for at, held in self._held.items() if held[1] == LINKED}
        return [self.hold(vector, f"step {i} of the path") for i, vector in enumerate(way, start=1)]

    def held(self, place: Sequence[float]) -> tuple[Vector, str] | None:
        """Return the vector that was kept behind a place, with its name."""
        return self._held.get(tuple(place))

    def lay_through(self, vector: Vector, name: str) -> None:
        """Lay a linear plane through a vector."""
        if self._linear:
            self._anchor, self.through = vector, name

    def lay_through_mean(self) -> None:
        """Lay the plane through the mean of all rows, as at first."""
        self._anchor, self.through = None, ""
        self._held = {}
