"""The index of who waits for what, against the obvious twin that scans everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.inputs.law import LawView, load_law
from sim.inputs.schema_rules import Affordability
from sim.rules import draws
from sim.rules.affordability import Terms
from sim.rules.draws import ALL, BIDDERS, BUFFERED, KINDS, REGISTERED, Filter
from sim.rules.reserved_homes import accessible_tier, may_be_proposed
from sim.rules.segments import BASE_SEGMENTS, PUBLICS, base_codes
from sim.state.luck import Luck
from sim.state.places import PlaceSets
from sim.words.clock import first_day
from sim.words.codes import Ground, Status
from sim.world import buckets, filters, scanning, searching, suiting, waiting
from sim.world.buckets import ROOMS, People
from sim.world.filters import Ask
from sim.world.scanning import Scanning
from sim.world.searching import (
    ALL_DRAWN,
    BUFFERS_DRAWN,
    EVERYBODY,
    NOT_DRAWN,
    Homes,
    Query,
    Rule,
)  # fmt: skip
from sim.world.terms import law_terms
from sim.world.waiting import Waiting

COMMUNES, TERRITORIES, DWELLINGS, LANDLORDS = 6, 2, 20, 3
WHOLE = COMMUNES + TERRITORIES
SEGMENTS = 2 * BASE_SEGMENTS
"""One further criterion splits the base segments."""
WORKERS = 0b11
ALL_TIERS = np.zeros(SEGMENTS, dtype=np.int8)
ELDERLY_BORN = 1957
LEAD = 10_000
COMPILED = [
    (module, name)
    for module in (buckets, filters, searching, suiting, waiting, scanning, draws)
    for name, value in vars(module).items()
    if hasattr(value, "py_func") and name != "keyed_uniform"  # it wraps around on purpose, which numpy warns about
]


@pytest.fixture(scope="module")
def terms() -> Terms:
    return law_terms(LawView(load_law(), first_day(2022)), Affordability())


@pytest.fixture(params=["compiled", "interpreted"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run with compiled functions, then with the Python they were compiled from."""
    if request.param == "interpreted":
        assert len(COMPILED) >= 10
        for module, name in COMPILED:
            monkeypatch.setattr(module, name, getattr(module, name).py_func)
    return str(request.param)


NO_FILTER = Filter(ALL, np.uint64(1), np.uint64(2), 0.5, 0.5, 0.5, 2, LANDLORDS)
BY_KEYS = Rule(NO_FILTER, np.zeros((1, 1), dtype=bool), NOT_DRAWN, np.uint64(3), 0, ELDERLY_BORN)


