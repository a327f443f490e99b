"""Counters: what each holder received, and how far each objective has been reached this year."""

from __future__ import annotations

import numpy as np


class QuotaBook:
    """Numerators and denominators of objectives, and orientations by landlord and holder.

    Attributes
    ----------
    oriented : numpy.ndarray
        float (landlords, holders): orientations since 1 January.
    """

    def __init__(self, landlords: int, holders: int) -> None:
        self.oriented = np.zeros((landlords, holders))
        self._numerator: dict[str, int] = {}
        self._denominator: dict[str, int] = {}

    def start_year(self) -> None:
        """Forget the year that ended: objectives are yearly."""
        self.oriented[:] = 0.0
        self._numerator.clear()
        self._denominator.clear()

    def count(self, objective: str, is_counted: np.ndarray) -> None:
        """Add attributions to an objective's denominator, and to its numerator those that count (bool, one each)."""
        self._denominator[objective] = self._denominator.get(objective, 0) + len(is_counted)
        self._numerator[objective] = self._numerator.get(objective, 0) + int(is_counted.sum())

    def share(self, objective: str) -> float:
        """Return the share reached so far this year, 0 before the first attribution."""
        among = self._denominator.get(objective, 0)
        return self._numerator.get(objective, 0) / among if among else 0.0
