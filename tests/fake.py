"""A small consistent replication, made by a toy that follows the verbs of ``sim/world/moves.py`` and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sim.indicators.facts import Norms
from sim.indicators.grid import Names
from sim.inputs.schema import EXCHANGE
from sim.results.ensemble import Engine
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.log import EventLog
from sim.state.records import LEASE, STOCK, Replication, YearEnd
from sim.words.clock import first_day
from sim.words.codes import EventKind as K
from sim.words.codes import Ground, Occupation, Reason, Status

COMMUNES, TERRITORIES, LANDLORDS = 95, 8, 20


def fake_names() -> Names:
    """Return names of a territory of the size of the MEL."""
    return Names(
        tuple(f"Commune {i:02}" for i in range(COMMUNES)),
        tuple(f"Territoire {i}" for i in range(TERRITORIES)),
        np.arange(COMMUNES) % TERRITORIES,
        tuple(f"Bailleur {i:02}" for i in range(LANDLORDS)),
    )


def fake_norms(years: range = range(2000, 2060)) -> dict[int, Norms]:
    """Return the values in force."""
    surfaces = (9.0, 16.0, 25.0, 34.0, 43.0, 52.0, 61.0, 70.0)
    control = {"stops": ("06-30", "12-31"), "control_months": 6, "release_months": 12}
    return {y: Norms(1, surfaces, 0 if y < 2024 else 1, 3, 0.2, 6, **control) for y in years}


class Toy:
    """A list, some dwellings, and every kind of event."""

    def __init__(self, seed: int, applicants: int, dwellings: int, start_year: int = 2022) -> None:
        self.rng = np.random.default_rng(seed)
        self.first = self.day = first_day(start_year)
        self.log = EventLog()
        self.leases: list[tuple[Any, ...]] = []
        self.year_ends: list[YearEnd] = []
        empty = max(1, dwellings // 90)
        self.d = self.draw_dwellings(dwellings)
        self.d.tenant[empty:] = np.arange(dwellings - empty)
        self.d.vacant_day[:empty] = self.first - 20
        self.h = self.draw_households(dwellings - empty + applicants)
        self.h.dwelling[: dwellings - empty] = np.arange(empty, dwellings)
        self.h.lease_day[: dwellings - empty] = self.first - 1000
        movers = applicants * 2 // 5
        who = np.concatenate([
            self.rng.choice(dwellings - empty, min(movers, (dwellings - empty) // 2), replace=False),
            np.arange(dwellings - empty, len(self.h)),
        ])[:applicants]  # fmt: skip
        self.a = self.draw_applications(who, self.first - self.rng.integers(0, 1500, len(who)))
        self.h.application[who] = np.arange(len(who))
        self.born = [table.copy() for table in (self.h, self.a, self.d)]
        self.day_one = {"households": len(self.h), "applications": len(self.a), "dwellings": len(self.d)}
        self.open: list[int] = list(range(len(self.a)))
        self.quartile = self.rng.integers(1, 5, 10 * len(self.a) + 1000)

    def draw_households(self, n: int) -> Households:
        r = self.rng
        return Households.build(
            n, luck_id=r.integers(1, 2**62, n, dtype=np.uint64), size=r.integers(1, 7, n),
            birth_year=r.integers(1940, 2003, n), is_disabled=r.random(n) < 0.1,
            occupation=r.choice([Occupation.PRIVATE, Occupation.SHELTER, Occupation.HOMELESS], n),
            income_eur_month=r.integers(500, 3000, n), consumption_units=1.5,
        )  # fmt: skip

    def draw_applications(self, who: np.ndarray, filed: np.ndarray) -> Applications:
        r, n = self.rng, len(who)
        return Applications.build(
            n, luck_id=r.integers(1, 2**62, n, dtype=np.uint64), household=who, filed_day=filed,
            is_mutation=self.h.dwelling[who] >= 0, rooms_wanted=r.integers(1, 6, n),
            first_commune=r.integers(0, COMMUNES, n), renewal_due_day=self.day + 365,
            grounds=r.choice([0, int(Ground.P08_HEBERGEMENT), int(Ground.M01_SOUS_OCCUPATION)], n),
        )  # fmt: skip

    def draw_dwellings(self, n: int) -> Dwellings:
        r, commune = self.rng, self.rng.integers(0, COMMUNES, n)
        return Dwellings.build(
            n, luck_id=r.integers(1, 2**62, n, dtype=np.uint64), landlord=(commune + r.integers(0, 4, n)) % LANDLORDS,
            commune=commune, qpv_map=r.integers(0, 4, n), rooms=r.integers(1, 6, n),
            surface_m2=r.integers(15, 110, n), financing=r.integers(0, 4, n), period=r.integers(0, 6, n),
            service_day=self.day - 5000, reserved_for=0,
        )  # fmt: skip

    def say(self, kind: K, application: int = -1, household: int = -1, dwelling: int = -1, **more: Any) -> None:
        self.log.write(self.day, 0, kind, 1, application=application, household=household, dwelling=dwelling, **more)

    def pick(self) -> int:
        place = int(self.rng.integers(len(self.open)))
        self.open[place], self.open[-1] = self.open[-1], self.open[place]
        return self.open.pop()

    def file(self, n: int) -> None:
        new = self.draw_households(n)
        self.born[0].append(new)
        rows = self.h.append(new)
        filed = self.draw_applications(rows, np.full(n, self.day))
        at = self.a.append(filed)
        filed_rows = filed.copy()
        self.born[1].append(filed_rows)
        self.h.application[rows] = at
        self.born[0].application[rows] = -1
        self.log.write(self.day, 0, K.FILED, len(at), application=at, household=rows)
        self.open += at.tolist()

    def close(self, kind: K, status: Status) -> None:
        row = self.pick()
        self.a.status[row], self.a.closed_day[row] = status, self.day
        self.h.application[self.a.household[row]] = -1
        self.say(kind, row, int(self.a.household[row]))

    def renew(self, n: int) -> None:
        rows = self.rng.choice(np.array(self.open), n)
        self.a.renewal_due_day[rows] = self.day + 365
        self.log.write(self.day, 0, K.RENEWED, len(rows), application=rows, value=self.day + 365)

    def recognise(self) -> None:
        row = self.open[int(self.rng.integers(len(self.open)))]
        flag = int(self.rng.choice([1, 2, 2, 4, 8]))
        self.a.recognition[row] |= flag
        if self.a.recognised_day[row] < 0:
            self.a.recognised_day[row] = self.day
        self.say(K.RECOGNISED, row, value=flag)

    def vacate(self, dwelling: int, reason: Reason) -> None:
        household = int(self.d.tenant[dwelling])
        self.h.dwelling[household] = self.h.lease_day[household] = self.d.tenant[dwelling] = -1
        self.d.vacant_day[dwelling] = self.day
        self.say(K.VACATED, -1, household, dwelling, reason=int(reason))

    def leave(self) -> None:
        dwelling = int(self.rng.integers(len(self.d)))
        household = int(self.d.tenant[dwelling])
        if household >= 0 and self.h.application[household] < 0:
            self.say(K.NOTICE_GIVEN, -1, household, dwelling)
            self.vacate(dwelling, Reason.LEFT_SECTOR)

    def deliver(self, n: int) -> None:
        new = self.draw_dwellings(n)
        new.service_day[:] = self.day
        self.born[2].append(new)
        rows = self.d.append(new)
        self.d.vacant_day[rows] = self.day
        self.log.write(self.day, 0, K.DELIVERED, len(rows), dwelling=rows)

    def release(self, row: int, dwelling: int, kind: K) -> None:
        self.a.status[row], self.a.held_for[row] = Status.OPEN, -1
        self.say(kind, row, -1, dwelling)
        self.open.append(row)

    def occupy(self, household: int, dwelling: int) -> None:
        self.h.dwelling[household], self.h.lease_day[household] = dwelling, self.day
        self.d.tenant[dwelling], self.d.vacant_day[dwelling] = household, -1
        self.d.lettings_count[dwelling] += 1

    def let_outside(self, dwelling: int) -> None:
        new = self.draw_households(1)
        self.born[0].append(new)
        household = int(self.h.append(new)[0])
        self.occupy(household, dwelling)
        self.say(K.LET_OUTSIDE, -1, household, dwelling)

    def let(self, dwelling: int) -> None:
        """Tell the whole story of a vacancy in one day."""
        holder = int(self.rng.integers(6))
        self.d.reserved_for[dwelling] = holder
        self.say(K.ORIENTED, dwelling=dwelling, value=holder)
        held = [self.pick() for _ in range(min(4, len(self.open)))]
        for row in held:
            self.a.status[row], self.a.held_for[row] = Status.HELD, dwelling
            self.say(K.DESIGNATED, row, -1, dwelling, value=3.5)
        gone, *held = held
        self.release(gone, dwelling, K.RETRACTED)
        files = len(held)
        if self.rng.random() < 0.1:
            gone, *held = held
            self.release(gone, dwelling, K.REJECTED)
        for rank, row in enumerate(held, start=1):
            self.say(K.RANKED, row, -1, dwelling, rank=rank)
        while held:
            row = held.pop(0)
            self.a.offers_count[row] += 1
            self.a.last_offer[row] = dwelling
            self.say(K.OFFERED, row, -1, dwelling)
            if self.rng.random() < 0.35:
                self.a.refusals_count[row] += 1
                self.release(row, dwelling, K.EXPIRED if self.rng.random() < 0.3 else K.REFUSED)
                continue
            self.say(K.ACCEPTED, row, -1, dwelling)
            self.sign(row, dwelling, files)
            break
        for row in held:
            self.release(row, dwelling, K.RELEASED)

    def sign(self, row: int, dwelling: int, files: int) -> None:
        a, household = self.a, int(self.a.household[row])
        previous, empty_since = int(self.h.dwelling[household]), int(self.d.vacant_day[dwelling])
        if previous >= 0:
            self.vacate(previous, Reason.MOVED)
        a.status[row], a.closed_day[row], a.held_for[row] = Status.HOUSED, self.day, -1
        self.h.application[household] = -1
        self.occupy(household, dwelling)
        self.say(K.HOUSED, row, household, dwelling, rank=1)
        bit = 0 if self.day < first_day(2024) else 1
        self.leases.append((
            self.day, row, household, dwelling, previous, a.filed_day[row], self.quartile[row], a.recognition[row],
            a.grounds[row], a.is_mutation[row], (self.d.qpv_map[dwelling] >> bit) & 1, self.d.reserved_for[dwelling],
            1, files, empty_since, 0.0,
        ))  # fmt: skip

    def photograph(self, year: int) -> None:
        rows = np.flatnonzero(self.a.status[: len(self.a)] <= Status.HELD)
        stock = np.empty(len(rows), dtype=STOCK)
        stock["application"], stock["quartile"] = rows, self.quartile[rows]
        stock["recognition"] = self.a.recognition[rows]
        self.year_ends.append(YearEnd(year, stock, self.d.tenant[: len(self.d)].copy(), 9000.0, 9000.0))

    def live(self, years: int, step: int, filings: int, exits: int) -> None:
        """Run: at each step so many arrivals and departures, and a story for each empty dwelling."""
        start = 1970 + round(self.first / 365.25)
        for year in range(start, start + years):
            for self.day in range(first_day(year), first_day(year + 1), step):
                self.file(filings)
                self.renew(filings)
                for _ in range(max(1, filings // 2)):
                    self.close(K.LAPSED, Status.LAPSED)
                    self.recognise()
                for _ in range(exits):
                    self.leave()
                if self.rng.random() < 0.3:
                    self.deliver(2)
                size = len(self.d)
                for dwelling in np.flatnonzero((self.d.tenant[:size] < 0) & (self.d.vacant_day[:size] >= 0)).tolist():
                    if len(self.open) > 10 and self.rng.random() < 0.8:
                        self.let(dwelling) if self.rng.random() < 0.93 else self.let_outside(dwelling)
            self.photograph(year)
            self.last = first_day(year + 1) - 1


def make_replication(
    number: int = 0, seed: int = 1, applicants: int = 60, dwellings: int = 90, years: int = 2, step: int = 30,
    filings: int = 3, exits: int = 2,
) -> Replication:  # fmt: skip
    """Return a consistent replication; replications of one seed share their first day and differ afterwards."""
    toy = Toy(seed, applicants, dwellings)
    toy.rng = np.random.default_rng([seed, number + 1])
    toy.live(years, step, filings, exits)
    households, applications, dwellings_born = toy.born
    return Replication(
        number, toy.log.to_array(), np.array(toy.leases, dtype=LEASE), toy.year_ends, toy.h.copy(), toy.a.copy(),
        toy.d.copy(), households.copy(), applications.copy(), dwellings_born.copy(), toy.day_one, toy.first, toy.last,
        legal_values_read=[LEGAL_VALUE], seconds=0.01, closed=frozenset({EXCHANGE}),
    )  # fmt: skip


LEGAL_VALUE: dict[str, object] = {
    "name": "quota.premier_quartile_hors_qpv", "label": "Premier quartile hors QPV", "unit": "share",
    "from": "2017-01-29", "is": 0.25, "status": "legal", "reference": "CCH, art. L441-1", "confidence": "A",
}  # fmt: skip


def fake_territory(loaded: Any) -> Any:
    """Return a territory with names only."""
    names = fake_names()
    return SimpleNamespace(
        communes=pd.DataFrame({"nom": names.communes, "territoire_index": names.territory_of, "apl_zone": 2}),
        territoires=list(names.territories),
        landlords=pd.DataFrame({"nom": names.landlords}),
        files={},
    )


def fake_first_day(loaded: Any, territory: Any, replication: int) -> int:
    """Return what stands for a first day."""
    return replication


def fake_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """Return the replication of a number."""
    return make_replication(number)


def failing_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """Fail at replication 1."""
    if number == 1:
        raise ValueError("a household files while one is open")
    return make_replication(number)


def interrupted_simulate(loaded: Any, territory: Any, first_day: Any, number: int) -> Replication:
    """Be interrupted at replication 2."""
    if number == 2:
        raise KeyboardInterrupt
    return make_replication(number)


ENGINE = Engine(fake_territory, fake_first_day, fake_simulate)
