"""Who waits for what: an index of sorted buckets, so that a vacancy never scans the list.

A score that rises at the same rate for all is a static order, so a bucket is sorted once and for all by
``key`` (smaller is ahead; ties by row, that is by date of filing). Applications held or gone are passed
over, and swept out from time to time. The slow twin (``scanning.py``) scans everybody.
"""

from __future__ import annotations

import numpy as np

from sim.rules.affordability import Terms
from sim.world.buckets import ROOMS, People, Pool, enter_rows, note_bears, remove_rows, sweep
from sim.world.filters import Ask, measure_reach
from sim.world.searching import Homes, Query, Rule, ask_of, choose
from sim.world.suiting import all_suited, first_suited

SWEEP_AFTER = 2_000  # applications gone; any number gives the same candidates


def ask_from(place: int, mask: int, query: Query, homes: Homes, terms: Terms) -> Ask:
    """Return what a dwelling asks, as ``ask_of`` but for plain Python: an occasion keeps its 64 bits."""
    ask: Ask = ask_of(place, mask, query, homes, terms)
    return ask._replace(occasion=query.occasion[place])


class Waiting:
    """The index: ``enter``, ``leave``, ``refile``, ``candidates``.

    Parameters
    ----------
    places : int
        Number of places (communes, territories, the whole).
    offsets, members : numpy.ndarray
        Ragged sets of places.
    segments : int
        Number of segments (see rules/segments.py).
    """

    def __init__(self, places: int, offsets: np.ndarray, members: np.ndarray, segments: int) -> None:
        self.offsets, self.members = offsets, members
        buckets = places * ROOMS * segments
        initial = 8 if segments > 32 else 32  # room of a bucket; it doubles when it lacks
        self.pool = Pool(
            segments=segments,
            start=np.arange(buckets, dtype=np.int64) * initial,
            length=np.zeros(buckets, dtype=np.int64),
            room=np.full(buckets, initial, dtype=np.int64),
            entry=np.zeros(buckets * initial * 2, dtype=np.int64),
            bears=np.zeros(buckets * initial * 2, dtype=np.float32),
        )
        self._used = buckets * initial
        self.key_of = np.zeros(1024, dtype=np.int64)
        self.segment_of = np.full(1024, -1, dtype=np.int16)  # -1 = not on the list
        self.reach = np.zeros((1024, 2), dtype=np.float32)  # by zone, see measure_reach
        self._taken = np.zeros(0, dtype=bool)  # chosen in the present session
        self._left = 0  # applications that left since the last sweep

    def _grow_bucket(self, bucket: int) -> None:
        """Move a full bucket to the end of the pool, with twice its room."""
        pool, room = self.pool, int(self.pool.room[bucket]) * 2
        if self._used + room > len(pool.entry):
            size = max(2 * len(pool.entry), self._used + room)
            entry, bears = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.float32)
            entry[: self._used], bears[: self._used] = pool.entry[: self._used], pool.bears[: self._used]
            pool = self.pool = pool._replace(entry=entry, bears=bears)
        start, length = int(pool.start[bucket]), int(pool.length[bucket])
        pool.entry[self._used : self._used + length] = pool.entry[start : start + length]
        pool.bears[self._used : self._used + length] = pool.bears[start : start + length]
        pool.start[bucket], pool.room[bucket] = self._used, room
        self._used += room

    def _make_room(self, rows: int) -> None:
        if rows > len(self.key_of):
            size = max(rows, 2 * len(self.key_of))
            self.key_of = np.concatenate([self.key_of, np.zeros(size - len(self.key_of), dtype=np.int64)])
            extra = np.full(size - len(self.segment_of), -1, dtype=np.int16)
            self.segment_of = np.concatenate([self.segment_of, extra])
            self.reach = np.concatenate([self.reach, np.zeros((size - len(self.reach), 2), dtype=np.float32)])

    def enter(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """File applications under their keys and segments."""
        if not len(rows):
            return
        self._make_room(int(rows.max()) + 1)
        order = np.argsort(keys)  # the last of a bucket is entered without moving others
        rows, keys, segments = rows[order].astype(np.int64), keys[order].astype(np.int64), segments[order]
        done, full = 0, 0
        while done < len(rows):
            done, full = enter_rows(
                self.pool, people, self.offsets, self.members, rows, done, keys, segments, self.key_of, self.segment_of,
                self.reach,
            )  # fmt: skip
            if full >= 0:
                self._grow_bucket(full)

    def measure(self, people: People, rows: np.ndarray, terms: Terms) -> None:
        """Note what applications can bear under the law of the day: before ``enter``."""
        if len(rows):
            self._make_room(int(rows.max()) + 1)
            measure_reach(rows.astype(np.int64), people, terms, self.reach)

    def measure_again(self, people: People, rows: np.ndarray, terms: Terms) -> None:
        """Note what all those on the list can bear when the law changes."""
        self.measure(people, rows, terms)
        note_bears(self.pool, self.reach)

    def leave(self, rows: np.ndarray) -> None:
        """Take applications off the list; their entries stay until the next sweep, and searches pass over them."""
        self.segment_of[rows] = -1
        self._left += len(rows)

    def take_out(self, people: People, rows: np.ndarray) -> None:
        """Take applications out of their buckets at once: what they wish is about to change."""
        self._remove(people, rows)
        self.segment_of[rows] = -1

    def refile(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """Change keys and segments."""
        self._remove(people, rows)
        self.enter(people, rows, keys, segments)

    def _remove(self, people: People, rows: np.ndarray) -> None:
        if len(rows) and remove_rows(self.pool, people, self.offsets, self.members, rows, self.key_of, self.segment_of):
            raise RuntimeError("an application to rank again was not in the index")

    def is_in(self, row: int) -> bool:
        """Whether an application is filed."""
        return row < len(self.segment_of) and bool(self.segment_of[row] >= 0)

    def candidates(
        self, people: People, homes: Homes, terms: Terms, query: Query, rule: Rule, busy: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the best candidates of each dwelling, in order; nobody appears twice.

        Parameters
        ----------
        query : Query
            The dwellings, in the order in which they choose.
        rule : Rule
            What the mechanism adds to the order by keys.
        busy : numpy.ndarray, optional
            Applications already chosen on this day, not to be chosen again.

        Returns
        -------
        chosen : numpy.ndarray
            int32 (dwellings, most wanted): rows of applications.
        found : numpy.ndarray
            How many of each line are filled.
        is_fallback : numpy.ndarray
            Whether who names candidates had nobody, and the landlord was asked.
        """
        if self._left > SWEEP_AFTER:
            sweep(self.pool, self.segment_of)
            self._left = 0
        rows = len(query.dwellings)
        chosen = np.empty((rows, int(query.wanted.max())), dtype=np.int32)
        found, is_fallback = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
        busy = np.empty(0, dtype=np.int64) if busy is None else busy
        self._choose(people, homes, terms, query, rule, busy, chosen, found, is_fallback)
        return chosen, found, is_fallback

    def suits(
        self, people: People, homes: Homes, terms: Terms, query: Query, place: int, rows: np.ndarray
    ) -> np.ndarray:
        """Return which applications wish the dwelling at a place of a query and pass its filters (bool)."""
        return np.asarray(all_suited(place, rows, query, homes, terms, people, self.offsets, self.members))

    def first_suited(
        self, people: People, homes: Homes, terms: Terms, query: Query, rows: np.ndarray, may: np.ndarray
    ) -> np.ndarray:
        """Return, for each dwelling of a query in turn, the first application whom it suits and who has none yet.

        Parameters
        ----------
        rows : numpy.ndarray
            Applications, the first to be served first.
        may : numpy.ndarray
            Which of them each dwelling may go to: bool (dwellings, applications).

        Returns
        -------
        numpy.ndarray
            By dwelling, a place in ``rows``; -1 for nobody.
        """
        return np.asarray(first_suited(may, rows, query, homes, terms, people, self.offsets, self.members))

    def _choose(self, people, homes, terms, query, rule, busy, chosen, found, is_fallback) -> None:  # type: ignore[no-untyped-def]
        taken = self._taken
        if len(taken) < len(self.key_of):
            taken = self._taken = np.zeros(len(self.key_of), dtype=bool)
        taken[busy] = True
        choose(self.pool, people, self.reach, homes, terms, query, rule, taken, chosen, found, is_fallback)
        taken[chosen[np.arange(chosen.shape[1]) < found[:, None]]] = False
        taken[busy] = False
