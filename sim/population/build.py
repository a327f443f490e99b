"""The first day: the stock, its tenants and the list with its ages (design/statistics.md, section 2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.inputs.law import Law
from sim.inputs.schema import Scenario
from sim.inputs.territory import Territory
from sim.population import grounds, seniority
from sim.population.deliveries import Builder
from sim.population.dwellings import first_stock, rent_scale
from sim.population.fit import Report, demand_fit, stock_fit, tenants_fit
from sim.population.head_starts import give_head_starts, head_starts
from sim.population.newcomers import VALIDITY_LAW, Newcomers, first_access_people, wish
from sim.population.people import income_score, set_income
from sim.population.raking import pick, quantile_of
from sim.population.shapes import Shapes
from sim.population.tenants import (
    dwelling_effect,
    filing_weight,
    lease_days,
    list_tenants,
    outside_lease_days,
    outside_tenants,
)
from sim.population.wishes import Geography
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.luck import identities
from sim.state.places import PlaceSets
from sim.words.clock import to_day
from sim.words.codes import MUTATION_GROUNDS, Channel, Ground, Recognition

SPARE_CANDIDATES = 1.8
"""Candidates drawn for one kept: more than the longest mean stay over the average one, so that chances are exact."""
SCORE_KNOTS = 2001

RngOf = Callable[[str], np.random.Generator]


@dataclass
class FirstDay:
    """The world on the first day, how well it meets what is published, and the generator of newcomers."""

    households: Households
    applications: Applications
    dwellings: Dwellings
    places: PlaceSets
    fit: pd.DataFrame
    newcomers: Newcomers


def build(territory: Territory, law: Law, scenario: Scenario, rng_of: RngOf) -> FirstDay:
    """Return the first day of a scenario, the same for the same ``rng_of``.

    Parameters
    ----------
    territory, law, scenario
        Everything scales with ``scenario.run.applicants``.
    rng_of : callable
        Independent named generators.

    Notes
    -----
    ``fit`` has columns label, target, obtained, gap, source; a raking whose margins contradict each
    other is a line of it.
    """
    shapes, places, report = Shapes(territory, law), PlaceSets(), Report()
    day, applicants = to_day(scenario.run.start), scenario.run.applicants
    scale = applicants / shapes.value("demande.stock")
    geography = Geography(shapes, places)

    count = round(shapes.offered_on(day) * scale)
    homes, gap = first_stock(shapes, count, day, rng_of("first_day.dwellings"))
    report.add("calage des bailleurs, plus grand écart relatif", 0, gap, "calage itératif")
    scaling = rent_scale(homes, shapes)
    homes.rent_eur_month *= scaling[homes.period].astype(np.float32)
    people, gap = settle(homes, shapes, rng_of("first_day.tenants"), day)
    report.add("calage des âges des locataires, plus grand écart relatif", 0, gap, "calage itératif")

    rng = rng_of("first_day.incomes")
    in_home = homes.take(people.dwelling)
    score = income_score(people, shapes, rng, day, dwelling_effect(in_home, shapes))
    renewals = scenario.flows.renewals
    movers = round(applicants * shapes.value("demande.mutation_share"))
    lapse, luck = renewals.lapse_mutation_share, rng_of("first_day.mutations")
    who, moving = waiting_tenants(people, in_home, score, movers, lapse, geography, shapes, luck, day)
    lapse, luck = renewals.lapse_first_access_share, rng_of("first_day.first_access")
    comers, their_score, coming = waiting_comers(applicants - movers, lapse, geography, shapes, luck, day)
    moving.household[:] = who
    coming.household[:] = people.count + np.arange(comers.count)
    scores, tenant_scores = settle_incomes(people, comers, who, score, their_score, shapes, rng)

    rng = rng_of("first_day.grounds")
    coming.grounds[:] = grounds.first_access_grounds(comers, shapes, rng, day)
    environment = settle_mutation_grounds(moving, people.take(who), in_home.take(who), shapes, rng, day, scale)
    files = moving.copy()
    files.append(coming)
    people.append(comers)
    # rows in the order of filing: at equal scores the lower row, that is the older application, comes first
    people, files = people.copy(), files.take(np.argsort(files.filed_day[: files.count], kind="stable"))
    people.application[files.household] = np.arange(files.count)
    recognise(files, shapes, rng_of("first_day.recognition"), day, scale)
    give_head_starts(files, scenario, shapes, rng_of("first_day.practice"), day)
    set_renewals(files, shapes, day)
    for name, table in (("households", people), ("applications", files), ("dwellings", homes)):
        table.luck_id[:] = identities(f"first_day.{name}", day, table.count)

    stock_fit(report, homes, shapes, scale, day)
    tenants_fit(report, people, homes, shapes, day)
    demand_fit(report, people, files, homes, places, shapes, scale, day)
    knots = np.linspace(0, 1, SCORE_KNOTS)
    newcomers = Newcomers(
        shapes, geography, Builder(shapes, scaling), np.quantile(scores, knots), np.quantile(tenant_scores, knots),
        environment, head_starts(scenario),
    )  # fmt: skip
    return FirstDay(people, files, homes, places, report.frame(), newcomers)


def settle_incomes(
    people: Households, comers: Households, who: np.ndarray, score: np.ndarray, their_score: np.ndarray,
    shapes: Shapes, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Give incomes by rank of score: one curve for all who apply, another for the other tenants.

    Ranks are taken over the whole list, so that its quartiles are the published ones on the first day.

    Returns
    -------
    tuple of numpy.ndarray
        Scores of applicants and of the other tenants, ascending.
    """
    quiet = np.ones(people.count, dtype=bool)
    quiet[who] = False
    tenant_scores, scores = np.sort(score[quiet]), np.sort(np.concatenate([score[who], their_score]))
    per_unit, curve = np.empty(people.count), shapes.curve("income.applicants")
    per_unit[quiet] = quantile_of(*shapes.curve("income.tenants"), _ranks(score[quiet], tenant_scores))
    per_unit[who] = quantile_of(*curve, _ranks(score[who], scores))
    set_income(people, per_unit, shapes, rng)
    set_income(comers, quantile_of(*curve, _ranks(their_score, scores)), shapes, rng)
    return scores, tenant_scores