@dataclass
class Crowd:
    """Random applications and dwellings, the applications in an index and in its twin."""

    rng: np.random.Generator
    people: People
    homes: Homes
    keys: np.ndarray
    segments: np.ndarray
    index: Waiting
    twin: Scanning
    rule: Rule = BY_KEYS

    def everybody(self) -> np.ndarray:
        return np.arange(len(self.keys))

    def both(self, verb: str, rows: np.ndarray, *more: np.ndarray) -> None:
        for list_ in (self.index, self.twin):
            getattr(list_, verb)(self.people, rows, *more)

    def enter(self, terms: Terms, rows: np.ndarray, keys: np.ndarray, segments: np.ndarray) -> None:
        self.index.measure(self.people, rows, terms)
        self.both("enter", rows, keys, segments)

    def leave(self, rows: np.ndarray) -> None:
        for list_ in (self.index, self.twin):
            list_.leave(rows)
        self.people.status[rows] = Status.LAPSED

    def draw_segments(self, rows: np.ndarray) -> np.ndarray:
        rng, count = self.rng, len(rows)
        return self.segments_of(
            rows, rng.integers(0, PUBLICS, count), rng.integers(1, 5, count), rng.random(count) < 0.5
        ) + BASE_SEGMENTS * rng.integers(0, 2, count)

    def segments_of(self, rows: np.ndarray, public: np.ndarray, quartile: np.ndarray, still: np.ndarray) -> np.ndarray:
        """Return base segments that agree with the columns on who is disabled or elderly."""
        household = self.people.household[rows]
        comes_first = self.people.disabled[household] | (self.people.birth_year[household] <= ELDERLY_BORN)
        return base_codes(public, quartile, comes_first, still)

    def draw_keys(self, rows: np.ndarray) -> np.ndarray:
        """Draw keys with many ties; those who wait in a buffer are ahead of all, as ``files_tampons`` puts them."""
        return self.rng.integers(-1_000, 1_000, len(rows)) - np.where(self.people.joined_day[rows] >= 0, LEAD, 0)

    def draw_query(self) -> Query:
        """Draw dwellings, some asked for by nobody in particular, in programmes, or twice in turn."""
        rng, count, tables = self.rng, int(self.rng.integers(1, 6)), 4
        return Query(
            dwellings=rng.choice(DWELLINGS, count, replace=False),
            tiers=rng.integers(-1, 3, (tables, SEGMENTS)).astype(np.int8),
            asked=rng.integers(-1, tables, (count, 2)),
            masks=rng.choice([EVERYBODY, WORKERS], count),
            shifts=rng.integers(-800, 800, (tables, SEGMENTS)) * rng.integers(0, 2, (tables, 1)),
            shifted=rng.integers(0, tables, count),
            born_after=rng.choice([0, 0, 0, 1985], count),
            wanted=rng.integers(1, 9, count),
            occasion=rng.integers(0, 2**64 - 1, count, dtype=np.uint64),
        )

    def draw_rule(self, kind: int, drawn: int) -> None:
        """Draw a mechanism of a kind."""
        rng = self.rng
        first, second, base = rng.integers(0, 2**64 - 1, 3, dtype=np.uint64)
        chances = rng.uniform(0.2, 1.0, 3)
        wishes = np.zeros((1, 1), dtype=bool)
        if kind == BIDDERS:
            wishes = np.zeros((len(self.index.offsets) - 1, COMMUNES), dtype=bool)
            for number in range(len(wishes)):
                members = self.index.members[self.index.offsets[number] : self.index.offsets[number + 1]]
                for commune in range(COMMUNES):
                    places = {commune, int(self.homes.territory_place[commune]), WHOLE}
                    wishes[number, commune] = bool(places & set(members.tolist()))
        chosen = Filter(kind, first, second, *chances.tolist(), int(rng.integers(1, 4)), LANDLORDS)
        self.rule = Rule(chosen, wishes, drawn, base, int(rng.integers(0, 3_000)), ELDERLY_BORN)

    def ask(
        self, list_: Waiting, terms: Terms, query: Query, busy: np.ndarray | None = None
    ) -> tuple[list[list[int]], list[bool]]:
        chosen, found, is_fallback = list_.candidates(self.people, self.homes, terms, query, self.rule, busy)
        return [chosen[i, :count].tolist() for i, count in enumerate(found.tolist())], is_fallback.tolist()

    def assert_same(self, terms: Terms, questions: int = 6) -> int:
        """Ask the index and its twin the same; return how many were designated."""
        designated = 0
        for _ in range(questions):
            query, busy = self.draw_query(), None
            if self.rng.random() < 0.3:  # chosen earlier on the same day
                busy = self.rng.choice(self.everybody(), 30, replace=False).astype(np.int32)
            answer = self.ask(self.index, terms, query, busy)
            assert answer == self.ask(self.twin, terms, query, busy)
            rows = [row for line in answer[0] for row in line]
            assert len(set(rows)) == len(rows)  # nobody is chosen for two dwellings
            assert busy is None or not set(rows) & set(busy.tolist())
            designated += len(rows)
        return designated

    def query_of_one(
        self, tiers: np.ndarray, ageing: int = 0, wanted: int = 9, mask: int = EVERYBODY, **changes: np.ndarray
    ) -> Query:
        """Return what the first dwelling asks, with one holder and no landlord behind it."""
        is_still = np.arange(SEGMENTS) % 2 == 1
        query = Query(
            dwellings=np.array([0]), tiers=tiers[None], asked=np.array([[0, -1]]), masks=np.array([mask]),
            shifts=np.where(is_still, ageing, 0)[None].astype(np.int64), shifted=np.array([0]),
            born_after=np.array([0]), wanted=np.array([wanted]), occasion=np.array([7], dtype=np.uint64),
        )  # fmt: skip
        return query._replace(**changes)

    def ask_one(
        self,
        terms: Terms,
        tiers: np.ndarray,
        ageing: int = 0,
        wanted: int = 9,
        mask: int = EVERYBODY,
        **changes: np.ndarray,
    ) -> list[int]:
        """Return whom the index finds for the first dwelling, with one holder and no landlord behind it."""
        query = self.query_of_one(tiers, ageing, wanted, mask, **changes)
        answer = self.ask(self.index, terms, query)
        assert answer == self.ask(self.twin, terms, query)
        return answer[0][0]

    def all_may_have_the_first_dwelling(self) -> None:
        """Make every application pass every filter of a cheap dwelling where all want to live."""
        people, homes = self.people, self.homes
        people.place_set[:], people.rooms_min[:], people.rooms_max[:] = 0, 1, ROOMS
        people.last_offer[:], people.lives_in[:], people.disabled[:], people.employment[:] = -1, -1, False, 0
        people.birth_year[:], people.joined_day[:] = 1980, -1
        people.income[:], people.tax_income[:], people.units[:], people.family[:] = 1_200, 9_000, 1, 0
        homes.financing[0], homes.rent[0], homes.charges[0], homes.surface[0] = 1, 100, 0, 10
        homes.is_accessible[0] = False
        place = int(self.index.members[0])
        communes = [c for c in range(COMMUNES) if place in (c, COMMUNES + c % TERRITORIES, WHOLE)]
        homes.commune[0] = communes[0]


