"""Tenants who leave the social stock, and dwellings let outside the list.

Exits are drawn once a year for everybody (keyed by household and year), spread over its days, and
then wait in a calendar: nothing is done per household per day.
"""

from __future__ import annotations

import numpy as np

from sim.flows.search import start_search, works_days
from sim.state.luck import identities
from sim.words.clock import Phase, first_day, year_of
from sim.words.codes import Channel, EventKind, Reason, Status
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.world import Story, World


class Departures:
    """Notices to come, and tenants to leave, by day."""

    def __init__(self) -> None:
        self.notices = Calendar()
        self.leaving = Calendar()
        self.lettings = Calendar()  # dwellings let outside the list


def yearly_rate(world: World, year: int) -> float:
    """Return the share of let dwellings whose tenant leaves the sector in a year (last value prolonged)."""
    rates = world.scenario.flows.exits.per_year_share
    known = [y for y in sorted(rates) if y <= year] or [min(rates)]
    return rates[known[-1]]


def draw_year(world: World, departures: Departures, year: int, from_day: int) -> None:
    """Draw who gives notice in a year, from ``from_day`` on.

    The rate is that of the whole let stock; dwellings let outside the list turn over faster, the
    others make up the rest, by age of the reference person.
    """
    h, d, p = world.households, world.dwellings, world.scenario.flows.exits
    if not p.on:
        return
    rows = np.flatnonzero(h.dwelling[: len(h)] >= 0)
    is_outside = d.channel[h.dwelling[rows]] == Channel.OUTSIDE
    age = year - h.birth_year[rows].astype(int)
    weight = np.interp(age, [b for b, _ in p.age_profile], [w for _, w in p.age_profile])
    weight *= np.array(p.rooms_profile)[d.rooms[h.dwelling[rows]] - 1]
    weight *= np.where(world.is_in_qpv[h.dwelling[rows]], p.qpv_ratio, 1.0)
    through_list = yearly_rate(world, year) * len(rows) - p.outside_turnover_per_year * is_outside.sum()
    mean_weight = weight[~is_outside].sum()
    share = np.where(is_outside, p.outside_turnover_per_year, through_list / max(mean_weight, 1.0) * weight)
    leaves = world.luck.uniform("exit", h.luck_id[rows], year) < share
    rows = rows[leaves]
    start = first_day(year)
    length = first_day(year + 1) - start
    day = start + (world.luck.uniform("exit_day", h.luck_id[rows], year) * length).astype(np.int64)
    ahead = day >= from_day
    departures.notices.add(day[ahead], rows[ahead])


def exits(world: World, departures: Departures) -> Story:
    """On office days, notices and lettings outside the list; each day, the tenants whose notice ends."""
    notice_days, office = int(world.law["bail.preavis_days"]), set(world.office_days)
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.VACANCIES)
        if day in office:
            give_notice(world, departures, departures.notices.pop(day), day + notice_days)
        leave(world, departures, departures.leaving.pop(day))
        if day in office:
            let_outside(world, departures.lettings.pop(day))


def give_notice(world: World, departures: Departures, households: np.ndarray, exit_day: int) -> np.ndarray:
    """Tenants decide to leave the sector; households already moving inside it stay. Return the dwellings left."""
    h, a = world.households, world.applications
    dwellings, applications = h.dwelling[households].astype(np.int64), h.application[households]
    is_held = (applications >= 0) & (a.status[applications] == Status.HELD)
    stays = (dwellings < 0) | (world.ready_day[dwellings] >= 0) | is_held
    households, dwellings, applications = households[~stays], dwellings[~stays], applications[~stays]
    if not len(households):
        return np.asarray(dwellings)
    moves.close(world, applications[applications >= 0], EventKind.WITHDRAWN, Status.WITHDRAWN)
    moves.give_notice(world, dwellings, Reason.LEFT_SECTOR)
    departures.leaving.add_group(exit_day, households)
    through_list = world.dwellings.channel[dwellings] == Channel.LIST
    listed = dwellings[through_list]
    start_search(world, listed, exit_day + works_days(world, listed))
    world.ready_day[dwellings[~through_list]] = exit_day
    return np.asarray(dwellings)


def leave(world: World, departures: Departures, households: np.ndarray) -> None:
    """Tenants leave; a dwelling let outside the list is promised again after works."""
    if not len(households):
        return
    dwellings = world.households.dwelling[households].astype(np.int64)
    outside = dwellings[world.dwellings.channel[dwellings] == Channel.OUTSIDE]
    departures.lettings.add(world.day + 1 + works_days(world, outside), outside)
    moves.vacate(world, dwellings, Reason.LEFT_SECTOR)


def let_outside(world: World, dwellings: np.ndarray) -> None:
    """Let dwellings to households that come from outside the list."""
    if not len(dwellings):
        return
    ids = identities("outside", world.day, len(dwellings))
    arrivals = world.newcomers.outside_tenants(len(ids), world.own_draws("outside", ids), world.day)
    arrivals.luck_id[:] = ids
    households = world.households.append(arrivals)
    world.grown()
    world.ready_day[dwellings] = -1
    moves.let_outside(world, households, dwellings)


def start_year(world: World, departures: Departures) -> None:
    """Draw the departures of the year that begins."""
    draw_year(world, departures, year_of(world.day), world.day)
