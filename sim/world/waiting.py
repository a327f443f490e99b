"""Who waits for what: an index of sorted buckets, so that a vacancy never scans the list.

An open application sits in one bucket for each place wished and each typology accepted, in the
segment that quotas and holders ask about. A score that rises at the same rate for all is a static
order, so a bucket is sorted once and for all by ``key`` (smaller is ahead; ties by row, that is by
date of filing). Applications held or gone are passed over, and swept
out from time to time. A vacancy merges the heads of the few buckets that concern it and walks down until
enough candidates pass the filters that no bucket expresses. The inner loops are compiled by numba;
the slow twin (scan everybody) is in the tests and in the benchmark.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.rules import affordability
from sim.rules.affordability import Terms

PUBLICS = 4  # see rules/quotas.py: ordinary, recognised first access, recognised mutation, ordinary mutation
SEGMENTS = PUBLICS * 2 * 2 * 2  # x first quartile or not x disabled or not x seniority capped or not
ROOMS = 5
ROW_BITS = 24  # an entry of a bucket is key * 2**24 + row: one integer that sorts by key, then by row
ROW_MASK = (1 << ROW_BITS) - 1
ROUNDING_EUR = 0.01  # a look may let through, never shut out
SWEEP_AFTER = 2_000  # applications gone; any number gives the same candidates

apl = njit(cache=True)(affordability.apl_eur_month)
net_cost = njit(cache=True)(affordability.net_cost_eur_month)
afford = njit(cache=True)(affordability.can_afford)
ceiling = njit(cache=True)(affordability.income_ceiling_eur_year)


class Pool(NamedTuple):
    """Buckets as slices of one shared array of entries."""

    start: np.ndarray
    length: np.ndarray
    room: np.ndarray  # capacity of each slice
    entry: np.ndarray


class People(NamedTuple):
    """Columns of applications and households that filters read."""

    status: np.ndarray
    last_offer: np.ndarray
    household: np.ndarray
    rooms_min: np.ndarray
    rooms_max: np.ndarray
    place_set: np.ndarray
    lives_in: np.ndarray
    tax_income: np.ndarray
    income: np.ndarray
    units: np.ndarray
    category: np.ndarray
    over_six: np.ndarray
    family: np.ndarray
    disabled: np.ndarray
    employment: np.ndarray


class Homes(NamedTuple):
    """Columns of dwellings that a search reads, and the places that each commune belongs to."""

    commune: np.ndarray
    rooms: np.ndarray
    financing: np.ndarray
    rent: np.ndarray
    charges: np.ndarray
    surface: np.ndarray
    is_accessible: np.ndarray
    territory_place: np.ndarray  # by commune
    zone: np.ndarray  # by commune
    whole_place: int


class Query(NamedTuple):
    """Vacant dwellings in the order in which they choose, with what their holder and landlord ask.

    ``*_tiers`` are int8 (dwellings, SEGMENTS): the order in which segments are served, -1 = not asked.
    ``*_mask``: employment codes allowed, as bits. The landlord is asked when the holder finds nobody.
    """

    dwellings: np.ndarray
    holder_tiers: np.ndarray
    holder_mask: np.ndarray
    landlord_tiers: np.ndarray
    wanted: np.ndarray


class Ask(NamedTuple):
    """What one vacant dwelling asks of one candidate."""

    dwelling: int
    financing: int
    rent: float
    charges: float
    surface: float
    zone: int
    employment_mask: int


@njit(cache=True)
def _position(pool, bucket, entry):  # type: ignore[no-untyped-def]
    low, high = pool.start[bucket], pool.start[bucket] + pool.length[bucket]
    while low < high:
        middle = (low + high) // 2
        if pool.entry[middle] < entry:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _insert(pool, bucket, entry):  # type: ignore[no-untyped-def]
    at = _position(pool, bucket, entry)
    end = pool.start[bucket] + pool.length[bucket]
    for i in range(end, at, -1):
        pool.entry[i] = pool.entry[i - 1]
    pool.entry[at] = entry
    pool.length[bucket] += 1


@njit(cache=True)
def _remove(pool, bucket, entry):  # type: ignore[no-untyped-def]
    at = _position(pool, bucket, entry)
    end = pool.start[bucket] + pool.length[bucket]
    if at >= end or pool.entry[at] != entry:
        return False
    for i in range(at, end - 1):
        pool.entry[i] = pool.entry[i + 1]
    pool.length[bucket] -= 1
    return True


@njit(cache=True)
def _full_bucket(pool, people, offsets, members, row, segment):  # type: ignore[no-untyped-def]
    """Return a bucket of the application that has no room left, or -1."""
    chosen = people.place_set[row]
    for m in range(offsets[chosen], offsets[chosen + 1]):
        for rooms in range(people.rooms_min[row], people.rooms_max[row] + 1):
            bucket = (members[m] * ROOMS + rooms - 1) * SEGMENTS + segment
            if pool.length[bucket] >= pool.room[bucket]:
                return bucket
    return -1


@njit(cache=True)
def enter_rows(pool, people, offsets, members, rows, first, keys, segments, key_of, segment_of):  # type: ignore[no-untyped-def]
    """File applications from ``first`` on; return (index stopped at, bucket that is full or -1)."""
    for i in range(first, len(rows)):
        row = rows[i]
        full = _full_bucket(pool, people, offsets, members, row, segments[i])
        if full >= 0:
            return i, full
        key_of[row] = keys[i]
        segment_of[row] = segments[i]
        chosen = people.place_set[row]
        for m in range(offsets[chosen], offsets[chosen + 1]):
            for rooms in range(people.rooms_min[row], people.rooms_max[row] + 1):
                _insert(pool, (members[m] * ROOMS + rooms - 1) * SEGMENTS + segments[i], (keys[i] << ROW_BITS) + row)
    return len(rows), -1


@njit(cache=True)
def remove_rows(pool, people, offsets, members, rows, key_of, segment_of):  # type: ignore[no-untyped-def]
    """Take applications out of their buckets; return how many removals failed (0 unless a bug)."""
    failed = 0
    for row in rows:
        chosen = people.place_set[row]
        for m in range(offsets[chosen], offsets[chosen + 1]):
            for rooms in range(people.rooms_min[row], people.rooms_max[row] + 1):
                bucket = (members[m] * ROOMS + rooms - 1) * SEGMENTS + segment_of[row]
                if not _remove(pool, bucket, (key_of[row] << ROW_BITS) + row):
                    failed += 1
    return failed


@njit(cache=True)
def sweep(pool, segment_of):  # type: ignore[no-untyped-def]
    """Take the applications that left the list out of all buckets, in one pass."""
    for bucket in range(len(pool.start)):
        first = pool.start[bucket]
        kept = first
        for i in range(first, first + pool.length[bucket]):
            if segment_of[pool.entry[i] & ROW_MASK] >= 0:
                pool.entry[kept] = pool.entry[i]
                kept += 1
        pool.length[bucket] = kept - first


@njit(cache=True)
def measure_reach(rows, people, terms, reach):  # type: ignore[no-untyped-def]
    """Write, by zone, the largest gross cost (rent, charges, energy) that each application could ever bear, eur/month.

    Beyond it no rent is affordable, whatever the allowance: the allowance is piecewise linear in rent, so
    that its maximum is at a bend.
    """
    for row in rows:
        household = people.household[row]
        family, income = people.family[household], people.income[household] * terms.income_index
        tax_income = people.tax_income[household] * terms.income_index
        budget = min(
            terms.effort_max_share * income,
            income - terms.remainder_min_eur_day_cu * people.units[household] * terms.days_per_month,
        )
        for zone in range(2):
            most, cap = 0.0, terms.rent_cap_eur_month[zone, family]
            flat = terms.participation_min_eur_month / terms.participation_share - terms.charges_flat_eur_month[family]
            reference = terms.rent_cap_eur_month[0, family]
            for bend in (cap, flat, terms.rent_thresholds[0] * reference, terms.rent_thresholds[1] * reference):
                most = max(most, apl(min(bend, cap), tax_income, family, zone, terms))
            reach[row, zone] = budget + most + ROUNDING_EUR if budget > 0 else -1.0


@njit(cache=True)
def is_out_of_reach(row, ask, gross, people, reach):  # type: ignore[no-untyped-def]
    """Whether one look is enough to pass over an application: held or gone, or too poor for any allowance to help."""
    return people.status[row] != 0 or reach[row, ask.zone] < gross


@njit(cache=True)
def passes(row, ask, people, terms):  # type: ignore[no-untyped-def]
    """Whether an application that is free may be designated: eligible, able to pay, not asked already."""
    if people.last_offer[row] == ask.dwelling:
        return False
    household = people.household[row]
    if people.lives_in[household] == ask.dwelling:
        return False
    if not (ask.employment_mask >> people.employment[household]) & 1:
        return False
    tax_income = people.tax_income[household] * terms.income_index
    limit = ceiling(ask.financing, people.category[household], people.over_six[household], terms)
    if tax_income > limit:
        return False
    rent = ask.rent * terms.rent_index
    allowance = apl(rent, tax_income, people.family[household], ask.zone, terms)
    cost = net_cost(rent, ask.charges * terms.rent_index, ask.surface, allowance, terms)
    return afford(cost, people.income[household] * terms.income_index, people.units[household], terms)


@njit(cache=True)
def best(pool, people, reach, terms, ask, places, rooms, tiers, disabled_only, ageing, taken, wanted, chosen, found):  # type: ignore[no-untyped-def]
    """Write the best candidates into ``chosen`` from position ``found`` on; return how many there are.

    Inside a tier the smallest current key wins. ``ageing`` is added to the keys of segments whose
    seniority is capped, which stand still while the others rise.
    """
    gross = (ask.rent + ask.charges) * terms.rent_index + ask.surface * terms.energy_eur_month_m2
    cursors = np.empty(3 * SEGMENTS, dtype=np.int64)
    ends = np.empty(3 * SEGMENTS, dtype=np.int64)
    heads = np.empty(3 * SEGMENTS, dtype=np.int64)  # current entry of each bucket
    shifts = np.empty(3 * SEGMENTS, dtype=np.int64)
    for tier in range(tiers.max() + 1):
        count = 0
        for place in places:
            first = (place * ROOMS + rooms - 1) * SEGMENTS
            for segment in range(SEGMENTS):
                if tiers[segment] != tier or pool.length[first + segment] == 0:
                    continue
                if disabled_only and not (segment >> 1) & 1:
                    continue
                cursors[count] = pool.start[first + segment]
                ends[count] = pool.start[first + segment] + pool.length[first + segment]
                shifts[count] = (ageing << ROW_BITS) if segment & 1 else 0
                heads[count] = pool.entry[cursors[count]] + shifts[count]
                count += 1
        while found < wanted and count > 0:
            winner = 0
            for h in range(1, count):
                if heads[h] < heads[winner]:
                    winner = h
            row = heads[winner] & ROW_MASK
            cursor = cursors[winner] + 1
            while cursor < ends[winner] and is_out_of_reach(pool.entry[cursor] & ROW_MASK, ask, gross, people, reach):
                cursor += 1
            if cursor < ends[winner]:
                cursors[winner] = cursor
                heads[winner] = pool.entry[cursor] + shifts[winner]
            else:  # this bucket is exhausted: the last one takes its place
                count -= 1
                cursors[winner], ends[winner] = cursors[count], ends[count]
                heads[winner], shifts[winner] = heads[count], shifts[count]
            if taken[row] or is_out_of_reach(row, ask, gross, people, reach):
                continue
            if passes(row, ask, people, terms):
                chosen[found] = row
                taken[row] = True
                found += 1
        if found >= wanted:
            break
    return found


@njit(cache=True)
def choose(pool, people, reach, homes, terms, query, ageing, taken, chosen, found, is_fallback):  # type: ignore[no-untyped-def]
    """Search for each dwelling in turn; nobody is chosen twice.

    An accessible dwelling asks first for disabled households, then for all (R441-4).
    """
    for i in range(len(query.dwellings)):
        d = query.dwellings[i]
        commune, rooms = np.int64(homes.commune[d]), np.int64(homes.rooms[d])
        places = (commune, np.int64(homes.territory_place[commune]), np.int64(homes.whole_place))
        zone = homes.zone[commune]
        for holder in (True, False):
            tiers = query.holder_tiers[i] if holder else query.landlord_tiers[i]
            mask = query.holder_mask[i] if holder else 0xFF
            ask = Ask(d, homes.financing[d], homes.rent[d], homes.charges[d], homes.surface[d], zone, mask)
            for disabled_only in (True, False):
                if disabled_only and not homes.is_accessible[d]:
                    continue
                found[i] = best(
                    pool, people, reach, terms, ask, places, rooms, tiers, disabled_only, ageing, taken,
                    query.wanted[i], chosen[i], found[i],
                )  # fmt: skip
            if found[i] > 0:
                is_fallback[i] = not holder
                break


def segment_codes(
    public: np.ndarray, quartile: np.ndarray, is_disabled: np.ndarray, is_capped: np.ndarray
) -> np.ndarray:
    """Return the segment of each application: what holders, quotas and accessible dwellings ask about."""
    return np.asarray(public * 8 + (quartile == 1) * 4 + is_disabled * 2 + is_capped, dtype=np.int8)


class Waiting:
    """The index: ``enter``, ``leave``, ``refile``, ``candidates``.

    Parameters
    ----------
    places : int
        Number of places (communes, territories, the whole).
    offsets, members : numpy.ndarray
        Ragged sets of places.
    """

    def __init__(self, places: int, offsets: np.ndarray, members: np.ndarray) -> None:
        self.offsets, self.members = offsets, members
        buckets = places * ROOMS * SEGMENTS
        initial = 32
        self.pool = Pool(
            start=np.arange(buckets, dtype=np.int64) * initial,
            length=np.zeros(buckets, dtype=np.int64),
            room=np.full(buckets, initial, dtype=np.int64),
            entry=np.zeros(buckets * initial * 2, dtype=np.int64),
        )
        self._used = buckets * initial
        self.key_of = np.zeros(1024, dtype=np.int64)
        self.segment_of = np.full(1024, -1, dtype=np.int8)  # -1 = not on the list
        self.reach = np.zeros((1024, 2), dtype=np.float32)  # by zone, see measure_reach
        self._taken = np.zeros(0, dtype=bool)  # chosen in the present session
        self._left = 0  # applications that left since the last sweep

    def _grow_bucket(self, bucket: int) -> None:
        """Move a full bucket to the end of the pool, with twice its room."""
        pool, room = self.pool, int(self.pool.room[bucket]) * 2
        if self._used + room > len(pool.entry):
            entry = np.zeros(max(2 * len(pool.entry), self._used + room), dtype=np.int64)
            entry[: self._used] = pool.entry[: self._used]
            pool = self.pool = pool._replace(entry=entry)
        start, length = int(pool.start[bucket]), int(pool.length[bucket])
        pool.entry[self._used : self._used + length] = pool.entry[start : start + length]
        pool.start[bucket], pool.room[bucket] = self._used, room
        self._used += room

    def _make_room(self, rows: int) -> None:
        if rows > len(self.key_of):
            size = max(rows, 2 * len(self.key_of))
            self.key_of = np.concatenate([self.key_of, np.zeros(size - len(self.key_of), dtype=np.int64)])
            extra = np.full(size - len(self.segment_of), -1, dtype=np.int8)
            self.segment_of = np.concatenate([self.segment_of, extra])
            self.reach = np.concatenate([self.reach, np.zeros((size - len(self.reach), 2), dtype=np.float32)])

    def enter(self, people: People, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        """File applications under their keys and segments."""
        if not len(rows):
            return
        self._make_room(int(rows.max()) + 1)
        rows, keys = rows.astype(np.int64), keys.astype(np.int64)
        done, full = 0, 0
        while done < len(rows):
            done, full = enter_rows(
                self.pool, people, self.offsets, self.members, rows, done, keys, segments, self.key_of, self.segment_of
            )
            if full >= 0:
                self._grow_bucket(full)

    def measure(self, people: People, rows: np.ndarray, terms: Terms) -> None:
        """Note what applications can bear under the law of the day: before ``enter``, and when the law changes."""
        if len(rows):
            self._make_room(int(rows.max()) + 1)
            measure_reach(rows.astype(np.int64), people, terms, self.reach)

    def leave(self, rows: np.ndarray) -> None:
        """Take applications off the list; their entries stay until the next sweep, and searches pass over them."""
        self.segment_of[rows] = -1
        self._left += len(rows)

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
        self, people: People, homes: Homes, terms: Terms, query: Query, ageing: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the best candidates of each dwelling, in order; nobody appears twice.

        Parameters
        ----------
        query : Query
            The dwellings, in the order in which they choose.
        ageing : int
            Added to the keys of capped segments on this day.

        Returns
        -------
        chosen : numpy.ndarray
            int32 (dwellings, most wanted): rows of applications.
        found : numpy.ndarray
            How many of each line are filled.
        is_fallback : numpy.ndarray
            Whether the holder had nobody and the landlord was asked.
        """
        if self._left > SWEEP_AFTER:
            sweep(self.pool, self.segment_of)
            self._left = 0
        rows = len(query.dwellings)
        chosen = np.empty((rows, int(query.wanted.max())), dtype=np.int32)
        found, is_fallback = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=bool)
        self._choose(people, homes, terms, query, ageing, chosen, found, is_fallback)
        return chosen, found, is_fallback

    def _choose(self, people, homes, terms, query, ageing, chosen, found, is_fallback) -> None:  # type: ignore[no-untyped-def]
        taken = self._taken
        if len(taken) < len(self.key_of):
            taken = self._taken = np.zeros(len(self.key_of), dtype=bool)
        choose(self.pool, people, self.reach, homes, terms, query, ageing, taken, chosen, found, is_fallback)
        for i, count in enumerate(found.tolist()):
            taken[chosen[i, :count]] = False
