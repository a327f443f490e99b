"""A dated programme of production: lines agreed in a year, delivered after the lead time, dwellings or places."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import pdtr, pdtrik

from sim.inputs.stock_files import Line, read_production
from sim.population.programme import make, production_by_commune, where
from sim.rules.production import commune_weights, sru_per_year
from sim.state.dwellings import Dwellings
from sim.state.luck import identities
from sim.words.clock import DAYS_PER_MONTH, first_day, months_later, year_of
from sim.world.world import World


class Plan:
    """What a programme delivers, fortnight after fortnight.

    Parameters
    ----------
    world : World
        Whose scenario names the programme.
    batch_days : int
        Days between two batches.
    """

    def __init__(self, world: World, batch_days: int) -> None:
        p = world.scenario.flows.deliveries
        lines = read_production(p.programme, world.territory)
        self.dwellings = [(number, line) for number, line in enumerate(lines) if not line.is_place]
        self.places = [(number, line) for number, line in enumerate(lines) if line.is_place]
        self.batch_years = batch_days / (12 * DAYS_PER_MONTH)
        self.lead_months = p.lead_months
        first = min(line.first_year for line in lines)
        self.first_day = int(months_later(first_day(first), p.lead_months))
        self._weights: dict[int, np.ndarray] = {}

    def weights(self, world: World, agreed_day: int) -> np.ndarray:
        """Return the social dwellings that fall to each commune, by the law in force when they are agreed."""
        year = max(year_of(agreed_day), year_of(world.first))
        if year not in self._weights:
            self._weights[year] = self._weights_of(world, first_day(year + 1) - 1)
        return self._weights[year]

    def _weights_of(self, world: World, day: int) -> np.ndarray:
        law, communes, builder = world.law, world.territory.communes, world.newcomers.builder
        today, law.day = law.day, day  # what is read is noted, with its date
        sru = sru_per_year(
            communes["sru_rate_pct"].to_numpy(float),
            communes["sru_target_pct"].to_numpy(float),
            communes["sru_missing"].to_numpy(float),
            law["sru.rattrapage_part"],
            law["sru.rattrapage_seuils_points"],
            float(law["sru.periode_years"]),
        )
        social = float(law["plh.part_sociale"])
        law.day = today
        production = production_by_commune(world.territory)
        catch_up = world.scenario.flows.deliveries.sru_catch_up
        return commune_weights(production, builder.qpv, sru, social, catch_up)

    def covers(self, service_day: int) -> bool:
        """Whether what enters service on a day comes from the programme, and not from what was agreed before it."""
        return service_day >= self.first_day

    def counts(
        self, world: World, lines: list[tuple[int, Line]], service_day: int, stream: str
    ) -> list[tuple[int, Line, int]]:
        """Draw how many of each line enter service on a day (agreed the lead time before)."""
        year = year_of(int(months_later(service_day, -self.lead_months)))
        share = world.scenario.flows.deliveries.realised_share
        found = []
        for number, line in lines:
            is_due = line.first_year <= year <= line.last_year
            mean = line.per_year * share * world.scale * self.batch_years if is_due else 0.0
            uniform = world.luck.uniform_one(stream, number, service_day)
            found.append((number, line, poisson_at(uniform, mean)))
        return found

    def batch(self, world: World, service_day: int) -> Dwellings:
        """Return the dwellings of a day, not announced yet."""
        p, builder = world.scenario.flows.deliveries, world.newcomers.builder
        weights = self.weights(world, int(months_later(service_day, -self.lead_months)))
        homes = Dwellings.build(0)
        for number, line, count in self.counts(world, self.dwellings, service_day, "programme_count"):
            if count:
                rng = world.luck_stream(f"programme_{number}")
                made = make(builder, line, count, where(line, weights, builder), p.t2_ratio, rng, service_day)
                made.luck_id[:] = identities(f"programme_{number}", service_day, count)
                homes.append(made)
        return homes.copy()


def lowest(rows: np.ndarray, luck: np.ndarray, count: int) -> np.ndarray:
    """Return the rows that drew the smallest numbers, as many as there are to take, ascending."""
    return np.asarray(np.sort(rows[np.argpartition(luck, count)[:count]] if count < len(rows) else rows))


def poisson_at(uniform: float, mean: float) -> int:
    """Return the Poisson count of a mean at a quantile: more is built with a larger mean, never less."""
    if mean <= 0:
        return 0
    count: int = max(0, math.ceil(pdtrik(uniform, mean)))
    is_rounded_up = count > 0 and pdtr(count - 1, mean) >= uniform
    return count - int(is_rounded_up)
