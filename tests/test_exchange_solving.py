"""The exchange: brute force, proven bounds, objectives in order, failure (O15)."""

from __future__ import annotations

import dataclasses
import itertools
import math

import networkx as nx
import numpy as np
import pytest

from sim.exchange import pricing
from sim.exchange.cycles import Columns, list_chains, list_cycles
from sim.exchange.friction import complete, legs_of
from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange.mechanisms import MECHANISMS, Exchange, Request, run
from sim.exchange.neighbourhoods import Deadline, Pace, by_use, improve
from sim.exchange.packing import assignment_bound, choose
from sim.exchange.prices import lacking, relax
from sim.exchange.solving import Effort
from sim.exchange.weights import Failure, by_length, column_values, expected_moves
from sim.exchange_pools import saidman_graph
from tests.exchange_pools import random_graph, town_graph

TIGHT = Effort(listed_most=0, exact_most=0, patience=6)
"""Never lists all cycles: prices, pricing and search do the work."""


def subsets(graph: SwapGraph, longest: int, longest_chain: int = 0) -> list[tuple[frozenset[int], list[int], float]]:
    """Return every cycle and chain as (nodes, members, weight), by trying every ordered choice of nodes."""
    found = []
    tenants = [u for u in range(graph.nodes) if not graph.is_vacant[u]]
    for size in range(1, max(longest, longest_chain) + 1):
        for members in itertools.permutations(tenants, size):
            path = [graph.edge(u, v) for u, v in itertools.pairwise(members)]
            if min(path, default=0) < 0:
                continue
            back = graph.edge(members[-1], members[0])
            if 2 <= size <= longest and back >= 0 and members[0] == min(members):
                found.append((frozenset(members), list(members), float(graph.weight[[*path, back]].sum())))
            for vacancy in np.flatnonzero(graph.is_vacant).tolist() if size <= longest_chain else []:
                last = graph.edge(members[-1], vacancy)
                if last >= 0:
                    ends = [*members, vacancy]
                    found.append((frozenset(ends), ends, float(graph.weight[[*path, last]].sum())))
    return found


def brute_force(graph: SwapGraph, longest: int, longest_chain: int = 0) -> float:
    """Return the best packing by trying them all."""
    parts = subsets(graph, longest, longest_chain)

    def best(start: int, used: frozenset[int]) -> float:
        return max(
            (w + best(i + 1, used | nodes) for i, (nodes, _, w) in enumerate(parts[start:], start) if not nodes & used),
            default=0.0,
        )

    return best(0, frozenset())


def check(graph: SwapGraph, found: Exchange, longest: int) -> None:
    """Everybody moves at most once, to a dwelling that it would take; lengths and weight are right."""
    members = [node for part in (*found.cycles, *found.chains) for node in part]
    assert len(set(members)) == len(members)
    moves = legs_of(found.cycles, found.chains)
    edges = np.array([graph.edge(int(u), int(v)) for u, v in moves], dtype=np.int64)
    assert (edges >= 0).all()
    assert len(moves) == found.moved
    assert found.weight == pytest.approx(graph.weight[edges].sum())
    assert all(2 <= len(cycle) <= longest for cycle in found.cycles)
    assert all(graph.is_vacant[chain[-1]] and not graph.is_vacant[chain[:-1]].any() for chain in found.chains)
    assert found.bound >= found.weight - 1e-6


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("weighted", [False, True])
def test_every_mechanism_against_brute_force(seed: int, weighted: bool) -> None:
    nodes = 3 + seed
    graph = random_graph(nodes, 0.45 - 0.05 * seed, seed, weighted=weighted)
    best = {longest: brute_force(graph, longest) for longest in {2, 3, 4, nodes}}
    for name, longest in [("pairs", 2), ("cycles", 2), ("cycles", 3), ("cycles", 4), ("cycles", nodes)]:
        for effort in (Effort(), TIGHT):
            found = run(name, Request(graph, longest=longest, seconds=20, effort=effort))
            check(graph, found, longest)
            assert found.weight == pytest.approx(best[longest])
            assert found.bound >= best[longest] - 1e-6
            assert found.is_optimal or effort is TIGHT
    assert assignment_bound(graph) == pytest.approx(best[nodes])  # cycles of any length
    for name in ("ttc", "greedy"):
        found = run(name, Request(graph))
        check(graph, found, nodes if name == "ttc" else 2)
        assert found.weight <= best[nodes if name == "ttc" else 2] + 1e-9
        assert found.bound == pytest.approx(best[nodes])


