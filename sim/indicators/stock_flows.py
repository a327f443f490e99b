"""The stock that lives: what is in it on 31 December, what leaves it, works, bans, rents lowered, evictions, places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import DWELLING_SCOPES, Measure, count, indicator
from sim.state.living import COLUMNS
from sim.words.codes import GONE, EventKind, Financing, Reason, Use

RENT = COLUMNS.index("rent_eur_month")
MONTHS_PER_YEAR = 12
PLAN = "PLH, orientations 1 et 3"


def stock_days(prepared: Preparation) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield the index of each year with its 31 December: rows of the dwellings in the stock, and their uses."""
    service = prepared.r.dwellings.service_day
    for end in prepared.r.year_ends:
        index, size = prepared.grid.years.index(end.year), len(end.tenants)
        uses = end.uses if len(end.uses) else np.zeros(size, dtype=np.uint8)
        is_in = (service[:size] < prepared.starts[index + 1]) & (uses < GONE)
        yield index, np.flatnonzero(is_in), uses


def total(prepared: Preparation, by_year: Mapping[int, np.ndarray]) -> np.ndarray:
    """Return counts by year and group of some rows of dwellings; NaN in a year not given."""
    grid = prepared.grid
    found = np.full(grid.shape, np.nan)
    for index, rows in by_year.items():
        found[index, grid.start["mel"]] = len(rows)
        for scope, group in prepared.at_dwelling(rows, prepared.in_qpv(rows, np.array(index))).items():
            first, size = grid.start[scope], grid.scope_of.count(scope)
            found[index, first : first + size] = np.bincount(group, minlength=size)
    return found


def counted(facts: Facts, by_year: Mapping[int, np.ndarray]) -> Measure:
    """Return the number of some rows of dwellings, year after year."""
    found = total(facts.source, by_year)
    return Measure(found, np.full(found.shape, np.nan), found)


@indicator(
    "logements_parc", label="Logements du parc au 31 décembre", unit="count", reference=PLAN, scopes=DWELLING_SCOPES
)
def in_stock(facts: Facts) -> Measure:
    """Dwellings in service, let or not, neither demolished nor sold."""
    return counted(facts, {i: rows for i, rows, _ in stock_days(facts.source)})


@indicator(
    "interdits_a_la_location",
    label="Logements vides que leur étiquette interdit de louer, au 31 décembre",
    unit="count",
    reference="PLH, action 13",
    scopes=DWELLING_SCOPES,
)
def banned(facts: Facts) -> Measure:
    """Dwellings kept empty by the ban on their label."""
    return counted(facts, {i: rows[uses[rows] == Use.BANNED] for i, rows, uses in stock_days(facts.source)})


def use_changes(prepared: Preparation) -> Population:
    """Dwellings whose use changes, in the year."""
    events = prepared.r.events
    return _of(prepared, prepared.of(EventKind.USE_CHANGED), {"use": events["value"].astype(np.uint8)})


def _of(prepared: Preparation, positions: np.ndarray, columns: dict[str, np.ndarray]) -> Population:
    events = prepared.r.events
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    places = prepared.at_dwelling(rows, prepared.in_qpv(rows, year))
    return attach(prepared.grid, year, places, columns={name: v[positions] for name, v in columns.items()})


USES = {
    "demolitions": (Use.DEMOLISHED, "Logements démolis"),
    "demolitions_decidees": (Use.TO_DEMOLISH, "Logements dont la démolition est décidée, ménages à reloger"),
    "ventes_hlm": (Use.SOLD, "Logements vendus"),
    "mises_en_travaux": (Use.IN_WORKS, "Logements tenus vides pour travaux"),
    "rehabilitations": (Use.RENOVATED, "Logements réhabilités"),
}


def _use(code: str, use: Use, label: str) -> None:
    @indicator(code, label=label, unit="count", reference=PLAN, scopes=DWELLING_SCOPES)
    def measure(facts: Facts) -> Measure:
        """Dwellings that take one use in the year."""
        found = facts.made(use_changes)
        return count(found, found["use"] == int(use))


for _code, (_to, _label) in USES.items():
    _use(_code, _to, _label)


