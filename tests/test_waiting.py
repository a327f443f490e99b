"""The index of who waits for what, against the obvious twin that scans everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.inputs.law import LawView, load_law
from sim.inputs.schema_rules import Affordability
from sim.rules.affordability import Terms
from sim.state.places import PlaceSets
from sim.words.clock import first_day
from sim.words.codes import Status
from sim.world import buckets, searching, waiting
from sim.world.buckets import PUBLICS, ROOMS, SEGMENTS, People
from sim.world.scanning import Scanning
from sim.world.searching import Ask, Homes, Query
from sim.world.terms import law_terms
from sim.world.waiting import Waiting, segment_codes

COMMUNES, TERRITORIES, DWELLINGS = 6, 2, 20
WHOLE = COMMUNES + TERRITORIES
EVERYBODY, WORKERS = 0xFF, 0b11
ALL_TIERS = np.zeros(SEGMENTS, dtype=np.int8)
COMPILED = [
    (module, name)
    for module in (buckets, searching, waiting)
    for name, value in vars(module).items()
    if hasattr(value, "py_func")
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
        disabled = self.people.disabled[self.people.household[rows]]
        return segment_codes(
            rng.integers(0, PUBLICS, count), rng.integers(1, 5, count), disabled, rng.random(count) < 0.5
        )

    def draw_query(self) -> Query:
        rng, count = self.rng, int(self.rng.integers(1, 6))
        return Query(
            dwellings=rng.choice(DWELLINGS, count, replace=False),
            holder_tiers=rng.integers(-1, 3, (count, SEGMENTS)).astype(np.int8),
            holder_mask=rng.choice([EVERYBODY, WORKERS], count),
            landlord_tiers=rng.integers(-1, 2, (count, SEGMENTS)).astype(np.int8),
            wanted=rng.integers(1, 9, count),
        )

    def ask(self, list_: Waiting, terms: Terms, query: Query, ageing: int) -> tuple[list[list[int]], list[bool]]:
        chosen, found, is_fallback = list_.candidates(self.people, self.homes, terms, query, ageing)
        return [chosen[i, :count].tolist() for i, count in enumerate(found.tolist())], is_fallback.tolist()

    def assert_same(self, terms: Terms, questions: int = 6) -> None:
        for _ in range(questions):
            query, ageing = self.draw_query(), int(self.rng.integers(0, 2_000))
            answer = self.ask(self.index, terms, query, ageing)
            assert answer == self.ask(self.twin, terms, query, ageing)
            rows = [row for line in answer[0] for row in line]
            assert len(set(rows)) == len(rows)  # nobody is chosen for two dwellings

    def ask_one(
        self, terms: Terms, tiers: np.ndarray, ageing: int = 0, wanted: int = 9, mask: int = EVERYBODY
    ) -> list[int]:
        """Return whom the index finds for the first dwelling, with one holder and no landlord behind it."""
        query = Query(
            np.array([0]), tiers[None], np.array([mask]), np.full((1, SEGMENTS), -1, np.int8), np.array([wanted])
        )
        answer = self.ask(self.index, terms, query, ageing)
        assert answer == self.ask(self.twin, terms, query, ageing)
        return answer[0][0]

    def all_may_have_the_first_dwelling(self) -> None:
        """Make every application pass every filter of a cheap dwelling where all want to live."""
        people, homes = self.people, self.homes
        people.place_set[:], people.rooms_min[:], people.rooms_max[:] = 0, 1, ROOMS
        people.last_offer[:], people.lives_in[:], people.disabled[:], people.employment[:] = -1, -1, False, 0
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
        place_set=rng.integers(0, len(places), count).astype(np.int32),
        lives_in=rng.integers(-1, DWELLINGS, count).astype(np.int32), tax_income=income * 10, income=income,
        units=rng.uniform(1, 3, count).astype(np.float32), category=rng.integers(1, 7, count).astype(np.uint8),
        over_six=np.zeros(count, dtype=np.uint8), family=rng.integers(0, 10, count).astype(np.uint8),
        disabled=rng.random(count) < 0.2, employment=rng.integers(0, 6, count).astype(np.uint8),
    )  # fmt: skip
    homes = Homes(
        commune=rng.integers(0, COMMUNES, DWELLINGS).astype(np.int16),
        rooms=rng.integers(1, ROOMS + 1, DWELLINGS).astype(np.uint8),
        financing=rng.integers(0, 4, DWELLINGS).astype(np.uint8),
        rent=rng.uniform(150, 600, DWELLINGS).astype(np.float32), charges=np.full(DWELLINGS, 60, dtype=np.float32),
        surface=rng.uniform(20, 90, DWELLINGS).astype(np.float32), is_accessible=rng.random(DWELLINGS) < 0.3,
        territory_place=COMMUNES + np.arange(COMMUNES) % TERRITORIES, zone=np.arange(COMMUNES) % 2, whole_place=WHOLE,
    )  # fmt: skip
    offsets, members = places.ragged()
    both = Waiting(WHOLE + 1, offsets, members), Scanning(WHOLE + 1, offsets, members)
    made = Crowd(rng, people, homes, rng.integers(-1_000, 1_000, count), np.empty(0), *both)  # keys with many ties
    made.segments = made.draw_segments(made.everybody())
    return made


@pytest.mark.parametrize("seed", range(12))
def test_the_index_answers_like_its_twin(seed: int, engine: str, terms: Terms, monkeypatch: pytest.MonkeyPatch) -> None:
    world = crowd(seed)
    world.enter(terms, world.everybody(), world.keys, world.segments)
    world.assert_same(terms)
    inside = world.everybody()
    for _ in range(8):
        move = world.rng.choice(["hold", "release", "leave", "refile"])
        chosen = np.sort(world.rng.permutation(inside)[: max(1, len(inside) // 5)])
        if move in ("hold", "release"):
            world.people.status[chosen] = move == "hold"
        elif move == "leave":
            world.leave(chosen)
            inside = np.setdiff1d(inside, chosen)
            assert not any(world.index.is_in(row) for row in chosen.tolist())
        else:
            world.both("refile", chosen, world.rng.integers(-1_000, 1_000, len(chosen)), world.draw_segments(chosen))
        monkeypatch.setattr(waiting, "SWEEP_AFTER", int(world.rng.choice([0, 2_000])))
        world.assert_same(terms)
    assert all(world.index.is_in(row) for row in inside.tolist())


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
    order, segment = world.rng.permutation(700), np.zeros(700, dtype=np.int8)
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
    world.enter(terms, nobody, nobody, nobody.astype(np.int8))
    world.both("refile", nobody, nobody, nobody.astype(np.int8))
    world.leave(nobody)
    world.assert_same(terms)
    assert world.ask_one(terms, ALL_TIERS) == []


def test_ranking_again_without_being_there_is_a_bug() -> None:
    world = crowd(5)
    world.index.enter(world.people, np.array([0, 1]), world.keys[:2], world.segments[:2])
    world.index.leave(np.array([0]))
    with pytest.raises(RuntimeError, match="not in the index"):
        world.index.refile(world.people, np.array([0]), world.keys[:1], world.segments[:1])


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
        ask = Ask(-2, 3, rent, 60.0, surface, zone, EVERYBODY)
        gross = (rent + 60.0) * terms.rent_index + surface * terms.energy_eur_month_m2
        if searching.is_out_of_reach(row, ask, gross, people, world.index.reach):
            shut += 1
            assert not searching.passes(row, ask, people, terms)
        elif searching.passes(row, ask, people, terms):
            passed += 1
    assert shut > 500
    assert passed > 500


def test_a_long_list_of_files_may_be_asked_for(terms: Terms) -> None:
    world = crowd(6, 500)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), world.keys, np.zeros(500, dtype=np.int8))
    assert len(world.ask_one(terms, ALL_TIERS, wanted=300)) == 300


def test_tiers_come_before_keys_and_capped_keys_age(terms: Terms) -> None:
    world = crowd(7, 4)
    world.all_may_have_the_first_dwelling()
    yes, no = np.ones(1, dtype=bool), np.zeros(1, dtype=bool)
    plain, capped, mutation = (
        int(segment_codes(np.array([public]), np.array([3]), no, cap)[0])
        for public, cap in ((0, no), (0, yes), (2, no))
    )
    segments = np.array([mutation, plain, capped, plain], dtype=np.int8)
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


def test_an_accessible_dwelling_asks_disabled_households_first(terms: Terms) -> None:
    world = crowd(8, 6)
    world.all_may_have_the_first_dwelling()
    world.people.disabled[world.people.household[[2, 4]]] = True
    world.enter(terms, world.everybody(), np.arange(6), world.draw_segments(world.everybody()) & ~1)
    assert world.ask_one(terms, ALL_TIERS) == [0, 1, 2, 3, 4, 5]
    world.homes.is_accessible[0] = True
    assert world.ask_one(terms, ALL_TIERS) == [2, 4, 0, 1, 3, 5]


def test_the_landlord_is_asked_when_the_holder_has_nobody(terms: Terms) -> None:
    world = crowd(9, 3)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), np.arange(3), np.zeros(3, dtype=np.int8))
    nobody, one = np.full((1, SEGMENTS), -1, dtype=np.int8), np.array([0])
    for holder, is_fallback in ((nobody, True), (ALL_TIERS[None], False)):
        query = Query(one, holder, np.array([EVERYBODY]), ALL_TIERS[None], np.array([2]))
        for list_ in (world.index, world.twin):
            assert world.ask(list_, terms, query, 0) == ([[0, 1]], [is_fallback])
    world.people.employment[:] = 3
    query = Query(one, ALL_TIERS[None], np.array([WORKERS]), ALL_TIERS[None], np.array([2]))
    for list_ in (world.index, world.twin):
        assert world.ask(list_, terms, query, 0) == ([[0, 1]], [True])
    assert world.ask_one(terms, ALL_TIERS, mask=WORKERS) == []


def test_dwellings_choose_in_turn(terms: Terms) -> None:
    world = crowd(10, 5)
    world.all_may_have_the_first_dwelling()
    world.enter(terms, world.everybody(), np.arange(5), np.zeros(5, dtype=np.int8))
    for column in world.homes[:7]:
        column[1] = column[0]
    tiers = np.stack([ALL_TIERS, ALL_TIERS])
    query = Query(np.array([1, 0]), tiers, np.full(2, EVERYBODY), tiers, np.array([3, 3]))
    for list_ in (world.index, world.twin):
        assert world.ask(list_, terms, query, 0)[0] == [[0, 1, 2], [3, 4]]
        assert world.ask(list_, terms, query, 0)[0] == [[0, 1, 2], [3, 4]]  # asking changes nothing


def test_filters(engine: str, terms: Terms) -> None:
    world = crowd(11, 2)
    people, row, home = world.people, 0, int(world.people.household[0])
    ask = Ask(dwelling=7, financing=1, rent=250.0, charges=60.0, surface=40.0, zone=0, employment_mask=EVERYBODY)
    people.last_offer[:], people.lives_in[:], people.units[:], people.category[:] = -1, -1, 1, 1
    people.income[:], people.tax_income[:], people.family[:], people.employment[:] = 1_100, 9_000, 0, 3
    assert searching.passes(row, ask, people, terms)
    for column, place, value in (
        ("last_offer", row, 7), ("lives_in", home, 7), ("tax_income", home, 21_140),
        ("income", home, 500),
    ):  # fmt: skip
        values = getattr(people, column)
        before = values[place]
        values[place] = value
        assert not searching.passes(row, ask, people, terms), column
        values[place] = before
    assert searching.passes(row, ask, people, terms)
    assert not searching.passes(row, ask._replace(employment_mask=WORKERS), people, terms)
    assert searching.passes(row, ask._replace(employment_mask=0b1000), people, terms)


def test_segments_tell_public_quartile_handicap_and_cap() -> None:
    grid = [
        (public, quartile, disabled, capped)
        for public in range(PUBLICS) for quartile in (1, 2) for disabled in (False, True) for capped in (False, True)
    ]  # fmt: skip
    codes = segment_codes(*(np.array(column) for column in zip(*grid, strict=True)))
    assert sorted(codes.tolist()) == list(range(SEGMENTS))
    assert ((codes & 1) == [capped for *_, capped in grid]).all()
    only_first = segment_codes(
        np.zeros(3, dtype=int), np.array([2, 3, 4]), np.zeros(3, dtype=bool), np.zeros(3, dtype=bool)
    )
    assert len(set(only_first.tolist())) == 1
