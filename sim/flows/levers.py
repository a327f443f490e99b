"""Other levers of the PLH: rents lowered at reletting, evictions, publics brought to the list, seniors helped."""

from __future__ import annotations

import numpy as np

from sim.flows.arrivals_again import file_again
from sim.flows.demolition import may_start
from sim.flows.programme import lowest, poisson_at
from sim.flows.recognitions import Procedures
from sim.flows.renewals import Anniversaries
from sim.flows.search import start_search, works_days
from sim.inputs.schema_stock import Entry
from sim.rules.occupancy import is_under_occupied
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import identities, offspring
from sim.words.clock import DAYS_PER_YEAR, Phase, first_day, year_of
from sim.words.codes import Channel, Ground, Occupation, Reason, Recognition
from sim.world import moves, moves_stock
from sim.world.calendar import Calendar
from sim.world.world import Story, World

MUTATION = int(Recognition.MUTATION)


def lower_rents(world: World, dwellings: np.ndarray) -> None:
    """Lower the rent of a share of the relettings outside QPV (action 35)."""
    d, p = world.dwellings, world.scenario.flows.rents
    if not p.relettings_share or not len(dwellings):
        return
    is_let_before = (d.service_day[dwellings] < world.first) | (d.lettings_count[dwellings] > 0)
    luck = world.luck.uniform("rent", d.luck_id[dwellings])
    chosen = (luck < p.relettings_share) & ~world.is_in_qpv[dwellings] & is_let_before
    chosen &= (d.channel[dwellings] == Channel.LIST) & ~among(dwellings, world.lowered)
    rows = dwellings[chosen]
    world.lowered.update(rows.tolist())  # once
    rents = d.rent_eur_month[rows] * (1 - p.reduction_share)
    moves_stock.change(world, {"rent_eur_month": rents}, rows, Reason.RENT_LOWERED)


def among(rows: np.ndarray, known: set[int]) -> np.ndarray:
    """Return which of a few rows belong to a large set."""
    return np.fromiter((row in known for row in rows.tolist()), dtype=bool, count=len(rows))


def evictions(world: World, anniversaries: Anniversaries, procedures: Procedures) -> Story:
    """Tenants drawn once a year are evicted on a day of it: a vacancy, and for some a new application."""
    p, due, back = world.scenario.flows.evictions, Calendar(), Calendar()
    for day in range(world.first + 1, world.last + 1):
        yield world.until(day, Phase.RECOGNITIONS)
        if day in (world.first + 1, first_day(year_of(day))):
            draw_evictions(world, due, day)
        rows = due.pop(day)
        rows = rows[may_start(world, rows)]
        if len(rows):
            households = world.dwellings.tenant[rows].astype(np.int64)
            moves_stock.leave_dwelling(world, households, Reason.EVICTED)
            start_search(world, rows, day + works_days(world, rows))
            luck = world.luck.uniform("evicted_back", world.households.luck_id[households])
            back.add_group(day + p.back_days, households[luck < p.back_on_list_share])
        households = back.pop(day)
        households = households[world.households.application[households] < 0]
        file_again(world, households, int(Ground.P02_HEBERGE_TIERS), anniversaries, procedures)


def draw_evictions(world: World, due: Calendar, from_day: int) -> None:
    """Draw the tenants evicted in the year, and when."""
    d, year = world.dwellings, year_of(from_day)
    rows = np.flatnonzero((d.tenant[: len(d)] >= 0) & (d.channel[: len(d)] == Channel.LIST))
    luck = world.luck.uniform("eviction", d.luck_id[rows], year)
    wanted = world.scenario.flows.evictions.per_year * world.scale
    count = poisson_at(world.luck.uniform_one("eviction_count", 0, year), wanted)
    rows = rows[np.argsort(luck, kind="stable")[:count]]
    length = first_day(year + 1) - from_day
    day = from_day + (world.luck.uniform("eviction_day", d.luck_id[rows], year) * length).astype(np.int64)
    due.add(day, rows)


