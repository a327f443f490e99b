"""Sorted buckets: who waits for a place and a typology, by segment and key. Compiled by numba.

An application sits in one bucket for each place wished and each typology accepted, in the segment that
quotas and holders ask about. An entry is one integer that sorts by key, then by row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

ROOMS = 5
ROW_BITS = 24  # an entry is key * 2**24 + row
ROW_MASK = (1 << ROW_BITS) - 1


class Pool(NamedTuple):
    """Buckets as slices of one shared array of entries; bucket = (place * ROOMS + rooms - 1) * segments + segment."""

    segments: int
    start: np.ndarray
    length: np.ndarray
    room: np.ndarray  # capacity of each slice
    entry: np.ndarray


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
            bucket = (members[m] * ROOMS + rooms - 1) * pool.segments + segment
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
                _insert(
                    pool, (members[m] * ROOMS + rooms - 1) * pool.segments + segments[i], (keys[i] << ROW_BITS) + row
                )
    return len(rows), -1


@njit(cache=True)
def remove_rows(pool, people, offsets, members, rows, key_of, segment_of):  # type: ignore[no-untyped-def]
    """Take applications out of their buckets; return how many removals failed (0 unless a bug)."""
    failed = 0
    for row in rows:
        chosen = people.place_set[row]
        for m in range(offsets[chosen], offsets[chosen + 1]):
            for rooms in range(people.rooms_min[row], people.rooms_max[row] + 1):
                bucket = (members[m] * ROOMS + rooms - 1) * pool.segments + segment_of[row]
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
