"""The slow, obvious twin of the index: scan the whole list for every vacancy.

It must designate the same households; tests and ``simhlm bench`` check it lease by lease.
"""

from __future__ import annotations

import numpy as np

from sim.rules.affordability import Terms
from sim.world.waiting import Ask, Homes, People, Waiting, passes


class Scanning(Waiting):
    """Same interface as :class:`Waiting`, without buckets."""

    def enter(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """Remember keys and segments."""
        if len(rows):
            self._make_room(int(rows.max()) + 1)
            self.key_of[rows], self.segment_of[rows] = keys, segments

    def _remove(self, people: People, rows: np.ndarray) -> None:
        """There are no buckets."""

    def _choose(self, people, homes, terms, query, ageing, chosen, found, is_fallback) -> None:  # type: ignore[no-untyped-def]
        taken: list[int] = []
        for i, dwelling in enumerate(query.dwellings.tolist()):
            asked = ((query.holder_tiers[i], int(query.holder_mask[i])), (query.landlord_tiers[i], 0xFF))
            for turn, (tiers, mask) in enumerate(asked):
                picked = self.scan(people, homes, terms, dwelling, tiers, mask, ageing, int(query.wanted[i]), taken)
                if picked:
                    is_fallback[i] = turn == 1
                    break
            chosen[i, : len(picked)], found[i] = picked, len(picked)
            taken += picked

    def scan(
        self,
        people: People,
        homes: Homes,
        terms: Terms,
        dwelling: int,
        tiers: np.ndarray,
        mask: int,
        ageing: int,
        wanted: int,
        taken: list[int],
    ) -> list[int]:
        """Look at everybody, keep those who wish this place and size, sort, take the first who pass."""
        commune, size = int(homes.commune[dwelling]), int(homes.rooms[dwelling])
        listed = np.flatnonzero(self.segment_of >= 0)
        rows = np.setdiff1d(listed[people.status[listed] == 0], taken)
        segment = self.segment_of[rows]
        sizes = (people.rooms_min[rows] <= size) & (size <= people.rooms_max[rows])
        here = np.isin(self.members, [commune, homes.territory_place[commune], homes.whole_place])
        set_of_member = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        kept = sizes & np.isin(people.place_set[rows], np.unique(set_of_member[here])) & (tiers[segment] >= 0)
        rows, segment = rows[kept], segment[kept]
        current = self.key_of[rows] + np.where(segment % 2 == 1, ageing, 0)
        rows = rows[np.lexsort((rows, current, tiers[segment]))]
        chosen: list[int] = []
        for disabled_only in [True, False] if homes.is_accessible[dwelling] else [False]:
            ask = Ask(
                dwelling, homes.financing[dwelling], homes.rent[dwelling], homes.charges[dwelling],
                homes.surface[dwelling], homes.zone[commune], mask,
            )  # fmt: skip
            for row in rows.tolist():
                if disabled_only and not people.disabled[people.household[row]]:
                    continue
                if len(chosen) < wanted and row not in chosen and passes(row, ask, people, terms):
                    chosen.append(row)
        return chosen
