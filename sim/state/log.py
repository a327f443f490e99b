"""The event log: the only memory of what happened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.words.codes import EventKind

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

ROOM = 4096


class Records:
    """Rows of a structured type, only ever added; room is doubled when it lacks.

    Parameters
    ----------
    dtype : numpy.dtype
        Type of one row.
    blank : tuple, optional
        A row of defaults; zeros when not given.
    """

    def __init__(self, dtype: np.dtype, blank: tuple[float, ...] | None = None) -> None:
        self._blank = np.zeros(1, dtype=dtype) if blank is None else np.array([blank], dtype=dtype)
        self._rows = np.repeat(self._blank, ROOM)
        self._columns = {name: self._rows[name] for name in dtype.names or ()}
        self._count = 0

    def add(self, count: int, **values: np.ndarray | float) -> None:
        """Add ``count`` rows; scalars are repeated, columns not given keep their default."""
        first, last = self._count, self._count + count
        if last > len(self._rows):
            self._columns.clear()  # views would keep the old room alive
            room = len(self._rows)
            self._rows.resize(max(last, 2 * room), refcheck=False)
            self._rows[room:] = self._blank
            self._columns = {name: self._rows[name] for name in self._rows.dtype.names or ()}
        for name, given in values.items():
            self._columns[name][first:last] = given
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
        super().__init__(EVENT, (0, 0, 0, -1, -1, -1, 0, 0, 0.0))

    def write(self, day: int, phase: int, kind: np.ndarray | int, rows: int, **given: np.ndarray | float) -> None:
        """Record ``rows`` events at one moment.

        Parameters
        ----------
        kind : numpy.ndarray or int
            ``EventKind``.
        **given
            Other columns of ``EVENT``; scalars are repeated.
        """
        if rows:
            self.add(rows, day=day, phase=phase, kind=kind, **given)


def by_kind(kinds: np.ndarray) -> list[np.ndarray]:
    """Return the positions of each ``EventKind`` in a log, in its order; ``kinds`` is its column of kinds."""
    order = np.argsort(kinds, kind="stable")
    return np.split(order, np.cumsum(np.bincount(kinds, minlength=len(EventKind)))[:-1])


def positions_of(positions: list[np.ndarray], kinds: Sequence[EventKind]) -> np.ndarray:
    """Return the positions of some kinds, in the order of the log, from those of each."""
    parts = [positions[kind] for kind in kinds]
    return parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))
