"""Ordering rules: who comes first for a vacant dwelling.

A rule turns applications into integer keys that never change while everybody ages at the same rate
(smaller is ahead), which lets the index keep them sorted. Capped seniority stands still: those
applications move to a segment of their own on the day they reach the cap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.inputs.grids import Grid
from sim.rules.criteria import CRITERIA
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_MONTH

UNITS_PER_POINT = 304_375  # one point a month is then exactly 10 000 units a day
NEVER = -1


@dataclass(frozen=True)
class Order:
    """An ordering rule.

    Parameters
    ----------
    name : str
        ``pratique``: seniority, plus the head start of each file (social follow-up, completeness,
        reactivity: hypothèse); ``anciennete``: seniority alone; ``cotation``: points of ``grid``.
    grid : Grid, optional
        For ``cotation``.
    """

    name: str
    grid: Grid | None = None

    @property
    def counts_refusals(self) -> bool:
        """Whether a refusal changes the order."""
        return self.grid is not None and self.grid.refusal_points != 0

    def _rate_per_day(self) -> int:
        if self.grid is None:
            return 1
        return round(self.grid.seniority.points_per_month * UNITS_PER_POINT / DAYS_PER_MONTH)

    def _cap_days(self) -> float:
        cap = self.grid.seniority.cap_months if self.grid else None
        return float("inf") if cap is None else cap * DAYS_PER_MONTH

    def base_points(self, people: Rows) -> np.ndarray:
        """Return the points of a grid without seniority (float64, one per row)."""
        if self.grid is None:
            return np.zeros(len(people))
        total = self.grid.refusal_points * people.refusals_count.astype(np.float64)
        for name, points in self.grid.criteria.items():
            total += points * CRITERIA[name].function(people)
        return np.asarray(total)

    def points(self, people: Rows, day: int) -> np.ndarray:
        """Return the score on a day: points with a grid, else the seniority in months."""
        months = np.minimum(day - people.filed_day, self._cap_days()) / DAYS_PER_MONTH
        if self.grid is None:
            return np.asarray(months)
        return np.asarray(self.base_points(people) + self.grid.seniority.points_per_month * months)

    def keys(self, people: Rows, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return ``(key, is_capped, capping_day)``; ``capping_day`` is -1 when no cap is ahead."""
        filed = people.filed_day.astype(np.int64)
        none = np.full(len(filed), NEVER, dtype=np.int64)
        if self.grid is None:
            head_start = people.head_start_days.astype(np.int64) if self.name == "pratique" else 0
            return filed - head_start, np.zeros(len(filed), dtype=bool), none
        units = np.rint(self.base_points(people) * UNITS_PER_POINT).astype(np.int64)
        cap_days, rate = self._cap_days(), self._rate_per_day()
        if cap_days == float("inf"):
            return rate * filed - units, np.zeros(len(filed), dtype=bool), none
        capping_day = filed + int(np.ceil(cap_days))
        is_capped = capping_day <= day
        key = np.where(is_capped, -units - round(rate * cap_days), rate * filed - units)
        return key, is_capped, np.where(is_capped, NEVER, capping_day)

    def ageing(self, day: int) -> int:
        """Return what to add to the keys of capped applications to compare them with the others on a day."""
        return self._rate_per_day() * day


def served_order(scores: np.ndarray, preference: np.ndarray) -> np.ndarray:
    """Return the tier of each segment: by score (higher first), then by the holder's preference.

    Parameters
    ----------
    scores : numpy.ndarray
        How much each segment serves the objectives that lag (0 when nothing is steered).
    preference : numpy.ndarray
        int, smaller first, -1 = the holder does not propose this segment.
    """
    tiers = np.full(len(scores), -1, dtype=np.int8)
    asked = np.flatnonzero(preference >= 0)
    ranks = sorted({(-scores[s], preference[s]) for s in asked})
    for s in asked:
        tiers[s] = ranks.index((-scores[s], preference[s]))
    return tiers