@pytest.mark.parametrize("seed", range(6))
def test_chains_against_brute_force(seed: int) -> None:
    graph = random_graph(7, 0.3, seed, vacant=2, weighted=bool(seed % 2))
    for longest in (2, 3):
        for effort in (Effort(), TIGHT):
            found = run("chains", Request(graph, longest=longest, longest_chain=longest, seconds=20, effort=effort))
            check(graph, found, longest)
            best = brute_force(graph, longest, longest)
            assert found.weight == pytest.approx(best)
            assert found.bound >= best - 1e-6
    assert assignment_bound(graph) >= brute_force(graph, 5, 5) - 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_pairs_are_a_maximum_matching(seed: int) -> None:
    graph = random_graph(40, 0.25, seed, weighted=True)
    mutual = nx.Graph()
    for edge, mate in enumerate(graph.mate.tolist()):
        if mate > edge:
            weight = float(graph.weight[edge] + graph.weight[mate])
            mutual.add_edge(int(graph.tails[edge]), int(graph.heads[edge]), weight=weight)
    best = sum(mutual.edges[pair]["weight"] for pair in nx.max_weight_matching(mutual))
    assert run("pairs", Request(graph)).weight == pytest.approx(best)


def test_value_grows_with_length_up_to_the_assignment() -> None:
    """O15: value(2) <= value(3) <= value(4) <= assignment, on 200 instances; each is strict somewhere."""
    table = []
    for seed in range(200):
        graph = random_graph(10 + seed % 5, 0.2, 100 + seed)
        table.append([run("cycles", Request(graph, longest=k)).weight for k in (2, 3, 4)] + [assignment_bound(graph)])
    steps = np.diff(np.array(table), axis=1)
    assert (steps >= -1e-9).all()
    assert ((steps > 0).sum(axis=0) > 20).all()


@pytest.mark.parametrize("seed", range(5))
def test_kidney_like_instances_are_solved_to_the_optimum(seed: int) -> None:
    """Saidman's generator: the optimum of the integer programme over every cycle, proven."""
    graph = saidman_graph(40, seed)
    columns, is_whole = list_cycles(graph, 3, 10**6)
    assert is_whole
    chosen, bounds = choose(columns, [columns.sizes.astype(float)], graph.nodes, 20.0)
    found = run("cycles", Request(graph, effort=Effort(exact_most=0), seconds=20))
    check(graph, found, 3)
    assert found.is_optimal
    assert found.weight == columns.sizes[chosen].sum() == bounds[0]


@pytest.mark.parametrize("effort", [Effort(exact_most=0, listed_most=10**6), TIGHT])
def test_an_open_town_is_solved_to_its_bound(effort: Effort) -> None:
    """Columns used most, then neighbourhoods where the packing falls short of its prices: the bound is met."""
    graph = town_graph(500, 9, 5)
    found = run("cycles", Request(graph, effort=dataclasses.replace(effort, patience=60, exact_most=2_000), seconds=30))
    check(graph, found, 3)
    assert found.gap <= 0.003
    assert found.bound <= assignment_bound(graph)


def test_improving_a_poor_start_meets_the_bound() -> None:
    graph = town_graph(200, 6, 9)
    columns, _ = list_cycles(graph, 3, 10**6)
    value = columns.sizes.astype(float)
    prices = relax(columns.nodes, value, graph.nodes, 20.0, 1e-5)
    nothing = np.empty(0, dtype=np.int64)
    pace = Pace(tenants=20, patience=200, used_per_node=3.0, turn_seconds=2.0)
    best = improve(
        columns, [value], by_use(columns, value, prices), prices, nothing, prices.bound, pace, 0, Deadline(20.0)
    )
    held = columns.nodes[best]
    assert len(np.unique(held[held >= 0])) == (held >= 0).sum()
    assert value[best].sum() >= np.floor(prices.bound) - 1
    assert not len(
        improve(columns, [value], by_use(columns, value, prices), prices, nothing, 9e9, pace, 0, Deadline(0))
    )


def test_town_is_solved_to_its_bound_without_listing_cycles() -> None:
    graph = town_graph(400, 10, 3)
    listed = run("cycles", Request(graph, effort=Effort(listed_most=10**6, exact_most=10**6), seconds=60))
    priced = run("cycles", Request(graph, effort=dataclasses.replace(TIGHT, exact_most=10_000), seconds=30))
    assert listed.is_optimal
    assert priced.bound >= listed.weight
    assert priced.bound <= listed.weight + 2
    assert priced.weight >= 0.99 * listed.weight
    assert listed.weight > run("pairs", Request(graph)).weight > run("greedy", Request(graph)).weight


