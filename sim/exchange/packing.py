"""Choosing disjoint cycles: the exact integer programme, and a search for pools too large for it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from sim.exchange.cycles import Columns
from sim.exchange.graph import SwapGraph

ROUNDING = 1e-6


def incidence(columns: Columns, nodes: int) -> csr_array:
    """Return the 0-1 matrix (nodes, columns) of who is in what."""
    column, place = np.nonzero(columns.nodes >= 0)
    ones = np.ones(len(column))
    return csr_array((ones, (columns.nodes[column, place], column)), shape=(nodes, len(columns)))


def choose(
    columns: Columns, values: Sequence[np.ndarray], nodes: int, seconds: float
) -> tuple[np.ndarray, list[float]]:
    """Return the best packing in the order of the objectives, and the proven bound of each one.

    Each objective is maximised among the packings that keep what the earlier ones obtained: the order is
    lexicographic by construction, no weight trades one objective for another.

    Parameters
    ----------
    columns : Columns
        Cycles and chains.
    values : sequence of numpy.ndarray
        One value per column for each objective, the first one first.
    nodes : int
        Nodes of the graph; each is in at most one column chosen.
    seconds : float
        Time allowed, shared by the objectives.

    Returns
    -------
    chosen : numpy.ndarray
        Column numbers, ascending; empty if nothing was found in time.
    bounds : list of float
        Upper bound of each objective (given what the earlier ones obtained).
    """
    if not len(columns):
        return np.empty(0, dtype=np.int64), [0.0] * len(values)
    used = np.unique(columns.nodes[columns.nodes >= 0])
    matrix, end = incidence(columns, nodes)[used], time.perf_counter() + seconds
    chosen, bounds = np.empty(0, dtype=np.int64), []
    floors: list[np.ndarray] = []
    for value in values:
        left = end - time.perf_counter()
        most = float(np.maximum(value, 0.0).sum())
        if left <= 0 or (floors and not len(chosen)):
            bounds.append(most)
            continue
        limits = [LinearConstraint(matrix, -np.inf, 1.0)]
        for floor in floors:
            obtained = float(floor[chosen].sum())
            least = obtained - ROUNDING * max(1.0, abs(obtained))
            limits.append(LinearConstraint(csr_array(floor[None, :]), least, np.inf))
        answer = milp(
            -value,
            integrality=np.ones(len(value)),
            bounds=Bounds(0, 1),
            constraints=limits,
            options={"time_limit": left, "mip_rel_gap": 0.0},
        )
        if answer.x is not None and (not len(chosen) or float(value @ np.round(answer.x)) > value[chosen].sum()):
            chosen = np.flatnonzero(np.round(answer.x))
        proven = answer.mip_dual_bound
        bounds.append(whole_bound(most if proven is None else min(most, -float(proven)), value))
        floors.append(value)
    return chosen, bounds


def whole_bound(bound: float, values: np.ndarray) -> float:
    """Return a bound rounded down when every value is a whole number."""
    is_whole = bool((values == np.round(values)).all())
    return float(np.floor(bound + ROUNDING)) if is_whole else bound


def assignment_bound(graph: SwapGraph, weight: np.ndarray | None = None) -> float:
    """Return the value of the best exchange when cycles and chains may be of any length (an assignment problem).

    Every tenant takes its own dwelling or one that it would take; what takes an empty dwelling ends a chain.
    """
    weight = graph.weight if weight is None else weight
    tenants = np.flatnonzero(~graph.is_vacant)
    gains = np.flatnonzero(weight > 0)
    if not len(gains):
        return 0.0
    row = np.empty(graph.nodes, dtype=np.int64)
    row[tenants] = np.arange(len(tenants))
    top = float(weight.max()) + 1.0  # costs are positive: a stored zero would be no edge
    rows = np.concatenate([row[graph.tails[gains]], np.arange(len(tenants))])
    heads = np.concatenate([graph.heads[gains], tenants])
    cost = np.concatenate([top - weight[gains], np.full(len(tenants), top)])
    matrix = csr_array((cost, (rows, heads)), shape=(len(tenants), graph.nodes))
    found, taken = min_weight_full_bipartite_matching(matrix)
    return float(top * len(found) - matrix[found, taken].sum())
