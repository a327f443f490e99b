"""The world of one replication: clock, tables, log, luck, law, index. The only file that imports SimPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from typing import Any, NamedTuple

import numpy as np
import simpy

from sim.inputs.law import Law, LawView
from sim.inputs.schema import Scenario
from sim.inputs.territory import Territory
from sim.rules import designation
from sim.rules.affordability import Terms
from sim.rules.quotas import public_of
from sim.rules.reservations import shares
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.log import EventLog, Records
from sim.state.luck import Luck
from sim.state.places import PlaceSets
from sim.state.quota_book import QuotaBook
from sim.state.records import LEASE
from sim.state.rows import Rows
from sim.state.shortlists import Shortlists
from sim.words.clock import PHASES, Phase, to_date
from sim.words.codes import Reservataire
from sim.world.terms import law_terms, quartile_thresholds
from sim.world.waiting import Homes, People, Waiting, segment_codes

Story = Generator[simpy.Event, Any, None]


class Session(NamedTuple):
    """Files that one commission will examine."""

    homes: np.ndarray  # dwellings, ascending
    counts: np.ndarray  # files of each
    rows: np.ndarray  # applications, dwelling after dwelling


class Calendar:
    """Rows that fall due on a day: what has only a date needs no process."""

    def __init__(self) -> None:
        self._due: dict[int, list[int]] = defaultdict(list)

    def add(self, days: np.ndarray, rows: np.ndarray) -> None:
        """File rows under their days."""
        for day, row in zip(days.tolist(), rows.tolist(), strict=True):
            self._due[day].append(row)

    def add_group(self, day: int, rows: np.ndarray) -> None:
        """File rows that all fall due on one day."""
        self._due[day] += rows.tolist()

    def pop(self, day: int) -> np.ndarray:
        """Return the rows due on a day, ascending, each once, and forget them."""
        return np.array(sorted(set(self._due.pop(day, ()))), dtype=np.int64)


class World:
    """Everything a flow may read; only ``moves`` writes the tables.

    Parameters
    ----------
    scenario, territory, law
        Inputs, never changed.
    households, applications, dwellings, places
        The first day; they become this replication's own.
    luck : Luck
        Randomness by name.
    """

    def __init__(
        self,
        scenario: Scenario,
        territory: Territory,
        law: Law,
        households: Households,
        applications: Applications,
        dwellings: Dwellings,
        places: PlaceSets,
        luck: Luck,
        first: int,
        last: int,
        order: designation.Order,
        newcomers: Any,
        index: type[Waiting] = Waiting,
    ) -> None:
        self.scenario, self.territory, self.law = scenario, territory, LawView(law)
        self.households, self.applications, self.dwellings, self.places = households, applications, dwellings, places
        self.luck, self.log, self.order, self.newcomers = luck, EventLog(), order, newcomers
        self.first, self.last = first, last
        self.env = simpy.Environment(initial_time=first * len(PHASES))
        self.day, self.phase = first, 0
        communes = territory.communes
        self.territory_place = len(communes) + communes["territoire_index"].to_numpy()
        self.whole_place = len(communes) + len(territory.territoires)
        self.zone_of_commune = (communes["apl_zone"].to_numpy() == 3).astype(int)
        self.holder_shares = shares(scenario.rules.reservation).tolist()
        self.book = QuotaBook(len(territory.landlords), len(Reservataire))
        self.quartile = np.zeros(len(applications), dtype=np.uint8)  # with the spare room of the table
        self._classified = len(applications)
        # first day a new lease may begin in a dwelling that is to be let, -1 for the others
        self.ready_day = np.full(len(dwellings), -1, dtype=np.int32)
        self.to_designate: dict[int, set[int]] = defaultdict(set)
        self.in_session: dict[int, list[Session]] = defaultdict(list)
        self.shortlists = Shortlists.build(0)
        self.answers_due, self.leases_due = Calendar(), Calendar()  # rows of the shortlists
        self.leases = Records(LEASE)
        self.year_ends: list[Any] = []
        self.refile_calendar = Calendar()
        self.law.day = first
        self.terms: Terms = law_terms(self.law, scenario.rules.affordability)
        self.thresholds = quartile_thresholds(self.law)
        self.is_in_qpv = np.zeros(0, dtype=bool)
        offsets, members = places.ragged()
        self.waiting = index(self.whole_place + 1, offsets, members)
        self._people: People | None = None

        self.scale = scenario.run.applicants / float(territory["demande.stock"])
        self._streams: dict[str, np.random.Generator] = {}
        dated = {v.from_day for parameter in law.values() for v in parameter.values}
        self.change_days = {day for day in dated if first < day <= last and to_date(day).timetuple().tm_yday > 1}

    # the clock
    def until(self, day: int, phase: Phase) -> simpy.Event:
        """Return the event of a phase of a day, now or later."""
        return self.env.timeout(day * len(PHASES) + phase - self.env.now)

    def start(self, story: Story) -> None:
        """Let a story run."""
        self.env.process(story)

    def run(self) -> None:
        """Run to the end of the last day; ``day`` and ``phase`` follow SimPy's clock."""
        env, end, phases = self.env, (self.last + 1) * len(PHASES), len(PHASES)
        tick = int(env.now)
        while (coming := env.peek()) < end:
            if coming != tick:
                tick = int(coming)
                self.day, self.phase = divmod(tick, phases)
            env.step()

    def luck_stream(self, name: str) -> np.random.Generator:
        """Return the generator of a flow (one per name, kept for the run)."""
        if name not in self._streams:
            self._streams[name] = self.luck.stream(name)
        return self._streams[name]

    # views
    def people(self) -> People:
        """Return the columns that filters read (rebuilt after rows were added)."""
        if self._people is None:
            a, h = self.applications, self.households
            self._people = People(
                a.status, a.last_offer, a.household, a.rooms_min, a.rooms_max, a.place_set, h.dwelling,
                h.tax_income_eur_year, h.income_eur_month, h.consumption_units, h.ceiling_category,
                h.persons_over_six, h.family_type, h.is_disabled, h.employment,
            )  # fmt: skip
        return self._people

    def grown(self) -> None:
        """Forget views that rows added have made stale; give new applications a quartile."""
        self._people = None
        if (first := self._classified) < len(self.applications):
            room = len(self.applications.filed_day) - len(self.quartile)
            if room:
                self.quartile = np.concatenate([self.quartile, np.zeros(room, dtype=np.uint8)])
            rows = np.arange(first, len(self.applications))
            self.quartile[rows] = self.quartile_of(rows)
            self._classified = len(self.applications)

    def quartile_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the quartile 1 to 4 of applications by declared resources per UC (strictly under: L441-1)."""
        households = self.applications.household[rows]
        yearly = self.households.income_eur_month[households] * 12.0 * self.terms.income_index
        per_unit = yearly / self.households.consumption_units[households]
        return np.asarray(1 + np.searchsorted(self.thresholds, per_unit, side="right"), dtype=np.uint8)

    def applicants(self, rows: np.ndarray) -> Rows:
        """Return a read-only view of applications joined to their households."""
        return Rows(self.applications, rows, Rows(self.households, self.applications.household[rows]))

    def homes(self) -> Homes:
        """Return the columns of dwellings that a search reads."""
        d = self.dwellings
        return Homes(
            d.commune, d.rooms, d.financing, d.rent_eur_month, d.charges_eur_month, d.surface_m2, d.is_accessible,
            self.territory_place, self.zone_of_commune, self.whole_place,
        )  # fmt: skip

    # the index
    def _stamp(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return keys and segments under the ordering rule in force, and the day seniority is capped (-1: never)."""
        keys, is_capped, capping_day = self.order.keys(self.applicants(rows), self.day)
        a = self.applications
        is_disabled = self.households.is_disabled[a.household[rows]]
        public = public_of(a.recognition[rows], a.is_mutation[rows])
        return keys, segment_codes(public, self.quartile[rows], is_disabled, is_capped), capping_day

    def file_in_index(self, rows: np.ndarray) -> None:
        """Enter new applications."""
        keys, segments, capping_day = self._stamp(rows)
        self.waiting.measure(self.people(), rows, self.terms)
        self.waiting.enter(self.people(), rows, keys, segments)
        later = capping_day > self.day
        if later.any():
            self.refile_calendar.add(capping_day[later], rows[later])

    def refile(self, rows: np.ndarray) -> None:
        """Rank applications again, those that are still on the list."""
        rows = rows[self.waiting.segment_of[rows] >= 0]
        if len(rows):
            keys, segments, _ = self._stamp(rows)
            self.waiting.refile(self.people(), rows, keys, segments)

    def open_rows(self) -> np.ndarray:
        """Return the applications open or held."""
        return np.flatnonzero(self.applications.status[: len(self.applications)] <= 1)

    def refresh_law(self) -> None:
        """Read the law of the day: thresholds, ceilings, allowance, QPV map; rank everybody again."""
        self.law.day = self.day
        self.terms = law_terms(self.law, self.scenario.rules.affordability)
        self.thresholds = quartile_thresholds(self.law)
        self.is_in_qpv = self.in_qpv_today(self.dwellings.qpv_map[: len(self.dwellings)])
        rows = self.open_rows()
        before = self.quartile[rows].copy()
        self.quartile[rows] = self.quartile_of(rows)
        moved = rows[before != self.quartile[rows]]
        self.waiting.measure(self.people(), rows, self.terms)
        if len(self.waiting.segment_of) >= len(self.applications):
            self.refile(moved)

    def in_qpv_today(self, qpv_map: np.ndarray) -> np.ndarray:
        """Return whether dwellings lie in a QPV by the map in force (2015, then 2024)."""
        return np.asarray((qpv_map & (1 if int(self.law["qpv.carte"]) < 2024 else 2)) > 0)
