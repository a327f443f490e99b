"""Mechanisms: compiled luck, bids, lists, buffers; then the property that each predicts.

The properties are checked on a small list written here (arrivals, vacancies, departures without
memory, everybody eligible), with the keys, filters and draws of the rules (reference: O3, O4, O12).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, log

import numpy as np
import pytest

from sim.inputs.grids import Grid, Seniority
from sim.inputs.schema_designation import Designation
from sim.rules import draws, mechanisms
from sim.rules.cotation import KEY_LIMIT, Cotation
from sim.rules.designation import Order, order_of
from sim.rules.mechanisms import MECHANISMS, filter_of, is_drawn, joins_buffer
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.luck import Luck, identities
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_YEAR
from sim.words.codes import Recognition

LUCK = Luck(7, 1)
Taker = Callable[[int, int], bool]
"""Whether an application (row) takes a dwelling (number)."""


# The registry


def test_every_mechanism_of_the_scenario_is_described() -> None:
    choices = Designation.model_fields["name"].annotation.__args__  # type: ignore[union-attr]
    assert list(choices) == MECHANISMS.names()
    for row in mechanisms.describe():
        assert all(row.values()), row["name"]


# Compiled pieces


def test_compiled_luck_is_the_luck_of_the_run() -> None:
    ids, occasions = identities("essai", 3, 500), identities("autre", 1, 500)
    base = draws.base_of(LUCK, "loterie")
    for occasion in (0, 1, 12_345):
        expected = LUCK.uniform("loterie", ids, occasion)
        assert [draws.chance(base, i, occasion) for i in ids] == expected.tolist()
    expected = LUCK.uniform("loterie", ids, occasions)
    assert [draws.chance(base, i, o) for i, o in zip(ids, occasions, strict=True)] == expected.tolist()


def test_windows_of_draws_make_one_order_at_random() -> None:
    ids, rows = identities("essai", 1, 300), np.arange(0, 300, 2)
    base = draws.base_of(LUCK, "tirage")
    windows = [draws.drawn_between(rows, ids, base, 99, low, low + 0.25) for low in (0.0, 0.25, 0.5, 0.75)]
    expected = rows[np.argsort(LUCK.uniform("tirage", ids[rows], 99))]
    assert np.concatenate(windows).tolist() == expected.tolist()
    other = draws.drawn_between(rows, ids, base, 100, 0.0, 1.0)
    assert other.tolist() != expected.tolist()


def adverts(rng: np.random.Generator, count: int = 12, communes: int = 4) -> draws.Adverts:
    wishes = np.array([[True] * communes, [True] + [False] * (communes - 1)])
    return draws.Adverts(
        identities("annonce", 0, count), rng.integers(0, communes, count), rng.integers(1, 5, count), wishes
    )


def seeker(identity: int, place_set: int = 0, first: int = 0, wanted: int = 2) -> draws.Seeker:
    return draws.Seeker(np.uint64(identity), first, wanted, 1, 4, place_set)


def test_nobody_bids_more_often_than_allowed_nor_outside_its_wishes() -> None:
    rule = Designation(name="location_voulue", bid_share=0.6, bids_per_week=2)
    f, board = filter_of(rule, LUCK, 5), adverts(np.random.default_rng(2))
    wanted = first = others = 0
    for week, identity in enumerate(identities("essai", 0, 600)):
        for place_set in (0, 1):
            who = seeker(int(identity), place_set)
            bids = [k for k in range(12) if draws.admits(f, who, False, k, 0, board, week)]
            assert len(bids) <= 2
            assert all(board.wishes[place_set, board.commune[k]] for k in bids)
            if place_set == 0:
                first += sum(board.commune[k] == 0 for k in bids)
                others += sum(board.commune[k] != 0 for k in bids)
                wanted += len(bids)
    assert wanted > 600
    shares = np.bincount(board.commune == 0)
    assert first / shares[1] > 1.3 * others / shares[0]


def test_a_bid_without_limit_is_as_likely_as_the_scenario_says() -> None:
    rule = Designation(name="location_voulue", bid_share=0.4, bids_per_week=100)
    f, board = filter_of(rule, LUCK, 5), draws.Adverts(
        identities("annonce", 0, 3), np.array([0, 1, 1]), np.array([2, 2, 3]), np.ones((1, 2), dtype=bool)
    )  # fmt: skip
    made = np.array(
        [[draws.bids(f, seeker(int(i)), k, board, 8) for k in range(3)] for i in identities("essai", 0, 4_000)]
    )
    assert made.mean(axis=0) == pytest.approx([0.4, 0.2, 0.1], abs=0.025)


def test_everybody_is_on_a_list_at_least() -> None:
    rule = Designation(name="listes_multiples", registration_share=0.3)
    f = filter_of(rule, LUCK, 4)
    on = np.array([[draws.is_registered(f, i, b) for b in range(4)] for i in identities("essai", 0, 3_000)])
    assert on.any(axis=1).all()
    assert on.mean(axis=0) == pytest.approx([1 / 4 + 0.3 * 3 / 4] * 4, abs=0.03)
    everywhere = filter_of(Designation(name="listes_multiples", registration_share=1.0), LUCK, 4)
    assert all(draws.is_registered(everywhere, i, 2) for i in identities("essai", 0, 50))


def test_a_buffer_waits_for_its_type_only() -> None:
    f, board = filter_of(Designation(name="files_tampons"), LUCK, 3), adverts(np.random.default_rng(0))
    who = seeker(5, 0, int(board.commune[0]), int(board.rooms[0]))
    for k in range(12):
        same = board.commune[k] == board.commune[0] and board.rooms[k] == board.rooms[0]
        assert draws.admits(f, who, True, k, 0, board, 1) == same
        assert draws.admits(f, who, False, k, 0, board, 1)


def test_a_refusal_that_costs_the_rank() -> None:
    people = Rows(Applications.build(2, filed_day=[100, 200], luck_id=[8, 9], refusals_count=[1, 0]), np.arange(2))
    since = np.array([900, 200])
    assert Order(Designation(name="anciennete", refusal="rang_perdu")).keys(people, 950, since).key.tolist() == [
        900,
        200,
    ]
    kept = Order(Designation(name="loterie_commune"), luck=LUCK)
    lost = Order(Designation(name="loterie_commune", refusal="rang_perdu"), luck=LUCK)
    assert lost.counts_refusals
    assert not kept.counts_refusals
    assert (kept.keys(people, 950).key == lost.keys(people, 950).key).tolist() == [False, True]
    assert 0 <= kept.keys(people, 950).key.min() < kept.keys(people, 950).key.max() < KEY_LIMIT
    with pytest.raises(ValueError, match="needs luck"):
        Order(Designation(name="loterie_commune")).keys(people, 950)


def test_those_in_a_buffer_come_first_by_date_of_joining() -> None:
    order = order_of(Designation(name="files_tampons", ranks_by="cotation"))
    people = Rows(
        Applications.build(4, filed_day=100, refusals_count=200), np.arange(4), Rows(Households.build(4), np.arange(4))
    )
    keys = order.keys(people, 3_000, joined_day=np.array([-1, 2_900, 2_800, -1]))
    assert np.argsort(keys.key, kind="stable").tolist() == [2, 1, 0, 3]
    assert np.abs(keys.key).max() < 1 << 39
    assert not keys.is_still[1:3].any()


# A small list


@dataclass
class World:
    """Applications of many years, and the moments of vacancies; time is in years."""

    people: Rows
    filed: np.ndarray
    leaves: np.ndarray
    vacancies: np.ndarray
    years: float

    def settled(self) -> np.ndarray:
        """Whether each application was filed far from both ends."""
        return (self.filed > 20) & (self.filed < self.years - 25)


@cache
def world(
    arrivals: float, vacancies: float, theta: float, years: float, dalo_share: float = 0.0, seed: int = 1
) -> World:
    rng = np.random.default_rng(seed)
    count = int(arrivals * years)
    filed = np.sort(rng.uniform(0, years, count))
    rows = np.arange(count)
    files = Applications.build(
        count,
        household=rows,
        luck_id=identities("essai", seed, count),
        filed_day=(filed * DAYS_PER_YEAR).astype(int),
        recognition=np.where(rng.random(count) < dalo_share, int(Recognition.DALO), 0),
        head_start_days=rng.integers(0, 700, count),
    )
    leaves = filed + rng.exponential(1 / theta, count)
    moments = np.sort(rng.uniform(0, years, int(vacancies * years)))
    return World(Rows(files, rows, Rows(Households.build(count), rows)), filed, leaves, moments, years)


def live(w: World, order: Order, takes: Taker | None = None, loses_rank: bool = False) -> np.ndarray:
    """Return the year each application is housed (nan: never), in the static order of a mechanism."""
    keys, housed = order.keys(w.people, 0).key.tolist(), np.full(len(w.filed), np.nan)
    queue: list[tuple[int, int]] = []
    coming, count = 0, len(w.filed)
    filed, leaves = w.filed.tolist(), w.leaves.tolist()
    for number, now in enumerate(w.vacancies.tolist()):
        while coming < count and filed[coming] <= now:
            heapq.heappush(queue, (keys[coming], coming))
            coming += 1
        refused: list[tuple[int, int]] = []
        while queue:
            key, row = heapq.heappop(queue)
            if leaves[row] <= now:
                continue
            if takes is None or takes(row, number):
                housed[row] = now
                break
            refused.append((key, row))
        if loses_rank and refused:
            rows = np.array([row for _, row in refused])
            since = np.full(len(rows), int(now * DAYS_PER_YEAR))
            again = order.keys(Rows(w.people._table, rows), int(now * DAYS_PER_YEAR), since).key
            refused = list(zip(again.tolist(), rows.tolist(), strict=True))
        for entry in refused:
            heapq.heappush(queue, entry)
    return housed


def draw(w: World, takes: Taker | None = None) -> np.ndarray:
    """Return the year each application is housed when the order is drawn for each dwelling."""
    assert is_drawn("loterie_independante")
    base, ids = draws.base_of(LUCK, "tirage"), w.people.luck_id
    housed, coming = np.full(len(w.filed), np.nan), 0
    there = np.empty(0, dtype=np.int64)
    for number, now in enumerate(w.vacancies.tolist()):
        last = int(np.searchsorted(w.filed, now, side="right"))
        if number % 50 == 0:
            there = there[(w.leaves[there] > now) & np.isnan(housed[there])]
        there, coming = np.concatenate([there, np.arange(coming, last)]), last
        low, width = 0.0, 20 / max(len(there), 20)
        while low < 1.0:
            rows = draws.drawn_between(there, ids, base, number, low, low + width)
            ready = (r for r in rows.tolist() if w.leaves[r] > now and np.isnan(housed[r]))
            winner = next((r for r in ready if takes is None or takes(r, number)), -1)
            if winner >= 0:
                housed[winner] = now
                break
            low, width = low + width, 4 * width
    return housed


def waits(w: World, housed: np.ndarray) -> np.ndarray:
    """Return the waits of those housed, years, among applications far from both ends."""
    kept = w.settled() & ~np.isnan(housed)
    return (housed - w.filed)[kept]


def stock(w: World, housed: np.ndarray) -> float:
    """Return the mean length of the list far from both ends."""
    end = np.where(np.isnan(housed), w.leaves, housed)
    low, high = 20.0, w.years - 25
    return float(np.maximum(0, np.minimum(end, high) - np.maximum(w.filed, low)).sum() / (high - low))


THETA, RHO = 0.25, 2.0
PLAIN = (400.0, 200.0, THETA, 245.0)


@cache
def by(name: str) -> np.ndarray:
    w = world(*PLAIN)
    return draw(w) if is_drawn(name) else live(w, Order(Designation(name=name), luck=LUCK))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["pratique", "anciennete", "loterie_commune", "loterie_independante"])
def test_any_order_houses_as_many_from_the_same_stock(name: str) -> None:
    w, housed = world(*PLAIN), by(name)
    assert (~np.isnan(housed))[w.settled()].mean() == pytest.approx(1 / RHO, rel=0.03)
    assert stock(w, housed) == pytest.approx((400 - 200) / THETA, rel=0.03)


def test_seniority_makes_all_wait_the_same_and_a_lottery_less_on_average() -> None:
    w = world(*PLAIN)
    old, drawn, common = (waits(w, by(n)) for n in ("anciennete", "loterie_independante", "loterie_commune"))
    assert old.mean() == pytest.approx(log(RHO) / THETA, rel=0.03)
    assert old.std() == pytest.approx(1 / (200 * THETA) ** 0.5, rel=0.35)
    assert drawn.mean() == pytest.approx((1 - 1 / RHO) / THETA, rel=0.03)
    assert np.median(drawn) == pytest.approx(log(2) * (1 - 1 / RHO) / THETA, rel=0.04)  # exponential
    assert np.median(common) < 0.1  # the number decides: at once, or never


def test_head_starts_spread_waits_and_shorten_their_mean() -> None:
    practice, old = waits(world(*PLAIN), by("pratique")), waits(world(*PLAIN), by("anciennete"))
    assert practice.std() > 2 * old.std()
    assert practice.mean() < old.mean() - 0.02


# Arnosti and Shi: the two pairs

THRESHOLDS = np.array([0.3, 0.8])
"""Value under which each profile refuses: easy, particular."""


@cache
def profiles(mechanism: str) -> tuple[np.ndarray, np.ndarray]:
    """Return ``(share housed, mean value)`` of each profile."""
    w = world(500.0, 200.0, THETA, 120.0)
    profile, values = np.arange(len(w.filed)) % 2, np.full(len(w.filed), np.nan)
    floor, base = THRESHOLDS[profile].tolist(), draws.base_of(LUCK, "valeur")

    def takes(row: int, dwelling: int) -> bool:
        values[row] = draws.chance(base, np.uint64(row + 1), dwelling)
        return bool(values[row] > floor[row])

    if mechanism == "loterie_independante":
        housed = draw(w, takes)
    else:
        name, refusal = mechanism.split()
        rule = Designation(name=name, refusal=refusal)  # type: ignore[arg-type]
        housed = live(w, Order(rule, luck=LUCK), takes, refusal == "rang_perdu")
    won, settled = ~np.isnan(housed), w.settled()
    shares = np.array([won[settled & (profile == k)].mean() for k in (0, 1)])
    return shares, np.array([values[settled & won & (profile == k)].mean() for k in (0, 1)])


def test_independent_lotteries_are_a_list_where_a_refusal_costs_the_rank() -> None:
    lottery, list_ = profiles("loterie_independante"), profiles("anciennete rang_perdu")
    x = next(x for x in np.linspace(0, 3, 30_001) if ((1 - THRESHOLDS) / (1 - THRESHOLDS + x)).sum() * 250 <= 200)
    expected = (1 - THRESHOLDS) / (1 - THRESHOLDS + x)  # x = leaving rate / offer rate = e^(theta w) - 1
    assert lottery[0] == pytest.approx(expected, abs=0.02)
    assert list_[0] == pytest.approx(expected, abs=0.02)
    assert lottery[1] == pytest.approx(list_[1], abs=0.01)


def test_a_common_lottery_is_a_list_where_a_refusal_costs_nothing() -> None:
    lottery, list_ = profiles("loterie_commune rang_garde"), profiles("anciennete rang_garde")
    assert lottery[0] == pytest.approx([0.4, 0.4], abs=0.02)
    assert list_[0] == pytest.approx([0.4, 0.4], abs=0.02)
    assert lottery[1] == pytest.approx(list_[1], abs=0.01)
    easy, particular = profiles("loterie_independante")[0]
    assert easy > particular + 0.2  # the other pair targets those who refuse little


# Leshno: buffers


def misallocated(p: float, room: tuple[int, int], order: str, items: int = 12_000) -> float:
    """Return the share of dwellings of the wrong type: central list without end, two types, shares p and 1-p."""
    rules = [Designation(name="files_tampons", buffer_files_max=k, buffer_order=order) for k in room]  # type: ignore[arg-type]
    f, rng = filter_of(rules[0], LUCK, 1), np.random.default_rng(3)
    board = draws.Adverts(
        np.array([1, 2], dtype=np.uint64), np.array([0, 1]), np.array([2, 2]), np.ones((1, 2), dtype=bool)
    )
    ids, base = identities("essai", 5, 20 * items), draws.base_of(LUCK, "tampon")
    type_of, central, wrong = (rng.random(20 * items) >= p).astype(int), 0, 0
    buffers: list[list[int]] = [[], []]  # by date of joining
    for item, home in enumerate((rng.random(items) >= p).astype(int).tolist()):
        waiting = [row for b in buffers for row in b]
        ready = [
            r
            for r in waiting
            if draws.admits(f, draws.Seeker(ids[r], int(type_of[r]), 2, 2, 2, 0), True, home, 0, board, 0)
        ]
        if order == "siro" and ready:
            ready = draws.drawn_between(np.array(ready), ids, base, item, 0.0, 1.0).tolist()
        if ready:
            buffers[home].remove(ready[0])
            continue
        while True:
            row, central = central, central + 1
            own = int(type_of[row])
            joins = joins_buffer(rules[own], np.array([len(buffers[own])]), np.array([own == home]))[0]
            if not joins:
                wrong += own != home
                break
            buffers[own].append(row)
    return wrong / items


def xi(p: float, room_a: int, room_b: int) -> float:
    return 2 * p * (1 - p) / ((1 - p) * room_a + p * room_b + 1)


@pytest.mark.parametrize("order", ["fcfs", "siro"])
@pytest.mark.parametrize(("p", "room"), [(0.5, (4, 4)), (0.3, (3, 7))])
def test_the_share_misallocated_is_that_of_the_formula(p: float, room: tuple[int, int], order: str) -> None:
    share = xi(p, *room)
    assert misallocated(p, room, order) == pytest.approx(share, abs=5 * (share / 12_000) ** 0.5)


def longest_buffer(p: float, patience: float, is_random: bool) -> int:
    """Return how many would wait at most, in expected dwellings of both types, for theirs (share p)."""
    if not is_random:
        return int(patience * p + 1e-9)
    room = 1
    while True:  # wait of the last of K: 1 + p (1 - 1/k) w(k-1) + (1-p) sum_j P(j join) w(min(k+j, K))
        k_max = room + 1
        matrix, ones = np.eye(k_max), np.ones(k_max)
        for k in range(1, k_max + 1):
            if k > 1:
                matrix[k - 1, k - 2] -= p * (1 - 1 / k)
            for j in range(k_max - k + 1):
                joins = p**j * (1 - p) if j < k_max - k else p**j
                matrix[k - 1, k + j - 1] -= (1 - p) * joins
        if np.linalg.solve(matrix, ones)[-1] > patience:
            return room
        room = k_max


@pytest.mark.parametrize("p", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("patience", [12.0, 25.0, 60.0])
def test_random_buffers_bear_longer_waits_and_misallocate_less(p: float, patience: float) -> None:
    fcfs = [longest_buffer(q, patience, is_random=False) for q in (p, 1 - p)]
    siro = [longest_buffer(q, patience, is_random=True) for q in (p, 1 - p)]
    assert siro[0] >= fcfs[0]
    assert siro[1] >= fcfs[1]
    assert xi(p, *siro) < xi(p, *fcfs)


# Cotation whose points grow, or not


def grid(points: float, per_month: float) -> Cotation:
    return Cotation(
        Grid(
            title="essai", is_demonstration=True, source="test", reference="test", criteria={"dalo": points},
            seniority=Seniority(points_per_month=per_month),
        )
    )  # fmt: skip


def test_points_that_grow_advance_and_points_that_do_not_exclude() -> None:
    w = world(400.0, 200.0, THETA, 145.0, dalo_share=0.25)
    is_dalo = w.people.recognition > 0
    rule = Designation(name="cotation")
    growing, still = (live(w, Order(rule, grid(12.0, rate))) for rate in (1.0, 0.0))

    def wait(housed: np.ndarray, who: np.ndarray) -> float:
        kept = w.settled() & who & ~np.isnan(housed)
        return float((housed - w.filed)[kept].mean())

    share = float(is_dalo.mean())
    others = log((1 - share + share * exp(THETA)) * RHO) / THETA  # w_dalo = w - 1; shares x e^(-theta w) add to 1/rho
    assert wait(growing, ~is_dalo) == pytest.approx(others, rel=0.04)
    assert wait(growing, is_dalo) == pytest.approx(others - 1, rel=0.05)
    assert wait(still, is_dalo) < 0.05
    left = 200 - 400 * share
    assert wait(still, ~is_dalo) == pytest.approx(log(400 * (1 - share) / left) / THETA, rel=0.05)


# Who may come


def test_who_bids_little_waits_more_at_equal_rank() -> None:
    w = world(100.0, 50.0, THETA, 65.0)
    rule = Designation(name="location_voulue", bid_share=0.5, bid_other_rooms_ratio=0.1)
    f, keys = filter_of(rule, LUCK, 1), Order(rule).keys(w.people, 0).key
    wanted, ids = 2 + np.arange(len(w.filed)) % 2, w.people.luck_id  # one in two wants a size that is never let
    wishes = np.ones((1, 1), dtype=bool)
    housed = np.full(len(w.filed), np.nan)
    for week, numbers in enumerate(np.array_split(np.arange(len(w.vacancies)), 65 * 52)):
        if not len(numbers):
            continue
        now = w.vacancies[numbers[-1]]
        there = np.flatnonzero((w.filed <= now) & (w.leaves > now) & np.isnan(housed))
        there = there[np.argsort(keys[there], kind="stable")]
        board = draws.Adverts(
            numbers.astype(np.uint64), np.zeros(len(numbers), dtype=int), np.full(len(numbers), 2), wishes
        )
        for advert in range(len(numbers)):
            for row in there.tolist():
                who = draws.Seeker(ids[row], 0, int(wanted[row]), 1, 4, 0)
                if np.isnan(housed[row]) and draws.admits(f, who, False, advert, 0, board, week):
                    housed[row] = now
                    break
    often, rarely = (waits_of(w, housed, wanted == k) for k in (2, 3))
    assert rarely > often + 0.1


def waits_of(w: World, housed: np.ndarray, who: np.ndarray) -> float:
    kept = w.settled() & who & ~np.isnan(housed)
    return float((housed - w.filed)[kept].mean())


def several_lists(share: float, landlords: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return the year housed, and on how many lists each application is."""
    w = world(200.0, 100.0, THETA, 95.0)
    rule = Designation(name="listes_multiples", registration_share=share)
    f, keys = filter_of(rule, LUCK, landlords), Order(rule).keys(w.people, 0).key.tolist()
    on = np.array([[draws.is_registered(f, i, b) for b in range(landlords)] for i in w.people.luck_id])
    housed, coming = np.full(len(w.filed), np.nan), 0
    lists: list[list[tuple[int, int]]] = [[] for _ in range(landlords)]
    for number, now in enumerate(w.vacancies.tolist()):
        while coming < len(w.filed) and w.filed[coming] <= now:
            for b in np.flatnonzero(on[coming]).tolist():
                heapq.heappush(lists[b], (keys[coming], coming))
            coming += 1
        mine = lists[number % landlords]
        while mine:
            _, row = heapq.heappop(mine)
            if w.leaves[row] > now and np.isnan(housed[row]):
                housed[row] = now
                break
    return housed, on.sum(axis=1)


def test_being_on_more_lists_houses_sooner_and_on_all_is_one_list() -> None:
    w = world(200.0, 100.0, THETA, 95.0)
    housed, count = several_lists(0.3)
    assert waits_of(w, housed, count == 3) < waits_of(w, housed, count == 1)
    assert np.array_equal(several_lists(1.0)[0], live(w, Order(Designation(name="anciennete"))), equal_nan=True)
