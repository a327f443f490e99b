"""Sale of social dwellings: to occupants on a day of the year, or when they fall vacant."""

from __future__ import annotations

import numpy as np

from sim.flows.demolition import may_start
from sim.population.dwellings import under_ceiling
from sim.rules.sales import Framework, Home, SaleBar, sale_bars
from sim.words.clock import DAYS_PER_YEAR, Phase, first_day, year_of
from sim.words.codes import LETTABLE, Channel, Energy, Reason, Use
from sim.world import moves_stock
from sim.world.calendar import Calendar
from sim.world.world import Story, World


class Sales:
    """How many were sold on vacancy, and what waits to be empty."""

    def __init__(self, world: World) -> None:
        p, communes = world.scenario.flows.sales, world.territory.communes
        self.world, self.sold_empty = world, 0
        self.for_sale = np.empty(0, dtype=np.int64)
        gap = communes["sru_target_pct"].to_numpy(float) - communes["sru_rate_pct"].to_numpy(float)
        self.is_sru = np.nan_to_num(gap, nan=-np.inf) > -p.sru_margin_points
        codes = communes["code_insee"].to_numpy(str)
        self.agreed, self.saturated, self.water = (
            np.isin(codes, named) for named in (p.agreed_communes, p.saturated_communes, p.water_communes)
        )

    def may_be_sold(self, rows: np.ndarray, is_occupant: bool) -> np.ndarray:
        """Return which dwellings neither the law nor the framework keeps from being sold."""
        world, d, p = self.world, self.world.dwellings, self.world.scenario.flows.sales
        law, commune = world.law, d.commune[rows]
        home = Home(
            financing=d.financing[rows],
            rooms=d.rooms[rows],
            energy=d.energy[rows],
            age_years=(world.day - d.service_day[rows]) / DAYS_PER_YEAR,
            has_low_rent=under_ceiling(d.take(rows), world.newcomers.shapes),
            is_in_qpv=world.is_in_qpv[rows],
            is_sru=self.is_sru[commune],
            has_agreement=self.agreed[commune],
            is_saturated=self.saturated[commune],
            is_water=self.water[commune],
        )
        rule = Framework(
            float(law["vente.anciennete_years"]), int(Energy[law["vente.etiquette_max"]]), p.framework,
            p.works_plan_for_e, p.low_rent_rooms, p.offers_ownership,
        )  # fmt: skip
        is_listed = (d.channel[rows] == Channel.LIST) & (d.use[rows] <= LETTABLE)
        return np.asarray(is_listed & (sale_bars(home, is_occupant, rule) == SaleBar.NONE))

    def take(self, dwellings: np.ndarray) -> np.ndarray:
        """Return which vacancies are sold instead of being let: at the pace of the year, in the order given."""
        world, p = self.world, self.world.scenario.flows.sales
        pace = p.per_year * (1 - p.occupant_share) * world.scale / DAYS_PER_YEAR
        due = int(pace * (world.day - world.first)) - self.sold_empty
        chosen = np.zeros(len(dwellings), dtype=bool)
        if due > 0 and len(dwellings):
            chosen[np.flatnonzero(self.may_be_sold(dwellings, is_occupant=False))[:due]] = True
            moves_stock.set_use(world, dwellings[chosen], Use.FOR_SALE, Reason.SALE)
            self.sold_empty += int(chosen.sum())
            self.for_sale = np.concatenate([self.for_sale, dwellings[chosen].astype(np.int64)])
        return chosen


def sales(world: World, register: Sales) -> Story:
    """Each day: occupants who buy, and dwellings put on sale that are empty."""
    decided = Calendar()
    for day in range(world.first + 1, world.last + 1):
        if day in (world.first + 1, first_day(year_of(day))):
            yield world.until(day, Phase.YEARLY)
            choose_year(world, register, decided, day)
        yield world.until(day, Phase.RECOGNITIONS)
        rows = decided.pop(day)
        rows = rows[may_start(world, rows)]
        households = world.dwellings.tenant[rows].astype(np.int64)
        moves_stock.leave_dwelling(world, households, Reason.SALE)
        moves_stock.set_use(world, rows, Use.SOLD, Reason.SALE)
        yield world.until(day, Phase.LEASES)
        waiting = register.for_sale
        is_sold = (world.dwellings.tenant[waiting] < 0) & (world.dwellings.service_day[waiting] <= day)
        moves_stock.set_use(world, waiting[is_sold], Use.SOLD, Reason.SALE)
        register.for_sale = np.sort(waiting[~is_sold])


def choose_year(world: World, register: Sales, decided: Calendar, from_day: int) -> None:
    """Draw the dwellings of the year that their occupants buy, and the day of each."""
    d, p, year = world.dwellings, world.scenario.flows.sales, year_of(from_day)
    rows = np.flatnonzero(d.tenant[: len(d)] >= 0)
    rows = rows[may_start(world, rows)]
    rows = rows[register.may_be_sold(rows, is_occupant=True)]
    luck = world.luck.uniform("sale", d.luck_id[rows], year)
    wanted = round(p.per_year * p.occupant_share * world.scale)
    rows = rows[np.argsort(luck, kind="stable")[:wanted]]
    length = first_day(year + 1) - from_day
    day = from_day + (world.luck.uniform("sale_day", d.luck_id[rows], year) * length).astype(np.int64)
    decided.add(day, rows)
