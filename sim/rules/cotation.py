"""Cotation of the demand (CCH L441-2-8, R441-2-10): points by criterion, and the static order they give.

It is a decision aid: it orders the files that are presented, the commission decides (rules.md 5.1).
All scores rise at one rate, so the order of two applications changes only on dated days: a cap or a
threshold reached, a birthday. ``Cotation.keys`` gives a key that is right until the next of these days.

Units: one point is ``UNITS_PER_POINT`` units, so that one point a month is 10 000 units a day exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.inputs.grids import Grid, Rubric, pair_fault
from sim.rules.criteria import CRITERIA, NEVER, Today, is_dated, meets, next_change
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_MONTH

UNITS_PER_POINT = 304_375
KEY_BITS = 37
KEY_LIMIT = 1 << KEY_BITS
"""Keys stay under it, plus and minus: the index shifts them by 24 bits, and buffers put theirs twice as far ahead."""
LAST_DAY = int(np.iinfo(np.uint16).max)
"""No day of a run is later (2149)."""


class Keys(NamedTuple):
    """Where applications stand in the order (smaller is ahead), one per row."""

    key: np.ndarray
    """int64; comparable between rows that grow, or between rows that stand still."""
    is_still: np.ndarray
    """bool: the score no longer rises; add ``ageing(day)`` to compare with the others."""
    next_day: np.ndarray
    """int64: next day on which the key changes by itself, -1 = never."""


class Segment(NamedTuple):
    """What points on the residence look at, one per applicant or per segment of the list (bool)."""

    is_first_quartile: np.ndarray
    is_disabled: np.ndarray
    is_priority: np.ndarray


@dataclass(frozen=True)
class Cotation:
    """A grid ready to count points.

    Parameters
    ----------
    grid : Grid
        For all, or for first access when ``mutations`` is given.
    mutations : Grid, optional
        For tenants of the stock (R441-2-10, 11° allows it).

    Raises
    ------
    ValueError
        Two grids that cannot rank one list, or points too large for the keys.
    """

    grid: Grid
    mutations: Grid | None = None

    def __post_init__(self) -> None:
        """Refuse what the static order cannot hold."""
        fault = pair_fault(self.grid, self.mutations) if self.mutations else ""
        if fault:
            raise ValueError(fault)
        for grid in self.grids:
            points = sum(abs(p) for group in grid.groups for p in group.criteria.values())
            points += grid.seniority.threshold_points + sum(abs(r.points) for r in grid.residence)
            points += np.iinfo(np.uint8).max * abs(grid.refusal_points)
            if points * UNITS_PER_POINT + self.rate_per_day * LAST_DAY >= KEY_LIMIT:
                raise ValueError(f"{grid.title}: points too large for the order of the list")

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The grids, the general one first."""
        return (self.grid, self.mutations) if self.mutations else (self.grid,)

    @cached_property
    def rate_per_day(self) -> int:
        """Units that a day of waiting adds, for those whose score rises."""
        return max(_rate_per_day(grid) for grid in self.grids)

    @cached_property
    def needs_the_day(self) -> bool:
        """Whether a criterion depends on the day and on the law."""
        return any(is_dated(name) for grid in self.grids for name in grid.names)

    @property
    def counts_refusals(self) -> bool:
        """Whether a refusal changes the points."""
        return any(grid.refusal_points for grid in self.grids)

    def _of(self, people: Rows, first: np.ndarray, second: np.ndarray | None) -> np.ndarray:
        """Return the values of the grid that each row comes under."""
        return first if second is None else np.where(people.is_mutation, second, first)

    def _both(self, function, people: Rows, *more) -> np.ndarray:  # type: ignore[no-untyped-def]
        second = function(self.mutations, people, *more) if self.mutations else None
        return self._of(people, function(self.grid, people, *more), second)

    def base_points(self, people: Rows, today: Today | None = None) -> np.ndarray:
        """Return the points without seniority (float64, one per row)."""
        return self._both(_base_points, people, today)

    def points(self, people: Rows, day: int, today: Today | None = None, since: np.ndarray | None = None) -> np.ndarray:
        """Return the score on a day (points, float64).

        Parameters
        ----------
        today : Today, optional
            Needed when the grid holds dated criteria.
        since : numpy.ndarray, optional
            Day from which seniority counts; default the day of filing.
        """
        since = people.filed_day if since is None else since
        return np.asarray(self.base_points(people, today) + self._both(_seniority_points, people, day, since))

    def keys(self, people: Rows, day: int, today: Today | None = None, since: np.ndarray | None = None) -> Keys:
        """Return the static keys on a day, as ``points``."""
        since = (people.filed_day if since is None else since).astype(np.int64)
        parts = [_keys(grid, people, day, today, since, self.rate_per_day) for grid in self.grids]
        if self.mutations is None:
            return parts[0]
        return Keys(*(np.where(people.is_mutation, two, one) for one, two in zip(*parts, strict=True)))

    def ageing(self, day: int) -> int:
        """Return what to add to the keys of rows that stand still to compare them with the others on a day."""
        return self.rate_per_day * day

    def breakdown(
        self, person: Rows, day: int, today: Today | None = None, since: np.ndarray | None = None
    ) -> dict[str, float]:
        """Return the points of one application by criterion (French label), those that count, zeros left out."""
        grid = self.mutations if self.mutations and bool(person.is_mutation[0]) else self.grid
        lines: dict[str, float] = {}
        for group in grid.groups:
            counted = _counted(group, person, today)[:, 0]
            for name, points in zip(group.criteria, counted.tolist(), strict=True):
                lines[CRITERIA[name].label] = points
        since = person.filed_day if since is None else since
        bonus = float(_threshold_points(grid, day, since)[0])
        lines["ancienneté"] = float(_seniority_points(grid, person, day, since)[0]) - bonus
        lines["délai dépassé"] = bonus
        lines["refus"] = grid.refusal_points * float(person.refusals_count[0])
        return {label: points for label, points in lines.items() if points}

    def residence_points(self, who: Segment, home: Mapping[str, bool]) -> np.ndarray:
        """Return the points that a dwelling gives to applicants, or to segments of the list (action 30).

        Parameters
        ----------
        home : mapping
            ``en_qpv`` and ``accessible`` of the dwelling.
        """
        facts = {**home, "hors_qpv": not home["en_qpv"]}
        groups = {
            "tous": np.ones(len(who.is_disabled), dtype=bool),
            "premier_quartile": who.is_first_quartile,
            "hors_premier_quartile": ~who.is_first_quartile,
            "handicap": who.is_disabled,
            "prioritaire": who.is_priority,
        }
        total = np.zeros(len(who.is_disabled))
        for rule in self.grid.residence:
            if facts[rule.dwelling]:
                total += rule.points * groups[rule.applicant]
        return total

    def residence_shifts(self, who: Segment, home: Mapping[str, bool]) -> np.ndarray:
        """Return what to add to the keys of each segment for a dwelling (int64), as ``ageing``."""
        return np.asarray(-np.rint(self.residence_points(who, home) * UNITS_PER_POINT).astype(np.int64))


