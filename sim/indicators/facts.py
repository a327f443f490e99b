"""What happened in one replication, arranged for counting; prepared once, read by every indicator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from sim.indicators.grid import ROOMS, Grid, Names, Population, attach
from sim.indicators.incidence import SpellBook, Spells
from sim.indicators.publics import BLOCKED_MUTATION, DALO, PDALHPD, publics
from sim.rules.occupancy import is_over_occupied, is_under_occupied
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.log import by_kind, positions_of
from sim.state.records import Replication, YearEnd
from sim.words.clock import first_day, year_of
from sim.words.codes import LETTABLE, EventKind, Reason


@dataclass(frozen=True)
class Norms:
    """Legal values that indicators need, in force in a year."""

    rooms_over: int  # rooms beyond the number of persons above which a dwelling is under-occupied (sous_occupation.*)
    surface_m2: tuple[float, ...]  # smallest legal area for 1, 2, ... persons; the last holds beyond (sur_occupation.*)
    qpv_bit: int  # bit of Dwellings.qpv_map that tells the QPV map in force
    files_min: int  # fewest files a commission examines for a dwelling (caleol.candidats_min)
    key_worker_share: float  # of those who work (travailleurs_essentiels.part_des_actifs, a hypothesis)
    dalo_offer_months: int  # the prefect's delay to make an offer (dalo.delai_offre_months)
    ceilings_eur_year: tuple[tuple[float, ...], ...] = ()  # by Financing: categories 1 to 6, then per further person
    apl_cap_eur_month: tuple[tuple[float, ...], ...] = ()  # zones 2 and 3, T1 to T5: APL ceiling with flat charges
    rent_index: float = 1.0  # rents of the year over those of the base year
    income_index: float = 1.0
    stops: tuple[str, ...] = ()  # months and days on which landlords report to the prefect (lec.dates_arret)
    control_months: int = 0  # flow on which he judges them (lec.fenetre_controle_months)
    release_months: int = 0  # rolling flow that ends his substitution (lec.fenetre_sortie_months)


@dataclass(frozen=True)
class Facts:
    """Populations of one replication (see ``grid.Population``), by place of the dwelling or by place wished first."""

    grid: Grid
    leases: Population  # attributions, by dwelling obtained
    stock: Population  # applications waiting on 31 December, by wish
    filed: Population  # new applications, by wish
    left: Population  # applications closed unhoused, by wish
    answers: Population  # offers and refusals, by dwelling
    sessions: Population  # dwellings examined by a CALEOL
    outside: Population  # lettings outside the list
    freed: Population  # dwellings left by tenants who moved inside the stock
    dwellings: Population  # dwellings on 31 December, counts by profile
    spells: Spells  # times on the list, classes are groups of the grid
    windows: tuple[tuple[int, int], ...]  # first and last day observed of each year
    source: Preparation  # what the populations are made from, for those that one theme alone counts
    _made: dict[str, Population] = field(default_factory=dict, compare=False, repr=False)

    def made(self, build: Callable[[Preparation], Population]) -> Population:
        """Return a population that the indicators of one theme share, built once."""
        name = f"{build.__module__}.{build.__qualname__}"
        if name not in self._made:
            self._made[name] = build(self.source)
        return self._made[name]


def prepare(replication: Replication, names: Names, norms: Mapping[int, Norms]) -> Facts:
    """Arrange one replication for counting.

    Parameters
    ----------
    replication : Replication
        What the engine left.
    names : Names
        Names of the territory.
    norms : mapping
        Legal values by calendar year.
    """
    years = tuple(range(year_of(replication.first_day), year_of(replication.last_day) + 1))
    return Preparation(replication, Grid(years, names), norms).facts()


class Preparation:
    """The working of ``prepare``: the populations of a replication; the places and years of any row of its log."""

    def __init__(self, replication: Replication, grid: Grid, norms: Mapping[int, Norms]) -> None:
        self.r, self.grid, self.norms = replication, grid, norms
        self.starts = np.array([first_day(y) for y in (*grid.years, grid.years[-1] + 1)], dtype=np.int64)
        self.bits = np.array([norms[y].qpv_bit for y in grid.years])
        self.dalo_offer_months = np.array([norms[y].dalo_offer_months for y in grid.years])
        self.key_workers = np.array([norms[y].key_worker_share for y in grid.years])
        self.territory = np.asarray(grid.names.territory_of)
        self._positions = by_kind(replication.events["kind"])

    def of(self, *kinds: EventKind) -> np.ndarray:
        """Return the positions in the log of some kinds of event, in its order."""
        return positions_of(self._positions, kinds)

    def outside_exchange(self, *kinds: EventKind) -> np.ndarray:
        """Return the positions of some kinds of event, without those of exchanges."""
        found = self.of(*kinds)
        reason = self.r.events["reason"][found]
        return np.asarray(found[(reason != Reason.EXCHANGED) & (reason != Reason.EXCHANGE_FAILED)])

    def facts(self) -> Facts:
        """Return every population."""
        kind = EventKind
        starts, last = self.starts, self.r.last_day
        windows = [(max(int(a), self.r.first_day), min(int(b) - 1, last)) for a, b in pairwise(starts)]
        moved = self.of(kind.VACATED)
        return Facts(
            self.grid,
            self.leases(),
            self.stock(),
            self.flow(self.of(kind.FILED)),
            self.flow(self.of(kind.LAPSED, kind.WITHDRAWN, kind.STRUCK_OFF)),
            self.answers(),
            self.sessions(),
            self.of_dwellings(self.of(kind.LET_OUTSIDE)),
            self.of_dwellings(self.freed(moved)),
            self.dwellings(),
            self.spells(),
            tuple(windows),
            self,
        )

    @cached_property
    def is_exchange(self) -> np.ndarray:
        """Which leases were signed in an exchange (leases stand in the order of the log)."""
        events = self.r.events
        return np.asarray(events["reason"][self.of(EventKind.HOUSED)] == Reason.EXCHANGED)

    def freed(self, moved: np.ndarray) -> np.ndarray:
        """Return the exits that free a dwelling for the list: moves, and the first of a chain; no cycle does."""
        events, leases = self.r.events, self.r.leases[self.is_exchange]
        taken = leases["dwelling"].astype(np.int64) * int(self.starts[-1]) + leases["day"]
        left = events["dwelling"][moved].astype(np.int64) * int(self.starts[-1]) + events["day"][moved]
        reason = events["reason"][moved]
        return np.asarray(moved[(reason == Reason.MOVED) | ((reason == Reason.EXCHANGED) & ~np.isin(left, taken))])

    def year(self, day: np.ndarray) -> np.ndarray:
        """Return the index of the year of each day."""
        return np.searchsorted(self.starts, day, side="right") - 1

    def at_dwelling(self, rows: np.ndarray, is_in_qpv: np.ndarray) -> dict[str, np.ndarray]:
        """Return the groups of dwellings, by scope."""
        table: Dwellings = self.r.dwellings
        commune = table.commune[rows]
        return {
            "territoire": self.territory[commune],
            "commune": commune,
            "quartier": 2 * commune.astype(np.int32) + is_in_qpv,
            "bailleur": table.landlord[rows],
            "typologie": np.clip(table.rooms[rows], 1, len(ROOMS)) - 1,
            "financement": table.financing[rows],
            "qpv": is_in_qpv.astype(np.int32),
        }

    def in_qpv(self, rows: np.ndarray, year: np.ndarray) -> np.ndarray:
        """Whether dwellings are in a QPV by the map of a year."""
        found: np.ndarray = (self.r.dwellings.qpv_map[rows] >> self.bits[year]) & 1 == 1
        return found

    def wished(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the groups of applications by what they ask for first."""
        table: Applications = self.r.applications
        commune = table.first_commune[rows]
        wanted = np.clip(table.rooms_wanted[rows], 1, len(ROOMS)) - 1
        return {"territoire": self.territory[commune], "commune": commune, "typologie": wanted}

    def publics(self, rows: np.ndarray, year: np.ndarray, **known: np.ndarray) -> dict[str, np.ndarray]:
        """Return the publics of applications."""
        calendar, share = year + self.grid.years[0], self.key_workers[year]
        return publics(self.r.households, self.r.applications, rows, calendar, share, **known)

    def leases(self) -> Population:
        """Return the attributions, by dwelling obtained."""
        leases = {name: np.ascontiguousarray(self.r.leases[name]) for name in self.r.leases.dtype.names or ()}
        year, rows = self.year(leases["day"]), leases["application"]
        places = self.at_dwelling(leases["dwelling"], leases["is_in_qpv"]) | {"reservataire": leases["reservataire"]}
        groups = self.publics(rows, year, quartile=leases["quartile"], recognition=leases["recognition"])
        columns = (
            leases
            | groups
            | {
                "delay_days": leases["day"] - leases["filed_day"],
                "empty_days": leases["day"] - leases["vacant_day"],
                "is_reletting": (leases["vacant_day"] > self.r.dwellings.service_day[leases["dwelling"]])
                & ~(self.is_exchange & (leases["vacant_day"] == leases["day"])),  # never empty
            }
        )
        return attach(self.grid, year, places, groups, columns)

    def stock(self) -> Population:
        """Return the applications waiting on each 31 December, by wish."""
        ends = {self.grid.years.index(end.year): end for end in self.r.year_ends}
        parts = [(i, end.stock) for i, end in sorted(ends.items())]
        year = np.repeat([i for i, _ in parts], [len(s) for _, s in parts]).astype(np.int32)
        rows, quartile, recognition = (
            np.concatenate([s[name] for _, s in parts] or [np.zeros(0, dtype=np.int32)])
            for name in ("application", "quartile", "recognition")
        )
        age = (self.starts[year + 1] - 1 - self.r.applications.filed_day[rows]).astype(np.int32)
        groups = self.publics(rows, year, quartile=quartile, recognition=recognition)
        known = np.isin(np.arange(len(self.grid.years)), list(ends))
        return attach(self.grid, year, self.wished(rows), groups, groups | {"age_days": age}, known)

    def flow(self, positions: np.ndarray) -> Population:
        """Return applications that enter or leave the list."""
        rows, year = self.r.events["application"][positions], self.year(self.r.events["day"][positions])
        return attach(self.grid, year, self.wished(rows), self.publics(rows, year))

    def of_dwellings(self, positions: np.ndarray) -> Population:
        """Return events that are counted by dwelling."""
        rows, year = self.r.events["dwelling"][positions], self.year(self.r.events["day"][positions])
        return attach(self.grid, year, self.at_dwelling(rows, self.in_qpv(rows, year)))

    def holder(self, rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """Return the réservataire to whom dwellings were oriented at some places of the log."""
        events, born = self.r.events, self.r.dwellings_born.reserved_for
        oriented, span = self.of(EventKind.ORIENTED), len(events) + 1
        keys = events["dwelling"][oriented].astype(np.int64) * span + oriented
        order = np.argsort(keys)
        keys, values = keys[order], events["value"][oriented][order]
        place = np.searchsorted(keys, rows.astype(np.int64) * span + positions) - 1
        found = (place >= 0) & (keys[place] // span == rows) if len(keys) else np.zeros(len(rows), dtype=bool)
        holders: np.ndarray = born[rows].astype(np.int32)
        holders[found] = values[place[found]].astype(np.int32)
        return holders

    def answers(self) -> Population:
        """Return offers and refusals, by dwelling."""
        events = self.r.events
        positions = self.outside_exchange(EventKind.OFFERED, EventKind.REFUSED, EventKind.EXPIRED)
        kinds, rows = events["kind"][positions], events["dwelling"][positions]
        year, who = self.year(events["day"][positions]), events["application"][positions]
        places = self.at_dwelling(rows, self.in_qpv(rows, year)) | {"reservataire": self.holder(rows, positions)}
        columns = {"is_offer": kinds == EventKind.OFFERED, "is_refusal": kinds != EventKind.OFFERED}
        return attach(self.grid, year, places, self.publics(who, year), columns)

    def sessions(self) -> Population:
        """Return the dwellings examined by a commission, with the number of their files."""
        events = self.r.events
        positions = self.outside_exchange(EventKind.RANKED, EventKind.REJECTED, EventKind.INADMISSIBLE)
        span = int(self.starts[-1])
        keys = events["dwelling"][positions].astype(np.int64) * span + events["day"][positions]
        _, first, files = np.unique(keys, return_index=True, return_counts=True)
        rows, year = events["dwelling"][positions[first]], self.year(events["day"][positions[first]])
        places = self.at_dwelling(rows, self.in_qpv(rows, year)) | {"reservataire": self.holder(rows, positions[first])}
        minimum = np.array([self.norms[y].files_min for y in self.grid.years])[year]
        return attach(self.grid, year, places, columns={"files": files, "minimum": minimum})

    def dwellings(self) -> Population:
        """Count dwellings by profile (all that decides their groups), which are few, then attach the profiles."""
        table, size = self.r.dwellings, self.r.dwellings.count
        key = np.zeros(size, dtype=np.int64)
        for name in ("commune", "landlord", "rooms", "financing", "qpv_map"):
            values = getattr(table, name)[:size].astype(np.int64)
            key = key * (int(values.max(initial=0)) + 1) + values
        _, first, profile = np.unique(key, return_index=True, return_inverse=True)
        counts: dict[str, list[np.ndarray]] = {}
        ends = sorted(((self.grid.years.index(end.year), end) for end in self.r.year_ends), key=lambda pair: pair[0])
        for index, end in ends:
            for name, mask in self.dwelling_masks(index, end).items():
                counts.setdefault(name, []).append(np.bincount(profile[: len(mask)][mask], minlength=len(first)))
        year = np.repeat(np.array([i for i, _ in ends], dtype=np.int32), len(first))
        rows = np.tile(first, len(ends))
        known = np.isin(np.arange(len(self.grid.years)), [i for i, _ in ends])
        columns = {name: np.concatenate(parts) for name, parts in counts.items()}
        columns = columns or dict.fromkeys(DWELLING_COUNTS, np.zeros(0, dtype=np.int64))
        return attach(self.grid, year, self.at_dwelling(rows, self.in_qpv(rows, year)), columns=columns, known=known)

    def dwelling_masks(self, index: int, end: YearEnd) -> dict[str, np.ndarray]:
        """Return, for one 31 December, which dwellings count in what."""
        tenants = end.tenants
        table, norm, size = self.r.dwellings, self.norms[self.grid.years[index]], len(tenants)
        begins, ends = self.starts[index], self.starts[index + 1]
        in_service, is_let = table.service_day[:size] < ends, tenants >= 0
        if len(end.uses):  # let, or might be: neither in works, nor banned, sold or demolished
            in_service = in_service & (is_let | (end.uses <= LETTABLE))
        persons = end.persons.astype(np.int32)
        if not len(persons):
            persons = self.r.households.size[np.where(is_let, tenants, 0)].astype(np.int32)
        a_year_old = in_service & (table.service_day[:size] <= begins)
        lettings = self.of(EventKind.HOUSED, EventKind.LET_OUTSIDE)
        this_year = lettings[self.year(self.r.events["day"][lettings]) == index]
        was_let = np.zeros(table.count, dtype=bool)
        was_let[self.r.events["dwelling"][this_year]] = True
        tenant_quartile = self.tenant_quartiles[np.where(is_let, tenants, 0)]
        masks = (
            in_service, in_service & ~is_let, a_year_old, a_year_old & is_let & was_let[:size], is_let,
            is_let & is_under_occupied(table.rooms[:size], persons, norm.rooms_over),
            is_let & is_over_occupied(table.surface_m2[:size], persons, norm.surface_m2),
            *(is_let & (tenant_quartile == q) for q in QUARTILES),
        )  # fmt: skip
        return dict(zip(DWELLING_COUNTS, masks, strict=True))

    @cached_property
    def tenant_quartiles(self) -> np.ndarray:
        """Quartile of each household among the tenants of the first day: one yardstick for all years and scenarios."""
        households, first = self.r.households, self.r.day_one_rows["households"]
        per_unit = households.income_eur_month[: households.count] / households.consumption_units[: households.count]
        tenants = per_unit[:first][self.r.households_born.dwelling[:first] >= 0]
        limits = np.quantile(tenants if len(tenants) else np.zeros(1), np.array(QUARTILES[:-1]) / len(QUARTILES))
        return np.asarray(1 + np.searchsorted(limits, per_unit, side="right"), dtype=np.uint8)

    def spells(self) -> Spells:
        """Return the times on the list, by class."""
        applications, households, grid = self.r.applications, self.r.households, self.grid
        book = SpellBook.of(applications, self.r.first_day, self.r.last_day)
        rows = np.arange(applications.count)
        book.everybody(grid.start["mel"])
        for scope, group in self.wished(rows).items():
            if scope != "commune":  # too few in a year for a product of daily hazards
                book.everybody(group.astype(np.int32) + grid.start[scope])
        filed = applications.filed_day[rows].astype("datetime64[D]").astype("datetime64[Y]")
        filed_year = 1970 + filed.astype(np.int32)
        share = self.key_workers[np.clip(filed_year - grid.years[0], 0, len(grid.years) - 1)]
        for name, mask in publics(households, applications, rows, filed_year, share).items():
            book.some(mask, grid.number("public", name))
        flags = applications.recognition[rows]
        book.recognised((flags & (DALO | PDALHPD)) != 0, grid.number("public", "reconnus DALO ou PDALHPD"))
        book.recognised((flags & BLOCKED_MUTATION) != 0, grid.number("public", "mutation reconnue"))
        return book.close()


QUARTILES = range(1, 5)
DWELLING_COUNTS = (
    "offered", "vacant", "a_year_old", "moved_into", "let", "under_occupied", "over_occupied",
    *(f"tenants_q{q}" for q in QUARTILES),
)  # fmt: skip
