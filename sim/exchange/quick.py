"""A good packing at once: greedy, then exchanges of one column for some and of two for one.

For rounds inside a simulation, where a gap of a few households matters less than time: friction undoes far more.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sim.exchange.cycles import NONE
from sim.exchange.prices import lacking

MOST_PASSES = 20


def pack_quickly(nodes: np.ndarray, values: np.ndarray, count: int, order: np.ndarray | None = None) -> np.ndarray:
    """Return disjoint columns that no single exchange improves (ascending).

    Parameters
    ----------
    nodes : numpy.ndarray
        int32 (columns, width), padded with -1.
    values : numpy.ndarray
        float64 (columns, objectives): compared in order, the first objective never yields.
    count : int
        Nodes of the graph.
    order : numpy.ndarray, optional
        Columns in the order in which they are tried; by value per node when not given.
    """
    if not len(nodes):
        return np.empty(0, dtype=np.int64)
    if order is None:
        per_node = values / np.maximum((nodes >= 0).sum(axis=1), 1)[:, None]
        order = np.lexsort(tuple(-column for column in reversed(per_node.T)))
    column, place = np.nonzero(nodes >= 0)
    holder = nodes[column, place]
    by_node = np.argsort(holder, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(holder, minlength=count))])
    chosen = _improve(nodes, np.ascontiguousarray(values), order, starts, column[by_node], count)
    return np.flatnonzero(chosen)


def simple_bound(nodes: np.ndarray, values: np.ndarray, count: int) -> float:
    """Return a bound that costs one look: each node at the best share of a column that it may have."""
    return float(lacking(nodes, values, np.zeros(count)).sum())


@njit(cache=True)
def _exceeds(gain):  # type: ignore[no-untyped-def]
    """Whether a change is for the better, objectives in order."""
    for value in gain:
        if value > 1e-9:
            return True
        if value < -1e-9:
            return False
    return False


@njit(cache=True)
def _enter(c, nodes, owner, chosen):  # type: ignore[no-untyped-def]
    """Choose a column; those it meets leave."""
    for v in nodes[c]:
        if v >= 0 and owner[v] != NONE:
            other = owner[v]
            chosen[other] = False
            for w in nodes[other]:
                if w >= 0:
                    owner[w] = NONE
    for v in nodes[c]:
        if v >= 0:
            owner[v] = c
    chosen[c] = True


@njit(cache=True)
def _meets_only(c, s, nodes, owner):  # type: ignore[no-untyped-def]
    """Whether a column meets no chosen column but s."""
    is_alone = True
    for v in nodes[c]:
        is_alone &= v < 0 or owner[v] == NONE or owner[v] == s
    return is_alone


@njit(cache=True)
def _gain(c, nodes, values, owner, gain):  # type: ignore[no-untyped-def]
    """Write what choosing a column brings, those it meets leaving, and return it."""
    gain[:] = values[c]
    for i in range(nodes.shape[1]):
        s = owner[nodes[c, i]] if nodes[c, i] >= 0 else NONE
        is_new = s != NONE
        for j in range(i):
            if is_new and nodes[c, j] >= 0 and owner[nodes[c, j]] == s:
                is_new = False
        if is_new:
            for k in range(len(gain)):
                gain[k] -= values[s, k]
    return gain


@njit(cache=True)
def _two_for_one(s, nodes, values, owner, starts, columns, gain):  # type: ignore[no-untyped-def]
    """Return two disjoint columns worth more than the one they would replace, or -1."""
    for i in range(nodes.shape[1]):
        u = nodes[s, i]
        if u < 0:
            continue
        for a in columns[starts[u] : starts[u + 1]]:
            if a == s or not _meets_only(a, s, nodes, owner):
                continue
            for j in range(nodes.shape[1]):
                v = nodes[s, j]
                if v < 0 or j == i:
                    continue
                for b in columns[starts[v] : starts[v + 1]]:
                    if b in (s, a) or not _meets_only(b, s, nodes, owner):
                        continue
                    is_disjoint = True
                    for x in nodes[a]:
                        for y in nodes[b]:
                            if x >= 0 and x == y:
                                is_disjoint = False
                    for k in range(len(gain)):
                        gain[k] = values[a, k] + values[b, k] - values[s, k]
                    if is_disjoint and _exceeds(gain):
                        return a, b
    return NONE, NONE


@njit(cache=True)
def _improve(nodes, values, order, starts, columns, count):  # type: ignore[no-untyped-def]
    owner, chosen = np.full(count, NONE, dtype=np.int64), np.zeros(len(nodes), dtype=np.bool_)
    gain = np.empty(values.shape[1])
    for _ in range(MOST_PASSES):
        is_done = True
        for c in order:
            if not chosen[c] and _exceeds(_gain(c, nodes, values, owner, gain)):
                _enter(c, nodes, owner, chosen)
                is_done = False
        for s in order:
            if chosen[s]:
                a, b = _two_for_one(s, nodes, values, owner, starts, columns, gain)
                if a != NONE:
                    _enter(a, nodes, owner, chosen)
                    _enter(b, nodes, owner, chosen)
                    is_done = False
        if is_done:
            break
    return chosen