def entries(world: World, anniversaries: Anniversaries, procedures: Procedures, batch_days: int) -> Story:
    """Each fortnight, the publics that policies bring to the list."""
    for day in range(world.first, world.last + 1, batch_days):
        yield world.until(day, Phase.ARRIVALS)
        for name, entry in world.scenario.flows.entries.items():
            mean = entry.per_year * world.scale * batch_days / DAYS_PER_YEAR
            count = poisson_at(world.luck.uniform_one(f"entry_{name}", 0, day), mean)
            if count and entry.first_year <= year_of(day) <= entry.last_year:
                rows = bring(world, name, entry, count)
                anniversaries.add(world, rows)
                procedures.add(world, rows)


def bring(world: World, name: str, entry: Entry, count: int) -> np.ndarray:
    """File the applications of a public; return their rows."""
    ids = identities(f"entry_{name}", world.day, count)
    households, files = world.newcomers.first_access(count, world.own_draws(f"entry_{name}", ids), world.day)
    if entry.occupation:
        households.occupation[:] = Occupation[entry.occupation]
    files.grounds[:] |= np.uint32(Ground.mask(*entry.grounds))
    files.luck_id[:], households.luck_id[:] = ids, ids
    files.household[:] = -1
    files.renewal_due_day[:] = world.day + int(world.law["demande.validite_days"])
    return moves.file_applications(world, files, households)


def help_to_move(world: World, anniversaries: Anniversaries, batch_days: int) -> Story:
    """Each fortnight, seniors in too large a dwelling who wish to move enter as priority mutations (action 32)."""
    h, d, p = world.households, world.dwellings, world.scenario.flows.help_to_move
    for day in range(world.first, world.last + 1, batch_days):
        yield world.until(day, Phase.RECOGNITIONS)
        mean = p.per_year * world.scale * batch_days / DAYS_PER_YEAR
        count = poisson_at(world.luck.uniform_one("help_to_move", 0, day), mean)
        oldest = year_of(day) - int(world.law["sous_occupation.age_protege_years"])
        rows = np.flatnonzero((h.dwelling[: len(h)] >= 0) & (h.application[: len(h)] < 0))
        home = h.dwelling[rows]
        too_large = is_under_occupied(d.rooms[home], h.size[rows], int(world.law["sous_occupation.pieces_en_trop"]))
        concerned = too_large & (h.birth_year[rows] < oldest) & (world.ready_day[home] < 0)
        rows = rows[concerned & (d.channel[home] == Channel.LIST)]
        luck = world.luck.uniform("help_to_move_who", h.luck_id[rows], day)
        rows = lowest(rows, luck, count)
        if len(rows):
            files = move_requests(world, rows)
            filed = moves.file_applications(world, files, Households.build(0))
            world.helped.update(filed.tolist())
            moves.recognise(world, filed, np.full(len(filed), MUTATION, dtype=np.uint8))
            anniversaries.add(world, filed)


def move_requests(world: World, rows: np.ndarray) -> Applications:
    """Return requests of tenants for a smaller dwelling than theirs."""
    h, d = world.households, world.dwellings
    draws = world.own_draws("help_to_move", h.luck_id[rows])
    files: Applications = world.newcomers.mutation_requests(h, d, rows, draws, world.day)
    smaller = np.maximum(d.rooms[h.dwelling[rows]].astype(int) - 1, 1)
    for column in (files.rooms_max, files.rooms_wanted, files.rooms_min):
        column[:] = np.minimum(column, smaller)
    files.grounds[:] |= np.uint32(Ground.M01_SOUS_OCCUPATION)
    files.luck_id[:] = offspring(h.luck_id[rows], "help_to_move", world.day)
    files.renewal_due_day[:] = world.day + int(world.law["demande.validite_days"])
    return files
