"""Tenants of the stock on the first day, and those who enter dwellings let outside the list."""

from __future__ import annotations

import numpy as np

from sim.population.people import age_bands, ages_in, compose, is_overcrowded, is_underoccupied
from sim.population.raking import choose, even, rake
from sim.population.shapes import Shapes
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.luck import Draws
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_YEAR, year_of
from sim.words.codes import Energy, Financing, Occupation

ADULT_AGE = 18
RECENT_LEASE_YEARS = 2


def list_tenants(rooms: np.ndarray, shapes: Shapes, rng: Draws, day: int) -> tuple[Households, float]:
    """Return one household per dwelling of given typologies, and the gap left by the raking.

    Sizes follow the typology; ages follow the size, raked to the published ages of HLM households.
    """
    sizes = 1 + choose(rng, shapes["tenants.size_by_rooms"], rooms.astype(np.int64) - 1)
    by_size = np.bincount(sizes, minlength=9)[1:9].astype(float)
    published = shapes.line("tenants.age")
    seed = np.outer(by_size, published) * shapes["tenants.size_by_age_odds"].T
    table, gap = rake(seed, [((1,), published * len(rooms) / published.sum()), ((0,), by_size)])
    bands = choose(rng, np.maximum(table, 1e-12), sizes - 1)
    homes = compose(sizes, ages_in(shapes, bands, rng), shapes, rng, day)
    homes.occupation[:] = Occupation.HLM
    return homes, gap


def outside_tenants(count: int, shapes: Shapes, rng: Draws, day: int) -> Households:
    """Return households that enter dwellings let outside the list: students, mostly, and young people."""
    bands = choose(rng, shapes["outside.age"], count)
    sizes = 1 + choose(rng, shapes["outside.size"], count)
    homes = compose(sizes, ages_in(shapes, bands, rng), shapes, rng, day)
    homes.employment[:] = choose(rng, shapes["outside.employment"], count)
    homes.occupation[:] = Occupation.HLM
    return homes


def lease_days(homes: Households, service_day: np.ndarray, shapes: Shapes, rng: Draws, day: int) -> np.ndarray:
    """Draw when present leases began: exponential ages, cut at adult age and at the dwelling's entry into service.

    The mean is set so that the published share of leases of 15 years and more is met in spite of the cuts.
    """
    ages = year_of(day) - homes.birth_year.astype(int)
    longest = np.minimum(
        np.maximum(ages - ADULT_AGE, 0.25), np.maximum(day - service_day.astype(int), 1) / DAYS_PER_YEAR
    )
    draws = -np.log1p(-even(rng, len(homes)))
    long = shapes.value("population.long_lease_years")
    can = longest >= long
    wanted = shapes.value("population.long_lease_share") * len(homes) / max(int(can.sum()), 1)
    mean = long / float(np.quantile(draws[can], max(0.0, 1 - wanted))) if can.any() else long
    return _began(np.minimum(draws * mean, longest), day)


def outside_lease_days(rows: int, shapes: Shapes, rng: np.random.Generator, day: int) -> np.ndarray:
    """Draw when leases signed outside the list began."""
    return _began(rng.exponential(shapes.value("population.outside_stay_mean_years"), rows), day)


def _began(years: np.ndarray, day: int) -> np.ndarray:
    return np.asarray(day - np.maximum(1, years * DAYS_PER_YEAR).astype(np.int64))


def dwelling_effect(dwellings: Dwellings, shapes: Shapes) -> np.ndarray:
    """Return what a dwelling tells of its tenant's income score: QPV and financing."""
    effect = shapes.effects("income.score")
    by_financing = np.array([effect[f.name] for f in Financing])
    return np.asarray(by_financing[dwellings.financing] + effect["qpv"] * ((dwellings.qpv_map & 1) > 0))


def occupation_effect(homes: Households, shapes: Shapes) -> np.ndarray:
    """Return what present housing tells of the income score of a first-access applicant."""
    effect, by_code = shapes.effects("income.score"), np.zeros(len(Occupation))
    by_code[[Occupation.HOMELESS, Occupation.SQUAT, Occupation.CAMPING]] = effect["roofless"]
    by_code[[Occupation.SHELTER, Occupation.HOTEL]] = effect["sheltered"]
    by_code[Occupation.OWNER] = effect["owner"]
    return np.asarray(by_code[homes.occupation])


def filing_weight(homes: Households | Rows, dwellings: Dwellings | Rows, shapes: Shapes, day: int) -> np.ndarray:
    """Return how likely, relative to others, tenants are to ask for a mutation (same rows in both tables)."""
    effect = shapes.effects("filing.effects")
    bands = age_bands(shapes, year_of(day) - homes.birth_year.astype(int))
    by_band = np.array(
        [effect["under_25"], effect["under_25"], *(effect[row] for row in shapes.rows("people.by_age")[2:])]
    )
    log = by_band[bands] + effect["overcrowded"] * is_overcrowded(
        homes, dwellings.rooms, dwellings.surface_m2, shapes, day
    )
    log += effect["underoccupied"] * is_underoccupied(homes.size, dwellings.rooms, shapes, day)
    log += effect["child"] * (homes.children_count > 0) + effect["qpv"] * ((dwellings.qpv_map & 1) > 0)
    log += effect["disabled_not_accessible"] * (homes.is_disabled & ~dwellings.is_accessible)
    log += effect["energy_e_f_g"] * (dwellings.energy >= Energy.E)
    log += effect["recent_lease"] * (day - homes.lease_day < RECENT_LEASE_YEARS * DAYS_PER_YEAR)
    return np.asarray(np.exp(log))
