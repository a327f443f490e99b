"""The pipeline of the first day: notices running, files in session, leases about to begin.

There is no warm-up and no empty pipeline. A vacancy found on the first day is as old as it would be
in the steady flow, so that the first year is like the others. Steps that would have been taken
before the first day are taken on it, at once, by the same verbs.
"""

from __future__ import annotations

import numpy as np

from sim.flows import caleol, exits
from sim.words.clock import Phase, year_of
from sim.words.codes import Channel, Reason
from sim.world import moves
from sim.world.world import Story, World


def pipeline(world: World, departures: exits.Departures) -> Story:
    """Start, on the first day, what was under way."""
    yield world.until(world.first, Phase.VACANCIES)
    world.refresh_law()
    exits.draw_year(world, departures, year_of(world.first), world.first)
    ages = running_notices(world, departures) | standing_vacancies(world, departures)
    yield world.until(world.first, Phase.DESIGNATIONS)
    every = world.scenario.flows.caleol.every_days
    advanced = [dwelling for dwelling in sorted(ages) if ages[dwelling] >= every / 2]
    answer_days = int(world.law["offre.delai_reponse_days"])
    for dwelling, rows in zip(advanced, caleol.find_candidates(world, advanced, {}), strict=True):
        if not rows:
            continue
        landlord, since_notice = int(world.dwellings.landlord[dwelling]), ages[dwelling]
        world.to_designate[landlord].discard(dwelling)
        if since_notice < 1.5 * every:
            world.in_session[landlord][dwelling] = rows
        elif since_notice < 1.5 * every + answer_days:
            caleol.decide(world, {dwelling: rows})
        else:
            world.start(promised(world, dwelling, rows))


def running_notices(world: World, departures: exits.Departures) -> dict[int, int]:
    """Start the notices given in the last ``bail.preavis_days`` days; return {dwelling: days since notice}."""
    notice_days = int(world.law["bail.preavis_days"])
    past = exits.Departures()
    exits.draw_year(world, past, year_of(world.first - 1), world.first - notice_days + 1)
    ages: dict[int, int] = {}
    for day in range(world.first - notice_days + 1, world.first):
        for household in past.notices.pop(day).tolist():
            dwelling = int(world.households.dwelling[household])
            exits.give_notice(world, departures, household, day + notice_days)
            if world.dwellings.channel[dwelling] == Channel.LIST and dwelling in world.ready_day:
                ages[dwelling] = world.first - day
    return ages


def standing_vacancies(world: World, departures: exits.Departures) -> dict[int, int]:
    """Start the search for the dwellings found empty; return {dwelling: days since notice}."""
    d = world.dwellings
    notice_days = int(world.law["bail.preavis_days"])
    ages: dict[int, int] = {}
    for dwelling in np.flatnonzero(d.tenant[: len(d)] < 0).tolist():
        exit_day = int(d.vacant_day[dwelling])
        ready = exit_day + caleol.works_days(world, dwelling)
        if ready < world.first:  # ready, and about to be let
            luck = world.luck.uniform_one("first_ready", int(d.luck_id[dwelling]))
            ready = world.first + int(luck * world.scenario.flows.caleol.every_days)
        if d.channel[dwelling] == Channel.OUTSIDE:
            world.ready_day[dwelling] = ready
            departures.lettings.add_one(ready, dwelling)
            continue
        caleol.start_search(world, dwelling, ready)
        ages[dwelling] = world.first - exit_day + notice_days
    return ages


def promised(world: World, dwelling: int, rows: list[int]) -> Story:
    """An offer made before the first day and accepted: the lease begins when the dwelling is ready."""
    row, others = rows[0], rows[1:]
    moves.release(world, others, dwelling, Reason.EARLIER_RANK_SIGNED)
    moves.rank_candidate(world, row, dwelling, 1)
    moves.offer(world, row, dwelling, 1)
    delay = world.scenario.flows.caleol.lease_delay_days
    luck = world.luck.uniform_one("first_lease", int(world.dwellings.luck_id[dwelling]))
    lease_day = max(world.first + int(luck * delay), world.ready_day[dwelling])
    yield from caleol.lease(world, dwelling, row, 1, len(rows), lease_day)
