"""Top trading cycles and adverts: individual rationality, the core, misreports, closed forms (O13, O14)."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest

from sim.exchange import trading
from sim.exchange.cycles import count_cycles
from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange.mechanisms import Request, legs, run
from tests.exchange_pools import random_graph

# top trading cycles


def preferences(graph: SwapGraph, u: int) -> list[int]:
    """Return what u would take, the best first, its own dwelling last."""
    rows = range(graph.starts[u], graph.starts[u + 1])
    return [int(graph.heads[e]) for e in sorted(rows, key=lambda e: -graph.preference[e])] + [u]


def taken_by(graph: SwapGraph, cycles: list[list[int]]) -> list[int]:
    taken = list(range(graph.nodes))
    for cycle in cycles:
        for u, v in legs(cycle):
            taken[u] = v
    return taken


@pytest.mark.parametrize("seed", range(25))
def test_ttc_is_individually_rational_and_in_the_core(seed: int) -> None:
    """No group could do better by trading among themselves; nobody is worse off than at home."""
    graph = random_graph(6, 0.5, seed)
    taken = taken_by(graph, run("ttc", Request(graph)).cycles)
    rank = [{v: i for i, v in enumerate(preferences(graph, u))} for u in range(6)]
    assert all(taken[u] in rank[u] for u in range(6))
    for size in range(1, 7):
        for group in itertools.combinations(range(6), size):
            for homes in itertools.permutations(group):
                if all(v in rank[u] for u, v in zip(group, homes, strict=True)):
                    gain = [rank[u][taken[u]] - rank[u][v] for u, v in zip(group, homes, strict=True)]
                    assert min(gain) < 0 or max(gain) == 0, "a group blocks the exchange"


@pytest.mark.parametrize(("nodes", "seed"), [(3, 0), (4, 1), (5, 2), (5, 3), (6, 4), (6, 5)])
def test_ttc_no_misreport_pays(nodes: int, seed: int) -> None:
    """Every list that every tenant could tell instead of its own."""
    graph = random_graph(nodes, 0.6, 30 + seed)
    truth = [preferences(graph, u) for u in range(nodes)]
    for liar in range(nodes):
        honest = taken_by(graph, trading.top_trading_cycles(graph))[liar]
        others = [v for v in range(nodes) if v != liar]
        for size in range(nodes):
            for lie in itertools.permutations(others, size):
                told = graph_of_preferences([list(lie) if u == liar else truth[u][:-1] for u in range(nodes)])
                got = taken_by(told, trading.top_trading_cycles(told))[liar]
                if got in truth[liar]:
                    assert truth[liar].index(got) >= truth[liar].index(honest)


def graph_of_preferences(lists: list[list[int]], vacant: int = 0) -> SwapGraph:
    """Return a graph whose rows are ranked lists."""
    rows = [(u, v, float(-rank)) for u, ranked in enumerate(lists) for rank, v in enumerate(ranked)]
    tails, heads, preference = (np.array(column) for column in zip(*rows, strict=True))
    nodes = len(lists)
    is_vacant = np.arange(nodes) >= nodes - vacant
    return from_edges(nodes, tails, heads, np.ones(len(rows)), preference, is_vacant)


def test_ttc_on_a_textbook_market() -> None:
    """Three trade in a ring, two swap once the ring is gone, one stays."""
    graph = graph_of_preferences([[1, 3], [2], [0], [0, 4], [1, 3], [0, 1]])
    assert run("ttc", Request(graph)).cycles == [[0, 1, 2], [3, 4]]


@pytest.mark.parametrize("seed", range(10))
def test_you_request_my_house_serves_tenants_no_worse_and_follows_the_order(seed: int) -> None:
    graph = random_graph(9, 0.5, seed, vacant=3)
    order = np.random.default_rng(seed).permutation(6)
    taken = trading.you_request_my_house(graph, order)
    assert sorted(set(taken[:6].tolist())) == sorted(taken[:6].tolist())
    for u in range(6):
        assert taken[u] in preferences(graph, u)
    first = int(order[0])
    reachable = preferences(graph, first)[0]
    if graph.is_vacant[reachable] or reachable == first:
        assert taken[first] == reachable
    without = random_graph(6, 0.5, seed)  # without empty dwellings, it is top trading cycles
    alone = trading.you_request_my_house(without, order)
    assert alone.tolist() == taken_by(without, run("ttc", Request(without)).cycles)


def test_greedy_matches_newcomers_with_who_waits_longest() -> None:
    pairs = [(0, 2), (2, 0), (1, 2), (2, 1), (1, 3), (3, 1)]
    graph = from_edges(4, *(np.array(ends) for ends in zip(*pairs, strict=True)))
    assert run("greedy", Request(graph)).cycles == [[0, 2], [1, 3]]
    assert run("greedy", Request(graph, order=np.array([1, 2, 0, 3]))).cycles == [[1, 2]]


def test_ties_of_preference_are_broken_by_luck() -> None:
    graph = graph_of_preferences([[1, 2], [0], [0]]).keep(np.ones(4, dtype=bool))
    flat = dataclasses.replace(graph, preference=np.zeros(4))
    luck = np.array([0.9, 0.1, 0.5, 0.5])
    assert run("ttc", Request(flat, luck=luck)).cycles == [[0, 2]]
    assert run("ttc", Request(flat, luck=1 - luck)).cycles == [[0, 1]]


# closed forms


def test_o13_number_of_cycles_of_a_random_graph() -> None:
    """O13: E[number of k-cycles] = n!/(n-k)! p^k / k, within 4 standard errors over 60 graphs."""
    nodes, share, runs = 40, 0.1, 60
    for length in (2, 3, 4):
        counts = [count_cycles(random_graph(nodes, share, 1000 + seed), length) for seed in range(runs)]
        expected = math.perm(nodes, length) * share**length / length
        assert np.mean(counts) == pytest.approx(expected, abs=4 * np.std(counts) / math.sqrt(runs))


def test_o13_wait_of_first_come_swaps() -> None:
    """O13: greedy two-way swaps, one arrival per period. The exact daily chain; ln 2 / p^2 is its limit."""
    share, arrivals, warm_up = 0.2, 1500, 300
    mutual = share**2
    size = int(6 * math.log(2) / mutual)
    waiting = np.arange(size)
    none = (1 - mutual) ** waiting  # the newcomer swaps with nobody
    chain = np.diag(none[:-1], 1) + np.diag(1 - none[1:], -1)
    chain[-1, -1] += none[-1]
    law = np.full(size, 1 / size)
    for _ in range(2000):
        law = law @ chain
        law /= law.sum()
    predicted = float(law @ waiting)  # Little: one arrival per period
    waits = []
    for seed in range(6):
        found = run("greedy", Request(random_graph(arrivals, share, 70 + seed)))
        wait = {min(pair): max(pair) - min(pair) for pair in found.cycles} | {max(pair): 0 for pair in found.cycles}
        waits.append(np.mean([wait[u] for u in range(warm_up, arrivals - warm_up) if u in wait]))
    error = 4 * np.std(waits, ddof=1) / math.sqrt(len(waits))
    assert np.mean(waits) == pytest.approx(predicted, abs=error + 0.02 * predicted)
    assert predicted == pytest.approx(math.log(2) / mutual, rel=0.1)


def test_o14_mean_rank_of_top_trading_cycles() -> None:
    """O14: mean rank with uniform preferences ((n + 1) / n) (H_{n+1} - 1), as random serial dictatorship."""
    nodes, runs = 40, 150
    rng, ranks = np.random.default_rng(14), []
    for _ in range(runs):
        lists = [rng.permutation(nodes) for _ in range(nodes)]
        wanted = [ranked[: ranked.tolist().index(u)].tolist() for u, ranked in enumerate(lists)]
        rows = [(u, v, float(-rank)) for u, ranked in enumerate(wanted) for rank, v in enumerate(ranked)]
        tails, heads, preference = (np.array(column) for column in zip(*rows, strict=True))
        graph = from_edges(nodes, tails, heads, preference=preference)
        taken = taken_by(graph, run("ttc", Request(graph)).cycles)
        ranks.append(np.mean([1 + lists[u].tolist().index(taken[u]) for u in range(nodes)]))
    predicted = (nodes + 1) / nodes * (sum(1 / k for k in range(1, nodes + 2)) - 1)
    assert np.mean(ranks) == pytest.approx(predicted, abs=4 * np.std(ranks) / math.sqrt(runs))
