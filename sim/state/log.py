"""The event log: the only memory of what happened."""

from __future__ import annotations

from array import array

import numpy as np

EVENT = np.dtype(
    [
        ("day", "i4"),
        ("phase", "u1"),
        ("kind", "u1"),
        ("application", "i4"),
        ("household", "i4"),
        ("dwelling", "i4"),
        ("rank", "u1"),
        ("reason", "u1"),
        ("value", "f4"),
    ]
)
"""One event. ``value`` depends on the kind: points at DESIGNATED, flags at RECOGNISED, holder at ORIENTED."""

_WIDTH = len(EVENT.names or ())


class EventLog:
    """Events in the order in which they happened.

    Every field is exact in a double, so one flat array of doubles takes them all: appending costs a
    fifth of a microsecond and the conversion is done once, at the end.
    """

    def __init__(self) -> None:
        self._flat = array("d")
        self._extend = self._flat.extend

    def add(
        self,
        day: int,
        phase: int,
        kind: int,
        application: int = -1,
        household: int = -1,
        dwelling: int = -1,
        rank: int = 0,
        reason: int = 0,
        value: float = 0.0,
    ) -> None:
        """Record one event."""
        self._extend((day, phase, kind, application, household, dwelling, rank, reason, value))

    def add_many(
        self,
        day: int,
        phase: int,
        kind: np.ndarray | int,
        application: np.ndarray | int = -1,
        household: np.ndarray | int = -1,
        dwelling: np.ndarray | int = -1,
        ranks: np.ndarray | int = 0,
        reason: np.ndarray | int = 0,
        value: np.ndarray | float = 0.0,
    ) -> None:
        """Record one event per row of the arrays given (scalars are repeated)."""
        sizes = [np.size(application), np.size(household), np.size(dwelling)]
        if 0 in sizes:
            return
        rows = max(sizes)
        block = np.empty((rows, _WIDTH))
        for place, given in enumerate((day, phase, kind, application, household, dwelling, ranks, reason, value)):
            block[:, place] = given
        self._flat.frombytes(block.tobytes())

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self._flat) // _WIDTH

    def to_array(self) -> np.ndarray:
        """Return the events as one structured array of dtype ``EVENT``."""
        flat = np.frombuffer(self._flat).reshape(-1, _WIDTH)  # a view: the log may be large
        events = np.empty(len(flat), dtype=EVENT)
        for place, name in enumerate(EVENT.names or ()):
            events[name] = flat[:, place]
        return events