def _rate_per_day(grid: Grid) -> int:
    return round(grid.seniority.points_per_month * UNITS_PER_POINT / DAYS_PER_MONTH)


def _cap_days(grid: Grid) -> float:
    cap = grid.seniority.cap_months
    return float("inf") if cap is None else cap * DAYS_PER_MONTH


def _counted(group: Rubric, people: Rows, today: Today | None) -> np.ndarray:
    """Return the points that count, criteria x rows: of a ``max`` rubric only the first of the highest."""
    given = np.stack([meets(name, people, today) * points for name, points in group.criteria.items()])
    if group.combine == "sum":
        return np.asarray(given, dtype=np.float64)
    kept = np.zeros(given.shape)
    highest, rows = given.argmax(axis=0), np.arange(given.shape[1])
    kept[highest, rows] = given[highest, rows]
    return kept


def _base_points(grid: Grid, people: Rows, today: Today | None) -> np.ndarray:
    total = grid.refusal_points * people.refusals_count.astype(np.float64)
    for group in grid.groups:
        total += _counted(group, people, today).sum(axis=0)
    return np.asarray(total)


def _threshold_day(grid: Grid, since: np.ndarray) -> np.ndarray:
    """Return the first day on which the delay is passed: more than the delay, never exactly the delay."""
    months = grid.seniority.threshold_months
    if months is None:
        return np.full(len(since), np.iinfo(np.int64).max)
    return since.astype(np.int64) + int(months * DAYS_PER_MONTH) + 1


