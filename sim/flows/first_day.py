"""The pipeline of the first day: notices running, files in session, leases about to begin.

There is no warm-up and no empty pipeline. A vacancy found on the first day is as old as it would be
in the steady flow, so that the first year is like the others. Steps that would have been taken
before the first day are taken on it, at once, by the same verbs.
"""

from __future__ import annotations

import numpy as np

from sim.flows import caleol, exits, offers
from sim.flows.search import start_search, works_days
from sim.state.shortlists import Shortlists
from sim.words.clock import Phase, year_of
from sim.words.codes import Channel, Reason
from sim.world import moves
from sim.world.world import Session, Story, World


def pipeline(world: World, departures: exits.Departures) -> Story:
    """Start, on the first day, what was under way."""
    yield world.until(world.first, Phase.VACANCIES)
    world.refresh_law()
    exits.draw_year(world, departures, year_of(world.first), world.first)
    age = np.full(len(world.dwellings), -1)  # days since notice of the dwellings that seek candidates
    running_notices(world, departures, age)
    standing_vacancies(world, departures, age)
    yield world.until(world.first, Phase.DESIGNATIONS)
    every = world.scenario.flows.caleol.every_days
    designated = every / 2  # on average: a vacancy waits for half an interval, its files for a whole one
    decided = designated + every
    advanced = np.flatnonzero(age >= designated)
    if not len(advanced):
        return
    answer_days = int(world.law["offre.delai_reponse_days"])
    session = caleol.find_candidates(world, advanced)
    turn, since_notice = world.dwellings.landlord[session.homes] % world.turns, age[session.homes]
    for number in np.unique(turn).tolist():
        world.to_designate[number].difference_update(session.homes.tolist())
        waits = (turn == number) & (since_notice < decided)
        if waits.any():
            world.in_session[number].append(part(session, waits))
    is_decided = (since_notice >= decided) & (since_notice < decided + answer_days)
    caleol.decide(world, part(session, is_decided))
    promised(world, part(session, since_notice >= decided + answer_days))


def part(session: Session, keeps: np.ndarray) -> Session:
    """Return the part of a session about some of its dwellings (bool, one each)."""
    return Session(session.homes[keeps], session.counts[keeps], session.rows[np.repeat(keeps, session.counts)])


def running_notices(world: World, departures: exits.Departures, age: np.ndarray) -> None:
    """Start the notices given in the last ``bail.preavis_days`` days; write days since notice in ``age``."""
    notice_days = int(world.law["bail.preavis_days"])
    past = exits.Departures()
    exits.draw_year(world, past, year_of(world.first - 1), world.first - notice_days + 1)
    for day in range(world.first - notice_days + 1, world.first):
        left = exits.give_notice(world, departures, past.notices.pop(day), day + notice_days)
        age[left[world.dwellings.channel[left] == Channel.LIST]] = world.first - day


def standing_vacancies(world: World, departures: exits.Departures, age: np.ndarray) -> None:
    """Start the search for the dwellings found empty; write days since notice in ``age``."""
    d = world.dwellings
    empty = np.flatnonzero(d.tenant[: len(d)] < 0)
    ready = d.vacant_day[empty] + works_days(world, empty)
    # ready, and about to be let
    luck = world.luck.uniform("first_ready", d.luck_id[empty])
    soon = world.first + (luck * world.scenario.flows.caleol.every_days).astype(np.int64)
    ready = np.where(ready < world.first, soon, ready)
    outside = d.channel[empty] == Channel.OUTSIDE
    world.ready_day[empty[outside]] = ready[outside]
    departures.lettings.add(ready[outside], empty[outside])
    start_search(world, empty[~outside], ready[~outside])
    age[empty[~outside]] = world.first - d.vacant_day[empty[~outside]] + int(world.law["bail.preavis_days"])


def promised(world: World, session: Session) -> None:
    """Offers made before the first day and accepted: the leases begin when the dwellings are ready."""
    if not len(session.homes):
        return
    homes = np.repeat(session.homes, session.counts)
    ranks = np.arange(len(homes)) - np.repeat(np.cumsum(session.counts) - session.counts, session.counts) + 1
    others = ranks > 1
    moves.release(world, session.rows[others], homes[others], Reason.EARLIER_RANK_SIGNED)
    rows, dwellings, first = session.rows[~others], session.homes, ranks[~others]
    moves.rank_candidates(world, rows, dwellings, first)
    opened = world.shortlists.append(
        Shortlists.build(
            len(rows), application=rows, dwelling=dwellings, rank=first, ranked_count=first, files_count=session.counts
        )
    )
    moves.offer(world, rows, dwellings, first)
    luck = world.luck.uniform("first_lease", world.dwellings.luck_id[dwellings])
    soon = world.first + (luck * world.scenario.flows.caleol.lease_delay_days).astype(np.int64)
    offers.promise(world, opened, np.maximum(soon, world.ready_day[dwellings]))
