"""The index of who waits for what, against the obvious twin that scans everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.inputs.law import LawView, load_law
from sim.inputs.schema import Affordability
from sim.rules.affordability import Terms
from sim.state.places import PlaceSets
from sim.words.clock import first_day
from sim.world import waiting
from sim.world.scanning import Scanning
from sim.world.terms import law_terms
from sim.world.waiting import ROOMS, SEGMENTS, Ask, People, Waiting, segment_codes

COMMUNES, TERRITORIES = 6, 2
WHOLE = COMMUNES + TERRITORIES
EVERYBODY = 0xFF
ALL_TIERS = np.zeros(SEGMENTS, dtype=np.int8)
COMPILED = [name for name, value in vars(waiting).items() if hasattr(value, "py_func")]


@pytest.fixture(scope="module")
def terms() -> Terms:
    return law_terms(LawView(load_law(), first_day(2022)), Affordability())


@pytest.fixture(params=["compiled", "interpreted"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run with compiled functions, then with the Python they were compiled from."""
    if request.param == "interpreted":
        assert len(COMPILED) >= 10
        for name in COMPILED:
            monkeypatch.setattr(waiting, name, getattr(waiting, name).py_func)
    return str(request.param)


@dataclass
class Crowd:
    """Random applications with their keys, in an index and in its twin."""

    rng: np.random.Generator
    people: People
    keys: np.ndarray
    segments: np.ndarray
    index: Waiting
    twin: Scanning

    def everybody(self) -> np.ndarray:
        return np.arange(len(self.keys))

    def both(self, verb: str, rows: np.ndarray, *more: np.ndarray) -> None:
        for list_ in (self.index, self.twin):
            getattr(list_, verb)(self.people, rows, *more)

    def ask(self, **changes: object) -> list[Ask]:
        rng, commune = self.rng, int(self.rng.integers(COMMUNES))
        ask = Ask(
            dwelling=int(rng.integers(20)), place=commune, territory_place=COMMUNES + commune % TERRITORIES,
            whole_place=WHOLE, rooms=int(rng.integers(1, ROOMS + 1)), financing=int(rng.integers(4)),
            rent=float(rng.uniform(150, 600)), charges=60.0, surface=float(rng.uniform(20, 90)), zone=int(rng.integers(2)),
            employment_mask=int(rng.choice([EVERYBODY, 0b11])), disabled_only=False,
        )._replace(**changes)  # fmt: skip
        return [ask._replace(disabled_only=True), ask] if rng.random() < 0.3 else [ask]

    def assert_same(self, terms: Terms, questions: int = 10) -> None:
        for _ in range(questions):
            asks, wanted = self.ask(), int(self.rng.integers(1, 9))
            tiers = self.rng.integers(-1, 3, SEGMENTS).astype(np.int8)
            ageing = int(self.rng.integers(0, 2_000))
            found = [x.candidates(self.people, terms, asks, tiers, ageing, wanted).tolist() for x in (self.index, self.twin)]
            assert found[0] == found[1]


def crowd(seed: int, count: int = 120) -> Crowd:
    rng, places = np.random.default_rng(seed), PlaceSets()
    for _ in range(12):
        places.number(rng.choice(WHOLE + 1, size=int(rng.integers(1, 5)), replace=False).tolist())
    smallest = rng.integers(1, ROOMS + 1, count)
    income = rng.uniform(500, 2_500, count).astype(np.float32)
    people = People(
        status=np.zeros(count, dtype=np.uint8), last_offer=rng.integers(-1, 20, count).astype(np.int32),
        household=rng.permutation(count).astype(np.int32), rooms_min=smallest.astype(np.uint8),
        rooms_max=np.minimum(ROOMS, smallest + rng.integers(0, 3, count)).astype(np.uint8),
        place_set=rng.integers(0, len(places), count).astype(np.int32),
        lives_in=rng.integers(-1, 20, count).astype(np.int32), tax_income=income * 10, income=income,
        units=rng.uniform(1, 3, count).astype(np.float32), category=rng.integers(1, 7, count).astype(np.uint8),
        over_six=np.zeros(count, dtype=np.uint8), family=rng.integers(0, 10, count).astype(np.uint8),
        disabled=rng.random(count) < 0.2, employment=rng.integers(0, 6, count).astype(np.uint8),
    )  # fmt: skip
    keys = rng.integers(-1_000, 1_000, count)  # many ties
    segments = rng.integers(0, SEGMENTS, count).astype(np.int8)
    offsets, members = places.ragged()
    both = Waiting(WHOLE + 1, offsets, members), Scanning(WHOLE + 1, offsets, members)
    return Crowd(rng, people, keys, segments, *both)


