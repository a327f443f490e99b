"""Which cycles are worth more than the prices of their nodes, in a graph whose cycles are too many to list.

One pass looks at every cycle of 2, 3 and 4 tenants without keeping them. Cycles are seen from their cheapest node:
with edges sorted by price, whole ends of rows are left out as soon as nothing dearer can pay. The pass gives new
columns and a *repair* of the prices, hence a bound proven for all cycles, listed or not.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.exchange.cycles import NONE, Columns, columns_of
from sim.exchange.graph import SwapGraph

TINY = 1e-9
QUICK_MOST = 2_000
MOST_LENGTH = 4


def price_cycles(
    graph: SwapGraph, values: list[np.ndarray], price: np.ndarray, per_node: int, is_quick: bool = False
) -> tuple[Columns, np.ndarray]:
    """Return cycles worth adding, the best ones, and prices repaired for every cycle of the graph.

    Parameters
    ----------
    graph : SwapGraph
        Empty dwellings are in no cycle.
    values : list of numpy.ndarray
        Value of an edge in a cycle of each length: ``values[2]``, ``values[3]`` and, if given, ``values[4]``.
    price : numpy.ndarray
        Price of each node, not negative.
    per_node : int
        New cycles kept for each node and length.
    is_quick : bool
        Leave a node as soon as it has its new cycles: they are not the best ones, and no price is repaired.
    """
    longest = len(values) - 1
    if longest > MOST_LENGTH:
        raise ValueError(f"cycles of at most {MOST_LENGTH} tenants can be priced")
    rank = np.empty(graph.nodes, dtype=np.int64)
    rank[np.argsort(price, kind="stable")] = np.arange(graph.nodes)
    starts_in, edges_in = graph.reverse
    rows, edges = _by_price(graph.starts, graph.tails, starts_in, edges_in, np.argsort(rank))
    tops = np.array([0.0, 0.0, *(max(0.0, float(v.max(initial=0.0))) for v in values[2:])])
    base = (graph.starts, rows, edges, starts_in, edges_in, graph.tails, rank, price)
    raised, new = _price_short(*base, graph.mate, values[2], values[min(3, longest)], tops, longest, per_node, is_quick)
    found = [new]
    if longest == MOST_LENGTH:
        by_root, new = _price_four(*base, values[MOST_LENGTH], tops[MOST_LENGTH], per_node, is_quick)
        raised = np.maximum(raised, by_root)
        found.append(new)
    width = max(part.shape[1] for part in found)
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=NONE) for part in found]
    return columns_of(graph, np.concatenate(wide)), price + raised


@njit(cache=True)
def _by_price(starts, tails, starts_in, edges_in, cheapest):  # type: ignore[no-untyped-def]
    """Return heads and edge numbers of each row, cheapest head first (a counting sort)."""
    heads, edges = np.empty(len(tails), dtype=np.int32), np.empty(len(tails), dtype=np.int32)
    place = starts[:-1].copy()
    for v in cheapest:
        for i in range(starts_in[v], starts_in[v + 1]):
            e = edges_in[i]
            u = tails[e]
            heads[place[u]], edges[place[u]] = v, e
            place[u] += 1
    return heads, edges


@njit(cache=True)
def _keep(best, kept, count, gain, a, b, c, d):  # type: ignore[no-untyped-def]
    """Keep the best few; return how many are kept."""
    if count < len(best):
        place = count
        count += 1
    elif gain > best[-1]:
        place = len(best) - 1
    else:
        return count
    while place > 0 and best[place - 1] < gain:
        best[place] = best[place - 1]
        kept[place] = kept[place - 1]
        place -= 1
    best[place] = gain
    kept[place, 0], kept[place, 1], kept[place, 2], kept[place, 3] = a, b, c, d
    return count


@njit(cache=True)
def _price_short(  # type: ignore[no-untyped-def]
    starts, heads, edges, starts_in, edges_in, tails, rank, price, mate, two, three, tops, longest, per_node, is_quick
):
    n = len(starts) - 1
    raised, back = np.zeros(n), np.full(n, NONE, dtype=np.int32)
    best, kept = np.empty(per_node), np.empty((per_node, 4), dtype=np.int32)
    found = np.full((n * per_node, 3), NONE, dtype=np.int32)
    size = 0
    top = max(tops[2], tops[longest if longest < 3 else 3])
    for a in range(n):
        if price[a] >= top:
            continue
        count, low = 0, price[a]
        for i in range(starts_in[a], starts_in[a + 1]):
            back[tails[edges_in[i]]] = edges_in[i]
        for i in range(starts[a], starts[a + 1]):
            b, e = heads[i], edges[i]
            if rank[b] < rank[a]:
                continue
            if is_quick and count == per_node:
                break
            if 3 * top - 2 * low - price[b] <= TINY:
                break
            if back[b] != NONE:
                gain = two[e] + two[back[b]] - low - price[b]
                if gain > TINY:
                    raised[a], raised[b] = max(raised[a], gain / 2), max(raised[b], gain / 2)
                    count = _keep(best, kept, count, gain, e, back[b], NONE, NONE)
            if longest < 3:
                continue
            limit, most, chosen_f, chosen_c = 3 * top - low - price[b], TINY, NONE, NONE
            for j in range(starts[b], starts[b + 1]):
                c = heads[j]
                if limit - price[c] <= TINY:
                    break
                if back[c] == NONE or rank[c] <= rank[a]:
                    continue
                gain = three[e] + three[edges[j]] + three[back[c]] - low - price[b] - price[c]
                if gain > TINY:
                    share = gain / 3
                    raised[a], raised[b] = max(raised[a], share), max(raised[b], share)
                    raised[c] = max(raised[c], share)
                    if gain > most:
                        most, chosen_f, chosen_c = gain, edges[j], c
            if chosen_f != NONE:
                count = _keep(best, kept, count, most, e, chosen_f, back[chosen_c], NONE)
        for i in range(starts_in[a], starts_in[a + 1]):
            back[tails[edges_in[i]]] = NONE
        for k in range(count):
            found[size] = kept[k, :3]
            size += 1
    return raised, found[:size].copy()


@njit(cache=True)
def _opposite(a, starts, heads, edges, starts_in, edges_in, tails, rank, price, four, top, most, ways, touched):  # type: ignore[no-untyped-def]
    """Write the two best ways from a to each node two steps away, and back; return how many such nodes there are."""
    seen, there, by_there, edge_there, back, by_back, edge_back = ways
    low, met = price[a], 0
    for i in range(starts[a], starts[a + 1]):  # a -> b -> c
        b = heads[i]
        limit = 4 * top - 2 * low - price[b]
        if limit - low <= TINY:
            break
        if rank[b] <= rank[a]:
            continue
        for j in range(starts[b], starts[b + 1]):
            c = heads[j]
            if limit - price[c] <= TINY or met == most:
                break
            if rank[c] <= rank[a]:
                continue
            if seen[c] != a:
                seen[c], touched[met] = a, c
                met += 1
                there[c] = -np.inf
                back[c] = -np.inf
            gain = four[edges[i]] + four[edges[j]] - price[b]
            _two_best(there[c], by_there[c], edge_there[c], gain, b, edges[j])
    for i in range(starts_in[a], starts_in[a + 1]):  # c -> d -> a
        d = tails[edges_in[i]]
        if rank[d] <= rank[a] or 4 * top - 3 * low - price[d] <= TINY:
            continue
        for j in range(starts_in[d], starts_in[d + 1]):
            c = tails[edges_in[j]]
            if seen[c] == a and c != a:
                gain = four[edges_in[i]] + four[edges_in[j]] - price[d]
                _two_best(back[c], by_back[c], edge_back[c], gain, d, edges_in[j])
    return met


@njit(cache=True)
def _price_four(  # type: ignore[no-untyped-def]
    starts, heads, edges, starts_in, edges_in, tails, rank, price, four, top, per_node, is_quick
):
    """Price a -> b -> c -> d -> a by the node c opposite: the best two ways there and back, through distinct nodes."""
    n = len(starts) - 1
    raised, seen, touched = np.zeros(n), np.full(n, NONE, dtype=np.int64), np.empty(n, dtype=np.int64)
    there, back = np.empty((n, 2)), np.empty((n, 2))
    by_there, by_back = np.empty((n, 2), dtype=np.int64), np.empty((n, 2), dtype=np.int64)
    edge_there, edge_back = np.empty((n, 2), dtype=np.int32), np.empty((n, 2), dtype=np.int32)
    ways = (seen, there, by_there, edge_there, back, by_back, edge_back)
    best, kept = np.empty(per_node), np.empty((per_node, 4), dtype=np.int32)
    found, size = np.full((n * per_node, 4), NONE, dtype=np.int32), 0
    most = QUICK_MOST if is_quick else n
    for a in range(n):
        if price[a] >= top:
            continue
        count = 0
        met = _opposite(
            a, starts, heads, edges, starts_in, edges_in, tails, rank, price, four, top, most, ways, touched
        )
        for k in range(met):
            c = touched[k]
            x, y = 0, 0
            if by_there[c, 0] == by_back[c, 0]:
                if there[c, 0] + back[c, 1] > there[c, 1] + back[c, 0]:
                    y = 1
                else:
                    x = 1
            gain = there[c, x] + back[c, y] - price[a] - price[c]
            if gain > TINY:
                raised[a] = max(raised[a], gain)
                count = _keep(best, kept, count, gain, by_there[c, x], edge_there[c, x], edge_back[c, y], by_back[c, y])
        for k in range(count):
            found[size, 1], found[size, 2] = kept[k, 1], kept[k, 2]
            for i in range(starts[a], starts[a + 1]):
                if heads[i] == kept[k, 0]:
                    found[size, 0] = edges[i]
            for i in range(starts_in[a], starts_in[a + 1]):
                if tails[edges_in[i]] == kept[k, 3]:
                    found[size, 3] = edges_in[i]
            size += 1
    return raised, found[:size].copy()


@njit(cache=True)
def _two_best(best, by, edge, gain, node, number):  # type: ignore[no-untyped-def]
    """Keep the two best ways, through distinct nodes (each node offers one way to a given end)."""
    if gain > best[0]:
        best[1], by[1], edge[1] = best[0], by[0], edge[0]
        best[0], by[0], edge[0] = gain, node, number
    elif gain > best[1]:
        best[1], by[1], edge[1] = gain, node, number


@njit(cache=True)
def price_chains(starts_in, edges_in, tails, weight, price, vacancies, longest):  # type: ignore[no-untyped-def]
    """Return by how much the price of each empty dwelling is to be raised for chains of ``longest`` tenants.

    Walks that meet a tenant twice are counted too: an upper bound.
    """
    n = len(starts_in) - 1
    further = np.zeros(n)
    for _ in range(longest - 1):
        new = np.zeros(n)
        for u in range(n):
            for i in range(starts_in[u], starts_in[u + 1]):
                x = tails[edges_in[i]]
                new[u] = max(new[u], weight[edges_in[i]] - price[x] + further[x])
        further = new
    raised = np.zeros(n)
    for d in vacancies:
        for i in range(starts_in[d], starts_in[d + 1]):
            x = tails[edges_in[i]]
            raised[d] = max(raised[d], weight[edges_in[i]] - price[x] + further[x] - price[d])
    return raised
