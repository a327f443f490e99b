"""Demolition in the quarters under renewal (NPNRU): who must be relocated, and when the empty dwelling goes.

The landlord registers its tenants itself. They get up to three offers, of which the commission is only
informed (``flows/relocation.py``); what they leave is never let again.
"""

from __future__ import annotations

import numpy as np

from sim.flows.programme import poisson_at
from sim.flows.relocation import Relocations
from sim.inputs.stock_files import ANYWHERE, Demolition, read_demolition
from sim.words.clock import Phase, first_day, months_later, year_of
from sim.words.codes import Channel, Period, Reason, Status, Use
from sim.world import moves_stock
from sim.world.calendar import Calendar
from sim.world.world import Story, World

MAP_OF_2015 = 1  # bit of Dwellings.qpv_map: the quarters of the conventions
OLD = int(Period.FROM_1949)


def demolitions(world: World, relocations: Relocations) -> Story:
    """Each day, the dwellings whose demolition is decided, and those that are demolished."""
    lines = read_demolition(world.scenario.flows.demolition.programme, world.territory)
    decided, to_demolish, earliest = Calendar(), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    for day in range(world.first + 1, world.last + 1):
        if day in (world.first + 1, first_day(year_of(day))):
            yield world.until(day, Phase.YEARLY)
            choose_year(world, lines, decided, day)
        yield world.until(day, Phase.RECOGNITIONS)
        rows = decided.pop(day)
        rows = rows[may_start(world, rows)]
        if len(rows):
            moves_stock.set_use(world, rows, Use.TO_DEMOLISH, Reason.DEMOLITION)
            relocations.register(world, world.dwellings.tenant[rows].astype(np.int64))
            to_demolish = np.concatenate([to_demolish, rows])
            earliest = np.concatenate([earliest, np.full(len(rows), wait_until(world, day))])
        yield world.until(day, Phase.LEASES)
        is_ready = (world.dwellings.tenant[to_demolish] < 0) & (earliest <= day)
        if is_ready.any():
            moves_stock.set_use(world, np.sort(to_demolish[is_ready]), Use.DEMOLISHED, Reason.DEMOLITION)
            to_demolish, earliest = to_demolish[~is_ready], earliest[~is_ready]


def wait_until(world: World, day: int) -> int:
    """Return the first day on which what is decided today may be demolished."""
    return int(months_later(day, world.scenario.flows.demolition.empty_months))


def is_at(world: World, line: Demolition, communes: np.ndarray) -> np.ndarray:
    """Return which communes lie in the place that a line names."""
    codes, parts = np.array(world.commune_codes)[communes], np.array(world.territory_names)[communes]
    inside = np.ones(len(communes), dtype=bool)
    if line.commune != ANYWHERE:
        inside &= codes == line.commune
    if line.territory != ANYWHERE:
        inside &= parts == line.territory
    return inside


def may_start(world: World, rows: np.ndarray) -> np.ndarray:
    """Return which dwellings are let to tenants who are not leaving already."""
    if not len(rows):  # most days
        return np.zeros(0, dtype=bool)
    d, h, a = world.dwellings, world.households, world.applications
    tenant = d.tenant[rows]
    application = np.where(tenant >= 0, h.application[np.maximum(tenant, 0)], -1)
    is_held = (application >= 0) & (a.status[np.maximum(application, 0)] == Status.HELD)
    return np.asarray((tenant >= 0) & (world.ready_day[rows] < 0) & (d.use[rows] == Use.OFFERED) & ~is_held)


def choose_year(world: World, lines: tuple[Demolition, ...], decided: Calendar, from_day: int) -> None:
    """Draw the dwellings of the year, line by line, and the day of each: old, let through the list, in a QPV."""
    d, year, p = world.dwellings, year_of(from_day), world.scenario.flows.demolition
    count = len(d)
    concerned = (d.channel[:count] == Channel.LIST) & (d.period[:count] <= OLD) & (d.qpv_map[:count] & MAP_OF_2015 > 0)
    rows = np.flatnonzero(concerned)
    rows = rows[may_start(world, rows)]
    luck = world.luck.uniform("demolition", d.luck_id[rows])
    rows = rows[np.argsort(luck, kind="stable")]
    start, end = from_day, first_day(year + 1)
    for number, line in enumerate(lines):
        if not line.first_year <= year <= line.last_year:
            continue
        mean = line.per_year * p.realised_share * world.scale
        wanted = poisson_at(world.luck.uniform_one("demolition_count", number, year), mean)
        chosen = rows[is_at(world, line, d.commune[rows])][:wanted]
        rows = rows[~np.isin(rows, chosen)]
        day = start + (world.luck.uniform("demolition_day", d.luck_id[chosen]) * (end - start)).astype(np.int64)
        decided.add(day, chosen)