@pytest.mark.parametrize("seed", range(6))
def test_a_quick_packing_is_valid_and_near(seed: int) -> None:
    graph = random_graph(60, 0.08, seed, vacant=4)
    quick, exact = (
        run("chains", Request(graph, effort=Effort(is_quick=hurried), seconds=20)) for hurried in (True, False)
    )
    check(graph, quick, 3)
    assert exact.is_optimal
    assert 0.85 * exact.weight <= quick.weight <= exact.weight <= quick.bound
    sampled = run("cycles", Request(graph, effort=Effort(is_quick=True, listed_most=1)))
    check(graph, sampled, 3)


def test_same_request_same_answer() -> None:
    graph = town_graph(300, 8, 1)
    first, again = (run("cycles", Request(graph, effort=TIGHT, seconds=60, seed=5)) for _ in range(2))
    assert first.cycles == again.cycles


# objectives


def test_objectives_are_lexicographic() -> None:
    """The first objective never yields, whatever the second one offers; the second decides among equals."""
    # a path 0 - 1 - 2 - 3 of swaps: its ends make two swaps, its middle one, worth a hundred times more
    pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2)]
    graph = from_edges(4, *(np.array(ends) for ends in zip(*pairs, strict=True)))
    middle = np.isin(graph.tails, [1, 2]) & np.isin(graph.heads, [1, 2])
    second = np.where(middle, 100.0, 0.0)
    found = run("cycles", Request(graph, weights=[np.ones(6), second]))
    assert found.values == (4.0, 0.0)
    assert found.cycles == [[0, 1], [2, 3]]
    other = run("cycles", Request(graph, weights=[second, np.ones(6)]))
    assert other.values == (200.0, 2.0)


@pytest.mark.parametrize("seed", range(8))
def test_second_objective_against_brute_force(seed: int) -> None:
    graph = random_graph(8, 0.3, 50 + seed)
    rng = np.random.default_rng(seed)
    second = rng.integers(0, 3, graph.edges).astype(float)
    found = run("cycles", Request(graph, weights=[graph.weight, second]))
    big = graph.with_weight(graph.weight * 1000 + second)
    assert found.values[0] * 1000 + found.values[1] == pytest.approx(brute_force(big, 3))
    assert found.is_optimal


# failure


def test_failure_aware_values_of_small_cycles_are_exact() -> None:
    """O: survival 0.5: a pair is worth 0.5, a triangle 0.375, and more with recourse."""
    triangle = from_edges(3, np.array([0, 1, 2, 1]), np.array([1, 2, 0, 0]))
    for failure in (Failure(0.5), Failure(0.5, True), Failure(0.9, True)):
        columns, _ = list_cycles(triangle, 3, 100)
        values = column_values(columns, by_length(triangle, triangle.weight, 3, failure), triangle.weight, failure)
        for row, size in enumerate(columns.sizes.tolist()):
            members = columns.nodes[row][:size].tolist()
            assert values[row] == pytest.approx(expected_moves(triangle, members, failure))
    assert expected_moves(triangle, [0, 1], Failure(0.5)) == pytest.approx(0.5)
    assert expected_moves(triangle, [0, 1, 2], Failure(0.5)) == pytest.approx(0.375)
    assert expected_moves(triangle, [0, 1, 2], Failure(0.5, True)) == pytest.approx(0.375 + 2 * 0.125)


def test_expected_moves_is_what_friction_completes() -> None:
    """Simulated completions of one four-cycle with chords, within four standard errors."""
    pairs = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 0), (3, 2)]
    graph = from_edges(4, *(np.array(ends) for ends in zip(*pairs, strict=True)))
    rng, p, runs = np.random.default_rng(1), 0.6, 4000
    moved = [
        sum(len(c) for c in complete(graph, [[0, 1, 2, 3]], [], rng.random(4) < p, True).cycles) for _ in range(runs)
    ]
    assert np.mean(moved) == pytest.approx(
        expected_moves(graph, [0, 1, 2, 3], Failure(p, True)), abs=4 * np.std(moved) / math.sqrt(runs)
    )


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_failure_aware_beats_most_moves_once_things_fail(share: float) -> None:
    graph = town_graph(250, 8, 2)
    failure = Failure(share)
    aware = run("cycles", Request(graph, failure=failure, seconds=30, effort=Effort(listed_most=10**6)))
    blind, pairs = run("cycles", Request(graph)), run("pairs", Request(graph))
    worth = [sum(expected_moves(graph, c, failure) for c in found.cycles) for found in (aware, blind, pairs)]
    assert aware.weight == pytest.approx(worth[0])
    assert worth[0] >= max(worth[1:]) - 1e-6
    assert aware.bound >= worth[0] - 1e-6


