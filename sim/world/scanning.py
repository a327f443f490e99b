"""The slow, obvious twin of the index: scan the whole list for every vacancy.

It must designate the same households; tests and ``simhlm bench`` check it lease by lease.
"""

from __future__ import annotations

import numpy as np

from sim.rules.affordability import Terms
from sim.rules.draws import Adverts, chance
from sim.rules.reserved_homes import FIRST, OPEN
from sim.world.buckets import People
from sim.world.filters import Ask, passes
from sim.world.searching import (
    ALL_DRAWN,
    BUFFERS_DRAWN,
    EVERYBODY,
    NOT_DRAWN,
    Homes,
    Market,
    Query,
    is_asked,
    is_let_in,
)  # fmt: skip
from sim.world.waiting import Waiting, ask_from


class Scanning(Waiting):
    """Same interface as :class:`Waiting`, without buckets."""

    @classmethod
    def of(cls, index: Waiting) -> Scanning:
        """Return a scanner of the applications that an index holds."""
        scanner = cls.__new__(cls)
        scanner.__dict__.update(index.__dict__)
        return scanner

    def enter(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """Remember keys and segments."""
        if len(rows):
            self._make_room(int(rows.max()) + 1)
            self.key_of[rows], self.segment_of[rows] = keys, segments

    def _remove(self, people: People, rows: np.ndarray) -> None:
        """There are no buckets."""

    def suits(
        self, people: People, homes: Homes, terms: Terms, query: Query, place: int, rows: np.ndarray
    ) -> np.ndarray:
        """Ask one application after the other."""
        ask = ask_from(place, EVERYBODY, query, homes, terms)

        def wishes(row: int) -> bool:
            chosen = people.place_set[row]
            return bool(np.isin(ask.places, self.members[self.offsets[chosen] : self.offsets[chosen + 1]]).any())

        return np.array(
            [
                bool(
                    people.rooms_min[row] <= ask.rooms <= people.rooms_max[row]
                    and wishes(row)
                    and passes(row, ask, people, homes, terms)
                )
                for row in rows.tolist()
            ],
            dtype=bool,
        )

    def first_suited(
        self, people: People, homes: Homes, terms: Terms, query: Query, rows: np.ndarray, may: np.ndarray
    ) -> np.ndarray:
        """Ask all who may have each dwelling, then take the first who has none."""
        found: list[int] = []
        for place in range(len(query.dwellings)):
            suits = self.suits(people, homes, terms, query, place, rows) & may[place]
            found.append(next((i for i in np.flatnonzero(suits).tolist() if i not in found), -1))
        return np.array(found, dtype=np.int64)

    def _choose(self, people, homes, terms, query, rule, busy, chosen, found, is_fallback) -> None:  # type: ignore[no-untyped-def]
        taken: list[int] = busy.tolist()
        adverts = Adverts(query.occasion, homes.commune[query.dwellings], homes.rooms[query.dwellings], rule.wishes)
        market = Market(self.pool, people, self.reach, homes, terms, rule, adverts)
        for i in range(len(query.dwellings)):
            picked: list[int] = []
            for turn, table in enumerate(query.asked[i].tolist()):
                if table >= 0 and not picked:
                    ask = ask_from(i, int(query.masks[i]) if turn == 0 else EVERYBODY, query, homes, terms)
                    picked = self.scan(ask, query.tiers[table], query.shifts[query.shifted[i]], market, taken)
                    is_fallback[i] = bool(picked) and turn == 1
            chosen[i, : len(picked)], found[i] = picked, len(picked)
            taken += picked

    def scan(self, ask: Ask, tiers: np.ndarray, shifts: np.ndarray, market: Market, taken: list[int]) -> list[int]:
        """Look at everybody, keep those who wish this place and size, sort, take the first who pass."""
        people, homes, rule = market.people, market.homes, market.rule
        listed = np.flatnonzero(self.segment_of >= 0)
        rows = np.setdiff1d(listed[people.status[listed] == 0], taken)
        segment = self.segment_of[rows]
        sizes = (people.rooms_min[rows] <= ask.rooms) & (ask.rooms <= people.rooms_max[rows])
        set_of_member = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        here = np.unique(set_of_member[np.isin(self.members, ask.places)])
        kept = sizes & np.isin(people.place_set[rows], here) & (tiers[segment] >= 0)
        rows, segment = rows[kept], segment[kept]
        current = self.key_of[rows] + shifts[segment]
        draw = np.zeros(len(rows))
        if rule.drawn != NOT_DRAWN:
            draw[:] = [chance(rule.base, people.identity[row], ask.occasion) for row in rows.tolist()]
        if rule.drawn == ALL_DRAWN:
            rows = rows[np.lexsort((draw, tiers[segment]))]
        elif rule.drawn == BUFFERS_DRAWN:
            is_out = people.joined_day[rows] < 0
            within = np.where(is_out, current, 0)
            rows = rows[np.lexsort((rows, within, np.where(is_out, 0.0, draw), is_out, tiers[segment]))]
        else:
            rows = rows[np.lexsort((rows, current, tiers[segment]))]
        chosen: list[int] = []
        for last in range(FIRST if homes.is_accessible[ask.dwelling] else OPEN, OPEN + 1):
            for row in rows.tolist():
                if len(chosen) >= ask.wanted:
                    return chosen
                is_new = row not in chosen and is_asked(row, last, market)
                if is_new and passes(row, ask, people, homes, market.terms) and is_let_in(row, ask, market):
                    chosen.append(row)
        return chosen
