"""Rehabilitation, which keeps some dwellings empty for a time, and labels that may no longer be let."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.flows.demolition import is_at
from sim.flows.search import start_search
from sim.inputs.stock_files import read_demolition
from sim.rules.energy import is_banned
from sim.words.clock import DAYS_PER_YEAR, Phase, first_day, months_later, year_of
from sim.words.codes import GONE, Channel, Energy, Reason, Use
from sim.world import moves_stock
from sim.world.calendar import Calendar
from sim.world.world import Story, World

OPEN_TO_WORKS = (int(Use.OFFERED), int(Use.BANNED))


class Works:
    """Works in empty dwellings, at the pace of each territory."""

    def __init__(self, world: World) -> None:
        p = world.scenario.flows.rehabilitation
        self.world = world
        self.ends = Calendar()
        self.lines = read_demolition(p.programme, world.territory)
        self.share = p.realised_share * p.emptied_share * world.scale / DAYS_PER_YEAR
        self.started = [0] * len(self.lines)
        communes = np.arange(len(world.commune_codes))
        self.is_at = [is_at(world, line, communes).tolist() for line in self.lines]  # by commune, asked at each vacancy

    def take(self, dwellings: np.ndarray, ready_days: Any) -> None:
        """Keep vacancies empty for works, from the day they would have been let on: E, F and G, D in QPV (action 3)."""
        if not len(dwellings):
            return
        world, d = self.world, self.world.dwellings
        ready = np.broadcast_to(ready_days, dwellings.shape)
        label = d.energy[dwellings]
        concerned = (label >= Energy.E) | ((label == Energy.D) & world.is_in_qpv[dwellings])
        places = np.flatnonzero(concerned & (d.use[dwellings] == Use.OFFERED)).tolist()
        chosen = [place for place in places if self._is_due(int(d.commune[dwellings[place]]))]
        self.start(dwellings[chosen], ready[chosen])

    def _is_due(self, commune: int) -> bool:
        """Count one more dwelling of a commune emptied for works, if a line of the programme is behind its pace."""
        world = self.world
        for number, line in enumerate(self.lines):
            begins, ends = first_day(line.first_year), first_day(line.last_year + 1)
            pace = line.per_year * self.share * (min(world.day, ends) - max(world.first, begins))
            if world.day < ends and self.is_at[number][commune] and self.started[number] + 1 <= pace:
                self.started[number] += 1
                return True
        return False

    def start(self, dwellings: np.ndarray, from_days: np.ndarray) -> None:
        """Keep dwellings empty from some days on."""
        if not len(dwellings):
            return
        world = self.world
        moves_stock.set_use(world, dwellings, Use.IN_WORKS, Reason.WORKS)
        world.ready_day[dwellings] = from_days
        ends = months_later(np.maximum(from_days, world.day), world.scenario.flows.rehabilitation.works_months)
        self.ends.add(np.maximum(ends, world.day + 1), dwellings)


def works(world: World, register: Works) -> Story:
    """Each day: the dwellings whose rehabilitation is due, and the end of works."""
    d, due = world.dwellings, Calendar()
    for day in range(world.first + 1, world.last + 1):
        if day in (world.first + 1, first_day(year_of(day))):
            yield world.until(day, Phase.YEARLY)
            choose_year(world, register, due, day)
        yield world.until(day, Phase.RECOGNITIONS)
        rows = due.pop(day)
        empty = (d.tenant[rows] < 0) & (d.use[rows] == Use.BANNED)
        register.start(rows[empty], np.full(empty.sum(), day))
        renovate(world, rows[~empty])
        yield world.until(day, Phase.VACANCIES)
        done = register.ends.pop(day)
        late = done[d.tenant[done] >= 0]  # the tenant is still there: the notice is running
        register.ends.add_group(day + 1, late)
        done = done[d.tenant[done] < 0]
        moves_stock.set_use(world, done, Use.RENOVATED, Reason.WORKS)
        start_search(world, done, day)


def renovate(world: World, rows: np.ndarray) -> None:
    """Rehabilitate dwellings without emptying them."""
    if len(rows):
        use = world.dwellings.use[rows]
        moves_stock.set_use(world, rows[np.isin(use, OPEN_TO_WORKS)], Use.RENOVATED, Reason.WORKS)


def choose_year(world: World, register: Works, due: Calendar, from_day: int) -> None:
    """Draw the dwellings rehabilitated in the year, territory by territory, the worst labels first, and their days."""
    d, p, year = world.dwellings, world.scenario.flows.rehabilitation, year_of(from_day)
    count = len(d)
    rows = np.flatnonzero(
        (d.channel[:count] == Channel.LIST) & np.isin(d.use[:count], OPEN_TO_WORKS) & (d.service_day[:count] < from_day)
    )
    luck = world.luck.uniform("works_order", d.luck_id[rows])
    rows = rows[np.lexsort((luck, -d.energy[rows].astype(int)))]
    length = first_day(year + 1) - from_day
    for line in register.lines:
        if not line.first_year <= year <= line.last_year:
            continue
        wanted = round(line.per_year * p.realised_share * (1 - p.emptied_share) * world.scale)
        chosen = rows[is_at(world, line, d.commune[rows])][:wanted]
        rows = rows[~np.isin(rows, chosen)]
        day = from_day + (world.luck.uniform("works_day", d.luck_id[chosen], year) * length).astype(np.int64)
        due.add(day, chosen)


def ban(world: World, dwellings: np.ndarray, ready_days: Any) -> np.ndarray:
    """Return which vacancies may not be let when they are ready, for their label; those rehabilitated may."""
    d = world.dwellings
    days = np.maximum(np.broadcast_to(ready_days, dwellings.shape), world.day)
    banned = (d.use[dwellings] == Use.OFFERED) & is_banned(d.energy[dwellings], days, world.law.law)
    moves_stock.set_use(world, dwellings[banned], Use.BANNED, Reason.ENERGY_BAN)
    return np.asarray(banned & (d.use[dwellings] < GONE))
