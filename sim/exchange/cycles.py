"""Short cycles of a swap graph: all of them when they can be listed, the most promising ones otherwise.

A cycle is a row of edge numbers padded with -1. Its value is additive over its edges, with edge values that may
depend on its length (``weights.Values``): this is what lets millions of cycles be priced by rows of arrays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sim.exchange.graph import SwapGraph

NONE = -1
FIRST_ROOM = 4096


class Columns(NamedTuple):
    """Cycles, or chains: edges and nodes, one row each, padded with -1."""

    edges: np.ndarray  # int32 (columns, longest)
    nodes: np.ndarray  # int32 (columns, longest or one more: the empty dwelling of a chain comes last)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.edges)

    def take(self, rows: np.ndarray) -> Columns:
        """Return some of them."""
        return Columns(self.edges[rows], self.nodes[rows])

    @property
    def sizes(self) -> np.ndarray:
        """Number of households that each one moves."""
        return np.asarray((self.edges >= 0).sum(axis=1))


def columns_of(graph: SwapGraph, edges: np.ndarray, vacancies: np.ndarray | None = None) -> Columns:
    """Return columns from their edges; ``vacancies`` is the empty dwelling that ends each, -1 for a cycle."""
    nodes = np.where(edges >= 0, graph.tails[edges], NONE).astype(np.int32)
    last = np.full(len(edges), NONE, dtype=np.int32) if vacancies is None else vacancies.astype(np.int32)
    return Columns(edges.astype(np.int32), np.column_stack([nodes, last]).astype(np.int32))


def join(*parts: Columns, are_distinct: bool = False) -> Columns:
    """Return all of some columns, each once; ``are_distinct`` when that is known."""
    width = max(part.edges.shape[1] for part in parts)
    edges = np.concatenate([_widen(part.edges, width) for part in parts])
    nodes = np.concatenate([_widen(part.nodes, width + 1) for part in parts])
    if are_distinct:
        return Columns(edges, nodes)
    _, first = np.unique(edges, axis=0, return_index=True) if len(edges) else (None, np.empty(0, dtype=np.int64))
    kept = np.sort(first)
    return Columns(edges[kept], nodes[kept])


def _widen(array: np.ndarray, width: int) -> np.ndarray:
    missing = width - array.shape[1]
    return np.pad(array, ((0, 0), (0, missing)), constant_values=NONE) if missing else array


def list_cycles(graph: SwapGraph, longest: int, most: int, most_per_root: int = 0) -> tuple[Columns, bool]:
    """Return the cycles of 2 to ``longest`` tenants, and whether these are all of them.

    Parameters
    ----------
    graph : SwapGraph
        Empty dwellings are in no cycle.
    longest, most : int
        Longest cycle; listing stops when there are more cycles than ``most``.
    most_per_root : int
        Cycles kept for each first node, 0 = all: a sample, for a start.
    """
    starts_in, edges_in = graph.reverse
    found, is_whole = _list(graph.starts, graph.heads, graph.tails, starts_in, edges_in, longest, most, most_per_root)
    return columns_of(graph, found), bool(is_whole)


@njit(cache=True)
def _list(starts, heads, tails, starts_in, edges_in, longest, most, most_per_root):  # type: ignore[no-untyped-def]
    """Walk from each root over larger nodes; ``back[v]`` is the edge from v to the root."""
    n = len(starts) - 1
    found, count = np.full((FIRST_ROOM, longest), NONE, dtype=np.int32), 0
    back, on_path = np.full(n, NONE, dtype=np.int32), np.zeros(n, dtype=np.bool_)
    path, cursor = np.empty(longest, dtype=np.int64), np.empty(longest + 1, dtype=np.int64)
    for root in range(n):
        first = count
        for i in range(starts_in[root], starts_in[root + 1]):
            back[tails[edges_in[i]]] = edges_in[i]
        depth, cursor[0] = 0, _beyond(heads, starts[root], starts[root + 1], root)
        end, node = starts[root + 1], root
        while depth >= 0:
            node = root if depth == 0 else heads[path[depth - 1]]
            end = starts[node + 1]
            if cursor[depth] == end or (most_per_root and count - first >= most_per_root):
                depth -= 1
                if depth >= 0:
                    on_path[heads[path[depth]]] = False
                continue
            e = cursor[depth]
            cursor[depth] += 1
            v = heads[e]
            if on_path[v]:
                continue
            path[depth] = e
            if back[v] != NONE:
                if count == most:
                    return found[:count].copy(), False
                if count == len(found):
                    found = np.concatenate((found, np.full((count, longest), NONE, dtype=np.int32)))
                for k in range(depth + 1):
                    found[count, k] = path[k]
                found[count, depth + 1] = back[v]
                count += 1
            if depth + 2 < longest:
                on_path[v] = True
                depth += 1
                cursor[depth] = _beyond(heads, starts[v], starts[v + 1], root)
        for i in range(starts_in[root], starts_in[root + 1]):
            back[tails[edges_in[i]]] = NONE
    return found[:count].copy(), most_per_root == 0


@njit(cache=True)
def _beyond(heads, low, high, root):  # type: ignore[no-untyped-def]
    """Return where, in a row whose heads ascend, those larger than the root begin."""
    while low < high:
        middle = (low + high) // 2
        if heads[middle] <= root:
            low = middle + 1
        else:
            high = middle
    return low


def count_cycles(graph: SwapGraph, length: int) -> int:
    """Return the number of cycles of exactly this length."""
    found, _ = list_cycles(graph, length, graph.nodes**length + 1)
    return int((found.sizes == length).sum())


def list_chains(graph: SwapGraph, longest: int, most: int, most_per_root: int = 0) -> tuple[Columns, bool]:
    """Return the chains that start from an empty dwelling, and whether these are all of them.

    The first edge is of the tenant who takes the empty dwelling, the next of the one who takes what is left, and so
    on; the last dwelling left goes back to the waiting list.

    Parameters
    ----------
    graph : SwapGraph
        Its empty dwellings are those that ``is_vacant`` says.
    longest, most, most_per_root : int
        As for cycles; ``longest`` counts tenants.
    """
    starts_in, edges_in = graph.reverse
    vacancies = np.flatnonzero(graph.is_vacant)
    found, roots, is_whole = _chains(starts_in, edges_in, graph.tails, vacancies, longest, most, most_per_root)
    return columns_of(graph, found, roots), bool(is_whole)


@njit(cache=True)
def _chains(starts_in, edges_in, tails, vacancies, longest, most, most_per_root):  # type: ignore[no-untyped-def]
    n = len(starts_in) - 1
    found, roots = np.full((FIRST_ROOM, longest), NONE, dtype=np.int32), np.empty(FIRST_ROOM, dtype=np.int32)
    count, on_path = 0, np.zeros(n, dtype=np.bool_)
    path, cursor = np.empty(longest, dtype=np.int32), np.empty(longest + 1, dtype=np.int64)
    for root in vacancies:
        depth, cursor[0], first = 0, starts_in[root], count
        while depth >= 0:
            node = root if depth == 0 else tails[path[depth - 1]]
            if (
                depth == longest
                or cursor[depth] == starts_in[node + 1]
                or (most_per_root and count - first >= most_per_root)
            ):
                depth -= 1
                if depth >= 0:
                    on_path[tails[path[depth]]] = False
                continue
            e = edges_in[cursor[depth]]
            cursor[depth] += 1
            if on_path[tails[e]]:
                continue
            if count == most:
                return found[:count].copy(), roots[:count].copy(), False
            if count == len(found):
                found = np.concatenate((found, np.full((count, longest), NONE, dtype=np.int32)))
                roots = np.concatenate((roots, np.empty(count, dtype=np.int32)))
            path[depth] = e
            for k in range(depth + 1):
                found[count, k] = path[k]
            roots[count] = root
            count += 1
            on_path[tails[e]] = True
            depth += 1
            if depth < longest:
                cursor[depth] = starts_in[tails[e]]
        # the path is empty again
    return found[:count].copy(), roots[:count].copy(), most_per_root == 0
