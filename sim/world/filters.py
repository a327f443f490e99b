"""The filters of one candidate for one dwelling, that no bucket of the index expresses. Compiled by numba.

Compiled code that takes an array out of a tuple pays for it each time (some 20 ns): what runs per candidate takes
scalars.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.rules import affordability, occupancy, reserved_homes
from sim.words.clock import DAYS_PER_MONTH
from sim.words.codes import Ground

UNDER_OCCUPATION = int(Ground.M01_SOUS_OCCUPATION)
ROUNDING_EUR = 0.01  # a look may let through, never shut out

apl = njit(cache=True)(affordability.apl_eur_month)
net_cost = njit(cache=True)(affordability.net_cost_eur_month)
afford = njit(cache=True)(affordability.can_afford)
ceiling = njit(cache=True)(affordability.income_ceiling_eur_year)
is_capped = njit(cache=True)(occupancy.ceiling_applies)
is_cheaper = njit(cache=True)(occupancy.is_valid_offer)
is_young = njit(cache=True)(reserved_homes.is_young)


class Ask(NamedTuple):
    """What one vacant dwelling asks of one candidate."""

    dwelling: int
    place_in_query: int
    occasion: np.uint64
    places: tuple[np.int64, np.int64, np.int64]  # commune, territory, the whole
    rooms: np.int64
    wanted: int
    landlord: np.int64
    financing: int
    rent: float
    charges: float
    surface: float
    zone: int
    employment_mask: int
    born_after: int
    gross: float  # rent, charges and energy of the day, eur/month


class Candidate(NamedTuple):
    """What the filters read of one application and its household."""

    last_offer: int
    lives_in: int
    birth_year: int
    employment: int
    is_exempt: bool  # from income ceilings, see ``is_exempt``
    tax_income: float
    income: float
    units: float
    category: int
    over_six: int
    family: int


@njit(cache=True)
def measure_reach(rows, people, terms, reach):  # type: ignore[no-untyped-def]
    """Write, by zone, the largest gross cost (rent, charges, energy) that each application could ever bear, eur/month.

    Beyond it no rent is affordable, whatever the allowance: the allowance is piecewise linear in rent, so
    that its maximum is at a bend.
    """
    households, families, incomes = people.household, people.family, people.income
    tax_incomes, units = people.tax_income, people.units
    for row in rows:
        household = households[row]
        family, income = families[household], incomes[household] * terms.income_index
        tax_income = tax_incomes[household] * terms.income_index
        budget = min(
            terms.effort_max_share * income,
            income - terms.remainder_min_eur_day_cu * units[household] * DAYS_PER_MONTH,
        )
        for zone in range(2):
            most, cap = 0.0, terms.rent_cap_eur_month[zone, family]
            flat = terms.participation_min_eur_month / terms.participation_share - terms.charges_flat_eur_month[family]
            reference = terms.rent_cap_eur_month[0, family]
            for bend in (cap, flat, terms.rent_thresholds[0] * reference, terms.rent_thresholds[1] * reference):
                most = max(most, apl(min(bend, cap), tax_income, family, zone, terms))
            reach[row, zone] = budget + most + ROUNDING_EUR if budget > 0 else -1.0


@njit(cache=True)
def is_out_of_reach(row, ask, people, reach):  # type: ignore[no-untyped-def]
    """Whether one look is enough to pass over an application: held or gone, or too poor for any allowance to help."""
    return people.status[row] != 0 or reach[row, ask.zone] < ask.gross


@njit(cache=True)
def is_exempt(grounds, home, ask, landlords, rents):  # type: ignore[no-untyped-def]
    """Whether a tenant would move *nonobstant les plafonds*: from too large, same landlord, less rent (L442-3-1)."""
    if grounds & UNDER_OCCUPATION == 0 or home < 0:
        return False
    return landlords[home] == ask.landlord and is_cheaper(rents[home], ask.rent)


@njit(cache=True)
def fits(one, ask, terms):  # type: ignore[no-untyped-def]
    """Whether a candidate who is free may be designated: eligible, able to pay, not asked already."""
    if one.last_offer == ask.dwelling or one.lives_in == ask.dwelling:
        return False
    if not is_young(one.birth_year, ask.born_after) or not (ask.employment_mask >> one.employment) & 1:
        return False
    tax_income = one.tax_income * terms.income_index
    if tax_income > ceiling(ask.financing, one.category, one.over_six, terms) and is_capped(one.is_exempt):
        return False
    rent = ask.rent * terms.rent_index
    allowance = apl(rent, tax_income, one.family, ask.zone, terms)
    cost = net_cost(rent, ask.charges * terms.rent_index, ask.surface, allowance, terms)
    return afford(cost, one.income * terms.income_index, one.units, terms)


@njit(cache=True)
def passes(row, ask, people, homes, terms):  # type: ignore[no-untyped-def]
    """As ``fits``, for one row of the tables."""
    h = people.household[row]
    one = Candidate(
        people.last_offer[row], people.lives_in[h], people.birth_year[h], people.employment[h],
        is_exempt(people.grounds[row], people.lives_in[h], ask, homes.landlord, homes.rent), people.tax_income[h],
        people.income[h], people.units[h],
        people.category[h], people.over_six[h], people.family[h],
    )  # fmt: skip
    return fits(one, ask, terms)