def crowd(seed: int, count: int = 120) -> Crowd:
    rng, places = np.random.default_rng(seed), PlaceSets()
    for _ in range(12):
        places.number(rng.choice(WHOLE + 1, size=int(rng.integers(1, 5)), replace=False).tolist())
    smallest = rng.integers(1, ROOMS + 1, count)
    income = rng.uniform(500, 2_500, count).astype(np.float32)
    people = People(
        status=np.zeros(count, dtype=np.uint8), last_offer=rng.integers(-1, DWELLINGS, count).astype(np.int32),
        household=rng.permutation(count).astype(np.int32), rooms_min=smallest.astype(np.uint8),
        rooms_max=np.minimum(ROOMS, smallest + rng.integers(0, 3, count)).astype(np.uint8),
        rooms_wanted=smallest.astype(np.uint8), place_set=rng.integers(0, len(places), count).astype(np.int32),
        first_commune=rng.integers(0, COMMUNES, count).astype(np.int16),
        identity=rng.integers(0, 2**64 - 1, count, dtype=np.uint64),
        grounds=rng.choice([0, 0, int(Ground.M01_SOUS_OCCUPATION)], count).astype(np.uint32),
        joined_day=np.where(rng.random(count) < 0.3, 5, -1).astype(np.int32),
        lives_in=rng.integers(-1, DWELLINGS, count).astype(np.int32), tax_income=income * 10, income=income,
        units=rng.uniform(1, 3, count).astype(np.float32), category=rng.integers(1, 7, count).astype(np.uint8),
        over_six=np.zeros(count, dtype=np.uint8), family=rng.integers(0, 10, count).astype(np.uint8),
        disabled=rng.random(count) < 0.2, employment=rng.integers(0, 6, count).astype(np.uint8),
        birth_year=rng.integers(1940, 2005, count).astype(np.int16),
    )  # fmt: skip
    homes = Homes(
        commune=rng.integers(0, COMMUNES, DWELLINGS).astype(np.int16),
        rooms=rng.integers(1, ROOMS + 1, DWELLINGS).astype(np.uint8),
        financing=rng.integers(0, 4, DWELLINGS).astype(np.uint8),
        rent=rng.uniform(150, 600, DWELLINGS).astype(np.float32), charges=np.full(DWELLINGS, 60, dtype=np.float32),
        surface=rng.uniform(20, 90, DWELLINGS).astype(np.float32), is_accessible=rng.random(DWELLINGS) < 0.3,
        landlord=rng.integers(0, LANDLORDS, DWELLINGS).astype(np.int16),
        territory_place=COMMUNES + np.arange(COMMUNES) % TERRITORIES, zone=np.arange(COMMUNES) % 2, whole_place=WHOLE,
    )  # fmt: skip
    offsets, members = places.ragged()
    both = Waiting(WHOLE + 1, offsets, members, SEGMENTS), Scanning(WHOLE + 1, offsets, members, SEGMENTS)
    made = Crowd(rng, people, homes, rng.integers(-1_000, 1_000, count), np.empty(0), *both)  # keys with many ties
    made.segments = made.draw_segments(made.everybody())
    return made


