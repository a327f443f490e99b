"""Who households are: age, composition, work, and what the law derives from them."""

from __future__ import annotations

import numpy as np

from sim.inputs.law import LawView
from sim.population.raking import choose, even, mark
from sim.population.shapes import Shapes
from sim.rules.eligibility import household_category, is_young_couple
from sim.rules.occupancy import is_over_occupied, is_under_occupied
from sim.rules.resources import consumption_units, units_of
from sim.state.households import Households
from sim.state.luck import Draws
from sim.state.rows import Rows
from sim.words.clock import year_of
from sim.words.codes import Employment

SEVERAL = 2


def age_bands(shapes: Shapes, ages: np.ndarray) -> np.ndarray:
    """Return the band of each age, numbered as the rows of ``people.by_age``."""
    return np.asarray(np.searchsorted(shapes.ages[0], ages, side="right") - 1).clip(0)


def ages_in(shapes: Shapes, bands: np.ndarray, rng: Draws) -> np.ndarray:
    """Draw an age in each band, evenly."""
    first, last = shapes.ages
    return np.asarray(first[bands] + (even(rng, len(bands)) * (last[bands] - first[bands] + 1)).astype(int))


def compose(
    sizes: np.ndarray,
    ages: np.ndarray,
    shapes: Shapes,
    rng: Draws,
    day: int,
    *,
    ratio_disabled: float = 1.0,
) -> Households:
    """Return households of given sizes and ages of the reference person: couple, children, work, units.

    Parameters
    ----------
    sizes, ages : numpy.ndarray
        Persons, years; one per household.
    day : int
        Day on which ages hold, and of the law.
    ratio_disabled : float
        Frequency of disability relative to tenants of the same age.
    """
    rows = len(sizes)
    bands = age_bands(shapes, ages)
    by_age = shapes["people.by_age"][bands]
    couples = np.where(sizes >= SEVERAL, shapes["couple.share"][bands, np.clip(sizes - SEVERAL, 0, 6)], 0.0)
    is_couple = mark(rng, couples)
    others = np.maximum(sizes - 1 - is_couple, 0)
    children = rng.binomial(others, by_age[:, 0])
    dependants = children + rng.binomial(others - children, by_age[:, 1])
    homes = Households.build(
        rows, size=sizes, children_count=children, dependants_count=dependants, is_couple=is_couple
    )
    homes.birth_year[:] = year_of(day) - ages
    homes.is_disabled[:] = mark(rng, np.minimum(by_age[:, 2] * ratio_disabled, 1.0))
    homes.employment[:] = choose(rng, shapes["people.employment"], bands)
    derive(homes, shapes, day)
    return homes


def derive(homes: Households, shapes: Shapes, day: int) -> None:
    """Fill what the law computes from composition: consumption units, ceilings category, APL family.

    Source: rules.md 1.5 and 1.6.
    """
    size, dependants = homes.size.astype(int), homes.dependants_count.astype(int)
    children = homes.children_count.astype(int)
    homes.consumption_units[:] = consumption_units(size, children, units_of(LawView(shapes.law, day)))
    ages = year_of(day) - homes.birth_year.astype(int)
    most = float(shapes.law.at("jeune_menage.somme_ages_max_years", day))
    categories = len(shapes.law.at("plafond.plus_eur_year", day)) - 1  # then an amount per further person
    young = is_young_couple(size, homes.is_couple, dependants, 2 * ages, most)  # both of one age
    homes.ceiling_category[:] = household_category(
        size, homes.is_couple, dependants, young, homes.is_disabled, categories
    )
    homes.persons_over_six[:] = np.maximum(size - categories, 0)
    family = np.where(dependants > 0, 1 + dependants, homes.is_couple)
    homes.family_type[:] = np.minimum(family, 9)


def rooms_missing(size: np.ndarray, is_couple: np.ndarray, children: np.ndarray, rooms: np.ndarray) -> np.ndarray:
    """Return how many rooms a household lacks by Insee's norm (negative = to spare).

    One living room, one room per couple or single adult, one per further adult, children two by two;
    a person alone needs one room (the norm's 25 m² are left to the surface test).
    """
    others = size.astype(int) - 1 - is_couple - children
    needed = np.where(size == 1, 1, 2 + others + (children + 1) // 2)
    return np.asarray(needed - rooms.astype(int))


def is_overcrowded(
    homes: Households | Rows, rooms: np.ndarray, surface_m2: np.ndarray, shapes: Shapes, day: int
) -> np.ndarray:
    """Whether households are in *sur-occupation manifeste*: legal surface, or rooms missing (PDALHPD)."""
    missing = rooms_missing(homes.size, homes.is_couple, homes.children_count.astype(int), rooms)
    is_too_small = is_over_occupied(surface_m2, homes.size, shapes.law.at("sur_occupation.surface_m2", day))
    return np.asarray(is_too_small | (missing >= shapes.value("grounds.missing_rooms")))


def is_underoccupied(size: np.ndarray, rooms: np.ndarray, shapes: Shapes, day: int) -> np.ndarray:
    """Whether rooms exceed persons by more than the law allows (CCH L621-2)."""
    return is_under_occupied(rooms, size, int(shapes.law.at("sous_occupation.pieces_en_trop", day)))


def income_score(
    homes: Households, shapes: Shapes, rng: Draws, day: int, extra: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return a latent score whose rank sets the income: effects of attributes and a normal noise (copula).

    Parameters
    ----------
    extra : numpy.ndarray or float
        Effects that the caller knows (dwelling, present housing).
    """
    effect = shapes.effects("income.score")
    work = np.array([effect[e.name] for e in Employment])
    dependants, couple = homes.dependants_count.astype(int), homes.is_couple
    score = work[homes.employment] + effect["dependant"] * dependants + effect["couple"] * couple
    score = score + effect["single_parent"] * (~couple & (dependants > 0))
    score = score + effect["under_25"] * (year_of(day) - homes.birth_year.astype(int) < 25)
    return np.asarray(score + extra + effect["noise_sd"] * rng.standard_normal(len(homes)))


def set_income(homes: Households, per_unit_eur_year: np.ndarray, shapes: Shapes, rng: Draws) -> None:
    """Fill declared resources and tax income (RFR N-2) from resources per consumption unit, eur/year.

    Social benefits are not taxed: the taxed part depends on employment.
    """
    year = per_unit_eur_year * homes.consumption_units
    homes.income_eur_month[:] = year / 12
    taxable = shapes["income.taxable_share"].ravel()[homes.employment]
    spread = shapes.value("population.tax_income_spread")
    noise = np.exp(rng.normal(-(spread**2) / 2, spread, len(homes)))
    homes.tax_income_eur_year[:] = year * taxable * shapes.value("population.tax_income_ratio") * noise
