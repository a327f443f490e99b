"""The three-year review of occupancy (L442-5-2): what landlords refer to the commission, on the lease's anniversary."""

from __future__ import annotations

import numpy as np

from sim.rules.affordability import income_ceiling_eur_year
from sim.rules.occupancy import is_over_occupied, is_under_occupied, reviews_passed, situations
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_YEAR, Phase, to_date
from sim.words.codes import Channel
from sim.world import moves
from sim.world.world import Story, World

ABOUT_DAYS = 31 + 5
QUARTERS = 4  # of a day: a year is a whole number of them


def reviews(world: World) -> Story:
    """On the first of each month: the leases whose review fell due since the last one."""
    before = world.first
    for day in range(world.first + 1, world.last + 1):
        if to_date(day).day != 1:
            continue
        yield world.until(day, Phase.YEARLY)
        review(world, before, day)
        before = day


def review(world: World, before: int, day: int) -> None:
    """Look at the dwellings whose review fell due after one day and by another; note those to refer."""
    h, law = world.households, world.law
    tenants = np.flatnonzero(h.dwelling[: len(h)] >= 0)
    tenants = tenants[world.dwellings.channel[h.dwelling[tenants]] == Channel.LIST]
    years = int(law["occupation.examen_years"])
    quarters = QUARTERS * (day + ABOUT_DAYS - h.lease_day[tenants])  # a rough look: exact anniversaries cost more
    tenants = tenants[quarters % int(QUARTERS * years * DAYS_PER_YEAR) < 2 * QUARTERS * ABOUT_DAYS]
    lease = h.lease_day[tenants]
    due = reviews_passed(lease, day, years) > reviews_passed(lease, before, years)
    tenants = tenants[due]
    homes, people = Rows(world.dwellings, h.dwelling[tenants]), Rows(h, tenants)
    income = people.tax_income_eur_year * world.terms.income_index
    ceiling = income_ceiling_eur_year(homes.financing, people.ceiling_category, people.persons_over_six, world.terms)
    flags = situations(
        is_under=is_under_occupied(homes.rooms, people.size, int(law["sous_occupation.pieces_en_trop"])),
        is_over=is_over_occupied(homes.surface_m2, people.size, law["sur_occupation.surface_m2"]),
        is_adapted=homes.is_accessible,
        is_disabled=people.is_disabled,
        is_above_ceiling=income > ceiling,
    )
    found = flags > 0
    moves.review(world, tenants[found], h.dwelling[tenants[found]], flags[found])