def _ranks(values: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    return (np.searchsorted(ascending, values) + 0.5) / len(ascending)


def settle(homes: Dwellings, shapes: Shapes, rng: np.random.Generator, day: int) -> tuple[Households, float]:
    """Empty the vacant share of dwellings, let the others, and return the tenants with the gap of the raking."""
    empty = pick(rng, np.ones(homes.count), round(homes.count * shapes.value("stock.vacancy_share")))
    ages = rng.exponential(shapes.value("population.vacancy_mean_days"), len(empty))
    homes.vacant_day[empty] = day - np.clip(ages, 1, shapes.value("population.vacancy_max_days")).astype(np.int64)
    homes.vacant_day[empty] = np.maximum(homes.vacant_day[empty], homes.service_day[empty])
    let = np.ones(homes.count, dtype=bool)
    let[empty] = False
    listed = np.flatnonzero(let & (homes.channel == Channel.LIST))
    others = np.flatnonzero(let & (homes.channel == Channel.OUTSIDE))
    people, gap = list_tenants(homes.rooms[listed], shapes, rng, day)
    people.dwelling[:] = listed
    people.lease_day[:] = lease_days(people, homes.service_day[listed], shapes, rng, day)
    guests = outside_tenants(len(others), shapes, rng, day)
    guests.dwelling[:] = others
    guests.lease_day[:] = np.maximum(outside_lease_days(len(others), shapes, rng, day), homes.service_day[others])
    people.append(guests)
    people = people.copy()
    homes.tenant[people.dwelling] = np.arange(people.count)
    return people, gap


def waiting_tenants(
    people: Households, in_home: Dwellings, score: np.ndarray, count: int, lapse_share: float,
    geography: Geography, shapes: Shapes, rng: np.random.Generator, day: int,
) -> tuple[np.ndarray, Applications]:  # fmt: skip
    """Return which tenants wait for a mutation, and their applications with their ages.

    Tenants file by weight; those who file stay in the stock in proportion to their mean stay. Nobody
    filed before the present lease began.
    """
    weight = filing_weight(people, in_home, shapes, day) * (in_home.channel == Channel.LIST)
    who = pick(rng, weight, min(round(count * SPARE_CANDIDATES), int((weight > 0).sum())))
    first = geography.first_commune_of_tenants(in_home.commune[who], rng)
    files, option = wish(people.take(who), first, True, geography, shapes, rng, day)
    rate = seniority.housing_rate(files.rooms_wanted, option, True, score[who], shapes)
    kept = pick(rng, seniority.mean_stay_years(rate, lapse_share), count)
    files, who = files.take(kept), who[kept]
    ages = seniority.ages_days(rate[kept], lapse_share, rng)
    since_lease = np.maximum(1, day - people.lease_day[who].astype(np.int64))
    files.filed_day[:] = day - np.where(
        ages < since_lease, ages, 1 + np.floor(rng.random(count) * since_lease).astype(np.int64)
    )
    return who, files


def waiting_comers(
    count: int, lapse_share: float, geography: Geography, shapes: Shapes, rng: np.random.Generator, day: int
) -> tuple[Households, np.ndarray, Applications]:
    """Return first-access households that wait, their income score, and their applications with their ages."""
    homes, score = first_access_people(round(count * SPARE_CANDIDATES), shapes, rng, day)
    files, option = wish(homes, geography.first_commune(len(homes), rng), False, geography, shapes, rng, day)
    rate = seniority.housing_rate(files.rooms_wanted, option, False, score, shapes)
    kept = pick(rng, seniority.mean_stay_years(rate, lapse_share), count)
    files = files.take(kept)
    files.filed_day[:] = day - seniority.ages_days(rate[kept], lapse_share, rng)
    return homes.take(kept), score[kept], files


def settle_mutation_grounds(
    files: Applications,
    people: Households,
    in_home: Dwellings,
    shapes: Shapes,
    rng: np.random.Generator,
    day: int,
    scale: float,
) -> float:
    """Fill the grounds of mutations and return the chance of an environment ground.

    That chance brings the total to the published number of blocked or complex mutations; newcomers keep it.
    """
    bits = grounds.mutation_grounds(people, in_home, files.filed_day, shapes, rng, day, 0.0)
    without = np.flatnonzero((bits & np.uint32(MUTATION_GROUNDS)) == 0)
    lacking = round(shapes.value("demande.mutations_bloquees") * scale) - (len(files) - len(without))
    share = min(max(lacking / max(len(without), 1), 0.0), 1.0)
    chosen = pick(rng, np.ones(len(without)), round(share * len(without)))
    bits[without[chosen]] |= np.uint32(int(Ground.M04_ENVIRONNEMENT))
    files.grounds[:] = bits
    return share


def recognise(files: Applications, shapes: Shapes, rng: np.random.Generator, day: int, scale: float) -> None:
    """Mark who was recognised before the first day: a share of the eligible, DALO, PDALHPD or mutation."""
    comers = np.flatnonzero(~files.is_mutation)
    dalo = rng.random(len(comers)) < shapes.value("first_day.dalo_share")
    flags = np.where(dalo, int(Recognition.DALO), int(Recognition.PDALHPD))
    odds = grounds.recognition_odds(files.grounds[comers], shapes)
    grounds.recognise(
        files, comers, flags, odds, round(shapes.value_on("first_day.recognised_first_access", day) * scale), rng, day
    )
    movers = np.flatnonzero(files.is_mutation)
    flags = np.full(len(movers), int(Recognition.MUTATION))
    odds = ((files.grounds[movers] & np.uint32(MUTATION_GROUNDS)) > 0).astype(float)
    grounds.recognise(
        files, movers, flags, odds, round(shapes.value_on("first_day.recognised_mutation", day) * scale), rng, day
    )


def set_renewals(files: Applications, shapes: Shapes, day: int) -> None:
    """Fill the next anniversary of each application."""
    age = day - files.filed_day.astype(np.int64)
    validity = int(shapes.law.at(VALIDITY_LAW, day))
    files.renewal_due_day[:] = files.filed_day + validity * (age // validity + 1)
