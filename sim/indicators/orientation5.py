"""Indicators of the PLH that need rents and ceilings: affordable stock, pressure on PLUS and on PLAI."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import ROOMS
from sim.indicators.measures import Measure, indicator, nothing, ratio
from sim.indicators.stock_flows import RENT, stock_days, total
from sim.state.living import COLUMNS
from sim.words.codes import EventKind, Financing

TAX_INCOME, CATEGORY, OVER_SIX = (
    COLUMNS.index(name) for name in ("tax_income_eur_year", "ceiling_category", "persons_over_six")
)
PLUS = (int(Financing.HLMO), int(Financing.PLUS))  # one ceiling for both
LARGEST = len(ROOMS)


def as_of(prepared: Preparation, key: str, column: int, born: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the values of a column that changes, on each 31 December in turn."""
    events = prepared.r.events
    positions = prepared.of(EventKind.CHANGED)
    positions = positions[events["rank"][positions] == column]
    days, values = events["day"][positions], born.copy()
    done = 0
    for end in prepared.r.year_ends:
        until = int(np.searchsorted(days, prepared.starts[prepared.grid.years.index(end.year) + 1]))
        rows = events[key][positions[done:until]]
        values[rows] = events["value"][positions[done:until]]
        done = until
        yield values


@indicator(
    "part_parc_sous_plafond_apl",
    label="Parc dont loyer et charges sont sous le plafond APL",
    unit="share",
    reference="PLH, orientation 5 et action 35",
    scopes=("mel", "territoire", "commune", "bailleur", "typologie", "financement", "qpv"),
)
def affordable(facts: Facts) -> Measure:
    """Dwellings of the stock whose rent and charges lie under the APL ceiling of the family they are built for."""
    prepared = facts.source
    zones, table = prepared.grid.names.is_zone_3, prepared.r.dwellings
    if zones is None or not all(norm.apl_cap_eur_month for norm in prepared.norms.values()):
        return nothing(facts)
    rents = as_of(prepared, "dwelling", RENT, prepared.r.dwellings_born.rent_eur_month)
    under, stock = {}, {}
    for (index, rows, _), rent in zip(stock_days(prepared), rents, strict=True):
        norm = prepared.norms[prepared.grid.years[index]]
        cap = np.array(norm.apl_cap_eur_month)[zones[table.commune[rows]], np.clip(table.rooms[rows], 1, LARGEST) - 1]
        stock[index] = rows
        under[index] = rows[(rent[rows] + table.charges_eur_month[rows]) * norm.rent_index <= cap]
    return ratio(total(prepared, under), total(prepared, stock))


def under_ceiling(prepared: Preparation, financing: Financing) -> np.ndarray:
    """Return how many of those who wait on each 31 December are under the income ceiling of a financing."""
    r, found = prepared.r, np.full(len(prepared.grid.years), np.nan)
    born = r.households_born
    changing = zip(
        as_of(prepared, "household", TAX_INCOME, born.tax_income_eur_year),
        as_of(prepared, "household", CATEGORY, born.ceiling_category),
        as_of(prepared, "household", OVER_SIX, born.persons_over_six),
        strict=True,
    )
    for end, (income, category, over_six) in zip(r.year_ends, changing, strict=True):
        norm = prepared.norms[end.year]
        who = r.applications.household[end.stock["application"]]
        table = np.array(norm.ceilings_eur_year[int(financing)])
        ceiling = table[category[who].astype(int) - 1] + over_six[who] * table[-1]
        found[prepared.grid.years.index(end.year)] = (income[who] * norm.income_index <= ceiling).sum()
    return found


def pressure(facts: Facts, financing: Financing, among: tuple[int, ...]) -> Measure:
    """Return applicants under a ceiling over the attributions of some financings, for the whole."""
    prepared = facts.source
    if not all(norm.ceilings_eur_year for norm in prepared.norms.values()):
        return nothing(facts)
    grid, leases = facts.grid, facts.leases
    applicants, housed = np.full(grid.shape, np.nan), np.full(grid.shape, np.nan)
    place = grid.start["mel"]
    applicants[:, place] = under_ceiling(prepared, financing)
    chosen = np.isin(prepared.r.dwellings.financing[leases["dwelling"]], among)
    housed[:, place] = leases.total(chosen)[:, place]
    return ratio(applicants, housed)


@indicator(
    "taux_pression_plai",
    label="Pression sur le PLAI : demandeurs sous le plafond PLAI par attribution en PLAI",
    unit="ratio",
    reference="PLH, orientation 3",
    scopes=("mel",),
)
def pressure_plai(facts: Facts) -> Measure:
    """Applications on 31 December under the PLAI ceiling over leases of the year in PLAI."""
    return pressure(facts, Financing.PLAI, (int(Financing.PLAI),))


@indicator(
    "taux_pression_plus",
    label="Pression sur le PLUS : demandeurs sous le plafond PLUS par attribution en PLUS et HLM ordinaire",
    unit="ratio",
    reference="PLH, orientation 3",
    scopes=("mel",),
)
def pressure_plus(facts: Facts) -> Measure:
    """Applications on 31 December under the PLUS ceiling over leases of the year in PLUS and older HLM."""
    return pressure(facts, Financing.PLUS, PLUS)
