"""The search for candidates of vacant dwellings: filters, and the walk down the sorted buckets. Compiled by numba.

A vacancy merges the heads of the few buckets that concern it and walks down until enough candidates pass
the filters that no bucket expresses.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.rules import affordability
from sim.words.clock import DAYS_PER_MONTH
from sim.world.buckets import ROOMS, ROW_BITS, ROW_MASK, SEGMENTS

ROUNDING_EUR = 0.01  # a look may let through, never shut out

apl = njit(cache=True)(affordability.apl_eur_month)
net_cost = njit(cache=True)(affordability.net_cost_eur_month)
afford = njit(cache=True)(affordability.can_afford)
ceiling = njit(cache=True)(affordability.income_ceiling_eur_year)


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
            income - terms.remainder_min_eur_day_cu * people.units[household] * DAYS_PER_MONTH,
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
