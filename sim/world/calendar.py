"""What falls due on a day, and on which days the list is kept up to date: what has only a date needs no process."""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.words.clock import to_date

NOTHING = -1
NO_ROWS = np.empty(0, dtype=np.int64)


@njit(cache=True)
def _file(head, after, row_of, count, days, rows):  # type: ignore[no-untyped-def]
    """Put rows in front of the list of their day."""
    for i in range(len(rows)):
        row_of[count], after[count] = rows[i], head[days[i]]
        head[days[i]] = count
        count += 1
    return count


@njit(cache=True)
def _take(head, after, row_of, begin, end, taken):  # type: ignore[no-untyped-def]
    """Gather the rows of some days, ascending, each once, and forget them; return how many were filed, and remain."""
    found = 0
    for day in range(begin, end):
        place = head[day]
        while place >= 0:
            taken[found] = row_of[place]
            found += 1
            place = after[place]
        head[day] = NOTHING
    taken[:found].sort()
    kept = 0
    for i in range(found):
        if i == 0 or taken[i] != taken[kept - 1]:
            taken[kept] = taken[i]
            kept += 1
    return found, kept


class Calendar:
    """Rows that fall due on a day: one chain of rows by day, so that filing costs the same for one day or for many."""

    def __init__(self) -> None:
        self._head = np.full(0, NOTHING, dtype=np.int32)  # by day since 1970-01-01: the last place filed
        self._after = np.empty(64, dtype=np.int32)  # by place: the one filed before it on the same day
        self._row = np.empty(64, dtype=np.int64)
        self._count, self._waiting = 0, 0  # places used since the calendar was last empty, rows not yet popped
        self._next = 0  # first day not popped yet

    def add(self, days: np.ndarray, rows: np.ndarray) -> None:
        """File rows under their days; those of days gone by fall due at the next call of ``pop``."""
        if len(rows):
            self._make_room(int(days.max()), len(rows))
            days, rows = np.maximum(days, self._next).astype(np.int64), rows.astype(np.int64)
            self._count = _file(self._head, self._after, self._row, self._count, days, rows)
            self._waiting += len(rows)

    def add_group(self, day: int, rows: np.ndarray) -> None:
        """File rows that all fall due on one day."""
        self.add(np.full(len(rows), day), rows)

    def _make_room(self, last_day: int, rows: int) -> None:
        last_day = max(last_day, self._next)
        if last_day >= len(self._head):
            more = np.full(last_day + 365 - len(self._head), NOTHING, dtype=np.int32)
            self._head = np.concatenate([self._head, more])
        if not self._waiting:
            self._count = 0
        if self._count + rows > len(self._row):
            room = max(self._count + rows, 2 * len(self._row))
            self._after, self._row = np.resize(self._after, room), np.resize(self._row, room)

    def pop(self, day: int) -> np.ndarray:
        """Return the rows due by the end of a day, ascending, each once, and forget them."""
        begin, self._next = self._next, max(self._next, day + 1)
        if not self._waiting or begin >= len(self._head):
            return NO_ROWS
        taken = np.empty(self._waiting, dtype=np.int64)
        found, kept = _take(self._head, self._after, self._row, begin, min(self._next, len(self._head)), taken)
        self._waiting -= found
        return taken[:kept].copy() if kept else NO_ROWS


def office_days(first: int, last: int, every_days: int, turns: int) -> list[int]:
    """Return the days on which the list is kept up to date: when a commission sits, and at the end of each month.

    Nobody reads the list on the other days. What falls due since the last of these days is done on this one.
    """
    sessions = {day for turn in range(turns) for day in range(first + turn * every_days // turns, last + 1, every_days)}
    months = np.arange(np.datetime64(to_date(first), "M"), np.datetime64(to_date(last), "M") + 1)
    ends = (months + 1).astype("M8[D]").astype(np.int64) - 1
    return sorted({*sessions, *ends[ends <= last].tolist(), last})
