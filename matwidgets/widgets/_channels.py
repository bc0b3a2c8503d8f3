"""What the points of a LatentExplorer can be coloured by: values that are computed when they are first shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matwidgets.widgets._points import Scale, scale_of

Channel = Any
"""Values (n,), or a callable without arguments that returns them when they are first asked for."""


class Channels:
    """Named values of n points, with units, as levels of colour and as text."""

    def __init__(self, channels: Mapping[str, Channel], units: Mapping[str, str], n: int) -> None:
        self._channels, self._units, self._n = dict(channels), dict(units), n
        self._scales: dict[str, Scale] = {}

    @property
    def names(self) -> list[str]:
        """Return the names, in the order given."""
        return list(self._channels)

    def scale(self, name: str) -> Scale:
        """Return the levels of a channel; InputError as `scale_of`."""
        if name not in self._scales:
            self._scales[name] = scale_of(self.values(name), name, self._units.get(name, ""), self._n)
        return self._scales[name]

    def values(self, name: str) -> NDArray[Any]:
        """Return the values (n,) of a channel."""
        channel = self._channels[name]
        if not isinstance(channel, np.ndarray):  # kept, so that hovering converts nothing
            self._channels[name] = np.asarray(channel() if callable(channel) else channel)
        values: NDArray[Any] = self._channels[name]
        return values

    def told(self, row: int, shown: str) -> list[list[Any]]:
        """Return name, value and unit of what is known of a point, without computing a channel other than `shown`."""
        values: list[list[Any]] = []
        for name, channel in self._channels.items():
            if callable(channel) and name != shown:
                continue  # hovering is no reason to compute a channel
            value = self.values(name)[row]
            plain = value.item() if isinstance(value, np.generic) else value
            if isinstance(plain, float) and not np.isfinite(plain):
                continue
            told = plain if isinstance(plain, (int, float)) else str(plain)
            values.append([name, told, self._units.get(name, "")])
        return values
