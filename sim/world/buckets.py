"""Sorted buckets: who waits for a place and a typology, by segment and key. Compiled by numba.

An application sits in one bucket for each place wished and each typology accepted, in the segment that
quotas and holders ask about. An entry is one integer that sorts by key, then by row. Compiled loops first take the
arrays that they use out of the tuples: to take one costs some 20 ns each time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

ROOMS = 5
ROW_BITS = 24  # an entry is key * 2**24 + row
ROW_MASK = (1 << ROW_BITS) - 1
ONE = np.uint64(1)


class Pool(NamedTuple):
    """Buckets as slices of one shared array of entries; bucket = (place * ROOMS + rooms - 1) * segments + segment."""

    segments: int
    start: np.ndarray
    length: np.ndarray
    room: np.ndarray  # capacity of each slice
    entry: np.ndarray
    bears: np.ndarray  # float32, beside each entry: the largest gross cost it could bear in any zone, eur/month


class People(NamedTuple):
    """Columns of applications and households that the index and the filters read."""

    status: np.ndarray
    last_offer: np.ndarray
    household: np.ndarray
    rooms_min: np.ndarray
    rooms_max: np.ndarray
    rooms_wanted: np.ndarray
    place_set: np.ndarray
    first_commune: np.ndarray
    identity: np.ndarray
    grounds: np.ndarray
    joined_day: np.ndarray  # day it joined a buffer, -1 = none (see rules/mechanisms.py)
    lives_in: np.ndarray
    tax_income: np.ndarray
    income: np.ndarray
    units: np.ndarray
    category: np.ndarray
    over_six: np.ndarray
    family: np.ndarray
    disabled: np.ndarray
    employment: np.ndarray
    birth_year: np.ndarray


@njit(cache=True, inline="always")
def _position(entry, low, high, value):  # type: ignore[no-untyped-def]
    while low < high:
        middle = (low + high) // 2
        if entry[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _full_bucket(length, room, segments, members, sizes, segment):  # type: ignore[no-untyped-def]
    """Return a bucket that has no room left, among those of some places and of a span of rooms, or -1."""
    for member in members:
        for rooms in range(sizes[0], sizes[1] + 1):
            bucket = (member * ROOMS + rooms - 1) * segments + segment
            if length[bucket] >= room[bucket]:
                return bucket
    return -1


@njit(cache=True)
def enter_rows(pool, people, offsets, members, rows, first, keys, segments, key_of, segment_of, reach):  # type: ignore[no-untyped-def]
    """File applications from ``first`` on; return (index stopped at, bucket that is full or -1)."""
    start, length, room, entry, bears = pool.start, pool.length, pool.room, pool.entry, pool.bears
    place_set, rooms_min, rooms_max = people.place_set, people.rooms_min, people.rooms_max
    for i in range(first, len(rows)):
        row = rows[i]
        sizes, chosen = (np.int64(rooms_min[row]), np.int64(rooms_max[row])), place_set[row]
        wished = members[offsets[chosen] : offsets[chosen + 1]]
        full = _full_bucket(length, room, pool.segments, wished, sizes, segments[i])
        if full >= 0:
            return i, full
        key_of[row], segment_of[row] = keys[i], segments[i]
        value, most = (keys[i] << ROW_BITS) + row, max(reach[row, 0], reach[row, 1])
        for member in wished:
            for rooms in range(sizes[0], sizes[1] + 1):
                bucket = (member * ROOMS + rooms - 1) * pool.segments + segments[i]
                end = start[bucket] + length[bucket]
                at = _position(entry, start[bucket], end, value)
                j, last = np.uint64(end), np.uint64(at)  # without sign: several entries are then moved at a time
                while j > last:
                    entry[j], bears[j] = entry[j - ONE], bears[j - ONE]
                    j -= ONE
                entry[at], bears[at] = value, most
                length[bucket] += 1
    return len(rows), -1


@njit(cache=True)
def remove_rows(pool, people, offsets, members, rows, key_of, segment_of):  # type: ignore[no-untyped-def]
    """Take applications out of their buckets; return how many removals failed (0 unless a bug)."""
    start, length, entry, bears = pool.start, pool.length, pool.entry, pool.bears
    place_set, rooms_min, rooms_max = people.place_set, people.rooms_min, people.rooms_max
    failed = 0
    for row in rows:
        chosen, value = place_set[row], (key_of[row] << ROW_BITS) + row
        for member in members[offsets[chosen] : offsets[chosen + 1]]:
            for rooms in range(rooms_min[row], rooms_max[row] + 1):
                bucket = (member * ROOMS + rooms - 1) * pool.segments + segment_of[row]
                end = start[bucket] + length[bucket]
                at = _position(entry, start[bucket], end, value)
                if at >= end or entry[at] != value:
                    failed += 1
                    continue
                for j in range(at, end - 1):
                    entry[j], bears[j] = entry[j + 1], bears[j + 1]
                length[bucket] -= 1
    return failed


@njit(cache=True)
def sweep(pool, segment_of):  # type: ignore[no-untyped-def]
    """Take the applications that left the list out of all buckets, in one pass."""
    start, length, entry, bears = pool.start, pool.length, pool.entry, pool.bears
    for bucket in range(len(start)):
        kept = start[bucket]
        for i in range(start[bucket], start[bucket] + length[bucket]):
            if segment_of[entry[i] & ROW_MASK] >= 0:
                entry[kept], bears[kept] = entry[i], bears[i]
                kept += 1
        length[bucket] = kept - start[bucket]


@njit(cache=True)
def note_bears(pool, reach):  # type: ignore[no-untyped-def]
    """Write again, beside each entry, what its application can bear."""
    start, length, entry, bears = pool.start, pool.length, pool.entry, pool.bears
    for bucket in range(len(start)):
        for i in range(start[bucket], start[bucket] + length[bucket]):
            row = entry[i] & ROW_MASK
            bears[i] = max(reach[row, 0], reach[row, 1])
