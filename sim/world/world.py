"""The world of one replication: clock, tables, log, luck, law, index. The only file that imports SimPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import numpy as np
import simpy

from sim.inputs.law import Law, LawView
from sim.inputs.schema import Scenario
from sim.inputs.territory import Territory
from sim.rules import resources, situations
from sim.rules.affordability import Terms
from sim.rules.criteria import Today
from sim.rules.draws import BIDDERS, base_of
from sim.rules.flux import FluxLedger
from sim.rules.mechanisms import filter_of, is_drawn
from sim.rules.policy import Policy
from sim.rules.quotas import public_of
from sim.rules.reservations import mode_on, shares_by_landlord, stock_holders
from sim.rules.reserved_homes import OPEN, accessible_tier, in_residence
from sim.rules.segments import Context, base_codes, changes_of, earliest, extra_codes, facts_of
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.living import Originals
from sim.state.log import EventLog, Records
from sim.state.luck import Luck, OwnDraws
from sim.state.places import PlaceSets
from sim.state.quota_book import QuotaBook
from sim.state.records import LEASE
from sim.state.rows import Rows
from sim.state.shortlists import Shortlists
from sim.words.clock import PHASES, Phase, to_date, year_of
from sim.world.buckets import People
from sim.world.calendar import Calendar, office_days
from sim.world.lettings import Lettings
from sim.world.searching import ALL_DRAWN, BUFFERS_DRAWN, NOT_DRAWN, Homes, Rule
from sim.world.standing import Standing
from sim.world.terms import law_terms
from sim.world.waiting import Waiting

Story = Generator[simpy.Event, Any, None]


class Session(NamedTuple):
    """Files that one commission will examine."""

    homes: np.ndarray  # dwellings, ascending
    counts: np.ndarray  # files of each
    rows: np.ndarray  # applications, dwelling after dwelling


class World:
    """Everything a flow may read; only ``moves`` writes the tables.

    Parameters
    ----------
    scenario, territory, law, policy
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
        policy: Policy,
        households: Households,
        applications: Applications,
        dwellings: Dwellings,
        places: PlaceSets,
        luck: Luck,
        first: int,
        last: int,
        newcomers: Any,
        index: type[Waiting] = Waiting,
    ) -> None:
        self.scenario, self.territory, self.law, self.policy = scenario, territory, LawView(law), policy
        self.households, self.applications, self.dwellings, self.places = households, applications, dwellings, places
        self.luck, self.log, self.newcomers = luck, EventLog(), newcomers
        self.first, self.last = first, last
        self.law.day = first
        self.order = policy.ordering(self.law, luck)
        self.env = simpy.Environment(initial_time=first * len(PHASES))
        self.day, self.phase = first, 0
        communes = territory.communes
        self.territory_place = len(communes) + communes["territoire_index"].to_numpy()
        self.whole_place = len(communes) + len(territory.territoires)
        self.zone_of_commune = (communes["apl_zone"].to_numpy() == 3).astype(int)
        self.residence_share = communes["code_insee"].map(policy.residences).fillna(0.0).to_numpy(float)
        self.book = QuotaBook()
        self.substituted: set[int] = set()  # landlords whose dwellings outside QPV the prefect attributes
        # flows that other flows feed
        caleol = scenario.flows.caleol
        self.turns = min(caleol.session_days, caleol.every_days)  # days on which commissions sit, by interval
        self.office_days = office_days(first, last, caleol.every_days, self.turns)
        self.to_designate: dict[int, set[int]] = defaultdict(set)
        self.in_session: dict[int, list[Session]] = defaultdict(list)
        self.shortlists = Shortlists.build(0)
        self.answers_due, self.leases_due = Calendar(), Calendar()  # rows of the shortlists
        self.strike_due = Calendar()  # applications declared inadmissible
        self.leases = Records(LEASE)
        self.year_ends: list[Any] = []
        self.exchange_rounds: list[tuple[int, int, int]] = []  # see records.ROUND
        self.refile_calendar = Calendar()
        self.keeps_back: Callable[[np.ndarray, Any], np.ndarray] | None = None  # which dwellings are let again
        self.originals = {key: Originals() for key in ("household", "application", "dwelling")}
        self.lowered: set[int] = set()  # dwellings whose rent was lowered
        self.helped: set[int] = set()  # applications of seniors helped to move
        self.watch: Callable[..., None] | None = None  # told of each designation, for ``simhlm show``
        self.members: dict[Any, Any] = {}  # objectives that apply to a kind of dwelling, known once
        self.promises: dict[int, Any] = {}  # what objectives count for dwellings not yet accepted (flows/steering.py)
        self.commune_codes, self.landlord_codes = communes["code_insee"].tolist(), territory.landlords["code"].tolist()
        self.territory_names = [territory.territoires[i] for i in communes["territoire_index"]]

        self.terms: Terms = law_terms(self.law, scenario.rules.affordability)
        self.thresholds = resources.thresholds_of(self.law)
        offsets, members = places.ragged()
        self.waiting = index(self.whole_place + 1, offsets, members, policy.segments)
        self._wishes = self._wished_communes(offsets, members)
        self._people: People | None = None
        self.standing, self.lettings = Standing(applications), Lettings()
        self.ledger = FluxLedger(self._shares(), scenario.rules.reservation.flux)
        self.let_in(np.arange(len(dwellings)))

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
        """Run to the end of the last day."""
        self.run_until((self.last + 1) * len(PHASES))

    def run_until(self, end: int) -> None:
        """Run to a tick, not included; ``day`` and ``phase`` follow SimPy's clock."""
        env, phases = self.env, len(PHASES)
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

    def own_draws(self, name: str, ids: np.ndarray) -> OwnDraws:
        """Return the draws of some households for something that happens to them on this day."""
        return self.luck.draws(name, ids, self.day)

    # views
    def people(self) -> People:
        """Return the columns that filters read (rebuilt after rows were added)."""
        if self._people is None:
            a, h, s = self.applications, self.households, self.standing
            self._people = People(
                a.status, a.last_offer, a.household, a.rooms_min, a.rooms_max, a.rooms_wanted, a.place_set,
                a.first_commune, a.luck_id, a.grounds, s.joined_day, h.dwelling, h.tax_income_eur_year,
                h.income_eur_month, h.consumption_units, h.ceiling_category, h.persons_over_six, h.family_type,
                h.is_disabled, h.employment, h.birth_year,
            )  # fmt: skip
        return self._people

    def grown(self) -> None:
        """Forget views that rows added have made stale; give new applications a quartile."""
        self._people = None
        if self.standing.known < len(self.applications):
            rows = self.standing.grow(self.applications)
            self.standing.quartile[rows] = self.quartile_of(rows)

    def quartile_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the quartile 1 to 4 of applications by declared resources per UC (strictly under: L441-1)."""
        households = self.applications.household[rows]
        income, units = self.households.income_eur_month[households], self.households.consumption_units[households]
        per_unit = resources.per_unit_eur_year(income, units, self.terms.income_index)
        return resources.quartile(per_unit, self.thresholds)

    def applicants(self, rows: np.ndarray) -> Rows:
        """Return a read-only view of applications joined to their households."""
        return Rows(self.applications, rows, Rows(self.households, self.applications.household[rows]))

    def homes(self) -> Homes:
        """Return the columns of dwellings that a search reads."""
        d = self.dwellings
        return Homes(
            d.commune, d.rooms, d.financing, d.rent_eur_month, d.charges_eur_month, d.surface_m2, d.is_accessible,
            d.landlord, self.territory_place, self.zone_of_commune, self.whole_place,
        )  # fmt: skip

    def rule(self) -> Rule:
        """Return what the mechanism adds to the order by keys, on this day."""
        designation, drawn = self.scenario.rules.designation, NOT_DRAWN
        if is_drawn(designation.name):
            drawn = ALL_DRAWN
        elif designation.name == "files_tampons" and designation.buffer_order == "siro":
            drawn = BUFFERS_DRAWN
        return Rule(
            filter=filter_of(designation, self.luck, len(self.territory.landlords)),
            wishes=self._wishes,
            drawn=drawn,
            base=base_of(self.luck, "tirage"),
            week=self.day // 7,
            elderly_born=self._elderly_born(),
        )

    def _elderly_born(self) -> int:
        """Return the last year of birth of the elderly whom an accessible dwelling asks for (R441-4)."""
        return year_of(self.day) - int(self.law["logement_accessible.age_years"])

    def _wished_communes(self, offsets: np.ndarray, members: np.ndarray) -> np.ndarray:
        """Return which communes each set of places holds; empty when the mechanism needs it not."""
        if filter_of(self.scenario.rules.designation, self.luck, 1).kind != BIDDERS:
            return np.zeros((1, 1), dtype=bool)
        communes = np.arange(len(self.territory_place))
        sets = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        wishes = np.zeros((len(offsets) - 1, len(communes)), dtype=bool)
        for places in (communes, self.territory_place, np.full(len(communes), self.whole_place)):
            wishes[sets] |= members[:, None] == places[None, :]
        return wishes

    def today(self) -> Today:
        """Return what dated criteria may know."""
        return Today(self.day, self.law)

    # the index
    def _stamp(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return keys, segments, and the next day on which each key changes by itself (-1: never)."""
        a, s, policy = self.applications, self.standing, self.policy
        people, quartile = self.applicants(rows), s.quartile[rows]
        keys = self.order.keys(people, self.day, s.since_day[rows], s.joined_day[rows])
        public = public_of(a.recognition[rows], a.is_mutation[rows])
        s.is_elderly[rows] = people.birth_year <= self._elderly_born()
        comes_first = accessible_tier(people.is_disabled, s.is_elderly[rows], False) < OPEN
        codes = base_codes(public, quartile, comes_first, keys.is_still)
        next_day = keys.next_day
        if policy.extra:
            identity = self.households.luck_id[a.household[rows]]
            share = float(self.law["travailleurs_essentiels.part_des_actifs"])
            facts = facts_of(policy.extra, people, Context(quartile, identity, share, self.today()))
            codes += extra_codes(policy.extra, facts)
            next_day = earliest([next_day, *changes_of(policy.extra, people, self.today())])
        return keys.key, codes.astype(np.int16), next_day

    def file_in_index(self, rows: np.ndarray) -> None:
        """Enter new applications."""
        keys, segments, next_day = self._stamp(rows)
        self.waiting.measure(self.people(), rows, self.terms)
        self.waiting.enter(self.people(), rows, keys, segments)
        self._date(rows, next_day)

    def refile(self, rows: np.ndarray) -> None:
        """Rank applications again, those that are still on the list."""
        rows = rows[self.waiting.segment_of[rows] >= 0]
        if len(rows):
            keys, segments, next_day = self._stamp(rows)
            self.waiting.refile(self.people(), rows, keys, segments)
            self._date(rows, next_day)

    def relist(self, rows: np.ndarray, change: Callable[[], None]) -> None:
        """Let households or wishes change, and rank their applications again, those that are still on the list."""
        listed = rows[self.waiting.segment_of[rows] >= 0]
        self.waiting.take_out(self.people(), listed)
        change()
        self.standing.quartile[rows] = self.quartile_of(rows)
        self.file_in_index(listed)

    def _date(self, rows: np.ndarray, next_day: np.ndarray) -> None:
        later = next_day > self.day
        if later.any():
            self.refile_calendar.add(next_day[later], rows[later])

    def open_rows(self) -> np.ndarray:
        """Return the applications open or held."""
        return np.flatnonzero(self.applications.status[: len(self.applications)] <= 1)

    # the law, and rights on dwellings
    def refresh_law(self) -> None:
        """Read the law of the day: thresholds, ceilings, allowance, QPV map, reservations; rank those it moves."""
        self.law.day = self.day
        self.terms = law_terms(self.law, self.scenario.rules.affordability)
        self.thresholds = resources.thresholds_of(self.law)
        self.mode = mode_on(self.day, self.scenario.rules.reservation.mode, self.law["flux.echeance_conventions"])
        self.ledger.shares = self._shares()
        d, lettings = self.dwellings, self.lettings
        known = slice(0, len(d))
        lettings.is_in_qpv = situations.is_in_qpv(d.qpv_map[known], int(self.law["qpv.carte"]))
        luck = self.luck.uniform("residence_enjeu", d.luck_id[known])
        lettings.is_in_residence = in_residence(luck, self.residence_share[d.commune[known]], lettings.is_in_qpv)
        rows, quartile = self.open_rows(), self.standing.quartile
        before = quartile[rows].copy()
        quartile[rows] = self.quartile_of(rows)
        is_elderly = self.households.birth_year[self.applications.household[rows]] <= self._elderly_born()
        has_changed = (before != quartile[rows]) | (is_elderly != self.standing.is_elderly[rows])
        moved = rows if self.order.follows_law(self.day) else rows[has_changed]
        self.waiting.measure_again(self.people(), rows, self.terms)
        if len(self.waiting.segment_of) >= len(self.applications):
            self.refile(moved)

    def _shares(self) -> np.ndarray:
        """Return the share of each holder with each landlord under the mode in force."""
        reservation = self.scenario.rules.reservation
        self.mode = mode_on(self.day, reservation.mode, self.law["flux.echeance_conventions"])
        codes = self.territory.landlords["code"].tolist()
        return shares_by_landlord(reservation, codes, self.policy.conventions, self.mode == "flux")

    def let_in(self, rows: np.ndarray) -> None:
        """Know dwellings that were added: their QPV, and who holds rights on them."""
        d, luck = self.dwellings, self.luck
        ids = d.luck_id[rows]
        reservation, commission = self.scenario.rules.reservation, self.scenario.flows.commission
        table = shares_by_landlord(
            reservation, self.territory.landlords["code"].tolist(), self.policy.conventions, is_flux=False
        )
        self.lettings.add(
            situations.is_in_qpv(d.qpv_map[rows], int(self.law["qpv.carte"])),
            luck.uniform("programme", ids) < commission.youth_programme_share,
            stock_holders(luck.uniform("reservation_stock", ids), d.landlord[rows], table),
            luck.uniform("identified", ids) < reservation.stock.identified_share,
        )

    @property
    def is_in_qpv(self) -> np.ndarray:
        """Whether each dwelling lies in a QPV by the map in force."""
        return self.lettings.is_in_qpv

    @property
    def ready_day(self) -> np.ndarray:
        """First day a new lease may begin in each dwelling that is to be let, -1 for the others."""
        return self.lettings.ready_day

    @property
    def quartile(self) -> np.ndarray:
        """Quartile of each application, with the spare room of the table."""
        return self.standing.quartile
