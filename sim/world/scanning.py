"""The slow, obvious twin of the index: scan the whole list for every vacancy.

It must designate the same households; tests and ``simhlm bench`` check it lease by lease.
"""

from __future__ import annotations

import numpy as np

from sim.rules.affordability import Terms
from sim.world.waiting import Ask, People, Waiting, passes


class Scanning(Waiting):
    """Same interface as :class:`Waiting`, without buckets."""

    def enter(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """Remember keys and segments."""
        if len(rows):
            self._make_room(int(rows.max()) + 1)
            self.key_of[rows], self.segment_of[rows] = keys, segments

    def _empty(self, people: People, rows: np.ndarray) -> None:
        """There are no buckets."""

    def candidates(
        self, people: People, terms: Terms, asks: list[Ask], tiers: np.ndarray, ageing: int, wanted: int
    ) -> np.ndarray:
        """Look at everybody, keep those who wish this place and size, sort, take the first who pass."""
        rows = np.flatnonzero((self.segment_of >= 0) & ~self.is_out)
        segment = self.segment_of[rows]
        ask = asks[0]
        sizes = (people.rooms_min[rows] <= ask.rooms) & (ask.rooms <= people.rooms_max[rows])
        here = np.isin(self.members, [ask.place, ask.territory_place, ask.whole_place])
        set_of_member = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        wishes = np.isin(people.place_set[rows], np.unique(set_of_member[here]))
        kept = sizes & wishes & (tiers[segment] >= 0)
        rows, segment = rows[kept], segment[kept]
        current = self.key_of[rows] + np.where(segment % 2 == 1, ageing, 0)
        rows = rows[np.lexsort((rows, current, tiers[segment]))]
        chosen: list[int] = []
        for question in asks:
            for row in rows.tolist():
                if len(chosen) >= wanted:
                    break
                if row not in chosen and passes(row, question, people, terms):
                    chosen.append(row)
        return np.array(chosen, dtype=np.int32)
