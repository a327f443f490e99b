"""Situations that make a household eligible as priority: derived from attributes (rules.md 1.7).

Only events that no attribute tells (violence, eviction, prison, unfit housing) are drawn, with small
labelled probabilities.
"""

from __future__ import annotations

import numpy as np

from sim.population.dwellings import apl_ceiling_eur_month
from sim.population.people import is_overcrowded, is_underoccupied
from sim.population.raking import mark, pick
from sim.population.shapes import Shapes
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.luck import Draws
from sim.words.clock import DAYS_PER_YEAR, year_of
from sim.words.codes import PDALHPD_GROUNDS, Ground, Occupation

ROOFLESS = (Occupation.HOMELESS, Occupation.CAMPING, Occupation.SQUAT)
SHELTERED = (Occupation.SHELTER, Occupation.HOTEL)
PRIVATE = (Occupation.PRIVATE, Occupation.SUBLET)


class Flags:
    """Collects grounds, row by row."""

    def __init__(self, rows: int) -> None:
        self.bits = np.zeros(rows, dtype=np.uint32)

    def add(self, ground: Ground, where: np.ndarray) -> None:
        """Set a ground on the rows where a condition holds."""
        self.bits[where] |= np.uint32(int(ground))


def _event(flags: Flags, ground: Ground, among: np.ndarray, share: float, rng: Draws) -> None:
    flags.add(ground, mark(rng, among * share))


def first_access_grounds(homes: Households, shapes: Shapes, rng: Draws, day: int) -> np.ndarray:
    """Return the Ground flags of first-access applicants (PDALHPD du Nord and CCH L441-1)."""
    share, value, flags = shapes.effects("grounds.share"), shapes.value, Flags(len(homes))
    private = np.isin(homes.occupation, PRIVATE)
    age = year_of(day) - homes.birth_year.astype(int)
    flags.add(Ground.P01_SANS_LOGEMENT, np.isin(homes.occupation, ROOFLESS))
    flags.add(Ground.P02_HEBERGE_TIERS, homes.occupation == Occupation.THIRD_PARTY)  # PARENTS: simple décohabitation
    surface = value("grounds.private_surface_first_m2") + value("grounds.private_surface_next_m2") * (
        homes.size.astype(int) - 1
    )
    rent = surface * value("grounds.private_rent_eur_m2_month")
    flags.add(
        Ground.P03_EFFORT_EXCESSIF, private & (rent > value("grounds.private_effort_share") * homes.income_eur_month)
    )
    flags.add(Ground.P05_INADAPTE_HANDICAP, mark(rng, private * homes.is_disabled * value("grounds.unsuitable_share")))
    crowded = mark(rng, private * shapes["grounds.private_overcrowded_share"].ravel()[np.clip(homes.size, 1, 8) - 1])
    flags.add(Ground.P06_SUROCCUPATION, crowded)
    flags.add(Ground.MINEUR_SUROCCUPE, crowded & (homes.children_count > 0))
    flags.add(Ground.P08_HEBERGEMENT, np.isin(homes.occupation, SHELTERED))
    flags.add(Ground.P09_TRANSITION, homes.occupation == Occupation.FOYER)
    flags.add(Ground.HANDICAP, homes.is_disabled)
    flags.add(
        Ground.ASE_MOINS_21,
        (homes.occupation == Occupation.ASE) & (age < float(shapes.law.at("ase.age_max_years", day))),
    )
    everyone = np.ones(len(homes), dtype=bool)
    for ground in (Ground.P04_EXPULSION, Ground.P07_NON_DECENT, Ground.P10_INSALUBRE, Ground.P14_REPRISE_ACTIVITE):
        _event(flags, ground, private, share[str(ground.name)], rng)
    for ground in (
        Ground.P11_VIOLENCES,
        Ground.P12_TRAITE,
        Ground.P13_SORTANT_PRISON,
        Ground.SORTANT_ACT,
        Ground.PROSTITUTION,
    ):
        _event(flags, ground, everyone, share[str(ground.name)], rng)
    return flags.bits


def mutation_grounds(
    homes: Households,
    dwellings: Dwellings,
    filed_day: np.ndarray,
    shapes: Shapes,
    rng: Draws,
    day: int,
    environment_share: float,
) -> np.ndarray:
    """Return the Ground flags of tenants who ask to move: the MEL's seven situations and CCH L441-1.

    Parameters
    ----------
    homes : Households
        The applicants, tenants of ``dwellings`` (one row each, same order).
    environment_share : float
        Chance of an environment ground, the one that no attribute gives and that balances the published total.
    """
    share, flags = shapes.effects("grounds.share"), Flags(len(homes))
    crowded = is_overcrowded(homes, dwellings.rooms, dwellings.surface_m2, shapes, day)
    cost = dwellings.rent_eur_month + dwellings.charges_eur_month
    flags.add(Ground.M01_SOUS_OCCUPATION, is_underoccupied(homes.size, dwellings.rooms, shapes, day))
    unmet = cost > apl_ceiling_eur_month(dwellings, homes.family_type.astype(int), shapes)  # APL caps out
    heavy = cost > shapes.value("grounds.mutation_effort_share") * homes.income_eur_month
    flags.add(Ground.M02_ECONOMIQUE, unmet & heavy)
    unsuitable = homes.is_disabled & ~dwellings.is_accessible
    flags.add(Ground.M03_HANDICAP_SANTE, mark(rng, unsuitable * shapes.value("grounds.health_share")))
    flags.add(Ground.M06_SUROCCUPATION, crowded)
    flags.add(
        Ground.M07_CINQ_ANS_SANS_OFFRE,
        day - filed_day > float(shapes.law.at("mutation.sans_proposition_years", day)) * DAYS_PER_YEAR,
    )
    everyone = np.ones(len(homes), dtype=bool)
    _event(flags, Ground.M04_ENVIRONNEMENT, everyone, environment_share, rng)
    _event(flags, Ground.M05_VIOLENCES, everyone, share["M05_VIOLENCES"], rng)
    flags.add(Ground.HANDICAP, homes.is_disabled)
    flags.add(Ground.MINEUR_SUROCCUPE, crowded & (homes.children_count > 0))
    return flags.bits


def recognise(
    applications: Applications,
    rows: np.ndarray,
    flags: np.ndarray,
    odds: np.ndarray,
    count: int,
    rng: np.random.Generator,
    day: int,
) -> int:
    """Mark ``count`` applications as already recognised, drawn by odds, and return how many could be.

    Parameters
    ----------
    rows : numpy.ndarray
        Rows that may be recognised.
    flags, odds : numpy.ndarray
        Recognition given to each of these rows, and its odds.
    """
    count = min(count, int((odds > 0).sum()))
    chosen = pick(rng, odds, count)
    won = rows[chosen]
    applications.recognition[won] = flags[chosen]
    since = day - applications.filed_day[won].astype(np.int64)
    applications.recognised_day[won] = day - np.maximum(1, np.floor(since * rng.random(count))).astype(np.int64)
    return count


def recognition_odds(bits: np.ndarray, shapes: Shapes) -> np.ndarray:
    """Return the odds of being recognised of first-access applicants: 0 without a PDALHPD ground."""
    odds = np.where(bits & np.uint32(PDALHPD_GROUNDS), 1.0, 0.0)
    for name, ratio in shapes.effects("recognition.odds").items():
        odds = np.where(bits & np.uint32(int(Ground[name])), np.maximum(odds, ratio), odds)
    return odds