def lowered(prepared: Preparation) -> Population:
    """Rents lowered at reletting, in the year, with what is given up in a full year (base year euros)."""
    events, born = prepared.r.events, prepared.r.dwellings_born.rent_eur_month
    positions = prepared.of(EventKind.CHANGED)
    positions = positions[(events["rank"][positions] == RENT) & (events["reason"][positions] == Reason.RENT_LOWERED)]
    given_up = np.zeros(len(events))
    given_up[positions] = MONTHS_PER_YEAR * (born[events["dwelling"][positions]] - events["value"][positions])
    return _of(prepared, positions, {"given_up_eur_year": given_up})


@indicator(
    "loyers_baisses", label="Loyers baissés à la relocation", unit="count", reference="PLH, action 35",
    scopes=DWELLING_SCOPES,
)  # fmt: skip
def lowered_rents(facts: Facts) -> Measure:
    """Relettings whose rent was lowered."""
    return count(facts.made(lowered))


@indicator(
    "loyer_cede_eur_year", label="Loyer cédé en année pleine par les baisses de l'année", unit="eur/year",
    reference="PLH, action 35", scopes=DWELLING_SCOPES,
)  # fmt: skip
def rent_given_up(facts: Facts) -> Measure:
    """Yearly rent that the reductions of the year give up, in euros of the base year."""
    found = facts.made(lowered)
    return count(found, found["given_up_eur_year"])


@indicator("expulsions", label="Expulsions du parc social", unit="count", reference="PLH, action 38", scopes=("mel",))
def evicted(facts: Facts) -> Measure:
    """Tenants evicted in the year."""
    return count(facts.made(evictions))


def evictions(prepared: Preparation) -> Population:
    """Tenants evicted, in the year."""
    positions = prepared.of(EventKind.VACATED)
    return _of(prepared, positions[prepared.r.events["reason"][positions] == Reason.EVICTED], {})


@indicator(
    "entrees_en_place", label="Demandeurs entrés dans une place hors du parc (foyer, résidence, intermédiation)",
    unit="count", reference="PLH, actions 4, 33, 34, 36 et 39", scopes=("mel", "public"),
)  # fmt: skip
def places(facts: Facts) -> Measure:
    """Applicants who leave the list for a place outside the stock."""
    return count(facts.made(entries))


def entries(prepared: Preparation) -> Population:
    """Applicants who leave the list for a place, in the year, by what they asked for first."""
    events = prepared.r.events
    positions = prepared.of(EventKind.WITHDRAWN)
    return prepared.flow(positions[events["reason"][positions] == Reason.PLACE])


def new_social(prepared: Preparation) -> Population:
    """PLUS and PLAI delivered outside QPV, in the year: what the 30 % rule of the PLH counts (action 17)."""
    events, table = prepared.r.events, prepared.r.dwellings
    positions = prepared.of(EventKind.DELIVERED)
    rows = events["dwelling"][positions]
    year = prepared.year(events["day"][positions])
    counted = np.isin(table.financing[rows], SOCIAL) & ~prepared.in_qpv(rows, year)
    is_plai = np.zeros(len(events), dtype=bool)
    is_plai[positions] = table.financing[rows] == Financing.PLAI
    return _of(prepared, positions[counted], {"is_plai": is_plai})


SOCIAL = (int(Financing.PLUS), int(Financing.PLAI))
RULE_SCOPES = ("mel", "territoire", "commune")


@indicator(
    "livraisons_sociales", label="PLUS et PLAI livrés hors QPV", unit="count", reference="PLH, action 17",
    scopes=RULE_SCOPES,
)  # fmt: skip
def social_delivered(facts: Facts) -> Measure:
    """Dwellings that the 30 % rule counts."""
    return count(facts.made(new_social))


@indicator(
    "livraisons_plai", label="PLAI livrés hors QPV", unit="count", reference="PLH, action 17", scopes=RULE_SCOPES
)
def very_social_delivered(facts: Facts) -> Measure:
    """Those of them financed in PLAI."""
    found = facts.made(new_social)
    return count(found, found["is_plai"])
