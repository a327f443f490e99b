"""Cumulative incidence of being housed: Aalen-Johansen, delayed entry, leaving as a competing exit.

Applications that were already on the list on day one enter at the age they had reached, and those still waiting
are censored: the only estimate of design/statistics.md that is right within half a point. How sure it is, and how
replications are put together, is in ``intervals.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from sim.state.applications import Applications
from sim.words.codes import Status

CENSORED, HOUSED, LEFT = 0, 1, 2
HORIZON_DAYS = 3653
"""Ten years: ages beyond are not followed."""

CAUSES = {Status.HOUSED: HOUSED, Status.LAPSED: LEFT, Status.WITHDRAWN: LEFT, Status.STRUCK_OFF: LEFT}
"""How a closed application ended; the others still wait."""


def cause_of(status: np.ndarray) -> np.ndarray:
    """Return how applications of some statuses ended: ``HOUSED``, ``LEFT``, or ``CENSORED`` when they still wait."""
    table = np.zeros(256, dtype=np.uint8)
    table[list(CAUSES)] = list(CAUSES.values())
    found: np.ndarray = table[status]
    return found


@dataclass(frozen=True)
class Spells:
    """Times on the list; one row per application and class it belongs to. Days are inclusive."""

    filed: np.ndarray  # where the age is counted from: the day filed, or recognised (``since_recognition``)
    enter: np.ndarray
    leave: np.ndarray
    cause: np.ndarray
    cell: np.ndarray  # index in ``labels``
    labels: np.ndarray  # the classes that have spells


@dataclass(frozen=True)
class Counts:
    """Followed and gone by class (first axis) and age in days (second axis); those of several replications add up."""

    at_risk: np.ndarray
    housed: np.ndarray
    left: np.ndarray
    spells: np.ndarray  # how many were followed, by class

    def __add__(self, other: Counts) -> Counts:
        """Return the counts of both."""
        return Counts(
            self.at_risk + other.at_risk, self.housed + other.housed, self.left + other.left, self.spells + other.spells
        )

    def swapped(self) -> Counts:
        """Return the counts with the two ways out exchanged: the incidence is then that of leaving unhoused."""
        return Counts(self.at_risk, self.left, self.housed, self.spells)

    def after(self, age: int) -> Counts:
        """Return the counts of those who have waited some days already, ages from then on."""
        return Counts(self.at_risk[:, age:], self.housed[:, age:], self.left[:, age:], self.at_risk[:, age])


@dataclass(frozen=True)
class Curves(Counts):
    """By class (first axis) and age in days (second axis)."""

    incidence: np.ndarray  # of being housed
    left_incidence: np.ndarray
    before: np.ndarray  # share neither housed nor gone on the eve


class SpellBook:
    """Collects spells, class after class.

    Parameters
    ----------
    filed, closed, cause, recognised : np.ndarray
        By application: day filed, day closed (-1 = open), how it ended, day recognised (-1 = never).
    first_day, last_day : int
        First and last day observed.
    """

    def __init__(
        self,
        filed: np.ndarray,
        closed: np.ndarray,
        cause: np.ndarray,
        recognised: np.ndarray,
        first_day: int,
        last_day: int,
    ) -> None:
        self._filed, self._cause, self._recognised = filed, cause, recognised
        self._enter = np.maximum(filed, np.int32(first_day))
        self._leave = np.where(closed >= 0, closed, np.int32(last_day))
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []

    @classmethod
    def of(cls, applications: Applications, first_day: int, last_day: int) -> SpellBook:
        """Return a book of the final table of a replication."""
        a, rows = applications, slice(0, applications.count)
        return cls(
            a.filed_day[rows], a.closed_day[rows], cause_of(a.status[rows]), a.recognised_day[rows], first_day, last_day
        )

    def everybody(self, cell: np.ndarray | int) -> None:
        """Add everyone, each in the class given."""
        cells = np.broadcast_to(np.asarray(cell, dtype=np.int32), self._filed.shape)
        self._parts.append((self._filed, self._enter, self._leave, self._cause, cells))

    def some(self, member: np.ndarray, cell: int) -> None:
        """Add those of a mask."""
        self._add(np.flatnonzero(member), cell)

    def recognised(self, member: np.ndarray, cell: int) -> None:
        """Add those of a mask from the day they were recognised: before it they are not yet of the class."""
        rows = np.flatnonzero(member & (self._recognised >= 0))
        self._add(rows, cell, enter=np.maximum(self._enter[rows], self._recognised[rows]))

    def since_recognition(self, member: np.ndarray, cell: int) -> None:
        """Add those of a mask, their age counted from the day they were recognised."""
        rows = np.flatnonzero(member & (self._recognised >= 0))
        since = self._recognised[rows]
        self._add(rows, cell, since=since, enter=np.maximum(self._enter[rows], since))

    def not_recognised(self, cell: int, member: np.ndarray | bool = True) -> None:
        """Add everyone (or those of a mask) until the eve of their recognition, where they are censored."""
        until = np.where(self._recognised >= 0, self._recognised - 1, self._leave)
        rows = np.flatnonzero((until >= self._enter) & member)
        leave = np.minimum(until, self._leave)[rows]
        cause = np.where(leave < self._leave[rows], CENSORED, self._cause[rows]).astype(np.uint8)
        self._add(rows, cell, leave=leave, cause=cause)

    def _add(
        self,
        rows: np.ndarray,
        cell: int,
        *,
        since: np.ndarray | None = None,
        enter: np.ndarray | None = None,
        leave: np.ndarray | None = None,
        cause: np.ndarray | None = None,
    ) -> None:
        self._parts.append(
            (
                self._filed[rows] if since is None else since,
                self._enter[rows] if enter is None else enter,
                self._leave[rows] if leave is None else leave,
                self._cause[rows] if cause is None else cause,
                np.full(len(rows), cell, dtype=np.int32),
            )
        )

    def close(self) -> Spells:
        """Return all that was added, classes ascending."""
        filed, enter, leave, cause, cell = (np.concatenate(arrays) for arrays in zip(*self._parts, strict=True))
        used = np.bincount(cell) > 0
        return Spells(filed, enter, leave, cause, (np.cumsum(used, dtype=np.int32) - 1)[cell], np.flatnonzero(used))


def tally(spells: Spells, first_day: int, last_day: int, horizon: int = HORIZON_DAYS) -> Counts:
    """Return the counts of a period: only what happens between two days counts (a period table when it is a year).

    Parameters
    ----------
    spells : Spells
        Times on the list.
    first_day, last_day : int
        Window, both days included.
    horizon : int
        Largest age, days.
    """
    width, classes = horizon + 2, len(spells.labels)  # one more age, where those who stay to the horizon are taken off
    change = np.zeros((classes, width), dtype=np.int32)
    housed, left = np.zeros_like(change), np.zeros_like(change)
    followed = np.zeros(classes, dtype=np.int64)
    columns = (spells.filed, spells.enter, spells.leave, spells.cause, spells.cell)
    _count(*columns, first_day, last_day, horizon, change, housed, left, followed)
    at_risk = np.cumsum(change, axis=1, dtype=np.int32)[:, :-1]
    return Counts(at_risk, housed[:, :-1], left[:, :-1], followed)


@njit(cache=True)
def _count(filed, enter, leave, cause, cell, first, last, horizon, change, housed, left, followed):  # type: ignore[no-untyped-def]
    """Count each spell where it is first followed and where it ends, by class and age; one pass, no copy."""
    for i in range(len(filed)):
        begins = max(enter[i], first) - filed[i]
        if enter[i] > last or leave[i] < first or begins > horizon:
            continue
        ends = min(min(leave[i], last) - filed[i], horizon)
        place = cell[i]
        followed[place] += 1
        change[place, begins] += 1
        change[place, ends + 1] -= 1
        if leave[i] == filed[i] + ends:
            if cause[i] == HOUSED:
                housed[place, ends] += 1
            elif cause[i] == LEFT:
                left[place, ends] += 1


def curves(counts: Counts) -> Curves:
    """Return the Aalen-Johansen curves of some counts (of one replication, or of several added up)."""
    risk = np.maximum(counts.at_risk, 1)
    waiting = np.cumprod(1.0 - (counts.housed + counts.left) / risk, axis=1)
    before = np.concatenate([np.ones((len(risk), 1)), waiting[:, :-1]], axis=1)
    housed, left = (np.cumsum(before * gone / risk, axis=1) for gone in (counts.housed, counts.left))
    return Curves(counts.at_risk, counts.housed, counts.left, counts.spells, housed, left, before)


def estimate(spells: Spells, first_day: int, last_day: int, horizon: int = HORIZON_DAYS) -> Curves:
    """Return the curves of a period; see ``tally``."""
    return curves(tally(spells, first_day, last_day, horizon))


def median_days(curves: Curves) -> np.ndarray:
    """Return the first age at which half have been housed, by class; NaN when the curve never reaches one half."""
    reached = curves.incidence >= 0.5
    return np.where(reached.any(axis=1), reached.argmax(axis=1).astype(float), np.nan)
