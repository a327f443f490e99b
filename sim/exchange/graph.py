"""The graph that mechanisms solve: who would take whose dwelling, as compressed rows.

``SwapGraph`` is the working form (24 000 tenants make millions of edges); ``to_networkx`` and ``from_networkx``
give the public form for inspection, drawing and small pools.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import networkx as nx
import numpy as np
from numba import njit


@dataclass(frozen=True)
class SwapGraph:
    """A directed graph by rows: ``heads[starts[u]:starts[u + 1]]`` are the nodes whose dwelling u would take.

    Attributes
    ----------
    starts, heads : numpy.ndarray
        int64 (n + 1) and int32 (m); heads ascend inside a row.
    weight : numpy.ndarray
        float64 (m): what the move is worth; 1 = one household.
    preference : numpy.ndarray
        float64 (m): how u ranks what it would take, larger first.
    is_vacant : numpy.ndarray
        bool (n): an empty dwelling: it is taken, and takes nothing.
    ids : sequence
        Names of the nodes.
    """

    starts: np.ndarray
    heads: np.ndarray
    weight: np.ndarray
    preference: np.ndarray
    is_vacant: np.ndarray
    ids: Sequence[Hashable] = field(default_factory=tuple)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.starts) - 1

    @property
    def edges(self) -> int:
        """Number of edges."""
        return len(self.heads)

    @cached_property
    def tails(self) -> np.ndarray:
        """Node that each edge leaves (int32)."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.starts))

    @cached_property
    def reverse(self) -> tuple[np.ndarray, np.ndarray]:
        """Return ``(starts, edges)``: the edges that enter each node."""
        starts = np.concatenate([[0], np.cumsum(np.bincount(self.heads, minlength=self.nodes))]).astype(np.int64)
        return starts, np.asarray(_entering(starts, self.heads))

    @cached_property
    def mate(self) -> np.ndarray:
        """For each edge u -> v, the edge v -> u, or -1 (int32)."""
        return np.asarray(_mates(self.starts, self.heads))

    def name(self, node: int) -> Hashable:
        """Return the name of a node; its number when it has none."""
        return self.ids[node] if len(self.ids) else int(node)

    def with_weight(self, weight: np.ndarray) -> SwapGraph:
        """Return the same graph with other weights."""
        return replace(self, weight=np.asarray(weight, dtype=np.float64))

    def edge(self, u: int, v: int) -> int:
        """Return the number of an edge, -1 when there is none."""
        place = int(np.searchsorted(self.heads[self.starts[u] : self.starts[u + 1]], v)) + int(self.starts[u])
        return place if place < self.starts[u + 1] and self.heads[place] == v else -1

    def take(self, nodes: np.ndarray) -> tuple[SwapGraph, np.ndarray]:
        """Return the graph of some nodes (ascending) and, for each of its edges, the number it had."""
        place = np.full(self.nodes, -1, dtype=np.int64)
        place[nodes] = np.arange(len(nodes))
        counts = self.starts[nodes + 1] - self.starts[nodes]
        first = np.repeat(self.starts[nodes] - (np.cumsum(counts) - counts), counts)
        edges = first + np.arange(int(counts.sum()))
        tails = np.repeat(np.arange(len(nodes)), counts)
        kept = place[self.heads[edges]] >= 0
        edges, tails = edges[kept], tails[kept]
        starts = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=len(nodes)))]).astype(np.int64)
        names = tuple(self.name(int(node)) for node in nodes) if len(self.ids) else ()
        part = SwapGraph(
            starts, place[self.heads[edges]].astype(np.int32), self.weight[edges], self.preference[edges],
            self.is_vacant[nodes], names,
        )  # fmt: skip
        return part, edges

    def keep(self, kept: np.ndarray) -> SwapGraph:
        """Return the graph of some edges (bool, one per edge); nodes stay."""
        counts = np.bincount(self.tails[kept], minlength=self.nodes)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return SwapGraph(starts, self.heads[kept], self.weight[kept], self.preference[kept], self.is_vacant, self.ids)

    def to_networkx(self) -> nx.DiGraph:
        """Return a NetworkX graph: nodes with ``vacant``, edges with ``weight`` and ``preference``."""
        graph = nx.DiGraph()
        graph.add_nodes_from((self.name(u), {"vacant": bool(self.is_vacant[u])}) for u in range(self.nodes))
        graph.add_edges_from(
            (self.name(int(u)), self.name(int(v)), {"weight": float(w), "preference": float(p)})
            for u, v, w, p in zip(self.tails, self.heads, self.weight, self.preference, strict=True)
        )
        return graph


def from_edges(
    nodes: int,
    tails: np.ndarray,
    heads: np.ndarray,
    weight: np.ndarray | None = None,
    preference: np.ndarray | None = None,
    is_vacant: np.ndarray | None = None,
    ids: Sequence[Hashable] = (),
) -> SwapGraph:
    """Return the graph of a list of edges, each given once.

    Raises
    ------
    ValueError
        An edge is given twice, leads from a node to itself, or leaves an empty dwelling.
    """
    tails, heads = np.asarray(tails, dtype=np.int64), np.asarray(heads, dtype=np.int64)
    weight = np.ones(len(tails)) if weight is None else np.asarray(weight, dtype=np.float64)
    preference = weight if preference is None else np.asarray(preference, dtype=np.float64)
    vacant = np.zeros(nodes, dtype=bool) if is_vacant is None else np.asarray(is_vacant, dtype=bool)
    order = np.lexsort((heads, tails))
    tails, heads = tails[order], heads[order]
    if (tails == heads).any() or vacant[tails].any():
        raise ValueError("an edge leads from a tenant to another node")
    if ((np.diff(tails) == 0) & (np.diff(heads) == 0)).any():
        raise ValueError("an edge is given twice")
    starts = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=nodes))]).astype(np.int64)
    return SwapGraph(starts, heads.astype(np.int32), weight[order], preference[order], vacant, ids)


def from_networkx(graph: nx.DiGraph) -> SwapGraph:
    """Return the working form of a NetworkX graph; ``weight`` is 1 and ``preference`` the weight when not given."""
    names = list(graph.nodes)
    place = {name: i for i, name in enumerate(names)}
    rows = [(place[u], place[v], data) for u, v, data in graph.edges(data=True)]
    weight = np.array([data.get("weight", 1.0) for _, _, data in rows], dtype=np.float64)
    preference = np.array([data.get("preference", w) for (_, _, data), w in zip(rows, weight, strict=True)])
    return from_edges(
        len(names),
        np.array([u for u, _, _ in rows], dtype=np.int64),
        np.array([v for _, v, _ in rows], dtype=np.int64),
        weight,
        preference,
        np.array([bool(graph.nodes[name].get("vacant", graph.nodes[name].get("is_vacant", False))) for name in names]),
        names,
    )


@njit(cache=True)
def _entering(starts, heads):  # type: ignore[no-untyped-def]
    """Return the edges by the node that they enter, in their order (a counting sort)."""
    edges, filled = np.empty(len(heads), dtype=np.int32), starts.copy()
    for e in range(len(heads)):
        edges[filled[heads[e]]] = e
        filled[heads[e]] += 1
    return edges


@njit(cache=True)
def _mates(starts, heads):  # type: ignore[no-untyped-def]
    mates = np.full(len(heads), -1, dtype=np.int32)
    for u in range(len(starts) - 1):
        for e in range(starts[u], starts[u + 1]):
            v = heads[e]
            place = starts[v] + np.searchsorted(heads[starts[v] : starts[v + 1]], u)
            if place < starts[v + 1] and heads[place] == u:
                mates[e] = place
    return mates
