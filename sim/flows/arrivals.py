"""New applications: first access, and tenants of the stock who ask to move.

Who comes is drawn from each one's own identity, so that "10 % more arrivals" redraws nobody. A month is drawn in
one go and filed on the office days.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from sim.flows.programme import poisson_at
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
    """Applications of one month, in the order of their days; on one day, first access before mutations."""

    files: Applications  # ``household`` is -1 for a first access, whose household is not there yet
    newcomers: Households  # of the first-access ones, in the same order
    file_ends: np.ndarray  # rows of ``files`` reached before each day, and at the end of the last
    newcomer_ends: np.ndarray


def arrivals(world: World, anniversaries: Anniversaries, procedures: Procedures) -> Story:
    """File, on each office day, the applications made since the one before, each with its own date."""
    day = world.first
    while day <= world.last:
        month_end = next_month(day)
        yield world.until(day, Phase.ARRIVALS)
        month = draw_month(world, day, month_end)
        filed = 0  # days of this month
        for today in world.office_days[bisect_left(world.office_days, day) : bisect_left(world.office_days, month_end)]:
            yield world.until(today, Phase.ARRIVALS)
            rows = file_days(world, month, filed, today + 1 - day)
            anniversaries.add(world, rows)
            procedures.add(world, rows)
            filed = today + 1 - day
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
    share, rate = world.scenario.flows.arrivals.mutation_share, daily_rate(world, day)
    first = counts_of(world, "first_access", day, month_end, rate * (1 - share))
    moving = counts_of(world, "mutation", day, month_end, rate * share)
    ids = np.concatenate([identities("first_access", day + i, n) for i, n in enumerate(first.tolist())])
    households, files = world.newcomers.first_access(len(ids), world.own_draws("first_access", ids), day)
    h, uniform, days = world.households, world.luck.uniform, month_end - day
    rows = world.newcomers.pick_mutation_filers(h, world.dwellings, int(moving.sum()), uniform, day)
    place = (uniform("mutation_day", h.luck_id[rows], day) * days).astype(np.int64)
    rows = rows[np.lexsort((rows, place))]
    draws = world.own_draws("mutation", h.luck_id[rows])
    mutations = world.newcomers.mutation_requests(h, world.dwellings, rows, draws, day)
    files.luck_id[:], households.luck_id[:] = ids, ids
    mutations.luck_id[:] = offspring(h.luck_id[rows], "mutation", day)
    per_day = np.bincount(place, minlength=days)
    files.filed_day[:], mutations.filed_day[:] = np.repeat(np.arange(day, month_end), first), day + np.sort(place)
    files.append(mutations)
    files = files.take(np.argsort(files.filed_day[: len(files)], kind="stable"))
    files.renewal_due_day[:] = files.filed_day + int(world.law["demande.validite_days"])
    return Month(files, households, ends_of(first + per_day), ends_of(first))


def counts_of(world: World, kind: str, day: int, month_end: int, rate: float) -> np.ndarray:
    """Return how many applications of a kind are made on each day: never fewer at a larger rate."""
    luck = world.luck.uniform_one
    return np.array([poisson_at(luck(f"arrivals_{kind}", 0, day), rate) for day in range(day, month_end)])


def ends_of(counts: np.ndarray) -> np.ndarray:
    """Return how many came before each day, and in all."""
    return np.concatenate([[0], np.cumsum(counts)])


def file_days(world: World, month: Month, begin: int, end: int) -> np.ndarray:
    """File the applications of some days; of tenants, those who still are, and who ask for nothing else."""
    files = month.files.take(slice(int(month.file_ends[begin]), int(month.file_ends[end])))
    newcomers = month.newcomers.take(slice(int(month.newcomer_ends[begin]), int(month.newcomer_ends[end])))
    tenants = files.household[files.is_mutation]
    dwellings = world.households.dwelling[tenants]
    is_free = (dwellings >= 0) & (world.households.application[tenants] < 0) & (world.ready_day[dwellings] < 0)
    if not is_free.all():
        may_file = ~files.is_mutation
        may_file[files.is_mutation] = is_free
        files = files.take(may_file)
    return moves.file_applications(world, files, newcomers)
