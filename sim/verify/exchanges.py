"""Oracles on the exchange (O13 to O15): the production mechanisms on random graphs, no run of the world."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np

from sim.exchange.cycles import count_cycles
from sim.exchange.graph import SwapGraph, from_edges
from sim.exchange.mechanisms import Request, legs, run
from sim.exchange.packing import assignment_bound
from sim.verify import theory
from sim.verify.checks import Check, Paths, compared, oracle

GRAPH_LUCK = 20_250_613
GRAPHS = 60  # by closed form
SMALL = 7  # nodes of the graphs whose every packing is tried
EXACT = 1e-6


def drawn_graph(nodes: int, share: float, number: int, is_weighted: bool = False) -> SwapGraph:
    """Return D(n, p): each tenant would take each other's dwelling with the same probability."""
    rng = np.random.default_rng([GRAPH_LUCK, number])
    wants = rng.random((nodes, nodes)) < share
    np.fill_diagonal(wants, False)
    tails, heads = np.nonzero(wants)
    weight = rng.integers(1, 5, len(tails)).astype(float) if is_weighted else None
    return from_edges(nodes, tails, heads, weight, rng.random(len(tails)))


@oracle("O13", "Graphe d'échange", "Anderson, Ashlagi, Gamarnik et Kanoria, Operations Research 65 (2017)")
def swap_graph(_: Paths) -> list[Check]:
    """The number of cycles of a random graph, and the wait of those whom adverts pair, first come."""
    nodes, share = 40, 0.1
    checks = []
    for length in (2, 3, 4):
        expected = theory.cycles_expected(nodes, share, length)
        pairs = [(float(count_cycles(drawn_graph(nodes, share, n), length)), expected) for n in range(GRAPHS)]
        checks.append(compared(f"cycles de longueur {length}", pairs, "count"))
    share, tenants, edge = 0.2, 1_500, 300  # the first and the last to come are left out
    predicted = theory.greedy_swap_wait(share)
    waits = [(greedy_wait(drawn_graph(tenants, share, 1_000 + n), edge), predicted) for n in range(24)]
    checks.append(compared("attente d'un échange à deux, une arrivée par période", waits, "ratio", 0.02 * predicted))
    return checks


def greedy_wait(graph: SwapGraph, edge: int) -> float:
    """Return the mean wait, in arrivals, of those whom adverts pair, a first and last few left out."""
    found = run("greedy", Request(graph)).cycles
    wait = {first: second - first for first, second in found} | {second: 0 for _, second in found}
    return float(np.mean([wait[u] for u in range(edge, graph.nodes - edge) if u in wait]))


@oracle("O14", "Appariement unilatéral (TTC)", "Abdulkadiroglu et Sönmez 1998 ; Knuth 1996 ; Shapley et Scarf 1974")
def one_sided(_: Paths) -> list[Check]:
    """Mean rank under uniform preferences; nobody loses, nothing is left to trade."""
    nodes = 40
    ranks, losers, untraded = [], 0, 0
    for number in range(2 * GRAPHS):
        rng = np.random.default_rng([GRAPH_LUCK, 2, number])
        place = np.argsort(np.argsort(rng.random((nodes, nodes)), axis=1), axis=1)  # rank of each dwelling, by tenant
        own = place[np.arange(nodes), np.arange(nodes)]
        tails, heads = np.nonzero(place < own[:, None])
        graph = from_edges(nodes, tails, heads, preference=-place[tails, heads].astype(float))
        taken = np.arange(nodes)
        for cycle in run("ttc", Request(graph)).cycles:
            for u, v in legs(cycle):
                taken[u] = v
        got = place[np.arange(nodes), taken]
        ranks.append((float(got.mean()) + 1, theory.trading_rank(nodes)))
        losers += int((got > own).sum())
        better = nx.DiGraph(list(zip(*np.nonzero(place[:, taken] < got[:, None]), strict=True)))
        untraded += not nx.is_directed_acyclic_graph(better)
    return [
        compared("rang moyen obtenu", ranks, "ratio"),
        Check("ménages moins bien logés qu'avant", float(losers), 0.0, EXACT, "count"),
        Check("graphes où un échange mutuel reste à faire", float(untraded), 0.0, EXACT, "count"),
    ]


@oracle("O15", "Bornes de l'échange", "Edmonds 1965 ; Abraham, Blum et Sandholm, EC 2007")
def bounds(_: Paths) -> list[Check]:
    """Each length against every packing tried; more length is worth more, up to the assignment."""
    checks = []
    small = [drawn_graph(SMALL, 0.25, 2_000 + n, is_weighted=True) for n in range(12)]
    for longest in (2, 3, 4):
        got = sum(run("cycles", Request(graph, longest=longest)).weight for graph in small)
        best = sum(theory.best_packing(swaps_of(graph), longest) for graph in small)
        checks.append(Check(f"valeur, cycles d'au plus {longest}", got, best, EXACT, "ratio"))
    whole = sum(theory.best_packing(swaps_of(graph), SMALL) for graph in small)
    checks.append(Check("borne de l'affectation", sum(map(assignment_bound, small)), whole, EXACT, "ratio"))
    wrong = 0
    for number in range(20):
        graph = drawn_graph(14, 0.2, 3_000 + number)
        found = [run("cycles", Request(graph, longest=k)) for k in (2, 3, 4)]
        values = [*(one.weight for one in found), assignment_bound(graph)]
        wrong += sum(a > b + EXACT for a, b in pairwise(values)) + sum(one.bound < one.weight - EXACT for one in found)
    checks.append(Check("inégalités valeur(2) ≤ valeur(3) ≤ affectation en défaut", float(wrong), 0.0, EXACT, "count"))
    return checks


def swaps_of(graph: SwapGraph) -> dict[tuple[int, int], float]:
    """Return the weight of each edge."""
    return {(int(u), int(v)): float(w) for u, v, w in zip(graph.tails, graph.heads, graph.weight, strict=True)}
