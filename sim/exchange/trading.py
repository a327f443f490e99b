"""Mechanisms that look at what each tenant prefers, or at who came first: no optimisation.

Top trading cycles: Shapley and Scarf, J. Math. Econ. 1 (1974). *You request my house - I get your turn*:
Abdulkadiroğlu and Sönmez, J. Econ. Theory 88 (1999), for a batch with empty dwellings and an order of priority.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.exchange.graph import SwapGraph

NONE = -1


def ranked_edges(graph: SwapGraph, luck: np.ndarray | None = None) -> np.ndarray:
    """Return the edges of each row by preference, the best first; ties by luck, else by order (int64)."""
    ties = np.arange(graph.edges) if luck is None else luck
    return np.lexsort((ties, -graph.preference, graph.tails))


def top_trading_cycles(graph: SwapGraph, luck: np.ndarray | None = None) -> list[list[int]]:
    """Return the trading cycles; each tenant takes the dwelling of the next.

    Everybody points at the dwelling preferred among those still there, one's own when none is wanted; those on a
    cycle trade and leave. Empty dwellings are left out (see ``you_request_my_house``).
    """
    best = graph.heads[ranked_edges(graph, luck)]
    taken = _trade(graph.starts, best, graph.is_vacant)
    return cycles_of(taken)


@njit(cache=True)
def _trade(starts, best, gone):  # type: ignore[no-untyped-def]
    """Return which dwelling each tenant takes (its own: it stays)."""
    n = len(starts) - 1
    out, place, taken = gone.copy(), starts[:-1].copy(), np.arange(n)
    walk, on_walk = np.empty(n, dtype=np.int64), np.full(n, NONE)
    for first in range(n):
        depth, u = 0, first
        while not out[first]:
            while place[u] < starts[u + 1] and out[best[place[u]]]:
                place[u] += 1
            v = best[place[u]] if place[u] < starts[u + 1] else u
            walk[depth], on_walk[u] = u, depth
            depth += 1
            if on_walk[v] == NONE:
                u = v
                continue
            begin = on_walk[v]  # the walk comes back: those from v on trade
            for k in range(begin, depth):
                w = walk[k]
                taken[w] = walk[k + 1] if k + 1 < depth else v
                out[w] = True
            for k in range(begin, depth):
                on_walk[walk[k]] = NONE
            depth = begin
            if depth == 0:
                break
            depth -= 1
            u = walk[depth]
            on_walk[u] = NONE
    return taken


def cycles_of(taken: np.ndarray) -> list[list[int]]:
    """Return the cycles of a permutation, those of one left out; each starts with its smallest node."""
    seen, found = np.zeros(len(taken), dtype=bool), []
    for first in np.flatnonzero(taken != np.arange(len(taken))).tolist():
        cycle = []
        while not seen[first]:
            seen[first] = True
            cycle.append(first)
            first = int(taken[first])
        if cycle:
            found.append(cycle)
    return found


def you_request_my_house(graph: SwapGraph, order: np.ndarray, luck: np.ndarray | None = None) -> np.ndarray:
    """Return the node whose dwelling each tenant takes, its own when it stays (int64, one per node).

    In turn, each takes what it prefers among what is left; who asks for the dwelling of a tenant still there first
    lets that tenant choose; a loop of requests is traded. Nobody gets worse than its own dwelling.

    Parameters
    ----------
    graph : SwapGraph
        Empty dwellings are free from the start.
    order : numpy.ndarray
        Tenants by priority.
    luck : numpy.ndarray, optional
        Breaks ties of preference, one per edge.
    """
    ranked, heads = ranked_edges(graph, luck), graph.heads
    taken = np.full(graph.nodes, NONE, dtype=np.int64)
    is_left = np.ones(graph.nodes, dtype=bool)  # dwellings nobody has taken

    def wanted(u: int) -> int:
        row = heads[ranked[graph.starts[u] : graph.starts[u + 1]]]
        left = np.flatnonzero(is_left[row])
        return int(row[left[0]]) if len(left) else u

    for first in order.tolist():
        requests: list[int] = [] if taken[first] != NONE else [first]
        while requests:
            u = requests[-1]
            v = wanted(u)
            if v != u and not graph.is_vacant[v] and taken[v] == NONE:
                if v not in requests:
                    requests.append(v)  # the tenant whose dwelling is asked for chooses first
                    continue
                loop = requests[requests.index(v) :]
                for w, dwelling in zip(loop, [*loop[1:], v], strict=True):
                    taken[w], is_left[dwelling] = dwelling, False
                del requests[requests.index(v) :]
                continue
            taken[u], is_left[v] = v, False
            requests.pop()
    taken[graph.is_vacant] = np.flatnonzero(graph.is_vacant)
    return taken


def first_come(graph: SwapGraph, order: np.ndarray) -> list[list[int]]:
    """Return the swaps that a platform of adverts makes: two tenants who want each other's dwelling, first come.

    Tenants register one after the other; each newcomer swaps with who has waited longest among those with whom
    interest is mutual.

    Parameters
    ----------
    graph : SwapGraph
        Only mutual edges serve.
    order : numpy.ndarray
        Nodes by date of registration.
    """
    when = np.full(graph.nodes, graph.nodes, dtype=np.int64)
    when[order] = np.arange(len(order))
    partner = _first_come(graph.starts, graph.heads, graph.mate, when, order.astype(np.int64))
    return [[int(min(u, v)), int(max(u, v))] for u, v in enumerate(partner.tolist()) if v > u]


@njit(cache=True)
def _first_come(starts, heads, mate, when, order):  # type: ignore[no-untyped-def]
    partner = np.full(len(when), NONE, dtype=np.int64)
    for u in order:
        best = NONE
        for e in range(starts[u], starts[u + 1]):
            v = heads[e]
            if mate[e] != NONE and partner[v] == NONE and when[v] < when[u] and (best == NONE or when[v] < when[best]):
                best = v
        if best != NONE:
            partner[u], partner[best] = best, u
    return partner
