"""Whom vacant dwellings suit, among applications named one by one: no bucket is walked. Compiled by numba."""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.world.filters import passes
from sim.world.searching import EVERYBODY, ask_of

NOBODY = -1


@njit(cache=True)
def wishes(chosen, places, offsets, members):  # type: ignore[no-untyped-def]
    """Whether a set of places holds the commune of a dwelling, its territory or the whole."""
    for i in range(offsets[chosen], offsets[chosen + 1]):
        if members[i] == places[0] or members[i] == places[1] or members[i] == places[2]:
            return True
    return False


@njit(cache=True)
def all_suited(place, rows, query, homes, terms, people, offsets, members):  # type: ignore[no-untyped-def]
    """Return which applications the dwelling at a place of a query suits."""
    ask, found = ask_of(place, EVERYBODY, query, homes, terms), np.zeros(len(rows), dtype=np.bool_)
    fewest, most, sets = people.rooms_min[rows], people.rooms_max[rows], people.place_set[rows]
    for i in range(len(rows)):
        if fewest[i] <= ask.rooms <= most[i] and wishes(sets[i], ask.places, offsets, members):
            found[i] = passes(rows[i], ask, people, homes, terms)
    return found


@njit(cache=True)
def first_suited(may, rows, query, homes, terms, people, offsets, members):  # type: ignore[no-untyped-def]
    """Return, for each dwelling in turn, the place in ``rows`` of the first whom it suits and who has none yet."""
    found, is_free = np.full(len(may), NOBODY, dtype=np.int64), np.ones(len(rows), dtype=np.bool_)
    fewest, most, sets = people.rooms_min[rows], people.rooms_max[rows], people.place_set[rows]  # not in the loop
    for place in range(len(may)):
        ask = ask_of(place, EVERYBODY, query, homes, terms)
        rooms, places = ask.rooms, ask.places
        for i in range(len(rows)):
            if not (may[place, i] and is_free[i] and fewest[i] <= rooms <= most[i]):
                continue
            if wishes(sets[i], places, offsets, members) and passes(rows[i], ask, people, homes, terms):
                found[place], is_free[i] = i, False
                break
    return found
