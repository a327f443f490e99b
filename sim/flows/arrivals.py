"""New applications: first access, and tenants of the stock who ask to move.

How many come on each day and who they are use different streams, so that "10 % more arrivals" does
not redraw who arrives. A month is drawn in one go and filed day by day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.flows.recognitions import Procedures
from sim.flows.renewals import Anniversaries
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import identities, offspring
from sim.words.clock import DAYS_PER_YEAR, Phase, to_date, to_day
from sim.world import moves
from sim.world.world import Story, World


@dataclass
class Month:
    """Applications of one month, in the order of their days."""

    first_access: Applications
    newcomers: Households
    mutations: Applications
    first_access_ends: np.ndarray  # rows filed by the end of each day
    mutation_ends: np.ndarray


def arrivals(world: World, anniversaries: Anniversaries, procedures: Procedures) -> Story:
    """File the applications of each day."""
    day = world.first
    while day <= world.last:
        month_end = next_month(day)
        yield world.until(day, Phase.ARRIVALS)
        month = draw_month(world, day, month_end)
        for place, today in enumerate(range(day, min(month_end, world.last + 1))):
            yield world.until(today, Phase.ARRIVALS)
            rows = np.concatenate([file_first_access(world, month, place), file_mutations(world, month, place)])
            anniversaries.add(world, rows)
            procedures.add(world, rows)
        day = month_end


def next_month(day: int) -> int:
    """Return the first day of the next month."""
    date = to_date(day)
    return to_day(date.replace(year=date.year + date.month // 12, month=date.month % 12 + 1, day=1))


def daily_rate(world: World, day: int) -> float:
    """Return the expected number of applications on a day of this month."""
    p = world.scenario.flows.arrivals
    years = (day - world.first) / DAYS_PER_YEAR
    season = p.seasonality[to_date(day).month - 1] * 12 / sum(p.seasonality)
    growth = float((1.0 + p.growth_share_per_year) ** years)
    return p.per_year * world.scale * growth * season / DAYS_PER_YEAR


def draw_month(world: World, day: int, month_end: int) -> Month:
    """Draw how many file on each day of a month, and who they are."""
    counts, share = world.luck_stream("arrivals_counts"), world.scenario.flows.arrivals.mutation_share
    rate, days = daily_rate(world, day), month_end - day
    first, moving = counts.poisson(rate * (1 - share), days), counts.poisson(rate * share, days)
    people = world.luck_stream("arrivals_people")
    households, files = world.newcomers.first_access(int(first.sum()), people, day)
    tenants = world.luck_stream("arrivals_tenants")
    h, uniform = world.households, world.luck.uniform
    rows = world.newcomers.pick_mutation_filers(h, world.dwellings, int(moving.sum()), uniform, day)
    place = (uniform("mutation_day", h.luck_id[rows], day) * days).astype(np.int64)
    rows = rows[np.lexsort((rows, place))]
    mutations = world.newcomers.mutation_requests(h, world.dwellings, rows, tenants, day)
    per_day = np.bincount(place, minlength=days)
    _date(world, files, day, first)
    _date(world, mutations, day, per_day)
    files.luck_id[:] = np.concatenate([identities("first_access", day + i, int(n)) for i, n in enumerate(first)])
    households.luck_id[:] = files.luck_id
    mutations.luck_id[:] = offspring(h.luck_id[rows], "mutation", day)
    return Month(files, households, mutations, np.cumsum(first), np.cumsum(per_day))


def _date(world: World, files: Applications, day: int, counts: np.ndarray) -> None:
    """Give each application its day and the end of its validity."""
    files.filed_day[:] = np.repeat(np.arange(day, day + len(counts)), counts)
    files.renewal_due_day[:] = files.filed_day + int(world.law["demande.validite_days"])


def _slice(ends: np.ndarray, place: int) -> slice:
    return slice(int(ends[place - 1]) if place else 0, int(ends[place]))


def file_first_access(world: World, month: Month, place: int) -> np.ndarray:
    """File the first-access applications of one day."""
    rows = _slice(month.first_access_ends, place)
    if rows.start == rows.stop:
        return np.empty(0, dtype=np.int64)
    return moves.file_applications(world, month.first_access.take(rows), month.newcomers.take(rows))


def file_mutations(world: World, month: Month, place: int) -> np.ndarray:
    """File the mutation requests of one day, of those who are still tenants and ask for nothing else."""
    rows = _slice(month.mutation_ends, place)
    households = month.mutations.household[rows]
    dwellings = world.households.dwelling[households]
    is_leaving = world.ready_day[dwellings] >= 0
    may_file = (dwellings >= 0) & (world.households.application[households] < 0) & ~is_leaving
    rows = np.arange(rows.start, rows.stop)[may_file]
    if not len(rows):
        return np.empty(0, dtype=np.int64)
    return moves.file_applications(world, month.mutations.take(rows))
