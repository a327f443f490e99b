"""Those who come during a run: applicants, tenants who ask to move, tenants outside the list, new dwellings.

The first day uses the same functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.inputs.schema_flows import Deliveries
from sim.population.deliveries import Builder
from sim.population.grounds import first_access_grounds, mutation_grounds
from sim.population.people import ages_in, compose, income_score, set_income
from sim.population.raking import choose, quantile_of
from sim.population.shapes import Shapes
from sim.population.tenants import filing_weight, occupation_effect, outside_tenants
from sim.population.wishes import Geography, rooms_wished
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.luck import Draws
from sim.state.rows import Rows
from sim.words.clock import year_of
from sim.words.codes import Channel

CANDIDATES_PER_FILER = 40
Uniform = Callable[[str, np.ndarray, int], np.ndarray]
VALIDITY_LAW = "demande.validite_days"


@dataclass
class Newcomers:
    """Generator of newcomers, with what the first day fixed.

    Attributes
    ----------
    scores : numpy.ndarray
        Income scores of the applicants of the first day at even ranks, ascending: one scale of income for all.
    tenant_scores : numpy.ndarray
        The same for tenants who do not apply.
    environment_share : float
        Chance of an environment ground, set on the first day (see ``mutation_grounds``).
    head_start_max_days : tuple of float
        First access, mutation: see ``Arrivals``.
    """

    shapes: Shapes
    geography: Geography
    builder: Builder
    scores: np.ndarray
    tenant_scores: np.ndarray
    environment_share: float
    head_start_max_days: tuple[float, float]

    def first_access(self, count: int, rng: Draws, day: int) -> tuple[Households, Applications]:
        """Return new first-access households and their applications (``household`` is left to the caller)."""
        homes, score = first_access_people(count, self.shapes, rng, day)
        ranks = np.interp(score, self.scores, np.linspace(0, 1, len(self.scores)))
        set_income(homes, quantile_of(*self.shapes.curve("income.applicants"), ranks), self.shapes, rng)
        files, _ = wish(homes, self.geography.first_commune(count, rng), False, self.geography, self.shapes, rng, day)
        files.grounds[:] = first_access_grounds(homes, self.shapes, rng, day)
        self._open(files, rng, day)
        return homes, files

    def mutation_requests(
        self, households: Households, dwellings: Dwellings, rows: np.ndarray, rng: Draws, day: int
    ) -> Applications:
        """Return the applications of tenants who ask to move (``rows`` of ``households``)."""
        homes, homes_in = households.take(rows), dwellings.take(households.dwelling[rows])
        first = self.geography.first_commune_of_tenants(homes_in.commune, rng)
        files, _ = wish(homes, first, True, self.geography, self.shapes, rng, day)
        files.household[:] = rows
        self._open(files, rng, day)
        share = self.environment_share
        files.grounds[:] = mutation_grounds(homes, homes_in, files.filed_day, self.shapes, rng, day, share)
        return files

    def pick_mutation_filers(
        self, households: Households, dwellings: Dwellings, count: int, uniform: Uniform, day: int
    ) -> np.ndarray:
        """Return rows of households, ascending, that file for a mutation in the month of ``day``.

        Weighted sampling by keyed exponential races: a tenant's fate redraws nobody else. Only tenants
        whose keyed draw is small run, so that few weights are computed. Fewer than ``count`` come back
        only if too few could file.

        Parameters
        ----------
        uniform : callable
            ``Luck.uniform``: keyed draws of (decision, identities, occasion).
        """
        mine = households.dwelling[: households.count]
        who = np.flatnonzero((mine >= 0) & (households.application[: households.count] < 0))
        share = max(400, CANDIDATES_PER_FILER * count) / dwellings.count
        who = who[uniform("mutation_runs", households.luck_id[who], day) < share]
        who = who[dwellings.channel[mine[who]] == Channel.LIST]
        weight = filing_weight(Rows(households, who), Rows(dwellings, households.dwelling[who]), self.shapes, day)
        race = -np.log1p(-uniform("mutation_race", households.luck_id[who], day)) / np.maximum(weight, 1e-12)
        first = np.argpartition(race, count - 1)[:count] if 0 < count < len(race) else np.arange(len(race))[:count]
        return np.asarray(np.sort(who[first]))

    def outside_tenants(self, count: int, rng: Draws, day: int) -> Households:
        """Return households that enter dwellings let outside the list (``dwelling`` is left to the caller)."""
        homes = outside_tenants(count, self.shapes, rng, day)
        homes.lease_day[:] = day
        score = income_score(homes, self.shapes, rng, day)
        ranks = np.interp(score, self.tenant_scores, np.linspace(0, 1, len(self.tenant_scores)))
        set_income(homes, quantile_of(*self.shapes.curve("income.tenants"), ranks), self.shapes, rng)
        return homes

    def new_dwellings(self, count: int, deliveries: Deliveries, rng: np.random.Generator, day: int) -> Dwellings:
        """Return empty dwellings that enter service on ``day``."""
        return self.builder.make(count, deliveries, rng, day)

    def _open(self, files: Applications, rng: Draws, day: int) -> None:
        files.filed_day[:] = day
        files.renewal_due_day[:] = day + int(self.shapes.law.at(VALIDITY_LAW, day))
        first_access, mutation = self.head_start_max_days
        longest = np.where(files.is_mutation, mutation, first_access)
        files.head_start_days[:] = rng.random(len(files)) * longest


def first_access_people(count: int, shapes: Shapes, rng: Draws, day: int) -> tuple[Households, np.ndarray]:
    """Return first-access households without income, and their income score."""
    bands = choose(rng, shapes["first_access.age"], count)
    sizes = 1 + choose(rng, shapes["first_access.size"], bands)
    ages = ages_in(shapes, bands, rng)
    homes = compose(sizes, ages, shapes, rng, day, ratio_disabled=shapes.value("population.disabled_applicant_ratio"))
    young, alone = ages < 25, sizes == 1
    group = np.where(
        young, np.where(alone, 0, 1), np.where(ages >= 65, 5, np.where(~alone, 4, np.where(ages < 40, 2, 3)))
    )
    homes.occupation[:] = choose(rng, shapes["first_access.occupation"], group)
    return homes, income_score(homes, shapes, rng, day, occupation_effect(homes, shapes))


def wish(
    homes: Households,
    first_commune: np.ndarray,
    mutation: bool,
    geography: Geography,
    shapes: Shapes,
    rng: Draws,
    day: int,
) -> tuple[Applications, np.ndarray]:
    """Return applications that hold only wishes, and how wide each asks (index in ``OPTIONS``)."""
    age = year_of(day) - homes.birth_year.astype(int)
    smallest, largest, wanted = rooms_wished(homes.size, homes.is_couple, age, shapes, rng)
    option = geography.options(len(homes), mutation, shapes, rng)
    return Applications.build(
        len(homes),
        is_mutation=mutation,
        rooms_min=smallest,
        rooms_max=largest,
        rooms_wanted=wanted,
        first_commune=first_commune,
        place_set=geography.catalogue[first_commune, option],
    ), option