@pytest.mark.parametrize("seed", range(12))
def test_the_index_answers_like_its_twin(seed: int, engine: str, terms: Terms) -> None:
    world = crowd(seed)
    world.both("enter", world.everybody(), world.keys, world.segments)
    world.assert_same(terms)
    inside, out = world.everybody(), np.empty(0, dtype=np.int64)
    for _ in range(8):
        move = world.rng.choice(["hold", "take_back", "leave", "refile"])
        chosen = np.sort(world.rng.permutation(inside)[: max(1, len(inside) // 5)])
        held = np.isin(chosen, out)
        if move == "hold":
            world.both("hold", chosen[~held])
            out = np.union1d(out, chosen[~held])
        elif move == "take_back":
            world.both("take_back", chosen[held])
            out = np.setdiff1d(out, chosen[held])
        elif move == "leave":
            world.both("leave", chosen)
            inside, out = np.setdiff1d(inside, chosen), np.setdiff1d(out, chosen)
            assert not any(world.index.is_in(row) for row in chosen.tolist())
        else:
            keys = world.rng.integers(-1_000, 1_000, len(chosen))
            world.both("refile", chosen, keys, world.rng.integers(0, SEGMENTS, len(chosen)).astype(np.int8))
        world.assert_same(terms)
    assert all(world.index.is_in(row) for row in inside.tolist())


def test_buckets_are_sorted_and_hold_each_wish_once(terms: Terms) -> None:
    world = crowd(3, 400)
    world.both("enter", world.everybody(), world.keys, world.segments)
    pool, held = world.index.pool, 0
    for start, length in zip(pool.start, pool.length, strict=True):
        inside = slice(int(start), int(start + length))
        pairs = list(zip(pool.key[inside].tolist(), pool.row[inside].tolist(), strict=True))
        assert pairs == sorted(set(pairs))
        held += len(pairs)
    sizes = np.diff(world.index.offsets)[world.people.place_set]
    wishes = sizes * (world.people.rooms_max.astype(int) - world.people.rooms_min + 1)
    assert held == wishes.sum()
    world.both("leave", world.everybody())
    assert world.index.pool.length.sum() == 0


def test_full_buckets_grow_and_keep_their_order(engine: str, terms: Terms) -> None:
    world = crowd(1, 700)
    people = world.people
    people.place_set[:], people.rooms_min[:], people.rooms_max[:] = 0, 2, 4
    order, segment = world.rng.permutation(700), np.zeros(700, dtype=np.int8)
    for part in np.array_split(order, 9):  # row numbers jump: room is made for the largest
        world.both("enter", part, world.keys[part], segment[part])
    assert len(world.index.key_of) == 1024
    place = int(world.index.members[0])
    bucket = (place * ROOMS + 3 - 1) * SEGMENTS
    assert world.index.pool.length[bucket] == 700
    start = int(world.index.pool.start[bucket])
    stored = world.index.pool.row[start : start + 700]
    assert np.array_equal(stored, np.lexsort((np.arange(700), world.keys)))
    world.assert_same(terms)


def test_many_rows_make_room() -> None:
    world = crowd(2, 3_000)
    late = np.array([2_999])
    world.both("enter", late, world.keys[late], world.segments[late])
    assert len(world.index.key_of) >= 3_000
    assert [row for row in range(3_000) if world.index.is_in(row)] == [2_999]
    assert not world.index.is_in(10_000)


def test_nobody_enters_and_nobody_is_found(terms: Terms) -> None:
    world, nobody = crowd(4), np.empty(0, dtype=np.int64)
    for verb in ("enter", "refile"):
        world.both(verb, nobody, nobody, nobody.astype(np.int8))
    for verb in ("hold", "take_back", "leave"):
        world.both(verb, nobody)
    world.assert_same(terms)


def test_leaving_without_being_there_is_a_bug() -> None:
    world = crowd(5)
    world.index.enter(world.people, np.array([0, 1]), world.keys[:2], world.segments[:2])
    world.index.leave(world.people, np.array([0]))
    with pytest.raises(RuntimeError, match="not in the index"):
        world.index.hold(world.people, np.array([0]))


def test_a_long_list_of_files_may_be_asked_for(terms: Terms) -> None:
    world = crowd(6, 500)
    people = world.people
    people.place_set[:], people.rooms_min[:], people.rooms_max[:], people.last_offer[:], people.lives_in[:] = 0, 1, 5, -1, -1
    world.both("enter", world.everybody(), world.keys, world.segments)
    ask = world.ask(place=int(world.index.members[0]), rent=100.0, surface=10.0, employment_mask=EVERYBODY)[-1:]
    found = [x.candidates(people, terms, ask, ALL_TIERS, 0, 300).tolist() for x in (world.index, world.twin)]
    assert len(found[0]) > 64
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0])


def test_tiers_come_before_keys_and_capped_keys_age(terms: Terms) -> None:
    world = crowd(7, 4)
    people = world.people
    people.place_set[:], people.rooms_min[:], people.rooms_max[:], people.last_offer[:], people.lives_in[:] = 0, 1, 5, -1, -1
    people.income[:], people.tax_income[:], people.units[:], people.family[:] = 1_200, 9_000, 1, 0
    keys, segments = np.array([50, 10, 20, 30]), np.array([8, 0, 1, 0], dtype=np.int8)  # the third one is capped
    world.index.enter(people, np.arange(4), keys, segments)
    ask = world.ask(place=int(world.index.members[0]), rent=100.0, surface=10.0, employment_mask=EVERYBODY, financing=1)[-1:]

    def found(tiers: np.ndarray, ageing: int) -> list[int]:
        return world.index.candidates(people, terms, ask, tiers, ageing, 9).tolist()

    assert found(ALL_TIERS, 0) == [1, 2, 3, 0]
    assert found(ALL_TIERS, 15) == [1, 3, 2, 0]
    assert found(ALL_TIERS, 100) == [1, 3, 0, 2]
    class_first = np.where(np.arange(SEGMENTS) // 4 == 2, 0, 1).astype(np.int8)
    assert found(class_first, 15) == [0, 1, 3, 2]
    only_class = np.where(np.arange(SEGMENTS) // 4 == 2, 0, -1).astype(np.int8)
    assert found(only_class, 0) == [0]
    assert found(np.full(SEGMENTS, -1, dtype=np.int8), 0) == []


def test_filters(engine: str, terms: Terms) -> None:
    world = crowd(8, 2)
    people, ask = world.people, world.ask(dwelling=7, financing=1, rent=250.0, surface=40.0, employment_mask=EVERYBODY)[-1]
    people.last_offer[:], people.lives_in[:], people.units[:], people.category[:] = -1, -1, 1, 1
    people.income[:], people.tax_income[:], people.family[:], people.disabled[:] = 1_100, 9_000, 0, False
    row, home = 0, int(people.household[0])
    assert waiting.passes(row, ask, people, terms)
    for column, place, value in (
        ("status", row, 1), ("last_offer", row, 7), ("lives_in", home, 7), ("tax_income", home, 21_140),
        ("income", home, 500),
    ):  # fmt: skip
        values = getattr(people, column)
        before = values[place]
        values[place] = value
        assert not waiting.passes(row, ask, people, terms), column
        values[place] = before
    assert not waiting.passes(row, ask._replace(disabled_only=True), people, terms)
    people.disabled[home] = True
    assert waiting.passes(row, ask._replace(disabled_only=True), people, terms)
    people.employment[home] = 3
    assert not waiting.passes(row, ask._replace(employment_mask=0b11), people, terms)
    assert waiting.passes(row, ask._replace(employment_mask=0b1000), people, terms)
    assert waiting.passes(row, ask, people, terms)


def test_segments_tell_class_quartile_and_cap() -> None:
    codes = segment_codes(np.array([0, 1, 2, 4, 8, 5]), np.array([1, 1, 4, 2, 1, 3]), np.array([0, 1, 0, 0, 1, 1], dtype=bool))
    assert codes.tolist() == [2, 7, 4, 8, 11, 5]
    assert codes.dtype == np.int8
