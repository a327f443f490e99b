"""What a move is worth: objectives in order, and what survives failure.

Objectives are whole numbers per edge, summed over cycles. They are maximised one after the other
(``packing.choose``): the first one never yields to the next, by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from sim.exchange.cycles import Columns
from sim.exchange.graph import SwapGraph
from sim.exchange.pool import Pool, Usage
from sim.words.clock import DAYS_PER_YEAR, year_of
from sim.words.codes import MUTATION_GROUNDS
from sim.words.registry import Registry


@dataclass(frozen=True)
class Weighing:
    """What objectives may look at."""

    pool: Pool
    usage: Usage
    day: int
    senior_age_years: int  # seniors are older: sous_occupation.age_protege_years


Objective = Callable[[Weighing, np.ndarray, np.ndarray], np.ndarray]  # (tenants, dwellings taken): one number per edge
OBJECTIVES: Registry[Objective] = Registry("objective of the exchange")
objective = OBJECTIVES.register


@objective("menages", label="ménages relogés")
def menages(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """One per household that moves."""
    return np.ones(len(tenants))


@objective("priorite", label="dans l'une des 7 situations de mutation bloquée ou complexe", reference="PLH action 31")
def priorite(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """One per household in one of the seven situations of the MEL."""
    return np.asarray((w.pool.grounds[tenants] & np.uint32(MUTATION_GROUNDS)) > 0, dtype=float)


@objective("seniors", label="seniors relogés", reference="CCH L442-3-1")
def seniors(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """One per household whose reference person is over the protected age."""
    age = year_of(w.day) - w.pool.birth_year[tenants].astype(int)
    return np.asarray(age > w.senior_age_years, dtype=float)


@objective("handicap", label="ménages avec une personne handicapée", reference="CCH L441-1 a)")
def handicap(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """One per household with a disabled member."""
    return np.asarray(w.pool.is_disabled[tenants], dtype=float)


@objective("occupation", label="sous- et sur-occupations résolues", reference="CCH L621-2, L822-10")
def occupation(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """One per under- or over-occupation that ends (edges lead to none)."""
    pool, persons = w.pool, w.pool.size[tenants]
    return np.asarray(
        w.usage.is_under(pool.rooms[tenants], persons) | w.usage.is_over(pool.lodged_m2[tenants], persons), dtype=float
    )


@objective("anciennete", label="années d'attente des ménages relogés", unit="years")
def anciennete(w: Weighing, tenants: np.ndarray, homes: np.ndarray) -> np.ndarray:
    """Whole years since the application of each household that moves."""
    return np.asarray(np.floor(np.maximum(0, w.day - w.pool.filed_day[tenants]) / DAYS_PER_YEAR))


def gains(names: Sequence[str], weighing: Weighing, graph: SwapGraph) -> list[np.ndarray]:
    """Return one array per objective, one number per edge, in the order of the names."""
    return [OBJECTIVES[name].function(weighing, graph.tails, graph.heads) for name in names]


# failure


@dataclass(frozen=True)
class Failure:
    """How exchanges fail: every leg survives with the same probability, all or none.

    ``has_recourse``: when a cycle fails, two survivors who want each other's dwelling swap; the first tenants of a
    chain move even if a later one gives up.
    """

    survival_share: float = 1.0
    has_recourse: bool = False


def by_length(graph: SwapGraph, weight: np.ndarray, longest: int, failure: Failure) -> list[np.ndarray]:
    """Return what an edge is worth in a cycle of each length (index = length): expected completed moves.

    With survival p, a cycle of L legs is worth p^L times its weight. Recourse adds, for each pair of neighbours who
    want each other's dwelling, p^2 (1 - p)^(L - 2) times the pair's weight: exact for three, and for more a lower
    bound of what recourse brings (only the case where the pair alone survives).
    """
    p = failure.survival_share
    if p == 1:
        return [weight] * (longest + 1)
    found = [p**length * weight for length in range(longest + 1)]
    if failure.has_recourse and longest > 2:
        pair = np.where(graph.mate >= 0, weight + weight[graph.mate], 0.0)
        for length in range(3, longest + 1):
            found[length] = found[length] + p**2 * (1 - p) ** (length - 2) * pair
    return found


def column_values(columns: Columns, values: list[np.ndarray], weight: np.ndarray, failure: Failure) -> np.ndarray:
    """Return what each column is worth: by the length of cycles; for chains, by the rank from the empty dwelling."""
    edges, sizes = columns.edges, columns.sizes
    is_chain = (columns.nodes >= 0).sum(axis=1) > sizes
    worth = np.zeros(len(columns))
    for length in range(1, edges.shape[1] + 1):
        rows = np.flatnonzero((sizes == length) & ~is_chain)
        if len(rows):
            worth[rows] = values[length][edges[rows, :length]].sum(axis=1)
    chains = np.flatnonzero(is_chain)
    if len(chains):
        p, rank = failure.survival_share, np.arange(1, edges.shape[1] + 1)
        legs = rank[None, :] if failure.has_recourse else sizes[chains, None]
        each = np.where(edges[chains] >= 0, weight[edges[chains]], 0.0)
        worth[chains] = (each * p**legs).sum(axis=1)
    return worth


def expected_moves(graph: SwapGraph, cycle: Sequence[int], failure: Failure) -> float:
    """Return the weight expected of one cycle, every set of survivors considered (at most eight tenants or so).

    With recourse, the survivors of a failed cycle make the best exchange that is left among them.
    """
    p, n = failure.survival_share, len(cycle)
    whole = sum(_edge_weight(graph, cycle[i], cycle[(i + 1) % n]) for i in range(n))
    total = p**n * whole
    if failure.has_recourse:
        for kept in range(2, n):
            chance = p**kept * (1 - p) ** (n - kept)
            for mask in range(2**n):
                members = [cycle[i] for i in range(n) if mask >> i & 1]
                if len(members) == kept:
                    total += chance * _best_among(graph, members)
    return total


def _edge_weight(graph: SwapGraph, u: int, v: int) -> float:
    edge = graph.edge(u, v)
    return float(graph.weight[edge]) if edge >= 0 else -np.inf


def _best_among(graph: SwapGraph, members: list[int]) -> float:
    """Return the best exchange among a few tenants: every way to permute their dwellings is tried."""
    best = 0.0
    for taken in permutations(members):
        worth = sum(_edge_weight(graph, u, v) for u, v in zip(members, taken, strict=True) if u != v)
        best = max(best, worth)
    return best
