"""Counters: what each holder received, and how far each objective has been reached this year."""

from __future__ import annotations


class QuotaBook:
    """Numerators and denominators of objectives, and orientations by landlord and holder.

    Attributes
    ----------
    oriented : list of list of float
        Orientations since 1 January, by landlord then holder.
    """

    def __init__(self, landlords: int, holders: int) -> None:
        self.oriented = [[0.0] * holders for _ in range(landlords)]
        self._numerator: dict[str, int] = {}
        self._denominator: dict[str, int] = {}

    def start_year(self) -> None:
        """Forget the year that ended: objectives are yearly."""
        self.oriented = [[0.0] * len(row) for row in self.oriented]
        self._numerator.clear()
        self._denominator.clear()

    def count(self, objective: str, is_counted: bool) -> None:
        """Add one attribution to an objective's denominator, and to its numerator if it counts."""
        self._denominator[objective] = self._denominator.get(objective, 0) + 1
        self._numerator[objective] = self._numerator.get(objective, 0) + int(is_counted)

    def share(self, objective: str) -> float:
        """Return the share reached so far this year, 0 before the first attribution."""
        among = self._denominator.get(objective, 0)
        return self._numerator.get(objective, 0) / among if among else 0.0