def _threshold_points(grid: Grid, day: int, since: np.ndarray) -> np.ndarray:
    return np.asarray(grid.seniority.threshold_points * (_threshold_day(grid, since) <= day))


def _seniority_points(grid: Grid, people: Rows, day: int, since: np.ndarray) -> np.ndarray:
    months = np.minimum(day - since.astype(np.int64), _cap_days(grid)) / DAYS_PER_MONTH
    return np.asarray(grid.seniority.points_per_month * months + _threshold_points(grid, day, since))


def _keys(grid: Grid, people: Rows, day: int, today: Today | None, since: np.ndarray, rate: int) -> Keys:
    """Return the keys under one grid; ``rate`` is that of the rows that grow, of this grid or of the other."""
    own_rate, cap_days, never = _rate_per_day(grid), _cap_days(grid), np.full(len(since), NEVER, dtype=np.int64)
    points = _base_points(grid, people, today) + _threshold_points(grid, day, since)
    units = np.rint(points * UNITS_PER_POINT).astype(np.int64)
    if own_rate == 0 and rate > 0:
        key, is_still, next_day = -units, np.ones(len(since), dtype=bool), never
    elif cap_days == float("inf"):
        key, is_still, next_day = own_rate * since - units, np.zeros(len(since), dtype=bool), never
    else:
        capping_day = since + int(np.ceil(cap_days))
        is_still = capping_day <= day
        key = np.where(is_still, -units - round(own_rate * cap_days), own_rate * since - units)
        next_day = np.where(is_still, NEVER, capping_day)
    if grid.seniority.threshold_points:
        passing = _threshold_day(grid, since)
        next_day = _earliest(next_day, np.where(passing > day, passing, NEVER))
    for name in filter(is_dated, grid.names):
        next_day = _earliest(next_day, next_change(name, people, today))
    return Keys(key, is_still, next_day)


def _earliest(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where((one < 0) | ((other >= 0) & (other < one)), other, one)


def ranking(points: np.ndarray, filed_day: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Return positions in the order of a spreadsheet: points, then date of filing, then keyed luck.

    No text settles ties (rules.md 5.3); the index follows the same order, rows standing for the date of filing.
    """
    return np.lexsort((luck, filed_day, -points))


def whole_points(points: np.ndarray) -> np.ndarray:
    """Return scores as an applicant reads them: months count once complete.

    With whole points by criterion the order by days refines the order by whole months: it never contradicts it.
    """
    return np.floor(np.asarray(points) + 1e-9)


def tied(points: np.ndarray, among: np.ndarray | int = 0) -> np.ndarray:
    """Return which scores equal another's, on one list or each among those of its own (``among``, whole numbers)."""
    levels, place = np.unique(points, return_inverse=True)
    _, same = np.unique(np.asarray(among, dtype=np.int64) * len(levels) + place, return_inverse=True)
    return np.asarray(np.bincount(same)[same] > 1) if len(levels) else np.zeros(0, dtype=bool)