def test_chain_values_count_who_moves_before_it_breaks() -> None:
    chain = from_edges(4, np.array([0, 1, 2]), np.array([3, 0, 1]), is_vacant=np.arange(4) == 3)
    columns, is_whole = list_chains(chain, 3, 100)
    assert is_whole
    assert sorted(columns.sizes.tolist()) == [1, 2, 3]
    for failure, three in [(Failure(0.5), 3 * 0.125), (Failure(0.5, True), 0.5 + 0.25 + 0.125), (Failure(), 3.0)]:
        values = column_values(columns, by_length(chain, chain.weight, 3, failure), chain.weight, failure)
        assert values[columns.sizes == 3][0] == pytest.approx(three)


# prices


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("longest", [2, 3, 4])
def test_repaired_prices_cover_every_cycle(seed: int, longest: int) -> None:
    """Whatever the prices, once repaired no cycle is worth more than its nodes: the sum is a bound."""
    graph = random_graph(25, 0.2, seed, weighted=True)
    price = np.random.default_rng(seed).random(graph.nodes) * 3
    failure = Failure(0.8, True) if seed % 2 else Failure()
    values = by_length(graph, graph.weight, longest, failure)
    columns, _ = list_cycles(graph, longest, 10**6)
    worth = column_values(columns, values, graph.weight, failure)
    new, repaired = pricing.price_cycles(graph, values, price, 3)
    assert lacking(columns.nodes, worth, repaired).max() <= 1e-9
    paid = column_values(new, values, graph.weight, failure) - (price[new.nodes] * (new.nodes >= 0)).sum(axis=1)
    assert (paid > 0).all()
    best = (worth - (price[columns.nodes] * (columns.nodes >= 0)).sum(axis=1)).max()
    assert paid.max() == pytest.approx(best)


def test_relaxation_meets_the_simplex() -> None:
    from scipy.optimize import linprog

    from sim.exchange.packing import incidence

    graph = random_graph(60, 0.1, 4, weighted=True)
    columns, _ = list_cycles(graph, 3, 10**6)
    worth = graph.weight[np.maximum(columns.edges, 0)]
    values = (worth * (columns.edges >= 0)).sum(axis=1) + 0.5
    answer = linprog(-values, A_ub=incidence(columns, 60), b_ub=np.ones(60))
    prices = relax(columns.nodes, values, 60, 20.0, 1e-5)
    assert prices.bound >= -answer.fun - 1e-6
    assert prices.bound == pytest.approx(-answer.fun, rel=1e-4)
    assert prices.value <= -answer.fun + 1e-6


@pytest.mark.parametrize("seed", range(6))
def test_chain_prices_cover_every_chain(seed: int) -> None:
    graph = random_graph(14, 0.25, seed, vacant=3)
    price = np.random.default_rng(seed).random(graph.nodes)
    starts_in, edges_in = graph.reverse
    raised = price + pricing.price_chains(
        starts_in, edges_in, graph.tails, graph.weight, price, np.flatnonzero(graph.is_vacant), 3
    )
    columns, _ = list_chains(graph, 3, 10**6)
    assert lacking(columns.nodes, columns.sizes.astype(float), raised).max() <= 1e-9


def test_a_lack_of_time_is_said() -> None:
    graph = town_graph(500, 12, 1)
    found = run("cycles", Request(graph, seconds=1.0, effort=Effort(listed_most=0)))
    check(graph, found, 3)
    assert found.seconds < 1.1 * 2.0  # within 10 %, and a second for the clock of a busy machine
    assert found.gap == pytest.approx((found.bound - found.weight) / found.bound)


def test_choose_keeps_nothing_of_nothing() -> None:
    empty = from_edges(3, np.array([], dtype=int), np.array([], dtype=int))
    for name in MECHANISMS.names():
        found = run(name, Request(empty))
        assert (found.moved, found.cycles, found.chains, found.gap) == (0, [], [], 0.0)
    chosen, bounds = choose(Columns(np.empty((0, 2), int), np.empty((0, 3), int)), [np.empty(0)], 3, 1.0)
    assert not len(chosen)
    assert bounds == [0.0]
