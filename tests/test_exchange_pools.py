"""Pools and swap graphs of a simulated world, friction, and what the law makes of an exchange."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from sim import exchange_bench
from sim.exchange import lawful, wanting
from sim.exchange.friction import Step, complete, legs_of, reached, remembered, seen, step_shares, survival_share
from sim.exchange.graph import from_edges, from_networkx
from sim.exchange.mechanisms import Request, run
from sim.exchange.pool import Stock, Usage, pool_of, wished_communes
from sim.exchange.wanting import Obstacle, SwapTerms, obstacles, swap_arrays, swap_graph
from sim.exchange.weights import OBJECTIVES, Weighing, gains
from sim.inputs.schema_exchange import Friction
from sim.rules.eligibility import norms_of
from tests.exchange_pools import random_graph, town_graph
from tests.worlds import world

# pools


@pytest.fixture(scope="module")
def small() -> tuple[object, SwapTerms, np.ndarray]:
    """Return a small world, its terms, and the tenants who ask to move."""
    here = world(applicants=400)
    law = here.law
    usage = Usage(int(law["sous_occupation.pieces_en_trop"]), tuple(law["sur_occupation.surface_m2"]))
    wishes = wished_communes(here.places, here.territory_place, here.whole_place)
    a = here.applications
    rows = np.flatnonzero(a.is_mutation[: len(a)] & (a.status[: len(a)] == 0))
    rows = rows[here.households.dwelling[a.household[rows]] >= 0]
    return here, SwapTerms(here.terms, usage, wishes), rows


def pool_in(here: object, rows: np.ndarray, seed: int, waiver: float = 0.0):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    stock = Stock(
        here.households, here.applications, here.dwellings, here.zone_of_commune, here.is_in_qpv,
        norms_of(here.law), waiver,
    )  # fmt: skip
    vacant = np.flatnonzero(here.dwellings.tenant[: len(here.dwellings)] < 0)[:10]
    rows = np.sort(rng.choice(rows, min(len(rows), 150), replace=False))
    return pool_of(stock, rows, vacant, rng.random(len(rows)) < 0.1, rng.random(len(here.dwellings)) < 0.05)


@pytest.mark.parametrize("seed", range(4))
def test_arrays_and_networkx_say_the_same(small, seed: int) -> None:  # type: ignore[no-untyped-def]
    here, given, rows = small
    pool = pool_in(here, rows, seed, waiver=0.3 * (seed % 2))
    if seed >= 2:  # people and dwellings that nobody would draw
        rng = np.random.default_rng(seed)
        pool.tax_income_eur_year[:] *= rng.uniform(0.3, 3.0, len(pool))
        pool.rooms[:], pool.size[:] = rng.integers(1, 6, len(pool)), rng.integers(1, 9, len(pool))
        pool.rooms_min[:], pool.rooms_max[:] = 1, rng.integers(2, 6, len(pool))
        pool.is_accessible_needed[:] = rng.random(len(pool)) < 0.3
        pool.landlord[:] = rng.integers(0, 2, len(pool))
    fast, slow = swap_arrays(pool, given), from_networkx(swap_graph(pool, given))
    assert fast.edges > 0
    assert np.array_equal(fast.starts, slow.starts)
    assert np.array_equal(fast.heads, slow.heads)
    assert np.allclose(fast.preference, slow.preference)
    assert np.array_equal(fast.is_vacant, slow.is_vacant)
    reach = here.waiting.reach[pool.application]  # what the index knows of rents out of reach: for speed only
    if seed < 2:
        assert np.array_equal(swap_arrays(pool, given, None, reach).heads, fast.heads)
        assert (swap_arrays(pool, given, None, np.zeros_like(reach)).edges) < fast.edges
    again = from_networkx(fast.to_networkx())
    assert np.array_equal(again.heads, fast.heads)


def test_adverts_are_the_first_that_suit(small) -> None:  # type: ignore[no-untyped-def]
    here, given, rows = small
    pool = pool_in(here, rows, 0)
    nodes = np.random.default_rng(0).permutation(len(pool))
    first = np.random.default_rng(1).integers(0, len(pool), len(pool))
    whole, part = swap_arrays(pool, given), swap_arrays(pool, given, wanting.Adverts(nodes, first, 3))
    for u in range(len(pool)):
        all_of_u = set(whole.heads[whole.starts[u] : whole.starts[u + 1]].tolist())
        looked_at = [int(nodes[(first[u] + i) % len(pool)]) for i in range(len(pool))]
        expected = [v for v in looked_at if v in all_of_u][:3]
        assert part.heads[part.starts[u] : part.starts[u + 1]].tolist() == sorted(expected)
    every = wanting.Adverts(np.arange(len(pool)), first, len(pool))
    assert np.array_equal(swap_arrays(pool, given, every).starts, whole.starts)


def test_obstacles_are_those_of_allocation(small) -> None:  # type: ignore[no-untyped-def]
    here, given, rows = small
    pool = pool_in(here, rows, 0)
    pool.has_arrears[:], pool.is_withdrawn[:] = False, False
    u = int(np.flatnonzero(~pool.is_vacant)[0])
    for name in OF_A_HOME:
        getattr(pool, name)[:] = getattr(pool, name)[u]
    pool.size[u], pool.rooms[:], pool.rooms_min[u], pool.rooms_max[u] = 3, 3, 1, 5
    pool.ceiling_category[u], pool.persons_over_six[u], pool.financing[:] = 3, 0, 1
    pool.lodged_m2[:], pool.rent_eur_month[:], pool.charges_eur_month[:] = 60.0, 10.0, 0.0
    pool.tax_income_eur_year[u], pool.income_eur_month[u] = 10_000.0, 2_000.0
    pool.place_set[u], pool.is_accessible_needed[u] = _set_with(here, int(pool.commune[u])), False
    v = u + 1

    def found() -> Obstacle:
        return Obstacle(int(obstacles(pool, u, given)[v]))

    assert found() == 0
    pool.has_arrears[v] = True
    assert found() == Obstacle.CONDITIONS
    pool.has_arrears[v], pool.is_withdrawn[u] = False, True
    assert found() == Obstacle.CONDITIONS
    pool.is_withdrawn[u] = False
    pool.rooms[v], pool.rooms_max[u] = 5, 4
    assert found() == Obstacle.TYPOLOGY | Obstacle.UNDER_OCCUPATION
    pool.rooms[v], pool.lodged_m2[v] = 3, 10.0
    assert found() == Obstacle.OVER_OCCUPATION
    pool.lodged_m2[v], pool.tax_income_eur_year[u] = 60.0, 90_000.0
    assert found() == Obstacle.CEILING
    pool.raised_share[v] = 2.0  # far above what the law allows: the bar is the ceiling's alone
    assert found() == 0
    pool.raised_share[v], pool.rooms[u], pool.size[u] = 0.0, 5, 3
    pool.landlord[:], pool.rent_eur_month[v] = 1, 9.0  # the landlord's cheaper offer to who under-occupies (L442-3-1)
    assert found() == 0
    pool.landlord[v] = 2
    assert found() == Obstacle.CEILING
    pool.tax_income_eur_year[u], pool.rent_eur_month[v] = 10_000.0, 5_000.0
    assert found() == Obstacle.EFFORT
    pool.rent_eur_month[v], pool.is_accessible_needed[u], pool.is_accessible[:] = 10.0, True, False
    assert found() == Obstacle.ACCESSIBILITY
    assert Obstacle(int(obstacles(pool, u, given)[u])) & Obstacle.SELF


OF_A_HOME = ("commune", "financing", "zone", "landlord", "raised_share", "is_accessible")


def _set_with(here, commune: int) -> int:  # type: ignore[no-untyped-def]
    wishes = wished_communes(here.places, here.territory_place, here.whole_place)
    return int(np.flatnonzero(wishes[:, commune])[0])


def test_only_tenants_of_the_stock_enter_a_pool(small) -> None:  # type: ignore[no-untyped-def]
    here, _, _ = small
    stock = Stock(
        here.households, here.applications, here.dwellings, here.zone_of_commune, here.is_in_qpv, norms_of(here.law)
    )
    first_access = np.flatnonzero(~here.applications.is_mutation[: len(here.applications)])[:1]
    with pytest.raises(ValueError, match="only a tenant"):
        pool_of(stock, first_access)


def test_objectives_look_at_the_household_that_moves(small) -> None:  # type: ignore[no-untyped-def]
    here, given, rows = small
    pool = pool_in(here, rows, 1)
    graph = swap_arrays(pool, given)
    age = int(here.law["sous_occupation.age_protege_years"])
    weighing = Weighing(pool, given.usage, here.day, age)
    found = dict(zip(OBJECTIVES.names(), gains(OBJECTIVES.names(), weighing, graph), strict=True))
    assert (found["menages"] == 1).all()
    assert all(set(np.unique(found[name])) <= {0.0, 1.0} for name in found if name not in ("anciennete",))
    assert (found["anciennete"] == np.floor(found["anciennete"])).all()
    tails = graph.tails
    assert ((found["occupation"] == 1) == is_ill_housed(pool, given, tails)).all()
    order = ("menages", "priorite", "occupation", "anciennete")
    solved = run("cycles", Request(graph, weights=gains(order, weighing, graph), seconds=30))
    assert len(solved.values) == 4
    assert solved.values[0] == solved.moved


def is_ill_housed(pool, given: SwapTerms, rows: np.ndarray) -> np.ndarray:  # type: ignore[no-untyped-def]
    too_large = pool.rooms[rows].astype(int) - pool.size[rows] > given.usage.excess_rooms
    least = np.array(given.usage.surfaces_m2)[np.minimum(pool.size[rows], 8) - 1]
    return np.asarray(too_large | (pool.lodged_m2[rows] < least))


# friction


def test_default_friction_is_that_of_platforms() -> None:
    """About one proposal of two households in a hundred is completed (rules.md 6.2: 1.1 % of adverts)."""
    assert survival_share(Friction()) ** 2 == pytest.approx(0.011, abs=0.001)


def test_legs_stop_at_the_first_step_they_fail() -> None:
    given = Friction(caleol_by_landlord={"b": 0.0})
    shares = step_shares(given, np.array([0, 1]), ["a", "b"])
    assert reached(shares, np.zeros((2, 5))).tolist() == [Step.DONE, Step.CALEOL]
    assert reached(shares, np.array([[0.99] * 5, [0, 0.99, 0, 0, 0]])).tolist() == [Step.CONTACT, Step.CONSENT]


def test_a_cycle_is_all_or_none_and_recourse_saves_pairs() -> None:
    graph = from_edges(4, np.array([0, 1, 2, 1, 0]), np.array([1, 2, 0, 0, 3]), is_vacant=np.arange(4) == 3)
    survives = np.array([True, True, False, True])
    none = complete(graph, [[0, 1, 2]], [], survives, False)
    assert (none.cycles, sorted(none.released), none.failed) == ([], [0, 1, 2], [[0, 1, 2]])
    some = complete(graph, [[0, 1, 2]], [], survives, True)
    assert (some.cycles, some.released) == ([[0, 1]], [2])
    chain = complete(graph, [], [[2, 1, 0, 3]], survives, True)
    assert (chain.chains, chain.released) == ([[1, 0, 3]], [2])
    assert complete(graph, [], [[2, 1, 0, 3]], survives, False).chains == []
    everybody = complete(graph, [[0, 1, 2]], [], np.ones(4, dtype=bool), False)
    assert (everybody.cycles, everybody.failed) == ([[0, 1, 2]], [])


def test_what_failed_is_not_proposed_again_and_adverts_are_few() -> None:
    graph = random_graph(30, 0.4, 1)
    found = run("cycles", Request(graph))
    rest = remembered(graph, legs_of(found.cycles, []))
    assert rest.edges == graph.edges - found.moved
    assert remembered(graph, np.empty((0, 2), dtype=np.int64)) is graph
    looked = seen(graph, np.random.default_rng(0).random(graph.edges), 5)
    assert np.bincount(graph.tails[looked], minlength=30).max() == 5
    assert seen(graph, np.zeros(graph.edges), 0).all()


def test_a_year_of_the_default_bourse_moves_about_what_platforms_do(small) -> None:  # type: ignore[no-untyped-def]
    """Twelve rounds with 2 % of a stock of 126 000: 0.06 % of the stock, in order of magnitude."""
    graph, given = town_graph(2520, 9, 7), Friction()
    rng, moved, is_in = np.random.default_rng(7), 0, np.ones(2520, dtype=bool)
    for _ in range(12):
        part = graph.keep(
            seen(graph, rng.random(graph.edges), given.adverts_seen) & is_in[graph.tails] & is_in[graph.heads]
        )
        proposed = run("greedy", Request(part, order=rng.permutation(2520)))
        moves = legs_of(proposed.cycles, [])
        shares = step_shares(given, np.zeros(len(moves), dtype=int))
        survives = np.zeros(2520, dtype=bool)
        survives[moves[:, 0]] = reached(shares, rng.random(shares.shape)) == Step.DONE
        done = complete(part, proposed.cycles, [], survives, True).cycles
        is_in[[node for cycle in done for node in cycle]] = False
        moved += sum(map(len, done))
        graph = remembered(graph, moves[~survives[moves[:, 0]]])
    assert abs(math.log10(moved / 126_000 / 0.0006)) < 0.5


# law


def test_an_exchange_is_as_many_attributions_as_households() -> None:
    law = world(applicants=400).law
    swap = lawful.Swap(False, False, (1, 1), (2, 3), (50.0, 60.0))
    form = lawful.form_of(swap, False, law)
    assert lawful.procedure_of([0, 1], form, False, law) == lawful.Procedure(2, 2, 2, 2, 0)
    assert lawful.procedure_of([0, 0, 1], form, True, law) == lawful.Procedure(3, 3, 2, 3, 1)
    flux = lawful.legs_in_flux(np.array([0, 1]), np.array([0, 0]), True)
    assert flux.tolist() == [False, True]
    assert not lawful.legs_in_flux(np.array([0, 1]), np.array([0, 0]), False).any()


def test_bench_compares_with_what_exists_elsewhere() -> None:
    result = exchange_bench.against("/nowhere/python" if sys.platform == "win32" else "/bin/false", 80, 2, 5.0)
    assert result["moved"] >= result["simple_cycles_moved"] > 0
    assert str(result["kep_solver"]).startswith("left out")
    graph = from_edges(3, np.array([0, 1, 1]), np.array([1, 0, 2]))
    told = exchange_bench.kep_instance(graph)["data"]
    assert told["2"] == {"sources": [2], "dage": 40, "matches": [{"recipient": 1, "score": 1}]}
    assert exchange_bench.measure(60, seconds=5.0, communes=20)["cycles_gap"] <= 0.05


def test_bench_measures_every_mechanism() -> None:
    result = exchange_bench.measure(120, seconds=5.0, applicants=400)
    assert result["tenants"] == 120
    assert result["greedy_moved"] <= result["pairs_moved"] <= result["cycles_moved"] <= result["assignment_bound"]
