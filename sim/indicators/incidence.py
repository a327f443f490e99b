"""Cumulative incidence of being housed: Aalen-Johansen, delayed entry, leaving as a competing exit.

Applications that were already on the list on day one enter at the age they had reached, and those still waiting
are censored: the only estimate of design/statistics.md that is right within half a point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state.applications import Applications
from sim.words.codes import Status

CENSORED, HOUSED, LEFT = 0, 1, 2
HORIZON_DAYS = 3653
"""Ten years: ages beyond are not followed."""

_CAUSE = np.zeros(256, dtype=np.uint8)
_CAUSE[Status.HOUSED] = HOUSED
_CAUSE[[Status.LAPSED, Status.WITHDRAWN, Status.STRUCK_OFF]] = LEFT


@dataclass(frozen=True)
class Spells:
    """Times on the list; one row per application and class it belongs to. Days are inclusive."""

    filed: np.ndarray
    enter: np.ndarray
    leave: np.ndarray
    cause: np.ndarray
    cell: np.ndarray  # index in ``labels``
    labels: np.ndarray  # the classes that have spells


@dataclass(frozen=True)
class Curves:
    """By class (first axis) and age in days (second axis)."""

    at_risk: np.ndarray
    housed: np.ndarray
    left: np.ndarray
    incidence: np.ndarray  # of being housed
    left_incidence: np.ndarray
    spells: np.ndarray  # how many were followed, by class


class SpellBook:
    """Collects spells, class after class.

    Parameters
    ----------
    applications : Applications
        The final table.
    first_day, last_day : int
        First and last day observed.
    """

    def __init__(self, applications: Applications, first_day: int, last_day: int) -> None:
        self._filed = applications.filed_day[: applications.count]
        closed = applications.closed_day[: applications.count]
        self._cause = _CAUSE[applications.status[: applications.count]]
        self._enter = np.maximum(self._filed, first_day)
        self._leave = np.where(closed >= 0, closed, last_day).astype(np.int32)
        self._recognised = applications.recognised_day[: applications.count]
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []

    def everybody(self, cell: np.ndarray | int) -> None:
        """Add everyone, each in the class given."""
        cells = np.broadcast_to(np.asarray(cell, dtype=np.int32), self._filed.shape)
        self._parts.append((self._filed, self._enter, self._leave, self._cause, cells))

    def some(self, member: np.ndarray, cell: int) -> None:
        """Add those of a mask."""
        rows = np.flatnonzero(member)
        self._add(rows, self._enter[rows], self._leave[rows], self._cause[rows], cell)

    def recognised(self, member: np.ndarray, cell: int) -> None:
        """Add those of a mask from the day they were recognised: before it they are not yet of the class."""
        rows = np.flatnonzero(member & (self._recognised >= 0))
        enter = np.maximum(self._enter[rows], self._recognised[rows])
        self._add(rows, enter, self._leave[rows], self._cause[rows], cell)

    def not_recognised(self, cell: int) -> None:
        """Add everyone until the eve of their recognition, where they are censored."""
        until = np.where(self._recognised >= 0, self._recognised - 1, self._leave)
        rows = np.flatnonzero(until >= self._enter)
        leave = np.minimum(until, self._leave)[rows]
        cause = np.where(leave < self._leave[rows], CENSORED, self._cause[rows]).astype(np.uint8)
        self._add(rows, self._enter[rows], leave, cause, cell)

    def _add(self, rows: np.ndarray, enter: np.ndarray, leave: np.ndarray, cause: np.ndarray, cell: int) -> None:
        self._parts.append((self._filed[rows], enter, leave, cause, np.full(len(rows), cell, dtype=np.int32)))

    def close(self) -> Spells:
        """Return all that was added, classes ascending."""
        filed, enter, leave, cause, cell = (np.concatenate(arrays) for arrays in zip(*self._parts, strict=True))
        used = np.bincount(cell) > 0
        return Spells(filed, enter, leave, cause, (np.cumsum(used) - 1)[cell], np.flatnonzero(used))


def estimate(spells: Spells, first_day: int, last_day: int, horizon: int = HORIZON_DAYS) -> Curves:
    """Return the curves of a period: only what happens between two days counts (a period table when it is a year).

    Parameters
    ----------
    spells : Spells
        Times on the list.
    first_day, last_day : int
        Window, both days included.
    horizon : int
        Largest age, days.
    """
    kept = np.flatnonzero(
        (spells.enter <= last_day)
        & (spells.leave >= first_day)
        & (np.maximum(spells.enter, first_day) - spells.filed <= horizon)
    )
    filed, cell = spells.filed[kept], spells.cell[kept]
    entry = np.maximum(spells.enter[kept], first_day) - filed
    exit_ = np.minimum(np.minimum(spells.leave[kept], last_day) - filed, horizon)
    cause = spells.cause[kept]
    cause = np.where(spells.leave[kept] == filed + exit_, cause, CENSORED)
    width, classes = horizon + 2, len(spells.labels)  # one more age, where those who stay to the horizon are taken off

    def table(ages: np.ndarray, among: np.ndarray | slice = slice(None)) -> np.ndarray:
        flat = np.bincount(cell[among] * width + ages[among], minlength=classes * width)
        return flat.reshape(classes, width)

    at_risk = np.cumsum(table(entry) - table(exit_ + 1), axis=1)[:, :-1]
    housed, left = (table(exit_, np.flatnonzero(cause == k))[:, :-1] for k in (HOUSED, LEFT))
    risk = np.maximum(at_risk, 1)
    waiting = np.cumprod(1.0 - (housed + left) / risk, axis=1)
    before = np.concatenate([np.ones((classes, 1)), waiting[:, :-1]], axis=1)
    return Curves(
        at_risk, housed, left,
        np.cumsum(before * housed / risk, axis=1), np.cumsum(before * left / risk, axis=1),
        np.bincount(cell, minlength=classes),
    )  # fmt: skip


def median_days(curves: Curves) -> np.ndarray:
    """Return the first age at which half have been housed, by class; NaN when the curve never reaches one half."""
    reached = curves.incidence >= 0.5
    return np.where(reached.any(axis=1), reached.argmax(axis=1).astype(float), np.nan)
