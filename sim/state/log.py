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
"""One event. ``value`` depends on the kind: points at DESIGNATED, flags at RECOGNISED, holder at ORIENTED."""

ROOM = 4096


class Records:
    """Rows of a structured type, only ever added; room is doubled when it lacks.

    Parameters
    ----------
    dtype : numpy.dtype
        Type of one row.
    """

    def __init__(self, dtype: np.dtype) -> None:
        self._rows = np.empty(ROOM, dtype=dtype)
        self._columns = {name: self._rows[name] for name in dtype.names or ()}
        self._count = 0

    def add(self, count: int, **values: np.ndarray | float) -> None:
        """Add ``count`` rows; scalars are repeated."""
        first, last = self._count, self._count + count
        if last > len(self._rows):
            self._columns.clear()  # views would keep the old room alive
            self._rows.resize(max(last, 2 * len(self._rows)), refcheck=False)
            self._columns = {name: self._rows[name] for name in self._rows.dtype.names or ()}
        for name, column in self._columns.items():
            column[first:last] = values[name]
        self._count = last

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._count

    def to_array(self) -> np.ndarray:
        """Return the rows, and end the collection: nothing can be added any more."""
        self._columns.clear()
        self._rows.resize(self._count, refcheck=False)
        return self._rows


class EventLog(Records):
    """Events in the order in which they happened."""

    def __init__(self) -> None:
        super().__init__(EVENT)

    def write(
        self,
        day: int,
        phase: int,
        kind: np.ndarray | int,
        application: np.ndarray | int = -1,
        household: np.ndarray | int = -1,
        dwelling: np.ndarray | int = -1,
        rank: np.ndarray | int = 0,
        reason: np.ndarray | int = 0,
        value: np.ndarray | float = 0.0,
    ) -> None:
        """Record one event per row of the arrays given (scalars are repeated)."""
        given = next(rows for rows in (application, dwelling, household) if isinstance(rows, np.ndarray))
        if len(given):
            self.add(
                len(given), day=day, phase=phase, kind=kind, application=application, household=household,
                dwelling=dwelling, rank=rank, reason=reason, value=value,
            )  # fmt: skip
