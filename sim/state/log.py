"""The event log: the only memory of what happened."""

from __future__ import annotations

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
"""One event. ``value`` by kind: points at DESIGNATED, flags at RECOGNISED or its end, holder at ORIENTED."""


class EventLog:
    """Events in the order in which they happened.

    Single events are collected as tuples, and folded into an array of dtype ``EVENT`` by thousands.
    """

    def __init__(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._pending: list[tuple[float, ...]] = []
        self._append = self._pending.append
        self._count = 0

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
        self._append((day, phase, kind, application, household, dwelling, rank, reason, value))

    def _fold(self) -> None:
        if self._pending:
            self._blocks.append(np.array(self._pending, dtype=EVENT))
            self._count += len(self._pending)
            self._pending.clear()

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
        self._fold()
        block = np.empty(max(sizes), dtype=EVENT)
        given = (day, phase, kind, application, household, dwelling, ranks, reason, value)
        for name, values in zip(EVENT.names or (), given, strict=True):
            block[name] = values
        self._blocks.append(block)
        self._count += len(block)

    def __len__(self) -> int:
        """Return the number of events."""
        return self._count + len(self._pending)

    def to_array(self) -> np.ndarray:
        """Return the events as one structured array of dtype ``EVENT``."""
        self._fold()
        return np.concatenate(self._blocks) if self._blocks else np.empty(0, dtype=EVENT)
