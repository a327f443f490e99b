"""The search for candidates of vacant dwellings: the walk down the sorted buckets. Compiled by numba.

A vacancy merges the heads of the few buckets that concern it and walks down until enough candidates pass
the filters that no bucket expresses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.rules import reserved_homes
from sim.rules.affordability import Terms
from sim.rules.draws import (
    ALL,
    BIDDERS,
    BUFFERED,
    REGISTERED,
    Adverts,
    Filter,
    Seeker,
    admits,
    bids_on,
    is_registered,
    may_bid,
)  # fmt: skip
from sim.rules.reserved_homes import FIRST, OPEN
from sim.state.luck import keyed_uniform
from sim.world.buckets import ROOMS, ROW_BITS, ROW_MASK, People, Pool
from sim.world.filters import Ask, Candidate, fits, is_exempt, passes

NOT_DRAWN, ALL_DRAWN, BUFFERS_DRAWN = range(3)  # for whom the order is drawn again for each dwelling
EVERYBODY = 0xFF  # every employment code, as bits
FIRST_WINDOW, WIDER = 40, 4  # entries drawn at first for each file wanted, then how much wider: speed only

tier_of = njit(cache=True)(reserved_homes.accessible_tier)


class Homes(NamedTuple):
    """Columns of dwellings that a search reads, and the places that each commune belongs to."""

    commune: np.ndarray
    rooms: np.ndarray
    financing: np.ndarray
    rent: np.ndarray
    charges: np.ndarray
    surface: np.ndarray
    is_accessible: np.ndarray
    landlord: np.ndarray
    territory_place: np.ndarray  # by commune
    zone: np.ndarray  # by commune
    whole_place: int


class Query(NamedTuple):
    """Vacant dwellings in the order in which they choose, and what each asks."""

    dwellings: np.ndarray
    tiers: np.ndarray  # int8 (tables, segments): order in which segments are served, -1 = not asked
    asked: np.ndarray  # (dwellings, 2): table of who names candidates, then of the landlord, asked if nobody is found
    masks: np.ndarray  # employment codes allowed to the first, as bits
    shifts: np.ndarray  # int64 (tables, segments): added to the keys of a segment on this day
    shifted: np.ndarray  # (dwellings): table of shifts
    born_after: np.ndarray  # programmes for the young: born after this year, 0 = no programme
    wanted: np.ndarray  # how many files
    occasion: np.ndarray  # uint64, of keyed draws about this letting


class Rule(NamedTuple):
    """What the designation mechanism adds to an order by keys (see rules/mechanisms.py)."""

    filter: Filter
    wishes: np.ndarray  # bool (sets of places, communes)
    drawn: int  # NOT_DRAWN, ALL_DRAWN or BUFFERS_DRAWN
    base: np.uint64  # of the draws
    week: int
    elderly_born: int  # elderly for an accessible dwelling: born in this year at the latest


class Market(NamedTuple):
    """All that a search reads."""

    pool: Pool
    people: People
    reach: np.ndarray
    homes: Homes
    terms: Terms
    rule: Rule
    adverts: Adverts


class Look(NamedTuple):
    """What one look at an application compares: scalars only, since taking arrays out of tuples costs more."""

    filter: Filter
    drawn: int
    zone: int
    gross: float
    commune: np.int64
    rooms: np.int64
    landlord: np.int64
    occasion: np.uint64


@njit(cache=True)
def look_of(ask, m):  # type: ignore[no-untyped-def]
    """Return what a dwelling compares at one look."""
    return Look(
        m.rule.filter, m.rule.drawn, ask.zone, ask.gross, ask.places[0], ask.rooms,
        np.int64(m.homes.landlord[ask.dwelling]), np.uint64(ask.occasion) + np.uint64(m.rule.week),
    )  # fmt: skip


@njit(cache=True)
def is_interested(look, identity, first, wanted, is_buffered):  # type: ignore[no-untyped-def]
    """Whether the mechanism may let an application in, at a quick look: it would bid, is registered, waits for this."""
    f = look.filter
    if f.kind == BIDDERS:
        return may_bid(f, identity, first, wanted, look.commune, look.rooms, look.occasion)
    if f.kind == REGISTERED:
        return is_registered(f, identity, look.landlord)
    return not is_buffered or (look.drawn != BUFFERS_DRAWN and first == look.commune and wanted == look.rooms)


@njit(cache=True, inline="always")
def next_seen(i, end, look, pool, status, reach, identity, first, wanted, joined):  # type: ignore[no-untyped-def]
    """Return the next entry of a bucket that one look does not shut out: free, in reach, let in; ``end`` if none."""
    entry, bears = pool
    while i < end:
        if bears[i] < look.gross:  # what stands beside the entry spares most looks at tables
            i += 1
            continue
        row = entry[i] & ROW_MASK
        if status[row] == 0 and reach[row, look.zone] >= look.gross:
            if look.filter.kind == ALL:
                break
            if is_interested(look, identity[row], first[row], wanted[row], joined[row] >= 0):
                break
        i += 1
    return i


@njit(cache=True)
def is_let_in(row, ask, m):  # type: ignore[no-untyped-def]
    """Whether the mechanism lets an application be designated: it bids, is registered, waits for this type."""
    people, rule = m.people, m.rule
    if rule.filter.kind == ALL:
        return True
    seeker = Seeker(
        people.identity[row], int(people.first_commune[row]), int(people.rooms_wanted[row]),
        int(people.rooms_min[row]), int(people.rooms_max[row]), int(people.place_set[row]),
    )  # fmt: skip
    landlord = int(m.homes.landlord[ask.dwelling])
    is_buffered = people.joined_day[row] >= 0
    return admits(rule.filter, seeker, is_buffered, ask.place_in_query, landlord, m.adverts, rule.week)


@njit(cache=True)
def is_asked(row, last, m):  # type: ignore[no-untyped-def]
    """Whether an application is of a tier that an accessible dwelling asks for by this turn (R441-4)."""
    if last == OPEN:
        return True
    household = m.people.household[row]
    is_elderly = m.people.birth_year[household] <= m.rule.elderly_born
    return tier_of(m.people.disabled[household], is_elderly, False) <= last


@njit(cache=True)
def drawn_rows(ask, tiers, tier, m, reach, low, high, kept, draws):  # type: ignore[no-untyped-def]
    """Write the applications of a tier whose draw for this dwelling lies in [low, high) and that one look lets in.

    Some come twice, from two places. Where buffers alone are drawn, those who wait in one stand at the head
    of their bucket. Returns how many.
    """
    people, zone, gross, segments = m.people, ask.zone, ask.gross, m.pool.segments
    entry, starts, lengths = m.pool.entry, m.pool.start, m.pool.length
    identity, status, joined = people.identity, people.status, people.joined_day
    first_commune, wanted, commune, rooms = people.first_commune, people.rooms_wanted, ask.places[0], ask.rooms
    buffers, by_type = m.rule.drawn == BUFFERS_DRAWN, m.rule.filter.kind == BUFFERED
    base, occasion, count = m.rule.base, ask.occasion, 0
    for place in ask.places:
        first = (place * ROOMS + rooms - 1) * segments
        for segment in range(segments):
            if tiers[segment] != tier:
                continue
            start = starts[first + segment]
            for i in range(start, start + lengths[first + segment]):
                row = entry[i] & ROW_MASK
                if buffers and joined[row] < 0:
                    break
                if buffers and by_type and (first_commune[row] != commune or wanted[row] != rooms):
                    continue
                draw = keyed_uniform(identity[row], occasion, base)
                if low <= draw and draw < high and status[row] == 0 and reach[row, zone] >= gross:
                    kept[count], draws[count] = row, draw
                    count += 1
    return count


@njit(cache=True)
def how_many(ask, tiers, tier, pool):  # type: ignore[no-untyped-def]
    """Return how many entries the buckets of a tier hold for a dwelling."""
    total, segments, lengths = 0, pool.segments, pool.length
    for place in ask.places:
        first = (place * ROOMS + ask.rooms - 1) * segments
        for segment in range(segments):
            if tiers[segment] == tier:
                total += lengths[first + segment]
    return total


@njit(cache=True)
def best_drawn(ask, tiers, tier, last, m, taken, chosen, found):  # type: ignore[no-untyped-def]
    """As ``best`` inside one tier, in the order of the draw: by windows of draws, so that few need sorting."""
    people, terms, total = m.people, m.terms, how_many(ask, tiers, tier, m.pool)
    rows, draws = np.empty(total, dtype=np.int64), np.empty(total)
    low, high = 0.0, 1.0
    if m.rule.drawn == ALL_DRAWN and total > 0:
        high = min(1.0, FIRST_WINDOW * ask.wanted / total)
    while total and low < 1.0:
        count = drawn_rows(ask, tiers, tier, m, m.reach, low, high, rows, draws)
        for row in rows[np.argsort(draws[:count])]:
            if found >= ask.wanted:
                return found
            if taken[row] or (last != OPEN and not is_asked(row, last, m)):
                continue
            if passes(row, ask, people, m.homes, terms) and is_let_in(row, ask, m):
                chosen[found], taken[row] = row, True
                found += 1
        low, high = high, min(1.0, WIDER * high)
    return found


@njit(cache=True)
def open_heads(ask, tiers, shifts, tier, last, pool, cursors, ends, heads, moved):  # type: ignore[no-untyped-def]
    """Write the cursor, end, current entry and shift of each bucket of a tier; return how many there are."""
    count, segments, starts, lengths, entry = 0, pool.segments, pool.start, pool.length, pool.entry
    for place in ask.places:
        first = (place * ROOMS + ask.rooms - 1) * segments
        for segment in range(segments):
            if tiers[segment] != tier or lengths[first + segment] == 0:
                continue
            if last != OPEN and not (segment >> 1) & 1:
                continue
            cursors[count] = starts[first + segment]
            ends[count] = starts[first + segment] + lengths[first + segment]
            moved[count] = shifts[segment] << ROW_BITS
            heads[count] = entry[cursors[count]] + moved[count]
            count += 1
    return count


@njit(cache=True, inline="always")
def smallest(values, count):  # type: ignore[no-untyped-def]
    """Return the place of the smallest of the first values."""
    least, winner = values[0], 0
    for i in range(1, count):
        least = min(least, values[i])
    while values[winner] != least:
        winner += 1
    return winner


@njit(cache=True)
def best(ask, tiers, shifts, last, m, taken, chosen, found):  # type: ignore[no-untyped-def]
    """Write the best candidates, smallest shifted key first in each tier, from ``found`` on; return how many."""
    pool, people, terms, entry = m.pool, m.people, m.terms, m.pool.entry
    seen, look, f, is_bid = (pool.entry, pool.bears), look_of(ask, m), m.rule.filter, m.rule.filter.kind == BIDDERS
    status, reach, identity, joined = people.status, m.reach, people.identity, people.joined_day
    first, wanted, low, high = people.first_commune, people.rooms_wanted, people.rooms_min, people.rooms_max
    last_offer, household, lives_in, born = people.last_offer, people.household, people.lives_in, people.birth_year
    employment, grounds, category, over_six = people.employment, people.grounds, people.category, people.over_six
    tax_income, income, units, family = people.tax_income, people.income, people.units, people.family
    landlords, rents = m.homes.landlord, m.homes.rent
    adverts, communes, sizes, wishes = m.adverts.identity, m.adverts.commune, m.adverts.rooms, m.adverts.wishes
    size = len(ask.places) * pool.segments
    cursors, ends = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    heads, moved = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)  # current entry of each bucket
    for tier in range(tiers.max() + 1):
        if look.drawn != NOT_DRAWN:
            found = best_drawn(ask, tiers, tier, last, m, taken, chosen, found)
            if look.drawn == ALL_DRAWN:
                continue
        count = open_heads(ask, tiers, shifts, tier, last, pool, cursors, ends, heads, moved)
        while found < ask.wanted and count > 0:
            winner = smallest(heads, count)
            at = cursors[winner]
            row = entry[at] & ROW_MASK
            cursor = next_seen(at + 1, ends[winner], look, seen, status, reach, identity, first, wanted, joined)
            if cursor < ends[winner]:
                cursors[winner] = cursor
                heads[winner] = entry[cursor] + moved[winner]
            else:  # this bucket is exhausted: the last one takes its place
                count -= 1
                cursors[winner], ends[winner] = cursors[count], ends[count]
                heads[winner], moved[winner] = heads[count], moved[count]
            if taken[row] or next_seen(at, at + 1, look, seen, status, reach, identity, first, wanted, joined) > at:
                continue  # the head of a bucket is not looked at before
            if last != OPEN and not is_asked(row, last, m):
                continue
            if is_bid and not bids_on(
                f, identity[row], first[row], wanted[row], low[row], high[row], wishes[people.place_set[row]],
                ask.place_in_query, adverts, communes, sizes, m.rule.week,
            ):  # fmt: skip
                continue
            h = household[row]
            one = Candidate(
                last_offer[row], lives_in[h], born[h], employment[h],
                is_exempt(grounds[row], lives_in[h], ask, landlords, rents), tax_income[h], income[h],
                units[h], category[h], over_six[h], family[h],
            )  # fmt: skip
            if fits(one, ask, terms):
                chosen[found], taken[row] = row, True
                found += 1
        if found >= ask.wanted:
            break
    return found


@njit(cache=True)
def ask_of(i, mask, query, homes, terms):  # type: ignore[no-untyped-def]
    """Return what the dwelling at a place of the query asks of candidates."""
    d = query.dwellings[i]
    commune = np.int64(homes.commune[d])
    places = (commune, np.int64(homes.territory_place[commune]), np.int64(homes.whole_place))
    gross = (homes.rent[d] + homes.charges[d]) * terms.rent_index + homes.surface[d] * terms.energy_eur_month_m2
    return Ask(
        d, i, query.occasion[i], places, np.int64(homes.rooms[d]), query.wanted[i],
        np.int64(homes.landlord[d]), homes.financing[d], homes.rent[d],
        homes.charges[d], homes.surface[d], homes.zone[commune], mask, query.born_after[i], gross,
    )  # fmt: skip


@njit(cache=True)
def choose(pool, people, reach, homes, terms, query, rule, taken, chosen, found, is_fallback):  # type: ignore[no-untyped-def]
    """Search for each dwelling in turn; nobody is chosen twice.

    An accessible dwelling asks first for disabled households, then for the elderly, then for all (R441-4).
    """
    adverts = Adverts(query.occasion, homes.commune[query.dwellings], homes.rooms[query.dwellings], rule.wishes)
    m = Market(pool, people, reach, homes, terms, rule, adverts)
    for i in range(len(query.dwellings)):
        first_tier = FIRST if homes.is_accessible[query.dwellings[i]] else OPEN
        for turn in range(2):
            table = query.asked[i, turn]
            if table < 0:
                continue
            ask = ask_of(i, query.masks[i] if turn == 0 else EVERYBODY, query, homes, terms)
            tiers, shifts = query.tiers[table], query.shifts[query.shifted[i]]
            for last in range(first_tier, OPEN + 1):
                found[i] = best(ask, tiers, shifts, last, m, taken, chosen[i], found[i])
            if found[i] > 0:
                is_fallback[i] = turn == 1
                break
