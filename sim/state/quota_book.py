"""Counters: what each holder received, and how far each objective has been reached in its window."""

from __future__ import annotations

from typing import NamedTuple

Member = tuple[str, ...]
"""What is judged apart: () for the whole, ("LMH",), ("LMH", "Territoire Est")..."""

EVERYBODY: Member = ()
MONTHS = 12
CALENDAR_YEAR = "annee_civile"
ROLLING = {"glissant_6_mois": 6, "glissant_12_mois": 12}


class Tally(NamedTuple):
    """What counts, among how many."""

    numerator: int
    denominator: int

    @property
    def share(self) -> float:
        """The share reached, 0 before the first attribution."""
        return self.numerator / self.denominator if self.denominator else 0.0


class _Counter:
    """The calendar year, and a ring of twelve months of which old ones are emptied when they come round again."""

    def __init__(self) -> None:
        self.year = [0, 0]
        self.ring = [[-1, 0, 0] for _ in range(MONTHS)]  # month, numerator, denominator

    def add(self, month: int, counted: int, dwellings: int, is_this_year: bool) -> None:
        if is_this_year:
            self.year[0] += counted * dwellings
            self.year[1] += dwellings
        bucket = self.ring[month % MONTHS]
        if bucket[0] < month:
            bucket[:] = [month, 0, 0]
        if bucket[0] == month:  # else the month is too old to be looked at
            bucket[1] += counted * dwellings
            bucket[2] += dwellings

    def tally(self, month: int, months: int) -> Tally:
        if not months:
            return Tally(*self.year)
        recent = [bucket for bucket in self.ring if month - months < bucket[0] <= month]
        return Tally(sum(bucket[1] for bucket in recent), sum(bucket[2] for bucket in recent))


class QuotaBook:
    """Numerators and denominators of objectives.

    Attributes
    ----------
    month : int
        Current month (12 x year + month), for rolling windows; ``start_month`` sets it.
    """

    def __init__(self) -> None:
        self.month = 0
        self._counters: dict[str, dict[Member, _Counter]] = {}

    def start_year(self) -> None:
        """Forget the calendar year that ended; rolling windows go on."""
        for members in self._counters.values():
            for counter in members.values():
                counter.year = [0, 0]

    def start_month(self, month: int) -> None:
        """Say which month it is (12 x year + month): nothing else moves, old buckets empty themselves."""
        self.month = month

    def count(
        self,
        objective: str,
        is_counted: bool,
        member: Member = EVERYBODY,
        dwellings: int = 1,
        month: int | None = None,
    ) -> None:
        """Add one attribution to an objective's denominator, and to its numerator if it counts.

        Parameters
        ----------
        dwellings : int
            -1 takes back one that was counted.
        month : int, optional
            Month in which it was counted; the current one by default.
        """
        members = self._counters.setdefault(objective, {})
        if member not in members:
            members[member] = _Counter()
        month = self.month if month is None else month
        members[member].add(month, int(is_counted), dwellings, month // MONTHS == self.month // MONTHS)

    def tally(self, objective: str, member: Member = EVERYBODY, window: str = CALENDAR_YEAR) -> Tally:
        """Return what an objective has reached for a member in a window ending this month."""
        counter = self._counters.get(objective, {}).get(member)
        return counter.tally(self.month, ROLLING.get(window, 0)) if counter else Tally(0, 0)

    def share(self, objective: str, member: Member = EVERYBODY, window: str = CALENDAR_YEAR) -> float:
        """Return the share reached, 0 before the first attribution."""
        return self.tally(objective, member, window).share

    def members(self, objective: str) -> list[Member]:
        """Return the members that have had an attribution, in alphabetical order."""
        return sorted(self._counters.get(objective, {}))

    def total(self, objective: str, window: str = CALENDAR_YEAR) -> Tally:
        """Return the whole: the sum of numerators over the sum of denominators, never a mean of shares."""
        tallies = [self.tally(objective, member, window) for member in self._counters.get(objective, {})]
        return Tally(sum(t.numerator for t in tallies), sum(t.denominator for t in tallies))