@pytest.mark.parametrize("drawn", [NOT_DRAWN, ALL_DRAWN, BUFFERS_DRAWN], ids=["by keys", "drawn", "buffers drawn"])
@pytest.mark.parametrize("kind", [ALL, BIDDERS, REGISTERED, BUFFERED], ids=KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_index_answers_like_its_twin(
    seed: int, kind: int, drawn: int, engine: str, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the mechanism: shifts by segment, turns, programmes, accessible dwellings, filters, draws."""
    world = crowd(100 * kind + 10 * drawn + seed)
    world.draw_rule(kind, drawn)
    world.enter(terms, world.everybody(), world.draw_keys(world.everybody()), world.segments)
    designated = world.assert_same(terms)
    inside = world.everybody()
    for _ in range(6):
        move = world.rng.choice(["hold", "release", "leave", "refile", "join"])
        chosen = np.sort(world.rng.permutation(inside)[: max(1, len(inside) // 5)])
        if move in ("hold", "release"):
            world.people.status[chosen] = move == "hold"
        elif move == "leave":
            world.leave(chosen)
            inside = np.setdiff1d(inside, chosen)
            assert not any(world.index.is_in(row) for row in chosen.tolist())
        else:
            world.people.joined_day[chosen] = 9 if move == "join" else -1
            world.both("refile", chosen, world.draw_keys(chosen), world.draw_segments(chosen))
        monkeypatch.setattr(waiting, "SWEEP_AFTER", int(world.rng.choice([0, 2_000])))
        designated += world.assert_same(terms)
    assert all(world.index.is_in(row) for row in inside.tolist())
    assert designated > 10


def test_buckets_are_sorted_and_hold_each_wish_once(terms: Terms) -> None:
    world = crowd(3, 400)
    world.enter(terms, world.everybody(), world.keys, world.segments)
    pool, held = world.index.pool, 0
    for start, length in zip(pool.start.tolist(), pool.length.tolist(), strict=True):
        entries = pool.entry[start : start + length].tolist()
        assert entries == sorted(set(entries))
        held += len(entries)
    sizes = np.diff(world.index.offsets)[world.people.place_set]
    wishes = sizes * (world.people.rooms_max.astype(int) - world.people.rooms_min + 1)
    assert held == wishes.sum()
    world.leave(world.everybody()[::2])
    buckets.sweep(world.index.pool, world.index.segment_of)
    assert world.index.pool.length.sum() == wishes[1::2].sum()


def test_full_buckets_grow_and_keep_their_order(engine: str, terms: Terms) -> None:
    world = crowd(1, 700)
    world.all_may_have_the_first_dwelling()
    order, segment = world.rng.permutation(700), np.zeros(700, dtype=np.int16)
    for part in np.array_split(order, 9):  # row numbers jump: room is made for the largest
        world.enter(terms, part, world.keys[part], segment[part])
    assert world.index.pool.room.max() >= 700
    in_order = np.lexsort((np.arange(700), world.keys)).tolist()
    assert world.ask_one(terms, ALL_TIERS, wanted=700) == in_order
    world.assert_same(terms)


def test_many_rows_make_room(terms: Terms) -> None:
    world = crowd(2, 3_000)
    late = np.array([2_999])
    world.enter(terms, late, world.keys[late], world.segments[late])
    assert len(world.index.key_of) >= 3_000
    assert [row for row in range(3_000) if world.index.is_in(row)] == [2_999]
    assert not world.index.is_in(10_000)


def test_nobody_enters_and_nobody_is_found(terms: Terms) -> None:
    world, nobody = crowd(4), np.empty(0, dtype=np.int64)
    world.enter(terms, nobody, nobody, nobody.astype(np.int16))
    world.both("refile", nobody, nobody, nobody.astype(np.int16))
    world.leave(nobody)
    world.assert_same(terms)
    assert world.ask_one(terms, ALL_TIERS) == []


def test_ranking_again_without_being_there_is_a_bug() -> None:
    world = crowd(5)
    world.index.enter(world.people, np.array([0, 1]), world.keys[:2], world.segments[:2])
    world.index.leave(np.array([0]))
    with pytest.raises(RuntimeError, match="not in the index"):
        world.index.refile(world.people, np.array([0]), world.keys[:1], world.segments[:1])


ASK = Ask(
    dwelling=7, place_in_query=0, occasion=np.uint64(1), places=(np.int64(0), np.int64(COMMUNES), np.int64(WHOLE)),
    rooms=np.int64(2), wanted=3, landlord=np.int64(1), financing=1, rent=250.0, charges=60.0, surface=40.0, zone=0,
    employment_mask=EVERYBODY, born_after=0, gross=0.0,
)  # fmt: skip


@pytest.mark.parametrize("zone", [0, 1])
def test_a_look_never_shuts_out_who_passes(zone: int, terms: Terms) -> None:
    world = crowd(12, 4_000)
    everybody, people = world.everybody(), world.people
    people.income[:] = world.rng.uniform(300, 4_000, 4_000)
    people.tax_income[:] = people.income * world.rng.uniform(0, 12, 4_000)
    people.last_offer[:], people.lives_in[:] = -1, -1
    world.index.measure(people, everybody, terms)
    shut, passed = 0, 0
    for row in everybody.tolist():
        rent, surface = float(world.rng.uniform(50, 900)), float(world.rng.uniform(10, 120))
        gross = (rent + 60.0) * terms.rent_index + surface * terms.energy_eur_month_m2
        ask = ASK._replace(dwelling=-2, financing=3, rent=rent, surface=surface, zone=zone, gross=gross)
        if filters.is_out_of_reach(row, ask, people, world.index.reach):
            shut += 1
            assert not filters.passes(row, ask, people, world.homes, terms)
        elif filters.passes(row, ask, people, world.homes, terms):
            passed += 1
    assert shut > 500
    assert passed > 500


def test_a_long_list_of_files_may_be_asked_for(terms: Terms) -> None:
    world = crowd(6, 500)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), world.keys, np.zeros(500, dtype=np.int16))
    assert len(world.ask_one(terms, ALL_TIERS, wanted=300)) == 300


def test_tiers_come_before_keys_and_capped_keys_age(terms: Terms) -> None:
    world = crowd(7, 4)
    world.all_may_have_the_first_dwelling()
    public, still = np.array([2, 0, 0, 0]), np.array([False, False, True, False])
    segments = world.segments_of(world.everybody(), public, np.full(4, 3), still)
    mutation, plain, capped = segments[0], segments[1], segments[2]
    assert len({mutation, plain, capped}) == 3
    world.enter(terms, world.everybody(), np.array([50, 10, 20, 30]), segments)
    assert world.ask_one(terms, ALL_TIERS) == [1, 2, 3, 0]
    assert world.ask_one(terms, ALL_TIERS, ageing=15) == [1, 3, 2, 0]
    assert world.ask_one(terms, ALL_TIERS, ageing=100) == [1, 3, 0, 2]
    assert world.ask_one(terms, ALL_TIERS, wanted=2) == [1, 2]
    mutations_first, mutations_only = np.ones(SEGMENTS, dtype=np.int8), np.full(SEGMENTS, -1, dtype=np.int8)
    mutations_first[mutation] = mutations_only[mutation] = 0
    assert world.ask_one(terms, mutations_first, ageing=15) == [0, 1, 3, 2]
    assert world.ask_one(terms, mutations_only) == [0]
    assert world.ask_one(terms, np.full(SEGMENTS, -1, dtype=np.int8)) == []


def test_each_dwelling_shifts_segments_in_its_own_way(terms: Terms) -> None:
    """Points on the residence: a segment is ahead for one kind of dwelling and behind for another."""
    world = crowd(7, 2)
    world.all_may_have_the_first_dwelling()
    segments = np.array([0, BASE_SEGMENTS], dtype=np.int16)
    world.enter(terms, world.everybody(), np.array([10, 20]), segments)
    shifts = np.zeros((2, SEGMENTS), dtype=np.int64)
    shifts[1, BASE_SEGMENTS] = -11
    assert world.ask_one(terms, ALL_TIERS, shifts=shifts) == [0, 1]
    assert world.ask_one(terms, ALL_TIERS, shifts=shifts, shifted=np.array([1])) == [1, 0]
    shifts[1, BASE_SEGMENTS] = -10  # a tie: by date of filing
    assert world.ask_one(terms, ALL_TIERS, shifts=shifts, shifted=np.array([1])) == [0, 1]


def test_an_accessible_dwelling_asks_disabled_households_then_the_elderly(terms: Terms) -> None:
    world = crowd(8, 6)
    world.all_may_have_the_first_dwelling()
    people, home = world.people, world.people.household
    people.disabled[home[[4, 5]]] = True
    people.birth_year[home[[2, 5]]] = ELDERLY_BORN
    people.birth_year[home[3]] = ELDERLY_BORN + 1
    world.enter(terms, world.everybody(), np.arange(6), world.draw_segments(world.everybody()) & ~1)
    assert world.ask_one(terms, ALL_TIERS) == [0, 1, 2, 3, 4, 5]
    world.homes.is_accessible[0] = True
    assert world.ask_one(terms, ALL_TIERS) == [4, 5, 2, 0, 1, 3]
    tier = accessible_tier(people.disabled[home], people.birth_year[home] <= ELDERLY_BORN, False)
    turns, left = [], np.arange(6)
    while len(left):  # the rule, then the rule again on those who are left
        kept = may_be_proposed(tier[left], True)
        turns, left = [*turns, *left[kept].tolist()], left[~kept]
    assert world.ask_one(terms, ALL_TIERS) == turns
    people.disabled[:], people.birth_year[:] = False, 1980
    world.both("refile", world.everybody(), np.arange(6), world.draw_segments(world.everybody()) & ~1)
    assert world.ask_one(terms, ALL_TIERS) == [0, 1, 2, 3, 4, 5]


def test_a_programme_for_the_young_asks_for_nobody_else(terms: Terms) -> None:
    world = crowd(8, 4)
    world.all_may_have_the_first_dwelling()
    world.people.birth_year[world.people.household] = [1990, 1992, 1993, 2001]
    world.enter(terms, world.everybody(), np.arange(4), world.draw_segments(world.everybody()) & ~1)
    assert world.ask_one(terms, ALL_TIERS, born_after=np.array([1992])) == [2, 3]
    assert world.ask_one(terms, ALL_TIERS) == [0, 1, 2, 3]


def test_the_landlord_is_asked_when_the_holder_has_nobody(terms: Terms) -> None:
    world = crowd(9, 3)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), np.arange(3), np.zeros(3, dtype=np.int16))
    nobody = np.full(SEGMENTS, -1, dtype=np.int8)
    both = np.array([[0, 1]])
    for holder, is_fallback in ((nobody, True), (ALL_TIERS, False)):
        query = world.query_of_one(ALL_TIERS, wanted=2, asked=both)._replace(tiers=np.stack([holder, ALL_TIERS]))
        for list_ in (world.index, world.twin):
            assert world.ask(list_, terms, query) == ([[0, 1]], [is_fallback])
    world.people.employment[:] = 3
    twice = np.array([[0, 0]])
    query = world.query_of_one(ALL_TIERS, wanted=2, mask=WORKERS, asked=twice)
    for list_ in (world.index, world.twin):
        assert world.ask(list_, terms, query) == ([[0, 1]], [True])  # the landlord asks about no employment
    assert world.ask_one(terms, ALL_TIERS, mask=WORKERS) == []
    assert world.ask_one(terms, ALL_TIERS, asked=np.array([[-1, -1]])) == []


def test_a_draw_is_made_again_for_each_letting(terms: Terms) -> None:
    """Tiers first, then the keyed luck of each application for this dwelling and letting; keys do not matter."""
    world = crowd(13, 40)
    world.all_may_have_the_first_dwelling()
    world.rule = BY_KEYS._replace(drawn=ALL_DRAWN, base=np.uint64(Luck(2022, 0)._base("tirage")))
    world.enter(terms, world.everybody(), world.keys, world.segments)
    tiers = np.where(np.arange(SEGMENTS) < BASE_SEGMENTS, 0, 1).astype(np.int8)
    orders = []
    for occasion in (11, 12):
        found = world.ask_one(terms, tiers, wanted=40, occasion=np.array([occasion], dtype=np.uint64))
        draw = Luck(2022, 0).uniform("tirage", world.people.identity, occasion)
        assert found == np.lexsort((draw, tiers[world.segments])).tolist()
        orders.append(found)
    assert orders[0] != orders[1]


def test_buffers_drawn_come_before_the_central_list(terms: Terms) -> None:
    world = crowd(14, 40)
    world.all_may_have_the_first_dwelling()
    world.people.joined_day[:20] = 3
    world.rule = BY_KEYS._replace(drawn=BUFFERS_DRAWN, base=np.uint64(Luck(2022, 0)._base("tirage")))
    world.keys[:20] -= LEAD
    world.enter(terms, world.everybody(), world.keys, np.zeros(40, dtype=np.int16))
    draw = Luck(2022, 0).uniform("tirage", world.people.identity, 7)
    central = 20 + np.lexsort((np.arange(20), world.keys[20:]))
    assert world.ask_one(terms, ALL_TIERS, wanted=40) == [*np.argsort(draw[:20]).tolist(), *central.tolist()]


def test_who_waits_for_a_type_is_asked_for_it_alone(terms: Terms) -> None:
    world = crowd(15, 6)
    world.all_may_have_the_first_dwelling()
    people, homes = world.people, world.homes
    people.joined_day[:] = [-1, 4, 4, 4, -1, 4]
    people.first_commune[:], people.rooms_wanted[:] = homes.commune[0], homes.rooms[0]
    people.first_commune[2] = (homes.commune[0] + 1) % COMMUNES
    people.rooms_wanted[[3, 4]] = homes.rooms[0] % ROOMS + 1
    world.rule = BY_KEYS._replace(filter=NO_FILTER._replace(kind=BUFFERED))
    world.enter(terms, world.everybody(), np.arange(6), np.zeros(6, dtype=np.int16))
    assert world.ask_one(terms, ALL_TIERS) == [0, 1, 4, 5]


def test_only_those_registered_or_bidding_are_asked(terms: Terms) -> None:
    """Against the plain functions of ``rules/draws``; everybody is on a list at least."""
    world = crowd(16, 60)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), np.arange(60), np.zeros(60, dtype=np.int16))
    identity = world.people.identity
    world.draw_rule(REGISTERED, NOT_DRAWN)
    lists = []
    for landlord in range(LANDLORDS):
        world.homes.landlord[0] = landlord
        lists.append(world.ask_one(terms, ALL_TIERS, wanted=60))
        on = [row for row in range(60) if draws.is_registered(world.rule.filter, identity[row], landlord)]
        assert lists[-1] == on
    assert set(range(60)) == {row for found in lists for row in found}
    world.draw_rule(BIDDERS, NOT_DRAWN)
    bidders = world.ask_one(terms, ALL_TIERS, wanted=60)
    assert 0 < len(bidders) < 60
    more = world.rule.filter._replace(share=1.0, other_commune_ratio=1.0, other_rooms_ratio=1.0)
    world.rule = world.rule._replace(filter=more)
    assert world.ask_one(terms, ALL_TIERS, wanted=60) == list(range(60))  # one advert, which interests everybody


def test_dwellings_choose_in_turn(terms: Terms) -> None:
    world = crowd(10, 5)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), np.arange(5), np.zeros(5, dtype=np.int16))
    for column in world.homes[:8]:
        column[1] = column[0]
    one = world.query_of_one(ALL_TIERS, wanted=3)
    query = Query(*(np.concatenate([values, values]) for values in one))._replace(dwellings=np.array([1, 0]))
    for list_ in (world.index, world.twin):
        assert world.ask(list_, terms, query)[0] == [[0, 1, 2], [3, 4]]
        assert world.ask(list_, terms, query)[0] == [[0, 1, 2], [3, 4]]  # asking changes nothing


def test_who_suits_a_dwelling_wishes_it_and_passes(terms: Terms) -> None:
    world = crowd(17, 200)
    world.enter(terms, world.everybody(), world.keys, world.segments)
    for _ in range(4):
        query = world.draw_query()._replace(wanted=np.array([200]))
        for place in range(len(query.dwellings)):
            alone = Query(*query)._replace(
                dwellings=query.dwellings[[place]], tiers=ALL_TIERS[None], asked=np.array([[-1, 0]]),
                shifts=np.zeros((1, SEGMENTS), dtype=np.int64), shifted=np.array([0]),
                born_after=query.born_after[[place]], occasion=query.occasion[[place]], masks=query.masks[[place]],
            )  # fmt: skip
            found = world.ask(world.twin, terms, alone)[0][0]
            suits = world.index.suits(world.people, world.homes, terms, alone, 0, world.everybody())
            assert np.flatnonzero(suits).tolist() == sorted(found)


def test_vacancies_go_in_turn_to_the_first_whom_they_suit(engine: str, terms: Terms) -> None:
    world, given, left = crowd(18, 60), 0, 0
    for _ in range(12):
        query = world.draw_query()
        rows = world.rng.permutation(60)[:25]
        may = world.rng.random((len(query.dwellings), len(rows))) < 0.6
        asked = (world.people, world.homes, terms, query, rows, may)
        found = world.index.first_suited(*asked)
        assert found.tolist() == world.twin.first_suited(*asked).tolist()
        for place, one in enumerate(found.tolist()):
            suits = world.twin.suits(world.people, world.homes, terms, query, place, rows)
            assert suits.tolist() == world.index.suits(world.people, world.homes, terms, query, place, rows).tolist()
            suits &= may[place]
            suits[found[:place][found[:place] >= 0]] = False
            assert one == (int(np.flatnonzero(suits)[0]) if suits.any() else -1)
            given, left = given + (one >= 0), left + (one < 0)
    assert given > 10
    assert left > 2


def test_filters(engine: str, terms: Terms) -> None:
    world = crowd(11, 2)
    people, row, home, ask = world.people, 0, int(world.people.household[0]), ASK
    people.last_offer[:], people.lives_in[:], people.units[:], people.category[:] = -1, -1, 1, 1
    people.income[:], people.tax_income[:], people.family[:], people.employment[:] = 1_100, 9_000, 0, 3
    people.grounds[:], people.birth_year[:] = 0, 1980
    assert filters.passes(row, ask, people, world.homes, terms)
    for column, place, value in (
        ("last_offer", row, 7), ("lives_in", home, 7), ("tax_income", home, 21_140),
        ("income", home, 500),
    ):  # fmt: skip
        values = getattr(people, column)
        before = values[place]
        values[place] = value
        assert not filters.passes(row, ask, people, world.homes, terms), column
        values[place] = before
    assert filters.passes(row, ask, people, world.homes, terms)
    assert not filters.passes(row, ask._replace(employment_mask=WORKERS), people, world.homes, terms)
    assert filters.passes(row, ask._replace(employment_mask=0b1000), people, world.homes, terms)
    assert not filters.passes(row, ask._replace(born_after=1980), people, world.homes, terms)
    assert filters.passes(row, ask._replace(born_after=1979), people, world.homes, terms)
    people.tax_income[home], people.income[home] = 23_900, 2_000  # beyond the ceiling of the day, deflated
    assert not filters.passes(row, ask, people, world.homes, terms)
    people.grounds[row], people.lives_in[home] = int(Ground.M01_SOUS_OCCUPATION), 3
    world.homes.landlord[3], world.homes.rent[3] = ask.landlord, ask.rent + 1
    assert filters.passes(row, ask, people, world.homes, terms)  # its landlord's cheaper offer (L442-3-1)
    world.homes.rent[3] = ask.rent
    assert not filters.passes(row, ask, people, world.homes, terms)
    world.homes.landlord[3], world.homes.rent[3] = ask.landlord + 1, ask.rent + 1
    assert not filters.passes(row, ask, people, world.homes, terms)


def test_segments_tell_public_quartile_handicap_and_cap() -> None:
    grid = [
        (public, quartile, disabled, capped)
        for public in range(PUBLICS) for quartile in (1, 2) for disabled in (False, True) for capped in (False, True)
    ]  # fmt: skip
    codes = base_codes(*(np.array(column) for column in zip(*grid, strict=True)))
    assert sorted(codes.tolist()) == list(range(BASE_SEGMENTS))
    assert ((codes & 1) == [capped for *_, capped in grid]).all()
    only_first = base_codes(
        np.zeros(3, dtype=int), np.array([2, 3, 4]), np.zeros(3, dtype=bool), np.zeros(3, dtype=bool)
    )
    assert len(set(only_first.tolist())) == 1
