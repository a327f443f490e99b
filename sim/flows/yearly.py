"""What happens on 1 January: the year that ended is photographed, the law of the new one is read."""

from __future__ import annotations

import numpy as np

from sim.rules.resources import own_threshold_eur_year_cu
from sim.state.records import STOCK, YearEnd
from sim.words.clock import Phase, first_day, year_of
from sim.world.world import Story, World


def photograph(world: World, year: int) -> None:
    """Record the list and the tenants as they stand after the last phase of 31 December."""
    rows = world.open_rows()
    stock = np.empty(len(rows), dtype=STOCK)
    stock["application"], stock["quartile"] = rows, world.quartile[rows]
    stock["recognition"] = world.applications.recognition[rows]
    households = world.applications.household[rows]
    h = world.households
    per_unit = h.income_eur_month[households] * 12.0 * world.terms.income_index / h.consumption_units[households]
    world.year_ends.append(
        YearEnd(
            year=year,
            stock=stock,
            tenants=world.dwellings.tenant[: len(world.dwellings)].copy(),
            threshold_eur_year_cu=float(world.thresholds[0]),
            endogenous_threshold_eur_year_cu=own_threshold_eur_year_cu(per_unit, world.law),
            uses=world.dwellings.use[: len(world.dwellings)].copy(),
            persons=persons_in(world),
        )
    )


def persons_in(world: World) -> np.ndarray:
    """Return how many persons live in each dwelling, 0 = empty."""
    tenants = world.dwellings.tenant[: len(world.dwellings)]
    return np.asarray(np.where(tenants >= 0, world.households.size[np.maximum(tenants, 0)], 0).astype(np.uint8))


def new_years(world: World, start_year: list) -> Story:  # type: ignore[type-arg]
    """On each 1 January after the first day: photograph, read the law, start the flows' new year.

    Parameters
    ----------
    start_year : list of callables
        What the other flows do when a year begins (draw the year's departures, say).
    """
    for year in range(year_of(world.first) + 1, year_of(world.last) + 1):
        yield world.until(first_day(year), Phase.YEARLY)
        photograph(world, year - 1)
        world.book.start_year()
        world.ledger.start_year()
        world.refresh_law()
        for begin in start_year:
            begin(world)


def dated_changes(world: World) -> Story:
    """Read the law again on the days when it changes within a year, and move capped seniority."""
    for day in sorted({*world.office_days, *world.change_days}):
        yield world.until(day, Phase.YEARLY)
        if day in world.change_days:
            world.refresh_law()
        rows = world.refile_calendar.pop(day)
        world.refile(rows)
